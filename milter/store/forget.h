/* SPDX-License-Identifier: BSD-2-Clause
 *
 * forget - take a person out of the store: as sender, as recipient, and where else the
 * address stands in what was kept.
 *
 * Counters stay: a message's row with its time, size, score and action, the summaries.
 * Works in transactions of bounded size, so that the daemon's writer waits
 * milliseconds; what was done before a failure stays done, and the next run goes on.
 * What is deleted is overwritten (secure_delete) in the pages of the database; older
 * pages may stand in the WAL until the daemon has emptied it.
 * Which columns: sql/README.md, "Privacy"; tests/proto/tool_forget.sh holds the list
 * against the schema.
 */
#ifndef OUTGATE_STORE_FORGET_H
#define OUTGATE_STORE_FORGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "store/db.h"

enum { FORGET_KEYS = 4, FORGET_PARTS = 24, FORGET_OTHERS = 4, FORGET_KEY_BYTES = 600 };

/* Who. Both in lower case as the store has keys. */
struct forget_person {
    struct span address; /* "" none */
    struct span keys[FORGET_KEYS];
    size_t key_count;
    bool with_orders; /* blocks, exemptions and the state of limits, too */
};

/* What was found, by table or by role. */
struct forget_part {
    const char *what; /* "messages sent", "feedback", ... */
    int64_t rows;
};

struct forget_result {
    struct forget_part parts[FORGET_PARTS];
    size_t part_count;
    /* who else was charged for mail with this address as its sender: perhaps the same
     * person by another name, perhaps a login that many share */
    char others[FORGET_OTHERS][FORGET_KEY_BYTES];
    size_t other_count;
    int64_t waiting; /* messages in the hold queue that were passed over */
};

/* Told of the progress: done of total, in rows of the log. */
typedef void forget_progress(void *arg, uint64_t done, uint64_t total);

/* forget_run - is_dry: count, change nothing. progress may be NULL. db is a tool's
 * (DB_WRITE). */
int forget_run(struct db *db, const struct forget_person *person, bool is_dry,
               forget_progress *progress, void *arg, struct forget_result *out,
               struct err *err);

/* forget_names - text holds the address, not as a part of a longer one. Any case. */
bool forget_names(struct span text, struct span address);

#endif
