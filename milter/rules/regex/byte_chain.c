/* SPDX-License-Identifier: BSD-2-Clause */
#include "rules/regex/byte_chain.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "rules/regex/literal_set.h"
#include "rules/regex/regex_read.h"

/* Chosen. */
enum {
    REGEX_BYTES = 131072, /* larger ones have no chain */
    BITS_ENOUGH = 20,     /* rarer than once in a million bytes: no link more */
    BITS_LEAST = 6,       /* commoner ones are in most texts (measured) */
};

/* A link is worth its place from so many bits on. Chosen. */
static const double link_price = 0.15;

/* What a part of the regex matches: any of lead, then link after link. */
struct chain {
    struct byte_set lead;
    unsigned count;
    struct byte_link links[BYTE_CHAIN_LINKS];
};

/* One open group; the outermost is the regex itself. */
struct group {
    enum regex_kind kind;
    bool has_branches;
    struct chain branches; /* those before this one */
    struct chain branch;   /* this one, without the item */
    struct chain item;     /* read last: it may still be given a quantifier */
};

struct deriver {
    unsigned depth;
    struct group groups[REGEX_DEPTH + 1];
};

static struct group *group_of(struct deriver *d)
{
    return &d->groups[d->depth];
}

static void empty(struct chain *chain)
{
    chain->lead = (struct byte_set){{0}};
    chain->count = 0;
}

static const struct byte_set *any_byte(void)
{
    static const struct byte_set any = {
        {UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX}};

    return &any;
}

/* What may stand between link number count - 1 and the next one. */
static struct byte_set *gap_behind(struct chain *chain, unsigned count)
{
    return count == 0 ? &chain->lead : &chain->links[count - 1].gap;
}

static void copy(struct chain *to, const struct chain *from)
{
    to->lead = from->lead;
    to->count = from->count;
    memcpy(to->links, from->links, from->count * sizeof *from->links);
}

/* A full chain goes on with anything. */
static void append(struct chain *to, const struct chain *tail)
{
    unsigned more = tail->count;

    byte_set_join(gap_behind(to, to->count), &tail->lead);
    if (more > BYTE_CHAIN_LINKS - to->count)
        more = BYTE_CHAIN_LINKS - to->count;
    memcpy(&to->links[to->count], tail->links, more * sizeof *tail->links);
    to->count += more;
    if (more < tail->count)
        byte_set_join(gap_behind(to, to->count), any_byte());
}

/* All bytes of the links from number first on, into set. */
static void gather(struct byte_set *set, const struct chain *chain, unsigned first)
{
    for (unsigned i = first; i < chain->count; i++) {
        byte_set_join(set, &chain->links[i].bytes);
        byte_set_join(set, &chain->links[i].gap);
    }
}

/* Either of the two: link by link; what one has more of may follow. */
static void join(struct chain *to, const struct chain *other)
{
    unsigned both = to->count < other->count ? to->count : other->count;

    byte_set_join(&to->lead, &other->lead);
    for (unsigned i = 0; i < both; i++) {
        byte_set_join(&to->links[i].bytes, &other->links[i].bytes);
        byte_set_join(&to->links[i].gap, &other->links[i].gap);
    }
    gather(gap_behind(to, both), other, both);
    gather(gap_behind(to, both), to, both);
    to->count = both;
}

/* The item gets no quantifier any more. */
static void take_item(struct group *g)
{
    append(&g->branch, &g->item);
    empty(&g->item);
}

static void start_branch(struct group *g)
{
    empty(&g->branch);
    empty(&g->item);
}

static void finish_branch(struct group *g)
{
    take_item(g);
    if (g->has_branches)
        join(&g->branches, &g->branch);
    else
        copy(&g->branches, &g->branch);
    g->has_branches = true;
    start_branch(g);
}

static void start_group(struct group *g, enum regex_kind kind)
{
    g->kind = kind;
    g->has_branches = false;
    start_branch(g);
}

static void open_group(struct deriver *d, enum regex_kind kind)
{
    take_item(group_of(d));
    d->depth++;
    start_group(group_of(d), kind);
}

/* Groups that look around take no room. */
static void close_group(struct deriver *d)
{
    struct group *g = group_of(d);

    finish_branch(g);
    d->depth--;
    if (g->kind == REGEX_OPEN)
        copy(&group_of(d)->item, &g->branches);
}

static void quantify(struct group *g, unsigned least, unsigned most)
{
    struct byte_set all = g->item.lead;

    gather(&all, &g->item, 0);
    if (least == 0)
        empty(&g->item);
    for (unsigned i = 1; i < least && g->branch.count < BYTE_CHAIN_LINKS; i++) {
        append(&g->branch, &g->item);
        if (g->item.count == 0)
            break;
    }
    if (most > least)
        byte_set_join(gap_behind(&g->item, g->item.count), &all);
}

static void add_byte(struct group *g, const struct byte_set *bytes)
{
    take_item(g);
    g->item.links[g->item.count++] = (struct byte_link){.bytes = *bytes};
}

/* Returns false at the end, and when it cannot be known. */
static bool take_piece(struct deriver *d, const struct regex_piece *piece)
{
    switch (piece->kind) {
    case REGEX_END:
    case REGEX_LOST:
        return false;
    case REGEX_BYTE:
        add_byte(group_of(d), &piece->bytes);
        break;
    case REGEX_PLACE:
    case REGEX_OPTION:
        take_item(group_of(d));
        break;
    case REGEX_ANYTHING:
        take_item(group_of(d));
        group_of(d)->item.lead = *any_byte();
        break;
    case REGEX_OPEN:
    case REGEX_AHEAD:
    case REGEX_IGNORED:
        open_group(d, piece->kind);
        break;
    case REGEX_CLOSE:
        close_group(d);
        break;
    case REGEX_OR:
        finish_branch(group_of(d));
        break;
    case REGEX_COUNT:
        quantify(group_of(d), piece->least, piece->most);
        break;
    }
    return true;
}

