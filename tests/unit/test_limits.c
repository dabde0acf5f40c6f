/* SPDX-License-Identifier: BSD-2-Clause
 *
 * limits - against real SQLite in a folder of its own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bounds.h"
#include "limits/limits.h"
#include "world.h"

static int64_t count_rows(struct world *w)
{
    return ask(w, "SELECT count(*) FROM limit_slot");
}

static void assert_speaks(const struct world *w, const char *name, const char *key)
{
    assert_non_null(w->charge.limit);
    assert_string_equal(w->charge.limit->name, name);
    assert_int_equal(w->charge.key.len, strlen(key));
    assert_memory_equal(w->charge.key.at, key, strlen(key));
}

static void test_all_or_none(void **state)
{
    struct world *w = *state;
    limit(w, "wide", "1000 recipients per 1h per host, then hold");
    limit(w, "narrow", "10 recipients per 1h per sender, then defer");
    assert_int_equal(charge_many(w, 8, NOW), ACTION_ACCEPT);
    assert_true(w->charge.is_charged);
    assert_int_equal(w->charge.charged_at_us, NOW);
    assert_int_equal(w->charge.line_count, 2);
    assert_null(w->charge.limit);
    assert_int_equal(charge_many(w, 3, NOW + 1), ACTION_DEFER);
    assert_speaks(w, "narrow", "sasl_user:bob");
    assert_false(w->charge.is_charged);
    assert_false(w->charge.is_permanent);
    assert_int_equal(w->charge.used, 8);
    assert_int_equal(w->charge.wanted, 3);
    assert_true(w->charge.free_at_us > NOW + HOUR);
    assert_true(w->charge.free_at_us < NOW + HOUR + 60 * SECOND);
    assert_int_equal(used(w, 0, "host", NOW), 8); /* the refused one cost nothing */
    assert_int_equal(used(w, 1, "sasl_user:bob", NOW), 8);
    int64_t free_at_us = w->charge.free_at_us;
    assert_int_equal(charge_many(w, 3, free_at_us - 1), ACTION_DEFER);
    assert_int_equal(charge_many(w, 3, free_at_us), ACTION_ACCEPT);
    assert_int_equal(charge_many(w, 2, NOW + 2), ACTION_ACCEPT); /* what still fits */
}

static void test_hold_chain(void **state)
{
    struct world *w = *state;
    limit(w, "login", "100 recipients per 1h per sender, burst 20, then hold");
    limit(w, "day", "500 recipients per 1d per sender, then hold");
    limit(w, "police", "90 recipients per 1h per client_ip, then defer");
    int64_t last_us = 0;
    int64_t due[200];
    for (int i = 0; i < 200; i++) {
        enum action action = charge(w, NOW + i * SECOND);
        due[i] = action == ACTION_ACCEPT ? NOW + i * SECOND : w->charge.due_at_us;
        if (action == ACTION_DEFER) { /* the policing one is full now */
            assert_int_equal(i, 90);
            assert_speaks(w, "police", "192.0.2.7");
            return;
        }
        assert_int_equal(action, i < 20 ? ACTION_ACCEPT : ACTION_HOLD);
        assert_true(w->charge.is_charged);
        assert_true(due[i] >= last_us);
        last_us = due[i];
        if (i >= 20) { /* never more than 20 in any twelve minutes */
            assert_true(due[i] - due[i - 20] > 720 * SECOND);
            assert_true(w->charge.is_burst);
            assert_int_equal(w->charge.used, 20);
        }
        /* police counts 90 at their departures, not at their arrivals: let it be */
        if (i == 89)
            break;
    }
    assert_true(due[89] > NOW + 48 * 60 * SECOND);
}

