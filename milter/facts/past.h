/* SPDX-License-Identifier: BSD-2-Clause
 *
 * past - what the store knew of the sender and of the text before this message: plain
 * numbers, read by the gate, turned into facts by fact_past. All zero when nothing is
 * known (`outgate scan` without a database, a store that is away).
 */
#ifndef OUTGATE_FACTS_PAST_H
#define OUTGATE_FACTS_PAST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

struct past {
    bool is_known; /* the store was asked and answered */

    /* the identity's own history (store/history) */
    int64_t sender_first_us; /* wall clock of its first message; 0: this is it */
    int64_t new_recipients;  /* of this message, never written to by it before */

    /* others with the same text (store/campaign), this message not counted */
    struct span campaign; /* its key, or "": none yet, or too short to tell */
    int64_t campaign_messages, campaign_recipients, campaign_senders;
};

#endif
