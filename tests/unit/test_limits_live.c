/* SPDX-License-Identifier: BSD-2-Clause
 *
 * limits - what depends on who it is, and on what an administrator orders while it
 * runs: feedback, campaigns, blocks, ages, learned amounts, overrides, exemptions.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "limits/exemption.h"
#include "limits/limit_key.h"
#include "limits/limit_override.h"
#include "world.h"

/* ---- units and keys ---- */

static void test_new_recipients(void **state)
{
    struct world *w = *state;
    limit(w, "new", "5 new_recipients per 1h per sender, then hold");
    w->request.recipients = 50;
    assert_int_equal(charge(w, NOW), ACTION_ACCEPT); /* none of them is new */
    assert_int_equal(w->charge.line_count, 0);
    w->request.new_recipients = 3;
    assert_int_equal(charge(w, NOW), ACTION_ACCEPT);
    assert_int_equal(charge(w, NOW), ACTION_HOLD);
    assert_int_equal(w->charge.wanted, 3);
    w->request.new_recipients = 2;
    assert_int_equal(charge(w, NOW), ACTION_ACCEPT); /* what still fits */
}

static void test_campaign(void **state)
{
    struct world *w = *state;
    limit(w, "text", "2 messages per 1h per campaign, then hold");
    limit(w, "pair", "1 message per 1h per sender+campaign, then slow");
    for (int i = 0; i < 5; i++) {
        assert_int_equal(charge(w, NOW), ACTION_ACCEPT);
        assert_int_equal(w->charge.line_count, 0);
    }
    w->request.campaign = SPAN("c0ffee");
    assert_int_equal(charge(w, NOW), ACTION_ACCEPT);
    assert_int_equal(w->charge.line_count, 2);
    w->request.sender = SPAN("sasl_user:carol"); /* another account, the same text */
    assert_int_equal(charge(w, NOW), ACTION_ACCEPT);
    w->request.sender = SPAN("sasl_user:dave");
    assert_int_equal(charge(w, NOW), ACTION_HOLD);
    assert_true(span_eq(w->charge.key, SPAN("c0ffee")));
    w->request.campaign = SPAN("decade");
    assert_int_equal(charge(w, NOW), ACTION_ACCEPT);
    assert_true(span_eq(w->charge.lines[1].key, SPAN("sasl_user:dave+decade")));
}

static void test_line_used(void **state)
{
    struct world *w = *state;
    limit(w, "day", "10 recipients per 1d per sender, then hold");
    limit(w, "hour", "4 recipients per 1h per sender, burst 3, then hold");
    charge_many(w, 2, NOW);
    assert_int_equal(w->charge.lines[0].used, 2);
    assert_int_equal(w->charge.lines[1].used, 2);
    charge_many(w, 2, NOW); /* waits for the burst: two in its window then */
    assert_int_equal(w->charge.action, ACTION_HOLD);
    assert_int_equal(w->charge.lines[0].used, 4);
    assert_int_equal(w->charge.lines[0].limit->amount, 10);
    assert_int_equal(w->charge.lines[1].used, 4);
    w->request.is_charged = false;
    charge_many(w, 2, NOW + HOUR);
    assert_int_equal(w->charge.lines[0].used, 0); /* not asked for */
}

/* ---- feedback ---- */

static size_t feed(struct world *w, enum limit_unit unit, int64_t now_us,
                   struct feedback_reached reached[FEEDBACK_REACHED_MAX])
{
    size_t count;
    if (limits_charge_feedback(w->db, w->table, w->count, unit, &w->request, now_us,
                               w->arena, reached, &count, &w->err) != 0)
        fail_msg("%s", w->err.text);
    return count;
}