static void test_hold_conforms_to_all(void **state)
{
    struct world *w = *state;
    limit(w, "hour", "10 messages per 1h per sender, then hold");
    limit(w, "minute", "2 messages per 60s per host, then hold");
    limit(w, "ip", "4 messages per 7m per client_ip, then defer");
    int64_t due[300];
    size_t count = 0;
    for (int i = 0; i < 300; i++) {
        enum action action = charge(w, NOW + i * 60 * SECOND / 2);
        if (action == ACTION_DEFER)
            continue;
        due[count] =
            action == ACTION_ACCEPT ? NOW + i * 60 * SECOND / 2 : w->charge.due_at_us;
        count++;
    }
    assert_true(count >= 20);
    for (size_t i = 0; i < count; i++) { /* sliding log, closed windows */
        int in_hour = 0;
        int in_minute = 0;
        int in_seven = 0;
        for (size_t k = 0; k < count; k++) {
            in_hour += due[k] >= due[i] && due[k] <= due[i] + HOUR;
            in_minute += due[k] >= due[i] && due[k] <= due[i] + 60 * SECOND;
            in_seven += due[k] >= due[i] && due[k] <= due[i] + 420 * SECOND;
        }
        assert_in_range(in_hour, 1, 10);
        assert_in_range(in_minute, 1, 2);
        assert_in_range(in_seven, 1, 4);
    }
}

static void test_max_hold(void **state)
{
    struct world *w = *state;
    limit(w, "one", "1 message per 1h per sender, then hold");
    w->request.max_hold_us = 2 * HOUR;
    assert_int_equal(charge(w, NOW), ACTION_ACCEPT);
    assert_int_equal(charge(w, NOW), ACTION_HOLD);
    int64_t rows = count_rows(w);
    assert_int_equal(charge(w, NOW), ACTION_DEFER); /* it would wait over two hours */
    assert_speaks(w, "one", "sasl_user:bob");
    assert_false(w->charge.is_permanent);
    assert_true(w->charge.free_at_us > NOW + 2 * HOUR);
    assert_int_equal(w->charge.due_at_us, 0);
    w->request.must_not_refuse = true;
    assert_int_equal(charge(w, NOW), ACTION_HOLD);
    assert_int_equal(w->charge.due_at_us, 0);
    assert_false(w->charge.is_charged);
    assert_int_equal(w->charge.line_count, 1);
    assert_int_equal(count_rows(w), rows);
}

static void test_must_not_refuse(void **state)
{
    struct world *w = *state;
    limit(w, "defer", "1 message per 1h per sender, then defer");
    limit(w, "reject", "5 recipients per 1h per sender, then reject");
    w->request.must_not_refuse = true;
    assert_int_equal(charge(w, NOW), ACTION_ACCEPT);
    assert_int_equal(charge(w, NOW), ACTION_HOLD);
    assert_true(w->charge.due_at_us > NOW + HOUR);
    /* too large for ever: alone in an empty window, and not before the others */
    int64_t before_us = w->charge.due_at_us;
    assert_int_equal(charge_many(w, 50, NOW), ACTION_HOLD);
    assert_speaks(w, "defer", "sasl_user:bob"); /* both as late: the first */
    assert_true(w->charge.due_at_us > before_us + HOUR);
    assert_int_equal(w->charge.lines[1].amount, 50);
    assert_int_equal(used(w, 1, "sasl_user:bob", w->charge.due_at_us), 5);
}

static void test_larger_than_limit(void **state)
{
    struct world *w = *state;
    limit(w, "shape", "10 recipients per 1h per sender, then hold");
    assert_int_equal(charge_many(w, 500, NOW), ACTION_ACCEPT); /* an empty window */
    assert_int_equal(used(w, 0, "sasl_user:bob", NOW), 10);
    assert_int_equal(charge_many(w, 500, NOW + 1), ACTION_HOLD);
    int64_t due_us = w->charge.due_at_us;
    assert_true(due_us > NOW + HOUR);
    assert_int_equal(charge_many(w, 1, NOW + 2), ACTION_HOLD);
    assert_true(w->charge.due_at_us > due_us + HOUR);
}

