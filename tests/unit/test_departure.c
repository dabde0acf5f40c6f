/* SPDX-License-Identifier: BSD-2-Clause
 *
 * departure - held mail and its limits through outages of the releaser, on a clock of
 * the test's own and against real SQLite.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "folder.h"
#include "limits/limits.h"
#include "limits/limits_leave.h"
#include "store/audit.h"
#include "store/departure.h"

#define SECOND INT64_C(1000000)
#define HOUR   (3600 * SECOND)
#define DAY    (24 * HOUR)
#define START  (INT64_C(1769850000) * SECOND + 123456)

enum { TABLE_MAX = 4, MAILS_MAX = 20000, SENDERS = 3 };

struct departed {
    int64_t id, at_us, recipients;
    int sender;
};

struct world {
    char folder[FOLDER_BYTES], path[FOLDER_PATH_BYTES];
    struct db *db;
    struct limit table[TABLE_MAX];
    size_t count;
    struct arena *arena;
    uint32_t random;
    int64_t now_us;
    struct departed *out;
    size_t out_count, arrived, held;
    int64_t recipients[MAILS_MAX];
    int sender[MAILS_MAX];
    bool was_held[MAILS_MAX];
    struct err err;
};

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    folder_make("departure", w->folder, w->path);
    if (db_open(&w->db, w->path, DB_DAEMON, &w->err) != 0 ||
        db_exec(w->db, "PRAGMA synchronous = OFF", &w->err) != 0)
        fail_msg("%s", w->err.text);
    w->out = calloc(MAILS_MAX, sizeof *w->out);
    assert_non_null(w->out);
    w->random = 12345;
    w->now_us = START;
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    db_close(&w->db);
    folder_remove(w->folder, w->path);
    free(w->out);
    free(w);
    return 0;
}

static void limit(struct world *w, const char *name, const char *sentence)
{
    if (limit_parse(span_of(name), span_of(sentence), &w->table[w->count++], &w->err))
        fail_msg("%s", w->err.text);
}

static int64_t random_below(struct world *w, int64_t bound)
{
    w->random ^= w->random << 13;
    w->random ^= w->random >> 17;
    w->random ^= w->random << 5;
    return (int64_t)(w->random % (uint64_t)bound);
}

static const struct span senders[SENDERS] = {
    {"sasl_user:ann", 13}, {"sasl_user:bob", 13}, {"sasl_user:cat", 13}};

static void leave(struct world *w, int64_t id)
{
    assert_true(w->out_count < MAILS_MAX);
    w->out[w->out_count++] =
        (struct departed){id, w->now_us, w->recipients[id], w->sender[id]};
}

/* A message at now: charged, recorded; it has left unless it is held. */
static int64_t arrive(struct world *w, int sender, int64_t recipients)
{
    struct charge charge;
    struct charge_request request = {.mail_class = CLASS_OUTBOUND,
                                     .sender = senders[sender],
                                     .recipients = recipients,
                                     .bytes = 1000,
                                     .is_charged = true,
                                     .must_not_refuse = true,
                                     .max_hold_us = 60 * DAY};
    int64_t id = 0;
    w->arena = arena_new(1 << 20);
    assert_int_equal(db_begin(w->db, &w->err), 0);
    if (limits_charge(w->db, w->table, w->count, &request, w->now_us, w->arena, &charge,
                      &w->err) != 0)
        fail_msg("%s", w->err.text);
    struct audit_row row = {.at_us = w->now_us,
                            .mail_class = CLASS_OUTBOUND,
                            .path = PATH_SMTP,
                            .sender = senders[sender],
                            .identified_by = SPAN("sasl_user"),
                            .queue_id = SPAN("4jX9R33dk9z1fPKf"),
                            .recipients = recipients,
                            .action = charge.action,
                            .meant = charge.action,
                            .due_at_us = charge.due_at_us,
                            .charge = &charge};
    if (audit_record(w->db, &row, &id, &w->err) != 0 || db_commit(w->db, &w->err) != 0)
        fail_msg("%s", w->err.text);
    arena_free(&w->arena);
    assert_true(id < MAILS_MAX);
    w->recipients[id] = recipients;
    w->sender[id] = sender;
    w->arrived++;
    if (charge.action == ACTION_ACCEPT)
        leave(w, id);
    else
        w->held++;
    w->was_held[id] = charge.action != ACTION_ACCEPT;
    return id;
}

