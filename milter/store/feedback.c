/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/feedback.h"

#include <string.h>

#include "base/bounds.h"

#define DAY_US INT64_C(86400000000)

/* A shorter local part names nothing. chosen */
enum { LOCAL_PART_MIN = 8 };

#define COLUMNS                                                                        \
    "SELECT id, recipients, sender, client_ip, from_domain, campaign, class "          \
    "FROM message WHERE "

/* Of several the one that went to this recipient, then the newest. */
#define ORDER                                                                          \
    " AND at_us >= ?2 AND class <> 'inbound' ORDER BY (?3 <> '' AND "                  \
    "instr(lower(rcpt_to), ?3) > 0) DESC, at_us DESC LIMIT 1"

static const char by_message_id[] =
    COLUMNS "message_id_local = ?1 AND message_id = ?4" ORDER;
static const char by_local_part[] = COLUMNS "message_id_local = ?1" ORDER;
static const char by_queue_id[] = COLUMNS "queue_id = ?1" ORDER;
static const char by_mail_from[] = COLUMNS
    "mail_from = ?1 AND (instr(lower(rcpt_to), ?3) > 0 OR rcpt_to LIKE '%...')" ORDER;

/* One search at work. */
struct search {
    struct db *db;
    struct arena *arena;
    int64_t since_us;
    struct span recipient; /* lower case, or "" */
    struct feedback_original *out;
    struct err *err;
};

static void read_original(struct search *s, struct query *query, const char *tied_by)
{
    *s->out = (struct feedback_original){
        .id = query_int(query, 0),
        .recipients = query_int(query, 1),
        .sender = span_dup(s->arena, query_text(query, 2)),
        .client_ip = span_dup(s->arena, query_text(query, 3)),
        .from_domain = span_dup(s->arena, query_text(query, 4)),
        .campaign = span_dup(s->arena, query_text(query, 5)),
        .mail_class = span_eq(query_text(query, 6), SPAN("forwarded")) ? CLASS_FORWARDED
                                                                       : CLASS_OUTBOUND,
        .tied_by = tied_by,
    };
}

/* 1 found, 0 not, -1. whole: for by_message_id alone. */
static int look(struct search *s, const char *sql, struct span name, struct span whole,
                const char *tied_by)
{
    struct query *query = db_query(s->db, sql, s->err);
    if (query == NULL)
        return -1;
    query_bind_text(query, 1, name);
    query_bind_int(query, 2, s->since_us);
    query_bind_text(query, 3, s->recipient);
    if (whole.len > 0)
        query_bind_text(query, 4, whole);
    int rc = query_step(query, s->err);
    if (rc == 1)
        read_original(s, query, tied_by);
    query_reset(query);
    return rc;
}

static int look_message_id(struct search *s, struct span message_id)
{
    ptrdiff_t at = span_rindex(message_id, '@');
    struct span local = at >= 0 ? span_head(message_id, (size_t)at) : message_id;
    if (local.len == 0)
        return 0;
    int rc = look(s, by_message_id, local, message_id, "message_id");
    if (rc == 0 && local.len >= LOCAL_PART_MIN)
        rc = look(s, by_local_part, local, SPAN(""), "message_id_local");
    return rc;
}

/* bounces+user=example.com@ours: the recipient is written into the sender. */
static bool is_verp(struct span address)
{
    ptrdiff_t at = span_rindex(address, '@');
    return at > 0 && span_index(span_head(address, (size_t)at), '=') > 0;
}

static int look_mail_from(struct search *s, struct span mail_from)
{
    if (mail_from.len == 0)
        return 0;
    if (is_verp(mail_from))
        return look(s, by_mail_from, mail_from, SPAN(""), "verp");
    return s->recipient.len > 0
               ? look(s, by_mail_from, mail_from, SPAN(""), "recipient")
               : 0;
}

