/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "base/bounds.h"
#include "base/buf.h"
#include "message/mime_internal.h"

/* Production parameter (RFC 2045 5.1), with RFC 2231's name*N* taken apart. */
struct parameter {
    struct span name; /* without '*' and what follows */
    int section;      /* N of name*N, -1 without */
    bool is_extended; /* name* or name*N*: percent-encoded */
    bool is_quoted;
    struct span value; /* between the quotes, or the token */
};

struct scanner {
    struct mime_state *state;
    struct span in;
    size_t at;
    bool takes_blanks; /* an unquoted value may hold blanks and '(': a file name */
};

/* White space, separators and comments (RFC 5322 3.2.2; nested). */
static void skip_between(struct scanner *s)
{
    size_t depth = 0;
    for (; s->at < s->in.len; s->at++) {
        char c = s->in.at[s->at];
        if (c == '(')
            depth++;
        else if (c == ')' && depth > 0)
            depth--;
        else if (c == '\\' && depth > 0)
            s->at++;
        else if (depth == 0 && !ascii_is_space(c) && c != ';' && c != ',')
            return;
    }
    s->at = s->in.len;
}

static void skip_blanks(struct scanner *s)
{
    while (s->at < s->in.len && ascii_is_space(s->in.at[s->at]))
        s->at++;
}

/* The text of a quoted-string, quoted pairs still in it. at stands after '"'. */
static struct span scan_quoted(struct scanner *s)
{
    size_t start = s->at;
    while (s->at < s->in.len && s->in.at[s->at] != '"')
        s->at += s->in.at[s->at] == '\\' ? 2 : 1;
    size_t end = s->at < s->in.len ? s->at : s->in.len;
    if (s->at >= s->in.len)
        s->state->defects |= DEFECT_PARAMETER; /* no closing quote */
    s->at = end < s->in.len ? end + 1 : end;
    return span_head(span_from(s->in, start), end - start);
}

static struct span scan_token(struct scanner *s, bool takes_blanks)
{
    size_t start = s->at;
    for (; s->at < s->in.len && s->in.at[s->at] != ';'; s->at++) {
        char c = s->in.at[s->at];
        if (!takes_blanks && (ascii_is_space(c) || c == '('))
            break;
    }
    return span_trim(span_head(span_from(s->in, start), s->at - start));
}

/* name, name*, name*N, name*N* (RFC 2231 section 7). */
static void split_name(struct span attribute, struct parameter *out)
{
    struct span rest;
    uint64_t section;
    out->section = -1;
    out->is_extended = false;
    if (!span_cut(attribute, '*', &out->name, &rest))
        return;
    out->is_extended = rest.len == 0;
    if (rest.len > 0 && rest.at[rest.len - 1] == '*') {
        out->is_extended = true;
        rest.len--;
    }
    if (rest.len > 0) /* a section that is no number is as one beyond the bound */
        out->section = text_parse_count(rest, BOUND_PARAMETERS, &section)
                           ? (int)section
                           : BOUND_PARAMETERS;
}

/* The next attribute=value; a word without '=' (the type, junk) is passed over. */
static bool next_parameter(struct scanner *s, struct parameter *out)
{
    for (;;) {
        skip_between(s);
        if (s->at >= s->in.len)
            return false;
        size_t start = s->at;
        for (; s->at < s->in.len; s->at++) {
            char c = s->in.at[s->at];
            if (c == '=' || c == ';' || ascii_is_space(c) || c == '"')
                break;
        }
        struct span attribute = span_head(span_from(s->in, start), s->at - start);
        if (s->at < s->in.len && s->in.at[s->at] == '"') {
            s->at++;
            scan_quoted(s);
            continue;
        }
        skip_blanks(s);
        if (s->at >= s->in.len || s->in.at[s->at] != '=')
            continue;
        s->at++;
        skip_blanks(s);
        split_name(attribute, out);
        out->is_quoted = s->at < s->in.len && s->in.at[s->at] == '"';
        if (out->is_quoted)
            s->at++;
        out->value = out->is_quoted ? scan_quoted(s) : scan_token(s, s->takes_blanks);
        return true;
    }
}

/* A quoted-string's meaning: pairs opened, line ends of folds gone. */
static void add_plain(struct buf *out, const struct parameter *p)
{
    for (size_t i = 0; i < p->value.len; i++) {
        char c = p->value.at[i];
        if (c == '\r' || c == '\n')
            continue;
        if (p->is_quoted && c == '\\' && i + 1 < p->value.len &&
            strchr("\\\"", p->value.at[i + 1]) != NULL && p->value.at[i + 1] != '\0')
            c = p->value.at[++i]; /* other pairs are DOS paths: the '\' stays */
        buf_add_char(out, c);
    }
}

