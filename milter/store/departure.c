/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/departure.h"

#include "limits/limits_leave.h"

/* One choice at work. */
struct choice {
    struct db *db;
    const struct limit *table;
    size_t table_count;
    int64_t now_us, wall_us;
    struct arena *arena;
    struct err *err;
};

/* One transaction of lifts; *count: how many, DEPARTURE_BATCH when there may be more.
 */
static int lift_some(const struct choice *c, size_t *count)
{
    struct leaving *rows;
    if (leaving_list(c->db, LEAVING_CHARGED, c->wall_us, SPAN(""), DEPARTURE_BATCH,
                     c->arena, &rows, count, c->err) != 0)
        return -1;
    for (size_t i = 0; i < *count; i++)
        if (limits_lift(c->db, c->table, c->table_count, rows[i].id, c->wall_us,
                        c->err) != 0)
            return -1;
    return 0;
}

/* What is due has not left, whatever was charged: all of it, before any is asked. */
static int lift_due(const struct choice *c)
{
    size_t count;
    do {
        if (db_begin(c->db, c->err) != 0)
            return -1;
        if (lift_some(c, &count) != 0 || db_commit(c->db, c->err) != 0) {
            db_rollback(c->db);
            return -1;
        }
    } while (count == DEPARTURE_BATCH);
    return 0;
}

static int place(const struct choice *c, const struct leaving *row, bool *leaves)
{
    int64_t at_us;
    if (limits_leave(c->db, c->table, c->table_count, row->id, c->now_us, c->wall_us,
                     &at_us, c->err) != 0)
        return -1;
    *leaves = at_us <= c->now_us;
    return *leaves ? leaving_ask(c->db, row->id, HELD_RELEASED, c->wall_us, SPAN("due"),
                                 c->err)
                   : leaving_postpone(c->db, row->id, at_us - c->now_us + c->wall_us,
                                      c->err);
}

static int place_due(const struct choice *c, struct span sender, size_t max,
                     struct departures *out)
{
    if (leaving_list(c->db, LEAVING_DUE, c->wall_us, sender, max, c->arena, &out->rows,
                     &out->looked_at, c->err) != 0)
        return -1;
    for (size_t i = 0; i < out->looked_at; i++) {
        bool leaves;
        if (place(c, &out->rows[i], &leaves) != 0)
            return -1;
        if (leaves)
            out->rows[out->count++] = out->rows[i];
    }
    return 0;
}

int departure_choose(struct db *db, const struct limit *table, size_t count,
                     int64_t now_us, int64_t wall_us, struct span sender, size_t max,
                     struct arena *arena, struct departures *out, struct err *err)
{
    const struct choice c = {db, table, count, now_us, wall_us, arena, err};
    *out = (struct departures){0};
    if (lift_due(&c) != 0 || db_begin(db, err) != 0)
        return -1;
    if (place_due(&c, sender, max, out) == 0 && db_commit(db, err) == 0)
        return 0;
    db_rollback(db);
    return -1;
}
