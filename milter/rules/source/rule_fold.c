/* SPDX-License-Identifier: BSD-2-Clause */
#include "rules/source/rule_fold.h"

#include <string.h>

#include "base/buf.h"
#include "rules/regex/pattern.h"
#include "rules/source/rule_tags_private.h"

/* Different tags of one pattern. Chosen; those that spell words have 26. */
enum { FOLDED_MAX = 128 };

struct folded {
    struct span name;
    unsigned height; /* tags within tags */
};

struct fold {
    const struct rule_tags *tags;
    struct buf definitions;
    struct folded at[FOLDED_MAX];
    unsigned count;
};

/* Walks over a regex, an item at a time. */
struct walk {
    struct span regex;
    size_t at;
    unsigned depth; /* of groups */
    bool is_in_class;
    bool is_lost; /* met what cannot be moved elsewhere */
};

/* What a regex is as a part of another. */
struct survey {
    bool is_counting; /* begins with a quantifier */
    bool is_one;      /* a single item: can be counted */
};

static char peek(const struct walk *w, size_t n)
{
    return w->at + n < w->regex.len ? w->regex.at[w->at + n] : '\0';
}

static bool is_quantifier(char c)
{
    return c != '\0' && strchr("*+?{", c) != NULL;
}

/* References to groups would meet others; \G and \K move what matched; \Q hides. */
static void walk_escape(struct walk *w)
{
    char c = peek(w, 1);

    w->is_lost = w->is_lost || w->at + 1 >= w->regex.len ||
                 (!w->is_in_class && c != '\0' && strchr("123456789gkGKQE", c) != NULL);
    w->at += 2;
}

static void walk_class_start(struct walk *w)
{
    w->is_in_class = true;
    w->at += peek(w, 1) == '^' ? 2 : 1;
    w->at += peek(w, 0) == ']';
}

/* In a class: its end, [:name:] whole, or one character. */
static void walk_class(struct walk *w)
{
    size_t end = w->at + 2;

    if (peek(w, 0) == ']')
        w->is_in_class = false;
    if (peek(w, 0) == '[' && peek(w, 1) == ':') {
        while (end < w->regex.len && w->regex.at[end] >= 'a' && w->regex.at[end] <= 'z')
            end++;
        if (span_starts(span_from(w->regex, end), SPAN(":]"))) {
            w->at = end + 2;
            return;
        }
    }
    w->at++;
}

/* Behind '(': only groups without names, conditions, verbs and options. */
static void walk_group(struct walk *w)
{
    char kind = peek(w, 2), side = peek(w, 3);

    w->depth++;
    w->at++;
    if (peek(w, 0) == '*')
        w->is_lost = true;
    if (peek(w, 0) != '?')
        return;
    if (kind == '<' ? side != '=' && side != '!' : strchr(":=!>|", kind) == NULL)
        w->is_lost = true;
    w->at += kind == '<' ? 3 : 2;
}

static void walk_item(struct walk *w)
{
    char c = peek(w, 0);

    if (c == '\\')
        walk_escape(w);
    else if (w->is_in_class)
        walk_class(w);
    else if (c == '[')
        walk_class_start(w);
    else if (c == '(')
        walk_group(w);
    else {
        w->is_lost = w->is_lost || (c == ')' && w->depth == 0);
        w->depth -= c == ')' && w->depth > 0;
        w->at++;
    }
}

/* false: regex is no whole part of a pattern. */
static bool survey(struct span regex, struct survey *s)
{
    struct walk w = {.regex = regex};
    unsigned items = 0;
    bool is_counted = false, is_split = false;

    while (w.at < regex.len && !w.is_lost) {
        if (w.depth == 0 && !w.is_in_class) {
            char c = peek(&w, 0);
            is_counted = is_counted || is_quantifier(c);
            is_split = is_split || c == '|';
            items++;
        }
        walk_item(&w);
    }
    s->is_counting = regex.len > 0 && is_quantifier(regex.at[0]);
    s->is_one = items == 1 && !is_counted;
    return !w.is_lost && w.depth == 0 && !w.is_in_class && !is_split;
}

static int fold_text(struct fold *f, struct span text,
                     const struct rule_tag_dressing *dressing, unsigned round,
                     struct buf *out);

/* The number of the group that holds the tag's value, made when it is new; -1 when it
 * cannot be. A tag within itself is higher than all rounds. */
static int define(struct fold *f, struct span name, struct span value, unsigned round,
                  const struct survey *s)
{
    static const struct rule_tag_dressing plain;
    unsigned number = 0;
    struct buf body;
    int height;

    while (number < f->count && !span_eq(f->at[number].name, name))
        number++;
    if (number < f->count)
        return round + f->at[number].height <= RULE_TAG_ROUNDS ? (int)number : -1;
    if (number == FOLDED_MAX || s->is_counting || round >= RULE_TAG_ROUNDS)
        return -1;
    f->at[f->count++] = (struct folded){name, RULE_TAG_ROUNDS + 1};
    buf_init(&body, f->tags->arena, RULE_TAG_REGEX_BYTES);
    height = fold_text(f, value, &plain, round + 1, &body);
    if (height < 0 || body.is_full)
        return -1;
    f->at[number].height = (unsigned)height + 1;
    buf_printf(&f->definitions, "(?<TAG%u>", number);
    buf_add_span(&f->definitions, buf_span(&body));
    buf_add_char(&f->definitions, ')');
    return (int)number;
}