static void test_permanent(void **state)
{
    struct world *w = *state;
    limit(w, "shape", "1 recipient per 1h per host, then hold");
    limit(w, "police", "10 recipients per 1h per sender, burst 5, then defer");
    assert_int_equal(charge_many(w, 11, NOW), ACTION_DEFER);
    assert_speaks(w, "police", "sasl_user:bob");
    assert_true(w->charge.is_permanent);
    assert_int_equal(w->charge.free_at_us, 0);
    assert_int_equal(charge_many(w, 6, NOW), ACTION_DEFER); /* never at once */
    assert_true(w->charge.is_permanent);
    assert_true(w->charge.is_burst);
    assert_int_equal(count_rows(w), 0);
    assert_int_equal(charge_many(w, 5, NOW), ACTION_ACCEPT);
}

static void test_strictest(void **state)
{
    struct world *w = *state;
    limit(w, "slow", "1 message per 1d per sender, then slow");
    limit(w, "hold", "1 message per 1d per host, then hold");
    limit(w, "defer-short", "1 message per 60s per sender, then defer");
    limit(w, "defer-long", "1 message per 1h per sender, then defer");
    limit(w, "reject", "3 messages per 1h per sender, then reject");
    assert_int_equal(charge(w, NOW), ACTION_ACCEPT);
    assert_int_equal(charge(w, NOW), ACTION_DEFER);
    assert_speaks(w, "defer-long", "sasl_user:bob");
    assert_int_equal(charge(w, NOW + 2 * HOUR), ACTION_HOLD);
    assert_speaks(w, "hold", "host");
    assert_int_equal(w->charge.due_at_us, 0 + w->charge.charged_at_us);
}

static void test_slow_never_waits(void **state)
{
    struct world *w = *state;
    limit(w, "domain", "2 messages per 1h per sender, then slow");
    assert_int_equal(charge(w, NOW), ACTION_ACCEPT);
    assert_int_equal(charge(w, NOW), ACTION_ACCEPT);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(charge(w, NOW + SECOND), ACTION_SLOW);
        assert_true(w->charge.is_charged);
        assert_int_equal(w->charge.charged_at_us, NOW + SECOND);
        assert_int_equal(w->charge.due_at_us, 0);
        assert_int_equal(w->charge.used, 2 + i); /* counted in full */
    }
    assert_speaks(w, "domain", "sasl_user:bob");
    /* a hold beside it: the slow one does not push the departure on */
    limit(w, "hold", "1 message per 60s per host, then hold");
    assert_int_equal(charge(w, NOW + 2 * SECOND), ACTION_SLOW);
    assert_int_equal(charge(w, NOW + 2 * SECOND), ACTION_HOLD);
    assert_true(w->charge.due_at_us < NOW + 65 * SECOND);
    /* larger than a slow limit: slow even into an empty window */
    w->count = 0;
    limit(w, "size", "10 recipients per 1h per sender, then slow");
    assert_int_equal(charge_many(w, 11, NOW), ACTION_SLOW);
    assert_int_equal(used(w, 0, "sasl_user:bob", NOW), 11);
}

static void test_per_message(void **state)
{
    struct world *w = *state;
    limit(w, "rcpt", "50 recipients per message, then reject");
    limit(w, "size", "2k bytes per message, then hold");
    limit(w, "login", "1000 recipients per 1h per sender, then hold");
    assert_int_equal(charge_many(w, 50, NOW), ACTION_ACCEPT);
    assert_int_equal(w->charge.line_count, 1); /* no state, no line */
    assert_int_equal(charge_many(w, 51, NOW), ACTION_REJECT);
    assert_speaks(w, "rcpt", "message");
    assert_int_equal(w->charge.wanted, 51);
    assert_true(w->charge.is_permanent);
    w->request.bytes = 2001;
    assert_int_equal(charge_many(w, 5, NOW), ACTION_HOLD);
    assert_speaks(w, "size", "message");
    assert_int_equal(w->charge.due_at_us, 0); /* no time frees it: a person does */
    assert_false(w->charge.is_charged);
    assert_int_equal(w->charge.line_count, 1);
    assert_int_equal(used(w, 2, "sasl_user:bob", NOW), 50);
    w->request.must_not_refuse = true;
    assert_int_equal(charge_many(w, 51, NOW), ACTION_HOLD);
}

