/* SPDX-License-Identifier: BSD-2-Clause
 *
 * eval_bounce - VBounce: whether a bounce is of a message that our own hosts sent.
 * Source: Mail::SpamAssassin::Plugin::VBounce(3pm) and its behaviour.
 */
#include "rules/eval/eval_function.h"

static const struct eval_list *own_relays(struct eval_scene *scene)
{
    return eval_lists_find(&scene->settings->lists, SPAN("welcomelist_bounce_relays"));
}

static bool have_relays(struct eval_scene *scene, const struct eval_call *call)
{
    const struct eval_list *list = own_relays(scene);

    (void)call;
    return list != NULL && list->count + list->glob_count > 0;
}

/* A word with a dot in it that is one of ours. */
static bool names_relay(struct eval_scene *scene, struct span line)
{
    struct span word;

    while (line.len > 0) {
        span_cut(line, ' ', &word, &line);
        word = span_trim(word);
        if (span_index(word, '.') > 0 &&
            eval_list_has(own_relays(scene), span_lower(scene->msg->arena, word),
                          false))
            return true;
    }
    return false;
}

/* Received: fields of the message that came back, in the text or a part of it. */
static bool check_relays(struct eval_scene *scene, const struct eval_call *call)
{
    const struct rule_texts *body;
    struct span rest = scene->msg->body, line;
    bool is_received = false;

    if (!have_relays(scene, call))
        return false;
    body = scene_body(scene);
    for (size_t i = 0; i < body->count; i++)
        if (scene_match(scene, EVAL_RECEIVED_LINE, body->at[i].bytes) &&
            names_relay(scene, body->at[i].bytes))
            return true;
    while (scene_line(&rest, &line)) {
        bool is_folded = line.len > 0 && ascii_is_space(line.at[0]);
        is_received =
            is_folded ? is_received : scene_match(scene, EVAL_RECEIVED_LINE, line);
        if (is_received && names_relay(scene, line))
            return true;
    }
    return false;
}

static const struct eval_function functions[] = {
    {"have_any_bounce_relays", "", NULL, have_relays,
     "Rule files name own relays (welcomelist_bounce_relays)."},
    {"check_welcomelist_bounce_relays", "", NULL, check_relays,
     "The message that came back passed one of them."},
    {"check_whitelist_bounce_relays", "", NULL, check_relays,
     "Its name in SpamAssassin 3."},
};

const struct eval_module outgate_eval_bounce = {"VBounce", functions,
                                                sizeof functions / sizeof functions[0]};
