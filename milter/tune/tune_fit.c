/* SPDX-License-Identifier: BSD-2-Clause */
#include "tune/tune_fit.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "tune/wilson.h"

/* Weights of ham that are tried: 2^(step / 2) for step from 0 on, never less than spam
 * has. chosen */
enum { WEIGHT_COUNT = 25, ROUNDS = 300, JOBS_MAX = 64 };

#define PRECISION 0.002

static int no_memory(struct err *err)
{
    return err_set(err, ERR_MEMORY, "out of memory");
}

/* How often a rule hit each class, in rows with these weights. */
static void count_hits(const struct learn_matrix *m, size_t j, const double *ham,
                       const double *spam, double hits[2])
{
    hits[0] = hits[1] = 0;
    for (size_t k = m->column_start[j]; k < m->column_start[j + 1]; k++) {
        hits[0] += ham[m->rows[k]];
        hits[1] += spam[m->rows[k]];
    }
}

/* Mails of each class in each row; of_fold < 0: all; else those of other folds. */
static void count_rows(const struct tune_set *set, int but_fold, double *ham,
                       double *spam, double totals[2])
{
    totals[0] = totals[1] = 0;
    for (size_t i = 0; i < set->matrix.row_count; i++)
        ham[i] = spam[i] = 0;
    for (size_t i = 0; i < set->mail_count; i++) {
        if (but_fold >= 0 && set->fold[i] == but_fold)
            continue;
        (set->is_spam[i] ? spam : ham)[set->row[i]]++;
        totals[set->is_spam[i]]++;
    }
}

static double share_of(double hits, double total)
{
    return total > 0 ? hits / total : 0;
}

/* S/O. Source: SpamAssassin, masses/hit-frequencies: spam% / (spam% + ham%). */
static double ratio_of(const double hits[2], const double totals[2])
{
    double ham = share_of(hits[0], totals[0]), spam = share_of(hits[1], totals[1]);
    return ham + spam > 0 ? spam / (ham + spam) : 0.5;
}

/* One rule among those that are ranked. */
struct rank {
    struct tune_rule *rule;
    double wanted, unwanted; /* share of the class that it is for, and against */
    double points;
};

static int by_wanted(const void *a, const void *b)
{
    const struct rank *x = a, *y = b;
    return (x->wanted > y->wanted) - (x->wanted < y->wanted);
}

static int by_unwanted(const void *a, const void *b)
{
    const struct rank *x = a, *y = b;
    return (x->unwanted < y->unwanted) - (x->unwanted > y->unwanted);
}

/* Places 0 upward, equal ones share a place; returns how many places there are. */
static size_t place(struct rank *ranks, size_t count, bool by_unwanted_share,
                    double factor)
{
    size_t place = 0;
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && (by_unwanted_share ? ranks[i].unwanted < ranks[i - 1].unwanted
                                        : ranks[i].wanted > ranks[i - 1].wanted))
            place++;
        ranks[i].points += (double)place * factor;
    }
    return count > 0 ? place + 1 : 0;
}

/* RANK: places by what a rule should hit and by what it should not, each weighing the
 * same, brought to 0..1. Source: SpamAssassin, masses/hit-frequencies. */
static void rank_all(struct rank *ranks, size_t count)
{
    double least = INFINITY, most = -INFINITY;
    qsort(ranks, count, sizeof *ranks, by_wanted);
    size_t wanted = place(ranks, count, false, 1);
    qsort(ranks, count, sizeof *ranks, by_unwanted);
    size_t unwanted = place(ranks, count, true, 0);
    place(ranks, count, true, unwanted > 0 ? (double)wanted / (double)unwanted : 0);
    for (size_t i = 0; i < count; i++) {
        least = fmin(least, ranks[i].points);
        most = fmax(most, ranks[i].points);
    }
    for (size_t i = 0; i < count; i++)
        ranks[i].rule->rank =
            most > least ? (ranks[i].points - least) / (most - least) : 0.001;
}

static int rank_rules(struct tune_fit *fit, const struct tune_set *set, struct err *err)
{
    struct rank *ranks = calloc(fit->rule_count + 1, sizeof *ranks);
    size_t count = 0;
    if (ranks == NULL)
        return no_memory(err);
    for (size_t j = 0; j < fit->rule_count; j++) {
        struct tune_rule *rule = &fit->rules[j];
        double ham = share_of((double)rule->hits[0], (double)set->counts[0]);
        double spam = share_of((double)rule->hits[1], (double)set->counts[1]);
        if (!rule->is_off)
            ranks[count++] = (struct rank){.rule = rule,
                                           .wanted = rule->is_nice ? ham : spam,
                                           .unwanted = rule->is_nice ? spam : ham};
    }
    rank_all(ranks, count);
    free(ranks);
    return 0;
}

