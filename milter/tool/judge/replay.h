/* SPDX-License-Identifier: BSD-2-Clause
 *
 * replay - the stored log decided again under other limits, policy or rules.
 *
 * Played in the order in which the gate decided, by its own code (gate/again), in a
 * database of its own in memory; with what became of held mail, bounces and complaints,
 * overrides and exemptions at their times, and the orders that people gave. An
 * unchanged config gives the same answers.
 * What it cannot know: mail before the oldest row; the domains of recipients beyond
 * those that a row lists; overrides and exemptions that were removed since.
 */
#ifndef OUTGATE_TOOL_JUDGE_REPLAY_H
#define OUTGATE_TOOL_JUDGE_REPLAY_H

#include "engine.h"
#include "tool/deeds/peak.h"
#include "tool/judge/kept.h"
#include "tool/tool.h"

/* A message that would be answered otherwise. Text lives until the call returns. */
struct replay_change {
    int64_t id, at_us;
    struct span sender, queue_id, message_id;
    int64_t recipients;
    enum action was, now;
    struct span limit_was; /* that spoke; "" none */
    const char *limit_now; /* "" none */
    const char *reason;    /* that would be given */
    double score_was, score_now;
    int64_t due_was_us, due_now_us; /* of a hold by a limit; 0: none */
};

struct replay_how {
    const struct engine *engine; /* config and rules to try */
    int64_t since_us, until_us;  /* whose answers are compared; until 0: all */
    bool rejudges;               /* by the engine's rules; else scores stand */
    bool (*is_stopped)(void);
    int (*tell)(void *arg, const struct replay_change *change, struct err *err);
    void *arg;
};

struct replay_sums {
    int64_t messages, changed;
    int64_t other_due;           /* held both times, until another time */
    int64_t depths[KEPT_DEPTHS]; /* rejudged messages by what was kept */
    int64_t rescored;            /* with another score than before */
    int64_t oldest_us;           /* first row of the log; 0: it is empty */
    bool is_cut;                 /* there were rows before it */
    struct peak peak;            /* of changed messages */
};

/* replay_run - the tool's database is open. ERR_BUSY when is_stopped said so. */
int replay_run(struct tool *tool, const struct replay_how *how,
               struct replay_sums *sums, struct err *err);

#endif
