/* SPDX-License-Identifier: BSD-2-Clause
 *
 * prefilter - which rules of a group are worth running on a text.
 *
 * One pass over the text, with one automaton (Aho-Corasick) for the literals of all
 * members of a group, and one for the chains of bytes of members without a literal,
 * instead of one pass a member. It never leaves out a member that would match; it may
 * name one that does not.
 * Source: A. Aho, M. Corasick, Efficient String Matching (CACM 18, 1975); chain_filter.
 * Pure, but for memory on the heap.
 * Threads: a prefilter is immutable; a prefilter_run belongs to one thread.
 */
#ifndef OUTGATE_RULES_REGEX_PREFILTER_H
#define OUTGATE_RULES_REGEX_PREFILTER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/text.h"
#include "rules/regex/byte_chain.h"
#include "rules/regex/literal_set.h"

struct prefilter;

/* prefilter_new - an empty one; NULL without memory. The caller frees it with
 * prefilter_free; NULL is fine there. */
struct prefilter *prefilter_new(void);
void prefilter_free(struct prefilter **filter);

/* prefilter_add - the rule of that number needs one of these strings (each at least a
 * byte), in set->times places; once a rule, before prefilter_seal. Returns false, and
 * the rule is none of its members, without memory or beyond BOUND_PREFILTER_BYTES. */
bool prefilter_add(struct prefilter *filter, unsigned rule,
                   const struct literal_set *set);

/* prefilter_add_chain - the rule needs that chain; otherwise as prefilter_add. */
bool prefilter_add_chain(struct prefilter *filter, unsigned rule,
                         const struct byte_chain *chain);

/* prefilter_seal - build the automaton. Returns -1 without memory. */
int prefilter_seal(struct prefilter *filter);

/* Where a scan saw strings of a member that wants several. */
struct prefilter_places {
    unsigned scan;  /* which one: that of the run, or nothing was seen */
    unsigned count; /* places */
    size_t last;    /* the last place, from 1 */
};

/* What scans need, and what the last one found. */
struct prefilter_run {
    unsigned *rules; /* members worth running, each once */
    size_t count;
    unsigned *outputs;      /* seen in this scan */
    unsigned char *is_seen; /* of an output */
    unsigned *named;        /* the members of rules */
    unsigned char *is_named;
    unsigned scan; /* how many there were */
    struct prefilter_places *places;
    unsigned *chains; /* members whose chain was found */
};

/* prefilter_start - memory for scans, in the arena; -1 at its end. */
int prefilter_start(const struct prefilter *filter, struct arena *arena,
                    struct prefilter_run *run);

/* prefilter_scan - run->rules become those worth running on text. */
void prefilter_scan(const struct prefilter *filter, struct span text,
                    struct prefilter_run *run);

#endif
