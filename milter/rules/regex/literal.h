/* SPDX-License-Identifier: BSD-2-Clause
 *
 * literal - what must stand in a text for a regular expression to match it.
 *
 * Reads the regex once, without backtracking or recursion. Where it is not sure what
 * PCRE2 would make of a piece of it, that piece demands nothing, or there is no set:
 * a rule without a set is only slower.
 * Source: pcre2pattern(3); pattern_new's options.
 * Pure, but for memory of its own while it works.
 */
#ifndef OUTGATE_RULES_REGEX_LITERAL_H
#define OUTGATE_RULES_REGEX_LITERAL_H

#include <stdbool.h>

#include "base/text.h"
#include "rules/regex/literal_set.h"

/* literal_derive - strings of which at least one stands, in any mix of upper and lower
 * case, in every text that the regex matches anywhere; the sets that it chooses from
 * are judged by literal_set_cost. flags: enum pattern_flag. Returns false when there
 * is no such set, or none that is rare enough to be worth looking for. */
bool literal_derive(struct span regex, unsigned flags, struct literal_set *out);

#endif
