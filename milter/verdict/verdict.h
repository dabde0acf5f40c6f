/* SPDX-License-Identifier: BSD-2-Clause
 *
 * verdict - what the score asks for. Stage: decide. Pure.
 */
#ifndef OUTGATE_VERDICT_VERDICT_H
#define OUTGATE_VERDICT_VERDICT_H

#include "limits/limit.h"
#include "settings.h"

struct verdict {
    enum action action; /* ACCEPT SLOW HOLD REJECT */
    double score;       /* points */
    double threshold;   /* the one that was reached; 0 for ACCEPT */
};

/* verdict_reach - compare a score with a policy's thresholds. */
void verdict_reach(const struct policy *policy, double score, struct verdict *out);

#endif
