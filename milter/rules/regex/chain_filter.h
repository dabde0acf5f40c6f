/* SPDX-License-Identifier: BSD-2-Clause
 *
 * chain_filter - which of many chains of bytes occur in a text.
 *
 * Every link is a bit, and a step of the text moves them all: a few operations a byte
 * for each four words of links, whatever the text.
 * Source: R. Baeza-Yates, G. Gonnet, A New Approach to Text Searching (CACM 35, 1992);
 * gaps: G. Navarro, M. Raffinot, Flexible Pattern Matching in Strings (2002), 4.3.
 * Pure, but for memory on the heap.
 * Threads: immutable once the last chain is added.
 */
#ifndef OUTGATE_RULES_REGEX_CHAIN_FILTER_H
#define OUTGATE_RULES_REGEX_CHAIN_FILTER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"
#include "rules/regex/byte_chain.h"

struct chain_filter;

/* chain_filter_new - an empty one; NULL without memory. The caller frees it with
 * chain_filter_free; NULL is fine there. */
struct chain_filter *chain_filter_new(void);
void chain_filter_free(struct chain_filter **filter);

/* chain_filter_add - look for the chain (1 to BYTE_CHAIN_LINKS links), too, and call it
 * by that number. Returns false, and it is not looked for, without memory or beyond
 * BOUND_CHAIN_BLOCKS. */
bool chain_filter_add(struct chain_filter *filter, unsigned number,
                      const struct byte_chain *chain);

/* chain_filter_count - how many were added. */
size_t chain_filter_count(const struct chain_filter *filter);

/* chain_filter_scan - the numbers of those that occur in text, each once, into found,
 * which has room for all. Returns how many. */
size_t chain_filter_scan(const struct chain_filter *filter, struct span text,
                         unsigned *found);

#endif
