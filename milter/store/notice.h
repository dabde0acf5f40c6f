/* SPDX-License-Identifier: BSD-2-Clause
 *
 * notice - marks by which the gate knows outgate's own notices.
 *
 * A notice that warns of a limit must not wait at that limit. Its field
 * X-Outgate-Notice: holds a mark of 128 random bits that is stored before the mail is
 * handed over; the gate takes the mark, once, in the transaction of its decision. What
 * the gate takes out of mail on its way (every X-Outgate-* field) nobody outside ever
 * sees.
 */
#ifndef OUTGATE_STORE_NOTICE_H
#define OUTGATE_STORE_NOTICE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "store/db.h"

#define NOTICE_FIELD "X-Outgate-Notice"

enum {
    NOTICE_MARK_BYTES = 33, /* 32 hex digits and NUL */
    NOTICE_DAYS = 5,        /* a mark is good so long: as long as an MTA tries */
};

/* notice_mark - fresh randomness, from the kernel. */
int notice_mark(char out[NOTICE_MARK_BYTES], struct err *err);

/* notice_add - store a mark. purpose: "incident", "digest" or "sender"; incident: its
 * id, or 0. */
int notice_add(struct db *db, const char *mark, const char *purpose, int64_t incident,
               int64_t now_us, struct err *err);

/* notice_sent - the mail with this mark was handed over: it counts. */
int notice_sent(struct db *db, const char *mark, struct err *err);

/* notice_take - use a mark up; *is_ours: it was there, unused and young enough. */
int notice_take(struct db *db, struct span mark, int64_t now_us, bool *is_ours,
                struct err *err);

/* notice_count - how many were sent since then, to administrators or to senders. */
int notice_count(struct db *db, bool to_senders, int64_t since_us, int64_t *count,
                 struct err *err);

/* notice_expire - forget marks that are too old to be good. */
int notice_expire(struct db *db, int64_t now_us, struct err *err);

#endif
