/* SPDX-License-Identifier: BSD-2-Clause
 *
 * limit_learned - the amount of a `learned` limit: N times the sender's own busiest
 * hour of the last four weeks (table sender_hour), within the limit's bounds.
 *
 * Only hours that ended a day ago or earlier count, so that a burst of today raises
 * nothing today: the amount can grow N-fold a day at most, up to the ceiling.
 * Stage: decide.
 */
#ifndef OUTGATE_LIMITS_LIMIT_LEARNED_H
#define OUTGATE_LIMITS_LIMIT_LEARNED_H

#include <stdint.h>

#include "base/err.h"
#include "limits/limit.h"
#include "store/db.h"

/* limit_learned_amount - for this sender at wall_us. limit->learned_milli > 0.
 * Amounts below the limit's floor are the floor, also for a sender without a past. */
int limit_learned_amount(struct db *db, const struct limit *limit, struct span sender,
                         int64_t wall_us, int64_t *amount, struct err *err);

#endif
