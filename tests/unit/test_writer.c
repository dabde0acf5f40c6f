/* SPDX-License-Identifier: BSD-2-Clause
 *
 * writer - shared commits, failing jobs, a store that fails and comes back.
 */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "folder.h"
#include "store/writer.h"

enum { WAIT_MS = 20000 };

struct world {
    char folder[FOLDER_BYTES], path[FOLDER_PATH_BYTES];
    struct writer *writer;
    struct err err;
};

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    folder_make("writer", w->folder, w->path);
    if (writer_start(&w->writer, w->path, 64, &w->err) != 0)
        fail_msg("%s", w->err.text);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    writer_stop(&w->writer);
    folder_remove(w->folder, w->path);
    free(w);
    return 0;
}

static void sleep_ms(long ms)
{
    nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

/* ---- jobs ---- */

static int put(struct db *db, void *arg, struct err *err)
{
    struct query *query =
        db_query(db, "INSERT INTO meta (name, value) VALUES (?1, 'x')", err);
    if (query == NULL)
        return -1;
    query_bind_text(query, 1, span_of(arg));
    return query_run(query, err);
}

static int put_and_fail(struct db *db, void *arg, struct err *err)
{
    if (put(db, arg, err) != 0)
        return -1;
    return err_set(err, ERR_USAGE, "on purpose");
}

static int put_large(struct db *db, void *arg, struct err *err)
{
    static char text[200000];
    memset(text, 'x', sizeof text);
    struct query *query =
        db_query(db, "INSERT INTO meta (name, value) VALUES (?1, ?2)", err);
    if (query == NULL)
        return -1;
    query_bind_text(query, 1, span_of(arg));
    query_bind_text(query, 2, (struct span){text, sizeof text});
    return query_run(query, err);
}

static atomic_int gate; /* 0 closed, 1 open */
static atomic_int arrived;

static int wait_at_gate(struct db *db, void *arg, struct err *err)
{
    (void)db;
    (void)arg;
    (void)err;
    atomic_fetch_add(&arrived, 1);
    while (atomic_load(&gate) == 0)
        sleep_ms(1);
    return 0;
}

static int end_transaction(struct db *db, void *arg, struct err *err)
{
    (void)arg;
    db_rollback(db); /* as SQLite does by itself on some errors */
    return err_set(err, ERR_STORE, "the transaction has gone");
}

static int count_job(struct db *db, void *arg, struct err *err)
{
    struct query *query =
        db_query(db, "SELECT count(*) FROM meta WHERE name LIKE 'k%'", err);
    if (query == NULL || query_step(query, err) != 1)
        return -1;
    *(int64_t *)arg = query_int(query, 0);
    query_reset(query);
    return 0;
}

static int64_t count(struct world *w)
{
    int64_t rows = -1;
    if (writer_run(w->writer, count_job, &rows, WAIT_MS, &w->err) != 0)
        fail_msg("%s", w->err.text);
    return rows;
}

static int run(struct world *w, writer_job *job, const char *name)
{
    return writer_run(w->writer, job, (void *)(uintptr_t)name, WAIT_MS, &w->err);
}

/* ---- clients ---- */

struct client {
    struct world *w;
    pthread_t thread;
    writer_job *job;
    char name[32];
    unsigned timeout_ms;
    int rc;
    struct err err;
};

static void *client_main(void *arg)
{
    struct client *client = arg;
    client->rc = writer_run(client->w->writer, client->job, client->name,
                            client->timeout_ms, &client->err);
    return NULL;
}

static void client_start(struct client *client, struct world *w, writer_job *job, int i)
{
    client->w = w;
    client->job = job;
    if (client->timeout_ms == 0)
        client->timeout_ms = WAIT_MS;
    snprintf(client->name, sizeof client->name, "k%d", i);
    assert_int_equal(pthread_create(&client->thread, NULL, client_main, client), 0);
}

/* The writer's thread stands in a job until the gate opens; others queue up. */
static void close_gate(struct world *w, struct client *client)
{
    atomic_store(&gate, 0);
    atomic_store(&arrived, 0);
    client_start(client, w, wait_at_gate, 0);
    while (atomic_load(&arrived) == 0)
        sleep_ms(1);
}

static void open_gate(struct client *client)
{
    atomic_store(&gate, 1);
    pthread_join(client->thread, NULL);
    assert_int_equal(client->rc, 0);
}

/* ---- tests ---- */

static void test_one_commit(void **state)
{
    struct world *w = *state;
    enum { CLIENTS = 20 };
    struct client clients[CLIENTS] = {{0}};
    struct client blocker = {0};
    struct writer_stats before;
    struct writer_stats after;
    close_gate(w, &blocker);
    writer_stats(w->writer, &before);
    for (int i = 0; i < CLIENTS; i++)
        client_start(&clients[i], w, i % 5 == 3 ? put_and_fail : put, i);
    sleep_ms(200);
    open_gate(&blocker);
    for (int i = 0; i < CLIENTS; i++) {
        pthread_join(clients[i].thread, NULL);
        assert_int_equal(clients[i].rc, i % 5 == 3 ? -1 : 0);
        if (i % 5 == 3)
            assert_string_equal(clients[i].err.text, "on purpose");
    }
    writer_stats(w->writer, &after);
    assert_int_equal(after.commits - before.commits,
                     2); /* the gate's, and one for all */
    assert_int_equal(after.jobs - before.jobs, CLIENTS + 1);
    assert_int_equal(after.failures - before.failures, CLIENTS / 5);
    assert_int_equal(count(w), CLIENTS - CLIENTS / 5); /* failed ones left nothing */
}

/* A job that loses the transaction takes the whole batch with it, and all know. */
static void test_lost_transaction(void **state)
{
    struct world *w = *state;
    enum { CLIENTS = 9 };
    struct client clients[CLIENTS] = {{0}};
    struct client blocker = {0};
    close_gate(w, &blocker);
    for (int i = 0; i < CLIENTS; i++)
        client_start(&clients[i], w, i == 4 ? end_transaction : put, i);
    sleep_ms(200);
    open_gate(&blocker);
    for (int i = 0; i < CLIENTS; i++) {
        pthread_join(clients[i].thread, NULL);
        assert_int_equal(clients[i].rc, -1);
        assert_int_equal(clients[i].err.code, ERR_STORE);
    }
    assert_int_equal(count(w), 0);
    assert_int_equal(run(w, put, "k1"), 0);
}

/* A job that shares its commit with no other has no savepoint of its own. */
static void test_alone(void **state)
{
    struct world *w = *state;
    struct writer_stats before;
    struct writer_stats after;
    assert_int_equal(run(w, put, "k1"), 0);
    writer_stats(w->writer, &before);
    assert_int_equal(run(w, put_and_fail, "k2"), -1);
    assert_int_equal(w->err.code, ERR_USAGE); /* its own reason */
    assert_string_equal(w->err.text, "on purpose");
    assert_int_equal(run(w, put, "k1"), -1); /* is there already */
    assert_int_equal(run(w, end_transaction, "k3"), -1);
    assert_string_equal(w->err.text, "the transaction has gone");
    writer_stats(w->writer, &after);
    assert_int_equal(after.failures - before.failures, 3);
    assert_int_equal(after.reopens, before.reopens); /* the store is sound */
    assert_int_equal(count(w), 1);
    assert_int_equal(run(w, put, "k2"), 0);
    assert_int_equal(count(w), 2);
}

/* More statements than there are places at first: each is found again. */
static int ask_many(struct db *db, void *arg, struct err *err)
{
    enum { STATEMENTS = 500 };
    static char sql[STATEMENTS][24];
    (void)arg;
    for (int i = 0; i < 2 * STATEMENTS; i++) {
        int n = i % STATEMENTS;
        snprintf(sql[n], sizeof sql[n], "SELECT %d", n);
        struct query *query = db_query(db, sql[n], err);
        if (query == NULL || query_step(query, err) != 1)
            return -1;
        if (query_int(query, 0) != n)
            return err_set(err, ERR_USAGE, "%d is another's", n);
        query_reset(query);
    }
    return 0;
}

static void test_many_statements(void **state)
{
    struct world *w = *state;
    if (run(w, ask_many, "") != 0)
        fail_msg("%s", w->err.text);
}

struct given {
    struct world *w;
    atomic_int asked, done;
    atomic_bool is_due;
};

static bool is_given_due(void *arg)
{
    struct given *given = arg;
    atomic_fetch_add(&given->asked, 1);
    return atomic_exchange(&given->is_due, false);
}

static int do_given(struct db *db, void *arg, struct err *err)
{
    char name[16];
    struct given *given = arg;
    snprintf(name, sizeof name, "k_chore%d", atomic_fetch_add(&given->done, 1));
    return put(db, name, err);
}

/* A chore is done in idle time when it is due, and once more before the end. */
static void test_chore(void **state)
{
    struct world *w = *state;
    struct given given = {.w = w, .is_due = true};
    const struct writer_chore chore = {is_given_due, do_given, &given, NULL};
    writer_chore(w->writer, &chore);
    for (int i = 0; i < 1000 && atomic_load(&given.done) == 0; i++)
        sleep_ms(20);
    assert_int_equal(atomic_load(&given.done), 1);
    assert_int_equal(count(w), 1);
    int asked = atomic_load(&given.asked);
    for (int i = 0; i < 30; i++) /* jobs do not make it come more often */
        assert_int_equal(run(w, put, (char[]){'k', (char)('A' + i), 0}), 0);
    assert_true(atomic_load(&given.asked) <= asked + 30);
    assert_int_equal(atomic_load(&given.done), 1);
    assert_int_equal(count(w), 31);
    atomic_store(&given.is_due, true);
    writer_stop(&w->writer);
    assert_int_equal(atomic_load(&given.done), 2);
}

static void test_queue_full(void **state)
{
    struct world *w = *state;
    struct client blocker = {0};
    struct client clients[64] = {{0}};
    close_gate(w, &blocker);
    for (int i = 0; i < 64; i++)
        client_start(&clients[i], w, put, i);
    sleep_ms(300);
    assert_int_equal(run(w, put, "k_more"), -1);
    assert_int_equal(w->err.code, ERR_BUSY);
    open_gate(&blocker);
    for (int i = 0; i < 64; i++) {
        pthread_join(clients[i].thread, NULL);
        assert_int_equal(clients[i].rc, 0);
    }
    assert_int_equal(count(w), 64);
}

/* What has not started is withdrawn and never runs; what runs is waited for. */
static void test_timeout(void **state)
{
    struct world *w = *state;
    struct client blocker = {.timeout_ms = 2000};
    close_gate(w, &blocker);
    struct client late[3] = {{.timeout_ms = 30}, {0}, {.timeout_ms = 30}};
    for (int i = 0; i < 3; i++)
        client_start(&late[i], w, put, i);
    pthread_join(late[0].thread, NULL);
    pthread_join(late[2].thread, NULL);
    assert_int_equal(late[0].rc, -1);
    assert_int_equal(late[0].err.code, ERR_BUSY);
    assert_int_equal(late[2].err.code, ERR_BUSY);
    sleep_ms(2100); /* the blocker's time is over, too */
    open_gate(&blocker);
    pthread_join(late[1].thread, NULL);
    assert_int_equal(late[1].rc, 0);
    assert_int_equal(count(w), 1);
}

static void test_stop_drains(void **state)
{
    struct world *w = *state;
    struct client blocker = {0};
    struct client clients[30] = {{0}};
    close_gate(w, &blocker);
    for (int i = 0; i < 30; i++)
        client_start(&clients[i], w, put, i);
    sleep_ms(200);
    atomic_store(&gate, 1);
    writer_stop(&w->writer);
    for (int i = 0; i < 30; i++) {
        pthread_join(clients[i].thread, NULL);
        assert_int_equal(clients[i].rc, 0);
    }
    pthread_join(blocker.thread, NULL);
    assert_int_equal(writer_start(&w->writer, w->path, 64, &w->err), 0);
    assert_int_equal(count(w), 30);
}

static void test_deleted_file(void **state)
{
    struct world *w = *state;
    struct writer_stats stats;
    assert_int_equal(run(w, put, "k1"), 0);
    folder_empty(w->path);
    assert_int_equal(run(w, put, "k2"), 0); /* in a new file */
    writer_stats(w->writer, &stats);
    assert_int_equal(stats.reopens, 1);
    assert_int_equal(count(w), 1);
    struct db *reader;
    assert_int_equal(db_open(&reader, w->path, DB_READ, &w->err), 0);
    db_close(&reader);
}

static void test_deleted_folder(void **state)
{
    struct world *w = *state;
    struct writer_stats stats;
    folder_remove(w->folder, w->path);
    for (int i = 0; i < 50; i++) { /* at once, not after some time-out */
        assert_int_equal(run(w, put, "k1"), -1);
        assert_int_equal(w->err.code, ERR_STORE);
    }
    assert_int_equal(mkdir(w->folder, 0700), 0);
    sleep_ms(1300);
    assert_int_equal(run(w, put, "k1"), 0);
    writer_stats(w->writer, &stats);
    assert_int_equal(stats.reopens, 1);
    assert_true(stats.failures >= 50);
}

/* The size limit of this process plays the full disk. */
static void test_full_disk(void **state)
{
    struct world *w = *state;
    struct rlimit old;
    char name[32];
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old);
    assert_int_equal(run(w, put, "k_before"), 0);
    struct rlimit small = {.rlim_cur = 600000, .rlim_max = old.rlim_max};
    setrlimit(RLIMIT_FSIZE, &small);
    int stored = 0;
    int failed = 0;
    for (int i = 0; i < 20; i++) {
        snprintf(name, sizeof name, "k%d", i);
        if (run(w, put_large, name) == 0) {
            stored++;
        } else {
            failed++;
            assert_int_equal(w->err.code, ERR_STORE);
        }
    }
    setrlimit(RLIMIT_FSIZE, &old);
    assert_in_range(stored, 1, 10);
    assert_true(failed >= 10);
    sleep_ms(1300);
    assert_int_equal(run(w, put, "k_after"), 0); /* room again: it comes back */
    assert_int_equal(count(w), stored + 2);
    struct writer_stats stats;
    writer_stats(w->writer, &stats);
    assert_true(stats.reopens >= 1);
}

