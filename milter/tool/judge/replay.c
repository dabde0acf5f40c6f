/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/judge/replay.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "feedback.h"
#include "gate/again.h"
#include "tool/judge/scan_judge.h"
#include "tool/print.h"
#include "tool/record.h"

/* A due time that differs by less was written by another clock reading. chosen */
#define SAME_DUE_US INT64_C(1000000)

/* A message's row, as far as it is asked about. */
struct row {
    int64_t id, at_us, size_bytes, recipients, due_at_us;
    struct span sender, from_domain, campaign, queue_id, message_id, reason, limit_name;
    double score;
    enum action action;
    bool is_shadow;
    int64_t charged_us; /* limit clock; 0: it was not */
    int64_t sender_first_us, new_recipients;
};

/* A replay at work. */
struct replay {
    struct tool *tool;
    struct db *log; /* the tool's */
    struct db *db;  /* the replay's own */
    const struct replay_how *how;
    struct replay_sums *sums;
    struct arena *arena; /* one message's */
    struct query *rows, *events;
    struct row row;
    int64_t event_at_us; /* of the event that comes next; INT64_MAX: none */
    int64_t orders_us;   /* overrides and exemptions up to here are copied */
    int64_t next_orders_us;
    int64_t offset_us; /* limit clock minus wall clock, as last seen */
    struct peak_meter meter;
    struct err *err;
};

/* ---- rows ---- */

/* From the first one on, whatever is compared: each answer depends on those before. */
static int start_rows(struct replay *r)
{
    r->rows = db_query(
        r->log,
        "SELECT id, at_us, size_bytes, recipients, due_at_us, sender, from_domain, "
        "campaign, queue_id, message_id, reason, limit_name, score, action, is_shadow, "
        "(SELECT max(charge.at_us) FROM charge WHERE charge.message = message.id), "
        "(SELECT first_us FROM sender_seen WHERE sender_seen.sender = message.sender), "
        "(SELECT iif(json_valid(facts), json_extract(facts, '$.new_recipients'), 0) "
        "FROM evidence WHERE evidence.message = message.id) FROM message WHERE "
        "?1 = 0 OR at_us < ?1 ORDER BY id",
        r->err);
    if (r->rows == NULL)
        return -1;
    query_bind_int(r->rows, 1, r->how->until_us);
    return 0;
}

static struct span column(struct replay *r, int i)
{
    return span_dup(r->arena, query_text(r->rows, i));
}

/* 1 a row, 0 the end, -1. */
static int next_row(struct replay *r)
{
    struct row *row = &r->row;
    int step = query_step(r->rows, r->err);
    arena_reset(r->arena);
    if (step != 1)
        return step;
    *row = (struct row){.id = query_int(r->rows, 0),
                        .at_us = query_int(r->rows, 1),
                        .size_bytes = query_int(r->rows, 2),
                        .recipients = query_int(r->rows, 3),
                        .due_at_us = query_int(r->rows, 4),
                        .sender = column(r, 5),
                        .from_domain = column(r, 6),
                        .campaign = column(r, 7),
                        .queue_id = column(r, 8),
                        .message_id = column(r, 9),
                        .reason = column(r, 10),
                        .limit_name = column(r, 11),
                        .score = query_double(r->rows, 12),
                        .action = action_find(query_text(r->rows, 13)),
                        .is_shadow = query_int(r->rows, 14) != 0,
                        .charged_us = query_int(r->rows, 15),
                        .sender_first_us = query_int(r->rows, 16),
                        .new_recipients = query_int(r->rows, 17)};
    if (row->sender_first_us >= row->at_us)
        row->sender_first_us = 0; /* it was not known then */
    return 1;
}

/* ---- what happened between messages ---- */

/* Held mail that left or was dropped (kind 0), bounces (1) and complaints (2). */
static int start_events(struct replay *r)
{
    r->events = db_query(
        r->log,
        "SELECT state_at_us AS t, 0, message, state = 'dropped', '', (SELECT "
        "max(charge.at_us) FROM charge WHERE charge.message = held_message.message) "
        "FROM held_message WHERE state <> 'waiting' UNION ALL "
        "SELECT at_us, iif(kind = 'bounce', 1, 2), message, 0, recipient, NULL FROM "
        "feedback WHERE is_counted AND message IS NOT NULL ORDER BY t",
        r->err);
    return r->events != NULL ? 0 : -1;
}