static void fold_set(struct byte_set *set)
{
    for (unsigned char upper = 'A'; upper <= 'Z'; upper++) {
        unsigned char lower = (unsigned char)(upper - 'A' + 'a');
        if (byte_set_has(set, upper))
            byte_set_add(set, lower);
        else if (byte_set_has(set, lower))
            byte_set_add(set, upper);
    }
}

static void fold(struct chain *chain)
{
    for (unsigned i = 0; i < chain->count; i++) {
        fold_set(&chain->links[i].bytes);
        fold_set(&chain->links[i].gap);
    }
}

/* Of 10000 bytes of text in public mail. */
static double share_of(unsigned char byte)
{
    static const unsigned short shares[] = {
        1519, 10,  26,  16,  7,   12,  4,   29,  14,  16,  33, 6,  73,  190, 147, 79,
        62,   32,  36,  17,  15,  16,  11,  11,  13,  13,  48, 4,  13,  54,  59,  10,
        9,    41,  19,  27,  23,  38,  20,  14,  15,  52,  6,  6,  24,  27,  26,  29,
        23,   2,   30,  43,  45,  14,  6,   16,  3,   10,  2,  4,  3,   5,   1,   115,
        1,    507, 100, 209, 222, 796, 139, 140, 281, 485, 11, 61, 295, 198, 463, 532,
        164,  7,   420, 458, 610, 210, 71,  132, 24,  128, 10, 1,  3,   1,   2,   1,
    };

    if (byte == '\n')
        return 200; /* unfolded texts have lines */
    return byte >= ' ' && byte < ' ' + sizeof shares / sizeof shares[0]
               ? shares[byte - ' ']
               : 0.5;
}

static double share_of_set(const struct byte_set *set)
{
    double sum = 0;

    for (unsigned i = 0; i < 4; i++)
        for (uint64_t left = set->bits[i]; left != 0; left &= left - 1)
            sum += share_of((unsigned char)(64 * i + (unsigned)__builtin_ctzll(left)));
    return sum;
}

/* How unlikely the link is, in bits: of the bytes that end the gap before it, which
 * may be NULL, its own. */
static double bits_of(const struct byte_set *gap, const struct byte_link *link)
{
    struct byte_set ending = {{0}};
    double own = share_of_set(&link->bytes) + 1e-3;

    if (gap != NULL)
        ending = *gap;
    byte_set_invert(&ending);
    byte_set_join(&ending, &link->bytes);
    return -log2(own / (share_of_set(&ending) + 1e-3));
}

static double bits_of_chain(const struct byte_link *links, unsigned count)
{
    double bits = 0;

    for (unsigned i = 0; i < count; i++)
        bits += bits_of(i > 0 ? &links[i - 1].gap : NULL, &links[i]);
    return bits;
}

uint64_t byte_chain_cost(const struct byte_chain *chain)
{
    double bits = bits_of_chain(chain->links, chain->count);

    return (uint64_t)ldexp(1, LITERAL_COST_BITS) >>
           (unsigned)fmin(bits, LITERAL_COST_BITS);
}

/* A link's bits as the first one of a part, and behind the one before it. */
struct weight {
    double first, behind;
};

static void weigh(const struct chain *all, struct weight *weights)
{
    for (unsigned i = 0; i < all->count; i++) {
        weights[i].first = bits_of(NULL, &all->links[i]);
        weights[i].behind = i > 0 ? bits_of(&all->links[i - 1].gap, &all->links[i]) : 0;
    }
}

/* The part that says the most for its length. Returns its bits. */
static double choose(const struct chain *all, struct byte_chain *out)
{
    struct weight weights[BYTE_CHAIN_LINKS] = {{0}};
    double best = 0, best_bits = 0;
    unsigned start = 0;

    weigh(all, weights);
    out->count = 0;
    for (unsigned s = 0; s < all->count; s++) {
        double bits = 0;
        for (unsigned i = s; i < all->count && bits < BITS_ENOUGH; i++) {
            double worth;
            bits += i > s ? weights[i].behind : weights[i].first;
            worth = fmin(bits, BITS_ENOUGH) - link_price * (i - s + 1);
            if (worth <= best)
                continue;
            best = worth;
            best_bits = bits;
            start = s;
            out->count = i - s + 1;
        }
    }
    memcpy(out->links, &all->links[start], out->count * sizeof *out->links);
    if (out->count > 0)
        out->links[out->count - 1].gap = (struct byte_set){{0}};
    return best_bits;
}

static bool read_all(struct deriver *d, struct regex_reader *reader,
                     struct byte_chain *out)
{
    struct group *g = &d->groups[0];
    struct regex_piece piece;

    d->depth = 0;
    start_group(g, REGEX_OPEN);
    do
        regex_read(reader, &piece);
    while (take_piece(d, &piece));
    if (piece.kind == REGEX_LOST)
        return false;
    finish_branch(g);
    if (reader->is_caseless)
        fold(&g->branches);
    return choose(&g->branches, out) >= BITS_LEAST;
}

bool byte_chain_derive(struct span regex, unsigned flags, struct byte_chain *out)
{
    struct regex_reader reader;
    struct deriver *d;
    bool is_found;

    out->count = 0;
    if (regex.len > REGEX_BYTES || (d = malloc(sizeof *d)) == NULL)
        return false;
    regex_read_start(&reader, regex, flags);
    is_found = read_all(d, &reader, out);
    free(d);
    if (!is_found)
        out->count = 0;
    return is_found;
}
