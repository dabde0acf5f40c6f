/* SPDX-License-Identifier: BSD-2-Clause
 *
 * cmd_held - what waits in the hold queue, why, and until when.
 */
#include <stdio.h>

#include "base/json.h"
#include "limits/sender.h"
#include "mta/mta.h"
#include "store/audit.h"
#include "store/held.h"
#include "tool/commands.h"
#include "tool/print.h"
#include "tool/record.h"
#include "verdict/action.h"

enum { ROWS_MAX = 100000, ROW_BYTES = 1 << 18, QUEUE_BYTES = 1 << 30 };

static struct {
    const char *sender, *cause;
    bool is_due, without_mta;
} given;

static const struct option_row options[] = {
    {"sender", 0, "KEY", OPTION_TEXT, &given.sender, "only what this sender sent"},
    {"cause", 0, "WHAT", OPTION_TEXT, &given.cause,
     "only what this holds: score, limit, brake, block or alert"},
    {"due", 0, NULL, OPTION_FLAG, &given.is_due, "only what is due by now"},
    {"no-mta", 0, NULL, OPTION_FLAG, &given.without_mta,
     "do not compare with the MTA's queue"},
    {0},
};

static const struct column columns[] = {
    {"ID", true, false, false},     {"QUEUE ID", false, false, false},
    {"QUEUE", false, false, false}, {"SINCE", false, false, false},
    {"DUE", false, false, false},   {"SCORE", true, false, false},
    {"RCPT", true, false, false},   {"CAUSE", false, false, false},
    {"SENDER", false, true, false}, {"SUBJECT", false, true, false},
    {"WHY", false, true, false},
};

static const char *answer_word(enum mta_answer answer)
{
    static const char *const words[] = {"", "held", "", "gone", "other", "leaving", ""};
    return words[answer];
}

static void add_row(struct table *table, const struct held_row *row,
                    enum mta_answer answer)
{
    char text[PRINT_TIME_BYTES];
    table_printf(table, "%lld", (long long)row->id);
    table_text(table, row->queue_id);
    table_cell(table, answer_word(answer));
    table_colour(table, answer == MTA_IS_HELD ? COLOUR_NONE : COLOUR_RED);
    table_cell(table, print_day_time(row->held_at_us, text));
    table_cell(table,
               row->due_at_us != 0 ? print_day_time(row->due_at_us, text) : "a person");
    table_colour(table, row->due_at_us == 0              ? COLOUR_YELLOW
                        : row->due_at_us < tool_now_us() ? COLOUR_GREEN
                                                         : COLOUR_NONE);
    table_cell(table, print_number(row->score, text));
    table_printf(table, "%lld", (long long)row->recipients);
    table_text(table, row->cause);
    table_text(table, row->sender);
    table_text(table, row->subject);
    table_text(table, row->reason);
}

static void print_json(struct tool *tool, const struct held_row *row,
                       enum mta_answer answer)
{
    struct buf out;
    struct json json;
    print_object_begin(tool->arena, ROW_BYTES, &out, &json);
    json_int(&json, "id", row->id);
    json_text(&json, "queue_id", row->queue_id);
    record_json_time(&json, "held_at", row->held_at_us);
    record_json_time(&json, "due_at", row->due_at_us);
    json_text(&json, "sender", row->sender);
    json_text(&json, "mail_from", row->mail_from);
    json_text(&json, "header_from", row->header_from);
    json_text(&json, "subject", row->subject);
    json_int(&json, "recipients", row->recipients);
    json_number(&json, "score", row->score);
    json_text(&json, "reason", row->reason);
    json_text_or_null(&json, "cause", row->cause);
    json_text_or_null(&json, "limit", row->limit_name);
    json_text_or_null(&json, "queue", span_of(answer_word(answer)));
    print_object_end(&json);
}

