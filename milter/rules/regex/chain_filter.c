/* SPDX-License-Identifier: BSD-2-Clause */
#include "rules/regex/chain_filter.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/bounds.h"

enum { WORDS = 4, WORD_BITS = 64 };

/* What a byte of the text does with the links of a block. */
struct row {
    uint64_t bytes[WORDS]; /* those that it may stand for */
    uint64_t gap[WORDS];   /* those that it may stand behind, in their gap */
};

/* As many chains as fit, link after link; the first of each may begin anywhere. */
struct block {
    struct row rows[256];
    uint64_t first[WORDS], last[WORDS];
    unsigned used[WORDS];               /* links */
    unsigned numbers[WORDS][WORD_BITS]; /* by a chain's last link */
};

struct chain_filter {
    struct block *blocks;
    size_t block_count, count;
};

struct chain_filter *chain_filter_new(void)
{
    return calloc(1, sizeof(struct chain_filter));
}

void chain_filter_free(struct chain_filter **filter)
{
    if (*filter == NULL)
        return;
    free((*filter)->blocks);
    free(*filter);
    *filter = NULL;
}

size_t chain_filter_count(const struct chain_filter *filter)
{
    return filter->count;
}

/* A word with that many links free, made when there is none; false without room. */
static bool find_word(struct chain_filter *f, unsigned links, struct block **block,
                      unsigned *word)
{
    struct block *grown;

    for (size_t b = 0; b < f->block_count; b++)
        for (unsigned w = 0; w < WORDS; w++)
            if (f->blocks[b].used[w] + links <= WORD_BITS) {
                *block = &f->blocks[b];
                *word = w;
                return true;
            }
    if (f->block_count == BOUND_CHAIN_BLOCKS ||
        (grown = realloc(f->blocks, (f->block_count + 1) * sizeof *grown)) == NULL)
        return false;
    f->blocks = grown;
    *block = &grown[f->block_count++];
    **block = (struct block){.used = {0}};
    *word = 0;
    return true;
}

static void add_link(struct block *block, unsigned word, unsigned bit,
                     const struct byte_link *link)
{
    for (int c = 0; c < 256; c++) {
        if (byte_set_has(&link->bytes, (unsigned char)c))
            block->rows[c].bytes[word] |= UINT64_C(1) << bit;
        if (byte_set_has(&link->gap, (unsigned char)c))
            block->rows[c].gap[word] |= UINT64_C(1) << bit;
    }
}

bool chain_filter_add(struct chain_filter *filter, unsigned number,
                      const struct byte_chain *chain)
{
    struct block *block;
    unsigned word, first, last;

    if (!find_word(filter, chain->count, &block, &word))
        return false;
    first = block->used[word];
    last = first + chain->count - 1;
    for (unsigned i = 0; i < chain->count; i++)
        add_link(block, word, first + i, &chain->links[i]);
    block->first[word] |= UINT64_C(1) << first;
    block->last[word] |= UINT64_C(1) << last;
    block->numbers[word][last] = number;
    block->used[word] = last + 1;
    filter->count++;
    return true;
}

static size_t take_found(const struct block *block, const uint64_t *seen,
                         unsigned *found)
{
    size_t count = 0;

    for (unsigned w = 0; w < WORDS; w++)
        for (uint64_t left = seen[w] & block->last[w]; left != 0; left &= left - 1)
            found[count++] = block->numbers[w][__builtin_ctzll(left)];
    return count;
}

/* Links that the text stands at: behind a link and its gap the next one may come. */
static size_t scan_block(const struct block *block, struct span text, unsigned *found)
{
    uint64_t at[WORDS] = {0}, seen[WORDS] = {0};

    for (size_t i = 0; i < text.len; i++) {
        const struct row *row = &block->rows[(unsigned char)text.at[i]];
        for (unsigned w = 0; w < WORDS; w++) {
            at[w] = ((at[w] << 1 | block->first[w]) & row->bytes[w]) |
                    (at[w] & row->gap[w]);
            seen[w] |= at[w];
        }
    }
    return take_found(block, seen, found);
}

size_t chain_filter_scan(const struct chain_filter *filter, struct span text,
                         unsigned *found)
{
    size_t count = 0;

    for (size_t b = 0; b < filter->block_count; b++)
        count += scan_block(&filter->blocks[b], text, found + count);
    return count;
}
