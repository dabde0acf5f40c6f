/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/campaign.h"

#include <stdlib.h>
#include <string.h>

#include "base/bounds.h"

enum { KEY_DIGITS_LEAST = 4, KEY_DIGITS_MOST = 13 }; /* 13 hold 63 bits */

/* How far campaign.last_us may lie behind. chosen */
#define LAST_STEP_US (INT64_C(3600) * 1000000)

static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/* ---- keys ---- */

char *campaign_key_print(int64_t id, char out[CAMPAIGN_KEY_BYTES])
{
    size_t count = KEY_DIGITS_LEAST;
    while (count < KEY_DIGITS_MOST && id >> (5 * count) != 0)
        count++;
    out[0] = 'c';
    out[count + 1] = '\0';
    for (size_t i = count; i > 0; i--, id >>= 5)
        out[i] = digits[id & 31];
    return out;
}

bool campaign_key_parse(struct span text, char out[CAMPAIGN_KEY_BYTES])
{
    text = span_trim(text);
    if (text.len < 2 || text.len >= CAMPAIGN_KEY_BYTES ||
        ascii_lower(text.at[0]) != 'c')
        return false;
    out[0] = 'c';
    for (size_t i = 1; i < text.len; i++) {
        char c = ascii_lower(text.at[i]);
        c = c == 'o' ? '0' : c == 'i' || c == 'l' ? '1' : c;
        out[i] = ascii_is_alpha(c) ? (char)(c - 'a' + 'A') : c;
        if (strchr(digits, out[i]) == NULL)
            return false;
    }
    out[text.len] = '\0';
    return true;
}

/* ---- finding ---- */

/* Signed: four bytes in the table for any. */
static int32_t band_value(const struct sketch *sketch, unsigned band)
{
    return (int32_t)sketch_band(sketch, band);
}

/* The campaigns that share a band with the sketch, once for each that they share. */
struct sharers {
    int64_t id[SKETCH_BANDS * CAMPAIGN_CANDIDATES];
    size_t count;
};

/* Of those with the same value in one band, the newest. */
static int read_band(struct db *db, unsigned band, const struct sketch *sketch,
                     struct sharers *out, struct err *err)
{
    int step;
    struct query *query =
        db_query(db,
                 "SELECT campaign FROM campaign_band WHERE band = ?1 AND value = ?2 "
                 "ORDER BY campaign DESC LIMIT ?3",
                 err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, band);
    query_bind_int(query, 2, band_value(sketch, band));
    query_bind_int(query, 3, CAMPAIGN_CANDIDATES);
    while ((step = query_step(query, err)) > 0)
        out->id[out->count++] = query_int(query, 0);
    return step;
}

