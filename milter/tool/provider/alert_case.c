/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/provider/alert_case.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/incident.h"
#include "store/orders.h"

#define DAY_US INT64_C(86400000000)

/* A shorter part before the @ names nothing. chosen */
enum { LOCAL_PART_MIN = 4 };

/* What left: not what was refused, nor what a person still has to release. */
#define LEFT                                                                           \
    "(action IN ('accept', 'slow') OR is_shadow OR (action = 'hold' AND EXISTS "       \
    "(SELECT 1 FROM held_message WHERE held_message.message = message.id AND state = " \
    "'released')))"

/* ---- samples ---- */

/* 1 found, 0 not. */
static int find(struct tool *tool, const struct record_filter *filter,
                struct case_sample *sample, struct err *err)
{
    struct query *query = record_select(tool->db, filter, err);
    if (query == NULL)
        return -1;
    int found = record_next(query, tool->arena, &sample->record, err);
    int more = found;
    sample->others = 0;
    while (more > 0 && (more = query_step(query, err)) > 0)
        sample->others++;
    query_reset(query);
    return more < 0 ? -1 : found;
}

static int read_campaign(struct tool *tool, struct case_sample *sample, struct err *err)
{
    struct query *query =
        db_query(tool->db, "SELECT campaign FROM message WHERE id = ?1", err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, sample->record.id);
    int rc = query_step(query, err);
    if (rc == 1)
        sample->campaign = span_dup(tool->arena, query_text(query, 0));
    query_reset(query);
    return rc < 0 ? -1 : 0;
}

static int tie(struct tool *tool, struct case_sample *sample, struct err *err)
{
    struct span id = record_without_angles(sample->said->message_id);
    struct span local = record_local_part(id);
    const struct record_filter exact = {.message_id = id, .limit = 100};
    const struct record_filter masked = {.message_id_local = local, .limit = 100};
    sample->campaign = SPAN("");
    int rc = find(tool, &exact, sample, err);
    if (rc == 0 && local.len >= LOCAL_PART_MIN)
        rc = find(tool, &masked, sample, err);
    sample->is_found = rc == 1;
    return rc == 1 ? read_campaign(tool, sample, err) : rc;
}

/* ---- culprits ---- */

static struct case_culprit *culprit_of(struct alert_case *out, struct span sender)
{
    for (size_t i = 0; i < out->culprit_count; i++)
        if (span_eq(out->culprits[i].sender, sender))
            return &out->culprits[i];
    if (out->culprit_count == CASE_CULPRITS)
        return NULL;
    struct case_culprit *fresh = &out->culprits[out->culprit_count++];
    *fresh = (struct case_culprit){.sender = sender};
    return fresh;
}

static void blame(struct alert_case *out, const struct case_sample *sample)
{
    const struct record *record = &sample->record;
    struct case_culprit *culprit = culprit_of(out, record->sender);
    if (culprit == NULL)
        return;
    if (culprit->named == 0 || record->score < culprit->score_least)
        culprit->score_least = record->score;
    if (culprit->named == 0 || record->score > culprit->score_most)
        culprit->score_most = record->score;
    culprit->named++;
    culprit->client_ip = record->client_ip;
    culprit->script = record->script;
}

static int count_traffic(struct tool *tool, struct case_culprit *culprit,
                         int64_t since_us, struct err *err)
{
    struct query *query =
        db_query(tool->db,
                 "SELECT count(*), coalesce(sum(recipients), 0), "
                 "count(DISTINCT client_ip) FROM message WHERE sender = ?1 AND "
                 "at_us >= ?2 AND " LEFT,
                 err);
    if (query == NULL)
        return -1;
    query_bind_text(query, 1, culprit->sender);
    query_bind_int(query, 2, since_us);
    if (query_step(query, err) < 0)
        return -1;
    culprit->messages = query_int(query, 0);
    culprit->recipients = query_int(query, 1);
    culprit->clients = query_int(query, 2);
    query_reset(query);
    return 0;
}

