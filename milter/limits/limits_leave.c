/* SPDX-License-Identifier: BSD-2-Clause */
#include "limits/limits_leave.h"

#include "limits/limit_state.h"
#include "limits/limits.h"

/* Take back one stored line; of a limit that is not in force nothing is left. */
static int lift_line(struct db *db, const struct limit *limit, struct query *line,
                     int64_t wall_us, struct err *err)
{
    struct limit standing;
    struct span key = query_text(line, 1);
    if (limit == NULL || limit->window_us == 0)
        return 0;
    if (limits_for_key(db, limit, key, wall_us, &standing, NULL, err) != 0)
        return -1;
    return limit_state_uncharge(db, &standing, key, query_int(line, 2),
                                query_int(line, 3), err);
}

int limits_lift(struct db *db, const struct limit *table, size_t count, int64_t id,
                int64_t wall_us, struct err *err)
{
    struct query *query = db_query(db,
                                   "SELECT limit_name, key, amount, at_us FROM charge "
                                   "WHERE message = ?1 AND at_us IS NOT NULL",
                                   err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, id);
    int rc;
    while ((rc = query_step(query, err)) == 1) {
        const struct limit *limit = limit_find(table, count, query_text(query, 0));
        if (lift_line(db, limit, query, wall_us, err) != 0) {
            rc = -1;
            break;
        }
    }
    query_reset(query);
    if (rc != 0)
        return -1;
    query = db_query(db, "UPDATE charge SET at_us = NULL WHERE message = ?1", err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, id);
    return query_run(query, err);
}

/* The first time from *at_us on at which one part allows it; only what has left by
 * now_us is seen. */
static int ask_part(struct db *db, const struct limit *limit, int part_id,
                    struct span key, int64_t amount, int64_t now_us, int64_t *at_us,
                    struct err *err)
{
    struct limit_part part;
    int rc = limit_part_load(db, limit, (enum limit_part_id)part_id, key, now_us, &part,
                             err);
    if (rc == 0) {
        int64_t now = now_us / part.width_us;
        while (part.count > 0 && part.slots[part.count - 1].number > now)
            part.count--;
        *at_us = limit_part_departure(&part, *at_us, amount);
    }
    limit_part_clear(&part);
    return rc;
}

/* One stored line, in every part of its limit as it stands for the key. */
static int ask_line(struct db *db, const struct limit *limit, struct query *line,
                    int64_t now_us, int64_t wall_us, int64_t *at_us, struct err *err)
{
    struct limit standing;
    struct span key = query_text(line, 1);
    if (limit == NULL || limit->window_us == 0 || limit->action == ACTION_SLOW)
        return 0;
    if (limits_for_key(db, limit, key, wall_us, &standing, NULL, err) != 0)
        return -1;
    for (int part = 0; part < limit_part_count(&standing); part++)
        if (ask_part(db, &standing, part, key, query_int(line, 2), now_us, at_us,
                     err) != 0)
            return -1;
    return 0;
}

/* All lines in one turn: what has left lies in the past, so a window only empties as
 * time goes on, and a time that suits one line suits it still when others move it on.
 */
static int ask_lines(struct db *db, const struct limit *table, size_t count, int64_t id,
                     int64_t now_us, int64_t wall_us, int64_t *at_us, struct err *err)
{
    struct query *query = db_query(
        db, "SELECT limit_name, key, amount FROM charge WHERE message = ?1", err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, id);
    int rc;
    while ((rc = query_step(query, err)) == 1) {
        const struct limit *limit = limit_find(table, count, query_text(query, 0));
        if (ask_line(db, limit, query, now_us, wall_us, at_us, err) != 0) {
            rc = -1;
            break;
        }
    }
    query_reset(query);
    return rc;
}

int limits_leave(struct db *db, const struct limit *table, size_t count, int64_t id,
                 int64_t now_us, int64_t wall_us, int64_t *at_us, struct err *err)
{
    *at_us = now_us;
    if (ask_lines(db, table, count, id, now_us, wall_us, at_us, err) != 0)
        return -1;
    return limits_charge_stored(db, table, count, id, *at_us, err);
}