static int peek_event(struct replay *r)
{
    int step = query_step(r->events, r->err);
    r->event_at_us = step == 1 ? query_int(r->events, 0) : INT64_MAX;
    return step < 0 ? -1 : 0;
}

static int play_departure(struct replay *r)
{
    bool is_dropped = query_int(r->events, 3) != 0;
    int64_t at_us = query_int(r->events, 5);
    if (at_us == 0)
        at_us = r->event_at_us + r->offset_us;
    return gate_again_left(r->db, r->how->engine->settings, query_int(r->events, 2),
                           is_dropped ? 0 : at_us, r->event_at_us, r->err);
}

static int play_feedback(struct replay *r, enum report_kind kind)
{
    struct feedback_reached reached[FEEDBACK_REACHED_MAX];
    struct feedback_original original = {.id = query_int(r->events, 2)};
    struct kept kept;
    size_t count = 0;
    struct query *query = db_query_of(
        r->log,
        "SELECT sender, client_ip, from_domain, campaign FROM message WHERE "
        "id = ?1",
        original.id, r->err);
    int step = query != NULL ? query_step(query, r->err) : -1;
    if (step == 1) {
        original.sender = span_dup(r->arena, query_text(query, 0));
        original.client_ip = span_dup(r->arena, query_text(query, 1));
        original.from_domain = span_dup(r->arena, query_text(query, 2));
        original.campaign = span_dup(r->arena, query_text(query, 3));
    }
    if (query != NULL)
        query_reset(query);
    if (step <= 0) /* the row is gone: whom to charge is not known */
        return step;
    if (kept_read(r->log, r->how->engine, original.id, r->arena, &kept, r->err) != 0)
        return -1;
    original.mail_class = kept.env.mail_class;
    const struct feedback_cost cost = {kind, &original,
                                       span_dup(r->arena, query_text(r->events, 4)),
                                       r->event_at_us, r->event_at_us + r->offset_us};
    return feedback_charge(r->db, r->how->engine->settings, &cost, r->arena, reached,
                           &count, r->err);
}

static int play_event(struct replay *r)
{
    int64_t kind = query_int(r->events, 1);
    int rc = kind == 0 ? play_departure(r)
                       : play_feedback(r, kind == 1 ? REPORT_BOUNCE : REPORT_COMPLAINT);
    return rc == 0 ? peek_event(r) : -1;
}

/* Copy rows of one table of the log whose since_us is in (from, to]. */
static int copy_rows(struct replay *r, const char *from, const char *to, int columns,
                     int64_t since_us, int64_t until_us)
{
    struct query *in = db_query(r->log, from, r->err);
    struct query *out = in != NULL ? db_query(r->db, to, r->err) : NULL;
    int step;
    if (out == NULL)
        return -1;
    query_bind_int(in, 1, since_us);
    query_bind_int(in, 2, until_us);
    while ((step = query_step(in, r->err)) == 1) {
        for (int i = 0; i < columns; i++)
            if (query_is_null(in, i))
                query_bind_null(out, i + 1);
            else
                query_bind_text(out, i + 1, query_text(in, i));
        if (query_run(out, r->err) != 0) {
            query_reset(in);
            return -1;
        }
    }
    query_reset(in);
    return step;
}

#define BETWEEN " WHERE since_us > ?1 AND since_us <= ?2"

/* Overrides and exemptions that were given by at_us. STRICT tables turn text that is a
 * number into one. */
