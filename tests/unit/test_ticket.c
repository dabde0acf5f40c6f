/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/audit.h"
#include "store/ticket.h"

static char folder[64], path[96];
static struct db *db;
static struct arena *arena;
static struct err err;

static int set_up(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/outgate-ticket.XXXXXX");
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/o.db", folder);
    arena = arena_new(16 << 20);
    return db_open(&db, path, DB_DAEMON, &err);
}

static int tear_down(void **state)
{
    (void)state;
    char command[128];
    db_close(&db);
    arena_free(&arena);
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

static int64_t number(const char *sql)
{
    struct query *query = db_query(db, sql, &err);
    if (query == NULL || query_step(query, &err) != 1)
        fail_msg("%s: %s", sql, err.text);
    int64_t n = query_int(query, 0);
    query_reset(query);
    return n;
}

static struct span tokens_of(const char *a, const char *b, const char *c)
{
    struct span list[3];
    struct envelope env = {.recipients = list};
    const char *given[] = {a, b, c};
    for (size_t i = 0; i < 3; i++)
        if (given[i] != NULL)
            list[env.recipient_kept++] = span_of(given[i]);
    return digest_recipients(&env, arena);
}

static struct ticket_row plain(const char *mark, int64_t made_us)
{
    return (struct ticket_row){.mark = span_of(mark),
                               .made_us = made_us,
                               .message = 7,
                               .queue_id = SPAN("4Zabc"),
                               .mail_class = CLASS_OUTBOUND,
                               .path = PATH_LOCAL,
                               .sender = SPAN("uid:33"),
                               .client_ip = SPAN("192.0.2.1"),
                               .action = ACTION_SLOW,
                               .digest = SPAN("00ff"),
                               .recipients = tokens_of("a@x", "b@x", "c@x")};
}

static void marks_differ(void **state)
{
    char one[TICKET_MARK_BYTES];
    char two[TICKET_MARK_BYTES];
    (void)state;
    assert_int_equal(ticket_mark(one, &err), 0);
    assert_int_equal(ticket_mark(two, &err), 0);
    assert_int_equal(strlen(one), 32);
    assert_int_equal(strspn(one, "0123456789abcdef"), 32);
    assert_string_not_equal(one, two);
}

static void what_is_stored_is_found(void **state)
{
    struct ticket_row row = plain("m1", 1000);
    struct ticket_row got;
    (void)state;
    assert_int_equal(ticket_store(db, &row, &err), 0);
    assert_int_equal(ticket_find(db, SPAN("m1"), arena, &got, &err), 1);
    assert_int_equal(got.message, 7);
    assert_int_equal(got.made_us, 1000);
    assert_int_equal(got.mail_class, CLASS_OUTBOUND);
    assert_int_equal(got.path, PATH_LOCAL);
    assert_int_equal(got.action, ACTION_SLOW);
    assert_true(span_eq(got.sender, row.sender));
    assert_true(span_eq(got.client_ip, row.client_ip));
    assert_true(span_eq(got.queue_id, row.queue_id));
    assert_true(span_eq(got.digest, row.digest));
    assert_true(span_eq(got.recipients, row.recipients));
    assert_int_equal(ticket_find(db, SPAN("m"), arena, &got, &err), 0);
    assert_int_equal(ticket_find(db, SPAN("' OR 1 --"), arena, &got, &err), 0);
    assert_int_equal(ticket_store(db, &row, &err), -1); /* a mark stands once */
}

static void an_inbound_one_has_no_message(void **state)
{
    struct ticket_row row = plain("m2", 1000);
    struct ticket_row got;
    (void)state;
    row.message = 0;
    row.mail_class = CLASS_FORWARDED;
    row.recipients = SPAN("");
    assert_int_equal(ticket_store(db, &row, &err), 0);
    assert_int_equal(number("SELECT message IS NULL FROM ticket WHERE mark = 'm2'"), 1);
    assert_int_equal(ticket_find(db, SPAN("m2"), arena, &got, &err), 1);
    assert_int_equal(got.message, 0);
    assert_int_equal(got.mail_class, CLASS_FORWARDED);
    assert_int_equal(got.recipients.len, 0);
}

static void take(const char *mark, struct span recipients)
{
    struct ticket_row row;
    assert_int_equal(ticket_find(db, span_of(mark), arena, &row, &err), 1);
    assert_int_equal(
        ticket_take(db, &row, recipients, 5000, SPAN("4Zout"), arena, &err), 0);
}

static struct span left_of(const char *mark)
{
    struct ticket_row row;
    assert_int_equal(ticket_find(db, span_of(mark), arena, &row, &err), 1);
    return row.recipients;
}

static void each_recipient_passes_once(void **state)
{
    struct ticket_row row = plain("m3", 1000);
    (void)state;
    assert_int_equal(ticket_store(db, &row, &err), 0);
    take("m3", tokens_of("b@x", NULL, NULL));
    assert_true(span_eq(left_of("m3"), tokens_of("a@x", "c@x", NULL)));
    take("m3", tokens_of("b@x", "other@x", NULL));
    assert_true(span_eq(left_of("m3"), tokens_of("a@x", "c@x", NULL)));
    take("m3", tokens_of("zz@x", "c@x", "a@x"));
    assert_int_equal(left_of("m3").len, 0);
    take("m3", tokens_of("a@x", NULL, NULL));
    assert_int_equal(left_of("m3").len, 0);
    assert_int_equal(number("SELECT passed_count FROM ticket WHERE mark = 'm3'"), 4);
    assert_int_equal(number("SELECT passed_us FROM ticket WHERE mark = 'm3'"), 5000);
    assert_int_equal(number("SELECT passed_queue_id = '4Zout' FROM ticket "
                            "WHERE mark = 'm3'"),
                     1);
}

/* The same address twice in one envelope is two copies. */
static void a_doubled_recipient_passes_twice(void **state)
{
    struct ticket_row row = plain("m4", 1000);
    (void)state;
    row.recipients = tokens_of("a@x", "a@x", NULL);
    assert_int_equal(ticket_store(db, &row, &err), 0);
    take("m4", tokens_of("a@x", NULL, NULL));
    assert_true(span_eq(left_of("m4"), tokens_of("a@x", NULL, NULL)));
}

/* A held message; what became of it. */
static int64_t make_message(const char *state)
{
    int64_t id = 0;
    char sql[200];
    const struct audit_row row = {.at_us = 1,
                                  .mail_class = CLASS_OUTBOUND,
                                  .path = PATH_SMTP,
                                  .sender = SPAN("uid:33"),
                                  .action = ACTION_HOLD,
                                  .meant = ACTION_HOLD};
    if (audit_record(db, &row, &id, &err) != 0)
        fail_msg("%s", err.text);
    snprintf(sql, sizeof sql,
             "UPDATE held_message SET state = '%s' WHERE message = %lld", state,
             (long long)id);
    assert_int_equal(db_exec(db, sql, &err), 0);
    return id;
}

static void old_ones_go(void **state)
{
    char mark[32];
    int64_t deleted;
    (void)state;
    int64_t waiting = make_message("waiting");
    int64_t released = make_message("released");
    int64_t let_go = make_message("released"); /* a moment ago: it may not have left */
    const int64_t now_us = 20 * INT64_C(86400000000);
    char sql[200];
    snprintf(sql, sizeof sql,
             "UPDATE held_message SET state_at_us = %lld WHERE message = %lld",
             (long long)now_us, (long long)let_go);
    assert_int_equal(db_exec(db, sql, &err), 0);
    /* 0 and 1 outbound and old, 2 to 8 inbound and old, the others young */
    for (int64_t i = 0; i < 12; i++) {
        snprintf(mark, sizeof mark, "m%lld", (long long)i);
        struct ticket_row row = plain(mark, now_us - TICKET_KEEP_INBOUND_US - 1);
        row.message = i == 0 ? waiting : i == 1 ? released : 0;
        if (i < 2)
            row.made_us = now_us - TICKET_KEEP_US - 1;
        if (i == 9)
            row.made_us = now_us - TICKET_KEEP_INBOUND_US;
        if (i == 10)
            row.message = 5; /* outbound of two days */
        if (i == 11) {
            row.message = let_go;
            row.made_us = now_us - 2 * TICKET_KEEP_US;
        }
        assert_int_equal(ticket_store(db, &row, &err), 0);
    }
    assert_int_equal(ticket_expire(db, now_us, 5, &deleted, &err), 0);
    assert_int_equal(deleted, 5);
    assert_int_equal(ticket_expire(db, now_us, 5, &deleted, &err), 0);
    assert_int_equal(deleted, 2);
    assert_int_equal(ticket_expire(db, now_us, 5, &deleted, &err), 0);
    assert_int_equal(deleted, 0);
    assert_int_equal(number("SELECT count(*) FROM ticket"), 4);
    assert_int_equal(
        number("SELECT count(*) FROM ticket WHERE mark IN ('m0', 'm9', 'm10', 'm11')"),
        4);
    assert_int_equal(
        number("SELECT count(*) FROM pragma_index_list('ticket') WHERE name = "
               "'ticket_made'"),
        1);
}

static void the_border_row_goes_with_its_message(void **state)
{
    struct ticket_row ticket = plain("m5", 1000);
    int64_t first = make_message("gone");
    int64_t second = make_message("gone");
    struct border_row row = {.message = first,
                             .row = &ticket,
                             .ticket = "sound",
                             .forwarded_by = SPAN("a\0b\xff")};
    (void)state;
    assert_int_equal(ticket_record(db, &row, &err), 0);
    assert_int_equal(number("SELECT first_message FROM border_message"), 7);
    row = (struct border_row){.message = second, .ticket = "none"};
    assert_int_equal(ticket_record(db, &row, &err), 0);
    row = (struct border_row){.message = 999, .ticket = "none"};
    assert_int_equal(ticket_record(db, &row, &err), -1); /* of no message */
    assert_int_equal(db_exec(db,
                             "DELETE FROM message WHERE class = 'outbound' AND id = "
                             "(SELECT min(id) FROM message)",
                             &err),
                     0);
    assert_int_equal(number("SELECT count(*) FROM border_message"), 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(marks_differ),
        TEST(what_is_stored_is_found),
        TEST(an_inbound_one_has_no_message),
        TEST(each_recipient_passes_once),
        TEST(a_doubled_recipient_passes_twice),
        TEST(old_ones_go),
        TEST(the_border_row_goes_with_its_message),
    };
    return cmocka_run_group_tests_name("ticket", tests, NULL, NULL);
}
