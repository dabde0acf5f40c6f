/* SPDX-License-Identifier: BSD-2-Clause
 *
 * mta_parse - what the MTA's own tools print, read: postqueue -j, mailq, postsuper.
 *
 * Senders, recipients and reasons in it come from mail and are hostile: bounded, no
 * recursion, linear time. Pure; spans live in the arena.
 */
#ifndef OUTGATE_MTA_PARSE_H
#define OUTGATE_MTA_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/text.h"

/* One message in the MTA's queue. */
struct mta_mail {
    struct span queue_id;
    struct span queue;  /* "hold" "deferred" "active" "incoming" ...; "hold" also for
                           what Sendmail calls quarantined */
    struct span sender; /* without <>; "" for the null sender */
    struct span reason; /* Sendmail's QUARANTINE text; "" from Postfix */
    int64_t arrival_s;  /* seconds since the epoch; 0 unknown */
    int64_t size_bytes;
    size_t recipients;
    bool is_held;
};

/* mta_is_queue_id - nothing but [0-9A-Za-z], 6..20 of them: safe as an argument.
 * Source: Postfix enable_long_queue_ids, Sendmail queue.c (assign_queueid). */
bool mta_is_queue_id(struct span id);

/* mta_parse_postqueue - one line of `postqueue -j`: a JSON object. A line that was
 * cut is read as far as it goes. False when it holds no sound queue id.
 * Source: postqueue(1), "JSON OBJECT FORMAT". */
bool mta_parse_postqueue(struct arena *arena, struct span line, struct mta_mail *out);

/* mta_parse_mailq - all that `mailq -qQ` printed. The times have no year: the one is
 * taken that puts them nearest before now_s. *list in the arena; returns its length.
 * Source: Sendmail 8.17 queue.c (print_single_queue). */
size_t mta_parse_mailq(struct arena *arena, struct span text, int64_t now_s,
                       struct mta_mail **list);

/* mta_confirms - postsuper's stderr has the line "postsuper: ID: DEED". Its exit code
 * says nothing: it is 0 even when no message has that id.
 * deed: "released from hold" "requeued" "removed". Source: postsuper(1), measured. */
bool mta_confirms(struct span text, struct span queue_id, struct span deed);

/* mta_parse_lifetime - "5d" as postconf prints it, in seconds; 0 if it is none.
 * Source: postconf(5) maximal_queue_lifetime (s m h d w, default unit d). */
int64_t mta_parse_lifetime(struct span text);

#endif
