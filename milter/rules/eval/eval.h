/* SPDX-License-Identifier: BSD-2-Clause
 *
 * eval - the `eval:` functions of SpamAssassin's rules that need no network and no
 * learned database; and those that ask what the authentication stage knows.
 *
 * Stage: rules. A rule `body NAME eval:function('argument', ...)` hits when the
 * function says so. What several functions need of a message is derived once (struct
 * eval_scene). Source: the manuals and the behaviour of SpamAssassin 4.0.1's plugins,
 * by whose names they are grouped. Threads: a call is immutable once parsed.
 */
#ifndef OUTGATE_RULES_EVAL_H
#define OUTGATE_RULES_EVAL_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "rules/eval/eval_scene.h"

struct eval_call;

/* eval_parse - `function(argument, 'argument', ...)`. Returns 0 and *out (in the arena;
 * its patterns are given back by eval_clear), or -1: ERR_NOT_FOUND for a function, or a
 * test of it, that is not there, or that needs authentication where there is none;
 * ERR_CONFIG for arguments that do not fit it. */
int eval_parse(struct arena *arena, struct span written, bool has_authentication,
               struct eval_call **out, struct err *err);
void eval_clear(struct eval_call *call);

/* eval_needs_authentication - of `function(...)` as written. */
bool eval_needs_authentication(struct span written);

/* eval_run - does it hit? Pure, and bounded by the bounds of what it looks at. */
bool eval_run(const struct eval_call *call, struct eval_scene *scene);

/* eval_has_plugin - functions of that plugin (Mail::SpamAssassin::Plugin::NAME) are
 * here, and have what they need. */
bool eval_has_plugin(struct span name, bool has_authentication);

/* One function, for the manual. */
struct eval_info {
    const char *plugin, *name, *arguments, *doc;
    const char *const *names;
    bool needs_authentication;
};

/* eval_info - the n-th; false behind the last. */
bool eval_info(size_t n, struct eval_info *out);

#endif
