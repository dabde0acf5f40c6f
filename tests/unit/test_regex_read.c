/* SPDX-License-Identifier: BSD-2-Clause
 *
 * regex_read: the pieces of a regex; what a class or an escape has, as PCRE2 sees it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rules/regex/pattern.h"
#include "rules/regex/regex_read.h"

static const char marks[] = {
    [REGEX_END] = '.',   [REGEX_LOST] = '!',     [REGEX_BYTE] = 'b',
    [REGEX_PLACE] = '^', [REGEX_ANYTHING] = '~', [REGEX_OPEN] = '(',
    [REGEX_AHEAD] = '=', [REGEX_IGNORED] = 'i',  [REGEX_CLOSE] = ')',
    [REGEX_OR] = '|',    [REGEX_COUNT] = '#',    [REGEX_OPTION] = 'o',
};

/* A mark a piece. A listed byte is itself, other sets are b; counts are written out. */
static const char *pieces_of(struct span regex, unsigned flags)
{
    static char out[4096];
    struct regex_reader reader;
    struct regex_piece piece;
    size_t len = 0;

    regex_read_start(&reader, regex, flags);
    do {
        int only = -1, count = 0;
        regex_read(&reader, &piece);
        for (int c = 0; c < 256; c++)
            if (byte_set_has(&piece.bytes, (unsigned char)c)) {
                only = c;
                count++;
            }
        if (piece.kind == REGEX_BYTE && piece.is_listed && count == 1 && only > ' ' &&
            only < 0x7f)
            out[len++] = (char)only;
        else if (piece.kind == REGEX_COUNT)
            len += (size_t)sprintf(out + len, "{%u,%u}", piece.least, piece.most);
        else
            out[len++] = marks[piece.kind];
    } while (piece.kind != REGEX_END && piece.kind != REGEX_LOST && len < 4000);
    out[len] = '\0';
    return out;
}

static void pieces(void **state)
{
    static const struct {
        const char *regex;
        unsigned flags;
        const char *pieces;
    } rows[] = {
        {"", 0, "."},
        {"ab", 0, "ab."},
        {"a|b", 0, "a|b."},
        {"(a)(?:b)(?<n>c)(?'m'd)(?P<o>e)", 0, "(a)(b)(c)(d)(e)."},
        {"(?=a)(?!b)(?<=c)(?<!d)", 0, "=a)ib)ic)id)."},
        {"a*b+c?d{2}e{2,}f{2,3}", 0,
         "a{0,65536}b{1,65536}c{0,1}d{2,2}e{2,65536}f{2,3}."},
        {"a*?b++c{1}?", 0, "a{0,65536}b{1,65536}c{1,1}."},
        {"a{b{,3}", 0, "a{b!"},
        {"a{x}", 0, "a{x}."},
        {"a{ 2}", 0, "a!"},
        {"a{70000}", 0, "a!"},
        {"a**", 0, "a{0,65536}!"},
        {"*", 0, "!"},
        {"(*UTF)a", 0, "!"},
        {"(?(1)a)", 0, "!"},
        {"(?C1)", 0, "!"},
        {"(a", 0, "(a!"},
        {"a)", 0, "a!"},
        {"[a", 0, "!"},
        {"\\", 0, "!"},
        {"\\bA\\Z^$\\G", 0, "^A^^^^."},
        {"[[:<:]]a[[:>:]]", 0, "^a^."},
        {"\\1\\g{2}\\k<n>(?1)(?&n)\\R\\X", 0, "~~~~~~~."},
        {"\\Q(a\\E)", 0, "(a!"},
        {"\\Qa*\\Eb", 0, "a*b."},
        {"a\\Q\\E+", 0, "a{1,65536}."},
        {"a(?#x)b", 0, "ab."},
        {"a b#c\nd", 0, "abb#cbd."},
        {"a b#c\nd", PATTERN_EXTENDED, "abd."},
        {"(?x) a (?-x) b", 0, "oaobb."},
        {"(?x: a ) b", 0, "(a)bb."},
        {"(?xx)[a b]", 0, "o!"},
        {"[a]\\x62\\x{63}\\.", 0, "abc.."},
        {"\\x{100}", 0, "!"},
        {"[^a][ab].\\d\\N", 0, "bbbbb."},
        {"\\i", 0, "!"},
        {"\\p{Lu}\\PN", 0, "~~."},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *got = pieces_of(span_of(rows[i].regex), rows[i].flags);
        if (strcmp(got, rows[i].pieces) != 0)
            fail_msg("%s: %s, not %s", rows[i].regex, got, rows[i].pieces);
    }
}

