/* SPDX-License-Identifier: BSD-2-Clause */
#include "rules/text/rule_view.h"

void rule_view_init(struct rule_view *view, const struct message *msg,
                    const struct envelope *env, const struct rule_links *links,
                    const struct trust *trust)
{
    *view = (struct rule_view){.msg = msg, .env = env, .links = links, .trust = trust};
}

const struct relays *rule_view_relays(struct rule_view *view)
{
    static const struct relays nothing = {.last_trusted_field = -1,
                                          .last_internal_field = -1};

    if (view->relays == NULL)
        view->relays = received_read(view->msg, view->env, view->trust);
    return view->relays != NULL ? view->relays : &nothing;
}
