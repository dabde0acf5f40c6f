/* SPDX-License-Identifier: BSD-2-Clause */
#include "tune/learn.h"

#include <math.h>
#include <stdlib.h>

enum { HALVINGS = 30 };

int learn_matrix_turn(struct learn_matrix *m, struct err *err)
{
    size_t hits = m->row_start[m->row_count];
    m->column_start = calloc(m->rule_count + 2, sizeof *m->column_start);
    m->rows = calloc(hits + 1, sizeof *m->rows);
    if (m->column_start == NULL || m->rows == NULL)
        return err_set(err, ERR_MEMORY, "out of memory");
    /* counts stand two places on, so that filling leaves the starts behind */
    for (size_t k = 0; k < hits; k++)
        m->column_start[m->rules[k] + 2]++;
    for (size_t j = 2; j <= m->rule_count; j++)
        m->column_start[j] += m->column_start[j - 1];
    for (size_t i = 0; i < m->row_count; i++)
        for (size_t k = m->row_start[i]; k < m->row_start[i + 1]; k++)
            m->rows[m->column_start[m->rules[k] + 1]++] = (uint32_t)i;
    return 0;
}

void learn_matrix_clear(struct learn_matrix *m)
{
    free(m->row_start);
    free(m->rules);
    free(m->column_start);
    free(m->rows);
    *m = (struct learn_matrix){0};
}

static double sum_row(const struct learn_matrix *m, size_t row, const double *points)
{
    double sum = 0;
    for (size_t k = m->row_start[row]; k < m->row_start[row + 1]; k++)
        sum += points[m->rules[k]];
    return sum;
}

double learn_sum(const struct learn_matrix *matrix, size_t row, const double *points)
{
    return round(sum_row(matrix, row, points) * 1000) / 1000;
}

/* The state of one fit. */
struct fit {
    const struct learn_task *task;
    double slope;   /* of the log odds, a point */
    double *margin; /* log odds of each row */
};

/* log(1 + e^x) without overflow. */
static double softplus(double x)
{
    return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x));
}

static double logistic(double x)
{
    return x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x));
}

static double row_loss(const struct learn_task *task, size_t row, double margin)
{
    double loss = 0;
    if (task->spam[row] > 0)
        loss += task->spam[row] * softplus(-margin);
    if (task->ham[row] > 0)
        loss += task->ham[row] * softplus(margin);
    return loss;
}

/* What moving rule j from its points by step changes the sum by. */
static double gain(const struct fit *fit, size_t j, double points, double step)
{
    const struct learn_task *task = fit->task;
    const struct learn_matrix *m = task->matrix;
    double from = points - task->bounds[j].prior;
    double change = task->ridge / 2 * (step * step + 2 * step * from);
    for (size_t k = m->column_start[j]; k < m->column_start[j + 1]; k++) {
        size_t row = m->rows[k];
        change += row_loss(task, row, fit->margin[row] + step * fit->slope) -
                  row_loss(task, row, fit->margin[row]);
    }
    return change;
}

/* Newton's step for rule j, kept within its bounds. */
static double newton(const struct fit *fit, size_t j, double points)
{
    const struct learn_task *task = fit->task;
    const struct learn_matrix *m = task->matrix;
    const struct learn_bound *bound = &task->bounds[j];
    double first = task->ridge * (points - bound->prior), second = task->ridge;
    for (size_t k = m->column_start[j]; k < m->column_start[j + 1]; k++) {
        size_t row = m->rows[k];
        double p = logistic(fit->margin[row]);
        first += (task->ham[row] * p - task->spam[row] * (1 - p)) * fit->slope;
        second +=
            (task->ham[row] + task->spam[row]) * p * (1 - p) * fit->slope * fit->slope;
    }
    return fmin(fmax(points - first / second, bound->low), bound->high) - points;
}

static void move(struct fit *fit, size_t j, double step)
{
    const struct learn_matrix *m = fit->task->matrix;
    for (size_t k = m->column_start[j]; k < m->column_start[j + 1]; k++)
        fit->margin[m->rows[k]] += step * fit->slope;
}

/* One rule; returns how far it moved. */
static double improve(struct fit *fit, size_t j, double *points)
{
    double step = newton(fit, j, *points);
    if (fabs(step) < fit->task->precision / 10)
        return 0;
    for (int i = 0; i < HALVINGS; i++, step /= 2) {
        if (gain(fit, j, *points, step) > 0)
            continue;
        move(fit, j, step);
        *points += step;
        return fabs(step);
    }
    return 0;
}

static void measure_margins(struct fit *fit, const double *points)
{
    const struct learn_task *task = fit->task;
    for (size_t i = 0; i < task->matrix->row_count; i++)
        fit->margin[i] =
            (sum_row(task->matrix, i, points) - task->threshold) * fit->slope;
}

static int begin(struct fit *fit, const struct learn_task *task)
{
    fit->task = task;
    fit->slope = LEARN_STEEPNESS / task->threshold;
    fit->margin = calloc(task->matrix->row_count + 1, sizeof *fit->margin);
    return fit->margin != NULL ? 0 : -1;
}

int learn_fit(const struct learn_task *task, double *points, struct err *err)
{
    struct fit fit;
    if (begin(&fit, task) != 0)
        return err_set(err, ERR_MEMORY, "out of memory");
    for (size_t j = 0; j < task->matrix->rule_count; j++) {
        const struct learn_bound *bound = &task->bounds[j];
        points[j] = fmin(fmax(bound->prior, bound->low), bound->high);
    }
    measure_margins(&fit, points);
    for (unsigned round = 0; round < task->rounds; round++) {
        double most = 0;
        for (size_t j = 0; j < task->matrix->rule_count; j++)
            if (task->bounds[j].low < task->bounds[j].high)
                most = fmax(most, improve(&fit, j, &points[j]));
        if (most < task->precision)
            break;
    }
    free(fit.margin);
    return 0;
}

double learn_loss(const struct learn_task *task, const double *points)
{
    struct fit fit;
    double loss = 0;
    if (begin(&fit, task) != 0)
        return NAN;
    measure_margins(&fit, points);
    for (size_t i = 0; i < task->matrix->row_count; i++)
        loss += row_loss(task, i, fit.margin[i]);
    for (size_t j = 0; j < task->matrix->rule_count; j++) {
        double from = points[j] - task->bounds[j].prior;
        loss += task->ridge / 2 * from * from;
    }
    free(fit.margin);
    return loss;
}
