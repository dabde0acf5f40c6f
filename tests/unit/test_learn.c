/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The arithmetic of tuning on data whose answer is known: the minimum, its bounds, what
 * more evidence does, the area under a curve, the folds.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tune/learn.h"
#include "tune/roc.h"
#include "tune/tune_fit.h"
#include "tune/tune_set.h"
#include "tune/wilson.h"

enum { RULES_MAX = 40, ROWS_MAX = 1000 };

/* xorshift64*: the same steps in every run. */
static uint64_t seed;

static uint64_t roll(uint64_t below)
{
    seed ^= seed >> 12;
    seed ^= seed << 25;
    seed ^= seed >> 27;
    return (seed * UINT64_C(2685821657736338717) >> 33) % below;
}

/* A task and its memory; rows are bit sets of rules. */
struct table {
    struct learn_matrix matrix;
    double spam[ROWS_MAX], ham[ROWS_MAX];
    struct learn_bound bounds[RULES_MAX];
    struct learn_task task;
    double points[RULES_MAX];
};

static void table_make(struct table *t, const uint64_t *rows, size_t count,
                       size_t rules)
{
    size_t hits = 0;
    memset(t, 0, sizeof *t);
    t->matrix.row_start = calloc(count + 1, sizeof *t->matrix.row_start);
    t->matrix.rules = calloc(count * rules + 1, sizeof *t->matrix.rules);
    t->matrix.row_count = count;
    t->matrix.rule_count = rules;
    for (size_t i = 0; i < count; i++) {
        for (uint32_t j = 0; j < rules; j++)
            if ((rows[i] >> j & 1) != 0)
                t->matrix.rules[hits++] = j;
        t->matrix.row_start[i + 1] = hits;
    }
    assert_int_equal(learn_matrix_turn(&t->matrix, NULL), 0);
    for (size_t j = 0; j < rules; j++)
        t->bounds[j] = (struct learn_bound){0, 3, 1};
    t->task = (struct learn_task){.matrix = &t->matrix,
                                  .spam = t->spam,
                                  .ham = t->ham,
                                  .bounds = t->bounds,
                                  .threshold = 5,
                                  .ridge = 1,
                                  .precision = 1e-7,
                                  .rounds = 10000};
}

static void table_fit(struct table *t)
{
    assert_int_equal(learn_fit(&t->task, t->points, NULL), 0);
}

static void turned(void **state)
{
    const uint64_t rows[] = {0x5, 0x0, 0x7, 0x4};
    struct table t;
    (void)state;
    table_make(&t, rows, 4, 4);
    const size_t starts[] = {0, 2, 3, 6, 6};
    const uint32_t columns[] = {0, 2, 2, 0, 2, 3};
    assert_memory_equal(t.matrix.column_start, starts, sizeof starts);
    assert_memory_equal(t.matrix.rows, columns, sizeof columns);
    const double points[] = {1, 2, 0.1234, 9};
    assert_true(fabs(learn_sum(&t.matrix, 2, points) - 3.123) < 1e-12);
    assert_true(learn_sum(&t.matrix, 1, points) == 0);
    learn_matrix_clear(&t.matrix);
}

/* One rule, m spam: the derivative is 0 where
 * ridge * (s - prior) = m * (1 - p(s)), p(s) = 1 / (1 + e^(5 - s)) */
static void one_rule_exact(void **state)
{
    const uint64_t rows[] = {1};
    struct table t;
    (void)state;
    table_make(&t, rows, 1, 1);
    t.spam[0] = 2;
    t.bounds[0] = (struct learn_bound){-100, 100, 0.5};
    table_fit(&t);
    double s = t.points[0];
    assert_true(fabs(s - 0.5 - 2 * (1 - 1 / (1 + exp(5 - s)))) < 1e-5);
    assert_true(s > 2 && s < 2.5);
    learn_matrix_clear(&t.matrix);
}

