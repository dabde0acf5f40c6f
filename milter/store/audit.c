/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/audit.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/bounds.h"
#include "limits/limit_clock.h"
#include "store/summary.h"

enum {
    NAME_BYTES = 255, /* rule names, limit names */
    SWEEP_ROWS = 2000 /* limit slots looked at in one call of audit_expire */
};

/* Text of a column, cut at a character's border to max bytes with "..." at its end. */
static void bind_cut(struct query *query, int i, struct span text, size_t max)
{
    char cut[BOUND_RCPT_TO_BYTES];
    if (text.len <= max || max > sizeof cut) {
        query_bind_text(query, i, span_head(text, max));
        return;
    }
    size_t len = max - 3;
    while (len > max - 7 && ((unsigned char)text.at[len] & 0xc0) == 0x80)
        len--;
    memcpy(cut, text.at, len);
    memcpy(cut + len, "...", 3);
    query_bind_text(query, i, (struct span){cut, len + 3});
}

static void bind_column(struct query *query, int i, struct span text)
{
    bind_cut(query, i, text, BOUND_COLUMN_BYTES);
}

static void bind_time(struct query *query, int i, int64_t at_us)
{
    if (at_us > 0)
        query_bind_int(query, i, at_us);
    else
        query_bind_null(query, i);
}

static void bind_score(struct query *query, int i, double score)
{
    query_bind_double(query, i, isfinite(score) ? score : 0);
}

/* The first recipients, ", " between them, as many as fit whole; "..." for the rest. */
static void bind_recipients(struct query *query, int i, const struct audit_row *row)
{
    char list[BOUND_RCPT_TO_BYTES];
    size_t used = 0;
    size_t k = 0;
    for (; k < row->recipient_list_count; k++) {
        struct span one = span_head(row->recipient_list[k], BOUND_COLUMN_BYTES);
        if (used + one.len + 2 > sizeof list - 5)
            break;
        if (k > 0) {
            memcpy(list + used, ", ", 2);
            used += 2;
        }
        if (one.len > 0)
            memcpy(list + used, one.at, one.len);
        used += one.len;
    }
    if ((int64_t)k < row->recipients) {
        const char *rest = k > 0 ? ", ..." : "...";
        memcpy(list + used, rest, strlen(rest));
        used += strlen(rest);
    }
    query_bind_text(query, i, (struct span){list, used});
}

/* What an alert still shows of a Message-ID whose domain it masks. */
static struct span message_id_local(struct span message_id)
{
    ptrdiff_t at = span_rindex(message_id, '@');
    return at >= 0 ? span_head(message_id, (size_t)at) : message_id;
}

static void bind_who(struct query *query, const struct audit_row *row)
{
    query_bind_int(query, 1, row->at_us);
    query_bind_text(query, 2, span_of(mail_class_name(row->mail_class)));
    query_bind_text(query, 3, span_of(mail_path_name(row->path)));
    bind_column(query, 4, row->sender);
    bind_column(query, 5, row->identified_by);
    bind_column(query, 6, row->queue_id);
    bind_column(query, 7, row->message_id);
    bind_column(query, 8, message_id_local(row->message_id));
    bind_column(query, 9, row->client_ip);
    bind_column(query, 10, row->client_name);
    bind_column(query, 11, row->helo);
    bind_column(query, 12, row->mail_from);
    bind_column(query, 13, row->header_from);
    bind_column(query, 14, row->from_domain);
    bind_column(query, 15, row->subject);
    bind_column(query, 16, row->x_mailer);
    bind_column(query, 17, row->script);
}

static void bind_outcome(struct query *query, const struct audit_row *row)
{
    query_bind_int(query, 18, row->recipients);
    bind_recipients(query, 19, row);
    query_bind_int(query, 20, row->size_bytes);
    bind_score(query, 21, row->score);
    query_bind_text(query, 22, span_of(action_name(row->action)));
    query_bind_text(query, 23, span_of(action_name(row->meant)));
    bind_column(query, 24, row->reason);
    if (row->limit_name != NULL) {
        bind_cut(query, 25, span_of(row->limit_name), NAME_BYTES);
        bind_column(query, 26, row->limit_key);
    } /* else NULL, as after every reset */
    bind_time(query, 27, row->due_at_us);
    bind_column(query, 28, row->reply);
    bind_column(query, 29, row->incident);
    query_bind_int(query, 30, row->is_shadow);
    query_bind_int(query, 31, row->elapsed_us);
    bind_column(query, 32, row->campaign);
    bind_column(query, 33, row->spf);
    bind_column(query, 34, row->dkim);
    bind_column(query, 35, row->dmarc);
    bind_cut(query, 36, row->authentication, BOUND_AUTHENTICATION_BYTES);
}

