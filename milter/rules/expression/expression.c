/* SPDX-License-Identifier: BSD-2-Clause */
#include "rules/expression/expression.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/bounds.h"
#include "rules/expression/expression_private.h"

/* Values that wait at one time; parentheses are bounded to fewer. */
enum { STACK_VALUES = 2 * BOUND_EXPRESSION_DEPTH };

/* How tightly each binds. */
static const unsigned char precedences[OP_CODES] = {
    [OP_TERNARY] = 1, [OP_SELECT] = 1, [OP_OR] = 2,   [OP_AND] = 3, [OP_XOR] = 4,
    [OP_EQ] = 5,      [OP_NE] = 5,     [OP_LT] = 6,   [OP_LE] = 6,  [OP_GT] = 6,
    [OP_GE] = 6,      [OP_ADD] = 7,    [OP_SUB] = 7,  [OP_MUL] = 8, [OP_DIV] = 8,
    [OP_MOD] = 8,     [OP_NOT] = 10,   [OP_NEG] = 10,
};
enum { MATCH_PRECEDENCE = 9 };

/* Longer ones before those that they begin with. */
static const struct {
    const char *text;
    enum op_code code;
} operators[] = {
    {"||", OP_OR}, {"&&", OP_AND}, {"==", OP_EQ},     {"!=", OP_NE},
    {"<=", OP_LE}, {">=", OP_GE},  {"<", OP_LT},      {">", OP_GT},
    {"+", OP_ADD}, {"-", OP_SUB},  {"*", OP_MUL},     {"/", OP_DIV},
    {"%", OP_MOD}, {"^", OP_XOR},  {"?", OP_TERNARY}, {":", OP_SELECT},
};

struct compiler {
    struct arena *arena;
    struct span source;
    size_t at;
    const struct expression_names *names;
    struct err *err;
    struct op *ops;
    size_t count, room;
    enum op_code waiting[STACK_VALUES]; /* operators */
    size_t waiting_count;
    enum expression_type types[STACK_VALUES]; /* of the values that wait */
    size_t depth;
    size_t open; /* parentheses */
};

static int fail(struct compiler *c, const char *what)
{
    char near[32];
    struct span rest = span_from(c->source, c->at);

    if (rest.len == 0)
        return err_set(c->err, ERR_CONFIG, "%s at the end", what);
    rest.len = rest.len > 12 ? 12 : rest.len;
    return err_set(c->err, ERR_CONFIG, "%s at \"%s\"", what,
                   text_escape(rest, near, sizeof near));
}

static struct op *emit(struct compiler *c, enum op_code code)
{
    if (c->count == BOUND_EXPRESSION_NODES) {
        fail(c, "the expression is too long");
        return NULL;
    }
    if (c->count == c->room) {
        size_t room = c->room > 0 ? 2 * c->room : 16;
        struct op *ops = arena_array(c->arena, room, sizeof *ops);
        if (ops == NULL) {
            err_set(c->err, ERR_MEMORY, "no memory for an expression");
            return NULL;
        }
        if (c->count > 0)
            memcpy(ops, c->ops, c->count * sizeof *ops);
        c->ops = ops;
        c->room = room;
    }
    c->ops[c->count] = (struct op){.code = code};
    return &c->ops[c->count++];
}

static int push_value(struct compiler *c, enum expression_type type)
{
    if (c->depth == STACK_VALUES)
        return fail(c, "the expression is nested too deep");
    c->types[c->depth++] = type;
    return 0;
}

static int push_waiting(struct compiler *c, enum op_code code)
{
    if (c->waiting_count == STACK_VALUES)
        return fail(c, "the expression is nested too deep");
    c->waiting[c->waiting_count++] = code;
    return 0;
}

/* The value on top becomes a number. */
static int want_number(struct compiler *c)
{
    if (c->types[c->depth - 1] == EXPRESSION_NUMBER)
        return 0;
    c->types[c->depth - 1] = EXPRESSION_NUMBER;
    return emit(c, OP_TRUTH) != NULL ? 0 : -1;
}

