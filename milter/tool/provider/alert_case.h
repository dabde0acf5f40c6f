/* SPDX-License-Identifier: BSD-2-Clause
 *
 * alert_case - a provider's alert against the log and the queue: who sent what it
 * names, how much more of theirs left, and what of theirs is still queued.
 */
#ifndef OUTGATE_TOOL_PROVIDER_ALERT_CASE_H
#define OUTGATE_TOOL_PROVIDER_ALERT_CASE_H

#include "message/alert.h"
#include "mta/mta.h"
#include "tool/record.h"
#include "tool/tool.h"

/* One named message. */
struct case_sample {
    const struct alert_sample *said;
    bool is_found;
    struct record record; /* when it is found */
    struct span campaign; /* "" none */
    size_t others;        /* more messages with the same part before the @ */
};

/* Who accounts for some of it. */
struct case_culprit {
    struct span sender;
    size_t named;                  /* samples that are theirs */
    int64_t messages, recipients;  /* that left in the day before the last sample */
    int64_t clients;               /* different client addresses of these */
    struct span client_ip, script; /* of the last sample; "" */
    double score_least, score_most;
    size_t moving, held; /* of theirs in the MTA's queues: would leave; on hold */
    bool is_blocked;
};

struct case_campaign {
    struct span key;
    int64_t messages, recipients, senders; /* that left */
};

enum case_queue {
    CASE_QUEUE_UNKNOWN = 0, /* the MTA could not be asked */
    CASE_QUEUE_CLEAN,       /* nothing of theirs is queued */
    CASE_QUEUE_CONTAINED,   /* only on hold */
    CASE_QUEUE_DIRTY,       /* some of it would leave */
};

enum { CASE_CULPRITS = 50, CASE_CAMPAIGNS = 50 };

struct alert_case {
    struct alert alert;
    struct case_sample *samples; /* one for each of the alert's */
    size_t found;
    struct case_culprit culprits[CASE_CULPRITS]; /* most named first */
    size_t culprit_count;
    struct case_campaign campaigns[CASE_CAMPAIGNS];
    size_t campaign_count;
    enum case_queue queue;
    struct mta_wish *wishes; /* what of theirs is queued */
    int64_t *ids;            /* the log's ids of these */
    size_t wish_count;
    char queue_error[ERR_TEXT_BYTES]; /* why it is UNKNOWN */
};

/* alert_case_read - tie the samples, find the culprits. tool->db is open. */
int alert_case_read(struct tool *tool, struct span bytes, struct alert_case *out,
                    struct err *err);

/* alert_case_queue - ask the MTA what of theirs is queued. Never fails: what cannot be
 * asked leaves UNKNOWN with queue_error. */
void alert_case_queue(struct tool *tool, struct alert_case *out);

/* alert_case_record - store what the provider said, once each. tool->db is writable. */
int alert_case_record(struct tool *tool, const struct alert_case *found,
                      struct err *err);

/* alert_case_contain - lock the culprits, put what of theirs is queued on hold and into
 * table held_message, where `outgate held` and `outgate drop` find it. Needs root. */
int alert_case_contain(struct tool *tool, struct alert_case *found, struct err *err);

#endif
