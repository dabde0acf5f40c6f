/* SPDX-License-Identifier: BSD-2-Clause */
#include "gate.h"

#include <string.h>

#include "base/clock.h"
#include "gate/authenticate.h"
#include "gate/border.h"
#include "gate/charge.h"
#include "gate/incident.h"
#include "gate/notice.h"
#include "gate/orders.h"
#include "gate/probe.h"
#include "gate/report.h"
#include "gate/row.h"

/* How long a message waits for the store; Postfix waits 300 s for the verdict. chosen
 */
enum { STORE_TIMEOUT_MS = 20000 };

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

void gate_weigh(const struct engine *engine, const struct message *msg,
                const struct envelope *env, struct judgement *out)
{
    rule_match(engine->rules, msg, env, &out->facts, &out->hits);
    verdict_reach(settings_policy(engine->settings, env->mail_class), out->hits.score,
                  &out->verdict);
}

void gate_judge(const struct engine *engine, const struct message *msg,
                const struct envelope *env, const struct past *past, int64_t now_us,
                struct judgement *out)
{
    facts_collect(&out->facts, msg, env, past, now_us / 1000000);
    gate_weigh(engine, msg, env, out);
}

static void plan(struct decision *d)
{
    const struct passage *passage = d->passage;
    action_plan(&(struct plan_input){.settings = passage->engine->settings,
                                     .env = passage->env,
                                     .msg = passage->msg,
                                     .verdict = &d->judgement->verdict,
                                     .charge = &d->charge,
                                     .ruling = &d->ruling,
                                     .sender = d->judgement->sender.key,
                                     .now_us = passage->now_us,
                                     .salt = (uint32_t)passage->started_us},
                d->plan);
    gate_row_decided(&d->charge, d->plan, clock_elapsed_us() - passage->started_us,
                     &d->row);
}

/* Into its campaign, and among what its sender did. What a ticket shows to be counted
 * already is not counted again; what its new recipients cost is. */
static int count(struct db *db, struct decision *d, struct err *err)
{
    struct span joined = d->past.past.campaign; /* at the first pass */
    if (!border_is_counted(d->border)) {
        if (gate_campaign_join(db, d->passage, d->judgement->sender.key,
                               &d->past.campaign, err) < 0)
            return -1;
        joined = span_of(d->past.campaign.key);
    }
    d->request.campaign = d->row.campaign = joined.len > 0 ? joined : SPAN("");
    return gate_past_count(db, &d->past, &d->request, err);
}

static int remember(struct db *db, struct decision *d, struct err *err)
{
    if (border_is_counted(d->border))
        return 0;
    return gate_past_record(db, &d->past, d->judgement, &d->request, d->plan, err);
}

/* Orders and limits, plan, record, note: one job of the writer, one transaction. */
static int decide(struct db *db, void *arg, struct err *err)
{
    struct decision *d = arg;
    bool is_own;
    if (gate_notice_pass(db, d, &is_own, err) < 0)
        return -1;
    if (is_own)
        return 0;
    if (count(db, d, err) < 0 || gate_charge(db, d, err) < 0)
        return -1;
    if (d->border->is_covered && d->ruling.kind == RULING_NONE)
        return border_let_pass(db, d->border, d->passage, err);
    plan(d);
    if (remember(db, d, err) < 0 || audit_record(db, &d->row, d->id, err) < 0 ||
        border_record(db, d->border, d->passage, &d->judgement->sender, d->plan, *d->id,
                      err) < 0)
        return -1;
    return gate_incident_note(db, d, err);
}

/* The store or memory failed: mail waits, or passes if the config says so. */
static enum outcome fail(const struct passage *passage)
{
    const struct settings *settings = passage->engine->settings;
    if (settings->on_error == ON_ERROR_ACCEPT || settings->mode == MODE_SHADOW) {
        struct plan plan = {.action = ACTION_ACCEPT};
        action_removals(passage->msg, &plan); /* marks leave with no mail */
        return action_apply(&plan, passage->hands);
    }
    passage->hands->reply(passage->hands->ctx, "451", "4.3.0",
                          "the outbound gate cannot record this message now");
    return OUTCOME_TEMPFAIL;
}

