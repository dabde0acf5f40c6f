/* SPDX-License-Identifier: BSD-2-Clause
 *
 * sending - the domains that mail leaves here with: those of the config, of --domain,
 * and those that the log has seen lately.
 */
#ifndef OUTGATE_TOOL_DOCTOR_SENDING_H
#define OUTGATE_TOOL_DOCTOR_SENDING_H

#include "tool/doctor/doctor.h"

struct sending {
    struct span domain; /* lower case */
    bool is_ours;       /* by config or --domain; else it was only seen */
    int64_t messages;   /* seen in the last week */
};

/* sending_domains - each once, ours first, in the arena; returns how many. */
size_t sending_domains(struct doctor *doctor, struct sending **out);

/* sending_find - one of the list, or NULL. */
const struct sending *sending_find(const struct sending *list, size_t count,
                                   struct span domain);

#endif
