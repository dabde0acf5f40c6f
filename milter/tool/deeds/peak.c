/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/deeds/peak.h"

#include <stdlib.h>

static const int64_t lengths_us[] = {INT64_C(3600000000), INT64_C(86400000000)};

void peak_begin(struct peak_meter *meter)
{
    meter->event_count = 0;
    for (int i = 0; i < PEAK_LENGTHS; i++)
        meter->first[i] = 0, meter->sum[i] = 0;
}

static int add_event(struct peak_meter *meter, int64_t at_us, int64_t amount,
                     struct err *err)
{
    if (meter->event_count == meter->event_room) {
        size_t room = meter->event_room > 0 ? meter->event_room * 2 : 1024;
        struct peak_event *more = realloc(meter->events, room * sizeof *more);
        if (more == NULL)
            return err_set(err, ERR_MEMORY, "out of memory");
        meter->events = more;
        meter->event_room = room;
    }
    meter->events[meter->event_count++] = (struct peak_event){at_us, amount};
    return 0;
}

/* The windows that end with the newest event. */
int peak_add(struct peak_meter *meter, int64_t at_us, int64_t amount, struct peak *peak,
             struct err *err)
{
    if (add_event(meter, at_us, amount, err) != 0)
        return -1;
    for (int i = 0; i < PEAK_LENGTHS; i++) {
        meter->sum[i] += amount;
        while (meter->events[meter->first[i]].at_us < at_us - lengths_us[i])
            meter->sum[i] -= meter->events[meter->first[i]++].amount;
        if (meter->sum[i] > peak->most[i]) {
            peak->most[i] = meter->sum[i];
            peak->at_us[i] = at_us;
        }
    }
    return 0;
}

void peak_clear(struct peak_meter *meter)
{
    free(meter->events);
    *meter = (struct peak_meter){0};
}
