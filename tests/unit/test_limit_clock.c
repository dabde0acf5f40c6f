/* SPDX-License-Identifier: BSD-2-Clause
 *
 * limit_clock - whatever is done to the wall clock, no window of real time holds more
 * than its limit: steps both ways, restarts, reboots, suspended machines; and people
 * are told wall times at which mail really leaves.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "limits/limit_clock.h"
#include "store/audit.h"
#include "world.h"

/* A machine of the test's own: what is real, and what its clocks say. */
struct machine {
    int64_t real_us, wall_offset_us;
    int64_t booted_us; /* real time of the boot */
    int boots;
    int64_t limit_us, limit_boot_us; /* the running process's, as base/clock */
};

static void read_clocks(struct machine *m, struct limit_anchor *out)
{
    memset(out, 0, sizeof *out);
    snprintf(out->boot_id, sizeof out->boot_id, "boot-%d", m->boots);
    out->boot_us = m->real_us - m->booted_us;
    out->wall_us = m->real_us + m->wall_offset_us;
    m->limit_us += out->boot_us - m->limit_boot_us;
    m->limit_boot_us = out->boot_us;
    out->limit_us = m->limit_us;
}

/* A process starts: limit_clock_start, with this machine's clocks. */
static void start(struct world *w, struct machine *m)
{
    struct limit_anchor saved;
    struct limit_anchor now;
    m->limit_boot_us = m->real_us - m->booted_us;
    m->limit_us = m->real_us + m->wall_offset_us;
    int rc = limit_clock_load(w->db, &saved, &w->err);
    assert_in_range(rc, 0, 1);
    read_clocks(m, &now);
    if (rc == 1)
        m->limit_us = limit_clock_resume(&saved, &now);
    read_clocks(m, &now);
    assert_int_equal(limit_clock_keep(w->db, &now, &w->err), 0);
}

static void reboot(struct machine *m, int64_t off_us)
{
    m->real_us += off_us;
    m->booted_us = m->real_us;
    m->boots++;
}

/* ---- the arithmetic ---- */

static void test_resume(void **state)
{
    (void)state;
    struct limit_anchor saved = {"x", 1000, 5000, 7000};
    struct limit_anchor now = {"x", 1500, 0, 99999}; /* the wall was set meanwhile */
    assert_int_equal(limit_clock_resume(&saved, &now), 5500);
    now = (struct limit_anchor){"y", 10, 0, 7300}; /* rebooted: by the wall clock */
    assert_int_equal(limit_clock_resume(&saved, &now), 5300);
    now.wall_us = 6000; /* which went back: nothing has passed for certain */
    assert_int_equal(limit_clock_resume(&saved, &now), 5000);
    saved.boot_id[0] = now.boot_id[0] = '\0'; /* two unknown boots are not one */
    now.boot_us = 100000;
    assert_int_equal(limit_clock_resume(&saved, &now), 5000);
}

static void test_keep(void **state)
{
    struct world *w = *state;
    struct limit_anchor saved;
    struct limit_anchor now = {"x", 1000, NOW, NOW};
    assert_int_equal(limit_clock_load(w->db, &saved, &w->err), 0);
    assert_int_equal(limit_clock_keep(w->db, &now, &w->err), 0);
    assert_int_equal(limit_clock_load(w->db, &saved, &w->err), 1);
    assert_memory_equal(&saved, &now, sizeof now);
    now.boot_us += SECOND, now.limit_us += SECOND, now.wall_us += SECOND;
    assert_int_equal(limit_clock_keep(w->db, &now, &w->err), 0);
    limit_clock_load(w->db, &saved, &w->err);
    assert_int_equal(saved.limit_us, NOW); /* nothing to say */
    now.wall_us += HOUR;
    assert_int_equal(limit_clock_keep(w->db, &now, &w->err), 0);
    limit_clock_load(w->db, &saved, &w->err);
    assert_memory_equal(&saved, &now, sizeof now);
    assert_int_equal(
        ask(w,
            "SELECT CAST(value AS INTEGER) FROM meta WHERE name = 'limit_offset_us'"),
        HOUR);
    sql(w, "UPDATE meta SET value = 'nonsense' WHERE name = 'limit_clock'");
    assert_int_equal(limit_clock_load(w->db, &saved, &w->err), -1);
    assert_int_equal(w->err.code, ERR_STORE);
}

