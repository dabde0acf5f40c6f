/* SPDX-License-Identifier: BSD-2-Clause */
#include "gate/row.h"

#include "base/bounds.h"
#include "base/buf.h"
#include "base/json.h"

/* Recipients written out in an audit row. chosen */
enum { LISTED_RECIPIENTS = 16 };

/* The address of the first From: mailbox, or "". */
static struct span from_address(const struct message *msg)
{
    size_t count;
    const struct mailbox *boxes = message_mailboxes(msg, "From", &count);
    return count > 0 ? boxes[0].address : SPAN("");
}

static void list_recipient_domains(const struct passage *passage,
                                   struct charge_request *out)
{
    const struct envelope *env = passage->env;
    struct arena *arena = passage->msg->arena;
    struct span *domains = arena_array(arena, env->recipient_kept + 1, sizeof *domains);
    if (domains == NULL)
        return;
    for (size_t i = 0; i < env->recipient_kept; i++)
        domains[i] = address_domain(env->recipients[i]);
    out->recipient_domains = domains;
    out->recipient_domain_count = env->recipient_kept;
}

void gate_request(const struct passage *passage, const struct judgement *judgement,
                  struct charge_request *out)
{
    const struct envelope *env = passage->env;
    const struct policy *policy =
        settings_policy(passage->engine->settings, env->mail_class);
    double points = judgement->hits.score > 0 ? judgement->hits.score : 0;
    *out = (struct charge_request){
        .mail_class = env->mail_class,
        .sender = judgement->sender.key,
        .client_ip = env->client_ip,
        .from_domain = judgement->facts.text[FACT_from_domain],
        .recipients = (int64_t)env->recipient_count,
        .bytes = (int64_t)passage->msg->size_bytes,
        .points_milli = (int64_t)(points * 1000 + 0.5),
        .is_charged = judgement->verdict.action <= ACTION_SLOW,
        .must_not_refuse = envelope_must_not_refuse(env),
        .is_shadow = passage->engine->settings->mode == MODE_SHADOW,
        .max_hold_us = policy->max_hold_us,
        .wall_us = passage->now_us,
    };
    list_recipient_domains(passage, out);
}

static struct span facts_json(const struct judgement *judgement, struct arena *arena)
{
    const struct facts *facts = &judgement->facts;
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
    if (judgement->hits.limit_errors > 0) /* no fact: rules are run after them */
        json_int(&json, "rules_stopped", judgement->hits.limit_errors);
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

static void fill_session(const struct envelope *env, struct audit_row *row)
{
    size_t kept = env->recipient_kept;
    row->mail_class = env->mail_class;
    row->path = env->path;
    row->queue_id = env->queue_id;
    row->client_ip = env->client_ip;
    row->client_name = env->client_name;
    row->helo = env->helo;
    row->mail_from = env->mail_from;
    row->recipients = (int64_t)env->recipient_count;
    row->recipient_list = env->recipients;
    row->recipient_list_count = kept < LISTED_RECIPIENTS ? kept : LISTED_RECIPIENTS;
}

static void fill_message(const struct message *msg, const struct judgement *judgement,
                         int keep, struct audit_row *row)
{
    row->sender = judgement->sender.key;
    row->identified_by = span_of(identity_name(judgement->sender.identity));
    row->message_id = bare_message_id(msg);
    row->subject = message_value(msg, "Subject");
    row->x_mailer = judgement->facts.text[FACT_x_mailer];
    row->script = judgement->facts.text[FACT_script];
    row->size_bytes = (int64_t)msg->size_bytes;
    row->score = judgement->hits.score;
    row->facts_json = facts_json(judgement, msg->arena);
    if (keep >= KEEP_HEADERS)
        row->headers = kept_headers(msg);
    if (keep == KEEP_FULL)
        row->body = span_head(msg->body, BOUND_STORED_BODY_BYTES);
}

static void fill_hits(const struct hits *hits, struct arena *arena,
                      struct audit_row *row)
{
    struct audit_hit *list = arena_array(arena, hits->count + 1, sizeof *list);
    if (list == NULL)
        return;
    for (size_t i = 0; i < hits->count; i++)
        list[i] = (struct audit_hit){hits->at[i].name, hits->at[i].score};
    row->hits = list;
    row->hit_count = hits->count;
}

static void fill_authentication(const struct judgement *judgement,
                                struct audit_row *row)
{
    const struct authentication *auth = &judgement->authentication;
    row->spf = span_of(auth_result_name(auth->spf.result));
    row->dkim = span_of(auth_result_name(auth->dkim));
    row->dmarc = span_of(auth_result_name(auth->dmarc.result));
    row->authentication = auth->results;
    row->is_spf_aligned = auth->dmarc.is_spf_aligned;
    row->is_dkim_aligned = auth->dmarc.is_dkim_aligned;
}

void gate_row(const struct passage *passage, const struct judgement *judgement,
              struct audit_row *out)
{
    *out = (struct audit_row){
        .at_us = passage->now_us,
        .from_domain = judgement->facts.text[FACT_from_domain],
        .header_from = from_address(passage->msg),
    };
    fill_session(passage->env, out);
    fill_authentication(judgement, out);
    fill_message(passage->msg, judgement, passage->engine->settings->keep, out);
    fill_hits(&judgement->hits, passage->msg->arena, out);
}

void gate_row_decided(const struct charge *charge, const struct plan *plan,
                      int64_t elapsed_us, struct audit_row *row)
{
    row->action = plan->action;
    row->meant = plan->meant;
    row->reason = span_of(plan->reason);
    row->due_at_us = plan->due_at_us;
    row->cause = cause_name(plan->cause);
    row->is_shadow = plan->is_shadow;
    if (!plan->is_shadow)
        row->reply = span_of(plan->reply);
    if (plan->action >= ACTION_HOLD)
        row->incident = span_of(plan->incident);
    if (charge->limit != NULL) {
        row->limit_name = charge->limit->name;
        row->limit_key = charge->key;
    }
    row->charge = charge;
    row->elapsed_us = elapsed_us;
}
