/* SPDX-License-Identifier: BSD-2-Clause
 *
 * dns - the one resolver: every question that outgate asks the DNS goes through here.
 *
 * Answers come from a cache that honours the TTL of what is there (RFC 1035 3.2.1) and
 * of what is not (RFC 2308 5), else from the static zone, else from the configured
 * servers. Nobody waits past the deadline of the budget that he brings, and a budget
 * bounds how many questions a message may ask.
 * Without servers and zone nothing is asked: every answer is DNS_TEMPERROR. While no
 * server answers anything (base/dns_pulse) what the cache and the zone do not have is
 * DNS_TEMPERROR at once.
 * Must never: log, decide, follow more than BOUND_DNS_CNAMES aliases.
 * Threads: a struct dns is shared by all; a budget and an answer belong to one message.
 * The resolver's own thread starts with the first question that leaves the host: a
 * process may fork before it.
 */
#ifndef OUTGATE_BASE_DNS_H
#define OUTGATE_BASE_DNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/dns_tally.h"
#include "base/err.h"
#include "base/text.h"

struct dns;

/* The types that are asked for. Source: RFC 1035 3.2.2, RFC 3596 2.1. */
enum dns_type {
    DNS_TYPE_UNKNOWN = 0,
    DNS_A = 1,
    DNS_NS = 2,
    DNS_CNAME = 5,
    DNS_SOA = 6,
    DNS_PTR = 12,
    DNS_MX = 15,
    DNS_TXT = 16,
    DNS_AAAA = 28,
};

enum dns_status {
    DNS_STATUS_UNKNOWN = 0,
    DNS_FOUND,     /* at least one record */
    DNS_NO_DATA,   /* the name is there, but no record of this type */
    DNS_NO_NAME,   /* NXDOMAIN */
    DNS_TEMPERROR, /* no answer in time, SERVFAIL, bogus, not configured */
    DNS_SPENT,     /* the message's budget has no question left: nobody was asked */
};

/* One record of an answer. Names are lower case, in A-labels, without a final dot. */
struct dns_record {
    struct span text;    /* TXT: its strings joined (RFC 7208 3.3); MX, PTR, NS, CNAME:
                            the name; SOA: the primary's name; A, AAAA: text form */
    unsigned preference; /* MX */
    unsigned char address[16]; /* A: the first 4 bytes; AAAA: all */
};

struct dns_answer {
    enum dns_status status;
    bool is_secure; /* validated by DNSSEC; needs a trust anchor */
    bool is_bogus;  /* validation failed: status is DNS_TEMPERROR */
    bool is_cut; /* had more or longer records than the bounds allow: the rest is left
                    out */
    uint32_t ttl_s;             /* how long it stays true, seconds */
    struct dns_record *records; /* in the arena that was given; sorted by bytes, MX by
                                   preference, so that answers compare */
    size_t count;
    const char *why; /* of a temperror: a few words for the record, static */
};

/* What one message may cost. */
struct dns_budget {
    int64_t deadline_us;   /* clock_elapsed_us after which nobody waits */
    unsigned lookups_left; /* questions that it may still begin to ask the servers */
    unsigned asked;        /* questions so far, whoever answered */
    unsigned timeouts;     /* of these, without an answer in time */
};

struct dns_options {
    const char *const *servers; /* "ADDRESS", "ADDRESS@PORT", "[v6]@PORT"; or the one
                                   word "system": what /etc/resolv.conf names */
    size_t server_count;
    const char *zone; /* RFC 1035 5 master file of static answers, or "" */
    const char
        *trust_anchor; /* file of the root's key for DNSSEC, or "": not validated */
};

/* What resolvers have done (base/dns_tally), and how this one is. */
struct dns_counts {
    uint64_t at[DNS_COUNTERS];
    size_t entries, bytes, under_way; /* now: cache and questions */
    int64_t dead_since_us; /* wall clock: no server answers since then; 0: one does */
};

/* dns_is_server - text is one of dns_options.servers, other than "system". */
bool dns_is_server(struct span text);

/* dns_open - a resolver with its cache. Errors: a server that is no address; a trust
 * anchor that cannot be read; a zone file that does not parse, with file:line. Nothing
 * is contacted yet. The caller holds one reference. */
int dns_open(struct dns **out, const struct dns_options *options, struct err *err);

/* dns_acquire - one reference more. dns_close - give one back and set *dns to NULL; the
 * last ends the resolver. NULL is fine. */
struct dns *dns_acquire(struct dns *dns);
void dns_close(struct dns **dns);

/* dns_is_configured - it has a server or a zone to ask. NULL has none. */
bool dns_is_configured(const struct dns *dns);

void dns_count(struct dns *dns, struct dns_counts *out);

/* dns_count_on - count on where old stopped. Before anybody asks dns. */
void dns_count_on(struct dns *dns, const struct dns *old);

/* dns_trouble - the next line that the log must have (base/troubles): no server
 * answers, they do again. false: none. dns NULL: none. */
bool dns_trouble(struct dns *dns, char out[ERR_TEXT_BYTES]);

/* dns_has_answered - has a server answered anything since then (clock_elapsed_us)? If
 * not, a question without an answer tells nothing of whom it was about. Without
 * servers: true. */
bool dns_has_answered(struct dns *dns, int64_t since_us);

/* dns_budget_init - from now, for deadline_us microseconds and so many lookups. */
void dns_budget_init(struct dns_budget *budget, int64_t deadline_us, unsigned lookups);

/* dns_budget_end - its message is through: count it, if there is anybody to ask. */
void dns_budget_end(struct dns *dns, const struct dns_budget *budget);

/* dns_ask - the answer, after at most the budget's deadline. name: any case, U-labels
 * or A-labels, final dot or not; one that is no domain name is DNS_NO_NAME. The answer
 * lives in arena; what the arena cannot hold is DNS_TEMPERROR. An alias is followed.
 * Source: RFC 1034 4.3.2. */
void dns_ask(struct dns *dns, struct dns_budget *budget, struct span name,
             enum dns_type type, struct arena *arena, struct dns_answer *out);

/* dns_ask_ptr - the names of an address in text form, IPv4 or IPv6 (RFC 1035 3.5, RFC
 * 3596 2.5). No address: DNS_NO_NAME. */
void dns_ask_ptr(struct dns *dns, struct dns_budget *budget, struct span address,
                 struct arena *arena, struct dns_answer *out);

/* dns_prefetch - begin to ask and do not wait: the answer is in the cache when it is
 * needed. budget: whose lookups a question that leaves is taken from (then to wait for
 * it costs none), or NULL: it costs none. Does nothing when none is left, or so many
 * questions are under way already that it would delay those who wait. */
void dns_prefetch(struct dns *dns, struct dns_budget *budget, struct span name,
                  enum dns_type type);

/* dns_reverse_name - "4.3.2.1.in-addr.arpa" and its like; zone: "in-addr.arpa" and
 * "ip6.arpa" when "", else the DNSBL's name behind the reversed address (RFC 5782 2.1,
 * 2.4). "" when address is none. */
struct span dns_reverse_name(struct arena *arena, struct span address,
                             struct span zone);

const char *dns_status_name(enum dns_status status); /* "found" "no data" ... */

#endif
