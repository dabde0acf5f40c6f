/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/audit/senders.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define HOUR_US INT64_C(3600000000)

/* In no order: SQLite would sort all of it on the disk to group it. */
static const char parts_sql[] =
    "SELECT sender, 1, recipients, size_bytes, CAST(round(max(score, 0) * 1000) AS "
    "INTEGER), CAST(round(score * 1000) AS INTEGER), action NOT IN ('accept', 'slow'), "
    "at_us FROM message WHERE at_us >= ?1 AND at_us < ?2 * 3600000000 UNION ALL "
    "SELECT sender, messages, recipients, bytes, points, worst, stopped, last_us FROM "
    "summary_sender WHERE hour BETWEEN ?2 AND ?3";

/* Rows by sender: slots hold the row's number and one, 0 is free. */
struct sums {
    struct arena *arena;
    struct senders *out;
    size_t room; /* of rows; there are twice as many slots, a power of two */
    uint32_t *slots;
    uint32_t seed; /* nobody can choose senders that fall together */
};

static size_t slot_of(const struct sums *sums, struct span sender)
{
    size_t mask = sums->room * 2 - 1;
    size_t at = span_hash(sums->seed, sender) & mask;
    while (sums->slots[at] != 0 &&
           !span_eq(sums->out->rows[sums->slots[at] - 1].sender, sender))
        at = (at + 1) & mask;
    return at;
}

static int grow(struct sums *sums, struct err *err)
{
    size_t room = sums->room > 0 ? sums->room * 2 : 1024;
    struct senders_row *rows = arena_array(sums->arena, room, sizeof *rows);
    sums->slots = arena_array(sums->arena, room * 2, sizeof *sums->slots);
    if (rows == NULL || sums->slots == NULL)
        return err_set(err, ERR_MEMORY, "out of memory");
    if (sums->out->count > 0)
        memcpy(rows, sums->out->rows, sums->out->count * sizeof *rows);
    sums->out->rows = rows;
    sums->room = room;
    for (size_t i = 0; i < sums->out->count; i++)
        sums->slots[slot_of(sums, rows[i].sender)] = (uint32_t)i + 1;
    return 0;
}

static int add_part(struct sums *sums, struct query *query, struct err *err)
{
    struct senders *out = sums->out;
    if (out->count == sums->room && grow(sums, err) != 0)
        return -1;
    size_t at = slot_of(sums, query_text(query, 0));
    if (sums->slots[at] == 0) {
        out->rows[out->count] =
            (struct senders_row){.sender = span_dup(sums->arena, query_text(query, 0)),
                                 .worst_milli = INT64_MIN};
        sums->slots[at] = (uint32_t)++out->count;
    }
    struct senders_row *row = &out->rows[sums->slots[at] - 1];
    row->messages += query_int(query, 1);
    row->recipients += query_int(query, 2);
    row->bytes += query_int(query, 3);
    row->points_milli += query_int(query, 4);
    if (query_int(query, 5) > row->worst_milli)
        row->worst_milli = query_int(query, 5);
    row->stopped += query_int(query, 6);
    if (query_int(query, 7) > row->last_us)
        row->last_us = query_int(query, 7);
    return 0;
}

static int more_recipients(const void *left, const void *right)
{
    const struct senders_row *a = left;
    const struct senders_row *b = right;
    if (a->recipients != b->recipients)
        return a->recipients < b->recipients ? 1 : -1;
    if (a->messages != b->messages)
        return a->messages < b->messages ? 1 : -1;
    return span_compare(a->sender, b->sender);
}

int senders_read(struct tool *tool, int64_t since_us, int64_t until_us, int64_t most,
                 struct senders *out, struct err *err)
{
    struct query *query = db_query(tool->db, parts_sql, err);
    struct sums sums = {
        .arena = tool->arena, .out = out, .seed = (uint32_t)clock_elapsed_us()};
    int step;
    *out = (struct senders){.count = 0};
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, since_us);
    query_bind_int(query, 2, (since_us + HOUR_US - 1) / HOUR_US);
    query_bind_int(query, 3, until_us != 0 ? (until_us - 1) / HOUR_US : INT64_MAX);
    while ((step = query_step(query, err)) > 0 &&
           (step = add_part(&sums, query, err)) == 0)
        continue;
    query_reset(query);
    if (step != 0)
        return -1;
    if (out->count > 0)
        qsort(out->rows, out->count, sizeof *out->rows, more_recipients);
    out->total = (int64_t)out->count;
    if (most > 0 && out->total > most)
        out->count = (size_t)most;
    return 0;
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
