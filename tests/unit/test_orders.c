/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Orders in the store: keys as people type them, what holds and how long, the counts of
 * refusals.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bounds.h"
#include "store/orders.h"
#include "store/refusals.h"

static char folder[64];
static struct db *db;
static struct arena *arena;
static struct err err;

enum { NOW = 1000, LATER = 2000 };

static int set_up(void **state)
{
    char path[96];
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/outgate-orders.XXXXXX");
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/o.db", folder);
    arena = arena_new(64 << 20);
    return arena == NULL ? -1 : db_open(&db, path, DB_DAEMON, &err);
}

static int tear_down(void **state)
{
    char command[128];
    (void)state;
    db_close(&db);
    arena_free(&arena);
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

static void keys(void **state)
{
    static const struct {
        const char *typed, *key; /* NULL: refused */
        bool is_network;
    } rows[] = {
        {"sasl_user:Bob@Example.COM", "sasl_user:bob@example.com", false},
        {" uid:33 ", "uid:33", false},
        {"client_ip:192.0.2.1", "client_ip:192.0.2.1", false},
        {"client_ip:192.0.2.1/32", "client_ip:192.0.2.1", false},
        {"client_ip:::ffff:192.0.2.1", "client_ip:192.0.2.1", false},
        {"client_ip:2001:DB8:0::1", "client_ip:2001:db8::/64", false},
        {"client_ip:2001:db8::/64", "client_ip:2001:db8::/64", false},
        {"client_ip:2001:db8::/48", "client_ip:2001:db8::/48", true},
        {"client_ip:192.0.2.0/24", "client_ip:192.0.2.0/24", true},
        {"client_ip:0.0.0.0/0", "client_ip:0.0.0.0/0", true},
        {"client_ip:192.0.2.1/24", NULL, false},
        {"client_ip:192.0.2.0/33", NULL, false},
        {"client_ip:2001:db8::1/128", NULL, false},
        {"client_ip:", NULL, false},
        {"client_ip: ", NULL, false},
        {"from_domain:Example.COM", "from_domain:example.com", false},
        {"script:/var/www/A.php", "script:/var/www/A.php", false},
        {"bob@example.com", NULL, false},
        {"unknown:bob", NULL, false},
        {"campaign:x", NULL, false},
        {"", NULL, false},
        {":", NULL, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct span key;
        bool is_network = false;
        int rc = order_key(arena, span_of(rows[i].typed), &key, &is_network, &err);
        if (rows[i].key == NULL) {
            if (rc != -1 || err.code != ERR_USAGE)
                fail_msg("\"%s\" is taken", rows[i].typed);
        } else if (rc != 0 || !span_eq(key, span_of(rows[i].key)) ||
                   is_network != rows[i].is_network) {
            fail_msg("\"%s\": %.*s", rows[i].typed, (int)key.len, key.at);
        }
    }
}

static void block(const char *key, int64_t until_us, const char *reason)
{
    struct order order = {.since_us = NOW,
                          .until_us = until_us,
                          .reason = span_of(reason),
                          .by = SPAN("test")};
    bool is_network;
    assert_int_equal(order_key(arena, span_of(key), &order.key, &is_network, &err), 0);
    if (orders_block(db, &order, is_network, &err) != 0)
        fail_msg("%s", err.text);
}

/* The reason of the block that speaks for a key and a client at a time; "": none. */
static const char *speaks(const char *key, const char *client, int64_t now_us)
{
    struct ruling ruling;
    struct span span = span_of(key);
    struct order_question question = {.keys = &span,
                                      .key_count = span.len > 0,
                                      .client_ip = span_of(client),
                                      .now_us = now_us};
    assert_int_equal(orders_blocked(db, &question, arena, &ruling, &err), 0);
    return ruling.kind == RULING_BLOCK ? span_cstr(arena, ruling.order.reason) : "";
}

static void blocks(void **state)
{
    (void)state;
    block("sasl_user:bob", LATER, "an hour");
    block("uid:1", 0, "for ever");
    block("client_ip:192.0.2.0/24", LATER + 5, "the network");
    block("client_ip:2001:db8::/48", 0, "the site");
    assert_string_equal(speaks("sasl_user:bob", "", NOW), "an hour");
    assert_string_equal(speaks("sasl_user:bob", "", LATER - 1), "an hour");
    assert_string_equal(speaks("sasl_user:bob", "", LATER), "");
    assert_string_equal(speaks("sasl_user:bobb", "", NOW), "");
    assert_string_equal(speaks("uid:1", "", INT64_MAX), "for ever");
    assert_string_equal(speaks("", "192.0.2.255", NOW), "the network");
    assert_string_equal(speaks("", "192.0.3.0", NOW), "");
    assert_string_equal(speaks("", "2001:db8:0:ffff::1", NOW), "the site");
    assert_string_equal(speaks("", "nonsense", NOW), "");
    /* of several the one that holds longest */
    assert_string_equal(speaks("sasl_user:bob", "192.0.2.7", NOW), "the network");
    assert_string_equal(speaks("uid:1", "192.0.2.7", NOW), "for ever");
    assert_string_equal(speaks("sasl_user:bob", "2001:db8::1", NOW), "the site");
}

static void blocks_are_replaced_and_lifted(void **state)
{
    struct order *list;
    size_t count;
    (void)state;
    block("sasl_user:bob", LATER, "first");
    assert_int_equal(orders_refused(db, SPAN("sasl_user:bob"), 7, NOW + 1, &err), 0);
    assert_int_equal(orders_refused(db, SPAN("sasl_user:eve"), 7, NOW + 1, &err), 0);
    block("sasl_user:bob", 0, "second");
    block("uid:1", LATER, "other");
    assert_int_equal(orders_list(db, NOW, 10, arena, &list, &count, &err), 0);
    assert_int_equal(count, 2);
    assert_int_equal(list[0].refused, 7);
    assert_int_equal(list[0].last_refused_us, NOW + 1);
    assert_int_equal(list[0].until_us, 0);
    assert_int_equal(orders_list(db, LATER, 10, arena, &list, &count, &err), 0);
    assert_int_equal(count, 1);
    assert_int_equal(orders_list(db, NOW, 1, arena, &list, &count, &err), 0);
    assert_int_equal(count, 1);
    assert_int_equal(orders_unblock(db, SPAN("sasl_user:bob"), &err), 0);
    assert_int_equal(orders_unblock(db, SPAN("sasl_user:bob"), &err), -1);
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_string_equal(speaks("sasl_user:bob", "", NOW), "");
}

static void old_blocks_go(void **state)
{
    (void)state;
    block("uid:1", LATER, "over");
    block("uid:2", LATER + 1, "not long over");
    block("uid:3", 0, "for ever");
    assert_int_equal(orders_expire(db, LATER + 1, &err), 0);
    assert_string_equal(speaks("uid:1", "", NOW), "");
    assert_string_equal(speaks("uid:2", "", NOW), "not long over");
    assert_string_equal(speaks("uid:3", "", NOW), "for ever");
}

static void networks_are_bounded(void **state)
{
    char key[64];
    struct order order = {.since_us = NOW, .until_us = LATER};
    (void)state;
    assert_int_equal(db_begin(db, &err), 0);
    for (int i = 0; i < BOUND_BLOCKED_NETWORKS; i++) {
        snprintf(key, sizeof key, "client_ip:10.%d.%d.0/24", i / 256, i % 256);
        block(key, LATER, "x");
    }
    block("client_ip:10.0.0.0/24", 0, "again"); /* one that is there */
    order.key = SPAN("client_ip:172.16.0.0/16");
    assert_int_equal(orders_block(db, &order, true, &err), -1);
    assert_int_equal(err.code, ERR_USAGE);
    order.key = SPAN("client_ip:172.16.0.1");
    assert_int_equal(orders_block(db, &order, false, &err), 0);
    order.key = SPAN("client_ip:172.16.0.0/16");
    order.since_us = LATER; /* when the others are over */
    order.until_us = LATER + 1;
    assert_int_equal(orders_block(db, &order, true, &err), 0);
    assert_int_equal(db_commit(db, &err), 0);
    assert_string_equal(speaks("", "10.3.231.9", NOW), "x");
}

static enum ruling_kind rule(const struct span *keys, size_t count, int64_t now_us,
                             struct ruling *ruling)
{
    struct order_question question = {
        .keys = keys, .key_count = count, .now_us = now_us};
    if (orders_rule(db, &question, arena, ruling, &err) != 0)
        fail_msg("%s", err.text);
    return ruling->kind;
}

static void the_brake(void **state)
{
    static const struct span keys[] = {{"sasl_user:bob", 13}, {"mail_from:b@x", 13}};
    struct ruling ruling;
    bool was_on;
    struct order order = {.since_us = NOW,
                          .until_us = LATER,
                          .reason = SPAN("port 25"),
                          .by = SPAN("ann")};
    (void)state;
    assert_int_equal(rule(keys, 2, NOW, &ruling), RULING_NONE);
    assert_int_equal(orders_brake_on(db, &order, &err), 0);
    assert_int_equal(rule(keys, 2, NOW, &ruling), RULING_BRAKE);
    assert_true(span_eq(ruling.order.reason, SPAN("port 25")));
    assert_true(span_eq(ruling.order.by, SPAN("ann")));
    assert_int_equal(rule(keys, 2, LATER, &ruling), RULING_NONE);
    order.until_us = 0;
    assert_int_equal(orders_brake_on(db, &order, &err), 0);
    assert_int_equal(rule(keys, 2, INT64_MAX, &ruling), RULING_BRAKE);
    /* a block speaks first */
    block("mail_from:b@x", 0, "blocked");
    assert_int_equal(rule(keys, 2, NOW, &ruling), RULING_BLOCK);
    assert_int_equal(orders_brake_off(db, NOW, &was_on, &err), 0);
    assert_true(was_on);
    assert_int_equal(orders_brake_off(db, NOW, &was_on, &err), 0);
    assert_false(was_on);
    assert_int_equal(orders_brake(db, NOW, arena, &ruling, &err), 0);
    assert_int_equal(ruling.kind, RULING_NONE);
}

static void refusals_are_gathered(void **state)
{
    static struct refusals refusals = REFUSALS_INIT;
    struct order *list;
    size_t count;
    char key[64];
    (void)state;
    assert_false(refusals_are_due(&refusals));
    block("uid:1", 0, "x");
    block("uid:2", 0, "x");
    assert_int_equal(refusals_note(&refusals, SPAN("uid:1"), NOW), 1);
    for (int i = 1; i < 100; i++) /* the log hears of it once */
        assert_int_equal(refusals_note(&refusals, SPAN("uid:1"), NOW + i), 0);
    assert_int_equal(refusals_note(&refusals, SPAN("uid:2"), NOW + 200), 1);
    assert_true(refusals_are_due(&refusals));
    assert_int_equal(refusals_write(db, &refusals, &err), 0);
    assert_false(refusals_are_due(&refusals));
    assert_int_equal(refusals_write(db, &refusals, &err), 0);
    assert_int_equal(orders_list(db, NOW, 10, arena, &list, &count, &err), 0);
    assert_int_equal(count, 2);
    assert_int_equal(list[0].refused, 100);
    assert_int_equal(list[0].last_refused_us, NOW + 99);
    assert_int_equal(list[1].refused, 1);
    /* more keys than are kept: the newest are counted, nothing breaks */
    for (int i = 0; i < 3 * REFUSALS_KEPT; i++) {
        snprintf(key, sizeof key, "sasl_user:u%d", i);
        assert_int_equal(refusals_note(&refusals, span_of(key), 10000 + i), 1);
    }
    assert_true(refusals_are_due(&refusals));
    assert_int_equal(refusals_write(db, &refusals, &err), 0);
    assert_false(refusals_are_due(&refusals));
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(keys),
        T(blocks),
        T(old_blocks_go),
        T(blocks_are_replaced_and_lifted),
        T(the_brake),
        T(networks_are_bounded),
        T(refusals_are_gathered),
    };
    return cmocka_run_group_tests_name("orders", tests, NULL, NULL);
}
