/* SPDX-License-Identifier: BSD-2-Clause
 *
 * cmd_show - one message of the log, whole.
 */
#include <stdio.h>
#include <string.h>

#include "rules/ruleset.h"
#include "store/audit.h"
#include "tool/audit/chain.h"
#include "tool/audit/story.h"
#include "tool/commands.h"
#include "tool/print.h"
#include "tool/window.h"

enum { OBJECT_BYTES = 8 << 20 };

static bool wants_headers, wants_body;

static const struct option_row options[] = {
    {"headers", 0, NULL, OPTION_FLAG, &wants_headers,
     "print nothing but the headers kept, as they came"},
    {"raw", 0, NULL, OPTION_FLAG, &wants_body,
     "print nothing but the mail kept (keep = full), as it came"},
    {0},
};

/* What is kept of a message. */
struct dossier {
    struct record record;
    struct story story;
    struct span facts, headers, body;
    struct chain chain;
};

static void heading(const char *text)
{
    printf("\n%s%s%s\n", colour_begin(COLOUR_BOLD), text, colour_end(COLOUR_BOLD));
}

static void field(const char *name, const char *value)
{
    if (value[0] != '\0')
        printf("%s%-14s%s %s\n", colour_begin(COLOUR_DIM), name, colour_end(COLOUR_DIM),
               value);
}

static void text_field(struct arena *arena, const char *name, struct span value)
{
    field(name, print_escape(arena, value));
}

static int read_evidence(struct tool *tool, struct dossier *d, struct err *err)
{
    struct query *query = db_query_of(
        tool->db, "SELECT facts, headers, body FROM evidence WHERE message = ?1",
        d->record.id, err);
    int step = query != NULL ? query_step(query, err) : -1;
    if (step > 0) {
        d->facts = span_dup(tool->arena, query_text(query, 0));
        d->headers = span_dup(tool->arena, query_text(query, 1));
        d->body = span_dup(tool->arena, query_text(query, 2));
    }
    return step < 0 ? -1 : 0;
}

static void print_who(struct arena *arena, const struct record *r)
{
    char text[128], time[PRINT_TIME_BYTES];
    snprintf(text, sizeof text, "%lld", (long long)r->id);
    field("id", text);
    field("at", print_time(r->at_us, time));
    snprintf(text, sizeof text, "%.*s, by %.*s%s", (int)r->mail_class.len,
             r->mail_class.at, (int)r->path.len, r->path.at,
             r->is_shadow ? ", shadow mode" : "");
    field("class", text);
    text_field(arena, "sender", r->sender);
    text_field(arena, "identified by", r->identified_by);
    text_field(arena, "queue id", r->queue_id);
    text_field(arena, "message-id", r->message_id);
    text_field(arena, "client", r->client_ip);
    text_field(arena, "client name", r->client_name);
    text_field(arena, "helo", r->helo);
    field("mail from", r->mail_from.len > 0 ? print_escape(arena, r->mail_from) : "<>");
    text_field(arena, "from", r->header_from);
    text_field(arena, "to", r->rcpt_to);
    text_field(arena, "subject", r->subject);
    text_field(arena, "mailer", r->x_mailer);
    text_field(arena, "script", r->script);
    text_field(arena, "authentication", r->authentication);
    snprintf(text, sizeof text, "%lld recipient%s, %lld bytes, judged in %.1f ms",
             (long long)r->recipients, r->recipients == 1 ? "" : "s",
             (long long)r->size_bytes, (double)r->elapsed_us / 1000);
    field("size", text);
}

static void print_answer(struct arena *arena, const struct dossier *d)
{
    const struct record *r = &d->record;
    char text[200], time[PRINT_TIME_BYTES], number[PRINT_AGE_BYTES];
    enum colour colour = colour_of(r->action);
    field("score", print_number(r->score, number));
    snprintf(text, sizeof text, "%s%s%s%s%.*s%s", colour_begin(colour),
             action_name(r->action), colour_end(colour),
             span_eq(r->meant, r->action_text) ? "" : " (meant: ",
             span_eq(r->meant, r->action_text) ? 0 : (int)r->meant.len, r->meant.at,
             span_eq(r->meant, r->action_text) ? "" : ")");
    field("answer", text);
    text_field(arena, "because", r->reason);
    text_field(arena, "reply", r->reply);
    text_field(arena, "incident", r->incident);
    if (r->due_at_us != 0)
        field("due", print_time(r->due_at_us, time));
}