/* As the releaser, with an MTA that always agrees. */
static void release_due(struct world *w)
{
    struct departures out;
    int64_t next_us;
    for (;;) {
        if (leaving_next(w->db, w->now_us, &next_us, &w->err) != 0)
            fail_msg("%s", w->err.text);
        if (next_us == 0 || next_us > w->now_us)
            return;
        struct arena *arena = arena_new(16 << 20);
        if (departure_choose(w->db, w->table, w->count, w->now_us, w->now_us, SPAN(""),
                             50, arena, &out, &w->err) != 0)
            fail_msg("%s", w->err.text);
        assert_int_equal(db_begin(w->db, &w->err), 0);
        for (size_t i = 0; i < out.count; i++) {
            leave(w, out.rows[i].id);
            assert_int_equal(held_mark(w->db, out.rows[i].id, HELD_RELEASED, w->now_us,
                                       SPAN("due"), &w->err),
                             0);
        }
        assert_int_equal(db_commit(w->db, &w->err), 0);
        arena_free(&arena);
    }
}

/* The most that left in any time of that length, of one sender (-1: of all). */
static int64_t worst_window(const struct world *w, int sender, int64_t length_us)
{
    int64_t worst = 0, sum = 0;
    size_t from = 0;
    for (size_t i = 0; i < w->out_count; i++) {
        if (sender >= 0 && w->out[i].sender != sender)
            continue;
        sum += w->out[i].recipients;
        for (; w->out[from].at_us <= w->out[i].at_us - length_us; from++)
            if (sender < 0 || w->out[from].sender == sender)
                sum -= w->out[from].recipients;
        worst = sum > worst ? sum : worst;
    }
    return worst;
}

/* Each message once. */
static void assert_all_left(const struct world *w)
{
    bool *seen = calloc(MAILS_MAX, sizeof *seen);
    assert_int_equal(w->out_count, w->arrived);
    for (size_t i = 0; i < w->out_count; i++) {
        assert_false(seen[w->out[i].id]);
        seen[w->out[i].id] = true;
    }
    free(seen);
}

/* Of one sender, all of one size: what was held keeps its order. */
static void assert_in_order(const struct world *w, int sender)
{
    int64_t last = 0;
    for (size_t i = 0; i < w->out_count; i++) {
        if (w->out[i].sender != sender || !w->was_held[w->out[i].id])
            continue;
        assert_true(w->out[i].id > last);
        last = w->out[i].id;
    }
}

/* One sender wants 150 an hour for six hours; the releaser is away from the second hour
 * to the fifth, and otherwise up to ten seconds late. */
static void paces_what_is_overdue(void **state)
{
    struct world *w = *state;
    limit(w, "login", "100 recipients per 1h per sender, burst 20, then hold");
    int64_t next_arrival_us = w->now_us;
    while (w->now_us < START + 12 * HOUR) {
        int64_t since_us = w->now_us - START;
        if (since_us < 6 * HOUR && w->now_us >= next_arrival_us) {
            arrive(w, 0, 1);
            next_arrival_us += 24 * SECOND;
        }
        if (since_us < 2 * HOUR || since_us > 5 * HOUR)
            release_due(w);
        w->now_us += 100000 + random_below(w, 10 * SECOND);
    }
    assert_int_equal(w->arrived, 900);
    assert_all_left(w);
    assert_in_order(w, 0);
    assert_true(worst_window(w, 0, HOUR) <= 100);
    assert_true(worst_window(w, 0, HOUR / 5) <= 20);
    /* and no more slowly than they must: 100 an hour, in all the hours of plenty */
    int64_t saturated_us = w->out[w->out_count - 1].at_us - (START + 5 * HOUR);
    size_t left = 0;
    for (size_t i = 0; i < w->out_count; i++)
        left += w->out[i].at_us >= START + 5 * HOUR;
    double per_hour = (double)left / ((double)saturated_us / (double)HOUR);
    print_message("# %zu left after the outage, %.1f an hour\n", left, per_hour);
    assert_true(per_hour > 93);
}

