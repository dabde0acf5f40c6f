/* SPDX-License-Identifier: BSD-2-Clause
 *
 * owner_table - a map of owners as a file has it, read whole and hashed. Private to
 * auth/owner, which has the grammar.
 *
 * Threads: a table that was read is never changed.
 */
#ifndef OUTGATE_AUTH_OWNER_TABLE_H
#define OUTGATE_AUTH_OWNER_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"

struct owner_table;

/* owner_table_read - path, in our form or Postfix's. ERR_CONFIG "file:line: why". */
int owner_table_read(struct owner_table **out, const char *path, bool is_postfix,
                     struct err *err);
void owner_table_free(struct owner_table **table); /* NULL is fine */

size_t owner_table_senders(const struct owner_table *table); /* how many it names */

enum owner_match {
    OWNER_UNKNOWN = 0, /* it names neither the sender nor the address */
    OWNER_OWNS,
    OWNER_OTHER, /* it names the address, but not as this sender's; the sender it
                    does not name */
    OWNER_NOT,   /* it names the sender, and not with this address */
};

/* owner_table_match - identity as limits/sender writes it; address as
 * address_normalise does. arena: for the keys that are looked up. */
enum owner_match owner_table_match(const struct owner_table *table,
                                   struct span identity, struct span address,
                                   struct arena *arena);

#endif
