/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/orders.h"

#include <string.h>

#include "base/bounds.h"
#include "base/netaddr.h"
#include "limits/sender.h"

#define BLOCK_COLUMNS                                                                  \
    "sender, since_us, until_us, reason, by, refused, last_refused_us "                \
    "FROM blocked_sender "

/* ---- keys ---- */

static const char kinds[] =
    "sasl_user, tls_subject, script, uid, client_ip, mail_from, from_domain, host";

static int network_key(struct arena *arena, struct span value, struct span *key,
                       bool *is_network, struct err *err)
{
    struct network network;
    struct buf out;
    char text[NETADDR_TEXT_BYTES];
    if (!network_parse(value, &network))
        return err_set(err, ERR_USAGE,
                       "client_ip:%.*s: neither an address nor a network whose host "
                       "bits are 0",
                       (int)span_head(value, 60).len, value.at);
    const struct netaddr *base = &network.base;
    bool has_prefix = span_index(value, '/') >= 0;
    if (base->bits == 128 && has_prefix && network.prefix > 64)
        return err_set(err, ERR_USAGE,
                       "client_ip:%.*s: one IPv6 client has a whole /64; block that",
                       (int)span_head(value, 60).len, value.at);
    bool is_client = base->bits == 32 ? network.prefix == 32 : network.prefix >= 64;
    buf_init(&out, arena, 128);
    if (is_client)
        buf_printf(&out, "client_ip:%s", netaddr_key(base, text));
    else
        buf_printf(&out, "client_ip:%s/%u", netaddr_print(base, text), network.prefix);
    *key = buf_span(&out);
    *is_network = !is_client;
    return 0;
}

int order_key(struct arena *arena, struct span text, struct span *key, bool *is_network,
              struct err *err)
{
    struct span kind;
    struct span value;
    int shown = (int)span_head(text, 80).len;
    *is_network = false;
    if (!span_cut(span_trim(text), ':', &kind, &value))
        return err_set(err, ERR_USAGE,
                       "\"%.*s\" has no kind; write kind:value, such as "
                       "sasl_user:%.*s; kinds are %s",
                       shown, text.at, shown, text.at, kinds);
    value = span_trim(value);
    if (value.len == 0 || value.len > BOUND_KEY_BYTES / 2)
        return err_set(err, ERR_USAGE, "\"%.*s\": %s", shown, text.at,
                       value.len == 0 ? "nothing stands after the colon" : "too long");
    if (span_eq(kind, SPAN("from_domain"))) {
        *key = span_lower(arena, span_trim(text));
        return 0;
    }
    if (identity_find(kind) == IDENTITY_UNKNOWN || span_eq(kind, SPAN("unknown")))
        return err_set(err, ERR_USAGE, "\"%.*s\": kinds are %s", shown, text.at, kinds);
    if (span_eq(kind, SPAN("client_ip")))
        return network_key(arena, value, key, is_network, err);
    *key = sender_key(arena, text);
    return 0;
}

/* ---- what holds ---- */

static void read_block(struct query *query, struct arena *arena, struct order *out)
{
    *out = (struct order){
        .key = span_dup(arena, query_text(query, 0)),
        .since_us = query_int(query, 1),
        .until_us = query_int(query, 2),
        .reason = span_dup(arena, query_text(query, 3)),
        .by = span_dup(arena, query_text(query, 4)),
        .refused = query_int(query, 5),
        .last_refused_us = query_int(query, 6),
    };
}

/* A block that holds longer than the one found so far takes its place. */
static void consider(struct query *query, struct arena *arena, struct ruling *out)
{
    int64_t until_us = query_int(query, 2);
    const struct order *best = &out->order;
    if (out->kind == RULING_BLOCK &&
        (best->until_us == 0 || (until_us != 0 && until_us <= best->until_us)))
        return;
    out->kind = RULING_BLOCK;
    read_block(query, arena, &out->order);
}

