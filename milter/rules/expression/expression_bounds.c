/* SPDX-License-Identifier: BSD-2-Clause */
#include "rules/expression/expression_bounds.h"

#include <math.h>

#include "base/bounds.h"
#include "rules/expression/expression_private.h"

enum { STACK_RANGES = 2 * BOUND_EXPRESSION_DEPTH };

typedef struct expression_range range;

static bool is_decided(const range *r)
{
    return r->blame == EXPRESSION_DECIDED;
}

static range point(double value)
{
    return (range){value, value, EXPRESSION_DECIDED, 0};
}

/* Between those, for which a or b is to blame: the cheaper one to find out. */
static range between(double lo, double hi, const range *a, const range *b)
{
    const range *blamed =
        is_decided(a) || (!is_decided(b) && b->cost < a->cost) ? b : a;

    if (lo == hi)
        return point(lo);
    if (isnan(lo) || isnan(hi))
        return (range){-INFINITY, INFINITY, blamed->blame, blamed->cost};
    return (range){lo, hi, blamed->blame, blamed->cost};
}

static bool may_be_zero(const range *r)
{
    return !(r->lo > 0 || r->hi < 0);
}

static bool may_be_true(const range *r)
{
    return !(r->lo == 0 && r->hi == 0);
}

static range hull(const range *x, const range *y, const range *a, const range *b)
{
    return between(x->lo < y->lo ? x->lo : y->lo, x->hi > y->hi ? x->hi : y->hi, a, b);
}

static range both(const range *a, const range *b)
{
    const range zero = point(0);

    if (!may_be_zero(a))
        return *b;
    return may_be_true(a) ? hull(b, &zero, a, b) : zero;
}

static range either(const range *a, const range *b)
{
    if (!may_be_zero(a))
        return *a;
    return may_be_true(a) ? hull(a, b, a, b) : *b;
}

/* a < b, or a <= b with or_equal. */
static range is_less(const range *a, const range *b, bool or_equal)
{
    if (or_equal ? a->hi <= b->lo : a->hi < b->lo)
        return point(1);
    if (or_equal ? a->lo > b->hi : a->lo >= b->hi)
        return point(0);
    return between(0, 1, a, b);
}

static range is_equal(const range *a, const range *b, bool is_negated)
{
    return a->hi < b->lo || a->lo > b->hi ? point(is_negated) : between(0, 1, a, b);
}

/* Of which one at least is not decided. */
static range binary(enum op_code code, const range *a, const range *b)
{
    switch (code) {
    case OP_AND:
        return both(a, b);
    case OP_OR:
        return either(a, b);
    case OP_EQ:
    case OP_NE:
        return is_equal(a, b, code == OP_NE);
    case OP_LT:
    case OP_LE:
        return is_less(a, b, code == OP_LE);
    case OP_GT:
    case OP_GE:
        return is_less(b, a, code == OP_GE);
    case OP_XOR:
        return between(0, 1, a, b);
    case OP_ADD:
        return between(a->lo + b->lo, a->hi + b->hi, a, b);
    case OP_SUB:
        return between(a->lo - b->hi, a->hi - b->lo, a, b);
    default:
        return between(-INFINITY, INFINITY, a, b);
    }
}

/* The most frequent first. *a becomes the result. */
static void combine(enum op_code code, range *a, const range *b)
{
    if (!is_decided(a) || !is_decided(b))
        *a = binary(code, a, b);
    else if (code == OP_AND)
        *a = a->lo != 0 ? *b : *a;
    else if (code == OP_OR)
        *a = a->lo != 0 ? *a : *b;
    else if (code == OP_ADD)
        a->lo = a->hi = a->lo + b->lo;
    else
        a->lo = a->hi = expression_apply(code, a->lo, b->lo);
}

static bool is_binary(enum op_code code)
{
    return code >= OP_OR && code <= OP_MOD;
}

static range negate(const range *a)
{
    if (is_decided(a))
        return point(-a->lo);
    return between(-a->hi, -a->lo, a, a);
}

static range not(const range *a)
{
    if (is_decided(a))
        return point(a->lo == 0);
    if (!may_be_zero(a))
        return point(0);
    return may_be_true(a) ? between(0, 1, a, a) : point(1);
}

static range choose(const range *condition, const range *x, const range *y)
{
    if (is_decided(condition) ? condition->lo != 0 : !may_be_zero(condition))
        return *x;
    if (is_decided(condition) || !may_be_true(condition))
        return *y;
    return hull(x, y, condition, condition);
}

/* NOLINTBEGIN(clang-analyzer-core*): as expression_run */
struct expression_range expression_bounds(const struct expression *expression,
                                          const struct expression_range *numbers)
{
    range stack[STACK_RANGES];
    struct span texts[STACK_RANGES]; /* of those that are one */
    size_t n = 0;

    for (size_t i = 0; i < expression->count; i++) {
        const struct op *op = &expression->ops[i];
        switch (op->code) {
        case OP_NUMBER:
            stack[n++] = point(op->number);
            break;
        case OP_NUMBER_SLOT:
            /* most metas are chains of names: each with the operator behind it */
            if (n > 0 && i + 1 < expression->count && is_binary(op[1].code))
                combine(expression->ops[++i].code, &stack[n - 1], &numbers[op->slot]);
            else
                stack[n++] = numbers[op->slot];
            break;
        case OP_TEXT:
            texts[n++] = op->text;
            break;
        case OP_TRUTH:
            stack[n - 1] = point(texts[n - 1].len > 0);
            break;
        case OP_MATCH:
            stack[n - 1] =
                point(pattern_match(op->pattern, texts[n - 1]) == PATTERN_MATCH);
            break;
        case OP_TEXT_EQ:
        case OP_TEXT_NE:
            n--;
            stack[n - 1] =
                point(span_eq(texts[n - 1], texts[n]) == (op->code == OP_TEXT_EQ));
            break;
        case OP_NOT:
            stack[n - 1] = not(&stack[n - 1]);
            break;
        case OP_NEG:
            stack[n - 1] = negate(&stack[n - 1]);
            break;
        case OP_SELECT:
            n -= 2;
            stack[n - 1] = choose(&stack[n - 1], &stack[n], &stack[n + 1]);
            break;
        default:
            n--;
            combine(op->code, &stack[n - 1], &stack[n]);
        }
    }
    return n > 0 ? stack[0] : point(0);
}
/* NOLINTEND(clang-analyzer-core*) */
