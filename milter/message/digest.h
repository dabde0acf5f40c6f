/* SPDX-License-Identifier: BSD-2-Clause
 *
 * digest - what makes two passes of one mail the same mail. Pure.
 *
 * Stage: the border layout. A mail that comes by again after aliases, .forward files
 * and the MTA's own queue has other Received:, Delivered-To: and Return-Path: fields,
 * another envelope, other folds; what a reader sees of it has not changed.
 */
#ifndef OUTGATE_MESSAGE_DIGEST_H
#define OUTGATE_MESSAGE_DIGEST_H

#include "message/envelope.h"
#include "message/message.h"

enum {
    DIGEST_BYTES = 33,      /* a mail's, with NUL: 128 bits in hexadecimal */
    DIGEST_TOKEN_BYTES = 16 /* a recipient's, without NUL: 64 bits */
};

/* digest_message - over every From:, Reply-To:, Subject:, Message-ID:, Content-Type:
 * and Content-Transfer-Encoding: (white space folded to one space), the number of bytes
 * of the body, and those of them that were kept. */
void digest_message(const struct message *msg, char out[DIGEST_BYTES]);

/* digest_recipients - DIGEST_TOKEN_BYTES for each kept recipient, sorted, end to end;
 * ASCII case does not count. Empty when the arena is at its end. */
struct span digest_recipients(const struct envelope *env, struct arena *arena);

/* digest_token - one recipient's. */
void digest_token(struct span address, char out[DIGEST_TOKEN_BYTES + 1]);

#endif