static int find_key(struct db *db, struct span key, int64_t now_us, struct arena *arena,
                    struct ruling *out, struct err *err)
{
    struct query *query =
        db_query(db,
                 "SELECT " BLOCK_COLUMNS
                 "WHERE sender = ?1 AND (until_us IS NULL OR until_us > ?2)",
                 err);
    if (query == NULL)
        return -1;
    query_bind_text(query, 1, key);
    query_bind_int(query, 2, now_us);
    int step = query_step(query, err);
    if (step == 1)
        consider(query, arena, out);
    query_reset(query);
    return step < 0 ? -1 : 0;
}

static bool is_within(struct span key, const struct netaddr *client)
{
    struct network network;
    return network_parse(span_from(key, strlen("client_ip:")), &network) &&
           network_has(&network, client);
}

static int find_network(struct db *db, const struct order_question *question,
                        struct arena *arena, struct ruling *out, struct err *err)
{
    struct netaddr client;
    if (!netaddr_parse(question->client_ip, &client))
        return 0;
    struct query *query = db_query(
        db,
        "SELECT " BLOCK_COLUMNS
        "WHERE is_network = 1 AND (until_us IS NULL OR until_us > ?1) LIMIT ?2",
        err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, question->now_us);
    query_bind_int(query, 2, BOUND_BLOCKED_NETWORKS);
    int step;
    while ((step = query_step(query, err)) == 1)
        if (is_within(query_text(query, 0), &client))
            consider(query, arena, out);
    query_reset(query);
    return step;
}

int orders_blocked(struct db *db, const struct order_question *question,
                   struct arena *arena, struct ruling *out, struct err *err)
{
    *out = (struct ruling){.kind = RULING_NONE};
    for (size_t i = 0; i < question->key_count; i++)
        if (find_key(db, question->keys[i], question->now_us, arena, out, err) != 0)
            return -1;
    return find_network(db, question, arena, out, err);
}

int orders_brake(struct db *db, int64_t now_us, struct arena *arena, struct ruling *out,
                 struct err *err)
{
    *out = (struct ruling){.kind = RULING_NONE};
    struct query *query = db_query(db,
                                   "SELECT since_us, until_us, reason, by FROM brake "
                                   "WHERE until_us IS NULL OR until_us > ?1",
                                   err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, now_us);
    int step = query_step(query, err);
    if (step == 1) {
        out->kind = RULING_BRAKE;
        out->order.since_us = query_int(query, 0);
        out->order.until_us = query_int(query, 1);
        out->order.reason = span_dup(arena, query_text(query, 2));
        out->order.by = span_dup(arena, query_text(query, 3));
    }
    query_reset(query);
    return step < 0 ? -1 : 0;
}

int orders_rule(struct db *db, const struct order_question *question,
                struct arena *arena, struct ruling *out, struct err *err)
{
    if (orders_blocked(db, question, arena, out, err) != 0)
        return -1;
    if (out->kind != RULING_NONE)
        return 0;
    return orders_brake(db, question->now_us, arena, out, err);
}

/* ---- to give and to lift orders ---- */

static void bind_until(struct query *query, int i, int64_t until_us)
{
    if (until_us > 0)
        query_bind_int(query, i, until_us);
    else
        query_bind_null(query, i);
}

static void bind_order(struct query *query, const struct order *order)
{
    query_bind_text(query, 1, order->key);
    query_bind_int(query, 2, order->since_us);
    bind_until(query, 3, order->until_us);
    query_bind_text(query, 4, span_head(order->reason, BOUND_COLUMN_BYTES));
    query_bind_text(query, 5, span_head(order->by, BOUND_COLUMN_BYTES));
}

