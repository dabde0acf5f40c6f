/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/audit/report_data.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "limits/limits.h"
#include "tool/audit/senders.h"
#include "tool/rate.h"
#include "tune/wilson.h"

#define HOUR_US INT64_C(3600000000)
#define DAY_US  (24 * HOUR_US)

const char *const report_action_names[REPORT_ACTIONS] = {"accept", "slow", "hold",
                                                         "defer", "reject"};

/* One statement over [first, last] of hours or days. NULL with err. */
static struct query *ask(struct tool *tool, const char *sql, int64_t first,
                         int64_t last, struct err *err)
{
    struct query *query = db_query(tool->db, sql, err);
    if (query == NULL)
        return NULL;
    query_bind_int(query, 1, first);
    query_bind_int(query, 2, last);
    return query;
}

static int64_t first_hour(const struct report_data *out)
{
    return out->since_us / HOUR_US;
}

static int64_t last_hour(const struct report_data *out)
{
    return (out->until_us - 1) / HOUR_US;
}

/* ---- over time ---- */

static int make_steps(struct tool *tool, struct report_data *out, struct err *err)
{
    int64_t hours = last_hour(out) - first_hour(out) + 1;
    int64_t step = 1;
    while (hours / step > REPORT_STEPS)
        step = step < 24 ? 24 : step + 24;
    out->step_us = step * HOUR_US;
    out->step_count = (size_t)((hours + step - 1) / step);
    out->points = arena_array(tool->arena, out->step_count + 1, sizeof *out->points);
    out->labels = arena_array(tool->arena, out->step_count + 1, sizeof *out->labels);
    bool is_short = out->points == NULL || out->labels == NULL;
    for (size_t k = 0; k < REPORT_ACTIONS && !is_short; k++) {
        out->by_action[k] =
            arena_array(tool->arena, out->step_count + 1, sizeof *out->by_action[k]);
        is_short = out->by_action[k] == NULL;
    }
    if (is_short)
        return err_set(err, ERR_MEMORY, "out of memory");
    for (size_t i = 0; i < out->step_count; i++) {
        char *text = arena_alloc(tool->arena, 32);
        time_t at = (time_t)((first_hour(out) + (int64_t)i * step) * 3600);
        struct tm tm;
        if (text == NULL)
            return err_set(err, ERR_MEMORY, "out of memory");
        localtime_r(&at, &tm);
        strftime(text, 32, step < 24 && hours <= 48 ? "%d. %H:00" : "%d %b", &tm);
        out->labels[i] = text;
    }
    return 0;
}

static void count_hour(struct report_data *out, struct query *query)
{
    size_t at =
        (size_t)((query_int(query, 0) - first_hour(out)) / (out->step_us / HOUR_US));
    struct span action = query_text(query, 1);
    if (at >= out->step_count)
        return;
    for (size_t k = 0; k < REPORT_ACTIONS; k++) {
        if (!span_eq(action, span_of(report_action_names[k])))
            continue;
        out->by_action[k][at] += (double)query_int(query, 2);
        out->totals[k] += query_int(query, 2);
    }
    out->messages += query_int(query, 2);
    out->recipients += query_int(query, 3);
    out->points[at] += (double)query_int(query, 4) / 1000;
}

static int read_hours(struct tool *tool, struct report_data *out, struct err *err)
{
    struct query *query =
        ask(tool,
            "SELECT hour, action, sum(messages), sum(recipients), sum(points) FROM "
            "summary_hour WHERE hour BETWEEN ?1 AND ?2 GROUP BY hour, action",
            first_hour(out), last_hour(out), err);
    int step = -1;
    while (query != NULL && (step = query_step(query, err)) == 1)
        count_hour(out, query);
    return step;
}

