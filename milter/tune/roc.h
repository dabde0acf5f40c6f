/* SPDX-License-Identifier: BSD-2-Clause
 *
 * roc - how well scores tell two classes apart: the share of each at or over a
 * threshold, and the area under the curve. Pure.
 */
#ifndef OUTGATE_TUNE_ROC_H
#define OUTGATE_TUNE_ROC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct roc {
    double *ham, *spam; /* heap: scores, ascending */
    size_t ham_count, spam_count;
};

/* roc_make - of count scores, is_spam[i] saying the class. -1 without memory. */
int roc_make(struct roc *roc, const double *scores, const unsigned char *is_spam,
             size_t count, struct err *err);
void roc_clear(struct roc *roc);

/* roc_at - how many of a class are at or over threshold. */
size_t roc_at(const struct roc *roc, bool of_spam, double threshold);

/* roc_share - the same as a ratio, 0..1; 0 for an empty class. */
double roc_share(const struct roc *roc, bool of_spam, double threshold);

/* roc_area - the chance that a spam scores higher than a ham, equal ones counted half:
 * 0..1; NAN when a class is empty. Source: Mann and Whitney (1947); Hanley and McNeil,
 * Radiology 143 (1982). */
double roc_area(const struct roc *roc);

/* roc_threshold - the lowest score of any mail, or infinity, that at most share of the
 * ham is at or over. */
double roc_threshold(const struct roc *roc, double share);

#endif
