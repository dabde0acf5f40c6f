/* SPDX-License-Identifier: BSD-2-Clause
 *
 * kept - messages of the log judged again, as far as the store kept them.
 *
 * With keep = full a message is read and judged as it was; its facts are those that
 * were stored, since the past that some of them compare with is gone. With
 * keep = headers the rules that look at the body stand as they did (rule_match_kept).
 */
#ifndef OUTGATE_TOOL_JUDGE_KEPT_H
#define OUTGATE_TOOL_JUDGE_KEPT_H

#include "engine.h"
#include "facts/facts.h"
#include "store/db.h"

enum kept_depth {
    KEPT_HITS = 0, /* the rules that hit; and the facts, until they are deleted */
    KEPT_HEADER,
    KEPT_WHOLE,
    KEPT_DEPTHS
};

struct kept {
    enum kept_depth depth;
    struct message *msg; /* what there is of it, finished */
    struct envelope env;
    struct facts facts;
    struct hits hits; /* under the engine's rules */
    size_t unknown;   /* rules that hit then and are no more */
};

/* kept_read - what the log says of message id's session, and an empty message for it.
 */
int kept_read(struct db *db, const struct engine *engine, int64_t id,
              struct arena *arena, struct kept *out, struct err *err);

/* kept_judge - message id under engine's rules, all in arena. -1 with err. */
int kept_judge(struct db *db, const struct engine *engine, int64_t id,
               struct arena *arena, struct kept *out, struct err *err);

#endif
