/* SPDX-License-Identifier: BSD-2-Clause */
#include "gate/incident.h"

#include <stdio.h>

#include "base/bounds.h"
#include "store/incident.h"

enum {
    SPAM_TIMES = 5,       /* mails stopped by score within SPAM_US. chosen */
    SPAM_LOOK_BACK = 500, /* rows of the sender looked at. chosen */
    WHAT_BYTES = 600,
};
#define SPAM_US INT64_C(3600000000)

/* Percentages at which a budget is worth an alarm. */
static const int budget_levels[] = {100, 80, 50};

static int note(struct db *db, const struct decision *d, enum incident_kind kind,
                struct span key, int level, const char *what, struct err *err)
{
    return incident_note(db,
                         &(struct incident_note){
                             .kind = kind,
                             .key = key,
                             .sender = d->judgement->sender.key,
                             .level = level,
                             .at_us = d->passage->now_us,
                             .message = *d->id,
                             .what = span_of(what),
                         },
                         err);
}

/* ---- limits ---- */

/* "NAME KEY": how a limit and its key are written in one. */
static struct span limit_key(const struct decision *d, const struct limit *limit,
                             struct span key, char out[BOUND_COLUMN_BYTES])
{
    if (limit->window_us == 0) /* per message: the sender stands for it */
        key = d->judgement->sender.key;
    int len =
        snprintf(out, BOUND_COLUMN_BYTES, "%s %.*s", limit->name, (int)key.len, key.at);
    return (struct span){out, len < BOUND_COLUMN_BYTES ? (size_t)len
                                                       : BOUND_COLUMN_BYTES - 1};
}

/* What all that leaves shares is what the provider counts. */
static bool protects_ip(const struct limit *limit)
{
    return limit->keys[0] == LIMIT_EGRESS || limit->keys[0] == LIMIT_HOST;
}

static bool limit_stopped(const struct decision *d)
{
    return d->charge.limit != NULL && d->charge.action >= ACTION_HOLD;
}

/* Overridden limits are copies. */
static bool is_same(const struct limit *a, const struct limit *b)
{
    return a != NULL && span_eq(span_of(a->name), span_of(b->name));
}

static int note_limit(struct db *db, const struct decision *d, struct err *err)
{
    char key[BOUND_COLUMN_BYTES];
    const struct limit *limit = d->charge.limit;
    if (!limit_stopped(d) || protects_ip(limit))
        return 0;
    return note(db, d, INCIDENT_LIMIT, limit_key(d, limit, d->charge.key, key), 0,
                d->plan->reason, err);
}

static int level_of(int64_t used, int64_t amount)
{
    for (size_t i = 0; i < sizeof budget_levels / sizeof *budget_levels; i++)
        if (used >= amount / 100.0 * budget_levels[i])
            return budget_levels[i];
    return 0;
}

static int note_budget(struct db *db, const struct decision *d,
                       const struct charge_line *line, struct err *err)
{
    char key[BOUND_COLUMN_BYTES];
    char what[WHAT_BYTES];
    char used_text[64];
    char amount_text[64];
    int64_t used = line->used;
    int64_t amount = line->limit->amount;
    bool is_spent = limit_stopped(d) && is_same(d->charge.limit, line->limit);
    int level = is_spent ? 100 : level_of(used, amount);
    if (level == 0)
        return 0;
    limit_print_amount(line->limit, used, used_text, sizeof used_text);
    limit_print_amount(line->limit, amount, amount_text, sizeof amount_text);
    snprintf(what, sizeof what, "limit %s: %s of %s used", line->limit->name, used_text,
             amount_text);
    return note(db, d, INCIDENT_BUDGET, limit_key(d, line->limit, line->key, key),
                level, is_spent ? d->plan->reason : what, err);
}

static int note_budgets(struct db *db, const struct decision *d, struct err *err)
{
    const struct charge *charge = &d->charge;
    for (size_t i = 0; i < charge->line_count; i++) {
        const struct limit *limit = charge->lines[i].limit;
        bool counts =
            charge->is_charged || (limit_stopped(d) && is_same(charge->limit, limit));
        if (counts && limit->window_us > 0 && protects_ip(limit) &&
            note_budget(db, d, &charge->lines[i], err) != 0)
            return -1;
    }
    return 0;
}

/* ---- senders and domains ---- */

static int note_unsigned(struct db *db, const struct decision *d, struct err *err)
{
    if (d->judgement->facts.number[FACT_domain_signs_unsigned] == 0 ||
        d->row.from_domain.len == 0)
        return 0;
    return note(db, d, INCIDENT_UNSIGNED, d->row.from_domain, 0,
                d->judgement->authentication.signature_total > 0
                    ? "mail of a domain that signs has no signature of it that holds"
                    : "mail of a domain that signs has no signature",
                err);
}

/* How many of a sender's newest rows were stopped by their score within the hour. */
static int count_stopped(struct db *db, const struct decision *d, double hold_at,
                         int64_t *count, struct err *err)
{
    struct query *query = db_query(
        db,
        "SELECT count(*) FROM (SELECT score, action FROM message WHERE sender = ?1 AND "
        "at_us > ?2 ORDER BY at_us DESC LIMIT ?3) WHERE score >= ?4 AND action IN "
        "('hold', 'defer', 'reject')",
        err);
    if (query == NULL)
        return -1;
    query_bind_text(query, 1, d->judgement->sender.key);
    query_bind_int(query, 2, d->passage->now_us - SPAM_US);
    query_bind_int(query, 3, SPAM_LOOK_BACK);
    query_bind_double(query, 4, hold_at);
    if (query_step(query, err) < 0)
        return -1;
    *count = query_int(query, 0);
    query_reset(query);
    return 0;
}

static int note_spam(struct db *db, const struct decision *d, struct err *err)
{
    const struct policy *policy =
        settings_policy(d->passage->engine->settings, d->passage->env->mail_class);
    bool was_open;
    int64_t count;
    if (d->judgement->verdict.action < ACTION_HOLD)
        return 0;
    struct incident_note more = {
        .kind = INCIDENT_SPAM,
        .key = d->judgement->sender.key,
        .sender = d->judgement->sender.key,
        .at_us = d->passage->now_us,
        .message = *d->id,
        .what = span_of(d->plan->reason),
    };
    if (incident_count_more(db, &more, &was_open, err) != 0)
        return -1;
    if (was_open)
        return 0;
    if (count_stopped(db, d, policy->hold_at, &count, err) != 0)
        return -1;
    return count < SPAM_TIMES ? 0 : incident_note(db, &more, err);
}

/* ---- viruses ---- */

static int note_virus(struct db *db, const struct decision *d, struct err *err)
{
    char what[WHAT_BYTES];
    const struct authentication *auth = &d->judgement->authentication;
    if (auth->virus == AUTH_FAIL) {
        snprintf(what, sizeof what, "virus %.*s", (int)auth->virus_name.len,
                 auth->virus_name.at);
        return note(db, d, INCIDENT_VIRUS, d->judgement->sender.key, 0, what, err);
    }
    if (auth->virus != AUTH_TEMPERROR)
        return 0;
    snprintf(what, sizeof what, "clamd: %.*s", (int)auth->virus_problem.len,
             auth->virus_problem.at);
    return note(db, d, INCIDENT_SCANNER, SPAN("clamd"), 0, what, err);
}

int gate_incident_note(struct db *db, const struct decision *d, struct err *err)
{
    if (note_limit(db, d, err) != 0 || note_budgets(db, d, err) != 0 ||
        note_unsigned(db, d, err) != 0 || note_virus(db, d, err) != 0)
        return -1;
    return note_spam(db, d, err);
}
