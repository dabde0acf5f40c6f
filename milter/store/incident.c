/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/incident.h"

#include <string.h>

#include "base/bounds.h"

#define DAY_US INT64_C(86400000000)

static const char *const kind_names[INCIDENT_KIND_COUNT] = {
    "unknown", "limit", "budget", "block", "brake",  "unsigned",
    "spam",    "store", "alert",  "virus", "scanner"};

const char *incident_kind_name(enum incident_kind kind)
{
    return kind < INCIDENT_KIND_COUNT ? kind_names[kind] : kind_names[0];
}

enum incident_kind incident_kind_find(struct span name)
{
    for (int kind = 1; kind < INCIDENT_KIND_COUNT; kind++)
        if (span_eq(name, span_of(kind_names[kind])))
            return (enum incident_kind)kind;
    return INCIDENT_UNKNOWN;
}

/* ---- notes ---- */

static void bind_note(struct query *query, const struct incident_note *note)
{
    query_bind_text(query, 1, span_of(incident_kind_name(note->kind)));
    query_bind_text(query, 2, span_head(note->key, BOUND_COLUMN_BYTES));
    query_bind_text(query, 3, span_head(note->sender, BOUND_COLUMN_BYTES));
    query_bind_int(query, 4, note->level);
    query_bind_int(query, 5, note->at_us);
    if (note->message > 0)
        query_bind_int(query, 6, note->message);
    query_bind_text(query, 7, span_head(note->what, BOUND_COLUMN_BYTES));
}

/* One more of an open incident. A rise is due at once, and by every way. */
#define COUNT_MORE                                                                     \
    "times = times + 1, last_us = max(last_us, ?5), message = coalesce(?6, message), " \
    "what = CASE WHEN ?4 >= level THEN ?7 ELSE what END, sender = CASE ?3 WHEN '' "    \
    "THEN sender ELSE ?3 END, "                                                        \
    "tell_at_us = CASE WHEN ?4 > level THEN ?5 ELSE tell_at_us END, "                  \
    "tried_times = CASE WHEN ?4 > level THEN 0 ELSE tried_times END, "                 \
    "told_ways = CASE WHEN ?4 > level THEN 0 ELSE told_ways END, "                     \
    "level = max(level, ?4)"

int incident_count_more(struct db *db, const struct incident_note *note, bool *was_open,
                        struct err *err)
{
    struct query *query =
        db_query(db,
                 "UPDATE incident SET " COUNT_MORE
                 " WHERE kind = ?1 AND key = ?2 AND closed_us IS NULL",
                 err);
    *was_open = false;
    if (query == NULL)
        return -1;
    bind_note(query, note);
    if (query_run(query, err) != 0)
        return -1;
    *was_open = db_changes(db) > 0;
    return 0;
}

static int open_incident(struct db *db, const struct incident_note *note,
                         struct err *err)
{
    struct query *query = db_query(
        db,
        "INSERT INTO incident (kind, key, sender, level, opened_us, last_us, times, "
        "message, what, told_level, told_times, tell_at_us, tried_times, told_ways) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?5, 1, ?6, ?7, 0, 0, ?5, 0, 0)",
        err);
    if (query == NULL)
        return -1;
    bind_note(query, note);
    return query_run(query, err);
}

/* Not an upsert: that would use up a number each time. */
int incident_note(struct db *db, const struct incident_note *note, struct err *err)
{
    bool was_open;
    if (incident_count_more(db, note, &was_open, err) != 0)
        return -1;
    return was_open ? 0 : open_incident(db, note, err);
}

/* ---- reading ---- */

#define COLUMNS                                                                        \
    "SELECT id, kind, key, sender, what, level, opened_us, last_us, closed_us, "       \
    "times, "                                                                          \
    "message, told_us, told_times, told_ways, tried_times, sender_told_us FROM "       \
    "incident "

