/* SPDX-License-Identifier: BSD-2-Clause */
#include "gate_charge.h"

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

int gate_charge(struct db *db, struct decision *d, struct err *err)
{
    bool stands = false;
    if (orders_rule(db, &d->question, d->passage->msg->arena, &d->ruling, err) != 0)
        return -1;
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
