/* SPDX-License-Identifier: BSD-2-Clause
 *
 * expression: Perl's precedence and values, texts, bounds, errors.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/bounds.h"
#include "base/buf.h"
#include "rules/expression/expression.h"
#include "rules/expression/expression_bounds.h"
#include "rules/expression/expression_print.h"

/* a..e are 0 1 2 3 -4, t is a text, e0 an empty one, n() of an argument its length. */
static const double numbers[] = {0, 1, 2, 3, -4};
static const struct span texts[] = {SPAN("fail"), SPAN("")};

static int find(void *context, struct span name, struct span argument,
                struct expression_operand *out, struct err *err)
{
    (void)context;
    out->type = EXPRESSION_NUMBER;
    if (span_eq(name, SPAN("n")) && argument.at != NULL) {
        out->is_constant = true;
        out->number = (double)argument.len;
    } else if (span_eq(name, SPAN("t")) || span_eq(name, SPAN("e0"))) {
        out->type = EXPRESSION_TEXT;
        out->slot = name.len > 1;
    } else if (name.len == 1 && name.at[0] >= 'a' && name.at[0] <= 'e')
        out->slot = (unsigned)(name.at[0] - 'a');
    else
        return err_set(err, ERR_CONFIG, "unknown %.*s", (int)name.len, name.at);
    return 0;
}

static const struct expression_names names = {find, NULL};

