/* SPDX-License-Identifier: BSD-2-Clause
 *
 * rule_view - one message as rules look at it: what is costly is made once, when the
 * first rule asks (rule_text, rule_header).
 *
 * Stage: rules. Everything lives in msg->arena.
 * Threads: a view belongs to one message. Pure.
 */
#ifndef OUTGATE_RULES_TEXT_RULE_VIEW_H
#define OUTGATE_RULES_TEXT_RULE_VIEW_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"
#include "message/envelope.h"
#include "message/message.h"
#include "message/received.h"

struct rule_links;

struct rule_text {
    struct span bytes;
    bool
        is_continued; /* goes on from the piece before: ^ does not match at its start */
};

struct rule_texts {
    struct rule_text *at;
    size_t count;
};

struct rule_view {
    const struct message *msg;
    const struct envelope *env;     /* may be NULL */
    const struct rule_links *links; /* how links are read; NULL: by the public list */
    const struct trust *trust;      /* which relays are believed; may be NULL */
    /* made when asked for */
    struct rule_texts body, undisguised, rawbody, uri, full;
    bool has_body, has_undisguised, has_rawbody, has_uri, has_full;
    struct span *targets; /* of the links in all HTML parts */
    size_t target_count;
    struct relays *relays;
};

/* rule_view_init - nothing is made yet; what is given lives as long as the view. */
void rule_view_init(struct rule_view *view, const struct message *msg,
                    const struct envelope *env, const struct rule_links *links,
                    const struct trust *trust);

/* rule_view_relays - those that the message came through; never NULL. */
const struct relays *rule_view_relays(struct rule_view *view);

#endif
