/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/doctor/milters.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tool/print.h"

static const char why_past[] =
    "Mail that takes this way is neither scored nor limited nor recorded: one stolen "
    "login or one hacked script on it is enough for the provider to close port 25, and "
    "nobody here would know who it was.";
static const char why_last[] =
    "Postfix asks its milters in this order. Before the signer the gate sees mail "
    "without the signature that will leave, and what it holds is let go unsigned, "
    "since "
    "a hold ends the round.";

/* ---- is this entry ours? ---- */

static bool is_same_file(const char *a, const char *b)
{
    struct stat one, two;
    return strcmp(a, b) == 0 || (stat(a, &one) == 0 && stat(b, &two) == 0 &&
                                 one.st_dev == two.st_dev && one.st_ino == two.st_ino);
}

const char *milters_socket_path(struct doctor *doctor)
{
    const char *socket = doctor->tool->settings->socket;
    bool is_unix =
        strncmp(socket, "unix:", 5) == 0 || strncmp(socket, "local:", 6) == 0;
    return is_unix ? strchr(socket, ':') + 1 : NULL;
}

bool milters_is_this_host(struct span host)
{
    struct netaddr address;
    if (host.len == 0 || span_ieq(host, SPAN("localhost")))
        return true;
    return netaddr_parse(host, &address) && netaddr_is_loopback(&address);
}

/* outgate "inet:PORT@HOST", Postfix "inet:HOST:PORT". */
static bool is_same_port(struct span theirs, const char *ours)
{
    struct span port, host;
    ptrdiff_t colon = span_rindex(theirs, ':');
    if (strncmp(ours, "inet", 4) != 0 || colon < 0)
        return false;
    span_cut(span_of(strchr(ours, ':') + 1), '@', &port, &host);
    struct span their_host = span_head(theirs, (size_t)colon);
    if (!span_eq(span_from(theirs, (size_t)colon + 1), port))
        return false;
    return span_ieq(their_host, host) || host.len == 0 ||
           (milters_is_this_host(their_host) && milters_is_this_host(host));
}

const char *milters_seen_path(struct doctor *doctor, struct span path, bool is_chrooted)
{
    bool is_absolute = path.len > 0 && path.at[0] == '/';
    if (is_absolute && !is_chrooted)
        return span_cstr(doctor->arena, path);
    return doctor_text(doctor, "%s%s%.*s", doctor->mta.queue, is_absolute ? "" : "/",
                       (int)path.len, path.at);
}

enum whose milters_whose(struct doctor *doctor, struct span address, bool is_chrooted)
{
    const char *socket = milters_socket_path(doctor);
    if (span_istarts(address, SPAN("inet:")))
        return is_same_port(span_from(address, 5), doctor->tool->settings->socket)
                   ? WHOSE_OURS
                   : WHOSE_OTHER;
    if (!span_istarts(address, SPAN("unix:")) || socket == NULL)
        return WHOSE_OTHER;
    struct span path = span_from(address, 5);
    if (is_same_file(milters_seen_path(doctor, path, is_chrooted), socket))
        return WHOSE_OURS;
    return is_same_file(milters_seen_path(doctor, path, false), socket) ? WHOSE_UNSEEN
                                                                        : WHOSE_OTHER;
}

/* ---- lists as they should be ---- */

/* The gate's address in Postfix's words; the relative one is right inside and outside
 * of a chroot. */
static const char *our_address(struct doctor *doctor)
{
    const char *socket = milters_socket_path(doctor);
    struct span queue = span_of(doctor->mta.queue);
    struct span port, host;
    if (socket != NULL) {
        struct span path = span_of(socket);
        bool is_inside = queue.len > 0 && span_starts(path, queue) &&
                         path.len > queue.len && path.at[queue.len] == '/';
        return is_inside ? doctor_text(doctor, "unix:%s", socket + queue.len + 1)
                         : doctor_text(doctor, "unix:%s", socket);
    }
    span_cut(span_of(strchr(doctor->tool->settings->socket, ':') + 1), '@', &port,
             &host);
    return doctor_text(doctor, "inet:%.*s:%.*s", (int)(host.len > 0 ? host.len : 9),
                       host.len > 0 ? host.at : "localhost", (int)port.len, port.at);
}

