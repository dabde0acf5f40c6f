/* SPDX-License-Identifier: BSD-2-Clause
 *
 * limit - every form of the sentence, every error, and the way back into words.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "limits/limit.h"

#define SECOND INT64_C(1000000)
#define HOUR   (3600 * SECOND)
#define DAY    (24 * HOUR)

static const struct {
    const char *sentence;
    int64_t amount;
    enum limit_unit unit;
    int64_t window_us, burst;
    enum limit_key keys[2];
    enum mail_class mail_class;
    enum action action;
    const char *printed; /* NULL: the sentence itself */
} good[] = {
    {"100 recipients per 1h per sender, burst 20, then hold",
     100,
     LIMIT_RECIPIENTS,
     HOUR,
     20,
     {LIMIT_SENDER},
     CLASS_UNKNOWN,
     ACTION_HOLD,
     NULL},
    {"500 recipients per 1d per sender, then hold",
     500,
     LIMIT_RECIPIENTS,
     DAY,
     0,
     {LIMIT_SENDER},
     CLASS_UNKNOWN,
     ACTION_HOLD,
     NULL},
    {"50 recipients per message, then reject",
     50,
     LIMIT_RECIPIENTS,
     0,
     0,
     {LIMIT_KEY_NONE},
     CLASS_UNKNOWN,
     ACTION_REJECT,
     NULL},
    {"200 messages per 1h per sender+recipient_domain, then slow",
     200,
     LIMIT_MESSAGES,
     HOUR,
     0,
     {LIMIT_SENDER, LIMIT_RECIPIENT_DOMAIN},
     CLASS_UNKNOWN,
     ACTION_SLOW,
     NULL},
    {"300 messages per 1h per host in forwarded, then defer",
     300,
     LIMIT_MESSAGES,
     HOUR,
     0,
     {LIMIT_HOST},
     CLASS_FORWARDED,
     ACTION_DEFER,
     NULL},
    {"40 points per 1h per egress, then hold",
     40000,
     LIMIT_POINTS,
     HOUR,
     0,
     {LIMIT_EGRESS},
     CLASS_UNKNOWN,
     ACTION_HOLD,
     NULL},
    {"2.5 points per 30s per client_ip, burst 0.125, then defer",
     2500,
     LIMIT_POINTS,
     30 * SECOND,
     125,
     {LIMIT_CLIENT_IP},
     CLASS_UNKNOWN,
     ACTION_DEFER,
     NULL},
    {"2.50 points per 30s per from_domain, then defer",
     2500,
     LIMIT_POINTS,
     30 * SECOND,
     0,
     {LIMIT_FROM_DOMAIN},
     CLASS_UNKNOWN,
     ACTION_DEFER,
     "2.5 points per 30s per from_domain, then defer"},
    {"10k bytes per 10m per sender in outbound, burst 500, then hold",
     10000,
     LIMIT_BYTES,
     600 * SECOND,
     500,
     {LIMIT_SENDER},
     CLASS_OUTBOUND,
     ACTION_HOLD,
     NULL},
    {"5M bytes per message in forwarded, then hold",
     5000000,
     LIMIT_BYTES,
     0,
     0,
     {LIMIT_KEY_NONE},
     CLASS_FORWARDED,
     ACTION_HOLD,
     NULL},
    {"2G bytes per 1w per host, then hold",
     INT64_C(2000000000),
     LIMIT_BYTES,
     7 * DAY,
     0,
     {LIMIT_HOST},
     CLASS_UNKNOWN,
     ACTION_HOLD,
     "2000M bytes per 1w per host, then hold"},
    {"7000000 bytes per 60m per host, then hold",
     7000000,
     LIMIT_BYTES,
     HOUR,
     0,
     {LIMIT_HOST},
     CLASS_UNKNOWN,
     ACTION_HOLD,
     "7M bytes per 1h per host, then hold"},
    {"1 message per 1s per sender then reject",
     1,
     LIMIT_MESSAGES,
     SECOND,
     0,
     {LIMIT_SENDER},
     CLASS_UNKNOWN,
     ACTION_REJECT,
     "1 message per 1s per sender, then reject"},
    {"  100   Recipients PER 1h per Sender + client_ip ,burst 100 , then HOLD ",
     100,
     LIMIT_RECIPIENTS,
     HOUR,
     100,
     {LIMIT_SENDER, LIMIT_CLIENT_IP},
     CLASS_UNKNOWN,
     ACTION_HOLD,
     "100 recipients per 1h per sender+client_ip, burst 100, then hold"},
    {"3 messages per 366d per sender, then hold",
     3,
     LIMIT_MESSAGES,
     366 * DAY,
     0,
     {LIMIT_SENDER},
     CLASS_UNKNOWN,
     ACTION_HOLD,
     NULL},
    {"1000000000000000 messages per 90s per host, then hold",
     INT64_C(1000000000000000),
     LIMIT_MESSAGES,
     90 * SECOND,
     0,
     {LIMIT_HOST},
     CLASS_UNKNOWN,
     ACTION_HOLD,
     NULL},
};

