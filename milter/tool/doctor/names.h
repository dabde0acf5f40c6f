/* SPDX-License-Identifier: BSD-2-Clause
 *
 * names - the egress addresses as receivers see them: HELO, reverse DNS, lists.
 */
#ifndef OUTGATE_TOOL_DOCTOR_NAMES_H
#define OUTGATE_TOOL_DOCTOR_NAMES_H

#include "tool/doctor/doctor.h"

/* names_helo - what the MTA says in HELO when it delivers; "" not known. */
struct span names_helo(struct doctor *doctor);

/* names_is_generic - a reverse name that looks like those that providers give to all
 * their addresses: digits of the address, or a word of such names. Pure. */
bool names_is_generic(struct span name, struct span address);

void doctor_check_names(struct doctor *doctor);

#endif
