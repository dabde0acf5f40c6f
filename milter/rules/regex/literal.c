/* SPDX-License-Identifier: BSD-2-Clause */
#include "rules/regex/literal.h"

#include <stdlib.h>
#include <string.h>

#include "rules/regex/regex_read.h"

/* Chosen. Beyond them a regex has no set. */
enum {
    REGEX_BYTES = 32768,   /* larger ones are replace_tag's, of classes alone */
    EXACT_STRINGS = 128,   /* ways to spell a run that is still multiplied out */
    CLASS_BYTES = 6,       /* bytes of a class that counts as alternatives */
    REPEATS = 4,           /* of x{n}, spelt out */
    TIMES = 16,            /* of (...x...){n}, counted */
    COST_MOST_BITS = 5,    /* commoner sets are in most texts (measured) */
    COMPARISONS = 1 << 20, /* of strings of a set: then the best so far will do */
};

/* What was read last, and may still be given a quantifier. */
enum item_kind {
    ITEM_NONE = 0,
    ITEM_EXACT,    /* matches one of these strings, and nothing else */
    ITEM_REQUIRED, /* matches more, and one of these strings is in it */
    ITEM_AHEAD,    /* the same, looking ahead: takes no room */
    ITEM_OPAQUE,   /* demands nothing */
};

/* One open group; the outermost is the regex itself. */
struct group {
    enum regex_kind kind;

    /* of the branches before this one */
    bool is_exact; /* all of them are strings: exact */
    bool is_sure;  /* all of them have a set: required is their union */
    struct literal_set exact, required;

    /* of this branch */
    struct literal_set run; /* what stands right before the item, spelt out */
    bool is_whole;          /* the run is all of the branch as yet */
    struct literal_set best;
    uint64_t best_cost; /* UINT64_MAX: none yet */
    enum item_kind item;
    struct literal_set strings;
};

struct reader {
    unsigned depth;
    unsigned comparisons; /* left */
    struct literal_set spare;
    struct group groups[REGEX_DEPTH + 1];
};

static struct group *group_of(struct reader *r)
{
    return &r->groups[r->depth];
}

static void start_branch(struct group *g)
{
    literal_set_one(&g->run, SPAN(""));
    g->is_whole = true;
    g->best_cost = UINT64_MAX;
    g->item = ITEM_NONE;
}

/* The branch has one of the set: is that the best to look for? */
static void consider(struct reader *r, const struct literal_set *set)
{
    struct group *g = group_of(r);
    uint64_t cost;

    if (literal_set_shortest(set) == 0 || set->count * set->count > r->comparisons)
        return;
    r->comparisons -= set->count * set->count;
    literal_set_copy(&r->spare, set);
    literal_set_reduce(&r->spare);
    cost = literal_set_cost(&r->spare);
    if (cost < g->best_cost) {
        literal_set_copy(&g->best, &r->spare);
        g->best_cost = cost;
    }
}

/* What follows does not touch the run. */
static void break_run(struct reader *r)
{
    struct group *g = group_of(r);

    consider(r, &g->run);
    literal_set_one(&g->run, SPAN(""));
    g->is_whole = false;
}

/* The item gets no quantifier any more: it joins the run. */
static void take_item(struct reader *r)
{
    struct group *g = group_of(r);

    switch (g->item) {
    case ITEM_EXACT:
        if (literal_set_multiply(&g->run, &g->strings, EXACT_STRINGS))
            break;
        break_run(r);
        literal_set_copy(&g->run, &g->strings);
        break;
    case ITEM_REQUIRED:
        consider(r, &g->strings);
        break_run(r);
        break;
    case ITEM_AHEAD:
        consider(r, &g->strings);
        break;
    case ITEM_OPAQUE:
        break_run(r);
        break;
    case ITEM_NONE:
        break;
    }
}

static void add_item(struct reader *r, enum item_kind kind)
{
    struct group *g = group_of(r);

    take_item(r);
    g->item = kind;
}

static void add_nothing(struct reader *r)
{
    add_item(r, ITEM_EXACT);
    literal_set_one(&group_of(r)->strings, SPAN(""));
}

static void finish_branch(struct reader *r)
{
    struct group *g = group_of(r);

    take_item(r);
    consider(r, &g->run);
    g->is_exact = g->is_exact && g->is_whole &&
                  literal_set_join(&g->exact, &g->run, EXACT_STRINGS);
    g->is_sure = g->is_sure && g->best_cost != UINT64_MAX &&
                 literal_set_join(&g->required, &g->best, LITERAL_STRINGS);
    start_branch(g);
}

static void start_group(struct group *g, enum regex_kind kind)
{
    g->kind = kind;
    g->is_exact = g->is_sure = true;
    g->exact.count = g->required.count = 0;
    start_branch(g);
}

