/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What rules see of HTML and links: rule_page, rule_uri, rule_uri_find, rule_domains.
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

#include "base/bounds.h"
#include "base/buf.h"
#include "rules/text/rule_page.h"
#include "rules/text/rule_uri_find.h"

enum { ARENA_BYTES = 32 << 20, HOSTILE_BYTES = 400000 };

/* What hostile text may take, in times of what one full of links takes. Where a byte
 * is looked at again and again it is 10 and more, else 1. */
enum { TIMES_MOST = 5 };

static struct arena *new_arena(void)
{
    struct arena *arena = arena_new(ARENA_BYTES);

    assert_non_null(arena);
    return arena;
}

/* ---- HTML ---- */

static const struct {
    const char *html, *text;
} text_rows[] = {
    {"a<br>b", "a\nb"},
    {"a<br/>b<BR />c", "a\nb\nc"},
    {"<p>a</p>b", "\n\na\n\nb"},
    {"a<div>b</div>c", "a\nb\nc"},
    {"<td>a</td><td>b</td>", " a  b "},
    {"a<b>b</b>c", "abc"},
    {"a \n\t b", "a b"},
    {"a <p> b", "a\n\nb"}, /* white space beside a tag's own goes */
    {"a&nbsp;b&amp;c", "a b&c"},
    {"&#8364;&#150;", "\xe2\x82\xac\xc2\x96"},
    {"\xe2\x80\x9cx\xe2\x80\x9d", "\"x\""},
    {"<script>a<b></script>c", "c"},
    {"a<style>b</style>c<style>d", "ac"},
    {"<title>a<b>c</title>d", "\n\na<b>c\n\nd"},
    {"<title>a<b>c", "\n\nac"}, /* without an end it is read as usual */
    {"<textarea>a<b>c</textarea>d", "a<b>cd"},
    {"a<!-- b -->c<!-- d -- >e", "ace"},
    {"a<!-- b > c", "a c"}, /* without an end it ends at '>' */
    {"a<!doctype x>b<?php c?>d", "abd"},
    {"a<![CDATA[b<i>]]>c", "ab<i>c"},
    {"1 < 2 <3 a", "1 < 2 <3 a"},
    {"a <x@example.com> b", "a  b"},
    {"a<b c=\"d>e\" f='g>h'>i", "ai"},
    {"a <b c=\"d >e", "a "}, /* nothing behind a tag without an end is shown */
    {"a</ b>c", "ac"},
    {"<p style=\"display:none\">hidden</p>", "\n\nhidden\n\n"},
    {"", ""},
};

static void page_texts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof text_rows / sizeof text_rows[0]; i++) {
        struct arena *arena = new_arena();
        struct rule_page page;
        rule_page_read(arena, span_of(text_rows[i].html), &page);
        if (!span_eq(page.text, span_of(text_rows[i].text)))
            fail_msg("%s\ngives \"%.*s\"", text_rows[i].html, (int)page.text.len,
                     page.text.at);
        arena_free(&arena);
    }
}

static const struct {
    const char *html, *links; /* in order, each followed by a space */
} link_rows[] = {
    {"<a href=http://a.example/>x</a>", "http://a.example/ http://a.example/ "},
    {"<a href=' b.html '>", "b.html b.html "},
    {"<base href=http://a.example/d/x.html><a href=\"../b?c\">",
     "http://a.example/d/x.html http://a.example/b?c ../b?c "},
    {"<base href=http://a.example><img src=i.gif>",
     "http://a.example http://a.example/i.gif "},
    {"<img src=\"cid:1\"><form action=/f><td background=b.png>", "cid:1 /f b.png "},
    {"<a name=x><a href=''>", ""},
    {"<a href=\"//www.a.example/\">", "http://www.a.example/ //www.a.example/ "},
    {"<meta http-equiv=refresh content=\"0; URL=http://a.example/;x\">",
     "http://a.example/ "},
    {"<a href=\"x?a=1&amp;b=2\">", "x?a=1&b=2 x?a=1&b=2 "},
    {"<a x/href=q>", "q q "},
    {"<a href=1 href=2>", "1 1 "},
    {"<a href onclick=x>", "href href "},
    {"<p href=http://a.example/>", ""},
};

static void page_links(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof link_rows / sizeof link_rows[0]; i++) {
        struct arena *arena = new_arena();
        struct rule_page page;
        struct buf got;
        rule_page_read(arena, span_of(link_rows[i].html), &page);
        buf_init(&got, arena, 4096);
        for (size_t n = 0; n < page.link_count; n++) {
            buf_add_span(&got, page.links[n]);
            buf_add_char(&got, ' ');
        }
        if (strcmp(buf_cstr(&got), link_rows[i].links) != 0)
            fail_msg("%s\ngives \"%s\"", link_rows[i].html, buf_cstr(&got));
        arena_free(&arena);
    }
}