/* All others as they are, in their order, then the gate. */
static struct span mended(struct doctor *doctor, const struct list *list)
{
    const char *address = our_address(doctor);
    const char *action = list->is_local ? "quarantine" : "tempfail";
    bool needs_action = list->is_local || list->spells_action;
    struct buf out;
    buf_init(&out, doctor->arena, 1 << 16);
    for (size_t i = 0; i < list->count; i++) {
        if (milters_whose(doctor, list->at[i].address, list->is_chrooted) !=
            WHOSE_OTHER)
            continue;
        buf_add_span(&out, list->at[i].whole);
        buf_add_span(&out, SPAN(", "));
    }
    if (needs_action)
        buf_printf(&out, "{ %s, default_action=%s }", address, action);
    else
        buf_printf(&out, "%s", address);
    return buf_span(&out);
}

static void mend(struct doctor *doctor, struct finding *finding,
                 const struct list *list)
{
    doctor_postconf(doctor, finding, list->owner, list->name, mended(doctor, list));
    doctor_reload(doctor, finding);
}

/* ---- the entry's own options ---- */

static struct span effective(struct doctor *doctor, const struct list *list,
                             struct span own, const char *name)
{
    return own.len > 0 ? own : postfix_value(doctor->postfix, list->service, name);
}

static void check_action(struct doctor *doctor, struct list *list,
                         const struct postfix_milter *ours)
{
    struct span action =
        effective(doctor, list, ours->default_action, "milter_default_action");
    enum level level = LEVEL_OK;
    const char *why = "";
    list->spells_action = true;
    if (span_eq(action, SPAN("accept"))) {
        level = LEVEL_BAD;
        why =
            "When the gate is away, be it for the second of a restart, all mail leaves "
            "unseen. It should wait.";
    } else if (span_eq(action, SPAN("reject"))) {
        level = list->is_local ? LEVEL_BAD : LEVEL_WARNING;
        why = "When the gate is away, mail is refused for good, and on the way of "
              "sendmail(1) it comes back as a bounce with its whole content. It should "
              "wait.";
    } else if (list->is_local && !span_eq(action, SPAN("quarantine"))) {
        level = LEVEL_WARNING;
        why =
            "When the gate is away, mail of sendmail(1) is tried again each minute for "
            "ever under a new queue id. In the hold queue it waits in peace.";
    }
    struct finding *finding =
        doctor_find(doctor, level, "milter_default_action", list->subject,
                    "%s: while the gate is away Postfix does \"%.*s\"", list->name,
                    (int)action.len, action.at);
    if (level == LEVEL_OK)
        return;
    doctor_why(finding, why);
    mend(doctor, finding, list);
}

static void check_protocol(struct doctor *doctor, struct list *list,
                           const struct postfix_milter *ours)
{
    struct span protocol = effective(doctor, list, ours->protocol, "milter_protocol");
    int version = atoi(span_cstr(doctor->arena, protocol));
    if (version >= 6 || protocol.len == 0)
        return;
    struct finding *finding =
        doctor_find(doctor, LEVEL_BAD, "milter_protocol", list->subject,
                    "%s: milter protocol %d", list->name, version);
    doctor_why(finding,
               "Before version 6 a milter cannot ask for macros: the gate is not told "
               "who logged in, from which port a client comes (so which way the mail "
               "took), nor which transport a recipient has.");
    if (ours->protocol.len > 0) {
        mend(doctor, finding, list);
        return;
    }
    bool is_own =
        postfix_is_overridden(doctor->postfix, list->service, "milter_protocol");
    doctor_postconf(doctor, finding, is_own ? list->service : SPAN(""),
                    "milter_protocol", SPAN("6"));
    doctor_reload(doctor, finding);
}

static void check_transport(struct doctor *doctor, const struct list *list,
                            const struct postfix_milter *ours)
{
    if (!span_istarts(ours->address, SPAN("inet:")))
        return;
    struct finding *finding =
        doctor_find(doctor, LEVEL_NOTE, "milter_socket", list->subject,
                    "%s: the gate is reached over TCP (%.*s)", list->name,
                    (int)ours->address.len, ours->address.at);
    doctor_why(finding,
               "Every local user can connect to such a socket and pretend to be "
               "the MTA; a unix socket is for Postfix alone, and faster.");
}

/* ---- one list ---- */

static bool find_ours(struct doctor *doctor, const struct list *list, size_t *place,
                      enum whose *whose)
{
    for (size_t i = list->count; i-- > 0;) {
        *whose = milters_whose(doctor, list->at[i].address, list->is_chrooted);
        *place = i;
        if (*whose != WHOSE_OTHER)
            return true;
    }
    return false;
}

