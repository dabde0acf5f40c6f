/* SPDX-License-Identifier: BSD-2-Clause */
#include "engine.h"

#include <stdlib.h>
#include <string.h>

int engine_open_dns(struct dns **out, const struct settings *settings, struct err *err)
{
    return dns_open(out,
                    &(struct dns_options){.servers = settings->dns_servers.at,
                                          .server_count = settings->dns_servers.count,
                                          .zone = settings->dns_zone,
                                          .trust_anchor = settings->dns_trust_anchor},
                    err);
}

static bool is_same_dns(const struct settings *a, const struct settings *b)
{
    if (a->dns_zone[0] != '\0' || b->dns_zone[0] != '\0' ||
        a->dns_servers.count != b->dns_servers.count ||
        strcmp(a->dns_trust_anchor, b->dns_trust_anchor) != 0)
        return false;
    for (size_t i = 0; i < a->dns_servers.count; i++)
        if (strcmp(a->dns_servers.at[i], b->dns_servers.at[i]) != 0 ||
            strcmp(a->dns_servers.at[i], "system") == 0) /* it may have changed */
            return false;
    return true;
}

void engine_share(struct engine *fresh, const struct engine *old)
{
    bool has_same_dns = is_same_dns(fresh->settings, old->settings);
    auth_adopt(fresh->auth, old->auth, has_same_dns);
    if (!has_same_dns) {
        dns_count_on(fresh->dns, old->dns);
        return;
    }
    dns_close(&fresh->dns);
    fresh->dns = dns_acquire(old->dns);
    auth_use_dns(fresh->auth, fresh->dns);
}

int engine_load(struct engine **out, const char *config, const char *rules,
                conf_complain *complain, void *arg, struct err *err)
{
    struct engine *engine = calloc(1, sizeof *engine);
    *out = NULL;
    if (engine == NULL)
        return err_set(err, ERR_MEMORY, "no memory for the config");
    engine->references = 1;
    if (settings_load(&engine->settings, config, complain, arg, err) < 0) {
        engine_release(&engine);
        return -1;
    }
    const struct conf_list *paths = &engine->settings->rule_paths;
    const char *const *at = rules != NULL ? &rules : paths->at;
    size_t count = rules != NULL ? 1 : paths->count;
    if (ruleset_load(&engine->rules, at, count,
                     settings_has_dns(engine->settings) ? RULESET_AUTHENTICATION : 0,
                     NULL, err) < 0) {
        engine_release(&engine);
        return -1;
    }
    if (engine->settings->geoip[0] != '\0' &&
        geoip_open(&engine->geoip, engine->settings->geoip, err) < 0) {
        engine_release(&engine);
        return -1;
    }
    if (engine_open_dns(&engine->dns, engine->settings, err) < 0 ||
        auth_open(&engine->auth, engine->settings, engine->dns, err) < 0) {
        engine_release(&engine);
        return -1;
    }
    *out = engine;
    return 0;
}

struct engine *engine_acquire(struct engine *engine)
{
    __atomic_add_fetch(&engine->references, 1, __ATOMIC_RELAXED);
    return engine;
}

void engine_release(struct engine **engine)
{
    struct engine *old = *engine;
    *engine = NULL;
    if (old == NULL || __atomic_sub_fetch(&old->references, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    auth_close(&old->auth);
    settings_free(&old->settings);
    ruleset_free(&old->rules);
    geoip_close(&old->geoip);
    dns_close(&old->dns);
    free(old);
}
