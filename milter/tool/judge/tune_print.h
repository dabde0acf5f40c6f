/* SPDX-License-Identifier: BSD-2-Clause
 *
 * tune_print - what tune found: for people, as JSON Lines, and as a rule file.
 */
#ifndef OUTGATE_TOOL_JUDGE_TUNE_PRINT_H
#define OUTGATE_TOOL_JUDGE_TUNE_PRINT_H

#include "tool/tool.h"
#include "tune/tune_fit.h"

struct tune_report {
    struct tool *tool;
    const struct tune_set *set;
    const struct tune_fit *fit;
    const struct tune_how *how;
    const char *ham, *spam; /* where the mails are from, escaped */
    size_t failed;          /* mails that could not be read */
    const char *why_not;    /* why nothing was learned; NULL: it was */
    int64_t now_us;
};

/* tune_print_people - hit-frequencies, rules that hurt, ROC, proposed scores. -1
 * without memory. */
int tune_print_people(const struct tune_report *report, struct err *err);

/* tune_print_json - an object for each rule, for each threshold, and a summary. */
int tune_print_json(const struct tune_report *report, struct err *err);

/* tune_print_file - the proposed scores as a file for rules.d, sorted by name. */
void tune_print_file(const struct tune_report *report, struct buf *out);

#endif
