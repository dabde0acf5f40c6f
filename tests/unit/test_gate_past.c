/* SPDX-License-Identifier: BSD-2-Clause
 *
 * gate_past - what of a message is compared, what is remembered of which plan, and that
 * a store that is away is no failure.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "gate/past.h"

#define NOW INT64_C(1772445600000000)

struct world {
    char folder[64], path[96];
    struct db *db;
    struct arena *arena;
    struct engine engine;
    struct err err;
};

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    snprintf(w->folder, sizeof w->folder, "/tmp/outgate-gate-past-XXXXXX");
    assert_non_null(mkdtemp(w->folder));
    snprintf(w->path, sizeof w->path, "%s/x.db", w->folder);
    if (db_open(&w->db, w->path, DB_DAEMON, &w->err) != 0)
        fail_msg("%s", w->err.text);
    w->arena = arena_new(16 << 20);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    char command[128];
    db_close(&w->db);
    arena_free(&w->arena);
    snprintf(command, sizeof command, "rm -rf '%s'", w->folder);
    free(w);
    return system(command);
}

static void ask(struct world *w, const char *mail, enum mail_class mail_class,
                struct reader *reader, struct gate_past *out)
{
    static struct span recipients[] = {{"a@there.example", 15},
                                       {"A@there.example", 15}};
    const struct envelope env = {.mail_class = mail_class,
                                 .client_ip = SPAN("2001:db8:1:2::3"),
                                 .recipients = recipients,
                                 .recipient_count = 2,
                                 .recipient_kept = 2};
    const struct sender sender = {IDENTITY_SASL_USER, SPAN("sasl_user:bob")};
    struct message *msg = message_new(w->arena, 1 << 20);
    message_read(msg, span_of(mail));
    gate_past_read(&w->engine, msg, &env, &sender, reader, NOW, out);
}

static void test_mailers(void **state)
{
    static const struct {
        const char *fields, *want;
    } rows[] = {
        {"X-Mailer: Apple Mail (2.3654.60)\n", "apple mail"},
        {"X-Mailer: iPhone Mail (20A362)\n", "iphone mail"},
        {"User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:102.0) Gecko/20100101 "
         "Thunderbird/102.3\n",
         "mozilla linux rv gecko thunderbird"},
        {"User-Agent: Roundcube Webmail/1.4.11\n", "roundcube webmail"},
        {"X-Mailer: PHPMailer 6.5.0 (https://x.example/y)\n",
         "phpmailer https x.example y"},
        {"X-Mailer: =?utf-8?B?w4RwZmVs?= 3\n", "\xc3\x84pfel"},
        {"X-Mailer: 1.2.3\n", ""},
        {"", ""},
    };
    struct world *w = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct gate_past past;
        char mail[512];
        snprintf(mail, sizeof mail, "%sFrom: b@here.example\n\nx\n", rows[i].fields);
        ask(w, mail, CLASS_OUTBOUND, NULL, &past);
        assert_true(past.message.has_trait[TRAIT_X_MAILER]);
        assert_string_equal(span_cstr(w->arena, past.message.trait[TRAIT_X_MAILER]),
                            rows[i].want);
    }
}

/* A long one is cut between two characters, or it would never be found again. */
static void test_long_mailer(void **state)
{
    struct world *w = *state;
    struct gate_past past;
    char mail[1200] = "From: b@here.example\nX-Mailer: x";
    for (int i = 0; i < 300; i++)
        strcat(mail, "\xc3\xa4");
    strcat(mail, "\n\nx\n");
    ask(w, mail, CLASS_OUTBOUND, NULL, &past);
    assert_int_equal(past.message.trait[TRAIT_X_MAILER].len, 99);
    assert_true(utf8_is_valid(past.message.trait[TRAIT_X_MAILER]));
}

static void test_what_is_compared(void **state)
{
    struct world *w = *state;
    struct gate_past past;
    static const char mail[] = "From: Bob <Bob+x@Mail.Here.example>\n\nx\n";
    ask(w, mail, CLASS_OUTBOUND, NULL, &past);
    assert_false(past.past.is_known);
    assert_int_equal(past.message.recipient_count, 1);
    assert_int_equal(past.message.all_recipients, 2);
    assert_string_equal(span_cstr(w->arena, past.message.trait[TRAIT_NETWORK]),
                        "2001:db8:1::/48");
    assert_string_equal(span_cstr(w->arena, past.message.trait[TRAIT_HEADER_FROM]),
                        "bob+x@mail.here.example");
    assert_string_equal(span_cstr(w->arena, past.message.from_domain), "here.example");
    assert_false(past.message.has_trait[TRAIT_COUNTRY]);
    ask(w, mail, CLASS_FORWARDED, NULL, &past); /* strangers have no ways of ours */
    for (int k = 0; k < TRAIT_COUNT; k++)
        assert_false(past.message.has_trait[k]);
    assert_int_equal(past.message.from_domain.len, 0);
}

static void test_store_away(void **state)
{
    struct world *w = *state;
    struct gate_past past;
    struct reader *reader;
    assert_int_equal(reader_open(&reader, "/nonexistent/x.db", 1, &w->err), 0);
    ask(w, "From: b@here.example\n\nx\n", CLASS_OUTBOUND, reader, &past);
    assert_false(past.past.is_known);
    assert_int_equal(past.past.new_recipients, 0);
    assert_int_equal(past.message.recipient_count, 1);
    reader_close(&reader);
    assert_int_equal(reader_open(&reader, w->path, 1, &w->err), 0);
    ask(w, "From: b@here.example\n\nx\n", CLASS_OUTBOUND, reader, &past);
    assert_true(past.past.is_known);
    assert_int_equal(past.past.new_recipients, 1);
    reader_close(&reader);
}

/* How many messages are remembered after one with that plan. */
static int64_t remembered(struct world *w, const struct plan *plan)
{
    static struct judgement judgement;
    struct charge_request request = {.bytes = 10};
    struct gate_past past;
    ask(w, "From: b@here.example\n\nx\n", CLASS_OUTBOUND, NULL, &past);
    if (gate_past_count(w->db, &past, &request, &w->err) != 0 ||
        gate_past_record(w->db, &past, &judgement, &request, plan, &w->err) != 0)
        fail_msg("%s", w->err.text);
    struct query *query =
        db_query(w->db, "SELECT total(messages) FROM sender_seen", &w->err);
    assert_int_equal(query_step(query, &w->err), 1);
    int64_t messages = query_int(query, 0);
    query_reset(query);
    assert_int_equal(request.new_recipients, messages <= 1);
    return messages;
}

static void test_what_is_remembered(void **state)
{
    struct world *w = *state;
    static const enum action refused[] = {ACTION_HOLD, ACTION_DEFER, ACTION_REJECT};
    struct plan plan = {.action = ACTION_UNKNOWN};
    for (size_t i = 0; i < 3; i++) {
        plan.action = refused[i];
        assert_int_equal(remembered(w, &plan), 0);
    }
    plan.action = ACTION_ACCEPT;
    assert_int_equal(remembered(w, &plan), 1);
    plan.action = ACTION_SLOW;
    assert_int_equal(remembered(w, &plan), 2);
    plan.action = ACTION_HOLD;
    plan.due_at_us = NOW + 1;
    assert_int_equal(remembered(w, &plan), 3);
    plan = (struct plan){.action = ACTION_REJECT, .is_shadow = true};
    assert_int_equal(remembered(w, &plan), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_mailers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_long_mailer, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_compared, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_store_away, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_remembered, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
