/* SPDX-License-Identifier: BSD-2-Clause
 *
 * lane - Postfix's header checks: who called sendmail(1), and the slow lane.
 */
#ifndef OUTGATE_TOOL_DOCTOR_LANE_H
#define OUTGATE_TOOL_DOCTOR_LANE_H

#include "tool/doctor/doctor.h"

void doctor_check_lane(struct doctor *doctor);

#endif