/* How it came in, who sent it on, and how it left: only where there is a border. */
static void print_chain(struct arena *arena, const struct chain *chain)
{
    char text[300], time[PRINT_TIME_BYTES], more[40];
    const char *queue_id = print_escape(arena, span_head(chain->first_queue_id, 64));
    if (chain->is_later && chain->first_message != 0)
        snprintf(text, sizeof text, "as %s: outgate show %lld", queue_id,
                 (long long)chain->first_message);
    else
        snprintf(text, sizeof text, "as %s, inbound", queue_id);
    if (chain->first_queue_id.len > 0)
        field("came in", text);
    text_field(arena, "sent on by", chain->forwarded_by);
    if (chain->is_later && !span_eq(chain->ticket, SPAN("sound"))) {
        snprintf(text, sizeof text, "%.*s: charged to this host",
                 (int)span_head(chain->ticket, 20).len, chain->ticket.at);
        text_field(arena, "ticket", span_of(text));
    }
    if (chain->left_us != 0) {
        snprintf(more, sizeof more, " and %lld more", (long long)chain->left_count - 1);
        snprintf(text, sizeof text, "%s as %s%s", print_time(chain->left_us, time),
                 print_escape(arena, span_head(chain->left_queue_id, 64)),
                 chain->left_count > 1 ? more : "");
        field("left", text);
    }
    for (size_t i = 0; i < chain->later_count && i < CHAIN_LATER; i++) {
        snprintf(text, sizeof text, "outgate show %lld%s", (long long)chain->later[i],
                 i + 1 == CHAIN_LATER && chain->later_count > CHAIN_LATER ? " ..."
                                                                          : "");
        field("sent on as", text);
    }
}

/* Who held it and why, and what became of it. */
static void print_hold(struct arena *arena, const struct story *story)
{
    char time[PRINT_TIME_BYTES], length[PRINT_AGE_BYTES];
    if (story->state.len == 0)
        return;
    heading("Hold queue");
    printf("  held      %s%s%s\n", print_time(story->held_at_us, time),
           story->cause.len > 0 ? ", for its " : "", print_escape(arena, story->cause));
    if (story->due_at_us != 0)
        printf("  due       %s\n", print_time(story->due_at_us, time));
    if (span_eq(story->state, SPAN("waiting")))
        printf("  %swaiting%s   for %s by now%s\n", colour_begin(COLOUR_YELLOW),
               colour_end(COLOUR_YELLOW),
               print_span_of_time(tool_now_us() - story->held_at_us, length),
               story->due_at_us != 0 ? "" : ", until a person decides");
    else
        printf("  %-9s %s, after %s%s%s\n", print_escape(arena, story->state),
               print_time(story->state_at_us, time),
               print_span_of_time(story->state_at_us - story->held_at_us, length),
               story->state_by.len > 0 ? ", by " : "",
               print_escape(arena, story->state_by));
}

static void print_block(struct arena *arena, const struct story *story)
{
    const struct order *order = &story->block.order;
    char time[PRINT_TIME_BYTES];
    if (story->block.kind != RULING_BLOCK)
        return;
    heading("Its sender is blocked");
    printf("  %ssince %s%s, by %s", colour_begin(COLOUR_RED),
           print_time(order->since_us, time), colour_end(COLOUR_RED),
           print_escape(arena, order->by));
    if (order->until_us != 0)
        printf(", until %s", print_time(order->until_us, time));
    printf("; %lld refused since%s%s\n", (long long)order->refused,
           order->reason.len > 0 ? ": " : "", print_escape(arena, order->reason));
}

static void print_campaign(struct arena *arena, const struct story *story)
{
    if (story->campaign.len == 0)
        return;
    heading("Same text");
    printf("  campaign %s: %lld more message%s, %lld recipient%s, %lld sender%s in "
           "all\n",
           print_escape(arena, story->campaign), (long long)story->same_text,
           story->same_text == 1 ? "" : "s", (long long)story->same_recipients,
           story->same_recipients == 1 ? "" : "s", (long long)story->same_senders,
           story->same_senders == 1 ? "" : "s");
}

