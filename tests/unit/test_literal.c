/* SPDX-License-Identifier: BSD-2-Clause
 *
 * literal: which strings a regex cannot do without; none where that is not sure.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rules/regex/literal.h"
#include "rules/regex/pattern.h"

static int by_bytes(const void *a, const void *b)
{
    const struct literal *x = a, *y = b;

    return span_compare((struct span){x->at, x->len}, (struct span){y->at, y->len});
}

/* "abc|de", sorted by bytes; "-" for no set. */
static const char *derived(const char *written)
{
    static char out[LITERAL_STRINGS * (LITERAL_BYTES + 1)];
    static struct literal_set set;
    struct span regex;
    unsigned flags;
    size_t len = 0;
    struct err err;

    if (pattern_split(span_of(written), &regex, &flags, &err) != 0)
        fail_msg("%s: %s", written, err.text);
    if (!literal_derive(regex, flags, &set)) {
        assert_int_equal(set.count, 0);
        return "-";
    }
    assert_int_not_equal(set.count, 0);
    qsort(set.strings, set.count, sizeof set.strings[0], by_bytes);
    for (unsigned i = 0; i < set.count; i++) {
        if (i > 0)
            out[len++] = '|';
        memcpy(out + len, set.strings[i].at, set.strings[i].len);
        len += set.strings[i].len;
    }
    out[len] = '\0';
    return out;
}

struct row {
    const char *regex, *set;
};

static void check(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct pattern *pattern = NULL;
        struct span regex;
        unsigned flags;
        struct err err;
        /* what PCRE2 refuses shows nothing */
        assert_int_equal(pattern_split(span_of(rows[i].regex), &regex, &flags, &err),
                         0);
        if (pattern_new(&pattern, regex, flags, &err) != 0)
            fail_msg("%s: %s", rows[i].regex, err.text);
        pattern_free(&pattern);
        if (strcmp(derived(rows[i].regex), rows[i].set) != 0)
            fail_msg("%s: %s, not %s", rows[i].regex, derived(rows[i].regex),
                     rows[i].set);
    }
}

#define CHECK(rows) check(rows, sizeof(rows) / sizeof(rows)[0])

static void strings(void **state)
{
    static const struct row rows[] = {
        {"/viagra/", "viagra"},
        {"/ViAgRa/", "viagra"},
        {"/ViAgRa/i", "viagra"},
        {"/caf\xc3\xa9/i", "caf\xc3\xa9"},
        {"/^Dear friend$/", "dear friend"},
        {"/\\bbuy\\B now\\z/", "buy now"},
        {"/a\\/b\\.c\\@d/", "a/b.c@d"},
        {"/x\\x41\\x{42}\\x2Ez/", "xab.z"},
        {"/tab\\there\\n/", "tab\there\n"},
        {"/\\Qa.b*\\Ec/", "a.b*c"},
        {"/\\Qa.b/", "a.b"},
        {"/price{x/", "price{x"},
        {"/price{}x/", "price{}x"},
        {"/one.three/", "three"},
        {"/one\\d+seventeen/", "seventeen"},
        {"/unsubscribe/m", "unsubscribe"},
        {"/abcdefghijklmnopqrstuvwxyz/", "abcdefghijklmnopqrst"},
        /* rare bytes alone */
        {"/\\d%/", "%"},
        {"/[%=]\\d/", "%|="},
        {"/q\\d/", "q"},
    };

    (void)state;
    CHECK(rows);
}

static void quantifiers(void **state)
{
    static const struct row rows[] = {
        {"/colou?r/", "color|colour"},
        {"/ab*cash/", "cash"},
        {"/cashb{0}/", "cash"},
        {"/cas{0,1}hbox/", "cahbox|cashbox"},
        {"/cas{0,5}hbox/", "hbox"},
        {"/fre+ money/", "e money"},
        {"/vip{2}/", "vipp"},
        {"/vip{2,3}/", "vipp"},
        {"/vip{2,}k/", "vipp"},
        {"/(?:viagra)+/", "viagra"},
        {"/(?:viagra){0,3}cialis/", "cialis"},
        {"/(?:xy){6}/", "xyxyxyxy"},
        {"/x{6}/", "xxxx"},
        {"/colou??r/", "color|colour"},
        {"/colou?+r/", "color|colour"},
        {"/go++gle/", "ogle"},
        {"/\\Qab\\E?xyz/", "abxyz|axyz"},
        {"/click\\s+here/", "click"},
        {"/(?:a|)+zebra/", "zebra"},
        {"/x*/", "-"},
        {"/(?:viagra)?/", "-"},
        {"/(?:viagra)*/", "-"},
    };

    (void)state;
    CHECK(rows);
}

