/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/dns_tally.h"

#include <stdlib.h>

struct dns_tally {
    unsigned references;
    uint64_t at[DNS_COUNTERS];
};

const char *dns_counter_name(enum dns_counter counter)
{
    static const char *const names[DNS_COUNTERS] = {
        [DNS_BY_ZONE] = "questions.zone",
        [DNS_BY_CACHE] = "questions.cache",
        [DNS_BY_SERVERS] = "questions.servers",
        [DNS_FAILED] = "questions.failed",
        [DNS_LATE] = "questions.late",
        [DNS_CROWDED] = "questions.crowded",
        [DNS_UNPAID] = "questions.unpaid",
        [DNS_SKIPPED] = "questions.skipped",
        [DNS_UNASKED] = "questions.unasked",
        [DNS_LOOKUP_ANSWERED] = "lookups.answered",
        [DNS_LOOKUP_FAILED] = "lookups.failed",
        [DNS_LOOKUP_BOGUS] = "lookups.bogus",
        [DNS_LOOKUP_UNANSWERED] = "lookups.unanswered",
        [DNS_DEATHS] = "deaths",
        [DNS_MESSAGES] = "messages",
        [DNS_MESSAGES_LATE] = "messages_late",
    };
    return names[counter];
}

struct dns_tally *dns_tally_new(void)
{
    struct dns_tally *tally = calloc(1, sizeof *tally);
    if (tally != NULL)
        tally->references = 1;
    return tally;
}

struct dns_tally *dns_tally_acquire(struct dns_tally *tally)
{
    __atomic_add_fetch(&tally->references, 1, __ATOMIC_RELAXED);
    return tally;
}

void dns_tally_release(struct dns_tally **tally)
{
    struct dns_tally *old = *tally;
    *tally = NULL;
    if (old != NULL && __atomic_sub_fetch(&old->references, 1, __ATOMIC_ACQ_REL) == 0)
        free(old);
}

void dns_tally_add(struct dns_tally *tally, enum dns_counter counter)
{
    __atomic_add_fetch(&tally->at[counter], 1, __ATOMIC_RELAXED);
}

uint64_t dns_tally_get(const struct dns_tally *tally, enum dns_counter counter)
{
    return __atomic_load_n(&tally->at[counter], __ATOMIC_RELAXED);
}
