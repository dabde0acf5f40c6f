/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/clock.h"

#include <pthread.h>
#include <time.h>

static int64_t read_us(clockid_t id)
{
    struct timespec ts;
    clock_gettime(id, &ts);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static pthread_mutex_t limit_lock = PTHREAD_MUTEX_INITIALIZER;
static int64_t limit_at_us;   /* what the limit clock said last */
static int64_t limit_boot_us; /* CLOCK_BOOTTIME at that moment */

int64_t clock_wall_us(void)
{
    return read_us(CLOCK_REALTIME);
}

int64_t clock_elapsed_us(void)
{
    return read_us(CLOCK_MONOTONIC);
}

/* With limit_lock held: move to now. */
static void advance(void)
{
    int64_t wall = read_us(CLOCK_REALTIME);
    int64_t boot = read_us(CLOCK_BOOTTIME);
    int64_t paced = limit_at_us == 0 ? 0 : limit_at_us + (boot - limit_boot_us);
    limit_at_us = wall > paced ? wall : paced;
    limit_boot_us = boot;
}

int64_t clock_limit_us(void)
{
    pthread_mutex_lock(&limit_lock);
    advance();
    int64_t at = limit_at_us;
    pthread_mutex_unlock(&limit_lock);
    return at;
}

void clock_limit_floor(int64_t at_us)
{
    pthread_mutex_lock(&limit_lock);
    advance();
    if (at_us > limit_at_us)
        limit_at_us = at_us;
    pthread_mutex_unlock(&limit_lock);
}