static void test_feedback(void **state)
{
    struct world *w = *state;
    struct feedback_reached reached[FEEDBACK_REACHED_MAX];
    limit(w, "bounces", "3 bounces per 1d per sender, then hold");
    limit(w, "complaints", "2 complaints per 1d per from_domain, then defer");
    limit(w, "mail", "100 messages per 1h per sender, then hold");
    for (int i = 0; i < 2; i++)
        assert_int_equal(feed(w, LIMIT_BOUNCES, NOW + i, reached), 0);
    for (int i = 0; i < 10; i++) { /* mail costs it nothing */
        assert_int_equal(charge(w, NOW + MINUTE), ACTION_ACCEPT);
        assert_int_equal(w->charge.line_count, 1);
    }
    assert_int_equal(feed(w, LIMIT_BOUNCES, NOW + 2 * MINUTE, reached), 1);
    assert_string_equal(reached[0].limit->name, "bounces");
    assert_int_equal(reached[0].used, 3);
    assert_int_equal(reached[0].blocked.len, 0);
    assert_int_equal(charge(w, NOW + HOUR), ACTION_HOLD);
    assert_string_equal(w->charge.limit->name, "bounces");
    assert_true(w->charge.due_at_us > NOW + DAY);
    assert_true(w->charge.due_at_us < NOW + DAY + HOUR);
    int64_t due_us = w->charge.due_at_us;
    assert_int_equal(charge(w, due_us), ACTION_ACCEPT);
    /* the other unit is a budget of its own; more than full is charged all the same */
    assert_int_equal(feed(w, LIMIT_COMPLAINTS, due_us, reached), 0);
    assert_int_equal(feed(w, LIMIT_COMPLAINTS, due_us, reached), 1);
    assert_int_equal(feed(w, LIMIT_COMPLAINTS, due_us, reached), 1);
    assert_int_equal(reached[0].used, 3);
    assert_int_equal(charge(w, due_us), ACTION_DEFER);
    w->request.from_domain = SPAN("other.example");
    assert_int_equal(charge(w, due_us), ACTION_ACCEPT);
}

static void test_feedback_untold(void **state)
{
    struct world *w = *state;
    struct feedback_reached reached[FEEDBACK_REACHED_MAX];
    limit(w, "pair", "1 bounce per 1d per sender+recipient_domain, then hold");
    limit(w, "text", "1 bounce per 1d per campaign, then hold");
    limit(w, "host", "1 bounce per 1d per host, then hold");
    struct span domain = SPAN("There.Example");
    assert_int_equal(feed(w, LIMIT_BOUNCES, NOW, reached), 1); /* the host alone */
    assert_string_equal(reached[0].limit->name, "host");
    w->request.recipient_domains = &domain;
    w->request.recipient_domain_count = 1;
    w->request.campaign = SPAN("c0ffee");
    assert_int_equal(feed(w, LIMIT_BOUNCES, NOW, reached), 3);
    assert_true(span_eq(reached[0].key, SPAN("sasl_user:bob+there.example")));
}

/* ---- block ---- */

static void assert_blocked(struct world *w, const char *sender, int64_t until_us)
{
    struct query *query = db_query(
        w->db, "SELECT until_us, by FROM blocked_sender WHERE sender = ?1", &w->err);
    query_bind_text(query, 1, span_of(sender));
    assert_int_equal(query_step(query, &w->err), until_us != 0);
    if (until_us != 0) {
        assert_int_equal(query_int(query, 0), until_us);
        assert_true(span_starts(query_text(query, 1), SPAN("limit ")));
    }
    query_reset(query);
}

