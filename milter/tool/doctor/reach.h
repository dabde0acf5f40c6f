/* SPDX-License-Identifier: BSD-2-Clause
 *
 * reach - does the gate's socket answer, and may the MTA's user speak to it?
 */
#ifndef OUTGATE_TOOL_DOCTOR_REACH_H
#define OUTGATE_TOOL_DOCTOR_REACH_H

#include "tool/doctor/doctor.h"

/* reach_daemon - connect to the gate and negotiate as an MTA does. True: it answers as
 * a milter; else *why says what happened instead. */
bool reach_daemon(struct doctor *doctor, const char **why);

/* reach_connect_unix, reach_connect_inet - a connected stream socket whose reads and
 * writes take timeout_s at most; -1 with errno. host: an address or a name of this
 * host.
 */
int reach_connect_unix(const char *path, unsigned timeout_s);
int reach_connect_inet(const char *host, const char *port, unsigned timeout_s);

/* doctor_check_reach - the same as the MTA's user, folder by folder. As root. */
void doctor_check_reach(struct doctor *doctor);

#endif
