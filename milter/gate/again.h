/* SPDX-License-Identifier: BSD-2-Clause
 *
 * again - a message of the log decided once more, in a store of its own: orders, limits
 * and plan by the gate's own code.
 *
 * That store begins empty and is played forward, one message after another in the
 * order in which they were decided, and what became of held ones in between.
 */
#ifndef OUTGATE_GATE_AGAIN_H
#define OUTGATE_GATE_AGAIN_H

#include "passage.h"

/* One message as the log has it. */
struct again {
    const struct engine *engine; /* whose config decides */
    struct message *msg;         /* finished; its body may be missing */
    struct envelope *env;
    struct judgement *judgement; /* hits.score, sender, facts.text[FACT_from_domain];
                                    the verdict is filled in */
    int64_t id;                  /* of its row in the log */
    int64_t now_us;              /* wall clock of the decision */
    int64_t limit_now_us;        /* and limit clock */
    int64_t size_bytes;
    struct span campaign;
    int64_t sender_first_us; /* when this sender was first seen; 0: only then */
    int64_t new_recipients;
    bool is_shadow;
    enum ruling_kind order; /* a person's, that was obeyed then: none of the limits' own
                               blocks, which come about again */
};

/* gate_again - decide it in db, inside the caller's transaction. */
int gate_again(struct db *db, const struct again *again, struct plan *plan,
               struct charge *charge, struct err *err);

/* gate_again_left - what had happened to row id of the log later: it left at at_us
 * (limit clock), or was dropped (at_us 0). Nothing when gate_again did not hold it. */
int gate_again_left(struct db *db, const struct settings *settings, int64_t id,
                    int64_t at_us, int64_t wall_us, struct err *err);

#endif
