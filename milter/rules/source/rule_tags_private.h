/* SPDX-License-Identifier: BSD-2-Clause
 *
 * rule_tags_private - what rule_tags.c and rule_fold.c share.
 */
#ifndef OUTGATE_RULES_SOURCE_RULE_TAGS_PRIVATE_H
#define OUTGATE_RULES_SOURCE_RULE_TAGS_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>

#include "rules/source/rule_tags.h"

/* Rounds: as SpamAssassin. Bytes: chosen; the largest published has 262 kB. */
enum { RULE_TAG_ROUNDS = 6, RULE_TAG_REGEX_BYTES = 1 << 20 };

/* What the pattern asks of all its tags; the asking itself is cut out of it. */
struct rule_tag_dressing {
    struct span pre, post, inter;
};

/* rule_tags_find - the value of a tag; empty when it has none. */
struct span rule_tags_find(const struct rule_tags *tags, enum rule_tag_kind kind,
                           struct span name);

/* rule_tags_next - the next <...> without < inside, from *at. Leaves *at on its '<'. */
bool rule_tags_next(struct span regex, size_t *at, struct span *name);

/* rule_tags_undress - regex without its <pre P>, <post P>, <inter P>. */
struct span rule_tags_undress(const struct rule_tags *tags, struct span regex,
                              struct rule_tag_dressing *dressing);

#endif
