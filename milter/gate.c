/* SPDX-License-Identifier: BSD-2-Clause */
#include "gate.h"

#include <stdlib.h>
#include <string.h>

#include "base/bounds.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "message/address.h"
#include "message/url.h"
#include "store/audit.h"

enum {
    STORE_TIMEOUT_MS =
        20000, /* below Postfix's milter_content_timeout of 300 s. chosen */
    LISTED_RECIPIENTS = 16, /* recipients written out in an audit row. chosen */
};

/* What the writer's thread works on while the message's own thread waits. */
struct decision {
    const struct passage *passage;
    const struct judgement *judgement;
    struct charge charge;
    struct plan *plan;
    int64_t *id;
};

void gate_judge(const struct engine *engine, const struct message *msg,
                const struct envelope *env, int64_t now_us, struct judgement *out)
{
    const struct settings *settings = engine->settings;
    facts_collect(&out->facts, msg, env, now_us / 1000000);
    rule_match(engine->rules, msg, env, &out->facts, &out->hits);
    gate_identify(settings, msg, env, &out->sender);
    verdict_reach(settings_policy(settings, env->mail_class), out->hits.score,
                  &out->verdict);
}

void gate_identify(const struct settings *settings, const struct message *msg,
                   const struct envelope *env, struct sender *out)
{
    /* a stranger's mail must never count against a local account, whatever it claims */
    static const enum identity stranger[] = {IDENTITY_CLIENT_IP, IDENTITY_MAIL_FROM};
    if (env->mail_class == CLASS_FORWARDED)
        sender_identify(env, msg, stranger, 2, msg->arena, out);
    else
        sender_identify(env, msg, settings->identify_by, settings->identify_by_count,
                        msg->arena, out);
}

/* The registrable domain of the first From: mailbox, or "". */
static struct span from_domain(const struct message *msg, struct span *address)
{
    size_t count;
    struct mailbox *boxes =
        address_list(msg->arena, message_value(msg, "From"), &count);
    *address = count > 0 ? boxes[0].address : SPAN("");
    if (count == 0)
        return SPAN("");
    struct span domain = url_domain(msg->arena, boxes[0].domain);
    return domain.len > 0 ? domain : boxes[0].domain;
}

static void list_recipient_domains(const struct passage *passage,
                                   struct charge_request *request)
{
    const struct envelope *env = passage->env;
    struct arena *arena = passage->msg->arena;
    struct span *domains = arena_array(arena, env->recipient_kept + 1, sizeof *domains);
    if (domains == NULL)
        return;
    for (size_t i = 0; i < env->recipient_kept; i++)
        domains[i] = span_lower(arena, address_domain(env->recipients[i]));
    request->recipient_domains = domains;
    request->recipient_domain_count = env->recipient_kept;
}

static int charge_limits(struct decision *decision, struct db *db, struct span domain,
                         struct err *err)
{
    const struct passage *passage = decision->passage;
    const struct judgement *judgement = decision->judgement;
    const struct settings *settings = passage->engine->settings;
    const struct envelope *env = passage->env;
    double points = judgement->hits.score > 0 ? judgement->hits.score : 0;
    struct charge_request request = {
        .mail_class = env->mail_class,
        .sender = judgement->sender.key,
        .client_ip = env->client_ip,
        .from_domain = domain,
        .recipients = (int64_t)env->recipient_count,
        .bytes = (int64_t)passage->msg->size_bytes,
        .points_milli = (int64_t)(points * 1000 + 0.5),
        .is_charged = judgement->verdict.action <= ACTION_SLOW,
        .must_not_refuse = env->path == PATH_LOCAL || env->is_null_sender,
        .max_hold_us = settings_policy(settings, env->mail_class)->max_hold_us,
    };
    list_recipient_domains(passage, &request);
    return limits_charge(db, settings->limits, settings->limit_count, &request,
                         passage->limit_now_us, passage->msg->arena, &decision->charge,
                         err);
}

