/* SPDX-License-Identifier: BSD-2-Clause
 *
 * dns_zone - a master file of static answers, for hosts without a DNS server to ask and
 * for tests.
 *
 * Reads $ORIGIN, $TTL, @, owner names left out, parentheses, quoted strings, escapes
 * and wildcards; A AAAA CNAME MX NS PTR SOA TXT are answered, other types known to the
 * IANA registry are passed over. Names at or below one with an SOA record are the
 * file's alone. Names at or below one with an NS record but no SOA are delegated: what
 * the file does not hold of them is asked elsewhere. Threads: a loaded zone is never
 * changed. Source: RFC 1035 5, RFC 1034 4.3.2, RFC 4592 (wildcards), RFC 2308 4 ($TTL).
 */
#ifndef OUTGATE_BASE_DNS_ZONE_H
#define OUTGATE_BASE_DNS_ZONE_H

#include "base/dns.h"
#include "base/dns_name.h"

struct dns_zone;

/* dns_zone_load - read the file. err: the first fault with file:line, and how many more
 * there are. */
int dns_zone_load(struct dns_zone **out, const char *path, struct err *err);

/* dns_zone_parse - as dns_zone_load, of text; path is for errors. */
int dns_zone_parse(struct dns_zone **out, const char *path, struct span text,
                   struct err *err);
void dns_zone_free(struct dns_zone **zone);

enum dns_zone_says {
    DNS_ZONE_ANSWERS,      /* *out is the answer */
    DNS_ZONE_IS_SILENT,    /* *out holds if there is nobody else to ask */
    DNS_ZONE_IS_ELSEWHERE, /* delegated: others know */
};

/* dns_zone_ask - aliases are followed, at most BOUND_DNS_CNAMES. name: in; out: the one
 * that *out is about, or that others must be asked for. The answer's records are the
 * zone's own. */
enum dns_zone_says dns_zone_ask(const struct dns_zone *zone, struct dns_name *name,
                                enum dns_type type, struct dns_answer *out);

#endif