static void check_same(const struct limit *a, const struct limit *b)
{
    assert_int_equal(a->amount, b->amount);
    assert_int_equal(a->unit, b->unit);
    assert_int_equal(a->window_us, b->window_us);
    assert_int_equal(a->burst, b->burst);
    assert_int_equal(a->keys[0], b->keys[0]);
    assert_int_equal(a->keys[1], b->keys[1]);
    assert_int_equal(a->mail_class, b->mail_class);
    assert_int_equal(a->action, b->action);
}

static void test_good(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct limit limit;
        struct limit again;
        struct err err = {0};
        char text[LIMIT_SENTENCE_BYTES];
        if (limit_parse(SPAN("some-limit_1"), span_of(good[i].sentence), &limit, &err))
            fail_msg("%s: %s", good[i].sentence, err.text);
        struct limit want = {.amount = good[i].amount,
                             .unit = good[i].unit,
                             .window_us = good[i].window_us,
                             .burst = good[i].burst,
                             .keys = {good[i].keys[0], good[i].keys[1]},
                             .mail_class = good[i].mail_class,
                             .action = good[i].action};
        check_same(&limit, &want);
        assert_string_equal(limit.name, "some-limit_1");
        assert_string_equal(limit_print(&limit, text), good[i].printed != NULL
                                                           ? good[i].printed
                                                           : good[i].sentence);
        assert_int_equal(limit_parse(SPAN("x"), span_of(text), &again, &err), 0);
        check_same(&again, &limit);
    }
}

