/* SPDX-License-Identifier: BSD-2-Clause
 *
 * byte_set - which of the 256 bytes.
 *
 * Plain memory; {0} is the empty set.
 * Pure.
 */
#ifndef OUTGATE_RULES_REGEX_BYTE_SET_H
#define OUTGATE_RULES_REGEX_BYTE_SET_H

#include <stdbool.h>
#include <stdint.h>

struct byte_set {
    uint64_t bits[4];
};

static inline void byte_set_add(struct byte_set *set, unsigned char byte)
{
    set->bits[byte / 64] |= UINT64_C(1) << byte % 64;
}

static inline bool byte_set_has(const struct byte_set *set, unsigned char byte)
{
    return set->bits[byte / 64] >> byte % 64 & 1;
}

/* byte_set_join - all of other, too. */
static inline void byte_set_join(struct byte_set *set, const struct byte_set *other)
{
    for (int i = 0; i < 4; i++)
        set->bits[i] |= other->bits[i];
}

/* byte_set_invert - those that are not in it, and no others. */
static inline void byte_set_invert(struct byte_set *set)
{
    for (int i = 0; i < 4; i++)
        set->bits[i] = ~set->bits[i];
}

/* byte_set_add_range - low to high, both included; none when high < low. */
static inline void byte_set_add_range(struct byte_set *set, int low, int high)
{
    for (int c = low; c <= high; c++)
        byte_set_add(set, (unsigned char)c);
}

#endif
