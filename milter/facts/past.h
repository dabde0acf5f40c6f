/* SPDX-License-Identifier: BSD-2-Clause
 *
 * past - what the store knew of the sender and of the text before this message: plain
 * numbers, read by the gate, turned into facts by fact_past. All zero when nothing is
 * known (`outgate scan` without a database, a store that is away).
 *
 * "Past" hours and traits leave out the last 24 hours, so that an attack's own first
 * day does not make it look normal. Counted is mail that left (store/history).
 */
#ifndef OUTGATE_FACTS_PAST_H
#define OUTGATE_FACTS_PAST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

/* What a sender may do for the first time. */
enum trait {
    TRAIT_NETWORK = 0, /* of the client: IPv4 /24, IPv6 /48 */
    TRAIT_COUNTRY,     /* of the client, ISO 3166-1, with [mail] geoip only */
    TRAIT_X_MAILER,    /* the words of X-Mailer: or User-Agent: without versions */
    TRAIT_HEADER_FROM, /* address in From: */
    TRAIT_FROM_DOMAIN, /* its registrable domain */
    TRAIT_UNSIGNED,    /* that domain, in mail without a DKIM signature of it */
    TRAIT_COUNT
};

struct past_trait {
    bool is_known;      /* the message has this trait */
    int64_t first_us;   /* the sender's first use of the message's value; 0: never */
    int64_t since_us;   /* its first use of any value that is remembered; 0: none */
    int64_t taken_up;   /* values first used in the past four weeks */
    int64_t used_day;   /* values used in the last 24 h, this message not counted */
    int64_t used_week;  /* ... in the last 7 days */
    bool has_used_day;  /* the message's value is one of used_day */
    bool has_used_week; /* ... of used_week */
};

struct past {
    bool is_known;  /* the store was asked and answered */
    int64_t now_us; /* as of when, wall clock */

    /* the identity's own history (store/history) */
    int64_t sender_first_us; /* wall clock of its first message; 0: this is it */
    int64_t sender_messages; /* before this one */
    int64_t recipients;      /* of this message, each once */
    int64_t new_recipients;  /* of these, never written to by it before */
    struct past_trait trait[TRAIT_COUNT];

    int64_t hour_recipients;     /* in the last 60 minutes, without this message; of the
                                    hour before the current one its share */
    int64_t hour_new_recipients; /* of these, never written to before */
    int64_t day_new_recipients;  /* new ones in the last 24 hours */
    int64_t past_messages;       /* in the past four weeks */
    int64_t past_hours;          /* clock hours in which it sent any */
    int64_t past_recipients;     /* of all of them */
    int64_t busiest_recipients;  /* most in one of these hours */
    int64_t busiest_new;         /* most new ones in one of them */
    int64_t near_messages;       /* past_messages within two hours of this time of day,
                                    on the same sort of day: Monday to Friday, or
                                    Saturday and Sunday (UTC) */

    /* mail of the From: domain that left, whoever sent it */
    int64_t domain_signed, domain_unsigned;

    /* others with the same text (store/campaign), this message not counted */
    struct span campaign; /* its key, or "": none yet, or too short to tell */
    int64_t campaign_messages, campaign_recipients, campaign_senders;
};

#endif