static int insert_message(struct db *db, const struct audit_row *row, struct err *err)
{
    struct query *query = db_query(
        db,
        "INSERT INTO message (at_us, class, path, sender, identified_by, "
        "queue_id, message_id, message_id_local, client_ip, client_name, "
        "helo, mail_from, header_from, from_domain, subject, x_mailer, "
        "script, recipients, rcpt_to, size_bytes, score, action, meant, "
        "reason, limit_name, limit_key, due_at_us, reply, incident, "
        "is_shadow, elapsed_us, campaign, spf, dkim, dmarc, authentication) VALUES "
        "(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, "
        "?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32, "
        "?33, ?34, ?35, ?36)",
        err);
    if (query == NULL)
        return -1;
    bind_who(query, row);
    bind_outcome(query, row);
    return query_run(query, err);
}

/* An upsert, for a REPLACE might delete first: SQLite copies pages to undo that. */
static int insert_hits(struct db *db, const struct audit_row *row, int64_t id,
                       struct err *err)
{
    for (size_t i = 0; i < row->hit_count; i++) {
        struct query *query =
            db_query(db,
                     "INSERT INTO hit (message, rule, score) VALUES (?1, ?2, ?3) ON "
                     "CONFLICT DO UPDATE SET score = excluded.score",
                     err);
        if (query == NULL)
            return -1;
        query_bind_int(query, 1, id);
        bind_cut(query, 2, span_of(row->hits[i].rule), NAME_BYTES);
        bind_score(query, 3, row->hits[i].score);
        if (query_run(query, err) != 0)
            return -1;
    }
    return 0;
}

/* Lines that were charged, with their time; those of a message that waits for a person
 * without one, so that its release can charge them; none of a refused message. */
static int insert_charges(struct db *db, const struct audit_row *row, int64_t id,
                          struct err *err)
{
    const struct charge *charge = row->charge;
    if (charge == NULL || (!charge->is_charged && row->action != ACTION_HOLD))
        return 0;
    for (size_t i = 0; i < charge->line_count; i++) {
        struct query *query =
            db_query(db,
                     "INSERT INTO charge (message, limit_name, key, amount, at_us) "
                     "VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE SET amount = "
                     "excluded.amount, at_us = excluded.at_us",
                     err);
        if (query == NULL)
            return -1;
        query_bind_int(query, 1, id);
        query_bind_text(query, 2, span_of(charge->lines[i].limit->name));
        query_bind_text(query, 3, charge->lines[i].key);
        query_bind_int(query, 4, charge->lines[i].amount);
        bind_time(query, 5, charge->is_charged ? charge->charged_at_us : 0);
        if (query_run(query, err) != 0)
            return -1;
    }
    return 0;
}

static int insert_evidence(struct db *db, const struct audit_row *row, int64_t id,
                           struct err *err)
{
    if (row->facts_json.len == 0 && row->headers.len == 0 && row->body.len == 0)
        return 0;
    struct query *query = db_query(db,
                                   "INSERT INTO evidence (message, facts, headers, "
                                   "body) VALUES (?1, ?2, ?3, ?4)",
                                   err);
    if (query == NULL)
        return -1;
    bool fits = row->facts_json.len <= BOUND_FACTS_BYTES; /* half an object is none */
    query_bind_int(query, 1, id);
    query_bind_text(query, 2, fits ? row->facts_json : SPAN(""));
    query_bind_bytes(query, 3, span_head(row->headers, BOUND_STORED_HEADER_BYTES));
    query_bind_bytes(query, 4, span_head(row->body, BOUND_STORED_BODY_BYTES));
    return query_run(query, err);
}

