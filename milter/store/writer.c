/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/writer.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "store/expiry.h"

enum {
    BATCH_MAX = 256,      /* jobs in one commit: bounds how long the last one waits */
    REOPEN_MS = 1000,     /* between two attempts to reopen */
    IDLE_MS = 1000,       /* without jobs for so long: time for the chores */
    CHORE_MS = 60 * 1000, /* between two looks for old rows */
    CHORE_AGAIN_MS = 200, /* ... when the last look did not find the end of them */
    WAL_IDLE_BYTES = 1 << 20,  /* a larger WAL is emptied in an idle moment */
    WAL_FULL_BYTES = 64 << 20, /* a larger one at once: readers have held it up */
};

enum ticket_state { TICKET_WAITING = 0, TICKET_RUNNING, TICKET_DONE };

/* One caller's job; lives on the caller's stack until it is done or withdrawn. */
struct ticket {
    struct ticket *next;
    writer_job *job;
    void *arg;
    struct err *err;
    int rc;
    enum ticket_state state;
    pthread_cond_t done;
};

struct writer {
    pthread_t thread;
    pthread_mutex_t lock; /* all below, but what only the thread uses */
    pthread_cond_t work;
    struct ticket *head, **tail;
    unsigned waiting, queue_max;
    unsigned callers;    /* inside writer_run: writer_stop outlives them */
    pthread_cond_t left; /* the last of them has gone */
    bool is_stopping;
    int64_t keep_s;
    struct writer_chore chores[WRITER_CHORES];
    unsigned chore_count;
    struct writer_stats stats;

    /* the thread's own */
    char *path;
    struct db *db;  /* NULL while the store is broken */
    struct err why; /* why it is */
    int64_t reopen_at_ms, chore_at_ms, checkpoint_at_ms, given_at_ms;
};

static int64_t now_ms(void)
{
    return clock_elapsed_us() / 1000;
}

static struct timespec deadline(int64_t at_ms)
{
    return (struct timespec){.tv_sec = at_ms / 1000, .tv_nsec = at_ms % 1000 * 1000000};
}

static void count(struct writer *writer, uint64_t *counter, uint64_t more)
{
    pthread_mutex_lock(&writer->lock);
    *counter += more;
    pthread_mutex_unlock(&writer->lock);
}

/* ---- the store's health ---- */

static void give_up(struct writer *writer, const struct err *why)
{
    writer->why = *why;
    db_close(&writer->db);
}

/* A connection that may be used, or NULL with writer->why. */
static struct db *sound_db(struct writer *writer)
{
    if (writer->db != NULL && !db_is_sound(writer->db)) {
        struct err why;
        err_set(&why, ERR_STORE, "database %s: the file failed or was taken away",
                writer->path);
        give_up(writer, &why);
    }
    if (writer->db != NULL || now_ms() < writer->reopen_at_ms)
        return writer->db;
    writer->reopen_at_ms = now_ms() + REOPEN_MS;
    struct err err;
    if (db_open(&writer->db, writer->path, DB_DAEMON, &err) != 0)
        writer->why = err;
    else
        count(writer, &writer->stats.reopens, 1);
    return writer->db;
}

/* ---- one commit ---- */

static void fail_ticket(struct ticket *ticket, const struct err *why)
{
    ticket->rc = -1;
    if (ticket->err != NULL)
        *ticket->err = *why;
}

/* Those that thought they were done are not: their transaction is gone. */
static void fail_batch(struct ticket *first, const struct err *why)
{
    for (; first != NULL; first = first->next)
        if (first->rc == 0)
            fail_ticket(first, why);
}

