/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/replace.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PATH_BYTES = 4096 };

int replace_file(const char *path, struct span text, struct err *err)
{
    char fresh[PATH_BYTES];
    if (snprintf(fresh, sizeof fresh, "%s.%ld", path, (long)getpid()) >=
        (int)sizeof fresh)
        return err_set(err, ERR_USAGE, "--out: the name is too long");
    FILE *file = fopen(fresh, "we");
    if (file == NULL)
        return err_set(err, ERR_IO, "%s: %s", fresh, strerror(errno));
    bool is_written = fwrite(text.at, 1, text.len, file) == text.len;
    is_written = fclose(file) == 0 && is_written;
    if (is_written && rename(fresh, path) == 0)
        return 0;
    err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
    unlink(fresh);
    return -1;
}
