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

/* gate_judge - facts, rules, sender, verdict. now_us: wall clock. */
void gate_judge(const struct engine *engine, const struct message *msg,
                const struct envelope *env, int64_t now_us, struct judgement *out);

/* gate_run - judge, decide (charges and audit row in one transaction), act.
 * Returns what the MTA is told; on failure of the store what on_error says, with err
 * written for the log. *plan and *id (the audit row) for the log line. */
enum outcome gate_run(const struct passage *passage, struct judgement *judgement,
                      struct plan *plan, int64_t *id, struct err *err);

#endif
