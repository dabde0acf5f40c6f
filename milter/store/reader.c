/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/reader.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

enum { CONNECTIONS_MAX = 64, REOPEN_MS = 1000 };

struct reader {
    pthread_mutex_t lock; /* all below */
    pthread_cond_t freed;
    char *path;
    struct db *idle[CONNECTIONS_MAX];
    unsigned idle_count, open_count, most;
    int64_t reopen_at_ms; /* after a failure to open */
    struct err why;       /* that failure */
};

static int64_t now_ms(void)
{
    return clock_elapsed_us() / 1000;
}

int reader_open(struct reader **out, const char *path, unsigned connections,
                struct err *err)
{
    struct reader *reader = calloc(1, sizeof *reader);
    *out = NULL;
    if (reader == NULL || (reader->path = strdup(path)) == NULL) {
        free(reader);
        return err_set(err, ERR_MEMORY, "no memory for the store's readers");
    }
    reader->most = connections < 1                 ? 1
                   : connections > CONNECTIONS_MAX ? CONNECTIONS_MAX
                                                   : connections;
    pthread_mutex_init(&reader->lock, NULL);
    clock_cond_init(&reader->freed);
    *out = reader;
    return 0;
}

void reader_close(struct reader **reader)
{
    if (*reader == NULL)
        return;
    pthread_mutex_lock(&(*reader)->lock);
    while ((*reader)->idle_count < (*reader)->open_count)
        pthread_cond_wait(&(*reader)->freed, &(*reader)->lock);
    pthread_mutex_unlock(&(*reader)->lock);
    for (unsigned i = 0; i < (*reader)->idle_count; i++)
        db_close(&(*reader)->idle[i]);
    pthread_cond_destroy(&(*reader)->freed);
    pthread_mutex_destroy(&(*reader)->lock);
    free((*reader)->path);
    free(*reader);
    *reader = NULL;
}

/* With the lock held: a connection's place is taken; the connection, or NULL if one is
 * yet to be opened. False after timeout_ms. */
static bool take(struct reader *reader, unsigned timeout_ms, struct db **db)
{
    int64_t at_ms = now_ms() + timeout_ms;
    const struct timespec until = {.tv_sec = at_ms / 1000,
                                   .tv_nsec = at_ms % 1000 * 1000000};
    *db = NULL;
    while (reader->idle_count == 0 && reader->open_count == reader->most)
        if (pthread_cond_timedwait(&reader->freed, &reader->lock, &until) == ETIMEDOUT)
            return false;
    if (reader->idle_count > 0)
        *db = reader->idle[--reader->idle_count];
    else
        reader->open_count++;
    return true;
}

/* Opened outside the lock: others go on meanwhile. */
static int open_one(struct reader *reader, struct db **db, struct err *err)
{
    pthread_mutex_lock(&reader->lock);
    bool is_early = now_ms() < reader->reopen_at_ms;
    if (is_early && err != NULL)
        *err = reader->why;
    pthread_mutex_unlock(&reader->lock);
    if (is_early)
        return -1;
    struct err why;
    if (db_open(db, reader->path, DB_READ, &why) == 0)
        return 0;
    pthread_mutex_lock(&reader->lock);
    reader->reopen_at_ms = now_ms() + REOPEN_MS;
    reader->why = why;
    pthread_mutex_unlock(&reader->lock);
    if (err != NULL)
        *err = why;
    return -1;
}

static void give_back(struct reader *reader, struct db *db)
{
    bool is_sound = db != NULL && db_is_sound(db);
    if (!is_sound)
        db_close(&db);
    pthread_mutex_lock(&reader->lock);
    if (is_sound)
        reader->idle[reader->idle_count++] = db;
    else
        reader->open_count--;
    pthread_cond_signal(&reader->freed);
    pthread_mutex_unlock(&reader->lock);
}

static int run(struct db *db, reader_job *job, void *arg, struct err *err)
{
    if (db_begin_read(db, err) != 0)
        return -1;
    int rc = job(db, arg, err);
    db_rollback(db);
    return rc;
}

int reader_run(struct reader *reader, reader_job *job, void *arg, unsigned timeout_ms,
               struct err *err)
{
    struct db *db;
    pthread_mutex_lock(&reader->lock);
    bool is_taken = take(reader, timeout_ms, &db);
    pthread_mutex_unlock(&reader->lock);
    if (!is_taken)
        return err_set(err, ERR_BUSY, "every reader of the store was busy for %u ms",
                       timeout_ms);
    if (db != NULL && !db_is_sound(db))
        db_close(&db);
    int rc = db != NULL ? 0 : open_one(reader, &db, err);
    if (rc == 0)
        rc = run(db, job, arg, err);
    give_back(reader, db);
    return rc;
}
