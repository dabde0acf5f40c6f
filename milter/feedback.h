/* SPDX-License-Identifier: BSD-2-Clause
 *
 * feedback - a bounce or complaint from reading to charging: whose mail it is about, is
 * it new, which limits it reaches.
 *
 * The gate (for what comes in by it) and `outgate feedback` share it. Runs inside a
 * transaction of the store.
 */
#ifndef OUTGATE_FEEDBACK_H
#define OUTGATE_FEEDBACK_H

#include "limits/limits.h"
#include "message/report.h"
#include "settings.h"
#include "store/feedback.h"

struct feedback {
    const struct settings *settings; /* its limits are charged */
    const struct report *report;     /* a BOUNCE or COMPLAINT */
    const struct message *msg;       /* the report's mail, to know it again */
    int64_t at_us;                   /* wall clock */
    int64_t limit_now_us;            /* clock_limit_us */
    bool is_dry;                     /* nothing is stored or charged */
};

struct feedback_result {
    struct feedback_original original;
    size_t stored;                  /* recipients that are new */
    size_t counted;                 /* of them, those that limits count */
    size_t limits_reached, blocked; /* by these */
};

/* feedback_take - tie, store, charge. Texts of out live in the arena. */
int feedback_take(struct db *db, const struct feedback *feedback, struct arena *arena,
                  struct feedback_result *out, struct err *err);

/* One bounce or complaint, and who pays for it. */
struct feedback_cost {
    enum report_kind kind;
    const struct feedback_original *original;
    struct span recipient; /* "" withheld */
    int64_t at_us, limit_now_us;
};

/* feedback_charge - whoever sent the original pays, as if the bounce were a message of
 * theirs; inside the caller's transaction. reached, count: as limits_charge_feedback.
 */
int feedback_charge(struct db *db, const struct settings *settings,
                    const struct feedback_cost *cost, struct arena *arena,
                    struct feedback_reached reached[FEEDBACK_REACHED_MAX],
                    size_t *count, struct err *err);

#endif