/* A long <base> is not copied into each of many links. */
static void long_bases_are_bounded(void **state)
{
    enum { BASE_BYTES = 4000, LINKS = BOUND_HTML_LINKS, MEMORY_BYTES = 4 << 20 };
    struct arena *arena = arena_new(256 << 20);
    struct rule_page page;
    struct buf html;

    (void)state;
    buf_init(&html, arena, 1 << 20);
    buf_add_span(&html, SPAN("<base href=http://a.example/"));
    while (html.len < BASE_BYTES)
        buf_add_span(&html, SPAN("b/"));
    buf_add_char(&html, '>');
    for (int i = 0; i < LINKS; i++)
        buf_printf(&html, "<a href=%d>", i);
    size_t before = arena_used_bytes(arena);
    rule_page_read(arena, buf_span(&html), &page);
    assert_in_range(arena_used_bytes(arena) - before, 0, MEMORY_BYTES);
    assert_int_equal(page.link_count, 2 * LINKS);
    assert_true(span_starts(page.links[1], SPAN("http://a.example/b/")));
    assert_true(span_eq(page.links[2 * LINKS - 1], SPAN("1999")));
    arena_free(&arena);
}

/* RFC 3986 5.4, those that the leniency here leaves as they are. */
static const struct {
    const char *target, *result;
} resolve_rows[] = {
    {"g:h", "g:h"},
    {"g", "http://a/b/c/g"},
    {"./g", "http://a/b/c/g"},
    {"g/", "http://a/b/c/g/"},
    {"/g", "http://a/g"},
    {"//g", "http://g"},
    {"?y", "http://a/b/c/d;p?y"},
    {"g?y", "http://a/b/c/g?y"},
    {"#s", "http://a/b/c/d;p?q#s"},
    {"g;x?y#s", "http://a/b/c/g;x?y#s"},
    {"", "http://a/b/c/d;p?q"},
    {".", "http://a/b/c/"},
    {"..", "http://a/b/"},
    {"../g", "http://a/b/g"},
    {"../../g", "http://a/g"},
    {"../../../g", "http://a/g"},
    {"/./g", "http://a/g"},
    {"/../g", "http://a/g"},
    {"g.", "http://a/b/c/g."},
    {"..g", "http://a/b/c/..g"},
    {"g/./h", "http://a/b/c/g/h"},
    {"g/../h", "http://a/b/c/h"},
    {"g?y/../x", "http://a/b/c/g?y/../x"},
};

static void targets_are_resolved(void **state)
{
    struct arena *arena = new_arena();

    (void)state;
    for (size_t i = 0; i < sizeof resolve_rows / sizeof resolve_rows[0]; i++) {
        struct span got = rule_page_resolve(arena, SPAN("http://a/b/c/d;p?q"),
                                            span_of(resolve_rows[i].target));
        if (!span_eq(got, span_of(resolve_rows[i].result)))
            fail_msg("%s gives %.*s", resolve_rows[i].target, (int)got.len, got.at);
    }
    arena_free(&arena);
}

/* ---- the forms of a link ---- */

static const char *print_set(struct arena *arena, const struct rule_uri_set *set)
{
    struct buf out;

    buf_init(&out, arena, 8192);
    for (size_t i = 0; i < set->count; i++) {
        if (i > 0)
            buf_add_char(&out, ' ');
        buf_add_span(&out, set->at[i]);
    }
    return buf_cstr(&out);
}

