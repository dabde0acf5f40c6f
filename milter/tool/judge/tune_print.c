/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/judge/tune_print.h"

#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "tool/print.h"

enum {
    ROW_BYTES = 1 << 16,
    PLOT_WIDTH = 60,
    PLOT_HEIGHT = 16,
    PLOT_DECADES = 4, /* ham from 0.01 % to all of it */
    HURT_SHOWN = 30,
};

static double percent(size_t part, size_t whole)
{
    return whole > 0 ? 100.0 * (double)part / (double)whole : 0;
}

static double percent_ham(const struct tune_report *r, const struct tune_rule *rule)
{
    return percent(rule->hits[0], r->set->counts[0]);
}

static double percent_spam(const struct tune_report *r, const struct tune_rule *rule)
{
    return percent(rule->hits[1], r->set->counts[1]);
}

static double percent_all(const struct tune_report *r, const struct tune_rule *rule)
{
    return percent(rule->hits[0] + rule->hits[1], r->set->mail_count);
}

/* Why a score stays as it is, in words. */
static const char *keep_name(enum tune_keep keep)
{
    switch (keep) {
    case TUNE_NO_HITS:
        return "no hits";
    case TUNE_FIXED:
        return "fixed";
    case TUNE_DECIDES:
        return "decides alone";
    case TUNE_USER:
        return "tflags";
    default:
        return "";
    }
}

/* ---- hit-frequencies ---- */

static int by_rank(const void *a, const void *b)
{
    const struct tune_rule *x = *(struct tune_rule *const *)a;
    const struct tune_rule *y = *(struct tune_rule *const *)b;
    if (x->rank < y->rank || x->rank > y->rank)
        return x->rank < y->rank ? 1 : -1;
    size_t x_hits = x->hits[0] + x->hits[1], y_hits = y->hits[0] + y->hits[1];
    if (x_hits != y_hits)
        return x_hits < y_hits ? 1 : -1;
    return span_compare(span_of(x->name), span_of(y->name));
}

/* The rules that have points, best first. */
static struct tune_rule **sort_rules(const struct tune_report *r, size_t *count,
                                     struct err *err)
{
    struct tune_rule **rules =
        arena_array(r->tool->arena, r->fit->rule_count + 1, sizeof *rules);
    *count = 0;
    if (rules == NULL) {
        err_set(err, ERR_MEMORY, "out of memory");
        return NULL;
    }
    for (size_t j = 0; j < r->fit->rule_count; j++)
        if (!r->fit->rules[j].is_off)
            rules[(*count)++] = &r->fit->rules[j];
    qsort(rules, *count, sizeof *rules, by_rank);
    return rules;
}

static void print_frequencies(const struct tune_report *r, struct tune_rule **rules,
                              size_t count)
{
    size_t ham = r->set->counts[0], spam = r->set->counts[1], all = ham + spam;
    double so = all > 0 ? (double)spam / (double)all : 0;
    printf("OVERALL%%    SPAM%%     HAM%%     S/O    RANK   SCORE  NAME\n");
    printf("%8zu %8zu %8zu  %6.3f  %6.2f  %6.2f  (all messages)\n", all, spam, ham, so,
           0.0, 0.0);
    printf("%8.3f %8.4f %8.4f  %6.3f  %6.2f  %6.2f  (all messages as %%)\n", 100.0,
           percent(spam, all), percent(ham, all), so, 0.0, 0.0);
    for (size_t i = 0; i < count; i++) {
        const struct tune_rule *rule = rules[i];
        if (rule->hits[0] + rule->hits[1] > 0)
            printf("%8.3f %8.4f %8.4f  %6.3f  %6.2f  %6.2f  %s\n", percent_all(r, rule),
                   percent_spam(r, rule), percent_ham(r, rule), rule->so, rule->rank,
                   rule->current, rule->name);
    }
}

/* ---- rules that hurt ---- */

/* It hits more of what it should not than of what it should. */
static bool is_wrong(const struct tune_rule *rule)
{
    return rule->hits[0] + rule->hits[1] >= TUNE_HURT_MIN &&
           (rule->is_nice ? rule->so > 0.5 : rule->so < 0.5);
}

