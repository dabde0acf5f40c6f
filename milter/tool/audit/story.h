/* SPDX-License-Identifier: BSD-2-Clause
 *
 * story - what else the database knows of one message: its hold, its limits then and
 * now, others of the same text, whether its sender is blocked.
 */
#ifndef OUTGATE_TOOL_AUDIT_STORY_H
#define OUTGATE_TOOL_AUDIT_STORY_H

#include "store/orders.h"
#include "tool/record.h"
#include "tool/window.h"

struct story_charge {
    struct span name, key;
    int64_t amount; /* in the limit's unit; points in thousandths */
    int64_t at_us;  /* 0: not charged yet */
    bool is_points;
    const struct limit *limit; /* of the config; NULL: it is gone from it */
    int64_t then;              /* used in the window that ended with the message;
                                  what it reserved for later is not in it */
    bool is_then_cut;          /* that window held too many messages: it was more */
    struct window now;
};

enum { STORY_CHARGES = 200 };

struct story {
    struct span state, state_by, cause; /* of its hold; "" if it was not held */
    int64_t held_at_us, due_at_us, state_at_us;
    struct span campaign;                             /* "" none */
    int64_t same_text, same_recipients, same_senders; /* others; all; all */
    struct ruling block;                              /* of its sender or client */
    struct story_charge *charges;
    size_t charge_count;
};

/* story_read - all of it, in the tool's arena. */
int story_read(struct tool *tool, const struct record *record, struct story *out,
               struct err *err);

/* Rows of the message ?1. Feedback: at_us, kind, recipient, status, reason, reporter,
 * detail. Reports: at_us, blocked_ip, destination_ip, score. Facts: name, value. */
#define STORY_FEEDBACK_SQL                                                             \
    "SELECT at_us, kind, recipient, status, reason, reporter, detail FROM feedback "   \
    "WHERE message = ?1 ORDER BY at_us, id LIMIT 200"
#define STORY_REPORTS_SQL                                                              \
    "SELECT at_us, blocked_ip, destination_ip, score FROM provider_report WHERE "      \
    "message = ?1 ORDER BY at_us, id LIMIT 200"
#define STORY_FACTS_SQL                                                                \
    "SELECT key, value FROM evidence, json_each(CASE WHEN json_valid(facts) THEN "     \
    "facts ELSE '{}' END) WHERE message = ?1"

#endif