static const struct {
    const char *sentence;
    const char *says; /* part of the error */
} bad[] = {
    {"", "expected an amount such as 100, found the end"},
    {"many recipients per 1h per sender, then hold", "expected an amount"},
    {"-5 recipients per 1h per sender, then hold", "expected an amount"},
    {"100 per 1h per sender, then hold", "after '100', found 'per'"},
    {"100", "after '100', found the end"},
    {"100 recipient5 per 1h per sender, then hold", "found 'recipient5'"},
    {"2.5 recipients per 1h per sender, then hold", "a whole number"},
    {"10k recipients per 1h per sender, then hold", "a whole number"},
    {"1.2345 points per 1h per sender, then hold", "such as 40 or 2.5"},
    {"1. points per 1h per sender, then hold", "such as 40 or 2.5"},
    {"5T bytes per 1h per sender, then hold", "10k or 5M"},
    {"99999999999999999999 bytes per 1h per sender, then hold", "at most 1e15"},
    {"9999999999999G bytes per 1h per sender, then hold", "at most 1e15"},
    {"0 messages per 1h per sender, then hold", "can never be met"},
    {"0.000 points per 1h per sender, then hold", "can never be met"},
    {"100 recipients each 1h per sender, then hold", "expected 'per' and a window"},
    {"100 recipients per hour per sender, then hold", "a duration with its unit"},
    {"100 recipients per 1 per sender, then hold", "a duration with its unit"},
    {"100 recipients per h per sender, then hold", "a duration with its unit"},
    {"100 recipients per 60 m per sender, then hold", "a duration with its unit"},
    {"100 recipients per 1y per sender, then hold", "a duration with its unit"},
    {"100 recipients per 0s per sender, then hold", "from 1s to 366d"},
    {"100 recipients per 367d per sender, then hold", "from 1s to 366d"},
    {"100 recipients per 53w per sender, then hold", "from 1s to 366d"},
    {"100 recipients per 1h, then hold", "expected 'per' and whom"},
    {"100 recipients per 1h per bob, then hold", "found 'bob'"},
    {"100 recipients per 1h per sender+, then hold", "found ','"},
    {"100 recipients per 1h per sender+sender, then hold", "joined with itself"},
    {"100 recipients per 1h per sender+host+egress, then hold", "at most two"},
    {"100 recipients per 1h per sender in inbound, then hold", "after 'in'"},
    {"100 recipients per 1h per sender in, then hold", "after 'in'"},
    {"100 recipients per message per sender, then hold", "found 'per'"},
    {"100 recipients per message, burst 20, then hold", "has no burst"},
    {"100 messages per message, then hold", "never bites"},
    {"100 recipients per 1h per sender, burst 101, then hold", "above the amount"},
    {"100 recipients per 1h per sender, burst 0, then hold", "burst of 0"},
    {"100 recipients per 1h per sender, burst x, then hold", "after 'burst'"},
    {"100 recipients per 1h per sender, burst", "after 'burst'"},
    {"100000 recipients per 1s per sender, burst 1, then hold", "too small"},
    {"100 recipients per 1h per sender burst 20, then hold", "found 'burst'"},
    {"100 recipients per 1h per sender", "found the end"},
    {"100 recipients per 1h per sender,", "found the end"},
    {"100 recipients per 1h per sender, hold", "found 'hold'"},
    {"100 recipients per 1h per sender, then", "after 'then', found the end"},
    {"100 recipients per 1h per sender, then accept", "found 'accept'"},
    {"100 recipients per 1h per sender, then bounce", "found 'bounce'"},
    {"100 recipients per 1h per sender, then hold it", "nothing more"},
    {"25 bounces per 1d per sender, then hold", "'bounces' is not available in this"},
    {"25 complaints per 1d per sender, then hold", "'complaints' is not available"},
    {"9 new_recipients per 1d per sender, then hold", "'new_recipients' is not avail"},
    {"100 recipients per 10m per campaign, then hold", "'campaign' is not available"},
    {"25 messages per 1d per sender, then block for 24h", "'block' is not available"},
    {"learned recipients per 1h per sender, then hold", "'learned' is not available"},
    {"9 messages per 1h per sender younger than 7d, then hold", "'younger' is not"},
    {"1 , , , , , , , , , , , , , , , , , , , , , , , , , , , , , , , , , ,",
     "too many"},
};

static void test_bad(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct limit limit;
        struct err err = {0};
        if (limit_parse(SPAN("login"), span_of(bad[i].sentence), &limit, &err) == 0)
            fail_msg("'%s' was taken", bad[i].sentence);
        assert_int_equal(err.code, ERR_CONFIG);
        if (strstr(err.text, bad[i].says) == NULL)
            fail_msg("'%s': '%s' is not in '%s'", bad[i].sentence, bad[i].says,
                     err.text);
        assert_non_null(strstr(err.text, "login: "));
        assert_non_null(strstr(err.text, "a right one: 100 recipients per 1h"));
    }
}

static void test_names(void **state)
{
    (void)state;
    static const char *const names[] = {"", "Login", "a b", "a/b", "\xc3\xa9", "a.b"};
    char longest[LIMIT_NAME_BYTES + 1];
    struct limit limit;
    struct err err;
    struct span sentence = SPAN("1 message per 1h per sender, then hold");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_int_equal(limit_parse(span_of(names[i]), sentence, &limit, &err), -1);
    memset(longest, 'a', sizeof longest);
    struct span name = {longest, LIMIT_NAME_BYTES};
    assert_int_equal(limit_parse(name, sentence, &limit, &err), -1);
    name.len--;
    assert_int_equal(limit_parse(name, sentence, &limit, &err), 0);
    assert_int_equal(strlen(limit.name), LIMIT_NAME_BYTES - 1);
}

