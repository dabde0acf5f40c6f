/* SPDX-License-Identifier: BSD-2-Clause
 *
 * history - what is remembered, what is asked, exact counts, bounds, expiry.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "folder.h"
#include "store/history.h"

#define MINUTE INT64_C(60000000)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)
/* Monday, 2026-03-02 10:00 UTC */
#define NOW INT64_C(1772445600000000)

struct world {
    char folder[FOLDER_BYTES], path[FOLDER_PATH_BYTES];
    struct db *db;
    struct arena *arena;
    struct err err;
};

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    folder_make("history", w->folder, w->path);
    if (db_open(&w->db, w->path, DB_DAEMON, &w->err) != 0)
        fail_msg("%s", w->err.text);
    assert_int_equal(db_exec(w->db, "PRAGMA synchronous = OFF", &w->err), 0);
    w->arena = arena_new(64 << 20);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    db_close(&w->db);
    arena_free(&w->arena);
    folder_remove(w->folder, w->path);
    free(w);
    return 0;
}

static int64_t number(struct world *w, const char *sql)
{
    struct query *query = db_query(w->db, sql, &w->err);
    if (query == NULL || query_step(query, &w->err) != 1)
        fail_msg("%s: %s", sql, w->err.text);
    int64_t value = query_int(query, 0);
    query_reset(query);
    return value;
}

/* A usual message of bob: his network, his program, `recipients` from `first` on. */
static struct history_message usual(struct world *w, int64_t at_us, int first,
                                    int recipients)
{
    struct span *list = arena_array(w->arena, (size_t)recipients + 1, sizeof *list);
    for (int i = 0; i < recipients; i++) {
        char text[64];
        snprintf(text, sizeof text, "friend%d@there.example", first + i);
        list[i] = span_dup(w->arena, span_of(text));
    }
    struct history_message m = {.sender = SPAN("sasl_user:bob"),
                                .trait = {SPAN("192.0.2.0/24"), SPAN("FR"),
                                          SPAN("thunderbird"), SPAN("bob@here.example"),
                                          SPAN("here.example"), SPAN("here.example")},
                                .has_trait = {true, true, true, true, true, false},
                                .from_domain = SPAN("here.example"),
                                .is_signed = true,
                                .all_recipients = recipients,
                                .bytes = 1000,
                                .points_milli = 250,
                                .now_us = at_us};
    m.recipients =
        history_recipients(w->arena, list, (size_t)recipients, &m.recipient_count);
    return m;
}

static struct history_count put(struct world *w, const struct history_message *m)
{
    struct history_count count = {0};
    if (db_begin(w->db, &w->err) != 0 ||
        history_count(w->db, m, &count, &w->err) != 0 ||
        history_record(w->db, m, &count, &w->err) != 0 ||
        db_commit(w->db, &w->err) != 0)
        fail_msg("%s", w->err.text);
    return count;
}

static struct past ask(struct world *w, const struct history_message *m)
{
    struct past past = {0};
    if (history_read(w->db, m, &past, &w->err) != 0)
        fail_msg("%s", w->err.text);
    assert_true(past.is_known);
    return past;
}

/* Twice a day, at 9 and 15 h, Monday to Friday, for four weeks before NOW. */
static void fill_weeks(struct world *w)
{
    for (int day = 27; day >= 2; day--) {
        int64_t at_us = NOW - day * DAY - HOUR;
        if ((at_us / DAY + 4) % 7 == 0 || (at_us / DAY + 4) % 7 == 6)
            continue;
        struct history_message m = usual(w, at_us, day, 2);
        put(w, &m);
        m = usual(w, at_us + 6 * HOUR, day, 1);
        put(w, &m);
    }
}

static void test_nothing_known(void **state)
{
    struct world *w = *state;
    struct history_message m = usual(w, NOW, 0, 3);
    struct past past = ask(w, &m);
    assert_int_equal(past.sender_first_us, 0);
    assert_int_equal(past.new_recipients, 3);
    assert_int_equal(past.recipients, 3);
    assert_int_equal(past.trait[TRAIT_NETWORK].first_us, 0);
    struct history_count count = put(w, &m);
    assert_int_equal(count.first_us, 0);
    assert_int_equal(count.new_recipients, 3);
}