static int read_scores(struct tool *tool, struct report_data *out, struct err *err)
{
    struct query *query = ask(tool,
                              "SELECT score, sum(messages) FROM summary_score WHERE "
                              "hour BETWEEN ?1 AND ?2 GROUP BY score",
                              first_hour(out), last_hour(out), err);
    int step = -1;
    while (query != NULL && (step = query_step(query, err)) == 1) {
        int64_t at = query_int(query, 0) - SUMMARY_SCORE_LEAST;
        if (at >= 0 && at < REPORT_SCORES)
            out->scores[at] = (double)query_int(query, 1);
    }
    return step;
}

/* ---- senders and rules ---- */

static int read_trend(struct tool *tool, const struct report_data *out,
                      struct report_sender *sender, struct err *err)
{
    struct query *query = ask(tool,
                              "SELECT hour, recipients FROM summary_sender WHERE "
                              "hour BETWEEN ?1 AND ?2 AND sender = ?3",
                              first_hour(out), last_hour(out), err);
    int step = -1;
    double hours = (double)(last_hour(out) - first_hour(out) + 1);
    if (query != NULL)
        query_bind_text(query, 3, sender->sender);
    while (query != NULL && (step = query_step(query, err)) == 1) {
        double share = (double)(query_int(query, 0) - first_hour(out)) / hours;
        size_t at = (size_t)(share * REPORT_TREND);
        sender->trend[at < REPORT_TREND ? at : REPORT_TREND - 1] +=
            (double)query_int(query, 1);
    }
    return step;
}

static int read_senders(struct tool *tool, struct report_data *out, struct err *err)
{
    struct senders senders;
    if (senders_read(tool, first_hour(out) * HOUR_US, out->until_us, 15, &senders,
                     err) != 0)
        return -1;
    for (size_t i = 0; i < senders.count; i++) {
        const struct senders_row *row = &senders.rows[i];
        struct report_sender *to = &out->senders[out->sender_count++];
        *to = (struct report_sender){.sender = row->sender,
                                     .messages = row->messages,
                                     .recipients = row->recipients,
                                     .stopped = row->stopped,
                                     .points = (double)row->points_milli / 1000};
        if (read_trend(tool, out, to, err) != 0)
            return -1;
    }
    return 0;
}

static int read_rules(struct tool *tool, struct report_data *out, struct err *err)
{
    struct query *query =
        ask(tool,
            "SELECT rule, sum(messages), sum(stopped), sum(points) FROM summary_rule "
            "WHERE day BETWEEN ?1 AND ?2 GROUP BY rule HAVING sum(points) <> 0 ORDER "
            "BY 2 DESC, 1 LIMIT 15",
            out->since_us / DAY_US, (out->until_us - 1) / DAY_US, err);
    int step = -1;
    while (query != NULL && (step = query_step(query, err)) == 1)
        out->rules[out->rule_count++] =
            (struct report_rule){.rule = span_dup(tool->arena, query_text(query, 0)),
                                 .messages = query_int(query, 1),
                                 .stopped = query_int(query, 2),
                                 .points = (double)query_int(query, 3) / 1000};
    return step;
}

/* ---- the address's budget ---- */

static bool protects_address(const struct limit *limit)
{
    return limit->window_us > 0 && limit->keys[1] == LIMIT_KEY_NONE &&
           (limit->keys[0] == LIMIT_EGRESS || limit->keys[0] == LIMIT_HOST);
}

static int64_t worst_hour(const struct report_data *out, const struct limit *limit)
{
    double most = 0;
    if (limit->unit != LIMIT_POINTS || out->step_us != HOUR_US)
        return -1;
    for (size_t i = 0; i < out->step_count; i++)
        most = fmax(most, out->points[i]);
    return (int64_t)(most * 1000);
}

static int read_budgets(struct tool *tool, struct report_data *out, struct err *err)
{
    for (size_t i = 0; i < tool->settings->limit_count; i++) {
        const struct limit *limit = &tool->settings->limits[i];
        int64_t free_at_us;
        if (!protects_address(limit) || out->budget_count == REPORT_BUDGETS)
            continue;
        struct report_budget *budget = &out->budgets[out->budget_count++];
        budget->limit = limit;
        budget->worst_hour = worst_hour(out, limit);
        if (limits_used(tool->db, limit,
                        limit->keys[0] == LIMIT_EGRESS ? SPAN("egress") : SPAN("host"),
                        0, tool_now_us(), &budget->used, &free_at_us, err) != 0)
            return -1;
    }
    return 0;
}

