/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/audit/chain.h"

#include "store/audit.h"

static int read_first(struct db *db, int64_t id, struct arena *arena, struct chain *out,
                      struct err *err)
{
    struct query *query =
        db_query(db,
                 "SELECT first_message, first_queue_id, first_path, ticket, "
                 "forwarded_by FROM border_message WHERE message = ?1",
                 err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, id);
    int step = query_step(query, err);
    if (step == 1) {
        out->is_later = true;
        out->first_message = query_is_null(query, 0) ? 0 : query_int(query, 0);
        out->first_queue_id = span_dup(arena, query_text(query, 1));
        out->first_path = span_dup(arena, query_text(query, 2));
        out->ticket = span_dup(arena, query_text(query, 3));
        out->forwarded_by = span_dup(arena, query_text(query, 4));
    }
    query_reset(query);
    return step < 0 ? -1 : 0;
}

static int read_left(struct db *db, int64_t id, struct arena *arena, struct chain *out,
                     struct err *err)
{
    struct query *query =
        db_query(db,
                 "SELECT passed_count, passed_us, passed_queue_id FROM ticket WHERE "
                 "message = ?1 ORDER BY passed_us DESC LIMIT 1",
                 err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, id);
    int step = query_step(query, err);
    if (step == 1) {
        out->left_count = query_int(query, 0);
        out->left_us = query_is_null(query, 1) ? 0 : query_int(query, 1);
        out->left_queue_id = span_dup(arena, query_text(query, 2));
    }
    query_reset(query);
    return step < 0 ? -1 : 0;
}

static int read_later(struct db *db, int64_t id, struct chain *out, struct err *err)
{
    struct query *query =
        db_query(db,
                 "SELECT message FROM border_message WHERE first_message = ?1 AND "
                 "message <> ?1 ORDER BY message",
                 err);
    int step = -1;
    if (query != NULL)
        query_bind_int(query, 1, id);
    while (query != NULL && (step = query_step(query, err)) > 0) {
        if (out->later_count < CHAIN_LATER)
            out->later[out->later_count] = query_int(query, 0);
        out->later_count++;
    }
    return step;
}

int chain_read(struct db *db, int64_t id, struct arena *arena, struct chain *out,
               struct err *err)
{
    *out = (struct chain){0};
    if (read_first(db, id, arena, out, err) < 0 ||
        read_left(db, id, arena, out, err) < 0)
        return -1;
    return read_later(db, id, out, err);
}

static void json_first(struct json *json, const struct chain *chain)
{
    if (chain->first_message != 0)
        json_int(json, "first_message", chain->first_message);
    else
        json_null(json, "first_message");
    json_text_or_null(json, "first_queue_id", chain->first_queue_id);
    json_text_or_null(json, "first_path", chain->first_path);
    json_text_or_null(json, "ticket", chain->ticket);
    json_text_or_null(json, "forwarded_by", chain->forwarded_by);
}

void chain_json(struct json *json, const struct chain *chain)
{
    char at[32];
    if (!chain->is_later && chain->left_us == 0 && chain->later_count == 0) {
        json_null(json, "border");
        return;
    }
    json_open(json, "border", '{');
    json_first(json, chain);
    if (chain->left_us != 0)
        json_text(json, "left_at", span_of(audit_time_text(chain->left_us, at)));
    else
        json_null(json, "left_at");
    json_text_or_null(json, "left_queue_id", chain->left_queue_id);
    json_int(json, "left", chain->left_count);
    json_open(json, "later", '[');
    for (size_t i = 0; i < chain->later_count && i < CHAIN_LATER; i++)
        json_int(json, NULL, chain->later[i]);
    json_close(json, ']');
    json_close(json, '}');
}