/* One job in its savepoint. -1: the whole transaction is lost, err says why. */
static int run_ticket(struct db *db, struct ticket *ticket, struct err *err)
{
    struct err why = {.code = ERR_STORE, .text = "the job gave no reason"};
    if (db_savepoint(db, err) != 0)
        return -1;
    ticket->rc = ticket->job(db, ticket->arg, &why);
    if (ticket->rc == 0)
        return db_savepoint_release(db, err);
    fail_ticket(ticket, &why);
    if (db_is_open(db))
        return db_savepoint_rollback(db, err);
    *err = why; /* the error has ended the transaction, too */
    return -1;
}

/* One job that shares its commit with no other needs no savepoint, which would copy
 * each page that it changes. -1: as run_ticket. */
static int run_alone(struct db *db, struct ticket *ticket, struct err *err)
{
    struct err why = {.code = ERR_STORE, .text = "the job gave no reason"};
    ticket->rc = ticket->job(db, ticket->arg, &why);
    if (ticket->rc == 0)
        return db_commit(db, err);
    fail_ticket(ticket, &why);
    *err = why;
    return -1;
}

static int run_all(struct db *db, struct ticket *first, struct err *err)
{
    if (db_begin(db, err) != 0)
        return -1;
    if (first->next == NULL)
        return run_alone(db, first, err);
    for (struct ticket *ticket = first; ticket != NULL; ticket = ticket->next)
        if (run_ticket(db, ticket, err) != 0)
            return -1;
    return db_commit(db, err);
}

static void run_batch(struct writer *writer, struct ticket *first)
{
    struct err err;
    struct db *db = sound_db(writer);
    if (db == NULL) {
        fail_batch(first, &writer->why);
        return;
    }
    if (run_all(db, first, &err) == 0) {
        count(writer, &writer->stats.commits, 1);
        return;
    }
    db_rollback(db);
    err.code = err.code == ERR_MEMORY ? ERR_MEMORY : ERR_STORE;
    fail_batch(first, &err);
    if (!db_is_sound(db))
        give_up(writer, &err);
}

/* ---- chores ---- */

struct expiry {
    int64_t before_us, now_us;
    bool is_more;
};

static int expire_job(struct db *db, void *arg, struct err *err)
{
    struct expiry *expiry = arg;
    return expiry_step(db, expiry->before_us, expiry->now_us, &expiry->is_more, err);
}

static void delete_old(struct writer *writer, int64_t keep_s)
{
    int64_t now_us = clock_wall_us();
    struct expiry expiry = {.before_us = now_us - keep_s * 1000000, .now_us = now_us};
    struct ticket ticket = {.job = expire_job, .arg = &expiry};
    writer->chore_at_ms = now_ms() + CHORE_MS;
    run_batch(writer, &ticket);
    if (ticket.rc == 0 && expiry.is_more)
        writer->chore_at_ms = now_ms() + CHORE_AGAIN_MS;
}

static void checkpoint(struct writer *writer, bool is_idle)
{
    struct err err;
    int64_t wal_bytes = db_wal_bytes(writer->db);
    bool is_due = wal_bytes > WAL_FULL_BYTES || (is_idle && wal_bytes > WAL_IDLE_BYTES);
    writer->checkpoint_at_ms = now_ms() + IDLE_MS;
    if (is_due && db_checkpoint(writer->db, true, &err) != 0)
        give_up(writer, &err);
}

static void do_given(struct writer *writer)
{
    struct writer_chore chores[WRITER_CHORES];
    pthread_mutex_lock(&writer->lock);
    unsigned count = writer->chore_count;
    memcpy(chores, writer->chores, sizeof chores);
    pthread_mutex_unlock(&writer->lock);
    writer->given_at_ms = now_ms() + IDLE_MS;
    for (unsigned i = 0; i < count; i++) {
        const struct writer_chore *chore = &chores[i];
        struct ticket ticket = {.job = chore->job, .arg = chore->arg};
        if (!chore->is_due(chore->arg) || sound_db(writer) == NULL)
            continue;
        run_batch(writer, &ticket);
        if (ticket.rc == 0 && chore->done != NULL)
            chore->done(chore->arg);
    }
}