static int print_feedback(struct tool *tool, int64_t id, struct err *err)
{
    struct query *query = db_query_of(tool->db, STORY_FEEDBACK_SQL, id, err);
    int step = -1;
    bool begins = true;
    char time[PRINT_TIME_BYTES];
    while (query != NULL && (step = query_step(query, err)) > 0) {
        if (begins)
            heading("What came back");
        begins = false;
        printf("  %s  %-9s %s", print_time(query_int(query, 0), time),
               print_escape(tool->arena, query_text(query, 1)),
               print_escape(tool->arena, query_text(query, 2)));
        for (int i = 3; i < 7; i++)
            if (query_text(query, i).len > 0)
                printf("  %s", print_escape(tool->arena, query_text(query, i)));
        putchar('\n');
    }
    return step;
}

static int print_reports(struct tool *tool, int64_t id, struct err *err)
{
    struct query *query = db_query_of(tool->db, STORY_REPORTS_SQL, id, err);
    int step = -1;
    bool begins = true;
    char time[PRINT_TIME_BYTES], number[PRINT_AGE_BYTES];
    while (query != NULL && (step = query_step(query, err)) > 0) {
        if (begins)
            heading("What a provider said");
        begins = false;
        printf("  %s  blocked %s, destination %s, its score %s\n",
               print_time(query_int(query, 0), time),
               print_escape(tool->arena, query_text(query, 1)),
               print_escape(tool->arena, query_text(query, 2)),
               query_is_null(query, 3) ? "not said"
                                       : print_number(query_double(query, 3), number));
    }
    return step;
}

#define HITS_SQL                                                                       \
    "SELECT rule, score FROM hit WHERE message = ?1 ORDER BY score DESC, rule"

/* Descriptions come from the rules of today; a rule may have gone since. */
static const char *describe(const struct ruleset *rules, struct span rule,
                            struct arena *arena)
{
    struct rule_info info;
    ptrdiff_t at = rules != NULL ? ruleset_find(rules, span_cstr(arena, rule)) : -1;
    if (at < 0)
        return "";
    ruleset_info(rules, (size_t)at, &info);
    return print_escape(arena, span_of(info.describe));
}

static int print_hits(struct tool *tool, int64_t id, const struct ruleset *rules,
                      struct err *err)
{
    struct query *query = db_query_of(tool->db, HITS_SQL, id, err);
    int step = -1;
    bool begins = true;
    while (query != NULL && (step = query_step(query, err)) > 0) {
        struct span rule = query_text(query, 0);
        if (begins)
            heading("Rules that hit");
        begins = false;
        printf("  %7.2f  %-24s %s\n", query_double(query, 1),
               print_escape(tool->arena, rule), describe(rules, rule, tool->arena));
    }
    return step;
}

static const struct column charge_columns[] = {
    {"LIMIT", false, false, false},   {"KEY", false, true, false},
    {"CHARGED", true, false, false},  {"THEN", true, false, false},
    {"NOW", true, false, false},      {"OF", true, false, false},
    {"FREE AT", false, false, false},
};

/* One limit's row: what it cost, used then and now. */
static void charge_row(struct table *table, const struct story_charge *charge)
{
    const struct limit *limit = charge->limit;
    char text[64], more[64], time[PRINT_TIME_BYTES];
    table_text(table, charge->name);
    table_text(table, charge->key);
    table_printf(table, "%s%s",
                 print_number(charge->is_points ? (double)charge->amount / 1000
                                                : (double)charge->amount,
                              text),
                 charge->at_us == 0 ? " (when released)" : "");
    if (limit == NULL || limit->window_us == 0) {
        for (int i = 0; i < 4; i++)
            table_cell(table, limit == NULL && i == 3 ? "no longer in the config" : "");
        return;
    }
    table_printf(table, "%s%s", charge->is_then_cut ? ">" : "",
                 limit_print_amount(limit, charge->then, text, sizeof text));
    table_cell(table, limit_print_amount(limit, charge->now.used, text, sizeof text));
    table_colour(table, charge->now.used >= limit->amount ? COLOUR_RED : COLOUR_NONE);
    table_printf(table, "%s in %s",
                 limit_print_amount(limit, limit->amount, text, sizeof text),
                 print_span_of_time(limit->window_us, more));
    table_cell(table, charge->now.free_at_us <= tool_now_us()
                          ? "now"
                          : print_time(charge->now.free_at_us, time));
}

static void print_charges(struct tool *tool, const struct story *story)
{
    struct table table;
    if (story->charge_count > 0)
        heading("Limits: used then and now");
    table_init(&table, tool->arena, charge_columns,
               sizeof charge_columns / sizeof *charge_columns);
    for (size_t i = 0; i < story->charge_count; i++)
        charge_row(&table, &story->charges[i]);
    table_print(&table);
}

