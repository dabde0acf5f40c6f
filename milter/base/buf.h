/* SPDX-License-Identifier: BSD-2-Clause
 *
 * buf - a growing run of bytes in an arena, bounded.
 *
 * What does not fit is not stored and is_full stays set: the caller turns that into
 * an error or a fact, never a silent cut.
 */
#ifndef OUTGATE_BASE_BUF_H
#define OUTGATE_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/text.h"

struct buf {
    struct arena *arena;
    char *at;
    size_t len, cap;
    size_t max;   /* most bytes it may hold */
    bool is_full; /* something was left out: max or the arena's cap */
};

/* buf_init - an empty buf; max_bytes bounds it. Nothing to clear: the arena does. */
void buf_init(struct buf *buf, struct arena *arena, size_t max_bytes);

/* buf_add - append; of what goes beyond max_bytes the beginning is stored. */
void buf_add(struct buf *buf, const void *bytes, size_t len);
void buf_add_span(struct buf *buf, struct span s);
void buf_add_char(struct buf *buf, char c);
void buf_add_utf8(struct buf *buf, uint32_t cp);

/* buf_printf - append formatted text of at most 1 KiB; longer is cut and is_full. */
void buf_printf(struct buf *buf, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* buf_span - what is in it. Valid until the next buf_add. */
struct span buf_span(const struct buf *buf);

/* buf_cstr - NUL-terminated contents; "" when the arena is at its end. */
const char *buf_cstr(struct buf *buf);

#endif
