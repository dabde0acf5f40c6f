/* SPDX-License-Identifier: BSD-2-Clause */
#include "rules/eval/eval_scene.h"

#include <string.h>

#include "rules/text/rule_header.h"

void eval_scene_init(struct eval_scene *scene, struct rule_view *view,
                     const struct eval_settings *settings,
                     const struct eval_regexes *regexes)
{
    *scene = (struct eval_scene){.view = view,
                                 .msg = view->msg,
                                 .env = view->env,
                                 .settings = settings,
                                 .regexes = regexes};
}

/* ---- header ---- */

static const struct scene_header *header_of(struct eval_scene *scene, const char *name)
{
    static const struct scene_header none = {"", false, {"", 0}};
    struct header_spec spec;
    struct scene_header *header;
    struct err ignored;

    for (size_t i = 0; i < scene->header_count; i++)
        if (scene->headers[i].name == name || strcmp(scene->headers[i].name, name) == 0)
            return &scene->headers[i];
    if (scene->header_count == SCENE_HEADERS)
        scene->header_count--; /* the last place is taken in turn */
    header = &scene->headers[scene->header_count];
    header->name = name;
    if (header_spec_parse(span_of(name), &spec, &ignored) != 0)
        return &none;
    else
        header->is_found = header_value(&spec, scene->view, &header->value);
    scene->header_count++;
    return header;
}

struct span scene_get(struct eval_scene *scene, const char *name)
{
    const struct scene_header *header = header_of(scene, name);

    return header->is_found ? header->value : SPAN("");
}

bool scene_has(struct eval_scene *scene, const char *name)
{
    return header_of(scene, name)->is_found;
}

struct span scene_first(struct eval_scene *scene, const char *name)
{
    struct span rest = scene_get(scene, name), line;

    return scene_line(&rest, &line) ? line : SPAN("");
}

struct span scene_folded(struct eval_scene *scene, const char *name)
{
    return span_fold_space(scene->msg->arena, scene_get(scene, name));
}

bool scene_line(struct span *rest, struct span *line)
{
    if (rest->len == 0)
        return false;
    span_cut(*rest, '\n', line, rest);
    return true;
}

/* ---- patterns ---- */

bool scene_match_pattern(struct eval_scene *scene, const struct pattern *pattern,
                         struct span text)
{
    enum pattern_result result = pattern_match(pattern, text);

    scene->limit_errors += result == PATTERN_LIMIT;
    return result == PATTERN_MATCH;
}

bool scene_match(struct eval_scene *scene, enum eval_regex regex, struct span text)
{
    return scene_match_pattern(scene, scene->regexes->at[regex], text);
}

/* ---- relays, HTML, texts ---- */

const struct relays *scene_relays(struct eval_scene *scene)
{
    return rule_view_relays(scene->view);
}

struct span scene_trusted(struct eval_scene *scene)
{
    if (!scene->has_trusted)
        scene->trusted =
            relays_print(scene->msg->arena, scene_relays(scene), RELAY_TRUSTED);
    scene->has_trusted = true;
    return scene->trusted;
}

struct span scene_untrusted(struct eval_scene *scene)
{
    if (!scene->has_untrusted)
        scene->untrusted =
            relays_print(scene->msg->arena, scene_relays(scene), RELAY_UNTRUSTED);
    scene->has_untrusted = true;
    return scene->untrusted;
}

/* What a reader opens as a page: its type, or the name of its file, says HTML. Of a
 * file only the beginning was decoded. */
static struct html_sums *read_part(struct eval_scene *scene, const struct part *part)
{
    bool is_page = span_iends(part->filename, SPAN(".html")) ||
                   span_iends(part->filename, SPAN(".htm"));
    struct html_sums *sums;

    if (part->html != NULL)
        return part->text.len > 0 ? html_sums_read(scene->msg->arena, part->text)
                                  : NULL;
    if (!is_page || part->content.len == 0)
        return NULL;
    sums = html_sums_read(scene->msg->arena, part->content);
    if (sums != NULL && part->content_bytes > part->content.len)
        sums->length = part->content_bytes;
    return sums;
}

static void read_html(struct eval_scene *scene)
{
    const struct message *msg = scene->msg;

    scene->has_html = true;
    scene->html = arena_array(msg->arena, msg->part_count, sizeof(struct html_sums *));
    for (size_t i = 0; scene->html != NULL && i < msg->part_count; i++) {
        struct html_sums *sums = read_part(scene, &msg->parts[i]);
        if (sums != NULL)
            scene->html[scene->html_count++] = sums;
    }
}

struct html_sums *const *scene_html(struct eval_scene *scene, size_t *count)
{
    if (!scene->has_html)
        read_html(scene);
    *count = scene->html_count;
    return scene->html;
}

const struct rule_texts *scene_body(struct eval_scene *scene)
{
    rule_text_body(scene->view);
    return &scene->view->body;
}
