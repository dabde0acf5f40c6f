/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/summary.h"

#include <math.h>

#define HOUR_US INT64_C(3600000000)
#define DAY_US  (24 * HOUR_US)

static int64_t milli(double points)
{
    return isfinite(points) ? (int64_t)llround(points * 1000) : 0;
}

static int64_t suspicion(const struct summary_row *row)
{
    return row->score > 0 ? milli(row->score) : 0;
}

static int64_t score_class(double score)
{
    if (!(score > SUMMARY_SCORE_LEAST)) /* also what is no number */
        return SUMMARY_SCORE_LEAST;
    return score < SUMMARY_SCORE_MOST ? (int64_t)floor(score) : SUMMARY_SCORE_MOST;
}

static int record_hour(struct db *db, const struct summary_row *row, struct err *err)
{
    struct query *query = db_query(
        db,
        "INSERT INTO summary_hour (hour, class, action, messages, recipients, bytes, "
        "points) VALUES (?1, ?2, ?3, 1, ?4, ?5, ?6) ON CONFLICT (hour, class, action) "
        "DO UPDATE SET messages = messages + 1, recipients = recipients + "
        "excluded.recipients, bytes = bytes + excluded.bytes, points = points + "
        "excluded.points",
        err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, row->at_us / HOUR_US);
    query_bind_text(query, 2, row->mail_class);
    query_bind_text(query, 3, row->action);
    query_bind_int(query, 4, row->recipients);
    query_bind_int(query, 5, row->bytes);
    query_bind_int(query, 6, suspicion(row));
    return query_run(query, err);
}

static int record_score(struct db *db, const struct summary_row *row, struct err *err)
{
    struct query *query =
        db_query(db,
                 "INSERT INTO summary_score (hour, score, messages) VALUES (?1, ?2, 1) "
                 "ON CONFLICT (hour, score) DO UPDATE SET messages = messages + 1",
                 err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, row->at_us / HOUR_US);
    query_bind_int(query, 2, score_class(row->score));
    return query_run(query, err);
}

static int add_to_sender(struct db *db, const struct summary_row *row, struct err *err)
{
    struct query *query = db_query(
        db,
        "INSERT INTO summary_sender (hour, sender, messages, recipients, points, "
        "stopped, bytes, worst, slow, hold, defer, reject, last_us) VALUES (?1, ?2, 1, "
        "?3, ?4, ?5, ?6, ?7, ?8 = 'slow', ?8 = 'hold', ?8 = 'defer', ?8 = 'reject', "
        "?9) ON CONFLICT (hour, sender) DO UPDATE SET messages = messages + 1, "
        "recipients = recipients + excluded.recipients, points = points + "
        "excluded.points, stopped = stopped + excluded.stopped, bytes = bytes + "
        "excluded.bytes, worst = max(worst, excluded.worst), slow = slow + "
        "excluded.slow, hold = hold + excluded.hold, defer = defer + excluded.defer, "
        "reject = reject + excluded.reject, last_us = max(last_us, excluded.last_us)",
        err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, row->at_us / HOUR_US);
    query_bind_text(query, 2, row->sender);
    query_bind_int(query, 3, row->recipients);
    query_bind_int(query, 4, suspicion(row));
    query_bind_int(query, 5, row->is_stopped);
    query_bind_int(query, 6, row->bytes);
    query_bind_int(query, 7, milli(row->score));
    query_bind_text(query, 8, row->action);
    query_bind_int(query, 9, row->at_us);
    return query_run(query, err);
}

int summary_record(struct db *db, const struct summary_row *row, struct err *err)
{
    return record_hour(db, row, err) != 0 || record_score(db, row, err) != 0 ||
                   add_to_sender(db, row, err) != 0
               ? -1
               : 0;
}

int summary_record_rule(struct db *db, const struct summary_row *row, struct span rule,
                        double score, struct err *err)
{
    struct query *query = db_query(
        db,
        "INSERT INTO summary_rule (day, rule, messages, points, stopped) VALUES (?1, "
        "?2, 1, ?3, ?4) ON CONFLICT (day, rule) DO UPDATE SET messages = messages + 1, "
        "points = points + excluded.points, stopped = stopped + excluded.stopped",
        err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, row->at_us / DAY_US);
    query_bind_text(query, 2, rule);
    query_bind_int(query, 3, milli(score));
    query_bind_int(query, 4, row->is_stopped);
    return query_run(query, err);
}

int summary_record_domain(struct db *db, int64_t at_us,
                          const struct summary_domain *row, struct err *err)
{
    struct query *query = db_query(
        db,
        "INSERT INTO summary_domain (day, domain, messages, spf_aligned, dkim_aligned, "
        "aligned, dmarc_pass, dmarc_fail, unknown) VALUES (?1, ?2, 1, ?3, ?4, ?3 OR "
        "?4, ?5, ?6, ?7) ON CONFLICT (day, domain) DO UPDATE SET messages = messages + "
        "1, spf_aligned = spf_aligned + excluded.spf_aligned, dkim_aligned = "
        "dkim_aligned + excluded.dkim_aligned, aligned = aligned + excluded.aligned, "
        "dmarc_pass = dmarc_pass + excluded.dmarc_pass, dmarc_fail = dmarc_fail + "
        "excluded.dmarc_fail, unknown = unknown + excluded.unknown",
        err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, at_us / DAY_US);
    query_bind_text(query, 2, row->domain);
    query_bind_int(query, 3, row->is_spf_aligned);
    query_bind_int(query, 4, row->is_dkim_aligned);
    query_bind_int(query, 5, row->has_passed);
    query_bind_int(query, 6, row->has_failed);
    query_bind_int(query, 7, row->is_unknown);
    return query_run(query, err);
}

static int delete_before(struct db *db, const char *sql, int64_t number,
                         struct err *err)
{
    struct query *query = db_query(db, sql, err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, number);
    return query_run(query, err);
}

/* Totals since the beginning, for counters. */
static int keep_sums(struct db *db, int64_t hour, struct err *err)
{
    struct query *query = db_query(
        db,
        "INSERT INTO summary_hour (hour, class, action, messages, recipients, bytes, "
        "points) SELECT 0, class, action, sum(messages), sum(recipients), sum(bytes), "
        "sum(points) FROM summary_hour WHERE hour > 0 AND hour < ?1 GROUP BY class, "
        "action ON CONFLICT (hour, class, action) DO UPDATE SET messages = messages + "
        "excluded.messages, recipients = recipients + excluded.recipients, bytes = "
        "bytes + excluded.bytes, points = points + excluded.points",
        err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, hour);
    return query_run(query, err);
}

/* Each is ordered by its time: a call a minute deletes at most an hour's rows. */
int summary_expire(struct db *db, int64_t before_us, struct err *err)
{
    int64_t hour = before_us / HOUR_US;
    int64_t day = before_us / DAY_US;
    if (keep_sums(db, hour, err) != 0 ||
        delete_before(db, "DELETE FROM summary_hour WHERE hour > 0 AND hour < ?1", hour,
                      err) != 0 ||
        delete_before(db, "DELETE FROM summary_score WHERE hour < ?1", hour, err) !=
            0 ||
        delete_before(db, "DELETE FROM summary_rule WHERE day < ?1", day, err) != 0 ||
        delete_before(db, "DELETE FROM summary_domain WHERE day < ?1", day, err) != 0)
        return -1;
    return delete_before(db, "DELETE FROM summary_sender WHERE hour < ?1", hour, err);
}
