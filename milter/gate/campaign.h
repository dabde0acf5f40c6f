/* SPDX-License-Identifier: BSD-2-Clause
 *
 * campaign - the gate's part in campaigns: what a message's text is compared with,
 * before it is judged (facts) and while it is decided (limits, the log).
 */
#ifndef OUTGATE_GATE_CAMPAIGN_H
#define OUTGATE_GATE_CAMPAIGN_H

#include "facts/past.h"
#include "passage.h"
#include "store/campaign.h"

/* What is carried from one to the other. */
struct gate_campaign {
    struct sketch sketch;
    char key[CAMPAIGN_KEY_BYTES]; /* after gate_campaign_join; "": none */
};

/* gate_campaign_sketch - of the message; none of a bounce (null sender, RFC 3464
 * report), whose text is the mail system's. */
void gate_campaign_sketch(const struct message *msg, const struct envelope *env,
                          struct gate_campaign *out);

/* gate_campaign_past - a reader's job: what the store knows of the text, into *past;
 * past->campaign lives in arena. */
int gate_campaign_past(struct db *db, const struct gate_campaign *campaign,
                       int64_t now_us, struct arena *arena, struct past *past,
                       struct err *err);

/* gate_campaign_join - the writer's, before limits are charged: count the message into
 * its campaign and write down the key. */
int gate_campaign_join(struct db *db, const struct passage *passage, struct span sender,
                       struct gate_campaign *campaign, struct err *err);

#endif