/* Mail that stays here is neither scored nor recorded; only forged fields go. With a
 * border it gets a ticket, since it may be forwarded; that its ticket cannot be written
 * is no reason to keep it out. */
static enum outcome pass_inbound(const struct passage *passage, struct border *border,
                                 struct plan *plan, struct err *err)
{
    struct envelope leaving = *passage->env;
    struct sender sender;
    gate_feedback(passage);
    action_removals(passage->msg, plan);
    plan->action = plan->meant = ACTION_ACCEPT;
    if (border->role == BORDER_FIRST) {
        leaving.mail_class = leaving.is_ours ? CLASS_OUTBOUND : CLASS_FORWARDED;
        if (!border_identify(border, &sender))
            gate_identify(passage->engine->settings, passage->msg, &leaving, &sender);
        border_admit(border, passage, &sender, plan, err);
    }
    return action_apply(plan, passage->hands);
}

/* Facts, rules, verdict, and all that the writer needs, made on this thread. */
static void prepare(struct decision *d, struct judgement *judgement)
{
    const struct passage *passage = d->passage;
    if (!border_identify(d->border, &judgement->sender))
        gate_identify(passage->engine->settings, passage->msg, passage->env,
                      &judgement->sender);
    gate_past_read(passage->engine, passage->msg, passage->env, &judgement->sender,
                   passage->reader, passage->now_us, &d->past);
    gate_authenticate(passage, judgement);
    gate_judge(passage->engine, passage->msg, passage->env, &d->past.past,
               passage->now_us, judgement);
    if (d->border->is_covered) /* its score has had its say */
        judgement->verdict.action = ACTION_ACCEPT;
    gate_order_question(passage, judgement, &d->question);
    gate_request(passage, judgement, &d->request);
    gate_row(passage, judgement, &d->row);
}

/* The doctor's own mail is recorded for what it is, and goes nowhere. */
static int hold_probe(const struct passage *passage, struct judgement *judgement,
                      struct plan *plan, int64_t *id, struct err *err)
{
    if (!gate_probe_is_marked(passage->msg))
        return 0;
    memset(judgement, 0, sizeof *judgement);
    gate_identify(passage->engine->settings, passage->msg, passage->env,
                  &judgement->sender);
    return gate_probe_hold(passage, judgement, plan, id, err);
}

enum outcome gate_run(const struct passage *passage, struct judgement *judgement,
                      struct plan *plan, int64_t *id, struct err *err)
{
    struct border border;
    struct decision decision = {.passage = passage,
                                .judgement = judgement,
                                .border = &border,
                                .plan = plan,
                                .id = id};
    *id = 0;
    int probe = hold_probe(passage, judgement, plan, id, err);
    if (probe != 0)
        return probe > 0 ? action_apply(plan, passage->hands) : fail(passage);
    memset(plan, 0, sizeof *plan);
    if (border_open(passage, &border, err) < 0)
        return fail(passage);
    if (passage->env->mail_class == CLASS_INBOUND)
        return pass_inbound(passage, &border, plan, err);
    if (border.is_passed) {
        border_pass(&border, passage, judgement, plan, id);
        return action_apply(plan, passage->hands);
    }
    prepare(&decision, judgement);
    if (arena_is_broken(passage->msg->arena)) {
        err_set(err, ERR_MEMORY, "no memory for this message");
        return fail(passage);
    }
    if (writer_run(passage->writer, decide, &decision, STORE_TIMEOUT_MS, err) < 0)
        return fail(passage);
    if (border.is_passed)
        border_pass(&border, passage, judgement, plan, id);
    return action_apply(plan, passage->hands);
}
