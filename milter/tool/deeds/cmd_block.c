/* SPDX-License-Identifier: BSD-2-Clause
 *
 * cmd_block - lock identities, or list those that are locked.
 */
#include <stdio.h>

#include "base/json.h"
#include "store/orders.h"
#include "tool/commands.h"
#include "tool/deeds/lasting.h"
#include "tool/print.h"
#include "tool/record.h"

enum { ROWS_MAX = 100000, ROW_BYTES = 1 << 16 };

static struct {
    struct lasting lasting;
    bool is_list;
} given;

static const struct option_row options[] = {
    {"for", 0, "TIME", OPTION_TEXT, &given.lasting.length,
     "for so long, e.g. 24h; default: until unblocked"},
    {"until", 0, "TIME", OPTION_TEXT, &given.lasting.until,
     "until then, e.g. \"2026-01-31 09:12\""},
    {"reason", 0, "TEXT", OPTION_TEXT, &given.lasting.reason,
     "why; stands in the log, not in the reply"},
    {"list", 'l', NULL, OPTION_FLAG, &given.is_list, "who is blocked, newest first"},
    {0},
};

static const struct column columns[] = {
    {"KEY", false, true, false},    {"SINCE", false, false, false},
    {"UNTIL", false, false, false}, {"REFUSED", true, false, false},
    {"LAST", false, false, false},  {"BY", false, true, false},
    {"REASON", false, true, false},
};

static void add_row(struct table *table, const struct order *order)
{
    char time[PRINT_TIME_BYTES];
    table_text(table, order->key);
    table_cell(table, print_time(order->since_us, time));
    table_cell(table,
               order->until_us != 0 ? print_time(order->until_us, time) : "unblocked");
    table_printf(table, "%lld", (long long)order->refused);
    table_cell(table, print_day_time(order->last_refused_us, time));
    table_text(table, order->by);
    table_text(table, order->reason);
}

static void print_json(struct tool *tool, const struct order *order)
{
    struct buf out;
    struct json json;
    print_object_begin(tool->arena, ROW_BYTES, &out, &json);
    json_text(&json, "key", order->key);
    record_json_time(&json, "since", order->since_us);
    record_json_time(&json, "until", order->until_us);
    json_text(&json, "reason", order->reason);
    json_text(&json, "by", order->by);
    json_int(&json, "refused", order->refused);
    record_json_time(&json, "last_refused_at", order->last_refused_us);
    print_object_end(&json);
}

static int list(struct tool *tool, struct err *err)
{
    struct table table;
    struct order *orders;
    size_t count;
    if (tool_open(tool, DB_READ, err) != 0 ||
        orders_list(tool->db, tool_now_us(), ROWS_MAX, tool->arena, &orders, &count,
                    err) != 0)
        return -1;
    table_init(&table, tool->arena, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < count; i++) {
        if (tool->json)
            print_json(tool, &orders[i]);
        else
            add_row(&table, &orders[i]);
    }
    table_print(&table);
    if (count == 0 && !tool->json)
        puts("nobody is blocked");
    return EXIT_FINE;
}

/* All words or none: the keys are looked at before the first is written. */
static int read_keys(struct tool *tool, struct order *orders, bool *are_networks,
                     struct err *err)
{
    for (size_t i = 0; i < tool->word_count; i++) {
        if (lasting_order(tool, &given.lasting, &orders[i], err) != 0 ||
            order_key(tool->arena, span_of(tool->words[i]), &orders[i].key,
                      &are_networks[i], err) != 0)
            return -1;
    }
    return 0;
}

static int write_all(struct tool *tool, const struct order *orders,
                     const bool *are_networks, struct err *err)
{
    if (db_begin(tool->db, err) != 0)
        return -1;
    int rc = 0;
    for (size_t i = 0; i < tool->word_count && rc == 0; i++)
        rc = orders_block(tool->db, &orders[i], are_networks[i], err);
    return db_end(tool->db, rc, err);
}

static int run(struct tool *tool, struct err *err)
{
    bool has_order = given.lasting.length != NULL || given.lasting.until != NULL ||
                     given.lasting.reason != NULL;
    if (tool->word_count == 0 && !has_order)
        return list(tool, err);
    if (tool->word_count == 0 || given.is_list)
        return err_set(err, ERR_USAGE, "whom? outgate block KEY..., or --list alone");
    struct order *orders = arena_array(tool->arena, tool->word_count, sizeof *orders);
    bool *are_networks =
        arena_array(tool->arena, tool->word_count, sizeof *are_networks);
    if (orders == NULL || are_networks == NULL)
        return err_set(err, ERR_MEMORY, "out of memory");
    if (read_keys(tool, orders, are_networks, err) != 0 ||
        tool_open(tool, DB_WRITE, err) != 0 ||
        write_all(tool, orders, are_networks, err) != 0)
        return -1;
    lasting_warn_shadow(tool, "block");
    for (size_t i = 0; i < tool->word_count; i++) {
        if (tool->json)
            print_json(tool, &orders[i]);
        else
            printf("%s is blocked %s\n", print_escape(tool->arena, orders[i].key),
                   lasting_end(tool, &orders[i]));
    }
    return EXIT_FINE;
}

const struct command outgate_cmd_block = {
    .name = "block",
    .words = "[KEY...]",
    .summary = "lock identities at once, for a time or until unblock; list them",
    .details =
        "KEY is kind:value, of sasl_user, tls_subject, script, uid, client_ip (an\n"
        "address, IPv6 as its /64, or a network), mail_from, from_domain, host.\n"
        "A blocked login, or client in [mail] networks, is refused at MAIL FROM; all\n"
        "else at the end of the message. Mail from sendmail(1) and bounces are held.\n"
        "A running gate obeys at once. Without KEY: who is blocked.",
    .examples =
        "  outgate block sasl_user:bob@example.com --for 24h --reason 'stolen'\n"
        "  outgate block script:33:contact.php client_ip:192.0.2.0/24\n"
        "  outgate block --list --json",
    .words_max = SIZE_MAX,
    .options = options,
    .run = run,
};
