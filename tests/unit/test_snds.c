/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/bounds.h"
#include "base/buf.h"
#include "message/snds.h"
#include "store/forget.h"

#define ROW                                                                            \
    "192.0.2.25,1/31/2026 10:00 AM,1/31/2026 11:30 PM,1894,1720,1700,YELLOW,< 0.1%,"   \
    "1/31/2026 12:05 AM,1/31/2026 12:00 PM,2,mail.example.com,bob@example.com,\r\n"

static void check_row(const struct snds_row *row)
{
    assert_string_equal(row->ip.at, "192.0.2.25");
    assert_string_equal(row->start_at.at, "2026-01-31 10:00");
    assert_string_equal(row->end_at.at, "2026-01-31 23:30");
    assert_int_equal(row->rcpt_commands, 1894);
    assert_int_equal(row->data_commands, 1720);
    assert_int_equal(row->recipients, 1700);
    assert_true(span_eq(row->filter_result, SPAN("YELLOW")));
    assert_string_equal(row->complaint_rate.at, "< 0.1%");
    assert_true(row->complaint_percent > 0.099 && row->complaint_percent < 0.101);
    assert_int_equal(row->trap_hits, 2);
    assert_string_equal(row->sample_helo.at, "mail.example.com");
    assert_string_equal(row->sample_mail_from.at, "bob@example.com");
}

static void test_without_titles(void **state)
{
    struct arena *arena = arena_new(64 << 20);
    struct snds snds;
    (void)state;
    snds_read(arena, SPAN(ROW ROW), &snds);
    assert_int_equal(snds.row_count, 2);
    assert_false(snds.has_titles);
    assert_int_equal(snds.wrong, 0);
    check_row(&snds.rows[0]);
    assert_string_equal(snds.rows[0].trap_start_at.at, "2026-01-31 00:05");
    assert_string_equal(snds.rows[0].trap_end_at.at, "2026-01-31 12:00");
    arena_free(&arena);
}

static void test_with_titles(void **state)
{
    struct arena *arena = arena_new(64 << 20);
    struct snds snds;
    (void)state;
    snds_read(
        arena,
        SPAN("\xef\xbb\xbf"
             "Comments,Filter result,\"IP Address\",New thing,Activity Start,Activity "
             "End,RCPT commands,DATA commands,Message recipients,Complaint rate,Trap "
             "hits,Sample HELO,Sample MAIL FROM\n"
             "\"one, \"\"two\"\"\nthree\",yellow,192.0.2.25,x,2026-01-31T10:00,"
             "2026-01-31 23:30,\"1,894\",1720,1700,< 0.1%,2,mail.example.com,"
             "bob@example.com"),
        &snds);
    assert_int_equal(snds.row_count, 1);
    assert_true(snds.has_titles);
    check_row(&snds.rows[0]);
    assert_string_equal(snds.rows[0].comments.at, "one, \"two\"\nthree");
    arena_free(&arena);
}

static void test_hostile(void **state)
{
    static const char *const wrong[] = {
        "",
        "\n\r\n",
        "192.0.2.25,192.0.2.99,Yes,Blocked due to user complaints\n",
        "x,1/31/2026 10:00 AM,,1,1,1,GREEN\n",
        "192.0.2.25,13/31/2026 10:00 AM,,1,1,1,GREEN\n",
        "192.0.2.25,1/31/2026 14:00 PM,,1,1,1,GREEN\n",
        "192.0.2.25,1/31/2026 10:00 AM,,1,1,1,PURPLE\n",
        "192.0.2.25,,,1,1,1,GREEN\n",
        "\"192.0.2.25,1/31/2026 10:00 AM,,1,1,1,GREEN\n",
        ",,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,\n",
        "<html><body>Sign in</body></html>\n",
    };
    struct arena *arena = arena_new(64 << 20);
    struct snds snds;
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        snds_read(arena, span_of(wrong[i]), &snds);
        assert_int_equal(snds.row_count, 0);
        assert_int_equal(snds.wrong > 0, i > 1);
        arena_reset(arena);
    }
    snds_read(arena, SPAN("\0\n\0,\0\r\0"), &snds); /* a NUL ends nothing */
    assert_int_equal(snds.row_count, 0);
    assert_int_equal(snds.wrong, 3);
    /* what is not said is not 0 */
    snds_read(
        arena,
        SPAN("192.0.2.25,1/31/2026 10:00 AM,,N/A,,-1,GREEN,,,,99999999999999999999"),
        &snds);
    assert_int_equal(snds.row_count, 1);
    assert_int_equal(snds.rows[0].rcpt_commands, -1);
    assert_int_equal(snds.rows[0].data_commands, -1);
    assert_int_equal(snds.rows[0].recipients, -1);
    assert_int_equal(snds.rows[0].trap_hits, -1);
    assert_true(snds.rows[0].complaint_percent < 0);
    arena_free(&arena);
}

static void test_bounded(void **state)
{
    struct arena *arena = arena_new(256 << 20);
    struct buf text;
    struct snds snds;
    (void)state;
    buf_init(&text, arena, 64 << 20);
    for (int i = 0; i < BOUND_SNDS_ROWS + 10; i++)
        buf_add_span(&text, SPAN("192.0.2.25,1/31/2026 10:00 AM,,1,1,1,GREEN\n"));
    snds_read(arena, buf_span(&text), &snds);
    assert_int_equal(snds.row_count, BOUND_SNDS_ROWS);
    assert_true(snds.is_cut);
    arena_free(&arena);
    arena = arena_new(8 << 20);
    buf_init(&text, arena, 4 << 20);
    for (int i = 0; i < 20000; i++)
        buf_add_span(&text, SPAN("192.0.2.25,1/31/2026 10:00 AM,,1,1,1,GREEN\n"));
    snds_read(arena, buf_span(&text), &snds);
    assert_true(snds.is_cut);
    arena_free(&arena);
}

static void test_names(void **state)
{
    static const struct {
        const char *text;
        bool names;
    } cases[] = {
        {"bob@a.example", true},
        {"<BOB@A.example>", true},
        {"to bob@a.example.", true},
        {"bob@a.example, x", true},
        {"jimbob@a.example", false},
        {"jim.bob@a.example", false},
        {"bob@a.example.org", false},
        {"bob@a.examples", false},
        {"jimbob@a.example bob@a.example", true},
        {"bob@a.example-x", false},
        {"", false},
        {"bob@a.exampl", false},
        {"x=bob@a.example", false},
        {"mailto:bob@a.example", true},
        {"\"bob@a.example\"", true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(forget_names(span_of(cases[i].text), SPAN("bob@a.example")),
                         cases[i].names);
    assert_false(forget_names(SPAN("anything"), SPAN("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_titles), cmocka_unit_test(test_with_titles),
        cmocka_unit_test(test_hostile),        cmocka_unit_test(test_bounded),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests_name("snds", tests, NULL, NULL);
}
