/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/judge/scan_judge.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/bounds.h"
#include "base/clock.h"
#include "base/json.h"
#include "gate/past.h"
#include "message/address.h"
#include "tool/print.h"

enum {
    SPARE_BYTES = 64 << 20, /* beside the copies of a body, as in the daemon. chosen */
    BODY_COPIES = 8,
    TEXT_BYTES = 4 << 20, /* most that is printed of one mail */
};

size_t scan_arena_bytes(const struct engine *engine)
{
    return SPARE_BYTES + BODY_COPIES * (size_t)engine->settings->scan_bytes;
}

static bool add_recipient(struct envelope *env, struct span address)
{
    if (address.len == 0 || env->recipient_kept == BOUND_RECIPIENTS)
        return false;
    env->recipients[env->recipient_kept++] = address;
    env->recipient_count++;
    return true;
}

/* Room for more recipients than *room; most mails have few. */
static bool make_room(struct envelope *env, struct arena *arena, size_t more,
                      size_t *room)
{
    size_t want = 2 * (env->recipient_kept + more);
    if (env->recipient_kept + more <= *room)
        return true;
    struct span *recipients = arena_array(arena, want, sizeof *recipients);
    if (recipients == NULL)
        return false;
    if (env->recipient_kept > 0)
        memcpy(recipients, env->recipients, env->recipient_kept * sizeof *recipients);
    env->recipients = recipients;
    *room = want;
    return true;
}

/* Every mailbox of every To, Cc and Bcc. */
static void read_recipients(struct envelope *env, const struct message *msg)
{
    static const char *const names[] = {"To", "Cc", "Bcc"};
    size_t room = 0;
    for (size_t i = 0; i < 3; i++) {
        const struct header_field *field;
        for (size_t n = 0; (field = message_field(msg, names[i], n)) != NULL; n++) {
            size_t count;
            struct mailbox *boxes = address_list(msg->arena, field->value, &count);
            if (!make_room(env, msg->arena, count, &room))
                return;
            for (size_t k = 0; k < count; k++)
                add_recipient(env, boxes[k].address);
        }
    }
}

static void list_recipients(struct envelope *env, const struct message *msg,
                            const struct option_list *list)
{
    env->recipients = arena_array(msg->arena, list->count, sizeof(struct span));
    for (size_t i = 0; i < list->count && env->recipients != NULL; i++)
        add_recipient(env, address_path(span_of(list->at[i])));
}

/* Return-Path: is the envelope sender as the last MTA wrote it down; else From:. */
static struct span read_sender(const struct message *msg, bool *is_null)
{
    size_t count;
    const struct header_field *path = message_field(msg, "Return-Path", 0);
    *is_null = false;
    if (path != NULL) {
        struct span address = address_path(path->value);
        *is_null = address.len == 0 && span_eq(path->value, SPAN("<>"));
        if (address.len > 0 || *is_null)
            return address;
    }
    struct mailbox *boxes =
        address_list(msg->arena, message_value(msg, "From"), &count);
    return count > 0 ? boxes[0].address : SPAN("");
}

static void fill_envelope(struct envelope *env, const struct message *msg,
                          const struct scan_how *how)
{
    *env = (struct envelope){.path = PATH_SMTP,
                             .mail_class = how->mail_class,
                             .is_scan = true,
                             .client_ip = span_of(how->client_ip),
                             .helo = span_of(how->helo),
                             .auth_user = span_of(how->auth_user)};
    if (how->mail_from != NULL) {
        env->mail_from = address_path(span_of(how->mail_from));
        env->is_null_sender = env->mail_from.len == 0;
    } else {
        env->mail_from = read_sender(msg, &env->is_null_sender);
    }
    if (how->recipients->count > 0)
        list_recipients(env, msg, how->recipients);
    else
        read_recipients(env, msg);
}

/* The mail's name for a person: "inbox.mbox:3". */
static void print_name(struct buf *out, struct arena *arena,
                       const struct scan_mail *mail)
{
    buf_add_span(out, span_of(print_escape(arena, span_of(mail->path))));
    if (mail->is_one_of_many)
        buf_printf(out, ":%u", mail->number);
}

static void print_hits(struct buf *out, const struct judgement *judgement,
                       const struct ruleset *rules, struct arena *arena)
{
    for (size_t i = 0; i < judgement->hits.count; i++) {
        const struct hit *hit = &judgement->hits.at[i];
        struct rule_info info;
        ruleset_info(rules, hit->rule, &info);
        buf_printf(out, "    %7.2f  %-24.100s ", hit->score, hit->name);
        buf_add_span(out, span_of(print_escape(arena, span_of(info.describe))));
        if (hit->times > 1)
            buf_printf(out, " (%u times)", hit->times);
        buf_add_char(out, '\n');
    }
}

