/* SPDX-License-Identifier: BSD-2-Clause
 *
 * authenticate - the authentication stage in the gate: begun as the message comes in,
 * for mail that leaves only, and concluded before facts.
 */
#ifndef OUTGATE_GATE_AUTHENTICATE_H
#define OUTGATE_GATE_AUTHENTICATE_H

#include "message/session.h"
#include "passage.h"

/* gate_authenticate_begin - the header is complete. NULL for mail that stays, and where
 * nothing is configured that could be asked. Never waits. */
struct auth_check *gate_authenticate_begin(const struct engine *engine,
                                           const struct message *msg,
                                           const struct envelope *env,
                                           const struct session_scope *scope,
                                           const struct session_hints *hints);

/* gate_authenticate - ask, within the deadline; judgement->authentication is what came
 * of it, and the envelope points there. judgement->sender is known. */
void gate_authenticate(const struct passage *passage, struct judgement *judgement);

#endif
