/* SPDX-License-Identifier: BSD-2-Clause
 *
 * roles - do abuse@ and postmaster@ of the domains here take mail? Asked by RCPT,
 * without sending.
 */
#ifndef OUTGATE_TOOL_DOCTOR_ROLES_H
#define OUTGATE_TOOL_DOCTOR_ROLES_H

#include "tool/doctor/doctor.h"

void doctor_check_roles(struct doctor *doctor);

#endif
