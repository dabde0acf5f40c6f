/* SPDX-License-Identifier: BSD-2-Clause */
#include "limits/limits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bounds.h"
#include "base/netaddr.h"
#include "limits/limit_state.h"

/* Amounts of one message are bounded, so that no sum of them overflows. */
#define MAX_COST INT64_C(1000000000000)

/* Distinct recipient domains with their recipients. */
struct share {
    struct span domain;
    int64_t recipients;
};

/* A line at work: its state, and what that says at now. */
struct counter {
    struct charge_line *line;
    struct limit_part parts[2];
    int part_count;
};

/* One decision at work. */
struct decision {
    struct db *db;
    const struct limit *table;
    size_t table_count;
    const struct charge_request *request;
    int64_t now_us;
    struct arena *arena;
    struct charge *out;
    struct err *err;
    struct share *shares; /* NULL until a limit asks for them */
    size_t share_count;
    struct counter *counters; /* heap, out->line_count of them */
    bool needs_person;        /* held by a limit per message: no time frees it */
};

/* ---- keys ---- */

static int no_memory(struct decision *d)
{
    return err_set(d->err, ERR_MEMORY, "no memory left for the message's charges");
}

/* A key's text: valid UTF-8 without control characters, of bounded length; keys but
 * the sender's in lower case and without the '+' that joins pairs. */
static struct span clean_key(struct arena *arena, struct span raw, bool is_sender)
{
    raw = span_head(raw, BOUND_KEY_BYTES / 2 - 1);
    char *out = arena_alloc(arena, raw.len + 1);
    if (out == NULL)
        return (struct span){NULL, 0};
    for (size_t i = 0; i < raw.len;) {
        size_t start = i;
        uint32_t cp = utf8_next(raw, &i);
        bool is_bad = cp < 0x20 || cp == 0x7f || (cp == 0xfffd && i - start == 1);
        for (size_t k = start; k < i; k++)
            out[k] = is_sender ? raw.at[k] : ascii_lower(raw.at[k]);
        if (is_bad || (!is_sender && out[start] == '+'))
            out[start] = '?';
    }
    return (struct span){out, raw.len};
}

/* As base/netaddr counts clients; what is no address as it stands. */
static struct span client_key(struct arena *arena, struct span client_ip)
{
    struct netaddr address;
    char text[NETADDR_TEXT_BYTES];
    if (client_ip.len == 0)
        return SPAN("local");
    if (!netaddr_parse(client_ip, &address))
        return clean_key(arena, client_ip, false);
    return span_dup(arena, span_of(netaddr_key(&address, text)));
}

static struct span key_value(struct decision *d, enum limit_key key,
                             const struct share *share)
{
    const struct charge_request *request = d->request;
    switch (key) {
    case LIMIT_SENDER:
        return request->sender.len > 0 ? clean_key(d->arena, request->sender, true)
                                       : SPAN("host:local");
    case LIMIT_CLIENT_IP:
        return client_key(d->arena, request->client_ip);
    case LIMIT_FROM_DOMAIN:
        return request->from_domain.len > 0
                   ? clean_key(d->arena, request->from_domain, false)
                   : SPAN("none");
    case LIMIT_RECIPIENT_DOMAIN:
        return share->domain;
    case LIMIT_EGRESS:
        return SPAN("egress");
    case LIMIT_HOST:
        return SPAN("host");
    case LIMIT_KEY_NONE:
        break;
    }
    return SPAN("");
}

static struct span make_key(struct decision *d, const struct limit *limit,
                            const struct share *share)
{
    struct span first = key_value(d, limit->keys[0], share);
    if (limit->keys[1] == LIMIT_KEY_NONE || first.at == NULL)
        return first;
    struct span second = key_value(d, limit->keys[1], share);
    char *out = arena_alloc(d->arena, first.len + second.len + 2);
    if (out == NULL || second.at == NULL)
        return (struct span){NULL, 0};
    memcpy(out, first.at, first.len);
    out[first.len] = '+';
    memcpy(out + first.len + 1, second.at, second.len);
    return (struct span){out, first.len + second.len + 1};
}

/* ---- shares of the recipient domains ---- */

static int compare_domains(const void *a, const void *b)
{
    return span_compare(((const struct share *)a)->domain,
                        ((const struct share *)b)->domain);
}

static int compare_shares(const void *a, const void *b)
{
    const struct share *x = a;
    const struct share *y = b;
    if (x->recipients != y->recipients)
        return x->recipients < y->recipients ? 1 : -1;
    return span_compare(x->domain, y->domain);
}

