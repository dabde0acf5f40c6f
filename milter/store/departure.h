/* SPDX-License-Identifier: BSD-2-Clause
 *
 * departure - which held messages leave now by themselves, and which get another time.
 *
 * The store's side of the releaser, without clock or MTA: a test can play years of it.
 * now_us: the limit clock, for windows and charges; wall_us: the wall clock, for due
 * times, orders and overrides.
 */
#ifndef OUTGATE_STORE_DEPARTURE_H
#define OUTGATE_STORE_DEPARTURE_H

#include "limits/limit.h"
#include "store/leaving.h"

/* Messages of one transaction: the daemon's writer waits for it. chosen */
enum { DEPARTURE_BATCH = 200 };

struct departures {
    struct leaving *rows; /* those that leave now, first due first; in the arena */
    size_t count;
    size_t looked_at; /* they, and those that were postponed; 0: nothing is due */
};

/* departure_choose - take up to max of what is due. What its limits allow now is
 * charged now and asked for by "due"; the rest is charged at the first time that they
 * allow, its new due time. Commits one or more transactions. sender: only its mail; ""
 * all. */
int departure_choose(struct db *db, const struct limit *table, size_t count,
                     int64_t now_us, int64_t wall_us, struct span sender, size_t max,
                     struct arena *arena, struct departures *out, struct err *err);

#endif
