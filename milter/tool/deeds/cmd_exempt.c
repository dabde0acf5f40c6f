/* SPDX-License-Identifier: BSD-2-Clause
 *
 * cmd_exempt - whom a limit, or every limit and the brake, does not concern.
 */
#include <stdio.h>
#include <string.h>

#include "limits/exemption.h"
#include "tool/commands.h"
#include "tool/deeds/lasting.h"
#include "tool/print.h"
#include "tool/window.h"

static struct {
    struct lasting lasting;
    const char *limit;
} given;

static const struct option_row options[] = {
    {"limit", 0, "NAME", OPTION_TEXT, &given.limit,
     "of this limit alone; default: of every limit, and of the brake"},
    {"for", 0, "TIME", OPTION_TEXT, &given.lasting.length,
     "add: for so long, e.g. 30d; default: until removed"},
    {"until", 0, "TIME", OPTION_TEXT, &given.lasting.until, "add: until then"},
    {"reason", 0, "TEXT", OPTION_TEXT, &given.lasting.reason, "add: why"},
    {0},
};

static const char *of_what(const struct tool *tool, struct span limit_name)
{
    return limit_name.len > 0 ? print_escape(tool->arena, limit_name)
                              : "every limit and the brake";
}

static int read_key(struct tool *tool, struct span *key, struct err *err)
{
    if (tool->word_count != 2)
        return err_set(err, ERR_USAGE, "write: exempt %s KEY", tool->words[0]);
    return exemption_key(tool->arena, span_of(tool->words[1]), key, err);
}

static int add(struct tool *tool, struct err *err)
{
    struct order order;
    struct span name = span_of(given.limit);
    if (lasting_order(tool, &given.lasting, &order, err) != 0 ||
        read_key(tool, &order.key, err) != 0 || tool_settings(tool, err) != 0)
        return -1;
    if (name.len > 0 && window_find(tool->settings, name) == NULL)
        return err_set(err, ERR_NOT_FOUND, "no limit is called \"%s\": outgate limits",
                       given.limit);
    if (tool_open(tool, DB_WRITE, err) != 0 ||
        exemption_set(tool->db, order.key, name, order.since_us, order.until_us,
                      order.reason, order.by, err) != 0)
        return -1;
    if (!tool->json)
        printf("%s is exempt of %s, %s\n", print_escape(tool->arena, order.key),
               of_what(tool, name), lasting_end(tool, &order));
    return EXIT_FINE;
}

static int take_away(struct tool *tool, struct err *err)
{
    struct span key;
    struct span name = span_of(given.limit);
    bool removed = false;
    if (read_key(tool, &key, err) != 0 || tool_open(tool, DB_WRITE, err) != 0 ||
        exemption_remove(tool->db, key, name, &removed, err) != 0)
        return -1;
    if (!removed)
        return err_set(err, ERR_NOT_FOUND, "%.*s is not exempt of %s",
                       (int)span_head(key, 200).len, key.at, of_what(tool, name));
    if (!tool->json)
        printf("%s is no longer exempt of %s\n", print_escape(tool->arena, key),
               of_what(tool, name));
    return EXIT_FINE;
}

static const struct column columns[] = {
    {"KEY", false, true, false},    {"EXEMPT OF", false, false, false},
    {"UNTIL", false, false, false}, {"BY", false, true, false},
    {"WHY", false, true, false},
};

static void cells(const struct tool *tool, struct table *table, struct query *query)
{
    table_text(table, query_text(query, 0));
    table_cell(table, of_what(tool, query_text(query, 1)));
}

static void members(struct json *json, struct query *query)
{
    json_text(json, "key", query_text(query, 0));
    json_text_or_null(json, "limit", query_text(query, 1));
}

static int list(struct tool *tool, struct err *err)
{
    static const struct lasting_table exemptions = {
        .words = "exempt list",
        .none = "nobody is exempt",
        .sql = "SELECT key, limit_name, since_us, until_us, reason, by FROM exemption "
               "ORDER BY key, limit_name LIMIT ?1",
        .columns = columns,
        .column_count = sizeof columns / sizeof *columns,
        .at = 2,
        .cells = cells,
        .members = members,
    };
    return lasting_list(tool, &exemptions, err);
}

static int run(struct tool *tool, struct err *err)
{
    if (strcmp(tool->words[0], "add") == 0)
        return add(tool, err);
    if (strcmp(tool->words[0], "list") == 0)
        return list(tool, err);
    if (strcmp(tool->words[0], "remove") == 0)
        return take_away(tool, err);
    return err_set(err, ERR_USAGE, "exempt %s: add, list or remove?", tool->words[0]);
}

const struct command outgate_cmd_exempt = {
    .name = "exempt",
    .words = "add KEY | list | remove KEY",
    .summary = "whom a limit, or every limit and the brake, does not concern",
    .details =
        "KEY is a sender (sasl_user:bob@example.com), client_ip:192.0.2.0/24,\n"
        "from_domain:, recipient_domain: (when all recipients have such a domain) or\n"
        "campaign:. An exempt message is neither judged nor counted by the limit.",
    .examples =
        "  outgate exempt add sasl_user:monitor@example.com --reason \"the probe\"\n"
        "  outgate exempt add client_ip:192.0.2.0/28 --limit login --for 30d\n"
        "  outgate exempt list\n"
        "  outgate exempt remove client_ip:192.0.2.0/28 --limit login",
    .words_min = 1,
    .words_max = 2,
    .options = options,
    .run = run,
};
