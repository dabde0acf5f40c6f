/* SPDX-License-Identifier: BSD-2-Clause
 *
 * hostile - what several fuzz targets do with their input: claims, sanitizers shown
 * each byte, and small inputs swollen to large ones, which must not take long.
 */
#ifndef OUTGATE_TESTS_HOSTILE_H
#define OUTGATE_TESTS_HOSTILE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/text.h"

/* Of CPU for 100 kB, with sanitizers; without them it is a tenth. Chosen. */
enum { HOSTILE_BYTES = 100000, HOSTILE_MS = 500, HOSTILE_TRIES = 3 };

#define require(claim) require_at(claim, #claim)

static inline void require_at(bool claim, const char *text)
{
    if (claim)
        return;
    fprintf(stderr, "it does not hold: %s\n", text);
    abort();
}

/* Reads each byte, so that the sanitizers see a span that points astray. */
static inline void touch(struct span s)
{
    static volatile unsigned char sum;

    for (size_t i = 0; i < s.len; i++)
        sum = (unsigned char)(sum + (unsigned char)s.at[i]);
}

/* An input that begins with '*' is to be swollen: what stands before the first SOH
 * once, the rest again and again, up to size bytes of room. */
static inline bool is_swelling(struct span in)
{
    return in.len > 1 && in.len < 100 && in.at[0] == '*';
}

static inline struct span swell(struct span in, char *room, size_t size)
{
    struct span head, again;
    size_t len;

    in = span_from(in, 1);
    if (!span_cut(in, '\001', &head, &again) || again.len == 0) {
        again = in;
        head = SPAN("");
    }
    memcpy(room, head.at, head.len);
    for (len = head.len; len < size; len++)
        room[len] = again.at[(len - head.len) % again.len];
    return (struct span){room, size};
}

static inline int64_t hostile_cpu_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* read(text) takes no longer than most_ms, once in a few tries. */
static inline void require_quick(void (*read)(struct span text), struct span text,
                                 int64_t most_ms)
{
    int64_t start, took = 0;

    for (int i = 0; i < HOSTILE_TRIES; i++) {
        start = hostile_cpu_ms();
        read(text);
        took = hostile_cpu_ms() - start;
        if (took <= most_ms)
            return;
    }
    fprintf(stderr, "%zu bytes take %lld ms\n", text.len, (long long)took);
    abort();
}

#endif