/* ---- domains, feedback ---- */

static int read_domains(struct tool *tool, struct report_data *out, struct err *err)
{
    struct query *query =
        db_query(tool->db,
                 "SELECT domain, signed, unsigned FROM domain_seen ORDER BY "
                 "signed + unsigned DESC, domain LIMIT 15",
                 err);
    int step = -1;
    while (query != NULL && (step = query_step(query, err)) == 1)
        out->domains[out->domain_count++] = (struct report_domain){
            .domain = span_dup(tool->arena, query_text(query, 0)),
            .signed_count = query_int(query, 1),
            .unsigned_count = query_int(query, 2)};
    return step;
}

static int read_alignments(struct tool *tool, struct report_data *out, struct err *err)
{
    struct query *query = ask(
        tool,
        "SELECT domain, sum(messages), sum(aligned), sum(dmarc_pass), "
        "sum(dmarc_fail), sum(unknown) FROM summary_domain WHERE day BETWEEN ?1 AND "
        "?2 GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 15",
        out->since_us / DAY_US, out->until_us / DAY_US, err);
    int step = -1;
    while (query != NULL && (step = query_step(query, err)) == 1)
        out->alignments[out->alignment_count++] = (struct report_alignment){
            .domain = span_dup(tool->arena, query_text(query, 0)),
            .messages = query_int(query, 1),
            .aligned = query_int(query, 2),
            .passed = query_int(query, 3),
            .failed = query_int(query, 4),
            .unknown = query_int(query, 5)};
    return step;
}

static int read_recipients(struct tool *tool, const struct report_data *out,
                           struct report_rate *rate, struct err *err)
{
    struct query *query = ask(tool,
                              "SELECT coalesce(sum(recipients), 0) FROM summary_sender "
                              "WHERE hour BETWEEN ?1 / 3600000000 AND ?2 / 3600000000 "
                              "AND sender = ?3",
                              out->since_us, out->until_us, err);
    if (query == NULL)
        return -1;
    query_bind_text(query, 3, rate->sender);
    int step = query_step(query, err);
    rate->recipients = step > 0 ? query_int(query, 0) : 0;
    query_reset(query);
    return step > 0 ? 0 : -1;
}

static int read_feedback(struct tool *tool, struct report_data *out, struct err *err)
{
    struct query *query =
        ask(tool,
            "SELECT sender, sum(kind = 'bounce'), sum(kind = 'complaint') FROM "
            "feedback WHERE at_us BETWEEN ?1 AND ?2 AND "
            "is_counted GROUP BY sender ORDER BY 2 + 3 * 10 DESC, 1",
            out->since_us, out->until_us, err);
    int step = -1;
    while (query != NULL && (step = query_step(query, err)) == 1) {
        out->bounces += query_int(query, 1);
        out->complaints += query_int(query, 2);
        if (out->rate_count == REPORT_ROWS)
            continue;
        struct report_rate *rate = &out->rates[out->rate_count++];
        *rate =
            (struct report_rate){.sender = span_dup(tool->arena, query_text(query, 0)),
                                 .bounces = query_int(query, 1),
                                 .complaints = query_int(query, 2)};
        if (read_recipients(tool, out, rate, err) != 0)
            return -1;
        rate->bounce_least = rate->recipients >= RATE_SAMPLE_MIN
                                 ? wilson_least(rate->bounces, rate->recipients)
                                 : NAN;
    }
    return step;
}

/* ---- what waits, what was wrong ---- */

