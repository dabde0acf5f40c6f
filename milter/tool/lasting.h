/* SPDX-License-Identifier: BSD-2-Clause
 *
 * lasting - what block and brake share: how long an order holds, who gave it, and what
 * is said of it.
 */
#ifndef OUTGATE_TOOL_LASTING_H
#define OUTGATE_TOOL_LASTING_H

#include "store/orders.h"
#include "tool/tool.h"

/* The options of an order; NULL: not given. */
struct lasting {
    const char *length, *until, *reason; /* --for, --until, --reason */
};

/* lasting_order - the order that they describe, given now by whoever runs this.
 * ERR_USAGE: no length of time, no time, a time that is over. */
int lasting_order(struct tool *tool, const struct lasting *lasting, struct order *out,
                  struct err *err);

/* lasting_end - "until 2026-01-31 09:12:44 (23h 59m)" or "until it is lifted". In the
 * arena. */
const char *lasting_end(struct tool *tool, const struct order *order);

/* lasting_warn_shadow - in shadow mode say on standard error that what (a word for the
 * order) is recorded, not done. */
void lasting_warn_shadow(const struct tool *tool, const char *what);

#endif
