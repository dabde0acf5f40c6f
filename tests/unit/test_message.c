/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bounds.h"
#include "message/message.h"

static struct arena *arena;

static int setup(void **state)
{
    (void)state;
    arena = arena_new(256 << 20);
    return arena == NULL;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

static struct message *read_span(struct span bytes)
{
    struct message *msg = message_new(arena, 32 << 20);
    assert_non_null(msg);
    message_read(msg, bytes);
    assert_true(msg->part_count > 0);
    return msg;
}

static struct message *read_text(const char *text)
{
    return read_span(span_of(text));
}

static void assert_span(struct span got, const char *want)
{
    assert_string_equal(span_cstr(arena, got), want);
    assert_int_equal(got.len, strlen(want));
}

/* The tree as "depth type/subtype[text]" with '+' for a container, '@' for an
 * attachment, one line a part. */
static const char *tree(const struct message *msg)
{
    struct buf out;
    buf_init(&out, arena, 1 << 16);
    for (size_t i = 0; i < msg->part_count; i++) {
        const struct part *p = &msg->parts[i];
        buf_printf(&out, "%d %.*s/%.*s%s%s", p->depth, (int)p->type.len, p->type.at,
                   (int)p->subtype.len, p->subtype.at, p->is_multipart ? "+" : "",
                   p->is_attachment ? "@" : "");
        if (!p->is_multipart && !p->is_attachment)
            buf_printf(&out, "[%.*s]", (int)p->text.len, p->text.at);
        buf_add_char(&out, '\n');
    }
    return buf_cstr(&out);
}

#define MIXED "Content-Type: multipart/mixed; boundary=b\n\n"

static const struct {
    const char *mail, *tree;
    uint32_t defects;
} trees[] = {
    {"", "0 text/plain[]\n", 0},
    {"\n", "0 text/plain[]\n", 0},
    {"A: b\n\nhi\n", "0 text/plain[hi\n]\n", 0},
    {"A: b\r\n\r\nhi\r\n", "0 text/plain[hi\n]\n", 0},
    {"From x@y Mon\nA: b\n\nhi", "0 text/plain[hi]\n", 0},
    {"no field here\nhi\n", "0 text/plain[no field here\nhi\n]\n", DEFECT_HEADER_LINE},
    {"A: b\njunk\nSubject: s\n\nhi", "0 text/plain[hi]\n", DEFECT_HEADER_LINE},
    {"A: b\nDear Bob,\nhi", "0 text/plain[Dear Bob,\nhi]\n", DEFECT_HEADER_LINE},
    {"Content-Type: text\n\nhi", "0 text/plain[hi]\n", DEFECT_PARAMETER},
    {"Content-Type: TEXT/Html; charset=utf-8\n\n", "0 text/html[]\n", 0},
    {"Content-Type: image/png\n\nx", "0 image/png@\n", 0},
    {"Content-Disposition: attachment\n\nx", "0 text/plain@\n", 0},
    {"Content-Transfer-Encoding: base64\n\naGk=\n", "0 text/plain[hi]\n", 0},
    {"Content-Transfer-Encoding: Quoted-Printable\n\nh=69\n", "0 text/plain[hi\n]\n",
     0},
    {"Content-Transfer-Encoding: rot13\n\nhi", "0 text/plain[hi]\n",
     DEFECT_ENCODING_UNKNOWN},
    {"Content-Transfer-Encoding: x-uuencode\n\nbegin 644 a\n\"86()\n \nend\n",
     "0 text/plain[ab]\n", 0},
    {MIXED "pre\n--b\n\none\n--b\n\ntwo\n--b--\npost\n",
     "0 multipart/mixed+\n1 text/plain[one]\n1 text/plain[two]\n", 0},
    {"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\none\r\n\r\n--b--\r\n",
     "0 multipart/mixed+\n1 text/plain[one\n]\n", 0},
    {MIXED "--b  \n\none\n--b-- \t\n", "0 multipart/mixed+\n1 text/plain[one]\n", 0},
    {MIXED "--b\n\none\n", "0 multipart/mixed+\n1 text/plain[one\n]\n",
     DEFECT_BOUNDARY_UNCLOSED},
    {MIXED "--b\nContent-Type: text/html\n--b--\n",
     "0 multipart/mixed+\n1 text/html[]\n", 0},
    {MIXED "--b\n--b\n--b--", "0 multipart/mixed+\n1 text/plain[]\n1 text/plain[]\n",
     0},
    {MIXED "lost\n", "0 multipart/mixed+\n1 text/plain[lost\n]\n",
     DEFECT_BOUNDARY_UNCLOSED},
    {MIXED " \n", "0 multipart/mixed+\n", DEFECT_BOUNDARY_UNCLOSED},
    {"Content-Type: multipart/mixed\n\n--x\nContent-Type: text/html\n\na\n--x--\n",
     "0 multipart/mixed+\n1 text/html[a]\n", DEFECT_BOUNDARY_MISSING},
    {"Content-Type: multipart/mixed\n\nhi\n",
     "0 multipart/mixed+\n1 text/plain[hi\n]\n",
     DEFECT_BOUNDARY_MISSING | DEFECT_BOUNDARY_UNCLOSED},
    {MIXED "--b\nContent-Type: multipart/mixed; boundary=bb\n\n--bb\n\nin\n--bb--\n"
           "--b\n\nout\n--b--\n",
     "0 multipart/mixed+\n1 multipart/mixed+\n2 text/plain[in]\n1 text/plain[out]\n",
     0},
    {MIXED "--b\nContent-Type: multipart/mixed; boundary=c\n\n--c\n\nin\n--b\n\nout\n"
           "--b--\n",
     "0 multipart/mixed+\n1 multipart/mixed+\n2 text/plain[in]\n1 text/plain[out]\n",
     DEFECT_BOUNDARY_UNCLOSED},
    {"Content-Type: message/rfc822\n\nSubject: s\n\nin\n",
     "0 message/rfc822+\n1 text/plain[in\n]\n", 0},
    {MIXED "--b\nContent-Type: message/rfc822\n\n" MIXED "--c\n--b--\n",
     "0 multipart/mixed+\n1 message/rfc822+\n2 multipart/mixed+\n",
     DEFECT_BOUNDARY_UNCLOSED},
    {MIXED "--b\nContent-Type: message/rfc822\n\n"
           "Content-Type: multipart/mixed; boundary=z\n\n--c\n--b--\n",
     "0 multipart/mixed+\n1 message/rfc822+\n2 multipart/mixed+\n"
     "3 text/plain[--c]\n",
     DEFECT_BOUNDARY_UNCLOSED},
    {MIXED "--b\nContent-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n"
           "U3ViamVjdDogcwoKaW4K\n--b\n\nafter\n--b--\n",
     "0 multipart/mixed+\n1 message/rfc822+\n2 text/plain[in\n]\n1 text/plain[after]\n",
     0},
    {"Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: s\n\nin\n--b--\n",
     "0 multipart/digest+\n1 message/rfc822+\n2 text/plain[in]\n", 0},
    {"Content-Type: text/html\n\n<meta charset=koi8-r>\xc4",
     "0 text/html[<meta charset=koi8-r>\xd0\xb4]\n", 0},
    {"A: b\n\n\xef\xbb\xbfhi", "0 text/plain[hi]\n", 0},
};

static void shapes_become_trees(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof trees / sizeof *trees; i++) {
        struct message *msg = read_text(trees[i].mail);
        assert_string_equal(tree(msg), trees[i].tree);
        assert_int_equal(msg->bounds, 0);
        assert_int_equal(msg->defects, trees[i].defects);
    }
}