static void print_wrong(const struct tune_report *r, struct tune_rule **rules,
                        size_t count)
{
    size_t shown = 0;
    for (size_t i = count; i > 0; i--) {
        const struct tune_rule *rule = rules[i - 1];
        if (!is_wrong(rule))
            continue;
        if (shown++ == 0)
            printf("\nRules that hit %s:\n",
                   "the wrong mails more than the right ones");
        printf("  %-32s %6.2f  spam %8.4f %%  ham %8.4f %%%s\n", rule->name,
               rule->current, percent_spam(r, rule), percent_ham(r, rule),
               rule->is_nice ? "  (nice)" : "");
    }
}

static int by_decides(const void *a, const void *b)
{
    const struct tune_rule *x = *(struct tune_rule *const *)a;
    const struct tune_rule *y = *(struct tune_rule *const *)b;
    if (x->decides[0] != y->decides[0])
        return x->decides[0] < y->decides[0] ? 1 : -1;
    return span_compare(span_of(x->name), span_of(y->name));
}

static void print_lifting(const struct tune_report *r, struct tune_rule **rules,
                          size_t count)
{
    qsort(rules, count, sizeof *rules, by_decides);
    for (size_t i = 0; i < count && i < HURT_SHOWN && rules[i]->decides[0] > 0; i++) {
        if (i == 0)
            printf("\nRules without which ham would stay below %g (and spam would):\n",
                   r->how->threshold);
        printf("  %-32s %6.2f  ham %zu  spam %zu\n", rules[i]->name, rules[i]->current,
               rules[i]->decides[0], rules[i]->decides[1]);
    }
    qsort(rules, count, sizeof *rules, by_rank);
}

static int print_twins(const struct tune_report *r, struct err *err)
{
    const struct tune_fit *fit = r->fit;
    size_t *twins = arena_array(r->tool->arena, fit->rule_count + 1, sizeof *twins);
    size_t shown = 0;
    if (twins == NULL)
        return err_set(err, ERR_MEMORY, "out of memory");
    if (tune_fit_twins(fit, r->set, twins, err) != 0)
        return -1;
    for (size_t j = 0; j < fit->rule_count; j++) {
        if (twins[j] == j || fit->rules[j].is_off || fit->rules[twins[j]].is_off)
            continue;
        if (shown++ == 0)
            printf("\nRules that hit the same mails, always:\n");
        printf("  %-32s %s (%zu mails)\n", fit->rules[twins[j]].name,
               fit->rules[j].name, fit->rules[j].hits[0] + fit->rules[j].hits[1]);
    }
    return 0;
}

static void print_idle(const struct tune_report *r, struct tune_rule **rules,
                       size_t count)
{
    size_t idle = 0;
    for (size_t i = 0; i < count; i++)
        idle += rules[i]->hits[0] + rules[i]->hits[1] == 0;
    if (idle == 0)
        return;
    printf("\nRules that never hit (%zu of %zu; their scores stay):\n", idle, count);
    int column = 0;
    for (size_t j = 0; j < r->fit->rule_count; j++) {
        const struct tune_rule *rule = &r->fit->rules[j];
        if (rule->is_off || rule->hits[0] + rule->hits[1] > 0)
            continue;
        int width = printf("%s%s", column > 0 ? " " : "  ", rule->name);
        column += width;
        if (column > 70)
            column = putchar('\n') == EOF;
    }
    if (column > 0)
        putchar('\n');
}

/* ---- ROC ---- */

static void print_at(const struct tune_report *r, double threshold, const char *mark)
{
    const struct roc *before = &r->fit->roc_before, *after = &r->fit->roc_after;
    printf("%9.1f  %9.2f %9.2f", threshold, 100 * roc_share(before, true, threshold),
           100 * roc_share(before, false, threshold));
    if (r->fit->is_learned)
        printf("    %9.2f %9.2f", 100 * roc_share(after, true, threshold),
               100 * roc_share(after, false, threshold));
    printf("%s\n", mark);
}

/* What is caught when just max_ham of the ham is. */
static void print_at_rate(const struct tune_report *r, const char *name,
                          const struct roc *roc)
{
    double threshold = roc_threshold(roc, r->how->max_ham);
    printf("  %-9s area under the curve %.4f; with %g %% of the ham at most: spam %.2f "
           "%%, at %.1f points\n",
           name, roc_area(roc), 100 * r->how->max_ham,
           100 * roc_share(roc, true, threshold), threshold);
}