static void test_block(void **state)
{
    struct world *w = *state;
    limit(w, "flood", "2 messages per 1h per sender, then block for 24h");
    limit(w, "ip", "3 messages per 1h per client_ip+host, then block for 1h");
    charge(w, NOW);
    charge(w, NOW);
    assert_blocked(w, "sasl_user:bob", 0);
    assert_int_equal(charge(w, NOW + 1), ACTION_REJECT);
    assert_true(span_eq(w->charge.blocked, SPAN("sasl_user:bob")));
    assert_int_equal(w->charge.blocked_until_us, NOW + 1 + DAY);
    assert_false(w->charge.is_charged);
    assert_blocked(w, "sasl_user:bob", NOW + 1 + DAY);
    assert_int_equal(charge(w, NOW + 5), ACTION_REJECT); /* and longer */
    assert_blocked(w, "sasl_user:bob", NOW + 5 + DAY);
    w->request.sender = SPAN("sasl_user:carol");
    w->request.client_ip = SPAN("2001:db8::7");
    w->request.must_not_refuse = true; /* refused mail waits; who sent it is locked */
    w->request.wall_us = NOW + HOUR;
    for (int i = 0; i < 3; i++)
        charge(w, NOW);
    assert_int_equal(w->charge.action, ACTION_HOLD);
    assert_true(w->charge.due_at_us > NOW + HOUR);
    assert_blocked(w, "sasl_user:carol", NOW + HOUR + DAY);
    w->request.sender = SPAN("sasl_user:dave");
    charge(w, NOW);
    charge(w, NOW);
    assert_blocked(w, "client_ip:2001:db8::/64", NOW + 2 * HOUR);
    assert_blocked(w, "sasl_user:dave", 0);
}

static void test_block_by_hand_stays(void **state)
{
    struct world *w = *state;
    limit(w, "flood", "1 message per 1h per sender, then block for 24h");
    sql(w, "INSERT INTO blocked_sender (sender, since_us, reason, by) VALUES "
           "('sasl_user:bob', 1, 'by hand', 'root')");
    charge(w, NOW);
    assert_int_equal(charge(w, NOW), ACTION_REJECT);
    assert_int_equal(ask(w, "SELECT count(*) FROM blocked_sender WHERE by = 'root' AND "
                            "until_us IS NULL"),
                     1);
    w->request.sender = SPAN("sasl_user:carol");
    w->request.is_shadow = true; /* recorded, not done */
    charge(w, NOW);
    assert_int_equal(charge(w, NOW), ACTION_REJECT);
    assert_int_equal(w->charge.blocked.len, 0);
    assert_int_equal(ask(w, "SELECT count(*) FROM blocked_sender"), 1);
}

static void test_block_by_feedback(void **state)
{
    struct world *w = *state;
    struct feedback_reached reached[FEEDBACK_REACHED_MAX];
    limit(w, "bounces", "2 bounces per 1d per sender, then block for 24h");
    assert_int_equal(feed(w, LIMIT_BOUNCES, NOW, reached), 0);
    assert_blocked(w, "sasl_user:bob", 0);
    assert_int_equal(feed(w, LIMIT_BOUNCES, NOW + HOUR, reached), 1);
    assert_true(span_eq(reached[0].blocked, SPAN("sasl_user:bob")));
    assert_blocked(w, "sasl_user:bob", NOW + HOUR + DAY);
    assert_int_equal(charge(w, NOW + HOUR), ACTION_REJECT);
}

/* ---- ages and the past ---- */

static void test_younger(void **state)
{
    struct world *w = *state;
    limit(w, "new",
          "2 recipients per 1h per sender for senders younger than 14d, then "
          "hold");
    limit(w, "big", "5 recipients per message for senders younger than 1d, then hold");
    assert_int_equal(charge_many(w, 2, NOW), ACTION_ACCEPT); /* never seen before */
    assert_int_equal(charge_many(w, 1, NOW), ACTION_HOLD);
    w->request.sender_first_us = NOW - 14 * DAY + SECOND;
    assert_int_equal(charge_many(w, 1, NOW), ACTION_HOLD);
    assert_int_equal(charge_many(w, 1, NOW + 2 * SECOND), ACTION_ACCEPT); /* of age */
    assert_int_equal(w->charge.line_count, 0);
    assert_int_equal(charge_many(w, 50, NOW + 2 * SECOND), ACTION_ACCEPT);
    w->request.sender_first_us = NOW - HOUR;
    w->request.sender = SPAN("sasl_user:carol");
    assert_int_equal(charge_many(w, 6, NOW), ACTION_HOLD);
    assert_string_equal(w->charge.limit->name, "big");
    w->request.wall_us = NOW + 15 * DAY; /* ages are wall time */
    assert_int_equal(charge_many(w, 6, NOW), ACTION_ACCEPT);
}

