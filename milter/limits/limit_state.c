/* SPDX-License-Identifier: BSD-2-Clause */
#include "limits/limit_state.h"

#include <stdbool.h>
#include <stdlib.h>

/* Mail may be charged so long after its row was written: held, then released. chosen */
#define LATE_US INT64_C(604800000000)

/* So many dead rows of a key are worth a DELETE. chosen */
enum { DEAD_ROWS = 16 };

/* ... and of one that is overridden, whose own window keeps up to LIMIT_SLOTS + 1 of
 * them, worth putting together. chosen */
enum { DEAD_ROWS_OWN = 2 * LIMIT_SLOTS };

int limit_part_count(const struct limit *limit)
{
    return limit->burst > 0 ? 2 : 1;
}

static void describe(const struct limit *limit, enum limit_part_id id,
                     struct limit_part *out)
{
    int64_t window_us = limit->window_us;
    out->amount = limit->amount;
    if (id == LIMIT_PART_BURST) {
        /* rounded up: the longer window is the stricter one */
        double burst_us =
            (double)window_us * (double)limit->burst / (double)limit->amount;
        window_us = (int64_t)burst_us + 1;
        out->amount = limit->burst;
    }
    out->width_us = limit_slot_width(window_us);
}

static int add_slot(struct limit_part *part, int64_t number, int64_t amount,
                    struct err *err)
{
    if (part->count == part->room) {
        size_t room = part->room > 0 ? part->room * 2 : 160;
        struct slot *more = realloc(part->slots, room * sizeof *more);
        if (more == NULL)
            return err_set(err, ERR_MEMORY, "no memory for a limit's slots");
        part->slots = more;
        part->room = room;
    }
    part->slots[part->count++] = (struct slot){number, amount};
    return 0;
}

static int compare_slots(const void *a, const void *b)
{
    int64_t x = ((const struct slot *)a)->number;
    int64_t y = ((const struct slot *)b)->number;
    return (x > y) - (x < y);
}

static void sort_slots(struct limit_part *part)
{
    for (size_t i = 1; i < part->count; i++)
        if (part->slots[i].number < part->slots[i - 1].number) {
            qsort(part->slots, part->count, sizeof *part->slots, compare_slots);
            return;
        }
}

/* One row of the table. *is_dead: no window that ends at now or later sees it. */
static int add_row(struct limit_part *part, struct query *query, int64_t now_us,
                   bool *is_dead, struct err *err)
{
    int64_t first;
    int64_t last;
    limit_slot_range(query_int(query, 0), query_int(query, 1), part->width_us, now_us,
                     &first, &last);
    *is_dead = last < now_us / part->width_us - LIMIT_SLOTS;
    if (*is_dead)
        return 0;
    int64_t amount = query_int(query, 2);
    for (int64_t number = first; number < last; number += LIMIT_SLOTS)
        if (add_slot(part, number, amount, err) != 0)
            return -1;
    return add_slot(part, last, amount, err);
}

/* A statement about one part of one key: ?1, ?2, ?3 are bound. */
static struct query *part_query(struct db *db, const char *sql,
                                const struct limit *limit, enum limit_part_id id,
                                struct span key, struct err *err)
{
    struct query *query = db_query(db, sql, err);
    if (query == NULL)
        return NULL;
    query_bind_text(query, 1, span_of(limit->name));
    query_bind_text(query, 2, key);
    query_bind_int(query, 3, id);
    return query;
}

static int delete_before(struct db *db, const struct limit *limit,
                         enum limit_part_id id, struct span key, int64_t before_us,
                         struct err *err)
{
    struct query *query = part_query(db,
                                     "DELETE FROM limit_slot WHERE limit_name = ?1 AND "
                                     "key = ?2 AND part = ?3 AND at_us < ?4",
                                     limit, id, key, err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 4, before_us);
    return query_run(query, err);
}

/* ---- an overridden key: what its own window must not forget ---- */

