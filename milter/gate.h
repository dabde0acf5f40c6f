/* SPDX-License-Identifier: BSD-2-Clause
 *
 * gate - one message through all stages, one call each. Start reading here.
 *
 * The daemon, `outgate scan` and the tests share it, with another store and pair of
 * hands. Must never: know libmilter or SQLite.
 * Threads: an engine is shared and never changed; the rest belongs to one message.
 */
#ifndef OUTGATE_GATE_H
#define OUTGATE_GATE_H

#include "passage.h"

/* gate_identify - who is charged: the first link of the config's chain. */
void gate_identify(const struct settings *settings, const struct message *msg,
                   const struct envelope *env, struct sender *out);

/* gate_judge - facts, rules, verdict; out->sender is gate_identify's, and stays. past:
 * what the store knows of the sender and the text, or NULL. now_us: wall clock. */
void gate_judge(const struct engine *engine, const struct message *msg,
                const struct envelope *env, const struct past *past, int64_t now_us,
                struct judgement *out);

/* gate_weigh - the second half of gate_judge: rules and verdict over out->facts as they
 * stand. */
void gate_weigh(const struct engine *engine, const struct message *msg,
                const struct envelope *env, struct judgement *out);

/* gate_run - judge, decide (charges and audit row in one transaction), act.
 * Returns what the MTA is told; on failure of the store what on_error says, with err
 * written for the log. *plan and *id (the audit row) for the log line. */
enum outcome gate_run(const struct passage *passage, struct judgement *judgement,
                      struct plan *plan, int64_t *id, struct err *err);

#endif
