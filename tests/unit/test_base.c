/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The ground floor: text, arena, buf, json, netaddr, err.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/json.h"
#include "base/netaddr.h"
#include "base/text.h"
#include "base/troubles.h"

static void escape_table(void **state)
{
    static const struct {
        struct span in;
        const char *out;
    } rows[] = {
        {SPAN("plain"), "plain"},
        {SPAN(""), ""},
        {SPAN("a\r\nb"), "a\\x0d\\x0ab"},
        {SPAN("esc\033[2J"), "esc\\x1b[2J"},
        {SPAN("caf\xc3\xa9"), "caf\xc3\xa9"},
        {SPAN("bad\xff"), "bad\\xff"},
        {SPAN("cut\xe2\x82"), "cut\\xe2\\x82"},
        {SPAN("back\\slash"), "back\\x5cslash"},
        {SPAN("rtl\xe2\x80\xae!"), "rtl\\xe2\\x80\\xae!"},
        {SPAN("nul\0x"), "nul\\x00x"},
        {SPAN("c1\xc2\x9b"), "c1\\xc2\\x9b"},
    };
    char out[64];
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_string_equal(text_escape(rows[i].in, out, sizeof out), rows[i].out);
}

static void escape_fits_every_size(void **state)
{
    struct span in = SPAN("abc\001\xc3\xa9\xff end of it");
    char whole[100];
    (void)state;
    text_escape(in, whole, sizeof whole);
    for (size_t size = 1; size <= sizeof whole; size++) {
        char *out = malloc(size); /* exactly, so that a sanitizer sees one byte more */
        text_escape(in, out, size);
        assert_true(strlen(out) < size);
        if (size > strlen(whole))
            assert_string_equal(out, whole);
        else if (size >= 4)
            assert_non_null(strstr(out, "..."));
        free(out);
    }
}

