/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/ticket.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "base/bounds.h"

int ticket_mark(char out[TICKET_MARK_BYTES], struct err *err)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char bytes[(TICKET_MARK_BYTES - 1) / 2];
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        return err_set(err, ERR_IO, "no random numbers: %s", strerror(errno));
    for (size_t i = 0; i < sizeof bytes; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    out[TICKET_MARK_BYTES - 1] = '\0';
    return 0;
}

static void bind_column(struct query *query, int i, struct span text)
{
    query_bind_text(query, i, span_head(text, BOUND_COLUMN_BYTES));
}

static void bind_id(struct query *query, int i, int64_t id)
{
    if (id > 0)
        query_bind_int(query, i, id);
    else
        query_bind_null(query, i);
}

int ticket_store(struct db *db, const struct ticket_row *row, struct err *err)
{
    struct query *query =
        db_query(db,
                 "INSERT INTO ticket (mark, made_us, message, queue_id, class, path, "
                 "sender, client_ip, action, digest, recipients, is_notice, "
                 "passed_queue_id, passed_count) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, "
                 "?8, ?9, ?10, ?11, ?12, '', 0)",
                 err);
    if (query == NULL)
        return -1;
    query_bind_text(query, 1, row->mark);
    query_bind_int(query, 2, row->made_us);
    bind_id(query, 3, row->message);
    bind_column(query, 4, row->queue_id);
    query_bind_text(query, 5, span_of(mail_class_name(row->mail_class)));
    query_bind_text(query, 6, span_of(mail_path_name(row->path)));
    bind_column(query, 7, row->sender);
    bind_column(query, 8, row->client_ip);
    query_bind_text(query, 9, span_of(action_name(row->action)));
    query_bind_text(query, 10, row->digest);
    query_bind_text(query, 11, row->recipients);
    query_bind_int(query, 12, row->is_notice);
    return query_run(query, err);
}

int ticket_find(struct db *db, struct span mark, struct arena *arena,
                struct ticket_row *out, struct err *err)
{
    struct query *query =
        db_query(db,
                 "SELECT made_us, message, queue_id, class, path, sender, client_ip, "
                 "action, digest, recipients, is_notice FROM ticket WHERE mark = ?1",
                 err);
    if (query == NULL)
        return -1;
    query_bind_text(query, 1, mark);
    int step = query_step(query, err);
    if (step == 1)
        *out = (struct ticket_row){
            .mark = mark,
            .made_us = query_int(query, 0),
            .message = query_is_null(query, 1) ? 0 : query_int(query, 1),
            .queue_id = span_dup(arena, query_text(query, 2)),
            .mail_class = mail_class_find(query_text(query, 3)),
            .path = mail_path_find(query_text(query, 4)),
            .sender = span_dup(arena, query_text(query, 5)),
            .client_ip = span_dup(arena, query_text(query, 6)),
            .action = action_find(query_text(query, 7)),
            .digest = span_dup(arena, query_text(query, 8)),
            .recipients = span_dup(arena, query_text(query, 9)),
            .is_notice = query_int(query, 10) != 0,
        };
    query_reset(query);
    return step;
}

/* list without what is in gone; both are sorted. */
static struct span without(struct span list, struct span gone, struct arena *arena)
{
    char *out = arena_array(arena, list.len + 1, 1);
    size_t used = 0;
    if (out == NULL)
        return list;
    while (list.len >= DIGEST_TOKEN_BYTES) {
        int order = gone.len < DIGEST_TOKEN_BYTES
                        ? -1
                        : memcmp(list.at, gone.at, DIGEST_TOKEN_BYTES);
        if (order < 0) {
            memcpy(out + used, list.at, DIGEST_TOKEN_BYTES);
            used += DIGEST_TOKEN_BYTES;
        }
        if (order <= 0)
            list = span_from(list, DIGEST_TOKEN_BYTES);
        if (order >= 0)
            gone = span_from(gone, DIGEST_TOKEN_BYTES);
    }
    return (struct span){out, used};
}

int ticket_take(struct db *db, const struct ticket_row *row, struct span recipients,
                int64_t now_us, struct span queue_id, struct arena *arena,
                struct err *err)
{
    struct query *query =
        db_query(db,
                 "UPDATE ticket SET recipients = ?2, passed_us = ?3, passed_queue_id = "
                 "?4, passed_count = passed_count + 1 WHERE mark = ?1",
                 err);
    if (query == NULL)
        return -1;
    query_bind_text(query, 1, row->mark);
    query_bind_text(query, 2, without(row->recipients, recipients, arena));
    query_bind_int(query, 3, now_us);
    bind_column(query, 4, queue_id);
    return query_run(query, err);
}

static int expire_kind(struct db *db, bool is_inbound, int64_t before_us, unsigned rows,
                       int64_t *deleted, struct err *err)
{
    struct query *query = db_query(
        db,
        "DELETE FROM ticket WHERE mark IN (SELECT mark FROM ticket WHERE (message IS "
        "NULL) = ?1 AND made_us < ?2 AND NOT EXISTS (SELECT 1 FROM held_message WHERE "
        "held_message.message = ticket.message AND (state = 'waiting' OR state_at_us > "
        "?2)) ORDER BY made_us LIMIT ?3)",
        err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, is_inbound);
    query_bind_int(query, 2, before_us);
    query_bind_int(query, 3, rows);
    if (query_run(query, err) != 0)
        return -1;
    if (db_changes(db) > *deleted)
        *deleted = db_changes(db);
    return 0;
}

int ticket_expire(struct db *db, int64_t now_us, unsigned rows, int64_t *deleted,
                  struct err *err)
{
    *deleted = 0;
    if (expire_kind(db, true, now_us - TICKET_KEEP_INBOUND_US, rows, deleted, err) != 0)
        return -1;
    return expire_kind(db, false, now_us - TICKET_KEEP_US, rows, deleted, err);
}

int ticket_record(struct db *db, const struct border_row *row, struct err *err)
{
    const struct ticket_row *ticket = row->row;
    struct query *query =
        db_query(db,
                 "INSERT INTO border_message (message, first_message, first_queue_id, "
                 "first_path, ticket, forwarded_by) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                 err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, row->message);
    bind_id(query, 2, ticket != NULL ? ticket->message : 0);
    bind_column(query, 3, ticket != NULL ? ticket->queue_id : SPAN(""));
    query_bind_text(
        query, 4,
        span_of(mail_path_name(ticket != NULL ? ticket->path : PATH_UNKNOWN)));
    query_bind_text(query, 5, span_of(row->ticket));
    bind_column(query, 6, row->forwarded_by);
    return query_run(query, err);
}
