/* SPDX-License-Identifier: BSD-2-Clause
 *
 * past - what the gate asks of the store before it judges, and what it leaves
 * there with the decision.
 *
 * A store that is away, or slower than a fifth of a second, means that nothing is
 * known: it never holds mail up here. What limits need is asked once more by the
 * writer, where it is exact.
 * Threads: as gate.
 */
#ifndef OUTGATE_GATE_PAST_H
#define OUTGATE_GATE_PAST_H

#include "gate/campaign.h"
#include "passage.h"
#include "store/history.h"

/* What is carried from the question to the record. */
struct gate_past {
    struct past past;               /* for gate_judge */
    struct history_message message; /* spans in the message's arena */
    struct history_count count;     /* after gate_past_count */
    struct gate_campaign campaign;  /* its sketch; the key after gate_campaign_join */
};

/* gate_past_read - ask reader (NULL: nothing is known) what is known of sender and
 * message as of now_us, wall clock. Cannot fail. */
void gate_past_read(const struct engine *engine, const struct message *msg,
                    const struct envelope *env, const struct sender *sender,
                    struct reader *reader, int64_t now_us, struct gate_past *out);

/* gate_past_count - in the writer's transaction, before limits_charge: fills the
 * request's sender_first_us and new_recipients. */
int gate_past_count(struct db *db, struct gate_past *past,
                    struct charge_request *request, struct err *err);

/* gate_past_record - in the same transaction, after action_plan: remembers mail that
 * leaves (at once, paced, or at its due time; in shadow mode all), and no other. */
int gate_past_record(struct db *db, struct gate_past *past,
                     const struct judgement *judgement,
                     const struct charge_request *request, const struct plan *plan,
                     struct err *err);

#endif
