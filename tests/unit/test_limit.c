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
    int64_t block_us, younger_us, learned_milli, ceiling, least_milli;
    bool needs_review;
} good[] = {
    {"3 recipients per 1h per egress with 2 points or more, then hold for review",
     3,
     LIMIT_RECIPIENTS,
     HOUR,
     0,
     {LIMIT_EGRESS},
     CLASS_UNKNOWN,
     ACTION_HOLD,
     .least_milli = 2000,
     .needs_review = true},
    {"9 recipients per message in forwarded WITH 1.0 point OR more, then defer",
     9,
     LIMIT_RECIPIENTS,
     0,
     0,
     {LIMIT_KEY_NONE},
     CLASS_FORWARDED,
     ACTION_DEFER,
     .least_milli = 1000,
     .printed =
         "9 recipients per message in forwarded with 1 point or more, then defer"},
    {"100 recipients per 1h per sender, burst 20, then hold",
     100,
     LIMIT_RECIPIENTS,
     HOUR,
     20,
     {LIMIT_SENDER},
     CLASS_UNKNOWN,
     ACTION_HOLD,
     .printed = NULL},
    {"500 recipients per 1d per sender, then hold",
     500,
     LIMIT_RECIPIENTS,
     DAY,
     0,
     {LIMIT_SENDER},
     CLASS_UNKNOWN,
     ACTION_HOLD,
     .printed = NULL},
    {"50 recipients per message, then reject",
     50,
     LIMIT_RECIPIENTS,
     0,
     0,
     {LIMIT_KEY_NONE},
     CLASS_UNKNOWN,
     ACTION_REJECT,
     .printed = NULL},
    {"200 messages per 1h per sender+recipient_domain, then slow",
     200,
     LIMIT_MESSAGES,
     HOUR,
     0,
     {LIMIT_SENDER, LIMIT_RECIPIENT_DOMAIN},
     CLASS_UNKNOWN,
     ACTION_SLOW,
     .printed = NULL},
    {"300 messages per 1h per host in forwarded, then defer",
     300,
     LIMIT_MESSAGES,
     HOUR,
     0,
     {LIMIT_HOST},
     CLASS_FORWARDED,
     ACTION_DEFER,
     .printed = NULL},
    {"40 points per 1h per egress, then hold",
     40000,
     LIMIT_POINTS,
     HOUR,
     0,
     {LIMIT_EGRESS},
     CLASS_UNKNOWN,
     ACTION_HOLD,
     .printed = NULL},
    {"2.5 points per 30s per client_ip, burst 0.125, then defer",
     2500,
     LIMIT_POINTS,
     30 * SECOND,
     125,
     {LIMIT_CLIENT_IP},
     CLASS_UNKNOWN,
     ACTION_DEFER,
     .printed = NULL},
    {"2.50 points per 30s per from_domain, then defer",
     2500,
     LIMIT_POINTS,
     30 * SECOND,
     0,
     {LIMIT_FROM_DOMAIN},
     CLASS_UNKNOWN,
     ACTION_DEFER,
     .printed = "2.5 points per 30s per from_domain, then defer"},
    {"10k bytes per 10m per sender in outbound, burst 500, then hold",
     10000,
     LIMIT_BYTES,
     600 * SECOND,
     500,
     {LIMIT_SENDER},
     CLASS_OUTBOUND,
     ACTION_HOLD,
     .printed = NULL},
    {"5M bytes per message in forwarded, then hold",
     5000000,
     LIMIT_BYTES,
     0,
     0,
     {LIMIT_KEY_NONE},
     CLASS_FORWARDED,
     ACTION_HOLD,
     .printed = NULL},
    {"2G bytes per 1w per host, then hold",
     INT64_C(2000000000),
     LIMIT_BYTES,
     7 * DAY,
     0,
     {LIMIT_HOST},
     CLASS_UNKNOWN,
     ACTION_HOLD,
     .printed = "2000M bytes per 1w per host, then hold"},
    {"7000000 bytes per 60m per host, then hold",
     7000000,
     LIMIT_BYTES,
     HOUR,
     0,
     {LIMIT_HOST},
     CLASS_UNKNOWN,
     ACTION_HOLD,
     .printed = "7M bytes per 1h per host, then hold"},
    {"1 message per 1s per sender then reject",
     1,
     LIMIT_MESSAGES,
     SECOND,
     0,
     {LIMIT_SENDER},
     CLASS_UNKNOWN,
     ACTION_REJECT,
     .printed = "1 message per 1s per sender, then reject"},
    {"  100   Recipients PER 1h per Sender + client_ip ,burst 100 , then HOLD ",
     100,
     LIMIT_RECIPIENTS,
     HOUR,
     100,
     {LIMIT_SENDER, LIMIT_CLIENT_IP},
     CLASS_UNKNOWN,
     ACTION_HOLD,
     .printed = "100 recipients per 1h per sender+client_ip, burst 100, then hold"},
    {"3 messages per 366d per sender, then hold",
     3,
     LIMIT_MESSAGES,
     366 * DAY,
     0,
     {LIMIT_SENDER},
     CLASS_UNKNOWN,
     ACTION_HOLD,
     .printed = NULL},
    {"1000000000000000 messages per 90s per host, then hold",
     INT64_C(1000000000000000),
     LIMIT_MESSAGES,
     90 * SECOND,
     0,
     {LIMIT_HOST},
     CLASS_UNKNOWN,
     ACTION_HOLD,
     .printed = NULL},
    {"20 new_recipients per 1h per sender for senders younger than 2w, then hold",
     20,
     LIMIT_NEW_RECIPIENTS,
     HOUR,
     0,
     {LIMIT_SENDER},
     CLASS_UNKNOWN,
     ACTION_HOLD,
     NULL,
     .younger_us = 14 * DAY},
    {"50 recipients per message in outbound for senders younger than 90m, then hold",
     50,
     LIMIT_RECIPIENTS,
     0,
     0,
     {LIMIT_KEY_NONE},
     CLASS_OUTBOUND,
     ACTION_HOLD,
     NULL,
     .younger_us = 5400 * SECOND},
    {"25 bounces per 1d per sender, then block for 24h",
     25,
     LIMIT_BOUNCES,
     DAY,
     0,
     {LIMIT_SENDER},
     CLASS_UNKNOWN,
     ACTION_REJECT,
     "25 bounces per 1d per sender, then block for 1d",
     .block_us = DAY},
    {"1 complaint per 1w per recipient_domain+client_ip, burst 1, then block for 90s",
     1,
     LIMIT_COMPLAINTS,
     7 * DAY,
     1,
     {LIMIT_RECIPIENT_DOMAIN, LIMIT_CLIENT_IP},
     CLASS_UNKNOWN,
     ACTION_REJECT,
     NULL,
     .block_us = 90 * SECOND},
    {"100 recipients per 10m per campaign, then hold",
     100,
     LIMIT_RECIPIENTS,
     600 * SECOND,
     0,
     {LIMIT_CAMPAIGN},
     CLASS_UNKNOWN,
     ACTION_HOLD,
     .printed = NULL},
    {"3 times learned recipients per 1h per sender, at least 50, at most 2000, then "
     "hold",
     50,
     LIMIT_RECIPIENTS,
     HOUR,
     0,
     {LIMIT_SENDER},
     CLASS_UNKNOWN,
     ACTION_HOLD,
     NULL,
     .learned_milli = 3000,
     .ceiling = 2000},
    {"2.50 times learned points per 60m per sender in forwarded for senders younger "
     "than "
     "4w, at least 2.5, then block for 1h",
     2500,
     LIMIT_POINTS,
     HOUR,
     0,
     {LIMIT_SENDER},
     CLASS_FORWARDED,
     ACTION_REJECT,
     "2.5 times learned points per 1h per sender in forwarded for senders younger than "
     "4w, at least 2.5, then block for 1h",
     .learned_milli = 2500,
     .younger_us = 28 * DAY,
     .block_us = HOUR},
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
    assert_int_equal(a->block_us, b->block_us);
    assert_int_equal(a->younger_us, b->younger_us);
    assert_int_equal(a->learned_milli, b->learned_milli);
    assert_int_equal(a->ceiling, b->ceiling);
    assert_int_equal(a->least_milli, b->least_milli);
    assert_int_equal(a->needs_review, b->needs_review);
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
                             .action = good[i].action,
                             .block_us = good[i].block_us,
                             .younger_us = good[i].younger_us,
                             .learned_milli = good[i].learned_milli,
                             .ceiling = good[i].ceiling,
                             .least_milli = good[i].least_milli,
                             .needs_review = good[i].needs_review};
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
    {"100 recipients per 1h per sender, then hold for 1h", "'hold for review'"},
    {"100 recipients per 1h per sender, then defer for review", "nothing more"},
    {"9 recipients per 1h per sender with 0 points or more, then hold", "above 0"},
    {"9 recipients per 1h per sender with points or more, then hold", "above 0"},
    {"9 recipients per 1h per sender with 2 bytes or more, then hold", "found 'bytes'"},
    {"9 recipients per 1h per sender with 2 points, then hold", "'points or more'"},
    {"25 bounces per message, then hold", "has no bounces when it is sent"},
    {"25 complaints per message, then hold", "has no complaints when it is sent"},
    {"2.5 bounces per 1d per sender, then hold", "a whole number"},
    {"100 recipients per 10m per campaigns, then hold",
     "campaign, uid, egress or host"},
    {"100 recipients per 10m per campaign+campaign, then hold", "joined with itself"},
    {"25 messages per 1d per sender, then block", "expected 'for' and how long"},
    {"25 messages per 1d per sender, then block 24h", "expected 'for' and how long"},
    {"25 messages per 1d per sender, then block for 24", "a duration with its unit"},
    {"25 messages per 1d per sender, then block for 0h", "a block is from 1s"},
    {"25 messages per 1d per sender, then block for 24h now", "nothing more"},
    {"25 messages per 1d per host, then block for 24h",
     "locks a sender, a uid or a client_ip"},
    {"25 messages per 1d per from_domain+campaign, then block for 1h",
     "locks a sender, a uid or a client_ip"},
    {"25 recipients per message, then block for 1h",
     "locks a sender, a uid or a client_ip"},
    {"9 messages per 1h per sender younger than 7d, then hold", "found 'younger'"},
    {"9 messages per 1h per sender for senders younger 7d, then hold",
     "'for senders younger than 14d'"},
    {"9 messages per 1h per sender for senders younger than 7, then hold",
     "a duration with its unit"},
    {"9 messages per 1h per sender for senders younger than 0d, then hold",
     "an age is from 1s"},
    {"9 messages per 1h per sender for senders younger than 7d in outbound, then hold",
     "found 'in'"},
    {"learned recipients per 1h per sender, then hold", "an amount such as 100"},
    {"0 times learned recipients per 1h per sender, at least 5, then hold",
     "1 to 1000 times"},
    {"1001 times learned recipients per 1h per sender, at least 5, then hold",
     "1 to 1000 times"},
    {"3 times recipients per 1h per sender, at least 5, then hold", "'learned' after"},
    {"3 times learned bounces per 1h per sender, at least 5, then hold",
     "new_recipients, bytes or points"},
    {"3 times learned recipients per 1d per sender, at least 5, then hold", "per 1h"},
    {"3 times learned recipients per message, at least 5, then hold", "a duration"},
    {"3 times learned recipients per 1h per host, at least 5, then hold",
     "per sender alone"},
    {"3 times learned recipients per 1h per sender+host, at least 5, then hold",
     "per sender alone"},
    {"3 times learned recipients per 1h per sender, then hold", "', at least N'"},
    {"3 times learned recipients per 1h per sender, at least 0, then hold",
     "can never be met"},
    {"3 times learned recipients per 1h per sender, at least 9, at most 8, then hold",
     "'at most' is below"},
    {"3 times learned recipients per 1h per sender, at least 9, burst 8, then hold",
     "has no burst"},
    {"1 , , , , , , , , , , , , , , , , , , , , , , , , , , , , , , , , , , , , , , , "
     ", ,",
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
        /* and the example is one */
        const char *right = strstr(err.text, "a right one: ");
        assert_non_null(right);
        if (limit_parse(SPAN("x"), span_of(right + strlen("a right one: ")), &limit,
                        &(struct err){0}) != 0)
            fail_msg("'%s': no right one: %s", bad[i].sentence, err.text);
    }
}

