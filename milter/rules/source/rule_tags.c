/* SPDX-License-Identifier: BSD-2-Clause */
#include "rules/source/rule_tags.h"

#include <string.h>

#include "base/buf.h"
#include "rules/source/rule_tags_private.h"

enum { TAGS_MAX = 10000 };

int rule_tags_set(struct rule_tags *tags, enum rule_tag_kind kind, struct span name,
                  struct span value)
{
    size_t room = tags->room > 0 ? 2 * tags->room : 32;
    struct rule_tag *at = tags->at;

    if (tags->count >= TAGS_MAX)
        return -1;
    if (tags->count == tags->room) {
        at = arena_array(tags->arena, room, sizeof *at);
        if (at == NULL)
            return -1;
        if (tags->count > 0)
            memcpy(at, tags->at, tags->count * sizeof *at);
        tags->at = at;
        tags->room = room;
    }
    at[tags->count++] = (struct rule_tag){kind, name, value};
    return 0;
}

struct span rule_tags_find(const struct rule_tags *tags, enum rule_tag_kind kind,
                           struct span name)
{
    for (size_t i = tags->count; name.len > 0 && i-- > 0;)
        if (tags->at[i].kind == kind && span_eq(tags->at[i].name, name))
            return tags->at[i].value;
    return (struct span){"", 0};
}

bool rule_tags_next(struct span regex, size_t *at, struct span *name)
{
    size_t start = regex.len;

    for (size_t i = *at; i < regex.len; i++) {
        if (regex.at[i] == '<')
            start = i;
        if (regex.at[i] != '>' || start == regex.len || i == start + 1)
            continue;
        *at = start;
        *name = (struct span){regex.at + start + 1, i - start - 1};
        return true;
    }
    return false;
}

static bool is_asking(const struct rule_tags *tags, struct span tag,
                      struct rule_tag_dressing *dressing)
{
    struct span word, name;

    if (!span_cut(tag, ' ', &word, &name))
        return false;
    if (span_eq(word, SPAN("pre")) && dressing->pre.len == 0)
        dressing->pre = rule_tags_find(tags, RULE_TAG_PRE, name);
    else if (span_eq(word, SPAN("post")) && dressing->post.len == 0)
        dressing->post = rule_tags_find(tags, RULE_TAG_POST, name);
    else if (span_eq(word, SPAN("inter")) && dressing->inter.len == 0)
        dressing->inter = rule_tags_find(tags, RULE_TAG_INTER, name);
    else
        return false;
    return true;
}

struct span rule_tags_undress(const struct rule_tags *tags, struct span regex,
                              struct rule_tag_dressing *dressing)
{
    struct span tag;
    struct buf out;
    size_t done = 0, at = 0;

    buf_init(&out, tags->arena, RULE_TAG_REGEX_BYTES);
    while (rule_tags_next(regex, &at, &tag)) {
        bool is_cut = is_asking(tags, tag, dressing);
        size_t end = at + tag.len + 2;
        buf_add(&out, regex.at + done, (is_cut ? at : end) - done);
        done = at = end;
    }
    buf_add_span(&out, span_from(regex, done));
    return buf_span(&out);
}

/* One round. *again: a value held tags of its own. */
static struct span replace(const struct rule_tags *tags, struct span regex,
                           const struct rule_tag_dressing *dressing, bool *again,
                           bool *is_full)
{
    struct span tag;
    struct buf out;
    size_t done = 0, at = 0, inner;

    *again = false;
    buf_init(&out, tags->arena, RULE_TAG_REGEX_BYTES);
    while (rule_tags_next(regex, &at, &tag)) {
        struct span value = rule_tags_find(tags, RULE_TAG_REPLACE, tag), name;
        if (at == done && done > 0)
            buf_add_span(&out, dressing->inter);
        buf_add(&out, regex.at + done, at - done);
        buf_add_span(&out, dressing->pre);
        if (value.len > 0)
            buf_add_span(&out, value);
        else
            buf_add(&out, tag.at - 1, tag.len + 2);
        buf_add_span(&out, dressing->post);
        inner = 0;
        *again = *again || rule_tags_next(value, &inner, &name);
        done = at = at + tag.len + 2;
    }
    buf_add_span(&out, span_from(regex, done));
    *is_full = out.is_full;
    return buf_span(&out);
}

int rule_tags_apply(const struct rule_tags *tags, struct span regex, struct span *out,
                    struct err *err)
{
    struct rule_tag_dressing dressing = {0};
    bool again = true, is_full = false;

    regex = rule_tags_undress(tags, regex, &dressing);
    for (int round = 0; round < RULE_TAG_ROUNDS && again && !is_full; round++) {
        regex = replace(tags, regex, &dressing, &again, &is_full);
        dressing = (struct rule_tag_dressing){0};
    }
    *out = regex;
    if (is_full)
        return err_set(err, ERR_CONFIG, "the pattern grows beyond 1 MiB by its tags");
    return 0;
}
