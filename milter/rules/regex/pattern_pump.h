/* SPDX-License-Identifier: BSD-2-Clause
 *
 * pattern_pump - texts that make a backtracking matcher work hardest at one pattern.
 *
 * For each quantifier without a near end, what leads up to it, what it repeats, and all
 * that the pattern wants: the first, many copies of the second, a byte that nothing
 * matches, and the third (or a matcher would give up for want of a letter) is what a
 * hostile sender would send. Reads the regex once, without recursion; where it does not
 * know what a piece of it matches, the text is only less hostile.
 * Source: pcre2pattern(3); J. Kirrage, A. Rathnayake, H. Thielecke, Static Analysis for
 * Regular Expression Denial-of-Service Attacks (2013): prefix, pump, suffix.
 * Pure.
 */
#ifndef OUTGATE_RULES_REGEX_PATTERN_PUMP_H
#define OUTGATE_RULES_REGEX_PATTERN_PUMP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/text.h"

struct pattern_pump {
    struct span prefix; /* matched before the repetition begins */
    struct span body;   /* one turn of it; never empty */
    struct span whole;  /* a text that the whole pattern may match */
    bool is_nested;     /* repeats a group that has a choice or a repetition inside */
};

/* pattern_pumps - those of regex, nested ones first, at most max of each sort; what may
 * be left out is there (is_full) or is not. The texts live in arena. Returns how many;
 * out has room for 2 * max. */
size_t pattern_pumps(struct span regex, bool is_full, struct arena *arena,
                     struct pattern_pump *out, size_t max);

#endif
