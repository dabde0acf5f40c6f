/* SPDX-License-Identifier: BSD-2-Clause
 *
 * sendmail - how the gate is wired into Sendmail.
 */
#ifndef OUTGATE_TOOL_DOCTOR_SENDMAIL_H
#define OUTGATE_TOOL_DOCTOR_SENDMAIL_H

#include "tool/doctor/doctor.h"

/* sendmail_is_up - the daemon that wrote PidFile runs; true also when that cannot be
 * told. */
bool sendmail_is_up(struct doctor *doctor);

/* sendmail_submits_here - mail of sendmail(1) goes by SMTP to this host's daemon. */
bool sendmail_submits_here(struct doctor *doctor);

/* doctor_check_sendmail - doctor->sendmail is there. */
void doctor_check_sendmail(struct doctor *doctor);

#endif
