/* SPDX-License-Identifier: BSD-2-Clause
 *
 * forwards - aliases and .forward files that send mail on, out of this host, past the
 * gate.
 */
#ifndef OUTGATE_TOOL_DOCTOR_FORWARDS_H
#define OUTGATE_TOOL_DOCTOR_FORWARDS_H

#include "tool/doctor/doctor.h"

/* doctor_check_forwards - those of the MTA's alias tables, and (not when is_fast) of
 * all homes. */
void doctor_check_forwards(struct doctor *doctor);

#endif
