/* SPDX-License-Identifier: BSD-2-Clause
 *
 * auth/dmarc - what a receiver that checks DMARC will conclude of a message.
 *
 * Stage: authentication, after SPF and DKIM. Reads: From:, their results, the policy
 * records of the From: domain through base/dns. Gives: struct auth_dmarc, and which
 * signatures are aligned.
 * The organizational domain is found by the tree walk; where no record stands on the
 * way, or the walk was not answered, by the public suffix list.
 * Source: RFC 9989 4.4 to 4.10, 5.
 * Threads: as base/dns.
 */
#ifndef OUTGATE_AUTH_DMARC_H
#define OUTGATE_AUTH_DMARC_H

#include "base/dns.h"
#include "facts/authentication.h"
#include "message/message.h"

enum {
    DMARC_WALK = 8,    /* RFC 9989 4.10: questions of one walk */
    DMARC_AUTHORS = 4, /* different From: domains that are looked at. chosen */
};

/* dmarc_authors - the domains of all mailboxes in all From: fields, each once, in
 * A-labels; at most DMARC_AUTHORS, of *total mailboxes with a domain of their own.
 * Returns how many stand in out. */
size_t dmarc_authors(const struct message *msg, struct span out[DMARC_AUTHORS],
                     size_t *total);

/* dmarc_walk_names - the names that the walk from domain asks for, "_dmarc." and all,
 * in order. Returns how many, DMARC_WALK at most. Pure. */
size_t dmarc_walk_names(struct arena *arena, struct span domain,
                        struct span out[DMARC_WALK]);

/* dmarc_evaluate - fill out->dmarc and the signatures' is_aligned from out->spf,
 * out->signatures and out->is_signed_later. dns must be configured. Cannot fail: what
 * is not known is AUTH_TEMPERROR. */
void dmarc_evaluate(struct dns *dns, struct dns_budget *budget,
                    const struct message *msg, struct authentication *out);

#endif
