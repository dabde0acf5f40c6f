/* SPDX-License-Identifier: BSD-2-Clause
 *
 * mta - the hold queue of Postfix or Sendmail, by the MTA's own tools.
 *
 * For the command line, never for the daemon: letting held mail go takes the
 * superuser (postsuper says so, and refuses even user postfix).
 * Traps minded here: postsuper ends with 0 even when nothing matched, so its words are
 * read; short queue ids come again for other messages, so an id is believed only with
 * the arrival time (and sender) that the log has; mail that waited long is requeued
 * (-r), since after -H its age counts from arrival and the next failure would bounce
 * it.
 * Source: postqueue(1), postsuper(1), Sendmail Installation and Operation Guide 2.3;
 * measured on Postfix 3.7 and Sendmail 8.17.
 */
#ifndef OUTGATE_MTA_H
#define OUTGATE_MTA_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "mta/mta_parse.h"
#include "mta/mta_run.h"
#include "settings.h"

struct mta_tools {
    enum mta kind;        /* MTA_POSTFIX or MTA_SENDMAIL */
    const char *config;   /* -c DIR of Postfix, -C FILE of Sendmail; "" its own */
    const char *commands; /* folder; "" PATH */
    const char *queue;    /* Postfix's queue_directory; "" unknown */
    int64_t lifetime_s;   /* after which Postfix gives a message up */
};

/* mta_open - which MTA, from settings [mta]; MTA_AUTO: Postfix if postsuper is found,
 * else Sendmail if sendmail is. Strings stay settings'. ERR_NOT_FOUND if neither. */
int mta_open(struct mta_tools *out, const struct settings *settings, struct err *err);

/* mta_prepare - ask Postfix for queue and lifetime_s, once; strings in the arena. What
 * it does not say stays unknown, or its default. Sendmail: nothing. */
void mta_prepare(struct mta_tools *tools, struct arena *arena);

/* mta_is_up - whether Postfix runs (after mta_prepare); true when that is unknown, and
 * for Sendmail, which delivers without a daemon. Mail that is let go while it is down
 * leaves all at once when it starts. */
bool mta_is_up(const struct mta_tools *tools);

const char *mta_name(const struct mta_tools *tools); /* "Postfix" "Sendmail" */

/* mta_ask - run one of its programs: argv is its full path, the config option if there
 * is a config, then words (NULL at the end, 14 at most). -1: it cannot be run. */
int mta_ask(const struct mta_tools *tools, struct arena *arena, const char *program,
            const char *const *words, struct span input, unsigned timeout_ms,
            struct run_result *result, struct err *err);

/* mta_may_act - letting go and deleting take the superuser. ERR_USAGE. */
int mta_may_act(struct err *err);

/* mta_queue - all that waits in Postfix's queues, or what Sendmail has quarantined,
 * sorted by queue id, in the arena. Postfix lets every user ask
 * (authorized_mailq_users), Sendmail root. */
int mta_queue(const struct mta_tools *tools, struct arena *arena,
              struct mta_mail **list, size_t *count, struct err *err);

/* mta_take_back - delete the mail that goes to this address, in whichever queue it is.
 * queue_id: it, if known, or "". True: it was there and is gone. For an address that
 * nobody else writes to. */
bool mta_take_back(const struct mta_tools *tools, struct arena *arena,
                   const char *address, struct span queue_id);

/* What became of a wish, or stands in its way. */
enum mta_answer {
    MTA_ANSWER_UNKNOWN = 0,
    MTA_IS_HELD,  /* it is there and held */
    MTA_DONE,     /* let go, or deleted, and the MTA said so */
    MTA_GONE,     /* no message has this queue id */
    MTA_IS_OTHER, /* the id belongs to another, later message now */
    MTA_NOT_HELD, /* it is there, but on its way already */
    MTA_REFUSED,  /* the MTA did not confirm it */
};

/* One message of the log, to be let go or deleted. */
struct mta_wish {
    struct span queue_id;
    struct span mail_from; /* as logged, without <> */
    int64_t at_us;         /* when the gate held it */
    enum mta_answer answer;
};

/* mta_match - set each answer from a listing: IS_HELD, GONE, IS_OTHER, NOT_HELD. */
void mta_match(const struct mta_mail *list, size_t count, struct mta_wish *wishes,
               size_t wish_count);

/* mta_release, mta_drop - do it to each that is held, in this order; each answer says
 * what became of it, MTA_IS_HELD that it was not tried. Only ids that may come again
 * are compared with a listing first. -1 only when nothing could be asked or done at all
 * (not root, no such program). */
int mta_release(const struct mta_tools *tools, struct arena *arena,
                struct mta_wish *wishes, size_t count, struct err *err);
int mta_drop(const struct mta_tools *tools, struct arena *arena,
             struct mta_wish *wishes, size_t count, struct err *err);

/* mta_hold - the other way: what is NOT_HELD goes to the hold queue; IS_HELD then. */
int mta_hold(const struct mta_tools *tools, struct arena *arena,
             struct mta_wish *wishes, size_t count, struct err *err);

/* mta_hasten - what was let go and may not have left yet (MTA_NOT_HELD, and of Sendmail
 * MTA_GONE, since its listing shows only what is held) need not wait for the next queue
 * run. */
void mta_hasten(const struct mta_tools *tools, struct arena *arena,
                const struct mta_wish *wishes, size_t count);

/* mta_answer_text - "is held", "has left the queue" ... for a person. */
const char *mta_answer_text(enum mta_answer answer);

#endif
