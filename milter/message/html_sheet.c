/* SPDX-License-Identifier: BSD-2-Clause */
#include "message/html_sheet.h"

#include <string.h>

#include "base/bounds.h"

enum {
    INDEX_SLOTS = 2 * BOUND_HTML_STYLE_RULES, /* a power of two */
    PROBES = 8, /* slots looked at: names that collide on purpose are left out */
};

static uint32_t hash_selector(struct span element, char kind, struct span name)
{
    uint32_t hash = span_ihash(SPAN_HASH_SEED, element);
    hash = (hash ^ (unsigned char)kind) * 16777619u;
    hash = span_ihash(hash, name);
    return hash ^ hash >> 15;
}

/* The slot of a selector: its own or an empty one; NULL when PROBES were taken. */
static uint16_t *find_slot(const struct html_sheet *sheet, struct span element,
                           char kind, struct span name)
{
    uint32_t hash = hash_selector(element, kind, name);
    for (uint32_t i = 0; i < PROBES; i++) {
        uint16_t *slot = &sheet->index[(hash + i) % INDEX_SLOTS];
        if (*slot == 0)
            return slot;
        const struct html_rule *rule = &sheet->rules[*slot - 1];
        if (rule->kind == kind && span_ieq(rule->name, name) &&
            span_ieq(rule->element, element))
            return slot;
    }
    return NULL;
}

static bool make_room(struct html_sheet *sheet)
{
    if (sheet->index == NULL)
        sheet->index = arena_array(sheet->arena, INDEX_SLOTS, sizeof *sheet->index);
    if (sheet->index == NULL || sheet->rule_count >= BOUND_HTML_STYLE_RULES)
        return false;
    if (sheet->rule_count < sheet->rule_room)
        return true;
    size_t room = sheet->rule_room == 0 ? 32 : 2 * sheet->rule_room;
    struct html_rule *rules = arena_array(sheet->arena, room, sizeof *rules);
    if (rules == NULL)
        return false;
    if (sheet->rule_count > 0)
        memcpy(rules, sheet->rules, sheet->rule_count * sizeof *rules);
    sheet->rules = rules;
    sheet->rule_room = room;
    return true;
}

static bool is_name_byte(char c)
{
    return ascii_is_alnum(c) || c == '-' || c == '_' || (unsigned char)c >= 0x80;
}

static size_t name_length(struct span s)
{
    size_t i = 0;
    while (i < s.len && is_name_byte(s.at[i]))
        i++;
    return i;
}

/* compound = [element / "*"] [("." / "#") name] [":link"]. Returns false for what is
 * not so simple. */
static bool read_selector(struct span s, struct html_rule *rule)
{
    s = span_trim(s);
    if (span_iends(s, SPAN(":link")))
        s.len -= 5;
    if (s.len == 0)
        return false;
    size_t len = name_length(s);
    rule->element = span_head(s, len);
    s = span_from(s, len == 0 && s.at[0] == '*' ? 1 : len);
    rule->kind = ' ';
    rule->name = SPAN("");
    if (s.len == 0)
        return true;
    if (s.at[0] != '.' && s.at[0] != '#')
        return false;
    rule->kind = s.at[0];
    rule->name = span_from(s, 1);
    return rule->name.len > 0 && name_length(rule->name) == rule->name.len;
}

static void add_rule(struct html_sheet *sheet, const struct html_rule *rule)
{
    uint16_t *slot = NULL;
    bool has_room = make_room(sheet);
    if (sheet->index != NULL)
        slot = find_slot(sheet, rule->element, rule->kind, rule->name);
    if (slot == NULL || (*slot == 0 && !has_room)) {
        sheet->is_bounded = true;
        return;
    }
    if (*slot == 0) {
        sheet->rules[sheet->rule_count++] = *rule;
        *slot = (uint16_t)sheet->rule_count;
        return;
    }
    html_style_merge(&sheet->rules[*slot - 1].style, &rule->style);
}

static void add_rules(struct html_sheet *sheet, struct span selectors,
                      const struct html_style *style)
{
    while (selectors.len > 0) {
        struct span one;
        struct html_rule rule = {.style = *style};
        span_cut(selectors, ',', &one, &selectors);
        if (read_selector(one, &rule))
            add_rule(sheet, &rule);
    }
}