/* What the sender's past holds: `recipients` in the hour that began hours_ago. */
static void past(struct world *w, int64_t hours_ago, int64_t recipients)
{
    struct query *query =
        db_query(w->db,
                 "INSERT INTO sender_hour (sender, hour, messages, recipients, "
                 "new_recipients, bytes, points) VALUES (1, ?1, 1, ?2, 0, 1, 500)",
                 &w->err);
    query_bind_int(query, 1, NOW / HOUR - hours_ago);
    query_bind_int(query, 2, recipients);
    assert_int_equal(query_run(query, &w->err), 0);
}

static int64_t most(struct world *w, size_t i, int64_t now_us)
{
    struct limit standing;
    bool is_overridden;
    assert_int_equal(limits_for_key(w->db, &w->table[i], SPAN("sasl_user:bob"), now_us,
                                    &standing, &is_overridden, &w->err),
                     0);
    return standing.amount;
}

static void test_learned(void **state)
{
    struct world *w = *state;
    limit(w, "own",
          "3 times learned recipients per 1h per sender, at least 10, at most "
          "200, then hold");
    limit(w, "half",
          "1.5 times learned points per 1h per sender, at least 0.1, then hold");
    assert_int_equal(most(w, 0, NOW), 10); /* without a past: the floor */
    sql(w, "INSERT INTO sender_seen (id, sender, first_us, last_us, messages, "
           "recipients) VALUES (1, 'sasl_user:bob', 1, 1, 1, 1)");
    past(w, 24, 1000); /* ended less than a day ago */
    past(w, 1, 1000);
    assert_int_equal(most(w, 0, NOW), 10);
    past(w, 673, 1000); /* more than four weeks ago */
    assert_int_equal(most(w, 0, NOW), 10);
    past(w, 100, 3);
    assert_int_equal(most(w, 0, NOW), 10);
    past(w, 25, 20); /* the busiest that counts */
    assert_int_equal(most(w, 0, NOW), 60);
    assert_int_equal(most(w, 1, NOW), 750);
    assert_int_equal(charge_many(w, 60, NOW), ACTION_ACCEPT);
    assert_int_equal(w->charge.lines[0].limit->amount, 60);
    assert_int_equal(w->charge.lines[0].used, 60);
    assert_int_equal(charge_many(w, 1, NOW), ACTION_HOLD);
    assert_int_equal(w->charge.limit->amount, 60);
    assert_int_equal(most(w, 0, NOW + HOUR),
                     200); /* the thousand counts: the ceiling */
}

/* ---- overrides ---- */

static void set_override(struct world *w, size_t i, const char *key, const char *text,
                         int64_t now_us, int64_t until_us)
{
    struct limit changed;
    if (limit_parse_override(&w->table[i], span_of(text), &changed, &w->err) != 0 ||
        limit_override_set(w->db, &w->table[i], &changed, span_of(key), now_us,
                           until_us, SPAN("why"), SPAN("who"), now_us, &w->err) != 0)
        fail_msg("%s", w->err.text);
}

static void remove_override(struct world *w, const char *name, const char *key)
{
    bool removed;
    assert_int_equal(
        limit_override_remove(w->db, span_of(name), span_of(key), &removed, &w->err),
        0);
    assert_true(removed);
}

