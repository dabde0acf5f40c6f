/* SPDX-License-Identifier: BSD-2-Clause
 *
 * rate - bounces and complaints against what was sent: with a bound, never "5 of 5".
 */
#ifndef OUTGATE_TOOL_RATE_H
#define OUTGATE_TOOL_RATE_H

#include "tool/tool.h"

/* Fewer recipients say nothing about a rate. chosen */
enum { RATE_SAMPLE_MIN = 50 };

/* One sender's. */
struct rate {
    struct span sender;
    int64_t messages, recipients, bounces, complaints; /* counted ones */
    double bounce_least, complaint_least; /* lower bounds at 95 %, 0..1; NAN: fewer than
                                             RATE_SAMPLE_MIN recipients */
};

/* What a sender sent in some hours. */
struct rate_volume {
    int64_t messages, recipients, stopped;
};

/* rate_volume - from the summaries, whole hours; looks at no other sender's. */
int rate_volume(struct tool *tool, struct span sender, int64_t since_us,
                int64_t until_us, struct rate_volume *out, struct err *err);

/* rate_read - every sender with a counted bounce or complaint in [since, until), the
 * worst bound first, then those with too few recipients; in the arena. */
int rate_read(struct tool *tool, int64_t since_us, int64_t until_us,
              struct rate **rates, size_t *count, struct err *err);

#endif
