/* SPDX-License-Identifier: BSD-2-Clause
 *
 * notice - outgate's own notices on their way out: known by their mark, passed
 * whatever score, limits or orders say. A warning of a limit must not wait at it.
 */
#ifndef OUTGATE_GATE_NOTICE_H
#define OUTGATE_GATE_NOTICE_H

#include "gate/decision.h"

/* gate_notice_pass - *is_own: the message is one; its mark is used up, it is planned
 * and recorded, and costs nobody anything. Inside the decision's transaction. */
int gate_notice_pass(struct db *db, struct decision *d, bool *is_own, struct err *err);

#endif
