/* SPDX-License-Identifier: BSD-2-Clause
 *
 * leaving - held mail on its way out: what may leave by itself, and who asked the MTA.
 *
 * Two phases, so that a crash at any moment loses and repeats nothing: "asked" is
 * committed before the MTA hears of it, what became of it afterwards. A message that is
 * asked for, and no longer held, was let go.
 * By itself leaves what a limit holds until its due time, while the brake is off and
 * its sender is not blocked. What waits for a person has no due time, or another cause.
 * Nothing here talks to the MTA.
 */
#ifndef OUTGATE_STORE_LEAVING_H
#define OUTGATE_STORE_LEAVING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "store/db.h"
#include "store/held.h"

struct leaving {
    int64_t id; /* of the audit row */
    struct span queue_id, mail_from, sender;
    int64_t held_at_us, due_at_us;
    enum held_state asked_for; /* RELEASED or DROPPED; UNKNOWN: nobody asked */
    struct span asked_by;
    enum held_state state;
};

/* Which rows are meant. */
enum leaving_which {
    LEAVING_WHICH_UNKNOWN = 0,
    LEAVING_DUE,       /* may leave by itself, due by at_us, first due first */
    LEAVING_CHARGED,   /* LEAVING_DUE that still has charges from before */
    LEAVING_ASKED,     /* somebody asked the MTA, and the answer is not known */
    LEAVING_UNCERTAIN, /* waits, held before at_us: does the MTA still have it?
                          or found gone after at_us - 7 d: has it come back? */
};

/* leaving_list - rows in the arena, max of them at most. sender: only its mail; "" all.
 */
int leaving_list(struct db *db, enum leaving_which which, int64_t at_us,
                 struct span sender, size_t max, struct arena *arena,
                 struct leaving **rows, size_t *count, struct err *err);

/* leaving_next - when the next message may leave by itself; 0: none waits. now_us: for
 * the blocks that end. */
int leaving_next(struct db *db, int64_t now_us, int64_t *due_at_us, struct err *err);

/* leaving_is_braked - the brake is on. */
int leaving_is_braked(struct db *db, int64_t now_us, bool *is_braked, struct err *err);

/* leaving_ask - for: HELD_RELEASED or HELD_DROPPED. Inside the caller's transaction.
 * leaving_forget - nothing came of it: it waits on. */
int leaving_ask(struct db *db, int64_t id, enum held_state what, int64_t at_us,
                struct span by, struct err *err);
int leaving_forget(struct db *db, int64_t id, struct err *err);

/* leaving_postpone - another due time. */
int leaving_postpone(struct db *db, int64_t id, int64_t due_at_us, struct err *err);

/* leaving_return - a message that was marked gone is held after all: it waits again. */
int leaving_return(struct db *db, int64_t id, struct err *err);

#endif