static void describe_rule(const struct ruleset *rules, size_t j, double threshold,
                          struct tune_rule *rule)
{
    struct rule_info info;
    ruleset_info(rules, j, &info);
    rule->name = info.name;
    rule->current = rule->proposed = info.score;
    rule->is_off = info.score == 0;
    rule->is_nice = (info.tflags & TFLAG_NICE) != 0;
    rule->keep = TUNE_LEARN;
    if ((info.tflags & (TFLAG_USERCONF | TFLAG_LEARN)) != 0)
        rule->keep = TUNE_USER;
    if (fabs(info.score) >= threshold)
        rule->keep = TUNE_DECIDES;
}

/* Which mails reach the threshold by one rule alone among theirs. */
static void count_decisions(struct tune_fit *fit, const struct tune_set *set,
                            double threshold)
{
    const struct learn_matrix *m = &set->matrix;
    for (size_t i = 0; i < set->mail_count; i++) {
        size_t row = set->row[i];
        if (fit->before[i] < threshold)
            continue;
        for (size_t k = m->row_start[row]; k < m->row_start[row + 1]; k++) {
            struct tune_rule *rule = &fit->rules[m->rules[k]];
            if (rule->current > 0 && fit->before[i] - rule->current < threshold - 1e-6)
                rule->decides[set->is_spam[i]]++;
        }
    }
}

static void score_mails(const struct tune_set *set, const double *points, int fold,
                        double *scores)
{
    for (size_t i = 0; i < set->mail_count; i++)
        if (fold < 0 || set->fold[i] == fold)
            scores[i] = learn_sum(&set->matrix, set->row[i], points);
}

static int score_before(struct tune_fit *fit, const struct tune_set *set,
                        struct err *err)
{
    double *points = calloc(fit->rule_count + 1, sizeof *points);
    fit->before = calloc(set->mail_count + 1, sizeof *fit->before);
    if (points == NULL || fit->before == NULL) {
        free(points);
        return no_memory(err);
    }
    for (size_t j = 0; j < fit->rule_count; j++)
        points[j] = fit->rules[j].current;
    score_mails(set, points, -1, fit->before);
    free(points);
    return roc_make(&fit->roc_before, fit->before, set->is_spam, set->mail_count, err);
}

static int count_all(struct tune_fit *fit, const struct tune_set *set, struct err *err)
{
    const struct learn_matrix *m = &set->matrix;
    double *ham = calloc(m->row_count + 1, sizeof *ham);
    double *spam = calloc(m->row_count + 1, sizeof *spam);
    double totals[2];
    int rc = ham != NULL && spam != NULL ? 0 : no_memory(err);
    if (rc == 0)
        count_rows(set, -1, ham, spam, totals);
    for (size_t j = 0; j < fit->rule_count && rc == 0; j++) {
        struct tune_rule *rule = &fit->rules[j];
        double hits[2];
        count_hits(m, j, ham, spam, hits);
        rule->hits[0] = (size_t)hits[0];
        rule->hits[1] = (size_t)hits[1];
        rule->so = ratio_of(hits, totals);
        if (rule->keep == TUNE_LEARN && hits[0] + hits[1] == 0)
            rule->keep = TUNE_NO_HITS;
    }
    free(ham);
    free(spam);
    return rc;
}

int tune_fit_describe(struct tune_fit *fit, const struct tune_set *set,
                      const struct ruleset *rules, double threshold, struct err *err)
{
    *fit = (struct tune_fit){.rule_count = set->rule_count, .scale = 1};
    fit->rules = calloc(fit->rule_count + 1, sizeof *fit->rules);
    if (fit->rules == NULL)
        return no_memory(err);
    for (size_t j = 0; j < fit->rule_count; j++)
        describe_rule(rules, j, threshold, &fit->rules[j]);
    if (count_all(fit, set, err) != 0 || rank_rules(fit, set, err) != 0 ||
        score_before(fit, set, err) != 0)
        return -1;
    count_decisions(fit, set, threshold);
    return 0;
}

/* One fit: all mails, or all but a fold's; its memory is used again. */
struct bench {
    double *ham, *spam; /* by row */
    struct learn_bound *bounds;
    double *points; /* by rule */
};

static void bench_clear(struct bench *bench)
{
    free(bench->ham);
    free(bench->spam);
    free(bench->bounds);
    free(bench->points);
}