static void print_roc(const struct tune_report *r)
{
    double step = r->how->threshold / 5;
    printf("\nAt or over  current scores%s\nthreshold      spam %%     ham %%%s\n",
           r->fit->is_learned ? "        proposed (held-out mails)" : "",
           r->fit->is_learned ? "       spam %     ham %" : "");
    for (int i = 1; i <= 15; i++)
        print_at(r, step * i, i == 5 ? "  <- threshold" : "");
    putchar('\n');
    print_at_rate(r, "current", &r->fit->roc_before);
    if (r->fit->is_learned)
        print_at_rate(r, "proposed", &r->fit->roc_after);
}

/* The column of a share of ham: its logarithm, so that what matters shows. */
static int column_of(double share)
{
    double part = share > 0 ? 1 + log10(share) / PLOT_DECADES : 0;
    part = part < 0 ? 0 : part;
    return (int)round(part * (PLOT_WIDTH - 1));
}

/* Draw a curve: for each column the spam at the most ham that it stands for. */
static void draw(const struct roc *roc, char mark, char grid[PLOT_HEIGHT][PLOT_WIDTH])
{
    for (int x = 0; x < PLOT_WIDTH; x++) {
        double share = pow(10, PLOT_DECADES * ((double)x / (PLOT_WIDTH - 1) - 1));
        double spam = roc_share(roc, true, roc_threshold(roc, share));
        int y = (int)round((1 - spam) * (PLOT_HEIGHT - 1));
        grid[y][x] = grid[y][x] == ' ' || grid[y][x] == mark ? mark : '#';
    }
}

static void print_plot(const struct tune_report *r)
{
    char grid[PLOT_HEIGHT][PLOT_WIDTH];
    for (int y = 0; y < PLOT_HEIGHT; y++)
        for (int x = 0; x < PLOT_WIDTH; x++)
            grid[y][x] = ' ';
    draw(&r->fit->roc_before, 'o', grid);
    if (r->fit->is_learned)
        draw(&r->fit->roc_after, '*', grid);
    printf("\n  spam caught (o current%s), by share of ham at or over the threshold\n",
           r->fit->is_learned ? ", * proposed, # both" : "");
    for (int y = 0; y < PLOT_HEIGHT; y++)
        printf("%5.0f %% |%.*s|\n", 100 - 100.0 * y / (PLOT_HEIGHT - 1), PLOT_WIDTH,
               grid[y]);
    printf("        0.01 %%%*s0.1 %%%*s1 %%%*s10 %%%*s100 %%\n", column_of(0.001) - 7,
           "", column_of(0.01) - column_of(0.001) - 5, "",
           column_of(0.1) - column_of(0.01) - 3, "", PLOT_WIDTH - column_of(0.1) - 7,
           "");
}

/* ---- proposal ---- */

static int by_change(const void *a, const void *b)
{
    const struct tune_rule *x = *(struct tune_rule *const *)a;
    const struct tune_rule *y = *(struct tune_rule *const *)b;
    double x_change = fabs(x->proposed - x->current);
    double y_change = fabs(y->proposed - y->current);
    if (fabs(x_change - y_change) > 1e-9)
        return x_change < y_change ? 1 : -1;
    return span_compare(span_of(x->name), span_of(y->name));
}

static void print_proposal(const struct tune_report *r, struct tune_rule **rules,
                           size_t count)
{
    size_t changed = 0, kept = 0;
    qsort(rules, count, sizeof *rules, by_change);
    printf("\nProposed scores, the largest change first:\n"
           "    WAS     NEW     CAP     SPAM%%     HAM%%  NAME\n");
    for (size_t i = 0; i < count; i++) {
        const struct tune_rule *rule = rules[i];
        kept += rule->keep == TUNE_FIXED || rule->keep == TUNE_DECIDES ||
                rule->keep == TUNE_USER;
        if (rule->keep != TUNE_LEARN || fabs(rule->proposed - rule->current) < 0.05)
            continue;
        changed++;
        printf("%7.2f %7.1f %7.2f  %8.4f %8.4f  %s\n", rule->current, rule->proposed,
               rule->cap, percent_spam(r, rule), percent_ham(r, rule), rule->name);
    }
    printf("%zu of %zu change; ham weighs %.3g times spam", changed, count,
           r->fit->ham_weight);
    if (r->fit->scale < 1)
        printf("; all points times %.2f, since more ham would be over", r->fit->scale);
    printf(".\n");
    for (size_t i = 0; i < count && kept > 0; i++)
        if (rules[i]->keep == TUNE_DECIDES)
            printf("%s stays: it reaches %g alone, which is taken as meant.\n",
                   rules[i]->name, r->how->threshold);
}

