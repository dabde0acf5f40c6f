/* SPDX-License-Identifier: BSD-2-Clause
 *
 * zone - questions to the DNS, and the lines of a zone that repair an answer.
 */
#ifndef OUTGATE_TOOL_DOCTOR_ZONE_H
#define OUTGATE_TOOL_DOCTOR_ZONE_H

#include "tool/doctor/doctor.h"

/* zone_ask - with time enough for a slow server. doctor->dns is open. */
void zone_ask(struct doctor *doctor, struct span name, enum dns_type type,
              struct dns_answer *out);

/* zone_budget - of a check that asks many questions. */
void zone_budget(struct dns_budget *budget);

/* zone_name - "NAME.", with the bytes that a master file gives a meaning escaped. */
const char *zone_name(struct doctor *doctor, struct span name);

/* zone_text - add the line "NAME. 3600 IN TXT "...""; text in pieces of 255 bytes at
 * most. Source: RFC 1035 5.1, 3.3. */
void zone_text(struct doctor *doctor, struct finding *finding, struct span name,
               struct span text);

/* zone_address - add the line "NAME. 3600 IN A ADDRESS", or AAAA. */
void zone_address(struct doctor *doctor, struct finding *finding, struct span name,
                  struct span address);

/* zone_unanswered - add that the DNS gave no answer; true when it did not. */
bool zone_unanswered(struct doctor *doctor, const char *check, struct span name,
                     const struct dns_answer *answer);

#endif
