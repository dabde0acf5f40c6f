/* SPDX-License-Identifier: BSD-2-Clause
 *
 * limit - one line of [limits]: parsed, and printed back as a sentence.
 *
 *   NAME = AMOUNT UNIT per WINDOW per KEY[+KEY] [SCOPE][, burst B], then ACTION
 *   NAME = AMOUNT UNIT per message [SCOPE], then ACTION
 *   NAME = N times learned UNIT per 1h per sender [SCOPE], at least A[, at most C],
 *          then ACTION
 *   SCOPE: [in CLASS] [with P points or more] [for senders younger than AGE]
 *   ACTION: slow, hold, hold for review, defer, reject, block for TIME
 *
 * Stage: config. Pure.
 * Source: chosen.
 */
#ifndef OUTGATE_LIMITS_LIMIT_H
#define OUTGATE_LIMITS_LIMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "message/envelope.h"

/* What is done with a message; the order is the order of strictness. */
enum action {
    ACTION_UNKNOWN = 0,
    ACTION_ACCEPT,
    ACTION_SLOW,   /* delivered through the paced transport */
    ACTION_HOLD,   /* kept in the MTA's hold queue */
    ACTION_DEFER,  /* 4xx */
    ACTION_REJECT, /* 5xx */
};

const char *action_name(enum action action); /* "accept" "slow" ... */
enum action action_find(struct span name);   /* ACTION_UNKNOWN if there is none */

enum limit_unit {
    LIMIT_UNIT_UNKNOWN = 0,
    LIMIT_MESSAGES,
    LIMIT_RECIPIENTS,
    LIMIT_BYTES,
    LIMIT_POINTS, /* amounts in thousandths of a point */
    LIMIT_NEW_RECIPIENTS,
    LIMIT_BOUNCES,    /* charged by feedback: a message costs nothing, but is judged */
    LIMIT_COMPLAINTS, /* the same */
    LIMIT_UNIT_COUNT
};

enum limit_key {
    LIMIT_KEY_NONE = 0,
    LIMIT_SENDER,           /* the identity that is charged */
    LIMIT_CLIENT_IP,        /* IPv6 as its /64 */
    LIMIT_FROM_DOMAIN,      /* RFC5322.From, registrable domain */
    LIMIT_RECIPIENT_DOMAIN, /* each recipient's domain, charged with its share */
    LIMIT_EGRESS,           /* all that leaves by this host's addresses */
    LIMIT_HOST,             /* all that leaves this host */
    LIMIT_CAMPAIGN,         /* near-identical texts, whoever sends them */
    LIMIT_UID,              /* the local user, whatever his scripts call themselves */
};

enum { LIMIT_NAME_BYTES = 64, LIMIT_SENTENCE_BYTES = 320, LIMIT_KEYS_BYTES = 64 };

struct limit {
    char name[LIMIT_NAME_BYTES]; /* [a-z0-9_-]+ */
    char file[256];              /* where it was written, for messages */
    unsigned line;
    int64_t amount; /* > 0; points in thousandths; of a learned limit the floor */
    enum limit_unit unit;
    int64_t window_us;          /* microseconds; 0 for "per message" */
    int64_t burst;              /* 0 for none; same unit as amount */
    enum limit_key keys[2];     /* second is NONE unless joined with '+' */
    enum mail_class mail_class; /* UNKNOWN: outbound, and forwarded as well when
                                   the only keys are egress or host */
    enum action action;         /* SLOW HOLD DEFER REJECT */
    bool needs_review;          /* HOLD, and no time frees it: a person does */
    int64_t block_us;      /* > 0: REJECT, and the identity is locked for so long */
    int64_t least_milli;   /* > 0: only mail that scores so many thousandths or more */
    int64_t younger_us;    /* > 0: only senders that were first seen less long ago */
    int64_t learned_milli; /* > 0: thousandths of the sender's own busiest hour */
    int64_t ceiling;       /* of a learned amount; 0: none */
    const struct limit *own; /* of a copy as it stands for one key: the limit of the
                                config, whose window must forget nothing; else NULL */
};

/* limit_parse - the sentence right of '='. Fills all but file and line. Errors say
 * what was expected, what was found and a right example. Durations: 30s 10m 1h 1d 1w,
 * unit required; amounts: 100, 2.5 (points only), 10k 5M (bytes only). A limit that
 * can never bite or never be met (burst above amount, window below 1 s or above 366 d)
 * is an error. In limit_parse.c, the printing in limit_print.c. */
int limit_parse(struct span name, struct span sentence, struct limit *out,
                struct err *err);

/* limit_parse_override - "5000 recipients per 1d[, burst B]": *out is the limit with
 * amount, window and burst of the sentence. The unit must be the limit's own; a limit
 * per message cannot be overridden. */
int limit_parse_override(const struct limit *limit, struct span sentence,
                         struct limit *out, struct err *err);

/* limit_print - the sentence in words, canonical; parses back to the same limit. */
char *limit_print(const struct limit *limit, char out[LIMIT_SENTENCE_BYTES]);

/* limit_print_override - "5000 recipients per 1d, burst 20", as it parses back. */
char *limit_print_override(const struct limit *limit, char out[LIMIT_SENTENCE_BYTES]);

/* limit_print_amount - an amount in the limit's unit: "12.5 points". */
char *limit_print_amount(const struct limit *limit, int64_t amount, char *out,
                         size_t size);

const char *limit_unit_name(enum limit_unit unit); /* "messages" "recipients" ... */
enum limit_unit limit_unit_find(struct span name); /* singular too; UNKNOWN */
const char *limit_key_name(enum limit_key key);    /* "sender" ...; "" of NONE */
enum limit_key limit_key_find(struct span name);   /* NONE if there is none */

/* limit_duration_scale - microseconds of the letter s m h d w; 0 for others. */
int64_t limit_duration_scale(char letter);

/* limit_is_by_feedback - whether bounces or complaints charge it, and mail only is
 * judged by it. */
bool limit_is_by_feedback(const struct limit *limit);

/* limit_has_key - whether it is one of the limit's keys. */
bool limit_has_key(const struct limit *limit, enum limit_key key);

/* limit_print_keys - "sender", "sender+client_ip"; "" for a limit per message. */
char *limit_print_keys(const struct limit *limit, char out[LIMIT_KEYS_BYTES]);

/* limit_find - the limit of that name in a table of count, or NULL. */
const struct limit *limit_find(const struct limit *table, size_t count,
                               struct span name);

/* limit_applies - whether a message of this class is counted by it. */
bool limit_applies(const struct limit *limit, enum mail_class mail_class);

#endif
