/* SPDX-License-Identifier: BSD-2-Clause
 *
 * ways - the ways by which mail comes into the MTA: the ports that it listens on, and
 * sendmail(1).
 */
#ifndef OUTGATE_TOOL_DOCTOR_WAYS_H
#define OUTGATE_TOOL_DOCTOR_WAYS_H

#include "tool/doctor/doctor.h"

struct way {
    struct span subject; /* what findings call it: "smtp/inet", "sendmail(1)" */
    const char *path;    /* as the audit log has mail by it: "smtp" "local" "border" */
    const char *host, *port; /* host NULL: it is sendmail(1) */
    bool has_gate;           /* mail by it is seen by the gate, by the configuration */
    bool begins_with_tls;
};

/* ways_in - all of them but those by which mail comes back from a content filter, in
 * the MTA's order, in the arena; returns how many. doctor->postfix or doctor->sendmail
 * is there. */
size_t ways_in(struct doctor *doctor, struct way **out);

#endif
