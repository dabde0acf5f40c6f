/* SPDX-License-Identifier: BSD-2-Clause
 *
 * report_data - the figures of a report, read from the summaries: never the whole log.
 * Everything lives in tool->arena.
 */
#ifndef OUTGATE_TOOL_AUDIT_REPORT_DATA_H
#define OUTGATE_TOOL_AUDIT_REPORT_DATA_H

#include "limits/limit.h"
#include "store/summary.h"
#include "tool/tool.h"

enum {
    REPORT_ACTIONS = 5, /* accept slow hold defer reject, in this order */
    REPORT_STEPS = 240, /* bars of the plot over time at most */
    REPORT_ROWS = 15,   /* of each list */
    REPORT_TREND = 28,  /* points of a sender's curve */
    REPORT_BUDGETS = 20,
    REPORT_SCORES = SUMMARY_SCORE_MOST - SUMMARY_SCORE_LEAST + 1,
};

struct report_sender {
    struct span sender;
    int64_t messages, recipients, stopped;
    double points;
    double trend[REPORT_TREND];
};

struct report_rule {
    struct span rule;
    int64_t messages, stopped;
    double points;
};

/* A limit that protects the address: keyed egress or host. */
struct report_budget {
    const struct limit *limit;
    int64_t used;       /* now */
    int64_t worst_hour; /* in the period; -1: not counted by the hour */
};

struct report_domain {
    struct span domain;
    int64_t signed_count, unsigned_count;
};

/* How the mail of a From: domain authenticates. */
struct report_alignment {
    struct span domain;
    int64_t messages, aligned, passed, failed, unknown;
};

/* Bounces and complaints of one sender against what it sent. */
struct report_rate {
    struct span sender;
    int64_t recipients, bounces, complaints;
    double bounce_least; /* lower bound of the bounce rate, 95 % */
};

/* What Microsoft says of one address and day. */
struct report_snds {
    struct span ip, start_at, filter_result, complaint_rate;
    int64_t trap_hits, recipients; /* -1: not said */
};

struct report_held {
    int64_t count, without_due, oldest_us;
    int64_t by_age[5]; /* below 1 h, 6 h, 1 d, 3 d, older */
};

struct report_incident {
    int64_t id, opened_us, times;
    struct span kind, key, what;
    bool is_open;
};

struct report_data {
    int64_t since_us, until_us;
    int64_t step_us; /* of the plot over time: an hour or a multiple */
    size_t step_count;
    double *by_action[REPORT_ACTIONS]; /* messages a step */
    double *points;                    /* a step */
    const char **labels;
    double scores[REPORT_SCORES];
    int64_t totals[REPORT_ACTIONS], messages, recipients;
    struct report_sender senders[REPORT_ROWS];
    size_t sender_count;
    struct report_rule rules[REPORT_ROWS];
    size_t rule_count;
    struct report_budget budgets[REPORT_BUDGETS];
    size_t budget_count;
    struct report_domain domains[REPORT_ROWS];
    size_t domain_count;
    struct report_alignment alignments[REPORT_ROWS];
    size_t alignment_count;
    struct report_rate rates[REPORT_ROWS];
    size_t rate_count;
    int64_t bounces, complaints;
    struct report_held held;
    struct report_incident incidents[REPORT_ROWS];
    size_t incident_count;
    int64_t open_incidents, blocked;
    struct report_snds snds[REPORT_ROWS];
    size_t snds_count;
};

extern const char *const report_action_names[REPORT_ACTIONS];

/* report_data_read - tool->db is open; [since_us, until_us). */
int report_data_read(struct tool *tool, int64_t since_us, int64_t until_us,
                     struct report_data *out, struct err *err);

#endif
