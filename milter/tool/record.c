/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/record.h"

#include <string.h>

#include "base/buf.h"
#include "limits/sender.h"
#include "store/audit.h"

enum { SAME_MAX = 1000 }; /* rows of one Message-ID that are counted */

#define COLUMNS                                                                        \
    "SELECT id, at_us, class, path, sender, identified_by, queue_id, message_id, "     \
    "client_ip, client_name, helo, mail_from, header_from, subject, x_mailer, "        \
    "script, rcpt_to, recipients, size_bytes, score, action, meant, reason, "          \
    "limit_name, limit_key, due_at_us, reply, incident, is_shadow, "                   \
    "elapsed_us, campaign, spf, dkim, dmarc, authentication FROM message WHERE "

#define NEWEST " ORDER BY at_us DESC, id DESC LIMIT ?2"

static const char by_queue_id[] = COLUMNS "queue_id = ?1" NEWEST;
static const char by_message_id[] =
    COLUMNS "message_id_local = ?3 AND message_id = ?1" NEWEST;
static const char by_local_part[] = COLUMNS "message_id_local = ?1" NEWEST;
static const char by_incident[] = COLUMNS "incident = ?1 AND incident <> ''" NEWEST;

struct query *record_select(struct db *db, const struct record_filter *filter,
                            struct err *err)
{
    const struct {
        const char *sql;
        struct span name;
    } ways[] = {
        {by_queue_id, filter->queue_id},
        {by_message_id, filter->message_id},
        {by_local_part, filter->message_id_local},
        {by_incident, filter->incident},
    };
    size_t way = 0;
    while (way + 1 < sizeof ways / sizeof *ways && ways[way].name.len == 0)
        way++;
    struct query *query = db_query(db, ways[way].sql, err);
    if (query == NULL)
        return NULL;
    query_bind_text(query, 1, ways[way].name);
    query_bind_int(query, 2, filter->limit > 0 ? filter->limit : -1);
    if (ways[way].sql == by_message_id) /* so that its index serves */
        query_bind_text(query, 3, record_local_part(filter->message_id));
    return query;
}

static struct span text_of(struct query *query, int i, struct arena *arena)
{
    return span_dup(arena, query_text(query, i));
}

