/* SPDX-License-Identifier: BSD-2-Clause
 *
 * expression - arithmetic over named values: metas, facts and the conditions of if.
 *
 * Compiled to a flat program without recursion (precedence climbing with a stack of
 * its own, bounded by BOUND_EXPRESSION_NODES and _DEPTH), run on a fixed stack.
 * Grammar, weakest first, as Perl has it:
 *   c ? a : b    || (or)    && (and)    ^    == !=    < <= > >=    + -    * / %
 *   =~ !~ /regex/flags    ! - (unary)    ( )    number    name    name(argument)
 *   "string"
 * a || b is a if a is not 0, else b; a && b is a if a is 0, else b. Division by 0
 * gives 0. Text may be compared with == != =~ !~, and where a number is wanted it
 * counts 1 unless it is empty.
 * Threads: a compiled expression is immutable.
 */
#ifndef OUTGATE_RULES_EXPRESSION_EXPRESSION_H
#define OUTGATE_RULES_EXPRESSION_EXPRESSION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"

enum expression_type {
    EXPRESSION_UNKNOWN = 0,
    EXPRESSION_NUMBER, /* numbers[slot], or the constant number */
    EXPRESSION_TEXT,   /* texts[slot] */
};

/* What a name stands for. */
struct expression_operand {
    enum expression_type type;
    bool is_constant;
    double number;
    unsigned slot;
};

/* Who knows the names. find: argument is what stands in parentheses after the name,
 * trimmed; its at is NULL when there are none. Returns 0, or -1 with err. */
struct expression_names {
    int (*find)(void *context, struct span name, struct span argument,
                struct expression_operand *out, struct err *err);
    void *context;
};

struct expression;

/* expression_compile - source must be all of an expression. The program lives in the
 * arena, its patterns on the heap: expression_clear gives them back. Returns 0, or -1
 * (ERR_CONFIG with what was expected; ERR_MEMORY). */
int expression_compile(struct expression **out, struct arena *arena, struct span source,
                       const struct expression_names *names, struct err *err);

/* expression_clear - free the patterns; NULL is fine. */
void expression_clear(struct expression *expression);

/* expression_run - its value. numbers, texts: what slots index; may be NULL when no
 * name gave such a slot. *limit_errors gains the patterns stopped by a limit (they
 * count as no match). */
double expression_run(const struct expression *expression, const double *numbers,
                      const struct span *texts, unsigned *limit_errors);

/* expression_reads - whether it reads numbers[slot] of any slot that is_marked. */
bool expression_reads(const struct expression *expression, const bool *is_marked);

#endif
