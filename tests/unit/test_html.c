/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/bounds.h"
#include "base/buf.h"
#include "message/html.h"

enum { CAP_BYTES = 64 << 20, TEXT_BYTES = 1 << 20 };

static struct arena *arena;

static int setup(void **state)
{
    (void)state;
    arena = arena_new(CAP_BYTES);
    return arena == NULL;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

static struct html *parse(const char *text)
{
    struct html *html = html_parse(arena, span_of(text), TEXT_BYTES);
    assert_non_null(html);
    return html;
}

static void assert_span(const char *input, struct span got, const char *want)
{
    char text[512];
    size_t len = got.len < sizeof text - 1 ? got.len : sizeof text - 1;
    memcpy(text, got.len > 0 ? got.at : "", len);
    text[len] = '\0';
    if (strcmp(text, want) != 0)
        print_error("of: %s\n", input);
    assert_string_equal(text, want);
}

static const struct {
    const char *input, *text, *hidden;
} texts[] = {
    {"", "", ""},
    {"plain", "plain", ""},
    {"  a \n\t b  ", "a b", ""},
    {"<p>a<p>b", "a\nb", ""},
    {"a<br>b<br><br><br>c", "a\nb\n\nc", ""},
    {"<pre>a\n b</pre>", "a\nb", ""},
    {"<table><tr><td>a<td>b<tr><td>c</table>", "a b\nc", ""},
    {"a < b <3 &lt;i&gt;", "a < b <3 <i>", ""},
    /* references */
    {"&eacute;&#233;&#xE9;&eacute", "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9", ""},
    {"&#149;&#128;", "\xe2\x80\xa2\xe2\x82\xac", ""},
    {"&notit; &notin; &nosuch; &", "\xc2\xacit; \xe2\x88\x89 &nosuch; &", ""},
    {"&#0;&#xd800;&#99999999999;", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", ""},
    {"&NotEqualTilde;", "\xe2\x89\x82\xcc\xb8", ""},
    {"a&nbsp;&nbsp;b\xc2\xa0"
     "c",
     "a b c", ""},
    /* comments and raw text */
    {"a<!-- x > y -->b<!-->c<!--->d<!-- e --!>f<!x>g<?h>i</ j>k</>l", "abcdfgikl", ""},
    {"a<script>b<c></d></script >e<style>f</style>g<title>h</title>i", "aegi", ""},
    {"<textarea>a<b>&amp;</textarea><xmp><i>&amp;</xmp>", "a<b>&\n<i>&amp;", ""},
    {"<noscript>a</noscript><iframe>b</iframe><noframes>c</noframes>", "a", ""},
    {"a<unclosed b='c", "a", ""},
    {"a<!-- b", "a", ""},
    {"<plaintext><b>", "<b>", ""},
    /* hidden */
    {"a<div style='display:none'>b<b>c</b></div>d", "a\nd", "bc"},
    {"<p style='DISPLAY : None ! Important;display:block'>a</p>b", "b", "a"},
    {"<p style='disp\\6c ay:none'>a</p>b", "b", "a"},
    {"<p style='/*x*/display:/**/none'>a</p>b", "b", "a"},
    {"<p style='x:\"a;b\";display:none'>a</p>b", "b", "a"},
    {"<p style='x:y(;display:none'>a</p>b", "a\nb", ""},
    {"<p style='display&#58;none'>a</p>b", "b", "a"},
    {"<p hidden>a</p>b<p hidden style='display:block'>c", "b\nc", "a"},
    {"<p style=visibility:hidden>a<b style=visibility:visible>b</b></p>", "b", "a"},
    {"<p style=opacity:0>a</p>b<p style=opacity:.9>c", "b\nc", "a"},
    {"<p style=font-size:0>a<b style=font-size:9px>b</b></p>", "b", "a"},
    {"<p style=font-size:1px>a</p><p style=font-size:2px>b", "b", "a"},
    {"<p style='font-size:0'>a<b style='font-size:9em'>b</b></p>c", "c", "ab"},
    {"<p style='font:0/0 a'>a</p><p style='font:bold 700 12px/1 x'>b", "b", "a"},
    {"<p style='max-height:0;overflow:hidden'>a</p>b", "b", "a"},
    {"<p style='max-height:0'>a</p>b", "a\nb", ""},
    {"<p style='text-indent:-9999px'>a</p>b", "b", "a"},
    {"<p style='position:absolute;left:-9999px'>a</p>b", "b", "a"},
    {"<template>a</template>b", "b", "a"},
    {"V<span style='display:none'>x</span>iagra", "Viagra", "x"},
    /* colours */
    {"<font color=white>a</font>b", "b", "a"},
    {"<font color=#fdfdfd>a</font><font color=#eeeeee>b</font>", "b", "a"},
    {"<p style='color:rgb(255, 255,255)'>a</p>b", "b", "a"},
    {"<p style='color:rgba(0,0,0,0)'>a</p>b", "b", "a"},
    {"<p style='color:transparent'>a</p>b", "b", "a"},
    {"<p style='color:hsl(0,0%,100%)'>a</p>b", "a\nb", ""},
    {"<body bgcolor=black text=white>a<p style=color:#010101>b", "a", "b"},
    {"<table bgcolor=navy><td><font color=white>a</font></table>", "a", ""},
    {"<table><td background=x.png><font color=white>a</font></table>", "a", ""},
    {"<div style='background:#000 url(x)'><font color=black>a</font></div>", "a", ""},
    {"<div style='background:#000'><p style='background:none'>a</div>", "", "a"},
    {"<p style='color:white'><a href=x>a</a>b</p>", "a", "b"},
    {"<p style='color:white'><a name=x>a</a>b</p>", "", "ab"},
    {"<body link=white><a href=x>a</a>", "", "a"},
    /* style sheets */
    {"<style>.p{display:none}</style><p class='o P'>a<p>b", "b", "a"},
    {"<style>#i,em{display:none}</style><p id=i>a</p><em>b</em>c", "c", "a\nb"},
    {"<style>p.x{display:none}</style><p class=x>a</p><b class=x>b</b>", "b", "a"},
    {"<style>p{display:none}.y{display:block}</style><p>a<p class=y>b", "b", "a"},
    {"<style>p{display:none!important}</style><p style=display:block>a", "", "a"},
    {"<style>@media (max-width:9px){p{display:none}}</style><p>a", "a", ""},
    {"<style>@media screen{p{display:none}}</style><p>a", "", "a"},
    {"<style>@import 'x';<!-- p{display:none} --></style><p>a", "", "a"},
    {"<style>div p{display:none}</style><p>a", "a", ""},
    /* mis-nesting does not leave everything hidden */
    {"<div hidden><p>a</div>b", "b", "a"},
    {"<span hidden><div>a</span>b", "b", "a"},
    {"<td hidden>a<td>b", "b", "a"},
    {"<li hidden>a<li>b", "b", "a"},
    {"<p hidden>a<div>b</div>", "b", "a"},
    {"<b hidden><div>a</b>b</div>", "b", "a"},
    {"<div hidden><table><td>a</div>b</table>c</div>d", "d", "a\nb\nc"},
    {"<img hidden>a<br hidden>b", "a\nb", ""},
    {"<div hidden></div></div></div>a", "a", ""},
    {"<o:p hidden>a</o:p>b", "b", "a"},
};

static void test_text(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct html *html = parse(texts[i].input);
        assert_span(texts[i].input, html->text, texts[i].text);
        assert_span(texts[i].input, html->hidden, texts[i].hidden);
    }
}

static const struct {
    const char *input;
    enum link_origin origin;
    const char *target, *text;
    bool has_image, is_hidden;
} links[] = {
    {"<a href=http://a/>b</a>", LINK_ANCHOR, "http://a/", "b", false, false},
    {"<A HREF=' h\nt\ttp://a/?b&amp;c&copy=d '> b <b>c</b>\n</A>", LINK_ANCHOR,
     "http://a/?b&c&copy=d", "b c", false, false},
    {"<a href=x href=y>b", LINK_ANCHOR, "x", "b", false, false},
    {"<a href=x><img alt='pic &amp; c'></a>", LINK_ANCHOR, "x", "pic & c", true, false},
    {"<a href=x>t<img alt=p></a>", LINK_ANCHOR, "x", "t", true, false},
    {"<div hidden><a href=x>t</a></div>", LINK_ANCHOR, "x", "", false, true},
    {"<a href=x style=font-size:0><img></a>", LINK_ANCHOR, "x", "", true, false},
    {"<map><area href=x alt=t></map>", LINK_ANCHOR, "x", "t", false, false},
    {"<form action=x>t</form>", LINK_FORM, "x", "", false, false},
    {"<button formaction=x>t</button>u", LINK_FORM, "x", "t", false, false},
    {"<input formaction=x value=t>", LINK_FORM, "x", "t", false, false},
    {"<base href=x>", LINK_OTHER, "x", "", false, false},
    {"<iframe src=x></iframe>", LINK_OTHER, "x", "", false, false},
    {"<object data=x></object>", LINK_OTHER, "x", "", false, false},
    {"<meta http-equiv=Refresh content=\"0; URL='x'\">", LINK_OTHER, "x", "", false,
     false},
    {"<div><a href=x>b</div>c", LINK_ANCHOR, "x", "b", false, false},
};

static void test_links(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
        struct html *html = parse(links[i].input);
        assert_int_equal(html->link_count, 1);
        assert_int_equal(html->links[0].origin, links[i].origin);
        assert_span(links[i].input, html->links[0].target, links[i].target);
        assert_span(links[i].input, html->links[0].text, links[i].text);
        assert_int_equal(html->links[0].has_image, links[i].has_image);
        assert_int_equal(html->links[0].is_hidden, links[i].is_hidden);
    }
    struct html *html = parse("<a href=x>b<a href=y>c</a>d<a name=e>f</a><a href=''>");
    assert_int_equal(html->link_count, 2);
    assert_span("nested", html->links[0].text, "b");
    assert_span("nested", html->links[1].text, "c");
}