/* Between batches: never long, since jobs may arrive. */
static void do_chores(struct writer *writer, int64_t keep_s, bool is_idle)
{
    if (now_ms() >= writer->given_at_ms)
        do_given(writer);
    if (now_ms() >= writer->checkpoint_at_ms && sound_db(writer) != NULL)
        checkpoint(writer, is_idle);
    if (keep_s > 0 && now_ms() >= writer->chore_at_ms && sound_db(writer) != NULL)
        delete_old(writer, keep_s);
}

/* ---- the thread ---- */

/* Takes up to BATCH_MAX waiting jobs; the lock is held. */
static struct ticket *take_batch(struct writer *writer)
{
    struct ticket *first = writer->head;
    struct ticket **end = &first;
    for (unsigned i = 0; i < BATCH_MAX && *end != NULL; i++) {
        (*end)->state = TICKET_RUNNING;
        end = &(*end)->next;
        writer->waiting--;
    }
    writer->head = *end;
    if (writer->head == NULL)
        writer->tail = &writer->head;
    *end = NULL;
    return first;
}

/* The lock is held. After it, a ticket may be gone as soon as it is DONE. */
static void finish_batch(struct writer *writer, struct ticket *first)
{
    while (first != NULL) {
        struct ticket *next = first->next;
        writer->stats.jobs++;
        writer->stats.failures += first->rc != 0;
        first->state = TICKET_DONE;
        pthread_cond_signal(&first->done);
        first = next;
    }
}

static void *writer_main(void *arg)
{
    struct writer *writer = arg;
    pthread_mutex_lock(&writer->lock);
    while (!writer->is_stopping || writer->head != NULL) {
        struct ticket *batch = take_batch(writer);
        int64_t keep_s = writer->keep_s;
        pthread_mutex_unlock(&writer->lock);
        if (batch != NULL)
            run_batch(writer, batch);
        pthread_mutex_lock(&writer->lock);
        finish_batch(writer, batch);
        pthread_mutex_unlock(&writer->lock);
        do_chores(writer, keep_s, batch == NULL);
        pthread_mutex_lock(&writer->lock);
        if (writer->head == NULL && !writer->is_stopping) {
            struct timespec until = deadline(
                now_ms() +
                (writer->chore_at_ms - now_ms() < IDLE_MS ? CHORE_AGAIN_MS : IDLE_MS));
            pthread_cond_timedwait(&writer->work, &writer->lock, &until);
        }
    }
    pthread_mutex_unlock(&writer->lock);
    do_given(writer);
    return NULL;
}

static int start_thread(struct writer *writer, struct err *err)
{
    sigset_t all;
    sigset_t old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    int rc = pthread_create(&writer->thread, NULL, writer_main, writer);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return rc == 0 ? 0
                   : err_set(err, ERR_MEMORY, "cannot start the writer's thread: %s",
                             strerror(rc));
}

static void free_writer(struct writer *writer)
{
    db_close(&writer->db);
    pthread_cond_destroy(&writer->work);
    pthread_cond_destroy(&writer->left);
    pthread_mutex_destroy(&writer->lock);
    free(writer->path);
    free(writer);
}

/* ---- what callers see ---- */

int writer_start(struct writer **out, const char *path, unsigned queue_max,
                 struct err *err)
{
    *out = NULL;
    struct writer *writer = calloc(1, sizeof *writer);
    if (writer == NULL)
        return err_set(err, ERR_MEMORY, "no memory for the writer");
    pthread_mutex_init(&writer->lock, NULL);
    clock_cond_init(&writer->work);
    clock_cond_init(&writer->left);
    writer->tail = &writer->head;
    writer->queue_max = queue_max;
    writer->path = strdup(path);
    writer->checkpoint_at_ms = now_ms() + IDLE_MS;
    if (writer->path == NULL)
        err_set(err, ERR_MEMORY, "no memory for the writer");
    if (writer->path == NULL || db_open(&writer->db, path, DB_DAEMON, err) != 0 ||
        start_thread(writer, err) != 0) {
        free_writer(writer);
        return -1;
    }
    *out = writer;
    return 0;
}