/* The process's own clock and the store: what daemon and tools do. */
static void test_process(void **state)
{
    struct world *w = *state;
    struct limit_anchor before;
    struct limit_anchor saved;
    assert_int_equal(limit_clock_start(w->db, &w->err), 0);
    limit_clock_now(&before);
    assert_true(before.boot_id[0] != '\0');
    assert_true(llabs(before.wall_us - before.limit_us) < HOUR);
    /* the daemon's clock lags an hour behind the wall clock, which was set forward */
    before.limit_us -= HOUR;
    assert_int_equal(limit_clock_keep(w->db, &before, &w->err), 0);
    assert_int_equal(limit_clock_read(w->db, &w->err), 0);
    int64_t now_us = clock_limit_us();
    assert_true(now_us >= before.limit_us && now_us < before.limit_us + HOUR / 2);
    assert_true(clock_limit_us() >= now_us);
    /* a message whose clocks say what the anchor says writes nothing */
    limit_clock_load(w->db, &saved, &w->err);
    assert_int_equal(
        limit_clock_tick(w->db, saved.limit_us + 1, saved.wall_us + 1, &w->err), 0);
    struct limit_anchor again;
    limit_clock_load(w->db, &again, &w->err);
    assert_memory_equal(&again, &saved, sizeof saved);
}

/* ---- real time under the referee ---- */

enum { MOST = 20, DEPARTURES_MAX = 100000 };
#define WINDOW (10 * MINUTE)

struct log {
    int64_t real_us[DEPARTURES_MAX];
    size_t count;
};

static void leave(struct log *log, int64_t real_us)
{
    assert_true(log->count < DEPARTURES_MAX);
    size_t i = log->count++;
    for (; i > 0 && log->real_us[i - 1] > real_us; i--)
        log->real_us[i] = log->real_us[i - 1];
    log->real_us[i] = real_us;
}

static size_t worst_window(const struct log *log)
{
    size_t worst = 0;
    size_t first = 0;
    for (size_t i = 0; i < log->count; i++) {
        while (log->real_us[first] < log->real_us[i] - WINDOW)
            first++;
        worst = i - first + 1 > worst ? i - first + 1 : worst;
    }
    return worst;
}

/* As the daemon does: clocks, charge, times to the wall, audit row. */
static void decide(struct world *w, struct machine *m, struct log *log)
{
    struct limit_anchor now;
    int64_t id;
    read_clocks(m, &now);
    w->request.wall_us = now.wall_us;
    assert_int_equal(db_begin(w->db, &w->err), 0);
    assert_int_equal(limit_clock_keep(w->db, &now, &w->err), 0);
    charge_open(w, now.limit_us);
    limits_to_wall(&w->charge, now.wall_us - now.limit_us);
    struct audit_row row = {.at_us = now.wall_us,
                            .mail_class = CLASS_OUTBOUND,
                            .sender = w->request.sender,
                            .action = w->charge.action,
                            .meant = w->charge.action,
                            .due_at_us = w->charge.due_at_us,
                            .charge = &w->charge};
    assert_int_equal(audit_record(w->db, &row, &id, &w->err), 0);
    assert_int_equal(db_commit(w->db, &w->err), 0);
    if (w->charge.action == ACTION_ACCEPT)
        leave(log, m->real_us);
    arena_reset(w->arena);
}

/* As a releaser does: what is due by the wall clock leaves. */
static void let_go(struct world *w, struct machine *m, struct log *log)
{
    struct limit_anchor now;
    read_clocks(m, &now);
    assert_int_equal(limit_clock_keep(w->db, &now, &w->err), 0);
    struct query *query =
        db_query(w->db,
                 "UPDATE held_message SET state = 'released' WHERE state = 'waiting' "
                 "AND due_at_us <= ?1",
                 &w->err);
    query_bind_int(query, 1, now.wall_us);
    assert_int_equal(query_run(query, &w->err), 0);
    for (int64_t i = db_changes(w->db); i > 0; i--)
        leave(log, m->real_us);
}

/* The next due time by the wall clock as a length of time from now, at most most_us. */
static int64_t next_due(struct world *w, const struct machine *m, int64_t most_us)
{
    int64_t due_us =
        ask(w, "SELECT coalesce(min(due_at_us), 0) FROM held_message WHERE "
               "state = 'waiting'");
    int64_t wait_us = due_us - (m->real_us + m->wall_offset_us);
    return due_us == 0 || wait_us > most_us ? most_us : wait_us > 0 ? wait_us : 0;
}

static uint64_t chance_state;

static uint64_t chance(uint64_t below)
{
    chance_state ^= chance_state << 13;
    chance_state ^= chance_state >> 7;
    chance_state ^= chance_state << 17;
    return chance_state % below;
}