/* No step along any rule, within its bounds, makes the sum smaller. */
static void is_minimum(void **state)
{
    uint64_t rows[200];
    struct table t;
    (void)state;
    seed = 77;
    for (size_t i = 0; i < 200; i++)
        rows[i] = roll(1 << 12) & roll(1 << 12);
    table_make(&t, rows, 200, 12);
    for (size_t i = 0; i < 200; i++) {
        t.spam[i] = (double)roll(4) * ((rows[i] & 0x3f) != 0);
        t.ham[i] = (double)roll(4);
    }
    table_fit(&t);
    double least = learn_loss(&t.task, t.points);
    for (size_t j = 0; j < 12; j++)
        for (int way = -1; way <= 1; way += 2) {
            double points[RULES_MAX];
            memcpy(points, t.points, sizeof points);
            points[j] = fmin(fmax(points[j] + way * 0.01, 0), 3);
            assert_true(learn_loss(&t.task, points) >= least - 1e-9);
            assert_true(t.points[j] >= 0 && t.points[j] <= 3);
        }
    double prior[RULES_MAX];
    for (size_t j = 0; j < 12; j++)
        prior[j] = 1;
    assert_true(learn_loss(&t.task, prior) > least);
    learn_matrix_clear(&t.matrix);
}

/* Rules 0..2 hit spam alone, rule 3 ham alone, rule 4 both alike. */
static void separable(void **state)
{
    const uint64_t rows[] = {0x07, 0x17, 0x03, 0x06, 0x08, 0x18, 0x10, 0x00};
    struct table t;
    (void)state;
    table_make(&t, rows, 8, 5);
    for (size_t i = 0; i < 8; i++)
        (i < 4 ? t.spam : t.ham)[i] = 100;
    table_fit(&t);
    for (size_t j = 0; j < 3; j++)
        assert_true(t.points[j] > 2.5 && t.points[j] <= 3);
    assert_true(t.points[3] < 0.01);
    assert_true(t.points[4] < 1);
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(learn_sum(&t.matrix, i, t.points) >= 5, i < 4);
    learn_matrix_clear(&t.matrix);
}

static void fixed_and_nice(void **state)
{
    const uint64_t rows[] = {0x3, 0x5, 0x1};
    struct table t;
    (void)state;
    table_make(&t, rows, 3, 3);
    t.spam[0] = 50;
    t.ham[1] = 50;
    t.spam[2] = t.ham[2] = 20;
    t.bounds[0] = (struct learn_bound){4.2, 4.2, 4.2};
    t.bounds[2] = (struct learn_bound){-3, 0, 1}; /* the prior is out of bounds */
    table_fit(&t);
    assert_true(t.points[0] == 4.2);
    assert_true(t.points[1] > 1.5);
    assert_true(t.points[2] < -1.5 && t.points[2] >= -3);
    learn_matrix_clear(&t.matrix);
}

/* More spam, more points; more ham, less; a firmer pull, nearer to the prior. */
static void monotone(void **state)
{
    const uint64_t rows[] = {1};
    double last = -1;
    (void)state;
    for (int spam = 0; spam <= 64; spam = spam * 2 + 1) {
        struct table t;
        table_make(&t, rows, 1, 1);
        t.spam[0] = spam;
        t.ham[0] = 5;
        table_fit(&t);
        assert_true(t.points[0] >= last);
        last = t.points[0];
        t.ham[0] = 10;
        table_fit(&t);
        assert_true(t.points[0] <= last);
        t.ham[0] = 5;
        t.task.ridge = 1e6;
        table_fit(&t);
        assert_true(fabs(t.points[0] - 1) < 0.01);
        learn_matrix_clear(&t.matrix);
    }
    assert_true(last > 2.9);
}

