/* SPDX-License-Identifier: BSD-2-Clause
 *
 * undisguise and confusable: what a disguised text reads as, and what honest text in
 * other scripts stays.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/confusable.h"
#include "rules/text/undisguise.h"

static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = arena_new(16 << 20);
    return arena == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

struct reading {
    const char *text, *plain;
};

static void check(const struct reading *readings, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct span plain = undisguise(arena, span_of(readings[i].text));
        if (!span_eq(plain, span_of(readings[i].plain)))
            fail_msg("\"%s\" reads \"%.*s\", not \"%s\"", readings[i].text,
                     (int)plain.len, plain.at, readings[i].plain);
    }
}

#define CHECK(readings) check(readings, sizeof readings / sizeof readings[0])

static void test_nothing_shown_is_left_out(void **state)
{
    static const struct reading readings[] = {
        {"", ""},
        {"Plain TEXT, 1 line.\n", "plain text, 1 line.\n"},
        {"ac\u200bco\u200dunt", "account"},
        {"pass\u00adword", "password"},
        {"a\u034fccount \u2062x", "account x"},
        {"\u202eabc\u202c", "abc"},
        {"pay\ufe0fpal", "paypal"},
        {"\ufeffHello", "hello"},
        {"pay\U000e0070pal", "paypal"},
        {"p\u0336a\u0336y", "pay"},
        {"we\u2060lco\u2061me", "welcome"},
    };
    (void)state;
    CHECK(readings);
}

static void test_forms_of_letters_are_plain(void **state)
{
    static const struct reading readings[] = {
        {"\uff30\uff41\uff59\uff30\uff41\uff4c", "paypal"},
        {"\U0001d5d5\U0001d5ee\U0001d5fb\U0001d5f8", "bank"},
        {"\U0001d4d1\U0001d4ea\U0001d4f7\U0001d4f4 1\ufe0f\u20e3", "bank 1"},
        {"\u24b7\u24d0\u24dd\u24da", "bank"},
        {"\U0001f171\U0001f170\U0001f17d\U0001f17a", "bank"},
        {"\U0001d7cf\U0001d7ce\uff10", "100"},
        {"\u1d00\u1d04\u1d04\u1d0f\u1d1c\u0274\u1d1b", "account"},
        {"\u201cit\u2019s\u201d \u2013 \u2014 \u2026\u00a0x", "\"it's\" - - ... x"},
        {"\uff1a\uff01", ":!"},
    };
    (void)state;
    CHECK(readings);
}

static void test_accents_are_gone(void **state)
{
    static const struct reading readings[] = {
        {"V\u00e9rifiez votre acc\u00e8s", "verifiez votre acces"},
        {"ve\u0301rifiez", "verifiez"},
        {"VERIFICACI\u00d3N ESPA\u00d1A", "verificacion espana"},
        {"Best\u00e4tigen Sie Ihr Gro\u00dfkonto", "bestatigen sie ihr grosskonto"},
        {"\u0153uvre \u00c6r\u00f8 \u0141\u00f3d\u017a \u0130stanbul",
         "oeuvre aero lodz istanbul"},
        {"a\u00e7\u00e3o pr\u00eamio", "acao premio"},
    };
    (void)state;
    CHECK(readings);
}

static void test_lookalikes_are_read(void **state)
{
    static const struct reading readings[] = {
        {"\u0420ay\u0420al", "paypal"},              /* Cyrillic Er */
        {"\u0430\u0441\u0441\u043eunt", "account"},  /* Cyrillic a s s o */
        {"\u0406nvoice", "invoice"},                 /* Cyrillic I */
        {"\u0391mazon", "amazon"},                   /* Greek Alpha */
        {"Mi\u03f2ros\u03bfft", "microsoft"},        /* Greek */
        {"\u0430\u0440\u0440\u04cf\u0435", "apple"}, /* nothing but look-alikes */
        {"\u13aaccount", "account"},                 /* Cherokee */
        {"\u0421\u0430\u0455ino", "casino"},
    };
    (void)state;
    CHECK(readings);
}

