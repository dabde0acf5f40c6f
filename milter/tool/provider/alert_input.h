/* SPDX-License-Identifier: BSD-2-Clause
 *
 * alert_input - a provider's alert, from a file or standard input.
 */
#ifndef OUTGATE_TOOL_PROVIDER_ALERT_INPUT_H
#define OUTGATE_TOOL_PROVIDER_ALERT_INPUT_H

#include "tool/tool.h"

/* alert_input - the first MiB of the file, in the arena; "-": standard input, where a
 * person at a terminal is asked to paste. */
int alert_input(struct tool *tool, const char *name, struct span *out, struct err *err);

#endif
