/* SPDX-License-Identifier: BSD-2-Clause
 *
 * spf - may our addresses send for this domain? SPF for MAIL FROM, or HELO for a null
 * sender, as the receiver will ask; Sender-ID beside it.
 *
 * Stage: authentication. Reads: envelope, header, DNS. Must never: log, decide.
 * Records are chosen, checked and their macros expanded here; libspf2 is handed one
 * mechanism at a time, without macros and modifiers, so that nothing of its record
 * parser is met by whoever picks the domain. The explanation (exp=) is never asked for.
 * Threads: nothing is shared but the resolver.
 * Source: RFC 7208, RFC 4406 (Sender-ID), RFC 4407 (the purported responsible address).
 */
#ifndef OUTGATE_AUTH_SPF_H
#define OUTGATE_AUTH_SPF_H

#include "base/conf.h"
#include "base/dns.h"
#include "facts/authentication.h"
#include "message/envelope.h"
#include "message/message.h"

/* Who asks, and as whom. */
struct spf_world {
    struct dns *dns;
    struct dns_budget *budget;
    const char *const *egress; /* addresses that mail leaves from, text form; loopback
                                  ones are passed over */
    size_t egress_count;
    struct span helo; /* what the MTA says when it delivers; "" not known */
};

/* spf_check - fill out->spf, and out->sender_id where the domain of the purported
 * responsible address publishes a record of scope pra. Texts live in msg's arena.
 *
 * Each egress address is asked about; the result that hurts most stands: of fail,
 * permerror, softfail, temperror, neutral, none, pass the first. An address of a
 * family that the receiver does not use costs no mail, but which family that is nobody
 * knows here. Without an egress address, or a null sender's without [mail] helo, the
 * result is AUTH_UNKNOWN. */
void spf_check(const struct spf_world *world, const struct message *msg,
               const struct envelope *env, struct authentication *out);

/* spf_expect - MAIL FROM is known: begin to ask for its record, do not wait. */
void spf_expect(const struct spf_world *world, const struct envelope *env);

/* spf_pra - the purported responsible address, "" if there is none or more than one.
 * Source: RFC 4407 2. */
struct span spf_pra(const struct message *msg);

#endif
