/* SPDX-License-Identifier: BSD-2-Clause
 *
 * propose - limits that the log's own legitimate mail would not have reached: text that
 * can be pasted into [limits].
 *
 * What counts is mail that was let through, or held by a limit alone: never what was
 * refused, or held for its score. The busiest hour and day of a key are of any
 * alignment, as a limit counts them.
 */
#ifndef OUTGATE_TOOL_DEEDS_PROPOSE_H
#define OUTGATE_TOOL_DEEDS_PROPOSE_H

#include <stdint.h>

#include "tool/tool.h"

/* propose - print them; since_us: what part of the log, 0 for all. The database is
 * open. */
int propose(struct tool *tool, int64_t since_us, struct err *err);

#endif
