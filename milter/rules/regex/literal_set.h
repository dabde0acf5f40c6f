/* SPDX-License-Identifier: BSD-2-Clause
 *
 * literal_set - a small set of byte strings, as literal derives them from a regex.
 *
 * Strings are kept with ASCII letters in lower case. A set is plain memory of a fixed
 * size (some 10 kB), without pointers: it may be copied, and needs no clearing.
 * Pure.
 */
#ifndef OUTGATE_RULES_REGEX_LITERAL_SET_H
#define OUTGATE_RULES_REGEX_LITERAL_SET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

/* Chosen: the longest alternations of published rules fit, and no set fills a cache. */
enum { LITERAL_STRINGS = 512, LITERAL_BYTES = 20 };

struct literal {
    unsigned char len;
    char at[LITERAL_BYTES];
};

struct literal_set {
    unsigned count;
    unsigned times; /* in so many places, of which no two end at one byte; 1 or more */
    bool is_ahead;  /* what looks ahead demands it: two may look at one place */
    struct literal strings[LITERAL_STRINGS];
};

/* literal_set_one - the set of just that string, which has at most LITERAL_BYTES. */
void literal_set_one(struct literal_set *set, struct span string);

/* literal_set_copy - what counts of it. */
void literal_set_copy(struct literal_set *to, const struct literal_set *from);

/* literal_set_add - one string more, unless it is there; false when the set has max
 * strings (<= LITERAL_STRINGS) already, or the string is too long. */
bool literal_set_add(struct literal_set *set, struct span string, unsigned max);

/* literal_set_join - add all of other; false, with some of them added, as above. times
 * becomes the less of both, is_ahead either's. */
bool literal_set_join(struct literal_set *set, const struct literal_set *other,
                      unsigned max);

/* literal_set_multiply - each string followed by each of tail. Returns false and
 * leaves set as it is when that would be more than max strings or longer ones than
 * LITERAL_BYTES. */
bool literal_set_multiply(struct literal_set *set, const struct literal_set *tail,
                          unsigned max);

/* literal_set_reduce - without the strings that contain another one: where they
 * occur, that one does. */
void literal_set_reduce(struct literal_set *set);

/* literal_set_shortest - bytes of the shortest string; 0 for an empty set. */
unsigned literal_set_shortest(const struct literal_set *set);

/* literal_set_cost - how often texts may be expected to contain one of them: the
 * less, the better the set. 1 << LITERAL_COST_BITS says at every byte; UINT64_MAX for
 * an empty set. Each place more makes it four times rarer. Source: letters by their
 * share of English; the scale is chosen. */
enum { LITERAL_COST_BITS = 48 };
uint64_t literal_set_cost(const struct literal_set *set);

#endif
