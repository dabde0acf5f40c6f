/* SPDX-License-Identifier: BSD-2-Clause
 *
 * sketch - one text in other clothes is one text; another text is another.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "message/sketch.h"
#include "message/sketch_words.h"

static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = arena_new(256 << 20);
    return arena == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

static struct sketch sketch_of(const char *mail)
{
    struct sketch sketch;
    struct message *msg = message_new(arena, 64 << 20);
    assert_non_null(msg);
    message_read(msg, span_of(mail));
    sketch_make(msg, &sketch);
    return sketch;
}

static bool is_same(const char *a, const char *b)
{
    struct sketch x = sketch_of(a);
    struct sketch y = sketch_of(b);
    return x.kind != SKETCH_NONE && y.kind != SKETCH_NONE &&
           sketch_equal(&x, &y) >= SKETCH_SAME;
}

#define MAIL "From: x@here.example\nSubject: hello\n\n"
#define HTML "From: x@here.example\nSubject: hello\nContent-Type: text/html\n\n"
#define UTF8                                                                           \
    "From: x@here.example\nSubject: hello\nContent-Type: text/plain; "                 \
    "charset=utf-8\n\n"
#define REPLY "From: x@here.example\nSubject: Re: hello\nIn-Reply-To: <1@x>\n\n"

static const char letter[] = MAIL
    "Dear Anna,\n\nyour mailbox has reached its limit of 500 MB and messages to you "
    "are "
    "being returned to their senders. Please confirm your account within 24 hours at "
    "http://mail.bad.example/u/81a7 or it will be closed for good. We thank you for "
    "your understanding and wish you a pleasant day. The help desk team\n";

/* ---- the same ---- */

static const char *const same[] = {
    /* greeting, number, link */
    MAIL "Hello Mr. Bernard Dupont!\n\nyour mailbox has reached its limit of 12000 MB "
         "and messages to you are being returned to their senders. Please confirm your "
         "account within 48 hours at https://other.example/c/99?id=4 or it will be "
         "closed for good. We thank you for your understanding and wish you a pleasant "
         "day. The help desk team\n",
    /* HTML, capitals, a hidden text of another kind */
    HTML
    "<p>Dear Carl,</p><p>YOUR MAILBOX has reached its limit of <b>7</b> MB and "
    "messages to you are being returned to their senders.</p><p>Please confirm "
    "your account within 24 hours at <a href='http://z.example/'>http://z.example/"
    "</a> or it will be closed for good.</p><p style='display:none'>lorem ipsum "
    "dolor sit amet consetetur sadipscing elitr sed diam nonumy eirmod</p>We thank "
    "you for your understanding and wish you a pleasant day. The help desk team",
    /* look-alike letters (Cyrillic a, e, o), a zero-width space, a soft hyphen */
    UTF8
    "Dear Anna,\n\nyour m\u0430ilbox has re\u0430ched its limit of 500 MB and "
    "m\u0435ssag\u0435s to you are being ret\u200burned to their senders. Please "
    "confirm y\u043eur acc\u043eunt within 24 hours at http://mail.bad.example/ or "
    "it will be cl\u00adosed for good. We thank you for your understanding and "
    "wish you a pleasant day. The help desk team\n",
    /* sentences in another order, one left out */
    MAIL
    "Dear Anna,\n\nPlease confirm your account within 24 hours at "
    "http://mail.bad.example/u/81a7 or it will be closed for good. Your mailbox has "
    "reached its limit of 500 MB and messages to you are being returned to their "
    "senders. The help desk team\n",
    /* some words changed, one sentence more */
    MAIL
    "Good day,\n\nyour mailbox has reached its limit of 500 MB and messages to you "
    "are being returned to their authors. Please confirm your account within 24 "
    "hours at http://mail.bad.example/u/81a7 or it will be closed for ever. Do not "
    "wait. We thank you for your understanding and wish you a pleasant day. The "
    "help desk team\n",
};

/* ---- another ---- */

static const char *const others[] = {
    MAIL
    "Dear Anna,\n\nyour parcel could not be delivered since nobody was at home. "
    "Please confirm your address within 24 hours at http://post.bad.example/ or it "
    "will be sent back to its sender. We thank you for your understanding and wish "
    "you a pleasant day. The delivery team\n",
    MAIL
    "Dear Anna,\n\nthe meeting on Thursday is moved to ten o'clock, since the train "
    "from Lyon comes in late. I have asked Peter to bring the figures of the third "
    "quarter; could you print them for all of us? See you there, Carl\n",
};

static void test_same_text(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        if (!is_same(letter, same[i]))
            fail_msg("variant %zu is not known again", i);
}

static void test_other_text(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (is_same(letter, others[i]))
            fail_msg("text %zu is taken for the letter", i);
    assert_false(is_same(others[0], others[1]));
}

/* ---- threads ---- */

#define QUESTION                                                                       \
    "> could you tell me which of the two designs for the new entrance you prefer, "   \
    "the\n"                                                                            \
    "> one with the glass doors or the one with the wooden ones? The builder wants "   \
    "an\n"                                                                             \
    "> answer by the end of the week, and there is no money for a third design.\n"