/* The order of the rows does not matter: the answer is one. */
static void one_answer(void **state)
{
    uint64_t rows[100], turned_rows[100];
    struct table t, u;
    (void)state;
    seed = 5;
    for (size_t i = 0; i < 100; i++)
        rows[i] = roll(1 << 10) & roll(1 << 10);
    for (size_t i = 0; i < 100; i++)
        turned_rows[i] = rows[99 - i];
    table_make(&t, rows, 100, 10);
    table_make(&u, turned_rows, 100, 10);
    for (size_t i = 0; i < 100; i++) {
        t.spam[i] = u.spam[99 - i] = (double)roll(3);
        t.ham[i] = u.ham[99 - i] = (double)roll(3);
    }
    table_fit(&t);
    table_fit(&u);
    for (size_t j = 0; j < 10; j++)
        assert_true(fabs(t.points[j] - u.points[j]) < 1e-4);
    learn_matrix_clear(&t.matrix);
    learn_matrix_clear(&u.matrix);
}

static void curve(void **state)
{
    const double scores[] = {1, 2, 3, 4, 2, 5, 6, 0};
    const unsigned char is_spam[] = {0, 0, 0, 0, 1, 1, 1, 1};
    struct roc roc;
    (void)state;
    assert_int_equal(roc_make(&roc, scores, is_spam, 8, NULL), 0);
    assert_int_equal(roc_at(&roc, true, 5), 2);
    assert_int_equal(roc_at(&roc, false, 4), 1);
    assert_int_equal(roc_at(&roc, false, 4.001), 0);
    assert_true(roc_share(&roc, true, 2) == 0.75);
    /* pairs won: 2 beats 1 and ties 2, 5 and 6 beat all, 0 none */
    assert_true(fabs(roc_area(&roc) - (1.5 + 4 + 4 + 0) / 16) < 1e-12);
    assert_true(roc_threshold(&roc, 0) == 5);
    assert_true(roc_threshold(&roc, 0.25) == 4);
    assert_true(roc_threshold(&roc, 0.3) == 4);
    assert_true(roc_threshold(&roc, 1) < 0);
    roc_clear(&roc);
    assert_int_equal(roc_make(&roc, scores, is_spam, 4, NULL), 0);
    assert_true(isnan(roc_area(&roc)));
    assert_true(roc_share(&roc, true, 0) == 0);
    assert_true(isinf(roc_threshold(&roc, 0)));
    roc_clear(&roc);
}

/* The area by counting all pairs. */
static void area_of_many(void **state)
{
    double scores[300];
    unsigned char is_spam[300];
    double wins = 0, pairs = 0;
    struct roc roc;
    (void)state;
    seed = 9;
    for (size_t i = 0; i < 300; i++) {
        is_spam[i] = roll(3) == 0;
        scores[i] = (double)roll(12) + 3 * is_spam[i];
    }
    for (size_t i = 0; i < 300; i++)
        for (size_t k = 0; k < 300; k++)
            if (is_spam[i] && !is_spam[k]) {
                pairs++;
                wins += scores[i] > scores[k] ? 1 : scores[i] < scores[k] ? 0 : 0.5;
            }
    assert_int_equal(roc_make(&roc, scores, is_spam, 300, NULL), 0);
    assert_true(fabs(roc_area(&roc) - wins / pairs) < 1e-12);
    roc_clear(&roc);
}

/* Values from the published formula, by hand. */
static void wilson(void **state)
{
    (void)state;
    assert_true(wilson_least(0, 0) == 0);
    assert_true(wilson_least(0, 10) == 0);
    assert_true(fabs(wilson_least(1, 1) - 0.2065) < 0.0001);
    assert_true(fabs(wilson_least(10, 10) - 0.7225) < 0.0001);
    assert_true(fabs(wilson_least(50, 100) - 0.4038) < 0.0001);
    for (int n = 1; n < 100; n++)
        assert_true(wilson_least(n + 1, n + 1) > wilson_least(n, n));
}

/* A set of many mails, alike ones by tens. */
static void fill(struct tune_set *set, size_t mails)
{
    set->rule_count = 8;
    seed = 31;
    for (size_t i = 0; i < mails; i++) {
        uint32_t rules[8];
        size_t count = 0;
        struct sketch sketch = {.kind = SKETCH_TEXT};
        for (uint32_t j = 8; j > 0; j--)
            if (roll(4) == 0)
                rules[count++] = j - 1;
        for (size_t v = 0; v < SKETCH_VALUES; v++)
            sketch.value[v] = (uint16_t)(i / 10 * 97 + v * 1009);
        sketch.value[i % SKETCH_VALUES] ^= 1; /* nearly the same */
        assert_int_equal(
            tune_set_add(set, i / 10 % 3 == 0, rules, count, &sketch, NULL), 0);
    }
}

