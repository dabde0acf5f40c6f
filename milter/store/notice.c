/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/notice.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "store/mark.h"

#define GOOD_US (NOTICE_DAYS * INT64_C(86400000000))

int notice_mark(char out[NOTICE_MARK_BYTES], struct err *err)
{
    unsigned char bytes[(NOTICE_MARK_BYTES - 1) / 2];
    ssize_t got;
    do
        got = getrandom(bytes, sizeof bytes, 0);
    while (got < 0 && errno == EINTR);
    if (got != (ssize_t)sizeof bytes)
        return err_set(err, ERR_IO, "getrandom: %s", strerror(errno));
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(out + 2 * i, 3, "%02x", bytes[i]);
    return 0;
}

int notice_add(struct db *db, const char *mark, const char *purpose, int64_t incident,
               int64_t now_us, struct err *err)
{
    struct query *query = db_query(db,
                                   "INSERT INTO notice (mark, made_us, purpose, "
                                   "incident, is_sent) VALUES (?1, ?2, ?3, ?4, 0)",
                                   err);
    if (query == NULL)
        return -1;
    query_bind_text(query, 1, span_of(mark));
    query_bind_int(query, 2, now_us);
    query_bind_text(query, 3, span_of(purpose));
    if (incident > 0)
        query_bind_int(query, 4, incident);
    return query_run(query, err);
}

int notice_sent(struct db *db, const char *mark, struct err *err)
{
    struct query *query =
        db_query(db, "UPDATE notice SET is_sent = 1 WHERE mark = ?1", err);
    if (query == NULL)
        return -1;
    query_bind_text(query, 1, span_of(mark));
    return query_run(query, err);
}

int notice_take(struct db *db, struct span mark, int64_t now_us, bool *is_ours,
                struct err *err)
{
    *is_ours = false;
    if (mark.len != NOTICE_MARK_BYTES - 1)
        return 0;
    return mark_take(
        db,
        "UPDATE notice SET used_us = ?2 WHERE mark = ?1 AND used_us IS NULL "
        "AND made_us >= ?3",
        mark, now_us, now_us - GOOD_US, is_ours, err);
}

int notice_count(struct db *db, bool to_senders, int64_t since_us, int64_t *count,
                 struct err *err)
{
    struct query *query =
        db_query(db,
                 "SELECT count(*) FROM notice WHERE made_us > ?1 AND is_sent = 1 AND "
                 "(purpose = 'sender') = ?2",
                 err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, since_us);
    query_bind_int(query, 2, to_senders);
    if (query_step(query, err) < 0)
        return -1;
    *count = query_int(query, 0);
    query_reset(query);
    return 0;
}

int notice_expire(struct db *db, int64_t now_us, struct err *err)
{
    struct query *query = db_query(db, "DELETE FROM notice WHERE made_us < ?1", err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, now_us - GOOD_US);
    return query_run(query, err);
}
