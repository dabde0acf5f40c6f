/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/doctor/layout.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/netaddr.h"
#include "message/address.h"
#include "message/session.h"
#include "tool/doctor/milters.h"
#include "tool/print.h"

enum {
    FILE_BYTES = 4 << 20,  /* read of one alias or .forward file. chosen */
    FORWARD_BYTES = 65536, /* of a .forward file */
    USERS_MOST = 20000,    /* whose .forward is looked at */
    SHOWN = 5,             /* aliases that are named */
};

static const char why_forward[] =
    "What the MTA sends on by itself passes no milter, yet leaves from this address: "
    "spam that comes in for such an alias is spam that you send. The border layout "
    "(contrib/postfix/border) has the gate on it.";

/* ---- the border ---- */

const struct postfix_service *layout_border(struct doctor *doctor)
{
    const struct postfix_config *config = doctor->postfix;
    struct span name = span_of(doctor->tool->settings->border_daemon_name);
    for (size_t i = 0; i < config->service_count; i++)
        if (span_eq(config->services[i].program, SPAN("smtpd")) &&
            postfix_is_overridden(config, config->services[i].id,
                                  "milter_macro_daemon_name") &&
            span_eq(postfix_value(config, config->services[i].id,
                                  "milter_macro_daemon_name"),
                    name))
            return &config->services[i];
    return NULL;
}

/* "border:[127.0.0.1]:10027" leads to the service "127.0.0.1:10027". */
static bool leads_to(struct doctor *doctor, struct span transport,
                     const struct postfix_service *border)
{
    struct span name, hop;
    struct buf plain;
    span_cut(transport, ':', &name, &hop);
    buf_init(&plain, doctor->arena, 1024);
    for (size_t i = 0; i < hop.len; i++)
        if (hop.at[i] != '[' && hop.at[i] != ']')
            buf_add_char(&plain, hop.at[i]);
    return span_ieq(buf_span(&plain), border->name);
}

static void check_route(struct doctor *doctor, const struct postfix_service *border,
                        const char *parameter)
{
    struct span transport = postfix_value(doctor->postfix, SPAN(""), parameter);
    ptrdiff_t colon = span_rindex(border->name, ':');
    if (leads_to(doctor, transport, border)) {
        doctor_find(doctor, LEVEL_OK, "border", span_of(parameter),
                    "leads to the border");
        return;
    }
    struct finding *finding = doctor_find(
        doctor, LEVEL_BAD, "border", span_of(parameter),
        "%.*s does not lead to the border", (int)transport.len, transport.at);
    doctor_why(finding, "What should be judged when it leaves is not, and the tickets "
                        "of the first pass leave with the mail.");
    doctor_postconf(doctor, finding, SPAN(""), parameter,
                    span_of(doctor_text(doctor, "border:[%.*s]:%.*s",
                                        (int)(colon < 0 ? 0 : colon), border->name.at,
                                        (int)(border->name.len - (size_t)colon - 1),
                                        border->name.at + colon + 1)));
    doctor_reload(doctor, finding);
}

static void check_by_path(struct doctor *doctor, const char *parameter)
{
    struct span maps = postfix_value(doctor->postfix, SPAN(""), parameter);
    if (maps.len == 0)
        return;
    struct finding *finding = doctor_find(
        doctor, LEVEL_WARNING, "border_by_path", span_of(parameter),
        "%.*s may name transports that lead past the border", (int)maps.len, maps.at);
    doctor_why(finding, "A route of its own overrides default_transport: such mail is "
                        "judged when it comes in, but not when it leaves.");
    doctor_remedy(doctor, finding, REMEDY_LOOK, "postconf%s %s",
                  doctor_postfix_option(doctor), parameter);
}

static void check_border(struct doctor *doctor, const struct postfix_service *border)
{
    bool is_wanted = doctor->tool->settings->has_border != 0;
    if (is_wanted == (border != NULL)) {
        if (!is_wanted)
            return;
        check_route(doctor, border, "default_transport");
        check_route(doctor, border, "relay_transport");
        check_by_path(doctor, "transport_maps");
        check_by_path(doctor, "sender_dependent_default_transport_maps");
        return;
    }
    struct finding *finding =
        is_wanted
            ? doctor_find(doctor, LEVEL_BAD, "border", SPAN(""),
                          "outgate.conf has a border, master.cf has no smtpd with "
                          "milter_macro_daemon_name = %s",
                          doctor->tool->settings->border_daemon_name)
            : doctor_find(doctor, LEVEL_BAD, "border", border->id,
                          "Postfix has a border, outgate.conf does not know it");
    doctor_why(finding,
               is_wanted ? "Each message gets a ticket that nobody takes off again: it "
                           "leaves with the mail, and nothing is judged when it leaves."
                         : "All mail that leaves is judged and charged a second time, "
                           "as this host's own.");
    doctor_set(doctor, finding, "border",
               is_wanted ? "[border]\nenabled = no" : "[border]\nenabled = yes");
}

