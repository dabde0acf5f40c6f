/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void buf_init(struct buf *buf, struct arena *arena, size_t max_bytes)
{
    *buf = (struct buf){.arena = arena, .max = max_bytes};
}

/* Room for want bytes in all, one more for a NUL; false when there is none. */
static bool reserve(struct buf *buf, size_t want)
{
    if (want < buf->cap)
        return true;
    size_t cap = buf->cap < 64 ? 128 : buf->cap * 2;
    if (cap <= want)
        cap = want + 1;
    char *at = arena_alloc(buf->arena, cap);
    if (at == NULL)
        return false;
    if (buf->len > 0)
        memcpy(at, buf->at, buf->len);
    buf->at = at;
    buf->cap = cap;
    return true;
}

void buf_add(struct buf *buf, const void *bytes, size_t len)
{
    if (len > buf->max - buf->len) {
        len = buf->max - buf->len;
        buf->is_full = true;
    }
    if (len == 0)
        return;
    if (!reserve(buf, buf->len + len)) {
        buf->is_full = true;
        return;
    }
    memcpy(buf->at + buf->len, bytes, len);
    buf->len += len;
}

void buf_add_span(struct buf *buf, struct span s)
{
    buf_add(buf, s.at, s.len);
}

void buf_add_char(struct buf *buf, char c)
{
    buf_add(buf, &c, 1);
}

void buf_add_utf8(struct buf *buf, uint32_t cp)
{
    char bytes[4];
    buf_add(buf, bytes, utf8_put(cp, bytes));
}

void buf_printf(struct buf *buf, const char *fmt, ...)
{
    char text[1024];
    va_list ap;
    va_start(ap, fmt);
    int len = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (len < 0)
        return;
    if (len >= (int)sizeof text) {
        len = sizeof text - 1;
        buf->is_full = true;
    }
    buf_add(buf, text, (size_t)len);
}

struct span buf_span(const struct buf *buf)
{
    return (struct span){buf->at != NULL ? buf->at : "", buf->len};
}

const char *buf_cstr(struct buf *buf)
{
    if (!reserve(buf, buf->len))
        return "";
    buf->at[buf->len] = '\0';
    return buf->at;
}