static void read_row(struct query *query, struct arena *arena, struct incident *out)
{
    *out = (struct incident){
        .id = query_int(query, 0),
        .kind = incident_kind_find(query_text(query, 1)),
        .kind_name = span_dup(arena, query_text(query, 1)),
        .key = span_dup(arena, query_text(query, 2)),
        .sender = span_dup(arena, query_text(query, 3)),
        .what = span_dup(arena, query_text(query, 4)),
        .level = (int)query_int(query, 5),
        .opened_us = query_int(query, 6),
        .last_us = query_int(query, 7),
        .closed_us = query_int(query, 8), /* NULL reads as 0 */
        .times = query_int(query, 9),
        .message = query_int(query, 10),
        .told_us = query_int(query, 11),
        .told_times = query_int(query, 12),
        .told_ways = (int)query_int(query, 13),
        .tried_times = query_int(query, 14),
        .sender_told_us = query_int(query, 15),
    };
}

static int read_list(struct query *query, size_t max, struct arena *arena,
                     struct incident_list *out, struct err *err)
{
    int step;
    *out = (struct incident_list){arena_array(arena, max + 1, sizeof *out->at), 0};
    if (out->at == NULL)
        return err_set(err, ERR_MEMORY, "no memory for the incidents");
    while ((step = query_step(query, err)) == 1 && out->count < max)
        read_row(query, arena, &out->at[out->count++]);
    query_reset(query);
    return step < 0 ? -1 : 0;
}

int incident_find(struct db *db, int64_t id, struct arena *arena, struct incident *out,
                  struct err *err)
{
    struct query *query = db_query(db, COLUMNS "WHERE id = ?1", err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, id);
    int step = query_step(query, err);
    if (step == 1)
        read_row(query, arena, out);
    query_reset(query);
    if (step == 0)
        return err_set(err, ERR_NOT_FOUND, "there is no incident %lld", (long long)id);
    return step < 0 ? -1 : 0;
}

int incident_select(struct db *db, bool only_open, int64_t since_us, size_t max,
                    struct arena *arena, struct incident_list *out, struct err *err)
{
    struct query *query =
        db_query(db,
                 COLUMNS "WHERE last_us >= ?1 AND (closed_us IS NULL OR NOT ?2) ORDER "
                         "BY last_us DESC, id DESC LIMIT ?3",
                 err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, since_us);
    query_bind_int(query, 2, only_open);
    query_bind_int(query, 3, (int64_t)max);
    return read_list(query, max, arena, out, err);
}

/* As the partial index incident_tell says it. */
#define IS_NEWS "(told_us IS NULL OR level > told_level OR last_us > told_us)"

int incident_due(struct db *db, int64_t now_us, struct span quiet, size_t max,
                 struct arena *arena, struct incident_list *out, struct err *err)
{
    struct query *query = db_query(
        db,
        COLUMNS "WHERE tell_at_us IS NOT NULL AND " IS_NEWS " AND tell_at_us <= ?1 AND "
                "(closed_us IS NULL OR told_us IS NULL) AND "
                "instr(?2, ',' || kind || ',') = 0 ORDER BY tell_at_us, id LIMIT ?3",
        err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, now_us);
    query_bind_text(query, 2, quiet);
    query_bind_int(query, 3, (int64_t)max);
    return read_list(query, max, arena, out, err);
}

#define SENDER_IS_DUE                                                                  \
    "sender <> '' AND sender GLOB 'sasl_user:*' AND kind IN ('limit', 'block') AND "   \
    "closed_us IS NULL AND (sender_told_us IS NULL OR (sender_told_us < ?1 AND "       \
    "last_us > sender_told_us)) "

int incident_due_senders(struct db *db, int64_t now_us, size_t max, struct arena *arena,
                         struct incident_list *out, struct err *err)
{
    struct query *query = db_query(
        db, COLUMNS "WHERE " SENDER_IS_DUE "ORDER BY opened_us, id LIMIT ?2", err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, now_us - DAY_US);
    query_bind_int(query, 2, (int64_t)max);
    return read_list(query, max, arena, out, err);
}

/* ---- what became of it ---- */