/* What stands after a block whose '{' is at the head of css. */
static struct span skip_block(struct span css)
{
    size_t depth = 0;
    for (size_t i = 0; i < css.len; i++) {
        if (css.at[i] == '{')
            depth++;
        else if (css.at[i] == '}' && --depth == 0)
            return span_from(css, i + 1);
    }
    return SPAN("");
}

/* "@media screen" and "@media all" always hold for a reader; others may not. */
static bool always_holds(struct span prelude)
{
    return span_istarts(prelude, SPAN("@media")) && span_index(prelude, '(') < 0 &&
           (span_ifind(prelude, SPAN("screen")) >= 0 ||
            span_ifind(prelude, SPAN("all")) >= 0) &&
           span_ifind(prelude, SPAN("not ")) < 0;
}

/* An @-rule at the head of css; returns what stands after it, or inside of it when
 * its rules count. */
static struct span skip_at_rule(struct span css)
{
    size_t i = 0;
    while (i < css.len && css.at[i] != '{' && css.at[i] != ';')
        i++;
    if (i == css.len || css.at[i] == ';' || always_holds(span_head(css, i)))
        return span_from(css, i + 1);
    return skip_block(span_from(css, i));
}

/* Without white space and what may stand between rules: the ends of blocks that were
 * entered, and the comment marks of old. */
static struct span skip_between(struct span css)
{
    for (;;) {
        css = span_trim(css);
        if (css.len > 0 && (css.at[0] == '}' || css.at[0] == ';'))
            css = span_from(css, 1);
        else if (span_starts(css, SPAN("<!--")))
            css = span_from(css, 4);
        else if (span_starts(css, SPAN("-->")))
            css = span_from(css, 3);
        else
            return css;
    }
}

void html_sheet_read(struct html_sheet *sheet, struct span css)
{
    css = html_style_clean(sheet->arena, css);
    for (css = skip_between(css); css.len > 0; css = skip_between(css)) {
        if (css.at[0] == '@') {
            css = skip_at_rule(css);
            continue;
        }
        struct span selectors;
        struct span rest;
        struct span block;
        if (!span_cut(css, '{', &selectors, &rest))
            return;
        span_cut(rest, '}', &block, &css);
        struct html_style style = {0};
        html_style_parse(block, &style);
        if (style.set != 0)
            add_rules(sheet, selectors, &style);
    }
}

static void apply_one(const struct html_sheet *sheet, struct span element, char kind,
                      struct span name, struct html_style *style)
{
    const uint16_t *slot = find_slot(sheet, element, kind, name);
    if (slot != NULL && *slot != 0)
        html_style_merge(style, &sheet->rules[*slot - 1].style);
}

static void apply_classes(const struct html_sheet *sheet, struct span element,
                          struct span classes, struct html_style *style)
{
    int count = 0;
    classes = span_trim(classes);
    while (classes.len > 0 && count++ < BOUND_HTML_CLASSES) {
        size_t len = 0;
        while (len < classes.len && !ascii_is_space(classes.at[len]))
            len++;
        struct span name = span_head(classes, len);
        if (name.len <= BOUND_KEY_BYTES) {
            apply_one(sheet, SPAN(""), '.', name, style);
            apply_one(sheet, element, '.', name, style);
        }
        classes = span_from(classes, len);
        while (classes.len > 0 && ascii_is_space(classes.at[0]))
            classes = span_from(classes, 1);
    }
}

void html_sheet_apply(const struct html_sheet *sheet, struct span element,
                      struct span id, struct span classes, struct html_style *style)
{
    if (sheet->rule_count == 0)
        return;
    element = span_head(element, BOUND_KEY_BYTES);
    apply_one(sheet, SPAN(""), ' ', SPAN(""), style);
    apply_one(sheet, element, ' ', SPAN(""), style);
    apply_classes(sheet, element, classes, style);
    id = span_trim(id);
    if (id.len > 0 && id.len <= BOUND_KEY_BYTES) {
        apply_one(sheet, SPAN(""), '#', id, style);
        apply_one(sheet, element, '#', id, style);
    }
}
