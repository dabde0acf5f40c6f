/* SPDX-License-Identifier: BSD-2-Clause
 *
 * rule_tags - <TAG> inside patterns of replace_rules, replaced by what replace_tag
 * says.  Source: Mail::SpamAssassin::Plugin::ReplaceTags(3pm).
 *
 * <pre P>, <post P> and <inter P> in a pattern ask that replace_pre P stands before
 * each tag, replace_post P after each, replace_inter P between two that touch.
 * Threads: one loader, one thread.
 */
#ifndef OUTGATE_RULES_SOURCE_RULE_TAGS_H
#define OUTGATE_RULES_SOURCE_RULE_TAGS_H

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"

enum rule_tag_kind {
    RULE_TAG_UNKNOWN = 0,
    RULE_TAG_REPLACE,
    RULE_TAG_PRE,
    RULE_TAG_POST,
    RULE_TAG_INTER,
};

struct rule_tag {
    enum rule_tag_kind kind;
    struct span name, value;
};

struct rule_tags {
    struct arena *arena;
    struct rule_tag *at;
    size_t count, room;
};

/* rule_tags_set - a tag's value; the last one wins. -1 without memory. */
int rule_tags_set(struct rule_tags *tags, enum rule_tag_kind kind, struct span name,
                  struct span value);

/* rule_tags_apply - regex with its tags replaced, in the tags' arena. Tags within
 * values are replaced too, six rounds at most. Returns -1 (ERR_CONFIG) when it grows
 * beyond 1 MiB. */
int rule_tags_apply(const struct rule_tags *tags, struct span regex, struct span *out,
                    struct err *err);

#endif