static const struct {
    const char *link, *forms;
} form_rows[] = {
    {"http://a.example.com/", "http://a.example.com/"},
    {"www.example.com", "www.example.com http://www.example.com"},
    {"ftp.example.com", "ftp.example.com ftp://ftp.example.com"},
    {" http://a.example.com/\r\nb ", "http://a.example.com/b"},
    {"http:\\\\a.example.com\\b", "http:\\\\a.example.com\\b http://a.example.com/b"},
    {"http:/a.example.com/", "http:/a.example.com/ http://a.example.com/"},
    {"http://a.example.com?x", "http://a.example.com?x http://a.example.com/?x"},
    {"http://%61.example.com/%20%41",
     "http://%61.example.com/%20%41 http://a.example.com/%20A"},
    {"http://a.example.com:80/", "http://a.example.com:80/ http://a.example.com/"},
    {"https://a.example.com:443/x",
     "https://a.example.com:443/x https://a.example.com/x"},
    {"http://u:p@a.example.com/", "http://u:p@a.example.com/"},
    {"http://a.example.com./", "http://a.example.com./ http://a.example.com/"},
    {"http://0x7f.0.0.1/", "http://0x7f.0.0.1/ http://127.0.0.1/"},
    {"http://0300.0250.1.1/", "http://0300.0250.1.1/ http://192.168.1.1/"},
    {"http://2130706433/", "http://2130706433/ http://127.0.0.1/"},
    {"http://0x7f000001/", "http://0x7f000001/ http://127.0.0.1/"},
    {"http://shop/", "http://shop/ http://www.shop.com/"},
    {"http://localhost/", "http://localhost/"},
    {"http://a.example.com/&#97;&#x2e;",
     "http://a.example.com/&#97;&#x2e; http://a.example.com/a."},
    {"http://b\xc3\xbc"
     "cher.example.com/",
     "http://b\xc3\xbc"
     "cher.example.com/ http://xn--bcher-kva.example.com/"},
    {"http://r.example.com/?u=http://b.example.com/x&y",
     "http://r.example.com/?u=http://b.example.com/x&y http://b.example.com/x"},
    {"http://r.example.com/go/http%3a//b.example.com/",
     "http://r.example.com/go/http%3a//b.example.com/ "
     "http://r.example.com/go/http://b.example.com/ http://b.example.com/"},
    {"#top", "#top"},
    {"/image.gif", "/image.gif"},
    {"mailto:a@example.com?subject=x",
     "mailto:a@example.com?subject=x mailto:a@example.com"},
    {"mailto:a@example.com&x", "mailto:a@example.com&x mailto:a@example.com"},
    {"mailto:%20a@example.com", "mailto:%20a@example.com mailto:a@example.com"},
    {"mailto:B<a@example.com>", "mailto:B<a@example.com> mailto:a@example.com"},
};

static void forms_of_links(void **state)
{
    struct rule_links links = {0};

    (void)state;
    for (size_t i = 0; i < sizeof form_rows / sizeof form_rows[0]; i++) {
        struct arena *arena = new_arena();
        struct rule_uri_set set;
        assert_int_equal(rule_uri_start(&set, &links, arena), 0);
        rule_uri_add(&set, span_of(form_rows[i].link), false);
        if (strcmp(print_set(arena, &set), form_rows[i].forms) != 0)
            fail_msg("%s\ngives %s", form_rows[i].link, print_set(arena, &set));
        arena_free(&arena);
    }
}

static void redirectors(void **state)
{
    struct arena *arena = new_arena();
    struct rule_redirector redirector = {0};
    struct rule_links links = {.redirectors = &redirector, .redirector_count = 1};
    struct rule_uri_set set;
    struct err err;

    (void)state;
    assert_int_equal(pattern_new(&redirector.pattern, SPAN("/jump/(.*)$"), 0, &err), 0);
    assert_int_equal(rule_uri_start(&set, &links, arena), 0);
    rule_uri_add(&set, SPAN("http://r.example.com/jump/b.example.com"), false);
    assert_string_equal(print_set(arena, &set),
                        "http://r.example.com/jump/b.example.com b.example.com "
                        "http://b.example.com");
    pattern_free(&redirector.pattern);
    arena_free(&arena);
}

/* ---- links in text ---- */

static const struct {
    const char *text, *found;
} find_rows[] = {
    {"see http://a.example.com/x.", "http://a.example.com/x"},
    {"(http://a.example.com/x)", "http://a.example.com/x"},
    {"http://a.example.com/x(y)", "http://a.example.com/x(y"},
    {"<http://a.example.com/>", "http://a.example.com/"},
    {"HTTPS://a.example.com", "HTTPS://a.example.com"},
    {"www.example.com/x", "http://www.example.com/x"},
    {"www2.example.com", "http://www2.example.com"},
    {"at example.com now", "http://example.com"},
    {"at example.com. Now", "http://example.com"},
    {"at example.com, now", ""}, /* as SpamAssassin: ',' ends no bare host */
    {"at example.com/x now", "http://example.com/x"},
    {"at example.com:8080/x now", "http://example.com:8080/x"},
    {"read me.txt", ""},
    {"http://a.nosuchtld/", ""},
    {"http://192.0.2.1/x", "http://192.0.2.1/x"},
    {"ask bob@example.com.", "mailto:bob@example.com"},
    {"mailto:bob@example.com", "mailto:bob@example.com"},
    {"email:bob@example.com", "mailto:bob@example.com"},
    {"a@b, x@y.nosuchtld", ""},
    {"[cid:image001.png@01D4986E.E3459640]", ""},
    {"http://", ""},
    {"ftp.example.com/x", "ftp://ftp.example.com/x"},
    {"a b c", ""},
    {"", ""},
};