/* What will stand right behind a tag that ends before at. */
static char following(struct span text, size_t at,
                      const struct rule_tag_dressing *dressing)
{
    struct span name;
    size_t next = at;

    if (dressing->post.len > 0)
        return dressing->post.at[0];
    if (rule_tags_next(text, &next, &name) && next == at)
        return dressing->inter.len > 0 ? dressing->inter.at[0] : '(';
    return at < text.len ? text.at[at] : '\0';
}

/* The tag at *at as a call; its height, or -1. */
static int fold_tag(struct fold *f, const struct walk *w, struct span name,
                    struct span value, char next, unsigned round, struct buf *out)
{
    struct survey s;
    int number;

    if (w->is_in_class || w->is_lost || !survey(value, &s) ||
        (is_quantifier(next) && !s.is_one))
        return -1;
    number = define(f, name, value, round, &s);
    if (number < 0)
        return -1;
    buf_printf(out, "(?&TAG%d)", number);
    return (int)f->at[number].height;
}

/* text with its tags as calls, added to out: the greatest height, or -1. As
 * rule_tags_apply replaces them. */
static int fold_text(struct fold *f, struct span text,
                     const struct rule_tag_dressing *dressing, unsigned round,
                     struct buf *out)
{
    struct walk w = {.regex = text};
    struct span name;
    size_t done = 0, at = 0;
    int height = 0;

    while (rule_tags_next(text, &at, &name)) {
        struct span value = rule_tags_find(f->tags, RULE_TAG_REPLACE, name);
        size_t end = at + name.len + 2;
        int of_tag = 0;
        while (w.at < at)
            walk_item(&w);
        if (at == done && done > 0)
            buf_add_span(out, dressing->inter);
        buf_add(out, text.at + done, at - done);
        buf_add_span(out, dressing->pre);
        if (value.len == 0)
            buf_add(out, text.at + at, end - at);
        else if (w.at == at)
            of_tag = fold_tag(f, &w, name, value, following(text, end, dressing), round,
                              out);
        else
            of_tag = -1; /* its < is quoted */
        buf_add_span(out, dressing->post);
        if (of_tag < 0)
            return -1;
        height = of_tag > height ? of_tag : height;
        done = at = end;
    }
    buf_add_span(out, span_from(text, done));
    return height;
}

static bool is_plain(const struct rule_tag_dressing *dressing)
{
    struct survey s;

    return survey(dressing->post, &s) && survey(dressing->inter, &s) &&
           survey(dressing->pre, &s) && !s.is_counting;
}

/* The regex itself may have | outside of groups. */
static bool is_movable(struct span regex)
{
    struct walk w = {.regex = regex};

    while (w.at < regex.len && !w.is_lost)
        walk_item(&w);
    return !w.is_lost && w.depth == 0 && !w.is_in_class;
}

/* (?:...){n} and nothing else: the group, and n. */
static bool is_repeated(struct span regex, struct span *group, char *times)
{
    struct walk w = {.regex = regex};
    struct span rest;

    if (!span_starts(regex, SPAN("(?:")))
        return false;
    do
        walk_item(&w);
    while (w.depth > 0 && w.at < regex.len && !w.is_lost);
    rest = span_from(regex, w.at);
    if (w.is_lost || rest.len != 3 || rest.at[0] != '{' || rest.at[2] != '}' ||
        rest.at[1] < '2' || rest.at[1] > '9')
        return false;
    *group = span_head(regex, w.at);
    *times = rest.at[1];
    return true;
}

/* Most texts fail at the first turn of a repeated group: that one stays spelt out, for
 * a matcher knows nothing of where a call may begin. */
static void put_regex(struct buf *out, struct span folded, struct span spelt)
{
    struct span group, first;
    char times, same;

    if (!is_repeated(folded, &group, &times) || !is_repeated(spelt, &first, &same) ||
        times != same) {
        buf_add_span(out, folded);
        return;
    }
    buf_add_span(out, first);
    buf_add_span(out, group);
    buf_printf(out, "{%c}", times - 1);
}

bool rule_fold(const struct rule_tags *tags, struct span regex, struct span spelt,
               unsigned flags, struct span *out)
{
    struct rule_tag_dressing dressing = {0};
    struct fold f = {.tags = tags};
    struct buf text, whole;

    if (flags & (PATTERN_EXTENDED | PATTERN_EXTENDED_MORE))
        return false;
    regex = rule_tags_undress(tags, regex, &dressing);
    buf_init(&f.definitions, tags->arena, RULE_TAG_REGEX_BYTES);
    buf_init(&text, tags->arena, RULE_TAG_REGEX_BYTES);
    buf_init(&whole, tags->arena, RULE_TAG_REGEX_BYTES);
    if (!is_movable(regex) || !is_plain(&dressing) ||
        fold_text(&f, regex, &dressing, 0, &text) < 0 || f.definitions.is_full)
        return false;
    /* At the end: what stands before keeps the numbers of its groups. */
    put_regex(&whole, buf_span(&text), spelt);
    buf_add_span(&whole, SPAN("(?(DEFINE)"));
    buf_add_span(&whole, buf_span(&f.definitions));
    buf_add_char(&whole, ')');
    *out = buf_span(&whole);
    return !text.is_full && !whole.is_full;
}
