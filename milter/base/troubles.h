/* SPDX-License-Identifier: BSD-2-Clause
 *
 * troubles - what a module that must not log has to tell the administrator.
 *
 * A module on the message path says a line when something changes for the worse or the
 * better (a list blocks us, clamd is away, a map does not parse); whoever may speak
 * (milter, main, a tool) takes the lines and logs them. A line is said once, when
 * things change, never once a message: that is up to the module.
 * Threads: safe.
 */
#ifndef OUTGATE_BASE_TROUBLES_H
#define OUTGATE_BASE_TROUBLES_H

#include <stdbool.h>

#include "base/err.h"

struct troubles;

/* troubles_new - NULL without memory. troubles_free - sets to NULL; NULL is fine. */
struct troubles *troubles_new(void);
void troubles_free(struct troubles **troubles);

/* troubles_say - keep a line until it is taken. troubles: NULL: nobody listens. Control
 * characters are written \xNN. When TROUBLES_KEPT lines wait the newest is dropped, and
 * the last one taken says how many were. */
enum { TROUBLES_KEPT = 16 };
void troubles_say(struct troubles *troubles, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* troubles_take - the oldest line; false when there is none (without a lock: cheap
 * enough to be asked after each message). NULL has none. */
bool troubles_take(struct troubles *troubles, char out[ERR_TEXT_BYTES]);

#endif
