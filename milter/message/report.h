/* SPDX-License-Identifier: BSD-2-Clause
 *
 * report - a mail about a mail: a bounce (DSN or not) or a complaint (ARF or not),
 * read into what matters of it.
 *
 * Stage: message. Reads: a finished message. Gives: what kind of report it is, the
 * recipients it speaks of with status and reason, and what names the original.
 * Everything in it is said by a stranger: nothing here is believed, only read.
 * Pure; bounded by BOUND_REPORT_*; never fails (a mail that is no report is
 * REPORT_NONE).
 * Source: RFC 3464, 3461, 5965, 6522, 3834; the wordings of the MTAs that write no
 * DSN as the public samples have them.
 */
#ifndef OUTGATE_MESSAGE_REPORT_H
#define OUTGATE_MESSAGE_REPORT_H

#include "message/message.h"
#include "message/report_status.h"

enum report_kind {
    REPORT_NONE = 0,
    REPORT_BOUNCE,     /* not delivered, and never will be */
    REPORT_DELAY,      /* not yet delivered */
    REPORT_DELIVERED,  /* delivered, relayed or expanded */
    REPORT_COMPLAINT,  /* a reader, or a provider for it, called it abuse */
    REPORT_OTHER,      /* of the same formats: authentication failures, "not spam" */
    REPORT_AUTO_REPLY, /* somebody's vacation notice and its like (RFC 3834) */
};

const char *report_kind_name(enum report_kind kind); /* "bounce" "complaint" ... */

struct report_recipient {
    struct span address; /* as the report has it, without <>; "" when it is withheld */
    struct span status;  /* RFC 3463, "5.1.1"; worked out from the words when none is
                            given; "" unknown */
    struct span diagnostic; /* what the MTA said, one line, BOUND_REPORT_TEXT_BYTES */
    enum report_reason reason;
    bool is_permanent;
};

struct report {
    enum report_kind kind;
    struct span type;     /* of a complaint: Feedback-Type; "" none given */
    struct span reporter; /* Reporting-MTA or User-Agent of the report */
    struct report_recipient *recipients;
    size_t recipient_count;

    /* what names the original; "" unknown */
    struct span message_id; /* without <> */
    struct span mail_from;  /* its envelope sender, as the report has it */
    struct span from;       /* address of its From: */
    struct span subject;
    struct span source_ip;
    struct span sent_to;    /* whom the report itself was sent to: a VERP address */
    struct span *queue_ids; /* of its Received: fields and the report's own */
    size_t queue_id_count;
};

/* report_read - msg is finished; all spans live in msg->arena. */
void report_read(const struct message *msg, struct report *out);

#endif
