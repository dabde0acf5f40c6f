/* SPDX-License-Identifier: BSD-2-Clause
 *
 * lists - what the authentication stage asks besides SPF, DKIM and DMARC: who owns
 * From: (auth/owner), DNS lists (auth/reputation), the virus scanner (auth/virus), as
 * [mail], [reputation] and [virus] configure them.
 *
 * Stage: authentication. Must never: log, decide.
 * Threads: safe.
 */
#ifndef OUTGATE_AUTH_LISTS_H
#define OUTGATE_AUTH_LISTS_H

#include "auth/owner.h"
#include "auth/reputation.h"
#include "auth/virus.h"
#include "settings.h"

struct auth_lists;

/* auth_lists_open - settings must outlive it. *out is NULL, and that is no error, when
 * none of the three is configured. */
int auth_lists_open(struct auth_lists **out, const struct settings *settings,
                    struct err *err);
void auth_lists_close(struct auth_lists **lists); /* NULL is fine */

/* auth_lists_adopt - go on with what old knows of a scanner that is away and, with the
 * same resolvers, of lists that rest; before anybody asks fresh. NULL is fine. */
void auth_lists_adopt(struct auth_lists *fresh, struct auth_lists *old,
                      bool is_same_dns);

/* auth_lists_prefetch - begin to ask, within budget; does not wait. lists NULL:
 * nothing.
 */
void auth_lists_prefetch(struct auth_lists *lists, struct dns *dns,
                         struct dns_budget *budget, const struct message *msg,
                         const struct envelope *env);

/* auth_lists_run - fill from_owner*, client_lists, link_lists, their counts,
 * lists_failed, has_names_left, virus* of *out. sender: the identity's key. dns without
 * server and zone: DNS lists are not asked. lists NULL: leaves *out. */
void auth_lists_run(struct auth_lists *lists, struct dns *dns,
                    struct dns_budget *budget, const struct message *msg,
                    const struct envelope *env, struct span sender,
                    struct authentication *out);

/* auth_lists_trouble - a line for the log, once: see base/troubles. lists NULL: none.
 */
bool auth_lists_trouble(struct auth_lists *lists, char out[ERR_TEXT_BYTES]);

/* auth_lists_virus - the scanner, for `outgate doctor`; NULL: none is configured. */
struct virus *auth_lists_virus(struct auth_lists *lists);

#endif
