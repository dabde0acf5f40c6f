/* SPDX-License-Identifier: BSD-2-Clause
 *
 * domains - a sending domain as receivers see it: SPF for our addresses, DMARC, where
 * its mail goes, MTA-STS and TLS reports.
 */
#ifndef OUTGATE_TOOL_DOCTOR_DOMAINS_H
#define OUTGATE_TOOL_DOCTOR_DOMAINS_H

#include "tool/doctor/sending.h"

void doctor_check_domain(struct doctor *doctor, const struct sending *sending);

#endif