static void groups(void **state)
{
    static const struct row rows[] = {
        {"/viagra|cialis/", "cialis|viagra"},
        {"/viagra|/", "-"},
        {"/|viagra/", "-"},
        {"/viagra|\\d+/", "-"},
        {"/(viagra)/", "viagra"},
        {"/(?:via|cia)gra/", "ciagra|viagra"},
        {"/(?<name>via|cia)gra/", "ciagra|viagra"},
        {"/(?'name'via)gra/", "viagra"},
        {"/(?P<name>via)gra/", "viagra"},
        {"/(?>via)gra/", "viagra"},
        {"/(?|(via)|(cia))gra/", "ciagra|viagra"},
        {"/(?i:via)gra/", "viagra"},
        {"/(?i)VIA(?-i)gra/", "viagra"},
        {"/(?#not this)viagra/", "viagra"},
        {"/viagra(?#not this)?/", "viagr"},
        {"/pills(?: and (?:more|less))? now/",
         "pills and less now|pills and more now|pills now"},
        {"/(?:buy\\d|sell\\w) pills/", " pills"},
        {"/(?:viagra\\d|cialis\\w)/", "cialis|viagra"},
        /* what contains another string is not needed */
        {"/viagra|viagra pills|cheap viagra/", "viagra"},
        {"/(?:cheap )?viagra/", "viagra"},
        /* look around: what is ahead stands there too */
        {"/(?=viagra)\\w+/", "viagra"},
        {"/(?=viagra)?\\w+cialis/", "cialis"},
        {"/(?!viagra)cialis/", "cialis"},
        {"/(?!viagra)\\w+/", "-"},
        {"/(?<=viagra)\\w+/", "-"},
        {"/(?<!via)gra(?!x)ph/", "graph"},
        {"/via(?=gra)gra/", "viagra"},
    };

    (void)state;
    CHECK(rows);
}

static void classes(void **state)
{
    static const struct row rows[] = {
        {"/v[i1]agra/", "v1agra|viagra"},
        {"/v[iI]agra/", "viagra"},
        {"/v[]x]agra/", "v]agra|vxagra"},
        {"/v[\\]x]agra/", "v]agra|vxagra"},
        {"/v[a-c]agra/", "vaagra|vbagra|vcagra"},
        {"/v[x-]agra/", "v-agra|vxagra"},
        {"/v[\\x30-\\x31]agra/", "v0agra|v1agra"},
        {"/v[\\n\\b]agra/", "v\bagra|v\nagra"},
        {"/v[^i]agra/", "agra"},
        {"/v[^]]agra/", "agra"},
        {"/v[a-z]agra/", "agra"},
        {"/v[[:alpha:]]agra/", "agra"},
        {"/v[\\w]agra/", "agra"},
        {"/v[\\d-]agra/", "agra"},
        {"/v[[]agra/", "v[agra"},
        {"/v[:x]agra/", "v:agra|vxagra"},
        {"/caf(?:\\xc3\\xa9|e)s/", "cafes|caf\xc3\xa9s"},
        {"/caf\\xc3[\\xa8\\xa9]s/", "caf\xc3\xa8s|caf\xc3\xa9s"},
    };

    (void)state;
    CHECK(rows);
}

static void extended(void **state)
{
    static const struct row rows[] = {
        {"/buy now/x", "buynow"},
        {"/buy\\ now/x", "buy now"},
        {"/buy[ ]now/x", "buy now"},
        {"/pills # and more\n now/x", "pillsnow"},
        {"/colou ?r/x", "color|colour"},
        {"/(?x) pills now(?-x) and/", "pillsnow and"},
        {"/(?:(?x) pills ) now/", "pills now"},
        {"/(?x: pills ) now/", "pills now"},
        {"/(?x)pi lls|n ow(?-x)/", "now|pills"},
        {"/\\Qa b\\E c/x", "a bc"},
        {"/v[i x]agra/x", "v agra|viagra|vxagra"},
        {"/v[i x]agra/xx", "-"},
        {"/(?xx)v[i x]agra/", "-"},
        {"/(?^:buy now)/x", "buy now"},
    };

    (void)state;
    CHECK(rows);
}

