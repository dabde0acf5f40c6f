/* SPDX-License-Identifier: BSD-2-Clause */
#include "rules/source/rule_template.h"

#include <string.h>

#include "base/bounds.h"
#include "base/buf.h"

/* Chosen: of a filled pattern. */
enum { REGEX_BYTES = 1 << 18 };

static bool is_capital(char c)
{
    return c >= 'A' && c <= 'Z';
}

bool rule_template_is_name(struct span name)
{
    if (name.len == 0 || !is_capital(name.at[0]) || name.at[name.len - 1] == '_')
        return false;
    for (size_t i = 0; i < name.len; i++)
        if (!is_capital(name.at[i]) && !ascii_is_digit(name.at[i]) &&
            (name.at[i] != '_' || name.at[i - 1] == '_'))
            return false;
    return true;
}

bool rule_template_next(struct span regex, size_t *at, size_t *start, struct span *name)
{
    for (size_t i = *at; i + 3 < regex.len; i++) {
        struct span rest = span_from(regex, i), tail;
        if (!span_starts(rest, SPAN("%{")) || (i > 0 && regex.at[i - 1] == '\\'))
            continue;
        if (!span_cut(span_from(rest, 2), '}', name, &tail) ||
            !rule_template_is_name(*name))
            continue;
        *start = i;
        *at = i + name->len + 3;
        return true;
    }
    return false;
}

static void add_quoted(struct buf *out, struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!ascii_is_alnum(text.at[i]) && text.at[i] != '_')
            buf_add_char(out, '\\');
        buf_add_char(out, text.at[i]);
    }
}

/* An earlier capture of that name took the same text. */
static bool is_repeated(const struct pattern_captures *captures, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (span_eq(captures->at[i].name, captures->at[index].name) &&
            span_eq(captures->at[i].value, captures->at[index].value))
            return true;
    return false;
}

static bool add_alternatives(struct buf *out, const struct pattern_captures *captures,
                             struct span name)
{
    bool is_first = true;

    for (size_t i = 0; i < captures->count; i++) {
        if (!span_eq(captures->at[i].name, name) || is_repeated(captures, i))
            continue;
        buf_add_span(out, is_first ? SPAN("(?:") : SPAN("|"));
        add_quoted(out, captures->at[i].value);
        is_first = false;
    }
    if (!is_first)
        buf_add_char(out, ')');
    return !is_first;
}

bool rule_template_fill(struct arena *arena, struct span regex,
                        const struct pattern_captures *captures, struct span *out)
{
    struct buf filled;
    struct span name;
    size_t at = 0, done = 0, start;

    buf_init(&filled, arena, REGEX_BYTES);
    while (rule_template_next(regex, &at, &start, &name)) {
        buf_add(&filled, regex.at + done, start - done);
        if (!add_alternatives(&filled, captures, name))
            return false;
        done = at;
    }
    buf_add_span(&filled, span_from(regex, done));
    *out = buf_span(&filled);
    return !filled.is_full;
}

/* No match goes past what stands from start to end: it is in no group, which may look
 * ahead, repeat or choose, and the pattern has no other branch. */
static bool is_needed(struct span regex, size_t start, size_t end)
{
    bool is_class = false;
    int depth = 0;

    for (size_t i = 0; i < regex.len; i++) {
        char c = regex.at[i];
        if (i == start) {
            if (depth > 0)
                return false;
            i = end - 1;
        } else if (c == '\\')
            i++;
        else if (is_class || c == '[')
            is_class = c != ']';
        else if (c == '(')
            depth++;
        else if (c == ')' && depth > 0)
            depth--;
        else if (depth == 0 && (c == '|' || c == ')'))
            return false; /* another branch, or a form that is not understood here */
    }
    return end >= regex.len || strchr("?*{", regex.at[end]) == NULL;
}

bool rule_template_occurs(struct span regex, const struct pattern_captures *captures,
                          struct span text)
{
    struct span name;
    size_t at = 0, start;

    if (!rule_template_next(regex, &at, &start, &name) || !is_needed(regex, start, at))
        return true;
    for (size_t i = 0; i < captures->count; i++)
        if (span_eq(captures->at[i].name, name) &&
            span_ifind(text, captures->at[i].value) >= 0)
            return true;
    return false;
}
