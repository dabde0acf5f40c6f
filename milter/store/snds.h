/* SPDX-License-Identifier: BSD-2-Clause
 *
 * snds - days of Microsoft's SNDS export in the store (table snds_day).
 */
#ifndef OUTGATE_STORE_SNDS_H
#define OUTGATE_STORE_SNDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "message/snds.h"
#include "store/db.h"

/* snds_record - one row; the same address and period again replaces it (an export of
 * the running day grows). *is_new: it was not there. Inside a transaction. */
int snds_record(struct db *db, const struct snds_row *row, int64_t at_us, bool *is_new,
                struct err *err);

/* snds_expire - delete what was read last before before_us. */
int snds_expire(struct db *db, int64_t before_us, struct err *err);

#endif
