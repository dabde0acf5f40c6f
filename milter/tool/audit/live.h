/* SPDX-License-Identifier: BSD-2-Clause
 *
 * live - who sends most, on the whole terminal and on and on: outgate top --live.
 *
 * The only module that names ncurses. It looks and never acts: a sender that is marked
 * for a block is handed back, for the caller to print the command. Text from the log is
 * escaped; in a locale that is not UTF-8 what is not ASCII becomes '?'.
 * Source: ncurses(3X), curs_initscr(3X), curs_getch(3X).
 */
#ifndef OUTGATE_TOOL_AUDIT_LIVE_H
#define OUTGATE_TOOL_AUDIT_LIVE_H

#include "tool/tool.h"

enum { LIVE_MARKS = 100 };

struct live_marks {
    struct span at[LIVE_MARKS]; /* keys of senders, in the tool's arena */
    size_t count;
};

/* live_top - until q. Standard input and output must be a terminal (ERR_USAGE).
 * tool->db is open. */
int live_top(struct tool *tool, struct live_marks *marks, struct err *err);

#endif
