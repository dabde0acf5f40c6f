/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/doctor/lane.h"

#include <stdlib.h>

#include "message/session.h"
#include "tool/doctor/milters.h"
#include "tool/print.h"

/* What contrib/postfix has. */
static const char uid_line[] =
    "/^Received: by [^ ]+ \\(Postfix, from userid ([0-9]+)\\)/ PREPEND "
    "X-Outgate-Local-UID: $1";
static const char uid_line_any[] = /* where mail_name is not Postfix */
    "/^Received: by [^ ]+ \\([^,()]+, from userid ([0-9]+)\\)/ PREPEND "
    "X-Outgate-Local-UID: $1";
static const char lane_line[] = "/^X-Outgate-Lane: slow/ FILTER slow:";
static const char out_line[] = "/^X-Outgate-Lane:/ IGNORE";

/* ---- tables ---- */

static const char *config_folder(struct doctor *doctor)
{
    if (doctor->mta.config[0] != '\0')
        return doctor->mta.config;
    struct span folder = postfix_value(doctor->postfix, SPAN(""), "config_directory");
    return folder.len > 0 ? span_cstr(doctor->arena, folder) : "/etc/postfix";
}

/* The lines that put a table before those that a parameter has. line: no quote in it.
 */
static void add_table(struct doctor *doctor, struct finding *finding,
                      struct span service, const char *name, const char *file,
                      const char *line)
{
    const char *path = doctor_text(doctor, "%s/%s", config_folder(doctor), file);
    struct span old = postfix_value(doctor->postfix, service, name);
    bool is_own = postfix_is_overridden(doctor->postfix, service, name);
    const char *table = doctor_text(doctor, "regexp:%s", path);
    const char *word = print_shell_word(doctor->arena, span_of(path));
    struct span others = milters_without_word(doctor, old, table);
    doctor_remedy(doctor, finding, REMEDY_SHELL,
                  "grep -qsF '%s' %s || printf '%%s\\n' '%s' >>%s", line, word, line,
                  word);
    doctor_postconf(
        doctor, finding, is_own ? service : SPAN(""), name,
        span_of(doctor_text(doctor, "%s%s%.*s", table, others.len > 0 ? ", " : "",
                            (int)others.len, others.at)));
    doctor_reload(doctor, finding);
}

/* ---- who called sendmail(1) ---- */

static bool is_charged_by_uid(struct doctor *doctor)
{
    const struct settings *settings = doctor->tool->settings;
    for (size_t i = 0; i < settings->identify_by_count; i++)
        if (settings->identify_by[i] == IDENTITY_UID)
            return true;
    return false;
}

static void check_uid(struct doctor *doctor)
{
    struct span name = postfix_value(doctor->postfix, SPAN(""), "mail_name");
    bool is_usual = span_eq(name, SPAN("Postfix"));
    const char *line =
        doctor_text(doctor, "Received: by host.example (%.*s, from userid 4711)",
                    (int)name.len, name.at);
    const struct postfix_service *pickup =
        postfix_find_service(doctor->postfix, SPAN("pickup"), "unix");
    if (pickup == NULL || !is_charged_by_uid(doctor))
        return;
    struct span cleanup = milters_cleanup(doctor, pickup->id);
    struct span said = doctor_look_up(
        doctor, postfix_value(doctor->postfix, cleanup, "header_checks"), line);
    if (span_ieq(said, SPAN("PREPEND " SESSION_UID_FIELD ": 4711"))) {
        doctor_find(doctor, LEVEL_OK, "header_checks", pickup->id,
                    "header_checks tell who called sendmail(1)");
        return;
    }
    struct finding *finding =
        doctor_find(doctor, LEVEL_WARNING, "header_checks", pickup->id,
                    "header_checks do not tell who called sendmail(1)");
    doctor_why(
        finding,
        "The user's number stands in a field that Postfix hides from milters. "
        "Without it all web sites of this host are one sender: a hacked one uses "
        "up the limit of all, and the alert cannot be traced to it.");
    add_table(doctor, finding, cleanup, "header_checks", "outgate_header_checks",
              is_usual ? uid_line : uid_line_any);
}

/* ---- the slow lane ---- */

static void tell_no_lane(struct doctor *doctor, struct span cleanup)
{
    struct finding *finding = doctor_find(
        doctor, LEVEL_WARNING, "milter_header_checks", cleanup,
        "milter_header_checks do not send slow mail to a transport of its own");
    doctor_why(
        finding,
        "Mail that is a little doubtful should trickle, so that receivers and the "
        "provider never see a burst of it; so it leaves at full speed, and with "
        "the gate's mark on it.");
    add_table(doctor, finding, cleanup, "milter_header_checks", "outgate_lane",
              lane_line);
}

static void tell_no_transport(struct doctor *doctor, struct span name)
{
    struct finding *finding =
        doctor_find(doctor, LEVEL_BAD, "slow_transport", name,
                    "master.cf has no transport of this name, which slow mail takes");
    doctor_why(finding, "All mail that the gate sends there stays in the queue.");
    doctor_remedy(doctor, finding, REMEDY_SHELL,
                  "postconf%s -M '%.*s/unix=%.*s unix - - - - 1 smtp -o "
                  "smtp_header_checks=regexp:%s/outgate_lane_out'",
                  doctor_postfix_option(doctor), (int)name.len, name.at, (int)name.len,
                  name.at, config_folder(doctor));
    doctor_remedy(doctor, finding, REMEDY_SHELL,
                  "grep -qsF '%s' %s/outgate_lane_out || printf '%%s\\n' '%s' "
                  ">>%s/outgate_lane_out",
                  out_line, config_folder(doctor), out_line, config_folder(doctor));
    doctor_reload(doctor, finding);
}

