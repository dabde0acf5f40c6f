/* SPDX-License-Identifier: BSD-2-Clause
 *
 * limit_block - lock the identity that went over a limit with `block`: its row of table
 * blocked_sender, which is refused at MAIL FROM.
 *
 * Stage: decide, inside the store's transaction.
 */
#ifndef OUTGATE_LIMITS_LIMIT_BLOCK_H
#define OUTGATE_LIMITS_LIMIT_BLOCK_H

#include <stdint.h>

#include "base/err.h"
#include "limits/limit.h"
#include "store/db.h"

/* limit_block - until wall_us + limit->block_us; a row that lasts longer (or for ever,
 * by hand) stays as it is. used: what stands in the window, for the reason. */
int limit_block(struct db *db, const struct limit *limit, struct span identity,
                int64_t used, int64_t wall_us, struct err *err);

#endif
