/* SPDX-License-Identifier: BSD-2-Clause */
#include "gate/charge.h"

#include "limits/exemption.h"
#include "limits/limit_clock.h"

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

static int charge_under_orders(struct db *db, struct decision *d, struct err *err)
{
    bool stands = false;
    if (d->border->is_covered) { /* it was charged when it came in */
        d->charge = (struct charge){.action = ACTION_ACCEPT};
        return 0;
    }
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

int gate_charge(struct db *db, struct decision *d, struct err *err)
{
    const struct passage *passage = d->passage;
    if (limit_clock_tick(db, passage->limit_now_us, passage->now_us, err) != 0 ||
        orders_rule(db, &d->question, passage->msg->arena, &d->ruling, err) != 0 ||
        lift_for_exempt(db, d, err) != 0 || charge_under_orders(db, d, err) != 0)
        return -1;
    limits_to_wall(&d->charge, passage->now_us - passage->limit_now_us);
    return 0;
}
