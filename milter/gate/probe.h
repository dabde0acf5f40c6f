/* SPDX-License-Identifier: BSD-2-Clause
 *
 * probe - the doctor's probes: known by their mark, recorded as what the MTA made of
 * them, and held whatever score, limits, orders, class or mode say. They cost nobody
 * anything, and are no part of anybody's past.
 */
#ifndef OUTGATE_GATE_PROBE_H
#define OUTGATE_GATE_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#include "passage.h"

/* gate_probe_is_marked - the message may be one: the store is to be asked. */
bool gate_probe_is_marked(const struct message *msg);

/* gate_probe_hold - 1: it is one, its mark is used up, it is recorded as *id and
 * planned to be held. judgement: its sender is known, all else zero. 0: it is an
 * ordinary message, nothing was done. -1: the store failed. */
int gate_probe_hold(const struct passage *passage, const struct judgement *judgement,
                    struct plan *plan, int64_t *id, struct err *err);

#endif
