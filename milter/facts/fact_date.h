/* SPDX-License-Identifier: BSD-2-Clause
 *
 * fact_date - the date-time of RFC 5322 3.3, with what mail programs make of it.
 * Stage: facts; private to milter/facts. Pure.
 */
#ifndef OUTGATE_FACTS_FACT_DATE_H
#define OUTGATE_FACTS_FACT_DATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

/* date_parse - production date-time (RFC 5322 3.3), obsolete zones and two-digit years
 * included (4.3); comments after it are passed over. *time_s: seconds since the epoch.
 * Returns false when it is not well-formed or names no day or time that exists. */
bool date_parse(struct span text, int64_t *time_s);

#endif
