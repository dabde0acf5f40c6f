/* SPDX-License-Identifier: BSD-2-Clause */
#include "limits/limits.h"

#include <stdlib.h>

#include "limits/exemption.h"
#include "limits/limit_block.h"
#include "limits/limit_key.h"
#include "limits/limit_learned.h"
#include "limits/limit_override.h"
#include "limits/limit_state.h"

/* One limit and key at work: its state, and what that says at now. */
struct counter {
    const struct limit *limit; /* as it stands for the key */
    struct span key;
    int64_t amount; /* what the message costs it; 0: it is judged only */
    int64_t wanted; /* what must fit for it to pass; > 0 */
    struct limit_part parts[2];
    int part_count;
    bool is_exceeded;
};

/* One decision at work. */
struct decision {
    struct db *db;
    const struct limit *table;
    size_t table_count;
    const struct charge_request *request;
    int64_t now_us, wall_us;
    struct arena *arena;
    struct charge *out;
    struct err *err;
    struct exemptions exemptions;
    bool has_overrides;
    struct limit_share *shares; /* NULL until a limit asks for them */
    size_t share_count;
    struct counter *counters; /* heap */
    size_t counter_count;
    bool needs_person; /* held for review or by a limit per message: no time frees it */
};

static int no_memory(struct decision *d)
{
    return err_set(d->err, ERR_MEMORY, "no memory left for the message's charges");
}

/* ---- the limit as it stands for a key ---- */

/* 1: *out is what stands for the key; 0: the limit itself does, *out is a copy. */
static int stands(struct db *db, const struct limit *limit, struct span key,
                  int64_t wall_us, struct limit *out, bool *is_overridden,
                  struct err *err)
{
    *out = *limit;
    int rc = limit_override_find(db, limit, key, wall_us, out, err);
    *is_overridden = rc == 1;
    if (rc < 0 || (rc == 0 && limit->learned_milli == 0))
        return rc;
    out->own = limit;
    out->learned_milli = out->ceiling = 0;
    if (rc == 0 &&
        limit_learned_amount(db, limit, key, wall_us, &out->amount, err) != 0)
        return -1;
    return 1;
}

int limits_for_key(struct db *db, const struct limit *limit, struct span key,
                   int64_t wall_us, struct limit *out, bool *is_overridden,
                   struct err *err)
{
    bool was_overridden;
    int rc = stands(db, limit, key, wall_us, out, &was_overridden, err);
    if (is_overridden != NULL)
        *is_overridden = was_overridden;
    return rc < 0 ? -1 : 0;
}

static int resolve(struct decision *d, struct counter *counter)
{
    struct limit found;
    bool is_overridden;
    if (!d->has_overrides && counter->limit->learned_milli == 0)
        return 0;
    int rc = stands(d->db, counter->limit, counter->key, d->wall_us, &found,
                    &is_overridden, d->err);
    if (rc <= 0)
        return rc;
    struct limit *copy = arena_alloc(d->arena, sizeof *copy);
    if (copy == NULL)
        return no_memory(d);
    *copy = found;
    counter->limit = copy;
    return 0;
}

/* ---- counters and lines ---- */

/* A limit of the table that has to do with this message. */
static bool counts(const struct decision *d, const struct limit *limit)
{
    return limit_key_counts(limit, d->request, d->wall_us) &&
           !exemption_has(&d->exemptions, span_of(limit->name));
}

/* ... by a window. */
static bool is_charged(const struct decision *d, const struct limit *limit)
{
    return limit->window_us > 0 && counts(d, limit) &&
           (limit_is_by_feedback(limit) || limit_key_cost(limit, d->request, NULL) > 0);
}

static size_t keys_of(const struct decision *d, const struct limit *limit)
{
    if (!is_charged(d, limit))
        return 0;
    return limit_has_key(limit, LIMIT_RECIPIENT_DOMAIN) ? d->share_count : 1;
}

