/* SPDX-License-Identifier: BSD-2-Clause
 *
 * senders - sums by sender over any time, from the summaries: only the hour that the
 * time begins in is read from the log itself.
 */
#ifndef OUTGATE_TOOL_AUDIT_SENDERS_H
#define OUTGATE_TOOL_AUDIT_SENDERS_H

#include "tool/tool.h"

struct senders_row {
    struct span sender;
    int64_t messages, recipients, bytes;
    int64_t points_milli, worst_milli; /* thousandths of a point */
    int64_t stopped;                   /* hold, defer, reject */
    int64_t last_us;
};

struct senders {
    struct senders_row *rows; /* most recipients first */
    size_t count;
    int64_t total; /* senders in that time */
};

/* senders_read - since since_us to the end of the hour that ends at or holds until_us
 * (0: all that there is); most rows (0: all). In the tool's arena. */
int senders_read(struct tool *tool, int64_t since_us, int64_t until_us, int64_t most,
                 struct senders *out, struct err *err);

/* senders_trend - messages of one sender from since_us to now in count parts of
 * whole hours, so far as there are so many. */
int senders_trend(struct tool *tool, struct span sender, int64_t since_us,
                  double *parts, size_t count, struct err *err);

#endif
