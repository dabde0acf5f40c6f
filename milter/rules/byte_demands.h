/* SPDX-License-Identifier: BSD-2-Clause
 *
 * byte_demands - bytes without which a pattern cannot match: several sets, of each of
 * which a text must have at least one.
 *
 * Many patterns have no string that must stand in what they match, and yet no chance in
 * a text without a digit, or without v, ice and n. Letters count in lower case.
 * Pure.
 */
#ifndef OUTGATE_RULES_BYTE_DEMANDS_H
#define OUTGATE_RULES_BYTE_DEMANDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

struct byte_set {
    uint64_t bits[4];
};

/* Chosen: more sets seldom tell more. */
enum { BYTE_DEMANDS = 8 };

struct byte_demands {
    unsigned count;
    struct byte_set sets[BYTE_DEMANDS]; /* none is empty */
    uint64_t costs[BYTE_DEMANDS];       /* of a set: how common it is */
};

/* byte_set_add - one byte more, a letter in lower case. */
void byte_set_add(struct byte_set *set, unsigned char byte);

/* byte_set_of - all bytes of a text. */
void byte_set_of(struct byte_set *set, struct span text);

/* byte_demands_add - one set more, unless it is there; an empty one demands nothing.
 * When there is no room the commonest goes. Source of what is common:
 * literal_set_cost's shares of letters. */
void byte_demands_add(struct byte_demands *demands, const struct byte_set *set);

/* byte_demands_join - what both demand: demands has all that other has. */
void byte_demands_join(struct byte_demands *demands, const struct byte_demands *other);

/* byte_demands_choose - what either demands: one set at most, of each side's rarest. */
void byte_demands_choose(struct byte_demands *demands,
                         const struct byte_demands *other);

/* byte_demands_met - the text has what is demanded. */
bool byte_demands_met(const struct byte_demands *demands, const struct byte_set *text);

#endif