static int add_counter(struct decision *d, const struct limit *limit,
                       const struct limit_share *share)
{
    struct counter *counter = &d->counters[d->counter_count];
    counter->limit = limit;
    counter->key = limit_key_make(limit, d->request, share, d->arena);
    counter->amount = limit_key_cost(limit, d->request, share);
    counter->wanted = counter->amount > 0 ? counter->amount : 1;
    if (counter->key.at == NULL)
        return no_memory(d);
    d->counter_count++;
    return resolve(d, counter);
}

static int add_counters(struct decision *d, const struct limit *limit)
{
    size_t count = keys_of(d, limit);
    bool is_by_domain = limit_has_key(limit, LIMIT_RECIPIENT_DOMAIN);
    for (size_t i = 0; i < count; i++)
        if (add_counter(d, limit, is_by_domain ? &d->shares[i] : NULL) != 0)
            return -1;
    return 0;
}

static int make_counters(struct decision *d)
{
    size_t count = 0;
    for (size_t i = 0; i < d->table_count && d->shares == NULL; i++)
        if (limit_has_key(&d->table[i], LIMIT_RECIPIENT_DOMAIN) &&
            is_charged(d, &d->table[i]) &&
            limit_shares(d->request, d->arena, &d->shares, &d->share_count, d->err))
            return -1;
    for (size_t i = 0; i < d->table_count; i++)
        count += keys_of(d, &d->table[i]);
    d->counters = calloc(count + 1, sizeof *d->counters);
    if (d->counters == NULL)
        return no_memory(d);
    for (size_t i = 0; i < d->table_count; i++)
        if (add_counters(d, &d->table[i]) != 0)
            return -1;
    return 0;
}

/* What the log keeps: every limit that the message costs something. */
static int make_lines(struct decision *d)
{
    struct charge *out = d->out;
    if (d->counter_count == 0)
        return 0;
    out->lines = arena_array(d->arena, d->counter_count, sizeof *out->lines);
    if (out->lines == NULL)
        return no_memory(d);
    for (size_t i = 0; i < d->counter_count; i++) {
        const struct counter *counter = &d->counters[i];
        if (counter->amount > 0)
            out->lines[out->line_count++] =
                (struct charge_line){.limit = counter->limit,
                                     .key = counter->key,
                                     .amount = counter->amount};
    }
    return 0;
}

/* ---- the decision ---- */

static int load_counter(struct db *db, const struct limit *limit, struct span key,
                        int64_t now_us, struct counter *counter, struct err *err)
{
    for (int id = 0; id < limit_part_count(limit); id++) {
        if (limit_part_load(db, limit, (enum limit_part_id)id, key, now_us,
                            &counter->parts[id], err) != 0)
            return -1;
        counter->part_count++;
    }
    return 0;
}

static void clear_counter(struct counter *counter)
{
    for (int id = 0; id < 2; id++)
        limit_part_clear(&counter->parts[id]);
}

/* The first time >= from_us that suits every part. */
static int64_t counter_departure(const struct counter *counter, int64_t from_us,
                                 int64_t amount)
{
    int64_t at_us;
    do {
        at_us = from_us;
        for (int id = 0; id < counter->part_count; id++)
            from_us = limit_part_departure(&counter->parts[id], from_us, amount);
    } while (from_us != at_us);
    return at_us;
}

static enum action effective(const struct decision *d, enum action action)
{
    return d->request->must_not_refuse && action > ACTION_HOLD ? ACTION_HOLD : action;
}

/* Of those that are exceeded, the one to speak: strictest, then freed last. */
static bool speaks_louder(const struct charge *now, const struct charge *other)
{
    if (now->action != other->action)
        return now->action > other->action;
    if (now->free_at_us == 0 || other->free_at_us == 0)
        return now->free_at_us == 0 && other->free_at_us != 0;
    return now->free_at_us > other->free_at_us;
}

static void speak(struct charge *out, const struct charge *voice)
{
    if (!speaks_louder(voice, out))
        return;
    out->action = voice->action;
    out->limit = voice->limit;
    out->key = voice->key;
    out->used = voice->used;
    out->waiting = voice->waiting;
    out->wanted = voice->wanted;
    out->free_at_us = voice->free_at_us;
    out->is_burst = voice->is_burst;
    out->is_permanent = voice->is_permanent;
}

