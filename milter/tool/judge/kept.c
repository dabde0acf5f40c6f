/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/judge/kept.h"

#include <string.h>

/* What the database has of one message. */
struct shelf {
    struct db *db;
    const struct engine *engine;
    int64_t id;
    struct arena *arena;
    struct span headers, body;
    uint64_t size_bytes;
    bool has_facts;
    size_t *rules; /* that hit, and are there still */
    size_t rule_count, rule_room;
    struct err *err;
};

/* The recipients that the row lists, ", " between; not the "..." of the others. */
static void list_recipients(struct shelf *shelf, struct span list, struct envelope *env)
{
    size_t room = 0;
    struct span one;
    while (list.len > 0) {
        struct span *more = arena_grow(shelf->arena, env->recipients,
                                       env->recipient_kept, &room, sizeof *more);
        span_cut(list, ',', &one, &list);
        one = span_trim(one);
        if (more == NULL || one.len == 0 || span_eq(one, SPAN("...")))
            return;
        env->recipients = more;
        env->recipients[env->recipient_kept++] = one;
    }
}

/* The kind of a key, "sasl_user:bob", tells what was known of the session. */
static void read_identity(struct span sender, struct envelope *env)
{
    struct span kind, value;
    span_cut(sender, ':', &kind, &value);
    if (span_eq(kind, SPAN("sasl_user")))
        env->auth_user = value;
    else if (span_eq(kind, SPAN("tls_subject")))
        env->tls_subject = value;
    else if (span_eq(kind, SPAN("uid")))
        env->local_user = value;
}

static int read_envelope(struct shelf *shelf, struct envelope *env)
{
    struct arena *arena = shelf->arena;
    struct query *query = db_query_of(
        shelf->db,
        "SELECT class, path, mail_from, recipients, rcpt_to, queue_id, client_ip, "
        "client_name, helo, sender, size_bytes FROM message WHERE id = ?1",
        shelf->id, shelf->err);
    if (query == NULL)
        return -1;
    int step = query_step(query, shelf->err);
    if (step == 1) {
        *env = (struct envelope){
            .mail_class = mail_class_find(query_text(query, 0)),
            .path = mail_path_find(query_text(query, 1)),
            .mail_from = span_dup(arena, query_text(query, 2)),
            .recipient_count = (size_t)query_int(query, 3),
            .queue_id = span_dup(arena, query_text(query, 5)),
            .client_ip = span_dup(arena, query_text(query, 6)),
            .client_name = span_dup(arena, query_text(query, 7)),
            .helo = span_dup(arena, query_text(query, 8)),
        };
        env->is_null_sender = env->mail_from.len == 0;
        env->is_ours = env->mail_class == CLASS_OUTBOUND;
        list_recipients(shelf, span_dup(arena, query_text(query, 4)), env);
        read_identity(span_dup(arena, query_text(query, 9)), env);
        shelf->size_bytes = (uint64_t)query_int(query, 10);
    }
    query_reset(query);
    if (step == 0)
        return err_set(shelf->err, ERR_NOT_FOUND, "no message %lld in the log",
                       (long long)shelf->id);
    return step < 0 ? -1 : 0;
}

static int read_evidence(struct shelf *shelf)
{
    struct query *query =
        db_query_of(shelf->db,
                    "SELECT headers, body, length(facts) FROM evidence WHERE message = "
                    "?1",
                    shelf->id, shelf->err);
    if (query == NULL)
        return -1;
    int step = query_step(query, shelf->err);
    if (step == 1) {
        shelf->has_facts = query_int(query, 2) > 2; /* not those that were too long */
        shelf->headers = span_dup(shelf->arena, query_text(query, 0));
        shelf->body = span_dup(shelf->arena, query_text(query, 1));
    }
    query_reset(query);
    return step < 0 ? -1 : 0;
}

/* Names that are facts no more are passed over. */
static int read_facts(struct shelf *shelf, struct facts *facts)
{
    struct query *query =
        db_query_of(shelf->db,
                    "SELECT j.key, j.value FROM evidence, json_each(iif("
                    "json_valid(evidence.facts), evidence.facts, '{}')) AS j WHERE "
                    "evidence.message = ?1",
                    shelf->id, shelf->err);
    int step;
    memset(facts, 0, sizeof *facts);
    if (query == NULL)
        return -1;
    while ((step = query_step(query, shelf->err)) == 1) {
        int id = facts_find(query_text(query, 0));
        if (id < 0)
            continue;
        if (outgate_fact_rows[id].type == FACT_TEXT)
            facts->text[id] = span_dup(shelf->arena, query_text(query, 1));
        else
            facts->number[id] = query_double(query, 1);
    }
    query_reset(query);
    return step < 0 ? -1 : 0;
}

