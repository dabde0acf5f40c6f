/* SPDX-License-Identifier: BSD-2-Clause
 *
 * html_sums: values of attributes are decoded whole.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "message/html_sums.h"

/* Each NUL is three bytes once it is decoded. */
static void nuls_in_attributes(void **state)
{
    enum { NULS = 100 };
    struct arena *arena = arena_new(1 << 20);
    struct buf html;
    struct html_sums *sums;

    (void)state;
    buf_init(&html, arena, 4096);
    buf_add_span(&html, SPAN("<a href=\"&amp;"));
    for (int i = 0; i < NULS; i++)
        buf_add_char(&html, '\0');
    buf_add_span(&html, SPAN("z\">q</a>"));
    sums = html_sums_read(arena, buf_span(&html));
    assert_non_null(sums);
    assert_int_equal(sums->anchor_count, 1);
    assert_int_equal(sums->anchors[0].target.len, 1 + 3 * NULS + 1);
    assert_true(utf8_is_valid(sums->anchors[0].target));
    assert_true(span_eq(sums->anchors[0].text, SPAN("q")));
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nuls_in_attributes),
    };
    return cmocka_run_group_tests_name("html_sums", tests, NULL, NULL);
}
