/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/judge/scan_pool.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    JOBS_MAX = 256,
    SLOTS_PER_JOB = 4, /* mails read ahead for each worker. chosen */
};

enum slot_state { SLOT_FREE = 0, SLOT_READY, SLOT_TAKEN, SLOT_DONE };

struct slot {
    enum slot_state state;
    size_t file;
    struct scan_mail mail;
    void *result;
};

struct pool {
    pthread_mutex_t lock;
    pthread_cond_t has_room, has_work;
    const struct scan_work *work;
    struct slot *slots;
    uint64_t size;
    uint64_t put, take, print; /* sequence numbers, each modulo size is a slot */
    bool is_closed, is_out_of_memory;
    struct progress progress;
};

/* Hand on one finished mail; the lock is held. */
static void hand_on(struct pool *pool, struct slot *slot)
{
    const struct scan_work *work = pool->work;
    work->take(work->arg, &slot->mail, slot->file, slot->result, &pool->progress);
    free(slot->mail.bytes);
    slot->state = SLOT_FREE;
}

static void hand_on_finished(struct pool *pool)
{
    while (pool->slots[pool->print % pool->size].state == SLOT_DONE) {
        hand_on(pool, &pool->slots[pool->print % pool->size]);
        pool->print++;
        pthread_cond_signal(&pool->has_room);
    }
}

static void *work_on(void *arg)
{
    struct pool *pool = arg;
    const struct scan_work *work = pool->work;
    struct arena *arena = arena_new(work->arena_bytes);
    pthread_mutex_lock(&pool->lock);
    for (;;) {
        while (pool->take == pool->put && !pool->is_closed)
            pthread_cond_wait(&pool->has_work, &pool->lock);
        if (pool->take == pool->put)
            break;
        struct slot *slot = &pool->slots[pool->take++ % pool->size];
        slot->state = SLOT_TAKEN;
        pthread_mutex_unlock(&pool->lock);
        memset(slot->result, 0, work->result_bytes);
        work->judge(work->arg, &slot->mail, slot->file, arena, slot->result);
        pthread_mutex_lock(&pool->lock);
        slot->state = SLOT_DONE;
        hand_on_finished(pool);
    }
    pthread_mutex_unlock(&pool->lock);
    arena_free(&arena);
    return NULL;
}

/* Hand one mail over; waits for a free slot. */
static void put_mail(struct pool *pool, const struct scan_mail *mail, size_t file)
{
    pthread_mutex_lock(&pool->lock);
    while (pool->put - pool->print == pool->size)
        pthread_cond_wait(&pool->has_room, &pool->lock);
    struct slot *slot = &pool->slots[pool->put++ % pool->size];
    slot->mail = *mail;
    slot->file = file;
    slot->state = SLOT_READY;
    pthread_cond_signal(&pool->has_work);
    pthread_mutex_unlock(&pool->lock);
}

static void show_progress(struct pool *pool, uint64_t done, uint64_t total)
{
    char what[64];
    pthread_mutex_lock(&pool->lock);
    snprintf(what, sizeof what, "%llu mails", (unsigned long long)pool->print);
    progress_show(&pool->progress, done, total, what);
    pthread_mutex_unlock(&pool->lock);
}

static bool is_stopped(const struct pool *pool)
{
    return pool->work->is_stopped != NULL && pool->work->is_stopped();
}

static bool read_all(struct pool *pool, const struct scan_list *list)
{
    uint64_t done = 0;
    bool all_read = true;
    for (size_t i = 0; i < list->count && !is_stopped(pool); i++) {
        struct scan_mail mail;
        uint64_t inside = 0;
        struct scan_reader *reader = scan_open(&list->at[i]);
        while (reader != NULL && !is_stopped(pool) && scan_next(reader, &mail)) {
            all_read = all_read && mail.error[0] == '\0';
            inside += mail.len;
            put_mail(pool, &mail, i);
            show_progress(pool, done + inside, list->bytes);
        }
        if (reader == NULL)
            pool->is_out_of_memory = true;
        scan_close(&reader);
        done += list->at[i].bytes;
    }
    return all_read;
}

size_t scan_pool_jobs(const struct scan_list *list, int64_t asked)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    int64_t jobs = asked > 0 ? asked : (cores > 0 ? cores : 1);
    if (list->count == 1 && list->bytes < 100000 && asked == 0)
        jobs = 1; /* one mail needs no company */
    return jobs < JOBS_MAX ? (size_t)jobs : JOBS_MAX;
}

/* Start jobs workers, feed them, wait for them. -1: not even one could be started. */
static int run(struct pool *pool, const struct scan_list *list, size_t jobs,
               bool *all_read)
{
    pthread_t threads[JOBS_MAX];
    size_t started = 0;
    while (started < jobs &&
           pthread_create(&threads[started], NULL, work_on, pool) == 0)
        started++;
    if (started == 0)
        return -1;
    *all_read = read_all(pool, list);
    pthread_mutex_lock(&pool->lock);
    pool->is_closed = true;
    pthread_cond_broadcast(&pool->has_work);
    pthread_mutex_unlock(&pool->lock);
    for (size_t i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    progress_end(&pool->progress);
    return 0;
}

int scan_pool_run(const struct scan_work *work, const struct scan_list *list,
                  size_t jobs, bool *all_read, struct err *err)
{
    struct pool pool = {
        .lock = PTHREAD_MUTEX_INITIALIZER,
        .has_room = PTHREAD_COND_INITIALIZER,
        .has_work = PTHREAD_COND_INITIALIZER,
        .work = work,
        .size = jobs * SLOTS_PER_JOB,
    };
    pool.slots = calloc(pool.size, sizeof *pool.slots);
    char *results = calloc(pool.size, work->result_bytes);
    int rc = -1;
    *all_read = true;
    progress_start(&pool.progress, work->is_silent);
    if (pool.slots != NULL && results != NULL) {
        for (uint64_t i = 0; i < pool.size; i++)
            pool.slots[i].result = results + i * work->result_bytes;
        rc = run(&pool, list, jobs, all_read);
    }
    free(results);
    free(pool.slots);
    if (rc != 0)
        return err_set(err, ERR_MEMORY, "cannot start a thread");
    if (pool.is_out_of_memory)
        return err_set(err, ERR_MEMORY, "out of memory: not every mail has a verdict");
    return 0;
}