static void read_texts(struct query *query, struct arena *arena, struct record *out)
{
    const struct {
        struct span *into;
        int column;
    } texts[] = {
        {&out->mail_class, 2},    {&out->path, 3},         {&out->sender, 4},
        {&out->identified_by, 5}, {&out->queue_id, 6},     {&out->message_id, 7},
        {&out->client_ip, 8},     {&out->client_name, 9},  {&out->helo, 10},
        {&out->mail_from, 11},    {&out->header_from, 12}, {&out->subject, 13},
        {&out->x_mailer, 14},     {&out->script, 15},      {&out->rcpt_to, 16},
        {&out->action_text, 20},  {&out->meant, 21},       {&out->reason, 22},
        {&out->limit_name, 23},   {&out->limit_key, 24},   {&out->reply, 26},
        {&out->incident, 27},     {&out->campaign, 30},    {&out->spf, 31},
        {&out->dkim, 32},         {&out->dmarc, 33},       {&out->authentication, 34},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        *texts[i].into = text_of(query, texts[i].column, arena);
}

int record_next(struct query *query, struct arena *arena, struct record *out,
                struct err *err)
{
    int step = query_step(query, err);
    if (step <= 0)
        return step;
    *out = (struct record){
        .id = query_int(query, 0),
        .at_us = query_int(query, 1),
        .recipients = query_int(query, 17),
        .size_bytes = query_int(query, 18),
        .score = query_double(query, 19),
        .due_at_us = query_int(query, 25),
        .is_shadow = query_int(query, 28) != 0,
        .elapsed_us = query_int(query, 29),
    };
    read_texts(query, arena, out);
    out->action = action_find(out->action_text);
    return 1;
}

struct span record_local_part(struct span message_id)
{
    ptrdiff_t at = span_rindex(message_id, '@');
    return at >= 0 ? span_head(message_id, (size_t)at) : message_id;
}

struct span record_without_angles(struct span text)
{
    text = span_trim(text);
    if (text.len >= 2 && text.at[0] == '<' && text.at[text.len - 1] == '>')
        return span_trim((struct span){text.at + 1, text.len - 2});
    return text;
}

int record_read(struct db *db, int64_t id, struct arena *arena, struct record *out,
                struct err *err)
{
    struct query *query = db_query(db, COLUMNS "id = ?1", err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, id);
    int found = record_next(query, arena, out, err);
    query_reset(query);
    return found;
}

static bool has_sent(struct db *db, struct span key)
{
    struct query *query =
        db_query(db, "SELECT 1 FROM message WHERE sender = ?1 LIMIT 1", NULL);
    if (query == NULL)
        return false;
    query_bind_text(query, 1, key);
    bool found = query_step(query, NULL) > 0;
    query_reset(query);
    return found;
}

bool record_sender(struct tool *tool, struct span word, struct span *key)
{
    struct span kind, value;
    bool has_kind =
        span_cut(word, ':', &kind, &value) && identity_find(kind) != IDENTITY_UNKNOWN;
    for (int i = IDENTITY_SASL_USER; i < IDENTITY_COUNT && !has_kind; i++) {
        struct buf text;
        buf_init(&text, tool->arena, 4096);
        buf_printf(&text, "%s:", identity_name((enum identity)i));
        buf_add_span(&text, word);
        *key = sender_key(tool->arena, buf_span(&text));
        if (has_sent(tool->db, *key))
            return true;
    }
    *key = sender_key(tool->arena, word);
    return has_sent(tool->db, *key);
}

/* What was decided when it came in has another queue id when it leaves. */
static int find_by_border(struct tool *tool, struct span queue_id, struct record *out,
                          struct err *err)
{
    struct query *query =
        db_query(tool->db,
                 "SELECT message FROM ticket WHERE passed_queue_id = ?1 AND message IS "
                 "NOT NULL ORDER BY passed_us DESC LIMIT 1",
                 err);
    if (query == NULL || queue_id.len == 0)
        return query == NULL ? -1 : 0;
    query_bind_text(query, 1, queue_id);
    int step = query_step(query, err);
    int64_t id = step == 1 ? query_int(query, 0) : 0;
    query_reset(query);
    return step == 1 ? record_read(tool->db, id, tool->arena, out, err) : step;
}

/* The newest row that passes; *others: how many more do. */
static int find_by_filter(struct tool *tool, struct record_filter filter,
                          struct record *out, size_t *others, struct err *err)
{
    filter.limit = SAME_MAX;
    struct query *query = record_select(tool->db, &filter, err);
    if (query == NULL)
        return -1;
    int found = record_next(query, tool->arena, out, err);
    int more = found;
    *others = 0;
    while (more > 0 && (more = query_step(query, err)) > 0)
        (*others)++;
    query_reset(query);
    return more < 0 ? -1 : found;
}

int record_find(struct tool *tool, struct span word, struct record *out, size_t *others,
                struct err *err)
{
    uint64_t id;
    int found = 0;
    struct span message_id = record_without_angles(word);
    const struct record_filter filters[] = {
        {.queue_id = word},
        {.incident = word},
        {.message_id = message_id},
        {.message_id_local = record_local_part(message_id)},
    };
    *others = 0;
    if (text_parse_count(word, INT64_MAX, &id))
        found = record_read(tool->db, (int64_t)id, tool->arena, out, err);
    for (size_t i = 0; i < sizeof filters / sizeof *filters && found == 0; i++)
        found = find_by_filter(tool, filters[i], out, others, err);
    if (found == 0)
        found = find_by_border(tool, word, out, err);
    if (found == 0)
        return err_set(err, ERR_NOT_FOUND,
                       "no message in the log has the id, queue id, incident id or "
                       "Message-ID \"%.*s\"",
                       (int)span_head(word, 200).len, word.at);
    return found < 0 ? -1 : 0;
}

void record_json_time(struct json *json, const char *name, int64_t at_us)
{
    char text[32];
    if (at_us != 0)
        json_text(json, name, span_of(audit_time_text(at_us, text)));
    else
        json_null(json, name);
}

void record_json(struct json *json, const struct record *r)
{
    json_int(json, "id", r->id);
    record_json_time(json, "at", r->at_us);
    json_text(json, "class", r->mail_class);
    json_text(json, "sender", r->sender);
    json_text(json, "queue_id", r->queue_id);
    json_text(json, "message_id", r->message_id);
    json_text(json, "client_ip", r->client_ip);
    json_text(json, "mail_from", r->mail_from);
    json_text(json, "header_from", r->header_from);
    json_int(json, "recipients", r->recipients);
    json_int(json, "size", r->size_bytes);
    json_number(json, "score", r->score);
    json_text(json, "action", r->action_text);
    json_text(json, "reason", r->reason);
    json_text_or_null(json, "limit", r->limit_name);
    record_json_time(json, "due_at", r->due_at_us);
    json_text_or_null(json, "spf", r->spf);
    json_text_or_null(json, "dkim", r->dkim);
    json_text_or_null(json, "dmarc", r->dmarc);
    json_text(json, "mode", r->is_shadow ? SPAN("shadow") : SPAN("enforce"));
    json_int(json, "elapsed_us", r->elapsed_us);
    json_text_or_null(json, "campaign", r->campaign);
    json_text_or_null(json, "authentication", r->authentication);
}
