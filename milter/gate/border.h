/* SPDX-License-Identifier: BSD-2-Clause
 *
 * border - a message that passes the gate twice: when it comes in, and when it
 * leaves.
 *
 * With [border] enabled each message that is let in gets a ticket: a random mark in a
 * field of its own, and a row in the store that says who sent it and which recipients
 * were decided. At the border (PATH_BORDER) the ticket is taken off again:
 *   - recipients that were decided pass once, uncharged and unscored; while the brake
 *     is on they wait here, unless a person let the message go or it is exempt;
 *   - others (an alias or .forward file sends it on, a virtual alias was expanded) are
 *     decided there and charged to who sent it;
 *   - mail without a sound ticket is charged to host:local, bounces as forwarded mail.
 * A stranger's mail that a program here (a mail filter's redirect, a pipe) hands to
 * sendmail(1) unchanged still has its ticket, and is forwarded mail, too.
 * A ticket holds for one mail (digest_message) and one passage of each recipient, so
 * that a copied one gives nobody more than the same mail once more, charged.
 * Threads: as gate.
 */
#ifndef OUTGATE_GATE_BORDER_H
#define OUTGATE_GATE_BORDER_H

#include "message/digest.h"
#include "passage.h"
#include "store/ticket.h"

enum border_role {
    BORDER_ROLE_UNKNOWN = 0, /* no border here */
    BORDER_FIRST,            /* the message comes in */
    BORDER_LAST,             /* it leaves */
};

struct border {
    enum border_role role;
    char mark[TICKET_MARK_BYTES]; /* FIRST, and LAST when held: the new ticket's */
    char digest[DIGEST_BYTES];
    struct span tokens; /* of this passage's recipients, sorted */

    /* LAST, and FIRST of mail that comes with a ticket */
    const char *ticket;       /* "sound" "none" "unknown" "changed" */
    struct ticket_row row;    /* when it is sound */
    bool is_covered;          /* LAST: all recipients were decided */
    bool is_passed;           /* LAST: and pass; else the brake is on */
    bool is_notice;           /* FIRST: outgate's own */
    bool is_sent_on;          /* FIRST: a program here sends a stranger's mail on */
    struct span forwarded_by; /* the address here that sends it on; "" unknown */
};

/* border_open - which passage it is. At the border: look the ticket up; when it covers
 * every recipient and no brake keeps it here, take it, else make *passage->env what the
 * ticket says (class, client, the recipients that were not decided; all of them under
 * the brake) and read the message. When it comes in: the same of a stranger's mail that
 * is sent on. -1: the store or memory failed. */
int border_open(const struct passage *passage, struct border *out, struct err *err);

/* border_is_counted - the first pass has counted this message for its sender already;
 * only recipients are new. */
bool border_is_counted(const struct border *border);

/* border_let_pass - in the decision's transaction: a covered message that nothing keeps
 * here after all (it is exempt of the brake). */
int border_let_pass(struct db *db, struct border *border, const struct passage *passage,
                    struct err *err);

/* border_pass - border->is_passed: what is done with the message, and what the log
 * says. */
void border_pass(const struct border *border, const struct passage *passage,
                 struct judgement *judgement, struct plan *plan, int64_t *id);

/* border_identify - at the border and for mail sent on: who is charged, true. Elsewhere
 * false. */
bool border_identify(const struct border *border, struct sender *out);

/* border_admit - give a ticket to inbound mail, sent by sender, which nothing is
 * decided of; adds its field to the plan. */
int border_admit(struct border *border, const struct passage *passage,
                 const struct sender *sender, struct plan *plan, struct err *err);

/* border_record - in the decision's transaction, after its audit row id: give a ticket
 * (first pass, and mail that is held at the border: it may be put back to the queue),
 * or write down what became of the one it came with. */
int border_record(struct db *db, struct border *border, const struct passage *passage,
                  const struct sender *sender, struct plan *plan, int64_t id,
                  struct err *err);

#endif
