/* SPDX-License-Identifier: BSD-2-Clause
 *
 * rule_explain - one rule as it was understood: what it reads, when it hits, what that
 * costs, where all of it stands and who builds on it.
 *
 * For `outgate lint --explain`. The set must have been loaded with lint, or there is no
 * probe to tell of.
 */
#ifndef OUTGATE_RULES_RULE_EXPLAIN_H
#define OUTGATE_RULES_RULE_EXPLAIN_H

#include "base/arena.h"
#include "rules/ruleset.h"

/* One line: "reads", "the field Subject:, decoded". Labels may come again. */
struct rule_trait {
    const char *label, *text;
};

struct rule_explanation {
    struct rule_trait *at;
    size_t count, room;
    struct arena *arena;
};

/* rule_explain - all that is known of the rule of that name, whether it runs or not; in
 * arena. Returns -1 (ERR_NOT_FOUND, with the nearest name; ERR_MEMORY). */
int rule_explain(const struct ruleset *set, const char *name, struct arena *arena,
                 struct rule_explanation *out, struct err *err);

#endif