static void tell_missing(struct doctor *doctor, struct list *list)
{
    struct finding *finding = doctor_find(
        doctor, LEVEL_BAD, list->name, list->subject, "outgate is not in %s%s%.*s",
        list->name, list->text.len > 0 ? ": " : ", which is empty", (int)list->text.len,
        list->text.at);
    doctor_why(finding, why_past);
    mend(doctor, finding, list);
}

/* A path that is right outside of the chroot only. */
static void tell_unseen(struct doctor *doctor, struct list *list,
                        const struct postfix_milter *ours)
{
    struct finding *finding =
        doctor_find(doctor, LEVEL_BAD, "milter_chroot", list->subject,
                    "%s: %.*s is not seen from inside the chroot %s", list->name,
                    (int)ours->address.len, ours->address.at, doctor->mta.queue);
    doctor_why(finding, "Postfix cannot reach the gate there, and does with all mail "
                        "what milter_default_action says.");
    if (our_address(doctor)[5] != '/') {
        mend(doctor, finding, list);
        return;
    }
    doctor_remedy(
        doctor, finding, REMEDY_SHELL, "postconf%s -F %s",
        doctor_postfix_option(doctor),
        print_shell_word(doctor->arena,
                         span_of(doctor_text(doctor, "%.*s/chroot=n",
                                             (int)list->client.len, list->client.at))));
    doctor_reload(doctor, finding);
}

bool milters_check(struct doctor *doctor, struct list *list)
{
    size_t place;
    enum whose whose;
    list->count = postfix_milters(doctor->arena, list->text, &list->at);
    if (!find_ours(doctor, list, &place, &whose)) {
        tell_missing(doctor, list);
        return false;
    }
    const struct postfix_milter *ours = &list->at[place];
    if (whose == WHOSE_UNSEEN) {
        tell_unseen(doctor, list, ours);
        return false;
    }
    list->spells_action = ours->default_action.len > 0;
    if (place + 1 < list->count) {
        struct finding *finding =
            doctor_find(doctor, LEVEL_BAD, "milter_order", list->subject,
                        "outgate is not the last in %s: %.*s", list->name,
                        (int)list->text.len, list->text.at);
        doctor_why(finding, why_last);
        mend(doctor, finding, list);
    } else {
        doctor_find(doctor, LEVEL_OK, list->name, list->subject, "outgate is %s%s",
                    place > 0 ? "the last in " : "in ", list->name);
    }
    check_action(doctor, list, ours);
    check_protocol(doctor, list, ours);
    check_transport(doctor, list, ours);
    return true;
}

/* ---- which services ---- */

bool milters_is_loopback(const struct postfix_service *service)
{
    ptrdiff_t colon = span_rindex(service->name, ':');
    return span_eq(service->type, SPAN("inet")) && colon > 0 &&
           milters_is_this_host(span_head(service->name, (size_t)colon));
}

bool milters_has_word(struct span list, const char *wanted)
{
    struct span word;
    while (postfix_next_word(&list, &word))
        if (span_ieq(word, span_of(wanted)))
            return true;
    return false;
}

struct span milters_without_word(struct doctor *doctor, struct span list,
                                 const char *unwanted)
{
    struct buf out;
    struct span word;
    buf_init(&out, doctor->arena, 1 << 16);
    while (postfix_next_word(&list, &word)) {
        if (span_ieq(word, span_of(unwanted)))
            continue;
        if (out.len > 0)
            buf_add_char(&out, ',');
        buf_add_span(&out, word);
    }
    return buf_span(&out);
}

/* A filter behind the queue hands mail back to such a port: it has been judged. */
static bool has_filter(struct doctor *doctor)
{
    const struct postfix_config *config = doctor->postfix;
    for (size_t i = 0; i < config->setting_count; i++) {
        const struct postfix_setting *setting = &config->settings[i];
        bool is_filter = span_eq(setting->name, SPAN("content_filter")) ||
                         span_eq(setting->name, SPAN("smtpd_proxy_filter"));
        bool is_border =
            span_eq(postfix_value(config, setting->service, "milter_macro_daemon_name"),
                    span_of(doctor->tool->settings->border_daemon_name));
        if (is_filter && setting->value.len > 0 && !is_border)
            return true;
    }
    return false;
}

static void tell_switched_off(struct doctor *doctor, struct span service,
                              struct span options)
{
    bool is_own =
        postfix_is_overridden(doctor->postfix, service, "receive_override_options");
    struct finding *finding =
        doctor_find(doctor, LEVEL_BAD, "no_milters", service,
                    "receive_override_options switches all milters off (no_milters)");
    doctor_why(finding, why_past);
    doctor_postconf(doctor, finding, is_own ? service : SPAN(""),
                    "receive_override_options",
                    milters_without_word(doctor, options, "no_milters"));
    doctor_reload(doctor, finding);
}

