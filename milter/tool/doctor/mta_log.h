/* SPDX-License-Identifier: BSD-2-Clause
 *
 * mta_log - did the MTA miss the gate lately? Its own log says so.
 */
#ifndef OUTGATE_TOOL_DOCTOR_MTA_LOG_H
#define OUTGATE_TOOL_DOCTOR_MTA_LOG_H

#include "tool/doctor/doctor.h"

/* doctor_check_log - the end of maillog_file or of /var/log/mail.log, the last day. */
void doctor_check_log(struct doctor *doctor);

#endif
