/* SPDX-License-Identifier: BSD-2-Clause
 *
 * log_rows - rows of the audit log as lines: a table for people, JSON Lines for
 * programs; a page of them, or on and on as they come.
 */
#ifndef OUTGATE_TOOL_AUDIT_LOG_ROWS_H
#define OUTGATE_TOOL_AUDIT_LOG_ROWS_H

#include "tool/audit/walk.h"

/* log_rows_page - newest first, most rows at most (0: all). *count: how many there
 * were. */
int log_rows_page(struct tool *tool, const struct walk_filter *filter, int64_t most,
                  size_t *count, struct err *err);

/* log_rows_follow - the last rows (most of them; with since in the filter all of
 * these), oldest first, then each new one as it is decided, until SIGINT or SIGTERM.
 * Where another database comes to stand in the old one's place, or none for a while,
 * it goes on with what is newer than it has shown. */
int log_rows_follow(struct tool *tool, const struct walk_filter *filter, int64_t most,
                    struct err *err);

#endif