static int read_hits(struct shelf *shelf, size_t *unknown)
{
    struct query *query = db_query_of(
        shelf->db, "SELECT rule FROM hit WHERE message = ?1", shelf->id, shelf->err);
    int step;
    if (query == NULL)
        return -1;
    while ((step = query_step(query, shelf->err)) == 1) {
        const char *name = span_cstr(shelf->arena, query_text(query, 0));
        ptrdiff_t index = ruleset_find(shelf->engine->rules, name);
        size_t *more = arena_grow(shelf->arena, shelf->rules, shelf->rule_count,
                                  &shelf->rule_room, sizeof *more);
        if (more == NULL)
            break;
        shelf->rules = more;
        if (index >= 0)
            shelf->rules[shelf->rule_count++] = (size_t)index;
        else
            ++*unknown;
    }
    query_reset(query);
    return step < 0 ? -1 : 0;
}

/* The length of the first field, folded lines and its last line end included. */
static size_t field_length(struct span text)
{
    size_t at = 0;
    while (at < text.len) {
        ptrdiff_t end = span_index(span_from(text, at), '\n');
        if (end < 0)
            return text.len;
        at += (size_t)end + 1;
        if (at == text.len || (text.at[at] != ' ' && text.at[at] != '\t'))
            break;
    }
    return at;
}

/* As the MTA handed them over: "name:raw value" and LF each (gate/row). */
static void add_fields(struct message *msg, struct span text)
{
    while (text.len > 0) {
        size_t length = field_length(text);
        struct span field = span_head(text, length), name, value;
        text = span_from(text, length);
        if (field.at[field.len - 1] == '\n')
            field.len--;
        if (span_cut(field, ':', &name, &value))
            message_add_field(msg, name, value);
    }
}

/* Header and body as they were; false if what was kept is not as long as it was. */
static bool read_whole(struct shelf *shelf, bool with_body, struct kept *out)
{
    out->msg = message_new(shelf->arena, (uint64_t)shelf->engine->settings->scan_bytes);
    if (out->msg == NULL)
        return false;
    add_fields(out->msg, shelf->headers);
    if (with_body)
        message_add_body(out->msg, shelf->body.at, shelf->body.len);
    message_finish(out->msg);
    return out->msg->size_bytes == shelf->size_bytes;
}

static void judge(struct shelf *shelf, struct kept *out)
{
    const struct ruleset *rules = shelf->engine->rules;
    struct rule_kept kept = {.has_header = shelf->headers.len > 0,
                             .has_facts = shelf->has_facts,
                             .rules = shelf->rules,
                             .count = shelf->rule_count};
    if (read_whole(shelf, true, out) && kept.has_header && kept.has_facts) {
        out->depth = KEPT_WHOLE;
        rule_match(rules, out->msg, &out->env, &out->facts, &out->hits);
        return;
    }
    out->depth = kept.has_header ? KEPT_HEADER : KEPT_HITS;
    read_whole(shelf, false, out);
    if (out->msg != NULL)
        rule_match_kept(rules, out->msg, &out->env, &out->facts, &kept, &out->hits);
}

int kept_judge(struct db *db, const struct engine *engine, int64_t id,
               struct arena *arena, struct kept *out, struct err *err)
{
    struct shelf shelf = {
        .db = db, .engine = engine, .id = id, .arena = arena, .err = err};
    *out = (struct kept){0};
    if (read_envelope(&shelf, &out->env) != 0 || read_evidence(&shelf) != 0 ||
        read_facts(&shelf, &out->facts) != 0 || read_hits(&shelf, &out->unknown) != 0)
        return -1;
    judge(&shelf, out);
    if (out->msg == NULL || arena_is_broken(arena))
        return err_set(err, ERR_MEMORY, "out of memory for message %lld",
                       (long long)id);
    return 0;
}

int kept_read(struct db *db, const struct engine *engine, int64_t id,
              struct arena *arena, struct kept *out, struct err *err)
{
    struct shelf shelf = {
        .db = db, .engine = engine, .id = id, .arena = arena, .err = err};
    *out = (struct kept){0};
    if (read_envelope(&shelf, &out->env) != 0)
        return -1;
    read_whole(&shelf, false, out);
    return out->msg != NULL ? 0 : err_set(err, ERR_MEMORY, "out of memory");
}