/* is_on: the machine never stops, since what a releaser that was away finds due leaves
 * together. */
static void disturb(struct world *w, struct machine *m, bool is_on)
{
    int64_t step_us = (int64_t)chance(2 * DAY);
    switch (chance(is_on ? 4 : 5)) {
    case 0:
    case 1:
        m->wall_offset_us += step_us;
        break;
    case 2:
        m->wall_offset_us -= step_us;
        break;
    case 3: /* the daemon alone */
        reopen(w);
        start(w, m);
        break;
    default: /* the machine was off, its clock went on; or suspended without a boot */
        if (chance(2) == 0) {
            reboot(m, (int64_t)chance(HOUR));
            reopen(w);
            start(w, m);
        } else {
            m->real_us += (int64_t)chance(HOUR);
        }
    }
}

static void play(struct world *w, const char *sentence, int steps, bool is_on)
{
    struct machine m = {.real_us = NOW, .booted_us = NOW - DAY};
    struct log *log = calloc(1, sizeof *log);
    w->count = 0;
    limit(w, "login", sentence);
    start(w, &m);
    for (int i = 0; i < steps; i++) {
        let_go(w, &m, log);
        decide(w, &m, log);
        if (chance(80) == 0) {
            disturb(w, &m, is_on);
            let_go(w, &m, log); /* a releaser looks every second */
        }
        m.real_us += next_due(w, &m, (int64_t)chance(60 * SECOND));
    }
    if (worst_window(log) > MOST)
        fail_msg("%s: %zu in a real window, allowed %d", sentence, worst_window(log),
                 MOST);
    assert_true(log->count > (size_t)steps / 10);
    print_message("%s: %zu left, worst real window %zu\n", sentence, log->count,
                  worst_window(log));
    free(log);
}

static void test_defer(void **state)
{
    chance_state = 2862933555777941757u;
    play(*state, "20 messages per 10m per sender, then defer", 6000, false);
}

static void test_hold(void **state)
{
    chance_state = 3037000493u;
    struct world *w = *state;
    w->request.max_hold_us = HOUR;
    play(w, "20 messages per 10m per sender, then hold", 6000, true);
}

/* A reboot whose clock came up in the past forgives nothing and freezes nothing. */
static void test_dead_battery(void **state)
{
    struct world *w = *state;
    struct machine m = {.real_us = NOW, .booted_us = NOW - DAY};
    struct log *log = calloc(1, sizeof *log);
    limit(w, "login", "20 messages per 10m per sender, then defer");
    start(w, &m);
    for (int i = 0; i < 30; i++)
        decide(w, &m, log);
    assert_int_equal(log->count, MOST);
    reboot(&m, MINUTE);
    m.wall_offset_us = -365 * DAY;
    start(w, &m);
    for (int i = 0; i < 8; i++, m.real_us += MINUTE)
        decide(w, &m, log);
    assert_int_equal(log->count, MOST);
    m.wall_offset_us = 0; /* NTP sets it right */
    for (int i = 0; i < 5; i++, m.real_us += MINUTE)
        decide(w, &m, log);
    assert_true(log->count > MOST);
    assert_true(worst_window(log) <= MOST);
    free(log);
}

/* A due time that somebody was told before the wall clock was set is told anew. */
static void test_due_follows(void **state)
{
    struct world *w = *state;
    struct machine m = {.real_us = NOW, .booted_us = NOW - DAY};
    struct log *log = calloc(1, sizeof *log);
    struct limit_anchor now;
    limit(w, "login", "1 message per 10m per sender, then hold");
    start(w, &m);
    decide(w, &m, log);
    decide(w, &m, log);
    int64_t due_us = w->charge.due_at_us;
    assert_true(due_us > NOW + WINDOW && due_us < NOW + WINDOW + MINUTE);
    m.wall_offset_us = DAY;
    read_clocks(&m, &now);
    assert_int_equal(limit_clock_keep(w->db, &now, &w->err), 0);
    assert_int_equal(ask(w, "SELECT due_at_us FROM held_message"), due_us + DAY);
    assert_int_equal(ask(w, "SELECT max(due_at_us) FROM message"), due_us + DAY);
    assert_int_equal(ask(w, "SELECT at_us FROM charge ORDER BY at_us DESC"), due_us);
    free(log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
        cmocka_unit_test(test_resume),
        T(test_keep),
        T(test_process),
        T(test_defer),
        T(test_hold),
        T(test_dead_battery),
        T(test_due_follows),
#undef T
    };
    return cmocka_run_group_tests_name("limit_clock", tests, NULL, NULL);
}
