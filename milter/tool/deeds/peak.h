/* SPDX-License-Identifier: BSD-2-Clause
 *
 * peak - the most of something in any hour and any day, whatever their alignment:
 * events one after another, in order of time.
 */
#ifndef OUTGATE_TOOL_DEEDS_PEAK_H
#define OUTGATE_TOOL_DEEDS_PEAK_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum peak_length { PEAK_HOUR = 0, PEAK_DAY, PEAK_LENGTHS };

/* The most that was seen in any stretch of each length, and when that ended. */
struct peak {
    int64_t most[PEAK_LENGTHS], at_us[PEAK_LENGTHS];
};

struct peak_event {
    int64_t at_us, amount;
};

struct peak_meter {
    struct peak_event *events; /* heap */
    size_t event_count, event_room;
    size_t first[PEAK_LENGTHS]; /* the oldest event in each window */
    int64_t sum[PEAK_LENGTHS];
};

/* peak_begin - forget all events; the memory is used again. */
void peak_begin(struct peak_meter *meter);

/* peak_add - the next event; *peak rises. -1 without memory. */
int peak_add(struct peak_meter *meter, int64_t at_us, int64_t amount, struct peak *peak,
             struct err *err);

void peak_clear(struct peak_meter *meter);

#endif