static void folds(void **state)
{
    struct tune_set set = {0}, again = {0}, other = {0};
    size_t counts[5][2] = {{0}}, moved = 0;
    (void)state;
    fill(&set, 1000);
    fill(&again, 1000);
    fill(&other, 1000);
    assert_int_equal(tune_set_finish(&set, 5, 1, NULL), 0);
    assert_int_equal(tune_set_finish(&again, 5, 1, NULL), 0);
    assert_int_equal(tune_set_finish(&other, 5, 2, NULL), 0);
    assert_int_equal(set.groups, 100);
    assert_int_equal(set.counts[1], 340);
    assert_true(set.matrix.row_count <= 256 && set.matrix.row_count > 50);
    for (size_t i = 0; i < 1000; i++) {
        assert_int_equal(set.fold[i], set.fold[i / 10 * 10]);
        assert_int_equal(set.fold[i], again.fold[i]);
        moved += set.fold[i] != other.fold[i];
        counts[set.fold[i]][set.is_spam[i]]++;
    }
    assert_true(moved > 300);
    for (int f = 0; f < 5; f++) {
        assert_in_range(counts[f][0], 120, 144);
        assert_in_range(counts[f][1], 60, 80);
    }
    tune_set_clear(&set);
    tune_set_clear(&again);
    tune_set_clear(&other);
}

static void empty_set(void **state)
{
    struct tune_set set = {.rule_count = 3};
    (void)state;
    assert_int_equal(tune_set_finish(&set, 10, 0, NULL), 0);
    assert_int_equal(set.matrix.row_count, 0);
    tune_set_clear(&set);
}

static bool stop_now(void)
{
    return true;
}

/* A fit by hand, without rule files: good, poor, rare and nice rules. */
static void describe(struct tune_fit *fit, const struct tune_set *set)
{
    static const char *const names[] = {"GOOD", "ALSO_GOOD", "POOR", "RARE", "NICE"};
    *fit = (struct tune_fit){.rule_count = 5, .scale = 1};
    fit->rules = calloc(6, sizeof *fit->rules);
    fit->before = calloc(set->mail_count + 1, sizeof *fit->before);
    for (size_t j = 0; j < 5; j++)
        fit->rules[j] = (struct tune_rule){.name = names[j],
                                           .current = j == 4 ? -1 : 1,
                                           .proposed = j == 4 ? -1 : 1,
                                           .is_nice = j == 4};
}

static void fill_kinds(struct tune_set *set)
{
    set->rule_count = 5;
    seed = 3;
    for (size_t i = 0; i < 600; i++) {
        bool is_spam = i % 2 == 0;
        uint32_t rules[5];
        size_t count = 0;
        if (is_spam ? roll(10) < 8 : roll(500) == 0)
            rules[count++] = 0;
        if (is_spam ? roll(10) < 9 : roll(500) == 0)
            rules[count++] = 1;
        if (roll(2) == 0)
            rules[count++] = 2;
        if (i == 100)
            rules[count++] = 3;
        if (is_spam ? roll(50) == 0 : roll(2) == 0)
            rules[count++] = 4;
        assert_int_equal(tune_set_add(set, is_spam, rules, count, NULL, NULL), 0);
    }
    assert_int_equal(tune_set_finish(set, 5, 0, NULL), 0);
}

