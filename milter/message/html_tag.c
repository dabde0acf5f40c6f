/* SPDX-License-Identifier: BSD-2-Clause */
#include "message/html_tag.h"

struct name {
    struct span name; /* lower case */
    unsigned flags;
};

static const struct name tags[TAG_COUNT] = {
#define TAG(id, name, flags) [TAG_##id] = {{"" name, sizeof name - 1}, flags},
#include "message/html_tag.def"
#undef TAG
};

#define NAME(literal)                                                                  \
    {                                                                                  \
        {"" literal, sizeof literal - 1}, 0                                            \
    }
static const struct name attributes[ATTRIBUTE_COUNT] = {
    [ATTRIBUTE_ACTION] = NAME("action"),
    [ATTRIBUTE_ALT] = NAME("alt"),
    [ATTRIBUTE_BACKGROUND] = NAME("background"),
    [ATTRIBUTE_BGCOLOR] = NAME("bgcolor"),
    [ATTRIBUTE_CLASS] = NAME("class"),
    [ATTRIBUTE_COLOR] = NAME("color"),
    [ATTRIBUTE_CONTENT] = NAME("content"),
    [ATTRIBUTE_DATA] = NAME("data"),
    [ATTRIBUTE_FACE] = NAME("face"),
    [ATTRIBUTE_FORMACTION] = NAME("formaction"),
    [ATTRIBUTE_HEIGHT] = NAME("height"),
    [ATTRIBUTE_HIDDEN] = NAME("hidden"),
    [ATTRIBUTE_HREF] = NAME("href"),
    [ATTRIBUTE_HTTP_EQUIV] = NAME("http-equiv"),
    [ATTRIBUTE_ID] = NAME("id"),
    [ATTRIBUTE_LINK] = NAME("link"),
    [ATTRIBUTE_MEDIA] = NAME("media"),
    [ATTRIBUTE_SIZE] = NAME("size"),
    [ATTRIBUTE_SRC] = NAME("src"),
    [ATTRIBUTE_STYLE] = NAME("style"),
    [ATTRIBUTE_TEXT] = NAME("text"),
    [ATTRIBUTE_TYPE] = NAME("type"),
    [ATTRIBUTE_VALUE] = NAME("value"),
    [ATTRIBUTE_WIDTH] = NAME("width"),
};

/* Order of name against a lower-case key, ASCII case folded. */
static int compare(struct span name, struct span key)
{
    for (size_t i = 0; i < name.len && i < key.len; i++) {
        int order = (unsigned char)ascii_lower(name.at[i]) - (unsigned char)key.at[i];
        if (order != 0)
            return order;
    }
    return (name.len > key.len) - (name.len < key.len);
}

/* The place of name in a sorted table whose place 0 stands for unknown. */
static int find(const struct name *table, int count, struct span name)
{
    int low = 1;
    int high = count;
    while (low < high) {
        int middle = (low + high) / 2;
        int order = compare(name, table[middle].name);
        if (order == 0)
            return middle;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return 0;
}

enum html_tag_id html_tag_id(struct span name)
{
    return (enum html_tag_id)find(tags, TAG_COUNT, name);
}

unsigned html_tag_flags(enum html_tag_id id)
{
    return tags[id].flags;
}

enum html_attribute_id html_attribute_id(struct span name)
{
    return (enum html_attribute_id)find(attributes, ATTRIBUTE_COUNT, name);
}