static void value_table(void **state)
{
    static const struct {
        const char *source;
        double value;
    } rows[] = {
        {"1", 1},
        {" 1.5 ", 1.5},
        {".5", .5},
        {"b", 1},
        {"1 + 2 * 3", 7},
        {"(1 + 2) * 3", 9},
        {"10 - 4 - 3", 3},
        {"12 / 4 / 3", 1},
        {"7 % 4", 3},
        {"1 / 0", 0},
        {"1 % 0", 0},
        {"-c + 3", 1},
        {"- - c", 2},
        {"+c", 2},
        {"!a", 1},
        {"!c", 0},
        {"!!c", 1},
        {"!a && b", 1},
        {"!a + 1", 2},
        {"a || c", 2},
        {"c || d", 2},
        {"c && d", 3},
        {"a && d", 0},
        {"(c || a) + (d && b) > 2", 1},
        {"b + c + d > 5", 1},
        {"b + c + d >= 6", 1},
        {"b + c + d > 6", 0},
        {"a || b && a", 0},
        {"b || b && a", 1},
        {"a == 0 && c != 3", 1},
        {"1 < 2 == 1", 1},
        {"e < 0", 1},
        {"b ^ b", 0},
        {"a ^ b", 1},
        {"a ? 5 : 6", 6},
        {"b ? 5 : 6", 5},
        {"a ? 1 : b ? 2 : 3", 2},
        {"a ? 1 : a ? 2 : 3", 3},
        {"b ? a ? 1 : 2 : 3", 2},
        {"b ?c:d", 2},
        {"(b ? 2 : 3) * 2", 4},
        {"()", 0},
        {"(()) + 1", 1},
        {"n(abc)", 3},
        {"n ( a::b ) == 4", 1},
        {"t == \"fail\"", 1},
        {"t != 'fail'", 0},
        {"t == \"pass\"", 0},
        {"\"fail\" == t", 1},
        {"t =~ /^FA/i", 1},
        {"t !~ /^fa/", 0},
        {"t =~ m{a/?i} && b", 1},
        {"!(t =~ /x/)", 1},
        {"b && t =~ /x|il/", 1},
        {"t", 1},
        {"!t", 0},
        {"e0", 0},
        {"!e0 && t", 1},
        {"e0 || t", 1},
        {"t ? 2 : 3", 2},
        {"e0 == \"\"", 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct arena *arena = arena_new(1 << 16);
        struct expression *e;
        struct err err;
        unsigned limits = 0;
        if (expression_compile(&e, arena, span_of(rows[i].source), &names, &err) != 0)
            fail_msg("%s: %s", rows[i].source, err.text);
        double value = expression_run(e, numbers, texts, &limits);
        if (value != rows[i].value)
            fail_msg("%s: %g, expected %g", rows[i].source, value, rows[i].value);
        assert_int_equal(limits, 0);
        expression_clear(e);
        arena_free(&arena);
    }
}

static void error_table(void **state)
{
    static const struct {
        const char *source, *text;
    } rows[] = {
        {"", "a value is missing at the end"},
        {"(", "missing"},
        {")", "missing"},
        {"(1", "')' is missing"},
        {"1)", "')' without '('"},
        {"1 +", "a value is missing"},
        {"1 2", "an operator is missing"},
        {"* 2", "missing"},
        {"1 & 2", "an operator is missing"},
        {"1 = 2", "an operator is missing"},
        {"zz", "unknown zz"},
        {"1 ? 2", "'?' without ':'"},
        {"1 : 2", "':' without '?'"},
        {"(1 ? 2) : 3", "'?' without ':'"},
        {"t == 1", "compares only"},
        {"1 == t", "does not compare"},
        {"t < \"a\"", "compares only"},
        {"t + 1", "compares only"},
        {"b =~ /x/", "only a text"},
        {"t =~ x", "a pattern in"},
        {"t =~ /x", "a pattern in"},
        {"t =~ /(/", "at character"},
        {"t =~ /x/ && t =~ /(/", "at character"},
        {"t == \"x", "quotation mark"},
        {"n(", "')' is missing"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct arena *arena = arena_new(1 << 16);
        struct expression *e;
        struct err err = {0};
        assert_int_equal(
            expression_compile(&e, arena, span_of(rows[i].source), &names, &err), -1);
        assert_null(e);
        if (strstr(err.text, rows[i].text) == NULL)
            fail_msg("%s: %s", rows[i].source, err.text);
        arena_free(&arena);
    }
}

static int compile_repeated(const char *head, size_t heads, const char *middle,
                            const char *tail, size_t tails, double *value)
{
    struct arena *arena = arena_new(8 << 20);
    struct expression *e;
    struct buf source;
    struct err err;
    unsigned limits = 0;
    int rc;

    buf_init(&source, arena, 1 << 20);
    for (size_t i = 0; i < heads; i++)
        buf_add_span(&source, span_of(head));
    buf_add_span(&source, span_of(middle));
    for (size_t i = 0; i < tails; i++)
        buf_add_span(&source, span_of(tail));
    rc = expression_compile(&e, arena, buf_span(&source), &names, &err);
    if (rc == 0) {
        *value = expression_run(e, numbers, texts, &limits);
        expression_clear(e);
    }
    arena_free(&arena);
    return rc;
}

static void depth_is_bounded(void **state)
{
    double value = -1;

    (void)state;
    assert_int_equal(compile_repeated("(", BOUND_EXPRESSION_DEPTH, "b", ")",
                                      BOUND_EXPRESSION_DEPTH, &value),
                     0);
    assert_true(value == 1);
    assert_int_equal(compile_repeated("(", BOUND_EXPRESSION_DEPTH + 1, "b", ")",
                                      BOUND_EXPRESSION_DEPTH + 1, &value),
                     -1);
    assert_int_equal(compile_repeated("", 0, "b", " || b", 2000, &value), 0);
    assert_int_equal(compile_repeated("", 0, "b", " + b", 2000, &value), 0);
    assert_true(value == 2001);
    assert_int_equal(compile_repeated("", 0, "b", " + b", 5000, &value), -1);
    assert_int_equal(compile_repeated("!", 100000, "b", "", 0, &value), -1);
    assert_int_equal(compile_repeated("b?c:", 100000, "b", "", 0, &value), -1);
    assert_int_equal(compile_repeated("b?", 100000, "b", ":c", 100000, &value), -1);
    assert_int_equal(compile_repeated("b+(", 150, "b", ")", 150, &value), 0);
    assert_true(value == 151);
}

/* Every beginning of a good source compiles or is refused; nothing else. */
static void cut_anywhere(void **state)
{
    static const char source[] =
        "!(a || t =~ /f(a)i/i) && n(xy) * -2.5 <= (b ? c : d) % 3 || t == \"fail\"";

    (void)state;
    for (size_t len = 0; len < sizeof source; len++) {
        struct arena *arena = arena_new(1 << 16);
        struct expression *e = NULL;
        unsigned limits = 0;
        struct err err;
        if (expression_compile(&e, arena, (struct span){source, len}, &names, &err) ==
            0)
            expression_run(e, numbers, texts, &limits);
        expression_clear(e);
        arena_free(&arena);
    }
}

static void limits_are_counted(void **state)
{
    struct arena *arena = arena_new(1 << 16);
    struct expression *e;
    struct err err;
    char hostile[5000];
    struct span text[] = {{hostile, sizeof hostile}};
    unsigned limits = 0;

    (void)state;
    memset(hostile, 'a', sizeof hostile);
    hostile[sizeof hostile - 1] = '!';
    assert_int_equal(expression_compile(&e, arena, SPAN("t =~ /(a+)+$/"), &names, &err),
                     0);
    assert_true(expression_run(e, numbers, text, &limits) == 0);
    assert_int_equal(limits, 1);
    expression_clear(e);
    arena_free(&arena);
}

static uint32_t seed = 1;

static unsigned below(unsigned n)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % n;
}

/* A random expression over a to e, as text. */
static void random_expression(struct buf *out, unsigned depth)
{
    static const char *const binary[] = {
        "&&", "||", "^", "==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "%"};
    unsigned kind = depth == 0 ? below(2) : below(7);

    if (kind == 0)
        buf_printf(out, "%u", below(4));
    else if (kind == 1)
        buf_printf(out, "%c", 'a' + (int)below(5));
    else if (kind == 2) {
        buf_printf(out, "%s(", below(2) ? "!" : "-");
        random_expression(out, depth - 1);
        buf_printf(out, ")");
    } else if (kind == 3) {
        buf_printf(out, "(");
        random_expression(out, depth - 1);
        buf_printf(out, " ? ");
        random_expression(out, depth - 1);
        buf_printf(out, " : ");
        random_expression(out, depth - 1);
        buf_printf(out, ")");
    } else {
        bool has_parentheses = below(2);
        buf_printf(out, has_parentheses ? "(" : "");
        random_expression(out, depth - 1);
        buf_printf(out, " %s ", binary[below(sizeof binary / sizeof binary[0])]);
        random_expression(out, depth - 1);
        buf_printf(out, has_parentheses ? ")" : "");
    }
}

/* What is printed means the same. */
static void check_print(const struct expression *e, struct arena *arena,
                        const char *source)
{
    const char *printed = expression_print(e, arena);
    struct expression *again;
    unsigned limits = 0;
    struct err err;
    double values[5];

    if (expression_compile(&again, arena, span_of(printed), &names, &err) != 0)
        fail_msg("%s printed as %s: %s", source, printed, err.text);
    for (unsigned turn = 0; turn < 20; turn++) {
        for (size_t i = 0; i < 5; i++)
            values[i] = (double)below(6) - 2;
        if (expression_run(e, values, NULL, &limits) !=
            expression_run(again, values, NULL, &limits))
            fail_msg("%s printed as %s", source, printed);
    }
    expression_clear(again);
}

static struct expression_range decided(double value)
{
    return (struct expression_range){value, value, EXPRESSION_DECIDED, 0};
}

/* Whatever the open values turn out to be, the value lies between the bounds; each
 * step that is asked for leads on, and in the end there is the value itself. */
static unsigned check_bounds(const struct expression *e, const char *source)
{
    struct expression_range ranges[5], bounds;
    double values[5];
    unsigned limits = 0, steps = 0;

    for (int i = 0; i < 5; i++) {
        double lo = (double)below(6) - 2, hi = lo + below(3);
        values[i] = lo + below((unsigned)(hi - lo) + 1);
        ranges[i] = below(3) == 0 || lo == hi
                        ? decided(values[i])
                        : (struct expression_range){lo, hi, i, (float)below(3)};
    }
    double value = expression_run(e, values, NULL, &limits);
    bounds = expression_bounds(e, ranges);
    for (; bounds.blame != EXPRESSION_DECIDED; steps++) {
        int open = bounds.blame;
        if (value < bounds.lo || value > bounds.hi)
            fail_msg("%s: %g not in %g to %g", source, value, bounds.lo, bounds.hi);
        if (open < 0 || open > 4 || ranges[open].blame != open)
            fail_msg("%s: blames %d", source, open);
        ranges[open] = decided(values[open]);
        bounds = expression_bounds(e, ranges);
    }
    if (bounds.lo != value || bounds.hi != value)
        fail_msg("%s: %g instead of %g", source, bounds.lo, value);
    for (int i = 0; i < 5; i++)
        limits += ranges[i].blame != EXPRESSION_DECIDED;
    return steps << 16 | limits;
}

static void random_ones(void **state)
{
    unsigned steps = 0, spared = 0;

    (void)state;
    for (unsigned i = 0; i < 20000; i++) {
        struct arena *arena = arena_new(1 << 20);
        struct expression *e;
        struct err err;
        struct buf source;
        buf_init(&source, arena, 4000);
        random_expression(&source, 4);
        if (source.is_full ||
            expression_compile(&e, arena, buf_span(&source), &names, &err) != 0)
            fail_msg("%s", buf_cstr(&source));
        check_print(e, arena, buf_cstr(&source));
        for (int turn = 0; turn < 10; turn++) {
            unsigned both = check_bounds(e, buf_cstr(&source));
            steps += both >> 16;
            spared += both & 0xffff;
        }
        expression_clear(e);
        arena_free(&arena);
    }
    /* else it shows nothing */
    assert_in_range(steps, 20000, UINT32_MAX);
    assert_in_range(spared, 20000, UINT32_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(value_table),        cmocka_unit_test(error_table),
        cmocka_unit_test(depth_is_bounded),   cmocka_unit_test(cut_anywhere),
        cmocka_unit_test(limits_are_counted), cmocka_unit_test(random_ones),
    };
    return cmocka_run_group_tests_name("expression", tests, NULL, NULL);
}