/* Mixed sizes, three senders, a limit that they share, outages of all lengths. */
static void holds_every_limit(void **state)
{
    struct world *w = *state;
    limit(w, "login", "60 recipients per 1h per sender, then hold");
    limit(w, "minute", "10 recipients per 1m per sender, then hold");
    limit(w, "all", "120 recipients per 1h per host, burst 30, then hold");
    int64_t back_us = 0;
    for (int step = 0; step < 5000; step++) {
        if (step < 2500 && random_below(w, 4) == 0)
            arrive(w, (int)random_below(w, SENDERS), 1 + random_below(w, 5));
        if (random_below(w, 300) == 0)
            back_us = w->now_us + random_below(w, 3 * HOUR);
        if (w->now_us >= back_us)
            release_due(w);
        w->now_us += random_below(w, 2) * random_below(w, 60 * SECOND);
    }
    for (int i = 0; i < 400; i++) {
        w->now_us += 600 * SECOND;
        release_due(w);
    }
    print_message("# %zu messages, %zu of them held\n", w->arrived, w->held);
    assert_true(w->held > w->arrived / 4);
    assert_all_left(w);
    for (int sender = 0; sender < SENDERS; sender++) {
        assert_true(worst_window(w, sender, HOUR) <= 60);
        assert_true(worst_window(w, sender, 60 * SECOND) <= 10);
    }
    assert_true(worst_window(w, -1, HOUR) <= 120);
    assert_true(worst_window(w, -1, HOUR / 4) <= 30);
}

/* A burst of one: every departure that is late by a slot moves all behind it. */
static void keeps_order_when_always_late(void **state)
{
    struct world *w = *state;
    limit(w, "one", "1 messages per 10s per sender, then hold");
    for (int i = 0; i < 200; i++)
        arrive(w, i % 2, 1);
    while (w->out_count < w->arrived && w->now_us < START + HOUR) {
        w->now_us += 50000 + random_below(w, 900000);
        release_due(w);
    }
    assert_all_left(w);
    assert_in_order(w, 0);
    assert_in_order(w, 1);
    assert_int_equal(worst_window(w, 0, 10 * SECOND), 1);
    assert_int_equal(worst_window(w, 1, 10 * SECOND), 1);
    assert_true(w->now_us < START + 1200 * SECOND);
}

static void takes_its_time_for_what_is_too_large(void **state)
{
    struct world *w = *state;
    limit(w, "login", "10 recipients per 1m per sender, then hold");
    arrive(w, 0, 8);
    arrive(w, 0, 30); /* alone, in an empty window */
    arrive(w, 0, 8);
    w->now_us += 600 * SECOND; /* all overdue */
    release_due(w);
    assert_int_equal(w->out_count, 2);
    w->now_us += 61 * SECOND;
    release_due(w);
    assert_all_left(w);
    assert_int_equal(w->out[1].recipients, 30);
}

static int64_t used(struct world *w, int64_t at_us, int64_t *free_at_us)
{
    int64_t amount;
    assert_int_equal(limits_used(w->db, &w->table[0], senders[0], 1, at_us, &amount,
                                 free_at_us, &w->err),
                     0);
    return amount;
}

static int64_t count_of(struct world *w, const char *sql)
{
    struct query *query = db_query(w->db, sql, &w->err);
    assert_non_null(query);
    assert_int_equal(query_step(query, &w->err), 1);
    int64_t count = query_int(query, 0);
    query_reset(query);
    return count;
}