static void fields_are_kept_as_sent_and_decoded(void **state)
{
    (void)state;
    struct message *msg =
        read_text("Subject :  =?utf-8?q?a?=\r\n b\r\nX:\r\nsubject: 2\n"
                  "\nhi");
    assert_int_equal(msg->field_count, 3);
    assert_span(msg->fields[0].name, "Subject");
    assert_span(msg->fields[0].raw, "  =?utf-8?q?a?=\n b");
    assert_span(message_value(msg, "SUBJECT"), "a b");
    assert_span(message_value(msg, "X"), "");
    assert_span(message_field(msg, "Subject", 1)->value, "2");
    assert_null(message_field(msg, "Subject", 2));
    assert_int_equal(message_field_count(msg, "subject"), 2);
    assert_int_equal(msg->defects, DEFECT_DUPLICATE_FIELD);
    assert_int_equal(msg->header_bytes, 45);
    assert_int_equal(msg->body_bytes, 2);
    assert_int_equal(msg->size_bytes, 47);
}

/* As libmilter hands it over: one field at a time, the body cut anywhere. */
static void pieces_give_what_the_whole_gives(void **state)
{
    (void)state;
    const char *body = "--b\r\n\r\nca=C3=\r\n=A9\r\n--b--\r\n";
    struct message *msg = message_new(arena, 1 << 20);
    message_add_field(msg, SPAN("Content-Type"),
                      SPAN(" multipart/mixed;\n\tboundary=b"));
    for (size_t i = 0; i < strlen(body); i++)
        message_add_body(msg, body + i, 1);
    message_finish(msg);
    assert_string_equal(tree(msg), "0 multipart/mixed+\n1 text/plain[ca=C3=\n=A9]\n");
    assert_int_equal(msg->header_bytes, strlen("Content-Type: multipart/mixed;\r\n\t"
                                               "boundary=b\r\n"));
    assert_int_equal(msg->body_bytes, strlen(body));
}

