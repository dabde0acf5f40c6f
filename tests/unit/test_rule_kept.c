/* SPDX-License-Identifier: BSD-2-Clause
 *
 * rule_match_kept: of a message without its body header and fact rules are run, all
 * others stand as they did.
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

#include "base/buf.h"
#include "rules/ruleset.h"

enum { ARENA_BYTES = 32 << 20, NAMES_MAX = 8 };

static const char rules[] = "header   HEAD      Subject =~ /hello/\n"
                            "score    HEAD      1\n"
                            "header   OTHER     Subject !~ /hello/\n"
                            "score    OTHER     1\n"
                            "body     TEXT      /buy/\n"
                            "score    TEXT      2\n"
                            "body     __PART    /now/\n"
                            "uri      LINK      /shop/\n"
                            "score    LINK      0.5\n"
                            "mimeheader MIME    Content-Type =~ /pdf/\n"
                            "score    MIME      0.25\n"
                            "fact     MANY      recipients > 5\n"
                            "score    MANY      4\n"
                            "meta     ON_HEAD   HEAD && MANY\n"
                            "score    ON_HEAD   8\n"
                            "meta     ON_TEXT   TEXT || HEAD\n"
                            "score    ON_TEXT   16\n"
                            "meta     ON_PART   __PART && HEAD\n"
                            "score    ON_PART   32\n"
                            "meta     ON_META   ON_PART || HEAD\n"
                            "score    ON_META   64\n"
                            "meta     ON_MANY   MANY + ON_HEAD > 1\n"
                            "score    ON_MANY   128\n";

/* What is kept, which rules hit then, and which hit now. */
static const struct {
    bool has_header, has_facts;
    double recipients;
    const char *then[NAMES_MAX], *now;
} rows[] = {
    {true, true, 9, {NULL}, "HEAD MANY ON_HEAD ON_MANY"},
    {true, true, 1, {NULL}, "HEAD"},
    {true, true, 1, {"TEXT", "MANY", "OTHER"}, "HEAD TEXT"},
    {true, true, 9, {"MIME", "LINK"}, "HEAD LINK MANY MIME ON_HEAD ON_MANY"},
    {true, true, 1, {"ON_TEXT", "ON_PART", "ON_META"}, "HEAD ON_META ON_PART ON_TEXT"},
    {true, true, 1, {"ON_HEAD", "ON_MANY"}, "HEAD"},
    {true, false, 9, {"MANY", "ON_HEAD"}, "HEAD MANY ON_HEAD"},
    {true, false, 9, {"TEXT"}, "HEAD TEXT"},
    {false, true, 9, {"OTHER"}, "MANY OTHER"},
    {false, true, 9, {"HEAD", "ON_HEAD"}, "HEAD MANY ON_HEAD"},
    {false, false, 9, {"ON_MANY"}, "ON_MANY"},
    {false, false, 0, {NULL}, ""},
};

static struct ruleset *load(void)
{
    char path[] = "/tmp/outgate-test-XXXXXX";
    const char *paths[] = {path};
    struct ruleset *set;
    struct err err = {0};
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, rules, sizeof rules - 1), sizeof rules - 1);
    close(fd);
    if (ruleset_load(&set, paths, 1, 0, NULL, &err) != 0)
        fail_msg("%s", err.text);
    unlink(path);
    return set;
}

/* By name, which is the order of the set. */
static const char *print_hits(struct arena *arena, const struct ruleset *set,
                              const struct hits *hits)
{
    struct buf out;
    buf_init(&out, arena, 4096);
    for (size_t rule = 0; rule < ruleset_count(set); rule++)
        for (size_t i = 0; i < hits->count; i++)
            if (hits->at[i].rule == rule)
                buf_printf(&out, "%s%s", out.len > 0 ? " " : "", hits->at[i].name);
    return buf_cstr(&out);
}

static void kept_rows(void **state)
{
    struct ruleset *set = load();
    struct arena *arena = arena_new(ARENA_BYTES);
    const struct envelope env = {0};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t then[NAMES_MAX], count = 0;
        struct facts facts = {0};
        struct hits hits;
        arena_reset(arena);
        struct message *msg = message_new(arena, 1 << 20);
        message_read(msg, rows[i].has_header ? SPAN("Subject: hello\n\n") : SPAN("\n"));
        facts.number[FACT_recipients] = rows[i].recipients;
        for (; count < NAMES_MAX && rows[i].then[count] != NULL; count++) {
            ptrdiff_t index = ruleset_find(set, rows[i].then[count]);
            assert_true(index >= 0);
            then[count] = (size_t)index;
        }
        const struct rule_kept kept = {rows[i].has_header, rows[i].has_facts, then,
                                       count};
        rule_match_kept(set, msg, &env, &facts, &kept, &hits);
        assert_string_equal(print_hits(arena, set, &hits), rows[i].now);
    }
    arena_free(&arena);
    ruleset_free(&set);
}

/* With all there, it says what rule_match says of header and fact rules. */
static void same_score(void **state)
{
    struct ruleset *set = load();
    struct arena *arena = arena_new(ARENA_BYTES);
    const struct envelope env = {0};
    const struct rule_kept kept = {true, true, NULL, 0};
    struct facts facts = {0};
    struct hits whole, part;
    (void)state;
    struct message *msg = message_new(arena, 1 << 20);
    message_read(msg, SPAN("Subject: hello\n\nnothing\n"));
    facts.number[FACT_recipients] = 9;
    rule_match(set, msg, &env, &facts, &whole);
    rule_match_kept(set, msg, &env, &facts, &kept, &part);
    assert_true(whole.score == 1 + 4 + 8 + 16 + 64 + 128);
    assert_true(part.score == 1 + 4 + 8 + 128);
    arena_free(&arena);
    ruleset_free(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kept_rows),
        cmocka_unit_test(same_score),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