static void gives_back_exactly(void **state)
{
    struct world *w = *state;
    int64_t free_us;
    limit(w, "login", "10 recipients per 1h per sender, burst 5, then hold");
    arrive(w, 0, 5);
    int64_t rows = count_of(w, "SELECT count(*) FROM limit_slot");
    int64_t sum = count_of(w, "SELECT sum(amount) FROM limit_slot");
    int64_t first = arrive(w, 0, 4);
    int64_t second = arrive(w, 0, 20); /* counts as the limit's whole amount */
    int64_t third = arrive(w, 0, 1);
    assert_true(count_of(w, "SELECT sum(amount) FROM limit_slot") > sum);
    assert_int_equal(limits_lift(w->db, w->table, w->count, second, w->now_us, &w->err),
                     0);
    assert_int_equal(limits_lift(w->db, w->table, w->count, first, w->now_us, &w->err),
                     0);
    assert_int_equal(limits_lift(w->db, w->table, w->count, first, w->now_us, &w->err),
                     0);
    assert_int_equal(limits_lift(w->db, w->table, w->count, third, w->now_us, &w->err),
                     0);
    assert_int_equal(count_of(w, "SELECT count(*) FROM limit_slot"), rows);
    assert_int_equal(count_of(w, "SELECT sum(amount) FROM limit_slot"), sum);
    assert_int_equal(used(w, w->now_us, &free_us), 5);
    assert_int_equal(count_of(w, "SELECT count(*) FROM charge WHERE at_us IS NULL"), 3);
}

static size_t due_count(struct world *w)
{
    struct leaving *rows;
    size_t count;
    struct arena *arena = arena_new(1 << 20);
    assert_int_equal(leaving_list(w->db, LEAVING_DUE, w->now_us, SPAN(""), 100, arena,
                                  &rows, &count, &w->err),
                     0);
    arena_free(&arena);
    return count;
}

static void run_sql(struct world *w, const char *sql)
{
    if (db_exec(w->db, sql, &w->err) != 0)
        fail_msg("%s", w->err.text);
}

/* What a person must look at never leaves by itself. */
static void leaves_people_their_mail(void **state)
{
    struct world *w = *state;
    bool is_braked;
    int64_t next_us;
    limit(w, "login", "1 messages per 1m per sender, then hold");
    for (int i = 0; i < 6; i++)
        arrive(w, 0, 1);
    w->now_us += 1000 * SECOND;
    assert_int_equal(due_count(w), 5);
    run_sql(w, "UPDATE held_message SET cause = 'limit' WHERE message = 2;"
               "UPDATE held_message SET cause = 'score' WHERE message = 3;"
               "UPDATE held_message SET cause = 'brake' WHERE message = 4;"
               "UPDATE held_message SET cause = 'block' WHERE message = 5;"
               "UPDATE held_message SET due_at_us = NULL WHERE message = 6;");
    assert_int_equal(due_count(w), 1);
    run_sql(w, "INSERT INTO blocked_sender (sender, since_us, until_us, reason, by) "
               "VALUES ('sasl_user:ann', 0, NULL, '', '')");
    assert_int_equal(due_count(w), 0);
    assert_int_equal(leaving_next(w->db, w->now_us, &next_us, &w->err), 0);
    assert_int_equal(next_us, 0);
    run_sql(w, "UPDATE blocked_sender SET until_us = 1");
    assert_int_equal(due_count(w), 1);

    assert_int_equal(leaving_is_braked(w->db, w->now_us, &is_braked, &w->err), 0);
    assert_false(is_braked);
    run_sql(w, "INSERT INTO brake (id, since_us, until_us, reason, by) "
               "VALUES (1, 0, NULL, '', '')");
    assert_int_equal(leaving_is_braked(w->db, w->now_us, &is_braked, &w->err), 0);
    assert_true(is_braked);
    run_sql(w, "UPDATE brake SET until_us = 1");
    assert_int_equal(leaving_is_braked(w->db, w->now_us, &is_braked, &w->err), 0);
    assert_false(is_braked);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(paces_what_is_overdue),        CASE(holds_every_limit),
        CASE(keeps_order_when_always_late), CASE(takes_its_time_for_what_is_too_large),
        CASE(gives_back_exactly),           CASE(leaves_people_their_mail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
