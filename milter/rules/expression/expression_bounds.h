/* SPDX-License-Identifier: BSD-2-Clause
 *
 * expression_bounds - what a meta can still become while some of the values that it
 * names are not known, and which of them to find out.
 *
 * Interval arithmetic: `A && X` with A = 0 is 0 whatever X is.
 * Pure.
 */
#ifndef OUTGATE_RULES_EXPRESSION_EXPRESSION_BOUNDS_H
#define OUTGATE_RULES_EXPRESSION_EXPRESSION_BOUNDS_H

#include "rules/expression/expression.h"

enum { EXPRESSION_DECIDED = -1 };

/* A value that lies between lo and hi, both included; when it is decided, both are the
 * value. */
struct expression_range {
    double lo, hi;
    int blame;  /* the value to find out next; EXPRESSION_DECIDED if there is none */
    float cost; /* what that takes, in any unit */
};

/* expression_bounds - of an expression whose names are all numbers, from the ranges of
 * what its slots index. Decided values give what expression_run gives. */
struct expression_range expression_bounds(const struct expression *expression,
                                          const struct expression_range *numbers);

#endif
