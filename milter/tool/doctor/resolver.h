/* SPDX-License-Identifier: BSD-2-Clause
 *
 * resolver - how the daemon fares with its DNS servers, as it has counted itself.
 */
#ifndef OUTGATE_TOOL_DOCTOR_RESOLVER_H
#define OUTGATE_TOOL_DOCTOR_RESOLVER_H

#include "tool/doctor/doctor.h"

/* doctor_check_resolver - nothing is found where the daemon has not run with [dns]. */
void doctor_check_resolver(struct doctor *doctor);

#endif
