/* SPDX-License-Identifier: BSD-2-Clause
 *
 * hands - an MTA that does what it is told, which is nothing.
 */
#ifndef OUTGATE_BENCH_HANDS_H
#define OUTGATE_BENCH_HANDS_H

#include "verdict/action.h"

static inline int nothing(void *ctx, const char *reason)
{
    (void)ctx;
    (void)reason;
    return 0;
}

static inline int no_reply(void *ctx, const char *code, const char *xcode,
                           const char *text)
{
    (void)ctx;
    (void)code;
    (void)xcode;
    (void)text;
    return 0;
}

static inline int no_header(void *ctx, const char *name, const char *value)
{
    (void)ctx;
    (void)name;
    (void)value;
    return 0;
}

static inline int no_removal(void *ctx, const char *name, int index)
{
    (void)ctx;
    (void)name;
    (void)index;
    return 0;
}

static const struct hands hands = {.quarantine = nothing,
                                   .reply = no_reply,
                                   .add_header = no_header,
                                   .remove_header = no_removal};

#endif
