/* SPDX-License-Identifier: BSD-2-Clause
 *
 * rule_uri - links in all the forms that uri rules see, and links in running text.
 *
 * Stage: rules. A link counts as written and as what a reader's program makes of it:
 * escapes decoded, scheme added, host brought to one spelling, what a redirector leads
 * to. Of text, what mail readers make clickable, and host names that stand alone.
 * Source: Mail::SpamAssassin::Conf(3pm), "uri", "redirector_pattern";
 * Mail::SpamAssassin::PerMsgStatus(3pm), "get_uri_detail_list".
 * Pure.
 */
#ifndef OUTGATE_RULES_TEXT_RULE_URI_H
#define OUTGATE_RULES_TEXT_RULE_URI_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/text.h"
#include "rules/regex/pattern.h"
#include "rules/source/rule_report.h"
#include "rules/text/rule_domains.h"

/* What rule files say of links. */
struct rule_redirector {
    struct pattern *pattern; /* its first group is where it leads to */
    struct span regex;
    unsigned flags; /* enum pattern_flag */
    struct rule_place place;
};

struct rule_links {
    struct rule_domains domains;
    struct rule_redirector *redirectors;
    size_t redirector_count;
};

/* Links, each once. */
struct rule_uri_set {
    const struct rule_links *links;
    struct arena *arena;
    struct span *at;
    size_t count, room;
    unsigned *buckets; /* index + 1; a power of two of them */
    size_t bucket_count;
};

/* rule_uri_start - an empty set; links: NULL for none of its own. -1 at the arena's
 * end. */
int rule_uri_start(struct rule_uri_set *set, const struct rule_links *links,
                   struct arena *arena);

/* rule_uri_add - a link in all its forms, BOUND_RULE_URIS of them at most.
 * needs_domain: only if one of them has a host under a known top-level domain, or an
 * address literal. */
void rule_uri_add(struct rule_uri_set *set, struct span link, bool needs_domain);

/* rule_uri_decode - escapes of printable ASCII decoded; bytes that must be escaped,
 * escaped. */
struct span rule_uri_decode(struct arena *arena, struct span link);

/* rule_uri_is_host - a well-formed host name of two labels at least. */
bool rule_uri_is_host(struct span host);

#endif
