/* SPDX-License-Identifier: BSD-2-Clause
 *
 * probe - marks by which the gate knows a probe of `outgate doctor`.
 *
 * A probe is a real mail that shows which way mail takes through the MTA. Its field
 * X-Outgate-Probe: holds a mark of 128 random bits that is stored before the mail is
 * handed over; the gate takes the mark, once, and holds the message, whatever else is
 * true of it, shadow mode included. So a mark in the wrong hands lets nothing pass: its
 * mail waits, and the doctor deletes it.
 * Columns: sql/README.md.
 */
#ifndef OUTGATE_STORE_PROBE_H
#define OUTGATE_STORE_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "store/db.h"

#define PROBE_FIELD "X-Outgate-Probe"

enum {
    PROBE_MARK_BYTES = 33, /* 32 hex digits and NUL */
    PROBE_DAYS = 5, /* a mark is good so long: a probe that the MTA kept to itself
                       must not leave when it comes out */
};

/* probe_add - store a mark (notice_mark makes one), forget those that are too old. */
int probe_add(struct db *db, const char *mark, int64_t now_us, struct err *err);

/* probe_take - use a mark up; *is_ours: it was there, unused and young enough. Inside
 * the caller's transaction. */
int probe_take(struct db *db, struct span mark, int64_t now_us, bool *is_ours,
               struct err *err);

/* probe_found - the gate recorded the message with that mark in this audit row. */
int probe_found(struct db *db, struct span mark, int64_t message, struct err *err);

/* probe_message - the audit row of the message with that mark; 0: none yet. */
int probe_message(struct db *db, const char *mark, int64_t *message, struct err *err);

#endif
