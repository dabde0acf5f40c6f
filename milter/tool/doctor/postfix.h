/* SPDX-License-Identifier: BSD-2-Clause
 *
 * postfix - how the gate is wired into Postfix.
 */
#ifndef OUTGATE_TOOL_DOCTOR_POSTFIX_H
#define OUTGATE_TOOL_DOCTOR_POSTFIX_H

#include "tool/doctor/doctor.h"

/* doctor_check_postfix - doctor->postfix is there. */
void doctor_check_postfix(struct doctor *doctor);

#endif
