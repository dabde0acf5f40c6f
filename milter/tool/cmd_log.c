/* SPDX-License-Identifier: BSD-2-Clause
 *
 * cmd_log - the audit log, newest first.
 */
#include <stdio.h>
#include <string.h>

#include "limits/sender.h"
#include "store/campaign.h"
#include "tool/commands.h"
#include "tool/print.h"
#include "tool/record.h"

enum {
    ROWS = 50,
    ROW_BYTES = 1 << 18, /* more than a row can have: columns are bounded */
    PART_ROWS = 1000,    /* widths are worked out over so many */
};

static struct {
    int64_t since_us, until_us, rows;
    const char *sender, *queue_id, *message_id, *action, *mail_class, *campaign;
    char campaign_key[CAMPAIGN_KEY_BYTES];
} given = {.rows = ROWS};

static const struct option_row options[] = {
    {"since", 's', "TIME", OPTION_TIME, &given.since_us, "not older than this"},
    {"until", 'u', "TIME", OPTION_TIME, &given.until_us, "older than this"},
    {"sender", 0, "KEY", OPTION_TEXT, &given.sender,
     "whom it was charged to: sasl_user:bob@example.com"},
    {"queue-id", 'q', "ID", OPTION_TEXT, &given.queue_id, "the MTA's queue id"},
    {"message-id", 'm', "ID", OPTION_TEXT, &given.message_id,
     "the Message-ID; if none is that, its part before the @"},
    {"action", 'a', "ACTION", OPTION_TEXT, &given.action,
     "accept, slow, hold, defer or reject"},
    {"campaign", 0, "KEY", OPTION_TEXT, &given.campaign,
     "of one campaign: c07QJ; outgate campaigns lists them"},
    {"class", 0, "CLASS", OPTION_TEXT, &given.mail_class, "outbound or forwarded"},
    {"limit", 'n', "N", OPTION_COUNT, &given.rows,
     "most lines; 0: all; default 50, all with --since or --until"},
    {0},
};

static int read_filter(struct tool *tool, struct record_filter *filter, struct err *err)
{
    struct span action = span_of(given.action);
    struct span mail_class = span_of(given.mail_class);
    bool is_class_known = mail_class.len == 0 ||
                          span_eq(mail_class, SPAN("outbound")) ||
                          span_eq(mail_class, SPAN("forwarded"));
    if (given.action != NULL && action_find(action) == ACTION_UNKNOWN)
        return err_set(err, ERR_USAGE,
                       "--action %s: accept, slow, hold, defer or reject",
                       given.action);
    if (!is_class_known)
        return err_set(err, ERR_USAGE, "--class %s: outbound or forwarded",
                       given.mail_class);
    if (given.campaign != NULL &&
        !campaign_key_parse(span_of(given.campaign), given.campaign_key))
        return err_set(err, ERR_USAGE, "--campaign %s: a key is like c07QJ",
                       given.campaign);
    bool has_time = given.since_us != 0 || given.until_us != 0;
    *filter = (struct record_filter){
        .since_us = given.since_us,
        .until_us = given.until_us,
        .queue_id = span_of(given.queue_id),
        .message_id = record_without_angles(span_of(given.message_id)),
        .action = action,
        .mail_class = mail_class,
        .campaign = span_of(given.campaign_key),
        .limit = given.rows == ROWS && has_time ? 0 : given.rows,
    };
    if (given.sender != NULL)
        filter->sender = sender_key(tool->arena, span_of(given.sender));
    return 0;
}

static void print_json(const struct record *record, struct arena *arena)
{
    struct buf out;
    struct json json;
    buf_init(&out, arena, ROW_BYTES);
    json_init(&json, &out);
    json_open(&json, NULL, '{');
    record_json(&json, record);
    json_close(&json, '}');
    puts(buf_cstr(&out));
}

static const struct column columns[] = {
    {"ID", true, false, false},        {"AT", false, false, false},
    {"ACTION", false, false, false},   {"SCORE", true, false, false},
    {"RCPT", true, false, false},      {"SENDER", false, true, false},
    {"QUEUE ID", false, false, false}, {"WHY", false, true, false},
};

static void add_row(struct table *table, const struct record *record)
{
    char text[PRINT_TIME_BYTES], number[PRINT_AGE_BYTES];
    table_printf(table, "%lld", (long long)record->id);
    table_cell(table, print_day_time(record->at_us, text));
    table_printf(table, "%s%s", action_name(record->action),
                 record->is_shadow ? "*" : "");
    table_colour(table, colour_of(record->action));
    table_cell(table, print_number(record->score, number));
    table_printf(table, "%lld", (long long)record->recipients);
    table_text(table, record->sender);
    table_text(table, record->queue_id);
    table_text(table, record->reason);
}

/* JSON goes out as it comes; for people as a table, in parts of PART_ROWS. */
static int print_rows(struct tool *tool, struct query *query, struct arena *scratch,
                      size_t *count, struct err *err)
{
    struct table table;
    struct record record;
    int step = 0;
    bool has_shadow = false;
    table_init(&table, scratch, columns, sizeof columns / sizeof *columns);
    while ((step = record_next(query, scratch, &record, err)) > 0) {
        (*count)++;
        has_shadow = has_shadow || record.is_shadow;
        if (tool->json)
            print_json(&record, scratch);
        else
            add_row(&table, &record);
        if (!tool->json && *count % PART_ROWS != 0)
            continue;
        table_print(&table);
        arena_reset(scratch);
    }
    table_print(&table);
    if (has_shadow && !tool->json)
        puts("* shadow: decided and recorded, not done");
    return step;
}

static int select_and_print(struct tool *tool, const struct record_filter *filter,
                            size_t *count, struct err *err)
{
    struct query *query = record_select(tool->db, filter, err);
    struct arena *scratch = arena_new((size_t)PART_ROWS * ROW_BYTES);
    int result = -1;
    if (scratch == NULL)
        err_set(err, ERR_MEMORY, "out of memory");
    else if (query != NULL)
        result = print_rows(tool, query, scratch, count, err);
    arena_free(&scratch);
    if (query != NULL)
        query_reset(query);
    return result;
}

static int run(struct tool *tool, struct err *err)
{
    struct record_filter filter = {.message_id = SPAN("")};
    size_t count = 0;
    if (read_filter(tool, &filter, err) != 0 || tool_open(tool, DB_READ, err) != 0 ||
        select_and_print(tool, &filter, &count, err) != 0)
        return -1;
    if (count == 0 && filter.message_id.len > 0) { /* an alert masks the domain */
        filter.message_id_local = record_local_part(filter.message_id);
        filter.message_id = SPAN("");
        if (select_and_print(tool, &filter, &count, err) != 0)
            return -1;
    }
    if (count == 0 && !tool->json)
        fputs("outgate: no message in the log is like that\n", stderr);
    return count > 0 ? EXIT_FINE : EXIT_FOUND;
}

const struct command outgate_cmd_log = {
    .name = "log",
    .words = "",
    .summary = "the audit log, newest first",
    .details =
        "TIME is 24h or 30m (that long ago), 2026-01-31, \"2026-01-31 09:12\", with\n"
        "a Z at its end in UTC, today or yesterday. Ends with 1 if nothing is found.",
    .examples = "  outgate log\n"
                "  outgate log --since 24h --action hold\n"
                "  outgate log --sender sasl_user:bob@example.com --limit 200\n"
                "  outgate log --message-id d24aa492-5f37-457f-9595-23ddc9e0f714\n"
                "  outgate log --json --since today | jq -r .queue_id",
    .options = options,
    .run = run,
};
