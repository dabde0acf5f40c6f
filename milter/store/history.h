/* SPDX-License-Identifier: BSD-2-Clause
 *
 * history - what each sender did before: when it was first seen, from where, with what,
 * to whom, how much; and whether a domain's mail is usually signed.
 *
 * Stage: asked before facts (history_read, on a reader), counted and written by decide
 * (history_count, history_record, on the writer, in the decision's transaction).
 * Recorded is only mail that leaves: what an attacker is refused must not become his
 * history. Bounded for each sender; recipients are kept as 64-bit hashes only.
 * Must never: hold mail up for what it does not know.
 * Tables: sender_seen sender_trait sender_hour sender_recipient domain_seen (sql/).
 */
#ifndef OUTGATE_STORE_HISTORY_H
#define OUTGATE_STORE_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "facts/past.h"
#include "store/db.h"

enum {
    HISTORY_RECIPIENTS_MOST = 20000, /* remembered for one sender; a tenth more before
                                        the oldest are forgotten. chosen */
    HISTORY_TRAITS_MOST = 200,       /* values of one kind for one sender. chosen */
    HISTORY_DOMAIN_MOST = 1000,      /* mails of a domain at which its counts are
                                        halved: habits change. chosen */
};

/* What of a message is compared and remembered. */
struct history_message {
    struct span sender;             /* "kind:value" */
    struct span trait[TRAIT_COUNT]; /* values; see has_trait */
    bool has_trait[TRAIT_COUNT];    /* "" is a value, too: no X-Mailer: at all */
    struct span from_domain;        /* registrable; "": domains are not counted */
    bool is_signed;                 /* has a DKIM signature of from_domain */
    const int64_t *recipients;      /* hashes, rising, each once */
    size_t recipient_count;         /* of them */
    int64_t all_recipients;         /* of the envelope, for volumes */
    int64_t bytes, points_milli;    /* as charged */
    int64_t now_us;                 /* wall clock */
};

/* What history_count found; history_record needs it. */
struct history_count {
    int64_t sender;   /* sender_seen.id; 0: not seen before */
    int64_t first_us; /* 0: not seen before */
    int64_t new_recipients;
    int64_t known;          /* sender_seen.known_recipients */
    bool is_habit_unsigned; /* unsigned mail of that domain is no news from it */
};

/* history_recipient - what is kept of an address: FNV-1a, 64 bits, over its normal
 * spelling without +detail. No secret: it hides addresses from a reader of the
 * database, not from one who tries an address. Source: draft-eastlake-fnv. */
int64_t history_recipient(struct arena *arena, struct span address);

/* history_recipients - the same for a list: rising, each once, in the arena; *count of
 * them. NULL and 0 when the arena is at its end. */
const int64_t *history_recipients(struct arena *arena, const struct span *list,
                                  size_t list_count, size_t *count);

/* history_read - fill *past (all but the campaign) from one state of the database. */
int history_read(struct db *db, const struct history_message *message,
                 struct past *past, struct err *err);

/* history_count - exact, inside the writer's transaction: of two messages committed
 * together only the first finds a common recipient new. Writes nothing. */
int history_count(struct db *db, const struct history_message *message,
                  struct history_count *out, struct err *err);

/* history_record - remember the message, in the transaction of history_count. */
int history_record(struct db *db, const struct history_message *message,
                   const struct history_count *count, struct err *err);

/* history_expire - look at the next senders, in turn from call to call, and forget
 * hours older than 5 weeks, recipients and traits unused for 180 days, senders unused
 * for a year (with fewer than 10 messages: for 60 days), domains unused for a year.
 * At most some 50,000 rows are looked at in one call. Source: chosen. */
int history_expire(struct db *db, int64_t now_us, struct err *err);

/* history_trait_name - "network" ..., as stored. */
const char *history_trait_name(enum trait trait);

#endif