static void open_group(struct reader *r, enum regex_kind kind)
{
    add_item(r, ITEM_NONE);
    r->depth++;
    start_group(group_of(r), kind);
}

static void close_group(struct reader *r)
{
    struct group *g = group_of(r), *outer;

    finish_branch(r);
    r->depth--;
    if (g->kind == REGEX_IGNORED) {
        add_nothing(r);
        return;
    }
    outer = group_of(r);
    if (!g->is_exact && !g->is_sure) {
        add_item(r, ITEM_OPAQUE);
        return;
    }
    add_item(r, g->kind == REGEX_AHEAD ? ITEM_AHEAD
                : g->is_exact          ? ITEM_EXACT
                                       : ITEM_REQUIRED);
    literal_set_copy(&outer->strings, g->is_exact ? &g->exact : &g->required);
    if (g->kind == REGEX_AHEAD)
        outer->strings.is_ahead = true;
}

/* At least once: spelt out as often as it must be, and, when it may be more often,
 * once more behind a gap, for what follows. */
static void repeat_exact(struct reader *r, unsigned least, unsigned most)
{
    for (unsigned i = 1; i < least && i < REPEATS; i++)
        take_item(r);
    if (most == least && least <= REPEATS)
        return;
    take_item(r);
    break_run(r);
}

static void quantify(struct reader *r, unsigned least, unsigned most)
{
    struct group *g = group_of(r);

    if (least > 0) {
        if (g->item == ITEM_EXACT)
            repeat_exact(r, least, most);
        else if (g->item == ITEM_REQUIRED && !g->strings.is_ahead)
            g->strings.times =
                least < TIMES / g->strings.times ? least * g->strings.times : TIMES;
    } else if (g->item != ITEM_EXACT || most != 1 ||
               !literal_set_add(&g->strings, SPAN(""), EXACT_STRINGS))
        g->item = ITEM_OPAQUE;
}

static void add_bytes(struct reader *r, const struct regex_piece *piece)
{
    struct literal_set *set = &group_of(r)->strings;

    add_item(r, ITEM_EXACT);
    set->count = 0;
    set->times = 1;
    set->is_ahead = false;
    for (int c = 0; c < 256; c++) {
        char byte = (char)c;
        if (!piece->is_listed ||
            (byte_set_has(&piece->bytes, (unsigned char)c) &&
             !literal_set_add(set, (struct span){&byte, 1}, CLASS_BYTES))) {
            group_of(r)->item = ITEM_OPAQUE;
            return;
        }
    }
}

/* Returns false at the end, and when it cannot be known. */
static bool take_piece(struct reader *r, const struct regex_piece *piece)
{
    switch (piece->kind) {
    case REGEX_END:
    case REGEX_LOST:
        return false;
    case REGEX_BYTE:
        add_bytes(r, piece);
        break;
    case REGEX_PLACE:
        add_nothing(r);
        break;
    case REGEX_ANYTHING:
        add_item(r, ITEM_OPAQUE);
        break;
    case REGEX_OPEN:
    case REGEX_AHEAD:
    case REGEX_IGNORED:
        open_group(r, piece->kind);
        break;
    case REGEX_CLOSE:
        close_group(r);
        break;
    case REGEX_OR:
        finish_branch(r);
        break;
    case REGEX_COUNT:
        quantify(r, piece->least, piece->most);
        break;
    case REGEX_OPTION:
        add_item(r, ITEM_NONE);
        break;
    }
    return true;
}

static bool read_all(struct reader *r, struct regex_reader *regex,
                     struct literal_set *out)
{
    struct group *g = &r->groups[0];
    struct regex_piece piece;

    start_group(g, REGEX_OPEN);
    do
        regex_read(regex, &piece);
    while (take_piece(r, &piece));
    if (piece.kind == REGEX_LOST)
        return false;
    finish_branch(r);
    if (!g->is_sure)
        return false;
    literal_set_reduce(&g->required);
    literal_set_copy(out, &g->required);
    return literal_set_cost(out) <= UINT64_C(1) << (LITERAL_COST_BITS - COST_MOST_BITS);
}

bool literal_derive(struct span regex, unsigned flags, struct literal_set *out)
{
    struct regex_reader regex_reader;
    struct reader *r;
    bool is_found;

    out->count = 0;
    if (regex.len > REGEX_BYTES || (r = malloc(sizeof *r)) == NULL)
        return false;
    regex_read_start(&regex_reader, regex, flags);
    r->depth = 0;
    r->comparisons = COMPARISONS;
    is_found = read_all(r, &regex_reader, out);
    free(r);
    if (!is_found)
        out->count = 0;
    return is_found;
}