/* ---- which domains end here ---- */

static bool is_local_domain(struct doctor *doctor, struct span domain)
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

/* Called local in outgate.conf, yet Postfix sends its mail on. */
static void check_too_local(struct doctor *doctor)
{
    const struct conf_list *domains = &doctor->tool->settings->local_domains;
    for (size_t i = 0; i < domains->count; i++) {
        struct span domain = span_of(domains->at[i]);
        if (domain.len == 0 || domain.at[0] == '.' ||
            milters_ends_here(doctor, domain) ||
            milters_has_domain(doctor, "relay_domains", domain))
            continue;
        struct finding *finding = doctor_find(
            doctor, LEVEL_BAD, "local_domains", domain,
            "is local in outgate.conf, but Postfix does not deliver it here");
        doctor_why(finding, "Mail to it leaves, and the gate takes it for mail that "
                            "stays: neither scored nor limited nor recorded.");
        doctor_set(doctor, finding, "local_domains",
                   doctor_text(doctor, "[mail]\nlocal_domains = %s",
                               list_without(doctor, domains, domains->at[i])));
    }
}

/* The names of mydestination that the gate does not know; in words of its config. */
static const char *missing_domains(struct doctor *doctor, bool is_all)
{
    struct span list = postfix_value(doctor->postfix, SPAN(""), "mydestination");
    struct span host = postfix_value(doctor->postfix, SPAN(""), "myhostname");
    struct span word;
    struct buf out;
    buf_init(&out, doctor->arena, 1 << 16);
    while (postfix_next_word(&list, &word)) {
        bool is_name = span_index(word, ':') < 0 && span_index(word, '/') < 0;
        bool is_known = is_local_domain(doctor, word) || span_ieq(word, host) ||
                        span_istarts(word, SPAN("localhost"));
        if (is_name && (is_all || !is_known))
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
                    "Postfix delivers these domains here, outgate.conf does not know "
                    "them: %s",
                    missing);
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

static void check_domains(struct doctor *doctor)
{
    size_t before = doctor->count;
    if (doctor->tool->settings->local_domains.count == 0) {
        check_transport_name(doctor, "default_transport");
        check_transport_name(doctor, "relay_transport");
    } else {
        check_too_local(doctor);
        check_too_remote(doctor);
    }
    if (doctor->count == before)
        doctor_find(doctor, LEVEL_OK, "local_domains", SPAN(""),
                    "the gate and Postfix agree on what stays here");
}

/* ---- whose mail is ours ---- */

/* Postfix writes IPv6 networks as "[::1]/128". */
static bool parse_network(struct doctor *doctor, struct span word, struct network *out)
{
    struct buf plain;
    buf_init(&plain, doctor->arena, 128);
    for (size_t i = 0; i < word.len; i++)
        if (word.at[i] != '[' && word.at[i] != ']')
            buf_add_char(&plain, word.at[i]);
    return !plain.is_full && network_parse(buf_span(&plain), out);
}

static bool is_covered(const struct conf_networks *by, const struct network *network)
{
    for (size_t i = 0; i < by->count; i++)
        if (by->at[i].prefix <= network->prefix &&
            network_has(&by->at[i], &network->base))
            return true;
    return false;
}

/* Addresses that nobody on the Internet has. Source: RFC 1918 3, RFC 4193 3.1, RFC 3927
 * 2.1, RFC 4291 2.5. */
static bool is_private(const struct network *network)
{
    static const char *const ranges[] = {
        "10.0.0.0/8",  "172.16.0.0/12",  "192.168.0.0/16",
        "127.0.0.0/8", "169.254.0.0/16", "100.64.0.0/10",
        "fc00::/7",    "fe80::/10",      "::1/128"};
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        struct network range;
        if (network_parse(span_of(ranges[i]), &range) &&
            range.prefix <= network->prefix && network_has(&range, &network->base))
            return true;
    }
    return false;
}

/* Wider than any one site has. chosen */
static bool is_too_wide(const struct network *network)
{
    return !is_private(network) &&
           network->prefix < (network->base.bits == 32 ? 16 : 32);
}

static void tell_open(struct doctor *doctor, struct span word)
{
    struct finding *finding =
        doctor_find(doctor, LEVEL_BAD, "mynetworks", word,
                    "Postfix relays for everybody in this network without a login");
    doctor_why(finding,
               "An open relay is found within hours, and used until the address "
               "is on every list.");
    doctor_postconf(doctor, finding, SPAN(""), "mynetworks",
                    SPAN("127.0.0.0/8 [::1]/128"));
    doctor_reload(doctor, finding);
}