void writer_keep(struct writer *writer, int64_t keep_s)
{
    pthread_mutex_lock(&writer->lock);
    writer->keep_s = keep_s;
    pthread_cond_signal(&writer->work);
    pthread_mutex_unlock(&writer->lock);
}

void writer_chore(struct writer *writer, const struct writer_chore *chore)
{
    pthread_mutex_lock(&writer->lock);
    if (writer->chore_count < WRITER_CHORES)
        writer->chores[writer->chore_count++] = *chore;
    pthread_mutex_unlock(&writer->lock);
}

/* The lock is held. */
static int enqueue(struct writer *writer, struct ticket *ticket)
{
    if (writer->is_stopping)
        return err_set(ticket->err, ERR_STORE, "the store is being closed");
    if (writer->waiting >= writer->queue_max)
        return err_set(ticket->err, ERR_BUSY, "%u decisions wait for the store already",
                       writer->waiting);
    *writer->tail = ticket;
    writer->tail = &ticket->next;
    writer->waiting++;
    pthread_cond_signal(&writer->work);
    return 0;
}

/* The lock is held; the ticket waits still. */
static void withdraw(struct writer *writer, struct ticket *ticket)
{
    struct ticket **link = &writer->head;
    while (*link != ticket)
        link = &(*link)->next;
    *link = ticket->next;
    if (*link == NULL)
        writer->tail = link;
    writer->waiting--;
}

/* The lock is held. What runs is waited for: its outcome must be known. */
static void wait_for(struct writer *writer, struct ticket *ticket, unsigned timeout_ms)
{
    struct timespec until = deadline(now_ms() + timeout_ms);
    int rc = 0;
    while (ticket->state != TICKET_DONE) {
        if (rc != ETIMEDOUT)
            rc = pthread_cond_timedwait(&ticket->done, &writer->lock, &until);
        else if (ticket->state == TICKET_RUNNING)
            pthread_cond_wait(&ticket->done, &writer->lock);
        else
            break;
    }
    if (ticket->state == TICKET_DONE)
        return;
    withdraw(writer, ticket);
    ticket->rc = err_set(ticket->err, ERR_BUSY, "the store did not come to it in %u ms",
                         timeout_ms);
}

int writer_run(struct writer *writer, writer_job *job, void *arg, unsigned timeout_ms,
               struct err *err)
{
    struct ticket ticket = {.job = job, .arg = arg, .err = err};
    clock_cond_init(&ticket.done);
    pthread_mutex_lock(&writer->lock);
    writer->callers++;
    ticket.rc = enqueue(writer, &ticket);
    if (ticket.rc == 0)
        wait_for(writer, &ticket, timeout_ms);
    if (--writer->callers == 0)
        pthread_cond_signal(&writer->left);
    pthread_mutex_unlock(&writer->lock);
    pthread_cond_destroy(&ticket.done);
    return ticket.rc;
}

void writer_stats(struct writer *writer, struct writer_stats *out)
{
    pthread_mutex_lock(&writer->lock);
    *out = writer->stats;
    pthread_mutex_unlock(&writer->lock);
}

void writer_stop(struct writer **writer)
{
    if (*writer == NULL)
        return;
    pthread_mutex_lock(&(*writer)->lock);
    (*writer)->is_stopping = true;
    pthread_cond_signal(&(*writer)->work);
    while ((*writer)->callers > 0)
        pthread_cond_wait(&(*writer)->left, &(*writer)->lock);
    pthread_mutex_unlock(&(*writer)->lock);
    pthread_join((*writer)->thread, NULL);
    if ((*writer)->db != NULL)
        db_checkpoint((*writer)->db, true, NULL);
    free_writer(*writer);
    *writer = NULL;
}
