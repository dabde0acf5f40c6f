/* SPDX-License-Identifier: BSD-2-Clause
 *
 * cmd_show - one message of the log, whole.
 */
#include <stdio.h>
#include <string.h>

#include "rules/ruleset.h"
#include "store/audit.h"
#include "tool/chain.h"
#include "tool/commands.h"
#include "tool/print.h"
#include "tool/record.h"

enum { OBJECT_BYTES = 8 << 20 };

static bool wants_headers, wants_body;

static const struct option_row options[] = {
    {"headers", 0, NULL, OPTION_FLAG, &wants_headers,
     "print nothing but the headers kept, as they came"},
    {"raw", 0, NULL, OPTION_FLAG, &wants_body,
     "print nothing but the mail kept (keep = full), as it came"},
    {0},
};

/* What hangs on a message, read at once. */
struct dossier {
    struct record record;
    struct span facts, headers, body;
    struct span state, state_by; /* of its hold; "" if it was not held */
    int64_t state_at_us;
    struct chain chain;
    int64_t campaign_others, campaign_senders; /* messages but this, all senders */
};

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

static struct query *select_of(struct tool *tool, const char *sql, int64_t id,
                               struct err *err)
{
    struct query *query = db_query(tool->db, sql, err);
    if (query != NULL)
        query_bind_int(query, 1, id);
    return query;
}

static int read_evidence(struct tool *tool, struct dossier *d, struct err *err)
{
    struct query *query =
        select_of(tool, "SELECT facts, headers, body FROM evidence WHERE message = ?1",
                  d->record.id, err);
    int step = query != NULL ? query_step(query, err) : -1;
    if (step > 0) {
        d->facts = span_dup(tool->arena, query_text(query, 0));
        d->headers = span_dup(tool->arena, query_text(query, 1));
        d->body = span_dup(tool->arena, query_text(query, 2));
    }
    return step < 0 ? -1 : 0;
}

static int read_state(struct tool *tool, struct dossier *d, struct err *err)
{
    struct query *query = select_of(
        tool,
        "SELECT state, state_at_us, state_by FROM held_message WHERE message = ?1",
        d->record.id, err);
    int step = query != NULL ? query_step(query, err) : -1;
    if (step > 0) {
        d->state = span_dup(tool->arena, query_text(query, 0));
        d->state_at_us = query_int(query, 1);
        d->state_by = span_dup(tool->arena, query_text(query, 2));
    }
    return step < 0 ? -1 : 0;
}

static int read_campaign(struct tool *tool, struct dossier *d, struct err *err)
{
    if (d->record.campaign.len == 0)
        return 0;
    struct query *query =
        db_query(tool->db,
                 "SELECT count(*) - 1, count(DISTINCT sender) FROM message WHERE "
                 "campaign = ?1 AND campaign <> ''",
                 err);
    if (query == NULL)
        return -1;
    query_bind_text(query, 1, d->record.campaign);
    if (query_step(query, err) < 0)
        return -1;
    d->campaign_others = query_int(query, 0);
    d->campaign_senders = query_int(query, 1);
    query_reset(query);
    return 0;
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
    snprintf(text, sizeof text, "%lld recipient%s, %lld bytes, judged in %.1f ms",
             (long long)r->recipients, r->recipients == 1 ? "" : "s",
             (long long)r->size_bytes, (double)r->elapsed_us / 1000);
    field("size", text);
}

static void print_campaign(struct arena *arena, const struct dossier *d)
{
    char text[200];
    if (d->record.campaign.len == 0)
        return;
    snprintf(text, sizeof text, "%.*s, %lld more of it in the log, by %lld sender%s",
             (int)d->record.campaign.len, d->record.campaign.at,
             (long long)d->campaign_others, (long long)d->campaign_senders,
             d->campaign_senders == 1 ? "" : "s");
    text_field(arena, "campaign", span_of(text));
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
    if (d->state.len > 0) {
        snprintf(text, sizeof text, "%.*s since %s%s%.*s", (int)d->state.len,
                 d->state.at, print_time(d->state_at_us, time),
                 d->state_by.len > 0 ? ", by " : "",
                 (int)(d->state_by.len < 100 ? d->state_by.len : 100), d->state_by.at);
        text_field(arena, "hold queue", span_of(text));
    }
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

#define HITS_SQL                                                                       \
    "SELECT rule, score FROM hit WHERE message = ?1 ORDER BY score DESC, rule"
#define CHARGES_SQL                                                                    \
    "SELECT limit_name, key, charge.amount, charge.at_us, unit, sentence FROM charge " \
    "LEFT "                                                                            \
    "JOIN limit_in_force ON name = limit_name WHERE message = ?1 ORDER BY position"

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
    struct query *query = select_of(tool, HITS_SQL, id, err);
    int step = -1;
    bool begins = true;
    while (query != NULL && (step = query_step(query, err)) > 0) {
        struct span rule = query_text(query, 0);
        if (begins)
            printf("\nrules that hit:\n");
        begins = false;
        printf("  %7.2f  %-24s %s\n", query_double(query, 1),
               print_escape(tool->arena, rule), describe(rules, rule, tool->arena));
    }
    return step;
}

