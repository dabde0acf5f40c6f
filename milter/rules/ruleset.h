/* SPDX-License-Identifier: BSD-2-Clause
 *
 * ruleset - the rule files as one immutable set, and what matching a message gives.
 *
 * Stage: rules. ruleset_load reads files (the only part that does); rule_match is
 * pure. The language is SpamAssassin's (Mail::SpamAssassin::Conf) plus `fact`.
 * Threads: a loaded set is shared by all threads, never changed; free it when no
 * message uses it.
 */
#ifndef OUTGATE_RULES_RULESET_H
#define OUTGATE_RULES_RULESET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "facts/facts.h"
#include "message/envelope.h"
#include "message/message.h"

struct ruleset;

enum rule_kind {
    RULE_KIND_UNKNOWN = 0,
    RULE_HEADER,
    RULE_BODY,
    RULE_RAWBODY,
    RULE_URI,
    RULE_FULL,
    RULE_META,
    RULE_FACT,
    RULE_MIMEHEADER,
};

/* rule_kind_name - the word that defines such a rule: "header", "meta" ... (it stands
 * in rule_table.c, below all that asks for it) */
const char *rule_kind_name(enum rule_kind kind);

/* What an administrator is told of one rule; strings live as long as the set. */
struct rule_info {
    const char *name;
    enum rule_kind kind;
    const char *file; /* where it is defined */
    unsigned line;
    double score;           /* 0 for __RULES: they count only in metas */
    bool has_score;         /* a score line names it */
    const char *describe;   /* "" if none */
    const char *definition; /* pattern or expression, as written */
    unsigned tflags;        /* enum rule_tflag */
    double probe_us; /* what the pattern took on a hostile probe text; 0 if none */
};

enum rule_tflag {
    TFLAG_NICE = 1 << 0,
    TFLAG_MULTIPLE = 1 << 1,
    TFLAG_NET = 1 << 2,
    TFLAG_USERCONF = 1 << 3,
    TFLAG_LEARN = 1 << 4,
    TFLAG_NOAUTOLEARN = 1 << 5,
    TFLAG_UNDISGUISED = 1 << 6, /* ours: header and body rules see plain letters */
};

/* One remark of the loader. */
enum remark_level {
    REMARK_UNKNOWN = 0,
    REMARK_NOTE,
    REMARK_WARNING,
    REMARK_SKIPPED,
    REMARK_ERROR
};

struct remark {
    enum remark_level level;
    const char *file;
    unsigned line;
    const char *text;
};

struct rule_report {
    struct remark *remarks; /* in order of files and lines */
    size_t count;
    size_t skipped;      /* rules that cannot run here (REMARK_SKIPPED) */
    size_t errors;       /* lines that do not parse (REMARK_ERROR) */
    struct arena *arena; /* owns all of it */
};

/* rule_report_init/clear - an empty report with memory of its own; -1 without memory.*/
int rule_report_init(struct rule_report *report, struct err *err);
void rule_report_clear(struct rule_report *report);

enum ruleset_flag {
    RULESET_LINT = 1 << 0,           /* also time each pattern on a hostile probe text
                                        (slow: milliseconds a rule), remark on style */
    RULESET_AUTHENTICATION = 1 << 1, /* SPF, DKIM and DMARC are worked out here: rules
                                        that ask for them run */
};

/* ruleset_load - read every *.cf of each path (a folder: sorted by name; a file: that
 * file), in the order of paths; a later line about the same rule wins.
 * report: gains remarks; may be NULL. flags: enum ruleset_flag.
 * Returns 0 and *out (free it with ruleset_free), or -1 with *out NULL when a path
 * cannot be read or any line does not parse (err holds the first, file:line; the
 * report holds all). A missing folder is an error; an empty one is not. */
int ruleset_load(struct ruleset **out, const char *const *paths, size_t path_count,
                 unsigned flags, struct rule_report *report, struct err *err);
void ruleset_free(struct ruleset **set);

/* ruleset_count, ruleset_info - all rules that can run, in the order of names. */
size_t ruleset_count(const struct ruleset *set);
void ruleset_info(const struct ruleset *set, size_t index, struct rule_info *out);

/* ruleset_find - index of a name, or -1. */
ptrdiff_t ruleset_find(const struct ruleset *set, const char *name);

/* ruleset_run_all - from now on every rule runs, for those who ask for hits->values.
 * Without it a rule that gives no points runs only where it can still change them.
 * Before other threads use the set. */
void ruleset_run_all(struct ruleset *set);

struct hit {
    size_t rule;      /* index for ruleset_info */
    const char *name; /* lives as long as the set */
    double score;     /* points it added */
    unsigned times;   /* how often it matched; 1 but for tflags multiple and metas */
};

struct hits {
    struct hit *at; /* rules with a non-zero score that hit, most points first */
    size_t count;
    double score;         /* the sum, rounded to 1/1000 */
    const double *values; /* of each rule of the set, by index: 0 no hit, else how often
                             (of a meta, its value); NULL without memory. Of rules
                             without a score only after ruleset_run_all. */
    unsigned limit_errors; /* patterns stopped by a match limit: they count as no hit */
};

/* rule_match - run every rule on one message. hits->at lives in msg->arena.
 * Pure; bounded by base/bounds.h. Thread-safe for different messages. */
void rule_match(const struct ruleset *set, const struct message *msg,
                const struct envelope *env, const struct facts *facts,
                struct hits *hits);

/* What the store kept of a message that is not there whole. */
struct rule_kept {
    bool has_header;     /* msg has its header, and an empty body */
    bool has_facts;      /* facts are those of that time */
    const size_t *rules; /* that hit then, by index */
    size_t count;
};

/* rule_match_kept - as rule_match, of such a message: header rules, fact rules and the
 * metas on them alone are run; all others hit if they did then (with the score that
 * they have now), whatever their patterns say now. */
void rule_match_kept(const struct ruleset *set, const struct message *msg,
                     const struct envelope *env, const struct facts *facts,
                     const struct rule_kept *kept, struct hits *hits);

#endif
