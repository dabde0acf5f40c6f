/* SPDX-License-Identifier: BSD-2-Clause */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/reader.h"

static char folder[64], path[96];

static int set_up(void **state)
{
    (void)state;
    struct db *db;
    struct err err;
    snprintf(folder, sizeof folder, "/tmp/outgate-reader.XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/o.db", folder);
    assert_int_equal(db_open(&db, path, DB_DAEMON, &err), 0);
    assert_int_equal(
        db_exec(db, "INSERT INTO meta (name, value) VALUES ('n', '1')", &err), 0);
    db_close(&db);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

static int read_n(struct db *db, void *arg, struct err *err)
{
    struct query *query = db_query(db, "SELECT value FROM meta WHERE name = 'n'", err);
    if (query == NULL || query_step(query, err) != 1)
        return -1;
    *(int *)arg = query_text(query, 0).at[0] - '0';
    query_reset(query);
    return 0;
}

static void write_n(const char *sql)
{
    struct db *db;
    struct err err;
    assert_int_equal(db_open(&db, path, DB_DAEMON, &err), 0);
    assert_int_equal(db_exec(db, sql, &err), 0);
    db_close(&db);
}

static void sees_the_last_commit(void **state)
{
    (void)state;
    struct reader *reader;
    struct err err;
    int n = 0;
    assert_int_equal(reader_open(&reader, path, 2, &err), 0);
    assert_int_equal(reader_run(reader, read_n, &n, 1000, &err), 0);
    assert_int_equal(n, 1);
    write_n("UPDATE meta SET value = '2' WHERE name = 'n'");
    assert_int_equal(reader_run(reader, read_n, &n, 1000, &err), 0);
    assert_int_equal(n, 2);
    reader_close(&reader);
    assert_null(reader);
}

static int write_job(struct db *db, void *arg, struct err *err)
{
    (void)arg;
    return db_exec(db, "UPDATE meta SET value = '9'", err);
}

static void cannot_write(void **state)
{
    (void)state;
    struct reader *reader;
    struct err err;
    int n = 0;
    assert_int_equal(reader_open(&reader, path, 1, &err), 0);
    assert_int_equal(reader_run(reader, write_job, NULL, 1000, &err), -1);
    assert_int_equal(reader_run(reader, read_n, &n, 1000, &err), 0);
    assert_int_equal(n, 1);
    reader_close(&reader);
}

static void follows_another_file(void **state)
{
    (void)state;
    struct reader *reader;
    struct err err;
    int n = 0;
    assert_int_equal(reader_open(&reader, path, 1, &err), 0);
    assert_int_equal(reader_run(reader, read_n, &n, 1000, &err), 0);
    unlink(path);
    assert_int_equal(reader_run(reader, read_n, &n, 1000, &err), -1);
    write_n("INSERT INTO meta (name, value) VALUES ('n', '3')");
    assert_int_equal(reader_run(reader, read_n, &n, 1000, &err), -1); /* too early */
    sleep(1);
    usleep(50000);
    assert_int_equal(reader_run(reader, read_n, &n, 1000, &err), 0);
    assert_int_equal(n, 3);
    reader_close(&reader);
}

struct busy {
    struct reader *reader;
    int in_job[2], go_on[2];
};

static int wait_job(struct db *db, void *arg, struct err *err)
{
    (void)db;
    (void)err;
    struct busy *busy = arg;
    char c = 0;
    assert_int_equal(write(busy->in_job[1], &c, 1), 1);
    assert_int_equal(read(busy->go_on[0], &c, 1), 1);
    return 0;
}

static void *occupy(void *arg)
{
    struct busy *busy = arg;
    struct err err;
    return (void *)(intptr_t)reader_run(busy->reader, wait_job, busy, 1000, &err);
}

static void says_when_all_are_busy(void **state)
{
    (void)state;
    struct busy busy;
    struct err err;
    pthread_t thread;
    void *rc;
    char c = 0;
    int n = 0;
    assert_int_equal(reader_open(&busy.reader, path, 1, &err), 0);
    assert_int_equal(pipe(busy.in_job), 0);
    assert_int_equal(pipe(busy.go_on), 0);
    assert_int_equal(pthread_create(&thread, NULL, occupy, &busy), 0);
    assert_int_equal(read(busy.in_job[0], &c, 1), 1);
    assert_int_equal(reader_run(busy.reader, read_n, &n, 10, &err), -1);
    assert_int_equal(err.code, ERR_BUSY);
    assert_int_equal(write(busy.go_on[1], &c, 1), 1);
    assert_int_equal(pthread_join(thread, &rc), 0);
    assert_null(rc);
    assert_int_equal(reader_run(busy.reader, read_n, &n, 1000, &err), 0);
    reader_close(&busy.reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(sees_the_last_commit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(cannot_write, set_up, tear_down),
        cmocka_unit_test_setup_teardown(follows_another_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(says_when_all_are_busy, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
