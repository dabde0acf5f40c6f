/* SPDX-License-Identifier: BSD-2-Clause
 *
 * clock - wall time for people, and a time that never goes back for limits.
 *
 * The limit clock follows the wall clock forward; when the wall clock is set back it
 * goes on at the pace of CLOCK_BOOTTIME, so that a step back forgives nothing and
 * freezes nothing. At start it is at least the latest time that the store knows.
 * Threads: safe.
 */
#ifndef OUTGATE_BASE_CLOCK_H
#define OUTGATE_BASE_CLOCK_H

#include <stdint.h>

/* clock_wall_us - microseconds since the epoch, as the system says. */
int64_t clock_wall_us(void);

/* clock_elapsed_us - microseconds of CLOCK_MONOTONIC, for durations. */
int64_t clock_elapsed_us(void);

/* clock_limit_us - microseconds since the epoch, never less than it said before. */
int64_t clock_limit_us(void);

/* clock_limit_floor - the limit clock never says less than this again (what the store
 * remembers from before a restart). */
void clock_limit_floor(int64_t at_us);

#endif