/* Larger than what may ever leave at once: under hold it waits for an empty window,
 * elsewhere no waiting helps. */
static bool is_never_free(const struct decision *d, const struct counter *counter)
{
    const struct limit *limit = counter->limit;
    int64_t most = limit->burst > 0 ? limit->burst : limit->amount;
    return counter->wanted > most && effective(d, limit->action) != ACTION_HOLD;
}

static bool is_stopped_by_burst(const struct counter *counter, int64_t now_us)
{
    int64_t amount = counter->wanted;
    return counter->part_count > 1 && amount <= counter->parts[0].amount &&
           limit_part_departure(&counter->parts[0], now_us, amount) == now_us;
}

static void judge_counter(struct decision *d, struct counter *counter)
{
    struct charge voice = {.action = effective(d, counter->limit->action),
                           .limit = counter->limit,
                           .key = counter->key,
                           .wanted = counter->wanted};
    if (!is_never_free(d, counter))
        voice.free_at_us = counter_departure(counter, d->now_us, counter->wanted);
    if (voice.free_at_us == d->now_us)
        return;
    counter->is_exceeded = true;
    if (counter->limit->needs_review)
        voice.free_at_us = 0;
    d->needs_person |= counter->limit->needs_review;
    voice.is_permanent = voice.free_at_us == 0 && voice.action > ACTION_HOLD;
    voice.is_burst = is_stopped_by_burst(counter, d->now_us);
    const struct limit_part *part = &counter->parts[voice.is_burst ? 1 : 0];
    voice.used = limit_part_used(part, d->now_us);
    voice.waiting = limit_part_waiting(part, d->now_us);
    speak(d->out, &voice);
}

static void judge_message(struct decision *d, const struct limit *limit)
{
    int64_t amount = limit_key_cost(limit, d->request, NULL);
    if (amount <= limit->amount)
        return;
    struct charge voice = {.action = effective(d, limit->action),
                           .limit = limit,
                           .key = SPAN("message"),
                           .wanted = amount};
    voice.is_permanent = voice.action > ACTION_HOLD;
    d->needs_person |= voice.action == ACTION_HOLD;
    speak(d->out, &voice);
}

static int judge(struct decision *d)
{
    for (size_t i = 0; i < d->table_count; i++)
        if (d->table[i].window_us == 0 && counts(d, &d->table[i]))
            judge_message(d, &d->table[i]);
    for (size_t i = 0; i < d->counter_count; i++) {
        struct counter *counter = &d->counters[i];
        if (load_counter(d->db, counter->limit, counter->key, d->now_us, counter,
                         d->err) != 0)
            return -1;
        judge_counter(d, counter);
    }
    return 0;
}

/* The first time that suits every limit but those that only slow, or a time beyond
 * the longest wait. Each turn passes at least one range of forbidden slots, so it ends.
 */
static int64_t common_departure(const struct decision *d)
{
    int64_t last_us = d->now_us + d->request->max_hold_us;
    int64_t from_us = d->now_us;
    int64_t at_us;
    do {
        at_us = from_us;
        for (size_t i = 0; i < d->counter_count && from_us <= last_us; i++) {
            const struct counter *counter = &d->counters[i];
            if (counter->limit->action != ACTION_SLOW)
                from_us = counter_departure(counter, from_us, counter->wanted);
        }
    } while (from_us != at_us && from_us <= last_us);
    return from_us;
}

/* When the message leaves; 0: not by itself, or not at all. */
static int64_t departure(struct decision *d)
{
    if (d->out->action < ACTION_HOLD)
        return d->now_us;
    if (d->out->action > ACTION_HOLD || d->needs_person)
        return 0;
    int64_t at_us = common_departure(d);
    if (at_us - d->now_us <= d->request->max_hold_us) {
        d->out->due_at_us = at_us;
        return at_us;
    }
    if (!d->request->must_not_refuse)
        d->out->action = ACTION_DEFER;
    return 0;
}

static int charge_all(struct decision *d, int64_t at_us)
{
    for (size_t i = 0; i < d->out->line_count; i++) {
        const struct charge_line *line = &d->out->lines[i];
        if (limit_state_charge(d->db, line->limit, line->key, line->amount, at_us,
                               d->err) != 0)
            return -1;
    }
    d->out->is_charged = true;
    d->out->charged_at_us = at_us;
    return 0;
}

