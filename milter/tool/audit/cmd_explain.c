/* SPDX-License-Identifier: BSD-2-Clause
 *
 * cmd_explain - for a key: how full each limit is and when it is free; for a message:
 * why it got its answer.
 */
#include <stdio.h>
#include <string.h>

#include "limits/sender.h"
#include "store/audit.h"
#include "store/orders.h"
#include "tool/commands.h"
#include "tool/print.h"
#include "tool/record.h"
#include "tool/window.h"

enum { KEYS_MAX = 500, OBJECT_BYTES = 4 << 20 };

/* The windows that an answer speaks of. */
struct windows {
    struct window at[KEYS_MAX];
    size_t count;
    bool is_cut;
};

static int add_window(struct tool *tool, struct windows *list,
                      const struct limit *limit, struct span key, struct err *err)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->at[i].limit->name, limit->name) == 0 &&
            span_eq(list->at[i].key, key))
            return 0;
    if (list->count == KEYS_MAX) {
        list->is_cut = true;
        return 0;
    }
    return window_read(tool, limit, span_dup(tool->arena, key),
                       &list->at[list->count++], err);
}

/* The kind of key that the text is of, or NONE: "sasl_user:bob", "192.0.2.7". */
static enum limit_key kind_of(struct span key)
{
    struct span kind, value;
    struct netaddr address;
    if (span_cut(key, ':', &kind, &value) && identity_find(kind) != IDENTITY_UNKNOWN)
        return LIMIT_SENDER;
    return netaddr_parse(key, &address) ? LIMIT_CLIENT_IP : LIMIT_KEY_NONE;
}

/* Limits that would count this key although nothing stands in them now. */
static int add_unused(struct tool *tool, struct windows *list, struct span key,
                      struct err *err)
{
    enum limit_key kind = kind_of(key);
    for (size_t i = 0; i < tool->settings->limit_count; i++) {
        const struct limit *limit = &tool->settings->limits[i];
        if (kind == LIMIT_KEY_NONE || limit->window_us == 0 || limit->keys[0] != kind ||
            limit->keys[1] != LIMIT_KEY_NONE)
            continue;
        if (add_window(tool, list, limit, key, err) != 0)
            return -1;
    }
    return 0;
}

/* Keys in use that are this one, one side of a pair with it, or (value) what follows
 * their kind. */
static int add_used(struct tool *tool, struct windows *list, struct span key,
                    struct err *err)
{
    struct query *query =
        db_query(tool->db,
                 "SELECT DISTINCT limit_name, key FROM limit_slot WHERE key = ?1 OR "
                 "substr(key, 1, length(?1) + 1) = ?1 || '+' OR "
                 "substr(key, -length(?1) - 1) = '+' || ?1 OR "
                 "substr(key, instr(key, ':') + 1) = ?1 ORDER BY limit_name, key",
                 err);
    int step = -1;
    if (query == NULL)
        return -1;
    query_bind_text(query, 1, key);
    while ((step = query_step(query, err)) > 0) {
        const struct limit *limit = window_find(tool->settings, query_text(query, 0));
        struct span found = span_dup(tool->arena, query_text(query, 1));
        if (limit != NULL && limit->window_us > 0 &&
            add_window(tool, list, limit, found, err) != 0)
            return -1;
    }
    return step;
}

static int add_of_message(struct tool *tool, struct windows *list, int64_t id,
                          struct err *err)
{
    struct query *query = db_query(
        tool->db, "SELECT limit_name, key FROM charge WHERE message = ?1", err);
    int step = -1;
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, id);
    while ((step = query_step(query, err)) > 0) {
        const struct limit *limit = window_find(tool->settings, query_text(query, 0));
        struct span key = span_dup(tool->arena, query_text(query, 1));
        if (limit != NULL && limit->window_us > 0 &&
            add_window(tool, list, limit, key, err) != 0)
            return -1;
    }
    return step;
}

static void print_windows(struct tool *tool, const struct windows *list)
{
    struct table table;
    table_init(&table, tool->arena, window_columns, window_column_count);
    for (size_t i = 0; i < list->count; i++)
        window_row(&table, &list->at[i], tool_now_us());
    table_print(&table);
    if (list->is_cut)
        printf("(the first %d of more)\n", KEYS_MAX);
}

static void json_windows(struct json *json, const struct windows *list)
{
    json_open(json, "limits", '[');
    for (size_t i = 0; i < list->count; i++)
        window_json(json, &list->at[i], tool_now_us());
    json_close(json, ']');
}

/* What the last day knows of a sender, and whether it is blocked. */
struct standing {
    int64_t messages, recipients, stopped, waiting;
    double points;
    bool is_blocked;
    int64_t until_us; /* 0: until somebody unblocks it */
    struct span reason;
};

