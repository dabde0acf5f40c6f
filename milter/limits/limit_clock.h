/* SPDX-License-Identifier: BSD-2-Clause
 *
 * limit_clock - the limit clock across restarts, and what people are told of it.
 *
 * The limit clock (base/clock) passes as real time does, whatever is done to the wall
 * clock. Table meta keeps its anchor: `limit_clock`, "boot-id boot_us limit_us
 * wall_us", what three clocks said at one moment, and `limit_offset_us`, wall minus
 * limit. Within one boot the anchor says exactly what the limit clock is now; across a
 * reboot only the wall clock can say how much time has passed, and one that went back
 * says none. Times that people are told are wall times: when the offset changes (the
 * wall clock was set), what waits in the hold queue gets its due times anew, so that it
 * leaves when its limit really has room. Stage: start, and inside each decision's
 * transaction.
 */
#ifndef OUTGATE_LIMITS_LIMIT_CLOCK_H
#define OUTGATE_LIMITS_LIMIT_CLOCK_H

#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "store/db.h"

/* What the clocks said at one moment. */
struct limit_anchor {
    char boot_id[CLOCK_BOOT_ID_BYTES]; /* "": not known */
    int64_t boot_us, limit_us, wall_us;
};

/* limit_clock_resume - what the limit clock says at `now` (whose limit_us is not read),
 * after it said saved->limit_us. Pure. */
int64_t limit_clock_resume(const struct limit_anchor *saved,
                           const struct limit_anchor *now);

/* limit_clock_load - 1: *out is the anchor; 0: there is none; -1. */
int limit_clock_load(struct db *db, struct limit_anchor *out, struct err *err);

/* limit_clock_keep - inside a transaction: `now` becomes the anchor if the offset has
 * changed by more than 50 ms or the anchor is a minute old; due times of held mail
 * follow the offset. Cheap when there is nothing to do. */
int limit_clock_keep(struct db *db, const struct limit_anchor *now, struct err *err);

/* limit_clock_tick - limit_clock_keep with what this process's clocks say, when what
 * they said for a message (limit_us, wall_us) shows that it is due. */
int limit_clock_tick(struct db *db, int64_t limit_us, int64_t wall_us, struct err *err);

/* limit_clock_start - set the process's limit clock by the store, and keep it: the
 * daemon, inside a transaction. limit_clock_read - the same without writing: a tool. A
 * store without an anchor: not before its newest message. */
int limit_clock_start(struct db *db, struct err *err);
int limit_clock_read(struct db *db, struct err *err);

/* limit_clock_now - what this process's clocks say. */
void limit_clock_now(struct limit_anchor *out);

/* limit_clock_newest - the limit clock's time of the newest message in the log, 0
 * without one: what no window that ends there sees, none will. */
int limit_clock_newest(struct db *db, int64_t *at_us, struct err *err);

#endif
