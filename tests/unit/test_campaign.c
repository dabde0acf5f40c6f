/* SPDX-License-Identifier: BSD-2-Clause
 *
 * campaign - found, counted, not led astray, forgotten in time.
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

#include "gate/campaign.h"

#define DAY (INT64_C(86400) * 1000000)

struct world {
    struct db *db;
    int64_t now_us;
    struct err err;
};

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    if (db_open(&w->db, ":memory:", DB_DAEMON, &w->err) != 0)
        fail_msg("%s", w->err.text);
    w->now_us = INT64_C(1800000000) * 1000000;
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    db_close(&w->db);
    free(w);
    return 0;
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

/* A text of its own for each number; `changed` of its numbers differ from it. */
static struct sketch sketch_like(unsigned number, unsigned changed)
{
    struct sketch sketch = {.kind = SKETCH_TEXT};
    for (unsigned i = 0; i < SKETCH_VALUES; i++)
        sketch.value[i] = (uint16_t)(number * 40503u + i * 977 + (i < changed ? 1 : 0));
    return sketch;
}

static struct campaign record(struct world *w, const struct sketch *sketch,
                              const char *sender, int64_t recipients)
{
    struct campaign out;
    const struct campaign_message message = {.sketch = sketch,
                                             .sender = span_of(sender),
                                             .subject = span_of(sender),
                                             .recipients = recipients,
                                             .at_us = w->now_us};
    if (campaign_record(w->db, &message, &out, &w->err) != 0)
        fail_msg("%s", w->err.text);
    return out;
}

static struct campaign find(struct world *w, const struct sketch *sketch)
{
    struct campaign out;
    if (campaign_find(w->db, sketch, w->now_us, &out, &w->err) != 0)
        fail_msg("%s", w->err.text);
    return out;
}

static void test_counts(void **state)
{
    struct world *w = *state;
    struct sketch first = sketch_like(1, 0);
    struct sketch like = sketch_like(1, SKETCH_VALUES - SKETCH_SAME);
    struct sketch unlike = sketch_like(1, SKETCH_VALUES - SKETCH_SAME + 1);
    assert_int_equal(find(w, &first).id, 0);
    struct campaign a = record(w, &first, "sasl_user:ann", 3);
    assert_int_equal(a.messages, 1);
    record(w, &like, "sasl_user:bob", 2);
    struct campaign b = record(w, &first, "sasl_user:ann", 1);
    assert_int_equal(b.id, a.id);
    assert_string_equal(b.key, a.key);
    assert_int_equal(b.messages, 3);
    assert_int_equal(b.recipients, 6);
    assert_int_equal(b.senders, 2);
    assert_int_equal(find(w, &like).messages, 3);
    assert_int_equal(find(w, &unlike).id, 0);
    assert_int_not_equal(record(w, &unlike, "sasl_user:ann", 1).id, a.id);
    assert_int_equal(count_of(w, "SELECT count(*) FROM campaign WHERE subject = "
                                 "'sasl_user:ann'"),
                     2);
}

static void test_none(void **state)
{
    struct world *w = *state;
    struct sketch none = {.kind = SKETCH_NONE};
    struct campaign out = record(w, &none, "sasl_user:ann", 1);
    assert_int_equal(out.id, 0);
    assert_string_equal(out.key, "");
    assert_int_equal(count_of(w, "SELECT count(*) FROM campaign"), 0);
}

static void test_best_wins(void **state)
{
    struct world *w = *state;
    struct sketch one = sketch_like(1, 0);
    struct sketch two = sketch_like(1, 8); /* too far from one to be it */
    struct campaign first = record(w, &one, "a", 1);
    struct campaign second = record(w, &two, "a", 1);
    assert_int_not_equal(first.id, second.id);
    struct sketch near_one = sketch_like(1, 3);
    struct sketch near_two = sketch_like(1, 5);
    struct sketch between = sketch_like(1, 4); /* as near to both: the older */
    assert_int_equal(find(w, &near_one).id, first.id);
    assert_int_equal(find(w, &near_two).id, second.id);
    assert_int_equal(find(w, &between).id, first.id);
}

/* A text that changes step by step leaves the campaign where the first mail no longer
 * knows it; what it then is can never become the first one's. */
static void test_no_drift(void **state)
{
    struct world *w = *state;
    struct sketch sketch = sketch_like(1, 0);
    int64_t first = record(w, &sketch, "a", 1).id;
    int64_t last = first;
    unsigned begun = 1;
    for (unsigned step = 1; step <= SKETCH_VALUES; step++) {
        sketch.value[step - 1] ^= 0x5555;
        struct campaign now = record(w, &sketch, "a", 1);
        assert_int_equal(now.id == first, step <= SKETCH_VALUES - SKETCH_SAME);
        begun += now.id != last;
        last = now.id;
    }
    assert_int_equal(begun, 3);
    struct sketch original = sketch_like(1, 0);
    assert_int_equal(find(w, &original).id, first);
    assert_int_equal(find(w, &original).messages, 1 + SKETCH_VALUES - SKETCH_SAME);
}

