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
#include "tool/lasting.h"
#include "tool/print.h"
#include "tool/record.h"
#include "tool/window.h"

enum { ROW_BYTES = 1 << 16, ROWS_MAX = 10000 };

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

static bool is_over(struct query *query)
{
    return !query_is_null(query, 4) && query_int(query, 4) <= tool_now_us();
}

static void add_row(struct table *table, struct query *query)
{
    char time[PRINT_TIME_BYTES];
    for (int i = 0; i < 3; i++)
        table_text(table, query_text(query, i));
    table_cell(table, query_is_null(query, 4) ? "removed"
                                              : print_time(query_int(query, 4), time));
    table_colour(table, is_over(query) ? COLOUR_DIM : COLOUR_NONE);
    table_text(table, query_text(query, 6));
    table_text(table, query_text(query, 5));
}

static void print_json(struct tool *tool, struct query *query)
{
    struct buf out;
    struct json json;
    buf_init(&out, tool->arena, ROW_BYTES);
    json_init(&json, &out);
    json_open(&json, NULL, '{');
    json_text(&json, "limit", query_text(query, 0));
    json_text(&json, "key", query_text(query, 1));
    json_text(&json, "sentence", query_text(query, 2));
    record_json_time(&json, "since", query_int(query, 3));
    record_json_time(&json, "until", query_int(query, 4));
    json_text_or_null(&json, "reason", query_text(query, 5));
    json_text_or_null(&json, "by", query_text(query, 6));
    json_bool(&json, "is_over", is_over(query));
    json_close(&json, '}');
    puts(buf_cstr(&out));
}

static int list(struct tool *tool, struct err *err)
{
    struct table table;
    int step;
    int rows = 0;
    if (tool->word_count != 1)
        return err_set(err, ERR_USAGE, "limit list takes no more words");
    if (tool_open(tool, DB_READ, err) != 0)
        return -1;
    struct query *query = db_query(
        tool->db,
        "SELECT limit_name, key, sentence, since_us, until_us, reason, by FROM "
        "limit_override ORDER BY limit_name, key LIMIT ?1",
        err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, ROWS_MAX);
    table_init(&table, tool->arena, columns, sizeof columns / sizeof *columns);
    for (; (step = query_step(query, err)) > 0; rows++) {
        if (tool->json)
            print_json(tool, query);
        else
            add_row(&table, query);
    }
    table_print(&table);
    if (rows == 0 && step == 0 && !tool->json)
        puts("no limit is overridden for anybody");
    return step < 0 ? -1 : EXIT_FINE;
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
