/* SPDX-License-Identifier: BSD-2-Clause
 *
 * passage - a message on its way through the gate: what the stages know of it.
 */
#ifndef OUTGATE_PASSAGE_H
#define OUTGATE_PASSAGE_H

#include <stdint.h>

#include "auth/auth.h"
#include "engine.h"
#include "facts/facts.h"
#include "limits/sender.h"
#include "message/envelope.h"
#include "message/message.h"
#include "store/reader.h"
#include "store/writer.h"
#include "verdict/action.h"
#include "verdict/verdict.h"

/* What is known of a message before anybody is asked: pure but for the arena. */
struct judgement {
    struct authentication authentication;
    struct facts facts;
    struct hits hits;
    struct sender sender;
    struct verdict verdict;
};

/* A message on its way: what gate_run needs besides the engine. */
struct passage {
    const struct engine *engine;
    struct message *msg;
    struct envelope *env; /* at the border the gate learns more of it */
    struct writer *writer;
    struct reader *reader;    /* NULL: the past is not asked for */
    struct auth_check *check; /* begun as the message came in; NULL: not yet */
    const struct hands *hands;
    int64_t now_us;       /* wall clock at end of message */
    int64_t limit_now_us; /* clock_limit_us at that moment */
    int64_t started_us;   /* clock_elapsed_us at end of message */
};

#endif
