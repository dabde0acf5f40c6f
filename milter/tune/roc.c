/* SPDX-License-Identifier: BSD-2-Clause */
#include "tune/roc.h"

#include <math.h>
#include <stdlib.h>

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int roc_make(struct roc *roc, const double *scores, const unsigned char *is_spam,
             size_t count, struct err *err)
{
    *roc = (struct roc){0};
    roc->ham = calloc(count + 1, sizeof *roc->ham);
    roc->spam = calloc(count + 1, sizeof *roc->spam);
    if (roc->ham == NULL || roc->spam == NULL) {
        roc_clear(roc);
        return err_set(err, ERR_MEMORY, "out of memory");
    }
    for (size_t i = 0; i < count; i++)
        if (is_spam[i])
            roc->spam[roc->spam_count++] = scores[i];
        else
            roc->ham[roc->ham_count++] = scores[i];
    qsort(roc->ham, roc->ham_count, sizeof *roc->ham, compare);
    qsort(roc->spam, roc->spam_count, sizeof *roc->spam, compare);
    return 0;
}

void roc_clear(struct roc *roc)
{
    free(roc->ham);
    free(roc->spam);
    *roc = (struct roc){0};
}

/* How many of the ascending values are below value. */
static size_t below(const double *values, size_t count, double value)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (values[middle] < value)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

size_t roc_at(const struct roc *roc, bool of_spam, double threshold)
{
    if (of_spam)
        return roc->spam_count - below(roc->spam, roc->spam_count, threshold);
    return roc->ham_count - below(roc->ham, roc->ham_count, threshold);
}

double roc_share(const struct roc *roc, bool of_spam, double threshold)
{
    size_t count = of_spam ? roc->spam_count : roc->ham_count;
    return count > 0 ? (double)roc_at(roc, of_spam, threshold) / (double)count : 0;
}

double roc_area(const struct roc *roc)
{
    double wins = 0;
    size_t lower = 0, not_higher = 0; /* ham below, and not above, the spam at hand */
    if (roc->ham_count == 0 || roc->spam_count == 0)
        return NAN;
    for (size_t i = 0; i < roc->spam_count; i++) {
        while (lower < roc->ham_count && roc->ham[lower] < roc->spam[i])
            lower++;
        while (not_higher < roc->ham_count && roc->ham[not_higher] <= roc->spam[i])
            not_higher++;
        wins += ((double)lower + (double)not_higher) / 2;
    }
    return wins / ((double)roc->ham_count * (double)roc->spam_count);
}

/* The least value above the highest ham that must stay below. */
double roc_threshold(const struct roc *roc, double share)
{
    size_t may = (size_t)floor(share * (double)roc->ham_count);
    double least = INFINITY;
    if (may >= roc->ham_count)
        return -INFINITY;
    double highest = roc->ham[roc->ham_count - may - 1];
    size_t ham = below(roc->ham, roc->ham_count, nextafter(highest, INFINITY));
    size_t spam = below(roc->spam, roc->spam_count, nextafter(highest, INFINITY));
    if (ham < roc->ham_count)
        least = roc->ham[ham];
    if (spam < roc->spam_count)
        least = fmin(least, roc->spam[spam]);
    return least;
}