/* "10s", "0", "1m": some time at all. */
static bool is_some_time(struct span text)
{
    return text.len > 0 && text.at[0] >= '1' && text.at[0] <= '9';
}

static void check_pace(struct doctor *doctor, struct span name)
{
    const char *each =
        doctor_text(doctor, "%.*s_destination_rate_delay", (int)name.len, name.at);
    const char *all =
        doctor_text(doctor, "%.*s_transport_rate_delay", (int)name.len, name.at);
    struct span delay = postfix_value(doctor->postfix, SPAN(""), each);
    if (delay.len == 0)
        delay =
            postfix_value(doctor->postfix, SPAN(""), "default_destination_rate_delay");
    if (is_some_time(delay) ||
        is_some_time(postfix_value(doctor->postfix, SPAN(""), all))) {
        doctor_find(doctor, LEVEL_OK, "slow_pace", name, "the slow lane is paced");
        return;
    }
    struct finding *finding = doctor_find(doctor, LEVEL_WARNING, "slow_pace", name,
                                          "the slow lane is as fast as any other");
    doctor_why(finding, "Its mail should trickle: a burst of doubtful mail is what a "
                        "provider's filter looks for.");
    doctor_postconf(doctor, finding, SPAN(""), each, SPAN("10s"));
    doctor_reload(doctor, finding);
}

/* FILTER's empty next hop is each recipient's domain, or default_filter_nexthop. */
static void check_next_hop(struct doctor *doctor, struct span next_hop)
{
    struct span relay = postfix_value(doctor->postfix, SPAN(""), "relayhost");
    struct span hop =
        postfix_value(doctor->postfix, SPAN(""), "default_filter_nexthop");
    if (relay.len == 0 || next_hop.len > 0 || hop.len > 0)
        return;
    struct finding *finding =
        doctor_find(doctor, LEVEL_BAD, "slow_next_hop", relay,
                    "slow mail goes past the relayhost, straight to the receivers");
    doctor_why(finding, "It leaves from an address that the domains' SPF may not name "
                        "and that nobody expects mail from.");
    doctor_postconf(doctor, finding, SPAN(""), "default_filter_nexthop",
                    SPAN("$relayhost"));
    doctor_reload(doctor, finding);
}

static void check_mark(struct doctor *doctor, const struct postfix_service *service)
{
    struct span said = doctor_look_up(
        doctor, postfix_value(doctor->postfix, service->id, "smtp_header_checks"),
        "X-Outgate-Lane: slow");
    if (span_ieq(said, SPAN("IGNORE")))
        return;
    struct finding *finding = doctor_find(doctor, LEVEL_NOTE, "slow_mark", service->id,
                                          "the mark of the slow lane leaves this host");
    doctor_why(finding, "Receivers read there what you thought of the mail.");
    const char *path =
        doctor_text(doctor, "%s/outgate_lane_out", config_folder(doctor));
    const char *word = print_shell_word(doctor->arena, span_of(path));
    doctor_remedy(doctor, finding, REMEDY_SHELL,
                  "grep -qsF '%s' %s || printf '%%s\\n' '%s' >>%s", out_line, word,
                  out_line, word);
    doctor_postconf(doctor, finding, service->id, "smtp_header_checks",
                    span_of(doctor_text(doctor, "regexp:%s", path)));
    doctor_reload(doctor, finding);
}

static void check_transport(struct doctor *doctor, struct span filter)
{
    struct span name, next_hop;
    span_cut(filter, ':', &name, &next_hop);
    const struct postfix_service *service =
        postfix_find_service(doctor->postfix, name, "unix");
    if (service == NULL) {
        tell_no_transport(doctor, name);
        return;
    }
    check_pace(doctor, name);
    check_next_hop(doctor, span_trim(next_hop));
    check_mark(doctor, service);
}

/* With a border the lane begins behind it. */
static struct span lane_cleanup(struct doctor *doctor)
{
    const struct settings *settings = doctor->tool->settings;
    const struct postfix_config *config = doctor->postfix;
    for (size_t i = 0; settings->has_border && i < config->service_count; i++)
        if (span_eq(config->services[i].program, SPAN("smtpd")) &&
            span_eq(postfix_value(config, config->services[i].id,
                                  "milter_macro_daemon_name"),
                    span_of(settings->border_daemon_name)))
            return milters_cleanup(doctor, config->services[i].id);
    return milters_cleanup(doctor, SPAN(""));
}

void doctor_check_lane(struct doctor *doctor)
{
    struct span cleanup = lane_cleanup(doctor);
    check_uid(doctor);
    struct span said = doctor_look_up(
        doctor, postfix_value(doctor->postfix, cleanup, "milter_header_checks"),
        "X-Outgate-Lane: slow");
    if (!span_istarts(said, SPAN("FILTER "))) {
        tell_no_lane(doctor, cleanup);
        return;
    }
    doctor_find(doctor, LEVEL_OK, "milter_header_checks", cleanup,
                "slow mail takes a transport of its own");
    check_transport(doctor, span_trim(span_from(said, 7)));
}