static const char answer_one[] = REPLY
    "On Monday Ann wrote:\n" QUESTION
    "\nThe glass, please: the wooden doors of the old "
    "entrance never closed well in winter, and nobody could see who stood outside.\n";
static const char answer_two[] = REPLY "On Monday Ann wrote:\n" QUESTION
                                       "\nI have no opinion on that at all, but would "
                                       "like to remind you both of the fire "
                                       "regulations that we were sent in the spring.\n";
static const char answer_html_one[] = REPLY
    "The glass, please: the wooden doors of the old entrance never closed well in "
    "winter.\n\nOn Monday Ann wrote:\ncould you tell me which of the two designs for "
    "the new entrance you prefer, the one with the glass doors or the one with the "
    "wooden ones? The builder wants an answer by the end of the week, and there is no "
    "money for a third design.\n";
static const char answer_html_two[] = REPLY
    "No opinion at all, but remember the fire regulations that we were sent in "
    "spring.\n\nOn Monday Ann wrote:\ncould you tell me which of the two designs for "
    "the new entrance you prefer, the one with the glass doors or the one with the "
    "wooden ones? The builder wants an answer by the end of the week, and there is no "
    "money for a third design.\n";

static void test_answers_in_a_thread(void **state)
{
    (void)state;
    assert_int_equal(sketch_of(answer_one).kind, SKETCH_TEXT);
    assert_false(is_same(answer_one, answer_two));
    assert_false(is_same(answer_html_one, answer_html_two));
    /* nothing but a quote is no answer: what it says counts */
    assert_true(is_same(REPLY QUESTION, REPLY "On Monday Ann wrote:\n" QUESTION));
}

static void test_signatures(void **state)
{
    (void)state;
#define COMPANY                                                                        \
    "-- \nExample Company of Paris and Lyon, makers of fine doors, windows and "       \
    "stairs\n"                                                                         \
    "since 1921. This message is for the one it is addressed to; whoever else "        \
    "receives\n"                                                                       \
    "it must delete it and tell us so.\n"
    static const char one[] = MAIL "The invoice for the stairs in the north wing is on "
                                   "its way to you by post, as you wished.\n" COMPANY;
    static const char two[] = MAIL "Peter is ill today and asks whether you can take "
                                   "his visitors at eleven and at three.\n" COMPANY;
    assert_int_equal(sketch_of(one).kind, SKETCH_TEXT);
    assert_false(is_same(one, two));
}

/* A notice that is longer than the mail; as a paragraph, and as HTML has it. */
static void test_notices(void **state)
{
    (void)state;
#define NOTICE                                                                         \
    "This message and its attachments are confidential and intended for the named "    \
    "recipient alone.%sIf it has come to you by mistake, please notify the sender at " \
    "once and delete it%sfrom your system; you must not copy it or use it for any "    \
    "purpose, nor disclose what it says%sto any other person. Though it was looked "   \
    "through for harmful programs before it was sent, whoever opens it does so at "    \
    "his own risk: the company takes no "                                              \
    "responsibility for viruses.%s"
    static const char *const notes[] = {
        "The invoice for the stairs in the north wing is on its way to you by post.",
        "Peter is ill today and asks whether you can take his visitors at eleven and "
        "three."};
    for (int form = 0; form < 2; form++) {
        char mails[2][2000];
        for (int i = 0; i < 2; i++) {
            const char *end = form == 0 ? "\n" : " ";
            size_t len = (size_t)snprintf(mails[i], sizeof mails[i], "%s%s%s",
                                          form == 0 ? MAIL : HTML "<p>", notes[i],
                                          form == 0 ? "\n\n" : "</p><p>");
            snprintf(mails[i] + len, sizeof mails[i] - len, NOTICE, end, end, end, end);
        }
        assert_int_equal(sketch_of(mails[0]).kind, SKETCH_TEXT);
        assert_false(is_same(mails[0], mails[1]));
        assert_true(is_same(mails[0], mails[0]));
    }
}

/* ---- little text ---- */

#define PART(type, body)                                                               \
    "From: x@here.example\nSubject: s\nContent-Type: multipart/mixed; "                \
    "boundary=b\n\n--b\n\nSee the file.\n--b\nContent-Type: " type                     \
    "\nContent-Disposition: attachment; filename=a.bin\n\n" body "\n--b--\n"
#define LINE                                                                           \
    "0123456789 the quick brown fox jumps over the lazy dog, and so on it goes\n"
#define LINES LINE LINE LINE LINE LINE LINE LINE LINE

static void test_little_text(void **state)
{
    (void)state;
    assert_int_equal(sketch_of(MAIL "See you at noon.\n").kind, SKETCH_NONE);
    assert_int_equal(sketch_of(MAIL "").kind, SKETCH_NONE);
    const char *shorty = MAIL "Look at what I have found: http://a.bad.example/x1\n";
    assert_int_equal(sketch_of(shorty).kind, SKETCH_SHORT);
    assert_true(is_same(shorty, MAIL "Hi Ann,\nlook at what I have found: "
                                     "http://b.bad.example/y2\n"));
    assert_false(
        is_same(shorty, MAIL "Look at what I have found: http://good.example/"));
    assert_false(
        is_same(shorty, MAIL "Look at what we have got: http://a.bad.example/"));
    /* a bare link is known by its path: many send links to one host */
    assert_false(
        is_same(MAIL "http://docs.example/a\n", MAIL "http://docs.example/b\n"));
    assert_true(is_same(MAIL "http://docs.example/a?u=1\n",
                        MAIL "http://docs.example/a?u=2\n"));
}

