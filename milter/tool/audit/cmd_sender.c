/* SPDX-License-Identifier: BSD-2-Clause
 *
 * cmd_sender - what is known of one sender: since when, from where, with what, in whose
 * name, how much and at what hours; and what stands against it now.
 */
#include <stdio.h>
#include <string.h>

#include "base/bounds.h"
#include "base/json.h"
#include "limits/sender.h"
#include "store/audit.h"
#include "store/history.h"
#include "tool/commands.h"
#include "tool/print.h"

enum { OBJECT_BYTES = 1 << 20, TRAIT_ROWS = 8 };

#define DAY_US (INT64_C(86400) * 1000000)

static int64_t rows = TRAIT_ROWS;

static const struct option_row options[] = {
    {"limit", 'n', "N", OPTION_COUNT, &rows,
     "most networks, programs, addresses each; default: 8"},
    {0},
};

static const char *const titles[TRAIT_COUNT] = {"networks",      "countries",
                                                "programs",      "From: addresses",
                                                "From: domains", "unsigned as"};
static const char *const names[TRAIT_COUNT] = {"networks",     "countries",
                                               "x_mailers",    "from_addresses",
                                               "from_domains", "unsigned_domains"};

struct known {
    int64_t id, first_us, last_us, messages, recipients, known_recipients;
    int64_t weeks_messages, weeks_recipients, weeks_new, weeks_hours; /* of four */
    int64_t busiest, busiest_hour;
    int64_t by_hour[24]; /* messages, local time */
    bool is_blocked, is_exempt;
    int64_t until_us;
    struct span reason;
};

static int read_one(struct tool *tool, struct span key, struct known *out,
                    struct err *err)
{
    struct query *query =
        db_query(tool->db,
                 "SELECT id, first_us, last_us, messages, recipients, "
                 "known_recipients FROM sender_seen WHERE sender = ?1",
                 err);
    if (query == NULL)
        return -1;
    query_bind_text(query, 1, key);
    int step = query_step(query, err);
    if (step > 0)
        *out = (struct known){.id = query_int(query, 0),
                              .first_us = query_int(query, 1),
                              .last_us = query_int(query, 2),
                              .messages = query_int(query, 3),
                              .recipients = query_int(query, 4),
                              .known_recipients = query_int(query, 5)};
    query_reset(query);
    return step;
}

static int read_hours(struct tool *tool, struct known *out, struct err *err)
{
    int step;
    struct query *query = db_query(
        tool->db,
        "SELECT hour, messages, recipients, new_recipients, CAST(strftime('%H', hour * "
        "3600, 'unixepoch', 'localtime') AS INTEGER) FROM sender_hour WHERE sender = "
        "?1 "
        "AND hour > ?2",
        err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, out->id);
    query_bind_int(query, 2, (tool_now_us() - 28 * DAY_US) / 3600000000);
    while ((step = query_step(query, err)) > 0) {
        int64_t recipients = query_int(query, 2);
        out->weeks_messages += query_int(query, 1);
        out->weeks_recipients += recipients;
        out->weeks_new += query_int(query, 3);
        out->weeks_hours++;
        out->by_hour[query_int(query, 4) % 24] += query_int(query, 1);
        if (recipients > out->busiest) {
            out->busiest = recipients;
            out->busiest_hour = query_int(query, 0);
        }
    }
    return step;
}

static int read_block(struct tool *tool, struct span key, struct known *out,
                      struct err *err)
{
    struct query *query = db_query(
        tool->db,
        "SELECT until_us, reason, EXISTS (SELECT 1 FROM exemption WHERE key = "
        "?1 AND (until_us IS NULL OR until_us > ?2)) FROM (SELECT 1) LEFT JOIN "
        "blocked_sender ON sender = ?1 AND (until_us IS NULL OR until_us > ?2)",
        err);
    if (query == NULL)
        return -1;
    query_bind_text(query, 1, key);
    query_bind_int(query, 2, tool_now_us());
    int step = query_step(query, err);
    if (step > 0) {
        out->is_blocked = !query_is_null(query, 1);
        out->until_us = query_int(query, 0);
        out->reason = span_dup(tool->arena, query_text(query, 1));
        out->is_exempt = query_int(query, 2) != 0;
    }
    query_reset(query);
    return step < 0 ? -1 : 0;
}

