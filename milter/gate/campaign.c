/* SPDX-License-Identifier: BSD-2-Clause */
#include "gate/campaign.h"

#include <string.h>

static bool is_report(const struct message *msg, const struct envelope *env)
{
    return env->is_null_sender && msg->part_count > 0 &&
           span_eq(msg->parts[0].type, SPAN("multipart")) &&
           span_eq(msg->parts[0].subtype, SPAN("report"));
}

void gate_campaign_sketch(const struct message *msg, const struct envelope *env,
                          struct gate_campaign *out)
{
    memset(out, 0, sizeof *out);
    if (!is_report(msg, env))
        sketch_make(msg, &out->sketch);
}

int gate_campaign_past(struct db *db, const struct gate_campaign *campaign,
                       int64_t now_us, struct arena *arena, struct past *past,
                       struct err *err)
{
    struct campaign found;
    if (campaign_find(db, &campaign->sketch, now_us, &found, err) != 0)
        return -1;
    past->campaign = span_dup(arena, span_of(found.key));
    past->campaign_messages = found.messages;
    past->campaign_recipients = found.recipients;
    past->campaign_senders = found.senders;
    return 0;
}

int gate_campaign_join(struct db *db, const struct passage *passage, struct span sender,
                       struct gate_campaign *campaign, struct err *err)
{
    struct campaign joined;
    const struct campaign_message message = {
        .sketch = &campaign->sketch,
        .sender = sender,
        .subject = message_value(passage->msg, "Subject"),
        .recipients = (int64_t)passage->env->recipient_count,
        .at_us = passage->now_us,
    };
    if (campaign_record(db, &message, &joined, err) != 0)
        return -1;
    memcpy(campaign->key, joined.key, sizeof campaign->key);
    return 0;
}
