/* SPDX-License-Identifier: BSD-2-Clause */
#include "incident/evidence.h"

#include <stdlib.h>
#include <string.h>

#define HOUR_US INT64_C(3600000000)

/* What led to it is told as well. chosen */
#define BEFORE_US HOUR_US

enum { VALUE_BYTES = 300 }; /* of one text kept */

/* Columns of every question below, in this order. */
#define ROW                                                                            \
    "m.id, m.at_us, m.sender, m.client_ip, m.subject, m.header_from, m.script, "       \
    "m.rcpt_to, m.recipients, m.score, m.action, m.is_shadow, "
#define NEWEST                                                                         \
    "FROM (SELECT * FROM message WHERE at_us >= ?1 ORDER BY at_us DESC LIMIT ?2) AS "  \
    "m "

bool evidence_is_of_sender(const struct incident *incident)
{
    if (incident->sender.len == 0)
        return false;
    return incident->kind == INCIDENT_BLOCK || incident->kind == INCIDENT_SPAM ||
           incident->kind == INCIDENT_VIRUS ||
           (incident->kind == INCIDENT_LIMIT &&
            span_find(incident->key, incident->sender) >= 0);
}

static void tally_add(struct tally *tally, struct span text, int64_t weight,
                      struct arena *arena)
{
    text = span_head(text, VALUE_BYTES);
    if (text.len == 0 || weight <= 0)
        return;
    tally->total += weight;
    size_t i = 0;
    while (i < tally->count && !span_eq(tally->at[i].text, text))
        i++;
    if (i == TALLY_KEPT) {
        tally->others += weight;
        return;
    }
    if (i == tally->count) {
        tally->at[i].text = span_dup(arena, text);
        tally->count++;
    }
    tally->at[i].weight += weight;
}

/* Insertion: a few dozen values, and equal ones stay in their order. */
static void tally_sort(struct tally *tally)
{
    for (size_t i = 1; i < tally->count; i++)
        for (size_t k = i; k > 0 && tally->at[k].weight > tally->at[k - 1].weight;
             k--) {
            struct span text = tally->at[k].text;
            int64_t weight = tally->at[k].weight;
            tally->at[k] = tally->at[k - 1];
            tally->at[k - 1].text = text;
            tally->at[k - 1].weight = weight;
        }
}

static void add_recipients(struct evidence *out, struct span list, struct arena *arena)
{
    struct span one;
    while (list.len > 0) {
        span_cut(list, ',', &one, &list);
        one = span_trim(one);
        if (!span_eq(one, SPAN("...")))
            tally_add(&out->recipients_named, one, 1, arena);
    }
}

static void add_row(struct query *query, struct evidence *out, struct arena *arena)
{
    int64_t at_us = query_int(query, 1);
    double score = query_double(query, 9);
    enum action action = action_find(query_text(query, 10));
    out->score_min =
        out->messages == 0 || score < out->score_min ? score : out->score_min;
    out->score_max =
        out->messages == 0 || score > out->score_max ? score : out->score_max;
    if (out->messages == 0) { /* newest first */
        out->last_us = at_us;
        out->sample_id = query_int(query, 0);
    }
    out->first_us = at_us;
    out->messages++;
    out->recipients += query_int(query, 8);
    out->by_action[action]++;
    out->is_shadow |= query_int(query, 11) != 0;
    tally_add(&out->senders, query_text(query, 2), query_int(query, 12), arena);
    tally_add(&out->clients, query_text(query, 3), 1, arena);
    tally_add(&out->subjects, query_text(query, 4), 1, arena);
    tally_add(&out->froms, query_text(query, 5), 1, arena);
    tally_add(&out->scripts, query_text(query, 6), 1, arena);
    add_recipients(out, query_text(query, 7), arena);
}

