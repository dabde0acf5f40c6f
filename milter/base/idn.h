/* SPDX-License-Identifier: BSD-2-Clause
 *
 * idn - host names as A-labels. Pure. The only module that names idn2_.
 * Source: RFC 5891 5, by libidn2 (non-transitional, input brought to NFC).
 */
#ifndef OUTGATE_BASE_IDN_H
#define OUTGATE_BASE_IDN_H

#include "base/arena.h"
#include "base/text.h"

/* idn_to_ascii - host in lower case, its U-labels as A-labels, in the arena. What is
 * ASCII already, not UTF-8, or refused by libidn2 comes back in lower case as it is. */
struct span idn_to_ascii(struct arena *arena, struct span host);

#endif