static int copy_orders(struct replay *r, int64_t at_us)
{
    int64_t from_us = r->orders_us;
    struct query *query;
    if (at_us < r->next_orders_us)
        return 0;
    r->orders_us = at_us;
    if (copy_rows(r,
                  "SELECT limit_name, key, sentence, amount, window_us, burst, "
                  "since_us, until_us, reason, by FROM limit_override" BETWEEN,
                  "INSERT INTO limit_override (limit_name, key, sentence, amount, "
                  "window_us, burst, since_us, until_us, reason, by) VALUES (?1, ?2, "
                  "?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
                  10, from_us, at_us) != 0 ||
        copy_rows(r,
                  "SELECT key, limit_name, since_us, until_us, reason, by FROM "
                  "exemption" BETWEEN,
                  "INSERT INTO exemption (key, limit_name, since_us, until_us, reason, "
                  "by) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                  6, from_us, at_us) != 0)
        return -1;
    query = db_query(r->log,
                     "SELECT min(since_us) FROM (SELECT since_us FROM limit_override "
                     "UNION ALL SELECT since_us FROM exemption) WHERE since_us > ?1",
                     r->err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, at_us);
    int step = query_step(query, r->err);
    r->next_orders_us =
        step == 1 && !query_is_null(query, 0) ? query_int(query, 0) : INT64_MAX;
    query_reset(query);
    return step < 0 ? -1 : 0;
}

/* What `learned` limits look at: hours as they were, whatever is tried. */
static int copy_history(struct replay *r)
{
    return copy_rows(
               r,
               "SELECT id, sender, first_us, last_us, messages, recipients FROM "
               "sender_seen WHERE ?1 <= ?2",
               "INSERT INTO sender_seen (id, sender, first_us, last_us, messages, "
               "recipients) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
               6, 0, 0) != 0 ||
                   copy_rows(r,
                             "SELECT sender, hour, messages, recipients, "
                             "new_recipients, bytes, points FROM sender_hour WHERE ?1 "
                             "<= ?2",
                             "INSERT INTO sender_hour (sender, hour, messages, "
                             "recipients, new_recipients, bytes, points) VALUES (?1, "
                             "?2, ?3, ?4, ?5, ?6, ?7)",
                             7, 0, 0) != 0
               ? -1
               : 0;
}

/* ---- one message ---- */

/* An order of a person that was obeyed; blocks by a limit come about again. */
static enum ruling_kind order_of(const struct row *row)
{
    if (span_starts(row->reason, SPAN("the brake is on")))
        return RULING_BRAKE;
    if (span_starts(row->reason, SPAN("blocked: ")) &&
        span_find(row->reason, SPAN(", then block")) < 0)
        return RULING_BLOCK;
    return RULING_NONE;
}

static int judge(struct replay *r, struct kept *kept)
{
    const struct row *row = &r->row;
    if (!r->how->rejudges) {
        if (kept_read(r->log, r->how->engine, row->id, r->arena, kept, r->err) != 0)
            return -1;
        kept->hits.score = row->score;
        return 0;
    }
    return kept_judge(r->log, r->how->engine, row->id, r->arena, kept, r->err);
}

static int decide(struct replay *r, struct kept *kept, struct plan *plan,
                  struct charge *charge)
{
    const struct row *row = &r->row;
    struct judgement judgement = {.hits = kept->hits, .sender.key = row->sender};
    judgement.facts = kept->facts;
    judgement.facts.text[FACT_from_domain] = row->from_domain;
    if (row->charged_us != 0 && row->action <= ACTION_SLOW)
        r->offset_us = row->charged_us - row->at_us;
    const struct again again = {.engine = r->how->engine,
                                .msg = kept->msg,
                                .env = &kept->env,
                                .judgement = &judgement,
                                .id = row->id,
                                .now_us = row->at_us,
                                .limit_now_us = row->at_us + r->offset_us,
                                .size_bytes = row->size_bytes,
                                .campaign = row->campaign,
                                .sender_first_us = row->sender_first_us,
                                .new_recipients = row->new_recipients,
                                .is_shadow = row->is_shadow,
                                .order = order_of(row)};
    return gate_again(r->db, &again, plan, charge, r->err);
}

static int compare(struct replay *r, const struct kept *kept, const struct plan *plan,
                   const struct charge *charge)
{
    const struct row *row = &r->row;
    struct replay_sums *sums = r->sums;
    bool is_rescored = fabs(kept->hits.score - row->score) > 0.0005;
    sums->messages++;
    sums->depths[kept->depth] += r->how->rejudges;
    sums->rescored += is_rescored;
    if (plan->action == row->action) {
        sums->other_due += plan->action == ACTION_HOLD &&
                           llabs(plan->due_at_us - row->due_at_us) > SAME_DUE_US;
        return 0;
    }
    const struct replay_change change = {
        .id = row->id,
        .at_us = row->at_us,
        .sender = row->sender,
        .queue_id = row->queue_id,
        .message_id = row->message_id,
        .recipients = row->recipients,
        .was = row->action,
        .now = plan->action,
        .limit_was = row->limit_name,
        .limit_now = charge->limit != NULL ? charge->limit->name : "",
        .reason = plan->reason,
        .score_was = row->score,
        .score_now = kept->hits.score,
        .due_was_us = row->due_at_us,
        .due_now_us = plan->due_at_us};
    sums->changed++;
    if (peak_add(&r->meter, row->at_us, 1, &sums->peak, r->err) != 0)
        return -1;
    return r->how->tell(r->how->arg, &change, r->err);
}

static int play_message(struct replay *r)
{
    struct kept kept;
    struct plan plan;
    struct charge charge;
    while (r->event_at_us < r->row.at_us)
        if (play_event(r) != 0)
            return -1;
    if (copy_orders(r, r->row.at_us) != 0 || judge(r, &kept) != 0 ||
        decide(r, &kept, &plan, &charge) != 0)
        return -1;
    return r->row.at_us < r->how->since_us ? 0 : compare(r, &kept, &plan, &charge);
}

/* ---- all of it ---- */

static int read_oldest(struct replay *r)
{
    struct query *query =
        db_query(r->log, "SELECT id, at_us FROM message ORDER BY id LIMIT 1", r->err);
    int step = query != NULL ? query_step(query, r->err) : -1;
    if (step == 1) {
        r->sums->is_cut = query_int(query, 0) > 1;
        r->sums->oldest_us = query_int(query, 1);
    }
    if (query != NULL)
        query_reset(query);
    return step < 0 ? -1 : 0;
}

static bool is_learning(const struct settings *settings)
{
    for (size_t i = 0; i < settings->limit_count; i++)
        if (settings->limits[i].learned_milli > 0)
            return true;
    return false;
}

static int start(struct replay *r)
{
    const struct settings *settings = r->how->engine->settings;
    if (read_oldest(r) != 0 || start_rows(r) != 0 || start_events(r) != 0 ||
        peek_event(r) != 0)
        return -1;
    return is_learning(settings) ? copy_history(r) : 0;
}

static int play_all(struct replay *r)
{
    struct progress progress;
    int64_t last_us = r->how->until_us > 0 ? r->how->until_us : tool_now_us();
    int64_t first_us = 0;
    int step;
    progress_start(&progress, !r->tool->json);
    while ((step = next_row(r)) == 1) {
        if (r->how->is_stopped()) {
            err_set(r->err, ERR_BUSY, "interrupted");
            step = -1;
            break;
        }
        if (first_us == 0)
            first_us = r->row.at_us;
        if (play_message(r) != 0) {
            step = -1;
            break;
        }
        progress_show(&progress, (uint64_t)(r->row.at_us - first_us),
                      last_us > first_us ? (uint64_t)(last_us - first_us) : 1,
                      "of the log");
    }
    progress_end(&progress);
    return step;
}

static void finish(struct replay *r)
{
    if (r->rows != NULL)
        query_reset(r->rows);
    if (r->events != NULL)
        query_reset(r->events);
    peak_clear(&r->meter);
    arena_free(&r->arena);
    db_close(&r->db);
}

int replay_run(struct tool *tool, const struct replay_how *how,
               struct replay_sums *sums, struct err *err)
{
    struct replay r = {
        .tool = tool, .log = tool->db, .how = how, .sums = sums, .err = err};
    int rc = -1;
    *sums = (struct replay_sums){0};
    r.arena = arena_new(scan_arena_bytes(how->engine));
    if (r.arena == NULL)
        err_set(err, ERR_MEMORY, "out of memory");
    else if (db_open(&r.db, ":memory:", DB_DAEMON, err) == 0 &&
             db_begin(r.db, err) == 0 && start(&r) == 0)
        rc = play_all(&r);
    finish(&r);
    return rc;
}
