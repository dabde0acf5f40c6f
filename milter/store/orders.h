/* SPDX-License-Identifier: BSD-2-Clause
 *
 * orders - what a person, or a limit, has ordered beside the config: identities that
 * are blocked, and the brake that holds everything.
 *
 * Tables blocked_sender, brake (sql/). They are read at use: an order holds
 * from its commit on, without a reload, and over a restart. Times are compared with the
 * wall clock: a limit that blocks by a clock ahead of it blocks longer, never shorter.
 * Threads: a struct db belongs to one.
 */
#ifndef OUTGATE_STORE_ORDERS_H
#define OUTGATE_STORE_ORDERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "store/db.h"

/* One row of either table. Text lives in the arena it was read into. */
struct order {
    struct span key; /* of a block: "sasl_user:bob"; "" for the brake */
    int64_t since_us;
    int64_t until_us;        /* 0: until it is lifted */
    struct span reason;      /* one sentence, may be "" */
    struct span by;          /* who */
    int64_t refused;         /* of a block: times refused at MAIL FROM */
    int64_t last_refused_us; /* 0: never */
};

enum ruling_kind {
    RULING_NONE = 0,
    RULING_BLOCK, /* one of the message's identities is blocked: refuse */
    RULING_BRAKE, /* the brake is on: hold */
};

struct ruling {
    enum ruling_kind kind;
    struct order order; /* the one that speaks */
};

/* Whom the orders are asked about. */
struct order_question {
    const struct span *keys; /* every identity of the message, "kind:value" */
    size_t key_count;
    struct span client_ip; /* for blocked networks: text; "" unknown */
    int64_t now_us;        /* wall clock */
};

/* order_key - the spelling of a key that a person types, as sender_key; client_ip may
 * be a network (*is_network). ERR_USAGE says what is wrong: no kind, no value, an
 * address that is none, an IPv6 network smaller than the /64 that one client has. */
int order_key(struct arena *arena, struct span text, struct span *key, bool *is_network,
              struct err *err);

/* orders_blocked - the block that holds longest among those of the question;
 * kind NONE: none. */
int orders_blocked(struct db *db, const struct order_question *question,
                   struct arena *arena, struct ruling *out, struct err *err);

/* orders_brake - the brake; kind NONE: it is off, or its time is over. */
int orders_brake(struct db *db, int64_t now_us, struct arena *arena, struct ruling *out,
                 struct err *err);

/* orders_rule - both: a block before the brake. Whether the message is exempt of the
 * brake is limits/exemption's to say. */
int orders_rule(struct db *db, const struct order_question *question,
                struct arena *arena, struct ruling *out, struct err *err);

/* orders_block - block order->key from since_us to until_us; what blocked it before is
 * replaced, its count of refusals stays. A network takes BOUND_BLOCKED_NETWORKS at
 * most (ERR_USAGE): each is compared with each client.
 * orders_unblock - ERR_NOT_FOUND if it is not blocked. */
int orders_block(struct db *db, const struct order *order, bool is_network,
                 struct err *err);
int orders_unblock(struct db *db, struct span key, struct err *err);

/* orders_list - who is blocked at now_us, newest first; at most max rows, in the
 * arena. */
int orders_list(struct db *db, int64_t now_us, size_t max, struct arena *arena,
                struct order **orders, size_t *count, struct err *err);

/* orders_brake_on - since_us, until_us, reason, by; replaces one that is on.
 * orders_brake_off - *was_on: there was one whose time was not over at now_us. */
int orders_brake_on(struct db *db, const struct order *order, struct err *err);
int orders_brake_off(struct db *db, int64_t now_us, bool *was_on, struct err *err);

/* orders_refused - count refusals of a blocked key, the last one at at_us; nothing when
 * it is no longer blocked. */
int orders_refused(struct db *db, struct span key, int64_t count, int64_t at_us,
                   struct err *err);

/* orders_expire - delete blocks that were over before before_us. */
int orders_expire(struct db *db, int64_t before_us, struct err *err);

#endif
