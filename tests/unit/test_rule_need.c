/* SPDX-License-Identifier: BSD-2-Clause
 *
 * rule_need: strings or a chain of bytes, whichever is the rarer, and how it reads.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "rules/regex/pattern.h"
#include "rules/rule_need.h"

#define HOLD  "runs only on texts that hold "
#define BYTES "runs only on texts that hold such bytes: "
#define EVERY "runs on every such text: nothing rare must stand in it"

static void check(struct arena *arena, const char *written, const char *want)
{
    static struct rule_need need;
    struct span regex;
    unsigned flags;
    struct buf out;
    struct err err;

    if (pattern_split(span_of(written), &regex, &flags, &err) != 0)
        fail_msg("%s: %s", written, err.text);
    rule_need_derive(regex, flags, &need);
    buf_init(&out, arena, 4096);
    rule_need_print(&need, &out);
    if (strcmp(buf_cstr(&out), want) != 0)
        fail_msg("%s: %s, not %s", written, buf_cstr(&out), want);
}

static void needs(void **state)
{
    static const struct {
        const char *regex, *text;
    } rows[] = {
        {"/viagra/i", HOLD "\"viagra\""},
        {"/v[i1]agra|cialis/i", HOLD "\"v1agra\" or \"viagra\" or \"cialis\""},
        {"/(?:zebra|yak)x?/", HOLD "\"zebra\" or \"yak\""},
        /* counted: each turn has one */
        {"/(?:(?:name|age|sex|phone|fax)\\W{1,9}){5}/i",
         HOLD "\"name\" or \"age\" or \"sex\" or \"phone\" or \"fax\", in 5 places"},
        {"/(?:zebra\\W{1,9}){2,}/", HOLD "\"zebra\", in 2 places"},
        {"/(?:zebra\\W{1,9})+/", HOLD "\"zebra\""},
        {"/(?:zebra\\W{1,9}){3}|(?:zebra\\D+){2}/", HOLD "\"zebra\", in 2 places"},
        {"/(?:zebra\\W{1,9}){90}/", HOLD "\"zebra\", in 16 places"},
        {"/(?:(?:(?:zebra\\W{1,9}){3}){2}\\d{1,9})+/", HOLD "\"zebra\", in 6 places"},
        /* which one place may be for those that look ahead */
        {"/(?:(?=.{0,9}zebra)\\w){3}/", HOLD "\"zebra\""},
        {"/(?:(?=zebra)\\w|(?=yak)\\w){3}/", HOLD "\"zebra\" or \"yak\""},
        {"/(?:(?:(?=.{0,9}zebra)\\w){1,9}){3}/", HOLD "\"zebra\""},
        {"/(?=(?:zebra\\W{1,9}){3})./", HOLD "\"zebra\", in 3 places"},
        {"/(?:(?=.*zebra)\\W{1,9}){3}/", HOLD "\"zebra\""},
        {"/(?:(?:(?=.*zebra).|yak).{1,9}){3}/", HOLD "\"zebra\" or \"yak\""},
        {"/(?:(?=.*zebra)\\W{1,9}){3}(?:yak\\W{1,9}){5}/", HOLD "\"yak\", in 5 places"},
        /* letters with many spellings */
        {"/[cCk\\xc7][i1l|\\xec-\\xef][a4@\\xe0-\\xe6][l1|]/",
         BYTES "[Cck\\xc7][1il|\\xec-\\xef][4@a\\xe0-\\xe6][1l|]"},
        {"/[a4@\\xe0-\\xe6][xz\\xd7]{2}/i",
         BYTES "[4@Aa\\xe0-\\xe6][XZxz\\xd7][XZxz\\xd7]"},
        {"/[a-z]{2}/", EVERY},
        /* gaps: what may be left out, or repeated, stands between */
        {"/[vw\\xd7][_\\W]{0,3}[zx\\xd8][-.]*[qj\\xd9]/",
         BYTES "[vw\\xd7][\\x00-/:-@[-`{-\\xff]*[xz\\xd8][-.]*[jq\\xd9]"},
        {"/[vw\\xd7](?:ab)*[zx\\xd8][qj\\xd9]+[kv\\xd6]/",
         BYTES "[vw\\xd7][ab]*[xz\\xd8][jq\\xd9]"},
        {"/[aehiost]{2}[nmu]+[e3][r\\xd2]/",
         BYTES "[aehiost][aehiost][mnu][mnu]*[3e][r\\xd2]"},
        /* branches: link by link, and what the longer one has more behind it */
        {"/(?:[j-kqv-xz\\xd8]|\\xc3[\\x80-\\x83])(?:[bf-gjmpq\\xd9]|\\xc5[\\x88\\x89])["
         "cku-y\\xd6]/",
         BYTES "[jkqv-xz\\xc3\\xd8][\\x80-\\x83]*[bfgjmpq\\xc5\\xd9][\\x88\\x89]*[cku-"
               "y\\xd6]"},
        /* what looks around takes no room, nor do the ends of words */
        {"/[{}][[:<:]][qzxj]/", BYTES "[{}][jqxz]"},
        {"/(?![xz]q)[j-kqv-xz\\xd8](?=[qj\\xd9])[bf-gjmpq\\xd9](?<=j)[cku-y\\xd6]/",
         BYTES "[jkqv-xz\\xd8][bfgjmpq\\xd9][cku-y\\xd6]"},
        {"/\\b(?:[a-z]{8,}[\\s\\.]+){6}/", BYTES
         "[\\x09-\\x0d\\x20.][\\x09-\\x0d\\x20.]*[a-z][a-z][a-z][a-z][a-z][a-z][a-z]"
         " and 22 more"},
        {"/(.)\\1{9}/", EVERY},
        {"/./", EVERY},
        {"//", EVERY},
        {"/(?(1)a|b)/", EVERY},
    };
    struct arena *arena = arena_new(1 << 20);

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check(arena, rows[i].regex, rows[i].text);
    arena_free(&arena);
}