/* Mail comes back from a filter and is judged and charged once more. */
static void tell_twice(struct doctor *doctor, struct span service, struct span options)
{
    struct finding *finding =
        doctor_find(doctor, LEVEL_WARNING, "scanned_twice", service,
                    "what the content filter hands back passes the gate a second time");
    doctor_why(finding,
               "Each message is charged twice, the second time to the filter's "
               "address: limits that hold everybody are reached at half.");
    doctor_postconf(doctor, finding, service, "receive_override_options",
                    span_of(doctor_text(doctor, "%.*s%sno_milters", (int)options.len,
                                        options.at, options.len > 0 ? "," : "")));
    doctor_reload(doctor, finding);
}

bool milters_comes_back(struct doctor *doctor, const struct postfix_service *service)
{
    const struct postfix_config *config = doctor->postfix;
    bool is_border =
        span_eq(postfix_value(config, service->id, "milter_macro_daemon_name"),
                span_of(doctor->tool->settings->border_daemon_name));
    /* where a filter is in force itself, mail has yet to go to it */
    bool is_before = postfix_value(config, service->id, "content_filter").len > 0 ||
                     postfix_value(config, service->id, "smtpd_proxy_filter").len > 0;
    return milters_is_loopback(service) && !is_border && !is_before &&
           has_filter(doctor);
}

/* False: it has no list that must be looked at. */
static bool check_options(struct doctor *doctor, const struct postfix_service *service,
                          bool has_lists)
{
    struct span options =
        postfix_value(doctor->postfix, service->id, "receive_override_options");
    bool comes_back = milters_comes_back(doctor, service);
    bool is_off = milters_has_word(options, "no_milters");
    if (is_off && !comes_back) {
        tell_switched_off(doctor, service->id, options);
        return true;
    }
    if (comes_back && !is_off && has_lists)
        tell_twice(doctor, service->id, options);
    if (comes_back && (is_off || !has_lists))
        doctor_find(doctor, LEVEL_OK, "no_milters", service->id,
                    "mail that comes back from the content filter is not judged twice");
    return !comes_back;
}

static void tell_maps(struct doctor *doctor, const struct postfix_service *service)
{
    struct span maps = postfix_value(doctor->postfix, service->id, "smtpd_milter_maps");
    if (maps.len == 0)
        return;
    struct finding *finding =
        doctor_find(doctor, LEVEL_WARNING, "smtpd_milter_maps", service->id,
                    "smtpd_milter_maps may switch the gate off for clients: %.*s",
                    (int)maps.len, maps.at);
    doctor_why(finding, why_past);
    bool is_own =
        postfix_is_overridden(doctor->postfix, service->id, "smtpd_milter_maps");
    doctor_postconf(doctor, finding, is_own ? service->id : SPAN(""),
                    "smtpd_milter_maps", SPAN(""));
    doctor_reload(doctor, finding);
}

/* Where a service of master.cf listens: its own host part, else the first of
 * inet_interfaces. */
void milters_listens_at(struct doctor *doctor, const struct postfix_service *service,
                        const char **host, const char **port)
{
    ptrdiff_t colon = span_rindex(service->name, ':');
    struct span list = postfix_value(doctor->postfix, SPAN(""), "inet_interfaces");
    struct span at = SPAN("127.0.0.1");
    struct span word;
    if (colon > 0)
        at = span_head(service->name, (size_t)colon);
    else if (postfix_next_word(&list, &word) && !span_ieq(word, SPAN("all")) &&
             !span_ieq(word, SPAN("loopback-only")))
        at = word;
    if (at.len > 2 && at.at[0] == '[')
        at = (struct span){at.at + 1, at.len - 2};
    *host = span_cstr(doctor->arena, at);
    *port = span_cstr(doctor->arena, span_from(service->name, (size_t)(colon + 1)));
}

/* A word of a list of domains: a name, or a table that may have it. */
static bool names_domain(struct doctor *doctor, struct span word, struct span domain)
{
    if (span_index(word, ':') < 0)
        return span_ieq(word, domain) || (word.len > 0 && word.at[0] == '/');
    return doctor_look_up(doctor, word, span_cstr(doctor->arena, domain)).len > 0;
}