static const struct {
    const char *input;
    long width, height;
    bool is_remote, is_hidden;
} images[] = {
    {"<img src=http://a/>", -1, -1, true, false},
    {"<img src=//a/ width=1 height='1'>", 1, 1, true, true},
    {"<img src=cid:x width=1 height=50>", 1, 50, false, false},
    {"<img src=cid:x width=0>", 0, -1, false, true},
    {"<img src=x width=100% height=7px>", -1, 7, false, false},
    {"<img src=x width=9 style='width:1px;height:1px'>", 1, 1, false, true},
    {"<img src=x style=display:none>", -1, -1, false, true},
    {"<p hidden><img src=x></p>", -1, -1, false, true},
    {"<p style=font-size:0><img src=x></p>", -1, -1, false, false},
    {"<input type=image src=https://a/>", -1, -1, true, false},
};

static void test_images(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof images / sizeof *images; i++) {
        struct html *html = parse(images[i].input);
        assert_int_equal(html->image_count, 1);
        assert_int_equal(html->images[0].width, images[i].width);
        assert_int_equal(html->images[0].height, images[i].height);
        assert_int_equal(html->images[0].is_remote, images[i].is_remote);
        assert_int_equal(html->images[0].is_hidden, images[i].is_hidden);
    }
}

static void test_counts(void **state)
{
    (void)state;
    struct html *html =
        parse("<!doctype html><title> a &amp; b </title><base href=c><!--d-->"
              "<script>e</script><p onclick=f style=g><style></style>"
              "<a href=' java\nscript:x'>h</a><form><input type=password><select>"
              "</select><textarea></textarea></form><embed src=i>");
    assert_span("title", html->title, "a & b");
    assert_span("base", html->base, "c");
    assert_int_equal(html->tag_count, 11);
    assert_int_equal(html->script_count, 1);
    assert_int_equal(html->handler_count, 2);
    assert_int_equal(html->form_count, 1);
    assert_int_equal(html->input_count, 3);
    assert_int_equal(html->password_count, 1);
    assert_int_equal(html->iframe_count, 1);
    assert_int_equal(html->style_count, 2);
    assert_int_equal(html->comment_count, 1);
    assert_int_equal(html->comment_bytes, 1);
    assert_false(html->is_truncated);
    assert_false(html->is_bounded);
    assert_true(parse("<a b")->is_truncated);
    assert_true(parse("<!-- b --")->is_truncated);
}

