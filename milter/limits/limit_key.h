/* SPDX-License-Identifier: BSD-2-Clause
 *
 * limit_key - whom a message is counted for: the key of each limit, and the recipient
 * domains with their shares.
 *
 * Stage: decide. Pure but for the arena.
 */
#ifndef OUTGATE_LIMITS_LIMIT_KEY_H
#define OUTGATE_LIMITS_LIMIT_KEY_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "limits/limit.h"
#include "limits/limits.h"

/* A recipient domain and how many of the message's recipients it has. */
struct limit_share {
    struct span domain;
    int64_t recipients;
};

/* limit_shares - the BOUND_CHARGED_DOMAINS largest domains, one "(others)" for the
 * rest, in the arena; never none. ERR_MEMORY. */
int limit_shares(const struct charge_request *request, struct arena *arena,
                 struct limit_share **out, size_t *count, struct err *err);

/* limit_key_counts - whether the limit counts this message at all: its class, the age
 * of the sender, its points, a campaign where it is per campaign, a local user where it
 * is per uid. wall_us: for the age.
 */
bool limit_key_counts(const struct limit *limit, const struct charge_request *request,
                      int64_t wall_us);

/* limit_key_cost - what the message costs in the limit's unit; share: NULL, or one
 * domain's. 0 for bounces and complaints. */
int64_t limit_key_cost(const struct limit *limit, const struct charge_request *request,
                       const struct limit_share *share);

/* limit_key_make - "sasl_user:bob", "sasl_user:bob+example.com"; share as above.
 * .at NULL: no memory. Valid UTF-8 without controls, BOUND_KEY_BYTES at most. */
struct span limit_key_make(const struct limit *limit,
                           const struct charge_request *request,
                           const struct limit_share *share, struct arena *arena);

/* limit_key_client - how a client's address is counted; "local" without one. */
struct span limit_key_client(struct arena *arena, struct span client_ip);

/* limit_key_locked - the identity that `block` locks for this limit and message, as
 * table blocked_sender has it: the sender, else "uid:...", "client_ip:..." */
struct span limit_key_locked(const struct limit *limit,
                             const struct charge_request *request, struct arena *arena);

/* limit_key_typed - the spelling that the limit uses for a key that an administrator
 * types: "sasl_user:Bob" -> "sasl_user:bob", "2001:DB8::1" -> "2001:db8::/64". */
struct span limit_key_typed(const struct limit *limit, struct span text,
                            struct arena *arena);

#endif