static int check_room(struct db *db, const struct order *order, struct err *err)
{
    struct query *query = db_query(
        db,
        "SELECT count(*) FROM blocked_sender WHERE is_network = 1 AND sender <> ?1 AND "
        "(until_us IS NULL OR until_us > ?2)",
        err);
    if (query == NULL)
        return -1;
    query_bind_text(query, 1, order->key);
    query_bind_int(query, 2, order->since_us);
    if (query_step(query, err) < 0)
        return -1;
    int64_t count = query_int(query, 0);
    query_reset(query);
    if (count < BOUND_BLOCKED_NETWORKS)
        return 0;
    return err_set(err, ERR_USAGE,
                   "%d networks are blocked already; a firewall is "
                   "the place for more",
                   BOUND_BLOCKED_NETWORKS);
}

int orders_block(struct db *db, const struct order *order, bool is_network,
                 struct err *err)
{
    if (is_network && check_room(db, order, err) != 0)
        return -1;
    struct query *query = db_query(
        db,
        "INSERT INTO blocked_sender (sender, since_us, until_us, reason, by, "
        "is_network) VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (sender) DO UPDATE "
        "SET since_us = ?2, until_us = ?3, reason = ?4, by = ?5, is_network = ?6",
        err);
    if (query == NULL)
        return -1;
    bind_order(query, order);
    query_bind_int(query, 6, is_network);
    return query_run(query, err);
}

int orders_unblock(struct db *db, struct span key, struct err *err)
{
    struct query *query =
        db_query(db, "DELETE FROM blocked_sender WHERE sender = ?1", err);
    if (query == NULL)
        return -1;
    query_bind_text(query, 1, key);
    if (query_run(query, err) != 0)
        return -1;
    if (db_changes(db) > 0)
        return 0;
    return err_set(err, ERR_NOT_FOUND, "%.*s is not blocked",
                   (int)span_head(key, 200).len, key.at);
}

int orders_list(struct db *db, int64_t now_us, size_t max, struct arena *arena,
                struct order **orders, size_t *count, struct err *err)
{
    *orders = NULL;
    *count = 0;
    struct query *query = db_query(
        db,
        "SELECT " BLOCK_COLUMNS
        "WHERE until_us IS NULL OR until_us > ?1 ORDER BY since_us DESC, sender "
        "LIMIT ?2",
        err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, now_us);
    query_bind_int(query, 2, max < INT32_MAX ? (int64_t)max : INT32_MAX);
    size_t room = 0;
    int step;
    while ((step = query_step(query, err)) == 1) {
        struct order *grown = arena_grow(arena, *orders, *count, &room, sizeof *grown);
        if (grown == NULL)
            break;
        *orders = grown;
        read_block(query, arena, &(*orders)[(*count)++]);
    }
    query_reset(query);
    return step < 0 ? -1 : 0;
}

int orders_brake_on(struct db *db, const struct order *order, struct err *err)
{
    struct query *query = db_query(
        db,
        "INSERT OR REPLACE INTO brake (id, since_us, until_us, reason, by) VALUES "
        "(1, ?2, ?3, ?4, ?5)",
        err);
    if (query == NULL)
        return -1;
    bind_order(query, order);
    return query_run(query, err);
}

int orders_brake_off(struct db *db, int64_t now_us, bool *was_on, struct err *err)
{
    struct query *query = db_query(
        db, "DELETE FROM brake RETURNING until_us IS NULL OR until_us > ?1", err);
    *was_on = false;
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, now_us);
    int step;
    while ((step = query_step(query, err)) == 1)
        *was_on = query_int(query, 0) != 0;
    return step;
}

int orders_refused(struct db *db, struct span key, int64_t count, int64_t at_us,
                   struct err *err)
{
    struct query *query = db_query(
        db,
        "UPDATE blocked_sender SET refused = refused + ?2, last_refused_us = ?3 WHERE "
        "sender = ?1",
        err);
    if (query == NULL)
        return -1;
    query_bind_text(query, 1, key);
    query_bind_int(query, 2, count);
    query_bind_int(query, 3, at_us);
    return query_run(query, err);
}

int orders_expire(struct db *db, int64_t before_us, struct err *err)
{
    struct query *query =
        db_query(db, "DELETE FROM blocked_sender WHERE until_us < ?1", err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, before_us);
    return query_run(query, err);
}