int incident_told(struct db *db, const struct incident *incident, int64_t now_us,
                  int64_t next_us, struct err *err)
{
    struct query *query =
        db_query(db,
                 "UPDATE incident SET told_us = ?2, told_level = ?3, told_times = "
                 "told_times + 1, tried_times = 0, told_ways = 0, tell_at_us = CASE "
                 "WHEN level > ?3 THEN ?2 ELSE ?4 END WHERE id = ?1",
                 err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, incident->id);
    query_bind_int(query, 2, now_us);
    query_bind_int(query, 3, incident->level);
    if (next_us > 0)
        query_bind_int(query, 4, next_us);
    return query_run(query, err);
}

int incident_not_told(struct db *db, const struct incident *incident, int ways,
                      int64_t next_us, struct err *err)
{
    struct query *query = db_query(db,
                                   "UPDATE incident SET told_ways = ?2, tried_times = "
                                   "tried_times + 1, tell_at_us = ?3 WHERE id = ?1 AND "
                                   "level = ?4 AND tell_at_us IS NOT NULL",
                                   err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, incident->id);
    query_bind_int(query, 2, ways);
    query_bind_int(query, 3, next_us);
    query_bind_int(query, 4, incident->level);
    return query_run(query, err);
}

int incident_sender_told(struct db *db, int64_t id, int64_t now_us, struct err *err)
{
    struct query *query =
        db_query(db, "UPDATE incident SET sender_told_us = ?2 WHERE id = ?1", err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, id);
    query_bind_int(query, 2, now_us);
    return query_run(query, err);
}

#define IS_UNLOGGED "(logged_level IS NULL OR level > logged_level)"

int incident_take_unlogged(struct db *db, size_t max, struct arena *arena,
                           struct incident_list *out, struct err *err)
{
    struct query *query =
        db_query(db, COLUMNS "WHERE " IS_UNLOGGED " ORDER BY id LIMIT ?1", err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, (int64_t)max);
    if (read_list(query, max, arena, out, err) != 0)
        return -1;
    for (size_t i = 0; i < out->count; i++) {
        query =
            db_query(db, "UPDATE incident SET logged_level = level WHERE id = ?1", err);
        if (query == NULL)
            return -1;
        query_bind_int(query, 1, out->at[i].id);
        if (query_run(query, err) != 0)
            return -1;
    }
    return 0;
}

int incident_close(struct db *db, int64_t id, int64_t now_us, struct err *err)
{
    struct query *query = db_query(db,
                                   "UPDATE incident SET closed_us = ?2, tell_at_us = "
                                   "NULL WHERE id = ?1 AND closed_us IS NULL",
                                   err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, id);
    query_bind_int(query, 2, now_us);
    if (query_run(query, err) != 0)
        return -1;
    return db_changes(db) > 0
               ? 0
               : err_set(err, ERR_NOT_FOUND, "no open incident has the number %lld",
                         (long long)id);
}

/* ---- what has its own table ---- */

/* Blocks and the brake in force, without an incident of that time. */
#define UNSYNCED_BLOCKS                                                                \
    "FROM blocked_sender AS b WHERE (b.until_us IS NULL OR b.until_us > ?1) AND NOT "  \
    "EXISTS (SELECT 1 FROM incident WHERE kind = 'block' AND key = b.sender AND "      \
    "last_us >= b.since_us) "
#define UNSYNCED_BRAKE                                                                 \
    "FROM brake AS b WHERE (b.until_us IS NULL OR b.until_us > ?1) AND NOT EXISTS "    \
    "(SELECT 1 FROM incident WHERE kind = 'brake' AND last_us >= b.since_us) "

#define NOTE_HEAD                                                                      \
    "INSERT INTO incident (kind, key, sender, level, opened_us, last_us, times, "      \
    "what, "                                                                           \
    "told_level, told_times, tell_at_us, tried_times, told_ways) "
#define NOTE_TAIL                                                                      \
    "ON CONFLICT (kind, key) WHERE closed_us IS NULL DO UPDATE SET times = times + "   \
    "1, "                                                                              \
    "last_us = excluded.last_us, what = excluded.what"

static int run_at(struct db *db, const char *sql, int64_t a, int64_t b, struct err *err)
{
    struct query *query = db_query(db, sql, err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, a);
    query_bind_int(query, 2, b);
    return query_run(query, err);
}