/* Fine slots that lie in one slot of the own window, as one row of it. */
static int coarse_slots(struct db *db, const struct limit *limit, enum limit_part_id id,
                        struct span key, int64_t before_us, struct limit_part *out,
                        struct err *err)
{
    struct query *query =
        part_query(db,
                   "SELECT at_us / ?4, sum(amount) FROM limit_slot WHERE "
                   "limit_name = ?1 AND key = ?2 AND part = ?3 AND at_us < ?5 "
                   "GROUP BY 1 ORDER BY 1",
                   limit, id, key, err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 4, out->width_us);
    query_bind_int(query, 5, before_us);
    int rc;
    while ((rc = query_step(query, err)) == 1)
        if (add_slot(out, query_int(query, 0), query_int(query, 1), err) != 0) {
            query_reset(query);
            return -1;
        }
    return rc;
}

static int insert_slot(struct db *db, const struct limit *limit, enum limit_part_id id,
                       struct span key, int64_t at_us, int64_t width_us, int64_t amount,
                       struct err *err)
{
    struct query *query = part_query(
        db,
        "INSERT INTO limit_slot (limit_name, key, part, at_us, width_us, amount) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6) "
        "ON CONFLICT (key, limit_name, part, at_us) DO UPDATE SET "
        "amount = amount + excluded.amount, "
        "width_us = max(width_us, excluded.width_us)",
        limit, id, key, err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 4, at_us);
    query_bind_int(query, 5, width_us);
    query_bind_int(query, 6, amount);
    return query_run(query, err);
}

/* Rows before before_us, which the override's window sees no more, become few. */
static int compact(struct db *db, const struct limit *limit, enum limit_part_id id,
                   struct span key, int64_t now_us, int64_t before_us, struct err *err)
{
    struct limit_part own = {0};
    if ((int)id >= limit_part_count(limit->own))
        return delete_before(db, limit, id, key, before_us, err);
    describe(limit->own, id, &own);
    before_us = before_us / own.width_us * own.width_us;
    int64_t seen_from = now_us / own.width_us - LIMIT_SLOTS;
    int rc = coarse_slots(db, limit, id, key, before_us, &own, err);
    if (rc == 0)
        rc = delete_before(db, limit, id, key, before_us, err);
    for (size_t i = 0; i < own.count && rc == 0; i++)
        if (own.slots[i].number >= seen_from)
            rc = insert_slot(db, limit, id, key, own.slots[i].number * own.width_us,
                             own.width_us, own.slots[i].amount, err);
    limit_part_clear(&own);
    return rc;
}

int limit_part_load(struct db *db, const struct limit *limit, enum limit_part_id id,
                    struct span key, int64_t now_us, struct limit_part *out,
                    struct err *err)
{
    *out = (struct limit_part){0};
    describe(limit, id, out);
    struct query *query =
        part_query(db,
                   "SELECT at_us, width_us, amount FROM limit_slot WHERE "
                   "limit_name = ?1 AND key = ?2 AND part = ?3 ORDER BY at_us",
                   limit, id, key, err);
    if (query == NULL)
        return -1;
    unsigned dead = 0;
    int64_t alive_from_us = now_us;
    int rc;
    while ((rc = query_step(query, err)) == 1) {
        bool is_dead;
        if (add_row(out, query, now_us, &is_dead, err) != 0) {
            query_reset(query);
            return -1;
        }
        dead += is_dead;
        if (!is_dead && query_int(query, 0) < alive_from_us)
            alive_from_us = query_int(query, 0);
    }
    if (rc != 0)
        return -1;
    sort_slots(out);
    if (dead < (limit->own != NULL ? DEAD_ROWS_OWN : DEAD_ROWS))
        return 0;
    if (limit->own != NULL) {
        int64_t dead_us = (now_us / out->width_us - LIMIT_SLOTS) * out->width_us;
        return compact(db, limit, id, key, now_us,
                       dead_us < alive_from_us ? dead_us : alive_from_us, err);
    }
    return delete_before(db, limit, id, key, alive_from_us, err);
}