static void test_reads_back(void **state)
{
    struct world *w = *state;
    fill_weeks(w);
    struct history_message m = usual(w, NOW, 27, 3);
    m.trait[TRAIT_NETWORK] = SPAN("198.51.100.0/24");
    struct past past = ask(w, &m);
    int64_t messages = number(w, "SELECT messages FROM sender_seen");
    assert_int_equal(messages, 38);
    assert_int_equal(past.sender_messages, messages);
    assert_int_equal(past.sender_first_us,
                     number(w, "SELECT first_us FROM sender_seen"));
    assert_int_equal(past.new_recipients,
                     1); /* 27 and 28 were written to, 29 was not */
    assert_int_equal(past.trait[TRAIT_NETWORK].first_us, 0);
    assert_int_equal(past.trait[TRAIT_NETWORK].since_us, past.sender_first_us);
    assert_int_equal(past.trait[TRAIT_NETWORK].taken_up, 1);
    assert_int_equal(past.trait[TRAIT_X_MAILER].first_us, past.sender_first_us);
    assert_false(past.trait[TRAIT_NETWORK].has_used_day);
    assert_int_equal(past.past_messages, 38);
    assert_int_equal(past.past_hours, 38);
    assert_int_equal(past.busiest_recipients, 2);
    assert_int_equal(past.past_recipients, 57);
    assert_int_equal(past.near_messages, 19); /* those at 9 h */
    assert_int_equal(past.hour_recipients, 0);
    assert_int_equal(past.domain_signed, 38);
    m = usual(w, NOW + 10 * HOUR, 1, 1);
    assert_int_equal(ask(w, &m).near_messages, 0);
    m = usual(w, NOW + 5 * DAY, 1, 1); /* Saturday at 10 */
    assert_int_equal(ask(w, &m).near_messages, 0);
}

static void test_last_hour_and_day(void **state)
{
    struct world *w = *state;
    fill_weeks(w);
    struct history_message m = usual(w, NOW - 20 * HOUR, 500, 30);
    put(w, &m);
    m = usual(w, NOW - 30 * MINUTE, 600, 40);
    m.trait[TRAIT_NETWORK] = SPAN("203.0.113.0/24");
    m.trait[TRAIT_HEADER_FROM] = SPAN("eve@here.example");
    put(w, &m);
    m = usual(w, NOW + 15 * MINUTE, 600, 10);
    put(w, &m);
    struct past past = ask(w, &m);
    /* of the hour before, three quarters lie in the last 60 minutes */
    assert_int_equal(past.hour_recipients, 10 + 30);
    assert_int_equal(past.hour_new_recipients, 30);
    assert_int_equal(past.day_new_recipients, 70);
    assert_int_equal(past.busiest_recipients, 2); /* the attack's day is no past */
    assert_int_equal(past.trait[TRAIT_NETWORK].used_day, 2);
    assert_true(past.trait[TRAIT_NETWORK].has_used_day);
    assert_int_equal(past.trait[TRAIT_HEADER_FROM].used_day, 2);
    assert_int_equal(past.trait[TRAIT_HEADER_FROM].used_week, 2);
}

/* Of two messages in one transaction only the first finds the recipient new. */
static void test_exact(void **state)
{
    struct world *w = *state;
    struct history_message a = usual(w, NOW, 0, 2);
    struct history_message b = usual(w, NOW + 1, 1, 2);
    struct history_count count;
    assert_int_equal(db_begin(w->db, &w->err), 0);
    assert_int_equal(history_count(w->db, &a, &count, &w->err), 0);
    assert_int_equal(count.new_recipients, 2);
    assert_int_equal(history_record(w->db, &a, &count, &w->err), 0);
    assert_int_equal(history_count(w->db, &b, &count, &w->err), 0);
    assert_int_equal(count.new_recipients, 1);
    assert_int_equal(count.first_us, NOW);
    assert_int_equal(history_record(w->db, &b, &count, &w->err), 0);
    assert_int_equal(db_commit(w->db, &w->err), 0);
    assert_int_equal(number(w, "SELECT known_recipients FROM sender_seen"), 3);
    assert_int_equal(number(w, "SELECT count(*) FROM sender_recipient"), 3);
    assert_int_equal(number(w, "SELECT new_recipients FROM sender_hour"), 3);
    assert_int_equal(number(w, "SELECT points FROM sender_hour"), 500);
    assert_int_equal(number(w, "SELECT hour FROM sender_hour"), NOW / HOUR);
}

