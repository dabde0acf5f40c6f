/* SPDX-License-Identifier: BSD-2-Clause
 *
 * engine - config and rules as they were read together: counted, never changed,
 * replaced whole on reload. A message keeps the engine that it began with.
 * Threads: safe.
 */
#ifndef OUTGATE_ENGINE_H
#define OUTGATE_ENGINE_H

#include "auth/auth.h"
#include "base/conf.h"
#include "base/dns.h"
#include "base/geoip.h"
#include "rules/ruleset.h"
#include "settings.h"

struct engine {
    struct settings *settings;
    struct ruleset *rules;
    struct geoip *geoip; /* NULL: no [mail] geoip */
    struct dns *dns;     /* never NULL; without [dns] it asks nobody */
    struct auth *auth;   /* NULL: nobody can be asked */
    unsigned references; /* private to engine.c */
};

/* engine_load - config file (NULL: the defaults alone) and its rules. rules: folder or
 * file in place of [rules] path, or NULL. complain: told of each config error, or NULL.
 * The caller holds one reference. */
int engine_load(struct engine **out, const char *config, const char *rules,
                conf_complain *complain, void *arg, struct err *err);

/* engine_open_dns - the resolver of [dns]; errors as of dns_open. */
int engine_open_dns(struct dns **out, const struct settings *settings, struct err *err);

/* engine_share - let fresh go on with the resolver of old, and what that has in its
 * cache, where both have the same [dns] and no zone file, which may have changed; and
 * with what that knows of DNS lists that rest and a scanner that is away. A resolver of
 * its own counts on where that of old stops.
 * Before anybody works with fresh. */
void engine_share(struct engine *fresh, const struct engine *old);

struct engine *engine_acquire(struct engine *engine);

/* engine_release - give a reference back and set *engine to NULL; NULL is fine. */
void engine_release(struct engine **engine);

#endif
