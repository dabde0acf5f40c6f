/* SPDX-License-Identifier: BSD-2-Clause */
#include "verdict/verdict.h"

void verdict_reach(const struct policy *policy, double score, struct verdict *out)
{
    const struct {
        double at;
        enum action action;
    } steps[] = {
        {policy->reject_at, ACTION_REJECT},
        {policy->hold_at, ACTION_HOLD},
        {policy->slow_at, ACTION_SLOW},
    };
    *out = (struct verdict){.action = ACTION_ACCEPT, .score = score};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        if (score >= steps[i].at) {
            out->action = steps[i].action;
            out->threshold = steps[i].at;
            return;
        }
    }
}
