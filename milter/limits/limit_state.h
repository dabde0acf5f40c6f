/* SPDX-License-Identifier: BSD-2-Clause
 *
 * limit_state - table limit_slot: what was charged to a limit and key, and when.
 *
 * Stage: decide, inside the store's transaction. A limit has one part, or two with a
 * burst: "B in any W * B / N" is a window of its own. Only limits calls it.
 */
#ifndef OUTGATE_LIMITS_LIMIT_STATE_H
#define OUTGATE_LIMITS_LIMIT_STATE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "limits/limit.h"
#include "limits/limit_window.h"
#include "store/db.h"

enum limit_part_id { LIMIT_PART_MAIN = 0, LIMIT_PART_BURST = 1 };

/* One part of one limit for one key, read from the table. */
struct limit_part {
    int64_t amount;     /* N of this part */
    int64_t width_us;   /* of a slot */
    struct slot *slots; /* heap */
    size_t count, room;
};

/* limit_part_count - 1, or 2 with a burst. */
int limit_part_count(const struct limit *limit);

/* limit_part_load - read the slots that matter at now_us; limit_part_clear frees. Many
 * rows that no window can see any more are deleted on the way; what only the own window
 * of an overridden limit sees is put together in slots of that window. */
int limit_part_load(struct db *db, const struct limit *limit, enum limit_part_id id,
                    struct span key, int64_t now_us, struct limit_part *out,
                    struct err *err);
void limit_part_clear(struct limit_part *part);

/* limit_part_departure - the first time >= from_us at which amount may leave: from_us
 * itself or the start of a slot. */
int64_t limit_part_departure(const struct limit_part *part, int64_t from_us,
                             int64_t amount);

/* limit_part_used - what the window that ends at now_us holds. */
int64_t limit_part_used(const struct limit_part *part, int64_t now_us);

/* limit_part_waiting - what held mail has reserved for later than now. */
int64_t limit_part_waiting(const struct limit_part *part, int64_t now_us);

/* limit_part_cost - what an amount counts as: one above the part's own is that, unless
 * the limit is SLOW. */
int64_t limit_part_cost(const struct limit_part *part, const struct limit *limit,
                        int64_t amount);

/* limit_state_charge - add amount to the slot of at_us, in every part, as
 * limit_part_cost says. */
int limit_state_charge(struct db *db, const struct limit *limit, struct span key,
                       int64_t amount, int64_t at_us, struct err *err);

/* limit_state_uncharge - take back what limit_state_charge added for one message, in
 * every part: from the row whose time at_us lies in. Where there is none (any more)
 * nothing is taken. */
int limit_state_uncharge(struct db *db, const struct limit *limit, struct span key,
                         int64_t amount, int64_t at_us, struct err *err);

/* limit_state_refill - a limit's windows have grown since `old` was in force: what was
 * forgotten then and counts now is taken from table charge again, for one key or for
 * all ("") of them. Only window, amount and burst of old are read. now_us: not after
 * the limit clock. Nothing for bounces and complaints, which have no such rows. */
int limit_state_refill(struct db *db, const struct limit *old,
                       const struct limit *limit, struct span key, int64_t now_us,
                       struct err *err);

/* limit_state_expire - look at the next `rows` rows of the table, in turn from call to
 * call, and delete those that no window can see at now_us. */
int limit_state_expire(struct db *db, int64_t now_us, unsigned rows, struct err *err);

#endif
