/* SPDX-License-Identifier: BSD-2-Clause
 *
 * received_form - one Received: field taken apart, by the habits of the MTA that wrote
 * it.
 *
 * Stage: message; private to received. RFC 5321 4.4 leaves the words to each MTA: what
 * is known of them stands in one table of forms, tried in order.
 * Source: RFC 5321 4.4; the MTAs' documentation; which handovers count, and the order,
 * as Mail::SpamAssassin::Message::Metadata::Received has them.
 * Pure. Work a line is bounded by BOUND_RECEIVED_BYTES and BOUND_RECEIVED_STEPS.
 */
#ifndef OUTGATE_MESSAGE_RECEIVED_FORM_H
#define OUTGATE_MESSAGE_RECEIVED_FORM_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/text.h"

enum received_kind {
    RECEIVED_UNKNOWN = 0, /* a handover, but no address in it */
    RECEIVED_RELAY,       /* one client handed the message over */
    RECEIVED_LOCAL,       /* no handover between machines: passed over */
    RECEIVED_FETCHED,     /* taken from a mailbox (POP3, IMAP) */
};

struct received_line {
    struct span ip, rdns, helo, by, ident, id, auth;
    struct span envfrom;
    bool has_envfrom;
    bool has_looked_up; /* the MTA asks for the client's name: no name means none */
};

/* received_form_read - value: the field, unfolded. The spans live in the arena (or are
 * empty). */
enum received_kind received_form_read(struct arena *arena, struct span value,
                                      struct received_line *out);

/* received_form_address - the first address in a text, "" if none. */
struct span received_form_address(struct span text);

#endif