/* Every rule that is true, those that only count in others too. */
static void print_all_hits(struct buf *out, const struct hits *hits,
                           const struct ruleset *rules)
{
    for (size_t i = 0; hits->values != NULL && i < ruleset_count(rules); i++) {
        char number[PRINT_AGE_BYTES];
        struct rule_info info;
        if (hits->values[i] == 0)
            continue;
        ruleset_info(rules, i, &info);
        buf_printf(out, "             %-24.100s = %s\n", info.name,
                   print_number(hits->values[i], number));
    }
}

static void print_facts(struct buf *out, const struct facts *facts, struct arena *arena)
{
    for (int id = 0; id < FACT_ID_COUNT; id++) {
        char number[PRINT_AGE_BYTES];
        if (!facts_is_set(facts, (enum fact_id)id))
            continue;
        buf_printf(out, "             %-24s = ", outgate_fact_rows[id].name);
        buf_add_span(out, outgate_fact_rows[id].type == FACT_TEXT
                              ? span_of(print_escape(arena, facts->text[id]))
                              : span_of(print_number(facts->number[id], number)));
        buf_add_char(out, '\n');
    }
}

static void print_people(struct buf *out, const struct scan_how *how,
                         const struct scan_mail *mail,
                         const struct judgement *judgement, struct arena *arena)
{
    enum action action = judgement->verdict.action;
    enum colour colour = colour_of(action);
    buf_printf(out, "%s%7.2f  %-6s%s  ", colour_begin(colour), judgement->hits.score,
               action_name(action), colour_end(colour));
    print_name(out, arena, mail);
    buf_add_char(out, '\n');
    if (!how->is_terse)
        print_hits(out, judgement, how->engine->rules, arena);
    if (how->with_all_hits)
        print_all_hits(out, &judgement->hits, how->engine->rules);
    if (how->with_facts)
        print_facts(out, &judgement->facts, arena);
}

static void begin_json(struct json *json, const struct scan_mail *mail)
{
    json_open(json, NULL, '{');
    json_text(json, "file", span_of(mail->path));
    if (mail->is_one_of_many)
        json_int(json, "number", mail->number);
}

static void json_hits(struct json *json, const struct hits *hits)
{
    json_open(json, "hits", '[');
    for (size_t i = 0; i < hits->count; i++) {
        json_open(json, NULL, '{');
        json_text(json, "rule", span_of(hits->at[i].name));
        json_number(json, "score", hits->at[i].score);
        if (hits->at[i].times > 1)
            json_int(json, "times", hits->at[i].times);
        json_close(json, '}');
    }
    json_close(json, ']');
}

static void json_all_hits(struct json *json, const struct hits *hits,
                          const struct ruleset *rules)
{
    json_open(json, "all_hits", '{');
    for (size_t i = 0; hits->values != NULL && i < ruleset_count(rules); i++) {
        struct rule_info info;
        if (hits->values[i] == 0)
            continue;
        ruleset_info(rules, i, &info);
        json_number(json, info.name, hits->values[i]);
    }
    json_close(json, '}');
}

static void json_facts(struct json *json, const struct facts *facts)
{
    json_open(json, "facts", '{');
    for (int id = 0; id < FACT_ID_COUNT; id++) {
        const struct fact_row *row = &outgate_fact_rows[id];
        if (!facts_is_set(facts, (enum fact_id)id))
            continue;
        if (row->type == FACT_TEXT)
            json_text(json, row->name, facts->text[id]);
        else
            json_number(json, row->name, facts->number[id]);
    }
    json_close(json, '}');
}

static void print_json(struct buf *out, const struct scan_how *how,
                       const struct scan_mail *mail, const struct scan_reading *reading)
{
    const struct judgement *judgement = &reading->judgement;
    struct json json;
    json_init(&json, out);
    begin_json(&json, mail);
    json_number(&json, "score", judgement->hits.score);
    json_text(&json, "action", span_of(action_name(judgement->verdict.action)));
    json_text(&json, "class", span_of(mail_class_name(reading->env.mail_class)));
    json_text(&json, "sender", judgement->sender.key);
    json_hits(&json, &judgement->hits);
    if (how->with_all_hits)
        json_all_hits(&json, &judgement->hits, how->engine->rules);
    json_facts(&json, &judgement->facts);
    json_bool(&json, "malformed", reading->msg->defects != 0 || mail->is_cut);
    if (judgement->hits.limit_errors > 0)
        json_int(&json, "rules_stopped", judgement->hits.limit_errors);
    json_int(&json, "elapsed_us", reading->elapsed_us);
    json_close(&json, '}');
    buf_add_char(out, '\n');
}

static void keep_text(struct scan_result *result, const struct buf *out)
{
    struct span text = buf_span(out);
    result->text = malloc(text.len + 1);
    if (result->text != NULL && text.len > 0)
        memcpy(result->text, text.at, text.len);
    result->text_len = result->text != NULL ? text.len : 0;
}