/* Two operands are given: they leave one number. */
static int apply_binary(struct compiler *c, enum op_code code)
{
    enum expression_type a = c->types[c->depth - 2], b = c->types[c->depth - 1];
    bool is_equality = code == OP_EQ || code == OP_NE;

    if (a == EXPRESSION_TEXT && b == EXPRESSION_TEXT && is_equality)
        code = code == OP_EQ ? OP_TEXT_EQ : OP_TEXT_NE;
    else if (a == EXPRESSION_TEXT && (code != OP_AND && code != OP_OR))
        return fail(c, "a text compares only with a quoted text or /regex/,");
    else if (b == EXPRESSION_TEXT && (code != OP_AND && code != OP_OR))
        return fail(c, "a number does not compare with a text,");
    else if (want_number(c) != 0)
        return -1;
    c->depth--;
    c->types[c->depth - 1] = EXPRESSION_NUMBER;
    return emit(c, code) != NULL ? 0 : -1;
}

static int apply(struct compiler *c, enum op_code code)
{
    size_t need = code == OP_SELECT ? 3 : code == OP_NOT || code == OP_NEG ? 1 : 2;

    if (code == OP_TERNARY)
        return fail(c, "'?' without ':'");
    if (c->depth < need)
        return fail(c, "a value is missing");
    if (need == 2)
        return apply_binary(c, code);
    if (want_number(c) != 0)
        return -1;
    c->depth -= need - 1;
    c->types[c->depth - 1] = EXPRESSION_NUMBER;
    return emit(c, code) != NULL ? 0 : -1;
}

/* Everything that waits and binds at least as tightly comes first. */
static int reduce(struct compiler *c, unsigned precedence)
{
    while (c->waiting_count > 0) {
        enum op_code top = c->waiting[c->waiting_count - 1];
        if (top == OP_OPEN || precedences[top] < precedence)
            return 0;
        c->waiting_count--;
        if (apply(c, top) != 0)
            return -1;
    }
    return 0;
}

static void skip_space(struct compiler *c)
{
    while (c->at < c->source.len && ascii_is_space(c->source.at[c->at]))
        c->at++;
}

static char peek(const struct compiler *c, size_t ahead)
{
    return c->at + ahead < c->source.len ? c->source.at[c->at + ahead] : '\0';
}

static int read_number(struct compiler *c)
{
    double number = 0, unit = 1;
    struct op *op;

    while (ascii_is_digit(peek(c, 0)))
        number = number * 10 + (c->source.at[c->at++] - '0');
    if (peek(c, 0) == '.') {
        c->at++;
        while (ascii_is_digit(peek(c, 0))) {
            number = number * 10 + (c->source.at[c->at++] - '0');
            unit *= 10;
        }
    }
    op = emit(c, OP_NUMBER);
    if (op == NULL)
        return -1;
    op->number = isfinite(number) && isfinite(unit) ? number / unit : 0;
    return push_value(c, EXPRESSION_NUMBER);
}

static int read_string(struct compiler *c)
{
    char quote = c->source.at[c->at++];
    size_t start = c->at;
    struct op *op;

    while (c->at < c->source.len && c->source.at[c->at] != quote)
        c->at++;
    if (c->at == c->source.len)
        return fail(c, "a quotation mark is missing");
    op = emit(c, OP_TEXT);
    if (op == NULL)
        return -1;
    op->text = span_dup(c->arena, (struct span){c->source.at + start, c->at - start});
    c->at++;
    return push_value(c, EXPRESSION_TEXT);
}

/* What stands in parentheses after a name. */
static int read_argument(struct compiler *c, struct span *argument)
{
    size_t start;

    *argument = (struct span){NULL, 0};
    skip_space(c);
    if (peek(c, 0) != '(')
        return 0;
    start = ++c->at;
    while (c->at < c->source.len && c->source.at[c->at] != ')')
        c->at++;
    if (c->at == c->source.len)
        return fail(c, "')' is missing");
    *argument = span_trim((struct span){c->source.at + start, c->at - start});
    c->at++;
    return 0;
}