/* A fact of that name stands in the expression of a rule that hit. */
static bool is_telling(struct tool *tool, const struct ruleset *rules, int64_t id,
                       struct span fact)
{
    struct query *query = db_query_of(tool->db, HITS_SQL, id, NULL);
    struct rule_info info;
    bool found = false;
    while (rules != NULL && query != NULL && !found && query_step(query, NULL) > 0) {
        ptrdiff_t at =
            ruleset_find(rules, span_cstr(tool->arena, query_text(query, 0)));
        if (at < 0)
            continue;
        ruleset_info(rules, (size_t)at, &info);
        found = info.kind == RULE_FACT &&
                strstr(info.definition, span_cstr(tool->arena, fact)) != NULL;
    }
    if (query != NULL)
        query_reset(query);
    return found;
}

/* What the rules that hit went by and the authentication, each on its line. */
static int print_telling(struct tool *tool, const struct ruleset *rules, int64_t id,
                         struct err *err)
{
    struct query *query = db_query_of(tool->db, STORY_FACTS_SQL, id, err);
    int step = -1;
    bool begins = true;
    while (query != NULL && (step = query_step(query, err)) > 0) {
        struct span name = query_text(query, 0);
        bool is_authentication = span_eq(name, SPAN("spf")) ||
                                 span_eq(name, SPAN("dkim")) ||
                                 span_eq(name, SPAN("dmarc"));
        if (!is_authentication && !is_telling(tool, rules, id, name))
            continue;
        if (begins)
            heading("What tells");
        begins = false;
        printf("  %-28s %s\n", print_escape(tool->arena, name),
               print_escape(tool->arena, query_text(query, 1)));
    }
    return step;
}

static struct span group_of(struct span name)
{
    struct span head, rest;
    span_cut(name, '_', &head, &rest);
    return head;
}

/* All that was measured, facts of one subject on one line. */
static int print_facts(struct tool *tool, int64_t id, struct err *err)
{
    struct query *query = db_query_of(tool->db, STORY_FACTS_SQL, id, err);
    int step = -1;
    struct span group = SPAN("");
    while (query != NULL && (step = query_step(query, err)) > 0) {
        struct span name = query_text(query, 0);
        bool is_same = span_eq(group_of(name), group);
        if (group.len == 0)
            heading("All that was measured");
        printf("%s%s %s%s%s",
               is_same         ? ", "
               : group.len > 0 ? "\n  "
                               : "  ",
               print_escape(tool->arena, name), colour_begin(COLOUR_BOLD),
               print_escape(tool->arena, query_text(query, 1)),
               colour_end(COLOUR_BOLD));
        group = span_dup(tool->arena, group_of(name));
    }
    if (group.len > 0)
        putchar('\n');
    return step;
}

/* What one would type next. */
static void print_next(struct arena *arena, const struct dossier *d)
{
    const struct record *r = &d->record;
    const char *sender = print_shell_word(arena, r->sender);
    heading("Next");
    printf("  outgate explain %lld\n", (long long)r->id);
    printf("  outgate log --since 24h --sender %s\n", sender);
    if (d->story.campaign.len > 0)
        printf("  outgate log --campaign %s\n",
               print_shell_word(arena, d->story.campaign));
    if (span_eq(d->story.state, SPAN("waiting")))
        printf("  outgate release %lld    outgate drop %lld\n", (long long)r->id,
               (long long)r->id);
    if (d->story.block.kind == RULING_BLOCK)
        printf("  outgate unblock %s\n",
               print_shell_word(arena, d->story.block.order.key));
    else
        printf("  outgate block %s --for 24h --reason '...'\n", sender);
    if (d->headers.len > 0)
        printf("  outgate show --headers %lld\n", (long long)r->id);
}

/* Line by line, each escaped. */
static void print_headers(struct arena *arena, struct span headers)
{
    struct span line;
    if (headers.len > 0)
        heading("Headers kept");
    while (headers.len > 0) {
        span_cut(headers, '\n', &line, &headers);
        if (line.len > 0 && line.at[line.len - 1] == '\r')
            line.len--;
        struct span rest = line;
        size_t tabs = line.len > 0 && line.at[0] == '\t';
        rest = span_from(rest, tabs);
        printf("  %s%s\n", tabs ? "        " : "", print_escape(arena, rest));
    }
}

