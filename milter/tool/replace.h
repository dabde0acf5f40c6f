/* SPDX-License-Identifier: BSD-2-Clause
 *
 * replace - a file that is written whole or not at all.
 */
#ifndef OUTGATE_TOOL_REPLACE_H
#define OUTGATE_TOOL_REPLACE_H

#include "base/err.h"
#include "base/text.h"

/* replace_file - path holds text, or what it held before. ERR_IO, ERR_USAGE when the
 * name is too long. */
int replace_file(const char *path, struct span text, struct err *err);

#endif
