/* SPDX-License-Identifier: BSD-2-Clause
 *
 * cmd_senders - everybody who sent, with what tells a stolen account from its owner.
 */
#include <stdio.h>

#include "base/json.h"
#include "store/audit.h"
#include "tool/commands.h"
#include "tool/print.h"

enum { ROW_BYTES = 1 << 18 };

static struct {
    int64_t since_us, rows;
} given;

static const struct option_row options[] = {
    {"since", 's', "TIME", OPTION_TIME, &given.since_us,
     "since when; default: all that the log has"},
    {"limit", 'n', "N", OPTION_COUNT, &given.rows, "most lines; default: all"},
    {0},
};

static const struct column columns[] = {
    {"SENDER", false, true, false},     {"MESSAGES", true, false, false},
    {"RECIPIENTS", true, false, false}, {"POINTS", true, false, false},
    {"STOPPED", true, false, false},    {"CLIENTS", true, false, false},
    {"DOMAINS", true, false, false},    {"SUBJECTS", true, false, false},
    {"FIRST", false, false, false},     {"LAST", false, false, false},
    {"BLOCKED", false, false, false},
};

static const char sql[] =
    "SELECT message.sender, count(*), total(recipients), total(max(score, 0)), "
    "total(action IN ('hold', 'defer', 'reject')), count(DISTINCT client_ip), "
    "count(DISTINCT from_domain), count(DISTINCT subject), min(at_us), max(at_us), "
    "EXISTS (SELECT 1 FROM blocked_sender WHERE blocked_sender.sender = message.sender "
    "AND (until_us IS NULL OR until_us > ?2)) FROM message WHERE at_us >= ?1 GROUP BY "
    "1 "
    "ORDER BY 3 DESC, 1 LIMIT ?3";

static void add_row(struct table *table, struct query *query)
{
    char text[PRINT_TIME_BYTES];
    table_text(table, query_text(query, 0));
    table_printf(table, "%lld", (long long)query_int(query, 1));
    table_printf(table, "%lld", (long long)query_int(query, 2));
    table_cell(table, print_number(query_double(query, 3), text));
    for (int i = 4; i < 8; i++)
        table_printf(table, "%lld", (long long)query_int(query, i));
    table_cell(table, print_day_time(query_int(query, 8), text));
    table_cell(table, print_day_time(query_int(query, 9), text));
    table_cell(table, query_int(query, 10) != 0 ? "yes" : "");
    table_colour(table, COLOUR_RED);
}

static void print_json(struct tool *tool, struct query *query)
{
    static const char *const names[] = {"stopped", "client_ips", "from_domains",
                                        "subjects"};
    struct buf out;
    struct json json;
    char at[32];
    buf_init(&out, tool->arena, ROW_BYTES);
    json_init(&json, &out);
    json_open(&json, NULL, '{');
    json_text(&json, "sender", query_text(query, 0));
    json_int(&json, "messages", query_int(query, 1));
    json_int(&json, "recipients", query_int(query, 2));
    json_number(&json, "points", query_double(query, 3));
    for (int i = 0; i < 4; i++)
        json_int(&json, names[i], query_int(query, 4 + i));
    json_text(&json, "first_at", span_of(audit_time_text(query_int(query, 8), at)));
    json_text(&json, "last_at", span_of(audit_time_text(query_int(query, 9), at)));
    json_bool(&json, "is_blocked", query_int(query, 10) != 0);
    json_close(&json, '}');
    puts(buf_cstr(&out));
}

static int run(struct tool *tool, struct err *err)
{
    struct table table;
    int step;
    size_t count = 0;
    if (tool_open(tool, DB_READ, err) != 0)
        return -1;
    struct query *query = db_query(tool->db, sql, err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, given.since_us);
    query_bind_int(query, 2, tool_now_us());
    query_bind_int(query, 3, given.rows > 0 ? given.rows : -1);
    table_init(&table, tool->arena, columns, sizeof columns / sizeof *columns);
    for (; (step = query_step(query, err)) > 0; count++) {
        if (tool->json)
            print_json(tool, query);
        else
            add_row(&table, query);
    }
    table_print(&table);
    return step != 0 ? -1 : count > 0 ? EXIT_FINE : EXIT_FOUND;
}

const struct command outgate_cmd_senders = {
    .name = "senders",
    .words = "",
    .summary = "every sender: how much, from how many clients, first and last seen",
    .details =
        "Many CLIENTS or DOMAINS under one login are the mark of a stolen password.",
    .examples = "  outgate senders\n"
                "  outgate senders --since 7d --json | jq 'select(.client_ips > 3)'",
    .options = options,
    .run = run,
};
