/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/snds.h"

static void bind_count(struct query *query, int i, int64_t count)
{
    if (count >= 0)
        query_bind_int(query, i, count);
    else
        query_bind_null(query, i);
}

static int is_there(struct db *db, const struct snds_row *row, bool *is_there,
                    struct err *err)
{
    struct query *query =
        db_query(db, "SELECT 1 FROM snds_day WHERE ip = ?1 AND start_at = ?2", err);
    if (query == NULL)
        return -1;
    query_bind_text(query, 1, row->ip);
    query_bind_text(query, 2, row->start_at);
    int rc = query_step(query, err);
    *is_there = rc == 1;
    query_reset(query);
    return rc < 0 ? -1 : 0;
}

static void bind_row(struct query *query, const struct snds_row *row, int64_t at_us)
{
    query_bind_text(query, 1, row->ip);
    query_bind_text(query, 2, row->start_at);
    query_bind_text(query, 3, row->end_at);
    bind_count(query, 4, row->rcpt_commands);
    bind_count(query, 5, row->data_commands);
    bind_count(query, 6, row->recipients);
    query_bind_text(query, 7, row->filter_result);
    query_bind_text(query, 8, row->complaint_rate);
    if (row->complaint_percent >= 0)
        query_bind_double(query, 9, row->complaint_percent);
    else
        query_bind_null(query, 9);
    query_bind_text(query, 10, row->trap_start_at);
    query_bind_text(query, 11, row->trap_end_at);
    bind_count(query, 12, row->trap_hits);
    query_bind_text(query, 13, row->sample_helo);
    query_bind_text(query, 14, row->sample_mail_from);
    query_bind_text(query, 15, row->comments);
    query_bind_int(query, 16, at_us);
}

int snds_record(struct db *db, const struct snds_row *row, int64_t at_us, bool *is_new,
                struct err *err)
{
    bool was_there;
    if (is_there(db, row, &was_there, err) != 0)
        return -1;
    struct query *query = db_query(
        db,
        "INSERT OR REPLACE INTO snds_day (ip, start_at, end_at, rcpt_commands, "
        "data_commands, recipients, filter_result, complaint_rate, complaint_percent, "
        "trap_start_at, trap_end_at, trap_hits, sample_helo, sample_mail_from, "
        "comments, read_at_us) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, "
        "?12, ?13, ?14, ?15, ?16)",
        err);
    if (query == NULL)
        return -1;
    bind_row(query, row, at_us);
    *is_new = !was_there;
    return query_run(query, err);
}

int snds_expire(struct db *db, int64_t before_us, struct err *err)
{
    struct query *query =
        db_query(db, "DELETE FROM snds_day WHERE read_at_us < ?1", err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, before_us);
    return query_run(query, err);
}