static void utf8_table(void **state)
{
    static const struct {
        struct span in;
        uint32_t cp;
        size_t used;
    } rows[] = {
        {SPAN("A"), 'A', 1},
        {SPAN("\xc3\xa9"), 0xe9, 2},
        {SPAN("\xe2\x82\xac"), 0x20ac, 3},
        {SPAN("\xf0\x9f\x98\x80"), 0x1f600, 4},
        {SPAN("\xc0\x80"), 0xfffd, 1},         /* overlong */
        {SPAN("\xe0\x80\x80"), 0xfffd, 1},     /* overlong */
        {SPAN("\xed\xa0\x80"), 0xfffd, 1},     /* surrogate */
        {SPAN("\xf4\x90\x80\x80"), 0xfffd, 1}, /* above U+10FFFF */
        {SPAN("\xe2\x82"), 0xfffd, 1},         /* cut */
        {SPAN("\x80"), 0xfffd, 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t at = 0;
        assert_int_equal(utf8_next(rows[i].in, &at), rows[i].cp);
        assert_int_equal(at, rows[i].used);
    }
    for (uint32_t cp = 0; cp <= 0x10ffff; cp += 7) {
        char bytes[4];
        size_t len = utf8_put(cp, bytes);
        size_t at = 0;
        uint32_t want = cp >= 0xd800 && cp <= 0xdfff ? 0xfffd : cp;
        assert_int_equal(utf8_next((struct span){bytes, len}, &at), want);
        assert_int_equal(at, len);
    }
    assert_true(utf8_is_valid(SPAN("\xef\xbf\xbd"))); /* U+FFFD itself is valid */
    assert_false(utf8_is_valid(SPAN("x\xef\xbf")));
    char text[40]; /* one bad byte at each place, also where ASCII is skipped */
    for (size_t len = 1; len <= sizeof text; len++)
        for (size_t i = 0; i < len; i++) {
            memset(text, 'x', sizeof text);
            assert_true(utf8_is_valid((struct span){text, len}));
            text[i] = '\xc3';
            assert_false(utf8_is_valid((struct span){text, len}));
        }
}

static void span_table(void **state)
{
    struct span head;
    struct span tail;
    (void)state;
    assert_true(span_cut(SPAN("a=b=c"), '=', &head, &tail));
    assert_true(span_eq(head, SPAN("a")) && span_eq(tail, SPAN("b=c")));
    assert_false(span_cut(SPAN("abc"), '=', &head, &tail));
    assert_true(span_eq(head, SPAN("abc")) && tail.len == 0);
    assert_true(span_eq(span_trim(SPAN(" \t\r\n a b \f")), SPAN("a b")));
    assert_int_equal(span_trim(SPAN(" \n ")).len, 0);
    assert_int_equal(span_ifind(SPAN("Received: BY x"), SPAN("by")), 10);
    assert_int_equal(span_find(SPAN("aab"), SPAN("ab")), 1);
    assert_int_equal(span_find(SPAN("ab"), SPAN("abc")), -1);
    assert_int_equal(span_rindex(SPAN("a@b@c"), '@'), 3);
    assert_true(span_iends(SPAN("mail.Example.COM"), SPAN(".example.com")));
    assert_true(span_compare(SPAN("a"), SPAN("ab")) < 0);
    assert_true(span_compare(SPAN("b"), SPAN("ab")) > 0);
    assert_int_equal(span_from(SPAN("abc"), 5).len, 0);
}

static void counts_are_strict(void **state)
{
    uint64_t value;
    (void)state;
    assert_true(text_parse_count(SPAN("0"), 10, &value) && value == 0);
    assert_true(text_parse_count(SPAN("18446744073709551615"), UINT64_MAX, &value));
    assert_true(value == UINT64_MAX);
    assert_false(text_parse_count(SPAN("18446744073709551616"), UINT64_MAX, &value));
    assert_false(text_parse_count(SPAN(""), 10, &value));
    assert_false(text_parse_count(SPAN("11"), 10, &value));
    assert_false(text_parse_count(SPAN("-1"), 10, &value));
    assert_false(text_parse_count(SPAN("1 "), 10, &value));
}

static void distances(void **state)
{
    (void)state;
    assert_int_equal(text_distance(SPAN("hold_at"), SPAN("hold_at")), 0);
    assert_int_equal(text_distance(SPAN("hold_at"), SPAN("holdat")), 1);
    assert_int_equal(text_distance(SPAN("kitten"), SPAN("sitting")), 3);
    assert_int_equal(text_distance(SPAN(""), SPAN("abc")), 3);
}

static void capitals_in_scripts(void **state)
{
    (void)state;
    assert_true(utf8_is_upper('A') && !utf8_is_upper('a') && !utf8_is_upper('1'));
    assert_true(utf8_is_upper(0xc9) && utf8_is_lower(0xe9));      /* É é */
    assert_false(utf8_is_upper(0xd7) || utf8_is_lower(0xf7));     /* × ÷ */
    assert_true(utf8_is_upper(0x141) && utf8_is_lower(0x142));    /* Ł ł */
    assert_true(utf8_is_upper(0x416) && utf8_is_lower(0x436));    /* Ж ж */
    assert_false(utf8_is_upper(0x4e2d) || utf8_is_lower(0x4e2d)); /* 中 */
}

static void arena_grows_an_array(void **state)
{
    struct arena *arena = arena_new(10000);
    size_t room = 0;
    int *at = NULL;
    (void)state;
    for (int i = 0; i < 100; i++) {
        at = arena_grow(arena, at, (size_t)i, &room, sizeof *at);
        assert_non_null(at);
        at[i] = i;
    }
    for (int i = 0; i < 100; i++)
        assert_int_equal(at[i], i);
    room = 10000; /* as if: twice that is over the cap, and nothing is changed */
    assert_null(arena_grow(arena, at, 10000, &room, sizeof *at));
    assert_int_equal(room, 10000);
    arena_free(&arena);
}

static void arena_keeps_its_cap(void **state)
{
    struct arena *arena = arena_new(1000);
    (void)state;
    char *a = arena_alloc(arena, 600);
    assert_non_null(a);
    memset(a, 1, 600);
    assert_null(arena_alloc(arena, 600));
    assert_true(arena_is_capped(arena));
    assert_false(arena_is_broken(arena));
    assert_non_null(arena_alloc(arena, 100)); /* what still fits is still given */
    assert_null(arena_array(arena, SIZE_MAX / 2, 4));
    arena_reset(arena);
    assert_false(arena_is_capped(arena));
    char *b = arena_alloc(arena, 900);
    for (size_t i = 0; i < 900; i++)
        assert_int_equal(b[i], 0);
    arena_free(&arena);
    assert_null(arena);
}

static void arena_gives_disjoint_blocks(void **state)
{
    struct arena *arena = arena_new(64 << 20);
    char *at[300];
    (void)state;
    for (int i = 0; i < 300; i++) {
        at[i] = arena_alloc(arena, (size_t)i * 997 % 90000);
        assert_int_equal((uintptr_t)at[i] % 16, 0);
        memset(at[i], i, (size_t)i * 997 % 90000);
    }
    for (int i = 0; i < 300; i++)
        for (size_t k = 0; k < (size_t)i * 997 % 90000; k += 100)
            assert_int_equal((unsigned char)at[i][k], i & 255);
    arena_free(&arena);
}

static void buf_is_bounded(void **state)
{
    struct arena *arena = arena_new(1 << 20);
    struct buf buf;
    (void)state;
    buf_init(&buf, arena, 10);
    assert_string_equal(buf_cstr(&buf), "");
    buf_add(&buf, "12345678", 8);
    assert_false(buf.is_full);
    buf_add(&buf, "abcd", 4);
    assert_true(buf.is_full);
    assert_string_equal(buf_cstr(&buf), "12345678ab");
    buf_init(&buf, arena, 1 << 19);
    for (int i = 0; i < 10000; i++)
        buf_printf(&buf, "%d,", i);
    assert_false(buf.is_full);
    assert_int_equal(buf.len, 48890);
    assert_true(span_starts(buf_span(&buf), SPAN("0,1,2,3,")));
    arena_free(&arena);
}

static void json_is_well_formed(void **state)
{
    struct arena *arena = arena_new(1 << 20);
    struct buf buf;
    struct json json;
    (void)state;
    buf_init(&buf, arena, 1 << 16);
    json_init(&json, &buf);
    json_open(&json, NULL, '{');
    json_text(&json, "a\"b", SPAN("x\\\"\n\001\xff\xc3\xa9"));
    json_number(&json, "n", 1.5);
    json_number(&json, "zero", -0.0000001);
    json_number(&json, "nan", 0.0 / 0.0);
    json_number(&json, "big", 1e300);
    json_int(&json, "i", INT64_MIN);
    json_open(&json, "list", '[');
    json_bool(&json, NULL, true);
    json_null(&json, NULL);
    json_close(&json, ']');
    json_text_or_null(&json, "e", SPAN(""));
    json_close(&json, '}');
    assert_string_equal(
        buf_cstr(&buf),
        "{\"a\\\"b\": \"x\\\\\\\"\\n\\u0001\xef\xbf\xbd\xc3\xa9\", \"n\": 1.5, "
        "\"zero\": 0, \"nan\": null, \"big\": 1.0000000000000001e+300, "
        "\"i\": -9223372036854775808, \"list\": [true, null], \"e\": null}");
    arena_free(&arena);
}

static void addresses_and_networks(void **state)
{
    struct netaddr a;
    struct network n;
    char out[NETADDR_TEXT_BYTES];
    (void)state;
    assert_true(netaddr_parse(SPAN("192.0.2.7"), &a));
    assert_string_equal(netaddr_key(&a, out), "192.0.2.7");
    assert_true(netaddr_parse(SPAN("IPv6:2001:DB8:1:2:3:4:5:6"), &a));
    assert_string_equal(netaddr_print(&a, out), "2001:db8:1:2:3:4:5:6");
    assert_string_equal(netaddr_key(&a, out), "2001:db8:1:2::/64");
    assert_true(netaddr_parse(SPAN("::ffff:192.0.2.7"), &a));
    assert_string_equal(netaddr_print(&a, out), "192.0.2.7");
    assert_true(netaddr_parse(SPAN("[::1]"), &a) && netaddr_is_loopback(&a));
    assert_false(netaddr_parse(SPAN("192.0.2"), &a));
    assert_false(netaddr_parse(SPAN(""), &a));
    static const char *const inner[] = {
        "10.1.2.3",    "127.0.0.2",   "192.168.1.1",     "172.31.0.1", "100.64.0.1",
        "169.254.0.1", "224.0.0.1",   "255.255.255.255", "::1",        "fe80::1",
        "fc00::1",     "2002:a00::1", "::ffff:10.0.0.1"};
    for (size_t i = 0; i < sizeof inner / sizeof *inner; i++)
        assert_true(netaddr_parse(span_of(inner[i]), &a) && !netaddr_is_public(&a));
    static const char *const outer[] = {"192.0.2.7", "172.32.0.1",  "100.128.0.1",
                                        "8.8.4.4",   "2001:db8::1", "2a00::1"};
    for (size_t i = 0; i < sizeof outer / sizeof *outer; i++)
        assert_true(netaddr_parse(span_of(outer[i]), &a) && netaddr_is_public(&a));
    assert_true(network_parse(SPAN("10.0.0.0/8"), &n));
    netaddr_parse(SPAN("10.255.0.1"), &a);
    assert_true(network_has(&n, &a));
    netaddr_parse(SPAN("11.0.0.1"), &a);
    assert_false(network_has(&n, &a));
    netaddr_parse(SPAN("::a"), &a);
    assert_false(network_has(&n, &a));
    assert_true(network_parse(SPAN("0.0.0.0/0"), &n));
    assert_false(network_parse(SPAN("10.0.0.1/8"), &n)); /* host bits */
    assert_false(network_parse(SPAN("10.0.0.0/33"), &n));
    assert_false(network_parse(SPAN("10.0.0.0/"), &n));
}

/* Lines are kept in order, bounded, and what was dropped is counted. */
static void troubles_are_kept(void **state)
{
    char line[ERR_TEXT_BYTES];
    (void)state;
    struct troubles *troubles = troubles_new();
    troubles_say(NULL, "nobody listens");
    assert_false(troubles_take(NULL, line));
    assert_false(troubles_take(troubles, line));
    for (int i = 0; i < TROUBLES_KEPT + 3; i++)
        troubles_say(troubles, "line %d\x1b", i);
    for (int i = 0; i < TROUBLES_KEPT; i++) {
        char want[32];
        snprintf(want, sizeof want, "line %d\\x1b", i);
        assert_true(troubles_take(troubles, line));
        assert_string_equal(line, want);
    }
    assert_true(troubles_take(troubles, line));
    assert_string_equal(line, "3 more lines of this sort were dropped");
    assert_false(troubles_take(troubles, line));
    troubles_free(&troubles);
    assert_null(troubles);
}

static void errors_are_one_line(void **state)
{
    struct err err;
    char big[2000];
    (void)state;
    assert_int_equal(err_set(&err, ERR_STORE, "a\nb %d", 7), -1);
    assert_string_equal(err.text, "a\\x0ab 7");
    err_prefix(&err, "%s:%u", "f.cf", 3u);
    assert_string_equal(err.text, "f.cf:3: a\\x5cx0ab 7");
    assert_int_equal(err_exit_code(&err), EX_TEMPFAIL);
    memset(big, 'x', sizeof big - 1);
    big[sizeof big - 1] = '\0';
    err_set(&err, ERR_USAGE, "%s", big);
    assert_int_equal(strlen(err.text), ERR_TEXT_BYTES - 1);
    assert_string_equal(err.text + ERR_TEXT_BYTES - 4, "...");
    assert_int_equal(err_exit_code(&err), 2);
    assert_int_equal(err_set(NULL, ERR_IO, "nobody asks"), -1);
}

static void limit_clock_never_goes_back(void **state)
{
    int64_t before = clock_limit_us();
    (void)state;
    clock_limit_floor(before + 3600 * (int64_t)1000000);
    int64_t ahead = clock_limit_us();
    assert_true(ahead >= before + 3600 * (int64_t)1000000);
    assert_true(clock_limit_us() >= ahead);
    clock_limit_floor(1); /* the past changes nothing */
    assert_true(clock_limit_us() >= ahead);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(escape_table),
        cmocka_unit_test(escape_fits_every_size),
        cmocka_unit_test(utf8_table),
        cmocka_unit_test(span_table),
        cmocka_unit_test(counts_are_strict),
        cmocka_unit_test(distances),
        cmocka_unit_test(capitals_in_scripts),
        cmocka_unit_test(arena_grows_an_array),
        cmocka_unit_test(arena_keeps_its_cap),
        cmocka_unit_test(arena_gives_disjoint_blocks),
        cmocka_unit_test(buf_is_bounded),
        cmocka_unit_test(json_is_well_formed),
        cmocka_unit_test(addresses_and_networks),
        cmocka_unit_test(troubles_are_kept),
        cmocka_unit_test(errors_are_one_line),
        cmocka_unit_test(limit_clock_never_goes_back),
    };
    return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
