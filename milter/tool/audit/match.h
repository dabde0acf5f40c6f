/* SPDX-License-Identifier: BSD-2-Clause
 *
 * match - does a row of the log have the address, network or text that a person asks
 * for?
 *
 * Text of the log is hostile: it is compared, never copied or run as a pattern.
 */
#ifndef OUTGATE_TOOL_AUDIT_MATCH_H
#define OUTGATE_TOOL_AUDIT_MATCH_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/text.h"

/* match_want - what a person typed as address or domain, as it is compared: without
 * <>, a leading '@' or '.', the domain as A-labels in lower case. In the arena. */
struct span match_want(struct arena *arena, struct span typed);

/* match_address - address is want, or is in the domain want or below it. "<>" is the
 * empty address. ASCII case is folded; a domain in U-labels is compared as A-labels
 * (scratch holds it). */
bool match_address(struct span address, struct span want, struct arena *scratch);

/* match_list - the same of any address of a list, ", " between (message.rcpt_to). */
bool match_list(struct span list, struct span want, struct arena *scratch);

/* match_text - needle stands in text, letters of both cases alike as Unicode folds one
 * character. An empty needle stands everywhere. Beyond MATCH_NEEDLE characters the
 * needle never does. */
enum { MATCH_NEEDLE = 1024 };
bool match_text(struct span text, struct span needle);

#endif
