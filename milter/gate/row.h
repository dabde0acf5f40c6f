/* SPDX-License-Identifier: BSD-2-Clause
 *
 * row - what the store is asked and told of one message: the charge request and
 * the audit row, made on the message's own thread so that the writer's is free.
 * Pure but for the arena.
 */
#ifndef OUTGATE_GATE_ROW_H
#define OUTGATE_GATE_ROW_H

#include "limits/limits.h"
#include "passage.h"
#include "store/audit.h"

/* gate_request - what the message costs, and whom. */
void gate_request(const struct passage *passage, const struct judgement *judgement,
                  struct charge_request *out);

/* gate_row - all of the audit row that is known before charge and plan. */
void gate_row(const struct passage *passage, const struct judgement *judgement,
              struct audit_row *out);

/* gate_row_decided - the rest of it: what limits and plan said. */
void gate_row_decided(const struct charge *charge, const struct plan *plan,
                      int64_t elapsed_us, struct audit_row *row);

#endif
