/* SPDX-License-Identifier: BSD-2-Clause
 *
 * action - from verdict and charge to what the MTA is told.
 *
 * action_plan is pure: it decides. action_apply moves a pair of hands (libmilter's, or
 * a test's) and reports what became of it.
 */
#ifndef OUTGATE_VERDICT_ACTION_H
#define OUTGATE_VERDICT_ACTION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bounds.h"
#include "limits/limits.h"
#include "message/message.h"
#include "settings.h"
#include "store/orders.h"
#include "verdict/verdict.h"

enum { INCIDENT_BYTES = 16, PLAN_HEADERS = 4, PLAN_REASON_BYTES = 400 };

struct plan_header {
    const char *name;
    char value[128];
};

/* What speaks for the answer. */
enum cause {
    CAUSE_NONE = 0,
    CAUSE_SCORE,
    CAUSE_LIMIT,
    CAUSE_BRAKE,
    CAUSE_BLOCK,
    CAUSE_ALERT, /* a person, whom a provider's alert told of its sender */
    CAUSE_PROBE, /* it is a probe of outgate doctor */
};

const char *cause_name(enum cause cause); /* "" "score" "limit" ... */
enum cause cause_find(struct span name);  /* NONE if there is none of that name */

/* One field to take out: the n-th (1 first) of that name. */
struct plan_removal {
    const char *name;
    int index;
};

struct plan {
    enum action meant;  /* the strictest that score, limits and orders ask */
    enum action action; /* what is done; differs on the sendmail(1) path, for null
                           senders */
    enum cause cause;   /* of several that ask the same: block, limit, score, brake */
    int64_t order_since_us; /* BLOCK, BRAKE: since when that order stands */
    bool is_shadow;         /* decided, recorded, not done */
    int64_t due_at_us;      /* hold by a limit: when it leaves; 0: a person decides */
    char reason[PLAN_REASON_BYTES]; /* one sentence */
    char code[4];                   /* "451", "554"; "" without a reply */
    char xcode[12];                 /* "4.7.28" */
    char reply[BOUND_REPLY_BYTES];
    char incident[INCIDENT_BYTES];
    struct plan_header headers[PLAN_HEADERS];
    size_t header_count;
    struct plan_removal *removals; /* in the arena; highest index of a name first */
    size_t removal_count;
};

/* What a plan is made of. */
struct plan_input {
    const struct settings *settings;
    const struct envelope *env;
    const struct message *msg;
    const struct verdict *verdict;
    const struct charge *charge;
    const struct ruling *ruling; /* NULL: no order was asked for */
    struct span sender;
    int64_t now_us; /* wall clock, for the reply's times */
    uint32_t salt;  /* makes incident ids of one microsecond differ */
};

/* action_plan - decide. Removals live in msg->arena. */
void action_plan(const struct plan_input *in, struct plan *plan);

/* action_block_reply - what a blocked sender is told, until when and whom to ask; not
 * the administrator's reason. incident: "" for none. */
void action_block_reply(const struct order *block, const char *incident,
                        const char *contact, char *out, size_t size);

/* action_removals - the X-Outgate-* fields of a message, to be taken out in any class.
 */
void action_removals(const struct message *msg, struct plan *plan);

/* What the MTA is told in the end. */
enum outcome {
    OUTCOME_UNKNOWN = 0,
    OUTCOME_CONTINUE,
    OUTCOME_TEMPFAIL,
    OUTCOME_REJECT,
};

/* The hands: each returns 0 or -1. */
struct hands {
    void *ctx;
    int (*quarantine)(void *ctx, const char *reason);
    int (*reply)(void *ctx, const char *code, const char *xcode, const char *text);
    int (*add_header)(void *ctx, const char *name, const char *value);
    int (*remove_header)(void *ctx, const char *name, int index);
};

/* action_apply - do it. A hold that cannot be set becomes TEMPFAIL, never an accept. */
enum outcome action_apply(const struct plan *plan, const struct hands *hands);

#endif