static int insert_held(struct db *db, const struct audit_row *row, int64_t id,
                       struct err *err)
{
    if (row->action != ACTION_HOLD || row->is_shadow)
        return 0;
    struct query *query = db_query(db,
                                   "INSERT INTO held_message (message, queue_id, "
                                   "held_at_us, due_at_us, state, state_at_us, "
                                   "state_by, cause) VALUES (?1, ?2, ?3, ?4, "
                                   "'waiting', ?3, '', ?5)",
                                   err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, id);
    bind_column(query, 2, row->queue_id);
    query_bind_int(query, 3, row->at_us);
    bind_time(query, 4, row->due_at_us);
    query_bind_text(query, 5, span_of(row->cause));
    return query_run(query, err);
}

/* Of mail that is ours: a stranger's forwarded mail says nothing of our domains. */
static int sum_up_domain(struct db *db, const struct audit_row *row, struct err *err)
{
    bool is_aligned = row->is_spf_aligned || row->is_dkim_aligned;
    const struct summary_domain summary = {
        .domain = span_head(row->from_domain, NAME_BYTES),
        .is_spf_aligned = row->is_spf_aligned,
        .is_dkim_aligned = row->is_dkim_aligned,
        .has_passed = span_eq(row->dmarc, SPAN("pass")),
        .has_failed = span_eq(row->dmarc, SPAN("fail")),
        .is_unknown = !is_aligned && span_eq(row->dmarc, SPAN("temperror")),
    };
    if (row->dmarc.len == 0 || row->from_domain.len == 0 ||
        row->mail_class != CLASS_OUTBOUND)
        return 0;
    return summary_record_domain(db, row->at_us, &summary, err);
}

static int sum_up(struct db *db, const struct audit_row *row, struct err *err)
{
    const struct summary_row summary = {
        .at_us = row->at_us,
        .mail_class = span_of(mail_class_name(row->mail_class)),
        .action = span_of(action_name(row->action)),
        .sender = span_head(row->sender, BOUND_COLUMN_BYTES),
        .recipients = row->recipients,
        .bytes = row->size_bytes,
        .score = row->score,
        .is_stopped = row->action > ACTION_SLOW,
    };
    for (size_t i = 0; i < row->hit_count; i++)
        if (summary_record_rule(db, &summary,
                                span_head(span_of(row->hits[i].rule), NAME_BYTES),
                                row->hits[i].score, err) != 0)
            return -1;
    return summary_record(db, &summary, err) != 0 || sum_up_domain(db, row, err) != 0
               ? -1
               : 0;
}

int audit_record(struct db *db, const struct audit_row *row, int64_t *id,
                 struct err *err)
{
    if (insert_message(db, row, err) != 0)
        return -1;
    *id = db_last_id(db);
    if (insert_hits(db, row, *id, err) != 0 || insert_charges(db, row, *id, err) != 0 ||
        insert_evidence(db, row, *id, err) != 0)
        return -1;
    if (insert_held(db, row, *id, err) != 0)
        return -1;
    return sum_up(db, row, err);
}

char *audit_time_text(int64_t at_us, char out[32])
{
    int64_t at_s = at_us / 1000000;
    int64_t part_us = at_us % 1000000;
    struct tm tm;
    if (part_us < 0) {
        at_s--;
        part_us += 1000000;
    }
    time_t t = (time_t)at_s;
    char day[24];
    if (gmtime_r(&t, &tm) == NULL || tm.tm_year > 8099 || tm.tm_year < -1900)
        memset(&tm, 0, sizeof tm); /* outside the years 0 to 9999 */
    strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(out, 32, "%s.%03dZ", day, (int)(part_us / 1000));
    return out;
}

static int expire_slots(struct db *db, struct err *err)
{
    int64_t newest_us;
    if (limit_clock_newest(db, &newest_us, err) != 0)
        return -1;
    return limits_expire(db, newest_us, SWEEP_ROWS, err);
}

int audit_expire(struct db *db, int64_t before_us, unsigned rows, int64_t *deleted,
                 struct err *err)
{
    *deleted = 0;
    if (expire_slots(db, err) != 0 || summary_expire(db, before_us, err) != 0)
        return -1;
    struct query *query = db_query(
        db,
        "DELETE FROM message WHERE id IN (SELECT id FROM message WHERE at_us < ?1 AND "
        "NOT EXISTS (SELECT 1 FROM held_message WHERE held_message.message = "
        "message.id AND state = 'waiting') ORDER BY at_us LIMIT ?2)",
        err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, before_us);
    query_bind_int(query, 2, rows);
    if (query_run(query, err) != 0)
        return -1;
    *deleted = db_changes(db);
    return 0;
}
