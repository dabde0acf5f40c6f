/* SPDX-License-Identifier: BSD-2-Clause
 *
 * archive - several files in one: .tar.gz or .zip, made in memory.
 *
 * Names are the caller's own words, never text from mail: letters, digits, - _ . /.
 * Source: POSIX.1-2017 pax, "ustar Interchange Format"; RFC 1952 (gzip); PKWARE
 * APPNOTE.TXT 6.3.10 (zip, deflate, names in UTF-8).
 */
#ifndef OUTGATE_TOOL_PROVIDER_ARCHIVE_H
#define OUTGATE_TOOL_PROVIDER_ARCHIVE_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"

enum { ARCHIVE_NAME_MAX = 99 }; /* bytes: what an ustar header holds without a prefix */

struct archive_file {
    const char *name; /* ARCHIVE_NAME_MAX bytes at most */
    struct span bytes;
};

enum archive_form { ARCHIVE_UNKNOWN = 0, ARCHIVE_TAR_GZ, ARCHIVE_ZIP };

/* archive_form_of - by the end of a file's name: .tar.gz, .tgz, .zip; else UNKNOWN. */
enum archive_form archive_form_of(const char *path);

/* archive_make - all files into one run of bytes, in the arena. at_s: the time that
 * each of them bears, seconds since the epoch. Files of 1 GiB together at most. */
int archive_make(enum archive_form form, const struct archive_file *files, size_t count,
                 int64_t at_s, struct arena *arena, struct span *out, struct err *err);

#endif