static int bench_init(struct bench *bench, const struct tune_set *set, struct err *err)
{
    size_t rows = set->matrix.row_count + 1, rules = set->rule_count + 1;
    bench->ham = calloc(rows, sizeof *bench->ham);
    bench->spam = calloc(rows, sizeof *bench->spam);
    bench->bounds = calloc(rules, sizeof *bench->bounds);
    bench->points = calloc(rules, sizeof *bench->points);
    if (bench->ham == NULL || bench->spam == NULL || bench->bounds == NULL ||
        bench->points == NULL)
        return no_memory(err);
    return 0;
}

/* What a rule may get: by how often it is right in what is learned from. A few hits are
 * no reason to take its points away, unless they show that it is wrong more often. */
static double cap_of(const struct tune_how *how, const struct tune_rule *rule,
                     const double hits[2], const double totals[2])
{
    int64_t n = (int64_t)(hits[0] + hits[1]);
    double most = how->share * how->threshold;
    double spam = ratio_of(hits, totals);
    int64_t right = (int64_t)round((rule->is_nice ? 1 - spam : spam) * (double)n);
    double earned = most * wilson_least(right, n);
    double has = rule->is_nice ? -rule->current : rule->current;
    bool is_wrong = wilson_least(n - right, n) > 0.5;
    return fmin(most, is_wrong ? earned : fmax(earned, has));
}

static void set_bounds(const struct tune_fit *fit, const struct tune_set *set,
                       const struct tune_how *how, struct bench *bench,
                       const double totals[2])
{
    for (size_t j = 0; j < fit->rule_count; j++) {
        const struct tune_rule *rule = &fit->rules[j];
        struct learn_bound *bound = &bench->bounds[j];
        double hits[2];
        count_hits(&set->matrix, j, bench->ham, bench->spam, hits);
        *bound = (struct learn_bound){rule->current, rule->current, rule->current};
        if (rule->is_off || rule->keep != TUNE_LEARN || hits[0] + hits[1] == 0)
            continue;
        double cap = cap_of(how, rule, hits, totals);
        bound->low = rule->is_nice ? -cap : 0;
        bound->high = rule->is_nice ? 0 : cap;
        bound->prior = fmin(fmax(rule->current, bound->low), bound->high);
    }
}

/* To tenths, towards 0 when the bound lies in between. */
static void round_points(const struct learn_bound *bounds, size_t count, double scale,
                         double *points)
{
    for (size_t j = 0; j < count; j++) {
        const struct learn_bound *bound = &bounds[j];
        if (bound->low >= bound->high)
            continue;
        double tenths = round(points[j] * scale * 10) / 10;
        if (tenths > bound->high + 1e-9)
            tenths = floor(bound->high * 10 + 1e-9) / 10;
        if (tenths < bound->low - 1e-9)
            tenths = ceil(bound->low * 10 - 1e-9) / 10;
        points[j] = tenths;
    }
}

/* Both classes weigh the same in sum, whatever their numbers, then ham more or less. */
static int fit_one(const struct tune_fit *fit, const struct tune_set *set,
                   const struct tune_how *how, int but_fold, double ham_weight,
                   struct bench *bench, struct err *err)
{
    double totals[2];
    struct learn_task task = {.matrix = &set->matrix,
                              .spam = bench->spam,
                              .ham = bench->ham,
                              .bounds = bench->bounds,
                              .threshold = how->threshold,
                              .ridge = how->ridge,
                              .precision = PRECISION,
                              .rounds = ROUNDS};
    count_rows(set, but_fold, bench->ham, bench->spam, totals);
    set_bounds(fit, set, how, bench, totals);
    double half = (totals[0] + totals[1]) / 2;
    for (size_t i = 0; i < set->matrix.row_count; i++) {
        bench->ham[i] *= totals[0] > 0 ? ham_weight * half / totals[0] : 0;
        bench->spam[i] *= totals[1] > 0 ? half / totals[1] : 0;
    }
    if (learn_fit(&task, bench->points, err) != 0)
        return -1;
    round_points(bench->bounds, set->rule_count, 1, bench->points);
    return 0;
}

/* All folds at one weight, by several threads. */
struct round {
    const struct tune_fit *fit;
    const struct tune_set *set;
    const struct tune_how *how;
    double ham_weight;
    double *scores;
    pthread_mutex_t lock;
    unsigned next; /* fold */
    size_t done, total;
    int rc;
    struct err err; /* of the first that failed */
};

