/* SPDX-License-Identifier: BSD-2-Clause
 *
 * cmd_limit - another amount of a limit for one key, at once and for a while.
 */
#include <stdio.h>
#include <string.h>

#include "base/bounds.h"
#include "limits/limit_clock.h"
#include "limits/limit_key.h"
#include "limits/limit_override.h"
#include "tool/commands.h"
#include "tool/deeds/lasting.h"
#include "tool/print.h"
#include "tool/window.h"

static struct lasting given;

static const struct option_row options[] = {
    {"for", 0, "TIME", OPTION_TEXT, &given.length,
     "set: for so long, e.g. 7d; default: until removed"},
    {"until", 0, "TIME", OPTION_TEXT, &given.until, "set: until then"},
    {"reason", 0, "TEXT", OPTION_TEXT, &given.reason, "set: why"},
    {0},
};

/* The limit that the second word names. */
static int find_limit(struct tool *tool, const struct limit **limit, struct err *err)
{
    if (tool_settings(tool, err) != 0)
        return -1;
    *limit = window_find(tool->settings, span_of(tool->words[1]));
    if (*limit != NULL)
        return 0;
    return err_set(err, ERR_NOT_FOUND, "no limit is called \"%s\": outgate limits",
                   tool->words[1]);
}

static int read_key(struct tool *tool, const struct limit *limit, struct span *key,
                    struct err *err)
{
    *key = limit_key_typed(limit, span_of(tool->words[2]), tool->arena);
    if (key->len > 0 && key->len <= BOUND_KEY_BYTES)
        return 0;
    return err_set(err, ERR_USAGE, "\"%s\" is no key of limit %s", tool->words[2],
                   limit->name);
}

static int store(struct tool *tool, const struct limit *limit,
                 const struct limit *changed, const struct order *order,
                 struct err *err)
{
    if (limit_clock_read(tool->db, err) != 0 || db_begin(tool->db, err) != 0)
        return -1;
    int rc = limit_override_set(tool->db, limit, changed, order->key, order->since_us,
                                order->until_us, order->reason, order->by,
                                clock_limit_us(), err);
    return db_end(tool->db, rc, err);
}

static int set(struct tool *tool, struct err *err)
{
    const struct limit *limit;
    struct limit changed;
    struct order order;
    char sentence[LIMIT_SENTENCE_BYTES];
    if (tool->word_count != 4)
        return err_set(err, ERR_USAGE,
                       "write: limit set NAME KEY \"5000 recipients per 1d\"");
    if (find_limit(tool, &limit, err) != 0)
        return -1;
    if (limit_parse_override(limit, span_of(tool->words[3]), &changed, err) != 0) {
        err->code = ERR_USAGE;
        return -1;
    }
    if (lasting_order(tool, &given, &order, err) != 0 ||
        read_key(tool, limit, &order.key, err) != 0 ||
        tool_open(tool, DB_WRITE, err) != 0 ||
        store(tool, limit, &changed, &order, err) != 0)
        return -1;
    if (!tool->json)
        printf("limit %s for %s: %s, %s\n", limit->name,
               print_escape(tool->arena, order.key),
               limit_print_override(&changed, sentence), lasting_end(tool, &order));
    return EXIT_FINE;
}

static int take_away(struct tool *tool, struct err *err)
{
    struct span key;
    bool removed = false;
    const struct limit *limit;
    if (tool->word_count != 3)
        return err_set(err, ERR_USAGE, "write: limit remove NAME KEY");
    if (tool_settings(tool, err) != 0)
        return -1;
    /* of a limit that is gone from the config the key is taken as it stands */
    limit = window_find(tool->settings, span_of(tool->words[1]));
    key = limit != NULL ? limit_key_typed(limit, span_of(tool->words[2]), tool->arena)
                        : span_of(tool->words[2]);
    if (tool_open(tool, DB_WRITE, err) != 0 ||
        limit_override_remove(tool->db, span_of(tool->words[1]), key, &removed, err) !=
            0)
        return -1;
    if (!removed)
        return err_set(err, ERR_NOT_FOUND, "limit %s has no override for %.*s",
                       tool->words[1], (int)span_head(key, 200).len, key.at);
    if (!tool->json)
        printf("limit %s holds for %s as it is in the config\n", tool->words[1],
               print_escape(tool->arena, key));
    return EXIT_FINE;
}

static const struct column columns[] = {
    {"LIMIT", false, false, false}, {"KEY", false, true, false},
    {"IS", false, false, false},    {"UNTIL", false, false, false},
    {"BY", false, true, false},     {"WHY", false, true, false},
};

static void cells(const struct tool *tool, struct table *table, struct query *query)
{
    (void)tool;
    for (int i = 0; i < 3; i++)
        table_text(table, query_text(query, i));
}

static void members(struct json *json, struct query *query)
{
    json_text(json, "limit", query_text(query, 0));
    json_text(json, "key", query_text(query, 1));
    json_text(json, "sentence", query_text(query, 2));
}

static int list(struct tool *tool, struct err *err)
{
    static const struct lasting_table overrides = {
        .words = "limit list",
        .none = "no limit is overridden for anybody",
        .sql = "SELECT limit_name, key, sentence, since_us, until_us, reason, by FROM "
               "limit_override ORDER BY limit_name, key LIMIT ?1",
        .columns = columns,
        .column_count = sizeof columns / sizeof *columns,
        .at = 3,
        .cells = cells,
        .members = members,
    };
    return lasting_list(tool, &overrides, err);
}

static int run(struct tool *tool, struct err *err)
{
    if (strcmp(tool->words[0], "set") == 0)
        return set(tool, err);
    if (strcmp(tool->words[0], "list") == 0)
        return list(tool, err);
    if (strcmp(tool->words[0], "remove") == 0)
        return take_away(tool, err);
    return err_set(err, ERR_USAGE, "limit %s: set, list or remove?", tool->words[0]);
}

const struct command outgate_cmd_limit = {
    .name = "limit",
    .words = "set NAME KEY SENTENCE | list | remove NAME KEY",
    .summary = "override a limit for one key, at once; list and remove overrides",
    .details = "NAME is a limit of the config; KEY whom it counts, as outgate limits "
               "shows it\n"
               "(sasl_user:bob@example.com, an address, a domain, two joined with +).\n"
               "SENTENCE has the limit's own unit: \"5000 recipients per 1d, burst "
               "200\". The\n"
               "action stays the limit's. It holds from the next message on.",
    .examples =
        "  outgate limit set login sasl_user:bob@example.com \\\n"
        "      \"5000 recipients per 1d\" --for 7d --reason \"the yearly letter\"\n"
        "  outgate limit list\n"
        "  outgate limit remove login sasl_user:bob@example.com",
    .words_min = 1,
    .words_max = 4,
    .options = options,
    .run = run,
};
