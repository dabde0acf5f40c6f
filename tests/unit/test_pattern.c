/* SPDX-License-Identifier: BSD-2-Clause
 *
 * pattern: delimiters, flags, bytes, limits that are told, no JIT.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/bounds.h"
#include "rules/regex/pattern.h"

#ifndef PR_SET_MDWE
#define PR_SET_MDWE              65
#define PR_MDWE_REFUSE_EXEC_GAIN 1
#endif

static struct pattern *compile(const char *written)
{
    struct pattern *pattern = NULL;
    struct span regex;
    unsigned flags;
    struct err err;

    if (pattern_split(span_of(written), &regex, &flags, &err) != 0 ||
        pattern_new(&pattern, regex, flags, &err) != 0)
        fail_msg("%s: %s", written, err.text);
    return pattern;
}

static enum pattern_result match(const char *written, struct span text)
{
    struct pattern *pattern = compile(written);
    enum pattern_result result = pattern_match(pattern, text);

    pattern_free(&pattern);
    assert_null(pattern);
    return result;
}

static void split_table(void **state)
{
    static const struct {
        const char *written, *regex;
        unsigned flags;
    } rows[] = {
        {"/abc/", "abc", 0},
        {"/abc/i", "abc", PATTERN_CASELESS},
        {"m{a/b}ism", "a/b", PATTERN_CASELESS | PATTERN_DOTALL | PATTERN_MULTILINE},
        {"m,a/b,", "a/b", 0},
        {"m'a'x", "a", PATTERN_EXTENDED},
        {"m!a!xx", "a", PATTERN_EXTENDED | PATTERN_EXTENDED_MORE},
        {"qr(a(b)c)n", "a(b)c", PATTERN_NO_CAPTURE},
        {"m<a>g", "a", 0},
        {"m[a[bc]]", "a[bc]", 0},
        {"//", "", 0},
        {"/a\\/b/", "a\\/b", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct span regex;
        unsigned flags;
        struct err err;
        assert_int_equal(pattern_split(span_of(rows[i].written), &regex, &flags, &err),
                         0);
        assert_int_equal(regex.len, strlen(rows[i].regex));
        assert_memory_equal(regex.at, rows[i].regex, regex.len);
        assert_int_equal(flags, rows[i].flags);
    }
}

static void split_refuses(void **state)
{
    static const char *const rows[] = {
        "",       "/",     "m",    "qr",   "abc",    "/abc",  "m{abc",
        "m\\a\\", "/a/b/", "/a/e", "/a/z", "m abc ", "mabca",
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct span regex;
        unsigned flags;
        struct err err = {0};
        assert_int_equal(pattern_split(span_of(rows[i]), &regex, &flags, &err), -1);
        assert_int_equal(err.code, ERR_CONFIG);
    }
}

static void match_table(void **state)
{
    static const struct {
        const char *written;
        struct span text;
        bool is_match;
    } rows[] = {
        {"/b/", SPAN("abc"), true},
        {"/B/", SPAN("abc"), false},
        {"/B/i", SPAN("abc"), true},
        {"/a.c/", SPAN("a\nc"), false},
        {"/a.c/s", SPAN("a\nc"), true},
        {"/^c/", SPAN("a\nc"), false},
        {"/^c/m", SPAN("a\nc"), true},
        {"/c$/", SPAN("abc\n"), true},
        {"/a b/x", SPAN("ab"), true},
        {"/^$/", SPAN(""), true},
        {"/a\\x00b/", SPAN("a\0b"), true},
        /* bytes, not characters */
        {"/^.$/", SPAN("\xc3\xa9"), false},
        {"/^..$/", SPAN("\xc3\xa9"), true},
        {"/\\xe9/", SPAN("caf\xe9"), true},
        {"/(*UTF)^.$/", SPAN("\xc3\xa9"), true},
        {"/(*UTF)z/", SPAN("\xff\xfe bad \xc3 z"), true},
        {"/(?<n>a)|(?<n>b)/", SPAN("b"), true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (match(rows[i].written, rows[i].text) !=
            (rows[i].is_match ? PATTERN_MATCH : PATTERN_MISS))
            fail_msg("row %zu: %s", i, rows[i].written);
}

