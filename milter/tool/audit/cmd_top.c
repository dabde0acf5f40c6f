/* SPDX-License-Identifier: BSD-2-Clause
 *
 * cmd_top - who or what sends most.
 */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "store/audit.h"
#include "tool/audit/live.h"
#include "tool/audit/senders.h"
#include "tool/commands.h"
#include "tool/print.h"

enum { ROW_BYTES = 1 << 18, DAY_S = 86400 };

static struct {
    const char *by;
    int64_t since_us, rows;
    bool is_live;
} given = {.by = "sender", .rows = 20};

static const struct option_row options[] = {
    {"by", 'b', "WHAT", OPTION_TEXT, &given.by,
     "sender (default), script, from_domain, subject, client_ip or rule"},
    {"since", 's', "TIME", OPTION_TIME, &given.since_us, "since when; default 24h"},
    {"limit", 'n', "N", OPTION_COUNT, &given.rows, "most lines; default 20; 0: all"},
    {"live", 'l', NULL, OPTION_FLAG, &given.is_live,
     "on the whole terminal, every 2 seconds; keys are shown there"},
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
    {"sender", NULL}, /* from the summaries */
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

/* One line, whatever it is counted by. */
struct line {
    struct span what;
    int64_t messages, recipients, stopped, senders, last_us;
    double points, worst;
};

static void add_row(struct table *table, const struct line *line)
{
    char text[PRINT_TIME_BYTES];
    table_printf(table, "%lld", (long long)line->messages);
    table_printf(table, "%lld", (long long)line->recipients);
    table_cell(table, print_number(line->points, text));
    table_printf(table, "%lld", (long long)line->stopped);
    table_colour(table, line->stopped > 0 ? COLOUR_YELLOW : COLOUR_NONE);
    table_cell(table, print_number(line->worst, text));
    table_printf(table, "%lld", (long long)line->senders);
    table_cell(table, print_day_time(line->last_us, text));
    table_text(table, line->what);
}

static void print_json(struct tool *tool, const char *by, const struct line *line)
{
    struct buf out;
    struct json json;
    char at[32];
    print_object_begin(tool->arena, ROW_BYTES, &out, &json);
    json_text(&json, by, line->what);
    json_int(&json, "messages", line->messages);
    json_int(&json, "recipients", line->recipients);
    json_number(&json, "points", line->points);
    json_int(&json, "stopped", line->stopped);
    json_number(&json, "worst_score", line->worst);
    json_int(&json, "senders", line->senders);
    json_text(&json, "last_at", span_of(audit_time_text(line->last_us, at)));
    print_object_end(&json);
}

static void give(struct tool *tool, struct table *table, const char *by,
                 const struct line *line)
{
    if (tool->json)
        print_json(tool, by, line);
    else
        add_row(table, line);
}

static int list_senders(struct tool *tool, struct table *table, int64_t since_us,
                        size_t *count, struct err *err)
{
    struct senders senders;
    if (senders_read(tool, since_us, 0, given.rows, &senders, err) != 0)
        return -1;
    for (size_t i = 0; i < senders.count; i++) {
        const struct senders_row *row = &senders.rows[i];
        const struct line line = {.what = row->sender,
                                  .messages = row->messages,
                                  .recipients = row->recipients,
                                  .points = (double)row->points_milli / 1000,
                                  .stopped = row->stopped,
                                  .worst = (double)row->worst_milli / 1000,
                                  .senders = 1,
                                  .last_us = row->last_us};
        give(tool, table, "sender", &line);
    }
    *count = senders.count;
    return 0;
}

static int list_groups(struct tool *tool, struct table *table, int way,
                       int64_t since_us, size_t *count, struct err *err)
{
    struct query *query = db_query(tool->db, ways[way].sql, err);
    int step;
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, since_us);
    query_bind_int(query, 2, given.rows > 0 ? given.rows : -1);
    for (; (step = query_step(query, err)) > 0; (*count)++) {
        const struct line line = {.what = query_text(query, 0),
                                  .messages = query_int(query, 1),
                                  .recipients = query_int(query, 2),
                                  .points = query_double(query, 3),
                                  .stopped = query_int(query, 4),
                                  .worst = query_double(query, 5),
                                  .last_us = query_int(query, 6),
                                  .senders = query_int(query, 7)};
        give(tool, table, ways[way].name, &line);
    }
    return step;
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

/* It only looks; what was marked is for a person to do. */
static int run_live(struct tool *tool, struct err *err)
{
    struct live_marks marks = {.count = 0};
    if (tool->json || strcmp(given.by, "sender") != 0 || given.since_us != 0)
        return err_set(err, ERR_USAGE,
                       "--live goes with neither --json nor --by nor --since");
    if (live_top(tool, &marks, err) != 0)
        return -1;
    for (size_t i = 0; i < marks.count; i++)
        printf("outgate block %s --for 24h --reason 'seen in top'\n",
               print_shell_word(tool->arena, marks.at[i]));
    return EXIT_FINE;
}

static int run(struct tool *tool, struct err *err)
{
    struct table table;
    size_t count = 0;
    int way = find_way(err);
    if (way < 0 || tool_open(tool, DB_READ, err) != 0)
        return -1;
    if (given.is_live)
        return run_live(tool, err);
    int64_t since_us =
        given.since_us != 0 ? given.since_us : tool_now_us() - DAY_S * (int64_t)1000000;
    table_init(&table, tool->arena, columns, sizeof columns / sizeof *columns);
    int result = ways[way].sql == NULL
                     ? list_senders(tool, &table, since_us, &count, err)
                     : list_groups(tool, &table, way, since_us, &count, err);
    table_print(&table);
    if (result == 0 && count == 0 && !tool->json)
        fputs("outgate: nothing in that time\n", stderr);
    return result != 0 ? -1 : count > 0 ? EXIT_FINE : EXIT_FOUND;
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
                "  outgate top --live\n"
                "  outgate top --by script --since 7d\n"
                "  outgate top --by rule --json",
    .options = options,
    .run = run,
};
