/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A pattern with its tags written once matches what the pattern spelt out matches.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rules/regex/pattern.h"
#include "rules/source/rule_fold.h"

static void set_tags(struct rule_tags *tags)
{
    static const char *const rows[][2] = {{"A", "(?:[aA4]|\\xc3\\xa1)"},
                                          {"B", "[]bB]"},
                                          {"W", "(?:<A><B>)?x"},
                                          {"OR", "a|b"},
                                          {"OPEN", "(a"},
                                          {"SELF", "(?:a<SELF>)"},
                                          {"REF", "(a)\\1"},
                                          {"DOT", "\\."}};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(rule_tags_set(tags, RULE_TAG_REPLACE, span_of(rows[i][0]),
                                       span_of(rows[i][1])),
                         0);
    rule_tags_set(tags, RULE_TAG_POST, SPAN("P"), SPAN("{1,2}"));
    rule_tags_set(tags, RULE_TAG_INTER, SPAN("I"), SPAN("\\W?"));
}

static void same_matches(void **state)
{
    static const char *const patterns[] = {
        "<A><B>",          "<A>+<B>?c",        "^(?:<A>|<B>){2}$",
        "(?<!<B>)<A>",     "<post P><A><B>c",  "<inter I><A><B><A>",
        "<W><W>|<A>$",     "(<A>)<UNKNOWN>?b", "<DOT>+<A><DOT><A>",
        "[[:alpha:]<]<A>", "<A>*<A><A>",       "<post P><inter I><B><A>",
        "(?:<A><B>?){3}",  "(?:<A>|<B>|x){2}", "(?:<A>){2}(?:<B>){2}"};
    static const char *const texts[] = {"",
                                        "a",
                                        "ab",
                                        "aab",
                                        "4]c",
                                        "\xc3\xa1"
                                        "b",
                                        "AbAb",
                                        "a-b-a",
                                        "abx",
                                        "abxx",
                                        "xx",
                                        "..a.a",
                                        "<a",
                                        "b<UNKNOWN>b",
                                        "aabbc",
                                        "aaa"};
    struct rule_tags tags = {.arena = arena_new(1 << 24)};

    (void)state;
    set_tags(&tags);
    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
        struct span regex = span_of(patterns[i]), spelt, folded;
        struct pattern *a, *b;
        struct err err;
        assert_int_equal(rule_tags_apply(&tags, regex, &spelt, &err), 0);
        if (!rule_fold(&tags, regex, spelt, PATTERN_CASELESS, &folded))
            fail_msg("%s is not folded", patterns[i]);
        assert_true(span_find(folded, SPAN("(?&TAG")) >= 0);
        if (pattern_new(&a, spelt, PATTERN_CASELESS, &err) != 0 ||
            pattern_new(&b, folded, PATTERN_CASELESS, &err) != 0)
            fail_msg("%s: %s", patterns[i], err.text);
        for (size_t t = 0; t < sizeof texts / sizeof texts[0]; t++) {
            unsigned spelt_count, folded_count;
            pattern_count(a, span_of(texts[t]), false, 100, &spelt_count);
            pattern_count(b, span_of(texts[t]), false, 100, &folded_count);
            if (spelt_count != folded_count)
                fail_msg("%s on \"%s\": %u, folded %u", patterns[i], texts[t],
                         spelt_count, folded_count);
        }
        pattern_free(&a);
        pattern_free(&b);
    }
    arena_free(&tags.arena);
}

static void refused(void **state)
{
    static const char *const patterns[] = {
        "<OR>b", "<OPEN>)",  "<SELF>",     "<REF>",     "[<A>]",
        "<W>+",  "(?i)<A>",  "(?<n>a)<A>", "(a)\\1<A>", "\\<A>",
        "<A>)(", "(?i:<A>)", "(*ANY)<A>",  "\\Qa\\E<A>"};
    struct rule_tags tags = {.arena = arena_new(1 << 24)};
    struct span folded;

    (void)state;
    set_tags(&tags);
    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++)
        if (rule_fold(&tags, span_of(patterns[i]), SPAN(""), 0, &folded))
            fail_msg("%s is folded", patterns[i]);
    assert_false(rule_fold(&tags, SPAN("<A>"), SPAN("a"), PATTERN_EXTENDED, &folded));
    arena_free(&tags.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_matches),
        cmocka_unit_test(refused),
    };
    return cmocka_run_group_tests_name("rule_fold", tests, NULL, NULL);
}