static int read_held(struct tool *tool, struct report_data *out, struct err *err)
{
    static const int64_t ages_us[] = {HOUR_US, 6 * HOUR_US, DAY_US, 3 * DAY_US};
    struct query *query = db_query(tool->db,
                                   "SELECT held_at_us, due_at_us IS NULL FROM "
                                   "held_message WHERE state = 'waiting'",
                                   err);
    int step = -1;
    while (query != NULL && (step = query_step(query, err)) == 1) {
        int64_t at_us = query_int(query, 0);
        size_t class = 0;
        while (class < 4 && tool_now_us() - at_us >= ages_us[class])
            class ++;
        out->held.by_age[class]++;
        out->held.count++;
        out->held.without_due += query_int(query, 1);
        if (out->held.oldest_us == 0 || at_us < out->held.oldest_us)
            out->held.oldest_us = at_us;
    }
    return step;
}

static int read_incidents(struct tool *tool, struct report_data *out, struct err *err)
{
    struct query *query =
        ask(tool,
            "SELECT id, kind, key, what, opened_us, times, closed_us IS NULL FROM "
            "incident WHERE last_us BETWEEN ?1 AND ?2 OR closed_us IS NULL ORDER BY "
            "closed_us IS NULL DESC, opened_us DESC LIMIT 15",
            out->since_us, out->until_us, err);
    int step = -1;
    while (query != NULL && (step = query_step(query, err)) == 1)
        out->incidents[out->incident_count++] = (struct report_incident){
            .id = query_int(query, 0),
            .kind = span_dup(tool->arena, query_text(query, 1)),
            .key = span_dup(tool->arena, query_text(query, 2)),
            .what = span_dup(tool->arena, query_text(query, 3)),
            .opened_us = query_int(query, 4),
            .times = query_int(query, 5),
            .is_open = query_int(query, 6) != 0};
    return step;
}

static int read_counts(struct tool *tool, struct report_data *out, struct err *err)
{
    struct query *query =
        db_query(tool->db,
                 "SELECT (SELECT count(*) FROM incident WHERE closed_us IS NULL), "
                 "(SELECT count(*) FROM blocked_sender WHERE until_us IS NULL OR "
                 "until_us > ?1)",
                 err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, tool_now_us());
    if (query_step(query, err) < 0)
        return -1;
    out->open_incidents = query_int(query, 0);
    out->blocked = query_int(query, 1);
    query_reset(query);
    return 0;
}

static int read_snds(struct tool *tool, struct report_data *out, struct err *err)
{
    char since[16];
    time_t at = (time_t)(out->since_us / 1000000);
    struct tm tm;
    int step = -1;
    localtime_r(&at, &tm);
    strftime(since, sizeof since, "%Y-%m-%d", &tm);
    struct query *query = db_query(tool->db,
                                   "SELECT ip, start_at, filter_result, "
                                   "complaint_rate, coalesce(trap_hits, -1), "
                                   "coalesce(recipients, -1) FROM snds_day WHERE "
                                   "start_at >= ?1 ORDER BY start_at DESC, ip LIMIT 15",
                                   err);
    if (query != NULL)
        query_bind_text(query, 1, span_of(since));
    while (query != NULL && (step = query_step(query, err)) == 1)
        out->snds[out->snds_count++] = (struct report_snds){
            .ip = span_dup(tool->arena, query_text(query, 0)),
            .start_at = span_dup(tool->arena, query_text(query, 1)),
            .filter_result = span_dup(tool->arena, query_text(query, 2)),
            .complaint_rate = span_dup(tool->arena, query_text(query, 3)),
            .trap_hits = query_int(query, 4),
            .recipients = query_int(query, 5)};
    return step;
}

int report_data_read(struct tool *tool, int64_t since_us, int64_t until_us,
                     struct report_data *out, struct err *err)
{
    static int (*const readers[])(struct tool *, struct report_data *, struct err *) = {
        make_steps,     read_hours,   read_scores,     read_senders,  read_rules,
        read_budgets,   read_domains, read_alignments, read_feedback, read_held,
        read_incidents, read_counts,  read_snds};
    *out = (struct report_data){.since_us = since_us, .until_us = until_us};
    for (size_t i = 0; i < sizeof readers / sizeof *readers; i++)
        if (readers[i](tool, out, err) != 0)
            return -1;
    return 0;
}
