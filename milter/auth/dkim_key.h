/* SPDX-License-Identifier: BSD-2-Clause
 *
 * auth/dkim_key - a DKIM key record read, and the private key that belongs to it.
 *
 * For `outgate doctor`, never on the message's path. By libcrypto, which libopendkim
 * brings along: its own dkim_test_key knows RSA alone and asks the DNS by itself. Pure.
 * Source: RFC 6376 3.6.1, RFC 8301 3.2, RFC 8463 4.
 */
#ifndef OUTGATE_AUTH_DKIM_KEY_H
#define OUTGATE_AUTH_DKIM_KEY_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/text.h"

struct dkim_key {
    struct span type;   /* k=: "rsa" "ed25519" */
    struct span public; /* p=, decoded; "" revoked */
    unsigned bits;      /* 0: p= cannot be read as such a key */
    bool is_test;       /* t=y */
};

/* dkim_key_parse - the text of a record; NULL, or what is wrong in a few words, static.
 */
const char *dkim_key_parse(struct span text, struct arena *arena, struct dkim_key *out);

/* dkim_key_record - of a private key in PEM the record that should be published,
 * "v=DKIM1; k=rsa; p=...", in the arena; "" when it is no such key. */
struct span dkim_key_record(struct span pem, struct arena *arena);

/* dkim_key_is_same - both are the same key. */
bool dkim_key_is_same(const struct dkim_key *a, const struct dkim_key *b);

#endif
