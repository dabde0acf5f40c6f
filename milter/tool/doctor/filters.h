/* SPDX-License-Identifier: BSD-2-Clause
 *
 * filters - is the gate a filter of Sendmail's, the last one, on every port, and does
 * mail wait while it is away?
 */
#ifndef OUTGATE_TOOL_DOCTOR_FILTERS_H
#define OUTGATE_TOOL_DOCTOR_FILTERS_H

#include "tool/doctor/doctor.h"

/* filters_gate - the filter of sendmail.cf with the gate's socket; NULL: none, or the
 * MTA is not Sendmail. */
const struct sendmail_filter *filters_gate(struct doctor *doctor);

/* filters_have_gate - quietly: the gate sees mail that comes by this port, by the
 * configuration. */
bool filters_have_gate(struct doctor *doctor, const struct sendmail_daemon *daemon);

/* doctor_check_filters - doctor->sendmail is there. */
void doctor_check_filters(struct doctor *doctor);

#endif
