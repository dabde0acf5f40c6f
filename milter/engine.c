/* SPDX-License-Identifier: BSD-2-Clause */
#include "engine.h"

#include <stdlib.h>

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
    if (ruleset_load(&engine->rules, at, count, false, NULL, err) < 0) {
        engine_release(&engine);
        return -1;
    }
    if (engine->settings->geoip[0] != '\0' &&
        geoip_open(&engine->geoip, engine->settings->geoip, err) < 0) {
        engine_release(&engine);
        return -1;
    }
    if (auth_open(&engine->auth, engine->settings, engine->dns, err) < 0) {
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
    free(old);
}
