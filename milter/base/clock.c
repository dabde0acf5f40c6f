/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/clock.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int64_t read_us(clockid_t id)
{
    struct timespec ts;
    clock_gettime(id, &ts);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

/* Two clocks read one after the other differ by less: the same is said again. */
enum { SAME_US = 1000 };

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

int64_t clock_thread_us(void)
{
    return read_us(CLOCK_THREAD_CPUTIME_ID);
}

void clock_cond_init(pthread_cond_t *cond)
{
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(cond, &attr);
    pthread_condattr_destroy(&attr);
}

int64_t clock_boot_us(void)
{
    return read_us(CLOCK_BOOTTIME);
}

char *clock_boot_id(char out[CLOCK_BOOT_ID_BYTES])
{
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    ssize_t len = fd >= 0 ? read(fd, out, CLOCK_BOOT_ID_BYTES - 1) : 0;
    if (fd >= 0)
        close(fd);
    out[len > 0 ? len : 0] = '\0';
    out[strcspn(out, " \n")] = '\0';
    return out;
}

/* A simulation whose wall clock runs fast cannot fake CLOCK_BOOTTIME. */
static bool follows_wall(void)
{
    const char *word = getenv("OUTGATE_LIMIT_CLOCK");
    return word != NULL && strcmp(word, "wall") == 0;
}

/* With limit_lock held: move to now. */
static void advance(void)
{
    int64_t boot_us = read_us(CLOCK_BOOTTIME);
    int64_t wall_us = read_us(CLOCK_REALTIME);
    if (limit_at_us == 0)
        limit_at_us = wall_us;
    else if (boot_us > limit_boot_us)
        limit_at_us += boot_us - limit_boot_us;
    if (wall_us > limit_at_us && follows_wall())
        limit_at_us = wall_us;
    limit_boot_us = boot_us;
}

int64_t clock_limit_us(void)
{
    pthread_mutex_lock(&limit_lock);
    advance();
    int64_t at_us = limit_at_us;
    pthread_mutex_unlock(&limit_lock);
    return at_us;
}

void clock_limit_set(int64_t at_us, int64_t boot_us)
{
    pthread_mutex_lock(&limit_lock);
    advance();
    int64_t now_us = at_us + (limit_boot_us - boot_us);
    if (now_us > limit_at_us || limit_at_us - now_us > SAME_US)
        limit_at_us = now_us;
    pthread_mutex_unlock(&limit_lock);
}

void clock_limit_floor(int64_t at_us)
{
    pthread_mutex_lock(&limit_lock);
    advance();
    if (at_us > limit_at_us)
        limit_at_us = at_us;
    pthread_mutex_unlock(&limit_lock);
}
