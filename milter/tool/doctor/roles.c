/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/doctor/roles.h"

#include <string.h>

#include "tool/doctor/locals.h"
#include "tool/doctor/sending.h"
#include "tool/doctor/talk.h"
#include "tool/doctor/ways.h"
#include "tool/print.h"

/* The text file of the aliases, for the line that adds one; NULL: there is none. */
static const char *alias_file(struct doctor *doctor, const char **type)
{
    struct span list, word, kind, path;
    if (doctor->sendmail != NULL) {
        list = sendmail_option(doctor->sendmail->text, "AliasFile");
        ptrdiff_t at = sendmail_next_name(&list, &word) ? span_index(word, '/') : -1;
        return at >= 0 ? span_cstr(doctor->arena, span_from(word, (size_t)at)) : NULL;
    }
    list = postfix_value(doctor->postfix, SPAN(""), "alias_maps");
    while (postfix_next_word(&list, &word))
        if (span_cut(word, ':', &kind, &path) && path.len > 0 && path.at[0] == '/') {
            *type = span_cstr(doctor->arena, kind);
            return span_cstr(doctor->arena, path);
        }
    return NULL;
}

static void tell_refused(struct doctor *doctor, const char *role, struct span address,
                         const char *reply)
{
    const char *type = "";
    const char *file = alias_file(doctor, &type);
    struct finding *finding = doctor_find(doctor, LEVEL_BAD, "role_address", address,
                                          "is refused: %s", reply);
    doctor_why(
        finding,
        "Complaints go there before they go to a list or the provider (RFC 2142); "
        "some lists test it, and RFC 5321 4.5.1 demands postmaster.");
    if (file == NULL)
        return;
    const char *word = print_shell_word(doctor->arena, span_of(file));
    /* texthash(5) has no colon behind the name */
    bool is_plain = strcmp(type, "texthash") == 0;
    doctor_remedy(doctor, finding, REMEDY_SHELL,
                  "grep -q '^%s[: ]' %s || echo '%s%s root' >>%s", role, word, role,
                  is_plain ? "" : ":", word);
    if (doctor->sendmail != NULL) {
        doctor_remedy(doctor, finding, REMEDY_SHELL, "sendmail -C %s -bi",
                      print_shell_word(doctor->arena, span_of(doctor->sendmail->path)));
        return;
    }
    if (!is_plain)
        doctor_remedy(
            doctor, finding, REMEDY_SHELL, "postalias%s %s",
            doctor_postfix_option(doctor),
            print_shell_word(doctor->arena,
                             span_of(doctor_text(doctor, "%s:%s", type, file))));
    doctor_reload(doctor, finding);
}

static void check_role(struct doctor *doctor, struct smtp_talk *talk, const char *role,
                       struct span domain)
{
    struct span address =
        span_of(doctor_text(doctor, "%s@%.*s", role, (int)domain.len, domain.at));
    bool is_taken = smtp_say(
        talk, doctor_text(doctor, "RCPT TO:<%.*s>", (int)address.len, address.at));
    if (is_taken)
        doctor_find(doctor, LEVEL_OK, "role_address", address, "is taken");
    else if (talk->code >= 500)
        tell_refused(doctor, role, address, talk->reply);
}

void doctor_check_roles(struct doctor *doctor)
{
    struct smtp_talk talk;
    struct sending *domains;
    struct way *ways;
    size_t at = 0;
    size_t count = sending_domains(doctor, &domains);
    size_t way_count = ways_in(doctor, &ways);
    while (at < way_count && ways[at].host == NULL)
        at++;
    if (at == way_count)
        return;
    if (smtp_begin(&talk, ways[at].host, ways[at].port) &&
        smtp_say(&talk, "MAIL FROM:<>"))
        for (size_t i = 0; i < count; i++) {
            if (!domains[i].is_ours || !locals_end_here(doctor, domains[i].domain))
                continue;
            check_role(doctor, &talk, "postmaster", domains[i].domain);
            check_role(doctor, &talk, "abuse", domains[i].domain);
        }
    smtp_end(&talk);
}
