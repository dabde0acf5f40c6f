/* SPDX-License-Identifier: BSD-2-Clause
 *
 * sender - the identity that a message is charged to: the first link of the chain
 * that is present. Never empty: the last resort is "host:local".
 *
 * Stage: sender. Reads: envelope, and header fields that a local submission may be
 * believed. Pure.
 */
#ifndef OUTGATE_LIMITS_SENDER_H
#define OUTGATE_LIMITS_SENDER_H

#include <stddef.h>

#include "base/arena.h"
#include "base/text.h"
#include "message/envelope.h"
#include "message/message.h"

enum identity {
    IDENTITY_UNKNOWN = 0,
    IDENTITY_SASL_USER,   /* {auth_authen} */
    IDENTITY_TLS_SUBJECT, /* {cert_subject} */
    IDENTITY_SCRIPT,      /* X-PHP-Originating-Script and its like, local path only,
                             behind the local user */
    IDENTITY_UID,         /* the local user, as the MTA vouches for it */
    IDENTITY_CLIENT_IP,   /* IPv6 as its /64; not on the local path */
    IDENTITY_MAIL_FROM,   /* envelope sender */
    IDENTITY_HOST,        /* last resort */
    IDENTITY_COUNT
};

struct sender {
    enum identity identity;
    struct span key; /* "kind:value", normalised, valid UTF-8, BOUND_KEY_BYTES at most
                        (a longer one is cut and ends in "~" and a checksum) */
};

const char *identity_name(enum identity identity); /* "sasl_user" ... */
enum identity identity_find(struct span name);     /* UNKNOWN if there is none */

/* sender_identify - walk the chain `order`. The key lives in the arena. */
void sender_identify(const struct envelope *env, const struct message *msg,
                     const enum identity *order, size_t count, struct arena *arena,
                     struct sender *out);

/* sender_user - the local user of a key: "33" of "uid:33", "script:33:mailer.php" and
 * "script:33:1001:mailer.php"; "" of others. Of a script whose user the MTA does not
 * tell it is the first word of what the script says. */
struct span sender_user(struct span key);

/* sender_key - the same spelling for what an administrator types or a macro holds:
 * "sasl_user:Bob@Example.COM" -> "sasl_user:bob@example.com". Text without a known
 * kind is returned as it is. */
struct span sender_key(struct arena *arena, struct span text);

#endif
