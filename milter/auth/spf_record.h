/* SPDX-License-Identifier: BSD-2-Clause
 *
 * spf_record - an SPF record, chosen among the TXT records of a name and taken apart.
 * What RFC 7208 does not let stand is an error here, before any library sees it. Pure.
 * Source: RFC 7208 4.5, 12; RFC 4406 3.1, 4.4 (spf2.0).
 */
#ifndef OUTGATE_AUTH_SPF_RECORD_H
#define OUTGATE_AUTH_SPF_RECORD_H

#include "base/arena.h"
#include "base/dns.h"
#include "base/text.h"

enum spf_scope {
    SPF_MAILFROM, /* v=spf1 */
    SPF_PRA,      /* spf2.0 with the scope pra, else v=spf1 */
};

enum spf_kind {
    SPF_KIND_UNKNOWN = 0,
    SPF_KIND_ALL,
    SPF_KIND_INCLUDE,
    SPF_KIND_A,
    SPF_KIND_MX,
    SPF_KIND_PTR,
    SPF_KIND_IP4,
    SPF_KIND_IP6,
    SPF_KIND_EXISTS,
};

/* One directive. */
struct spf_term {
    enum spf_kind kind;
    char qualifier;      /* + - ~ ? */
    struct span text;    /* as written */
    struct span domain;  /* domain-spec, or the network of ip4 and ip6; "" none */
    struct span lengths; /* "/24//64" as written, or "" */
};

struct spf_record {
    struct spf_term *terms;
    size_t count;
    struct span redirect; /* domain-spec, "" none */
};

/* spf_record_choose - the one record of the scope. Returns how many there are: *out is
 * set at 1. is_own_scope: records of v=spf1 do not stand in for spf2.0. */
size_t spf_record_choose(const struct dns_answer *answer, enum spf_scope scope,
                         bool is_own_scope, struct span *out);

/* spf_record_parse - NULL, or what is wrong with it in a few words. Spans point into
 * text, which must stay. Longer than BOUND_SPF_RECORD_BYTES is wrong, too. */
const char *spf_record_parse(struct span text, struct arena *arena,
                             struct spf_record *out);

/* spf_macro_length - bytes of the macro-expand that text begins with, 0 for none: "%%",
 * "%_", "%-", "%{" letter transformers delimiters "}". */
size_t spf_macro_length(struct span text);

#endif
