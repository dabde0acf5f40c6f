/* SPDX-License-Identifier: BSD-2-Clause
 *
 * limit_override - table limit_override: another amount, window and burst of a limit
 * for one key, live.
 *
 * Stage: decide and command line, inside a transaction.
 */
#ifndef OUTGATE_LIMITS_LIMIT_OVERRIDE_H
#define OUTGATE_LIMITS_LIMIT_OVERRIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "limits/limit.h"
#include "store/db.h"

/* limit_override_any - whether the table has rows at all: one look a decision saves a
 * look a limit. */
int limit_override_any(struct db *db, bool *any, struct err *err);

/* limit_override_find - 1 and *out: the limit with the amount, window and burst that
 * hold for the key at wall_us; 0: none (*out untouched); -1. */
int limit_override_find(struct db *db, const struct limit *limit, struct span key,
                        int64_t wall_us, struct limit *out, struct err *err);

/* limit_override_set - put it in force for the key from wall_us on, in place of an
 * earlier one. changed: limit_parse_override's; key: limit_key_typed's. until_us: 0,
 * until it is removed. now_us: limit clock. A longer window than before is filled from
 * table charge. */
int limit_override_set(struct db *db, const struct limit *limit,
                       const struct limit *changed, struct span key, int64_t wall_us,
                       int64_t until_us, struct span reason, struct span by,
                       int64_t now_us, struct err *err);

/* limit_override_remove - *removed: whether there was one. */
int limit_override_remove(struct db *db, struct span limit_name, struct span key,
                          bool *removed, struct err *err);

#endif