/* What each line's window holds with the message in it. */
static void fill_used(struct decision *d, int64_t at_us)
{
    struct charge_line *line = d->out->lines;
    for (size_t i = 0; i < d->counter_count; i++) {
        const struct counter *counter = &d->counters[i];
        if (counter->amount == 0)
            continue;
        line->used = limit_part_used(&counter->parts[0], at_us > 0 ? at_us : d->now_us);
        if (at_us > 0)
            line->used +=
                limit_part_cost(&counter->parts[0], counter->limit, counter->amount);
        line++;
    }
}

/* Every limit that was exceeded and says `block`, whoever spoke loudest. */
static int block_all(struct decision *d)
{
    for (size_t i = 0; i < d->counter_count && !d->request->is_shadow; i++) {
        const struct counter *counter = &d->counters[i];
        if (!counter->is_exceeded || counter->limit->block_us == 0)
            continue;
        struct span identity = limit_key_locked(counter->limit, d->request, d->arena);
        int64_t used = limit_part_used(&counter->parts[0], d->now_us);
        if (identity.len == 0)
            return no_memory(d);
        if (limit_block(d->db, counter->limit, identity, used, d->wall_us, d->err) != 0)
            return -1;
        if (d->out->blocked_until_us >= d->wall_us + counter->limit->block_us)
            continue;
        d->out->blocked = identity;
        d->out->blocked_until_us = d->wall_us + counter->limit->block_us;
    }
    return 0;
}

static int decide(struct decision *d)
{
    if (judge(d) != 0)
        return -1;
    int64_t at_us = departure(d);
    fill_used(d, at_us);
    if (at_us > 0 && charge_all(d, at_us) != 0)
        return -1;
    return block_all(d);
}

static int prepare(struct decision *d)
{
    if (d->table_count == 0)
        return 0;
    if (exemption_load(d->db, d->request, d->wall_us, d->arena, &d->exemptions,
                       d->err) != 0 ||
        limit_override_any(d->db, &d->has_overrides, d->err) != 0)
        return -1;
    return make_counters(d) != 0 || make_lines(d) != 0 ? -1 : 0;
}

int limits_charge(struct db *db, const struct limit *table, size_t count,
                  const struct charge_request *request, int64_t now_us,
                  struct arena *arena, struct charge *out, struct err *err)
{
    struct decision d = {.db = db,
                         .table = table,
                         .table_count = count,
                         .request = request,
                         .now_us = now_us,
                         .wall_us = request->wall_us > 0 ? request->wall_us : now_us,
                         .arena = arena,
                         .out = out,
                         .err = err};
    *out = (struct charge){.action = ACTION_ACCEPT};
    int rc = prepare(&d);
    if (rc == 0 && request->is_charged)
        rc = decide(&d);
    for (size_t i = 0; i < d.counter_count; i++)
        clear_counter(&d.counters[i]);
    free(d.counters);
    return rc;
}

void limits_to_wall(struct charge *charge, int64_t offset_us)
{
    if (charge->free_at_us > 0)
        charge->free_at_us += offset_us;
    if (charge->due_at_us > 0)
        charge->due_at_us += offset_us;
}

int limits_used(struct db *db, const struct limit *limit, struct span key,
                int64_t wanted, int64_t now_us, int64_t *used, int64_t *free_at_us,
                struct err *err)
{
    struct counter counter = {0};
    *used = *free_at_us = 0;
    if (limit->window_us == 0)
        return 0;
    int rc = load_counter(db, limit, key, now_us, &counter, err);
    if (rc == 0) {
        *used = limit_part_used(&counter.parts[0], now_us);
        *free_at_us = counter_departure(&counter, now_us, wanted);
        if (*free_at_us == now_us)
            *free_at_us = 0;
    }
    clear_counter(&counter);
    return rc;
}

int limits_expire(struct db *db, int64_t now_us, unsigned rows, struct err *err)
{
    return limit_state_expire(db, now_us, rows, err);
}
