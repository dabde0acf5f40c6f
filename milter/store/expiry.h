/* SPDX-License-Identifier: BSD-2-Clause
 *
 * expiry - what is old goes, in small steps: the chore of an idle writer.
 */
#ifndef OUTGATE_STORE_EXPIRY_H
#define OUTGATE_STORE_EXPIRY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "store/db.h"

/* expiry_step - delete a few rows of every kind that are older than before_us, or that
 * their own terms call over at now_us (wall clock). A few milliseconds; *is_more: the
 * end of them was not found. Inside a transaction. */
int expiry_step(struct db *db, int64_t before_us, int64_t now_us, bool *is_more,
                struct err *err);

#endif
