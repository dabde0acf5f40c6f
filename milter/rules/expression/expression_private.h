/* SPDX-License-Identifier: BSD-2-Clause
 *
 * expression_private - the program that expression.c compiles and runs, and that
 * expression_print.c shows: operators behind their values.
 */
#ifndef OUTGATE_RULES_EXPRESSION_EXPRESSION_PRIVATE_H
#define OUTGATE_RULES_EXPRESSION_EXPRESSION_PRIVATE_H

#include "rules/expression/expression.h"
#include "rules/regex/pattern.h"

enum op_code {
    OP_UNKNOWN = 0,
    OP_NUMBER,
    OP_NUMBER_SLOT,
    OP_TEXT,
    OP_TEXT_SLOT,
    OP_TRUTH, /* text to number */
    OP_MATCH,
    OP_TEXT_EQ,
    OP_TEXT_NE,
    /* from here on also on the compiler's stack of operators */
    OP_OPEN,
    OP_TERNARY,
    OP_SELECT,
    OP_OR,
    OP_AND,
    OP_XOR,
    OP_EQ,
    OP_NE,
    OP_LT,
    OP_LE,
    OP_GT,
    OP_GE,
    OP_ADD,
    OP_SUB,
    OP_MUL,
    OP_DIV,
    OP_MOD,
    OP_NOT,
    OP_NEG,
    OP_CODES,
};

struct op {
    enum op_code code;
    unsigned slot; /* of a value; of a pattern with OP_MATCH */
    double number;
    struct span text; /* a string; of a named value its name, of a match the regex */
    struct pattern *pattern;
};

struct expression {
    struct op *ops;
    size_t count;
};

/* expression_apply - an operator on two numbers. */
double expression_apply(enum op_code code, double a, double b);

#endif
