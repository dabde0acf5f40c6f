/* SPDX-License-Identifier: BSD-2-Clause
 *
 * window - how full a limit is for one key, read and printed.
 */
#ifndef OUTGATE_TOOL_WINDOW_H
#define OUTGATE_TOOL_WINDOW_H

#include "base/json.h"
#include "limits/limit.h"
#include "tool/print.h"
#include "tool/tool.h"

struct window {
    const struct limit *limit; /* as it stands for the key */
    struct span key;
    bool is_overridden; /* for this key, by table limit_override */
    int64_t used;       /* in the limit's unit */
    int64_t free_at_us; /* when the least amount fits; at or before now: it fits */
};

/* window_find - a limit of the config by name, or NULL. */
const struct limit *window_find(const struct settings *settings, struct span name);

/* window_limit_now - now by the limit clock, as the daemon's store tells it. */
int window_limit_now(struct tool *tool, int64_t *now_us, struct err *err);

/* window_read - used and free-at of one limit of the config and key. */
int window_read(struct tool *tool, const struct limit *limit, struct span key,
                struct window *out, struct err *err);

/* window_columns, window_row - a table of windows for people. */
extern const struct column window_columns[];
extern const size_t window_column_count;
void window_row(struct table *table, const struct window *window, int64_t now_us);

/* window_json - one window as a member object {"limit", "key", "unit", "used", ...}. */
void window_json(struct json *json, const struct window *window, int64_t now_us);

#endif