/* Over a limit for review nothing is reserved, and no other limit's time frees it; what
 * scores less than the limit asks for does not meet it. */
static void test_review(void **state)
{
    struct world *w = *state;
    limit(w, "login", "100 recipients per 1h per sender, then hold");
    limit(
        w, "egress",
        "2 recipients per 1h per egress with 1.5 points or more, then hold for review");
    w->request.points_milli = 1500;
    assert_int_equal(charge_many(w, 2, NOW), ACTION_ACCEPT);
    assert_int_equal(charge_many(w, 1, NOW + 1), ACTION_HOLD);
    assert_speaks(w, "egress", "egress");
    assert_int_equal(w->charge.due_at_us, 0);
    assert_int_equal(w->charge.free_at_us, 0);
    assert_false(w->charge.is_charged);
    assert_int_equal(w->charge.line_count, 2); /* charged when a person lets it go */
    w->request.points_milli = 1499;
    assert_int_equal(charge_many(w, 98, NOW + 1), ACTION_ACCEPT);
    assert_int_equal(w->charge.line_count, 1);
    w->request.points_milli =
        1500; /* over both: the one for review has the last word */
    assert_int_equal(charge_many(w, 1, NOW + 1), ACTION_HOLD);
    assert_speaks(w, "egress", "egress");
    assert_int_equal(w->charge.due_at_us, 0);
    assert_int_equal(charge_many(w, 1, NOW + 2 * HOUR), ACTION_ACCEPT);
}

static void test_points(void **state)
{
    struct world *w = *state;
    limit(w, "egress", "4 points per 1h per egress, then hold");
    w->request.points_milli = 2500;
    assert_int_equal(charge(w, NOW), ACTION_ACCEPT);
    w->request.points_milli = 1500;
    assert_int_equal(charge(w, NOW), ACTION_ACCEPT);
    w->request.points_milli = 1;
    assert_int_equal(charge(w, NOW), ACTION_HOLD);
    w->request.points_milli = 0; /* clean mail goes on, uncounted */
    assert_int_equal(charge(w, NOW), ACTION_ACCEPT);
    assert_int_equal(w->charge.line_count, 0);
    w->request.points_milli = -5000;
    assert_int_equal(charge(w, NOW), ACTION_ACCEPT);
    assert_int_equal(used(w, 0, "egress", NOW), 4000);
}

static void test_keys(void **state)
{
    struct world *w = *state;
    limit(w, "pair", "1 message per 1h per sender+client_ip, then defer");
    assert_int_equal(charge(w, NOW), ACTION_ACCEPT);
    assert_int_equal(charge(w, NOW), ACTION_DEFER);
    assert_speaks(w, "pair", "sasl_user:bob+192.0.2.7");
    static const struct {
        const char *client_ip, *key;
    } rows[] = {
        {"2001:db8:1:2:3:4:5:6", "sasl_user:bob+2001:db8:1:2::/64"},
        {"2001:DB8:1:2::1", "sasl_user:bob+2001:db8:1:2::/64"}, /* the same */
        {"::ffff:192.0.2.7", "sasl_user:bob+192.0.2.7"},        /* the first */
        {"", "sasl_user:bob+local"},
    };
    static const enum action actions[] = {ACTION_ACCEPT, ACTION_DEFER, ACTION_DEFER,
                                          ACTION_ACCEPT};
    for (size_t i = 0; i < 4; i++) {
        w->request.client_ip = span_of(rows[i].client_ip);
        assert_int_equal(charge(w, NOW), actions[i]);
        assert_int_equal(w->charge.line_count, 1);
        assert_string_equal(span_cstr(w->arena, w->charge.lines[0].key), rows[i].key);
    }
    w->count = 0;
    limit(w, "from", "1 message per 1h per from_domain, then defer");
    w->request.from_domain = SPAN("EXAMPLE.com");
    charge(w, NOW);
    assert_string_equal(span_cstr(w->arena, w->charge.lines[0].key), "example.com");
    w->request.from_domain = SPAN("");
    charge(w, NOW);
    assert_string_equal(span_cstr(w->arena, w->charge.lines[0].key), "none");
}

