/* SPDX-License-Identifier: BSD-2-Clause
 *
 * deed - let held mail go, or delete it: what release and drop share.
 *
 * A person's word is done whatever the limits say; only what the MTA has confirmed is
 * marked (tool/handover). What is dropped gives back what it had reserved.
 */
#ifndef OUTGATE_TOOL_DEEDS_DEED_H
#define OUTGATE_TOOL_DEEDS_DEED_H

#include "mta/mta.h"
#include "store/held.h"
#include "tool/tool.h"

struct deed {
    bool is_drop;
    bool all;           /* all that waits */
    const char *sender; /* or NULL */
    const char *cause;  /* what alone holds it: "brake", ...; or NULL */
    bool is_confirmed;  /* do not ask */
};

/* deed_run - choose by tool->words and deed, ask if it is a drop, do it, record it,
 * print what became of each. The exit code, or -1 with err. */
int deed_run(struct tool *tool, const struct deed *deed, struct err *err);

#endif
