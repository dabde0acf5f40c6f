/* SPDX-License-Identifier: BSD-2-Clause
 *
 * privs - stop being root, for good. Before threads start.
 */
#ifndef OUTGATE_BASE_PRIVS_H
#define OUTGATE_BASE_PRIVS_H

#include "base/err.h"

/* privs_drop - become user with its groups; nothing when not root or user is "". */
int privs_drop(const char *user, struct err *err);

/* privs_give_socket - set mode and owner of a unix socket: user's (unless "") and
 * group's (unless ""); the owner only as root. */
int privs_give_socket(const char *path, unsigned mode, const char *user,
                      const char *group, struct err *err);

#endif