static int full_pages(struct db *db, void *arg, struct err *err)
{
    (void)arg;
    return db_exec(db, "PRAGMA max_page_count = 100", err);
}

/* SQLITE_FULL inside one job of a batch: no one is told that he is stored who is not.
 */
static void test_full_database(void **state)
{
    struct world *w = *state;
    enum { CLIENTS = 16 };
    struct client clients[CLIENTS] = {{0}};
    struct client blocker = {0};
    assert_int_equal(run(w, full_pages, ""), 0);
    close_gate(w, &blocker);
    for (int i = 0; i < CLIENTS; i++)
        client_start(&clients[i], w, i % 2 == 0 ? put_large : put, i);
    sleep_ms(200);
    open_gate(&blocker);
    int64_t stored = 0;
    for (int i = 0; i < CLIENTS; i++) {
        pthread_join(clients[i].thread, NULL);
        stored += clients[i].rc == 0;
        if (clients[i].rc != 0)
            assert_int_equal(clients[i].err.code, ERR_STORE);
    }
    assert_in_range(stored, 0, CLIENTS - 6);
    sleep_ms(1300);
    assert_int_equal(count(w), stored);
}

static int locked_out(struct world *w)
{
    struct db *other;
    assert_int_equal(db_open(&other, w->path, DB_WRITE, &w->err), 0);
    assert_int_equal(db_begin(other, &w->err), 0);
    int rc = run(w, put, "k_locked");
    db_rollback(other);
    db_close(&other);
    return rc;
}

