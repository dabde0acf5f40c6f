/* SPDX-License-Identifier: BSD-2-Clause
 *
 * byte_chain - which bytes must follow one another in every text that a regex matches.
 *
 * For patterns without a string that must stand there, such as those that know a dozen
 * ways to write each letter. A chain is coarser than its regex: each link is a set of
 * bytes, and between two links any number of bytes of another set may stand.
 * Source: G. Navarro, M. Raffinot, Flexible Pattern Matching in Strings (2002),
 * chapter 4: classes, gaps and repetitions.
 * Pure, but for memory of its own while it works.
 */
#ifndef OUTGATE_RULES_REGEX_BYTE_CHAIN_H
#define OUTGATE_RULES_REGEX_BYTE_CHAIN_H

#include <stdbool.h>

#include "base/text.h"
#include "rules/regex/byte_set.h"

/* Chosen: a chain fits a word of the processor. */
enum { BYTE_CHAIN_LINKS = 64 };

struct byte_link {
    struct byte_set bytes; /* one of these */
    struct byte_set gap;   /* then any number of these, before the next link */
};

struct byte_chain {
    unsigned count;
    struct byte_link links[BYTE_CHAIN_LINKS]; /* the last one's gap is empty */
};

/* byte_chain_derive - the part of the chain that is the rarest for its length. flags:
 * enum pattern_flag. Returns false when there is none that is rare enough to be worth
 * looking for. */
bool byte_chain_derive(struct span regex, unsigned flags, struct byte_chain *out);

/* byte_chain_cost - how often texts may be expected to contain it, on the scale of
 * literal_set_cost. Source: shares of bytes in the bodies of public mail (measured). */
uint64_t byte_chain_cost(const struct byte_chain *chain);

#endif
