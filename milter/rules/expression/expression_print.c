/* SPDX-License-Identifier: BSD-2-Clause */
#include "rules/expression/expression_print.h"

#include <stdio.h>

#include "base/bounds.h"
#include "base/buf.h"
#include "rules/expression/expression_private.h"

static const char *const words[OP_CODES] = {
    [OP_TEXT_EQ] = "==", [OP_TEXT_NE] = "!=", [OP_OR] = "||", [OP_AND] = "&&",
    [OP_XOR] = "^",      [OP_EQ] = "==",      [OP_NE] = "!=", [OP_LT] = "<",
    [OP_LE] = "<=",      [OP_GT] = ">",       [OP_GE] = ">=", [OP_ADD] = "+",
    [OP_SUB] = "-",      [OP_MUL] = "*",      [OP_DIV] = "/", [OP_MOD] = "%",
};

/* A value's text on the way; whole: it needs no parentheses inside another. */
struct shown {
    struct span text;
    bool is_whole;
    enum op_code code; /* what made it */
};

static struct span join(struct arena *arena, const struct shown *parts, size_t count,
                        const char *const *between)
{
    struct buf out;

    buf_init(&out, arena, BOUND_RULE_LINE_BYTES);
    for (size_t i = 0; i < count; i++) {
        buf_add_span(&out, span_of(between[i]));
        if (!parts[i].is_whole)
            buf_add_char(&out, '(');
        buf_add_span(&out, parts[i].text);
        if (!parts[i].is_whole)
            buf_add_char(&out, ')');
    }
    buf_add_span(&out, span_of(between[count]));
    return span_of(buf_cstr(&out));
}

static struct shown value(struct arena *arena, const struct op *op)
{
    struct buf out;

    buf_init(&out, arena, BOUND_RULE_LINE_BYTES);
    if (op->code == OP_TEXT)
        buf_add_char(&out, '"');
    if (op->code == OP_NUMBER && op->text.len == 0)
        buf_printf(&out, "%.10g", op->number);
    else
        buf_add_span(&out, op->text);
    if (op->code == OP_TEXT)
        buf_add_char(&out, '"');
    return (struct shown){span_of(buf_cstr(&out)), true, op->code};
}

static const char *with_spaces(struct arena *arena, const char *word, struct span rest)
{
    struct buf out;

    buf_init(&out, arena, BOUND_RULE_LINE_BYTES);
    buf_add_char(&out, ' ');
    buf_add_span(&out, span_of(word));
    buf_add_char(&out, ' ');
    buf_add_span(&out, rest);
    return buf_cstr(&out);
}

/* a + b + c needs no parentheses to be understood. */
static bool is_chain(enum op_code code)
{
    return code == OP_OR || code == OP_AND || code == OP_ADD || code == OP_MUL;
}

/* What an operator makes of the values before it, which it replaces. */
static size_t apply(struct arena *arena, const struct op *op, struct shown *top)
{
    const char *unary[] = {op->code == OP_NOT ? "!" : "-", ""};
    const char *match[] = {"", with_spaces(arena, "=~", op->text)};
    const char *choice[] = {"", " ? ", " : ", ""};
    const char *binary[] = {"", "", ""};
    size_t count = 2;

    if (op->code == OP_TRUTH)
        return 1;
    if (op->code == OP_NOT || op->code == OP_NEG) {
        top[-1] = (struct shown){join(arena, top - 1, 1, unary), true, op->code};
        return 1;
    }
    if (op->code == OP_MATCH) {
        top[-1] = (struct shown){join(arena, top - 1, 1, match), false, op->code};
        return 1;
    }
    if (op->code == OP_SELECT)
        count = 3;
    else {
        top[-2].is_whole |= is_chain(op->code) && top[-2].code == op->code;
        binary[1] = with_spaces(arena, words[op->code] != NULL ? words[op->code] : "?",
                                SPAN(""));
    }
    top[-(ptrdiff_t)count] = (struct shown){
        join(arena, top - count, count, count == 3 ? choice : binary), false, op->code};
    return count;
}

const char *expression_print(const struct expression *expression, struct arena *arena)
{
    struct shown *stack = arena_array(arena, expression->count + 1, sizeof *stack);
    size_t depth = 0;

    if (stack == NULL)
        return "";
    for (size_t i = 0; i < expression->count; i++) {
        const struct op *op = &expression->ops[i];
        if (op->code <= OP_TEXT_SLOT)
            stack[depth++] = value(arena, op);
        else
            depth -= apply(arena, op, stack + depth) - 1;
    }
    return depth > 0 ? span_cstr(arena, stack[0].text) : "";
}

static bool is_named(const struct op *op)
{
    return (op->code == OP_NUMBER || op->code == OP_NUMBER_SLOT ||
            op->code == OP_TEXT_SLOT) &&
           op->text.len > 0;
}

size_t expression_value_names(const struct expression *expression, struct span *out,
                              size_t max)
{
    size_t count = 0;

    for (size_t i = 0; i < expression->count && count < max; i++) {
        const struct op *op = &expression->ops[i];
        bool is_new = is_named(op);
        for (size_t j = 0; is_new && j < count; j++)
            is_new = !span_eq(out[j], op->text);
        if (is_new)
            out[count++] = op->text;
    }
    return count;
}
