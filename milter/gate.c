/* SPDX-License-Identifier: BSD-2-Clause */
#include "gate.h"

#include <string.h>

#include "base/clock.h"
#include "gate_orders.h"
#include "gate_row.h"
#include "limits/exemption.h"
#include "limits/limit_clock.h"

/* How long a message waits for the store; Postfix waits 300 s for the verdict. chosen
 */
enum { STORE_TIMEOUT_MS = 20000 };

/* What the writer's thread works on while the message's own thread waits. */
struct decision {
    const struct passage *passage;
    const struct judgement *judgement;
    struct order_question question;
    struct ruling ruling;
    struct charge_request request;
    struct charge charge;
    struct audit_row row;
    struct plan *plan;
    int64_t *id;
};

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

void gate_judge(const struct engine *engine, const struct message *msg,
                const struct envelope *env, const struct past *past, int64_t now_us,
                struct judgement *out)
{
    facts_collect(&out->facts, msg, env, past, now_us / 1000000);
    rule_match(engine->rules, msg, env, &out->facts, &out->hits);
    verdict_reach(settings_policy(engine->settings, env->mail_class), out->hits.score,
                  &out->verdict);
}

static int charge(struct db *db, struct decision *d, struct err *err)
{
    const struct passage *passage = d->passage;
    const struct settings *settings = passage->engine->settings;
    return limits_charge(db, settings->limits, settings->limit_count, &d->request,
                         passage->limit_now_us, passage->msg->arena, &d->charge, err);
}

/* Charge as if there were no brake, and take it back unless a limit refuses; *stands:
 * it did. */
static int charge_on_trial(struct db *db, struct decision *d, bool *stands,
                           struct err *err)
{
    if (db_savepoint(db, err) != 0)
        return -1;
    int result = charge(db, d, err);
    *stands = result == 0 && d->charge.action >= ACTION_DEFER;
    if (*stands)
        return db_savepoint_release(db, err);
    /* an error may have ended the transaction, and the savepoint with it */
    if (db_is_open(db) && db_savepoint_rollback(db, result == 0 ? err : NULL) != 0)
        return -1;
    return result;
}

/* What an order keeps here is charged when it leaves; but a limit that refuses does so
 * under the brake, too. */
static int charge_under_orders(struct db *db, struct decision *d, struct err *err)
{
    bool stands = false;
    if (d->ruling.kind == RULING_NONE)
        return charge(db, d, err);
    if (d->ruling.kind == RULING_BRAKE && d->request.is_charged &&
        charge_on_trial(db, d, &stands, err) != 0)
        return -1;
    if (stands)
        return 0;
    d->request.is_charged = false;
    return charge(db, d, err);
}

/* What is exempt of every limit, by any of its keys, is exempt of the brake. */
static int lift_for_exempt(struct db *db, struct decision *d, struct err *err)
{
    bool is_exempt;
    if (d->ruling.kind != RULING_BRAKE)
        return 0;
    if (exemption_find(db, &d->request, NULL, d->passage->now_us,
                       d->passage->msg->arena, &is_exempt, err) != 0)
        return -1;
    if (is_exempt)
        d->ruling.kind = RULING_NONE;
    return 0;
}

/* Orders, charge, plan, record: one job of the writer, one transaction. */
static int decide(struct db *db, void *arg, struct err *err)
{
    struct decision *d = arg;
    const struct passage *passage = d->passage;
    if (limit_clock_tick(db, passage->limit_now_us, passage->now_us, err) < 0 ||
        orders_rule(db, &d->question, passage->msg->arena, &d->ruling, err) < 0 ||
        lift_for_exempt(db, d, err) < 0 || charge_under_orders(db, d, err) < 0)
        return -1;
    limits_to_wall(&d->charge, passage->now_us - passage->limit_now_us);
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
    return audit_record(db, &d->row, d->id, err);
}

/* The store or memory failed: mail waits, or passes if the config says so. */
static enum outcome fail(const struct passage *passage)
{
    const struct settings *settings = passage->engine->settings;
    if (settings->on_error == ON_ERROR_ACCEPT || settings->mode == MODE_SHADOW)
        return OUTCOME_CONTINUE;
    passage->hands->reply(passage->hands->ctx, "451", "4.3.0",
                          "the outbound gate cannot record this message now");
    return OUTCOME_TEMPFAIL;
}

/* Mail that stays here is neither scored nor recorded; only forged fields go. */
static enum outcome pass_inbound(const struct passage *passage, struct plan *plan)
{
    action_removals(passage->msg, plan);
    plan->action = plan->meant = ACTION_ACCEPT;
    return action_apply(plan, passage->hands);
}

enum outcome gate_run(const struct passage *passage, struct judgement *judgement,
                      struct plan *plan, int64_t *id, struct err *err)
{
    struct decision decision = {
        .passage = passage, .judgement = judgement, .plan = plan, .id = id};
    *id = 0;
    memset(plan, 0, sizeof *plan);
    if (passage->env->mail_class == CLASS_INBOUND)
        return pass_inbound(passage, plan);

    gate_identify(passage->engine->settings, passage->msg, passage->env,
                  &judgement->sender);
    gate_judge(passage->engine, passage->msg, passage->env, NULL, passage->now_us,
               judgement);
    gate_order_question(passage, judgement, &decision.question);
    gate_request(passage, judgement, &decision.request);
    gate_row(passage, judgement, &decision.row);
    if (arena_is_broken(passage->msg->arena)) {
        err_set(err, ERR_MEMORY, "no memory for this message");
        return fail(passage);
    }
    if (writer_run(passage->writer, decide, &decision, STORE_TIMEOUT_MS, err) < 0)
        return fail(passage);
    return action_apply(plan, passage->hands);
}
