/* SPDX-License-Identifier: BSD-2-Clause
 *
 * layout - what leaves past the gate, by the MTA's layout: the border, aliases that
 * forward out, whose mail counts as ours, and what counts as leaving.
 */
#ifndef OUTGATE_TOOL_DOCTOR_LAYOUT_H
#define OUTGATE_TOOL_DOCTOR_LAYOUT_H

#include "tool/doctor/doctor.h"

void doctor_check_layout(struct doctor *doctor);

/* layout_border - the smtpd through which all that leaves passes; NULL: none. */
const struct postfix_service *layout_border(struct doctor *doctor);

#endif
