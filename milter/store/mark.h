/* SPDX-License-Identifier: BSD-2-Clause
 *
 * mark - words that are good for one mail, once and not for long: what notice and probe
 * have in common. Each has a table of its own with mark, made_us and used_us.
 * Threads: those of the connection.
 */
#ifndef OUTGATE_STORE_MARK_H
#define OUTGATE_STORE_MARK_H

#include "store/db.h"

/* mark_take - sql: an UPDATE that uses up the mark ?1 at ?2 unless it is used or was
 * made before ?3. since_us: ?3. *is_ours: it was there, and good. */
int mark_take(struct db *db, const char *sql, struct span mark, int64_t now_us,
              int64_t since_us, bool *is_ours, struct err *err);

#endif
