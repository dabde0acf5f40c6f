/* SPDX-License-Identifier: BSD-2-Clause */
#include "message/html_token.h"

#include "base/bounds.h"

/* HTML's white space; VT is none. */
static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f';
}

static size_t skip_space(struct span s, size_t i)
{
    while (i < s.len && is_space(s.at[i]))
        i++;
    return i;
}

static struct span slice(struct span s, size_t from, size_t to)
{
    return (struct span){s.at + from, to - from};
}

/* 13.2.5.33 (attribute name state): '=' may stand first. */
static size_t name_end(struct span s, size_t i)
{
    size_t first = i;
    while (i < s.len && !is_space(s.at[i]) && s.at[i] != '/' && s.at[i] != '>' &&
           (s.at[i] != '=' || i == first))
        i++;
    return i;
}

/* 13.2.5.35 (before attribute value state); i stands after '='. Returns the place
 * after the value, s.len if a quote is not closed. */
static size_t read_value(struct span s, size_t i, struct span *value)
{
    i = skip_space(s, i);
    if (i < s.len && (s.at[i] == '"' || s.at[i] == '\'')) {
        ptrdiff_t len = span_index(span_from(s, i + 1), s.at[i]);
        if (len < 0)
            return s.len;
        *value = slice(s, i + 1, i + 1 + (size_t)len);
        return i + (size_t)len + 2;
    }
    size_t first = i;
    while (i < s.len && !is_space(s.at[i]) && s.at[i] != '>')
        i++;
    *value = slice(s, first, i);
    return i;
}

static void note_attribute(struct html_token *token, struct span name,
                           struct span value)
{
    if (name.len > 2 && span_istarts(name, SPAN("on")) && ascii_is_alpha(name.at[2]))
        token->handler_count++;
    enum html_attribute_id id = html_attribute_id(name);
    if (id == ATTRIBUTE_UNKNOWN || (token->has >> id & 1) != 0)
        return;
    token->has |= UINT32_C(1) << id;
    token->value[id] = value;
}

/* The attributes from place i up to '>'. Returns the place after '>', 0 if the text
 * ends inside the tag. */
static size_t read_attributes(struct html_tokenizer *in, size_t i,
                              struct html_token *token)
{
    struct span s = in->rest;
    unsigned count = 0;
    for (;;) {
        while (i < s.len && (is_space(s.at[i]) || s.at[i] == '/'))
            i++;
        if (i >= s.len)
            return 0;
        if (s.at[i] == '>')
            return i + 1;
        size_t first = i;
        i = name_end(s, i);
        struct span name = slice(s, first, i);
        struct span value = SPAN("");
        size_t after = skip_space(s, i);
        if (after < s.len && s.at[after] == '=')
            i = read_value(s, after + 1, &value);
        if (++count > BOUND_HTML_ATTRIBUTES)
            in->is_bounded = true;
        else
            note_attribute(token, name, value);
    }
}

/* Where the end tag of a raw element begins in s; s.len if nowhere. */
static size_t raw_end(struct span s, struct span name)
{
    for (size_t i = 0; i < s.len;) {
        ptrdiff_t step = span_index(span_from(s, i), '<');
        if (step < 0)
            break;
        i += (size_t)step;
        struct span tail = span_from(s, i + 1);
        if (tail.len > name.len + 1 && tail.at[0] == '/' &&
            span_istarts(span_from(tail, 1), name)) {
            char next = tail.at[name.len + 1];
            if (is_space(next) || next == '/' || next == '>')
                return i;
        }
        i++;
    }
    return s.len;
}

/* Take a raw element's content and its end tag. */
static void read_raw(struct html_tokenizer *in, struct html_token *token)
{
    if (token->tag == TAG_PLAINTEXT) {
        token->raw = in->rest;
        in->rest = SPAN("");
        return;
    }
    size_t end = raw_end(in->rest, token->text);
    token->raw = span_head(in->rest, end);
    in->rest = span_from(in->rest, end);
    if (in->rest.len == 0)
        return;
    struct html_token ignored = {0};
    size_t used = read_attributes(in, token->text.len + 2, &ignored);
    in->is_truncated |= used == 0;
    in->rest = used != 0 ? span_from(in->rest, used) : SPAN("");
}

