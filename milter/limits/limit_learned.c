/* SPDX-License-Identifier: BSD-2-Clause */
#include "limits/limit_learned.h"

#include <stddef.h>

/* Hours that are looked at: four weeks, and none that ended less than a day ago, since
 * what is sent today must not raise today's amount. chosen */
enum { HOURS_BACK = 28 * 24, HOURS_BLIND = 24, MILLI = 1000 };

#define HOUR_US INT64_C(3600000000)
#define MOST    INT64_C(1000000000000000) /* limit_parse's own */

#define BUSIEST(column)                                                                \
    "SELECT coalesce(max(" column "), 0) FROM sender_hour WHERE sender = (SELECT id "  \
    "FROM sender_seen WHERE sender = ?1) AND hour BETWEEN ?2 AND ?3"

static const char *statement(enum limit_unit unit)
{
    switch (unit) {
    case LIMIT_MESSAGES:
        return BUSIEST("messages");
    case LIMIT_RECIPIENTS:
        return BUSIEST("recipients");
    case LIMIT_NEW_RECIPIENTS:
        return BUSIEST("new_recipients");
    case LIMIT_BYTES:
        return BUSIEST("bytes");
    case LIMIT_POINTS:
        return BUSIEST("points");
    default:
        return NULL;
    }
}

static int busiest(struct db *db, const struct limit *limit, struct span sender,
                   int64_t wall_us, int64_t *out, struct err *err)
{
    const char *sql = statement(limit->unit);
    int64_t hour = wall_us / HOUR_US;
    *out = 0;
    if (sql == NULL)
        return 0;
    struct query *query = db_query(db, sql, err);
    if (query == NULL)
        return -1;
    query_bind_text(query, 1, sender);
    query_bind_int(query, 2, hour - HOURS_BACK);
    query_bind_int(query, 3, hour - HOURS_BLIND - 1);
    if (query_step(query, err) < 0)
        return -1;
    *out = query_int(query, 0);
    query_reset(query);
    return 0;
}

int limit_learned_amount(struct db *db, const struct limit *limit, struct span sender,
                         int64_t wall_us, int64_t *amount, struct err *err)
{
    int64_t past;
    *amount = limit->amount;
    if (busiest(db, limit, sender, wall_us, &past, err) != 0)
        return -1;
    double learned = (double)past * (double)limit->learned_milli / MILLI;
    if (learned > (double)*amount)
        *amount = learned < (double)MOST ? (int64_t)learned : MOST;
    if (limit->ceiling > 0 && *amount > limit->ceiling)
        *amount = limit->ceiling;
    return 0;
}
