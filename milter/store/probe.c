/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/probe.h"

#include "store/mark.h"

#define GOOD_US (PROBE_DAYS * INT64_C(86400000000))

int probe_add(struct db *db, const char *mark, int64_t now_us, struct err *err)
{
    struct query *query = db_query(db, "DELETE FROM probe WHERE made_us < ?1", err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, now_us - GOOD_US);
    if (query_run(query, err) != 0)
        return -1;
    query = db_query(db, "INSERT INTO probe (mark, made_us) VALUES (?1, ?2)", err);
    if (query == NULL)
        return -1;
    query_bind_text(query, 1, span_of(mark));
    query_bind_int(query, 2, now_us);
    return query_run(query, err);
}

int probe_take(struct db *db, struct span mark, int64_t now_us, bool *is_ours,
               struct err *err)
{
    return mark_take(
        db,
        "UPDATE probe SET used_us = ?2 WHERE mark = ?1 AND used_us IS NULL "
        "AND made_us >= ?3",
        mark, now_us, now_us - GOOD_US, is_ours, err);
}

int probe_found(struct db *db, struct span mark, int64_t message, struct err *err)
{
    struct query *query =
        db_query(db, "UPDATE probe SET message = ?2 WHERE mark = ?1", err);
    if (query == NULL)
        return -1;
    query_bind_text(query, 1, mark);
    query_bind_int(query, 2, message);
    return query_run(query, err);
}

int probe_message(struct db *db, const char *mark, int64_t *message, struct err *err)
{
    struct query *query = db_query(
        db, "SELECT message FROM probe WHERE mark = ?1 AND message IS NOT NULL", err);
    *message = 0;
    if (query == NULL)
        return -1;
    query_bind_text(query, 1, span_of(mark));
    int found = query_step(query, err);
    if (found > 0)
        *message = query_int(query, 0);
    query_reset(query);
    return found < 0 ? -1 : 0;
}