static void links_in_text(void **state)
{
    struct rule_links links = {0};

    (void)state;
    for (size_t i = 0; i < sizeof find_rows / sizeof find_rows[0]; i++) {
        struct arena *arena = new_arena();
        struct rule_uri_set set;
        assert_int_equal(rule_uri_start(&set, &links, arena), 0);
        rule_uri_find(&set, span_of(find_rows[i].text));
        if (strcmp(print_set(arena, &set), find_rows[i].found) != 0)
            fail_msg("%s\ngives %s", find_rows[i].text, print_set(arena, &set));
        arena_free(&arena);
    }
}

/* ---- domains ---- */

static void domains_of_files(void **state)
{
    struct arena *arena = new_arena();
    struct rule_domains domains = {.arena = arena};

    (void)state;
    assert_true(rule_domains_is_valid(&domains, SPAN("a.Com"))); /* the public list */
    assert_false(rule_domains_is_valid(&domains, SPAN("com")));
    assert_true(
        span_eq(rule_domains_cut(&domains, arena, SPAN("a.b.co.uk")), SPAN("b.co.uk")));
    assert_int_equal(rule_domains_add(&domains, SPAN("zz")), 0);
    assert_int_equal(rule_domains_add(&domains, SPAN("q.zz")), 0);
    assert_int_equal(rule_domains_add(&domains, SPAN("p.q.zz")), 0);
    assert_int_equal(rule_domains_add(&domains, SPAN("ZZ")), 0);
    assert_int_equal(domains.count, 3);
    assert_true(rule_domains_is_valid(&domains, SPAN("a.ZZ")));
    assert_false(rule_domains_is_valid(&domains, SPAN("a.com")));
    assert_false(rule_domains_is_valid(&domains, SPAN("a b.zz")));
    assert_true(
        span_eq(rule_domains_cut(&domains, arena, SPAN("a.b.zz")), SPAN("b.zz")));
    assert_true(
        span_eq(rule_domains_cut(&domains, arena, SPAN("a.b.q.zz")), SPAN("b.q.zz")));
    assert_true(span_eq(rule_domains_cut(&domains, arena, SPAN("a.b.p.q.zz")),
                        SPAN("b.p.q.zz")));
    rule_domains_clear(&domains);
    assert_true(rule_domains_is_valid(&domains, SPAN("a.com")));
    arena_free(&arena);
}

/* ---- hostile ---- */

static const char *const hostile_units[] = {
    "<",          "<a ",     "<title>",    "<!--",
    "<a b=\"",    "--",      "<a href=x>", "<base href=http://a.example/b/>",
    "http://",    "a@",      "a.com:1/",   "www.",
    "&#",         "%41",     "(",          "a.",
    "-- ",        "</title", "@",          "<![CDATA[>",
    "www.a.com/", "mailto:", "a-@",        "a.com/"};

/* Seconds for unit, again and again. */
static double time_of(const char *unit)
{
    struct arena *arena = arena_new(512 << 20);
    char *text = malloc(HOSTILE_BYTES);
    struct rule_links links = {0};
    struct rule_page page;
    struct rule_uri_set set;
    clock_t start = clock();

    assert_non_null(text);
    for (size_t n = 0, len = strlen(unit); n < HOSTILE_BYTES; n++)
        text[n] = unit[n % len];
    rule_page_read(arena, (struct span){text, HOSTILE_BYTES}, &page);
    assert_int_equal(rule_uri_start(&set, &links, arena), 0);
    rule_uri_find(&set, (struct span){text, HOSTILE_BYTES});
    for (size_t n = 0; n < page.link_count; n++)
        rule_uri_add(&set, page.links[n], false);
    assert_in_range(set.count, 0, BOUND_RULE_URIS);
    free(text);
    arena_free(&arena);
    return (double)(clock() - start) / CLOCKS_PER_SEC;
}

static void hostile_text_is_linear(void **state)
{
    double usual = time_of("a.com ");

    (void)state;
    for (size_t i = 0; i < sizeof hostile_units / sizeof hostile_units[0]; i++) {
        double took = time_of(hostile_units[i]);
        if (took > TIMES_MOST * usual) /* a machine may be busy for once */
            took = time_of(hostile_units[i]);
        if (took > TIMES_MOST * usual)
            fail_msg("\"%s\" again and again takes %g s, links %g s", hostile_units[i],
                     took, usual);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(page_texts),
        cmocka_unit_test(page_links),
        cmocka_unit_test(long_bases_are_bounded),
        cmocka_unit_test(targets_are_resolved),
        cmocka_unit_test(forms_of_links),
        cmocka_unit_test(redirectors),
        cmocka_unit_test(links_in_text),
        cmocka_unit_test(domains_of_files),
        cmocka_unit_test(hostile_text_is_linear),
    };
    return cmocka_run_group_tests_name("rule_uri", tests, NULL, NULL);
}