static int print_charges(struct tool *tool, int64_t id, struct err *err)
{
    struct query *query = select_of(tool, CHARGES_SQL, id, err);
    int step = -1;
    bool begins = true;
    while (query != NULL && (step = query_step(query, err)) > 0) {
        char number[PRINT_AGE_BYTES], time[PRINT_TIME_BYTES];
        bool points = span_eq(query_text(query, 4), SPAN("points"));
        double amount = (double)query_int(query, 2) / (points ? 1000 : 1);
        if (begins)
            printf("\ncharged to limits:\n");
        begins = false;
        printf("  %7s  %-14s %s  (%s)\n", print_number(amount, number),
               print_escape(tool->arena, query_text(query, 0)),
               print_escape(tool->arena, query_text(query, 1)),
               query_is_null(query, 3) ? "not yet: charged when it is released"
                                       : print_time(query_int(query, 3), time));
    }
    return step;
}

static int print_facts(struct tool *tool, int64_t id, struct err *err)
{
    struct query *query = select_of(
        tool,
        "SELECT key, value FROM evidence, json_each(CASE WHEN json_valid(facts) THEN "
        "facts ELSE '{}' END) WHERE message = ?1",
        id, err);
    int step = -1;
    bool begins = true;
    while (query != NULL && (step = query_step(query, err)) > 0) {
        if (begins)
            printf("\nmeasured:\n");
        begins = false;
        printf("  %-28s %s\n", print_escape(tool->arena, query_text(query, 0)),
               print_escape(tool->arena, query_text(query, 1)));
    }
    return step;
}

/* Line by line, each escaped. */
static void print_headers(struct arena *arena, struct span headers)
{
    struct span line;
    if (headers.len > 0)
        printf("\nheaders kept:\n");
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
    ruleset_load(&rules, at, tool->rules != NULL ? 1 : paths->count, false, NULL, NULL);
    print_who(tool->arena, &d->record);
    print_campaign(tool->arena, d);
    putchar('\n');
    print_answer(tool->arena, d);
    print_chain(tool->arena, &d->chain);
    int result = print_hits(tool, d->record.id, rules, err);
    if (result == 0)
        result = print_charges(tool, d->record.id, err);
    if (result == 0)
        result = print_facts(tool, d->record.id, err);
    print_headers(tool->arena, d->headers);
    ruleset_free(&rules);
    return result;
}

static int json_hits(struct tool *tool, struct json *json, int64_t id, struct err *err)
{
    struct query *query = select_of(tool, HITS_SQL, id, err);
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

static int json_charges(struct tool *tool, struct json *json, int64_t id,
                        struct err *err)
{
    struct query *query = select_of(tool, CHARGES_SQL, id, err);
    int step = -1;
    char at[32];
    json_open(json, "charges", '[');
    while (query != NULL && (step = query_step(query, err)) > 0) {
        bool points = span_eq(query_text(query, 4), SPAN("points"));
        json_open(json, NULL, '{');
        json_text(json, "limit", query_text(query, 0));
        json_text(json, "key", query_text(query, 1));
        json_number(json, "amount", (double)query_int(query, 2) / (points ? 1000 : 1));
        if (query_is_null(query, 3))
            json_null(json, "at");
        else
            json_text(json, "at", span_of(audit_time_text(query_int(query, 3), at)));
        json_close(json, '}');
    }
    json_close(json, ']');
    return step;
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
    json_text_or_null(json, "hold_state", d->state);
    json_text_or_null(json, "hold_state_by", d->state_by);
    json_text_or_null(json, "headers", d->headers);
    chain_json(json, &d->chain);
    json_int(json, "campaign_others", d->campaign_others);
    json_int(json, "campaign_senders", d->campaign_senders);
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
    buf_init(&out, tool->arena, OBJECT_BYTES);
    json_init(&json, &out);
    json_open(&json, NULL, '{');
    record_json(&json, &d->record);
    json_rest(&json, d);
    json_facts(&json, d->facts);
    if (json_hits(tool, &json, d->record.id, err) < 0 ||
        json_charges(tool, &json, d->record.id, err) < 0)
        return -1;
    json_close(&json, '}');
    puts(buf_cstr(&out));
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
        read_evidence(tool, &d, err) != 0 || read_state(tool, &d, err) != 0 ||
        read_campaign(tool, &d, err) != 0 ||
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
