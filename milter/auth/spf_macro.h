/* SPDX-License-Identifier: BSD-2-Clause
 *
 * spf_macro - the macros of a domain-spec, written out.
 * Source: RFC 7208 7.
 */
#ifndef OUTGATE_AUTH_SPF_MACRO_H
#define OUTGATE_AUTH_SPF_MACRO_H

#include "base/dns.h"
#include "base/netaddr.h"

/* What macros stand for. */
struct spf_question {
    struct dns *dns;
    struct dns_budget *budget;
    struct arena *arena;
    struct netaddr address;           /* that mail comes from */
    struct span local, sender_domain; /* of the sender; local "postmaster" if none */
    struct span helo;
    unsigned voids;    /* questions so far that found nothing */
    bool is_temporary; /* a question was not answered */
    bool is_crowded; /* a name had more MX records than RFC 7208 4.6.4 lets be tried */
};

/* spf_macro_expand - a domain-spec that spf_record_parse let pass; domain: the current
 * one. In the arena, in the escaped form that dns_ask reads; of more than 253 octets
 * the leftmost labels are left out. "" when nothing is left, or the arena is at its
 * end. */
struct span spf_macro_expand(struct spf_question *question, struct span spec,
                             struct span domain);

/* spf_ask - dns_ask, and note in question what came of it. is_voided: that it found
 * nothing counts. */
void spf_ask(struct spf_question *question, struct span name, enum dns_type type,
             bool is_voided, struct dns_answer *out);

/* spf_validated_name - a name of the address that has the address: domain itself, else
 * one below it, else any; "" none. Source: RFC 7208 5.5, 7.3. */
struct span spf_validated_name(struct spf_question *question, struct span domain);

#endif
