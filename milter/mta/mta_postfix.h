/* SPDX-License-Identifier: BSD-2-Clause
 *
 * mta_postfix - held mail out of Postfix in order, promptly, at little cost a message.
 *
 * postsuper -H moves a message to the deferred queue, where it would wait for the next
 * queue run (queue_run_delay, 300 s). `postqueue -i ID` hastens it, for a process a
 * message (15 ms where a whole batch of 100 took postsuper 35 ms); a flush would try
 * everybody's deferred mail. So: one postsuper is kept running for a batch and told one
 * id after the other, and the queue manager is asked for what it does every
 * queue_run_delay anyway, a scan of the deferred queue ("D", as postkick(1) sends it).
 * It reads a folder in no order: the next message is let go when it has taken the one
 * before.
 * Source: postsuper(1), postkick(1), qmgr(8); measured on Postfix 3.7.
 */
#ifndef OUTGATE_MTA_POSTFIX_H
#define OUTGATE_MTA_POSTFIX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"

struct postfix {
    const char *commands; /* folder of postsuper; "" PATH */
    const char *config;   /* -c DIR; "" its own */
    const char *queue;    /* queue_directory; "" unknown: nothing is hastened */
};

/* One message to let go. */
struct postfix_mail {
    struct span queue_id;
    bool is_released; /* set: postsuper said so */
};

/* postfix_release - let go one after the other, in this order. A message that
 * postsuper does not confirm ends it: *done counts those before it, so the caller may
 * look where that one is and go on behind it. -1: postsuper cannot be run. */
int postfix_release(const struct postfix *postfix, struct arena *arena,
                    struct postfix_mail *mails, size_t count, size_t *done,
                    struct err *err);

/* postfix_kick - send a request to a service in public/: "qmgr" "D", "pickup" "W".
 * False when nobody listens. */
bool postfix_kick(const struct postfix *postfix, const char *service,
                  const char *request);

/* postfix_is_up - whether its master runs; true when that cannot be told. */
bool postfix_is_up(const struct postfix *postfix);

/* postfix_is_long_id - an id of enable_long_queue_ids, which is never used again; a
 * short one is. Source: Postfix global/mail_queue.h, MQID_LG_INUM_SEP. */
bool postfix_is_long_id(struct span queue_id);

#endif