int incident_sync(struct db *db, int64_t now_us, struct err *err)
{
    if (run_at(db,
               NOTE_HEAD "SELECT 'block', b.sender, b.sender, 0, b.since_us, "
                         "max(b.since_us, ?2), 1, 'blocked by ' || b.by || ': ' || "
                         "b.reason, 0, 0, ?2, 0, 0 " UNSYNCED_BLOCKS NOTE_TAIL,
               now_us, now_us, err) != 0)
        return -1;
    return run_at(db,
                  NOTE_HEAD
                  "SELECT 'brake', 'brake', '', 0, b.since_us, "
                  "max(b.since_us, ?2), 1, 'the brake was put on by ' || "
                  "b.by || ': ' || b.reason, 0, 0, ?2, 0, 0 " UNSYNCED_BRAKE NOTE_TAIL,
                  now_us, now_us, err);
}

/* ---- the end ---- */

/* What was told has been told; the rest keeps its time. */
#define SET_CLOSED                                                                     \
    "UPDATE incident SET closed_us = ?1, tell_at_us = CASE WHEN told_us IS NULL THEN " \
    "tell_at_us END WHERE closed_us IS NULL AND "

int incident_close_quiet(struct db *db, int64_t quiet_us, int64_t now_us,
                         struct err *err)
{
    if (run_at(db,
               SET_CLOSED "kind = 'block' AND NOT EXISTS (SELECT 1 FROM blocked_sender "
                          "WHERE blocked_sender.sender = incident.key AND (until_us IS "
                          "NULL OR until_us > ?1)) AND ?2 = 0",
               now_us, 0, err) != 0 ||
        run_at(db,
               SET_CLOSED "kind = 'brake' AND NOT EXISTS (SELECT 1 FROM brake WHERE "
                          "until_us IS NULL OR until_us > ?1) AND ?2 = 0",
               now_us, 0, err) != 0)
        return -1;
    return run_at(db, SET_CLOSED "last_us < ?2 AND kind NOT IN ('block', 'brake')",
                  now_us, quiet_us, err);
}

int incident_expire(struct db *db, int64_t before_us, unsigned rows, struct err *err)
{
    return run_at(db,
                  "DELETE FROM incident WHERE id IN (SELECT id FROM incident WHERE "
                  "last_us < ?1 AND closed_us IS NOT NULL ORDER BY last_us LIMIT ?2)",
                  before_us, rows, err);
}

static int ask_flag(struct db *db, const char *sql, int64_t at_us, bool *out,
                    struct err *err)
{
    struct query *query = db_query(db, sql, err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, at_us);
    int step = query_step(query, err);
    *out = step == 1;
    query_reset(query);
    return step < 0 ? -1 : 0;
}

int incident_look(struct db *db, int64_t now_us, struct incident_work *out,
                  struct err *err)
{
    if (ask_flag(db, "SELECT 1 FROM incident WHERE " IS_UNLOGGED " AND ?1 > 0 LIMIT 1",
                 now_us, &out->has_unlogged, err) != 0 ||
        ask_flag(db,
                 "SELECT 1 FROM incident WHERE tell_at_us IS NOT NULL AND " IS_NEWS
                 " AND tell_at_us <= ?1 LIMIT 1",
                 now_us, &out->has_due, err) != 0)
        return -1;
    return ask_flag(db, "SELECT 1 FROM incident WHERE " SENDER_IS_DUE "LIMIT 1",
                    now_us - DAY_US, &out->has_senders, err);
}

int incident_is_synced(struct db *db, int64_t now_us, bool *is_synced, struct err *err)
{
    bool has_block;
    bool has_brake;
    if (ask_flag(db, "SELECT 1 " UNSYNCED_BLOCKS "LIMIT 1", now_us, &has_block, err) !=
            0 ||
        ask_flag(db, "SELECT 1 " UNSYNCED_BRAKE "LIMIT 1", now_us, &has_brake, err) !=
            0)
        return -1;
    *is_synced = !has_block && !has_brake;
    return 0;
}