/* Cut at every byte, and with every byte made NUL or 8-bit: no fault, no growth. */
static void test_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        size_t len = strlen(texts[i].input);
        for (size_t cut = 0; cut <= len; cut++) {
            char *copy = malloc(len + 1);
            memcpy(copy, texts[i].input, len);
            char *tight = malloc(cut + 1); /* the sanitizer sees a byte too far */
            memcpy(tight, copy, cut);
            tight = realloc(tight, cut > 0 ? cut : 1);
            struct html *html =
                html_parse(arena, (struct span){tight, cut}, TEXT_BYTES);
            assert_true(html->text.len + html->hidden.len <= 2 * cut + 8);
            copy[cut] = (char)(cut % 2 == 0 ? '\0' : 0xc2);
            html = html_parse(arena, (struct span){copy, len}, TEXT_BYTES);
            assert_non_null(html);
            free(tight);
            free(copy);
        }
        arena_reset(arena);
    }
}

static void test_bounds(void **state)
{
    (void)state;
    struct html *html = html_parse(arena, SPAN("abc\xc3\xa9"), 4);
    assert_span("cut", html->text, "abc");
    assert_true(html->is_bounded);
    html = html_parse(arena, SPAN("<p hidden>abcdef</p>g"), 3);
    assert_span("cut", html->hidden, "abc");
    assert_span("cut", html->text, "g");
    for (size_t cap = 0; cap < 4096; cap += 64) {
        struct arena *small = arena_new(cap);
        html = html_parse(
            small,
            SPAN("<style>p{color:red}</style><a href='x&amp;'>b<img alt=c>d</a>"), 99);
        if (html != NULL && arena_is_capped(small))
            assert_true(html->text.len <= 2);
        arena_free(&small);
    }
}