bool milters_has_domain(struct doctor *doctor, const char *parameter,
                        struct span domain)
{
    struct span list = postfix_value(doctor->postfix, SPAN(""), parameter);
    struct span word;
    while (postfix_next_word(&list, &word))
        if (names_domain(doctor, word, domain))
            return true;
    return false;
}

/* An override that only repeats main.cf badly is taken out. */
static void check_service(struct doctor *doctor, const struct postfix_service *service)
{
    struct span text = postfix_value(doctor->postfix, service->id, "smtpd_milters");
    bool is_own = postfix_is_overridden(doctor->postfix, service->id, "smtpd_milters");
    tell_maps(doctor, service);
    if (!check_options(doctor, service, text.len > 0))
        return;
    struct list list = {
        .name = "smtpd_milters",
        .subject = service->id,
        .service = service->id,
        .owner = is_own ? service->id : SPAN(""),
        .client = service->id,
        .text = text,
        .is_chrooted = service->is_chrooted,
    };
    milters_check(doctor, &list);
}

struct span milters_cleanup(struct doctor *doctor, struct span service)
{
    struct span name = postfix_value(doctor->postfix, service, "cleanup_service_name");
    return span_of(doctor_text(doctor, "%.*s/unix", (int)name.len, name.at));
}

static const struct postfix_service *find_id(struct doctor *doctor, struct span id)
{
    for (size_t i = 0; i < doctor->postfix->service_count; i++)
        if (span_eq(doctor->postfix->services[i].id, id))
            return &doctor->postfix->services[i];
    return NULL;
}

/* smtpd_milter_maps has an answer for clients on this host. */
static bool is_mapped(struct doctor *doctor, const struct postfix_service *service)
{
    struct span maps = postfix_value(doctor->postfix, service->id, "smtpd_milter_maps");
    return doctor_look_up(doctor, maps, "127.0.0.1").len > 0 ||
           doctor_look_up(doctor, maps, "localhost").len > 0;
}

bool milters_has_gate(struct doctor *doctor, const struct postfix_service *service)
{
    bool is_local = span_eq(service->program, SPAN("pickup"));
    struct span reader = is_local ? milters_cleanup(doctor, service->id) : service->id;
    const struct postfix_service *client = find_id(doctor, reader);
    struct postfix_milter *at;
    size_t count =
        postfix_milters(doctor->arena,
                        postfix_value(doctor->postfix, reader,
                                      is_local ? "non_smtpd_milters" : "smtpd_milters"),
                        &at);
    if (milters_has_word(
            postfix_value(doctor->postfix, service->id, "receive_override_options"),
            "no_milters") ||
        (!is_local && is_mapped(doctor, service)))
        return false;
    for (size_t i = 0; i < count; i++)
        if (milters_whose(doctor, at[i].address,
                          client != NULL && client->is_chrooted) == WHOSE_OURS)
            return true;
    return false;
}

/* The way of sendmail(1): pickup hands the mail to cleanup, which asks the milters. */
static void check_pickup(struct doctor *doctor, const struct postfix_service *pickup)
{
    struct span options =
        postfix_value(doctor->postfix, pickup->id, "receive_override_options");
    struct span cleanup = milters_cleanup(doctor, pickup->id);
    const struct postfix_service *service = find_id(doctor, cleanup);
    bool is_own = postfix_is_overridden(doctor->postfix, cleanup, "non_smtpd_milters");
    struct list list = {
        .name = "non_smtpd_milters",
        .subject = pickup->id,
        .service = cleanup,
        .owner = is_own ? cleanup : SPAN(""),
        .client = cleanup,
        .text = postfix_value(doctor->postfix, cleanup, "non_smtpd_milters"),
        .is_chrooted = service != NULL && service->is_chrooted,
        .is_local = true,
    };
    if (milters_has_word(options, "no_milters"))
        tell_switched_off(doctor, pickup->id, options);
    milters_check(doctor, &list);
}

void doctor_check_milters(struct doctor *doctor)
{
    const struct postfix_config *config = doctor->postfix;
    size_t smtpd = 0;
    for (size_t i = 0; i < config->service_count; i++) {
        const struct postfix_service *service = &config->services[i];
        if (span_eq(service->program, SPAN("smtpd"))) {
            check_service(doctor, service);
            smtpd++;
        } else if (span_eq(service->program, SPAN("pickup"))) {
            check_pickup(doctor, service);
        }
    }
    if (smtpd == 0)
        doctor_find(doctor, LEVEL_NOTE, "smtpd_milters", SPAN(""),
                    "master.cf has no smtpd: mail comes from sendmail(1) alone");
}