/* A mail that cannot be read, or judged for lack of memory. */
static void give_up(const struct scan_how *how, const struct scan_mail *mail,
                    const char *why, struct arena *arena, struct scan_result *result)
{
    struct buf out, name;
    arena_reset(arena);
    buf_init(&out, arena, TEXT_BYTES);
    buf_init(&name, arena, TEXT_BYTES);
    print_name(&name, arena, mail);
    snprintf(result->error, sizeof result->error, "%.200s: %.80s", buf_cstr(&name),
             why);
    if (how->json) {
        struct json json;
        json_init(&json, &out);
        begin_json(&json, mail);
        json_null(&json, "score");
        json_null(&json, "action");
        json_text(&json, "error", span_of(why));
        json_close(&json, '}');
        buf_add_char(&out, '\n');
    }
    keep_text(result, &out);
}

int scan_fact_parse(struct span text, struct scan_fact *out, struct err *err)
{
    struct span name, value;
    char number[32] = "";
    char *end = number;
    bool has_value = span_cut(text, '=', &name, &value);
    int id = facts_find(span_trim(name));
    const char *nearest = facts_nearest(span_trim(name));
    if (id < 0)
        return err_set(err, ERR_USAGE, "--fact: there is no fact %.*s%s%s",
                       (int)span_head(name, 60).len, name.at,
                       nearest != NULL ? "; do you mean " : "",
                       nearest != NULL ? nearest : "");
    *out = (struct scan_fact){.id = (enum fact_id)id, .text = span_trim(value)};
    if (has_value && outgate_fact_rows[id].type == FACT_TEXT)
        return 0;
    if (out->text.len > 0 && out->text.len < sizeof number)
        memcpy(number, out->text.at, out->text.len);
    out->number = strtod(number, &end);
    if (!has_value || end == number || *end != '\0' || !isfinite(out->number))
        return err_set(err, ERR_USAGE, "--fact %s wants a number: %s=1",
                       outgate_fact_rows[id].name, outgate_fact_rows[id].name);
    return 0;
}

/* The gate's own stages, with what the command line says in place of what is. */
static void judge(const struct scan_how *how, const struct message *msg,
                  struct envelope *env, struct judgement *out)
{
    int64_t now_us = clock_wall_us();
    struct gate_past past;
    gate_identify(how->engine->settings, msg, env, &out->sender);
    if (how->sender != NULL)
        out->sender.key = sender_key(msg->arena, span_of(how->sender));
    gate_past_read(how->engine, msg, env, &out->sender, how->reader, now_us, &past);
    auth_run(how->engine->auth, NULL, msg, env, out->sender.key, &out->authentication);
    env->authentication = &out->authentication;
    facts_collect(&out->facts, msg, env, &past.past, now_us / 1000000);
    for (size_t i = 0; i < how->fact_count; i++) {
        const struct scan_fact *fact = &how->facts[i];
        out->facts.number[fact->id] = fact->number;
        out->facts.text[fact->id] = fact->text;
    }
    gate_weigh(how->engine, msg, env, out);
}

const char *scan_read(const struct scan_how *how, const struct scan_mail *mail,
                      struct arena *arena, struct scan_reading *out)
{
    arena_reset(arena);
    out->msg = message_new(arena, (uint64_t)how->engine->settings->scan_bytes);
    if (mail->error[0] != '\0')
        return mail->error;
    if (out->msg == NULL)
        return "out of memory";
    int64_t started_us = clock_elapsed_us();
    message_read(out->msg, (struct span){mail->bytes, mail->len});
    fill_envelope(&out->env, out->msg, how);
    judge(how, out->msg, &out->env, &out->judgement);
    out->elapsed_us = clock_elapsed_us() - started_us;
    return arena_is_broken(arena) ? "out of memory" : NULL;
}

void scan_judge(const struct scan_how *how, const struct scan_mail *mail,
                struct arena *arena, struct scan_result *result)
{
    struct scan_reading reading;
    struct buf out;
    memset(result, 0, sizeof *result);
    const char *why = scan_read(how, mail, arena, &reading);
    if (why != NULL) {
        give_up(how, mail, why, arena, result);
        return;
    }
    result->action = reading.judgement.verdict.action;
    struct arena *paper =
        arena_new(2 * (size_t)TEXT_BYTES); /* the mail's may be full */
    if (paper == NULL) {
        give_up(how, mail, "out of memory", arena, result);
        return;
    }
    buf_init(&out, paper, TEXT_BYTES);
    if (how->json)
        print_json(&out, how, mail, &reading);
    else
        print_people(&out, how, mail, &reading.judgement, paper);
    keep_text(result, &out);
    arena_free(&paper);
}