static void test_recipient_spelling(void **state)
{
    struct world *w = *state;
    const struct span list[] = {SPAN("Ann@There.Example"), SPAN("ann@there.example"),
                                SPAN("ann+list@there.example"),
                                SPAN("bea@there.example")};
    size_t count;
    const int64_t *hashes = history_recipients(w->arena, list, 4, &count);
    assert_int_equal(count, 2);
    assert_true(hashes[0] < hashes[1]);
    assert_int_equal(history_recipient(w->arena, list[0]),
                     history_recipient(w->arena, list[2]));
    history_recipients(w->arena, NULL, 0, &count);
    assert_int_equal(count, 0);
}

static void test_recipients_are_bounded(void **state)
{
    struct world *w = *state;
    for (int i = 0; i < 23; i++) {
        struct history_message m = usual(w, NOW + i * MINUTE, i * 1000, 1000);
        put(w, &m);
    }
    int64_t known = number(w, "SELECT known_recipients FROM sender_seen");
    assert_int_equal(known, HISTORY_RECIPIENTS_MOST);
    assert_int_equal(number(w, "SELECT count(*) FROM sender_recipient"), known);
    /* the oldest are forgotten */
    struct history_message m = usual(w, NOW + HOUR, 0, 1000);
    assert_int_equal(ask(w, &m).new_recipients, 1000);
    m = usual(w, NOW + HOUR, 22000, 1000);
    assert_int_equal(ask(w, &m).new_recipients, 0);
}

static void test_traits_are_bounded(void **state)
{
    struct world *w = *state;
    for (int i = 0; i < HISTORY_TRAITS_MOST + 20; i++) {
        char text[64];
        snprintf(text, sizeof text, "x%d@here.example", i);
        struct history_message m = usual(w, NOW + i * MINUTE, 0, 1);
        m.trait[TRAIT_HEADER_FROM] = span_of(text);
        put(w, &m);
    }
    assert_int_equal(
        number(w, "SELECT count(*) FROM sender_trait WHERE kind = 'header_from'"),
        HISTORY_TRAITS_MOST);
    assert_int_equal(
        number(w, "SELECT count(*) FROM sender_trait WHERE value = 'x0@here.example'"),
        0);
    assert_int_equal(number(w, "SELECT times FROM sender_trait WHERE kind = "
                               "'network'"),
                     4); /* in 220 minutes, one an hour */
}

/* Unsigned mail does not talk a domain's signature away in a day; a habit counts. */
static void test_domains(void **state)
{
    struct world *w = *state;
    struct history_message m = usual(w, NOW, 0, 1);
    for (int i = 0; i < 20; i++)
        put(w, &m);
    m.is_signed = false;
    m.has_trait[TRAIT_UNSIGNED] = true;
    for (int i = 0; i < 50; i++)
        put(w, &m);
    struct past past = ask(w, &m);
    assert_int_equal(past.domain_signed, 20);
    assert_int_equal(past.domain_unsigned, 0);
    assert_int_equal(past.trait[TRAIT_UNSIGNED].first_us, NOW);
    m.now_us = NOW + DAY;
    put(w, &m);
    assert_int_equal(ask(w, &m).domain_unsigned, 1);
    m.is_signed = true;
    m.has_trait[TRAIT_UNSIGNED] = false;
    for (int i = 0; i < HISTORY_DOMAIN_MOST; i++)
        put(w, &m);
    assert_int_equal(ask(w, &m).domain_signed, 499 + 21); /* halved at 1000 */
    assert_int_equal(ask(w, &m).domain_unsigned, 0);
}

