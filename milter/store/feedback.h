/* SPDX-License-Identifier: BSD-2-Clause
 *
 * feedback - bounces and complaints in the store: which message of the log each one is
 * about, and that none is counted twice.
 *
 * Whoever got a mail can forge bounces of it: so of one message each recipient counts
 * once, and never more of them than it had.
 */
#ifndef OUTGATE_STORE_FEEDBACK_H
#define OUTGATE_STORE_FEEDBACK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "message/envelope.h"
#include "message/report.h"
#include "store/db.h"

/* The message of the log that a report is about. */
struct feedback_original {
    int64_t id; /* 0: none was found */
    int64_t recipients;
    struct span sender, client_ip, from_domain, campaign;
    enum mail_class mail_class;
    const char *tied_by; /* "message_id" "message_id_local" "queue_id" "verp"
                            "recipient"; "" */
};

/* feedback_tie - find it: by Message-ID, by its local part (providers mask the domain),
 * by queue id, by the envelope sender that the report came back to together with the
 * recipient. at_us: when the report came; only messages of BOUND_FEEDBACK_DAYS before
 * it are looked at. Texts live in the arena. */
int feedback_tie(struct db *db, const struct report *report, int64_t at_us,
                 struct arena *arena, struct feedback_original *out, struct err *err);

struct feedback_row {
    int64_t at_us;
    enum report_kind kind; /* BOUNCE or COMPLAINT */
    const struct feedback_original *original;
    struct span recipient, status, reporter, detail;
    enum report_reason reason;
    bool may_count;          /* it is of a sort that limits count */
    struct span source_hash; /* names the report: the same one is stored once */
};

/* feedback_record - store one recipient's. *is_new: false for what stands there
 * already. *is_counted: it is to be charged. */
int feedback_record(struct db *db, const struct feedback_row *row, bool *is_new,
                    bool *is_counted, struct err *err);

/* feedback_expire - delete at most `rows` rows older than before_us, of bounces and
 * complaints as of what a provider said. */
int feedback_expire(struct db *db, int64_t before_us, unsigned rows, struct err *err);

#endif
