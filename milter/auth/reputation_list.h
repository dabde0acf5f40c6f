/* SPDX-License-Identifier: BSD-2-Clause
 *
 * reputation_list - one DNS list: how it is written, what its answers mean. Private to
 * auth/reputation.
 *
 * Pure but for the arena.
 * Source: RFC 5782 2.1, 2.3, 3, 5; postconf(5) postscreen_dnsbl_sites; the return codes
 * that Spamhaus, URIBL and SURBL publish.
 */
#ifndef OUTGATE_AUTH_REPUTATION_LIST_H
#define OUTGATE_AUTH_REPUTATION_LIST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/dns.h"
#include "base/err.h"
#include "base/text.h"

/* A list as it is written. */
struct list_spec {
    struct span zone; /* lower case, without a final dot */
    bool has_filter;
    unsigned mask;         /* "&N": one of these bits of the last octet; 0: none */
    uint32_t octets[4][8]; /* which values of each octet count, a bit each */
};

/* list_spec_parse - "ZONE", "ZONE=127.0.0.[2..11;15]", "ZONE=&6". In the arena. */
int list_spec_parse(struct list_spec *out, struct arena *arena, struct span text,
                    struct err *err);

enum list_answer {
    LIST_ANSWER_UNKNOWN = 0, /* the DNS gave none */
    LIST_ANSWER_NO,          /* not listed, or not with an answer that counts */
    LIST_ANSWER_YES,
    LIST_ANSWER_BLOCKED, /* it refuses us */
    LIST_ANSWER_FOREIGN, /* outside 127.0.0.0/8: this is no list */
    LIST_ANSWER_SPENT,   /* the budget has no question left */
};

/* list_read - what an answer for A means. *what: the address that says so, or "". */
enum list_answer list_read(const struct list_spec *spec,
                           const struct dns_answer *answer, struct span *what);

/* list_name - what to ask for: an address reversed before the zone, or a name before
 * it; "" when that is no domain name of 253 octets. */
struct span list_name(const struct list_spec *spec, struct span what, bool is_address,
                      struct arena *arena);

/* list_test_name - the entry that must be there, or the one that must not. */
struct span list_test_name(const struct list_spec *spec, bool is_of_addresses,
                           bool must_be_there, struct arena *arena);

#endif
