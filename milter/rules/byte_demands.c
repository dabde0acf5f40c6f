/* SPDX-License-Identifier: BSD-2-Clause */
#include "rules/byte_demands.h"

#include <string.h>

#include "rules/literal_set.h"

void byte_set_add(struct byte_set *set, unsigned char byte)
{
    unsigned char folded = (unsigned char)ascii_lower((char)byte);

    set->bits[folded / 64] |= UINT64_C(1) << folded % 64;
}

void byte_set_of(struct byte_set *set, struct span text)
{
    unsigned char has[256] = {0};

    for (size_t i = 0; i < text.len; i++)
        has[(unsigned char)text.at[i]] = 1;
    memset(set, 0, sizeof *set);
    for (unsigned c = 0; c < 256; c++)
        if (has[c])
            byte_set_add(set, (unsigned char)c);
}

static bool is_empty(const struct byte_set *set)
{
    return (set->bits[0] | set->bits[1] | set->bits[2] | set->bits[3]) == 0;
}

/* How often a text may be expected to have one of them. */
static uint64_t cost_of(const struct byte_set *set)
{
    uint64_t cost = 0;

    for (unsigned c = 0; c < 256; c++)
        if (set->bits[c / 64] >> c % 64 & 1)
            cost += literal_byte_cost((char)c);
    return cost;
}

static bool is_equal(const struct byte_set *a, const struct byte_set *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

void byte_demands_add(struct byte_demands *demands, const struct byte_set *set)
{
    unsigned worst = 0;
    uint64_t cost = cost_of(set);

    if (is_empty(set))
        return;
    for (unsigned i = 0; i < demands->count; i++) {
        if (is_equal(&demands->sets[i], set))
            return;
        if (demands->costs[i] > demands->costs[worst])
            worst = i;
    }
    if (demands->count < BYTE_DEMANDS)
        worst = demands->count++;
    else if (cost >= demands->costs[worst])
        return;
    demands->sets[worst] = *set;
    demands->costs[worst] = cost;
}

void byte_demands_join(struct byte_demands *demands, const struct byte_demands *other)
{
    for (unsigned i = 0; i < other->count; i++)
        byte_demands_add(demands, &other->sets[i]);
}

static const struct byte_set *rarest(const struct byte_demands *demands)
{
    unsigned best = 0;

    for (unsigned i = 1; i < demands->count; i++)
        if (demands->costs[i] < demands->costs[best])
            best = i;
    return &demands->sets[best];
}

void byte_demands_choose(struct byte_demands *demands, const struct byte_demands *other)
{
    struct byte_set either;

    if (demands->count == 0 || other->count == 0) {
        demands->count = 0;
        return;
    }
    either = *rarest(demands);
    for (unsigned i = 0; i < 4; i++)
        either.bits[i] |= rarest(other)->bits[i];
    demands->count = 0;
    byte_demands_add(demands, &either);
}

bool byte_demands_met(const struct byte_demands *demands, const struct byte_set *text)
{
    for (unsigned i = 0; i < demands->count; i++) {
        const uint64_t *a = demands->sets[i].bits, *b = text->bits;
        if (((a[0] & b[0]) | (a[1] & b[1]) | (a[2] & b[2]) | (a[3] & b[3])) == 0)
            return false;
    }
    return true;
}
