/* SPDX-License-Identifier: BSD-2-Clause */
#include "limits/limit_window.h"

#include <stdbool.h>

int64_t limit_slot_width(int64_t window_us)
{
    return (window_us + LIMIT_SLOTS - 1) / LIMIT_SLOTS;
}

void limit_slot_range(int64_t at_us, int64_t stored_width_us, int64_t width_us,
                      int64_t now_us, int64_t *first, int64_t *last)
{
    *first = *last = at_us / width_us;
    if (stored_width_us == width_us)
        return;
    int64_t end_us = at_us + stored_width_us - 1;
    int64_t begin_us = at_us > now_us ? at_us : now_us;
    *first = (begin_us < end_us ? begin_us : end_us) / width_us;
    *last = end_us / width_us;
}

int64_t limit_used(const struct slot *slots, size_t count, int64_t now_slot)
{
    int64_t used = 0;
    for (size_t i = 0; i < count && slots[i].number <= now_slot; i++)
        if (slots[i].number >= now_slot - LIMIT_SLOTS)
            used += slots[i].amount;
    return used;
}

/* The slots from `first` on that are needed to fill more than `room`: *last is moved
 * to the one that does it, *sum is what [first, *last] holds. False if all of them do
 * not fill it. */
static bool fill(const struct slot *slots, size_t count, size_t *last, int64_t *sum,
                 int64_t room)
{
    while (*sum <= room && *last < count)
        *sum += slots[(*last)++].amount;
    return *sum > room;
}

/* A run of slots i..r that holds more than limit - amount, and that one window can
 * see whole, forbids every slot that shares such a window with it: from r's number -
 * LIMIT_SLOTS to i's number + LIMIT_SLOTS. Both ends of these ranges grow with i, so
 * one pass over the shortest such runs finds the first free slot. */
int64_t limit_departure(const struct slot *slots, size_t count, int64_t from_slot,
                        int64_t amount, int64_t limit)
{
    if (amount <= 0)
        return from_slot;
    int64_t room = amount < limit ? limit - amount : 0;
    int64_t departure = from_slot;
    int64_t sum = 0;
    size_t end = 0; /* one past the run's last slot */
    for (size_t i = 0; i < count; i++) {
        if (!fill(slots, count, &end, &sum, room))
            break;
        int64_t last = slots[end - 1].number;
        if (last - LIMIT_SLOTS > departure)
            break;
        int64_t beyond = slots[i].number + LIMIT_SLOTS;
        if (last <= beyond && departure <= beyond)
            departure = beyond + 1;
        sum -= slots[i].amount;
    }
    return departure;
}
