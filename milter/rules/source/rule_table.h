/* SPDX-License-Identifier: BSD-2-Clause
 *
 * rule_table - what the files say of each rule name, gathered before anything is
 * compiled.
 *
 * One entry a name: the last definition, and score, describe and tflags, which may
 * stand before or after it or without one.
 * Threads: one loader, one thread.
 */
#ifndef OUTGATE_RULES_SOURCE_RULE_TABLE_H
#define OUTGATE_RULES_SOURCE_RULE_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/text.h"
#include "rules/ruleset.h"
#include "rules/source/rule_report.h"

struct rule_entry {
    const char *name;
    struct rule_place place; /* of the definition, or of what first named it */

    enum rule_kind kind;    /* RULE_KIND_UNKNOWN: no definition */
    const char *definition; /* as written */
    const char *skipped;    /* why it cannot run; NULL if it can */
    struct span header;     /* header, mimeheader: what is looked up, "From:addr" */
    bool is_exists;         /* header exists:NAME */
    bool is_negated;        /* !~ */
    bool has_unset;         /* [if-unset: ...] */
    struct span unset;
    struct span regex;      /* without delimiters */
    unsigned flags;         /* enum pattern_flag */
    struct span expression; /* meta, fact */
    struct span eval;       /* eval:, without that word; empty if it is none */

    bool has_score;
    double score;         /* with four scores the first: no network tests, no Bayes */
    double network_score; /* with four scores the second: network tests, no Bayes */
    struct rule_place score_place;
    const char *describe;    /* NULL if none */
    unsigned tflags;         /* enum rule_tflag */
    unsigned max_hits;       /* tflags maxhits=N; 0 if not given */
    bool is_without_subject; /* tflags nosubject */
    bool is_concat;          /* tflags concat: of a mimeheader, all parts as one */
    unsigned first_part;     /* tflags range=FIRST-LAST, parts from 1; 0: no bound */
    unsigned last_part;
    bool has_tags; /* replace_rules names it */

    size_t index; /* among the rules that run, plus 1; 0: it does not run */
};

struct rule_table {
    struct arena *arena;
    struct rule_entry **entries; /* in the order in which the names came up */
    size_t count, room;
    unsigned *buckets; /* index + 1; 0 is free; a power of two of them */
    size_t bucket_count;
};

/* rule_table_find - the entry of that name, or NULL. */
struct rule_entry *rule_table_find(const struct rule_table *table, struct span name);

/* rule_table_put - the entry of that name, made if there is none (place is noted
 * then). NULL at BOUND_RULES or at the end of the arena. */
struct rule_entry *rule_table_put(struct rule_table *table, struct span name,
                                  const struct rule_place *place);

/* rule_table_nearest - the defined rule whose name is nearest to a mistyped one; NULL
 * if none is near. */
const char *rule_table_nearest(const struct rule_table *table, struct span name);

#endif