static void test_senders_are_bounded(void **state)
{
    struct world *w = *state;
    struct sketch sketch = sketch_like(1, 0);
    struct campaign out = {0};
    assert_int_equal(db_begin(w->db, &w->err), 0);
    for (unsigned i = 0; i < CAMPAIGN_SENDERS + 50; i++) {
        char sender[32];
        snprintf(sender, sizeof sender, "sasl_user:u%u", i);
        out = record(w, &sketch, sender, 1);
    }
    assert_int_equal(db_commit(w->db, &w->err), 0);
    assert_int_equal(out.senders, CAMPAIGN_SENDERS);
    assert_int_equal(out.messages, CAMPAIGN_SENDERS + 50);
    assert_int_equal(count_of(w, "SELECT count(*) FROM campaign_sender"),
                     CAMPAIGN_SENDERS);
}

static void test_over_and_forgotten(void **state)
{
    struct world *w = *state;
    struct sketch used = sketch_like(1, 0);
    struct sketch unused = sketch_like(2, 0);
    int64_t deleted;
    int64_t id = record(w, &used, "a", 1).id;
    int64_t other = record(w, &unused, "a", 1).id;
    w->now_us += 5 * DAY;
    assert_int_equal(record(w, &used, "b", 1).id, id);
    w->now_us += 5 * DAY;
    assert_int_equal(find(w, &used).id, id); /* ten days old, used five days ago */
    assert_int_equal(find(w, &unused).id, 0);
    assert_int_not_equal(record(w, &unused, "a", 1).id, other); /* a new one */
    assert_int_equal(campaign_expire(w->db, w->now_us, 100, &deleted, &w->err), 0);
    assert_int_equal(count_of(w, "SELECT count(*) FROM campaign"), 2);
    assert_int_equal(count_of(w, "SELECT count(*) FROM campaign_band"), 16);
    assert_int_equal(count_of(w, "SELECT count(*) FROM campaign_sender"), 3);
    w->now_us += 8 * DAY;
    assert_int_equal(campaign_expire(w->db, w->now_us, 1, &deleted, &w->err), 0);
    assert_int_equal(deleted, 1); /* in steps */
    assert_int_equal(count_of(w, "SELECT count(*) FROM campaign"), 1);
    assert_int_equal(campaign_expire(w->db, w->now_us, 100, &deleted, &w->err), 0);
    assert_int_equal(count_of(w, "SELECT count(*) FROM campaign_band"), 0);
    assert_int_equal(count_of(w, "SELECT count(*) FROM campaign_sender"), 0);
}

/* Found among many that share a band, and with its own numbers only. */
static void test_crowd(void **state)
{
    struct world *w = *state;
    struct sketch wanted = sketch_like(7, 0);
    int64_t id = record(w, &wanted, "a", 1).id;
    assert_int_equal(db_begin(w->db, &w->err), 0);
    for (unsigned i = 0; i < 3000; i++) {
        struct sketch other = sketch_like(100 + i, 0);
        other.value[0] = wanted.value[0];
        other.value[1] = wanted.value[1];
        record(w, &other, "b", 1);
    }
    assert_int_equal(db_commit(w->db, &w->err), 0);
    struct sketch like = sketch_like(7, 5);
    assert_int_equal(find(w, &wanted).id, id);
    assert_int_equal(find(w, &like).id, id);
}

/* What facts are told before a message is judged. */
static void test_past(void **state)
{
    struct world *w = *state;
    struct arena *arena = arena_new(1 << 20);
    struct gate_campaign campaign = {.sketch = sketch_like(1, 0)};
    struct past past = {.is_known = true};
    assert_int_equal(
        gate_campaign_past(w->db, &campaign, w->now_us, arena, &past, NULL), 0);
    assert_int_equal(past.campaign.len, 0);
    assert_int_equal(past.campaign_messages, 0);
    struct campaign now = record(w, &campaign.sketch, "a", 3);
    record(w, &campaign.sketch, "b", 4);
    assert_int_equal(
        gate_campaign_past(w->db, &campaign, w->now_us, arena, &past, NULL), 0);
    assert_true(span_eq(past.campaign, span_of(now.key)));
    assert_int_equal(past.campaign_messages, 2);
    assert_int_equal(past.campaign_recipients, 7);
    assert_int_equal(past.campaign_senders, 2);
    arena_free(&arena);
}

static void test_keys(void **state)
{
    (void)state;
    char key[CAMPAIGN_KEY_BYTES];
    assert_string_equal(campaign_key_print(1, key), "c0001");
    assert_string_equal(campaign_key_print(1048576, key), "c10000");
    assert_string_equal(campaign_key_print(INT64_MAX, key), "c7ZZZZZZZZZZZZ");
    assert_true(campaign_key_parse(SPAN(" C0o1il "), key));
    assert_string_equal(key, "c00111");
    assert_false(campaign_key_parse(SPAN("7QJ"), key));
    assert_false(campaign_key_parse(SPAN("c"), key));
    assert_false(campaign_key_parse(SPAN("c12u"), key));
    assert_false(campaign_key_parse(SPAN("c1234567890123456"), key));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_counts),
        TEST(test_none),
        TEST(test_best_wins),
        TEST(test_no_drift),
        TEST(test_senders_are_bounded),
        TEST(test_over_and_forgotten),
        TEST(test_crowd),
        TEST(test_past),
        cmocka_unit_test(test_keys),
    };
    return cmocka_run_group_tests_name("campaign", tests, NULL, NULL);
}
