/* SPDX-License-Identifier: BSD-2-Clause
 *
 * report - bounces and complaints that come in through the gate are counted for
 * who caused them.
 */
#ifndef OUTGATE_GATE_REPORT_H
#define OUTGATE_GATE_REPORT_H

#include "passage.h"

/* gate_may_be_report - a mail that stays here may be a bounce or a complaint: it is
 * worth message_finish. */
bool gate_may_be_report(const struct message *msg, const struct envelope *env);

/* gate_feedback - read it, and charge what it is about. What cannot be stored is not
 * lost: the mail itself goes to its mailbox. */
void gate_feedback(const struct passage *passage);

#endif
