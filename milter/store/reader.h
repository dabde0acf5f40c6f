/* SPDX-License-Identifier: BSD-2-Clause
 *
 * reader - a few read-only connections for the threads that judge messages.
 *
 * What rules may know of the past is read here, beside the writer and without waiting
 * for it: a WAL reader sees the last commit. What must be exact (limits, blocks that
 * decide) is asked again by the writer.
 * A store that is away makes reader_run fail at once; a connection whose file failed
 * or was replaced is opened anew, at most once a second.
 * Threads: safe.
 */
#ifndef OUTGATE_STORE_READER_H
#define OUTGATE_STORE_READER_H

#include "base/err.h"
#include "store/db.h"

struct reader;

/* A job asks and copies what it needs; it keeps no statement open. */
typedef int reader_job(struct db *db, void *arg, struct err *err);

/* reader_open - connections are opened at first use, most of them `connections` (1 to
 * 64). reader_close waits for the jobs that run. */
int reader_open(struct reader **out, const char *path, unsigned connections,
                struct err *err);
void reader_close(struct reader **reader);

/* reader_run - job(db, arg) on a free connection, inside one read transaction (one
 * state of the database for all its queries); waits for a connection at most
 * timeout_ms (then ERR_BUSY). */
int reader_run(struct reader *reader, reader_job *job, void *arg, unsigned timeout_ms,
               struct err *err);

#endif