static bool is_name_char(const struct compiler *c)
{
    char here = peek(c, 0);

    /* Perl's class names: Mail::SpamAssassin */
    return ascii_is_alnum(here) || here == '_' ||
           (here == ':' && (peek(c, 1) == ':' || c->source.at[c->at - 1] == ':'));
}

static int read_name(struct compiler *c)
{
    struct expression_operand operand = {0};
    struct span name = {c->source.at + c->at, 0}, argument;
    struct op *op;

    while (c->at < c->source.len && is_name_char(c)) {
        c->at++;
        name.len++;
    }
    if (read_argument(c, &argument) != 0 ||
        c->names->find(c->names->context, name, argument, &operand, c->err) != 0)
        return -1;
    op = emit(c, operand.type == EXPRESSION_TEXT ? OP_TEXT_SLOT
                 : operand.is_constant           ? OP_NUMBER
                                                 : OP_NUMBER_SLOT);
    if (op == NULL)
        return -1;
    op->number = operand.number;
    op->slot = operand.slot;
    op->text = name;
    return push_value(c, operand.type);
}

static int open_group(struct compiler *c)
{
    if (++c->open > BOUND_EXPRESSION_DEPTH)
        return fail(c, "too many parentheses within each other");
    c->at++;
    return push_waiting(c, OP_OPEN);
}

/* An operand, or what may stand before one. *has_value: one was read. */
static int read_operand(struct compiler *c, bool *has_value)
{
    char here = peek(c, 0);

    *has_value = true;
    if (ascii_is_digit(here) || (here == '.' && ascii_is_digit(peek(c, 1))))
        return read_number(c);
    if (here == '"' || here == '\'')
        return read_string(c);
    if (ascii_is_alpha(here) || here == '_')
        return read_name(c);
    *has_value = false;
    if (here == '(')
        return open_group(c);
    if (here != '!' && here != '-' && here != '+')
        return fail(c, "a name, number or '(' is missing");
    c->at++;
    return here == '+' ? 0 : push_waiting(c, here == '!' ? OP_NOT : OP_NEG);
}

static int close_group(struct compiler *c)
{
    if (reduce(c, 0) != 0)
        return -1;
    if (c->waiting_count == 0)
        return fail(c, "')' without '('");
    c->waiting_count--;
    c->open--;
    c->at++;
    return 0;
}

/* The regex at c->at with delimiters and flags, as a span. */
static int read_regex(struct compiler *c, struct span *written)
{
    size_t start = c->at;
    char closing;

    while (ascii_is_alpha(peek(c, 0)))
        c->at++;
    closing = peek(c, 0);
    closing = closing == '{' ? '}' : closing == '(' ? ')' : closing;
    c->at++;
    while (c->at < c->source.len && c->source.at[c->at] != closing)
        c->at += c->source.at[c->at] == '\\' ? 2 : 1;
    if (c->at >= c->source.len) {
        c->at = start;
        return fail(c, "a pattern in /.../ is missing");
    }
    c->at++;
    while (ascii_is_alpha(peek(c, 0)))
        c->at++;
    *written = (struct span){c->source.at + start, c->at - start};
    return 0;
}

/* =~ and !~: the left side must be a text, the right side a pattern. */
static int read_match(struct compiler *c)
{
    bool is_negated = peek(c, 0) == '!';
    struct span written = SPAN("");
    struct span regex = SPAN("");
    unsigned flags = 0;
    struct op *op;

    if (reduce(c, MATCH_PRECEDENCE) != 0)
        return -1;
    if (c->types[c->depth - 1] != EXPRESSION_TEXT)
        return fail(c, "only a text can be matched");
    c->at += 2;
    skip_space(c);
    if (read_regex(c, &written) != 0 ||
        pattern_split(written, &regex, &flags, c->err) != 0)
        return -1;
    op = emit(c, OP_MATCH);
    if (op != NULL)
        op->text = written;
    if (op == NULL || pattern_new(&op->pattern, regex, flags, c->err) != 0)
        return -1;
    c->types[c->depth - 1] = EXPRESSION_NUMBER;
    return is_negated && emit(c, OP_NOT) == NULL ? -1 : 0;
}