static void test_override(void **state)
{
    struct world *w = *state;
    limit(w, "login", "10 recipients per 1h per sender, then defer");
    assert_int_equal(charge_many(w, 10, NOW), ACTION_ACCEPT);
    assert_int_equal(charge_many(w, 1, NOW), ACTION_DEFER);
    set_override(w, 0, "sasl_user:bob", "15 recipients per 1h", NOW, NOW + HOUR / 2);
    assert_int_equal(charge_many(w, 5, NOW), ACTION_ACCEPT); /* at once */
    assert_int_equal(w->charge.lines[0].limit->amount, 15);
    assert_int_equal(w->charge.lines[0].used, 15);
    assert_int_equal(charge_many(w, 1, NOW), ACTION_DEFER);
    assert_int_equal(w->charge.limit->amount, 15);
    w->request.sender = SPAN("sasl_user:carol"); /* nobody else's */
    assert_int_equal(charge_many(w, 11, NOW), ACTION_DEFER);
    w->request.sender = SPAN("sasl_user:bob");
    int64_t later_us = NOW + HOUR / 2 + SECOND; /* it is over, what was sent counts */
    assert_int_equal(charge_many(w, 1, later_us), ACTION_DEFER);
    assert_int_equal(w->charge.limit->amount, 10);
    assert_int_equal(charge_many(w, 10, NOW + HOUR + MINUTE), ACTION_ACCEPT);
}

/* A shorter window for a while must not make the long one forget. */
static void test_override_forgets_nothing(void **state)
{
    struct world *w = *state;
    limit(w, "day", "1000 recipients per 1d per sender, then defer");
    assert_int_equal(limits_publish(w->db, w->table, 1, &w->err), 0);
    set_override(w, 0, "sasl_user:bob", "10 recipients per 60s, burst 4", NOW, 0);
    int64_t sent = 0;
    int64_t now_us = NOW;
    for (; now_us < NOW + 2 * HOUR; now_us += SECOND)
        sent += charge_many(w, 1, now_us) == ACTION_ACCEPT;
    assert_in_range(sent, 1150, 1200); /* whole seconds cost the burst a little */
    /* many rows of the short window became few of the long one */
    for (int i = 0; i < 100; i++)
        assert_int_equal(limits_expire(w->db, now_us, 100, &w->err), 0);
    assert_in_range(ask(w, "SELECT count(*) FROM limit_slot"), 1, 700);
    assert_int_equal(ask(w, "SELECT sum(amount) FROM limit_slot WHERE part = 0"), sent);
    remove_override(w, "day", "sasl_user:bob");
    assert_int_equal(charge_many(w, 1, now_us), ACTION_DEFER);
    assert_int_equal(used(w, 0, "sasl_user:bob", now_us), sent);
    assert_true(w->charge.free_at_us > NOW + DAY);
    assert_true(w->charge.free_at_us < NOW + DAY + 2 * HOUR);
}

/* A longer window than the limit's own sees what was charged before it was set. */
static void test_override_looks_back(void **state)
{
    struct world *w = *state;
    limit(w, "hour", "100 recipients per 1h per sender, then defer");
    for (int i = 0; i < 10; i++) {
        int64_t now_us = NOW + i * HOUR;
        char text[700];
        assert_int_equal(charge_many(w, 50, now_us), ACTION_ACCEPT);
        snprintf(
            text, sizeof text,
            "INSERT INTO message (at_us, class, path, sender, identified_by, "
            "queue_id, message_id, message_id_local, client_ip, client_name, helo, "
            "mail_from, header_from, from_domain, subject, x_mailer, script, "
            "recipients, rcpt_to, size_bytes, score, action, meant, reason, reply, "
            "incident, is_shadow, elapsed_us) VALUES (%lld, '', '', '', '', '', '', "
            "'', '', '', '', '', '', '', '', '', '', 1, '', 1, 0, '', '', '', '', "
            "'', 0, 0)",
            (long long)now_us);
        sql(w, text);
        snprintf(text, sizeof text,
                 "INSERT INTO charge VALUES (last_insert_rowid(), 'hour', "
                 "'sasl_user:bob', 50, %lld)",
                 (long long)now_us);
        sql(w, text);
        limits_expire(w->db, now_us, 1000, &w->err);
        limits_expire(w->db, now_us, 1000, &w->err);
    }
    int64_t now_us = NOW + 10 * HOUR;
    set_override(w, 0, "sasl_user:bob", "501 recipients per 1d", now_us, 0);
    assert_int_equal(charge_many(w, 2, now_us), ACTION_DEFER);
    assert_int_equal(w->charge.used, 500);
    assert_int_equal(charge_many(w, 1, now_us), ACTION_ACCEPT);
}

