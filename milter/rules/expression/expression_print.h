/* SPDX-License-Identifier: BSD-2-Clause
 *
 * expression_print - a compiled expression as it was understood, for people.
 *
 * Pure.
 */
#ifndef OUTGATE_RULES_EXPRESSION_EXPRESSION_PRINT_H
#define OUTGATE_RULES_EXPRESSION_EXPRESSION_PRINT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "rules/expression/expression.h"

/* expression_print - its text with every precedence as parentheses, in the arena; cut
 * at BOUND_RULE_LINE_BYTES. */
const char *expression_print(const struct expression *expression, struct arena *arena);

/* expression_value_names - the names in it, each once, in the order in which they
 * stand, at most max. Returns how many. They are parts of the source. */
size_t expression_value_names(const struct expression *expression, struct span *out,
                              size_t max);

#endif