static int look_blocked(struct tool *tool, struct case_culprit *culprit,
                        struct err *err)
{
    struct query *query = db_query(tool->db,
                                   "SELECT 1 FROM blocked_sender WHERE sender = ?1 AND "
                                   "(until_us IS NULL OR until_us > ?2)",
                                   err);
    if (query == NULL)
        return -1;
    query_bind_text(query, 1, culprit->sender);
    query_bind_int(query, 2, tool_now_us());
    int rc = query_step(query, err);
    culprit->is_blocked = rc == 1;
    query_reset(query);
    return rc < 0 ? -1 : 0;
}

static int compare_culprits(const void *a, const void *b)
{
    const struct case_culprit *x = a;
    const struct case_culprit *y = b;
    return x->named != y->named ? (x->named < y->named ? 1 : -1)
                                : span_compare(x->sender, y->sender);
}

/* ---- campaigns ---- */

static bool has_campaign(const struct alert_case *out, struct span key)
{
    for (size_t i = 0; i < out->campaign_count; i++)
        if (span_eq(out->campaigns[i].key, key))
            return true;
    return false;
}

static int add_campaign(struct tool *tool, struct alert_case *out, struct span key,
                        struct err *err)
{
    if (key.len == 0 || has_campaign(out, key) || out->campaign_count == CASE_CAMPAIGNS)
        return 0;
    struct query *query =
        db_query(tool->db,
                 "SELECT count(*), coalesce(sum(recipients), 0), "
                 "count(DISTINCT sender) FROM message WHERE campaign = ?1 AND "
                 "campaign <> '' AND " LEFT,
                 err);
    if (query == NULL)
        return -1;
    query_bind_text(query, 1, key);
    if (query_step(query, err) < 0)
        return -1;
    out->campaigns[out->campaign_count++] =
        (struct case_campaign){.key = key,
                               .messages = query_int(query, 0),
                               .recipients = query_int(query, 1),
                               .senders = query_int(query, 2)};
    query_reset(query);
    return 0;
}

static int read_samples(struct tool *tool, struct alert_case *out, int64_t *last_us,
                        struct err *err)
{
    for (size_t i = 0; i < out->alert.sample_count; i++) {
        struct case_sample *sample = &out->samples[i];
        sample->said = &out->alert.samples[i];
        if (tie(tool, sample, err) < 0)
            return -1;
        if (!sample->is_found)
            continue;
        out->found++;
        if (sample->record.at_us > *last_us)
            *last_us = sample->record.at_us;
        blame(out, sample);
        if (add_campaign(tool, out, sample->campaign, err) != 0)
            return -1;
    }
    return 0;
}

int alert_case_read(struct tool *tool, struct span bytes, struct alert_case *out,
                    struct err *err)
{
    int64_t last_us = 0;
    *out = (struct alert_case){0};
    alert_read(tool->arena, bytes, &out->alert);
    out->samples =
        arena_array(tool->arena, out->alert.sample_count + 1, sizeof *out->samples);
    if (out->samples == NULL)
        return err_set(err, ERR_MEMORY, "out of memory");
    if (read_samples(tool, out, &last_us, err) != 0)
        return -1;
    for (size_t i = 0; i < out->culprit_count; i++)
        if (count_traffic(tool, &out->culprits[i], last_us - DAY_US, err) != 0 ||
            look_blocked(tool, &out->culprits[i], err) != 0)
            return -1;
    qsort(out->culprits, out->culprit_count, sizeof *out->culprits, compare_culprits);
    return 0;
}

/* ---- the queue ---- */

