/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/tool.h"

#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"

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
    return db_open(&tool->db, path, mode, err);
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
