/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/senders.h"

#include <string.h>

#define HOUR_US INT64_C(3600000000)

static const char sums_sql[] =
    "WITH part AS (SELECT sender, 1 AS messages, recipients, size_bytes AS bytes, "
    "CAST(round(max(score, 0) * 1000) AS INTEGER) AS points, CAST(round(score * 1000) "
    "AS INTEGER) AS worst, action NOT IN ('accept', 'slow') AS stopped, at_us AS "
    "last_us FROM message WHERE at_us >= ?1 AND at_us < ?2 * 3600000000 UNION ALL "
    "SELECT sender, messages, recipients, bytes, points, worst, stopped, last_us FROM "
    "summary_sender WHERE hour >= ?2) SELECT sender, sum(messages), sum(recipients), "
    "sum(bytes), sum(points), max(worst), sum(stopped), max(last_us), count(*) OVER () "
    "FROM part GROUP BY sender ORDER BY 3 DESC, 2 DESC, 1 LIMIT ?3";

static bool add_room(struct tool *tool, struct senders *out, size_t *room)
{
    size_t more = *room > 0 ? *room * 2 : 64;
    struct senders_row *rows = arena_array(tool->arena, more, sizeof *rows);
    if (rows == NULL)
        return false;
    if (out->count > 0)
        memcpy(rows, out->rows, out->count * sizeof *rows);
    out->rows = rows;
    *room = more;
    return true;
}

static struct senders_row read_row(struct tool *tool, struct query *query)
{
    return (struct senders_row){
        .sender = span_dup(tool->arena, query_text(query, 0)),
        .messages = query_int(query, 1),
        .recipients = query_int(query, 2),
        .bytes = query_int(query, 3),
        .points_milli = query_int(query, 4),
        .worst_milli = query_int(query, 5),
        .stopped = query_int(query, 6),
        .last_us = query_int(query, 7),
    };
}

int senders_read(struct tool *tool, int64_t since_us, int64_t most, struct senders *out,
                 struct err *err)
{
    struct query *query = db_query(tool->db, sums_sql, err);
    size_t room = 0;
    int step;
    *out = (struct senders){.count = 0};
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, since_us);
    query_bind_int(query, 2, (since_us + HOUR_US - 1) / HOUR_US);
    query_bind_int(query, 3, most > 0 ? most : -1);
    while ((step = query_step(query, err)) > 0) {
        if (out->count == room && !add_room(tool, out, &room)) {
            query_reset(query);
            return err_set(err, ERR_MEMORY, "out of memory");
        }
        out->total = query_int(query, 8);
        out->rows[out->count++] = read_row(tool, query);
    }
    return step;
}

int senders_trend(struct tool *tool, struct span sender, int64_t since_us,
                  double *parts, size_t count, struct err *err)
{
    int64_t first = since_us / HOUR_US;
    int64_t last = tool_now_us() / HOUR_US;
    struct query *query = db_query(tool->db,
                                   "SELECT hour, messages FROM summary_sender WHERE "
                                   "sender = ?1 AND hour BETWEEN ?2 AND ?3",
                                   err);
    int step = -1;
    memset(parts, 0, count * sizeof *parts);
    if (query == NULL)
        return -1;
    if (last - first + 1 < (int64_t)count) /* an hour a part, the last ones filled */
        first = last - (int64_t)count + 1;
    query_bind_text(query, 1, sender);
    query_bind_int(query, 2, since_us / HOUR_US);
    query_bind_int(query, 3, last);
    while ((step = query_step(query, err)) > 0) {
        double share =
            (double)(query_int(query, 0) - first) / (double)(last - first + 1);
        size_t at = (size_t)(share * (double)count);
        parts[at < count ? at : count - 1] += (double)query_int(query, 1);
    }
    return step;
}