/* A client is blocked by its own key or by a network that it is in. */
static int read_block(struct tool *tool, struct span key, struct standing *out,
                      struct err *err)
{
    static const char kind[] = "client_ip:";
    struct ruling ruling;
    struct span rest;
    struct buf client_key;
    struct span value =
        span_starts(key, span_of(kind)) ? span_from(key, strlen(kind)) : key;
    buf_init(&client_key, tool->arena, key.len + sizeof kind);
    buf_printf(&client_key, "%s", kind);
    buf_add_span(&client_key, value);
    const struct span keys[] = {key, buf_span(&client_key)};
    struct order_question question = {
        .keys = keys, .key_count = 2, .now_us = tool_now_us()};
    span_cut(value, '/', &question.client_ip, &rest);
    if (orders_blocked(tool->db, &question, tool->arena, &ruling, err) != 0)
        return -1;
    out->is_blocked = ruling.kind == RULING_BLOCK;
    out->until_us = ruling.order.until_us;
    out->reason = ruling.order.reason;
    return 0;
}

static int read_standing(struct tool *tool, struct span key, struct standing *out,
                         struct err *err)
{
    *out = (struct standing){0};
    struct query *query =
        db_query(tool->db,
                 "SELECT count(*), total(recipients), total(max(score, 0)), "
                 "total(action IN ('hold', 'defer', 'reject')), (SELECT count(*) FROM "
                 "held_message JOIN message ON id = message WHERE state = 'waiting' "
                 "AND sender = "
                 "?1) FROM message WHERE sender = ?1 AND at_us >= ?2",
                 err);
    if (query == NULL)
        return -1;
    query_bind_text(query, 1, key);
    query_bind_int(query, 2, tool_now_us() - 86400000000);
    if (query_step(query, err) <= 0)
        return -1;
    out->messages = query_int(query, 0);
    out->recipients = query_int(query, 1);
    out->points = query_double(query, 2);
    out->stopped = query_int(query, 3);
    out->waiting = query_int(query, 4);
    query_reset(query);
    return read_block(tool, key, out, err);
}

static void print_standing(struct tool *tool, struct span key,
                           const struct standing *standing)
{
    char time[PRINT_TIME_BYTES], number[PRINT_AGE_BYTES];
    printf("%s%s%s\n", colour_begin(COLOUR_BOLD), print_escape(tool->arena, key),
           colour_end(COLOUR_BOLD));
    printf("last 24 hours: %lld messages, %lld recipients, %s points, %lld stopped; "
           "%lld wait now\n",
           (long long)standing->messages, (long long)standing->recipients,
           print_number(standing->points, number), (long long)standing->stopped,
           (long long)standing->waiting);
    if (standing->is_blocked)
        printf("%sblocked%s until %s: %s\n", colour_begin(COLOUR_RED),
               colour_end(COLOUR_RED),
               standing->until_us != 0 ? print_time(standing->until_us, time)
                                       : "somebody unblocks it",
               print_escape(tool->arena, standing->reason));
}

static void json_standing(struct json *json, const struct standing *standing)
{
    json_open(json, "last_day", '{');
    json_int(json, "messages", standing->messages);
    json_int(json, "recipients", standing->recipients);
    json_number(json, "points", standing->points);
    json_int(json, "stopped", standing->stopped);
    json_int(json, "waiting", standing->waiting);
    json_close(json, '}');
    json_bool(json, "is_blocked", standing->is_blocked);
}

static void print_object(struct tool *tool, const struct record *record,
                         struct span key, const struct standing *standing,
                         const struct windows *list)
{
    struct buf out;
    struct json json;
    print_object_begin(tool->arena, OBJECT_BYTES, &out, &json);
    if (record != NULL) {
        record_json(&json, record);
    } else if (standing != NULL) {
        json_text(&json, "key", key);
        json_standing(&json, standing);
    }
    json_windows(&json, list);
    print_object_end(&json);
}

/* The spelling that limits use: a login in lower case, an IPv6 client as its /64. */
static struct span key_of(struct tool *tool, struct span word)
{
    struct netaddr address;
    struct span key;
    char text[NETADDR_TEXT_BYTES];
    enum limit_key kind = kind_of(word);
    if (kind == LIMIT_CLIENT_IP && netaddr_parse(word, &address))
        return span_dup(tool->arena, span_of(netaddr_key(&address, text)));
    if (kind == LIMIT_KEY_NONE && record_sender(tool, word, &key))
        return key;
    return sender_key(tool->arena, word);
}