/* ext-octets (RFC 2231 section 7). */
static void add_percent(struct mime_state *state, struct buf *out, struct span value)
{
    for (size_t i = 0; i < value.len; i++) {
        char c = value.at[i];
        int high = c == '%' && i + 2 < value.len ? ascii_hex(value.at[i + 1]) : -1;
        int low = high >= 0 ? ascii_hex(value.at[i + 2]) : -1;
        if (c == '%' && low < 0)
            state->defects |= DEFECT_PARAMETER;
        if (low >= 0) {
            c = (char)(high << 4 | low);
            i += 2;
        }
        buf_add_char(out, c);
    }
}

/* Takes charset'language' off an initial extended value. */
static struct span take_charset(struct span *value)
{
    struct span charset;
    struct span rest;
    struct span language;
    struct span text;
    if (!span_cut(*value, '\'', &charset, &rest) ||
        !span_cut(rest, '\'', &language, &text))
        return SPAN("");
    *value = text;
    return charset;
}

/* All sections of one parameter, found in any order. */
struct gathered {
    struct parameter plain;    /* name= */
    struct parameter extended; /* name*= */
    struct parameter sections[BOUND_PARAMETERS];
    bool has_plain, has_extended;
    bool has_section[BOUND_PARAMETERS];
};

static void gather_one(struct mime_state *state, struct gathered *all,
                       const struct parameter *p)
{
    bool *has = &all->has_plain;
    struct parameter *to = &all->plain;
    if (p->section >= BOUND_PARAMETERS)
        return;
    if (p->section >= 0) {
        has = &all->has_section[p->section];
        to = &all->sections[p->section];
    } else if (p->is_extended) {
        has = &all->has_extended;
        to = &all->extended;
    }
    if (*has) { /* the first counts */
        state->defects |= DEFECT_PARAMETER;
        return;
    }
    *has = true;
    *to = *p;
}

static void gather(struct mime_state *state, struct span in, struct span name,
                   struct gathered *all)
{
    struct parameter p;
    struct scanner s = {.state = state, .in = in};
    s.takes_blanks = span_ieq(name, SPAN("filename")) || span_ieq(name, SPAN("name"));
    all->has_plain = all->has_extended = false;
    memset(all->has_section, 0, sizeof all->has_section);
    for (size_t count = 0; next_parameter(&s, &p); count++) {
        if (count == BOUND_PARAMETERS) {
            state->defects |= DEFECT_PARAMETER;
            return;
        }
        if (span_ieq(p.name, name))
            gather_one(state, all, &p);
    }
}

/* parameter values joined in the order of their numbers, from 0 (or 1, as some
 * count), to the first gap. */
static struct span join(struct mime_state *state, struct gathered *all, int first,
                        struct span *charset)
{
    struct buf out;
    buf_init(&out, state->arena, BOUND_FIELD_BYTES);
    for (int i = first; i < BOUND_PARAMETERS && all->has_section[i]; i++) {
        struct parameter *p = &all->sections[i];
        /* NOLINTNEXTLINE(clang-analyzer-core*): written where has_section was set */
        if (!p->is_extended) {
            add_plain(&out, p);
            continue;
        }
        if (i == first)
            *charset = take_charset(&p->value);
        add_percent(state, &out, p->value);
    }
    return buf_span(&out);
}

static struct span plain_value(struct mime_state *state, const struct parameter *p,
                               struct span name)
{
    struct span value = p->value;
    if (p->is_quoted && (span_index(value, '\\') >= 0 || span_index(value, '\n') >= 0 ||
                         span_index(value, '\r') >= 0)) {
        struct buf out;
        buf_init(&out, state->arena, BOUND_FIELD_BYTES);
        add_plain(&out, p);
        value = buf_span(&out);
    }
    if (span_ieq(name, SPAN("boundary"))) /* compared with bytes of the body */
        return value;
    return mime_header_decode(state, value); /* RFC 2047 has no place here: many do */
}

struct span mime_parameter_decode(struct mime_state *state, struct span field_body,
                                  const char *name)
{
    struct gathered all;
    struct span wanted = span_of(name);
    struct span charset = SPAN("");
    struct span bytes;
    bool is_cut = false;
    gather(state, field_body, wanted, &all);
    if (all.has_section[0] || (all.has_section[1] && !all.has_plain)) {
        bytes = join(state, &all, all.has_section[0] ? 0 : 1, &charset);
    } else if (all.has_extended) {
        charset = take_charset(&all.extended.value);
        struct buf out;
        buf_init(&out, state->arena, BOUND_FIELD_BYTES);
        add_percent(state, &out, all.extended.value);
        bytes = buf_span(&out);
    } else {
        return all.has_plain ? plain_value(state, &all.plain, wanted) : SPAN("");
    }
    if (charset.len == 0 && span_find(bytes, SPAN("=?")) >= 0)
        return mime_header_decode(state, bytes);
    return mime_charset_to_utf8(state, bytes, charset, BOUND_FIELD_BYTES, &is_cut);
}

struct span mime_parameter(struct arena *arena, struct span field_body,
                           const char *name, uint32_t *defects)
{
    struct mime_state state = {.arena = arena};
    struct span out = mime_parameter_decode(&state, field_body, name);
    *defects |= state.defects;
    return out;
}