static void tell_strangers(struct doctor *doctor, const char *words)
{
    const struct conf_networks *ours = &doctor->tool->settings->networks;
    struct buf all;
    buf_init(&all, doctor->arena, 1 << 16);
    for (size_t i = 0; i < ours->count; i++) {
        char text[NETADDR_TEXT_BYTES];
        buf_printf(&all, "%s/%u, ", netaddr_print(&ours->at[i].base, text),
                   ours->at[i].prefix);
    }
    struct finding *finding = doctor_find(
        doctor, LEVEL_BAD, "networks", span_of(words),
        "Postfix relays for these clients, the gate takes them for strangers");
    doctor_why(finding, "Their mail counts as forwarded: it has other limits, and no "
                        "account is charged for it.");
    doctor_set(doctor, finding, "networks",
               doctor_text(doctor, "[mail]\nnetworks = %s%s", buf_cstr(&all), words));
}

static void check_networks(struct doctor *doctor)
{
    struct span list = postfix_value(doctor->postfix, SPAN(""), "mynetworks");
    const struct conf_networks *ours = &doctor->tool->settings->networks;
    struct span word;
    struct buf missing;
    bool is_open = false;
    buf_init(&missing, doctor->arena, 1 << 16);
    while (postfix_next_word(&list, &word)) {
        struct network network;
        if (!parse_network(doctor, word, &network))
            continue;
        char text[NETADDR_TEXT_BYTES];
        if (is_too_wide(&network)) {
            tell_open(doctor, word);
            is_open = true;
        } else if (!is_covered(ours, &network)) {
            buf_printf(&missing, "%s%s/%u", missing.len > 0 ? ", " : "",
                       netaddr_print(&network.base, text), network.prefix);
        }
    }
    if (missing.len > 0)
        tell_strangers(doctor, buf_cstr(&missing));
    else if (!is_open)
        doctor_find(doctor, LEVEL_OK, "networks", SPAN(""),
                    "the gate and Postfix agree on whose mail is ours");
}

/* ---- what is sent on ---- */

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
            !is_local_domain(forwards->doctor, domain) &&
            !milters_ends_here(forwards->doctor, domain))
            note_forward(forwards, who, word);
    }
}

static struct span read_file(struct doctor *doctor, const char *path, size_t most)
{
    struct span text = SPAN("");
    FILE *file = fopen(path, "re");
    char *bytes = file != NULL ? arena_alloc(doctor->arena, most) : NULL;
    if (bytes != NULL)
        text = (struct span){bytes, fread(bytes, 1, most, file)};
    if (file != NULL)
        fclose(file);
    return text;
}

/* aliases(5) and virtual(5) alike: a name at the line's begin, then its targets; lines
 * that begin with white space go on. */
static void read_table(struct forwards *forwards, const char *path)
{
    struct span text = read_file(forwards->doctor, path, FILE_BYTES);
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
                     read_file(forwards->doctor, path, FORWARD_BYTES));
    }
    endpwent();
}

static void check_escapes(struct doctor *doctor)
{
    struct forwards forwards = {.doctor = doctor};
    buf_init(&forwards.shown, doctor->arena, 1 << 13);
    read_maps(&forwards, "alias_maps");
    read_maps(&forwards, "virtual_alias_maps");
    if (!doctor->is_fast)
        read_homes(&forwards);
    if (forwards.count > 0) {
        struct finding *finding = doctor_find(
            doctor, LEVEL_WARNING, "forwards", SPAN(""),
            "%zu aliases or .forward files send mail on that no milter sees: %s%s",
            forwards.count, buf_cstr(&forwards.shown),
            forwards.count > SHOWN ? "; ..." : "");
        doctor_why(finding, why_forward);
        doctor_remedy(doctor, finding, REMEDY_LOOK,
                      "postconf%s alias_maps virtual_alias_maps forward_path",
                      doctor_postfix_option(doctor));
        return;
    }
    struct finding *finding = doctor_find(
        doctor, LEVEL_NOTE, "layout", SPAN(""),
        "no border: bounces, and what aliases would send on, leave unseen; no alias or "
        ".forward file that could be read does");
    doctor_why(finding, why_forward);
}

void doctor_check_layout(struct doctor *doctor)
{
    const struct postfix_service *border = layout_border(doctor);
    check_border(doctor, border);
    if (border == NULL)
        check_escapes(doctor);
    check_domains(doctor);
    check_networks(doctor);
}
