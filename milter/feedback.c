/* SPDX-License-Identifier: BSD-2-Clause */
#include "feedback.h"

#include <stdio.h>

#include "limits/limits.h"
#include "message/address.h"

/* Permanent, and the sender's doing: a list with dead addresses, or mail that is
 * refused for what it is. A full mailbox is nobody's fault. */
static bool may_count(enum report_kind kind, const struct report_recipient *recipient)
{
    if (kind == REPORT_COMPLAINT)
        return true;
    return recipient->is_permanent &&
           (recipient->reason == REASON_ADDRESS || recipient->reason == REASON_POLICY);
}

/* The same report may come by an alias and by the gate: its own Message-ID names it. */
static struct span source_of(const struct message *msg)
{
    struct span id = span_trim(message_value(msg, "Message-ID"));
    return id.len > 0 ? id : msg->body;
}

/* Two 32-bit hashes of one text, as 16 digits. */
static struct span hash_text(struct span bytes, char out[20])
{
    uint32_t first = span_hash(SPAN_HASH_SEED, bytes);
    int len = snprintf(out, 20, "%08x%08x", (unsigned)first,
                       (unsigned)span_hash(first ^ 0x9e3779b9U, bytes));
    return (struct span){out, (size_t)len};
}

int feedback_charge(struct db *db, const struct settings *settings,
                    const struct feedback_cost *cost, struct arena *arena,
                    struct feedback_reached reached[FEEDBACK_REACHED_MAX],
                    size_t *count, struct err *err)
{
    const struct feedback_original *original = cost->original;
    struct span domain = address_domain(cost->recipient);
    const struct charge_request whom = {
        .mail_class = original->mail_class,
        .sender = original->sender,
        .client_ip = original->client_ip,
        .from_domain = original->from_domain,
        .campaign = original->campaign,
        .recipient_domains = &domain,
        .recipient_domain_count = 1,
        .recipients = 1,
        .wall_us = cost->at_us,
    };
    return limits_charge_feedback(
        db, settings->limits, settings->limit_count,
        cost->kind == REPORT_COMPLAINT ? LIMIT_COMPLAINTS : LIMIT_BOUNCES, &whom,
        cost->limit_now_us, arena, reached, count, err);
}

static int charge(struct db *db, const struct feedback *f, struct arena *arena,
                  const struct feedback_row *row, struct feedback_result *out,
                  struct err *err)
{
    struct feedback_reached reached[FEEDBACK_REACHED_MAX];
    size_t count = 0;
    const struct feedback_cost cost = {row->kind, row->original, row->recipient,
                                       f->at_us, f->limit_now_us};
    if (feedback_charge(db, f->settings, &cost, arena, reached, &count, err) != 0)
        return -1;
    out->limits_reached += count;
    for (size_t i = 0; i < count; i++)
        out->blocked += reached[i].blocked.len > 0;
    return 0;
}

static int record_one(struct db *db, const struct feedback *f, struct arena *arena,
                      const struct report_recipient *recipient,
                      struct feedback_result *out, struct err *err)
{
    char hash[20];
    bool is_new;
    bool is_counted;
    const struct feedback_row row = {
        .at_us = f->at_us,
        .kind = f->report->kind,
        .original = &out->original,
        .recipient = span_lower(arena, recipient->address),
        .status = recipient->status,
        .reporter = f->report->reporter,
        .detail = recipient->diagnostic,
        .reason = recipient->reason,
        .may_count = may_count(f->report->kind, recipient),
        .source_hash = hash_text(source_of(f->msg), hash),
    };
    if (feedback_record(db, &row, &is_new, &is_counted, err) != 0)
        return -1;
    out->stored += is_new;
    out->counted += is_counted;
    return is_counted ? charge(db, f, arena, &row, out, err) : 0;
}

static int record_all(struct db *db, const struct feedback *f, struct arena *arena,
                      struct feedback_result *out, struct err *err)
{
    static const struct report_recipient withheld = {
        .address = SPAN(""), .status = SPAN(""), .diagnostic = SPAN("")};
    const struct report *report = f->report;
    if (report->recipient_count == 0)
        return record_one(db, f, arena, &withheld, out, err);
    for (size_t i = 0; i < report->recipient_count; i++)
        if (record_one(db, f, arena, &report->recipients[i], out, err) != 0)
            return -1;
    return 0;
}

int feedback_take(struct db *db, const struct feedback *feedback, struct arena *arena,
                  struct feedback_result *out, struct err *err)
{
    *out = (struct feedback_result){0};
    if (feedback_tie(db, feedback->report, feedback->at_us, arena, &out->original,
                     err) != 0)
        return -1;
    if (feedback->is_dry)
        return 0;
    return record_all(db, feedback, arena, out, err);
}
