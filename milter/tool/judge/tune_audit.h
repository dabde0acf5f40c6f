/* SPDX-License-Identifier: BSD-2-Clause
 *
 * tune_audit - what a person decided of held mail, into a tune_set: released is ham,
 * dropped is spam.
 *
 * Mail that left by its due time tells nothing, and neither does what still waits.
 */
#ifndef OUTGATE_TOOL_JUDGE_TUNE_AUDIT_H
#define OUTGATE_TOOL_JUDGE_TUNE_AUDIT_H

#include "engine.h"
#include "tool/judge/kept.h"
#include "tool/tool.h"
#include "tune/tune_set.h"

/* Decisions of each kind, at least. chosen */
enum { TUNE_DECISIONS_MIN = 20 };

/* What the log had. */
struct tune_decisions {
    size_t depths[KEPT_DEPTHS]; /* messages by how much of them was kept */
    size_t unknown;             /* hits of rules that are no more */
};

/* tune_audit - add them all, oldest first. The database is open. ERR_NOT_FOUND when
 * there are fewer than TUNE_DECISIONS_MIN of either. is_stopped: as tune_read. */
int tune_audit(struct tool *tool, const struct engine *engine, bool (*is_stopped)(void),
               struct tune_set *set, struct tune_decisions *decisions, struct err *err);

#endif
