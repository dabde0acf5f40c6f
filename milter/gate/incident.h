/* SPDX-License-Identifier: BSD-2-Clause
 *
 * incident - what of a decision somebody should know.
 *
 * Stage: audit. Runs on the writer's thread, inside the decision's transaction: a few
 * statements a message at most, whatever came before. Says nothing to anybody: that is
 * the notifier's.
 */
#ifndef OUTGATE_GATE_INCIDENT_H
#define OUTGATE_GATE_INCIDENT_H

#include "gate/decision.h"

/* gate_incident_note - after the audit row: note what the decision shows: a limit that
 * stopped the message, a budget of the IP that fills, mail that should be signed, a
 * sender whose mail looks like spam, a virus, a virus scanner that is away. */
int gate_incident_note(struct db *db, const struct decision *d, struct err *err);

#endif
