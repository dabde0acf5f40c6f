/* SPDX-License-Identifier: BSD-2-Clause
 *
 * rule_domains - which names are top-level domains, as rule files say (util_rb_tld,
 * util_rb_2tld, util_rb_3tld).
 *
 * Files that say nothing get the public suffix list.
 * Source: Mail::SpamAssassin::Conf(3pm), "util_rb_tld".
 * Threads: one loader, one thread; then it is not changed.
 */
#ifndef OUTGATE_RULES_TEXT_RULE_DOMAINS_H
#define OUTGATE_RULES_TEXT_RULE_DOMAINS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/text.h"

struct rule_domains {
    struct arena *arena;
    struct span *at; /* suffixes in lower case: "com", "co.uk" */
    size_t count, room;
    unsigned *buckets; /* index + 1; 0 is free; a power of two of them */
    size_t bucket_count;
    size_t tld_count; /* those of one label */
};

/* rule_domains_add - a suffix of one to three labels. -1 without memory or beyond
 * BOUND_RULE_DOMAINS. */
int rule_domains_add(struct rule_domains *domains, struct span suffix);

/* rule_domains_clear - forget all. */
void rule_domains_clear(struct rule_domains *domains);

/* rule_domains_is_tld - label (any case) is a top-level domain. */
bool rule_domains_is_tld(const struct rule_domains *domains, struct span label);

/* rule_domains_is_valid - host has two labels at least and ends in one. */
bool rule_domains_is_valid(const struct rule_domains *domains, struct span host);

/* rule_domains_cut - of a host what is registered: "a.b.co.uk" -> "b.co.uk". A part of
 * host, or the host itself. */
struct span rule_domains_cut(const struct rule_domains *domains, struct arena *arena,
                             struct span host);

#endif
