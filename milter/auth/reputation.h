/* SPDX-License-Identifier: BSD-2-Clause
 *
 * reputation - is the submitting client, its HELO name or a link's domain in one of the
 * configured DNS lists?
 *
 * Stage: authentication. Off until [reputation] names a list. A list is written
 * "ZONE", or with the answers that count as Postfix's postscreen_dnsbl_sites has them,
 * "ZONE=127.0.0.[2..11;15]", or "ZONE=&6" for lists whose last octet is a set of bits.
 *
 * A list that refuses us ("you query too much": 127.255.255.x, 127.0.0.1), that has
 * every name (its entry that must not be there is there: RFC 5782 5), or that answers
 * outside 127.0.0.0/8 (its zone was sold, or a resolver lies) tells nothing: it is left
 * alone for an hour, then twice as long, a day at most. So is, for ten minutes, one
 * that gave no answer five times in a row while the DNS answered others. Each is told
 * once (base/troubles).
 * Of more link domains than are asked for, a choice is made that the mail's author
 * cannot foresee.
 * Only addresses of the public Internet are asked for (RFC 6890).
 * Must never: log, decide, ask without budget.
 * Threads: safe.
 * Source: RFC 5782; https://www.spamhaus.org/faqs/dnsbl-usage/ (return codes); the
 * lists' own documentation; chosen.
 */
#ifndef OUTGATE_AUTH_REPUTATION_H
#define OUTGATE_AUTH_REPUTATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/conf.h"
#include "base/dns.h"
#include "base/err.h"
#include "base/troubles.h"
#include "facts/authentication.h"
#include "message/envelope.h"
#include "message/message.h"

struct reputation;

struct reputation_options {
    const struct conf_list *client_lists;  /* by address (RFC 5782 2.1) */
    const struct conf_list *helo_lists;    /* by name (RFC 5782 3): the HELO domain */
    const struct conf_list *link_lists;    /* by name: links' domains and hosts, and by
                                              address where a link has one */
    const struct conf_list *local_domains; /* never asked for; ".d" and all below */
    const char *helo;                      /* our own name: never asked for; or "" */
    struct troubles *troubles;             /* or NULL */
};

/* reputation_open - *out is NULL, and that is no error, when no list is named. Errors:
 * ERR_CONFIG: a zone that is no domain name, a filter that does not parse, too many. */
int reputation_open(struct reputation **out, const struct reputation_options *options,
                    struct err *err);
void reputation_close(struct reputation **reputation); /* NULL is fine */

/* reputation_adopt - which lists rest, and for how long, as old knows it: after a
 * reload, before anybody asks fresh. Lists of the same sort and zone. NULL is fine. */
void reputation_adopt(struct reputation *fresh, struct reputation *old);

/* reputation_prefetch - begin to ask what reputation_check will: at the start of the
 * stage, so that the lists answer while SPF and DKIM are worked out. budget: what may
 * be spent on it, and pays for the questions (dns_prefetch). */
void reputation_prefetch(struct reputation *reputation, struct dns *dns,
                         struct dns_budget *budget, const struct message *msg,
                         const struct envelope *env);

/* reputation_check - fill client_lists, link_lists, their counts, lists_failed and
 * has_names_left of *out. reputation NULL: leaves them. Everything lives in the
 * message's arena. */
void reputation_check(struct reputation *reputation, struct dns *dns,
                      struct dns_budget *budget, const struct message *msg,
                      const struct envelope *env, struct authentication *out);

/* What a list is worth, for `outgate doctor`. */
enum reputation_state {
    REPUTATION_UNKNOWN = 0,
    REPUTATION_WORKS,     /* its test entry is there, the other is not */
    REPUTATION_BLOCKED,   /* it refuses this resolver */
    REPUTATION_WILDCARD,  /* it has everything */
    REPUTATION_NO_LIST,   /* answers outside 127.0.0.0/8 */
    REPUTATION_NO_TEST,   /* its test entry is not there: dead, or no such list */
    REPUTATION_NO_ANSWER, /* the DNS gave none in time */
};
const char *reputation_state_name(enum reputation_state state); /* "works" ... */

/* reputation_test - ask a list ("ZONE" or "ZONE=FILTER") for its two test entries: of
 * addresses 127.0.0.2 and 127.0.0.1, else the names TEST and INVALID. Source: RFC 5782
 * 5. */
enum reputation_state reputation_test(struct dns *dns, struct dns_budget *budget,
                                      struct span list, bool is_of_addresses,
                                      struct arena *arena);

/* reputation_look - has this list this address or name? REPUTATION_WORKS and *listed,
 * its answer in *answer when so; else why that cannot be said. Keeps no memory of it.
 */
enum reputation_state reputation_look(struct dns *dns, struct dns_budget *budget,
                                      struct span list, struct span what,
                                      struct arena *arena, bool *listed,
                                      struct span *answer);

#endif