void limit_part_clear(struct limit_part *part)
{
    free(part->slots);
    *part = (struct limit_part){0};
}

/* The first slot that a window with from_slot in it can see. */
static size_t first_seen(const struct limit_part *part, int64_t from_slot)
{
    size_t low = 0;
    size_t high = part->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (part->slots[middle].number < from_slot - LIMIT_SLOTS)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

int64_t limit_part_departure(const struct limit_part *part, int64_t from_us,
                             int64_t amount)
{
    int64_t from = from_us / part->width_us;
    size_t seen = first_seen(part, from);
    int64_t slot = limit_departure(part->slots + seen, part->count - seen, from, amount,
                                   part->amount);
    return slot == from ? from_us : slot * part->width_us;
}

int64_t limit_part_used(const struct limit_part *part, int64_t now_us)
{
    return limit_used(part->slots, part->count, now_us / part->width_us);
}

int64_t limit_part_waiting(const struct limit_part *part, int64_t now_us)
{
    int64_t waiting = 0;
    for (size_t i = part->count; i > 0; i--) {
        if (part->slots[i - 1].number <= now_us / part->width_us)
            break;
        waiting += part->slots[i - 1].amount;
    }
    return waiting;
}

int64_t limit_part_cost(const struct limit_part *part, const struct limit *limit,
                        int64_t amount)
{
    bool is_capped = limit->action != ACTION_SLOW && amount > part->amount;
    return is_capped ? part->amount : amount;
}

int limit_state_charge(struct db *db, const struct limit *limit, struct span key,
                       int64_t amount, int64_t at_us, struct err *err)
{
    for (int id = 0; id < limit_part_count(limit); id++) {
        struct limit_part part = {0};
        describe(limit, (enum limit_part_id)id, &part);
        if (insert_slot(db, limit, (enum limit_part_id)id, key,
                        at_us / part.width_us * part.width_us, part.width_us,
                        limit_part_cost(&part, limit, amount), err) != 0)
            return -1;
    }
    return 0;
}

/* The row that a charge at at_us went into: *found its time, -1 if there is none.
 * Looked up where today's slots have it, then among those of another width. */
static int find_row(struct db *db, const struct limit *limit, enum limit_part_id id,
                    struct span key, int64_t at_us, int64_t width_us, int64_t *found,
                    struct err *err)
{
    static const char *const places[] = {
        "SELECT at_us FROM limit_slot WHERE limit_name = ?1 AND key = ?2 AND part = ?3 "
        "AND at_us = ?5 AND at_us = ?4 / width_us * width_us",
        "SELECT at_us FROM limit_slot WHERE limit_name = ?1 AND key = ?2 AND part = ?3 "
        "AND at_us <= ?4 AND at_us = ?4 / width_us * width_us AND ?5 = ?5"};
    *found = -1;
    for (size_t i = 0; i < 2 && *found < 0; i++) {
        struct query *query = part_query(db, places[i], limit, id, key, err);
        if (query == NULL)
            return -1;
        query_bind_int(query, 4, at_us);
        query_bind_int(query, 5, at_us / width_us * width_us);
        int rc = query_step(query, err);
        if (rc == 1)
            *found = query_int(query, 0);
        query_reset(query);
        if (rc < 0)
            return -1;
    }
    return 0;
}

/* Take amount out of one row, and the row when nothing is left in it. */
static int take_back(struct db *db, const struct limit *limit, enum limit_part_id id,
                     struct span key, int64_t row_us, int64_t amount, struct err *err)
{
    static const char *const steps[] = {
        "UPDATE limit_slot SET amount = amount - ?5 WHERE limit_name = ?1 AND "
        "key = ?2 AND part = ?3 AND at_us = ?4",
        "DELETE FROM limit_slot WHERE limit_name = ?1 AND key = ?2 AND part = ?3 AND "
        "at_us = ?4 AND amount <= 0 AND ?5 = ?5"};
    for (size_t i = 0; i < 2; i++) {
        struct query *query = part_query(db, steps[i], limit, id, key, err);
        if (query == NULL)
            return -1;
        query_bind_int(query, 4, row_us);
        query_bind_int(query, 5, amount);
        if (query_run(query, err) != 0)
            return -1;
    }
    return 0;
}

int limit_state_uncharge(struct db *db, const struct limit *limit, struct span key,
                         int64_t amount, int64_t at_us, struct err *err)
{
    for (int id = 0; id < limit_part_count(limit); id++) {
        struct limit_part part = {0};
        int64_t row_us;
        describe(limit, (enum limit_part_id)id, &part);
        bool is_capped = limit->action != ACTION_SLOW && amount > part.amount;
        if (find_row(db, limit, (enum limit_part_id)id, key, at_us, part.width_us,
                     &row_us, err) != 0)
            return -1;
        if (row_us >= 0 && take_back(db, limit, (enum limit_part_id)id, key, row_us,
                                     is_capped ? part.amount : amount, err) != 0)
            return -1;
    }
    return 0;
}

/* ---- a longer window than before ---- */

/* What a window that grows must have again: the time that was forgotten. */
struct gap {
    struct span key;  /* "": every key */
    int64_t width_us; /* of today's slots */
    int64_t most;     /* that one charge counts as */
    int64_t from_us, before_us;
};

static int delete_part(struct db *db, const struct limit *limit, int id,
                       const struct gap *gap, struct err *err)
{
    struct query *query =
        gap->key.len == 0
            ? db_query(db,
                       "DELETE FROM limit_slot WHERE limit_name = ?1 AND part = ?2 AND "
                       "at_us >= ?3 AND at_us + width_us <= ?4",
                       err)
            : db_query(db,
                       "DELETE FROM limit_slot WHERE limit_name = ?1 AND part = ?2 AND "
                       "at_us >= ?3 AND at_us + width_us <= ?4 AND key = ?5",
                       err);
    if (query == NULL)
        return -1;
    query_bind_text(query, 1, span_of(limit->name));
    query_bind_int(query, 2, id);
    query_bind_int(query, 3, gap->from_us);
    query_bind_int(query, 4, gap->before_us);
    if (gap->key.len > 0)
        query_bind_text(query, 5, gap->key);
    return query_run(query, err);
}

/* Table charge has times of the limit clock, table message of the wall clock; LATE_US
 * and what they differ by are how far a charge may lie behind its message. Amounts
 * count in full, also one above the limit: it may have been another limit's when it was
 * charged.
 */
static int copy_charges(struct db *db, const struct limit *limit, int id,
                        const struct gap *gap, struct err *err)
{
    struct query *query = db_query(
        db,
        "INSERT INTO limit_slot (limit_name, key, part, at_us, width_us, amount) "
        "SELECT limit_name, key, ?2, at_us / ?3 * ?3, ?3, sum(amount) "
        "FROM charge WHERE message >= coalesce((SELECT id FROM message WHERE "
        "at_us >= ?4 - ?6 - abs(coalesce((SELECT CAST(value AS INTEGER) FROM meta "
        "WHERE "
        "name = 'limit_offset_us'), 0)) ORDER BY at_us LIMIT 1), 0) AND "
        "limit_name = ?1 AND at_us >= ?4 AND at_us < ?5 AND (?7 = '' OR key = ?7) "
        "GROUP BY key, at_us / ?3 "
        "ON CONFLICT (key, limit_name, part, at_us) DO UPDATE SET "
        "amount = amount + excluded.amount, "
        "width_us = max(width_us, excluded.width_us)",
        err);
    if (query == NULL)
        return -1;
    query_bind_text(query, 1, span_of(limit->name));
    query_bind_int(query, 2, id);
    query_bind_int(query, 3, gap->width_us);
    query_bind_int(query, 4, gap->from_us);
    query_bind_int(query, 5, gap->before_us);
    query_bind_int(query, 6, LATE_US);
    query_bind_text(query, 7, gap->key);
    return query_run(query, err);
}

int limit_state_refill(struct db *db, const struct limit *old,
                       const struct limit *limit, struct span key, int64_t now_us,
                       struct err *err)
{
    for (int id = 0; id < limit_part_count(limit) && !limit_is_by_feedback(limit);
         id++) {
        struct limit_part was = {0};
        struct limit_part is = {0};
        struct gap gap = {.key = key, .before_us = INT64_MAX}; /* no rows: all of it */
        describe(limit, (enum limit_part_id)id, &is);
        if (id < limit_part_count(old)) {
            describe(old, (enum limit_part_id)id, &was);
            gap.before_us = (now_us / was.width_us - LIMIT_SLOTS) * was.width_us;
        }
        if (is.width_us <= was.width_us)
            continue;
        gap.width_us = is.width_us;
        gap.from_us = now_us - (LIMIT_SLOTS + 1) * is.width_us;
        if (delete_part(db, limit, id, &gap, err) != 0 ||
            copy_charges(db, limit, id, &gap, err) != 0)
            return -1;
    }
    return 0;
}

/* The sweep's place: the last limit and key that it has seen, in table meta. */
static int remember(struct db *db, struct span limit_name, struct span key,
                    struct err *err)
{
    struct query *query = db_query(db,
                                   "INSERT OR REPLACE INTO meta (name, value) VALUES "
                                   "('sweep_limit', ?1), ('sweep_key', ?2)",
                                   err);
    if (query == NULL)
        return -1;
    query_bind_text(query, 1, limit_name);
    query_bind_text(query, 2, key);
    return query_run(query, err);
}

#define SWEPT                                                                          \
    "(SELECT key, limit_name, part, at_us, width_us FROM limit_slot WHERE "            \
    "(key, limit_name) > (coalesce((SELECT value FROM meta WHERE "                     \
    "name = 'sweep_key'), ''), coalesce((SELECT value FROM meta WHERE "                \
    "name = 'sweep_limit'), '')) ORDER BY key, limit_name, part, at_us LIMIT ?1)"

/* The longest slot that any window of the row's limit and key has: what it was written
 * with, the limit's own, an override's. */
#define LONGEST_SLOT                                                                   \
    "max(width_us, coalesce((SELECT CASE part WHEN 0 THEN slot_us ELSE "               \
    "slot_us * burst / amount + 1 END FROM limit_in_force WHERE name = "               \
    "swept.limit_name AND is_in_force), 0), coalesce((SELECT CASE part WHEN 0 THEN "   \
    "window_us / 128 + 1 ELSE window_us / 128 * burst / amount + 1 END FROM "          \
    "limit_override WHERE limit_override.limit_name = swept.limit_name AND "           \
    "limit_override.key = swept.key), 0))"

static int delete_dead(struct db *db, int64_t now_us, unsigned rows, struct err *err)
{
    struct query *query =
        db_query(db,
                 "DELETE FROM limit_slot WHERE (key, limit_name, part, at_us) IN "
                 "(SELECT key, limit_name, part, at_us FROM " SWEPT
                 " AS swept WHERE at_us + 130 * " LONGEST_SLOT " <= ?2)",
                 err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, rows);
    query_bind_int(query, 2, now_us);
    return query_run(query, err);
}

int limit_state_expire(struct db *db, int64_t now_us, unsigned rows, struct err *err)
{
    struct query *last = db_query(db,
                                  "SELECT limit_name, key FROM " SWEPT
                                  " ORDER BY key DESC, limit_name DESC LIMIT 1",
                                  err);
    if (last == NULL)
        return -1;
    query_bind_int(last, 1, rows);
    int rc = query_step(last, err);
    if (rc == 0) /* the table's end: begin again */
        return remember(db, SPAN(""), SPAN(""), err);
    if (rc == 1)
        rc = delete_dead(db, now_us, rows, err);
    if (rc == 0)
        rc = remember(db, query_text(last, 0), query_text(last, 1), err);
    query_reset(last);
    return rc;
}
