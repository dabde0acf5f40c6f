/* SPDX-License-Identifier: BSD-2-Clause
 *
 * dns_tally - what resolvers have done: counters that never fall. A resolver that takes
 * another's place at a reload counts on where that stopped (dns_count_on), so that they
 * are the process's.
 * Threads: safe.
 */
#ifndef OUTGATE_BASE_DNS_TALLY_H
#define OUTGATE_BASE_DNS_TALLY_H

#include <stdint.h>

enum dns_counter {
    /* how each question of dns_ask ended: one of these */
    DNS_BY_ZONE,    /* the static zone knew */
    DNS_BY_CACHE,   /* so did the cache; also of a failure that is believed still */
    DNS_BY_SERVERS, /* a server said so, or that there is no such thing */
    DNS_FAILED,     /* the server or the library failed, or nobody answered it */
    DNS_LATE,       /* the message's deadline came first */
    DNS_CROWDED,    /* it did, and too many were under way for this one to leave */
    DNS_UNPAID,     /* the message had asked too much already */
    DNS_SKIPPED,    /* nobody waited, for no server answered anything */
    DNS_UNASKED,    /* there was nobody to ask, or no memory to */
    /* how each lookup ended that left for the servers, also those asked ahead */
    DNS_LOOKUP_ANSWERED,
    DNS_LOOKUP_FAILED,     /* SERVFAIL, REFUSED, malformed; or the library gave up */
    DNS_LOOKUP_BOGUS,      /* DNSSEC says that it is forged */
    DNS_LOOKUP_UNANSWERED, /* nothing within BOUND_DNS_QUESTION_S */
    /* the rest */
    DNS_DEATHS,        /* times that the servers began to count as dead */
    DNS_MESSAGES,      /* messages that were asked for */
    DNS_MESSAGES_LATE, /* of these, with a question that was late or crowded */
    DNS_COUNTERS,
};

/* "questions.zone" "lookups.answered" "deaths" ...: what a counter is called, where it
 * is stored: a family, or family.label. */
const char *dns_counter_name(enum dns_counter counter);

struct dns_tally;

/* dns_tally_new - all zero, one reference; NULL: no memory. */
struct dns_tally *dns_tally_new(void);
struct dns_tally *dns_tally_acquire(struct dns_tally *tally);
void dns_tally_release(struct dns_tally **tally); /* NULL is fine */

void dns_tally_add(struct dns_tally *tally, enum dns_counter counter);
uint64_t dns_tally_get(const struct dns_tally *tally, enum dns_counter counter);

#endif
