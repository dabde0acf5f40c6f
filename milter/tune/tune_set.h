/* SPDX-License-Identifier: BSD-2-Clause
 *
 * tune_set - the mails that scores are learned from: of each its class, the rules that
 * hit it and the fold that it is held out in. Pure.
 *
 * Mails with the same hits share one row of the matrix. Mails of one campaign (nearly
 * the same text, message/sketch) stand in one fold, so that no mail is judged by scores
 * that were learned from its copy.
 */
#ifndef OUTGATE_TUNE_TUNE_SET_H
#define OUTGATE_TUNE_TUNE_SET_H

#include "message/sketch.h"
#include "tune/learn.h"

enum {
    TUNE_MAILS_MAX = 1 << 22, /* about 60 bytes each. chosen */
    TUNE_HITS_MAX = 1 << 27,  /* 4 bytes each, and again by rule. chosen */
    TUNE_FOLDS_MAX = 100,
};

struct tune_set {
    size_t rule_count;       /* of the rule set; set it before the first mail */
    size_t mail_count, room; /* and what is on the heap, one a mail: */
    unsigned char *is_spam;
    uint32_t *row; /* of the matrix */
    struct sketch *sketches;
    unsigned char *fold;
    size_t counts[2]; /* ham, spam */
    size_t groups;    /* mails that resemble no other are a group each */

    struct learn_matrix matrix; /* whole after tune_set_finish */
    size_t row_room, hit_room;
    uint32_t *buckets; /* row + 1 by hash of its rules; 0 is free */
    size_t bucket_count;
};

/* tune_set_add - one mail: rules that hit it in any order (sorted in place), and its
 * sketch (NULL: resembles nothing). ERR_BUSY at a bound above. */
int tune_set_add(struct tune_set *set, bool is_spam, uint32_t *rules, size_t count,
                 const struct sketch *sketch, struct err *err);

/* tune_set_finish - no more mails: columns, campaigns, and folds of about as many ham
 * and as many spam each. seed: another seed, other folds. */
int tune_set_finish(struct tune_set *set, unsigned folds, uint64_t seed,
                    struct err *err);

void tune_set_clear(struct tune_set *set);

#endif
