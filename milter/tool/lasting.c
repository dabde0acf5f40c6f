/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/lasting.h"

#include <stdio.h>

#include "base/bounds.h"
#include "base/buf.h"
#include "base/conf.h"
#include "tool/print.h"

enum { END_BYTES = 128 };

/* Longer than anybody means, and no overflow: a hundred years. */
static const int64_t longest_us = INT64_C(100) * 366 * 86400 * 1000000;

static int read_length(const char *text, int64_t now_us, int64_t *until_us,
                       struct err *err)
{
    int64_t length_us;
    if (!conf_parse_duration(span_of(text), &length_us) || length_us <= 0 ||
        length_us > longest_us)
        return err_set(err, ERR_USAGE, "--for %s: write a length of time such as 24h",
                       text);
    *until_us = now_us + length_us;
    return 0;
}

static int read_until(const char *text, int64_t now_us, int64_t *until_us,
                      struct err *err)
{
    int64_t length_us;
    if (conf_parse_duration(span_of(text), &length_us))
        return err_set(err, ERR_USAGE, "--until %s: a length of time is --for %s", text,
                       text);
    if (!option_parse_time(span_of(text), now_us, until_us))
        return err_set(err, ERR_USAGE,
                       "--until %s: write 2026-01-31 or \"2026-01-31 09:12\"", text);
    if (*until_us <= now_us)
        return err_set(err, ERR_USAGE, "--until %s: that is over", text);
    return 0;
}

int lasting_order(struct tool *tool, const struct lasting *lasting, struct order *out,
                  struct err *err)
{
    int64_t now_us = tool_now_us();
    *out = (struct order){
        .since_us = now_us,
        .reason = span_trim(span_of(lasting->reason)),
        .by = span_of(tool_who(tool)),
    };
    if (lasting->length != NULL && lasting->until != NULL)
        return err_set(err, ERR_USAGE, "--for and --until exclude each other");
    if (out->reason.len > BOUND_COLUMN_BYTES)
        return err_set(err, ERR_USAGE, "--reason: more than %d bytes",
                       BOUND_COLUMN_BYTES);
    if (lasting->length != NULL)
        return read_length(lasting->length, now_us, &out->until_us, err);
    if (lasting->until != NULL)
        return read_until(lasting->until, now_us, &out->until_us, err);
    return 0;
}

const char *lasting_end(struct tool *tool, const struct order *order)
{
    struct buf out;
    char time[PRINT_TIME_BYTES];
    char left[PRINT_AGE_BYTES];
    if (order->until_us == 0)
        return "until it is lifted";
    buf_init(&out, tool->arena, END_BYTES);
    buf_printf(&out, "until %s (%s)", print_time(order->until_us, time),
               print_span_of_time(order->until_us - tool_now_us(), left));
    return buf_cstr(&out);
}

void lasting_warn_shadow(const struct tool *tool, const char *what)
{
    if (tool->settings->mode == MODE_SHADOW)
        fprintf(stderr,
                "%soutgate: mode = shadow: the %s is recorded and NOTHING IS STOPPED; "
                "for it to bite set [milter] mode = enforce%s\n",
                colour_begin(COLOUR_RED), what, colour_end(COLOUR_RED));
}
