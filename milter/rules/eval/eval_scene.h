/* SPDX-License-Identifier: BSD-2-Clause
 *
 * eval_scene - what eval functions look at: the message, and what several of them
 * derive from it, made when the first one asks.
 *
 * Stage: rules; private to the eval modules. Everything lives in msg->arena.
 * Threads: a scene belongs to one message.
 */
#ifndef OUTGATE_RULES_EVAL_SCENE_H
#define OUTGATE_RULES_EVAL_SCENE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "message/envelope.h"
#include "message/html_sums.h"
#include "message/message.h"
#include "message/received.h"
#include "rules/eval/eval_regex.h"
#include "rules/eval/eval_settings.h"
#include "rules/text/rule_text.h"

enum { SCENE_HEADERS = 48 };

struct scene_header {
    const char *name;
    bool is_found;
    struct span value;
};

struct eval_scene {
    struct rule_view *view; /* what other rules look at */
    const struct message *msg;
    const struct envelope *env; /* may be NULL */
    const struct eval_settings *settings;
    const struct eval_regexes *regexes;
    unsigned limit_errors; /* patterns stopped by a limit: they count as no match */

    /* private to the eval modules: not made yet is NULL, or a false flag */
    struct scene_header headers[SCENE_HEADERS];
    size_t header_count;
    struct span trusted, untrusted;
    bool has_trusted, has_untrusted;
    struct html_sums **html;
    size_t html_count;
    bool has_html;
    struct eval_mime *mime;
    struct eval_dates *dates;
    struct eval_body *body;
    struct eval_images *images;
    struct eval_addresses *addresses;
    struct eval_found *found;
};

void eval_scene_init(struct eval_scene *scene, struct rule_view *view,
                     const struct eval_settings *settings,
                     const struct eval_regexes *regexes);

/* scene_get - what a header rule of that name ("From:addr", "Received") would see, ""
 * without; name must be a literal or live as long as the scene. */
struct span scene_get(struct eval_scene *scene, const char *name);

/* scene_has - whether there is one. */
bool scene_has(struct eval_scene *scene, const char *name);

/* scene_first - as scene_get, of several addresses the first. */
struct span scene_first(struct eval_scene *scene, const char *name);

/* scene_folded - as scene_get, runs of white space as one blank. */
struct span scene_folded(struct eval_scene *scene, const char *name);

/* scene_match - does the regex match anywhere? */
bool scene_match(struct eval_scene *scene, enum eval_regex regex, struct span text);
bool scene_match_pattern(struct eval_scene *scene, const struct pattern *pattern,
                         struct span text);

/* scene_relays - never NULL, but without memory. */
const struct relays *scene_relays(struct eval_scene *scene);
struct span scene_trusted(struct eval_scene *scene);   /* as text */
struct span scene_untrusted(struct eval_scene *scene); /* as text */

/* scene_html - the sums of each HTML part. */
struct html_sums *const *scene_html(struct eval_scene *scene, size_t *count);

/* scene_body - the pieces that body rules see. */
const struct rule_texts *scene_body(struct eval_scene *scene);

/* scene_line - the next line of *rest (LF); false at its end. */
bool scene_line(struct span *rest, struct span *line);

#endif