static bool take_fold(struct round *round, unsigned *fold)
{
    pthread_mutex_lock(&round->lock);
    bool has = round->rc == 0 && round->next < round->how->folds;
    if (has && round->how->is_stopped != NULL && round->how->is_stopped()) {
        round->rc = err_set(&round->err, ERR_BUSY, "interrupted");
        has = false;
    }
    if (has)
        *fold = round->next++;
    pthread_mutex_unlock(&round->lock);
    return has;
}

static void end_fold(struct round *round, int rc, const struct err *err)
{
    const struct tune_how *how = round->how;
    pthread_mutex_lock(&round->lock);
    if (rc != 0 && round->rc == 0) {
        round->rc = rc;
        round->err = *err;
    }
    round->done++;
    if (how->tell != NULL)
        how->tell(how->arg, round->done, round->total);
    pthread_mutex_unlock(&round->lock);
}

static void *work(void *arg)
{
    struct round *round = arg;
    struct bench bench = {0};
    struct err err = {0};
    unsigned fold;
    int rc = bench_init(&bench, round->set, &err);
    while (take_fold(round, &fold)) {
        if (rc == 0)
            rc = fit_one(round->fit, round->set, round->how, (int)fold,
                         round->ham_weight, &bench, &err);
        if (rc == 0)
            score_mails(round->set, bench.points, (int)fold, round->scores);
        end_fold(round, rc, &err);
    }
    bench_clear(&bench);
    return NULL;
}