static int print_people(struct tool *tool, const struct dossier *d, struct err *err)
{
    struct ruleset *rules = NULL;
    const struct conf_list *paths = &tool->settings->rule_paths;
    const char *const *at = tool->rules != NULL ? &tool->rules : paths->at;
    /* the descriptions are a convenience: without the rule files their names stand */
    ruleset_load(&rules, at, tool->rules != NULL ? 1 : paths->count,
                 RULESET_AUTHENTICATION, NULL, NULL);
    print_who(tool->arena, &d->record);
    heading("Answer");
    print_answer(tool->arena, d);
    print_chain(tool->arena, &d->chain);
    int result = print_hits(tool, d->record.id, rules, err);
    if (result == 0)
        result = print_telling(tool, rules, d->record.id, err);
    print_charges(tool, &d->story);
    print_hold(tool->arena, &d->story);
    print_campaign(tool->arena, &d->story);
    if (result == 0)
        result = print_feedback(tool, d->record.id, err);
    if (result == 0)
        result = print_reports(tool, d->record.id, err);
    print_block(tool->arena, &d->story);
    if (result == 0)
        result = print_facts(tool, d->record.id, err);
    print_headers(tool->arena, d->headers);
    print_next(tool->arena, d);
    ruleset_free(&rules);
    return result;
}

static int json_hits(struct tool *tool, struct json *json, int64_t id, struct err *err)
{
    struct query *query = db_query_of(tool->db, HITS_SQL, id, err);
    int step = -1;
    json_open(json, "hits", '[');
    while (query != NULL && (step = query_step(query, err)) > 0) {
        json_open(json, NULL, '{');
        json_text(json, "rule", query_text(query, 0));
        json_number(json, "score", query_double(query, 1));
        json_close(json, '}');
    }
    json_close(json, ']');
    return step;
}

static double in_unit(const struct story_charge *charge, int64_t amount)
{
    return charge->is_points ? (double)amount / 1000 : (double)amount;
}

static void json_charges(struct json *json, const struct story *story)
{
    json_open(json, "charges", '[');
    for (size_t i = 0; i < story->charge_count; i++) {
        const struct story_charge *charge = &story->charges[i];
        json_open(json, NULL, '{');
        json_text(json, "limit", charge->name);
        json_text(json, "key", charge->key);
        json_number(json, "amount", in_unit(charge, charge->amount));
        record_json_time(json, "at", charge->at_us);
        if (charge->limit != NULL && charge->limit->window_us > 0) {
            json_number(json, "used_then", in_unit(charge, charge->then));
            json_number(json, "used_now", in_unit(charge, charge->now.used));
            json_number(json, "of", in_unit(charge, charge->limit->amount));
            record_json_time(json, "free_at", charge->now.free_at_us);
        }
        json_close(json, '}');
    }
    json_close(json, ']');
}

static int json_feedback(struct tool *tool, struct json *json, int64_t id,
                         struct err *err)
{
    static const char *const names[] = {"kind",   "recipient", "status",
                                        "reason", "reporter",  "detail"};
    struct query *query = db_query_of(tool->db, STORY_FEEDBACK_SQL, id, err);
    int step = -1;
    json_open(json, "feedback", '[');
    while (query != NULL && (step = query_step(query, err)) > 0) {
        json_open(json, NULL, '{');
        record_json_time(json, "at", query_int(query, 0));
        for (int i = 0; i < 6; i++)
            json_text(json, names[i], query_text(query, i + 1));
        json_close(json, '}');
    }
    json_close(json, ']');
    return step;
}

static int json_reports(struct tool *tool, struct json *json, int64_t id,
                        struct err *err)
{
    struct query *query = db_query_of(tool->db, STORY_REPORTS_SQL, id, err);
    int step = -1;
    json_open(json, "provider_reports", '[');
    while (query != NULL && (step = query_step(query, err)) > 0) {
        json_open(json, NULL, '{');
        record_json_time(json, "at", query_int(query, 0));
        json_text(json, "blocked_ip", query_text(query, 1));
        json_text(json, "destination_ip", query_text(query, 2));
        if (query_is_null(query, 3))
            json_null(json, "score");
        else
            json_number(json, "score", query_double(query, 3));
        json_close(json, '}');
    }
    json_close(json, ']');
    return step;
}

