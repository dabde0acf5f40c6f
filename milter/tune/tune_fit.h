/* SPDX-License-Identifier: BSD-2-Clause
 *
 * tune_fit - what is known of each rule, and the scores that are proposed for it,
 * cross-validated.
 *
 * For each fold the scores are learned from the other folds and judge its mails; the
 * weight of ham against spam is the least at which at most max_ham of the ham so judged
 * reaches the threshold. With that weight the proposed scores are learned from all.
 * Bounds of a rule: not below 0 (tflags nice: not above), never more than `share` of
 * the threshold, and it gains no more than that times the lower bound at 95 % of how
 * often it is right (wilson_least): few hits earn little, and cost little.
 * Threads: it starts its own, one fold each.
 */
#ifndef OUTGATE_TUNE_TUNE_FIT_H
#define OUTGATE_TUNE_TUNE_FIT_H

#include "rules/ruleset.h"
#include "tune/roc.h"
#include "tune/tune_set.h"

/* Mails of each class, at least, to learn from. chosen */
enum { TUNE_CLASS_MIN = 10 };

/* What a rule that hurts must have hit at least. chosen */
enum { TUNE_HURT_MIN = 3 };

/* Points of a rule whose proposal is nothing: it still shows which mails it hits. */
#define TUNE_NOTHING 0.001

enum tune_keep {
    TUNE_LEARN = 0,
    TUNE_NO_HITS, /* nothing is known of it */
    TUNE_FIXED,   /* --fix, or not --only */
    TUNE_DECIDES, /* reaches the threshold alone: meant so */
    TUNE_USER,    /* tflags userconf, learn */
};

struct tune_rule {
    const char *name;
    double current;      /* points */
    bool is_off;         /* scored 0, or __NAME: no part of anything */
    bool is_nice;        /* tflags nice */
    enum tune_keep keep; /* why its score stays, or TUNE_LEARN */
    size_t hits[2];      /* ham, spam */
    double so, rank;     /* as SpamAssassin's hit-frequencies has them, 0..1 */
    size_t decides[2];   /* ham, spam over the threshold that would not be without it,
                            with the current scores */
    double cap;          /* points, most that it may get */
    double proposed;     /* points; the current ones when they are kept */
};

struct tune_how {
    double threshold; /* points */
    double max_ham;   /* ratio, 0..1 */
    double share;     /* of the threshold, 0..1 */
    double ridge;
    unsigned folds;
    size_t jobs;
    bool (*is_stopped)(void);
    /* told of each fit that is done; NULL: nobody is. */
    void (*tell)(void *arg, size_t done, size_t total);
    void *arg;
};

struct tune_fit {
    struct tune_rule *rules; /* heap, rule_count of the set, by name */
    size_t rule_count;
    double *before, *after; /* heap: a mail's score with the current scores; held out
                               with those learned without its fold (NULL: none) */
    struct roc roc_before, roc_after;
    unsigned char
        *is_beyond; /* heap: ham that scores that stay bring to the threshold */
    size_t beyond;  /* how many */
    bool is_learned;
    double ham_weight; /* that was chosen */
    double scale;      /* 1, or what all were multiplied by to keep max_ham */
};

/* tune_fit_describe - hits, S/O, RANK, current scores. keep of each rule must be set
 * after it and before tune_fit_learn; it sets NO_HITS, DECIDES and USER itself. */
int tune_fit_describe(struct tune_fit *fit, const struct tune_set *set,
                      const struct ruleset *rules, double threshold, struct err *err);

/* tune_fit_learn - proposed scores. ERR_BUSY when is_stopped said so. */
int tune_fit_learn(struct tune_fit *fit, const struct tune_set *set,
                   const struct tune_how *how, struct err *err);

void tune_fit_clear(struct tune_fit *fit);

/* tune_fit_twin - the first rule that hit exactly the mails of rule j, or j. Rules that
 * hit fewer than TUNE_HURT_MIN mails have none. twins: rule_count of them. */
int tune_fit_twins(const struct tune_fit *fit, const struct tune_set *set,
                   size_t *twins, struct err *err);

#endif
