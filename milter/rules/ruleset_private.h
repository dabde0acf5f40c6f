/* SPDX-License-Identifier: BSD-2-Clause
 *
 * ruleset_private - the loaded set, as ruleset.c makes it and rule_match.c runs it.
 *
 * Rules are grouped by the text that they look at; a prefilter over one text says
 * which rules of its group are worth running.
 */
#ifndef OUTGATE_RULES_RULESET_PRIVATE_H
#define OUTGATE_RULES_RULESET_PRIVATE_H

#include "rules/eval/eval.h"
#include "rules/eval/eval_regex.h"
#include "rules/expression/expression.h"
#include "rules/regex/pattern.h"
#include "rules/regex/prefilter.h"
#include "rules/rule_meta.h"
#include "rules/ruleset.h"
#include "rules/source/rule_parse.h"
#include "rules/text/rule_header.h"
#include "rules/text/rule_uri.h"

struct rule {
    struct rule_info info;
    struct pattern *pattern;       /* NULL for meta, fact and exists: */
    struct span regex;             /* what it was made of, tags replaced */
    unsigned flags;                /* enum pattern_flag */
    struct expression *expression; /* meta, fact */
    struct eval_call *eval;        /* NULL for all other rules */
    bool is_named;                 /* a meta names it */
    unsigned header;               /* index into ruleset.headers */
    bool is_exists, is_negated, has_unset, is_without_subject;
    bool is_template;  /* names what others capture: filled in for each mail */
    bool is_capturing; /* others name what it captures */
    bool may_wait;     /* costly, and of use only to metas */
    struct span unset;
    bool is_concat;                 /* mimeheader: all parts as one text */
    unsigned first_part, last_part; /* mimeheader: parts from 1; 0: no bound */
    unsigned most;                  /* matches counted: 1 but for tflags multiple */
};

/* Indexes into ruleset.rules. */
struct rule_group {
    unsigned *at;
    size_t count, room;
    size_t always; /* the first so many run on every text; of the rest those that */
    struct prefilter *filter; /* names; NULL: all run on every text */
};

/* Which metas name a rule: those of rule r stand from at[first[r]] to before
 * at[first[r + 1]], as indexes into ruleset.metas. */
struct rule_users {
    unsigned *first;
    unsigned *at;
};

struct rule_header {
    struct header_spec spec;
    struct span written;
    bool is_undisguised;      /* its rules see the value undisguised */
    struct rule_group fields; /* header rules */
    struct rule_group parts;  /* mimeheader rules */
};

struct ruleset {
    struct rule_source source; /* its arena owns all but patterns */
    struct rule *rules;        /* by name */
    size_t count;
    struct rule_header *headers;
    size_t header_count, header_room;
    struct rule_group body, rawbody, uri, full, facts, evals;
    struct rule_group undisguised; /* body rules that see it undisguised */
    struct rule_group templates;   /* rules that run after all others with a pattern */
    struct eval_regexes eval_regexes; /* compiled if there is a rule in evals */
    struct rule_links links;          /* its redirectors' patterns are its own */
    struct rule_group metas;          /* each after those that it names */
    struct rule_users users;
    struct expression_range *resting; /* all rules where only metas can hit */
    bool runs_all;                    /* rules, too, that cannot change the points */
    bool is_unfiltered; /* every rule runs on every text: for tests to compare */
};

/* rule_values - what each rule of the set is on that message: 0 no hit, else how
 * often. In msg->arena; NULL at its end. *limit_errors: see struct hits. */
double *rule_values(const struct ruleset *set, const struct message *msg,
                    const struct envelope *env, const struct facts *facts,
                    unsigned *limit_errors);

/* rule_probe - what the pattern costs on hostile texts: rule->info.probe_us, and a
 * remark when it is slow or has to be stopped. */
void rule_probe(struct ruleset *set, const struct rule_entry *entry, struct rule *rule);

/* rule_test_holds - the pattern does on the text of a `test` line what that says. */
bool rule_test_holds(const struct ruleset *set, const struct rule *rule,
                     const struct rule_test *test);

/* rule_lint_run - time patterns, run `test` lines, remark on style. */
void rule_lint_run(struct ruleset *set);

#endif