static void bad_patterns_say_where(void **state)
{
    struct pattern *pattern;
    struct err err;

    (void)state;
    assert_int_equal(pattern_new(&pattern, SPAN("a(b"), 0, &err), -1);
    assert_null(pattern);
    assert_non_null(strstr(err.text, "character 3"));
    assert_int_equal(pattern_new(&pattern, SPAN("a\\Cb"), 0, &err), -1);
}

static void counts(void **state)
{
    static const struct {
        const char *written;
        const char *text;
        unsigned max, count;
    } rows[] = {
        {"/a/", "banana", 100, 3}, {"/a/", "banana", 2, 2},  {"/ana/", "banana", 9, 1},
        {"/x*/", "ab", 100, 3},    {"/x*/", "axb", 100, 4},  {"/^/m", "a\nb\nc", 9, 3},
        {"/q/", "banana", 9, 0},   {"/(?=a)/", "aaa", 9, 3}, {"/^b/", "bb", 9, 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct pattern *pattern = compile(rows[i].written);
        unsigned count = 77;
        enum pattern_result result =
            pattern_count(pattern, span_of(rows[i].text), false, rows[i].max, &count);
        assert_int_equal(count, rows[i].count);
        assert_int_equal(result, count > 0 ? PATTERN_MATCH : PATTERN_MISS);
        pattern_free(&pattern);
    }
}

static void continued_text_has_no_beginning(void **state)
{
    struct pattern *pattern = compile("/^b/");
    unsigned count;

    (void)state;
    assert_int_equal(pattern_count(pattern, SPAN("b"), true, 1, &count), PATTERN_MISS);
    assert_int_equal(pattern_count(pattern, SPAN("b"), false, 1, &count),
                     PATTERN_MATCH);
    pattern_free(&pattern);
}

/* Exponential work ends soon, and is told. */
static void hostile_pattern_is_stopped(void **state)
{
    static const char *const rows[] = {"/(a+)+$/", "/(*NO_JIT)(a+)+$/", "/(a|aa)+$/",
                                       "/(*NO_JIT)(?:a*)*[bc]/"};
    char text[60001];
    clock_t start = clock();

    (void)state;
    memset(text, 'a', sizeof text);
    text[sizeof text - 1] = '!';
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(match(rows[i], (struct span){text, sizeof text}),
                         PATTERN_LIMIT);
    assert_true((double)(clock() - start) / CLOCKS_PER_SEC < 10);
}

static void long_text_is_not_cut_in_silence(void **state)
{
    size_t len = BOUND_MATCH_TEXT_BYTES + 10;
    char *text = malloc(len);

    (void)state;
    assert_non_null(text);
    memset(text, 'a', len);
    text[len - 1] = 'z';
    assert_int_equal(match("/z/", (struct span){text, len}), PATTERN_LIMIT);
    assert_int_equal(match("/a/", (struct span){text, len}), PATTERN_MATCH);
    assert_int_equal(match("/z/", (struct span){text, BOUND_MATCH_TEXT_BYTES}),
                     PATTERN_MISS);
    free(text);
}

/* Where the kernel forbids executable memory, patterns still match. */
static void works_without_jit(void **state)
{
    pid_t child = fork();
    int status;

    (void)state;
    assert_true(child >= 0);
    if (child == 0) {
        bool is_forbidden = prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0) == 0;
        struct pattern *pattern = compile("/b+c/");
        bool is_right = pattern_match(pattern, SPAN("abbc")) == PATTERN_MATCH &&
                        pattern_match(pattern, SPAN("abb")) == PATTERN_MISS;
        if (is_forbidden && pattern_is_fast(pattern))
            is_right = false;
        _exit(is_right ? is_forbidden ? 0 : 77 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77)
        skip(); /* a kernel before 6.3 cannot forbid it */
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        /* first: JIT memory that a pattern left behind would serve the child */
        cmocka_unit_test(works_without_jit),
        cmocka_unit_test(split_table),
        cmocka_unit_test(split_refuses),
        cmocka_unit_test(match_table),
        cmocka_unit_test(bad_patterns_say_where),
        cmocka_unit_test(counts),
        cmocka_unit_test(continued_text_has_no_beginning),
        cmocka_unit_test(hostile_pattern_is_stopped),
        cmocka_unit_test(long_text_is_not_cut_in_silence),
    };
    return cmocka_run_group_tests_name("pattern", tests, NULL, NULL);
}