static struct query *select_traits(struct tool *tool, int64_t id, enum trait trait,
                                   struct err *err)
{
    struct query *query =
        db_query(tool->db,
                 "SELECT value, first_us, last_us, times FROM sender_trait WHERE "
                 "sender = ?1 AND kind = ?2 ORDER BY last_us DESC, value LIMIT ?3",
                 err);
    if (query == NULL)
        return NULL;
    query_bind_int(query, 1, id);
    query_bind_text(query, 2, span_of(history_trait_name(trait)));
    query_bind_int(query, 3, rows > 0 ? rows : -1);
    return query;
}

static const struct column columns[] = {
    {"", false, false, false},          {"", false, true, false},
    {"SINCE", false, false, false},     {"LAST", false, false, false},
    {"HOURS USED", true, false, false},
};

static int print_traits(struct tool *tool, const struct known *known, struct err *err)
{
    struct table table;
    char time[PRINT_TIME_BYTES];
    table_init(&table, tool->arena, columns, sizeof columns / sizeof *columns);
    for (int k = 0; k < TRAIT_COUNT; k++) {
        int step;
        struct query *query = select_traits(tool, known->id, (enum trait)k, err);
        if (query == NULL)
            return -1;
        for (bool is_first = true; (step = query_step(query, err)) > 0;
             is_first = false) {
            struct span value = query_text(query, 0);
            bool is_fresh = query_int(query, 1) > tool_now_us() - DAY_US;
            table_cell(&table, is_first ? titles[k] : "");
            table_text(&table, value.len > 0 ? value : SPAN("(none)"));
            table_cell(&table, print_time(query_int(query, 1), time));
            table_colour(&table, is_fresh ? COLOUR_YELLOW : COLOUR_NONE);
            table_cell(&table, print_time(query_int(query, 2), time));
            table_printf(&table, "%lld", (long long)query_int(query, 3));
        }
        if (step < 0)
            return -1;
    }
    table_print(&table);
    return 0;
}

/* "9h 34%, 15h 21%, ...": the hours of the day in which it sends most, local time. */
static void print_hours(const struct known *known)
{
    int64_t left[24];
    memcpy(left, known->by_hour, sizeof left);
    printf("hours of the day: ");
    for (int n = 0; n < 6; n++) {
        int best = 0;
        for (int hour = 1; hour < 24; hour++)
            if (left[hour] > left[best])
                best = hour;
        if (left[best] == 0)
            break;
        printf("%s%dh %.0f%%", n > 0 ? ", " : "", best,
               100.0 * (double)left[best] / (double)known->weeks_messages);
        left[best] = 0;
    }
    putchar('\n');
}

static void print_known(struct tool *tool, struct span key, const struct known *known)
{
    char time[PRINT_TIME_BYTES], age[PRINT_AGE_BYTES];
    printf("%s%s%s\n", colour_begin(COLOUR_BOLD), print_escape(tool->arena, key),
           colour_end(COLOUR_BOLD));
    if (known->is_blocked)
        printf("%sblocked%s until %s: %s\n", colour_begin(COLOUR_RED),
               colour_end(COLOUR_RED),
               known->until_us != 0 ? print_time(known->until_us, time)
                                    : "somebody unblocks it",
               print_escape(tool->arena, known->reason));
    if (known->is_exempt)
        puts("exempt from a limit or more");
    printf("since %s (%s), ", print_time(known->first_us, time),
           print_span_of_time(tool_now_us() - known->first_us, age));
    printf("last %s\n", print_time(known->last_us, time));
    printf("left so far: %lld messages, %lld recipients; it knows %lld\n",
           (long long)known->messages, (long long)known->recipients,
           (long long)known->known_recipients);
    if (known->weeks_hours == 0)
        return;
    printf("four weeks: %lld messages, %lld recipients, %lld new (%.0f%%), in %lld "
           "hours\n",
           (long long)known->weeks_messages, (long long)known->weeks_recipients,
           (long long)known->weeks_new,
           known->weeks_recipients > 0
               ? 100.0 * (double)known->weeks_new / (double)known->weeks_recipients
               : 0.0,
           (long long)known->weeks_hours);
    printf("busiest hour: %lld recipients, %s\n", (long long)known->busiest,
           print_time(known->busiest_hour * 3600000000, time));
    print_hours(known);
}

