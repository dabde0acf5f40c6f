/* SPDX-License-Identifier: BSD-2-Clause */
#include "rules/eval/eval_regex.h"

#define IP "(?:(?:\\d{1,3}\\.){3}\\d{1,3}|[0-9a-f]*:[0-9a-f:.]+)"

static const struct {
    unsigned flags;
    const char *regex;
} rows[EVAL_REGEX_COUNT] = {
#define EVAL_REGEX(id, flags, regex) [EVAL_##id] = {flags, regex},
#include "rules/eval/eval_regex.def"
#undef EVAL_REGEX
};

int eval_regexes_init(struct eval_regexes *regexes, struct err *err)
{
    *regexes = (struct eval_regexes){{NULL}};
    for (int i = 1; i < EVAL_REGEX_COUNT; i++)
        if (pattern_new(&regexes->at[i], span_of(rows[i].regex), rows[i].flags, err) !=
            0) {
            eval_regexes_clear(regexes);
            return -1;
        }
    return 0;
}

void eval_regexes_clear(struct eval_regexes *regexes)
{
    for (int i = 1; i < EVAL_REGEX_COUNT; i++)
        pattern_free(&regexes->at[i]);
}