static void test_typed_keys(void **state)
{
    struct world *w = *state;
    static const struct {
        const char *sentence, *typed, *key;
    } rows[] = {
        {"1 message per 1h per sender, then hold", "sasl_user:Bob@Example.COM",
         "sasl_user:bob@example.com"},
        {"1 message per 1h per client_ip, then hold", "2001:DB8::1:2", "2001:db8::/64"},
        {"1 message per 1h per client_ip, then hold", "2001:db8::/64", "2001:db8::/64"},
        {"1 message per 1h per client_ip, then hold", "192.0.2.7", "192.0.2.7"},
        {"1 message per 1h per client_ip, then hold", "client_ip:2001:db8::1",
         "2001:db8::/64"},
        {"1 message per 1h per from_domain, then hold", "Example.COM", "example.com"},
        {"1 message per 1h per from_domain, then hold", "from_domain:Example.COM",
         "example.com"},
        {"1 message per 1h per client_ip+sender, then hold",
         "client_ip:192.0.2.7+sasl_user:A", "192.0.2.7+sasl_user:a"},
        {"1 message per 1h per sender, then hold", "client_ip:192.0.2.7",
         "client_ip:192.0.2.7"},
        {"1 message per 1h per host, then hold", "host", "host"},
        {"1 message per 1h per sender+recipient_domain, then hold",
         "sasl_user:A+B+Example.org", "sasl_user:a+b+example.org"},
        {"1 message per 1h per client_ip+sender, then hold", "192.0.2.7+sasl_user:A+B",
         "192.0.2.7+sasl_user:a+b"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        w->count = 0;
        struct limit *l = limit(w, "x", rows[i].sentence);
        struct span key = limit_key_typed(l, span_of(rows[i].typed), w->arena);
        assert_string_equal(span_cstr(w->arena, key), rows[i].key);
    }
}

/* ---- exemptions ---- */

static void exempt(struct world *w, const char *typed, const char *name,
                   int64_t until_us)
{
    struct span key;
    if (exemption_key(w->arena, span_of(typed), &key, &w->err) != 0 ||
        exemption_set(w->db, key, span_of(name), NOW, until_us, SPAN(""), SPAN("who"),
                      &w->err) != 0)
        fail_msg("%s: %s", typed, w->err.text);
}

static bool is_exempt(struct world *w, const char *name)
{
    bool answer;
    assert_int_equal(
        exemption_find(w->db, &w->request, name, NOW, w->arena, &answer, &w->err), 0);
    return answer;
}

static void test_exemptions(void **state)
{
    struct world *w = *state;
    struct span domains[] = {SPAN("a.example"), SPAN("B.example"), SPAN("a.example")};
    static const char *const keys[] = {
        "sasl_user:BOB",
        "client_ip:192.0.2.7",
        "client_ip:192.0.2.0/28",
        "from_domain:EXAMPLE.com",
        "recipient_domain:a.example",
        "campaign:C0FFEE",
    };
    w->request.recipient_domains = domains;
    w->request.recipient_domain_count = 1;
    w->request.campaign = SPAN("c0ffee");
    assert_false(is_exempt(w, NULL));
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        exempt(w, keys[i], "", 0);
        if (!is_exempt(w, NULL) || !is_exempt(w, "any"))
            fail_msg("%s exempts not", keys[i]);
        sql(w, "DELETE FROM exemption");
        exempt(w, keys[i], "one", NOW + 1);
        assert_false(is_exempt(w, NULL));
        assert_true(is_exempt(w, "one"));
        assert_false(is_exempt(w, "two"));
        sql(w, "DELETE FROM exemption");
        exempt(w, keys[i], "", NOW); /* it is over */
        assert_false(is_exempt(w, "one"));
        sql(w, "DELETE FROM exemption");
    }
    exempt(w, "client_ip:192.0.3.0/24", "", 0);
    exempt(w, "client_ip:2001:db8::/32", "", 0);
    exempt(w, "sasl_user:carol", "", 0);
    exempt(w, "mail_from:bob@example.com", "", 0);
    assert_false(is_exempt(w, NULL));
    w->request.client_ip = SPAN("2001:db8:7::1");
    assert_true(is_exempt(w, NULL));
}