static void test_files(void **state)
{
    (void)state;
    const char *file = PART("application/pdf", LINES);
    assert_int_equal(sketch_of(file).kind, SKETCH_FILE);
    assert_true(is_same(file, PART("application/octet-stream", LINES)));
    assert_false(is_same(file, PART("application/pdf", LINES LINE)));
    assert_int_equal(sketch_of(PART("text/vcard", LINES)).kind, SKETCH_NONE);
    assert_int_equal(sketch_of(PART("application/pdf", LINE)).kind, SKETCH_NONE);
}

/* ---- words ---- */

static size_t words_of(const char *text, uint32_t *out)
{
    struct sketch_words words = {.at = out, .max = 64};
    sketch_words_read(&words, span_of(text), false);
    return words.count;
}

static void test_words(void **state)
{
    (void)state;
    static const struct {
        const char *text, *same_as;
    } rows[] = {
        {"Caf\u00e9 \u0421\u0430fe", "cafe cafe"},
        {"\uff26\uff32\uff25\uff25 \U0001d41f\U0001d42b\U0001d41e\U0001d41e",
         "free free"},
        {"v1agra 24 7", "9"},
        {"don't don\u2019t", "dont dont"},
        {"write to ann@here.example or www.there.example/x now", "write to or now"},
        {"go to here.example/buy.", "go to"},
        {"and/or e.g. 1.5", "and or e g 2"},
        {"Dear Dr. Smith,\nwords", "words"},
        {"Dear all, words", "words"},
        {"words\n-- \nmy name", "words"},
        {"\xff\xfe words \x80", "words"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint32_t a[64], b[64];
        size_t count = words_of(rows[i].text, a);
        if (count != words_of(rows[i].same_as, b) ||
            memcmp(a, b, count * sizeof *a) != 0)
            fail_msg("row %zu: %zu words", i, count);
    }
}

/* ---- the numbers ---- */

/* By the bands alone, every sketch with SKETCH_SAME equal numbers must be found. */
static void test_bands_miss_nothing(void **state)
{
    (void)state;
    struct sketch a = sketch_of(letter);
    for (uint32_t mask = 0; mask < 1u << SKETCH_VALUES; mask++) {
        struct sketch b = a;
        unsigned shared = 0;
        for (unsigned i = 0; i < SKETCH_VALUES; i++)
            b.value[i] = (uint16_t)(b.value[i] ^ (mask >> i & 1));
        for (unsigned band = 0; band < SKETCH_BANDS; band++)
            shared += sketch_band(&a, band) == sketch_band(&b, band);
        if (sketch_equal(&a, &b) >= SKETCH_SAME)
            assert_true(shared >= SKETCH_SHARED);
    }
}

static void test_print_and_parse(void **state)
{
    (void)state;
    char text[SKETCH_TEXT_BYTES];
    struct sketch back;
    struct sketch a = sketch_of(letter);
    assert_true(sketch_parse(span_of(sketch_print(&a, text)), &back));
    assert_int_equal(sketch_equal(&a, &back), SKETCH_VALUES);
    assert_false(sketch_parse(SPAN("12"), &back));
    text[3] = 'x';
    assert_false(sketch_parse(span_of(text), &back));
}

/* What is hostile costs no more than its length: each of these would take minutes if a
 * byte were looked at once for each byte before it. */
static void test_hostile(void **state)
{
    (void)state;
    static const char *const units[] = {".a",
                                        "a.",
                                        "@",
                                        "http://",
                                        ">",
                                        "-- \n",
                                        "\xf0",
                                        "a/",
                                        "On wrote:\n",
                                        "x wrote:\n>\n",
                                        "\n\nconfidential "};
    enum { BYTES = 1 << 19 };
    char *text = malloc(BYTES + 1);
    assert_non_null(text);
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        size_t len = strlen(units[i]);
        uint32_t *at = calloc(BYTES, sizeof *at);
        struct sketch_words words = {.at = at, .max = BYTES};
        assert_non_null(at);
        for (size_t k = 0; k < BYTES; k++)
            text[k] = units[i][k % len];
        sketch_words_read(&words, (struct span){text, BYTES}, true);
        assert_true(words.count < BYTES);
        free(at);
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_text),
        cmocka_unit_test(test_other_text),
        cmocka_unit_test(test_answers_in_a_thread),
        cmocka_unit_test(test_signatures),
        cmocka_unit_test(test_notices),
        cmocka_unit_test(test_little_text),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_bands_miss_nothing),
        cmocka_unit_test(test_print_and_parse),
        cmocka_unit_test(test_hostile),
    };
    return cmocka_run_group_tests_name("sketch", tests, set_up, tear_down);
}