/* Text of a mail is bound, whatever it holds. */
static void test_hostile_text(void **state)
{
    struct world *w = *state;
    struct history_message m = usual(w, NOW, 0, 1);
    m.trait[TRAIT_X_MAILER] = SPAN("a'; DROP TABLE sender_trait; --\xff\0b");
    m.trait[TRAIT_HEADER_FROM] = SPAN("");
    put(w, &m);
    put(w, &m);
    assert_int_equal(number(w, "SELECT count(*) FROM sender_trait"), 5);
    assert_int_equal(ask(w, &m).trait[TRAIT_HEADER_FROM].first_us, NOW);
}

static void expire(struct world *w, int64_t now_us)
{
    for (int i = 0; i < 5; i++)
        assert_int_equal(history_expire(w->db, now_us, &w->err), 0);
}

static void test_expiry(void **state)
{
    struct world *w = *state;
    fill_weeks(w);
    struct history_message m = usual(w, NOW, 900, 1);
    m.sender = SPAN("client_ip:192.0.2.9");
    put(w, &m);
    m = usual(w, NOW + 30 * DAY, 901, 1);
    m.trait[TRAIT_NETWORK] = SPAN("203.0.113.0/24");
    put(w, &m);
    expire(w, NOW + 10 * DAY);
    assert_int_equal(number(w, "SELECT count(*) FROM sender_seen"), 2);
    assert_int_equal(
        number(w, "SELECT min(hour) >= ((SELECT max(hour) FROM sender_hour) - 30 * 24 "
                  "+ 10 * 24 - 35 * 24) FROM sender_hour"),
        1);
    /* the stranger of one message is forgotten after 60 days, bob is not */
    expire(w, NOW + 61 * DAY);
    assert_int_equal(number(w, "SELECT count(*) FROM sender_seen"), 1);
    assert_int_equal(number(w, "SELECT count(*) FROM sender_trait WHERE sender NOT IN "
                               "(SELECT id FROM sender_seen)"),
                     0);
    assert_int_equal(number(w, "SELECT count(*) FROM sender_hour"), 1);
    /* unused for 180 days */
    expire(w, NOW + 200 * DAY);
    assert_int_equal(number(w, "SELECT count(*) FROM sender_recipient"), 1);
    assert_int_equal(number(w, "SELECT known_recipients FROM sender_seen"), 1);
    assert_int_equal(
        number(w, "SELECT count(*) FROM sender_trait WHERE kind = 'network'"), 1);
    assert_int_equal(number(w, "SELECT count(*) FROM domain_seen"), 1);
    expire(w, NOW + 400 * DAY);
    assert_int_equal(number(w, "SELECT count(*) FROM sender_seen"), 0);
    assert_int_equal(number(w, "SELECT count(*) FROM sender_recipient"), 0);
    assert_int_equal(number(w, "SELECT count(*) FROM domain_seen"), 0);
}

/* The sweep comes round: of many senders each is looked at in turn. */
static void test_sweep_turns(void **state)
{
    struct world *w = *state;
    for (int i = 0; i < 120; i++) {
        char text[32];
        snprintf(text, sizeof text, "sasl_user:u%d", i);
        struct history_message m = usual(w, NOW, i, 1);
        m.sender = span_of(text);
        put(w, &m);
    }
    int64_t later_us = NOW + 61 * DAY;
    assert_int_equal(history_expire(w->db, later_us, &w->err), 0);
    assert_int_equal(number(w, "SELECT count(*) FROM sender_seen"), 70);
    struct history_message m = usual(w, NOW + 60 * DAY, 1, 1);
    m.sender = SPAN("sasl_user:u119");
    put(w, &m);
    assert_int_equal(history_expire(w->db, later_us, &w->err), 0);
    assert_int_equal(history_expire(w->db, later_us, &w->err), 0);
    assert_int_equal(number(w, "SELECT count(*) FROM sender_seen"), 1);
    assert_int_equal(history_expire(w->db, NOW + 130 * DAY, &w->err), 0);
    assert_int_equal(number(w, "SELECT count(*) FROM sender_seen"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_nothing_known, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_reads_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_last_hour_and_day, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_exact, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_recipient_spelling, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_recipients_are_bounded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_traits_are_bounded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_domains, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_hostile_text, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_expiry, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_sweep_turns, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
