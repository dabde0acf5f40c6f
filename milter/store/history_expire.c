/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/history.h"

#define DAY_US (INT64_C(86400) * 1000000)

enum {
    HOURS_DAYS = 35,    /* hours are kept for so long: four weeks and a few days */
    UNUSED_DAYS = 180,  /* recipients and traits, since their last use */
    SENDER_DAYS = 365,  /* senders and domains, since their last message */
    STRANGER_DAYS = 60, /* senders of few messages */
    STRANGER_MESSAGES = 10,
    SENDERS_MOST = 50,  /* looked at in one call */
    ROWS_MOST = 50000,  /* recipients of theirs */
    DOMAINS_MOST = 200, /* deleted in one call */
};

struct found {
    int64_t id, last_us, messages, known;
};

/* Where the last call stopped: a sender's id, 0 for the start. */
static int read_place(struct db *db, int64_t *id, struct err *err)
{
    struct query *query =
        db_query(db, "SELECT value FROM meta WHERE name = 'sweep_sender'", err);
    *id = 0;
    if (query == NULL)
        return -1;
    int rc = query_step(query, err);
    if (rc > 0)
        *id = query_int(query, 0);
    query_reset(query);
    return rc < 0 ? -1 : 0;
}

static int write_place(struct db *db, int64_t id, struct err *err)
{
    struct query *query =
        db_query(db,
                 "INSERT INTO meta (name, value) VALUES ('sweep_sender', CAST(?1 AS "
                 "TEXT)) ON CONFLICT DO UPDATE SET value = excluded.value",
                 err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, id);
    return query_run(query, err);
}

/* The next senders, as many as may be looked at; fewer than SENDERS_MOST and no full
 * ROWS_MOST: the last ones. */
static int find_next(struct db *db, int64_t after, struct found *list, size_t *count,
                     int64_t *next, struct err *err)
{
    int step;
    int64_t rows = 0;
    struct query *query =
        db_query(db,
                 "SELECT id, last_us, messages, known_recipients FROM sender_seen "
                 "WHERE id > ?1 ORDER BY id LIMIT ?2",
                 err);
    *count = 0;
    *next = 0;
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, after);
    query_bind_int(query, 2, SENDERS_MOST);
    while ((step = query_step(query, err)) > 0) {
        list[(*count)++] = (struct found){query_int(query, 0), query_int(query, 1),
                                          query_int(query, 2), query_int(query, 3)};
        rows += query_int(query, 3);
        if (*count == SENDERS_MOST || rows > ROWS_MOST) {
            *next = query_int(query, 0);
            break;
        }
    }
    query_reset(query);
    return step < 0 ? -1 : 0;
}

/* One statement with two numbers. changed: rows, or NULL. */
static int change(struct db *db, const char *sql, int64_t a, int64_t b,
                  int64_t *changed, struct err *err)
{
    struct query *query = db_query(db, sql, err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, a);
    query_bind_int(query, 2, b);
    if (query_run(query, err) != 0)
        return -1;
    if (changed != NULL)
        *changed = db_changes(db);
    return 0;
}

static bool is_forgotten(const struct found *sender, int64_t now_us)
{
    int64_t days = sender->messages < STRANGER_MESSAGES ? STRANGER_DAYS : SENDER_DAYS;
    return sender->last_us < now_us - days * DAY_US;
}

static int expire_sender(struct db *db, const struct found *sender, int64_t now_us,
                         struct err *err)
{
    int64_t deleted;
    int64_t unused_us = now_us - UNUSED_DAYS * DAY_US;
    if (is_forgotten(sender, now_us))
        return change(db, "DELETE FROM sender_seen WHERE id = ?1 AND ?2 = 0",
                      sender->id, 0, NULL, err);
    if (change(db, "DELETE FROM sender_hour WHERE sender = ?1 AND hour < ?2",
               sender->id, (now_us - HOURS_DAYS * DAY_US) / 3600000000, NULL,
               err) != 0 ||
        change(db, "DELETE FROM sender_trait WHERE sender = ?1 AND last_us < ?2",
               sender->id, unused_us, NULL, err) != 0 ||
        change(db, "DELETE FROM sender_recipient WHERE sender = ?1 AND last_us < ?2",
               sender->id, unused_us, &deleted, err) != 0)
        return -1;
    if (deleted == 0)
        return 0;
    return change(db,
                  "UPDATE sender_seen SET known_recipients = max(known_recipients - "
                  "?2, 0) WHERE id = ?1",
                  sender->id, deleted, NULL, err);
}

int history_expire(struct db *db, int64_t now_us, struct err *err)
{
    struct found list[SENDERS_MOST];
    size_t count;
    int64_t place;
    int64_t next;
    if (read_place(db, &place, err) != 0 ||
        find_next(db, place, list, &count, &next, err) != 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        if (expire_sender(db, &list[i], now_us, err) != 0)
            return -1;
    if (next != place && write_place(db, next, err) != 0)
        return -1;
    return change(db,
                  "DELETE FROM domain_seen WHERE domain IN (SELECT domain FROM "
                  "domain_seen WHERE last_us < ?1 ORDER BY last_us LIMIT ?2)",
                  now_us - SENDER_DAYS * DAY_US, DOMAINS_MOST, NULL, err);
}
