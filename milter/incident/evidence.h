/* SPDX-License-Identifier: BSD-2-Clause
 *
 * evidence - what the audit log knows of an incident, gathered when it is told.
 *
 * Reads only, and only so much: the newest rows that belong to the incident, a bounded
 * number of them. Text is as it came in the mail: whoever prints it escapes it.
 */
#ifndef OUTGATE_INCIDENT_EVIDENCE_H
#define OUTGATE_INCIDENT_EVIDENCE_H

#include "limits/limit.h"
#include "store/incident.h"

enum {
    TALLY_SHOWN = 5,            /* values told of each sort. chosen */
    TALLY_KEPT = 64,            /* different values counted; the rest is "others" */
    EVIDENCE_ROWS = 1000,       /* messages looked at. chosen */
    EVIDENCE_LOOK_BACK = 20000, /* newest rows among which they are sought. chosen */
};

/* How often each value came, most often first once the evidence is gathered. */
struct tally {
    struct {
        struct span text;
        int64_t weight;
    } at[TALLY_KEPT];
    size_t count;
    int64_t others; /* weight of values for which there was no room */
    int64_t total;
};

struct evidence {
    int64_t messages, recipients; /* among the rows looked at */
    bool is_cut;                  /* there were more rows */
    int64_t first_us, last_us;    /* of those rows; 0 without any */
    double score_min, score_max;
    int64_t by_action[ACTION_REJECT + 1];
    bool is_shadow;       /* some were only recorded, not stopped */
    struct tally senders; /* by what each took of the limit, for a BUDGET */
    struct tally clients, subjects, froms, scripts, recipients_named, countries;

    /* one message as a sample: the incident's own, else the newest */
    int64_t sample_id;
    struct span sample_message_id, sample_queue_id, sample_mail_from, sample_subject,
        sample_action, sample_language; /* as its header names it, "" if it does not */
    int64_t sample_due_us;

    int64_t waiting, waiting_for_person; /* in the hold queue, by the log */
    int64_t next_due_us;                 /* 0: none has a time */

    struct span limit_name, limit_key; /* LIMIT, BUDGET: the two parts of the key */
    struct span sentence;              /* the limit in words, "" unknown */
    int64_t until_us;                  /* BLOCK, BRAKE: 0 until somebody ends it */
};

/* evidence_gather - all of the above; spans live in the arena. */
int evidence_gather(struct db *db, const struct incident *incident, struct arena *arena,
                    struct evidence *out, struct err *err);

/* evidence_is_of_sender - the incident concerns one sender alone. */
bool evidence_is_of_sender(const struct incident *incident);

#endif