static void print_verdict(const struct tune_report *r)
{
    const struct roc *before = &r->fit->roc_before, *after = &r->fit->roc_after;
    double at = r->how->threshold;
    printf(
        "\nAt %g, mails that the scores were not learned from (%u folds, %zu groups of "
        "alike mails):\n",
        at, r->how->folds, r->set->groups);
    printf("  current   spam %6.2f %%  ham %6.3f %%\n",
           100 * roc_share(before, true, at), 100 * roc_share(before, false, at));
    printf("  proposed  spam %6.2f %%  ham %6.3f %%\n",
           100 * roc_share(after, true, at), 100 * roc_share(after, false, at));
    if (r->fit->beyond > 0)
        printf("  %zu ham reach it by scores that stay, whatever the others are.\n",
               r->fit->beyond);
    if (roc_area(after) < roc_area(before) - 0.0005)
        printf("  The proposed scores tell the two apart WORSE than the current ones: "
               "keep those.\n");
}

int tune_print_people(const struct tune_report *report, struct err *err)
{
    size_t count;
    struct tune_rule **rules = sort_rules(report, &count, err);
    if (rules == NULL)
        return -1;
    print_frequencies(report, rules, count);
    print_wrong(report, rules, count);
    print_lifting(report, rules, count);
    if (print_twins(report, err) != 0)
        return -1;
    print_idle(report, rules, count);
    print_roc(report);
    if (isatty(STDOUT_FILENO) && report->set->counts[0] > 0 &&
        report->set->counts[1] > 0)
        print_plot(report);
    if (report->fit->is_learned) {
        print_proposal(report, rules, count);
        print_verdict(report);
    }
    return 0;
}

/* ---- JSON ---- */

static void json_rule(const struct tune_report *r, const struct tune_rule *rule,
                      const char *twin)
{
    struct buf text;
    struct json json;
    print_object_begin(r->tool->arena, ROW_BYTES, &text, &json);
    json_text(&json, "rule", span_of(rule->name));
    json_number(&json, "overall_percent", percent_all(r, rule));
    json_number(&json, "spam_percent", percent_spam(r, rule));
    json_number(&json, "ham_percent", percent_ham(r, rule));
    json_int(&json, "spam", (int64_t)rule->hits[1]);
    json_int(&json, "ham", (int64_t)rule->hits[0]);
    json_number(&json, "so", rule->so);
    json_number(&json, "rank", rule->rank);
    json_number(&json, "score", rule->current);
    if (r->fit->is_learned)
        json_number(&json, "proposed", rule->proposed);
    json_text_or_null(&json, "kept", span_of(keep_name(rule->keep)));
    json_bool(&json, "is_wrong", is_wrong(rule));
    json_int(&json, "decides_ham", (int64_t)rule->decides[0]);
    json_int(&json, "decides_spam", (int64_t)rule->decides[1]);
    json_text_or_null(&json, "same_as", span_of(twin));
    print_object_end(&json);
}

static void json_shares(struct json *json, const char *name, const struct roc *roc,
                        double threshold)
{
    json_open(json, name, '{');
    json_number(json, "spam", roc_share(roc, true, threshold));
    json_number(json, "ham", roc_share(roc, false, threshold));
    json_close(json, '}');
}

static void json_threshold(const struct tune_report *r, double threshold)
{
    struct buf text;
    struct json json;
    print_object_begin(r->tool->arena, ROW_BYTES, &text, &json);
    json_number(&json, "threshold", threshold);
    json_shares(&json, "current", &r->fit->roc_before, threshold);
    if (r->fit->is_learned)
        json_shares(&json, "proposed", &r->fit->roc_after, threshold);
    print_object_end(&json);
}

