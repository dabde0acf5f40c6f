/* SPDX-License-Identifier: BSD-2-Clause
 *
 * address - RFC 5322 address fields and RFC 5321 paths, read liberally.
 *
 * Stage: message. Pure. Accepts what mail readers accept: obsolete syntax, comments,
 * groups, missing quotes, RFC 2047 words in display names (decoded already in
 * header_field.value), EAI (RFC 6532).
 */
#ifndef OUTGATE_MESSAGE_ADDRESS_H
#define OUTGATE_MESSAGE_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/text.h"

struct mailbox {
    struct span display; /* display-name without quotes, or the comment after it */
    struct span address; /* addr-spec, comments removed; "" if there is none */
    struct span local;   /* before the last '@', quotes removed */
    struct span domain;  /* after it, lower case; "" if none */
    bool is_sound;       /* addr-spec is well-formed (RFC 5322 3.4.1, RFC 6532) and the
                            domain has at least two labels or is a literal */
};

/* address_list - production address-list (RFC 5322 3.4), of a decoded field value.
 * *count: mailboxes found, at most BOUND_ADDRESSES. An empty or hopeless value gives
 * 0. Groups are opened: their members count, "undisclosed-recipients:;" gives 0.
 * Returns the mailboxes in the arena (NULL when *count is 0). */
struct mailbox *address_list(struct arena *arena, struct span value, size_t *count);

/* address_path - the argument of MAIL or RCPT as libmilter hands it: `<a@b>`, `a@b`,
 * `<>`, `<@relay:a@b>` (source route dropped). Gives the address without <>. */
struct span address_path(struct span argument);

/* address_domain - what follows the last '@', as it stands; "" if none. */
struct span address_domain(struct span address);

/* address_normalise - one spelling for one mailbox, for limit keys: domain in lower
 * case A-labels, local part in lower case (ASCII), needless quotes removed, and
 * +detail cut when strip_detail. Not an address to send to. RFC 5321 2.4 lets local
 * parts be case-sensitive; no MTA in this field treats them so (chosen). */
struct span address_normalise(struct arena *arena, struct span address,
                              bool strip_detail);

#endif