/* Ask the MTA about every row. Not being able to is no reason to show nothing. */
static bool compare(struct tool *tool, const struct held_row *rows, size_t count,
                    struct mta_wish *wishes)
{
    struct mta_tools tools;
    struct mta_mail *list;
    struct err why;
    size_t listed;
    struct arena *arena = arena_new(QUEUE_BYTES);
    for (size_t i = 0; i < count; i++)
        wishes[i] = (struct mta_wish){.queue_id = rows[i].queue_id,
                                      .mail_from = rows[i].mail_from,
                                      .at_us = rows[i].held_at_us};
    bool done = false;
    if (arena == NULL)
        err_set(&why, ERR_MEMORY, "out of memory");
    else if (mta_open(&tools, tool->settings, &why) == 0 &&
             mta_queue(&tools, arena, &list, &listed, &why) == 0)
        done = true;
    if (done)
        mta_match(list, listed, wishes, count);
    else
        fprintf(stderr, "outgate: the MTA's queue cannot be compared: %s\n", why.text);
    arena_free(&arena);
    return done;
}

static bool is_wanted(const struct held_row *row, struct span sender)
{
    return (sender.len == 0 || span_eq(row->sender, sender)) &&
           (given.cause == NULL || span_eq(row->cause, span_of(given.cause)));
}

static size_t print_rows(struct tool *tool, const struct held_row *rows, size_t count,
                         const struct mta_wish *wishes)
{
    struct table table;
    size_t printed = 0;
    struct span sender = given.sender != NULL
                             ? sender_key(tool->arena, span_of(given.sender))
                             : SPAN("");
    table_init(&table, tool->arena, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < count; i++) {
        if (!is_wanted(&rows[i], sender))
            continue;
        printed++;
        if (tool->json)
            print_json(tool, &rows[i], wishes[i].answer);
        else
            add_row(&table, &rows[i], wishes[i].answer);
    }
    table_print(&table);
    return printed;
}

static void print_remarks(const struct mta_wish *wishes, size_t count)
{
    size_t gone = 0;
    for (size_t i = 0; i < count; i++)
        gone += wishes[i].answer == MTA_GONE || wishes[i].answer == MTA_IS_OTHER ||
                wishes[i].answer == MTA_NOT_HELD;
    if (gone > 0)
        printf(
            "%zu are no longer in the hold queue: somebody used the MTA's own tools; "
            "outgate release takes them off this list\n",
            gone);
}

static int run(struct tool *tool, struct err *err)
{
    struct held_row *rows = NULL;
    size_t count = 0;
    if (given.cause != NULL && cause_find(span_of(given.cause)) == CAUSE_NONE)
        return err_set(err, ERR_USAGE,
                       "--cause %s: write score, limit, brake, block or alert",
                       given.cause);
    if (tool_open(tool, DB_READ, err) != 0 ||
        held_list(tool->db, given.is_due ? tool_now_us() : 0, ROWS_MAX, tool->arena,
                  &rows, &count, err) != 0)
        return -1;
    struct mta_wish *wishes = arena_array(tool->arena, count + 1, sizeof *wishes);
    if (wishes == NULL)
        return err_set(err, ERR_MEMORY, "out of memory");
    bool compared =
        !given.without_mta && count > 0 && compare(tool, rows, count, wishes);
    size_t printed = print_rows(tool, rows, count, wishes);
    if (printed == 0 && !tool->json)
        puts("nothing waits");
    if (compared && !tool->json)
        print_remarks(wishes, count);
    return EXIT_FINE;
}

const struct command outgate_cmd_held = {
    .name = "held",
    .words = "",
    .summary = "what waits in the hold queue, why, and until when",
    .details =
        "CAUSE: what holds it: score, limit, brake, block or alert (a provider's).\n"
        "DUE: when the limit that spoke has room, or that a person must decide.\n"
        "QUEUE: what the MTA says of it: held; leaving or gone (released or deleted\n"
        "with the MTA's own tools); other (its queue id is another message's now).",
    .examples = "  outgate held\n"
                "  outgate held --sender sasl_user:bob@example.com\n"
                "  outgate held --json | jq -r 'select(.due_at == null) | .queue_id'",
    .options = options,
    .run = run,
};
