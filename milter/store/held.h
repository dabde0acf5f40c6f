/* SPDX-License-Identifier: BSD-2-Clause
 *
 * held - the rows of messages that wait in the MTA's hold queue.
 *
 * The hold queue itself is the truth; these rows say why a message waits, when it is
 * due, and who let it go. Nothing here talks to the MTA.
 */
#ifndef OUTGATE_STORE_HELD_H
#define OUTGATE_STORE_HELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "store/db.h"

enum held_state {
    HELD_UNKNOWN = 0,
    HELD_WAITING,
    HELD_RELEASED, /* let go: by its due time or by a person */
    HELD_DROPPED,  /* deleted by a person */
    HELD_GONE,     /* found missing in the hold queue: the MTA's own tools were used */
};

const char *held_state_name(enum held_state state); /* "waiting" "released" ... */

struct held_row {
    int64_t id; /* of the audit row */
    struct span queue_id;
    int64_t held_at_us;
    int64_t due_at_us; /* 0: a person must release it */
    enum held_state state;
    int64_t state_at_us;
    struct span state_by; /* who changed the state; "" while it waits */
    struct span sender, mail_from, header_from, subject, reason;
    struct span limit_name; /* "" if no limit spoke */
    struct span cause;      /* "score" "limit" "brake" "block"; "" of old rows */
    int64_t recipients;
    double score;
};

/* held_list - what waits: what is due first, oldest first, then what has no due time.
 * due_by_us: only what is due at that time or before; 0: all. max: most rows. *rows is
 * in the arena, cut short when that is at its end (arena_is_capped). */
int held_list(struct db *db, int64_t due_by_us, size_t max, struct arena *arena,
              struct held_row **rows, size_t *count, struct err *err);

/* held_find - the held message that a person means: a queue id (of several, the one
 * that waits, else the newest), else the id of an audit row. ERR_NOT_FOUND. */
int held_find(struct db *db, struct span name, struct arena *arena,
              struct held_row *row, struct err *err);

/* held_was_let_go - whether audit row id was held and a person let it go, by outgate or
 * by the MTA's own tools: not that its due time came. */
int held_was_let_go(struct db *db, int64_t id, bool *was, struct err *err);

/* held_mark - a waiting message becomes released, dropped or gone.
 * by: who, as text for the table ("due", "uid:0"). ERR_NOT_FOUND when no such message
 * waits; the text says what became of it. */
int held_mark(struct db *db, int64_t id, enum held_state state, int64_t at_us,
              struct span by, struct err *err);

#endif