/* A tag whose name begins at place i of rest. Returns false if the text ends in it. */
static bool read_tag(struct html_tokenizer *in, size_t i, struct html_token *token)
{
    struct span s = in->rest;
    size_t first = i;
    while (i < s.len && !is_space(s.at[i]) && s.at[i] != '/' && s.at[i] != '>')
        i++;
    token->kind = first == 1 ? HTML_START_TAG : HTML_END_TAG;
    token->text = slice(s, first, i);
    token->tag = html_tag_id(token->text);
    token->raw = SPAN("");
    size_t used = read_attributes(in, i, token);
    if (used == 0) {
        in->is_truncated = true;
        in->rest = SPAN("");
        return false;
    }
    in->rest = span_from(s, used);
    if (first == 1 && (html_tag_flags(token->tag) & TAG_RAW) != 0)
        read_raw(in, token);
    return true;
}

/* Where a comment's text ends, and in *skip how long its end is. s begins after
 * "<!--".  13.2.5.43 to 13.2.5.52: "-->", "--!>", and at once ">" and "->". */
static size_t comment_end(struct span s, size_t *skip)
{
    if (span_starts(s, SPAN(">")) || span_starts(s, SPAN("->"))) {
        *skip = s.at[0] == '>' ? 1 : 2;
        return 0;
    }
    for (size_t i = 0; i < s.len;) {
        ptrdiff_t step = span_find(span_from(s, i), SPAN("--"));
        if (step < 0)
            break;
        i += (size_t)step;
        struct span tail = span_from(s, i + 2);
        *skip = span_starts(tail, SPAN("!>")) ? 4 : 3;
        if (*skip == 4 || span_starts(tail, SPAN(">")))
            return i;
        i++;
    }
    *skip = 0;
    return s.len;
}

static void read_comment(struct html_tokenizer *in, struct html_token *token)
{
    struct span s = span_from(in->rest, 4);
    size_t skip = 0;
    size_t end = comment_end(s, &skip);
    token->kind = HTML_COMMENT;
    token->text = span_head(s, end);
    in->rest = span_from(s, end + skip);
    in->is_truncated |= skip == 0;
}

/* 13.2.5.41 (bogus comment state); also doctypes and CDATA sections. */
static void read_bogus_comment(struct html_tokenizer *in, struct html_token *token)
{
    struct span s = span_from(in->rest, 2);
    ptrdiff_t end = span_index(s, '>');
    token->kind = HTML_COMMENT;
    token->text = end < 0 ? s : span_head(s, (size_t)end);
    in->has_doctype |= span_istarts(token->text, SPAN("doctype"));
    in->rest = end < 0 ? SPAN("") : span_from(s, (size_t)end + 1);
    in->is_truncated |= end < 0;
}

/* Text up to the next '<' that may begin something; the first byte is text. */
static void read_text(struct html_tokenizer *in, struct html_token *token)
{
    struct span s = in->rest;
    size_t i = 1;
    while (i < s.len) {
        ptrdiff_t step = span_index(span_from(s, i), '<');
        if (step < 0) {
            i = s.len;
            break;
        }
        i += (size_t)step;
        char next = i + 1 < s.len ? s.at[i + 1] : '\0';
        if (ascii_is_alpha(next) || next == '/' || next == '!' || next == '?')
            break;
        i++;
    }
    token->kind = HTML_TEXT;
    token->text = span_head(s, i);
    in->rest = span_from(s, i);
}

/* What begins with '<'. Returns false when nothing came of it, or it is the end. */
static bool read_markup(struct html_tokenizer *in, struct html_token *token)
{
    struct span s = in->rest;
    char second = s.len > 1 ? s.at[1] : '\0';
    char third = s.len > 2 ? s.at[2] : '\0';
    if (ascii_is_alpha(second))
        return read_tag(in, 1, token);
    if (second == '/' && ascii_is_alpha(third))
        return read_tag(in, 2, token);
    if (second == '/' && third == '>') {
        in->rest = span_from(s, 3);
        return false;
    }
    if (span_starts(s, SPAN("<!--")))
        read_comment(in, token);
    else if (second == '!' || second == '?' || (second == '/' && s.len > 2))
        read_bogus_comment(in, token);
    else
        read_text(in, token);
    return true;
}

bool html_token_next(struct html_tokenizer *in, struct html_token *token)
{
    while (in->rest.len > 0) {
        token->kind = HTML_TOKEN_UNKNOWN;
        token->tag = TAG_UNKNOWN;
        token->has = 0;
        token->handler_count = 0;
        if (in->rest.at[0] == '<') {
            if (read_markup(in, token))
                return true;
        } else {
            read_text(in, token);
            return true;
        }
    }
    return false;
}

bool html_token_has(const struct html_token *token, enum html_attribute_id id)
{
    return (token->has >> id & 1) != 0;
}

struct span html_token_value(const struct html_token *token, enum html_attribute_id id)
{
    return html_token_has(token, id) ? token->value[id] : SPAN("");
}
