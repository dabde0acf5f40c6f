/* SPDX-License-Identifier: BSD-2-Clause
 *
 * tune_read - the mails of folders, Maildirs and mboxes into a tune_set, judged by the
 * gate's own stages.
 */
#ifndef OUTGATE_TOOL_JUDGE_TUNE_READ_H
#define OUTGATE_TOOL_JUDGE_TUNE_READ_H

#include "engine.h"
#include "tool/tool.h"
#include "tune/tune_set.h"

struct tune_sources {
    const struct option_list *ham, *spam;
    size_t jobs; /* threads; 0: one a processor */
    bool (*is_stopped)(void);
};

/* tune_read - add them all. What cannot be read is said on standard error and counted
 * in *failed. */
int tune_read(struct tool *tool, const struct engine *engine,
              const struct tune_sources *sources, struct tune_set *set, size_t *failed,
              struct err *err);

#endif
