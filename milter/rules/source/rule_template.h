/* SPDX-License-Identifier: BSD-2-Clause
 *
 * rule_template - patterns that name what other patterns captured in the same mail:
 * a rule captures with (?<NAME>...), another says %{NAME} where the text is to stand.
 *
 * Stage: rules. Source: Mail::SpamAssassin::Conf(3pm), "CAPTURING TAGS USING REGEX
 * NAMED CAPTURE GROUPS".
 * Pure.
 */
#ifndef OUTGATE_RULES_SOURCE_RULE_TEMPLATE_H
#define OUTGATE_RULES_SOURCE_RULE_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/text.h"
#include "rules/regex/pattern.h"

/* rule_template_next - the next %{NAME} in regex from *at on; *at becomes where it
 * ends, *start where it begins. false without one. */
bool rule_template_next(struct span regex, size_t *at, size_t *start,
                        struct span *name);

/* rule_template_is_name - a capture that counts: capitals, digits, single '_'. */
bool rule_template_is_name(struct span name);

/* rule_template_fill - regex with each %{NAME} replaced by the texts that NAME took, as
 * alternatives, each quoted. false when one took nothing: then the rule does not run.
 */
bool rule_template_fill(struct arena *arena, struct span regex,
                        const struct pattern_captures *captures, struct span *out);

/* rule_template_occurs - text holds, in any case, one of the texts of the first name,
 * or the pattern can do without that name: else no filled pattern matches. */
bool rule_template_occurs(struct span regex, const struct pattern_captures *captures,
                          struct span text);

#endif