int feedback_tie(struct db *db, const struct report *report, int64_t at_us,
                 struct arena *arena, struct feedback_original *out, struct err *err)
{
    *out = (struct feedback_original){.tied_by = ""};
    struct search s = {.db = db,
                       .arena = arena,
                       .since_us = at_us - BOUND_FEEDBACK_DAYS * DAY_US,
                       .recipient = SPAN(""),
                       .out = out,
                       .err = err};
    if (report->recipient_count > 0)
        s.recipient = span_lower(arena, report->recipients[0].address);
    int rc = look_message_id(&s, report->message_id);
    for (size_t i = 0; i < report->queue_id_count && rc == 0; i++)
        rc = look(&s, by_queue_id, report->queue_ids[i], SPAN(""), "queue_id");
    if (rc == 0)
        rc = look_mail_from(&s, report->sent_to);
    if (rc == 0)
        rc = look_mail_from(&s, report->mail_from);
    return rc < 0 ? -1 : 0;
}

/* ---- rows ---- */

/* Counted of this message already: this recipient, and all of them. */
static int count_before(struct db *db, const struct feedback_row *row, int64_t *same,
                        int64_t *all, struct err *err)
{
    struct query *query =
        db_query(db,
                 "SELECT coalesce(sum(recipient = ?3 AND ?3 <> ''), 0), count(*) FROM "
                 "feedback WHERE message = ?1 AND kind = ?2 AND is_counted",
                 err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, row->original->id);
    query_bind_text(query, 2, span_of(report_kind_name(row->kind)));
    query_bind_text(query, 3, row->recipient);
    if (query_step(query, err) < 0)
        return -1;
    *same = query_int(query, 0);
    *all = query_int(query, 1);
    query_reset(query);
    return 0;
}

static int decide(struct db *db, const struct feedback_row *row, bool *is_counted,
                  struct err *err)
{
    int64_t same = 0;
    int64_t all = 0;
    *is_counted = false;
    if (row->original->id == 0 || !row->may_count)
        return 0;
    if (count_before(db, row, &same, &all, err) != 0)
        return -1;
    *is_counted = same == 0 && all < row->original->recipients;
    return 0;
}

static void bind_column(struct query *query, int i, struct span text)
{
    query_bind_text(query, i, span_head(text, BOUND_COLUMN_BYTES));
}

int feedback_record(struct db *db, const struct feedback_row *row, bool *is_new,
                    bool *is_counted, struct err *err)
{
    if (decide(db, row, is_counted, err) != 0)
        return -1;
    struct query *query = db_query(
        db,
        "INSERT INTO feedback (at_us, kind, message, sender, recipient, status, "
        "reason, "
        "is_counted, reporter, detail, tied_by, source_hash) VALUES (?1, ?2, ?3, ?4, "
        "?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) ON CONFLICT (source_hash, recipient) DO "
        "NOTHING",
        err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, row->at_us);
    query_bind_text(query, 2, span_of(report_kind_name(row->kind)));
    if (row->original->id > 0)
        query_bind_int(query, 3, row->original->id);
    else
        query_bind_null(query, 3);
    bind_column(query, 4, row->original->sender);
    bind_column(query, 5, row->recipient);
    bind_column(query, 6, row->status);
    query_bind_text(query, 7, span_of(report_reason_name(row->reason)));
    query_bind_int(query, 8, *is_counted);
    bind_column(query, 9, row->reporter);
    bind_column(query, 10, row->detail);
    query_bind_text(query, 11, span_of(row->original->tied_by));
    query_bind_text(query, 12, row->source_hash);
    if (query_run(query, err) != 0)
        return -1;
    *is_new = db_changes(db) == 1;
    *is_counted = *is_counted && *is_new;
    return 0;
}

static int expire_rows(struct db *db, const char *sql, int64_t before_us, unsigned rows,
                       struct err *err)
{
    struct query *query = db_query(db, sql, err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, before_us);
    query_bind_int(query, 2, rows);
    return query_run(query, err);
}

int feedback_expire(struct db *db, int64_t before_us, unsigned rows, struct err *err)
{
    if (expire_rows(db,
                    "DELETE FROM feedback WHERE id IN (SELECT id FROM feedback WHERE "
                    "at_us < ?1 ORDER BY at_us LIMIT ?2)",
                    before_us, rows, err) != 0)
        return -1;
    /* few rows, and in the order of time: the oldest come first by id */
    return expire_rows(db,
                       "DELETE FROM provider_report WHERE id IN (SELECT id FROM "
                       "provider_report WHERE at_us < ?1 ORDER BY id LIMIT ?2)",
                       before_us, rows, err);
}