/* c ? a : b binds to the right: what waits of the same strength stays. */
static int read_ternary(struct compiler *c, enum op_code code)
{
    if (code == OP_TERNARY)
        return reduce(c, precedences[OP_OR]) != 0 || want_number(c) != 0
                   ? -1
                   : push_waiting(c, OP_TERNARY);
    while (c->waiting_count > 0 && c->waiting[c->waiting_count - 1] != OP_TERNARY) {
        enum op_code top = c->waiting[c->waiting_count - 1];
        if (top == OP_OPEN)
            break;
        c->waiting_count--;
        if (apply(c, top) != 0)
            return -1;
    }
    if (c->waiting_count == 0 || c->waiting[c->waiting_count - 1] != OP_TERNARY)
        return fail(c, "':' without '?'");
    c->waiting[c->waiting_count - 1] = OP_SELECT;
    return want_number(c);
}

static int read_binary(struct compiler *c, enum op_code code)
{
    bool is_logic = code == OP_AND || code == OP_OR;

    if (code == OP_TERNARY || code == OP_SELECT)
        return read_ternary(c, code);
    if (reduce(c, precedences[code]) != 0)
        return -1;
    if (is_logic && want_number(c) != 0)
        return -1;
    return push_waiting(c, code);
}

/* What may follow an operand. *has_value: no operand is due. */
static int read_operator(struct compiler *c, bool *has_value)
{
    struct span rest = span_from(c->source, c->at);

    *has_value = true;
    if (peek(c, 0) == ')')
        return close_group(c);
    if (span_starts(rest, SPAN("=~")) || span_starts(rest, SPAN("!~")))
        return read_match(c);
    *has_value = false;
    for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++) {
        if (!span_starts(rest, span_of(operators[i].text)))
            continue;
        if (read_binary(c, operators[i].code) != 0)
            return -1;
        c->at += strlen(operators[i].text);
        return 0;
    }
    return fail(c, "an operator is missing");
}

/* `()` declares a rule that nothing sets: 0. */
static int read_nothing(struct compiler *c)
{
    if (c->waiting_count == 0 || c->waiting[c->waiting_count - 1] != OP_OPEN)
        return fail(c, "a value is missing");
    return emit(c, OP_NUMBER) != NULL ? push_value(c, EXPRESSION_NUMBER) : -1;
}

static int compile(struct compiler *c)
{
    bool has_value = false, was_open = false;

    for (skip_space(c); c->at < c->source.len; skip_space(c)) {
        char here = peek(c, 0);
        if (!has_value && was_open && here == ')') {
            if (read_nothing(c) != 0)
                return -1;
            has_value = true;
            continue;
        }
        was_open = !has_value && here == '(';
        int rc = has_value ? read_operator(c, &has_value) : read_operand(c, &has_value);
        if (rc != 0)
            return -1;
    }
    if (!has_value)
        return fail(c, "a value is missing");
    if (c->open > 0)
        return fail(c, "')' is missing");
    if (reduce(c, 0) != 0)
        return -1;
    return want_number(c);
}

int expression_compile(struct expression **out, struct arena *arena, struct span source,
                       const struct expression_names *names, struct err *err)
{
    struct compiler c = {.arena = arena, .source = source, .names = names, .err = err};
    struct expression *expression = arena_alloc(arena, sizeof *expression);
    int rc;

    *out = NULL;
    if (expression == NULL)
        return err_set(err, ERR_MEMORY, "no memory for an expression");
    rc = compile(&c);
    expression->ops = c.ops;
    expression->count = c.count;
    if (rc != 0) {
        expression_clear(expression);
        return -1;
    }
    *out = expression;
    return 0;
}

