/* SPDX-License-Identifier: BSD-2-Clause
 *
 * summary - what happened, hour by hour: counts by action, score, rule and sender, kept
 * with the decision so that reports need not read the log.
 *
 * Columns: sql/README.md.
 */
#ifndef OUTGATE_STORE_SUMMARY_H
#define OUTGATE_STORE_SUMMARY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "store/db.h"

/* One decision, as far as it is summed up. */
struct summary_row {
    int64_t at_us; /* wall clock */
    struct span mail_class, action, sender;
    int64_t recipients, bytes;
    double score;
    bool is_stopped; /* neither accepted nor slowed */
};

/* Scores beyond these are counted in the outermost class. chosen */
enum { SUMMARY_SCORE_LEAST = -5, SUMMARY_SCORE_MOST = 30 };

/* summary_record - one more decision; inside its transaction. */
int summary_record(struct db *db, const struct summary_row *row, struct err *err);

/* summary_record_rule - one of its hits. */
int summary_record_rule(struct db *db, const struct summary_row *row, struct span rule,
                        double score, struct err *err);

/* How one message of a From: domain fared. */
struct summary_domain {
    struct span domain; /* registrable */
    bool is_spf_aligned, is_dkim_aligned;
    bool has_passed, has_failed; /* DMARC */
    bool is_unknown;             /* no answer, where it could have mattered */
};

/* summary_record_domain - one message more of that domain on that day. */
int summary_record_domain(struct db *db, int64_t at_us,
                          const struct summary_domain *row, struct err *err);

/* summary_expire - delete what is older than before_us; of summary_hour the sums stay,
 * in hour 0, so that totals never fall. */
int summary_expire(struct db *db, int64_t before_us, struct err *err);

#endif
