/* SPDX-License-Identifier: BSD-2-Clause
 *
 * limit_window - "at most N in any window of W", as pure arithmetic.
 *
 * Time is cut into slots of W/LIMIT_SLOTS. Invariant: any LIMIT_SLOTS + 1 neighbouring
 * slots hold at most N together. Every interval of length W touches at most that many
 * slots, so no interval of any alignment ever holds more than N; a sender who always
 * wants more still gets N each (LIMIT_SLOTS + 1) / LIMIT_SLOTS * W: 0.992 N.
 * A departure may lie in the future (a held message's due time): it is put where the
 * invariant holds for every window that would see it, also those that end later.
 * `burst B` is a second window of the same kind: B in any W * B / N.
 * Pure. Source: chosen.
 */
#ifndef OUTGATE_LIMITS_LIMIT_WINDOW_H
#define OUTGATE_LIMITS_LIMIT_WINDOW_H

#include <stddef.h>
#include <stdint.h>

enum { LIMIT_SLOTS = 128 };

/* Amounts that leave in one slot. */
struct slot {
    int64_t number; /* slot number: start time / slot width */
    int64_t amount; /* > 0 */
};

/* limit_slot_width - microseconds in a slot of a window: ceil(window / LIMIT_SLOTS). */
int64_t limit_slot_width(int64_t window_us);

/* limit_slot_range - the slots today that a stored row stands for.
 * at_us, stored_width_us: the row's slot, as it was written. width_us: today's width;
 * with the same one, *first and *last are the row's own slot. Else the config changed,
 * and the row's departures lie anywhere in its time: a row of the past counts where it
 * ends; of one that reaches beyond now_us every slot from now on may be meant, so its
 * amount must stand at *first, at *last and at most LIMIT_SLOTS apart between them
 * (it may count twice for a while, never too little). */
void limit_slot_range(int64_t at_us, int64_t stored_width_us, int64_t width_us,
                      int64_t now_us, int64_t *first, int64_t *last);

/* limit_used - what the window that ends now holds (all slots it touches). */
int64_t limit_used(const struct slot *slots, size_t count, int64_t now_slot);

/* limit_departure - the first slot number >= from_slot at which `amount` may leave.
 * slots: sorted by number, ascending, those of the last LIMIT_SLOTS slots before
 * from_slot and all later ones. limit: N > 0. An amount above N waits for a window
 * that is empty on both sides and counts as N there. Amount 0: from_slot.
 * Returns a slot number; always exists. Linear in count. */
int64_t limit_departure(const struct slot *slots, size_t count, int64_t from_slot,
                        int64_t amount, int64_t limit);

#endif