/* Whose a queued mail is, by the log; NULL: nobody's of the culprits. */
static struct case_culprit *owner(struct tool *tool, struct alert_case *out,
                                  const struct mta_mail *mail, int64_t *id,
                                  struct mta_wish *wish)
{
    const struct record_filter filter = {.queue_id = mail->queue_id, .limit = 1};
    struct record record;
    struct query *query = record_select(tool->db, &filter, NULL);
    int found = query != NULL ? record_next(query, tool->arena, &record, NULL) : -1;
    if (query != NULL)
        query_reset(query);
    if (found != 1)
        return NULL;
    *id = record.id;
    *wish = (struct mta_wish){.queue_id = record.queue_id,
                              .mail_from = record.mail_from,
                              .at_us = record.at_us};
    for (size_t i = 0; i < out->culprit_count; i++)
        if (span_eq(out->culprits[i].sender, record.sender))
            return &out->culprits[i];
    return NULL;
}

static void sort_out(struct tool *tool, struct alert_case *out,
                     const struct mta_mail *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct mta_wish *wish = &out->wishes[out->wish_count];
        struct case_culprit *culprit =
            owner(tool, out, &list[i], &out->ids[out->wish_count], wish);
        if (culprit == NULL)
            continue;
        mta_match(list, count, wish, 1);
        if (wish->answer != MTA_IS_HELD && wish->answer != MTA_NOT_HELD)
            continue; /* its queue id is another mail's by now */
        culprit->held += wish->answer == MTA_IS_HELD;
        culprit->moving += wish->answer == MTA_NOT_HELD;
        out->wish_count++;
    }
}

void alert_case_queue(struct tool *tool, struct alert_case *out)
{
    struct mta_tools tools;
    struct mta_mail *list;
    size_t count;
    struct err err;
    out->queue = CASE_QUEUE_UNKNOWN;
    out->wish_count = 0;
    for (size_t i = 0; i < out->culprit_count; i++)
        out->culprits[i].moving = out->culprits[i].held = 0;
    if (mta_open(&tools, tool->settings, &err) != 0 ||
        mta_queue(&tools, tool->arena, &list, &count, &err) != 0) {
        snprintf(out->queue_error, sizeof out->queue_error, "%s", err.text);
        return;
    }
    out->wishes = arena_array(tool->arena, count + 1, sizeof *out->wishes);
    out->ids = arena_array(tool->arena, count + 1, sizeof *out->ids);
    if (out->wishes == NULL || out->ids == NULL) {
        snprintf(out->queue_error, sizeof out->queue_error, "out of memory");
        return;
    }
    sort_out(tool, out, list, count);
    out->queue = out->wish_count > 0 ? CASE_QUEUE_CONTAINED : CASE_QUEUE_CLEAN;
    for (size_t i = 0; i < out->culprit_count; i++)
        if (out->culprits[i].moving > 0)
            out->queue = CASE_QUEUE_DIRTY;
}

/* ---- what is written ---- */

static int record_sample(struct tool *tool, const struct alert_case *found,
                         const struct case_sample *sample, struct err *err)
{
    struct query *query = db_query(
        tool->db,
        "INSERT INTO provider_report (at_us, blocked_ip, destination_ip, message_id, "
        "score, message, sender) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT "
        "(blocked_ip, message_id) DO UPDATE SET message = coalesce(excluded.message, "
        "message), sender = CASE WHEN excluded.sender <> '' THEN excluded.sender ELSE "
        "sender END",
        err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, tool_now_us());
    query_bind_text(query, 2, found->alert.blocked_ip);
    query_bind_text(query, 3, sample->said->destination_ip);
    query_bind_text(query, 4, sample->said->message_id);
    if (sample->said->has_score)
        query_bind_int(query, 5, sample->said->score);
    else
        query_bind_null(query, 5);
    if (sample->is_found)
        query_bind_int(query, 6, sample->record.id);
    else
        query_bind_null(query, 6);
    query_bind_text(query, 7, sample->is_found ? sample->record.sender : SPAN(""));
    return query_run(query, err);
}

