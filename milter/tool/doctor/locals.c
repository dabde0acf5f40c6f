/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/doctor/locals.h"

#include <string.h>

#include "message/session.h"
#include "tool/doctor/milters.h"

/* ---- what the MTA has ---- */

static bool is_listed(struct span domain, const struct span *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (span_ieq(names[i], domain))
            return true;
    return false;
}

bool locals_end_here(struct doctor *doctor, struct span domain)
{
    static const char *const parameters[] = {"mydestination", "virtual_mailbox_domains",
                                             "virtual_alias_domains"};
    const struct sendmail_config *sendmail = doctor->sendmail;
    if (sendmail != NULL)
        return is_listed(domain, sendmail->locals, sendmail->local_count);
    for (size_t i = 0; i < sizeof parameters / sizeof *parameters; i++)
        if (milters_has_domain(doctor, parameters[i], domain))
            return true;
    return false;
}

/* As another's MX, whose mail comes in. */
static bool are_relayed(struct doctor *doctor, struct span domain)
{
    const struct sendmail_config *sendmail = doctor->sendmail;
    if (sendmail != NULL)
        return is_listed(domain, sendmail->relayed, sendmail->relayed_count);
    return milters_has_domain(doctor, "relay_domains", domain);
}

/* The next name of mydestination, or of Sendmail's class w, from *at on; "" the end. */
static struct span next_name(struct doctor *doctor, struct span *list, size_t *at)
{
    const struct sendmail_config *sendmail = doctor->sendmail;
    struct span word;
    while (sendmail != NULL ? *at < sendmail->local_count
                            : postfix_next_word(list, &word)) {
        if (sendmail != NULL)
            word = sendmail->locals[(*at)++];
        if (word.len > 0 && span_index(word, ':') < 0 && span_index(word, '/') < 0 &&
            word.at[0] != '[')
            return word;
    }
    return SPAN("");
}

/* ---- and what outgate.conf says ---- */

bool locals_are_known(struct doctor *doctor, struct span domain)
{
    const struct conf_list *domains = &doctor->tool->settings->local_domains;
    for (size_t i = 0; i < domains->count; i++) {
        struct span local = span_of(domains->at[i]);
        if (span_ieq(domain, local) ||
            (local.len > 1 && local.at[0] == '.' && span_iends(domain, local)))
            return true;
    }
    return false;
}

static const char *list_without(struct doctor *doctor, const struct conf_list *list,
                                const char *unwanted)
{
    struct buf out;
    buf_init(&out, doctor->arena, 1 << 16);
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->at[i], unwanted) == 0)
            continue;
        buf_printf(&out, "%s%s", out.len > 0 ? ", " : "", list->at[i]);
    }
    return buf_cstr(&out);
}

/* Called local in outgate.conf, yet the MTA sends its mail on. */
static void check_too_local(struct doctor *doctor)
{
    const struct conf_list *domains = &doctor->tool->settings->local_domains;
    for (size_t i = 0; i < domains->count; i++) {
        struct span domain = span_of(domains->at[i]);
        if (domain.len == 0 || domain.at[0] == '.' || locals_end_here(doctor, domain) ||
            are_relayed(doctor, domain))
            continue;
        struct finding *finding =
            doctor_find(doctor, LEVEL_BAD, "local_domains", domain,
                        "is local in outgate.conf, but %s does not deliver it here",
                        mta_name(&doctor->mta));
        doctor_why(finding, "Mail to it leaves, and the gate takes it for mail that "
                            "stays: neither scored nor limited nor recorded.");
        doctor_set(doctor, finding, "local_domains",
                   doctor_text(doctor, "[mail]\nlocal_domains = %s",
                               list_without(doctor, domains, domains->at[i])));
    }
}

/* Those that the gate does not know; in words of its config. */
static const char *missing_domains(struct doctor *doctor, bool is_all)
{
    struct span list = doctor->sendmail == NULL
                           ? postfix_value(doctor->postfix, SPAN(""), "mydestination")
                           : SPAN("");
    struct span host = doctor_host_name(doctor);
    struct span word;
    size_t at = 0;
    struct buf out;
    buf_init(&out, doctor->arena, 1 << 16);
    while ((word = next_name(doctor, &list, &at)).len > 0) {
        bool is_known = locals_are_known(doctor, word) || span_ieq(word, host) ||
                        span_istarts(word, SPAN("localhost"));
        if (is_all || !is_known)
            buf_printf(&out, "%s%.*s", out.len > 0 ? ", " : "", (int)word.len, word.at);
    }
    return buf_cstr(&out);
}

static void check_too_remote(struct doctor *doctor)
{
    const char *missing = missing_domains(doctor, false);
    const struct conf_list *domains = &doctor->tool->settings->local_domains;
    if (missing[0] == '\0')
        return;
    struct finding *finding =
        doctor_find(doctor, LEVEL_WARNING, "local_domains", SPAN(""),
                    "%s delivers these domains here, outgate.conf does not know "
                    "them: %s",
                    mta_name(&doctor->mta), missing);
    doctor_why(finding, "Mail that never leaves is scored, and uses up its senders' "
                        "limits.");
    doctor_set(doctor, finding, "local_domains",
               doctor_text(doctor, "[mail]\nlocal_domains = %s, %s",
                           list_without(doctor, domains, ""), missing));
}

/* Without local_domains the gate goes by the name of each recipient's transport. */
static void check_transport_name(struct doctor *doctor, const char *parameter)
{
    struct span name, hop;
    span_cut(postfix_value(doctor->postfix, SPAN(""), parameter), ':', &name, &hop);
    if (session_is_remote_mailer(name))
        return;
    struct finding *finding =
        doctor_find(doctor, LEVEL_BAD, "transport_name", span_of(parameter),
                    "the gate cannot know that mail by the transport \"%.*s\" leaves",
                    (int)name.len, name.at);
    doctor_why(finding,
               "[mail] local_domains is empty, so the transport's name decides; "
               "this one reads like a local delivery, and all such mail passes "
               "as if it stayed.");
    doctor_set(doctor, finding, "local_domains",
               doctor_text(doctor, "[mail]\nlocal_domains = %s",
                           missing_domains(doctor, true)));
}

void doctor_check_locals(struct doctor *doctor)
{
    size_t before = doctor->count;
    if (doctor->sendmail != NULL && doctor->sendmail->host_name.len == 0) {
        doctor_find(doctor, LEVEL_NOTE, "local_domains", SPAN(""),
                    "sendmail -bt does not say which domains' mail stays here");
        return;
    }
    if (doctor->tool->settings->local_domains.count > 0) {
        check_too_local(doctor);
        check_too_remote(doctor);
    } else if (doctor->sendmail == NULL) { /* whose mailers have fixed names */
        check_transport_name(doctor, "default_transport");
        check_transport_name(doctor, "relay_transport");
    }
    if (doctor->count == before)
        doctor_find(doctor, LEVEL_OK, "local_domains", SPAN(""),
                    "the gate and %s agree on what stays here", mta_name(&doctor->mta));
}
