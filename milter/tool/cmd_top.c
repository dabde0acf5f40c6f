/* SPDX-License-Identifier: BSD-2-Clause
 *
 * cmd_top - who or what sends most.
 */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "store/audit.h"
#include "tool/commands.h"
#include "tool/print.h"

enum { ROW_BYTES = 1 << 18, DAY_S = 86400 };

static struct {
    const char *by;
    int64_t since_us, rows;
} given = {.by = "sender", .rows = 20};

static const struct option_row options[] = {
    {"by", 'b', "WHAT", OPTION_TEXT, &given.by,
     "sender (default), script, from_domain, subject, client_ip or rule"},
    {"since", 's', "TIME", OPTION_TIME, &given.since_us, "since when; default 24h"},
    {"limit", 'n', "N", OPTION_COUNT, &given.rows, "most lines; default 20; 0: all"},
    {0},
};

#define GROUPED(column, from, where)                                                   \
    "SELECT " column ", count(*), total(recipients), total(max(message.score, 0)), "   \
    "total(action IN ('hold', 'defer', 'reject')), max(message.score), max(at_us), "   \
    "count(DISTINCT sender) FROM " from " WHERE at_us >= ?1 " where                    \
    " GROUP BY 1 ORDER BY 3 DESC, 2 DESC, 1 LIMIT ?2"
#define OF_MESSAGE(column)                                                             \
    {                                                                                  \
#column, GROUPED(#column, "message", "AND " #column " <> ''")                  \
    }

static const struct {
    const char *name, *sql;
} ways[] = {
    OF_MESSAGE(sender),
    OF_MESSAGE(script),
    OF_MESSAGE(from_domain),
    OF_MESSAGE(subject),
    OF_MESSAGE(client_ip),
    {"rule", GROUPED("hit.rule", "message JOIN hit ON hit.message = message.id", "")},
};
enum { WAY_COUNT = sizeof ways / sizeof *ways };

static const struct column columns[] = {
    {"MESSAGES", true, false, false}, {"RECIPIENTS", true, false, false},
    {"POINTS", true, false, false},   {"STOPPED", true, false, false},
    {"WORST", true, false, false},    {"SENDERS", true, false, false},
    {"LAST", false, false, false},    {"WHAT", false, true, false},
};

static void add_row(struct table *table, struct query *query)
{
    char text[PRINT_TIME_BYTES];
    table_printf(table, "%lld", (long long)query_int(query, 1));
    table_printf(table, "%lld", (long long)query_int(query, 2));
    table_cell(table, print_number(query_double(query, 3), text));
    table_printf(table, "%lld", (long long)query_int(query, 4));
    table_colour(table, query_int(query, 4) > 0 ? COLOUR_YELLOW : COLOUR_NONE);
    table_cell(table, print_number(query_double(query, 5), text));
    table_printf(table, "%lld", (long long)query_int(query, 7));
    table_cell(table, print_day_time(query_int(query, 6), text));
    table_text(table, query_text(query, 0));
}

static void print_json(struct tool *tool, const char *by, struct query *query)
{
    struct buf out;
    struct json json;
    char at[32];
    buf_init(&out, tool->arena, ROW_BYTES);
    json_init(&json, &out);
    json_open(&json, NULL, '{');
    json_text(&json, by, query_text(query, 0));
    json_int(&json, "messages", query_int(query, 1));
    json_int(&json, "recipients", query_int(query, 2));
    json_number(&json, "points", query_double(query, 3));
    json_int(&json, "stopped", query_int(query, 4));
    json_number(&json, "worst_score", query_double(query, 5));
    json_int(&json, "senders", query_int(query, 7));
    json_text(&json, "last_at", span_of(audit_time_text(query_int(query, 6), at)));
    json_close(&json, '}');
    puts(buf_cstr(&out));
}

static int find_way(struct err *err)
{
    for (int i = 0; i < WAY_COUNT; i++)
        if (strcmp(ways[i].name, given.by) == 0)
            return i;
    return err_set(err, ERR_USAGE,
                   "--by %s: sender, script, from_domain, subject, client_ip or rule",
                   given.by);
}

static int run(struct tool *tool, struct err *err)
{
    struct table table;
    int way = find_way(err);
    int step;
    size_t count = 0;
    if (way < 0 || tool_open(tool, DB_READ, err) != 0)
        return -1;
    struct query *query = db_query(tool->db, ways[way].sql, err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1,
                   given.since_us != 0 ? given.since_us
                                       : tool_now_us() - DAY_S * (int64_t)1000000);
    query_bind_int(query, 2, given.rows > 0 ? given.rows : -1);
    table_init(&table, tool->arena, columns, sizeof columns / sizeof *columns);
    for (; (step = query_step(query, err)) > 0; count++) {
        if (tool->json)
            print_json(tool, ways[way].name, query);
        else
            add_row(&table, query);
    }
    table_print(&table);
    if (step == 0 && count == 0 && !tool->json)
        fputs("outgate: nothing in that time\n", stderr);
    return step != 0 ? -1 : count > 0 ? EXIT_FINE : EXIT_FOUND;
}

const struct command outgate_cmd_top = {
    .name = "top",
    .words = "",
    .summary =
        "who or what sends most: by sender, script, domain, subject, client, rule",
    .details =
        "RECIPIENTS is what the order goes by; STOPPED counts hold, defer and\n"
        "reject; SENDERS tells a shared key (one script, one domain) from one's own.",
    .examples = "  outgate top\n"
                "  outgate top --by script --since 7d\n"
                "  outgate top --by rule --json",
    .options = options,
    .run = run,
};
