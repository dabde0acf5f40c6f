/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/held.h"

#include <inttypes.h>
#include <string.h>

#include "base/bounds.h"

#define COLUMNS                                                                        \
    "SELECT held_message.message, held_message.queue_id, held_at_us, "                 \
    "held_message.due_at_us, state, state_at_us, state_by, sender, mail_from, "        \
    "header_from, subject, reason, limit_name, recipients, score, cause "              \
    "FROM held_message JOIN message ON message.id = held_message.message "

static const char *const state_names[] = {"unknown", "waiting", "released", "dropped",
                                          "gone"};

const char *held_state_name(enum held_state state)
{
    return state_names[state];
}

static enum held_state find_state(struct span name)
{
    for (int i = HELD_WAITING; i <= HELD_GONE; i++)
        if (span_eq(span_of(state_names[i]), name))
            return (enum held_state)i;
    return HELD_UNKNOWN;
}

static void read_row(struct query *query, struct arena *arena, struct held_row *row)
{
    row->id = query_int(query, 0);
    row->queue_id = span_dup(arena, query_text(query, 1));
    row->held_at_us = query_int(query, 2);
    row->due_at_us = query_int(query, 3);
    row->state = find_state(query_text(query, 4));
    row->state_at_us = query_int(query, 5);
    row->state_by = span_dup(arena, query_text(query, 6));
    row->sender = span_dup(arena, query_text(query, 7));
    row->mail_from = span_dup(arena, query_text(query, 8));
    row->header_from = span_dup(arena, query_text(query, 9));
    row->subject = span_dup(arena, query_text(query, 10));
    row->reason = span_dup(arena, query_text(query, 11));
    row->limit_name = span_dup(arena, query_text(query, 12));
    row->recipients = query_int(query, 13);
    row->score = query_double(query, 14);
    row->cause = span_dup(arena, query_text(query, 15));
}

int held_list(struct db *db, int64_t due_by_us, size_t max, struct arena *arena,
              struct held_row **rows, size_t *count, struct err *err)
{
    struct query *query = db_query(
        db,
        COLUMNS "WHERE state = 'waiting' AND (?1 = 0 OR held_message.due_at_us <= ?1) "
                "ORDER BY held_message.due_at_us IS NULL, held_message.due_at_us, "
                "held_at_us, held_message.message LIMIT ?2",
        err);
    *rows = NULL;
    *count = 0;
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, due_by_us);
    query_bind_int(query, 2, max < INT32_MAX ? (int64_t)max : INT32_MAX);
    size_t room = 0;
    int rc;
    while ((rc = query_step(query, err)) == 1) {
        struct held_row *grown = arena_grow(arena, *rows, *count, &room, sizeof *grown);
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

static int find_queue_id(struct db *db, struct span queue_id, struct arena *arena,
                         struct held_row *row, struct err *err)
{
    struct query *query =
        db_query(db,
                 COLUMNS "WHERE held_message.queue_id = ?1 ORDER BY "
                         "state = 'waiting' DESC, held_message.message DESC LIMIT 1",
                 err);
    if (query == NULL)
        return -1;
    query_bind_text(query, 1, queue_id);
    int rc = query_step(query, err);
    if (rc == 1)
        read_row(query, arena, row);
    query_reset(query);
    return rc;
}

static int find_id(struct db *db, int64_t id, struct arena *arena, struct held_row *row,
                   struct err *err)
{
    struct query *query = db_query(db, COLUMNS "WHERE held_message.message = ?1", err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, id);
    int rc = query_step(query, err);
    if (rc == 1)
        read_row(query, arena, row);
    query_reset(query);
    return rc;
}

int held_find(struct db *db, struct span name, struct arena *arena,
              struct held_row *row, struct err *err)
{
    uint64_t id;
    int rc = name.len > 0 ? find_queue_id(db, name, arena, row, err) : 0;
    if (rc == 0 && text_parse_count(name, INT64_MAX, &id))
        rc = find_id(db, (int64_t)id, arena, row, err);
    if (rc == 0)
        return err_set(err, ERR_NOT_FOUND, "no held message '%.*s'",
                       (int)(name.len < 60 ? name.len : 60), name.at);
    return rc == 1 ? 0 : -1;
}

static int say_why_not(struct db *db, int64_t id, struct err *err)
{
    struct query *query = db_query(
        db, "SELECT state, state_by FROM held_message WHERE message = ?1", err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, id);
    int rc = query_step(query, err);
    if (rc < 0)
        return -1;
    if (rc == 0)
        return err_set(err, ERR_NOT_FOUND, "message %" PRId64 " was never held", id);
    struct span state = query_text(query, 0);
    struct span by = span_head(query_text(query, 1), 60);
    err_set(err, ERR_NOT_FOUND, "message %" PRId64 " is already %.*s, by %.*s", id,
            (int)state.len, state.at, (int)by.len, by.at);
    query_reset(query);
    return -1;
}

int held_was_let_go(struct db *db, int64_t id, bool *was, struct err *err)
{
    struct query *query = db_query(
        db, "SELECT 1 FROM held_message WHERE message = ?1 AND state_by <> 'due'", err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, id);
    int step = query_step(query, err);
    query_reset(query);
    *was = step == 1;
    return step < 0 ? -1 : 0;
}

int held_mark(struct db *db, int64_t id, enum held_state state, int64_t at_us,
              struct span by, struct err *err)
{
    struct query *query =
        db_query(db,
                 "UPDATE held_message SET state = ?2, state_at_us = ?3, state_by = ?4, "
                 "asked_at_us = NULL, asked_for = '', asked_by = '' "
                 "WHERE message = ?1 AND state = 'waiting'",
                 err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, id);
    query_bind_text(query, 2, span_of(held_state_name(state)));
    query_bind_int(query, 3, at_us);
    query_bind_text(query, 4, span_head(by, BOUND_COLUMN_BYTES));
    if (query_run(query, err) != 0)
        return -1;
    return db_changes(db) == 1 ? 0 : say_why_not(db, id, err);
}