/* No byte is left out that PCRE2 takes; is_exact: and none is too much. */
static void check_bytes(const char *regex, bool is_exact)
{
    struct pattern *pattern;
    struct regex_reader reader;
    struct regex_piece piece;
    struct err err;

    if (pattern_new(&pattern, span_of(regex), PATTERN_DOTALL, &err) != 0)
        fail_msg("%s: %s", regex, err.text);
    regex_read_start(&reader, span_of(regex), PATTERN_DOTALL);
    regex_read(&reader, &piece);
    assert_int_equal(piece.kind, REGEX_BYTE);
    for (int c = 0; c < 256; c++) {
        char byte = (char)c;
        bool takes = pattern_match(pattern, (struct span){&byte, 1}) == PATTERN_MATCH;
        bool has = byte_set_has(&piece.bytes, (unsigned char)c);
        if (takes && !has)
            fail_msg("%s: not 0x%02x", regex, c);
        if (is_exact && !takes && has)
            fail_msg("%s: 0x%02x", regex, c);
    }
    pattern_free(&pattern);
}

static void bytes_as_pcre2(void **state)
{
    static const char *const exact[] = {
        "a",
        ".",
        "\\d",
        "\\D",
        "\\s",
        "\\S",
        "\\w",
        "\\W",
        "\\h",
        "\\H",
        "\\v",
        "\\V",
        "\\a",
        "\\e",
        "\\f",
        "\\n",
        "\\r",
        "\\t",
        "\\x",
        "\\xe",
        "\\xe9",
        "\\x{e9}",
        "\\-",
        "[a-f]",
        "[^a-f]",
        "[]a]",
        "[^]a]",
        "[a-]",
        "[-a]",
        "[\\w-]",
        "[^\\w\\s]",
        "[\\b]",
        "[\\x41-C]",
        "[\\]-a]",
        "[\\\\]",
        "[^\\W_]",
        "[a^]",
        "[[]",
        "[[a]",
        "[\xe0-\xe5]",
        "[$-/]",
        "[\\S\\s]",
        "[^\\x00-\\x7f]",
    };
    static const char *const coarse[] = {"\\N",           "[[:alpha:]]", "[^[:alpha:]]",
                                         "[[:^digit:]x]", "[\\p{Lu}]",   "[^\\pL]",
                                         "[\\101]"};

    (void)state;
    for (size_t i = 0; i < sizeof exact / sizeof exact[0]; i++)
        check_bytes(exact[i], true);
    for (size_t i = 0; i < sizeof coarse / sizeof coarse[0]; i++)
        check_bytes(coarse[i], false);
}

static void bounds(void **state)
{
    char text[REGEX_DEPTH * 2 + 3];

    (void)state;
    memset(text, '(', REGEX_DEPTH);
    memset(text + REGEX_DEPTH, ')', REGEX_DEPTH);
    pieces_of((struct span){text, 2 * (size_t)REGEX_DEPTH}, 0);
    assert_non_null(
        strchr(pieces_of((struct span){text, 2 * (size_t)REGEX_DEPTH}, 0), '.'));
    memset(text, '(', REGEX_DEPTH + 1);
    memset(text + REGEX_DEPTH + 1, ')', REGEX_DEPTH + 1);
    assert_non_null(strchr(pieces_of((struct span){text, sizeof text - 1}, 0), '!'));
    assert_string_equal(pieces_of((struct span){NULL, 0}, 0), ".");
}

/* Behind the end comes the end, and behind a loss the loss. */
static void stays_at_the_end(void **state)
{
    static const char *const regexes[] = {"a", "a)"};
    struct regex_reader reader;
    struct regex_piece piece;

    (void)state;
    for (int i = 0; i < 2; i++) {
        enum regex_kind last = i == 0 ? REGEX_END : REGEX_LOST;
        regex_read_start(&reader, span_of(regexes[i]), 0);
        regex_read(&reader, &piece);
        for (int again = 0; again < 3; again++) {
            regex_read(&reader, &piece);
            assert_int_equal(piece.kind, last);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces),
        cmocka_unit_test(bytes_as_pcre2),
        cmocka_unit_test(bounds),
        cmocka_unit_test(stays_at_the_end),
    };
    return cmocka_run_group_tests_name("regex_read", tests, NULL, NULL);
}
