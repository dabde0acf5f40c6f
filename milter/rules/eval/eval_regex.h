/* SPDX-License-Identifier: BSD-2-Clause
 *
 * eval_regex - the regular expressions that eval functions use themselves, compiled
 * once a rule set.
 *
 * Stage: rules; private to the eval modules.
 * Threads: immutable once compiled.
 */
#ifndef OUTGATE_RULES_EVAL_REGEX_H
#define OUTGATE_RULES_EVAL_REGEX_H

#include "base/err.h"
#include "rules/regex/pattern.h"

enum eval_regex {
    EVAL_REGEX_UNKNOWN = 0,
#define EVAL_REGEX(id, flags, regex) EVAL_##id,
#include "rules/eval/eval_regex.def"
#undef EVAL_REGEX
    EVAL_REGEX_COUNT
};

struct eval_regexes {
    struct pattern *at[EVAL_REGEX_COUNT];
};

/* eval_regexes_init - compile all; the caller gives them back with eval_regexes_clear.
 * -1 without memory. */
int eval_regexes_init(struct eval_regexes *regexes, struct err *err);
void eval_regexes_clear(struct eval_regexes *regexes);

#endif
