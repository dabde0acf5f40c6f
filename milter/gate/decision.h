/* SPDX-License-Identifier: BSD-2-Clause
 *
 * decision - one message on the writer's thread: what is asked of the store, and
 * what comes of it. Private to gate and its rooms (gate_*.c).
 */
#ifndef OUTGATE_GATE_DECISION_H
#define OUTGATE_GATE_DECISION_H

#include "gate/border.h"
#include "gate/past.h"
#include "passage.h"
#include "store/audit.h"
#include "store/orders.h"

struct decision {
    const struct passage *passage;
    const struct judgement *judgement;
    struct border *border;
    struct gate_past past;
    struct order_question question; /* asked of blocks and the brake */
    struct charge_request request;  /* asked of the limits */

    struct ruling ruling;
    struct charge charge;
    struct plan *plan;
    struct audit_row row;
    int64_t *id; /* of the audit row */
};

#endif
