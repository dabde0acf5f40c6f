/* SPDX-License-Identifier: BSD-2-Clause
 *
 * sendmail - how the gate is wired into Sendmail: the filter lines of sendmail.cf.
 */
#ifndef OUTGATE_TOOL_DOCTOR_SENDMAIL_H
#define OUTGATE_TOOL_DOCTOR_SENDMAIL_H

#include "tool/doctor/doctor.h"

void doctor_check_sendmail(struct doctor *doctor);

#endif
