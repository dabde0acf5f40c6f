/* SPDX-License-Identifier: BSD-2-Clause
 *
 * learn - points for rules, learned from mails of two classes: bounded logistic
 * regression with a pull towards given points. Pure.
 *
 * The odds that a mail is spam are taken as e to the power of (score - threshold) *
 * LEARN_STEEPNESS / threshold, where score is the sum of the points of the rules that
 * hit it. The points minimise
 *
 *     sum over mails of weight * -log(probability of its class)
 *         + ridge / 2 * sum over rules of (points - prior)^2
 *
 * within each rule's bounds. That is strictly convex for ridge > 0: there is one
 * answer, whatever the order of mails and rules. It is found by coordinate descent,
 * Newton's step for each rule, halved until the sum falls. Source: D. D. Lewis et al.,
 * Genkin, Madigan: "Large-Scale Bayesian Logistic Regression", Technometrics 49 (2007);
 * Yuan et al., JMLR 11 (2010), CDN.
 */
#ifndef OUTGATE_TUNE_LEARN_H
#define OUTGATE_TUNE_LEARN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* At no points the odds are e^-5, 1 to 148; at twice the threshold 148 to 1. chosen */
#define LEARN_STEEPNESS 5.0

/* Which rules hit which mails; mails with the same hits are one row. */
struct learn_matrix {
    size_t row_count, rule_count;
    size_t *row_start;    /* row i: rules[row_start[i]] up to rules[row_start[i + 1]] */
    uint32_t *rules;      /* ascending within a row */
    size_t *column_start; /* the same by rule; made by learn_matrix_turn */
    uint32_t *rows;
};

/* learn_matrix_turn - fill in the columns, on the heap. -1 without memory. */
int learn_matrix_turn(struct learn_matrix *matrix, struct err *err);

/* learn_matrix_clear - free all four arrays. */
void learn_matrix_clear(struct learn_matrix *matrix);

/* learn_sum - points of row's rules, rounded to 1/1000 as scores are. */
double learn_sum(const struct learn_matrix *matrix, size_t row, const double *points);

/* Of one rule. low == high: fixed. */
struct learn_bound {
    double low, high, prior; /* points; the prior is moved within the bounds */
};

struct learn_task {
    const struct learn_matrix *matrix;
    const double *spam, *ham; /* weight of each row in each class, >= 0 */
    const struct learn_bound *bounds;
    double threshold; /* points, > 0 */
    double ridge;     /* > 0 */
    double precision; /* points: ends when no rule moved further in a round */
    unsigned rounds;  /* at most so many */
};

/* learn_fit - points for each rule, within its bounds. -1 without memory. */
int learn_fit(const struct learn_task *task, double *points, struct err *err);

/* learn_loss - the sum that learn_fit minimises, at these points. NAN without memory.
 */
double learn_loss(const struct learn_task *task, const double *points);

#endif
