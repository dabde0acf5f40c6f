/* SPDX-License-Identifier: BSD-2-Clause */
#include "limits/limit_override.h"

#include "limits/limit_state.h"

int limit_override_any(struct db *db, bool *any, struct err *err)
{
    struct query *query =
        db_query(db, "SELECT EXISTS (SELECT 1 FROM limit_override)", err);
    if (query == NULL || query_step(query, err) < 0)
        return -1;
    *any = query_int(query, 0) != 0;
    query_reset(query);
    return 0;
}

int limit_override_find(struct db *db, const struct limit *limit, struct span key,
                        int64_t wall_us, struct limit *out, struct err *err)
{
    struct query *query =
        db_query(db,
                 "SELECT amount, window_us, burst FROM limit_override WHERE "
                 "limit_name = ?1 AND key = ?2 AND (until_us IS NULL OR until_us > ?3)",
                 err);
    if (query == NULL)
        return -1;
    query_bind_text(query, 1, span_of(limit->name));
    query_bind_text(query, 2, key);
    query_bind_int(query, 3, wall_us);
    int rc = query_step(query, err);
    if (rc == 1) {
        *out = *limit;
        out->amount = query_int(query, 0);
        out->window_us = query_int(query, 1);
        out->burst = query_int(query, 2);
        out->learned_milli = out->ceiling = 0;
    }
    query_reset(query);
    return rc;
}

static int insert(struct db *db, const struct limit *changed, struct span key,
                  int64_t wall_us, int64_t until_us, struct span reason, struct span by,
                  struct err *err)
{
    char sentence[LIMIT_SENTENCE_BYTES];
    struct query *query =
        db_query(db,
                 "INSERT OR REPLACE INTO limit_override (limit_name, key, sentence, "
                 "amount, window_us, burst, since_us, until_us, reason, by) VALUES "
                 "(?1, ?2, ?3, ?4, ?5, ?6, ?7, nullif(?8, 0), ?9, ?10)",
                 err);
    if (query == NULL)
        return -1;
    query_bind_text(query, 1, span_of(changed->name));
    query_bind_text(query, 2, key);
    query_bind_text(query, 3, span_of(limit_print_override(changed, sentence)));
    query_bind_int(query, 4, changed->amount);
    query_bind_int(query, 5, changed->window_us);
    query_bind_int(query, 6, changed->burst);
    query_bind_int(query, 7, wall_us);
    query_bind_int(query, 8, until_us);
    query_bind_text(query, 9, reason);
    query_bind_text(query, 10, by);
    return query_run(query, err);
}

int limit_override_set(struct db *db, const struct limit *limit,
                       const struct limit *changed, struct span key, int64_t wall_us,
                       int64_t until_us, struct span reason, struct span by,
                       int64_t now_us, struct err *err)
{
    struct limit old = *limit;
    if (limit_override_find(db, limit, key, wall_us, &old, err) < 0)
        return -1;
    /* what the limit's own window sees is never forgotten: the longer of the two */
    if (old.window_us < limit->window_us)
        old = *limit;
    if (limit_state_refill(db, &old, changed, key, now_us, err) != 0)
        return -1;
    return insert(db, changed, key, wall_us, until_us, reason, by, err);
}

int limit_override_remove(struct db *db, struct span limit_name, struct span key,
                          bool *removed, struct err *err)
{
    struct query *query = db_query(
        db, "DELETE FROM limit_override WHERE limit_name = ?1 AND key = ?2", err);
    if (query == NULL)
        return -1;
    query_bind_text(query, 1, limit_name);
    query_bind_text(query, 2, key);
    if (query_run(query, err) != 0)
        return -1;
    *removed = db_changes(db) > 0;
    return 0;
}
