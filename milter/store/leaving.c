/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/leaving.h"

#include "base/bounds.h"

#define COLUMNS                                                                        \
    "SELECT held_message.message, held_message.queue_id, mail_from, message.sender, "  \
    "held_at_us, held_message.due_at_us, asked_for, asked_by, state "                  \
    "FROM held_message JOIN message ON message.id = held_message.message "

#define MAY_LEAVE                                                                      \
    "WHERE state = 'waiting' AND held_message.due_at_us IS NOT NULL AND "              \
    "cause IN ('', 'limit') AND NOT EXISTS (SELECT 1 FROM blocked_sender AS b WHERE "  \
    "b.sender = message.sender AND (b.until_us IS NULL OR b.until_us > ?1)) "

#define OF_SENDER "AND (?3 = '' OR message.sender = ?3) "

/* Of what is due, that which was due first when it was held: a message that had to be
 * given another time is not overtaken by those behind it. */
#define IN_ORDER                                                                       \
    "ORDER BY coalesce(message.due_at_us, held_message.due_at_us), "                   \
    "held_message.due_at_us, held_at_us, held_message.message "

static const char *const selections[] = {
    [LEAVING_DUE] = COLUMNS MAY_LEAVE
    "AND held_message.due_at_us <= ?1 " OF_SENDER IN_ORDER "LIMIT ?2",
    [LEAVING_CHARGED] = COLUMNS MAY_LEAVE
    "AND held_message.due_at_us <= ?1 AND EXISTS (SELECT 1 FROM charge WHERE "
    "charge.message = message.id AND charge.at_us IS NOT NULL) " OF_SENDER IN_ORDER
    "LIMIT ?2",
    [LEAVING_ASKED] = COLUMNS "WHERE state = 'waiting' AND asked_at_us IS NOT NULL AND "
                              "?1 = ?1 " OF_SENDER IN_ORDER "LIMIT ?2",
    [LEAVING_UNCERTAIN] =
        COLUMNS "WHERE ((state = 'waiting' AND held_at_us < ?1) OR (state = 'gone' AND "
                "state_by = 'mta' AND state_at_us > ?1 - 604800000000)) " OF_SENDER
                "ORDER BY held_message.message DESC LIMIT ?2",
};

static enum held_state state_of(struct span name)
{
    for (int state = HELD_WAITING; state <= HELD_GONE; state++)
        if (span_eq(span_of(held_state_name((enum held_state)state)), name))
            return (enum held_state)state;
    return HELD_UNKNOWN;
}

static void read_row(struct query *query, struct arena *arena, struct leaving *row)
{
    row->id = query_int(query, 0);
    row->queue_id = span_dup(arena, query_text(query, 1));
    row->mail_from = span_dup(arena, query_text(query, 2));
    row->sender = span_dup(arena, query_text(query, 3));
    row->held_at_us = query_int(query, 4);
    row->due_at_us = query_int(query, 5);
    row->asked_for = state_of(query_text(query, 6));
    row->asked_by = span_dup(arena, query_text(query, 7));
    row->state = state_of(query_text(query, 8));
}

int leaving_list(struct db *db, enum leaving_which which, int64_t at_us,
                 struct span sender, size_t max, struct arena *arena,
                 struct leaving **rows, size_t *count, struct err *err)
{
    struct query *query = db_query(db, selections[which], err);
    *rows = NULL;
    *count = 0;
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, at_us);
    query_bind_int(query, 2, max < INT32_MAX ? (int64_t)max : INT32_MAX);
    query_bind_text(query, 3, sender);
    size_t room = 0;
    int rc;
    while ((rc = query_step(query, err)) == 1) {
        struct leaving *grown = arena_grow(arena, *rows, *count, &room, sizeof *grown);
        if (grown == NULL)
            break;
        *rows = grown;
        read_row(query, arena, &(*rows)[*count]);
        if (arena_is_capped(arena) || arena_is_broken(arena))
            break; /* half a row is none */
        ++*count;
    }
    query_reset(query);
    return rc < 0 ? -1 : 0;
}

/* The number in the first row's first column; 0 without one. */
static int read_number(struct query *query, int64_t now_us, int64_t *out,
                       struct err *err)
{
    *out = 0;
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, now_us);
    int rc = query_step(query, err);
    if (rc == 1)
        *out = query_int(query, 0);
    query_reset(query);
    return rc < 0 ? -1 : 0;
}

int leaving_next(struct db *db, int64_t now_us, int64_t *due_at_us, struct err *err)
{
    struct query *query =
        db_query(db,
                 "SELECT held_message.due_at_us FROM held_message JOIN message ON "
                 "message.id = held_message.message " MAY_LEAVE
                 "ORDER BY held_message.due_at_us LIMIT 1",
                 err);
    return read_number(query, now_us, due_at_us, err);
}

int leaving_is_braked(struct db *db, int64_t now_us, bool *is_braked, struct err *err)
{
    int64_t count;
    struct query *query = db_query(
        db, "SELECT count(*) FROM brake WHERE until_us IS NULL OR until_us > ?1", err);
    if (read_number(query, now_us, &count, err) != 0)
        return -1;
    *is_braked = count > 0;
    return 0;
}

int leaving_ask(struct db *db, int64_t id, enum held_state what, int64_t at_us,
                struct span by, struct err *err)
{
    struct query *query =
        db_query(db,
                 "UPDATE held_message SET asked_at_us = ?2, asked_for = ?3, "
                 "asked_by = ?4 WHERE message = ?1 AND state = 'waiting'",
                 err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, id);
    query_bind_int(query, 2, at_us);
    query_bind_text(query, 3, span_of(held_state_name(what)));
    query_bind_text(query, 4, span_head(by, BOUND_COLUMN_BYTES));
    return query_run(query, err);
}

static int update_row(struct query *query, int64_t id, struct err *err)
{
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, id);
    return query_run(query, err);
}

int leaving_forget(struct db *db, int64_t id, struct err *err)
{
    return update_row(db_query(db,
                               "UPDATE held_message SET asked_at_us = NULL, "
                               "asked_for = '', asked_by = '' WHERE message = ?1",
                               err),
                      id, err);
}

int leaving_return(struct db *db, int64_t id, struct err *err)
{
    return update_row(db_query(db,
                               "UPDATE held_message SET state = 'waiting', "
                               "state_by = '', state_at_us = held_at_us "
                               "WHERE message = ?1 AND state = 'gone'",
                               err),
                      id, err);
}

int leaving_postpone(struct db *db, int64_t id, int64_t due_at_us, struct err *err)
{
    struct query *query =
        db_query(db, "UPDATE held_message SET due_at_us = ?2 WHERE message = ?1", err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 2, due_at_us);
    return update_row(query, id, err);
}
