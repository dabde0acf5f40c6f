/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/history.h"

#include <stdlib.h>
#include <string.h>

#include "message/address.h"

#define DAY_US  (INT64_C(86400) * 1000000)
#define HOUR_US (INT64_C(3600) * 1000000)

enum { PAST_DAYS = 28 }; /* how far back a sender's past is looked at. chosen */

static const char *const trait_names[TRAIT_COUNT] = {
    "network", "country", "x_mailer", "header_from", "from_domain", "unsigned"};

const char *history_trait_name(enum trait trait)
{
    return trait_names[trait];
}

/* ---- recipients ---- */

int64_t history_recipient(struct arena *arena, struct span address)
{
    struct span normal = address_normalise(arena, address, true);
    return (int64_t)span_hash64(normal);
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

const int64_t *history_recipients(struct arena *arena, const struct span *list,
                                  size_t list_count, size_t *count)
{
    int64_t *hashes = arena_array(arena, list_count + 1, sizeof *hashes);
    *count = 0;
    if (hashes == NULL)
        return NULL;
    for (size_t i = 0; i < list_count; i++)
        hashes[i] = history_recipient(arena, list[i]);
    qsort(hashes, list_count, sizeof *hashes, compare);
    for (size_t i = 0; i < list_count; i++)
        if (i == 0 || hashes[i] != hashes[i - 1])
            hashes[(*count)++] = hashes[i];
    return hashes;
}

/* How many of the recipients this sender (an id) never wrote to. */
static int count_new(struct db *db, int64_t sender,
                     const struct history_message *message, int64_t *out,
                     struct err *err)
{
    *out = (int64_t)message->recipient_count;
    if (sender == 0)
        return 0;
    for (size_t i = 0; i < message->recipient_count; i++) {
        struct query *query = db_query(
            db, "SELECT 1 FROM sender_recipient WHERE sender = ?1 AND recipient = ?2",
            err);
        if (query == NULL)
            return -1;
        query_bind_int(query, 1, sender);
        query_bind_int(query, 2, message->recipients[i]);
        int rc = query_step(query, err);
        query_reset(query);
        if (rc < 0)
            return -1;
        *out -= rc;
    }
    return 0;
}

/* ---- reading ---- */

static int find_sender(struct db *db, struct span sender, struct history_count *out,
                       int64_t *messages, struct err *err)
{
    struct query *query = db_query(db,
                                   "SELECT id, first_us, known_recipients, messages "
                                   "FROM sender_seen WHERE sender = ?1",
                                   err);
    *out = (struct history_count){0};
    *messages = 0;
    if (query == NULL)
        return -1;
    query_bind_text(query, 1, sender);
    int rc = query_step(query, err);
    if (rc > 0) {
        out->sender = query_int(query, 0);
        out->first_us = query_int(query, 1);
        out->known = query_int(query, 2);
        *messages = query_int(query, 3);
    }
    query_reset(query);
    return rc < 0 ? -1 : 0;
}

static void add_trait(struct past_trait *trait, bool is_own, int64_t first_us,
                      int64_t last_us, int64_t now_us)
{
    bool is_day = last_us > now_us - DAY_US;
    bool is_week = last_us > now_us - 7 * DAY_US;
    if (trait->since_us == 0 || first_us < trait->since_us)
        trait->since_us = first_us;
    trait->taken_up +=
        first_us >= now_us - PAST_DAYS * DAY_US && first_us <= now_us - DAY_US;
    trait->used_day += is_day;
    trait->used_week += is_week;
    if (!is_own)
        return;
    trait->first_us = first_us;
    trait->has_used_day = is_day;
    trait->has_used_week = is_week;
}

static int trait_find(struct span name)
{
    int k = 0;
    while (k < TRAIT_COUNT && !span_eq(name, span_of(trait_names[k])))
        k++;
    return k;
}

/* All that is remembered of the sender's ways: HISTORY_TRAITS_MOST rows a kind. */
static int read_traits(struct db *db, int64_t sender,
                       const struct history_message *message, struct past *past,
                       struct err *err)
{
    int step;
    struct query *query =
        db_query(db,
                 "SELECT kind, value, first_us, last_us FROM sender_trait WHERE "
                 "sender = ?1",
                 err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, sender);
    for (int k = 0; k < TRAIT_COUNT; k++)
        past->trait[k].is_known = message->has_trait[k];
    while ((step = query_step(query, err)) > 0) {
        int k = trait_find(query_text(query, 0));
        if (k < TRAIT_COUNT)
            add_trait(&past->trait[k],
                      message->has_trait[k] &&
                          span_eq(query_text(query, 1), message->trait[k]),
                      query_int(query, 2), query_int(query, 3), message->now_us);
    }
    query_reset(query);
    return step;
}

/* Saturday or Sunday, UTC. The days since 1970-01-01, a Thursday, plus 4 are 0 on
 * Sundays. */
static bool is_weekend(int64_t hour)
{
    int64_t day = (hour / 24 + 4) % 7;
    return day == 0 || day == 6;
}

/* Within two hours of the other's time of day, on the same sort of day. */
static bool is_near(int64_t hour, int64_t other)
{
    int64_t apart = (other - hour) % 24;
    return (apart <= 2 || apart >= 22) && is_weekend(hour) == is_weekend(other);
}

/* Of the hour before the current one the part that lies in the last 60 minutes. */
static int64_t share(int64_t amount, int64_t now_us)
{
    int64_t left_us = HOUR_US - now_us % HOUR_US;
    return (int64_t)((double)amount * (double)left_us / (double)HOUR_US + 0.5);
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

struct hour {
    int64_t hour, messages, recipients, new_recipients;
};

static void add_hour(struct past *past, const struct hour *row)
{
    int64_t hour = past->now_us / HOUR_US;
    if (row->hour > hour - 24) {
        past->day_new_recipients += row->new_recipients;
    } else {
        past->past_messages += row->messages;
        past->past_hours++;
        past->past_recipients += row->recipients;
        past->busiest_recipients = larger(past->busiest_recipients, row->recipients);
        past->busiest_new = larger(past->busiest_new, row->new_recipients);
        past->near_messages += is_near(row->hour, hour) ? row->messages : 0;
    }
    if (row->hour == hour) {
        past->hour_recipients += row->recipients;
        past->hour_new_recipients += row->new_recipients;
    } else if (row->hour == hour - 1) {
        past->hour_recipients += share(row->recipients, past->now_us);
        past->hour_new_recipients += share(row->new_recipients, past->now_us);
    }
}

static int read_hours(struct db *db, int64_t sender, struct past *past, struct err *err)
{
    int step;
    int64_t hour = past->now_us / HOUR_US;
    struct query *query =
        db_query(db,
                 "SELECT hour, messages, recipients, new_recipients FROM sender_hour "
                 "WHERE sender = ?1 AND hour BETWEEN ?2 AND ?3",
                 err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, sender);
    query_bind_int(query, 2, hour - PAST_DAYS * 24);
    query_bind_int(query, 3, hour);
    while ((step = query_step(query, err)) > 0)
        add_hour(past, &(struct hour){query_int(query, 0), query_int(query, 1),
                                      query_int(query, 2), query_int(query, 3)});
    query_reset(query);
    return step;
}

static int read_domain(struct db *db, struct span domain, struct past *past,
                       struct err *err)
{
    if (domain.len == 0)
        return 0;
    struct query *query =
        db_query(db, "SELECT signed, unsigned FROM domain_seen WHERE domain = ?1", err);
    if (query == NULL)
        return -1;
    query_bind_text(query, 1, domain);
    int rc = query_step(query, err);
    if (rc > 0) {
        past->domain_signed = query_int(query, 0);
        past->domain_unsigned = query_int(query, 1);
    }
    query_reset(query);
    return rc < 0 ? -1 : 0;
}

int history_read(struct db *db, const struct history_message *message,
                 struct past *past, struct err *err)
{
    struct history_count found;
    past->now_us = message->now_us;
    past->recipients = (int64_t)message->recipient_count;
    if (find_sender(db, message->sender, &found, &past->sender_messages, err) != 0 ||
        count_new(db, found.sender, message, &past->new_recipients, err) != 0 ||
        read_domain(db, message->from_domain, past, err) != 0)
        return -1;
    past->sender_first_us = found.first_us;
    past->is_known = true;
    if (found.sender == 0)
        return 0;
    if (read_traits(db, found.sender, message, past, err) != 0)
        return -1;
    return read_hours(db, found.sender, past, err);
}

/* ---- counting ---- */

/* Unsigned mail of a domain is a sender's habit once it has sent some for a day: a
 * cron job that nobody signs is no news, an attack's first day is. */
static int find_habit(struct db *db, const struct history_message *message,
                      struct history_count *out, struct err *err)
{
    if (out->sender == 0 || !message->has_trait[TRAIT_UNSIGNED])
        return 0;
    struct query *query = db_query(db,
                                   "SELECT 1 FROM sender_trait WHERE sender = ?1 AND "
                                   "kind = 'unsigned' AND value = ?2 AND first_us <= "
                                   "?3",
                                   err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, out->sender);
    query_bind_text(query, 2, message->trait[TRAIT_UNSIGNED]);
    query_bind_int(query, 3, message->now_us - DAY_US);
    int rc = query_step(query, err);
    query_reset(query);
    out->is_habit_unsigned = rc > 0;
    return rc < 0 ? -1 : 0;
}

int history_count(struct db *db, const struct history_message *message,
                  struct history_count *out, struct err *err)
{
    int64_t messages;
    if (find_sender(db, message->sender, out, &messages, err) != 0 ||
        count_new(db, out->sender, message, &out->new_recipients, err) != 0)
        return -1;
    return find_habit(db, message, out, err);
}

/* ---- recording ---- */

static int insert_sender(struct db *db, const struct history_message *message,
                         int64_t *id, struct err *err)
{
    struct query *query =
        db_query(db,
                 "INSERT INTO sender_seen (sender, first_us, last_us, messages, "
                 "recipients, known_recipients) VALUES (?1, ?2, ?2, 1, ?3, ?4)",
                 err);
    if (query == NULL)
        return -1;
    query_bind_text(query, 1, message->sender);
    query_bind_int(query, 2, message->now_us);
    query_bind_int(query, 3, message->all_recipients);
    query_bind_int(query, 4, (int64_t)message->recipient_count);
    if (query_run(query, err) != 0)
        return -1;
    *id = db_last_id(db);
    return 0;
}

static int touch_sender(struct db *db, const struct history_message *message,
                        const struct history_count *count, struct err *err)
{
    struct query *query = db_query(db,
                                   "UPDATE sender_seen SET last_us = max(last_us, ?2), "
                                   "messages = messages + 1, recipients = recipients "
                                   "+ ?3, known_recipients = ?4 WHERE id = ?1",
                                   err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, count->sender);
    query_bind_int(query, 2, message->now_us);
    query_bind_int(query, 3, message->all_recipients);
    query_bind_int(query, 4, count->known + count->new_recipients);
    return query_run(query, err);
}

static int record_hour(struct db *db, int64_t sender,
                       const struct history_message *message, int64_t new_recipients,
                       struct err *err)
{
    struct query *query = db_query(
        db,
        "INSERT INTO sender_hour (sender, hour, messages, recipients, new_recipients, "
        "bytes, points) VALUES (?1, ?2, 1, ?3, ?4, ?5, ?6) ON CONFLICT DO UPDATE SET "
        "messages = messages + 1, recipients = recipients + excluded.recipients, "
        "new_recipients = new_recipients + excluded.new_recipients, bytes = bytes + "
        "excluded.bytes, points = points + excluded.points",
        err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, sender);
    query_bind_int(query, 2, message->now_us / HOUR_US);
    query_bind_int(query, 3, message->all_recipients);
    query_bind_int(query, 4, new_recipients);
    query_bind_int(query, 5, message->bytes);
    query_bind_int(query, 6, message->points_milli);
    return query_run(query, err);
}

static int count_traits(struct db *db, int64_t sender, struct span kind, int64_t *out,
                        struct err *err)
{
    struct query *query = db_query(
        db, "SELECT count(*) FROM sender_trait WHERE sender = ?1 AND kind = ?2", err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, sender);
    query_bind_text(query, 2, kind);
    if (query_step(query, err) < 0)
        return -1;
    *out = query_int(query, 0);
    query_reset(query);
    return 0;
}

/* The value that was used longest ago makes room. */
static int trim_traits(struct db *db, int64_t sender, struct span kind, struct err *err)
{
    int64_t count;
    if (count_traits(db, sender, kind, &count, err) != 0)
        return -1;
    if (count <= HISTORY_TRAITS_MOST)
        return 0;
    struct query *query = db_query(
        db,
        "DELETE FROM sender_trait WHERE sender = ?1 AND kind = ?2 AND value IN (SELECT "
        "value FROM sender_trait WHERE sender = ?1 AND kind = ?2 ORDER BY last_us "
        "DESC, value LIMIT -1 OFFSET ?3)",
        err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, sender);
    query_bind_text(query, 2, kind);
    query_bind_int(query, 3, HISTORY_TRAITS_MOST);
    return query_run(query, err);
}

/* When the value was used last; 0: never. */
static int find_use(struct db *db, int64_t sender, struct span kind, struct span value,
                    int64_t *last_us, struct err *err)
{
    struct query *query = db_query(db,
                                   "SELECT last_us FROM sender_trait WHERE sender = ?1 "
                                   "AND kind = ?2 AND value = ?3",
                                   err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, sender);
    query_bind_text(query, 2, kind);
    query_bind_text(query, 3, value);
    int rc = query_step(query, err);
    *last_us = rc > 0 ? query_int(query, 0) : 0;
    query_reset(query);
    return rc < 0 ? -1 : 0;
}

/* Once an hour is often enough to know that a value is still used. */
static int record_trait(struct db *db, int64_t sender,
                        const struct history_message *message, enum trait trait,
                        struct err *err)
{
    int64_t last_us;
    struct span kind = span_of(trait_names[trait]);
    struct span value = message->trait[trait];
    if (find_use(db, sender, kind, value, &last_us, err) != 0)
        return -1;
    if (last_us > message->now_us - HOUR_US)
        return 0;
    struct query *query = db_query(
        db,
        "INSERT INTO sender_trait (sender, kind, value, first_us, last_us, times) "
        "VALUES (?1, ?2, ?3, ?4, ?4, 1) ON CONFLICT DO UPDATE SET last_us = "
        "excluded.last_us, times = times + 1",
        err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, sender);
    query_bind_text(query, 2, kind);
    query_bind_text(query, 3, value);
    query_bind_int(query, 4, message->now_us);
    if (query_run(query, err) != 0)
        return -1;
    return last_us == 0 ? trim_traits(db, sender, kind, err) : 0;
}

/* Once a day is often enough to know that a recipient is still written to. */
static int record_recipient(struct db *db, int64_t sender, int64_t recipient,
                            int64_t now_us, struct err *err)
{
    struct query *query = db_query(
        db,
        "INSERT INTO sender_recipient (sender, recipient, last_us) VALUES (?1, ?2, ?3) "
        "ON CONFLICT DO UPDATE SET last_us = excluded.last_us WHERE excluded.last_us - "
        "last_us > 86400000000",
        err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, sender);
    query_bind_int(query, 2, recipient);
    query_bind_int(query, 3, now_us);
    return query_run(query, err);
}

/* Those that were written to longest ago make room, many at a time: finding them reads
 * all of the sender's. */
static int trim_recipients(struct db *db, int64_t sender, struct err *err)
{
    struct query *query = db_query(
        db,
        "DELETE FROM sender_recipient WHERE sender = ?1 AND recipient IN (SELECT "
        "recipient FROM sender_recipient WHERE sender = ?1 ORDER BY last_us DESC, "
        "recipient LIMIT -1 OFFSET ?2)",
        err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, sender);
    query_bind_int(query, 2, HISTORY_RECIPIENTS_MOST);
    return query_run(query, err);
}

static int note_known(struct db *db, int64_t sender, int64_t known, struct err *err)
{
    struct query *query =
        db_query(db, "UPDATE sender_seen SET known_recipients = ?2 WHERE id = ?1", err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, sender);
    query_bind_int(query, 2, known);
    return query_run(query, err);
}

static int record_recipients(struct db *db, int64_t sender,
                             const struct history_message *message,
                             const struct history_count *count, struct err *err)
{
    size_t most = message->recipient_count < HISTORY_RECIPIENTS_MOST
                      ? message->recipient_count
                      : HISTORY_RECIPIENTS_MOST;
    for (size_t i = 0; i < most; i++)
        if (record_recipient(db, sender, message->recipients[i], message->now_us,
                             err) != 0)
            return -1;
    if (count->known + count->new_recipients <=
        HISTORY_RECIPIENTS_MOST + HISTORY_RECIPIENTS_MOST / 10)
        return 0;
    if (trim_recipients(db, sender, err) != 0)
        return -1;
    return note_known(db, sender, HISTORY_RECIPIENTS_MOST, err);
}

/* Unsigned mail counts once it is its sender's habit: an attack does not talk a
 * domain's signature away. */
static int record_domain(struct db *db, const struct history_message *message,
                         const struct history_count *count, struct err *err)
{
    if (message->from_domain.len == 0 ||
        (!message->is_signed && !count->is_habit_unsigned))
        return 0;
    struct query *query = db_query(
        db,
        "INSERT INTO domain_seen (domain, first_us, last_us, signed, unsigned, "
        "last_signed_us) VALUES (?1, ?2, ?2, ?3, 1 - ?3, CASE WHEN ?3 THEN ?2 END) ON "
        "CONFLICT DO UPDATE SET last_us = ?2, signed = CASE WHEN signed + unsigned >= "
        "?4 THEN signed / 2 ELSE signed END + ?3, unsigned = CASE WHEN signed + "
        "unsigned >= ?4 THEN unsigned / 2 ELSE unsigned END + 1 - ?3, last_signed_us = "
        "CASE WHEN ?3 THEN ?2 ELSE last_signed_us END",
        err);
    if (query == NULL)
        return -1;
    query_bind_text(query, 1, message->from_domain);
    query_bind_int(query, 2, message->now_us);
    query_bind_int(query, 3, message->is_signed);
    query_bind_int(query, 4, HISTORY_DOMAIN_MOST);
    return query_run(query, err);
}

int history_record(struct db *db, const struct history_message *message,
                   const struct history_count *count, struct err *err)
{
    int64_t sender = count->sender;
    int rc = sender != 0 ? touch_sender(db, message, count, err)
                         : insert_sender(db, message, &sender, err);
    if (rc != 0 || record_hour(db, sender, message, count->new_recipients, err) != 0)
        return -1;
    for (int k = 0; k < TRAIT_COUNT; k++)
        if (message->has_trait[k] &&
            record_trait(db, sender, message, (enum trait)k, err) != 0)
            return -1;
    if (record_recipients(db, sender, message, count, err) != 0)
        return -1;
    return record_domain(db, message, count, err);
}
