/* SPDX-License-Identifier: BSD-2-Clause
 *
 * cmd_campaigns - texts that were sent more than once, whoever sent them.
 */
#include <stdio.h>

#include "base/json.h"
#include "store/audit.h"
#include "tool/commands.h"
#include "tool/print.h"

enum { ROW_BYTES = 1 << 18, DAY_S = 86400, ACTIONS = 5 };

static struct {
    int64_t since_us, senders, rows;
} given = {.rows = 20};

static const struct option_row options[] = {
    {"since", 's', "TIME", OPTION_TIME, &given.since_us, "since when; default 24h"},
    {"senders", 0, "N", OPTION_COUNT, &given.senders,
     "from so many senders or more; default 1"},
    {"limit", 'n', "N", OPTION_COUNT, &given.rows, "most lines; default 20; 0: all"},
    {0},
};

static const struct column columns[] = {
    {"CAMPAIGN", false, false, false},  {"MESSAGES", true, false, false},
    {"RECIPIENTS", true, false, false}, {"SENDERS", true, false, false},
    {"FIRST", false, false, false},     {"LAST", false, false, false},
    {"WORST", true, false, false},      {"ACTIONS", false, false, false},
    {"SUBJECT", false, true, false},
};

static const char *const actions[ACTIONS] = {"accept", "slow", "hold", "defer",
                                             "reject"};

/* The log's own rows: they are there when the campaign itself is over. */
static const char sql[] =
    "SELECT campaign, count(*), total(recipients), count(DISTINCT sender), min(at_us), "
    "max(at_us), max(score), total(action = 'accept'), total(action = 'slow'), "
    "total(action = 'hold'), total(action = 'defer'), total(action = 'reject'), "
    "(SELECT subject FROM message AS newest WHERE newest.campaign = message.campaign "
    "AND newest.campaign <> '' ORDER BY at_us DESC LIMIT 1) FROM message WHERE at_us "
    ">= ?1 AND campaign <> '' GROUP BY 1 HAVING count(*) > 1 AND count(DISTINCT "
    "sender) >= ?2 ORDER BY 3 DESC, 2 DESC, 1 LIMIT ?3";

/* "3 accept, 1 hold". */
static void add_actions(struct table *table, struct query *query)
{
    char text[160];
    size_t used = 0;
    text[0] = '\0';
    for (int i = 0; i < ACTIONS; i++)
        if (query_int(query, 7 + i) > 0)
            used += (size_t)snprintf(text + used, sizeof text - used, "%s%lld %s",
                                     used > 0 ? ", " : "",
                                     (long long)query_int(query, 7 + i), actions[i]);
    table_cell(table, text);
}

static void add_row(struct table *table, struct query *query)
{
    char text[PRINT_TIME_BYTES];
    table_text(table, query_text(query, 0));
    for (int i = 1; i < 4; i++)
        table_printf(table, "%lld", (long long)query_int(query, i));
    table_colour(table, query_int(query, 3) > 1 ? COLOUR_YELLOW : COLOUR_NONE);
    table_cell(table, print_day_time(query_int(query, 4), text));
    table_cell(table, print_day_time(query_int(query, 5), text));
    table_cell(table, print_number(query_double(query, 6), text));
    add_actions(table, query);
    table_text(table, query_text(query, 12));
}

static void print_json(struct tool *tool, struct query *query)
{
    struct buf out;
    struct json json;
    char at[32];
    print_object_begin(tool->arena, ROW_BYTES, &out, &json);
    json_text(&json, "campaign", query_text(query, 0));
    json_int(&json, "messages", query_int(query, 1));
    json_int(&json, "recipients", query_int(query, 2));
    json_int(&json, "senders", query_int(query, 3));
    json_text(&json, "first_at", span_of(audit_time_text(query_int(query, 4), at)));
    json_text(&json, "last_at", span_of(audit_time_text(query_int(query, 5), at)));
    json_number(&json, "worst_score", query_double(query, 6));
    json_open(&json, "actions", '{');
    for (int i = 0; i < ACTIONS; i++)
        json_int(&json, actions[i], query_int(query, 7 + i));
    json_close(&json, '}');
    json_text(&json, "subject", query_text(query, 12));
    print_object_end(&json);
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
    query_bind_int(query, 1,
                   given.since_us != 0 ? given.since_us
                                       : tool_now_us() - INT64_C(1000000) * DAY_S);
    query_bind_int(query, 2, given.senders);
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

const struct command outgate_cmd_campaigns = {
    .name = "campaigns",
    .words = "",
    .summary = "texts sent more than once: how often, by how many, what was answered",
    .details =
        "One text that many SENDERS send is the mark of many stolen passwords. Ends\n"
        "with 1 if there is none.",
    .examples = "  outgate campaigns\n"
                "  outgate campaigns --since 7d --senders 3\n"
                "  outgate log --campaign c07QJ",
    .options = options,
    .run = run,
};
