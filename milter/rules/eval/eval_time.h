/* SPDX-License-Identifier: BSD-2-Clause
 *
 * eval_time - dates as lenient filters read them: anything in which a day, a month's
 * name and a year stand together.
 *
 * Stage: rules; private to the eval modules. Pure.
 * Source: behaviour of Mail::SpamAssassin::Util::parse_rfc822_date; RFC 5322 3.3, 4.3.
 */
#ifndef OUTGATE_RULES_EVAL_TIME_H
#define OUTGATE_RULES_EVAL_TIME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

/* eval_time_parse - seconds since the epoch; what is out of range is put to the next
 * time that there is, years to 1970..2037. Only the first 8192 bytes are read. */
bool eval_time_parse(struct span text, int64_t *time_s);

#endif
