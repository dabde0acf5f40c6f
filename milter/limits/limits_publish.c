/* SPDX-License-Identifier: BSD-2-Clause */
#include "limits/limit_clock.h"
#include "limits/limit_state.h"
#include "limits/limit_window.h"
#include "limits/limits.h"

/* Amounts of another unit would be read as amounts of today's. */
static int forget_other_unit(struct db *db, const struct limit *limit, struct err *err)
{
    struct query *query = db_query(db,
                                   "DELETE FROM limit_slot WHERE limit_name = ?1 AND "
                                   "EXISTS (SELECT 1 FROM limit_in_force WHERE "
                                   "name = ?1 AND unit <> ?2)",
                                   err);
    if (query == NULL)
        return -1;
    query_bind_text(query, 1, span_of(limit->name));
    query_bind_text(query, 2, span_of(limit_unit_name(limit->unit)));
    return query_run(query, err);
}

/* A longer window looks back to what the shorter one has forgotten. */
static int refill(struct db *db, const struct limit *limit, struct err *err)
{
    char keys[LIMIT_KEYS_BYTES];
    struct query *query = db_query(db,
                                   "SELECT window_us, amount, burst FROM "
                                   "limit_in_force WHERE name = ?1 AND unit = ?2 AND "
                                   "keys = ?3 AND window_us > 0",
                                   err);
    if (query == NULL)
        return -1;
    query_bind_text(query, 1, span_of(limit->name));
    query_bind_text(query, 2, span_of(limit_unit_name(limit->unit)));
    query_bind_text(query, 3, span_of(limit_print_keys(limit, keys)));
    int rc = query_step(query, err);
    if (rc <= 0)
        return rc;
    struct limit old = {.window_us = query_int(query, 0),
                        .amount = query_int(query, 1),
                        .burst = query_int(query, 2)};
    int64_t now_us;
    query_reset(query);
    if (limit->window_us == 0)
        return 0;
    if (limit_clock_newest(db, &now_us, err) != 0)
        return -1;
    return limit_state_refill(db, &old, limit, SPAN(""), now_us, err);
}

static int insert_limit(struct db *db, const struct limit *limit, size_t position,
                        struct err *err)
{
    char sentence[LIMIT_SENTENCE_BYTES];
    char keys[LIMIT_KEYS_BYTES];
    struct query *query = db_query(db,
                                   "INSERT INTO limit_in_force (name, position, "
                                   "sentence, amount, unit, window_us, slot_us, burst, "
                                   "keys, class, action, is_in_force, learned_milli, "
                                   "ceiling) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, "
                                   "?9, ?10, ?11, 1, ?12, ?13) "
                                   "ON CONFLICT (name) DO UPDATE SET "
                                   "(position, sentence, amount, unit, window_us, "
                                   "slot_us, burst, keys, class, action, is_in_force, "
                                   "learned_milli, ceiling) "
                                   "= (excluded.position, excluded.sentence, "
                                   "excluded.amount, excluded.unit, "
                                   "excluded.window_us, excluded.slot_us, "
                                   "excluded.burst, excluded.keys, excluded.class, "
                                   "excluded.action, 1, excluded.learned_milli, "
                                   "excluded.ceiling)",
                                   err);
    if (query == NULL)
        return -1;
    query_bind_text(query, 1, span_of(limit->name));
    query_bind_int(query, 2, (int64_t)position);
    query_bind_text(query, 3, span_of(limit_print(limit, sentence)));
    query_bind_int(query, 4, limit->amount);
    query_bind_text(query, 5, span_of(limit_unit_name(limit->unit)));
    query_bind_int(query, 6, limit->window_us);
    query_bind_int(query, 7, limit_slot_width(limit->window_us));
    query_bind_int(query, 8, limit->burst);
    query_bind_text(query, 9, span_of(limit_print_keys(limit, keys)));
    query_bind_text(query, 10,
                    limit->mail_class != CLASS_UNKNOWN
                        ? span_of(mail_class_name(limit->mail_class))
                        : SPAN(""));
    query_bind_text(query, 11,
                    limit->block_us > 0 ? SPAN("block")
                                        : span_of(action_name(limit->action)));
    query_bind_int(query, 12, limit->learned_milli);
    query_bind_int(query, 13, limit->ceiling);
    return query_run(query, err);
}

/* Rows of limits that were taken out of the config stay, marked: the unit of what was
 * charged to them must be known when they come back. */
int limits_publish(struct db *db, const struct limit *table, size_t count,
                   struct err *err)
{
    struct query *query =
        db_query(db, "UPDATE limit_in_force SET is_in_force = 0", err);
    if (query == NULL || query_run(query, err) != 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        if (forget_other_unit(db, &table[i], err) != 0 ||
            refill(db, &table[i], err) != 0 || insert_limit(db, &table[i], i, err) != 0)
            return -1;
    return 0;
}
