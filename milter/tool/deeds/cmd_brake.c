/* SPDX-License-Identifier: BSD-2-Clause
 *
 * cmd_brake - hold everything now, let go again, or say how it stands.
 */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "store/orders.h"
#include "tool/commands.h"
#include "tool/deeds/deed.h"
#include "tool/deeds/lasting.h"
#include "tool/print.h"
#include "tool/record.h"

enum { ROW_BYTES = 1 << 16 };

static struct {
    struct lasting lasting;
    bool is_release;
} given;

static const struct option_row options[] = {
    {"for", 0, "TIME", OPTION_TEXT, &given.lasting.length,
     "on: for so long, e.g. 2h; default: until off"},
    {"until", 0, "TIME", OPTION_TEXT, &given.lasting.until, "on: until then"},
    {"reason", 0, "TEXT", OPTION_TEXT, &given.lasting.reason, "on: why"},
    {"release", 0, NULL, OPTION_FLAG, &given.is_release,
     "off: and let go what the brake alone held"},
    {0},
};

static int count_held(struct tool *tool, int64_t *count, struct err *err)
{
    struct query *query = db_query(tool->db,
                                   "SELECT count(*) FROM held_message WHERE state = "
                                   "'waiting' AND cause = 'brake'",
                                   err);
    if (query == NULL || query_step(query, err) < 0)
        return -1;
    *count = query_int(query, 0);
    query_reset(query);
    return 0;
}

static void print_json(struct tool *tool, const struct ruling *ruling, int64_t held)
{
    struct buf out;
    struct json json;
    print_object_begin(tool->arena, ROW_BYTES, &out, &json);
    json_bool(&json, "brake", ruling->kind == RULING_BRAKE);
    record_json_time(&json, "since", ruling->order.since_us);
    record_json_time(&json, "until", ruling->order.until_us);
    json_text_or_null(&json, "reason", ruling->order.reason);
    json_text_or_null(&json, "by", ruling->order.by);
    json_int(&json, "held", held);
    print_object_end(&json);
}

/* How it stands, after whatever was done to it. */
static int print_state(struct tool *tool, struct err *err)
{
    struct ruling ruling;
    int64_t held;
    char time[PRINT_TIME_BYTES];
    if (orders_brake(tool->db, tool_now_us(), tool->arena, &ruling, err) != 0 ||
        count_held(tool, &held, err) != 0)
        return -1;
    const struct order *order = &ruling.order;
    if (tool->json) {
        print_json(tool, &ruling, held);
        return EXIT_FINE;
    }
    if (ruling.kind == RULING_BRAKE)
        printf("%sthe brake is ON%s since %s, %s, by %s%s%s\n",
               colour_begin(COLOUR_RED), colour_end(COLOUR_RED),
               print_time(order->since_us, time), lasting_end(tool, order),
               print_escape(tool->arena, order->by), order->reason.len > 0 ? ": " : "",
               print_escape(tool->arena, order->reason));
    else
        puts("the brake is off");
    if (held > 0)
        printf("%lld message%s that it held wait%s%s\n", (long long)held,
               held == 1 ? "" : "s", held == 1 ? "s" : "",
               ruling.kind == RULING_BRAKE
                   ? ""
                   : " still: outgate release --cause brake lets them go");
    return EXIT_FINE;
}

static int put_on(struct tool *tool, struct err *err)
{
    struct order order;
    if (given.is_release)
        return err_set(err, ERR_USAGE, "--release goes with brake off");
    if (lasting_order(tool, &given.lasting, &order, err) != 0 ||
        tool_open(tool, DB_WRITE, err) != 0 ||
        orders_brake_on(tool->db, &order, err) != 0)
        return -1;
    lasting_warn_shadow(tool, "brake");
    return print_state(tool, err);
}

/* The order first: nothing more is held from here on, whatever becomes of the rest. */
static int take_off(struct tool *tool, struct err *err)
{
    const struct deed deed = {.cause = "brake"};
    bool was_on;
    if (tool_open(tool, DB_WRITE, err) != 0 ||
        orders_brake_off(tool->db, tool_now_us(), &was_on, err) != 0)
        return -1;
    if (!given.is_release)
        return print_state(tool, err);
    tool->word_count = 0; /* "off" names no message */
    if (!tool->json)
        puts(was_on ? "the brake is off" : "the brake was off");
    int result = deed_run(tool, &deed, err);
    return result >= 0 ? result
                       : err_prefix(err, "the brake is off, but what it held waits "
                                         "still (outgate release --cause brake)");
}

static int run(struct tool *tool, struct err *err)
{
    bool has_order = given.lasting.length != NULL || given.lasting.until != NULL ||
                     given.lasting.reason != NULL;
    const char *word = tool->word_count > 0 ? tool->words[0] : "";
    tool->tells_brake = true;
    if (strcmp(word, "on") == 0)
        return put_on(tool, err);
    if (has_order)
        return err_set(err, ERR_USAGE, "--for, --until and --reason go with brake on");
    if (strcmp(word, "off") == 0)
        return take_off(tool, err);
    if (word[0] != '\0' || given.is_release)
        return err_set(err, ERR_USAGE, "outgate brake on, brake off or brake alone");
    return tool_open(tool, DB_READ, err) != 0 ? -1 : print_state(tool, err);
}

const struct command outgate_cmd_brake = {
    .name = "brake",
    .words = "[on|off]",
    .summary = "hold everything that would leave, at once; say how it stands",
    .details =
        "While it is on all outbound and forwarded mail that no exemption names is\n"
        "held, over restarts, and every command says so. What would have been refused\n"
        "is refused. off --release (as root) lets go what the brake alone held.",
    .examples = "  outgate brake on --reason 'port 25 is blocked' --for 2h\n"
                "  outgate brake\n"
                "  outgate brake off --release",
    .words_max = 1,
    .options = options,
    .run = run,
};