/* Held-out scores of all mails at a weight. */
static int cross_validate(struct round *round, double ham_weight, struct err *err)
{
    pthread_t threads[JOBS_MAX];
    size_t jobs = round->how->jobs < JOBS_MAX ? round->how->jobs : JOBS_MAX;
    size_t started = 0;
    round->ham_weight = ham_weight;
    round->next = 0;
    while (started + 1 < jobs &&
           pthread_create(&threads[started], NULL, work, round) == 0)
        started++;
    work(round);
    for (size_t i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    if (round->rc != 0)
        *err = round->err;
    return round->rc;
}

/* Ham that reaches the threshold by scores that stay cannot be helped. */
static int count_beyond(struct tune_fit *fit, const struct tune_set *set,
                        const struct tune_how *how, struct err *err)
{
    double *points = calloc(fit->rule_count + 1, sizeof *points);
    fit->is_beyond = calloc(set->mail_count + 1, 1);
    if (points == NULL || fit->is_beyond == NULL) {
        free(points);
        return no_memory(err);
    }
    for (size_t j = 0; j < fit->rule_count; j++)
        if (fit->rules[j].keep != TUNE_LEARN)
            points[j] = fit->rules[j].current;
    for (size_t i = 0; i < set->mail_count; i++) {
        fit->is_beyond[i] = !set->is_spam[i] && learn_sum(&set->matrix, set->row[i],
                                                          points) >= how->threshold;
        fit->beyond += fit->is_beyond[i];
    }
    free(points);
    return 0;
}

static bool is_within(const struct tune_fit *fit, const struct tune_set *set,
                      const struct tune_how *how, const double *scores)
{
    size_t over = 0;
    for (size_t i = 0; i < set->mail_count; i++)
        over += !set->is_spam[i] && !fit->is_beyond[i] && scores[i] >= how->threshold;
    return (double)over <= how->max_ham * (double)set->counts[0];
}

static double weight_of(int step)
{
    return pow(2, step / 2.0);
}

/* The least step whose held-out ham is within bounds, the last one if none is; its
 * scores are in after. Halving: more weight, less ham. */
static int find_weight(struct tune_fit *fit, const struct tune_set *set,
                       const struct tune_how *how, int *step, struct err *err)
{
    int low = 0, high = WEIGHT_COUNT - 1, at = -1;
    struct round round = {.fit = fit,
                          .set = set,
                          .how = how,
                          .scores = fit->after,
                          .lock = PTHREAD_MUTEX_INITIALIZER,
                          .total = 6 * (size_t)how->folds + 1};
    while (low < high) {
        at = (low + high) / 2;
        if (cross_validate(&round, weight_of(at), err) != 0)
            return -1;
        if (is_within(fit, set, how, fit->after))
            high = at;
        else
            low = at + 1;
    }
    *step = high;
    return at == high ? 0 : cross_validate(&round, weight_of(high), err);
}

/* When not even the last weight keeps max_ham: all proposed points times less, as far
 * as the held-out ham asks. */
static void shrink(struct tune_fit *fit, const struct tune_set *set,
                   const struct tune_how *how, struct bench *bench, double *scores)
{
    for (int percent = 100; percent >= 2; percent -= 2) {
        for (size_t j = 0; j < fit->rule_count; j++)
            bench->points[j] = fit->rules[j].proposed;
        fit->scale = percent / 100.0;
        round_points(bench->bounds, fit->rule_count, fit->scale, bench->points);
        score_mails(set, bench->points, -1, scores);
        if (is_within(fit, set, how, scores))
            return;
    }
}

static void take_points(struct tune_fit *fit, const struct bench *bench)
{
    for (size_t j = 0; j < fit->rule_count; j++) {
        struct tune_rule *rule = &fit->rules[j];
        const struct learn_bound *bound = &bench->bounds[j];
        if (rule->is_off || rule->keep != TUNE_LEARN)
            continue;
        rule->proposed = bench->points[j] + 0.0; /* no -0 */
        rule->cap = fmax(fabs(bound->low), fabs(bound->high));
    }
}

/* Learn from all; no more ham over the threshold than may be, either. */
static int learn_all(struct tune_fit *fit, const struct tune_set *set,
                     const struct tune_how *how, int step, struct err *err)
{
    struct bench bench = {0};
    double *scores = calloc(set->mail_count + 1, sizeof *scores);
    int rc = scores != NULL ? bench_init(&bench, set, err) : no_memory(err);
    for (; rc == 0; step++) {
        fit->ham_weight = weight_of(step);
        rc = fit_one(fit, set, how, -1, fit->ham_weight, &bench, err);
        if (rc != 0)
            break;
        take_points(fit, &bench);
        score_mails(set, bench.points, -1, scores);
        if (is_within(fit, set, how, scores) || step >= WEIGHT_COUNT - 1)
            break;
    }
    if (rc == 0 && !is_within(fit, set, how, scores)) {
        shrink(fit, set, how, &bench, scores);
        take_points(fit, &bench);
    }
    bench_clear(&bench);
    free(scores);
    return rc;
}

int tune_fit_learn(struct tune_fit *fit, const struct tune_set *set,
                   const struct tune_how *how, struct err *err)
{
    int step;
    fit->after = calloc(set->mail_count + 1, sizeof *fit->after);
    if (fit->after == NULL)
        return no_memory(err);
    if (count_beyond(fit, set, how, err) != 0 ||
        find_weight(fit, set, how, &step, err) != 0 ||
        learn_all(fit, set, how, step, err) != 0 ||
        roc_make(&fit->roc_after, fit->after, set->is_spam, set->mail_count, err) != 0)
        return -1;
    fit->is_learned = true;
    return 0;
}

void tune_fit_clear(struct tune_fit *fit)
{
    free(fit->rules);
    free(fit->before);
    free(fit->after);
    free(fit->is_beyond);
    roc_clear(&fit->roc_before);
    roc_clear(&fit->roc_after);
    *fit = (struct tune_fit){0};
}

static bool is_same_column(const struct learn_matrix *m, size_t a, size_t b)
{
    size_t count = m->column_start[a + 1] - m->column_start[a];
    return count == m->column_start[b + 1] - m->column_start[b] &&
           memcmp(m->rows + m->column_start[a], m->rows + m->column_start[b],
                  count * sizeof *m->rows) == 0;
}

struct column_hash {
    uint64_t hash;
    size_t rule;
};

static int by_hash(const void *a, const void *b)
{
    const struct column_hash *x = a, *y = b;
    if (x->hash != y->hash)
        return x->hash < y->hash ? -1 : 1;
    return (x->rule > y->rule) - (x->rule < y->rule);
}

int tune_fit_twins(const struct tune_fit *fit, const struct tune_set *set,
                   size_t *twins, struct err *err)
{
    const struct learn_matrix *m = &set->matrix;
    struct column_hash *hashes = calloc(fit->rule_count + 1, sizeof *hashes);
    size_t count = 0;
    if (hashes == NULL)
        return no_memory(err);
    for (size_t j = 0; j < fit->rule_count; j++) {
        const char *rows = (const char *)(m->rows + m->column_start[j]);
        size_t bytes = (m->column_start[j + 1] - m->column_start[j]) * sizeof *m->rows;
        twins[j] = j;
        if (fit->rules[j].hits[0] + fit->rules[j].hits[1] >= TUNE_HURT_MIN)
            hashes[count++] =
                (struct column_hash){span_hash64((struct span){rows, bytes}), j};
    }
    qsort(hashes, count, sizeof *hashes, by_hash);
    for (size_t i = 1, first = 0; i < count; i++) {
        if (hashes[i].hash == hashes[first].hash &&
            is_same_column(m, hashes[i].rule, hashes[first].rule))
            twins[hashes[i].rule] = hashes[first].rule;
        else
            first = i;
    }
    free(hashes);
    return 0;
}
