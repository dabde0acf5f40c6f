/* SPDX-License-Identifier: BSD-2-Clause
 *
 * received - the machines that a message came through, from its Received: fields.
 *
 * Stage: message; asked for by rules. The topmost field was written last. From the top
 * down relays are trusted (their fields are believed) until one hands over from
 * outside; all below may be lies. Of a message from a session, the session is the
 * topmost relay: its field is not in the message yet. It is trusted when it is ours (a
 * login, or a client in the config's networks).
 * Source: RFC 5321 4.4; trust as Mail::SpamAssassin::Conf(3pm), "trusted_networks".
 * Pure. At most BOUND_RELAYS fields are read.
 */
#ifndef OUTGATE_MESSAGE_RECEIVED_H
#define OUTGATE_MESSAGE_RECEIVED_H

#include <stdbool.h>
#include <stddef.h>

#include "base/netaddr.h"
#include "base/text.h"
#include "message/envelope.h"
#include "message/message.h"

struct relay {
    struct span ip, rdns, helo, by, ident, envfrom, id, auth;
    bool has_envfrom;
    bool is_private;     /* the address is no public one */
    bool no_reverse_dns; /* the MTA looked for a name and there was none */
    bool is_internal, is_msa;
};

struct relays {
    struct relay *at;   /* topmost first */
    size_t count;       /* of all */
    size_t trusted;     /* the first so many are trusted, the others are not */
    size_t internal;    /* <= trusted: the first so many are internal */
    size_t unparseable; /* fields that tell of a handover and not of whose */
    ptrdiff_t last_trusted_field; /* number among the Received: fields, -1 none */
    ptrdiff_t last_internal_field;
};

/* Networks by name; a later `!network` takes out of an earlier one. */
struct trust_network {
    struct network network;
    bool is_excluded;
};

struct trust_list {
    struct trust_network *at;
    size_t count, room;
};

/* What is trusted beyond loopback. Without trusted and internal the first public
 * address that did not log in ends the trust. */
struct trust {
    struct trust_list trusted, internal, msa;
    struct span *origins; /* fields that hold the address of a webmail's client */
    size_t origin_count, origin_room;
};

/* trust_add - a network as written in `trusted_networks`: an address, address/prefix,
 * "192.168" or "10.", [address], with `!` before it. Returns -1 when it is none, or
 * without memory in arena. */
int trust_add(struct trust_list *list, struct arena *arena, struct span written);

/* received_read - the relays, in msg->arena; NULL at its end. env, trust may be NULL.
 */
struct relays *received_read(const struct message *msg, const struct envelope *env,
                             const struct trust *trust);

enum relay_side {
    RELAY_SIDE_UNKNOWN = 0,
    RELAY_TRUSTED,
    RELAY_UNTRUSTED,
    RELAY_INTERNAL,
    RELAY_EXTERNAL
};

/* relays_print - those of one side as one text, the pseudo header X-Spam-Relays-SIDE:
 * "[ ip= rdns= helo= by= ident= envfrom= intl= id= auth= msa= ]", parted by blanks. */
struct span relays_print(struct arena *arena, const struct relays *relays,
                         enum relay_side side);

/* received_sender - the envelope's sender: of the session, or else what the relays and
 * the header tell of it. Returns false when nothing does. Source: as
 * Mail::SpamAssassin::Conf(3pm), "envelope_sender_header", guesses. */
bool received_sender(const struct message *msg, const struct envelope *env,
                     const struct relays *relays, struct span *out);

#endif