/* What a tag closes is searched for in work that grows with the text, not by depth. */
static void test_search_is_bounded(void **state)
{
    (void)state;
    struct buf text;
    buf_init(&text, arena, 1 << 20);
    buf_add_span(&text, SPAN("<dt><dl>"));
    for (int i = 0; i < 240; i++)
        buf_add_span(&text, SPAN("<span>"));
    assert_false(html_parse(arena, buf_span(&text), TEXT_BYTES)->is_bounded);
    for (int i = 0; i < 100; i++)
        buf_add_span(&text, SPAN("<dd>a word or two, as lists have them</dd>"));
    assert_false(html_parse(arena, buf_span(&text), TEXT_BYTES)->is_bounded);
    for (int i = 0; i < 20000; i++)
        buf_add_span(&text, SPAN("<dd>"));
    buf_add_span(&text, SPAN("seen"));
    struct html *html = html_parse(arena, buf_span(&text), TEXT_BYTES);
    assert_true(html->is_bounded);
    assert_true(span_iends(html->text, SPAN("seen")));
}

static double elapsed_ms(struct timespec from)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)(now.tv_sec - from.tv_sec) * 1e3 +
           (double)(now.tv_nsec - from.tv_nsec) / 1e6;
}

static const struct {
    const char *head, *again, *tail;
} floods[] = {
    {"", "<div>", ""},
    {"", "<", ""},
    {"", "</", ""},
    {"", "<!--", ""},
    {"", "<!-- -", ""},
    {"<p ", "a ", ">"},
    {"<p ", "a='b' ", ">x"},
    {"<p ", "style=display:none ", ">x"},
    {"", "<a href=x><b>", ""},
    {"", "<table><td>", ""},
    {"", "<b><i style=color:red>", "</b>"},
    {"", "<li><ul><span>", ""},
    {"", "&", ""},
    {"", "&CounterClockwiseContourIntegra", ""},
    {"<p style='", "a:b;", "'>x"},
    {"<p style='", "(", "'>x"},
    {"<p class='", "a ", "'>x"},
    {"<style>", "a,", "{color:red}</style>"},
    {"<style>", "a{color:red}", "</style>"},
    {"<style>", "/*", "</style>"},
    {"<style>", "@media{", "</style>"},
    {"<title>", "</titl", ""},
    {"<script>", "<", ""},
    {"<a href='", " ", "'>x"},
    {"", "<o:p>", ""},
    {"", "<b style=color:red><div></b></div>", ""},
    {"", "<img src=x>", ""},
};

/* CPU bounded by length: far more than is needed, far less than a square. */
static void test_floods(void **state)
{
    (void)state;
    enum { BYTES = 1 << 20, MOST_MS = 2000 };
    char *text = malloc(BYTES + 128);
    for (size_t i = 0; i < sizeof floods / sizeof *floods; i++) {
        size_t step = strlen(floods[i].again);
        size_t len = strlen(floods[i].head);
        struct timespec from;
        memcpy(text, floods[i].head, len + 1);
        for (; len + step < BYTES; len += step)
            memcpy(text + len, floods[i].again, step);
        memcpy(text + len, floods[i].tail, strlen(floods[i].tail));
        len += strlen(floods[i].tail);
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
        struct html *html = html_parse(arena, (struct span){text, len}, TEXT_BYTES);
        double ms = elapsed_ms(from);
        if (getenv("VERBOSE") != NULL)
            print_message("%7.1f ms  %s\n", ms, floods[i].again);
        assert_non_null(html);
        assert_true(ms < MOST_MS);
        assert_true(html->link_count <= BOUND_HTML_LINKS);
        assert_true(html->image_count <= BOUND_HTML_IMAGES);
        arena_reset(arena);
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_text, setup, teardown),
        cmocka_unit_test_setup_teardown(test_links, setup, teardown),
        cmocka_unit_test_setup_teardown(test_images, setup, teardown),
        cmocka_unit_test_setup_teardown(test_counts, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cut, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bounds, setup, teardown),
        cmocka_unit_test_setup_teardown(test_search_is_bounded, setup, teardown),
        cmocka_unit_test_setup_teardown(test_floods, setup, teardown),
    };
    return cmocka_run_group_tests_name("html", tests, NULL, NULL);
}
