/* SPDX-License-Identifier: BSD-2-Clause
 *
 * err - why a function failed, in words for an administrator.
 *
 * A function that can fail takes `struct err *err` last, returns 0 or -1, writes
 * err only on -1 and never logs: its caller knows whom to tell.
 * Threads: a struct err belongs to its caller.
 */
#ifndef OUTGATE_BASE_ERR_H
#define OUTGATE_BASE_ERR_H

#include <stddef.h>

/* What sort of failure; a program's main turns it into its exit code. */
enum err_code {
    ERR_UNKNOWN = 0,
    ERR_USAGE,     /* the caller's words are off (exit 2) */
    ERR_CONFIG,    /* a config or rule file is wrong (EX_CONFIG) */
    ERR_IO,        /* a file, socket or process failed (EX_IOERR) */
    ERR_STORE,     /* the database failed; try again later (EX_TEMPFAIL) */
    ERR_MEMORY,    /* no memory (EX_OSERR) */
    ERR_BUSY,      /* a bound on concurrent work was reached (EX_TEMPFAIL) */
    ERR_NOT_FOUND, /* what was asked for is not there (exit 1) */
    ERR_TOO_LARGE, /* as ERR_CONFIG: right, but beyond what a library takes */
};

enum { ERR_TEXT_BYTES = 512 };

struct err {
    enum err_code code;
    char text[ERR_TEXT_BYTES]; /* one line, no newline, NUL-terminated */
};

/* err_set - say why.
 * err: may be NULL (nobody asked). fmt: printf's; a text that does not fit ends
 * in "...". Control characters that come in by the arguments are written \xNN.
 * Returns -1 always, so that a function can end in `return err_set(...)`.
 * Source: chosen. */
int err_set(struct err *err, enum err_code code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* err_prefix - put "fmt: " before the text that stands in err. Returns -1. */
int err_prefix(struct err *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* err_exit_code - the program's exit code for a failure: 2 usage, 1 not found,
 * 75 try again, else the sysexits value.  Source: sysexits.h(3head). */
int err_exit_code(const struct err *err);

#endif