static void test_hostile_keys(void **state)
{
    struct world *w = *state;
    char huge[5000];
    memset(huge, 'a', sizeof huge);
    limit(w, "pair", "1 message per 1h per sender+from_domain, then defer");
    w->request.sender = (struct span){huge, sizeof huge};
    w->request.from_domain = (struct span){"a+b\0\xff\n\xc3\xa9", 8};
    assert_int_equal(charge(w, NOW), ACTION_ACCEPT);
    assert_true(w->charge.lines[0].key.len <= BOUND_KEY_BYTES);
    assert_true(utf8_is_valid(w->charge.lines[0].key));
    assert_true(span_iends(w->charge.lines[0].key, SPAN("+a?b???\xc3\xa9")));
    assert_int_equal(charge(w, NOW), ACTION_DEFER);
    w->request.sender = SPAN("");
    assert_int_equal(charge(w, NOW), ACTION_ACCEPT);
}

static void test_recipient_domains(void **state)
{
    struct world *w = *state;
    struct span domains[] = {SPAN("b.example"), SPAN("A.example"), SPAN("a.example"),
                             SPAN("b.example"), SPAN("b.example")};
    limit(w, "rcpt", "3 recipients per 1h per recipient_domain, then defer");
    limit(w, "msgs", "2 messages per 1h per sender+recipient_domain, then hold");
    w->request.recipient_domains = domains;
    w->request.recipient_domain_count = 5;
    assert_int_equal(charge_many(w, 5, NOW), ACTION_ACCEPT);
    assert_int_equal(w->charge.line_count, 4);
    assert_int_equal(used(w, 0, "a.example", NOW), 2);
    assert_int_equal(used(w, 0, "b.example", NOW), 3);
    assert_int_equal(used(w, 1, "sasl_user:bob+b.example", NOW), 1);
    w->request.recipient_domain_count = 1; /* b.example is full */
    assert_int_equal(charge_many(w, 1, NOW), ACTION_DEFER);
    assert_speaks(w, "rcpt", "b.example");
    w->request.recipient_domains = domains + 2; /* one more to a.example */
    assert_int_equal(charge_many(w, 1, NOW), ACTION_ACCEPT);
    w->request.recipient_domain_count = 0;
    assert_int_equal(charge_many(w, 2, NOW), ACTION_ACCEPT);
    assert_int_equal(used(w, 0, "none", NOW), 2);
}

static void test_many_domains(void **state)
{
    struct world *w = *state;
    enum { COUNT = 3000 };
    static struct span domains[COUNT];
    static char names[COUNT][32];
    for (int i = 0; i < COUNT; i++) {
        snprintf(names[i], sizeof names[i], "d%04d.example", i / 2 * (i > 9));
        domains[i] = span_of(names[i]);
    }
    limit(w, "rcpt", "100000 recipients per 1h per recipient_domain, then defer");
    w->request.recipient_domains = domains;
    w->request.recipient_domain_count = COUNT;
    assert_int_equal(charge_many(w, COUNT, NOW), ACTION_ACCEPT);
    assert_int_equal(w->charge.line_count, BOUND_CHARGED_DOMAINS + 1);
    assert_int_equal(used(w, 0, "d0000.example", NOW),
                     10); /* the largest has its own */
    assert_int_equal(used(w, 0, "(others)", NOW),
                     COUNT - 10 - 2 * (BOUND_CHARGED_DOMAINS - 1));
}

