/* SPDX-License-Identifier: BSD-2-Clause
 *
 * limits_leave - the charges of held mail, moved to the time at which it really leaves.
 *
 * A held message is charged at its due time. One that leaves at another time leaves in
 * windows that others have reserved, or dropped a reservation that nobody needs:
 *   lift   takes its charges out of table limit_slot; nobody leaves yet
 *   leave  asks whether it may leave now, and charges it now, or at the time it may
 * May leave now: no window that ends now would hold more than the limit with it. Only
 * what has left counts there. What other held mail has reserved for later does not: who
 * is due first leaves first, and the others are asked in the same way when their time
 * comes. So every departure is checked against all before it, and no window of any
 * alignment ever holds more than the limit, however late the releaser was.
 * Reservations in the past of mail that has not left would count as if it had: lift all
 * that is due before the first one is asked to leave.
 * Inside the caller's transaction. now_us: the limit clock; wall_us: the wall clock,
 * for overrides that expire.
 */
#ifndef OUTGATE_LIMITS_LIMITS_LEAVE_H
#define OUTGATE_LIMITS_LIMITS_LEAVE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "limits/limit.h"
#include "store/db.h"

/* limits_lift - take back all that audit row id is charged with; its lines in table
 * charge become uncharged. A limit that is no longer in force has no state. */
int limits_lift(struct db *db, const struct limit *table, size_t count, int64_t id,
                int64_t wall_us, struct err *err);

/* limits_leave - the first time from now on at which the row (lifted) may leave:
 * *at_us == now_us: at once. It is charged at that time. Limits that only slow are
 * charged and not asked. */
int limits_leave(struct db *db, const struct limit *table, size_t count, int64_t id,
                 int64_t now_us, int64_t wall_us, int64_t *at_us, struct err *err);

#endif
