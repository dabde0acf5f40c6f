/* SPDX-License-Identifier: BSD-2-Clause
 *
 * feedback_views - rates by sender, and Microsoft's SNDS export: what `outgate
 * feedback` does besides reading mails.
 */
#ifndef OUTGATE_TOOL_PROVIDER_FEEDBACK_VIEWS_H
#define OUTGATE_TOOL_PROVIDER_FEEDBACK_VIEWS_H

#include "tool/tool.h"

/* feedback_print_rates - bounces and complaints of [since_us, now) by sender. Opens the
 * database. The exit code, or -1. */
int feedback_print_rates(struct tool *tool, int64_t since_us, struct err *err);

/* feedback_take_snds - read and store an export; "-": standard input. is_dry: read it
 * only. EXIT_FOUND when some lines were no rows. */
int feedback_take_snds(struct tool *tool, const char *path, bool is_dry,
                       struct err *err);

/* feedback_list_snds - the days that are stored, newest first, from since_us on (0:
 * all). */
int feedback_list_snds(struct tool *tool, int64_t since_us, struct err *err);

#endif