static struct span facts_json(const struct facts *facts, struct arena *arena)
{
    struct buf out;
    struct json json;
    buf_init(&out, arena, 1 << 20);
    json_init(&json, &out);
    json_open(&json, NULL, '{');
    for (int id = 0; id < FACT_ID_COUNT; id++) {
        if (!facts_is_set(facts, (enum fact_id)id))
            continue;
        if (outgate_fact_rows[id].type == FACT_TEXT)
            json_text(&json, outgate_fact_rows[id].name, facts->text[id]);
        else
            json_number(&json, outgate_fact_rows[id].name, facts->number[id]);
    }
    json_close(&json, '}');
    return out.is_full ? SPAN("{}") : buf_span(&out);
}

static struct span kept_headers(const struct message *msg)
{
    struct buf out;
    buf_init(&out, msg->arena, BOUND_STORED_HEADER_BYTES);
    for (size_t i = 0; i < msg->field_count; i++) {
        buf_add_span(&out, msg->fields[i].name);
        buf_add_char(&out, ':');
        buf_add_span(&out, msg->fields[i].raw);
        buf_add_char(&out, '\n');
    }
    return buf_span(&out);
}

/* Without the <> that RFC 5322 3.6.4 puts around it. */
static struct span bare_message_id(const struct message *msg)
{
    struct span id = span_trim(message_value(msg, "Message-ID"));
    if (id.len >= 2 && id.at[0] == '<' && id.at[id.len - 1] == '>')
        return (struct span){id.at + 1, id.len - 2};
    return id;
}

static void fill_session(struct audit_row *row, const struct envelope *env)
{
    row->mail_class = env->mail_class;
    row->path = env->path;
    row->queue_id = env->queue_id;
    row->client_ip = env->client_ip;
    row->client_name = env->client_name;
    row->helo = env->helo;
    row->mail_from = env->mail_from;
    row->recipients = (int64_t)env->recipient_count;
    row->recipient_list = env->recipients;
    row->recipient_list_count = env->recipient_kept < LISTED_RECIPIENTS
                                    ? env->recipient_kept
                                    : LISTED_RECIPIENTS;
}

static void fill_plan(struct audit_row *row, const struct decision *decision)
{
    const struct plan *plan = decision->plan;
    row->action = plan->action;
    row->meant = plan->meant;
    row->reason = span_of(plan->reason);
    row->due_at_us = plan->due_at_us;
    row->is_shadow = plan->is_shadow;
    if (!plan->is_shadow)
        row->reply = span_of(plan->reply);
    if (plan->action >= ACTION_HOLD)
        row->incident = span_of(plan->incident);
    if (decision->charge.limit != NULL) {
        row->limit_name = decision->charge.limit->name;
        row->limit_key = decision->charge.key;
    }
    row->charge = &decision->charge;
}

static void fill_message(struct audit_row *row, const struct decision *decision)
{
    const struct message *msg = decision->passage->msg;
    const struct judgement *judgement = decision->judgement;
    int keep = decision->passage->engine->settings->keep;
    row->sender = judgement->sender.key;
    row->identified_by = span_of(identity_name(judgement->sender.identity));
    row->message_id = bare_message_id(msg);
    row->subject = message_value(msg, "Subject");
    row->x_mailer = judgement->facts.text[FACT_x_mailer];
    row->script = judgement->facts.text[FACT_script];
    row->size_bytes = (int64_t)msg->size_bytes;
    row->score = judgement->hits.score;
    row->facts_json = facts_json(&judgement->facts, msg->arena);
    if (keep >= KEEP_HEADERS)
        row->headers = kept_headers(msg);
    if (keep == KEEP_FULL)
        row->body = span_head(msg->body, BOUND_STORED_BODY_BYTES);
}

static void fill_hits(struct audit_row *row, const struct decision *decision)
{
    const struct hits *hits = &decision->judgement->hits;
    struct audit_hit *list =
        arena_array(decision->passage->msg->arena, hits->count + 1, sizeof *list);
    if (list == NULL)
        return;
    for (size_t i = 0; i < hits->count; i++)
        list[i] = (struct audit_hit){hits->at[i].name, hits->at[i].score};
    row->hits = list;
    row->hit_count = hits->count;
}