/* A user's scripts are his, whatever they call themselves. */
static void test_exempt_users(void **state)
{
    struct world *w = *state;
    w->request.sender = SPAN("script:33:mailer.php");
    exempt(w, "uid:34", "", 0);
    exempt(w, "script:33:other.php", "", 0);
    assert_false(is_exempt(w, "web"));
    exempt(w, "uid:33", "web", 0);
    assert_true(is_exempt(w, "web"));
    assert_false(is_exempt(w, "login"));
    w->request.sender = SPAN("uid:34");
    assert_true(is_exempt(w, NULL));
}

/* Of recipients' domains every one must be exempt. */
static void test_exempt_recipients(void **state)
{
    struct world *w = *state;
    struct span domains[] = {SPAN("a.example"), SPAN("B.example"), SPAN("a.example")};
    w->request.recipient_domains = domains;
    w->request.recipient_domain_count = 3;
    w->request.recipients = 3;
    exempt(w, "recipient_domain:a.example", "", 0);
    assert_false(is_exempt(w, "one"));
    exempt(w, "recipient_domain:b.example", "one", 0);
    assert_true(is_exempt(w, "one"));
    assert_false(is_exempt(w, "two"));
    assert_false(is_exempt(w, NULL));
    exempt(w, "recipient_domain:b.example", "", 0);
    assert_true(is_exempt(w, NULL));
    w->request.recipients = 4; /* one is not known */
    assert_false(is_exempt(w, NULL));
}

static void test_exempt_costs_nothing(void **state)
{
    struct world *w = *state;
    limit(w, "login", "1 message per 1h per sender, then defer");
    limit(w, "host", "3 messages per 1h per host, then defer");
    limit(w, "size", "5 recipients per message, then reject");
    exempt(w, "from_domain:example.com", "login", 0);
    exempt(w, "from_domain:example.com", "size", 0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(charge_many(w, 9, NOW), ACTION_ACCEPT);
        assert_int_equal(w->charge.line_count, 1);
    }
    assert_int_equal(charge_many(w, 9, NOW), ACTION_DEFER);
    assert_string_equal(w->charge.limit->name, "host");
    assert_int_equal(used(w, 0, "sasl_user:bob", NOW), 0);
    exempt(w, "sasl_user:bob", "", 0);
    assert_int_equal(charge_many(w, 9, NOW), ACTION_ACCEPT);
    assert_int_equal(w->charge.line_count, 0);
}

static void test_exemption_keys(void **state)
{
    struct world *w = *state;
    static const char *const bad[] = {"",
                                      "bob",
                                      "sasl_user:",
                                      "colour:red",
                                      "host",
                                      "client_ip:192.0.2.1/24",
                                      "client_ip:moon"};
    struct span key;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(exemption_key(w->arena, span_of(bad[i]), &key, &w->err), -1);
        assert_int_equal(w->err.code, ERR_USAGE);
    }
    assert_int_equal(
        exemption_key(w->arena, SPAN("client_ip:2001:DB8::7"), &key, &w->err), 0);
    assert_true(span_eq(key, SPAN("client_ip:2001:db8::/64")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
        T(test_new_recipients),
        T(test_campaign),
        T(test_line_used),
        T(test_feedback),
        T(test_feedback_untold),
        T(test_block),
        T(test_block_by_hand_stays),
        T(test_block_by_feedback),
        T(test_younger),
        T(test_learned),
        T(test_override),
        T(test_override_forgets_nothing),
        T(test_override_looks_back),
        T(test_typed_keys),
        T(test_exemptions),
        T(test_exempt_recipients),
        T(test_exempt_users),
        T(test_exempt_costs_nothing),
        T(test_exemption_keys),
#undef T
    };
    return cmocka_run_group_tests_name("limits_live", tests, NULL, NULL);
}
