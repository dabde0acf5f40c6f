/* SPDX-License-Identifier: BSD-2-Clause */
#include "auth/lists.h"

#include <stdlib.h>

#include "base/clock.h"

#define OWNER_US INT64_C(1000000) /* that a map in SQLite may take. chosen */

struct auth_lists {
    struct troubles *troubles;
    struct owner *owner;
    struct reputation *reputation;
    struct virus *virus;
};

static int open_owner(struct auth_lists *lists, const struct settings *s,
                      struct err *err)
{
    if (s->senders_map[0] == '\0')
        return 0;
    return owner_open(&lists->owner,
                      &(struct owner_options){.map = s->senders_map,
                                              .query = s->senders_query,
                                              .owns_own = s->senders_own == 0,
                                              .troubles = lists->troubles},
                      err);
}

static int open_reputation(struct auth_lists *lists, const struct settings *s,
                           struct err *err)
{
    return reputation_open(&lists->reputation,
                           &(struct reputation_options){
                               .client_lists = &s->client_lists,
                               .helo_lists = &s->helo_lists,
                               .link_lists = &s->link_lists,
                               .local_domains = &s->local_domains,
                               .helo = s->helo,
                               .troubles = lists->troubles,
                           },
                           err);
}

static int open_virus(struct auth_lists *lists, const struct settings *s,
                      struct err *err)
{
    return virus_open(&lists->virus,
                      &(struct virus_options){.clamd = s->clamd,
                                              .deadline_us = s->virus_deadline_us,
                                              .max_bytes = s->virus_max_bytes,
                                              .troubles = lists->troubles},
                      err);
}

static bool is_empty(const struct auth_lists *lists)
{
    return lists->owner == NULL && lists->reputation == NULL && lists->virus == NULL;
}

int auth_lists_open(struct auth_lists **out, const struct settings *settings,
                    struct err *err)
{
    struct auth_lists *lists = calloc(1, sizeof *lists);
    *out = NULL;
    if (lists != NULL)
        lists->troubles = troubles_new();
    if (lists == NULL || lists->troubles == NULL) {
        free(lists);
        return err_set(err, ERR_MEMORY, "no memory for the lists");
    }
    int result = 0;
    if (open_owner(lists, settings, err) < 0 ||
        open_reputation(lists, settings, err) < 0 ||
        open_virus(lists, settings, err) < 0)
        result = -1;
    if (result < 0 || is_empty(lists))
        auth_lists_close(&lists);
    *out = lists;
    return result;
}

void auth_lists_close(struct auth_lists **lists)
{
    if (*lists == NULL)
        return;
    owner_close(&(*lists)->owner);
    reputation_close(&(*lists)->reputation);
    virus_close(&(*lists)->virus);
    troubles_free(&(*lists)->troubles);
    free(*lists);
    *lists = NULL;
}

void auth_lists_adopt(struct auth_lists *fresh, struct auth_lists *old,
                      bool is_same_dns)
{
    if (fresh == NULL || old == NULL)
        return;
    if (is_same_dns) /* another resolver may be welcome where that one was not */
        reputation_adopt(fresh->reputation, old->reputation);
    virus_adopt(fresh->virus, old->virus);
}

void auth_lists_prefetch(struct auth_lists *lists, struct dns *dns,
                         struct dns_budget *budget, const struct message *msg,
                         const struct envelope *env)
{
    if (lists != NULL && dns_is_configured(dns))
        reputation_prefetch(lists->reputation, dns, budget, msg, env);
}

static void run_owner(struct auth_lists *lists, const struct message *msg,
                      const struct envelope *env, struct span sender,
                      struct authentication *out)
{
    struct owner_answer answer;
    owner_check(lists->owner, sender, msg, env, clock_elapsed_us() + OWNER_US, &answer);
    out->from_owner = answer.result;
    out->from_owner_address = answer.address;
    out->from_owner_problem = answer.problem;
}

void auth_lists_run(struct auth_lists *lists, struct dns *dns,
                    struct dns_budget *budget, const struct message *msg,
                    const struct envelope *env, struct span sender,
                    struct authentication *out)
{
    struct virus_answer virus;
    if (lists == NULL)
        return;
    run_owner(lists, msg, env, sender, out);
    if (dns_is_configured(dns))
        reputation_check(lists->reputation, dns, budget, msg, env, out);
    virus_scan(lists->virus, msg, 0, &virus);
    out->virus = virus.result;
    out->virus_name = virus.name;
    out->virus_problem = virus.problem;
}

bool auth_lists_trouble(struct auth_lists *lists, char out[ERR_TEXT_BYTES])
{
    return lists != NULL && troubles_take(lists->troubles, out);
}

struct virus *auth_lists_virus(struct auth_lists *lists)
{
    return lists != NULL ? lists->virus : NULL;
}