static void test_classes(void **state)
{
    struct world *w = *state;
    limit(w, "login", "1 message per 1h per sender, then defer");
    limit(w, "forwarded", "2 messages per 1h per host in forwarded, then defer");
    limit(w, "all", "100 messages per 1h per host, then defer");
    w->request.mail_class = CLASS_FORWARDED;
    assert_int_equal(charge(w, NOW), ACTION_ACCEPT);
    assert_int_equal(w->charge.line_count, 2);
    assert_int_equal(charge(w, NOW), ACTION_ACCEPT);
    assert_int_equal(charge(w, NOW), ACTION_DEFER);
    assert_speaks(w, "forwarded", "host");
    w->request.mail_class = CLASS_OUTBOUND;
    assert_int_equal(charge(w, NOW), ACTION_ACCEPT);
    assert_int_equal(w->charge.line_count, 2);
    w->request.mail_class = CLASS_INBOUND;
    assert_int_equal(charge(w, NOW), ACTION_ACCEPT);
    assert_int_equal(w->charge.line_count, 0);
    assert_int_equal(used(w, 2, "host", NOW), 3);
}

static void test_not_charged(void **state)
{
    struct world *w = *state;
    limit(w, "login", "1 recipient per 1h per sender, then reject");
    w->request.is_charged = false;
    assert_int_equal(charge_many(w, 9, NOW), ACTION_ACCEPT);
    assert_int_equal(w->charge.line_count, 1);
    assert_int_equal(w->charge.lines[0].amount, 9);
    assert_false(w->charge.is_charged);
    assert_int_equal(count_rows(w), 0);
}

static void test_restart(void **state)
{
    struct world *w = *state;
    limit(w, "login", "3 recipients per 1h per sender, burst 2, then hold");
    assert_int_equal(charge_many(w, 2, NOW), ACTION_ACCEPT);
    assert_int_equal(charge_many(w, 1, NOW), ACTION_HOLD);
    int64_t due_us = w->charge.due_at_us;
    reopen(w);
    assert_int_equal(charge_many(w, 1, NOW), ACTION_HOLD);
    assert_true(w->charge.due_at_us > due_us);
    assert_int_equal(used(w, 0, "sasl_user:bob", due_us), 3);
}

static void test_config_change(void **state)
{
    struct world *w = *state;
    limit(w, "login", "10 recipients per 1d per sender, then defer");
    assert_int_equal(charge_many(w, 10, NOW), ACTION_ACCEPT);
    w->count = 0;
    limit(w, "login", "10 recipients per 1h per sender, then defer");
    assert_int_equal(charge_many(w, 1, NOW + 1), ACTION_DEFER); /* not forgiven */
    int64_t free_at_us = w->charge.free_at_us;
    assert_in_range(free_at_us - NOW, HOUR, HOUR + DAY / LIMIT_KEYS_BYTES);
    assert_int_equal(charge_many(w, 1, NOW + HOUR + 700 * SECOND), ACTION_ACCEPT);
}

static void test_used(void **state)
{
    struct world *w = *state;
    int64_t amount;
    int64_t free_at_us;
    limit(w, "login", "10 recipients per 1h per sender, then defer");
    charge_many(w, 8, NOW);
    struct span key = SPAN("sasl_user:bob");
    assert_int_equal(
        limits_used(w->db, w->table, key, 2, NOW, &amount, &free_at_us, &w->err), 0);
    assert_int_equal(amount, 8);
    assert_int_equal(free_at_us, 0);
    assert_int_equal(
        limits_used(w->db, w->table, key, 3, NOW, &amount, &free_at_us, &w->err), 0);
    assert_true(free_at_us > NOW + HOUR);
    assert_int_equal(
        limits_used(w->db, w->table, SPAN("x"), 3, NOW, &amount, &free_at_us, &w->err),
        0);
    assert_int_equal(amount, 0);
}