static int record(struct decision *decision, struct db *db, struct span domain,
                  struct span address, struct err *err)
{
    const struct passage *passage = decision->passage;
    struct audit_row row = {
        .at_us = passage->now_us,
        .from_domain = domain,
        .header_from = address,
        .elapsed_us = clock_elapsed_us() - passage->started_us,
    };
    fill_session(&row, passage->env);
    fill_message(&row, decision);
    fill_plan(&row, decision);
    fill_hits(&row, decision);
    return audit_record(db, &row, decision->id, err);
}

/* Charge, plan, record: one job, one transaction. */
static int decide(struct db *db, void *arg, struct err *err)
{
    struct decision *decision = arg;
    const struct passage *passage = decision->passage;
    struct span address;
    struct span domain = from_domain(passage->msg, &address);
    if (charge_limits(decision, db, domain, err) < 0)
        return -1;
    action_plan(&(struct plan_input){.settings = passage->engine->settings,
                                     .env = passage->env,
                                     .msg = passage->msg,
                                     .verdict = &decision->judgement->verdict,
                                     .charge = &decision->charge,
                                     .sender = decision->judgement->sender.key,
                                     .now_us = passage->now_us,
                                     .salt = (uint32_t)passage->started_us},
                decision->plan);
    return record(decision, db, domain, address, err);
}

/* The store or memory failed: mail waits, or passes if the config says so. */
static enum outcome fail(const struct passage *passage)
{
    if (passage->engine->settings->on_error == ON_ERROR_ACCEPT ||
        passage->engine->settings->mode == MODE_SHADOW)
        return OUTCOME_CONTINUE;
    passage->hands->reply(passage->hands->ctx, "451", "4.3.0",
                          "the outbound gate cannot record this message now");
    return OUTCOME_TEMPFAIL;
}

enum outcome gate_run(const struct passage *passage, struct judgement *judgement,
                      struct plan *plan, int64_t *id, struct err *err)
{
    struct decision decision = {
        .passage = passage, .judgement = judgement, .plan = plan, .id = id};
    *id = 0;
    memset(plan, 0, sizeof *plan);
    if (passage->env->mail_class == CLASS_INBOUND) {
        action_removals(passage->msg, plan);
        plan->action = plan->meant = ACTION_ACCEPT;
        return action_apply(plan, passage->hands);
    }
    gate_judge(passage->engine, passage->msg, passage->env, passage->now_us, judgement);
    if (arena_is_broken(passage->msg->arena)) {
        err_set(err, ERR_MEMORY, "no memory for this message");
        return fail(passage);
    }
    if (writer_run(passage->writer, decide, &decision, STORE_TIMEOUT_MS, err) < 0)
        return fail(passage);
    return action_apply(plan, passage->hands);
}

int engine_load(struct engine **out, const char *config, const char *rules,
                conf_complain *complain, void *arg, struct err *err)
{
    struct engine *engine = calloc(1, sizeof *engine);
    *out = NULL;
    if (engine == NULL)
        return err_set(err, ERR_MEMORY, "no memory for the config");
    engine->references = 1;
    if (settings_load(&engine->settings, config, complain, arg, err) < 0) {
        engine_release(&engine);
        return -1;
    }
    const struct conf_list *paths = &engine->settings->rule_paths;
    const char *const *at = rules != NULL ? &rules : paths->at;
    size_t count = rules != NULL ? 1 : paths->count;
    if (ruleset_load(&engine->rules, at, count, false, NULL, err) < 0) {
        engine_release(&engine);
        return -1;
    }
    *out = engine;
    return 0;
}

struct engine *engine_acquire(struct engine *engine)
{
    __atomic_add_fetch(&engine->references, 1, __ATOMIC_RELAXED);
    return engine;
}

void engine_release(struct engine **engine)
{
    struct engine *old = *engine;
    *engine = NULL;
    if (old == NULL || __atomic_sub_fetch(&old->references, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    settings_free(&old->settings);
    ruleset_free(&old->rules);
    free(old);
}