static int json_traits(struct tool *tool, struct json *json, const struct known *known,
                       struct err *err)
{
    char at[32];
    for (int k = 0; k < TRAIT_COUNT; k++) {
        int step;
        struct query *query = select_traits(tool, known->id, (enum trait)k, err);
        if (query == NULL)
            return -1;
        json_open(json, names[k], '[');
        while ((step = query_step(query, err)) > 0) {
            json_open(json, NULL, '{');
            json_text(json, "value", query_text(query, 0));
            json_text(json, "first_at",
                      span_of(audit_time_text(query_int(query, 1), at)));
            json_text(json, "last_at",
                      span_of(audit_time_text(query_int(query, 2), at)));
            json_int(json, "hours_used", query_int(query, 3));
            json_close(json, '}');
        }
        json_close(json, ']');
        if (step < 0)
            return -1;
    }
    return 0;
}

static int print_json(struct tool *tool, struct span key, const struct known *known,
                      struct err *err)
{
    struct buf out;
    struct json json;
    char at[32];
    print_object_begin(tool->arena, OBJECT_BYTES, &out, &json);
    json_text(&json, "sender", key);
    json_text(&json, "first_at", span_of(audit_time_text(known->first_us, at)));
    json_text(&json, "last_at", span_of(audit_time_text(known->last_us, at)));
    json_int(&json, "messages", known->messages);
    json_int(&json, "recipients", known->recipients);
    json_int(&json, "known_recipients", known->known_recipients);
    json_int(&json, "weeks_messages", known->weeks_messages);
    json_int(&json, "weeks_recipients", known->weeks_recipients);
    json_int(&json, "weeks_new_recipients", known->weeks_new);
    json_int(&json, "weeks_hours", known->weeks_hours);
    json_int(&json, "busiest_hour_recipients", known->busiest);
    json_bool(&json, "is_blocked", known->is_blocked);
    json_bool(&json, "is_exempt", known->is_exempt);
    if (json_traits(tool, &json, known, err) != 0)
        return -1;
    print_object_end(&json);
    return 0;
}

/* "bob" is the first identity of that name: sasl_user:bob, else uid:bob, ... */
static int find(struct tool *tool, struct span *key, struct known *known,
                struct err *err)
{
    struct span word = span_of(tool->words[0]);
    *key = sender_key(tool->arena, word);
    int step = read_one(tool, *key, known, err);
    for (int k = IDENTITY_UNKNOWN + 1; step == 0 && k < IDENTITY_COUNT; k++) {
        struct buf text;
        buf_init(&text, tool->arena, BOUND_KEY_BYTES);
        buf_printf(&text, "%s:", identity_name((enum identity)k));
        buf_add_span(&text, word);
        *key = sender_key(tool->arena, buf_span(&text));
        step = read_one(tool, *key, known, err);
    }
    if (step == 0)
        return err_set(err, ERR_NOT_FOUND, "nothing that left is known of %s",
                       tool->words[0]);
    return step < 0 ? -1 : 0;
}

static int run(struct tool *tool, struct err *err)
{
    struct span key;
    struct known known;
    if (tool_open(tool, DB_READ, err) != 0 || find(tool, &key, &known, err) != 0 ||
        read_hours(tool, &known, err) != 0 || read_block(tool, key, &known, err) != 0)
        return -1;
    if (tool->json)
        return print_json(tool, key, &known, err) != 0 ? -1 : EXIT_FINE;
    print_known(tool, key, &known);
    return print_traits(tool, &known, err) != 0 ? -1 : EXIT_FINE;
}

const struct command outgate_cmd_sender = {
    .name = "sender",
    .words = "KEY",
    .summary =
        "what is known of one sender: since when, from where, with what, how much",
    .details =
        "KEY is sasl_user:bob@example.com, or what follows the kind. Counted is\n"
        "mail that left. Yellow: used for less than a day.",
    .examples = "  outgate sender sasl_user:bob@example.com\n"
                "  outgate sender --json bob | jq '.networks[].value'",
    .words_min = 1,
    .words_max = 1,
    .options = options,
    .run = run,
};