static void json_story(struct json *json, const struct story *story)
{
    const struct order *order = &story->block.order;
    json_text_or_null(json, "hold_state", story->state);
    json_text_or_null(json, "hold_state_by", story->state_by);
    json_text_or_null(json, "hold_cause", story->cause);
    record_json_time(json, "held_at", story->held_at_us);
    record_json_time(json, "hold_state_at", story->state_at_us);
    json_int(json, "campaign_others", story->same_text);
    json_int(json, "campaign_senders", story->same_senders);
    json_bool(json, "is_blocked", story->block.kind == RULING_BLOCK);
    if (story->block.kind == RULING_BLOCK) {
        record_json_time(json, "blocked_since", order->since_us);
        record_json_time(json, "blocked_until", order->until_us);
        json_text(json, "blocked_reason", order->reason);
        json_text(json, "blocked_by", order->by);
    }
    json_charges(json, story);
}

static void json_rest(struct json *json, const struct dossier *d)
{
    const struct record *r = &d->record;
    json_text(json, "path", r->path);
    json_text(json, "identified_by", r->identified_by);
    json_text(json, "client_name", r->client_name);
    json_text(json, "helo", r->helo);
    json_text(json, "subject", r->subject);
    json_text(json, "x_mailer", r->x_mailer);
    json_text(json, "script", r->script);
    json_text(json, "rcpt_to", r->rcpt_to);
    json_text(json, "meant", r->meant);
    json_text_or_null(json, "limit_key", r->limit_key);
    json_text_or_null(json, "reply", r->reply);
    json_text_or_null(json, "incident", r->incident);
    json_text_or_null(json, "headers", d->headers);
    chain_json(json, &d->chain);
}

/* The facts are a JSON object already. */
static void json_facts(struct json *json, struct span facts)
{
    buf_add_span(json->out, SPAN(", \"facts\": "));
    buf_add_span(json->out, facts.len > 0 ? facts : SPAN("{}"));
    json->has_item = true;
}

static int print_json(struct tool *tool, const struct dossier *d, struct err *err)
{
    struct buf out;
    struct json json;
    print_object_begin(tool->arena, OBJECT_BYTES, &out, &json);
    record_json(&json, &d->record);
    json_rest(&json, d);
    json_story(&json, &d->story);
    json_facts(&json, d->facts);
    if (json_hits(tool, &json, d->record.id, err) < 0 ||
        json_feedback(tool, &json, d->record.id, err) < 0 ||
        json_reports(tool, &json, d->record.id, err) < 0)
        return -1;
    print_object_end(&json);
    return 0;
}

static int print_kept(const struct dossier *d, struct err *err)
{
    bool has_it = wants_body ? d->body.len > 0 : d->headers.len > 0;
    if (!has_it)
        return err_set(err, ERR_NOT_FOUND,
                       "of message %lld no %s was kept ([store] keep)",
                       (long long)d->record.id, wants_body ? "body" : "header");
    if (d->headers.len > 0)
        fwrite(d->headers.at, 1, d->headers.len, stdout);
    if (d->headers.len > 0 && d->headers.at[d->headers.len - 1] != '\n')
        putchar('\n');
    if (wants_body) {
        putchar('\n');
        fwrite(d->body.at, 1, d->body.len, stdout);
    }
    return 0;
}

static int run(struct tool *tool, struct err *err)
{
    struct dossier d = {0};
    size_t others;
    if (tool_open(tool, DB_READ, err) != 0 ||
        record_find(tool, span_of(tool->words[0]), &d.record, &others, err) != 0 ||
        read_evidence(tool, &d, err) != 0 ||
        story_read(tool, &d.record, &d.story, err) != 0 ||
        chain_read(tool->db, d.record.id, tool->arena, &d.chain, err) != 0)
        return -1;
    if (others > 0)
        fprintf(stderr,
                "outgate: %zu older messages have that id too; outgate log "
                "--queue-id or --message-id lists them\n",
                others);
    if (wants_headers || wants_body)
        return print_kept(&d, err);
    return tool->json ? print_json(tool, &d, err) : print_people(tool, &d, err);
}

const struct command outgate_cmd_show = {
    .name = "show",
    .words = "ID",
    .summary = "one message whole: who, what was measured, what was answered",
    .details = "ID is the log's id, a queue id, the incident id of a reply, or a\n"
               "Message-ID (its part before the @ is enough).",
    .examples =
        "  outgate show 17\n"
        "  outgate show 4jX9R33dk9z1fPKf\n"
        "  outgate show d24aa492-5f37-457f-9595-23ddc9e0f714@xxxxxxxxxxxxx.xx.local\n"
        "  outgate show --headers 17",
    .words_min = 1,
    .words_max = 1,
    .options = options,
    .run = run,
};
