/* SPDX-License-Identifier: BSD-2-Clause
 *
 * clock - a preloaded library: programs read the time of day from a file.
 *
 * $TEST_CLOCK names a file of 8 bytes, microseconds since the epoch in the host's byte
 * order; whoever writes them moves the time for every program under it, at once. The
 * time of day and the time since boot (outgate's limits go by it) are the test's: what
 * a program measures by CLOCK_MONOTONIC, how long it sleeps and the times of files stay
 * the machine's.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *shown_us;

/* When this machine pretends to have been started: 2020-01-01. chosen */
static const int64_t boot_us = INT64_C(1577836800) * 1000000;

static int is_ours(clockid_t id)
{
    return id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE || id == CLOCK_BOOTTIME;
}

__attribute__((constructor)) static void clock_map(void)
{
    const char *name = getenv("TEST_CLOCK");
    int fd = name == NULL ? -1 : open(name, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    void *at = mmap(NULL, sizeof *shown_us, PROT_READ, MAP_SHARED, fd, 0);
    if (at != MAP_FAILED)
        shown_us = at;
    close(fd);
}

int clock_gettime(clockid_t id, struct timespec *out)
{
    if (!is_ours(id) || shown_us == NULL)
        return (int)syscall(SYS_clock_gettime, id, out);
    int64_t now_us = id == CLOCK_BOOTTIME ? *shown_us - boot_us : *shown_us;
    out->tv_sec = now_us / 1000000;
    out->tv_nsec = now_us % 1000000 * 1000;
    return 0;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone)
{
    struct timespec now;
    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &now) < 0)
        return -1;
    out->tv_sec = now.tv_sec;
    out->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *out)
{
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now) < 0)
        return -1;
    if (out != NULL)
        *out = now.tv_sec;
    return now.tv_sec;
}
