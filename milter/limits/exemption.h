/* SPDX-License-Identifier: BSD-2-Clause
 *
 * exemption - table exemption: what is neither judged nor counted by a limit, or by
 * none of them.
 *
 * A key is a sender ("sasl_user:bob", "mail_from:bob@example.com", ...), or
 * "client_ip:192.0.2.0/24", "from_domain:example.com", "campaign:...", or
 * "recipient_domain:example.com", which holds only when every recipient has such a
 * domain.
 * Stage: decide, inside a transaction.
 */
#ifndef OUTGATE_LIMITS_EXEMPTION_H
#define OUTGATE_LIMITS_EXEMPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "limits/limits.h"
#include "store/db.h"

/* The names of the limits that a message is exempt of. */
struct exemptions {
    bool is_all; /* of every limit, and of the brake */
    struct span *names;
    size_t count;
};

enum { EXEMPTION_NAMES_MAX = 200 }; /* twice BOUND_LIMITS: names of old configs, too */

/* exemption_load - what the message is exempt of at wall_us; names in the arena. */
int exemption_load(struct db *db, const struct charge_request *request, int64_t wall_us,
                   struct arena *arena, struct exemptions *out, struct err *err);

/* exemption_has - whether that limit is among them. */
bool exemption_has(const struct exemptions *exemptions, struct span limit_name);

/* exemption_find - the same in one call. limit_name: NULL, asks for exempt of
 * everything. */
int exemption_find(struct db *db, const struct charge_request *request,
                   const char *limit_name, int64_t wall_us, struct arena *arena,
                   bool *is_exempt, struct err *err);

/* exemption_key - the one spelling of a key that an administrator types. ERR_USAGE says
 * what a key looks like. */
int exemption_key(struct arena *arena, struct span text, struct span *out,
                  struct err *err);

/* exemption_set - limit_name "": of all limits; until_us 0: until it is removed. */
int exemption_set(struct db *db, struct span key, struct span limit_name,
                  int64_t wall_us, int64_t until_us, struct span reason, struct span by,
                  struct err *err);
int exemption_remove(struct db *db, struct span key, struct span limit_name,
                     bool *removed, struct err *err);

#endif