static void learned(void **state)
{
    struct tune_set set = {0};
    struct tune_fit fit, again;
    struct tune_how how = {.threshold = 5,
                           .max_ham = 0.01,
                           .share = 0.6,
                           .ridge = 1,
                           .folds = 5,
                           .jobs = 1};
    (void)state;
    fill_kinds(&set);
    describe(&fit, &set);
    describe(&again, &set);
    assert_int_equal(tune_fit_learn(&fit, &set, &how, NULL), 0);
    how.jobs = 3;
    assert_int_equal(tune_fit_learn(&again, &set, &how, NULL), 0);
    for (size_t j = 0; j < 5; j++) {
        double points = fit.rules[j].proposed;
        assert_true(points == again.rules[j].proposed); /* whatever the threads */
        assert_true(fabs(points * 10 - round(points * 10)) < 1e-9);
        assert_true(fabs(points) <= 3);
    }
    assert_memory_equal(fit.after, again.after, set.mail_count * sizeof *fit.after);
    assert_true(fit.rules[0].proposed >= 2.5 && fit.rules[1].proposed >= 2.5);
    assert_true(fit.rules[2].proposed <= 3 * 0.5); /* right half of the time */
    assert_true(fit.rules[3].proposed <= 1);       /* one hit earns nothing */
    assert_true(fit.rules[4].proposed <= 0);
    assert_true(roc_share(&fit.roc_after, false, 5) <= 0.01);
    assert_true(roc_share(&fit.roc_after, true, 5) > 0.6);
    tune_fit_clear(&fit);
    tune_fit_clear(&again);
    tune_set_clear(&set);
}

static void kept_and_stopped(void **state)
{
    struct tune_set set = {0};
    struct tune_fit fit;
    struct err err;
    struct tune_how how = {
        .threshold = 5, .max_ham = 0, .share = 0.6, .ridge = 1, .folds = 5, .jobs = 2};
    (void)state;
    fill_kinds(&set);
    describe(&fit, &set);
    fit.rules[0].keep = TUNE_FIXED;
    fit.rules[1].is_off = true;
    assert_int_equal(tune_fit_learn(&fit, &set, &how, &err), 0);
    assert_true(fit.rules[0].proposed == 1);
    assert_true(fit.rules[1].proposed == 1);
    assert_true(roc_share(&fit.roc_after, false, 5) == 0);
    tune_fit_clear(&fit);
    describe(&fit, &set);
    how.is_stopped = stop_now;
    assert_int_equal(tune_fit_learn(&fit, &set, &how, &err), -1);
    assert_int_equal(err.code, ERR_BUSY);
    tune_fit_clear(&fit);
    tune_set_clear(&set);
}

static void twins(void **state)
{
    struct tune_set set = {.rule_count = 5};
    struct tune_fit fit;
    size_t same[5];
    (void)state;
    for (uint32_t i = 0; i < 40; i++) {
        uint32_t rules[5] = {4, 1};
        size_t count = i % 3 == 0 ? 2 : 0;
        if (i % 4 == 0)
            rules[count++] = 2;
        assert_int_equal(tune_set_add(&set, i % 2, rules, count, NULL, NULL), 0);
    }
    assert_int_equal(tune_set_finish(&set, 2, 0, NULL), 0);
    describe(&fit, &set);
    for (size_t j = 0; j < 5; j++)
        fit.rules[j].hits[0] = 14;
    fit.rules[0].hits[0] = fit.rules[3].hits[0] = 0;
    assert_int_equal(tune_fit_twins(&fit, &set, same, NULL), 0);
    const size_t want[] = {0, 1, 2, 3, 1};
    assert_memory_equal(same, want, sizeof want);
    tune_fit_clear(&fit);
    tune_set_clear(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(turned),         cmocka_unit_test(one_rule_exact),
        cmocka_unit_test(is_minimum),     cmocka_unit_test(separable),
        cmocka_unit_test(fixed_and_nice), cmocka_unit_test(monotone),
        cmocka_unit_test(one_answer),     cmocka_unit_test(curve),
        cmocka_unit_test(area_of_many),   cmocka_unit_test(wilson),
        cmocka_unit_test(folds),          cmocka_unit_test(empty_set),
        cmocka_unit_test(learned),        cmocka_unit_test(kept_and_stopped),
        cmocka_unit_test(twins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
