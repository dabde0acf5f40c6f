/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/window.h"

#include <string.h>

#include "base/clock.h"
#include "limits/limit_clock.h"
#include "limits/limits.h"
#include "store/audit.h"

const struct column window_columns[] = {
    {"LIMIT", false, false, false},   {"KEY", false, true, false},
    {"USED", true, false, false},     {"OF", true, false, false},
    {"FREE AT", false, false, false},
};
const size_t window_column_count = sizeof window_columns / sizeof *window_columns;

const struct limit *window_find(const struct settings *settings, struct span name)
{
    for (size_t i = 0; i < settings->limit_count; i++)
        if (span_eq(name, span_of(settings->limits[i].name)))
            return &settings->limits[i];
    return NULL;
}

int window_limit_now(struct tool *tool, int64_t *now_us, struct err *err)
{
    if (limit_clock_read(tool->db, err) != 0)
        return -1;
    *now_us = clock_limit_us();
    return 0;
}

int window_read(struct tool *tool, const struct limit *limit, struct span key,
                struct window *out, struct err *err)
{
    int64_t now_us;
    int64_t wall_us = tool_now_us();
    struct limit *standing = arena_alloc(tool->arena, sizeof *standing);
    *out = (struct window){.limit = standing, .key = key};
    if (standing == NULL)
        return err_set(err, ERR_MEMORY, "out of memory");
    if (window_limit_now(tool, &now_us, err) != 0 ||
        limits_for_key(tool->db, limit, key, wall_us, standing, &out->is_overridden,
                       err) != 0 ||
        limits_used(tool->db, standing, key, 1, now_us, &out->used, &out->free_at_us,
                    err) != 0)
        return -1;
    if (out->free_at_us > 0)
        out->free_at_us += wall_us - now_us;
    return 0;
}

void window_row(struct table *table, const struct window *window, int64_t now_us)
{
    const struct limit *limit = window->limit;
    char amount[64], length[PRINT_AGE_BYTES], at[PRINT_TIME_BYTES];
    table_cell(table, limit->name);
    table_text(table, window->key);
    table_cell(table, limit_print_amount(limit, window->used, amount, sizeof amount));
    table_colour(table, window->used >= limit->amount       ? COLOUR_RED
                        : window->used * 2 >= limit->amount ? COLOUR_YELLOW
                                                            : COLOUR_NONE);
    table_printf(table, "%s in %s%s",
                 limit_print_amount(limit, limit->amount, amount, sizeof amount),
                 print_span_of_time(limit->window_us, length),
                 window->is_overridden ? " (overridden)" : "");
    if (window->free_at_us <= now_us)
        table_cell(table, "now");
    else
        table_printf(table, "%s (in %s)", print_time(window->free_at_us, at),
                     print_span_of_time(window->free_at_us - now_us, length));
}

static double in_unit(const struct limit *limit, int64_t amount)
{
    return limit->unit == LIMIT_POINTS ? (double)amount / 1000 : (double)amount;
}

void window_json(struct json *json, const struct window *window, int64_t now_us)
{
    char at[32];
    json_open(json, NULL, '{');
    json_text(json, "limit", span_of(window->limit->name));
    json_text(json, "key", window->key);
    json_text(json, "unit", span_of(limit_unit_name(window->limit->unit)));
    json_number(json, "used", in_unit(window->limit, window->used));
    json_number(json, "amount", in_unit(window->limit, window->limit->amount));
    json_number(json, "window_s", (double)window->limit->window_us / 1e6);
    json_bool(json, "is_overridden", window->is_overridden);
    int64_t free_us = window->free_at_us > now_us ? window->free_at_us : now_us;
    json_text(json, "free_at", span_of(audit_time_text(free_us, at)));
    json_bool(json, "is_free", window->free_at_us <= now_us);
    json_close(json, '}');
}
