/* SPDX-License-Identifier: BSD-2-Clause
 *
 * auth - the authentication stage: SPF, DKIM, DMARC, who owns From:, lists, viruses;
 * one message through all of them within one budget of time and questions.
 *
 * Stage: authentication, before facts. Reads: message, envelope, DNS and the
 * configured helpers. Gives: struct authentication.
 * What is obvious is asked for as soon as it is known (MAIL FROM at MAIL, From: and the
 * keys at the end of the header) and answered while the body comes in: the end of the
 * message seldom waits.
 * Must never: log, decide, wait past [dns] deadline, fail a message: what is not known
 * is AUTH_TEMPERROR, and costs no points.
 * Threads: a struct auth is shared and never changed; a check belongs to one message.
 */
#ifndef OUTGATE_AUTH_AUTH_H
#define OUTGATE_AUTH_AUTH_H

#include "base/dns.h"
#include "base/err.h"
#include "facts/authentication.h"
#include "message/envelope.h"
#include "message/message.h"
#include "settings.h"

struct auth;       /* of an engine */
struct auth_check; /* one message under way */

/* auth_open - settings and dns must outlive it. *out is NULL, and that is no error,
 * when nothing is configured that could be asked. */
int auth_open(struct auth **out, const struct settings *settings, struct dns *dns,
              struct err *err);
void auth_close(struct auth **auth); /* NULL is fine */

/* auth_trouble - the next line that the log must have (base/troubles); false: none. */
bool auth_trouble(struct auth *auth, char out[ERR_TEXT_BYTES]);

/* auth_use_dns - ask dns from now on, before the first message. auth NULL is fine. */
void auth_use_dns(struct auth *auth, struct dns *dns);

/* auth_adopt - after a reload: go on with what old knows of a scanner that is away and,
 * with the same resolvers, of DNS lists that rest; before the first message. NULL is
 * fine. */
void auth_adopt(struct auth *fresh, struct auth *old, bool is_same_dns);

/* auth_expect - MAIL FROM and HELO are known: begin to ask what they need. auth NULL:
 * nothing. Does not wait. */
void auth_expect(struct auth *auth, const struct envelope *env);

/* auth_begin - the header of msg is complete; begin to ask what it needs, and to hash
 * the body for its signatures. NULL when auth is, or without memory. Does not wait. */
struct auth_check *auth_begin(struct auth *auth, const struct message *msg);

/* auth_body - the next piece of the body as it leaves, whatever its size. check NULL:
 * nothing. */
void auth_body(struct auth_check *check, const void *bytes, size_t len);

/* auth_run - the message is complete; ask, wait, and write *out; texts live in the
 * message's arena. check: auth_begin's, or NULL: it is begun here and msg's body, as
 * far as it was kept, is read. sender: the identity's key. auth NULL: *out is zeroed.
 */
void auth_run(struct auth *auth, struct auth_check *check, const struct message *msg,
              const struct envelope *env, struct span sender,
              struct authentication *out);

/* auth_free - and set *check to NULL; NULL is fine. */
void auth_free(struct auth_check **check);

#endif
