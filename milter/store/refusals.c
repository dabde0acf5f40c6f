/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/refusals.h"

#include <string.h>

#include "base/clock.h"
#include "store/orders.h"

enum { SAY_AGAIN_US = 60 * 1000000 }; /* between log lines about one key. chosen */

/* The key's place, or the one whose owner came longest ago. The lock is held. */
static struct refusal_count *find(struct refusals *refusals, struct span key)
{
    struct refusal_count *oldest = &refusals->at[0];
    for (size_t i = 0; i < REFUSALS_KEPT; i++) {
        struct refusal_count *one = &refusals->at[i];
        if (span_eq((struct span){one->key, one->key_len}, key))
            return one;
        if (one->last_us < oldest->last_us)
            oldest = one;
    }
    refusals->unwritten -= oldest->unwritten;
    memset(oldest, 0, sizeof *oldest);
    memcpy(oldest->key, key.at, key.len);
    oldest->key_len = key.len;
    return oldest;
}

int64_t refusals_note(struct refusals *refusals, struct span key, int64_t now_us)
{
    int64_t said = 0;
    int64_t elapsed_us = clock_elapsed_us();
    if (key.len == 0 || key.len > BOUND_KEY_BYTES)
        return 0;
    pthread_mutex_lock(&refusals->lock);
    struct refusal_count *one = find(refusals, key);
    one->unwritten++;
    one->unsaid++;
    one->last_us = now_us;
    refusals->unwritten++;
    if (one->said_us == 0 || elapsed_us - one->said_us >= SAY_AGAIN_US) {
        said = one->unsaid;
        one->unsaid = 0;
        one->said_us = elapsed_us;
    }
    pthread_mutex_unlock(&refusals->lock);
    return said;
}

bool refusals_are_due(void *arg)
{
    struct refusals *refusals = arg;
    pthread_mutex_lock(&refusals->lock);
    bool is_due = refusals->unwritten > 0;
    pthread_mutex_unlock(&refusals->lock);
    return is_due;
}

/* Take one key's count out, so that the store is written to without the lock. */
static bool take(struct refusals *refusals, size_t i, struct refusal_count *out)
{
    pthread_mutex_lock(&refusals->lock);
    *out = refusals->at[i];
    refusals->unwritten -= out->unwritten;
    refusals->at[i].unwritten = 0;
    pthread_mutex_unlock(&refusals->lock);
    return out->unwritten > 0;
}

int refusals_write(struct db *db, void *arg, struct err *err)
{
    struct refusal_count one;
    for (size_t i = 0; i < REFUSALS_KEPT; i++) {
        if (!take(arg, i, &one))
            continue;
        if (orders_refused(db, (struct span){one.key, one.key_len}, one.unwritten,
                           one.last_us, err) != 0)
            return -1;
    }
    return 0;
}
