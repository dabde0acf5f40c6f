/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "message/url.h"

static struct arena *arena;

static int setup(void **state)
{
    (void)state;
    arena = arena_new(64 << 20);
    return arena == NULL;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

static void assert_span(const char *input, struct span got, const char *want)
{
    const char *text = span_cstr(arena, got);
    if (strcmp(text, want) != 0)
        print_error("of: %s\n", input);
    assert_string_equal(text, want);
}

static const struct {
    const char *input, *scheme, *userinfo, *host, *path;
    unsigned port;
    bool is_ip, is_obfuscated, is_web;
} good[] = {
    {"http://Example.COM/A?b#c", "http", "", "example.com", "/A?b#c", 0, 0, 0, 1},
    {" HTTPS://example.com. ", "https", "", "example.com", "", 0, 0, 0, 1},
    {"http://u:p@a@example.com:8080/", "http", "u:p@a", "example.com", "/", 8080, 0, 0,
     1},
    {"http://example.com?x@y", "http", "", "example.com", "?x@y", 0, 0, 0, 1},
    {"ht\ntp://exa\tmple.com", "http", "", "example.com", "", 0, 0, 0, 1},
    {"http:\\\\example.com\\x", "http", "", "example.com", "\\x", 0, 0, 1, 1},
    {"http:/example.com", "http", "", "example.com", "", 0, 0, 1, 1},
    {"http:////example.com", "http", "", "example.com", "", 0, 0, 1, 1},
    {"//example.com/x", "", "", "example.com", "/x", 0, 0, 0, 1},
    {"/\\example.com/x", "", "", "example.com", "/x", 0, 0, 1, 1},
    {"www.example.com/x", "", "", "www.example.com", "/x", 0, 0, 0, 1},
    {"example.com:8080/x", "", "", "example.com", "/x", 8080, 0, 0, 1},
    {"http://ex%61mple.com/", "http", "", "example.com", "/", 0, 0, 1, 1},
    {"http://b\xc3\xbc"
     "cher.de/",
     "http", "", "xn--bcher-kva.de", "/", 0, 0, 0, 1},
    {"http://\xef\xbd\x85xample\xe3\x80\x82"
     "com",
     "http", "", "example.com", "", 0, 0, 1, 1},
    {"http://exam\xe2\x80\x8bple.com", "http", "", "example.com", "", 0, 0, 1, 1},
    {"http://192.0.2.1/", "http", "", "192.0.2.1", "/", 0, 1, 0, 1},
    {"http://0xc0.0.02.1/", "http", "", "192.0.2.1", "/", 0, 1, 1, 1},
    {"http://3221225985", "http", "", "192.0.2.1", "", 0, 1, 1, 1},
    {"http://192.513", "http", "", "192.0.2.1", "", 0, 1, 1, 1},
    {"http://0300.0.2.1", "http", "", "192.0.2.1", "", 0, 1, 1, 1},
    {"http://%31%39%32.0.2.1", "http", "", "192.0.2.1", "", 0, 1, 1, 1},
    {"http://[2001:DB8::1]:99/x", "http", "", "2001:db8::1", "/x", 99, 1, 0, 1},
    {"ftp://ftp.example.com/f", "ftp", "", "ftp.example.com", "/f", 0, 0, 0, 0},
    {"mailto:bob@Example.com?subject=x@y", "mailto", "bob", "example.com",
     "bob@Example.com?subject=x@y", 0, 0, 0, 0},
};

static void test_parse(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct url url;
        const char *in = good[i].input;
        if (!url_parse(arena, span_of(in), &url))
            fail_msg("not parsed: %s", in);
        assert_span(in, url.scheme, good[i].scheme);
        assert_span(in, url.userinfo, good[i].userinfo);
        assert_span(in, url.host, good[i].host);
        assert_span(in, url.path, good[i].path);
        assert_int_equal(url.port, good[i].port);
        assert_int_equal(url.is_ip, good[i].is_ip);
        if (url.is_obfuscated != good[i].is_obfuscated)
            fail_msg("is_obfuscated is wrong: %s", in);
        assert_int_equal(url.is_web, good[i].is_web);
    }
}

static void test_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "x",
        "/path/only",
        "#top",
        "http://",
        "http:",
        "javascript:x()",
        "cid:a@example.com",
        "tel:+33123",
        "data:,x",
        "http://exa mple.c",
        "http://256.256.256.256",
        "http://a/b",
        "http://1.2.3.4.5",
        "http://[x]/",
        "file.html",
        "mailto:bob",
        "page.php?x=example.com",
        "http://[",
        "http://.",
        "http://4294967296",
        "http://%00.com",
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct url url;
        bool want = strcmp(bad[i], "http://a/b") == 0; /* a single label is a host */
        if (url_parse(arena, span_of(bad[i]), &url) != want)
            fail_msg("%s", bad[i]);
        assert_int_equal(url.host.len > 0, want);
    }
}

