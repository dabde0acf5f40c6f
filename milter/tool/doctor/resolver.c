/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/doctor/resolver.h"

#include "store/dns_figures.h"
#include "tool/print.h"

enum {
    LEAST_MESSAGES = 20, /* below, a share of late ones says nothing. chosen */
    LATE_PERCENT = 5,    /* of the messages; more is a resolver too slow. chosen */
};

/* What is read, in this order. */
enum figure {
    START_US,
    DEAD_SINCE_US,
    DEATHS,
    MESSAGES,
    MESSAGES_LATE,
    BY_CACHE,
    BY_SERVERS,
    FAILED,
    CROWDED,
    FIGURES,
};

static bool read_figures(struct doctor *doctor, int64_t out[FIGURES])
{
    struct dns_figure rows[FIGURES] = {
        [START_US] = {"start_us", 0},
        [DEAD_SINCE_US] = {"dead_since_us", 0},
        [DEATHS] = {"deaths", 0},
        [MESSAGES] = {"messages", 0},
        [MESSAGES_LATE] = {"messages_late", 0},
        [BY_CACHE] = {"questions.cache", 0},
        [BY_SERVERS] = {"questions.servers", 0},
        [FAILED] = {"questions.failed", 0},
        [CROWDED] = {"questions.crowded", 0},
    };
    struct err err;
    if ((doctor->tool->db == NULL && tool_open(doctor->tool, DB_READ, &err) != 0) ||
        dns_figures_get(doctor->tool->db, rows, FIGURES, &err) <= 0)
        return false;
    for (int i = 0; i < FIGURES; i++)
        out[i] = rows[i].value;
    return true;
}

/* "dig @192.0.2.1 -p 53 ..." for each that is configured. */
static void look_at_servers(struct doctor *doctor, struct finding *finding)
{
    const struct conf_list *servers = &doctor->tool->settings->dns_servers;
    for (size_t i = 0; i < servers->count; i++) {
        struct span server = span_of(servers->at[i]);
        struct span address, port;
        if (span_eq(server, SPAN("system"))) {
            doctor_remedy(doctor, finding, REMEDY_LOOK, "dig +time=2 +tries=1 . NS");
            continue;
        }
        bool has_port = span_cut(server, '@', &address, &port);
        if (address.len > 2 && address.at[0] == '[')
            address = (struct span){address.at + 1, address.len - 2};
        doctor_remedy(doctor, finding, REMEDY_LOOK,
                      "dig @%.*s -p %.*s +time=2 +tries=1 . NS", (int)address.len,
                      address.at, has_port ? (int)port.len : 2,
                      has_port ? port.at : "53");
    }
}

static void tell_dead(struct doctor *doctor, const int64_t at[FIGURES])
{
    char since[PRINT_TIME_BYTES];
    struct finding *finding =
        doctor_find(doctor, LEVEL_BAD, "resolver", SPAN(""),
                    "no DNS server has answered the daemon since %s",
                    print_time(at[DEAD_SINCE_US], since));
    doctor_why(finding, "SPF, DKIM, DMARC and the DNS lists are not known: mail that "
                        "they would have stopped leaves.");
    look_at_servers(doctor, finding);
}

static void tell_late(struct doctor *doctor, const int64_t at[FIGURES])
{
    struct finding *finding = doctor_find(
        doctor, LEVEL_WARNING, "resolver", SPAN(""),
        "of %lld messages %lld met [dns] deadline; %lld questions could not be asked, "
        "for too many were under way",
        (long long)at[MESSAGES], (long long)at[MESSAGES_LATE], (long long)at[CROWDED]);
    doctor_why(finding, "Such mail waits for the whole deadline, and what was asked "
                        "of it is not known then. A resolver on this host, with a "
                        "cache of its own, is faster than one that is far.");
    look_at_servers(doctor, finding);
}

static void tell_well(struct doctor *doctor, const int64_t at[FIGURES])
{
    char since[PRINT_TIME_BYTES];
    print_time(at[START_US], since);
    if (at[DEATHS] > 0) {
        struct finding *finding = doctor_find(
            doctor, LEVEL_NOTE, "resolver", SPAN(""),
            "the daemon's DNS servers answer, but since %s they were dead %lld times",
            since, (long long)at[DEATHS]);
        doctor_why(finding, "The daemon's log says when, and for how long.");
        look_at_servers(doctor, finding);
        return;
    }
    doctor_find(doctor, LEVEL_OK, "resolver", SPAN(""),
                "since %s the daemon had %lld answers of DNS servers and %lld of its "
                "cache; %lld questions failed",
                since, (long long)at[BY_SERVERS], (long long)at[BY_CACHE],
                (long long)at[FAILED]);
}

void doctor_check_resolver(struct doctor *doctor)
{
    int64_t at[FIGURES];
    if (!read_figures(doctor, at))
        return;
    if (at[DEAD_SINCE_US] != 0)
        tell_dead(doctor, at);
    else if (at[MESSAGES] >= LEAST_MESSAGES &&
             at[MESSAGES_LATE] * 100 > at[MESSAGES] * LATE_PERCENT)
        tell_late(doctor, at);
    else
        tell_well(doctor, at);
}