static void json_curve(struct json *json, const struct tune_report *r, const char *name,
                       const struct roc *roc)
{
    double threshold = roc_threshold(roc, r->how->max_ham);
    json_open(json, name, '{');
    json_number(json, "area", roc_area(roc));
    json_number(json, "spam", roc_share(roc, true, r->how->threshold));
    json_number(json, "ham", roc_share(roc, false, r->how->threshold));
    json_number(json, "spam_at_max_ham", roc_share(roc, true, threshold));
    json_close(json, '}');
}

static void json_summary(const struct tune_report *r)
{
    struct buf text;
    struct json json;
    print_object_begin(r->tool->arena, ROW_BYTES, &text, &json);
    json_int(&json, "ham", (int64_t)r->set->counts[0]);
    json_int(&json, "spam", (int64_t)r->set->counts[1]);
    json_int(&json, "unreadable", (int64_t)r->failed);
    json_number(&json, "threshold", r->how->threshold);
    json_number(&json, "max_ham", r->how->max_ham);
    json_curve(&json, r, "current", &r->fit->roc_before);
    if (r->fit->is_learned) {
        json_curve(&json, r, "proposed", &r->fit->roc_after);
        json_int(&json, "folds", r->how->folds);
        json_int(&json, "groups", (int64_t)r->set->groups);
        json_number(&json, "ham_weight", r->fit->ham_weight);
        json_number(&json, "scale", r->fit->scale);
        json_int(&json, "ham_beyond", (int64_t)r->fit->beyond);
    }
    json_text_or_null(&json, "not_learned", span_of(r->why_not));
    print_object_end(&json);
}

int tune_print_json(const struct tune_report *report, struct err *err)
{
    size_t count;
    const struct tune_fit *fit = report->fit;
    struct tune_rule **rules = sort_rules(report, &count, err);
    size_t *twins =
        arena_array(report->tool->arena, fit->rule_count + 1, sizeof *twins);
    if (rules == NULL || twins == NULL)
        return err_set(err, ERR_MEMORY, "out of memory");
    if (tune_fit_twins(fit, report->set, twins, err) != 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        size_t j = (size_t)(rules[i] - fit->rules);
        json_rule(report, rules[i], twins[j] != j ? fit->rules[twins[j]].name : NULL);
    }
    for (int i = 1; i <= 15; i++)
        json_threshold(report, report->how->threshold / 5 * i);
    json_summary(report);
    return 0;
}

/* ---- file ---- */

static void file_head(const struct tune_report *r, struct buf *out)
{
    const struct roc *before = &r->fit->roc_before, *after = &r->fit->roc_after;
    double at = r->how->threshold;
    char time[PRINT_TIME_BYTES];
    buf_printf(out, "# Scores proposed by outgate tune, %s.\n",
               print_time(r->now_us, time));
    buf_printf(out, "# ham:  %zu mails, ", r->set->counts[0]);
    buf_add_span(out, span_of(r->ham));
    buf_printf(out, "\n# spam: %zu mails, ", r->set->counts[1]);
    buf_add_span(out, span_of(r->spam));
    buf_printf(
        out,
        "\n# At %g points, of mails they were not learned from: spam %.2f %% (was "
        "%.2f %%),\n# ham %.3f %% (was %.3f %%).\n\n",
        at, 100 * roc_share(after, true, at), 100 * roc_share(before, true, at),
        100 * roc_share(after, false, at), 100 * roc_share(before, false, at));
}

void tune_print_file(const struct tune_report *report, struct buf *out)
{
    file_head(report, out);
    for (size_t j = 0; j < report->fit->rule_count; j++) {
        const struct tune_rule *rule = &report->fit->rules[j];
        char points[32], was[PRINT_AGE_BYTES];
        if (rule->is_off || rule->keep != TUNE_LEARN)
            continue;
        if (fabs(rule->proposed) < 0.05)
            snprintf(points, sizeof points, "%g",
                     rule->is_nice ? -TUNE_NOTHING : TUNE_NOTHING);
        else
            snprintf(points, sizeof points, "%.1f", rule->proposed);
        buf_printf(out, "score %-32s %6s  # was %s, spam %.2f %%, ham %.2f %%\n",
                   rule->name, points, print_number(rule->current, was),
                   percent_spam(report, rule), percent_ham(report, rule));
    }
}