static void bytes_of_nul_are_noted(void **state)
{
    (void)state;
    struct message *msg = read_span(SPAN("A: b\n\na\0b"));
    assert_int_equal(msg->defects, DEFECT_NUL);
    assert_int_equal(msg->parts[0].text.len, 3);
    assert_int_equal(read_span(SPAN("A: b\0c\n\n"))->defects, DEFECT_NUL);
}

#define ALTERNATIVE "Content-Type: multipart/alternative; boundary=b\n\n"
#define PLAIN       "--b\nContent-Type: text/plain\n\n"
#define HTML        "--b\nContent-Type: text/html\n\n"

static const struct {
    const char *mail, *seen, *unseen;
} views[] = {
    {ALTERNATIVE PLAIN "one\n" HTML "two\n--b--\n", "two", "one"},
    {ALTERNATIVE HTML "two\n" PLAIN "one\n--b--\n", "one", "two"},
    {ALTERNATIVE PLAIN "one\n--b\nContent-Type: text/calendar\n\ntwo\n--b--", "one",
     "two"},
    {ALTERNATIVE PLAIN "one\n--b\nContent-Type: multipart/related; boundary=c\n\n"
                       "--c\nContent-Type: text/html\n\ntwo\n--c--\n--b--\n",
     "two", "one"},
    {MIXED PLAIN "one\n" HTML "two\n--b--", "one", NULL},
    {MIXED PLAIN "one\n" HTML "two\n--b--", "two", NULL},
    {MIXED PLAIN "one\n--b\nContent-Disposition: attachment\n\ntwo\n--b--", "one",
     "two"},
    {MIXED PLAIN "one\n--b\nContent-Type: message/rfc822\n\nA: b\n\ntwo\n--b--", "two",
     NULL},
    {MIXED PLAIN "one\n--b\nContent-Type: message/rfc822\nContent-Disposition: "
                 "attachment\n\nA: b\n\ntwo\n--b--",
     "one", "two"},
    {"Content-Type: multipart/related; boundary=b\n\n" HTML "one\n" HTML "two\n--b--",
     "one", "two"},
    {"Content-Type: multipart/related; boundary=b; start=\"<r>\"\n\n" HTML
     "one\n--b\nContent-ID: <r>\n\ntwo\n--b--",
     "two", "one"},
};

static void a_reader_sees_what_is_shown(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof views / sizeof *views; i++) {
        struct span text = read_text(views[i].mail)->text;
        assert_true(span_find(text, span_of(views[i].seen)) >= 0);
        if (views[i].unseen != NULL)
            assert_int_equal(span_find(text, span_of(views[i].unseen)), -1);
        assert_int_equal(text.at[text.len - 1], '\n');
    }
}

static void text_links_are_found_once(void **state)
{
    (void)state;
    struct message *msg =
        read_text(ALTERNATIVE PLAIN
                  "http://a.example/ http://b.example/ http://a.example/\n--b--");
    assert_int_equal(msg->link_count, 2);
    assert_int_equal(msg->links[1].origin, LINK_TEXT);
    assert_span(msg->links[1].target, "http://b.example/");
    assert_span(msg->links[1].text, "http://b.example/");
    msg = read_text(MIXED "--b\nContent-Disposition: attachment\n\nhttp://a.example/\n"
                          "--b--");
    assert_int_equal(msg->link_count, 0);
}

