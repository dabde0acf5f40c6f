/* SPDX-License-Identifier: BSD-2-Clause
 *
 * incident - what somebody should know of: one row while it lasts, not one a message.
 *
 * Whoever sees something notes it with incident_note, inside a write transaction (a job
 * of the writer, or a tool's own): the first note of a kind and key opens an incident,
 * later ones only count. The notifier (incident/notifier) reads the table, writes the
 * log line, tells the administrator, and closes what has gone quiet; a caller never
 * sends anything. A note costs one statement, two when it opens.
 *
 * Blocks and the brake need no note: incident_sync finds them in their own tables.
 * Stage: decide. Columns: sql/README.md.
 */
#ifndef OUTGATE_STORE_INCIDENT_H
#define OUTGATE_STORE_INCIDENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "store/db.h"

enum incident_kind {
    INCIDENT_UNKNOWN = 0,
    INCIDENT_LIMIT,    /* a limit stopped mail; key "NAME KEY" */
    INCIDENT_BUDGET,   /* a limit that protects the IP fills; key "NAME KEY", level its
                          percentage: 50, 80, 100 */
    INCIDENT_BLOCK,    /* a sender is locked; key: the sender */
    INCIDENT_BRAKE,    /* everything is held; key "brake" */
    INCIDENT_UNSIGNED, /* mail of a domain that signs leaves unsigned; key: the domain
                        */
    INCIDENT_SPAM,     /* a sender's mail is stopped by its score; key: the sender */
    INCIDENT_STORE,    /* the database failed and came back; key "store" */
    INCIDENT_ALERT,    /* the provider cut port 25; key: the address, or "" */
    INCIDENT_VIRUS,    /* a sender's mail holds a virus; key: the sender */
    INCIDENT_SCANNER,  /* the virus scanner does not answer; key "clamd" */
    INCIDENT_KIND_COUNT
};

const char *incident_kind_name(enum incident_kind kind); /* "limit" "budget" ... */
enum incident_kind incident_kind_find(struct span name); /* UNKNOWN if there is none */

/* What happened. Text is cut to BOUND_COLUMN_BYTES and bound, never pasted. */
struct incident_note {
    enum incident_kind kind;
    struct span key;
    struct span sender; /* the identity concerned, "" if it is none alone */
    int level;          /* percent for BUDGET, else 0; a rise is told at once */
    int64_t at_us;      /* wall clock, > 0 */
    int64_t message;    /* the audit row that shows it; 0: none */
    struct span what;   /* one sentence */
};

/* incident_note - open an incident, or count one more of the same. */
int incident_note(struct db *db, const struct incident_note *note, struct err *err);

/* incident_count_more - as incident_note, but only if such an incident is open;
 * *was_open says whether. What need not be worked out again while it lasts. */
int incident_count_more(struct db *db, const struct incident_note *note, bool *was_open,
                        struct err *err);

struct incident {
    int64_t id;
    enum incident_kind kind;
    struct span kind_name, key, sender, what;
    int level;
    int64_t opened_us, last_us, closed_us; /* closed_us 0: open */
    int64_t times;                         /* how often it was noted */
    int64_t message;                       /* the latest audit row; 0: none */
    int64_t told_us, told_times;           /* told_us 0: never */
    int told_ways;                         /* enum incident_way, of this telling */
    int64_t tried_times;                   /* failures in a row */
    int64_t sender_told_us;                /* 0: never */
};

/* Ways of telling; what failed in one is not done again in the other. */
enum incident_way { INCIDENT_BY_MAIL = 1, INCIDENT_BY_COMMAND = 2 };

struct incident_list {
    struct incident *at;
    size_t count;
};

/* incident_find - by id. ERR_NOT_FOUND. */
int incident_find(struct db *db, int64_t id, struct arena *arena, struct incident *out,
                  struct err *err);

/* incident_select - newest first; since_us: not quiet since before it; most `max`. */
int incident_select(struct db *db, bool only_open, int64_t since_us, size_t max,
                    struct arena *arena, struct incident_list *out, struct err *err);

/* incident_due - what should be told at now_us, longest due first, `max` at most.
 * quiet: kinds not to be told, each between commas (",spam,brake,"), or "". */
int incident_due(struct db *db, int64_t now_us, struct span quiet, size_t max,
                 struct arena *arena, struct incident_list *out, struct err *err);

/* incident_due_senders - open LIMIT and BLOCK incidents of one sender, of which that
 * sender has not been told for a day. */
int incident_due_senders(struct db *db, int64_t now_us, size_t max, struct arena *arena,
                         struct incident_list *out, struct err *err);

/* incident_told - it was told, as it was read: the next time at next_us (0: never), or
 * now if its level has risen since. */
int incident_told(struct db *db, const struct incident *incident, int64_t now_us,
                  int64_t next_us, struct err *err);

/* incident_not_told - telling failed but for the ways given; again at next_us. */
int incident_not_told(struct db *db, const struct incident *incident, int ways,
                      int64_t next_us, struct err *err);

/* incident_sender_told - the sender was told, or cannot be: not again for a day. */
int incident_sender_told(struct db *db, int64_t id, int64_t now_us, struct err *err);

/* incident_take_unlogged - opened or risen since the log was told, and now marked. */
int incident_take_unlogged(struct db *db, size_t max, struct arena *arena,
                           struct incident_list *out, struct err *err);

/* incident_close - by a person: it is not told any more. ERR_NOT_FOUND if no open
 * incident has this id. */
int incident_close(struct db *db, int64_t id, int64_t now_us, struct err *err);

/* incident_sync - open an incident for the brake and for each block that has none since
 * it was ordered; incident_is_synced - whether there is nothing to open. */
int incident_sync(struct db *db, int64_t now_us, struct err *err);
int incident_is_synced(struct db *db, int64_t now_us, bool *is_synced, struct err *err);

/* incident_close_quiet - close what was last noted before quiet_us, and BLOCK and BRAKE
 * that are over at now_us. What was never told still will be. */
int incident_close_quiet(struct db *db, int64_t quiet_us, int64_t now_us,
                         struct err *err);

/* incident_expire - delete at most `rows` closed incidents older than before_us. */
int incident_expire(struct db *db, int64_t before_us, unsigned rows, struct err *err);

/* What there is to do; read without writing. */
struct incident_work {
    bool has_unlogged, has_due, has_senders;
};
int incident_look(struct db *db, int64_t now_us, struct incident_work *out,
                  struct err *err);

#endif