void expression_clear(struct expression *expression)
{
    for (size_t i = 0; expression != NULL && i < expression->count; i++)
        pattern_free(&expression->ops[i].pattern);
}

struct value {
    double number;
    struct span text;
};

static double divide(double a, double b)
{
    return b != 0 ? a / b : 0;
}

double expression_apply(enum op_code code, double a, double b)
{
    switch (code) {
    case OP_OR:
        return a != 0 ? a : b;
    case OP_AND:
        return a != 0 ? b : a;
    case OP_XOR:
        return (a != 0) != (b != 0);
    case OP_EQ:
        return a == b;
    case OP_NE:
        return a != b;
    case OP_LT:
        return a < b;
    case OP_LE:
        return a <= b;
    case OP_GT:
        return a > b;
    case OP_GE:
        return a >= b;
    case OP_ADD:
        return a + b;
    case OP_SUB:
        return a - b;
    case OP_MUL:
        return a * b;
    case OP_DIV:
        return divide(a, b);
    case OP_MOD:
        return b != 0 ? fmod(a, b) : 0;
    default:
        return 0;
    }
}

/* NOLINTBEGIN(clang-analyzer-core*): expression_compile proved that each operator finds
 * its values, of its type, on the stack; to clear it first would cost more than most
 * expressions. */
static double match(const struct op *op, struct span text, unsigned *limit_errors)
{
    enum pattern_result result = pattern_match(op->pattern, text);

    *limit_errors += result == PATTERN_LIMIT;
    return result == PATTERN_MATCH;
}

/* One that works on what is on top, in its place. */
static void run_in_place(const struct op *op, struct value *top, unsigned *limit_errors)
{
    if (op->code == OP_TRUTH)
        top->number = top->text.len > 0;
    else if (op->code == OP_NOT)
        top->number = top->number == 0;
    else if (op->code == OP_NEG)
        top->number = -top->number;
    else
        top->number = match(op, top->text, limit_errors);
}

double expression_run(const struct expression *expression, const double *numbers,
                      const struct span *texts, unsigned *limit_errors)
{
    struct value stack[STACK_VALUES];
    size_t n = 0; /* values on it; expression_compile proved it in range */

    for (size_t i = 0; i < expression->count; i++) {
        const struct op *op = &expression->ops[i];
        switch (op->code) {
        case OP_NUMBER:
            stack[n++].number = op->number;
            break;
        case OP_NUMBER_SLOT:
            stack[n++].number = numbers[op->slot];
            break;
        case OP_TEXT:
            stack[n++].text = op->text;
            break;
        case OP_TEXT_SLOT:
            stack[n++].text = texts[op->slot];
            break;
        case OP_TRUTH:
        case OP_NOT:
        case OP_NEG:
        case OP_MATCH:
            run_in_place(op, &stack[n - 1], limit_errors);
            break;
        case OP_TEXT_EQ:
        case OP_TEXT_NE:
            n--;
            stack[n - 1].number =
                span_eq(stack[n - 1].text, stack[n].text) == (op->code == OP_TEXT_EQ);
            break;
        case OP_SELECT:
            n -= 2;
            stack[n - 1].number =
                stack[n - 1].number != 0 ? stack[n].number : stack[n + 1].number;
            break;
        default:
            n--;
            stack[n - 1].number =
                expression_apply(op->code, stack[n - 1].number, stack[n].number);
        }
    }
    return n > 0 ? stack[0].number : 0;
}
/* NOLINTEND(clang-analyzer-core*) */

bool expression_reads(const struct expression *expression, const bool *is_marked)
{
    for (size_t i = 0; i < expression->count; i++)
        if (expression->ops[i].code == OP_NUMBER_SLOT &&
            is_marked[expression->ops[i].slot])
            return true;
    return false;
}
