/* SPDX-License-Identifier: BSD-2-Clause
 *
 * sendmail_config - Sendmail's configuration: what sendmail.cf and submit.cf say, and
 * what the program makes of it (its host name, the domains that end here), which it
 * tells in address test mode.
 *
 * Read once, looked at often; spans live in the arena.
 * Source: Sendmail Installation and Operation Guide 8.17: 5.6 (options), 5.8 (queue
 * groups), 5.13 (X, milters), 4.1.1.3 (-bt).
 */
#ifndef OUTGATE_MTA_SENDMAIL_CONFIG_H
#define OUTGATE_MTA_SENDMAIL_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "mta/mta.h"

/* A line "Xname, S=socket, F=T, T=...". */
struct sendmail_filter {
    struct span name;
    struct span socket; /* as written */
    struct span flags;  /* F=: "T" "R" or "" */
};

/* A line "O DaemonPortOptions=": a port that the daemon listens on. */
struct sendmail_daemon {
    struct span whole;     /* its value, as written */
    struct span name;      /* Name=; "Daemon0" as Sendmail calls what has none */
    struct span host;      /* Addr=; "" all */
    struct span port;      /* Port=; "smtp" when it has none */
    struct span modifiers; /* Modify= */
    struct span filters;
    bool has_filters; /* InputMailFilters= stands here, and takes the option's place */
};

struct sendmail_config {
    const char *path;        /* sendmail.cf */
    const char *submit_path; /* submit.cf, in the same folder */
    struct span text, submit;
    bool has_submit;
    struct sendmail_filter *filters;
    size_t filter_count;
    struct sendmail_daemon *daemons;
    size_t daemon_count;
    struct span host_name; /* $j; "" it could not be asked */
    struct span *locals;   /* class w: names whose mail is delivered here */
    size_t local_count;
    struct span *relayed; /* class R: domains that mail is relayed for */
    size_t relayed_count;
};

/* sendmail_config_load - read both files and ask the program. tools: kind MTA_SENDMAIL.
 * ERR_IO: sendmail.cf cannot be read; a program that cannot be asked is no error. */
int sendmail_config_load(const struct mta_tools *tools, struct arena *arena,
                         struct sendmail_config *out, struct err *err);

/* sendmail_config_parse - text alone: filters and daemons. */
void sendmail_config_parse(struct arena *arena, struct span text,
                           struct sendmail_config *out);

/* sendmail_option - the value of the last "O name=" in a .cf; .at NULL: not set. */
struct span sendmail_option(struct span text, const char *name);

/* sendmail_macro - the value of "D{name}" (of one letter: "Dx") in a .cf; .at NULL: not
 * set. */
struct span sendmail_macro(struct span text, const char *name);

/* sendmail_next_name - the next of a list divided by commas, taken from *list; false at
 * its end. */
bool sendmail_next_name(struct span *list, struct span *name);

#endif
