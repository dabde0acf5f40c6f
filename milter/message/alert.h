/* SPDX-License-Identifier: BSD-2-Clause
 *
 * alert - a hosting provider's word that port 25 was cut: which address, which
 * messages.
 *
 * Stage: message. Reads: the provider's mail (any of its languages, plain or HTML,
 * quoted, forwarded, pasted, with the lines broken anywhere) or its API's JSON (also as
 * its guide prints it, which is no JSON). Gives: the address and the samples.
 * The Message-IDs in it were written by whoever sent the spam: nothing in it is
 * believed or printed raw. Pure; bounded; an alert without samples is one all the same.
 * Source: OVHcloud's guide "Best practices and IP unblocking" in its eight languages
 * and two generations; its API's ip.SpamIp, ip.SpamStats, ip.SpamTarget.
 */
#ifndef OUTGATE_MESSAGE_ALERT_H
#define OUTGATE_MESSAGE_ALERT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/text.h"

/* One message that the provider names. */
struct alert_sample {
    struct span destination_ip; /* where it went; "" not said */
    struct span message_id;     /* without <>; the domain may be masked by x */
    int64_t score;              /* the provider's */
    bool has_score;
    int64_t at_s; /* seconds since the epoch; 0: not said */
};

struct alert {
    bool is_alert;          /* anything of it was found */
    struct span blocked_ip; /* "" not said */
    int64_t since_s;        /* when it was blocked; 0: not said */
    int64_t sentence_s;     /* for how long; 0: not said */
    struct span state;      /* "blockedForSpam" ...; "" not said */
    int64_t spam_count;     /* of total_count; -1: not said */
    int64_t total_count;
    struct alert_sample *samples;
    size_t sample_count;
    bool is_cut; /* more samples than BOUND_ALERT_SAMPLES */
};

/* alert_read - bytes: a mail, a pasted text or JSON. Spans live in the arena. */
void alert_read(struct arena *arena, struct span bytes, struct alert *out);

#endif