static void file_names_come_from_either_field(void **state)
{
    (void)state;
    struct message *msg = read_text(
        MIXED "--b\nContent-Type: a/b; name=\"x\"\n\n--b\nContent-Type: a/b; name=x\n"
              "Content-Disposition: inline; filename*=utf-8''%C3%A9\n\n--b--");
    assert_span(msg->parts[1].filename, "x");
    assert_span(msg->parts[2].filename, "\xc3\xa9");
    assert_int_equal(msg->parts[2].disposition, DISPOSITION_INLINE);
    assert_true(msg->parts[2].is_attachment);
}

static void big_leaves_keep_their_head(void **state)
{
    (void)state;
    struct buf mail;
    buf_init(&mail, arena, 1 << 20);
    buf_printf(&mail, "Content-Type: a/b\nContent-Transfer-Encoding: base64\n\n");
    for (int i = 0; i < 5000; i++)
        buf_printf(&mail, "YWJj\n");
    struct message *msg = read_span(buf_span(&mail));
    assert_int_equal(msg->parts[0].content.len, 4096);
    assert_int_equal(msg->parts[0].content_bytes, 15000);
    assert_int_equal(msg->parts[0].content.at[4095], 'a');
}

/* head, then count times item, its number for '#': each shape that a bound stops. */
static const struct {
    const char *head, *item;
    int count;
    uint32_t bounds;
    size_t parts;
} hostile[] = {
    {"", "X-#: a\n", 100000, BOUND_BIT_FIELDS, 1},
    {"Subject: a\n", " #\n", 100000, BOUND_BIT_FIELD_BYTES, 1},
    {MIXED, "--b\n\n#\n", 100000, BOUND_BIT_PARTS, BOUND_PARTS},
    {"Content-Type: multipart/mixed; boundary=x\n\n--x\n",
     "Content-Type: multipart/mixed; boundary=b#\n\n--b#\n", 20000, BOUND_BIT_DEPTH,
     BOUND_PART_DEPTH + 1},
    {"", "Content-Type: message/rfc822; x=#\n\n", 20000, BOUND_BIT_DEPTH,
     BOUND_PART_DEPTH + 1},
    {"\n", "some text of line #\n", 60000, BOUND_BIT_TEXT, 1},
};

/* item with n in place of each '#'. */
static void add_numbered(struct buf *out, const char *item, int n)
{
    for (; *item != '\0'; item++)
        if (*item == '#')
            buf_printf(out, "%d", n);
        else
            buf_add_char(out, *item);
}

static void bounds_are_flagged(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        struct buf mail;
        buf_init(&mail, arena, 8 << 20);
        buf_add_span(&mail, span_of(hostile[i].head));
        for (int k = 0; k < hostile[i].count; k++)
            add_numbered(&mail, hostile[i].item, k);
        struct message *msg = read_span(buf_span(&mail));
        assert_int_equal(msg->bounds, hostile[i].bounds);
        assert_int_equal(msg->part_count, hostile[i].parts);
        arena_reset(arena);
    }
}

/* Encoded messages within encoded messages are decoded to a depth, and no further. */
static void sources_are_bounded(void **state)
{
    (void)state;
    struct buf text;
    for (int layers = 1; layers <= BOUND_SOURCES + 2; layers++) {
        buf_init(&text, arena, 1 << 16);
        for (int i = 0; i < layers; i++)
            buf_add_span(&text,
                         SPAN("Content-Type: message/rfc822\n"
                              "Content-Transfer-Encoding: quoted-printable\n\n"));
        buf_add_span(&text, SPAN("Subject: in\n\ninnermost\n"));
        struct message *msg = read_span(buf_span(&text));
        bool is_cut = layers > BOUND_SOURCES;
        assert_int_equal(msg->bounds, is_cut ? BOUND_BIT_DEPTH : 0);
        assert_int_equal(msg->part_count, is_cut ? BOUND_SOURCES + 1 : layers + 1);
        assert_int_equal(span_find(msg->text, SPAN("innermost")) >= 0, !is_cut);
    }
}

