/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/text.h"

static void write_text(struct err *err, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));

static void write_text(struct err *err, const char *fmt, va_list ap)
{
    char raw[ERR_TEXT_BYTES];
    int want = vsnprintf(raw, sizeof raw, fmt, ap);
    if (want < 0)
        snprintf(raw, sizeof raw, "(unprintable)");
    if (want >= (int)sizeof raw)
        memcpy(raw + sizeof raw - 4, "...", 4);
    text_escape(span_of(raw), err->text, sizeof err->text);
}

int err_set(struct err *err, enum err_code code, const char *fmt, ...)
{
    if (err == NULL)
        return -1;
    err->code = code;
    va_list ap;
    va_start(ap, fmt);
    write_text(err, fmt, ap);
    va_end(ap);
    return -1;
}

int err_prefix(struct err *err, const char *fmt, ...)
{
    if (err == NULL)
        return -1;
    struct err old = *err;
    struct err head;
    va_list ap;
    va_start(ap, fmt);
    write_text(&head, fmt, ap);
    va_end(ap);
    return err_set(err, old.code, "%s: %s", head.text, old.text);
}

int err_exit_code(const struct err *err)
{
    switch (err->code) {
    case ERR_USAGE:
        return 2;
    case ERR_CONFIG:
    case ERR_TOO_LARGE:
        return EX_CONFIG;
    case ERR_IO:
        return EX_IOERR;
    case ERR_MEMORY:
        return EX_OSERR;
    case ERR_STORE:
    case ERR_BUSY:
        return EX_TEMPFAIL;
    case ERR_NOT_FOUND:
        return 1;
    case ERR_UNKNOWN:
        break;
    }
    return EX_SOFTWARE;
}