static void test_other_scripts_stay(void **state)
{
    static const char *const honest[] = {
        "\u0417\u0434\u0440\u0430\u0432\u0441\u0442\u0432\u0443\u0439\u0442\u0435",
        "\u03ba\u03b1\u03bb\u03b7\u03bc\u03ad\u03c1\u03b1 \u03c3\u03b1\u03c2",
        "\u0645\u0631\u062d\u0628\u0627 \u0628\u0643\u0645",
        "\u05e9\u05dc\u05d5\u05dd \u05e2\u05d5\u05dc\u05dd",
        "\u3053\u3093\u306b\u3061\u306f\u4e16\u754c\u3001\u30c6\u30b9\u30c8",
        "\uc548\ub155\ud558\uc138\uc694",
        "\u0928\u092e\u0938\u094d\u0924\u0947",
        "\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", /* a joiner that is needed
                                                             */
        "\U0001f600 \u2122 \u20ac",
    };
    (void)state;
    for (size_t i = 0; i < sizeof honest / sizeof honest[0]; i++) {
        struct span plain = undisguise(arena, span_of(honest[i]));
        if (!span_eq(plain, span_of(honest[i])))
            fail_msg("row %zu reads %.*s", i, (int)plain.len, plain.at);
    }
}

static void test_pieces_are_joined(void **state)
{
    static const struct reading readings[] = {
        {"buy v i a g r a now", "buy viagra now"},
        {"l-o-a-n", "loan"},
        {"C.A.S.I.N.O!", "casino!"},
        {"ca-si-no-s", "casinos"},
        {"\u0421 a s i n o", "casino"},
        /* and what is left alone */
        {"e-mail, i.e. a b c", "e-mail, i.e. a b c"},
        {"J. R. R. Tolkien", "j. r. r. tolkien"},
        {"2 a 3 b 4 c", "2 a 3 b 4 c"},
        {"is it ok to go", "is it ok to go"},
        {"1 2 3 4 5", "1 2 3 4 5"},
        {"vis-a-vis up-to-date", "vis-a-vis up-to-date"},
    };
    (void)state;
    CHECK(readings);
}

static void test_digits_in_words(void **state)
{
    static const struct reading readings[] = {
        {"acc0unt v1agra g00gle ca$h pa55word", "account viagra google cash password"},
        {"24h 2fa mp3 b2b 100mg 30days $500 us$5",
         "24h 2fa mp3 b2b 100mg 30days $500 us$5"},
        {"h264codec covid19", "h264codec covid19"},
        {"C0STC0 5pec1al K0BALT", "costco special kobalt"},
        {"10:30 v2.0", "10:30 v2.0"},
    };
    (void)state;
    CHECK(readings);
}

/* Any bytes: no longer than before, and what has been read reads as itself. */
static void test_any_bytes(void **state)
{
    char text[300];
    uint32_t seed = 1;

    (void)state;
    for (int round = 0; round < 20000; round++) {
        size_t len = 0;
        while (len < 200) {
            seed = seed * 1103515245u + 12345u;
            if (seed >> 28 < 5)
                text[len++] = (char)(seed >> 16);
            else if (seed >> 28 < 9)
                text[len++] = " .-a$0b"[(seed >> 16) % 7];
            else
                len += utf8_put((seed >> 12) % 0x20000, text + len);
        }
        struct span plain = undisguise(arena, (struct span){text, len});
        assert_true(plain.len <= len);
        arena_reset(arena);
    }
}

static void test_every_character(void **state)
{
    const char *text;
    char out[4];

    (void)state;
    for (uint32_t cp = 0; cp <= 0x10ffff; cp++) {
        enum confusable kind = confusable_read(cp, &text);
        bool is_text = kind == CONFUSABLE_PLAIN || kind == CONFUSABLE_LOOKALIKE;
        assert_true(cp == 0 || is_text == (text[0] != '\0'));
        assert_true(strlen(text) <= utf8_put(cp, out));
        for (; *text != '\0'; text++)
            assert_true((unsigned char)*text < 0x80 && *text == ascii_lower(*text));
    }
}

/* Joining must not become quadratic: a million signs in well under a second. */
static void test_long_text(void **state)
{
    enum { LONG = 1 << 20 };
    char *text = malloc(LONG);

    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i < LONG; i++)
        text[i] = "a "[i % 2];
    assert_int_equal(undisguise(arena, (struct span){text, LONG}).len, LONG / 2 + 1);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_shown_is_left_out),
        cmocka_unit_test(test_forms_of_letters_are_plain),
        cmocka_unit_test(test_accents_are_gone),
        cmocka_unit_test(test_lookalikes_are_read),
        cmocka_unit_test(test_other_scripts_stay),
        cmocka_unit_test(test_pieces_are_joined),
        cmocka_unit_test(test_digits_in_words),
        cmocka_unit_test(test_any_bytes),
        cmocka_unit_test(test_every_character),
        cmocka_unit_test(test_long_text),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
