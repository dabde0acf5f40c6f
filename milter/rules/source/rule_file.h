/* SPDX-License-Identifier: BSD-2-Clause
 *
 * rule_file - rule files on disk.
 */
#ifndef OUTGATE_RULES_SOURCE_RULE_FILE_H
#define OUTGATE_RULES_SOURCE_RULE_FILE_H

#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"

/* rule_file_read - the whole of a regular file, in the arena. -1 (ERR_IO; ERR_CONFIG
 * above 64 MiB; ERR_MEMORY). */
int rule_file_read(struct arena *arena, const char *path, struct span *out,
                   struct err *err);

/* rule_file_list - path itself if it is a file; the *.cf of a folder, sorted by
 * bytes. Names live in the arena. -1 as above, or beyond BOUND_RULE_FILES. */
int rule_file_list(struct arena *arena, const char *path, const char ***files,
                   size_t *count, struct err *err);

#endif
