/* SPDX-License-Identifier: BSD-2-Clause */
#include "auth/auth.h"

#include <stdlib.h>
#include <string.h>

#include "auth/dkim.h"
#include "auth/dmarc.h"
#include "auth/lists.h"
#include "auth/results.h"
#include "auth/spf.h"
#include "message/address.h"
#include "message/session.h"

struct auth {
    const struct settings *settings;
    struct dns *dns; /* the engine's */
    struct auth_dkim *dkim;
    struct auth_lists *lists; /* NULL: none is configured */
};

struct auth_check {
    struct auth_dkim_check *dkim; /* NULL: nothing to verify */
    struct authentication begun;  /* what the header alone said */
    uint64_t fed_bytes;           /* of the body */
};

int auth_open(struct auth **out, const struct settings *settings, struct dns *dns,
              struct err *err)
{
    struct auth *auth = calloc(1, sizeof *auth);
    *out = NULL;
    if (auth == NULL)
        return err_set(err, ERR_MEMORY, "no memory for authentication");
    auth->settings = settings;
    auth->dns = dns;
    if (auth_lists_open(&auth->lists, settings, err) < 0 ||
        auth_dkim_open(&auth->dkim, err) < 0) {
        auth_close(&auth);
        return -1;
    }
    if (!dns_is_configured(dns) && auth->lists == NULL)
        auth_close(&auth);
    *out = auth;
    return 0;
}

void auth_close(struct auth **auth)
{
    if (*auth == NULL)
        return;
    auth_lists_close(&(*auth)->lists);
    auth_dkim_close(&(*auth)->dkim);
    free(*auth);
    *auth = NULL;
}

bool auth_trouble(struct auth *auth, char out[ERR_TEXT_BYTES])
{
    return auth != NULL &&
           (dns_trouble(auth->dns, out) || auth_lists_trouble(auth->lists, out));
}

void auth_use_dns(struct auth *auth, struct dns *dns)
{
    if (auth != NULL)
        auth->dns = dns;
}

void auth_adopt(struct auth *fresh, struct auth *old, bool is_same_dns)
{
    if (fresh != NULL && old != NULL)
        auth_lists_adopt(fresh->lists, old->lists, is_same_dns);
}

/* ---- header ---- */

static void prefetch_policy(struct auth *auth, const struct message *msg,
                            struct span domain)
{
    struct span names[DMARC_WALK];
    size_t count = dmarc_walk_names(msg->arena, domain, names);
    for (size_t i = 0; i < count; i++)
        dns_prefetch(auth->dns, NULL, names[i], DNS_TXT);
}

struct auth_check *auth_begin(struct auth *auth, const struct message *msg)
{
    struct span authors[DMARC_AUTHORS];
    size_t total;
    struct auth_check *check =
        auth != NULL ? arena_alloc(msg->arena, sizeof *check) : NULL;
    if (check == NULL)
        return NULL;
    if (!dns_is_configured(auth->dns))
        return check;
    size_t count = dmarc_authors(msg, authors, &total);
    for (size_t i = 0; i < count; i++)
        prefetch_policy(auth, msg, authors[i]);
    check->dkim = auth_dkim_begin(auth->dkim, msg, count > 0 ? authors[0] : SPAN(""),
                                  &check->begun);
    if (check->dkim != NULL)
        auth_dkim_prefetch(check->dkim, auth->dns);
    return check;
}

static void feed(struct auth_check *check, const void *bytes, size_t len, bool is_lf)
{
    check->fed_bytes += len;
    if (check->dkim != NULL)
        auth_dkim_body(check->dkim, bytes, len, is_lf);
}

void auth_body(struct auth_check *check, const void *bytes, size_t len)
{
    if (check != NULL)
        feed(check, bytes, len, false);
}

/* ---- SPF ---- */

static struct spf_world spf_world(struct auth *auth, struct dns_budget *budget)
{
    const struct settings *settings = auth->settings;
    return (struct spf_world){.dns = auth->dns,
                              .budget = budget,
                              .egress = settings->egress.at,
                              .egress_count = settings->egress.count,
                              .helo = span_of(settings->helo)};
}

