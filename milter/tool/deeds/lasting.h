/* SPDX-License-Identifier: BSD-2-Clause
 *
 * lasting - what block, brake, exempt and limit share: how long an order holds, who
 * gave it, and what is said of it.
 */
#ifndef OUTGATE_TOOL_DEEDS_LASTING_H
#define OUTGATE_TOOL_DEEDS_LASTING_H

#include "base/json.h"
#include "store/orders.h"
#include "tool/print.h"
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

/* How `exempt list` and `limit list` differ. */
struct lasting_table {
    const char *words, *none;     /* of the command; said where there is no row */
    const char *sql;              /* ?1: rows at most */
    const struct column *columns; /* the last three are UNTIL, BY and WHY */
    size_t column_count;
    int at; /* the column with since_us; until_us, reason and by follow it */
    void (*cells)(const struct tool *tool, struct table *table, struct query *query);
    void (*members)(struct json *json, struct query *query);
};

/* lasting_list - print them, or say that there is none. The exit code, or -1. */
int lasting_list(struct tool *tool, const struct lasting_table *what, struct err *err);

#endif
