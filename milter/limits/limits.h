/* SPDX-License-Identifier: BSD-2-Clause
 *
 * limits - charge a message to every limit that counts it, or to none.
 *
 * Stage: decide. Runs inside the store's transaction, together with the audit row.
 * State: table limit_slot (sql/), readable keys. The window arithmetic is
 * limit_window's.
 */
#ifndef OUTGATE_LIMITS_LIMITS_H
#define OUTGATE_LIMITS_LIMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "limits/limit.h"
#include "store/db.h"

/* What a message costs, and whom. */
struct charge_request {
    enum mail_class mail_class;
    struct span sender;             /* "kind:value" */
    struct span client_ip;          /* text; "" unknown: such limits key on "local" */
    struct span from_domain;        /* registrable; "" unknown: keys on "none" */
    struct span *recipient_domains; /* one per kept recipient, in any order */
    size_t recipient_domain_count;
    struct span campaign; /* near-identical texts; "": none */
    int64_t recipients, bytes;
    int64_t new_recipients;  /* never written to by this sender before */
    int64_t sender_first_us; /* when this sender was first seen; 0: only now */
    int64_t points_milli;    /* score in thousandths; below 0 counts as 0 */
    bool is_charged;         /* false: the message stays here for another reason; its
                                amounts are computed, nothing is checked or charged */
    bool must_not_refuse;    /* sendmail(1) path or null sender: DEFER and REJECT of a
                                limit act as HOLD */
    bool is_shadow;          /* nobody is locked */
    int64_t max_hold_us;     /* a wait longer than this is no wait: HOLD becomes DEFER,
                                or with must_not_refuse a hold without due time */
    int64_t wall_us;         /* wall clock, for times that people gave (ages, expiry of
                                overrides and exemptions, blocks); 0: as now_us */
};

/* One limit's share, stored in table charge. */
struct charge_line {
    const struct limit *limit; /* as it stands for this key: one that is overridden or
                                  learned is a copy in the arena */
    struct span key;           /* "sasl_user:bob@example.com", "a+b" for pairs */
    int64_t amount;            /* > 0 */
    int64_t used;              /* of limit->amount, after the charge, in the limit's
                                  window that ends when the message leaves (now, when
                                  nothing was charged) */
};

struct charge {
    enum action action;        /* ACCEPT if every limit agrees; else the strictest */
    const struct limit *limit; /* the limit that spoke, as it stands for its key; NULL:
                                  none */
    struct span key;           /* its key */
    struct span blocked;       /* the identity that is locked by this; "": none */
    int64_t blocked_until_us;  /* wall clock */
    int64_t waiting;           /* reserved by held mail for later, in that window */
    int64_t used, wanted;      /* in its window at now, and what the message asked */
    int64_t free_at_us;        /* when that limit has room again; 0 if never */
    int64_t due_at_us;         /* HOLD: when it leaves; 0: a person must release it, as
                                  every hold of a limit that needs_review */
    bool is_burst;             /* the limit's burst spoke: used is of its window */
    bool is_permanent;         /* larger than the limit: waiting will not help */
    bool is_charged;           /* lines were charged */
    int64_t charged_at_us;     /* at which time: now or due_at_us; 0 if they were not */
    struct charge_line *lines; /* every limit that counts it (amount > 0), in arena */
    size_t line_count;
};

/* limits_charge - decide and charge, inside the caller's transaction.
 * table: the limits in force, count of them. now_us: microseconds, never going back
 * and passing as real time does (base/clock's limit clock); all times of the outcome
 * but blocked_until_us are of that clock (limits_to_wall).
 * An override (table limit_override) or the sender's own past (table sender_hour) may
 * set the amount for a key; an exemption takes the message out of a limit. A limit of
 * bounces or complaints costs a message nothing: its action applies while its window
 * is full.
 * The strictest action among the limits that are exceeded wins; of several with that
 * action the one speaks that is free last. A limit whose action is SLOW never makes a
 * message wait. A limit of recipient_domain has one line for each of the message's
 * BOUND_CHARGED_DOMAINS largest domains, and one, "(others)", for the rest.
 * Errors: ERR_STORE, ERR_MEMORY; the caller rolls back. */
int limits_charge(struct db *db, const struct limit *table, size_t count,
                  const struct charge_request *request, int64_t now_us,
                  struct arena *arena, struct charge *out, struct err *err);

/* limits_to_wall - move the times that people are told (free_at_us, due_at_us) from the
 * limit clock to the wall clock: offset_us is wall minus limit. charged_at_us stays. */
void limits_to_wall(struct charge *charge, int64_t offset_us);

/* A limit that feedback has filled. */
struct feedback_reached {
    const struct limit *limit;
    struct span key;
    int64_t used;
    struct span blocked; /* whom it locked; "": nobody */
};

enum { FEEDBACK_REACHED_MAX = 16 };

/* limits_charge_feedback - one bounce or complaint (unit), charged to each limit of
 * that unit whose key `whom` can tell, inside the caller's transaction. whom: as far
 * as the original message is known; sender, client_ip, from_domain, campaign and
 * recipient_domains[0] may be "" (limits that need them are passed over), mail_class
 * is the original's, wall_us as above. A limit that holds its amount or more after it
 * is in reached[] (the first FEEDBACK_REACHED_MAX of them, in the order of the table),
 * and if its action is `block` the identity is locked. Feedback is never refused: more
 * than the amount is charged, too. Strings live in the arena. */
int limits_charge_feedback(struct db *db, const struct limit *table, size_t count,
                           enum limit_unit unit, const struct charge_request *whom,
                           int64_t now_us, struct arena *arena,
                           struct feedback_reached reached[FEEDBACK_REACHED_MAX],
                           size_t *reached_count, struct err *err);

/* limits_charge_stored - charge the stored, uncharged lines of audit row id at now_us
 * without asking (a person let the message go). Limits that are no longer in force
 * are passed over. */
int limits_charge_stored(struct db *db, const struct limit *table, size_t count,
                         int64_t id, int64_t now_us, struct err *err);

/* limits_publish - write the limits in force into table limit_in_force, where the view
 * limits_now finds them; in the caller's transaction. A limit whose window has grown
 * since they were last published is filled from table charge, as far back as that is
 * kept. What was charged to a limit whose unit has changed is forgotten: it cannot be
 * compared. */
int limits_publish(struct db *db, const struct limit *table, size_t count,
                   struct err *err);

/* limits_expire - look at the next `rows` rows of table limit_slot, in turn from call
 * to call, and delete those that no window can see at now_us. */
int limits_expire(struct db *db, int64_t now_us, unsigned rows, struct err *err);

/* limits_used - used amount of one limit and key in the window ending at now_us, and
 * the time at which `wanted` more would fit (0: now). limit: as it stands for the key.
 */
int limits_used(struct db *db, const struct limit *limit, struct span key,
                int64_t wanted, int64_t now_us, int64_t *used, int64_t *free_at_us,
                struct err *err);

/* limits_for_key - the limit as it stands for a key: with its override or the amount
 * learned, if any. *is_overridden may be NULL. wall_us: wall clock. */
int limits_for_key(struct db *db, const struct limit *limit, struct span key,
                   int64_t wall_us, struct limit *out, bool *is_overridden,
                   struct err *err);

#endif
