/* SPDX-License-Identifier: BSD-2-Clause */
#include "gate/again.h"

#include <stdio.h>

#include "gate/charge.h"
#include "gate/orders.h"
#include "gate/row.h"
#include "limits/limits_leave.h"

/* The log's id stands where the queue id does. */
struct name {
    char text[24];
};

static struct span name_row(int64_t id, struct name *name)
{
    int len = snprintf(name->text, sizeof name->text, "%lld", (long long)id);
    return (struct span){name->text, (size_t)len};
}

/* Nobody else's key: the limits' own blocks stay as they are. */
static const char then_key[] = "log:then";

/* For this one message the store has the order that a person had given. */
static int set_order(struct db *db, const struct again *again, struct err *err)
{
    const struct order order = {.key = span_of(then_key),
                                .since_us = again->now_us,
                                .reason = SPAN("as it was then"),
                                .by = SPAN("log")};
    if (again->order == RULING_BLOCK)
        return orders_block(db, &order, false, err);
    return again->order == RULING_BRAKE ? orders_brake_on(db, &order, err) : 0;
}

static int lift_order(struct db *db, const struct again *again, struct err *err)
{
    bool was_on;
    if (again->order == RULING_BLOCK)
        return orders_unblock(db, span_of(then_key), err);
    return again->order == RULING_BRAKE
               ? orders_brake_off(db, again->now_us, &was_on, err)
               : 0;
}

/* Blocks are asked about by one more key. */
static int add_then_key(struct order_question *question, struct arena *arena,
                        struct err *err)
{
    struct span *keys = arena_array(arena, question->key_count + 1, sizeof *keys);
    if (keys == NULL)
        return err_set(err, ERR_MEMORY, "out of memory");
    for (size_t i = 0; i < question->key_count; i++)
        keys[i] = question->keys[i];
    keys[question->key_count++] = span_of(then_key);
    question->keys = keys;
    return 0;
}

/* What was held has charges that may move; of the rest nothing is asked later. */
static int record_held(struct db *db, const struct decision *d, int64_t id,
                       struct err *err)
{
    struct name name;
    struct audit_row row = d->row;
    int64_t new_id;
    if (d->plan->action != ACTION_HOLD)
        return 0;
    gate_row_decided(&d->charge, d->plan, 0, &row);
    row.queue_id = name_row(id, &name);
    return audit_record(db, &row, &new_id, err);
}

static int ask(const struct again *again, struct decision *d, struct err *err)
{
    gate_order_question(d->passage, d->judgement, &d->question);
    gate_request(d->passage, d->judgement, &d->request);
    d->request.campaign = again->campaign;
    d->request.bytes = again->size_bytes;
    d->request.sender_first_us = again->sender_first_us;
    d->request.new_recipients = again->new_recipients;
    d->request.is_shadow = again->is_shadow;
    d->row = (struct audit_row){.at_us = again->now_us,
                                .mail_class = again->env->mail_class,
                                .path = again->env->path,
                                .sender = again->judgement->sender.key,
                                .facts_json = SPAN("{}")};
    return add_then_key(&d->question, again->msg->arena, err);
}

int gate_again(struct db *db, const struct again *again, struct plan *plan,
               struct charge *charge, struct err *err)
{
    struct border border = {0};
    const struct settings *settings = again->engine->settings;
    struct judgement *judgement = again->judgement;
    const struct passage passage = {.engine = again->engine,
                                    .msg = again->msg,
                                    .env = again->env,
                                    .now_us = again->now_us,
                                    .limit_now_us = again->limit_now_us};
    struct decision d = {
        .passage = &passage, .judgement = judgement, .border = &border, .plan = plan};
    verdict_reach(settings_policy(settings, again->env->mail_class),
                  judgement->hits.score, &judgement->verdict);
    if (ask(again, &d, err) != 0 || set_order(db, again, err) != 0 ||
        gate_charge(db, &d, err) != 0 || lift_order(db, again, err) != 0)
        return -1;
    action_plan(&(struct plan_input){.settings = settings,
                                     .env = again->env,
                                     .msg = again->msg,
                                     .verdict = &judgement->verdict,
                                     .charge = &d.charge,
                                     .ruling = &d.ruling,
                                     .sender = judgement->sender.key,
                                     .now_us = again->now_us},
                plan);
    *charge = d.charge;
    return record_held(db, &d, again->id, err);
}

static int find_held(struct db *db, int64_t id, int64_t *found, struct err *err)
{
    struct name name;
    struct query *query =
        db_query(db, "SELECT id FROM message WHERE queue_id = ?1", err);
    *found = 0;
    if (query == NULL)
        return -1;
    query_bind_text(query, 1, name_row(id, &name));
    int step = query_step(query, err);
    if (step == 1)
        *found = query_int(query, 0);
    query_reset(query);
    return step < 0 ? -1 : 0;
}

int gate_again_left(struct db *db, const struct settings *settings, int64_t id,
                    int64_t at_us, int64_t wall_us, struct err *err)
{
    int64_t held;
    if (find_held(db, id, &held, err) != 0)
        return -1;
    if (held == 0)
        return 0;
    if (limits_lift(db, settings->limits, settings->limit_count, held, wall_us, err) !=
        0)
        return -1;
    return at_us == 0 ? 0
                      : limits_charge_stored(db, settings->limits,
                                             settings->limit_count, held, at_us, err);
}