static void test_dead_rows_go(void **state)
{
    struct world *w = *state;
    limit(w, "login", "1000 recipients per 60s per sender, burst 10, then defer");
    for (int i = 0; i < 3000; i++)
        charge_many(w, 1, NOW + i * SECOND);
    assert_true(count_rows(w) < 2 * (130 + 20));
    for (int i = 0; i < 30; i++) /* other senders who never come back */
    {
        char name[16];
        snprintf(name, sizeof name, "uid:%d", i);
        w->request.sender = span_of(name);
        charge_many(w, 1, NOW);
    }
    for (int i = 0; i < 100; i++)
        assert_int_equal(limits_expire(w->db, NOW + HOUR, 7, &w->err), 0);
    assert_int_equal(count_rows(w), 0);
}

static void test_publish(void **state)
{
    struct world *w = *state;
    limit(w, "login", "10 recipients per 1h per sender, then defer");
    limit(w, "egress", "4.5 points per 1h per egress, then hold");
    assert_int_equal(limits_publish(w->db, w->table, 2, &w->err), 0);
    charge_many(w, 4, NOW);
    assert_int_equal(limits_publish(w->db, w->table, 2, &w->err), 0);
    assert_int_equal(used(w, 0, "sasl_user:bob", NOW), 4);
    w->count = 0;
    limit(w, "login", "10 messages per 1h per sender, then defer");
    assert_int_equal(limits_publish(w->db, w->table, 1, &w->err), 0);
    assert_int_equal(used(w, 0, "sasl_user:bob", NOW), 0); /* another unit */
    struct query *query = db_query(
        w->db,
        "SELECT name, sentence FROM limit_in_force WHERE is_in_force ORDER BY position",
        &w->err);
    assert_int_equal(query_step(query, &w->err), 1);
    assert_true(span_eq(query_text(query, 1),
                        SPAN("10 messages per 1h per sender, then defer")));
    assert_int_equal(query_step(query, &w->err), 0);
}

static void test_small_arena(void **state)
{
    struct world *w = *state;
    limit(w, "login", "10 recipients per 1h per sender, then defer");
    struct arena *tiny = arena_new(16);
    assert_int_equal(
        limits_charge(w->db, w->table, 1, &w->request, NOW, tiny, &w->charge, &w->err),
        -1);
    assert_int_equal(w->err.code, ERR_MEMORY);
    arena_free(&tiny);
    assert_int_equal(count_rows(w), 0);
}

static void test_huge_amounts(void **state)
{
    struct world *w = *state;
    limit(w, "login", "1000000000000000 bytes per 1h per sender, then slow");
    w->request.bytes = INT64_MAX;
    for (int i = 0; i < 2000; i++)
        charge(w, NOW);
    assert_int_equal(w->charge.action, ACTION_SLOW);
    assert_true(used(w, 0, "sasl_user:bob", NOW) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
        T(test_all_or_none),  T(test_hold_chain),      T(test_hold_conforms_to_all),
        T(test_max_hold),     T(test_must_not_refuse), T(test_larger_than_limit),
        T(test_permanent),    T(test_strictest),       T(test_slow_never_waits),
        T(test_per_message),  T(test_review),          T(test_points),
        T(test_keys),         T(test_hostile_keys),    T(test_recipient_domains),
        T(test_many_domains), T(test_classes),         T(test_not_charged),
        T(test_restart),      T(test_config_change),   T(test_used),
        T(test_dead_rows_go), T(test_publish),         T(test_small_arena),
        T(test_huge_amounts),
#undef T
    };
    return cmocka_run_group_tests_name("limits", tests, NULL, NULL);
}
