/* SPDX-License-Identifier: BSD-2-Clause
 *
 * auth/dkim - every DKIM signature of a message, verified against the published key
 * over the bytes that leave.
 *
 * Stage: authentication. Reads: the header as fields, the body in pieces as it comes
 * in (only its hash is kept), keys through base/dns. Gives: one struct auth_signature
 * each. The only module that names libopendkim's dkim_.
 * Must never: ask any other resolver; log; fail a message; call dkim_ohdrs, which
 * overflows its heap on a long z= tag.
 * Threads: a verifier is shared; a check belongs to one message.
 * Source: RFC 6376, RFC 8301, RFC 8463.
 */
#ifndef OUTGATE_AUTH_DKIM_H
#define OUTGATE_AUTH_DKIM_H

#include "base/dns.h"
#include "base/err.h"
#include "facts/authentication.h"
#include "message/message.h"

struct auth_dkim;       /* the library, set up once */
struct auth_dkim_check; /* one message's signatures */

/* auth_dkim_open - set libopendkim up. The caller closes it. */
int auth_dkim_open(struct auth_dkim **out, struct err *err);
void auth_dkim_close(struct auth_dkim **dkim);

/* auth_dkim_begin - read the header of msg, complete by now. from_domain: of From:, in
 * A-labels; signatures of its registrable domain are looked at first. Fields that the
 * gate takes off ("X-Outgate-") are not part of what leaves. Returns NULL when there is
 * nothing to verify (out says why: unsigned, or cannot be read) or no memory. */
struct auth_dkim_check *auth_dkim_begin(struct auth_dkim *dkim,
                                        const struct message *msg,
                                        struct span from_domain,
                                        struct authentication *out);

/* auth_dkim_prefetch - begin to ask for the keys. */
void auth_dkim_prefetch(struct auth_dkim_check *check, struct dns *dns);

/* auth_dkim_body - the next piece of the body, cut anywhere, lines ended by CRLF.
 * is_lf: they end in LF (a file): each is hashed as the CRLF that it will be. */
void auth_dkim_body(struct auth_dkim_check *check, const void *bytes, size_t len,
                    bool is_lf);

/* auth_dkim_finish - ask for keys, verify; fills out's signatures and dkim (texts in
 * arena). is_whole: all of the body was handed over; else nothing can be said. */
void auth_dkim_finish(struct auth_dkim_check *check, struct dns *dns,
                      struct dns_budget *budget, bool is_whole, struct arena *arena,
                      struct authentication *out);

/* auth_dkim_free - and set *check to NULL; NULL is fine. */
void auth_dkim_free(struct auth_dkim_check **check);

#endif
