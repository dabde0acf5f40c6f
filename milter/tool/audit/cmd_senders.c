/* SPDX-License-Identifier: BSD-2-Clause
 *
 * cmd_senders - everybody who sent, with what tells a stolen account from its owner.
 */
#include <stdio.h>

#include "base/json.h"
#include "store/audit.h"
#include "tool/audit/senders.h"
#include "tool/commands.h"
#include "tool/print.h"

#define WEEK_US (7 * INT64_C(86400000000))

enum { ROW_BYTES = 1 << 18, ROWS = 50, SPARK_CELLS = 24 };

static struct {
    int64_t since_us, rows;
} given = {.rows = ROWS};

static const struct option_row options[] = {
    {"since", 's', "TIME", OPTION_TIME, &given.since_us, "since when; default 7d"},
    {"limit", 'n', "N", OPTION_COUNT, &given.rows, "most lines; default 50; 0: all"},
    {0},
};

static const struct column columns[] = {
    {"SENDER", false, true, false},  {"MESSAGES", true, false, false},
    {"RCPT", true, false, false},    {"POINTS", true, false, false},
    {"STOPPED", true, false, false}, {"CLIENTS", true, false, false},
    {"DOMAINS", true, false, false}, {"SUBJECTS", true, false, false},
    {"TREND", false, false, false},  {"FIRST", false, false, false},
    {"LAST", false, false, false},   {"BLOCKED", false, false, false},
};

/* What the summaries do not have, of one sender: the last SENDERS_LOOK messages. */
struct detail {
    int64_t clients, domains, subjects, first_us;
    bool is_blocked;
};

enum { SENDERS_LOOK = 500 };

static const char detail_sql[] =
    "SELECT count(DISTINCT client_ip), count(DISTINCT from_domain), "
    "count(DISTINCT subject), (SELECT min(at_us) FROM message WHERE sender = ?1 AND "
    "at_us >= ?2), EXISTS (SELECT 1 FROM blocked_sender WHERE sender = ?1 AND "
    "(until_us IS NULL OR until_us > ?3)) FROM (SELECT client_ip, from_domain, subject "
    "FROM message WHERE sender = ?1 AND at_us >= ?2 ORDER BY at_us DESC LIMIT ?4)";

static int read_detail(struct tool *tool, const struct senders_row *row,
                       struct detail *out, struct err *err)
{
    struct query *query = db_query(tool->db, detail_sql, err);
    if (query == NULL)
        return -1;
    query_bind_text(query, 1, row->sender);
    query_bind_int(query, 2, given.since_us);
    query_bind_int(query, 3, tool_now_us());
    query_bind_int(query, 4, SENDERS_LOOK);
    int step = query_step(query, err);
    if (step > 0)
        *out = (struct detail){.clients = query_int(query, 0),
                               .domains = query_int(query, 1),
                               .subjects = query_int(query, 2),
                               .first_us = query_int(query, 3),
                               .is_blocked = query_int(query, 4) != 0};
    query_reset(query);
    return step < 0 ? -1 : 0;
}

static void add_row(struct table *table, const struct senders_row *row,
                    const struct detail *detail, const double *trend)
{
    char text[PRINT_TIME_BYTES], spark[SPARK_CELLS * 4 + 1];
    table_text(table, row->sender);
    table_printf(table, "%lld", (long long)row->messages);
    table_printf(table, "%lld", (long long)row->recipients);
    table_cell(table, print_number((double)row->points_milli / 1000, text));
    table_printf(table, "%lld", (long long)row->stopped);
    table_printf(table, "%lld", (long long)detail->clients);
    table_printf(table, "%lld", (long long)detail->domains);
    table_printf(table, "%lld", (long long)detail->subjects);
    table_cell(table, print_spark(trend, SPARK_CELLS, spark, sizeof spark));
    table_cell(table, print_day_time(detail->first_us, text));
    table_cell(table, print_day_time(row->last_us, text));
    table_cell(table, detail->is_blocked ? "yes" : "");
    table_colour(table, COLOUR_RED);
}

static void print_json(struct tool *tool, const struct senders_row *row,
                       const struct detail *detail, const double *trend)
{
    struct buf out;
    struct json json;
    char at[32];
    print_object_begin(tool->arena, ROW_BYTES, &out, &json);
    json_text(&json, "sender", row->sender);
    json_int(&json, "messages", row->messages);
    json_int(&json, "recipients", row->recipients);
    json_number(&json, "points", (double)row->points_milli / 1000);
    json_int(&json, "stopped", row->stopped);
    json_int(&json, "client_ips", detail->clients);
    json_int(&json, "from_domains", detail->domains);
    json_int(&json, "subjects", detail->subjects);
    json_open(&json, "trend", '[');
    for (int i = 0; i < SPARK_CELLS; i++)
        json_number(&json, NULL, trend[i]);
    json_close(&json, ']');
    json_text(&json, "first_at", span_of(audit_time_text(detail->first_us, at)));
    json_text(&json, "last_at", span_of(audit_time_text(row->last_us, at)));
    json_bool(&json, "is_blocked", detail->is_blocked);
    print_object_end(&json);
}

static int print_rows(struct tool *tool, const struct senders *senders, struct err *err)
{
    struct table table;
    double trend[SPARK_CELLS];
    struct detail detail = {0};
    table_init(&table, tool->arena, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < senders->count; i++) {
        const struct senders_row *row = &senders->rows[i];
        if (read_detail(tool, row, &detail, err) != 0 ||
            senders_trend(tool, row->sender, given.since_us, trend, SPARK_CELLS, err) !=
                0)
            return -1;
        if (tool->json)
            print_json(tool, row, &detail, trend);
        else
            add_row(&table, row, &detail, trend);
    }
    table_print(&table);
    if (senders->count < (size_t)senders->total && !tool->json)
        fprintf(stderr, "outgate: %zu of %lld senders; --limit 0 prints all\n",
                senders->count, (long long)senders->total);
    return 0;
}

static int run(struct tool *tool, struct err *err)
{
    struct senders senders;
    if (given.since_us == 0)
        given.since_us = tool_now_us() - WEEK_US;
    if (tool_open(tool, DB_READ, err) != 0 ||
        senders_read(tool, given.since_us, 0, given.rows, &senders, err) != 0 ||
        print_rows(tool, &senders, err) != 0)
        return -1;
    return senders.count > 0 ? EXIT_FINE : EXIT_FOUND;
}

const struct command outgate_cmd_senders = {
    .name = "senders",
    .words = "",
    .summary = "who sent most: how much, when, from how many clients",
    .details =
        "Many CLIENTS or DOMAINS under one login are the mark of a stolen password;\n"
        "they and SUBJECTS are counted over a sender's last 500 messages. TREND is "
        "the\n"
        "messages of that time in 24 parts, each sender's own highest part full.",
    .examples = "  outgate senders\n"
                "  outgate senders --since 7d --json | jq 'select(.client_ips > 3)'",
    .options = options,
    .run = run,
};