static const char *question(const struct incident *incident)
{
    if (evidence_is_of_sender(incident))
        return "SELECT " ROW "1 FROM message AS m WHERE m.sender = ?3 AND m.at_us >= "
               "?1 AND ?2 > 0 AND ?4 IS NOT NULL ORDER BY m.at_us DESC LIMIT ?5";
    switch (incident->kind) {
    case INCIDENT_LIMIT:
        return "SELECT " ROW "1 " NEWEST
               "WHERE m.limit_name = ?3 AND m.limit_key = ?4 LIMIT ?5";
    case INCIDENT_BUDGET:
        return "SELECT " ROW "c.amount " NEWEST
               "JOIN charge AS c ON c.message = m.id WHERE c.limit_name = ?3 AND c.key "
               "= ?4 LIMIT ?5";
    case INCIDENT_UNSIGNED:
        return "SELECT " ROW "1 " NEWEST
               "WHERE m.from_domain = ?3 AND ?4 IS NOT NULL LIMIT ?5";
    default:
        return "SELECT " ROW "1 " NEWEST
               "WHERE ?3 IS NOT NULL AND ?4 IS NOT NULL LIMIT ?5";
    }
}

static int read_rows(struct db *db, const struct incident *incident, int64_t since_us,
                     struct arena *arena, struct evidence *out, struct err *err)
{
    struct query *query = db_query(db, question(incident), err);
    int step;
    if (query == NULL)
        return -1;
    bool has_limit = out->limit_name.len > 0 && !evidence_is_of_sender(incident);
    struct span who =
        evidence_is_of_sender(incident) ? incident->sender : incident->key;
    query_bind_int(query, 1, since_us);
    query_bind_int(query, 2, EVIDENCE_LOOK_BACK);
    query_bind_text(query, 3, has_limit ? out->limit_name : who);
    query_bind_text(query, 4, out->limit_key);
    query_bind_int(query, 5, EVIDENCE_ROWS + 1);
    while ((step = query_step(query, err)) == 1 && out->messages < EVIDENCE_ROWS)
        add_row(query, out, arena);
    out->is_cut = step == 1;
    query_reset(query);
    return step < 0 ? -1 : 0;
}

/* "login sasl_user:bob": a limit's name has no space. */
static int read_limit(struct db *db, const struct incident *incident,
                      struct arena *arena, struct evidence *out, int64_t *window_us,
                      struct err *err)
{
    *window_us = 0;
    if (incident->kind != INCIDENT_LIMIT && incident->kind != INCIDENT_BUDGET)
        return 0;
    span_cut(incident->key, ' ', &out->limit_name, &out->limit_key);
    struct query *query = db_query(
        db, "SELECT sentence, window_us FROM limit_in_force WHERE name = ?1", err);
    if (query == NULL)
        return -1;
    query_bind_text(query, 1, out->limit_name);
    int step = query_step(query, err);
    if (step == 1) {
        out->sentence = span_dup(arena, query_text(query, 0));
        *window_us = query_int(query, 1);
    }
    query_reset(query);
    return step < 0 ? -1 : 0;
}

/* What stands after a field's name in kept headers; the first letters of a language. */
static struct span find_language(struct span headers)
{
    static const char *const names[] = {"Content-Language:", "Accept-Language:"};
    for (size_t i = 0; i < 2; i++) {
        struct span rest = headers;
        struct span line;
        while (rest.len > 0) {
            span_cut(rest, '\n', &line, &rest);
            if (!span_istarts(line, span_of(names[i])))
                continue;
            line = span_trim(span_from(line, strlen(names[i])));
            if (line.len >= 2 && (line.len == 2 || !ascii_is_alnum(line.at[2])))
                return span_head(line, 2);
        }
    }
    return SPAN("");
}

static int read_sample(struct db *db, const struct incident *incident,
                       struct arena *arena, struct evidence *out, struct err *err)
{
    struct query *query =
        db_query(db,
                 "SELECT id, message_id, queue_id, mail_from, subject, action, "
                 "due_at_us, headers FROM message LEFT JOIN evidence ON "
                 "evidence.message = message.id WHERE id = ?1",
                 err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1,
                   incident->message > 0 ? incident->message : out->sample_id);
    int step = query_step(query, err);
    if (step == 1) {
        out->sample_id = query_int(query, 0);
        out->sample_message_id = span_dup(arena, query_text(query, 1));
        out->sample_queue_id = span_dup(arena, query_text(query, 2));
        out->sample_mail_from = span_dup(arena, query_text(query, 3));
        out->sample_subject = span_dup(arena, query_text(query, 4));
        out->sample_action = span_dup(arena, query_text(query, 5));
        out->sample_due_us = query_int(query, 6);
        out->sample_language = span_lower(arena, find_language(query_text(query, 7)));
    }
    query_reset(query);
    return step < 0 ? -1 : 0;
}

