/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/doctor/forwards.h"

#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

#include "message/address.h"
#include "tool/doctor/locals.h"
#include "tool/print.h"

enum {
    FILE_BYTES = 4 << 20,  /* read of one alias or .forward file. chosen */
    FORWARD_BYTES = 65536, /* of a .forward file */
    USERS_MOST = 20000,    /* whose .forward is looked at */
    SHOWN = 5,             /* aliases that are named */
};

static const char why_postfix[] =
    "What the MTA sends on by itself passes no milter, yet leaves from this address: "
    "spam that comes in for such an alias is spam that you send. The border layout "
    "(contrib/postfix/border) has the gate on it.";

static const char why_sendmail[] =
    "What the MTA sends on by itself leaves from this address, but passes the gate as "
    "mail that stays: spam that comes in for such an alias is spam that you send.";

struct forwards {
    struct doctor *doctor;
    struct buf shown;
    size_t count;
};

static void note_forward(struct forwards *forwards, struct span who, struct span target)
{
    if (forwards->count++ < SHOWN)
        buf_printf(&forwards->shown, "%s%.*s to %.*s",
                   forwards->shown.len > 0 ? "; " : "", (int)span_head(who, 200).len,
                   who.at, (int)span_head(target, 200).len, target.at);
}

/* Addresses elsewhere among the targets of one line. */
static void read_targets(struct forwards *forwards, struct span who,
                         struct span targets)
{
    struct span word;
    while (postfix_next_word(&targets, &word)) {
        struct span domain = address_domain(word);
        bool is_address = domain.len > 0 && span_index(word, '/') < 0 &&
                          span_index(word, '|') < 0 && span_index(word, '"') < 0;
        if (is_address && span_index(domain, '.') > 0 &&
            !locals_are_known(forwards->doctor, domain) &&
            !locals_end_here(forwards->doctor, domain))
            note_forward(forwards, who, word);
    }
}

/* aliases(5) and virtual(5) alike: a name at the line's begin, then its targets; lines
 * that begin with white space go on. */
static void read_table(struct forwards *forwards, const char *path)
{
    struct span text = doctor_read(forwards->doctor, path, FILE_BYTES);
    struct span line;
    struct span who = SPAN("");
    while (text.len > 0) {
        span_cut(text, '\n', &line, &text);
        struct span trimmed = span_trim(line);
        if (trimmed.len == 0 || trimmed.at[0] == '#')
            continue;
        if (!ascii_is_space(line.at[0])) {
            size_t end = 0;
            while (end < trimmed.len && !ascii_is_space(trimmed.at[end]) &&
                   trimmed.at[end] != ':')
                end++;
            who = span_head(trimmed, end);
            trimmed = span_from(trimmed, end + 1);
        }
        read_targets(forwards, who, trimmed);
    }
}

static void read_maps(struct forwards *forwards, const char *parameter)
{
    struct span list = postfix_value(forwards->doctor->postfix, SPAN(""), parameter);
    struct span word;
    while (postfix_next_word(&list, &word)) {
        struct span type, path;
        if (span_cut(word, ':', &type, &path) && path.len > 0 && path.at[0] == '/' &&
            !span_ieq(type, SPAN("regexp")) && !span_ieq(type, SPAN("pcre")))
            read_table(forwards, span_cstr(forwards->doctor->arena, path));
    }
}

/* "O AliasFile=/etc/aliases, hash:/etc/more": a type may stand before each. */
static void read_alias_files(struct forwards *forwards)
{
    struct span list = sendmail_option(forwards->doctor->sendmail->text, "AliasFile");
    struct span name;
    while (sendmail_next_name(&list, &name)) {
        ptrdiff_t path = span_index(name, '/');
        if (path >= 0)
            read_table(forwards, span_cstr(forwards->doctor->arena,
                                           span_from(name, (size_t)path)));
    }
}

/* "Kvirtuser hash -o /etc/mail/virtusertable": the text lies beside the table. */
static void read_virtuser_table(struct forwards *forwards)
{
    struct span text = forwards->doctor->sendmail->text;
    struct span line;
    while (text.len > 0) {
        span_cut(text, '\n', &line, &text);
        ptrdiff_t path = span_index(line, '/');
        if (span_starts(line, SPAN("Kvirtuser ")) && path >= 0)
            read_table(forwards, span_cstr(forwards->doctor->arena,
                                           span_trim(span_from(line, (size_t)path))));
    }
}

static void read_homes(struct forwards *forwards)
{
    size_t users = 0;
    struct passwd *user;
    setpwent();
    while ((user = getpwent()) != NULL && users++ < USERS_MOST) {
        char path[4096];
        int len = snprintf(path, sizeof path, "%s/.forward", user->pw_dir);
        if (len < 0 || len >= (int)sizeof path || access(path, R_OK) != 0)
            continue;
        read_targets(forwards, span_of(doctor_text(forwards->doctor, "%s", path)),
                     doctor_read(forwards->doctor, path, FORWARD_BYTES));
    }
    endpwent();
}

static void tell_forwards(struct doctor *doctor, struct forwards *forwards)
{
    struct finding *finding = doctor_find(
        doctor, LEVEL_WARNING, "forwards", SPAN(""),
        "%zu aliases or .forward files send mail on that no milter sees: %s%s",
        forwards->count, buf_cstr(&forwards->shown),
        forwards->count > SHOWN ? "; ..." : "");
    if (doctor->sendmail != NULL) {
        doctor_why(finding, why_sendmail);
        doctor_remedy(doctor, finding, REMEDY_LOOK,
                      "grep -E '^(O AliasFile|Kvirtuser)' %s",
                      print_shell_word(doctor->arena, span_of(doctor->sendmail->path)));
        return;
    }
    doctor_why(finding, why_postfix);
    doctor_remedy(doctor, finding, REMEDY_LOOK,
                  "postconf%s alias_maps virtual_alias_maps forward_path",
                  doctor_postfix_option(doctor));
}

static void tell_none(struct doctor *doctor)
{
    bool is_sendmail = doctor->sendmail != NULL;
    struct finding *finding = doctor_find(
        doctor, LEVEL_NOTE, "layout", SPAN(""),
        "%sbounces, and what aliases would send on, leave unseen; no alias or "
        ".forward file that could be read does",
        is_sendmail ? "" : "no border: ");
    doctor_why(finding, is_sendmail ? why_sendmail : why_postfix);
}

void doctor_check_forwards(struct doctor *doctor)
{
    struct forwards forwards = {.doctor = doctor};
    buf_init(&forwards.shown, doctor->arena, 1 << 13);
    if (doctor->sendmail != NULL) {
        read_alias_files(&forwards);
        read_virtuser_table(&forwards);
    } else {
        read_maps(&forwards, "alias_maps");
        read_maps(&forwards, "virtual_alias_maps");
    }
    if (!doctor->is_fast)
        read_homes(&forwards);
    if (forwards.count > 0)
        tell_forwards(doctor, &forwards);
    else
        tell_none(doctor);
}
