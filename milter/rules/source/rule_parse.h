/* SPDX-License-Identifier: BSD-2-Clause
 *
 * rule_parse - rule files, line by line, to what they say of each rule.
 *
 * Stage: rules, loading. Reads files; gives a rule_source; compiles no pattern and
 * no expression but the conditions of if.
 * A line: optional `lang XX`, a word, its value; `#` begins a comment, `\#` is a '#'.
 * Source: Mail::SpamAssassin::Conf(3pm) and Conf::Parser(3pm).
 * Must never: stop at the first error of a file; recurse for an include.
 * Threads: one loader, one thread.
 */
#ifndef OUTGATE_RULES_SOURCE_RULE_PARSE_H
#define OUTGATE_RULES_SOURCE_RULE_PARSE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "rules/eval/eval_settings.h"
#include "rules/source/rule_report.h"
#include "rules/source/rule_table.h"
#include "rules/source/rule_tags.h"
#include "rules/text/rule_uri.h"

/* `test RULE ok|fail TEXT` */
struct rule_test {
    struct rule_place place;
    struct span rule;
    bool is_ok; /* the pattern is to match */
    struct span text;
};

struct rule_source {
    struct arena *arena; /* owns everything here */
    struct rule_table table;
    struct rule_tags tags;
    struct rule_links links; /* no redirector is compiled */
    struct eval_settings evals;
    struct rule_remarks remarks;
    struct rule_test *tests;
    size_t test_count, test_room;
    unsigned file_count;
    bool reads_includes;     /* false: include lines are errors (text from nowhere) */
    bool is_lint;            /* remarks on style too */
    bool has_authentication; /* rules may ask what SPF, DKIM and DMARC said */
    unsigned char *noted;    /* settings that were remarked on once */
};

/* rule_source_init - an empty one with memory of its own; -1 without memory. */
int rule_source_init(struct rule_source *source, struct err *err);
void rule_source_clear(struct rule_source *source);

/* rule_parse_path - a file, or each *.cf of a folder in the order of names (bytes).
 * Lines that do not parse become remarks. Returns -1 (ERR_IO) when the path or a file
 * cannot be read, (ERR_CONFIG) beyond BOUND_RULE_FILES. */
int rule_parse_path(struct rule_source *source, const char *path, struct err *err);

/* rule_parse_text - text as if it were the file of that name (which includes are
 * relative to). text must live as long as the source. */
void rule_parse_text(struct rule_source *source, const char *file, struct span text);

#endif
