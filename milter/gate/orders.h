/* SPDX-License-Identifier: BSD-2-Clause
 *
 * orders - blocks and the brake, as the gate asks about them: of a whole message,
 * and of a client that has said no more than MAIL FROM.
 */
#ifndef OUTGATE_GATE_ORDERS_H
#define OUTGATE_GATE_ORDERS_H

#include "message/session.h"
#include "passage.h"
#include "store/orders.h"

/* gate_order_question - every identity of a message, in its arena. Of forwarded mail
 * only what its client is and says: it never counts as a local account's. */
void gate_order_question(const struct passage *passage,
                         const struct judgement *judgement, struct order_question *out);

/* What is known at MAIL FROM. */
struct gate_mail {
    const struct settings *settings;
    const struct envelope *env; /* no recipients, no class yet */
    const struct session_scope *scope;
    const struct session_hints *hints;
    struct reader *reader; /* NULL: nobody is refused */
    struct arena *arena;
    int64_t now_us; /* wall clock */
};

struct refusal {
    struct order order; /* the block */
    char reply[BOUND_REPLY_BYTES];
};

/* gate_refuses_mail - a login or a client of ours that is blocked: refuse it before any
 * body is sent. Never in shadow mode, never a null sender, never what may come from
 * sendmail(1) (a refusal would bounce it), never a stranger's MTA (it brings inbound
 * mail): these are decided at end of message, and so is everything when the store does
 * not answer in time. */
bool gate_refuses_mail(const struct gate_mail *mail, struct refusal *out);

#endif
