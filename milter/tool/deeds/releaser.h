/* SPDX-License-Identifier: BSD-2-Clause
 *
 * releaser - lets go what a limit holds, when it is due: once, or for as long as it
 * runs.
 *
 * First due first. Each message is asked of its limits again at the moment it leaves
 * (limits/limits_leave), so after an outage what is overdue leaves at the pace that the
 * limits allow, under new due times. While Postfix is down nothing is let go: all of it
 * would leave at once when it starts.
 * Nothing is lost or repeated when it is killed, whenever (tool/handover).
 */
#ifndef OUTGATE_TOOL_DEEDS_RELEASER_H
#define OUTGATE_TOOL_DEEDS_RELEASER_H

#include "tool/tool.h"

/* releaser_due - what is due by now; prints what became of each. sender: NULL all. The
 * exit code, or -1 with err. */
int releaser_due(struct tool *tool, const char *sender, struct err *err);

/* releaser_loop - until SIGTERM or SIGINT; SIGUSR1 reads the config again. Wakes for
 * the next due time and looks for new rows in between. A failure (the MTA, a database
 * that is away or locked) is logged once and tried again, with longer and longer pauses
 * up to half a minute. */
int releaser_loop(struct tool *tool, struct err *err);

#endif