static void test_domain(void **state)
{
    static const char *const rows[][2] = {
        {"a.b.example.co.uk", "example.co.uk"},
        {"mail.Example.CO.UK.", "example.co.uk"},
        {"example.com", "example.com"},
        {"com", ""},
        {"co.uk", ""},
        {"", ""},
        {".", ""},
        {".example.com", ""},
        {"192.0.2.1", ""},
        {"2001:db8::1", ""},
        {"www.xn--bcher-kva.de", "xn--bcher-kva.de"},
        {"alice.github.io", "alice.github.io"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_span(rows[i][0], url_domain(arena, span_of(rows[i][0])), rows[i][1]);
}

static const struct {
    const char *text, *hits; /* joined by '|' */
} found[] = {
    {"", ""},
    {"no link here.", ""},
    {"see http://example.com/a.", "http://example.com/a"},
    {"(http://example.com/a_(b)) and <https://x.org>",
     "http://example.com/a_(b)|https://x.org"},
    {"www.example.com, WWW.EXAMPLE.ORG!", "www.example.com|WWW.EXAMPLE.ORG"},
    {"mailto:bob@example.com", "mailto:bob@example.com"},
    {"bob@example.com", ""},
    {"go to example.de/x now", "example.de/x"},
    {"example.com example.com. notes.md end.It", "example.com|example.com"},
    {"example.com:8080/x", "example.com:8080/x"},
    {"file.nosuchtld/x", ""},
    {"and/or a.b 1.5/2 ...", ""},
    {"\xe8\xa7\x81http://example.com/\xe3\x80\x82x", "http://example.com/"},
    {"\xe8\xa7\x81www.example.com", "www.example.com"},
    {"\"http://a.com/\"http://b.com", "http://a.com/|http://b.com"},
    {"http://a.com/?u=http://b.com", "http://a.com/?u=http://b.com"},
    {"://x www. mailto: x", ""},
};

static void test_find(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof found / sizeof *found; i++) {
        struct span text = span_of(found[i].text);
        struct url_hit hits[8];
        char joined[256] = "";
        size_t count = url_find(text, hits, 8);
        for (size_t k = 0; k < count; k++) {
            if (k > 0)
                strcat(joined, "|");
            strncat(joined, text.at + hits[k].at, hits[k].len);
        }
        if (strcmp(joined, found[i].hits) != 0)
            print_error("of: %s\n", found[i].text);
        assert_string_equal(joined, found[i].hits);
        assert_true(url_find(text, hits, 1) <= 1);
    }
}

static void test_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        for (size_t cut = 0; cut <= strlen(good[i].input); cut++) {
            struct url url;
            struct url_hit hits[4];
            char *tight = malloc(cut > 0 ? cut : 1);
            memcpy(tight, good[i].input, cut);
            struct span s = {tight, cut};
            bool is_url = url_parse(arena, s, &url);
            assert_int_equal(is_url, url.host.len > 0);
            url_domain(arena, s);
            assert_true(url_find(s, hits, 4) <= 4);
            free(tight);
        }
}

static void test_floods(void **state)
{
    static const char *const again[] = {
        "a",   "a.",           ".",  "http://", "www.", "aa.bb/ ", "example.com ", "(",
        "%41", "\xe8\xa7\x81", "@a", ":",       "//",   "1.",      "mailto:",      "-",
    };
    enum { BYTES = 1 << 20, HITS = 1000, MOST_S = 2 };
    struct url_hit *hits = malloc(HITS * sizeof *hits);
    char *text = malloc(BYTES + 16);
    (void)state;
    for (size_t i = 0; i < sizeof again / sizeof *again; i++) {
        struct url url;
        size_t len = 0;
        for (; len < BYTES; len += strlen(again[i]))
            memcpy(text + len, again[i], strlen(again[i]));
        clock_t from = clock();
        url_find((struct span){text, len}, hits, HITS);
        url_parse(arena, (struct span){text, len}, &url);
        url_domain(arena, (struct span){text, len});
        assert_true((clock() - from) / CLOCKS_PER_SEC < MOST_S);
        arena_reset(arena);
    }
    free(text);
    free(hits);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_parse, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_domain, setup, teardown),
        cmocka_unit_test_setup_teardown(test_find, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cut, setup, teardown),
        cmocka_unit_test_setup_teardown(test_floods, setup, teardown),
    };
    return cmocka_run_group_tests_name("url", tests, NULL, NULL);
}
