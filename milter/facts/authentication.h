/* SPDX-License-Identifier: BSD-2-Clause
 *
 * authentication - what SPF, DKIM, DMARC, the lists and the virus scanner said of a
 * message, as its receiver will see it: plain results, worked out by milter/auth,
 * turned into facts by fact_authentication and into a record by auth/results. All zero
 * when nobody was asked (no [dns], `outgate scan` without it).
 */
#ifndef OUTGATE_FACTS_AUTHENTICATION_H
#define OUTGATE_FACTS_AUTHENTICATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

/* One set of results for all methods. Source: RFC 8601 2.7; RFC 7208 2.6. */
enum auth_result {
    AUTH_UNKNOWN = 0, /* nobody was asked */
    AUTH_NONE,
    AUTH_PASS,
    AUTH_FAIL,
    AUTH_SOFTFAIL,
    AUTH_NEUTRAL,
    AUTH_POLICY, /* e.g. a key too weak to count */
    AUTH_TEMPERROR,
    AUTH_PERMERROR,
};

const char *auth_result_name(enum auth_result result); /* "" for AUTH_UNKNOWN */

struct auth_spf {
    enum auth_result result; /* the worst over the egress addresses asked for */
    struct span domain;      /* whose record: MAIL FROM's, or HELO for a null sender */
    struct span mechanism;   /* the one that matched, as written; "" none */
    struct span egress;      /* the address that gave this result */
    struct span problem;     /* of an error, a few words */
    unsigned lookups, void_lookups;
    bool is_helo; /* HELO was judged */
};

struct auth_signature {
    enum auth_result result;
    struct span domain, selector; /* d=, s= */
    struct span identity;         /* the domain of i=; "" without */
    struct span algorithm;        /* a= */
    struct span problem;          /* why not pass, a few words */
    unsigned key_bits;            /* 0 unknown */
    bool is_expired, has_length, is_test, is_from_unsigned, is_weak, is_ed25519;
    bool covers_unsubscribe; /* h= names both List-Unsubscribe fields (RFC 8058 4) */
    bool is_aligned;         /* with From:, in the record's mode */
    int64_t unsigned_bytes;  /* body bytes beyond l= */
};

enum { AUTH_SIGNATURES = 4 }; /* looked at in one message; more are a fact */

enum dmarc_policy { DMARC_NO_POLICY = 0, DMARC_NONE, DMARC_QUARANTINE, DMARC_REJECT };

const char *dmarc_policy_name(enum dmarc_policy policy); /* "" "none" ... */

struct auth_dmarc {
    enum auth_result result;  /* AUTH_NONE: no record */
    enum dmarc_policy policy; /* what receivers are told to do with a failing message of
                                 this From: domain, after sp, np, t, pct */
    struct span from_domain;  /* RFC5322.From */
    struct span record_domain;            /* where the record was found */
    struct span organizational;           /* organizational domain of from_domain */
    bool is_spf_aligned, is_dkim_aligned; /* passed and aligned; of several From:
                                             domains, with each of them */
    bool is_test;                         /* t=y, or pct=0 of RFC 7489 */
    bool has_many_from;
    unsigned percent; /* pct of RFC 7489; 100 without */
    struct span problem;
};

enum { AUTH_LISTED = 8 };

/* A name or address that a list has. */
struct auth_listing {
    struct span list, what, answer; /* "dnsbl.example", "192.0.2.1", "127.0.0.2" */
};

struct authentication {
    bool is_known; /* the stage ran */
    struct auth_spf spf;
    struct auth_spf sender_id; /* PRA, where its domain publishes spf2.0/pra */
    struct auth_signature signatures[AUTH_SIGNATURES];
    size_t signature_count; /* in signatures */
    size_t signature_total; /* in the message */
    enum auth_result dkim;  /* the best over the signatures; AUTH_NONE: unsigned */
    bool is_signed_later;   /* From: domain is one whose signer runs after the gate */
    struct auth_dmarc dmarc;

    enum auth_result from_owner; /* may this sender use this From:? AUTH_NONE: no map */
    struct span from_owner_address; /* the first address that is not the sender's */
    struct span from_owner_problem; /* of a temperror, a few words */

    struct auth_listing client_lists[AUTH_LISTED]; /* client's address and HELO */
    size_t client_list_count;
    struct auth_listing link_lists[AUTH_LISTED]; /* links' domains */
    size_t link_list_count;
    size_t lists_failed; /* lists that gave no answer that counts, or are left alone */
    bool has_names_left; /* more hosts in links than are asked for */

    enum auth_result virus; /* PASS: clean; FAIL: found; NEUTRAL: not read whole;
                               TEMPERROR: clamd is away */
    struct span virus_name;
    struct span virus_problem; /* why neither clean nor found, a few words */

    unsigned lookups;    /* questions asked for this message */
    bool is_late;        /* the deadline passed before all was known */
    struct span results; /* RFC 8601 authres-payload without authserv-id */
};

#endif