static int explain_key(struct tool *tool, struct span word, struct err *err)
{
    struct windows list = {.count = 0};
    struct standing standing;
    struct span key = key_of(tool, word);
    if (add_unused(tool, &list, key, err) != 0 ||
        add_used(tool, &list, key, err) != 0 ||
        read_standing(tool, key, &standing, err) != 0)
        return -1;
    if (list.count == 0 && standing.messages == 0 && !standing.is_blocked)
        return err_set(err, ERR_NOT_FOUND,
                       "\"%.*s\" is neither a message of the log nor a key of a limit; "
                       "write a key as sasl_user:bob@example.com",
                       (int)span_head(word, 200).len, word.at);
    if (tool->json) {
        print_object(tool, NULL, key, &standing, &list);
        return EXIT_FINE;
    }
    print_standing(tool, key, &standing);
    if (list.count > 0)
        putchar('\n');
    print_windows(tool, &list);
    return EXIT_FINE;
}

static void print_score(struct tool *tool, const struct record *r)
{
    const struct policy *policy = settings_policy(
        tool->settings,
        span_eq(r->mail_class, SPAN("forwarded")) ? CLASS_FORWARDED : CLASS_OUTBOUND);
    printf("It scored %g; slow begins at %g, hold at %g, reject at %g.\n", r->score,
           policy->slow_at, policy->hold_at, policy->reject_at);
}

static int print_rules(struct tool *tool, int64_t id, struct err *err)
{
    struct query *query = db_query(
        tool->db, "SELECT rule, score FROM hit WHERE message = ?1 ORDER BY score DESC",
        err);
    int step = -1;
    const char *lead = "Its points: ";
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, id);
    while ((step = query_step(query, err)) > 0) {
        printf("%s%s %g", lead, print_escape(tool->arena, query_text(query, 0)),
               query_double(query, 1));
        lead = ", ";
    }
    if (lead[0] == ',')
        puts(".");
    return step;
}

static void print_limit(struct tool *tool, const struct record *r)
{
    char sentence[LIMIT_SENTENCE_BYTES], time[PRINT_TIME_BYTES];
    const struct limit *limit = window_find(tool->settings, r->limit_name);
    if (r->limit_name.len > 0)
        printf("Limit %s spoke, for %s: %s\n", print_escape(tool->arena, r->limit_name),
               print_escape(tool->arena, r->limit_key),
               limit != NULL ? limit_print(limit, sentence)
                             : "(it is no longer in the config)");
    if (r->due_at_us != 0)
        printf("It leaves, or left, at %s.\n", print_time(r->due_at_us, time));
}

static int explain_message(struct tool *tool, const struct record *r, struct err *err)
{
    struct windows list = {.count = 0};
    char time[PRINT_TIME_BYTES];
    if (add_of_message(tool, &list, r->id, err) != 0)
        return -1;
    if (tool->json) {
        print_object(tool, r, SPAN(""), NULL, &list);
        return EXIT_FINE;
    }
    printf("Message %lld of %s, from %s to %lld recipient%s: %s%s.\n", (long long)r->id,
           print_time(r->at_us, time), print_escape(tool->arena, r->sender),
           (long long)r->recipients, r->recipients == 1 ? "" : "s",
           action_name(r->action),
           r->is_shadow ? " (shadow mode: recorded, not done)" : "");
    printf("Why: %s\n", print_escape(tool->arena, r->reason));
    if (!span_eq(r->meant, r->action_text))
        printf("Score and limits asked for %s; on its path (%s) it became %s.\n",
               print_escape(tool->arena, r->meant), print_escape(tool->arena, r->path),
               action_name(r->action));
    print_score(tool, r);
    if (r->authentication.len > 0)
        printf("Its receiver sees: %s\n", print_escape(tool->arena, r->authentication));
    if (print_rules(tool, r->id, err) != 0)
        return -1;
    print_limit(tool, r);
    if (list.count > 0)
        puts("\nIts limits, as they stand now:");
    print_windows(tool, &list);
    return EXIT_FINE;
}

static int run(struct tool *tool, struct err *err)
{
    struct record record;
    size_t others;
    struct span word = span_of(tool->words[0]);
    if (tool_open(tool, DB_READ, err) != 0)
        return -1;
    if (kind_of(word) == LIMIT_KEY_NONE) {
        if (record_find(tool, word, &record, &others, err) == 0)
            return explain_message(tool, &record, err);
        if (err->code != ERR_NOT_FOUND)
            return -1;
    }
    return explain_key(tool, word, err);
}

const struct command outgate_cmd_explain = {
    .name = "explain",
    .words = "KEY|ID",
    .summary = "for a key: used, limit and when it is free; for a message: why",
    .details = "KEY is a sender (sasl_user:bob@example.com), an address, or a domain.\n"
               "ID is the log's id, a queue id, an incident id or a Message-ID.",
    .examples = "  outgate explain sasl_user:bob@example.com\n"
                "  outgate explain 192.0.2.7\n"
                "  outgate explain 4jX9R33dk9z1fPKf\n"
                "  outgate explain --json sasl_user:bob@example.com | jq "
                "'.limits[].free_at'",
    .words_min = 1,
    .words_max = 1,
    .options = NULL,
    .run = run,
};
