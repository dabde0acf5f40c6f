/* SPDX-License-Identifier: BSD-2-Clause
 *
 * charge - what orders and limits say of a message, and what it costs.
 *
 * Stage: decide. Runs inside the decision's transaction.
 */
#ifndef OUTGATE_GATE_CHARGE_H
#define OUTGATE_GATE_CHARGE_H

#include "gate/decision.h"

/* gate_charge - fill ruling and charge. What an order keeps here is charged when it
 * leaves; but a limit that refuses does so under the brake, too. */
int gate_charge(struct db *db, struct decision *d, struct err *err);

#endif