/* Where in doubt: that piece demands nothing, or there is no set. */
static void doubts(void **state)
{
    static const struct row rows[] = {
        {"/(a)viagra\\1/", "aviagra"},
        {"/(v)\\1agra/", "agra"},
        {"/(v)\\g1agra/", "agra"},
        {"/(v)\\g{1}agra/", "agra"},
        {"/(v)\\g{-1}agra/", "agra"},
        {"/(?<n>v)\\k<n>agra/", "agra"},
        {"/(?<n>v)(?P=n)agra/", "agra"},
        {"/(v)(?1)agra/", "agra"},
        {"/(?<n>v)(?&n)agra/", "agra"},
        {"/\\101viagra/", "viagra"},
        {"/\\cAviagra/", "-"},
        {"/\\o{101}viagra/", "-"},
        {"/\\pLviagra\\p{Lu}ab/", "viagra"},
        {"/viagra\\p{Lu}/", "viagra"},
        {"/\\Rviagra\\X/", "viagra"},
        {"/(v)?(?(1)iagra|cialis)/", "-"},
        {"/(*UTF)viagra/", "-"},
        {"/viagra(*ACCEPT)cialis/", "-"},
        {"/viagra(?C1)/", "-"},
        {"/pills{,3}/", "-"},
        {"/[\\Qab\\E]pills/", "-"},
        {"/./", "-"},
        {"/\\w+@\\w+/", "@"},
        {"/e/", "-"},
        {"/[a-z]+/", "-"},
        {"/$/", "-"},
    };

    (void)state;
    CHECK(rows);
}

/* Too many ways, too deep, too long: less, or none. */
static void bounds(void **state)
{
    static char text[70000];
    struct literal_set *set = malloc(sizeof *set);
    char *at = text;

    (void)state;
    assert_non_null(set);
    for (int i = 0; i < 600; i++)
        at += sprintf(at, "%sz%03dz", i > 0 ? "|" : "", i);
    assert_false(literal_derive(span_of(text), 0, set));
    at = text;
    for (int i = 0; i < 500; i++)
        at += sprintf(at, "%sz%03dz", i > 0 ? "|" : "", i);
    assert_true(literal_derive(span_of(text), 0, set));
    assert_int_equal(set->count, 500);
    assert_string_equal(derived("/[abcd][abcd][abcd][abcd]zebra/"),
                        "azebra|bzebra|czebra|dzebra");
    memset(text, '(', 100);
    memcpy(text + 100, "zebra", 5);
    memset(text + 105, ')', 100);
    assert_false(literal_derive((struct span){text, 205}, 0, set));
    assert_true(literal_derive((struct span){text + 80, 45}, 0, set));
    memset(text, 'z', sizeof text);
    assert_false(literal_derive((struct span){text, sizeof text}, 0, set));
    assert_false(literal_derive((struct span){NULL, 0}, 0, set));
    free(set);
}

/* Any part of a regex may be all there is: no byte behind its end is read. */
static void cut_anywhere(void **state)
{
    static const char regex[] = "(?i)a[b-d\\x20[:alpha:]]{2,3}\\x{41}\\p{Lu}(?<n>\\k<n>"
                                ")\\g{1}(?#c)\\Qq\\E(?x-i:"
                                " y)(?=z)(?P<m>w)(?P=m)(?1)\\N{3}";
    struct literal_set *set = malloc(sizeof *set);

    (void)state;
    assert_non_null(set);
    for (size_t from = 0; from < sizeof regex; from++)
        for (size_t len = 0; from + len < sizeof regex; len++) {
            char *copy = malloc(len > 0 ? len : 1);
            assert_non_null(copy);
            memcpy(copy, regex + from, len);
            (void)literal_derive((struct span){copy, len}, PATTERN_EXTENDED, set);
            free(copy);
        }
    free(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings),  cmocka_unit_test(quantifiers),
        cmocka_unit_test(groups),   cmocka_unit_test(classes),
        cmocka_unit_test(extended), cmocka_unit_test(doubts),
        cmocka_unit_test(bounds),   cmocka_unit_test(cut_anywhere),
    };
    return cmocka_run_group_tests_name("literal", tests, NULL, NULL);
}