/* The example is of the sort that was meant. */
static void test_examples(void **state)
{
    static const char *const pairs[][2] = {
        {"3 times learned recipients per 1d per sender, at least 10, then hold",
         "3 times learned"},
        {"3 times recipients per 1h per sender, at least 10, then hold",
         "3 times learned"},
        {"5 messages per 1h per sender, then block", "then block for 24h"},
        {"5 messages per 1h per sender for senders older than 3d, then hold",
         "younger than 14d"},
        {"5 recipients per message per sender, then reject",
         "50 recipients per message"},
        {"5 messages per 1h per sender in inbound, then hold", "in forwarded"},
        {"5.5 recipients per 1h per sender, then hold",
         "found '5.5'; a right one: 100"},
        {"5 mails per 1h per sender, then hold", "a right one: 100 recipients"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        struct limit limit;
        struct err err = {0};
        assert_int_equal(limit_parse(SPAN("x"), span_of(pairs[i][0]), &limit, &err),
                         -1);
        if (strstr(err.text, pairs[i][1]) == NULL)
            fail_msg("'%s': %s", pairs[i][0], err.text);
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

static void test_override(void **state)
{
    (void)state;
    static const struct {
        const char *sentence;
        int64_t amount, window_us, burst;
        const char *says; /* NULL: it is a right one */
    } rows[] = {
        {"5000 recipients per 1d", 5000, DAY, 0, NULL},
        {"50 recipients per 1h, burst 20", 50, HOUR, 20, NULL},
        {"5000 messages per 1d", 0, 0, 0, "it counts recipients, not messages"},
        {"5000 recipients", 0, 0, 0, "expected 'per'"},
        {"5000 recipients per message", 0, 0, 0, "a duration"},
        {"5000 recipients per 1d per sender", 0, 0, 0, "nothing more"},
        {"5000 recipients per 1d, then hold", 0, 0, 0, "'burst'"},
        {"50 recipients per 1d, burst 51", 0, 0, 0, "never bites"},
        {"0 recipients per 1d", 0, 0, 0, "can never be met"},
        {"", 0, 0, 0, "an amount"},
    };
    struct limit limit;
    struct limit changed;
    struct err err;
    char text[LIMIT_SENTENCE_BYTES];
    assert_int_equal(limit_parse(SPAN("login"),
                                 SPAN("3 times learned recipients per 1h per sender, "
                                      "at least 50, at most 100, then slow"),
                                 &limit, &err),
                     0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct span sentence = span_of(rows[i].sentence);
        int rc = limit_parse_override(&limit, sentence, &changed, &err);
        assert_int_equal(rc, rows[i].says != NULL ? -1 : 0);
        if (rc != 0) {
            assert_non_null(strstr(err.text, rows[i].says));
            continue;
        }
        assert_int_equal(changed.amount, rows[i].amount);
        assert_int_equal(changed.window_us, rows[i].window_us);
        assert_int_equal(changed.burst, rows[i].burst);
        assert_int_equal(changed.action, ACTION_SLOW);
        assert_int_equal(changed.learned_milli, 0);
        assert_string_equal(limit_print_override(&changed, text), rows[i].sentence);
    }
    limit_parse(SPAN("m"), SPAN("5 recipients per message, then hold"), &limit, &err);
    assert_int_equal(
        limit_parse_override(&limit, SPAN("9 recipients per 1h"), &changed, &err), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),    cmocka_unit_test(test_bad),
        cmocka_unit_test(test_good),    cmocka_unit_test(test_examples),
        cmocka_unit_test(test_names),   cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_amounts), cmocka_unit_test(test_applies),
        cmocka_unit_test(test_actions), cmocka_unit_test(test_override),
    };
    return cmocka_run_group_tests_name("limit", tests, NULL, NULL);
}