/* Any part of a regex may be all there is: no byte behind its end is read. */
static void cut_anywhere(void **state)
{
    static const char regex[] = "(?i)a[b-d\\x20[:alpha:]]{2,3}\\x{41}\\p{Lu}(?<n>\\k<n>"
                                ")\\g{1}(?#c)\\Qq\\E(?x-i:"
                                " y)(?=z)(?P<m>w)(?P=m)(?1)\\N{3}";
    static struct rule_need need;

    (void)state;
    for (size_t from = 0; from < sizeof regex; from++)
        for (size_t len = 0; from + len < sizeof regex; len++) {
            char *copy = malloc(len > 0 ? len : 1);
            assert_non_null(copy);
            memcpy(copy, regex + from, len);
            rule_need_derive((struct span){copy, len}, PATTERN_EXTENDED, &need);
            free(copy);
        }
}

/* Regexes of more links than a chain has, and of more repetitions than there is time.
 */
static void bounds(void **state)
{
    static char text[200000];
    static struct rule_need need;
    size_t len = 0;

    (void)state;
    while (len + 10 < 100000)
        len += (size_t)sprintf(text + len, "[xz\\xd8]");
    rule_need_derive((struct span){text, len}, 0, &need);
    assert_int_equal(need.kind, RULE_NEED_CHAIN);
    assert_in_range(need.chain.count, 3, BYTE_CHAIN_LINKS);
    memset(text, 'x', sizeof text);
    rule_need_derive((struct span){text, sizeof text}, 0, &need);
    assert_int_equal(need.kind, RULE_NEED_NOTHING);
    rule_need_derive(SPAN("(?:(?:(?:[xzqjkvw\\xd8]{65535}){65535}){65535}){65535}"), 0,
                     &need);
    assert_int_equal(need.kind, RULE_NEED_CHAIN);
    rule_need_derive(SPAN("(?:(?:(?:\\b{65535}){65535}){65535}){65535}"), 0, &need);
    assert_int_equal(need.kind, RULE_NEED_NOTHING);
}

static double time_of(const char *piece)
{
    enum { REGEX_BYTES = 32000, ROUNDS = 10 };
    static char text[REGEX_BYTES];
    static struct rule_need need;
    clock_t start;

    for (size_t i = 0; i + strlen(piece) <= REGEX_BYTES; i += strlen(piece))
        memcpy(text + i, piece, strlen(piece));
    start = clock();
    for (int i = 0; i < ROUNDS; i++)
        rule_need_derive((struct span){text, REGEX_BYTES - REGEX_BYTES % strlen(piece)},
                         0, &need);
    return (double)(clock() - start) / CLOCKS_PER_SEC;
}

/* Sets are not compared string by string without an end: that is 50 times as long. */
static void many_sets(void **state)
{
    enum { TIMES_MOST = 20 };
    double usual = time_of("abc"), took = time_of("[ab]{3}c?");

    (void)state;
    if (took > TIMES_MOST * usual)
        fail_msg("%g s, plain text %g s", took, usual);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(needs),
        cmocka_unit_test(cut_anywhere),
        cmocka_unit_test(bounds),
        cmocka_unit_test(many_sets),
    };
    return cmocka_run_group_tests_name("rule_need", tests, NULL, NULL);
}