/* Equal neighbours become one. */
static size_t merge_shares(struct share *shares, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (kept > 0 && span_eq(shares[kept - 1].domain, shares[i].domain))
            shares[kept - 1].recipients += shares[i].recipients;
        else
            shares[kept++] = shares[i];
    }
    return kept;
}

/* The many small domains beyond the bound share one line. */
static size_t bound_shares(struct share *shares, size_t count)
{
    if (count <= BOUND_CHARGED_DOMAINS)
        return count;
    qsort(shares, count, sizeof *shares, compare_shares);
    struct share *others = &shares[BOUND_CHARGED_DOMAINS];
    others->domain = SPAN("(others)");
    for (size_t i = BOUND_CHARGED_DOMAINS + 1; i < count; i++)
        others->recipients += shares[i].recipients;
    return BOUND_CHARGED_DOMAINS + 1;
}

static int collect_shares(struct decision *d)
{
    const struct charge_request *request = d->request;
    size_t count = request->recipient_domain_count;
    d->shares = arena_array(d->arena, count > 0 ? count : 1, sizeof *d->shares);
    if (d->shares == NULL)
        return no_memory(d);
    for (size_t i = 0; i < count; i++) {
        struct span domain = request->recipient_domains[i];
        domain = domain.len > 0 ? clean_key(d->arena, domain, false) : SPAN("none");
        if (domain.at == NULL)
            return no_memory(d);
        d->shares[i] = (struct share){domain, 1};
    }
    if (count == 0)
        d->shares[count++] = (struct share){SPAN("none"), request->recipients};
    qsort(d->shares, count, sizeof *d->shares, compare_domains);
    d->share_count = bound_shares(d->shares, merge_shares(d->shares, count));
    return 0;
}

/* ---- lines ---- */

/* What the message costs in the limit's unit; share: NULL, or one domain's. */
static int64_t cost(const struct limit *limit, const struct charge_request *request,
                    const struct share *share)
{
    int64_t amount = 0;
    switch (limit->unit) {
    case LIMIT_MESSAGES:
        amount = 1;
        break;
    case LIMIT_RECIPIENTS:
        amount = share != NULL ? share->recipients : request->recipients;
        break;
    case LIMIT_BYTES:
        amount = request->bytes;
        break;
    case LIMIT_POINTS:
        amount = request->points_milli;
        break;
    case LIMIT_UNIT_UNKNOWN:
        break;
    }
    if (amount < 0)
        return 0;
    return amount < MAX_COST ? amount : MAX_COST;
}

static bool is_by_domain(const struct limit *limit)
{
    return limit->keys[0] == LIMIT_RECIPIENT_DOMAIN ||
           limit->keys[1] == LIMIT_RECIPIENT_DOMAIN;
}

/* A limit of the table with state that counts this message. */
static bool is_charged(const struct decision *d, const struct limit *limit)
{
    return limit->window_us > 0 && limit_applies(limit, d->request->mail_class) &&
           cost(limit, d->request, NULL) > 0;
}

static size_t count_lines(const struct decision *d)
{
    size_t count = 0;
    for (size_t i = 0; i < d->table_count; i++)
        if (is_charged(d, &d->table[i]))
            count += is_by_domain(&d->table[i]) ? d->share_count : 1;
    return count;
}

static int add_line(struct decision *d, const struct limit *limit,
                    const struct share *share)
{
    struct charge_line *line = &d->out->lines[d->out->line_count];
    line->limit = limit;
    line->key = make_key(d, limit, share);
    line->amount = cost(limit, d->request, share);
    if (line->key.at == NULL)
        return no_memory(d);
    d->out->line_count++;
    return 0;
}

static int add_lines(struct decision *d, const struct limit *limit)
{
    if (!is_by_domain(limit))
        return add_line(d, limit, NULL);
    for (size_t i = 0; i < d->share_count; i++)
        if (add_line(d, limit, &d->shares[i]) != 0)
            return -1;
    return 0;
}