/* An incident like any other: in the list, told once, closed when it is quiet. */
static int note(struct tool *tool, const struct alert_case *found, struct err *err)
{
    char what[200];
    struct span sender =
        found->culprit_count > 0 ? found->culprits[0].sender : SPAN("");
    snprintf(what, sizeof what, "%zu messages named, %zu in the log, by %zu sender%s",
             found->alert.sample_count, found->found, found->culprit_count,
             found->culprit_count == 1 ? "" : "s");
    return incident_note(tool->db,
                         &(struct incident_note){.kind = INCIDENT_ALERT,
                                                 .key = found->alert.blocked_ip.len > 0
                                                            ? found->alert.blocked_ip
                                                            : SPAN("port 25"),
                                                 .sender = sender,
                                                 .at_us = tool_now_us(),
                                                 .what = span_of(what)},
                         err);
}

int alert_case_record(struct tool *tool, const struct alert_case *found,
                      struct err *err)
{
    if (db_begin(tool->db, err) != 0)
        return -1;
    int rc = note(tool, found, err);
    for (size_t i = 0; i < found->alert.sample_count && rc == 0; i++)
        rc = record_sample(tool, found, &found->samples[i], err);
    return db_end(tool->db, rc, err);
}

static int lock(struct tool *tool, struct case_culprit *culprit, struct err *err)
{
    const struct order order = {.key = culprit->sender,
                                .since_us = tool_now_us(),
                                .reason = SPAN("named in a provider's alert"),
                                .by = span_of(tool_who(tool))};
    if (orders_block(tool->db, &order, false, err) != 0)
        return -1;
    culprit->is_blocked = true;
    return 0;
}

static int mark_held(struct tool *tool, const struct mta_wish *wish, int64_t id,
                     struct err *err)
{
    struct query *query =
        db_query(tool->db,
                 "INSERT INTO held_message (message, queue_id, held_at_us, due_at_us, "
                 "state, state_at_us, state_by, cause) VALUES (?1, ?2, ?3, NULL, "
                 "'waiting', ?4, '', 'alert') ON CONFLICT (message) DO UPDATE SET "
                 "state = 'waiting', due_at_us = NULL, cause = 'alert', state_at_us = "
                 "excluded.state_at_us, state_by = '', asked_at_us = NULL, asked_for = "
                 "'', asked_by = ''",
                 err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, id);
    query_bind_text(query, 2, wish->queue_id);
    query_bind_int(query, 3, wish->at_us);
    query_bind_int(query, 4, tool_now_us());
    return query_run(query, err);
}

static int lock_all(struct tool *tool, struct alert_case *found, struct err *err)
{
    if (db_begin(tool->db, err) != 0)
        return -1;
    int rc = 0;
    for (size_t i = 0; i < found->culprit_count && rc == 0; i++)
        rc = lock(tool, &found->culprits[i], err);
    return db_end(tool->db, rc, err);
}

static int mark_all(struct tool *tool, struct alert_case *found, struct err *err)
{
    if (db_begin(tool->db, err) != 0)
        return -1;
    int rc = 0;
    for (size_t i = 0; i < found->wish_count && rc == 0; i++)
        if (found->wishes[i].answer == MTA_IS_HELD)
            rc = mark_held(tool, &found->wishes[i], found->ids[i], err);
    return db_end(tool->db, rc, err);
}

/* First no more comes in, then what is there stands still. */
int alert_case_contain(struct tool *tool, struct alert_case *found, struct err *err)
{
    struct mta_tools tools;
    if (mta_open(&tools, tool->settings, err) != 0 || lock_all(tool, found, err) != 0)
        return -1;
    alert_case_queue(tool, found);
    if (found->queue == CASE_QUEUE_UNKNOWN)
        return err_set(err, ERR_IO, "locked, but the queue cannot be read: %s",
                       found->queue_error);
    if (mta_hold(&tools, tool->arena, found->wishes, found->wish_count, err) != 0)
        return err_prefix(err, "locked, but not put on hold");
    return mark_all(tool, found, err);
}