static int compare_ids(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Leaves each id once, those that share `bands` bands. */
static size_t with_bands(const struct sharers *sharers, size_t bands,
                         int64_t out[CAMPAIGN_CANDIDATES], size_t count)
{
    for (size_t i = 0; i < sharers->count && count < CAMPAIGN_CANDIDATES;) {
        size_t same = 1;
        while (i + same < sharers->count && sharers->id[i + same] == sharers->id[i])
            same++;
        if (same == bands)
            out[count++] = sharers->id[i];
        i += same;
    }
    return count;
}

/* Those that share most bands first, SKETCH_SHARED at least. */
static int find_candidates(struct db *db, const struct sketch *sketch,
                           int64_t out[CAMPAIGN_CANDIDATES], size_t *count,
                           struct err *err)
{
    struct sharers sharers;
    sharers.count = *count = 0;
    for (unsigned band = 0; band < SKETCH_BANDS; band++)
        if (read_band(db, band, sketch, &sharers, err) != 0)
            return -1;
    qsort(sharers.id, sharers.count, sizeof *sharers.id, compare_ids);
    for (size_t bands = SKETCH_BANDS; bands >= SKETCH_SHARED; bands--)
        *count = with_bands(&sharers, bands, out, *count);
    return 0;
}

static void keep_better(struct query *query, int64_t id, const struct sketch *sketch,
                        unsigned *best, struct campaign *out)
{
    struct sketch other;
    if (!sketch_parse(query_text(query, 1), &other))
        return;
    unsigned equal = sketch_equal(sketch, &other);
    if (equal < SKETCH_SAME || equal < *best || (equal == *best && id > out->id))
        return;
    *best = equal;
    *out = (struct campaign){.id = id,
                             .messages = query_int(query, 2),
                             .recipients = query_int(query, 3),
                             .senders = query_int(query, 4),
                             .last_us = query_int(query, 5)};
    struct span key = query_text(query, 0);
    if (key.len < sizeof out->key)
        memcpy(out->key, key.at, key.len);
}

static int consider(struct db *db, int64_t id, const struct sketch *sketch,
                    int64_t now_us, unsigned *best, struct campaign *out,
                    struct err *err)
{
    struct query *query = db_query(db,
                                   "SELECT key, sketch, messages, recipients, senders, "
                                   "last_us FROM campaign WHERE id = ?1 AND last_us >= "
                                   "?2",
                                   err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, id);
    query_bind_int(query, 2, now_us - CAMPAIGN_UNUSED_US);
    int step = query_step(query, err);
    if (step > 0)
        keep_better(query, id, sketch, best, out);
    query_reset(query);
    return step < 0 ? -1 : 0;
}

int campaign_find(struct db *db, const struct sketch *sketch, int64_t now_us,
                  struct campaign *out, struct err *err)
{
    int64_t candidates[CAMPAIGN_CANDIDATES];
    size_t count;
    unsigned best = 0;
    memset(out, 0, sizeof *out);
    if (sketch->kind == SKETCH_NONE)
        return 0;
    if (find_candidates(db, sketch, candidates, &count, err) != 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        if (consider(db, candidates[i], sketch, now_us, &best, out, err) != 0)
            return -1;
    return 0;
}

/* ---- counting ---- */

/* OR FAIL: to take back a part of it alone, SQLite would copy each page first. */
static int insert_bands(struct db *db, const struct sketch *sketch, int64_t id,
                        struct err *err)
{
    struct query *query = db_query(
        db,
        "INSERT OR FAIL INTO campaign_band (band, value, campaign) VALUES (0, ?1, ?9), "
        "(1, ?2, ?9), (2, ?3, ?9), (3, ?4, ?9), (4, ?5, ?9), (5, ?6, ?9), "
        "(6, ?7, ?9), (7, ?8, ?9)",
        err);
    _Static_assert(SKETCH_BANDS == 8, "as many as the statement has");
    if (query == NULL)
        return -1;
    for (unsigned band = 0; band < SKETCH_BANDS; band++)
        query_bind_int(query, (int)band + 1, band_value(sketch, band));
    query_bind_int(query, 9, id);
    return query_run(query, err);
}

static int insert_sender(struct db *db, int64_t id, struct span sender, struct err *err)
{
    struct query *query = db_query(
        db,
        "INSERT INTO campaign_sender (campaign, sender, messages) VALUES (?1, ?2, 1)",
        err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, id);
    query_bind_text(query, 2, span_head(sender, BOUND_KEY_BYTES));
    return query_run(query, err);
}

/* The key is the id's, which the insert gives. */
static int insert_campaign(struct db *db, const struct campaign_message *message,
                           struct campaign *out, struct err *err)
{
    char text[SKETCH_TEXT_BYTES];
    struct query *query = db_query(
        db,
        "INSERT INTO campaign (key, sketch, first_us, last_us, messages, recipients, "
        "senders, subject) VALUES ('', ?1, ?2, ?2, 1, ?3, 1, ?4)",
        err);
    if (query == NULL)
        return -1;
    query_bind_text(query, 1, span_of(sketch_print(message->sketch, text)));
    query_bind_int(query, 2, message->at_us);
    query_bind_int(query, 3, message->recipients);
    query_bind_text(query, 4, span_head(message->subject, BOUND_COLUMN_BYTES));
    if (query_run(query, err) != 0)
        return -1;
    *out = (struct campaign){.id = db_last_id(db),
                             .last_us = message->at_us,
                             .messages = 1,
                             .recipients = message->recipients,
                             .senders = 1};
    campaign_key_print(out->id, out->key);
    query = db_query(db, "UPDATE campaign SET key = ?2 WHERE id = ?1", err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, out->id);
    query_bind_text(query, 2, span_of(out->key));
    return query_run(query, err);
}

static int begin(struct db *db, const struct campaign_message *message,
                 struct campaign *out, struct err *err)
{
    if (insert_campaign(db, message, out, err) != 0)
        return -1;
    if (insert_bands(db, message->sketch, out->id, err) != 0)
        return -1;
    return insert_sender(db, out->id, message->sender, err);
}

static int count_sender(struct db *db, struct span sender, struct campaign *campaign,
                        struct err *err)
{
    struct query *query =
        db_query(db,
                 "UPDATE campaign_sender SET messages = messages + 1 WHERE campaign = "
                 "?1 AND sender = ?2",
                 err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, campaign->id);
    query_bind_text(query, 2, span_head(sender, BOUND_KEY_BYTES));
    if (query_run(query, err) != 0)
        return -1;
    if (db_changes(db) > 0 || campaign->senders >= CAMPAIGN_SENDERS)
        return 0;
    campaign->senders++;
    return insert_sender(db, campaign->id, sender, err);
}

/* last_us has an index to keep: once in a while is enough to know who is in use. */
static int store_time(struct db *db, const struct campaign_message *message,
                      const struct campaign *campaign, struct err *err)
{
    if (message->at_us < campaign->last_us + LAST_STEP_US)
        return 0;
    struct query *query =
        db_query(db, "UPDATE campaign SET last_us = ?2 WHERE id = ?1", err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, campaign->id);
    query_bind_int(query, 2, message->at_us);
    return query_run(query, err);
}

static int store_counts(struct db *db, const struct campaign_message *message,
                        const struct campaign *campaign, struct err *err)
{
    struct query *query =
        db_query(db,
                 "UPDATE campaign SET messages = ?2, recipients = ?3, senders = ?4, "
                 "subject = ?5 WHERE id = ?1",
                 err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, campaign->id);
    query_bind_int(query, 2, campaign->messages);
    query_bind_int(query, 3, campaign->recipients);
    query_bind_int(query, 4, campaign->senders);
    query_bind_text(query, 5, span_head(message->subject, BOUND_COLUMN_BYTES));
    if (query_run(query, err) != 0)
        return -1;
    return store_time(db, message, campaign, err);
}

int campaign_record(struct db *db, const struct campaign_message *message,
                    struct campaign *out, struct err *err)
{
    if (campaign_find(db, message->sketch, message->at_us, out, err) != 0)
        return -1;
    if (message->sketch->kind == SKETCH_NONE)
        return 0;
    if (out->id == 0)
        return begin(db, message, out, err);
    out->messages++;
    out->recipients += message->recipients;
    if (count_sender(db, message->sender, out, err) != 0)
        return -1;
    return store_counts(db, message, out, err);
}

/* ---- forgetting ---- */

static int count_all(struct db *db, int64_t *count, struct err *err)
{
    struct query *query = db_query(db, "SELECT count(*) FROM campaign", err);
    if (query == NULL || query_step(query, err) < 0)
        return -1;
    *count = query_int(query, 0);
    query_reset(query);
    return 0;
}

/* campaign_sender goes with its row; the bands are found by the sketch, which saves an
 * index that every new campaign would pay for. */
static int delete_one(struct db *db, int64_t id, const struct sketch *sketch,
                      struct err *err)
{
    struct query *query;
    for (unsigned band = 0; band < SKETCH_BANDS; band++) {
        query = db_query(db,
                         "DELETE FROM campaign_band WHERE band = ?1 AND value = ?2 AND "
                         "campaign = ?3",
                         err);
        if (query == NULL)
            return -1;
        query_bind_int(query, 1, band);
        query_bind_int(query, 2, band_value(sketch, band));
        query_bind_int(query, 3, id);
        if (query_run(query, err) != 0)
            return -1;
    }
    query = db_query(db, "DELETE FROM campaign WHERE id = ?1", err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, id);
    return query_run(query, err);
}

/* The longest unused, if it is over or there are too many: 1; 0: none; -1. */
static int find_over(struct db *db, int64_t before_us, int64_t *id,
                     struct sketch *sketch, struct err *err)
{
    struct query *query = db_query(
        db,
        "SELECT id, sketch FROM campaign WHERE last_us < ?1 ORDER BY last_us LIMIT 1",
        err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, before_us);
    int step = query_step(query, err);
    if (step <= 0)
        return step;
    *id = query_int(query, 0);
    sketch_parse(query_text(query, 1), sketch);
    query_reset(query);
    return 1;
}

int campaign_expire(struct db *db, int64_t now_us, unsigned rows, int64_t *deleted,
                    struct err *err)
{
    struct sketch sketch;
    int64_t id, count;
    int found = 1;
    *deleted = 0;
    if (count_all(db, &count, err) != 0)
        return -1;
    for (unsigned i = 0; i < rows && found > 0; i++) {
        bool is_crowded = count - (int64_t)i > CAMPAIGN_COUNT;
        found = find_over(db, is_crowded ? INT64_MAX : now_us - CAMPAIGN_UNUSED_US, &id,
                          &sketch, err);
        if (found > 0 && delete_one(db, id, &sketch, err) != 0)
            return -1;
        *deleted += found > 0;
    }
    return found < 0 ? -1 : 0;
}
