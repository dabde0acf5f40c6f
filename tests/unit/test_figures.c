/* SPDX-License-Identifier: BSD-2-Clause
 *
 * figures - the resolver's counters on their way to the store: at once, then only when
 * they change, once in ten seconds at most, and a last time at the end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>

#include "base/clock.h"
#include "dns_world.h"
#include "folder.h"
#include "gate/figures.h"
#include "store/dns_figures.h"

static const char zone_text[] = "here.example. 60 IN A 192.0.2.1\n";

struct world {
    char folder[FOLDER_BYTES], path[FOLDER_PATH_BYTES];
    struct dns *dns;
    struct writer *writer;
    struct figures figures;
};

static int set_up(void **state)
{
    static struct world world;
    struct err err;
    memset(&world, 0, sizeof world);
    folder_make("figures", world.folder, world.path);
    world.dns = dns_world_open(zone_text, NULL, 0);
    assert_int_equal(writer_start(&world.writer, world.path, 10, &err), 0);
    *state = &world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    writer_stop(&w->writer);
    figures_clear(&w->figures);
    dns_close(&w->dns);
    folder_remove(w->folder, w->path);
    return 0;
}

/* The stored value; -1: there is none. */
static int64_t stored(struct world *w, const char *name)
{
    struct db *db;
    struct err err;
    struct dns_figure row = {name, 0};
    assert_int_equal(db_open(&db, w->path, DB_READ, &err), 0);
    int found = dns_figures_get(db, &row, 1, &err);
    db_close(&db);
    assert_true(found >= 0);
    return found == 1 ? row.value : -1;
}

static bool comes(struct world *w, const char *name, int64_t value, int wait_ms)
{
    const struct timespec pause = {.tv_nsec = 20000000};
    int64_t until_us = clock_elapsed_us() + wait_ms * INT64_C(1000);
    while (stored(w, name) != value && clock_elapsed_us() < until_us)
        nanosleep(&pause, NULL);
    return stored(w, name) == value;
}

static void ask(struct dns *dns)
{
    struct dns_budget budget;
    struct dns_answer answer;
    struct arena *arena = arena_new(1 << 20);
    dns_budget_init(&budget, 1000000, 5);
    dns_ask(dns, &budget, SPAN("here.example"), DNS_A, arena, &answer);
    assert_int_equal(answer.status, DNS_FOUND);
    dns_budget_end(dns, &budget);
    arena_free(&arena);
}

static void test_pause(void **state)
{
    struct world *w = *state;
    ask(w->dns);
    figures_start(&w->figures, w->dns, w->writer);
    assert_true(comes(w, "questions.zone", 1, 5000));
    assert_int_equal(stored(w, "messages"), 1);
    assert_int_equal(stored(w, "dead_since_us"), 0);
    assert_true(stored(w, "start_us") > 0);
    ask(w->dns);
    assert_false(comes(w, "questions.zone", 2, 3000));
    figures_end(&w->figures);
    writer_stop(&w->writer);
    assert_int_equal(stored(w, "questions.zone"), 2);
    assert_int_equal(stored(w, "messages_late"), 0);
}

/* Another resolver counts on; none at all leaves nothing. Both are told at once. */
static void test_reload(void **state)
{
    struct world *w = *state;
    struct dns *other = dns_world_open(zone_text, NULL, 0);
    struct dns *none = dns_world_open(NULL, NULL, 0);
    ask(w->dns);
    figures_start(&w->figures, w->dns, w->writer);
    assert_true(comes(w, "questions.zone", 1, 5000));
    int64_t start_us = stored(w, "start_us");
    dns_count_on(other, w->dns);
    ask(other);
    figures_use(&w->figures, other);
    assert_true(comes(w, "questions.zone", 2, 5000));
    assert_int_equal(stored(w, "start_us"), start_us);
    dns_count_on(none, other);
    figures_use(&w->figures, none);
    assert_true(comes(w, "questions.zone", -1, 5000));
    dns_close(&other);
    other = dns_world_open(zone_text, NULL, 0);
    dns_count_on(other, none);
    figures_use(&w->figures, other);
    assert_true(comes(w, "questions.zone", 2, 5000));
    dns_close(&other);
    dns_close(&none);
}

/* A write that fails is tried again. */
static void test_failure(void **state)
{
    struct world *w = *state;
    struct db *db;
    struct err err;
    assert_int_equal(db_open(&db, w->path, DB_DAEMON, &err), 0);
    assert_int_equal(db_exec(db, "ALTER TABLE dns_figure RENAME TO away", &err), 0);
    ask(w->dns);
    figures_start(&w->figures, w->dns, w->writer);
    const struct timespec pause = {.tv_nsec = 500000000, .tv_sec = 1};
    nanosleep(&pause, NULL);
    assert_int_equal(db_exec(db, "ALTER TABLE away RENAME TO dns_figure", &err), 0);
    db_close(&db);
    assert_true(comes(w, "questions.zone", 1, 15000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_pause, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_reload, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_failure, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
