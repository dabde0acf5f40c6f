/* SPDX-License-Identifier: BSD-2-Clause
 *
 * owner - may this sender write in the name of that address? From a map of the site's
 * own: a text file, Postfix's smtpd_sender_login_maps, or a query to an SQLite file.
 *
 * Stage: authentication. Asked are every mailbox of every From: field and MAIL FROM;
 * all must be the sender's. Asks the world: trouble is AUTH_TEMPERROR, never a refusal.
 *
 * Text file: one sender a line, then what is his, divided by white space or commas; a
 * sender may stand on several lines; # begins a comment.
 *
 *     # login or identity   what it may write as
 *     bob@example.com       bob@example.com, sales@example.com
 *     alice                 @example.net          (the whole domain)
 *     uid:33                @.example.org         (and all below it)
 *     sasl_user:relay       *                     (anything)
 *
 * Without a "kind:" a sender is a login (sasl_user). "postfix:PATH" is the file that
 * postmap reads for smtpd_sender_login_maps: the address (or @domain) first, then the
 * logins that own it. Both are read anew when the file changes; one that does not
 * parse is told of with file:line and the old one stays.
 * "sqlite:PATH": query gives a row whose first column is not 0, '' or NULL when the
 * address is the sender's.
 *
 * Must never: log, write.
 * Threads: safe.
 * Source: https://www.postfix.org/postconf.5.html#smtpd_sender_login_maps; chosen.
 */
#ifndef OUTGATE_AUTH_OWNER_H
#define OUTGATE_AUTH_OWNER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/troubles.h"
#include "facts/authentication.h"
#include "message/envelope.h"
#include "message/message.h"

struct owner;

struct owner_options {
    const char *map; /* "/path", "postfix:/path", "sqlite:/path"; must outlive owner */
    const char *query; /* of sqlite: with any of :identity ("sasl_user:bob@a.example"),
                          :login (what follows the kind), :address, :domain (of the
                          address); must outlive owner */
    bool owns_own;     /* a login that is an address may always use that address */
    struct troubles *troubles; /* or NULL */
};

/* owner_open - read the map. ERR_CONFIG with file:line; a query that does not prepare.
 */
int owner_open(struct owner **out, const struct owner_options *options,
               struct err *err);
void owner_close(struct owner **owner); /* NULL is fine */

struct owner_answer {
    enum auth_result result; /* AUTH_PASS; AUTH_FAIL: an address is not the sender's;
                                AUTH_NONE: no map, or neither sender nor address is in
                                it; AUTH_TEMPERROR */
    struct span address;     /* the first that is not the sender's, "" none */
    struct span problem;     /* of a temperror, a few words; in the message's arena */
};

/* owner_check - identity: the sender's key, "kind:value" as limits/sender writes it.
 * owner NULL: AUTH_NONE. A null sender has no MAIL FROM to own. A login that the map
 * does not name owns nothing but its own address. A program on this host (uid, script,
 * host) that it does not name may write as anybody, for it writes for people:
 * AUTH_NONE. Of another kind of identity that it does not name only those addresses are
 * refused that the map gives to somebody. deadline_us: clock_elapsed_us after which
 * nobody waits for SQLite. */
void owner_check(struct owner *owner, struct span identity, const struct message *msg,
                 const struct envelope *env, int64_t deadline_us,
                 struct owner_answer *out);

#endif
