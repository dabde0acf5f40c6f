/* SPDX-License-Identifier: BSD-2-Clause */
#include "gate/authenticate.h"

struct auth_check *gate_authenticate_begin(const struct engine *engine,
                                           const struct message *msg,
                                           const struct envelope *env,
                                           const struct session_scope *scope,
                                           const struct session_hints *hints)
{
    struct envelope concluded = *env; /* the end of the message concludes it for good */
    if (engine->auth == NULL)
        return NULL;
    session_conclude(&concluded, msg, scope, hints);
    if (concluded.mail_class == CLASS_INBOUND)
        return NULL;
    return auth_begin(engine->auth, msg);
}

void gate_authenticate(const struct passage *passage, struct judgement *judgement)
{
    auth_run(passage->engine->auth, passage->check, passage->msg, passage->env,
             judgement->sender.key, &judgement->authentication);
    passage->env->authentication = &judgement->authentication;
}
