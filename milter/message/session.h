/* SPDX-License-Identifier: BSD-2-Clause
 *
 * session - from what an MTA says to an envelope: path, recipients, class.
 *
 * Stage: session. The callbacks in milter.c hand over arguments and macros; the
 * conclusions are drawn here, where a test can reach them. Pure.
 */
#ifndef OUTGATE_MESSAGE_SESSION_H
#define OUTGATE_MESSAGE_SESSION_H

#include "base/netaddr.h"
#include "message/envelope.h"
#include "message/message.h"

/* The field that contrib/postfix makes Postfix put first on mail from sendmail(1). */
#define SESSION_UID_FIELD "X-Outgate-Local-UID"

/* The user of mail of sendmail(1) that Sendmail does not name. */
#define SESSION_UNNAMED_USER "unnamed"

/* What the config says of whose mail is whose. */
struct session_scope {
    const struct network *networks;
    size_t network_count;
    const char *const *local_domains; /* "example.com", ".example.com" for all below */
    size_t local_domain_count;
    const char *border; /* {daemon_name} of the border's smtpd; NULL: there is none */
};

/* What the callbacks saw of one message beside its bytes. */
struct session_hints {
    bool has_client_port; /* {client_port} was sent */
    long client_port;     /* 0: no network client (Postfix pickup) */
    bool is_bracketed;    /* MAIL's argument had <> */
    size_t remote_count;  /* recipients whose mailer ({rcpt_mailer}) sends elsewhere */
    size_t mailer_count;  /* recipients for which {rcpt_mailer} was known */
};

/* session_has_domain - domain is in a list of domains as the config writes it:
 * "example.com", ".example.com" for all below. */
bool session_has_domain(const char *const *list, size_t count, struct span domain);

/* session_is_remote_mailer - smtp, relay, esmtp ...: the MTA would send it on. */
bool session_is_remote_mailer(struct span mailer);

/* session_is_ours - a login, the local path, our networks, or no client at all. */
bool session_is_ours(const struct envelope *env, const struct session_scope *scope);

/* session_may_be_submission - before the header: what says MAIL FROM now may be
 * sendmail(1), as session_conclude will find. */
bool session_may_be_submission(const struct envelope *env,
                               const struct session_hints *hints);
/* session_is_border - what leaves, on its second passage. */
bool session_is_border(const struct envelope *env, const struct session_scope *scope);

/* session_original_to - the address in an ORCPT parameter of RCPT
 * ("ORCPT=rfc822;a+2Bb@c", xtext, RFC 3461 4.2) of the NULL-ended list, unless it is
 * the recipient itself; "" for none. In the arena. */
struct span session_original_to(char *const *parameters, struct span recipient,
                                struct arena *arena);

/* session_conclude - after the header is complete: set env->path, local_user (from the
 * first field, as the MTA vouches for it), is_ours and mail_class (at the border
 * outbound, until the gate has seen the ticket).
 * Postfix: pickup has {client_port} 0 and an address without <>; Sendmail: a client on
 * loopback whose first Received: names the submission program. */
void session_conclude(struct envelope *env, const struct message *msg,
                      const struct session_scope *scope,
                      const struct session_hints *hints);

#endif
