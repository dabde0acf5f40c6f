/* SPDX-License-Identifier: BSD-2-Clause
 *
 * campaign - which texts were seen before, by how many messages, recipients, senders.
 *
 * A campaign is known by the sketch of its first message, for good: each message is
 * compared with that one, so that nobody can lead a campaign step by step to another's
 * text; who changes his text so far that the first no longer knows it begins another.
 * Every message that is judged counts, refused ones too: a text that was stopped at one
 * account is to be known at the next. A campaign that was not used for seven days is
 * over; the same text later is a new one.
 * Tables: campaign, campaign_band, campaign_sender (sql/README.md).
 */
#ifndef OUTGATE_STORE_CAMPAIGN_H
#define OUTGATE_STORE_CAMPAIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "message/sketch.h"
#include "store/db.h"

enum {
    CAMPAIGN_KEY_BYTES = 16,
    CAMPAIGN_SENDERS = 1000,   /* told apart; there may be more. chosen */
    CAMPAIGN_CANDIDATES = 100, /* the newest of each band are looked at. chosen */
    CAMPAIGN_COUNT = 500000,   /* kept: about 250 MB; beyond, those longest unused go.
                                  chosen */
};

/* After how long without a message it is over, microseconds. chosen */
#define CAMPAIGN_UNUSED_US (INT64_C(7) * 86400 * 1000000)

struct campaign {
    int64_t id;                   /* 0: none */
    char key[CAMPAIGN_KEY_BYTES]; /* "c" and the id in Crockford's base 32: "c07QJ" */
    int64_t last_us;              /* in use, to the hour */
    int64_t messages, recipients;
    int64_t senders; /* different ones, CAMPAIGN_SENDERS at most */
};

/* campaign_find - the campaign whose text is the sketch's; of several the one with most
 * numbers in common, then the oldest. out->id 0: none yet, or a SKETCH_NONE. Reads
 * only. now_us: wall clock. */
int campaign_find(struct db *db, const struct sketch *sketch, int64_t now_us,
                  struct campaign *out, struct err *err);

/* What a message adds. */
struct campaign_message {
    const struct sketch *sketch;
    struct span sender; /* "kind:value" */
    struct span subject;
    int64_t recipients;
    int64_t at_us; /* wall clock */
};

/* campaign_record - find its campaign or begin one, and count it; *out is as it stands
 * after. In the caller's transaction, so that two messages of one commit meet in one
 * campaign. Of a SKETCH_NONE nothing is recorded: out->id 0, out->key "". */
int campaign_record(struct db *db, const struct campaign_message *message,
                    struct campaign *out, struct err *err);

/* campaign_expire - delete at most `rows` campaigns that are over; *deleted says how
 * many. */
int campaign_expire(struct db *db, int64_t now_us, unsigned rows, int64_t *deleted,
                    struct err *err);

/* campaign_key_print - the key of an id, > 0. */
char *campaign_key_print(int64_t id, char out[CAMPAIGN_KEY_BYTES]);

/* campaign_key_parse - a key as a person writes it: any case, O for 0, I and L for 1
 * (Crockford). False: that is none.  Source: https://www.crockford.com/base32.html */
bool campaign_key_parse(struct span text, char out[CAMPAIGN_KEY_BYTES]);

#endif
