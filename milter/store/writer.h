/* SPDX-License-Identifier: BSD-2-Clause
 *
 * writer - one thread, one connection, one commit for all decisions that wait.
 *
 * writer_run hands a job to the thread and returns when the transaction that holds it
 * is committed (or failed): a reply leaves only after its row and charge are durable
 * against a crash of the process. Jobs that arrive while a commit runs share the next
 * one, each in its own savepoint. In idle moments the thread checkpoints, deletes old
 * rows in small steps and does the chores that it was given.
 * When the store fails (full, broken, locked) jobs fail with ERR_STORE at once and
 * the thread reopens it by itself, at most once a second.
 */
#ifndef OUTGATE_STORE_WRITER_H
#define OUTGATE_STORE_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "store/db.h"

struct writer;

/* A job runs on the writer's thread inside a savepoint; -1 rolls its part back. */
typedef int writer_job(struct db *db, void *arg, struct err *err);

/* writer_start - open path (DB_DAEMON) and start the thread with all signals blocked.
 * queue_max: most jobs waiting, more fail with ERR_BUSY. */
int writer_start(struct writer **out, const char *path, unsigned queue_max,
                 struct err *err);

/* writer_keep - rows older than keep_s seconds are deleted in idle time; 0: never. */
void writer_keep(struct writer *writer, int64_t keep_s);

/* Work that comes up beside the jobs and that nobody waits for. */
struct writer_chore {
    bool (*is_due)(void *arg); /* cheap; on the writer's thread */
    writer_job *job;           /* a transaction of its own */
    void *arg;                 /* outlives the writer */
    void (*done)(void *arg);   /* it is committed; NULL: nobody wants to know */
};

enum { WRITER_CHORES = 2 }; /* refusals, figures */

/* writer_chore - from now on do this, too, at most once a second, and once more before
 * the writer stops. At most WRITER_CHORES. */
void writer_chore(struct writer *writer, const struct writer_chore *chore);

/* writer_run - run job(db, arg) and wait for its commit, timeout_ms at most (then
 * ERR_BUSY; the job is then withdrawn if it has not started, else waited for).
 * Thread-safe. */
int writer_run(struct writer *writer, writer_job *job, void *arg, unsigned timeout_ms,
               struct err *err);

/* Counters since start, for logs and metrics. */
struct writer_stats {
    uint64_t jobs, commits, failures, reopens;
};
void writer_stats(struct writer *writer, struct writer_stats *out);

/* writer_stop - finish what waits, checkpoint, close, end the thread. */
void writer_stop(struct writer **writer);

#endif
