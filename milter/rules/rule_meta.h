/* SPDX-License-Identifier: BSD-2-Clause
 *
 * rule_meta - the metas of a message, from the rules that they name; of those that are
 * costly and give no points themselves, only what can still change the points.
 * Pure, but for what find_out does.
 */
#ifndef OUTGATE_RULES_RULE_META_H
#define OUTGATE_RULES_RULE_META_H

#include "rules/expression/expression_bounds.h"

struct ruleset;
struct rule;

/* rule_meta_bounds - what a meta is, from the ranges of all rules by index. */
struct expression_range rule_meta_bounds(const struct rule *meta,
                                         const struct expression_range *ranges);

/* Runs a rule that was put off; returns its value. */
typedef double rule_find_out(void *context, unsigned rule);

/* rule_meta_settle - ranges, by index: of metas they must be set->resting, of other
 * rules decided, or from what to what they may be, with blame the rule itself. All
 * metas with a score become decided. is_due: set->metas.count bytes of 0. */
void rule_meta_settle(const struct ruleset *set, struct expression_range *ranges,
                      unsigned char *is_due, rule_find_out *find_out, void *context);

#endif
