/* SPDX-License-Identifier: BSD-2-Clause
 *
 * world - a real SQLite in a folder of its own, a few limits, and a message to charge.
 * Included by the tests of limits after cmocka.h.
 */
#ifndef OUTGATE_TESTS_WORLD_H
#define OUTGATE_TESTS_WORLD_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "folder.h"
#include "limits/limits.h"

#define SECOND INT64_C(1000000)
#define MINUTE (60 * SECOND)
#define HOUR   (3600 * SECOND)
#define DAY    (24 * HOUR)
#define NOW    (INT64_C(1769850000) * SECOND + 123456)

enum { TABLE_MAX = 16 };

struct world {
    char folder[FOLDER_BYTES], path[FOLDER_PATH_BYTES];
    struct db *db;
    struct limit table[TABLE_MAX];
    size_t count;
    struct arena *arena;
    struct charge_request request;
    struct charge charge;
    struct err err;
};

static inline int set_up(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    folder_make("limits", w->folder, w->path);
    if (db_open(&w->db, w->path, DB_DAEMON, &w->err) != 0 ||
        db_exec(w->db, "PRAGMA synchronous = OFF", &w->err) != 0)
        fail_msg("%s", w->err.text);
    w->arena = arena_new(64 << 20);
    w->request = (struct charge_request){.mail_class = CLASS_OUTBOUND,
                                         .sender = SPAN("sasl_user:bob"),
                                         .client_ip = SPAN("192.0.2.7"),
                                         .from_domain = SPAN("example.com"),
                                         .recipients = 1,
                                         .bytes = 1000,
                                         .is_charged = true,
                                         .max_hold_us = DAY};
    *state = w;
    return 0;
}

static inline int tear_down(void **state)
{
    struct world *w = *state;
    db_close(&w->db);
    arena_free(&w->arena);
    folder_remove(w->folder, w->path);
    free(w);
    return 0;
}

static inline void sql(struct world *w, const char *text)
{
    if (db_exec(w->db, text, &w->err) != 0)
        fail_msg("%s", w->err.text);
}

static inline void reopen(struct world *w)
{
    db_close(&w->db);
    if (db_open(&w->db, w->path, DB_DAEMON, &w->err) != 0)
        fail_msg("%s", w->err.text);
    sql(w, "PRAGMA synchronous = OFF");
}

static inline struct limit *limit(struct world *w, const char *name,
                                  const char *sentence)
{
    assert_true(w->count < TABLE_MAX);
    struct limit *out = &w->table[w->count++];
    if (limit_parse(span_of(name), span_of(sentence), out, &w->err))
        fail_msg("%s", w->err.text);
    return out;
}

/* One message of the world's request; the caller has a transaction open or wants none.
 */
static inline enum action charge_open(struct world *w, int64_t now_us)
{
    if (limits_charge(w->db, w->table, w->count, &w->request, now_us, w->arena,
                      &w->charge, &w->err) != 0)
        fail_msg("%s", w->err.text);
    return w->charge.action;
}

static inline enum action charge(struct world *w, int64_t now_us)
{
    assert_int_equal(db_begin(w->db, &w->err), 0);
    charge_open(w, now_us);
    assert_int_equal(db_commit(w->db, &w->err), 0);
    return w->charge.action;
}

static inline enum action charge_many(struct world *w, int64_t recipients,
                                      int64_t now_us)
{
    w->request.recipients = recipients;
    return charge(w, now_us);
}

static inline int64_t used(struct world *w, size_t i, const char *key, int64_t now_us)
{
    int64_t amount;
    int64_t free_at_us;
    assert_int_equal(limits_used(w->db, &w->table[i], span_of(key), 1, now_us, &amount,
                                 &free_at_us, &w->err),
                     0);
    return amount;
}

static inline int64_t ask(struct world *w, const char *text)
{
    struct query *query = db_query(w->db, text, &w->err);
    assert_non_null(query);
    assert_int_equal(query_step(query, &w->err), 1);
    int64_t value = query_int(query, 0);
    query_reset(query);
    return value;
}

#endif
