/* SPDX-License-Identifier: BSD-2-Clause
 *
 * report_status - what an SMTP reply or a sentence of a bounce says: the enhanced
 * status code and the reason in a few classes.
 *
 * Pure.
 * Source: RFC 3463 and its registry; the phrases: chosen, from what MTAs write.
 */
#ifndef OUTGATE_MESSAGE_REPORT_STATUS_H
#define OUTGATE_MESSAGE_REPORT_STATUS_H

#include <stdbool.h>

#include "base/text.h"

enum report_reason {
    REASON_UNKNOWN = 0,
    REASON_ADDRESS, /* no such mailbox, or no such domain: the list is bad */
    REASON_POLICY,  /* refused for what it is or where it comes from */
    REASON_FULL,    /* the mailbox has no room */
    REASON_SIZE,    /* the message is too large */
    REASON_EXPIRED, /* tried for days, nobody answered */
    REASON_OTHER,
};

const char *report_reason_name(enum report_reason reason); /* "address" ... */

/* report_status_find - the first enhanced status code in text that tells of a failure
 * (class 4 or 5; not an IP address or a version): "5.1.1"; empty if there is none. */
struct span report_status_find(struct span text);

/* report_status_smtp - the first SMTP reply code (4yz, 5yz) that begins a word; 0. */
int report_status_smtp(struct span text);

/* report_status_reason - why, from the code (may be empty) and what was said. */
enum report_reason report_status_reason(struct span status, struct span text);

/* report_status_default - the code that fits a reason when none was given: "5.1.1"
 * for REASON_ADDRESS ...; "" for UNKNOWN. smtp: the reply's code or 0; a 4yz gives
 * class 4. */
struct span report_status_default(enum report_reason reason, int smtp);

#endif
