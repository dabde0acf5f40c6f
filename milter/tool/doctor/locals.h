/* SPDX-License-Identifier: BSD-2-Clause
 *
 * locals - which domains' mail stays on this host: as the MTA has it, and as
 * outgate.conf says.
 */
#ifndef OUTGATE_TOOL_DOCTOR_LOCALS_H
#define OUTGATE_TOOL_DOCTOR_LOCALS_H

#include "tool/doctor/doctor.h"

/* locals_end_here - the MTA delivers the domain's mail on this host.
 * locals_are_known - outgate.conf counts the domain among local_domains. */
bool locals_end_here(struct doctor *doctor, struct span domain);
bool locals_are_known(struct doctor *doctor, struct span domain);

/* doctor_check_locals - do the two agree? */
void doctor_check_locals(struct doctor *doctor);

#endif