/* Who SPF would speak for is known even where SPF is not (no [mail] egress). */
static void check_spf(struct auth *auth, struct dns_budget *budget,
                      const struct message *msg, const struct envelope *env,
                      struct authentication *out)
{
    const struct spf_world world = spf_world(auth, budget);
    spf_check(&world, msg, env, out);
    if (out->spf.result == AUTH_UNKNOWN && out->spf.domain.len == 0)
        out->spf.domain = env->mail_from.len > 0 ? address_domain(env->mail_from)
                                                 : span_of(auth->settings->helo);
}

void auth_expect(struct auth *auth, const struct envelope *env)
{
    if (auth == NULL || !dns_is_configured(auth->dns))
        return;
    const struct spf_world world = spf_world(auth, NULL);
    spf_expect(&world, env);
}

/* ---- the end of the message ---- */

static bool is_signed_later(const struct auth *auth, const struct message *msg)
{
    const struct conf_list *list = &auth->settings->signed_later;
    struct span authors[DMARC_AUTHORS];
    size_t total;
    size_t count = dmarc_authors(msg, authors, &total);
    for (size_t i = 0; i < count; i++)
        if (!session_has_domain(list->at, list->count, authors[i]))
            return false;
    return count > 0 && total == count;
}

static void verify(struct auth *auth, struct auth_check *check,
                   struct dns_budget *budget, const struct message *msg,
                   struct authentication *out)
{
    out->dkim = check->begun.dkim;
    out->signature_total = check->begun.signature_total;
    out->signature_count = check->begun.signature_count;
    memcpy(out->signatures, check->begun.signatures, sizeof out->signatures);
    if (check->dkim != NULL)
        auth_dkim_finish(check->dkim, auth->dns, budget,
                         check->fed_bytes == msg->body_bytes, msg->arena, out);
}

/* A file's lines end as they may; on the wire they end in CRLF. */
static struct auth_check *begin_file(struct auth *auth, const struct message *msg)
{
    struct auth_check *check = auth_begin(auth, msg);
    struct span body = message_body(msg);
    if (check != NULL)
        feed(check, body.at, body.len, true);
    return check;
}

static void authenticate(struct auth *auth, struct auth_check *check,
                         struct dns_budget *budget, const struct message *msg,
                         const struct envelope *env, struct authentication *out)
{
    out->is_signed_later = is_signed_later(auth, msg);
    check_spf(auth, budget, msg, env, out);
    verify(auth, check, budget, msg, out);
    dmarc_evaluate(auth->dns, budget, msg, out);
}

/* The lists are asked ahead, for half of the questions: a mail full of links must not
 * use up those of SPF, nor a bomb of an SPF record those of the lists. */
static void ask_ahead(struct auth *auth, struct dns_budget *budget,
                      const struct message *msg, const struct envelope *env)
{
    struct dns_budget half = *budget;
    half.lookups_left /= 2;
    budget->lookups_left -= half.lookups_left;
    auth_lists_prefetch(auth->lists, auth->dns, &half, msg, env);
    budget->lookups_left += half.lookups_left;
}

void auth_run(struct auth *auth, struct auth_check *check, const struct message *msg,
              const struct envelope *env, struct span sender,
              struct authentication *out)
{
    struct auth_check *own = NULL;
    struct dns_budget budget;
    memset(out, 0, sizeof *out);
    if (auth == NULL)
        return;
    if (check == NULL && (check = own = begin_file(auth, msg)) == NULL)
        return;
    dns_budget_init(&budget, auth->settings->dns_deadline_us,
                    (unsigned)auth->settings->dns_lookups);
    out->is_known = true;
    ask_ahead(auth, &budget, msg, env);
    if (dns_is_configured(auth->dns))
        authenticate(auth, check, &budget, msg, env, out);
    auth_lists_run(auth->lists, auth->dns, &budget, msg, env, sender, out);
    out->lookups = budget.asked;
    out->is_late = budget.timeouts > 0;
    dns_budget_end(auth->dns, &budget);
    out->results = auth_results_text(out, msg->arena);
    auth_free(&own);
}

void auth_free(struct auth_check **check)
{
    if (*check != NULL)
        auth_dkim_free(&(*check)->dkim);
    *check = NULL;
}
