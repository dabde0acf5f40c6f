/* SPDX-License-Identifier: BSD-2-Clause */
#include "limits/limit_clock.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A wall clock that moved by less has not been set: two clocks are read one after the
 * other. NTP steps from 128 ms on, ntpd(8). chosen */
#define STEP_US INT64_C(50000)

/* What a crash with a reboot may leave to the wall clock alone. chosen */
#define KEEP_US INT64_C(60000000)

/* Due times follow a change of the offset from here on: less is the two clocks being
 * read one after the other. chosen */
#define NOISE_US INT64_C(20000)

int64_t limit_clock_resume(const struct limit_anchor *saved,
                           const struct limit_anchor *now)
{
    bool is_same_boot =
        saved->boot_id[0] != '\0' && strcmp(saved->boot_id, now->boot_id) == 0;
    int64_t passed_us =
        is_same_boot ? now->boot_us - saved->boot_us : now->wall_us - saved->wall_us;
    return saved->limit_us + (passed_us > 0 ? passed_us : 0);
}

/* "boot-id boot limit wall"; boot-id "-" where there is none. */
static bool parse(struct span text, struct limit_anchor *out)
{
    char copy[160];
    snprintf(copy, sizeof copy, "%.*s", (int)span_head(text, 150).len, text.at);
    return sscanf(copy, "%39s %" SCNd64 " %" SCNd64 " %" SCNd64, out->boot_id,
                  &out->boot_us, &out->limit_us, &out->wall_us) == 4;
}

int limit_clock_load(struct db *db, struct limit_anchor *out, struct err *err)
{
    struct query *query =
        db_query(db, "SELECT value FROM meta WHERE name = 'limit_clock'", err);
    memset(out, 0, sizeof *out);
    if (query == NULL)
        return -1;
    int rc = query_step(query, err);
    if (rc == 1 && !parse(query_text(query, 0), out))
        rc = err_set(err, ERR_STORE, "meta.limit_clock is not what outgate writes");
    query_reset(query);
    if (strcmp(out->boot_id, "-") == 0)
        out->boot_id[0] = '\0';
    return rc;
}

static int save(struct db *db, const struct limit_anchor *now, struct err *err)
{
    char anchor[160];
    char offset[32];
    snprintf(anchor, sizeof anchor, "%s %" PRId64 " %" PRId64 " %" PRId64,
             now->boot_id[0] != '\0' ? now->boot_id : "-", now->boot_us, now->limit_us,
             now->wall_us);
    snprintf(offset, sizeof offset, "%" PRId64, now->wall_us - now->limit_us);
    struct query *query = db_query(db,
                                   "INSERT OR REPLACE INTO meta (name, value) VALUES "
                                   "('limit_clock', ?1), ('limit_offset_us', ?2)",
                                   err);
    if (query == NULL)
        return -1;
    query_bind_text(query, 1, span_of(anchor));
    query_bind_text(query, 2, span_of(offset));
    return query_run(query, err);
}

static int shift(struct db *db, const char *sql, int64_t by_us, struct err *err)
{
    struct query *query = db_query(db, sql, err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, by_us);
    return query_run(query, err);
}

static int shift_due(struct db *db, int64_t by_us, struct err *err)
{
    if (llabs(by_us) < NOISE_US)
        return 0;
    if (shift(db,
              "UPDATE message SET due_at_us = due_at_us + ?1 WHERE id IN (SELECT "
              "message FROM held_message WHERE state = 'waiting' AND due_at_us IS NOT "
              "NULL)",
              by_us, err) != 0)
        return -1;
    return shift(db,
                 "UPDATE held_message SET due_at_us = due_at_us + ?1 WHERE "
                 "state = 'waiting' AND due_at_us IS NOT NULL",
                 by_us, err);
}

static int64_t offset_of(const struct limit_anchor *anchor)
{
    return anchor->wall_us - anchor->limit_us;
}

/* The clocks of one boot went on together, and not long ago. */
static bool is_fresh(const struct limit_anchor *saved, int64_t limit_us,
                     int64_t wall_us)
{
    return llabs(wall_us - limit_us - offset_of(saved)) < STEP_US &&
           limit_us - saved->limit_us < KEEP_US;
}

int limit_clock_keep(struct db *db, const struct limit_anchor *now, struct err *err)
{
    struct limit_anchor saved;
    int rc = limit_clock_load(db, &saved, err);
    if (rc < 0)
        return -1;
    if (rc == 0)
        return save(db, now, err);
    if (strcmp(saved.boot_id, now->boot_id) == 0 &&
        is_fresh(&saved, now->limit_us, now->wall_us))
        return 0;
    if (shift_due(db, offset_of(now) - offset_of(&saved), err) != 0)
        return -1;
    return save(db, now, err);
}

int limit_clock_tick(struct db *db, int64_t limit_us, int64_t wall_us, struct err *err)
{
    struct limit_anchor saved;
    struct limit_anchor now;
    int rc = limit_clock_load(db, &saved, err);
    if (rc < 0 || (rc == 1 && is_fresh(&saved, limit_us, wall_us)))
        return rc < 0 ? -1 : 0;
    limit_clock_now(&now);
    return limit_clock_keep(db, &now, err);
}

void limit_clock_now(struct limit_anchor *out)
{
    clock_boot_id(out->boot_id);
    out->limit_us = clock_limit_us();
    out->boot_us = clock_boot_us();
    out->wall_us = clock_wall_us();
}

int limit_clock_newest(struct db *db, int64_t *at_us, struct err *err)
{
    struct query *query =
        db_query(db,
                 "SELECT coalesce(max(at_us), 0) - coalesce((SELECT CAST(value AS "
                 "INTEGER) FROM meta WHERE name = 'limit_offset_us'), 0) FROM message",
                 err);
    *at_us = 0;
    if (query == NULL || query_step(query, err) < 0)
        return -1;
    *at_us = query_int(query, 0);
    query_reset(query);
    return 0;
}

int limit_clock_read(struct db *db, struct err *err)
{
    struct limit_anchor saved;
    struct limit_anchor now;
    int64_t newest_us;
    int rc = limit_clock_load(db, &saved, err);
    if (rc < 0)
        return -1;
    if (rc == 0) { /* a store of before, or a new one */
        if (limit_clock_newest(db, &newest_us, err) != 0)
            return -1;
        clock_limit_floor(newest_us);
        return 0;
    }
    limit_clock_now(&now);
    clock_limit_set(limit_clock_resume(&saved, &now), now.boot_us);
    return 0;
}

int limit_clock_start(struct db *db, struct err *err)
{
    struct limit_anchor now;
    if (limit_clock_read(db, err) != 0)
        return -1;
    limit_clock_now(&now);
    return limit_clock_keep(db, &now, err);
}
