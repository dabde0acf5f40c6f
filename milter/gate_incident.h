/* SPDX-License-Identifier: BSD-2-Clause
 *
 * gate_incident - what of a decision somebody should know.
 *
 * Stage: audit. Runs on the writer's thread, inside the decision's transaction: a few
 * statements a message at most, whatever came before. Says nothing to anybody: that is
 * the notifier's.
 */
#ifndef OUTGATE_GATE_INCIDENT_H
#define OUTGATE_GATE_INCIDENT_H

#include "passage.h"
#include "store/audit.h"

/* What was decided of one message. */
struct decided {
    const struct passage *passage;
    const struct judgement *judgement;
    const struct charge *charge;
    const struct plan *plan;
    const struct audit_row *row;
    int64_t id; /* of the audit row */
};

/* gate_incident_note - note what the decision shows: a limit that stopped the message,
 * a budget of the IP that fills, mail that should be signed, a sender whose mail looks
 * like spam. */
int gate_incident_note(struct db *db, const struct decided *decided, struct err *err);

#endif