static int read_waiting(struct db *db, const struct incident *incident,
                        struct evidence *out, struct err *err)
{
    bool is_of_sender = evidence_is_of_sender(incident);
    struct query *query = db_query(
        db,
        is_of_sender
            ? "SELECT count(*), sum(h.due_at_us IS NULL), min(h.due_at_us) FROM "
              "held_message AS h JOIN message AS m ON m.id = h.message WHERE h.state = "
              "'waiting' AND m.sender = ?1"
            : "SELECT count(*), sum(due_at_us IS NULL), min(due_at_us) FROM "
              "held_message WHERE state = 'waiting' AND ?1 IS NOT NULL",
        err);
    if (query == NULL)
        return -1;
    query_bind_text(query, 1, incident->sender);
    int step = query_step(query, err);
    if (step == 1) {
        out->waiting = query_int(query, 0);
        out->waiting_for_person = query_int(query, 1);
        out->next_due_us = query_int(query, 2);
    }
    query_reset(query);
    return step < 0 ? -1 : 0;
}

static int read_countries(struct db *db, const struct incident *incident,
                          struct arena *arena, struct evidence *out, struct err *err)
{
    struct query *query = db_query(
        db,
        "SELECT t.value, t.times FROM sender_trait AS t JOIN sender_seen AS s ON "
        "s.id = t.sender WHERE s.sender = ?1 AND t.kind = 'country' ORDER BY t.last_us "
        "DESC LIMIT ?2",
        err);
    int step;
    if (query == NULL)
        return -1;
    query_bind_text(query, 1, incident->sender);
    query_bind_int(query, 2, TALLY_KEPT);
    while ((step = query_step(query, err)) == 1)
        tally_add(&out->countries, query_text(query, 0), query_int(query, 1), arena);
    return step;
}

static int read_until(struct db *db, const struct incident *incident,
                      struct evidence *out, struct err *err)
{
    if (incident->kind != INCIDENT_BLOCK && incident->kind != INCIDENT_BRAKE)
        return 0;
    struct query *query =
        db_query(db,
                 incident->kind == INCIDENT_BLOCK
                     ? "SELECT until_us FROM blocked_sender WHERE sender = ?1"
                     : "SELECT until_us FROM brake WHERE id = 1 AND ?1 IS NOT NULL",
                 err);
    if (query == NULL)
        return -1;
    query_bind_text(query, 1, incident->key);
    int step = query_step(query, err);
    if (step == 1)
        out->until_us = query_int(query, 0);
    query_reset(query);
    return step < 0 ? -1 : 0;
}

int evidence_gather(struct db *db, const struct incident *incident, struct arena *arena,
                    struct evidence *out, struct err *err)
{
    int64_t window_us;
    memset(out, 0, sizeof *out);
    if (read_limit(db, incident, arena, out, &window_us, err) != 0)
        return -1;
    int64_t since_us = incident->opened_us - BEFORE_US;
    if (incident->kind == INCIDENT_BUDGET && window_us > 0)
        since_us = incident->last_us - window_us;
    if (read_rows(db, incident, since_us, arena, out, err) != 0 ||
        read_sample(db, incident, arena, out, err) != 0 ||
        read_waiting(db, incident, out, err) != 0 ||
        read_countries(db, incident, arena, out, err) != 0 ||
        read_until(db, incident, out, err) != 0)
        return -1;
    struct tally *const tallies[] = {
        &out->senders, &out->clients,          &out->subjects, &out->froms,
        &out->scripts, &out->recipients_named, &out->countries};
    for (size_t i = 0; i < sizeof tallies / sizeof *tallies; i++)
        tally_sort(tallies[i]);
    return 0;
}