static int make_lines(struct decision *d)
{
    for (size_t i = 0; i < d->table_count && d->shares == NULL; i++)
        if (is_charged(d, &d->table[i]) && is_by_domain(&d->table[i]) &&
            collect_shares(d) != 0)
            return -1;
    size_t count = count_lines(d);
    if (count == 0)
        return 0;
    d->out->lines = arena_array(d->arena, count, sizeof *d->out->lines);
    if (d->out->lines == NULL)
        return no_memory(d);
    for (size_t i = 0; i < d->table_count; i++)
        if (is_charged(d, &d->table[i]) && add_lines(d, &d->table[i]) != 0)
            return -1;
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
static bool is_never_free(const struct decision *d, const struct charge_line *line)
{
    const struct limit *limit = line->limit;
    int64_t most = limit->burst > 0 ? limit->burst : limit->amount;
    return line->amount > most && effective(d, limit->action) != ACTION_HOLD;
}

static bool is_stopped_by_burst(const struct counter *counter, int64_t now_us)
{
    int64_t amount = counter->line->amount;
    return counter->part_count > 1 && amount <= counter->parts[0].amount &&
           limit_part_departure(&counter->parts[0], now_us, amount) == now_us;
}

static void judge_counter(struct decision *d, const struct counter *counter)
{
    const struct charge_line *line = counter->line;
    struct charge voice = {.action = effective(d, line->limit->action),
                           .limit = line->limit,
                           .key = line->key,
                           .wanted = line->amount};
    if (!is_never_free(d, line))
        voice.free_at_us = counter_departure(counter, d->now_us, line->amount);
    if (voice.free_at_us == d->now_us)
        return;
    voice.is_permanent = voice.free_at_us == 0 && voice.action > ACTION_HOLD;
    voice.is_burst = is_stopped_by_burst(counter, d->now_us);
    const struct limit_part *part = &counter->parts[voice.is_burst ? 1 : 0];
    voice.used = limit_part_used(part, d->now_us);
    voice.waiting = limit_part_waiting(part, d->now_us);
    speak(d->out, &voice);
}

static void judge_message(struct decision *d, const struct limit *limit)
{
    int64_t amount = cost(limit, d->request, NULL);
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
        if (d->table[i].window_us == 0 &&
            limit_applies(&d->table[i], d->request->mail_class))
            judge_message(d, &d->table[i]);
    for (size_t i = 0; i < d->out->line_count; i++) {
        struct counter *counter = &d->counters[i];
        counter->line = &d->out->lines[i];
        if (load_counter(d->db, counter->line->limit, counter->line->key, d->now_us,
                         counter, d->err) != 0)
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
        for (size_t i = 0; i < d->out->line_count && from_us <= last_us; i++) {
            const struct counter *counter = &d->counters[i];
            if (counter->line->limit->action != ACTION_SLOW)
                from_us = counter_departure(counter, from_us, counter->line->amount);
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

static int decide(struct decision *d)
{
    if (judge(d) != 0)
        return -1;
    int64_t at_us = departure(d);
    return at_us > 0 ? charge_all(d, at_us) : 0;
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
                         .arena = arena,
                         .out = out,
                         .err = err};
    *out = (struct charge){.action = ACTION_ACCEPT};
    if (make_lines(&d) != 0)
        return -1;
    if (!request->is_charged)
        return 0;
    d.counters = calloc(out->line_count + 1, sizeof *d.counters);
    if (d.counters == NULL)
        return no_memory(&d);
    int rc = decide(&d);
    for (size_t i = 0; i < out->line_count; i++)
        clear_counter(&d.counters[i]);
    free(d.counters);
    return rc;
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

/* ---- charged later ---- */

static int mark_charged(struct db *db, int64_t id, int64_t now_us, struct err *err)
{
    struct query *query = db_query(
        db, "UPDATE charge SET at_us = ?2 WHERE message = ?1 AND at_us IS NULL", err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, id);
    query_bind_int(query, 2, now_us);
    return query_run(query, err);
}

int limits_charge_stored(struct db *db, const struct limit *table, size_t count,
                         int64_t id, int64_t now_us, struct err *err)
{
    struct query *query = db_query(db,
                                   "SELECT limit_name, key, amount FROM charge "
                                   "WHERE message = ?1 AND at_us IS NULL",
                                   err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, id);
    int rc;
    while ((rc = query_step(query, err)) == 1) {
        const struct limit *limit = limit_find(table, count, query_text(query, 0));
        if (limit == NULL || limit->window_us == 0)
            continue;
        if (limit_state_charge(db, limit, query_text(query, 1), query_int(query, 2),
                               now_us, err) != 0) {
            rc = -1;
            break;
        }
    }
    query_reset(query);
    return rc == 0 ? mark_charged(db, id, now_us, err) : -1;
}