static void test_locked(void **state)
{
    struct world *w = *state;
    assert_int_equal(locked_out(w), -1); /* five seconds */
    assert_int_equal(w->err.code, ERR_STORE);
    assert_int_equal(run(w, put, "k1"), 0);
    assert_int_equal(count(w), 1);
}

static void test_signals_blocked(void **state)
{
    struct world *w = *state;
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    assert_int_equal(sigismember(&mask, SIGTERM), 0); /* ours is as it was */
    char line[128];
    bool has_blocked = false;
    char command[128];
    snprintf(command, sizeof command,
             "grep -h '^SigBlk' /proc/%d/task/*/status | sort | tail -1",
             (int)getpid());
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    if (fgets(line, sizeof line, pipe) != NULL) {
        unsigned long long blocked = strtoull(line + 7, NULL, 16);
        has_blocked = (blocked >> (SIGTERM - 1) & 1) && (blocked >> (SIGUSR1 - 1) & 1);
    }
    pclose(pipe);
    assert_true(has_blocked);
    assert_int_equal(run(w, put, "k1"), 0);
}

static void test_bad_path(void **state)
{
    (void)state;
    struct writer *writer;
    struct err err;
    assert_int_equal(writer_start(&writer, "/nowhere/at/all.db", 4, &err), -1);
    assert_null(writer);
    assert_int_equal(err.code, ERR_STORE);
    assert_non_null(strstr(err.text, "/nowhere/at/all.db"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
        T(test_one_commit),
        T(test_lost_transaction),
        T(test_alone),
        T(test_many_statements),
        T(test_queue_full),
        T(test_timeout),
        T(test_stop_drains),
        T(test_deleted_file),
        T(test_deleted_folder),
        T(test_full_disk),
        T(test_full_database),
        T(test_locked),
        T(test_chore),
        T(test_signals_blocked),
        cmocka_unit_test(test_bad_path),
#undef T
    };
    return cmocka_run_group_tests_name("writer", tests, NULL, NULL);
}
