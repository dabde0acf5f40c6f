/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/provider/alert_input.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { ALERT_BYTES = 1 << 20 }; /* an alert has some kilobytes */

static int read_all(struct tool *tool, FILE *file, const char *name, struct span *out,
                    struct err *err)
{
    char *bytes = arena_alloc(tool->arena, ALERT_BYTES);
    if (bytes == NULL)
        return err_set(err, ERR_MEMORY, "out of memory");
    size_t len = fread(bytes, 1, ALERT_BYTES, file);
    if (ferror(file))
        return err_set(err, ERR_IO, "%s: %s", name, strerror(errno));
    *out = (struct span){bytes, len};
    return 0;
}

int alert_input(struct tool *tool, const char *name, struct span *out, struct err *err)
{
    if (strcmp(name, "-") == 0) {
        if (isatty(STDIN_FILENO))
            fprintf(stderr, "outgate: paste the alert, then end with Ctrl-D\n");
        return read_all(tool, stdin, "standard input", out, err);
    }
    FILE *file = fopen(name, "re");
    if (file == NULL)
        return err_set(err, ERR_IO, "%s: %s", name, strerror(errno));
    int rc = read_all(tool, file, name, out, err);
    fclose(file);
    return rc;
}
