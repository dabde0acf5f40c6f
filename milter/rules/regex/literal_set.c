/* SPDX-License-Identifier: BSD-2-Clause */
#include "rules/regex/literal_set.h"

#include <string.h>

static struct span string_of(const struct literal *literal)
{
    return (struct span){literal->at, literal->len};
}

void literal_set_one(struct literal_set *set, struct span string)
{
    set->count = 0;
    set->times = 1;
    set->is_ahead = false;
    (void)literal_set_add(set, string, 1);
}

void literal_set_copy(struct literal_set *to, const struct literal_set *from)
{
    to->count = from->count;
    to->times = from->times;
    to->is_ahead = from->is_ahead;
    memcpy(to->strings, from->strings, from->count * sizeof *from->strings);
}

static bool contains(const struct literal_set *set, const struct literal *literal)
{
    for (unsigned i = 0; i < set->count; i++)
        if (set->strings[i].len == literal->len &&
            memcmp(set->strings[i].at, literal->at, literal->len) == 0)
            return true;
    return false;
}

bool literal_set_add(struct literal_set *set, struct span string, unsigned max)
{
    struct literal literal;

    if (string.len > LITERAL_BYTES)
        return false;
    literal.len = (unsigned char)string.len;
    for (size_t i = 0; i < string.len; i++)
        literal.at[i] = ascii_lower(string.at[i]);
    if (contains(set, &literal))
        return true;
    if (set->count >= max)
        return false;
    set->strings[set->count++] = literal;
    return true;
}

bool literal_set_join(struct literal_set *set, const struct literal_set *other,
                      unsigned max)
{
    if (set->count == 0 || other->times < set->times)
        set->times = other->times;
    set->is_ahead = other->is_ahead || (set->count > 0 && set->is_ahead);
    for (unsigned i = 0; i < other->count; i++)
        if (!literal_set_add(set, string_of(&other->strings[i]), max))
            return false;
    return true;
}

static unsigned longest(const struct literal_set *set)
{
    unsigned len = 0;

    for (unsigned i = 0; i < set->count; i++)
        if (set->strings[i].len > len)
            len = set->strings[i].len;
    return len;
}

static void append(struct literal *at, unsigned count, const struct literal *tail)
{
    for (unsigned i = 0; i < count; i++) {
        memcpy(at[i].at + at[i].len, tail->at, tail->len);
        at[i].len = (unsigned char)(at[i].len + tail->len);
    }
}

bool literal_set_multiply(struct literal_set *set, const struct literal_set *tail,
                          unsigned max)
{
    unsigned count = set->count;

    if (count * tail->count > max || longest(set) + longest(tail) > LITERAL_BYTES)
        return false;
    /* the first of tail last: the others start from copies of the strings as yet */
    for (unsigned t = tail->count; t-- > 0;) {
        if (t > 0)
            memcpy(&set->strings[t * count], set->strings,
                   count * sizeof *set->strings);
        append(&set->strings[t * count], count, &tail->strings[t]);
    }
    set->count = count * tail->count;
    return true;
}

/* Does it contain another string of the set, or an equal one before it? */
static bool is_redundant(const struct literal_set *set, unsigned index)
{
    const struct literal *literal = &set->strings[index];

    for (unsigned i = 0; i < set->count; i++) {
        const struct literal *other = &set->strings[i];
        if (i == index || other->len > literal->len ||
            (other->len == literal->len && i > index))
            continue;
        if (memmem(literal->at, literal->len, other->at, other->len) != NULL)
            return true;
    }
    return false;
}

void literal_set_reduce(struct literal_set *set)
{
    bool is_dropped[LITERAL_STRINGS];
    unsigned kept = 0;

    for (unsigned i = 0; i < set->count; i++)
        is_dropped[i] = is_redundant(set, i);
    for (unsigned i = 0; i < set->count; i++)
        if (!is_dropped[i])
            set->strings[kept++] = set->strings[i];
    set->count = kept;
}

unsigned literal_set_shortest(const struct literal_set *set)
{
    unsigned len = set->count > 0 ? LITERAL_BYTES : 0;

    for (unsigned i = 0; i < set->count; i++)
        if (set->strings[i].len < len)
            len = set->strings[i].len;
    return len;
}

/* How seldom a byte is, in bits; within words the next letter can be half guessed,
 * so letters count less than alone. */
static unsigned bits_of(char c)
{
    /* a to z */
    static const unsigned char letters[] = {2, 5, 4, 4, 2, 4, 5, 3, 2, 8, 6, 3, 4,
                                            2, 2, 4, 8, 3, 2, 2, 4, 6, 5, 7, 5, 8};

    if (c >= 'a' && c <= 'z')
        return letters[c - 'a'];
    if (c == ' ')
        return 2;
    if (c == '.' || c == ',' || c == '/' || c == '-' || c == '\n')
        return 4;
    return ascii_is_digit(c) ? 4 : 6;
}

uint64_t literal_set_cost(const struct literal_set *set)
{
    uint64_t cost = 0;

    if (set->count == 0)
        return UINT64_MAX;
    for (unsigned i = 0; i < set->count; i++) {
        const struct literal *literal = &set->strings[i];
        unsigned bits = 0;
        for (unsigned k = 0; k < literal->len; k++)
            bits += bits_of(literal->at[k]);
        cost +=
            UINT64_C(1) << (bits < LITERAL_COST_BITS ? LITERAL_COST_BITS - bits : 0);
    }
    return cost >> 2 * (set->times - 1);
}
