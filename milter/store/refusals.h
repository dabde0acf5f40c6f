/* SPDX-License-Identifier: BSD-2-Clause
 *
 * refusals - how often who was refused at MAIL FROM, gathered in memory and written now
 * and then: a client that tries ten times a second costs one write a second.
 *
 * Only blocked identities come here, REFUSALS_KEPT of them at a time; of more, the one
 * that came longest ago is forgotten. What is not written when the process is killed,
 * or when a commit fails, is lost: a count, no mail.
 * Threads: safe.
 */
#ifndef OUTGATE_STORE_REFUSALS_H
#define OUTGATE_STORE_REFUSALS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/bounds.h"
#include "base/err.h"
#include "base/text.h"
#include "store/db.h"

enum { REFUSALS_KEPT = 256 };

struct refusal_count {
    char key[BOUND_KEY_BYTES];
    size_t key_len;    /* 0: free */
    int64_t unwritten; /* refusals since the last write */
    int64_t unsaid;    /* refusals since the last log line */
    int64_t last_us;   /* wall clock */
    int64_t said_us;   /* CLOCK_MONOTONIC; 0: never */
};

struct refusals {
    pthread_mutex_t lock; /* all below */
    int64_t unwritten;    /* of all */
    struct refusal_count at[REFUSALS_KEPT];
};

/* A static struct refusals begins with this. */
#define REFUSALS_INIT                                                                  \
    {                                                                                  \
        .lock = PTHREAD_MUTEX_INITIALIZER                                              \
    }

/* refusals_note - key was refused at now_us (wall clock). Returns how many refusals of
 * it a log line should tell now, 0 for no line: the first at once, then one line a
 * minute at most. */
int64_t refusals_note(struct refusals *refusals, struct span key, int64_t now_us);

/* refusals_are_due - something is to be written. arg: the struct refusals. */
bool refusals_are_due(void *arg);

/* refusals_write - a writer_job: add what was gathered to table blocked_sender. */
int refusals_write(struct db *db, void *arg, struct err *err);

#endif
