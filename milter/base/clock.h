/* SPDX-License-Identifier: BSD-2-Clause
 *
 * clock - wall time for people, and a time that never goes back for limits.
 *
 * The limit clock goes at the pace of CLOCK_BOOTTIME, suspended time included, and
 * begins as the wall clock: a wall clock that is set forward or back forgives nothing
 * and freezes nothing. What it said before a restart comes from the store
 * (limits/limit_clock). With OUTGATE_LIMIT_CLOCK=wall in the environment it follows the
 * wall clock forward: for tests whose wall clock is simulated.
 * Threads: safe.
 */
#ifndef OUTGATE_BASE_CLOCK_H
#define OUTGATE_BASE_CLOCK_H

#include <pthread.h>
#include <stdint.h>

/* clock_wall_us - microseconds since the epoch, as the system says. */
int64_t clock_wall_us(void);

/* clock_elapsed_us - microseconds of CLOCK_MONOTONIC, for durations. */
int64_t clock_elapsed_us(void);

/* clock_thread_us - microseconds of processor that this thread has had: what work costs
 * on a busy machine, too. */
int64_t clock_thread_us(void);

/* clock_cond_init - a condition whose timed waits go by the clock of clock_elapsed_us.
 * Source: pthread_condattr_setclock(3). */
void clock_cond_init(pthread_cond_t *cond);

/* clock_boot_us - microseconds of CLOCK_BOOTTIME: since the boot, suspended or not. */
int64_t clock_boot_us(void);

/* clock_boot_id - the name of this boot, "" where the system has none.
 * Source: random(4), /proc/sys/kernel/random/boot_id. */
enum { CLOCK_BOOT_ID_BYTES = 40 };
char *clock_boot_id(char out[CLOCK_BOOT_ID_BYTES]);

/* clock_limit_us - microseconds; never less than it said before. */
int64_t clock_limit_us(void);

/* clock_limit_set - the limit clock said at_us when CLOCK_BOOTTIME said boot_us: what
 * it says from here on. At start, before anything was charged. */
void clock_limit_set(int64_t at_us, int64_t boot_us);

/* clock_limit_floor - the limit clock never says less than this again. */
void clock_limit_floor(int64_t at_us);

#endif
