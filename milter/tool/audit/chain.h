/* SPDX-License-Identifier: BSD-2-Clause
 *
 * chain - the other passages of a message of the log, where there is a border.
 */
#ifndef OUTGATE_TOOL_AUDIT_CHAIN_H
#define OUTGATE_TOOL_AUDIT_CHAIN_H

#include "base/json.h"
#include "store/db.h"

enum { CHAIN_LATER = 8 };

/* Spans live in the arena given to chain_read. */
struct chain {
    bool is_later;         /* decided at the border, or sent on by a program here */
    int64_t first_message; /* how it came in: a row of the log; 0: as inbound mail */
    struct span first_queue_id, first_path;
    struct span ticket;       /* "sound" "none" "unknown" "changed" */
    struct span forwarded_by; /* the address here that sent it on; "" unknown */

    int64_t left_count; /* deliveries that passed the border with its ticket */
    int64_t left_us;    /* the last of them; 0: none yet */
    struct span left_queue_id;
    int64_t later[CHAIN_LATER]; /* rows of the log for what it was sent on as */
    size_t later_count;         /* how many there are, those beyond included */
};

/* chain_read - all of it for row id of the log. */
int chain_read(struct db *db, int64_t id, struct arena *arena, struct chain *out,
               struct err *err);

/* chain_json - member "border" of an open object; null without a border. */
void chain_json(struct json *json, const struct chain *chain);

#endif
