/* SPDX-License-Identifier: BSD-2-Clause
 *
 * rule_need - what a text must have for a rule's regex to be run on it.
 *
 * The rarer of the two: strings, or a chain of bytes. A rule without a need runs on
 * every text and is only slower.
 * Pure, but for memory of its own while it works.
 */
#ifndef OUTGATE_RULES_RULE_NEED_H
#define OUTGATE_RULES_RULE_NEED_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/text.h"
#include "rules/regex/byte_chain.h"
#include "rules/regex/literal_set.h"

enum rule_need_kind {
    RULE_NEED_NOTHING = 0, /* nothing rare must stand in it */
    RULE_NEED_STRINGS,
    RULE_NEED_CHAIN,
};

/* Some 14 kB. */
struct rule_need {
    enum rule_need_kind kind;
    struct literal_set strings; /* with RULE_NEED_STRINGS, or with a chain that found no
                                   room: count > 0 */
    struct byte_chain chain;    /* with RULE_NEED_CHAIN */
};

/* rule_need_derive - flags: enum pattern_flag. */
void rule_need_derive(struct span regex, unsigned flags, struct rule_need *need);

/* rule_need_print - what a person reads of it: one line, without a full stop. */
void rule_need_print(const struct rule_need *need, struct buf *out);

#endif
