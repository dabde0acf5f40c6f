/* SPDX-License-Identifier: BSD-2-Clause
 *
 * rule_fold - a pattern with tags, each tag's value written once.
 *
 * Published patterns spell words in tags, one a letter, whose values are long: what
 * rule_tags_apply makes of them is too large for PCRE2. Here each value stands once,
 * in a group that is only defined, and is called wherever its tag stood. Both match
 * the same texts. Calls can be backtracked into since PCRE2 10.30.
 * Source: pcre2pattern(3), "Groups as subroutines", "Defining subpatterns".
 * Threads: one loader, one thread.
 */
#ifndef OUTGATE_RULES_SOURCE_RULE_FOLD_H
#define OUTGATE_RULES_SOURCE_RULE_FOLD_H

#include <stdbool.h>

#include "rules/source/rule_tags.h"

/* rule_fold - regex (with its tags) as said above, in the tags' arena. spelt: the same
 * with its tags replaced; of (?:...){n} the first turn is taken from it. flags: enum
 * pattern_flag, those of the pattern. false when a value cannot be called for: it is
 * no whole part of a pattern (it opens a group and leaves it open, or has | outside of
 * groups), it is counted by what follows and has several items, it stands in a class;
 * and when the pattern numbers or names groups, sets options, or has the x flag. */
bool rule_fold(const struct rule_tags *tags, struct span regex, struct span spelt,
               unsigned flags, struct span *out);

#endif