/* Cut anywhere, or with any byte for another: an answer, never a crash. */
static void test_hostile(void **state)
{
    (void)state;
    const char *text =
        "100 recipients per 1h per sender+host in outbound, burst 20, then "
        "hold";
    struct limit limit;
    struct err err;
    char changed[128];
    size_t len = strlen(text);
    for (size_t i = 0; i < len; i++) {
        assert_int_equal(limit_parse(SPAN("x"), (struct span){text, i}, &limit, &err),
                         -1);
        for (int c = 0; c < 256; c += 5) {
            memcpy(changed, text, len);
            changed[i] = (char)c;
            limit_parse(SPAN("x"), (struct span){changed, len}, &limit, &err);
        }
    }
}

static void test_amounts(void **state)
{
    (void)state;
    static const struct {
        enum limit_unit unit;
        int64_t amount;
        const char *text;
    } rows[] = {
        {LIMIT_POINTS, 12500, "12.5 points"}, {LIMIT_POINTS, 1000, "1 point"},
        {LIMIT_POINTS, 1, "0.001 points"},    {LIMIT_POINTS, 0, "0 points"},
        {LIMIT_MESSAGES, 1, "1 message"},     {LIMIT_RECIPIENTS, 0, "0 recipients"},
        {LIMIT_BYTES, 10000, "10k bytes"},    {LIMIT_BYTES, 1234, "1234 bytes"},
        {LIMIT_BYTES, 5000000, "5M bytes"},   {LIMIT_RECIPIENTS, 20, "20 recipients"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct limit limit = {.unit = rows[i].unit};
        char text[64];
        limit_print_amount(&limit, rows[i].amount, text, sizeof text);
        assert_string_equal(text, rows[i].text);
    }
}

static void test_applies(void **state)
{
    (void)state;
    static const struct {
        const char *sentence;
        bool outbound, forwarded;
    } rows[] = {
        {"1 message per 1h per sender, then hold", true, false},
        {"1 message per 1h per egress, then hold", true, true},
        {"1 message per 1h per host+egress, then hold", true, true},
        {"1 message per 1h per host+sender, then hold", true, false},
        {"1 message per 1h per sender in forwarded, then hold", false, true},
        {"1 message per 1h per host in outbound, then hold", true, false},
        {"5 recipients per message, then hold", true, false},
        {"5 recipients per message in forwarded, then hold", false, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct limit limit;
        assert_int_equal(
            limit_parse(SPAN("x"), span_of(rows[i].sentence), &limit, NULL), 0);
        assert_int_equal(limit_applies(&limit, CLASS_OUTBOUND), rows[i].outbound);
        assert_int_equal(limit_applies(&limit, CLASS_FORWARDED), rows[i].forwarded);
        assert_false(limit_applies(&limit, CLASS_INBOUND));
        assert_false(limit_applies(&limit, CLASS_UNKNOWN));
    }
}

static void test_actions(void **state)
{
    (void)state;
    for (int i = ACTION_ACCEPT; i <= ACTION_REJECT; i++)
        assert_int_equal(action_find(span_of(action_name((enum action)i))), i);
    assert_int_equal(action_find(SPAN("")), ACTION_UNKNOWN);
    assert_int_equal(action_find(SPAN("holds")), ACTION_UNKNOWN);
    assert_string_equal(action_name(ACTION_UNKNOWN), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),    cmocka_unit_test(test_bad),
        cmocka_unit_test(test_names),   cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_amounts), cmocka_unit_test(test_applies),
        cmocka_unit_test(test_actions),
    };
    return cmocka_run_group_tests_name("limit", tests, NULL, NULL);
}