/* White space at a delimiter's end is no part of it; anything else is. */
static void delimiters_are_told_apart(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        size_t parts;
    } lines[] = {
        {"--bb", 3},   {"--bb \t ", 3}, {"--bb\r", 3}, {"--bb--", 2},  {"--bb--  ", 2},
        {"--bb -", 2}, {"--bb--x", 2},  {"--bb-", 2},  {"--b", 2},     {"-- bb", 2},
        {"--bbb", 2},  {" --bb", 2},    {"--BB", 2},   {"--bb --", 2}, {"--bb\f", 3},
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct buf text;
        buf_init(&text, arena, 1024);
        buf_printf(&text,
                   "Content-Type: multipart/mixed; boundary=bb\n\n--bb\n\none\n%s\n\n"
                   "two\n--bb--\n",
                   lines[i].line);
        assert_int_equal(read_span(buf_span(&text))->part_count, lines[i].parts);
    }
}

static void the_body_is_kept_to_scan_bytes(void **state)
{
    (void)state;
    struct message *msg = message_new(arena, 10);
    message_read(msg, SPAN("A: b\n\n0123456789abc"));
    assert_int_equal(msg->bounds, BOUND_BIT_BODY_BYTES);
    assert_span(msg->body, "0123456789");
    assert_int_equal(msg->body_bytes, 13);
}

/* Whatever the arena can hold and wherever the mail ends. */
static void every_cut_and_every_cap_is_survived(void **state)
{
    (void)state;
    struct span mail =
        SPAN("From x\nSubject: =?utf-8?q?=C3?= =?utf-8?q?=A9?=\n x\n" MIXED "pre\n--b\n"
             "Content-Type: text/plain; charset=\"koi8-r\"\nContent-Transfer-Encoding: "
             "quoted-printable\n\n=C4=\n\n--b\nContent-Type: message/rfc822\n"
             "Content-Transfer-Encoding: base64\n\nU3ViamVjdDogcwoKaW4K\n--b\n"
             "Content-Type: text/html\n\n<p>http://a.example/\n--b--\n");
    for (size_t len = 0; len <= mail.len; len++) {
        char *copy = strndup(mail.at, len); /* its own, so that ASan sees the end */
        assert_true(read_span((struct span){copy, len})->part_count >= 1);
        free(copy);
        arena_reset(arena);
    }
    for (size_t cap = 512; cap < 40000; cap += 48) {
        struct arena *small = arena_new(cap);
        struct message *msg = message_new(small, 1 << 20);
        if (msg != NULL)
            message_read(msg, mail);
        assert_true(msg == NULL || !arena_is_capped(small) ||
                    (msg->bounds & BOUND_BIT_ARENA) != 0);
        arena_free(&small);
    }
}

static void encoded_words_are_no_structure(void **state)
{
    struct message *msg = message_new(arena, 1 << 20);
    size_t count;
    (void)state;
    /* the word decodes to: "Bank" <help@bank.example>, */
    message_read(msg, SPAN("From: =?utf-8?b?IkJhbmsiIDxoZWxwQGJhbmsuZXhhbXBsZT4s?=\n"
                           " <eve@evil.example>\n\nbody\n"));
    struct mailbox *from = message_mailboxes(msg, "From", &count);
    assert_int_equal(count, 1);
    assert_true(span_eq(from[0].domain, SPAN("evil.example")));
    assert_true(span_find(from[0].display, SPAN("help@bank.example")) >= 0);
    assert_null(message_mailboxes(msg, "To", &count));
    assert_int_equal(count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(shapes_become_trees, setup, teardown),
        cmocka_unit_test_setup_teardown(fields_are_kept_as_sent_and_decoded, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(pieces_give_what_the_whole_gives, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(bytes_of_nul_are_noted, setup, teardown),
        cmocka_unit_test_setup_teardown(a_reader_sees_what_is_shown, setup, teardown),
        cmocka_unit_test_setup_teardown(text_links_are_found_once, setup, teardown),
        cmocka_unit_test_setup_teardown(file_names_come_from_either_field, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(encoded_words_are_no_structure, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(big_leaves_keep_their_head, setup, teardown),
        cmocka_unit_test_setup_teardown(bounds_are_flagged, setup, teardown),
        cmocka_unit_test_setup_teardown(sources_are_bounded, setup, teardown),
        cmocka_unit_test_setup_teardown(delimiters_are_told_apart, setup, teardown),
        cmocka_unit_test_setup_teardown(the_body_is_kept_to_scan_bytes, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(every_cut_and_every_cap_is_survived, setup,
                                        teardown),
    };
    return cmocka_run_group_tests_name("message", tests, NULL, NULL);
}
