/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/tool.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "store/orders.h"
#include "tool/print.h"

const char *tool_config_path(const struct tool *tool)
{
    if (tool->config != NULL)
        return tool->config;
    return access(OUTGATE_CONFIG_FILE, F_OK) == 0 ? OUTGATE_CONFIG_FILE : NULL;
}

void tool_complain(void *arg, const char *text)
{
    (void)arg;
    fprintf(stderr, "%s\n", text);
}

int tool_settings(struct tool *tool, struct err *err)
{
    if (tool->settings != NULL)
        return 0;
    return settings_load(&tool->settings, tool_config_path(tool), tool_complain, NULL,
                         err);
}

/* Not being able to tell is no reason not to work. */
static void tell_brake(struct tool *tool)
{
    struct ruling ruling;
    struct err err;
    char time[PRINT_TIME_BYTES];
    if (tool->json || tool->tells_brake ||
        orders_brake(tool->db, tool_now_us(), tool->arena, &ruling, &err) != 0 ||
        ruling.kind == RULING_NONE)
        return;
    bool is_shadow = tool->settings->mode == MODE_SHADOW;
    fprintf(stderr, "%soutgate: THE BRAKE IS ON since %s, by %s%s%s: %s%s\n",
            colour_begin(COLOUR_RED), print_time(ruling.order.since_us, time),
            print_escape(tool->arena, ruling.order.by),
            ruling.order.reason.len > 0 ? ", " : "",
            print_escape(tool->arena, ruling.order.reason),
            is_shadow ? "recorded only, for mode = shadow"
                      : "what would leave is held until outgate brake off",
            colour_end(COLOUR_RED));
}

int tool_open(struct tool *tool, enum db_mode mode, struct err *err)
{
    if (tool->db != NULL)
        return 0;
    if (tool_settings(tool, err) != 0)
        return -1;
    const char *path =
        tool->database != NULL ? tool->database : tool->settings->database;
    if (access(path, F_OK) != 0)
        return err_set(err, ERR_NOT_FOUND,
                       "%s: there is no database yet; outgate-milter makes it (or name "
                       "one with --db)",
                       path);
    if (db_open(&tool->db, path, mode, err) != 0)
        return -1;
    tell_brake(tool);
    return 0;
}

/* Root is not a name that explains anything. */
const char *tool_who(struct tool *tool)
{
    const char *sudo = getenv("SUDO_USER");
    struct passwd *user = getpwuid(getuid());
    struct buf out;
    buf_init(&out, tool->arena, 200);
    buf_printf(&out, "%s", user != NULL ? user->pw_name : "uid");
    if (user == NULL)
        buf_printf(&out, ":%u", (unsigned)getuid());
    if (sudo != NULL && sudo[0] != '\0')
        buf_printf(&out, " (%.100s)", sudo);
    return buf_cstr(&out);
}

int64_t tool_now_us(void)
{
    return clock_wall_us();
}

void tool_clear(struct tool *tool)
{
    db_close(&tool->db);
    settings_free(&tool->settings);
    arena_free(&tool->arena);
}
