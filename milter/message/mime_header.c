/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "base/bounds.h"
#include "base/buf.h"
#include "message/mime_internal.h"

/* ---- RFC 2047 ---- */

enum { CHARSET_NAME_BYTES = 80 }; /* longest charset*language looked at. chosen */

/* encoded-word (RFC 2047 section 2), taken apart. */
struct word {
    struct span charset; /* without the language of RFC 2231 section 5 */
    struct span text;
    bool is_base64;
    size_t end; /* after "?=" */
};

struct decoder {
    struct mime_state *state;
    struct span in;
    struct buf out;
    struct buf run;      /* decoded bytes of adjacent words of one charset */
    struct span charset; /* of run */
    struct mime_base64 stream;
    bool has_run;
    size_t mark_from, mark_at; /* the first "?=" at or after mark_from stands at
                                  mark_at: keeps the search linear */
};

/* Where the first "?=" at or after from stands; in.len when there is none. */
static size_t next_mark(struct decoder *d, size_t from)
{
    if (from >= d->mark_from && from <= d->mark_at && d->mark_at > 0)
        return d->mark_at;
    ptrdiff_t at = span_find(span_from(d->in, from), SPAN("?="));
    d->mark_from = from;
    d->mark_at = at < 0 ? d->in.len : from + (size_t)at;
    return d->mark_at;
}

/* Production encoded-word at in[at..], which starts with "=?". Blanks in the text
 * and any length are taken, as mail readers do. */
static bool parse_word(struct decoder *d, size_t at, struct word *word)
{
    struct span rest = span_from(d->in, at + 2);
    ptrdiff_t len = span_index(span_head(rest, CHARSET_NAME_BYTES), '?');
    if (len < 1 || (size_t)len + 2 >= rest.len || rest.at[len + 2] != '?')
        return false;
    char encoding = ascii_lower(rest.at[len + 1]);
    if (encoding != 'b' && encoding != 'q')
        return false;
    struct span language;
    span_cut(span_head(rest, (size_t)len), '*', &word->charset, &language);
    for (size_t i = 0; i < word->charset.len; i++)
        if (ascii_is_space(word->charset.at[i]))
            return false;
    size_t start = at + 2 + (size_t)len + 3;
    size_t mark = next_mark(d, start);
    if (mark == d->in.len)
        return false;
    word->text = span_head(span_from(d->in, start), mark - start);
    word->is_base64 = encoding == 'b';
    word->end = mark + 2;
    /* another word begins before this one ends: this one lost its end */
    return span_find(word->text, SPAN("=?")) < 0;
}

/* Encoding "Q" (RFC 2047 4.2). */
static void add_q(struct decoder *d, struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        int high = c == '=' && i + 2 < text.len ? ascii_hex(text.at[i + 1]) : -1;
        int low = high >= 0 ? ascii_hex(text.at[i + 2]) : -1;
        if (c == ' ' || (c == '=' && low < 0))
            d->state->defects |= DEFECT_ENCODED_WORD;
        if (low >= 0) {
            c = (char)(high << 4 | low);
            i += 2;
        } else if (c == '_') {
            c = ' ';
        }
        buf_add_char(&d->run, c);
    }
}

/* Encoding "B" (4.1). The stream goes on from the word before when that ended inside
 * a quantum: some senders cut base64 where it suits them. */
static void add_b(struct decoder *d, struct span text)
{
    char chunk[768];
    if (d->stream.is_padded)
        d->stream = (struct mime_base64){0};
    while (text.len > 0) {
        struct span piece = span_head(text, 1024);
        size_t len = mime_base64_feed(&d->stream, piece, chunk, sizeof chunk);
        buf_add(&d->run, chunk, len < sizeof chunk ? len : sizeof chunk);
        text = span_from(text, piece.len);
    }
    if (d->stream.is_broken)
        d->state->defects |= DEFECT_ENCODED_WORD;
}

static void end_run(struct decoder *d)
{
    bool is_cut = false;
    struct span bytes = buf_span(&d->run);
    if (bytes.len > 0)
        buf_add_span(&d->out, mime_charset_to_utf8(d->state, bytes, d->charset,
                                                   BOUND_FIELD_BYTES, &is_cut));
    if (d->has_run && d->stream.bit_count != 0)
        d->state->defects |= DEFECT_ENCODED_WORD;
    d->run.len = 0;
    d->stream = (struct mime_base64){0};
    d->has_run = false;
}

static void add_word(struct decoder *d, const struct word *word)
{
    if (d->has_run && !span_ieq(d->charset, word->charset))
        end_run(d);
    if (!word->is_base64)
        d->stream = (struct mime_base64){0};
    d->charset = word->charset;
    d->has_run = true;
    if (word->is_base64)
        add_b(d, word->text);
    else
        add_q(d, word->text);
}

static void add_literal(struct decoder *d, struct span text)
{
    bool is_cut = false;
    end_run(d);
    if (text.len > 0)
        buf_add_span(&d->out, mime_charset_to_utf8(d->state, text, SPAN(""),
                                                   BOUND_FIELD_BYTES, &is_cut));
}

static bool is_blank(struct span s)
{
    return span_trim(s).len == 0;
}

static void decode_words(struct decoder *d)
{
    size_t literal = 0; /* where what is not yet given out starts */
    size_t at = 0;
    bool is_after_word = false;
    for (;;) {
        ptrdiff_t found = span_find(span_from(d->in, at), SPAN("=?"));
        if (found < 0)
            break;
        at += (size_t)found;
        struct word word;
        if (!parse_word(d, at, &word)) {
            at += 2;
            d->state->defects |= DEFECT_ENCODED_WORD;
            continue;
        }
        struct span gap = span_head(span_from(d->in, literal), at - literal);
        if (!is_after_word || !is_blank(gap)) /* 6.2: blanks between words vanish */
            add_literal(d, gap);
        add_word(d, &word);
        is_after_word = true;
        literal = at = word.end;
    }
    add_literal(d, span_from(d->in, literal));
}

/* ---- unfolding ---- */

/* RFC 5322 2.2.3: the line ends go, the white space after them stays. A line end
 * without white space after it, and CR or LF out of a word, become a space. */
static struct span unfold(struct arena *arena, struct span s)
{
    if (span_index(s, '\n') < 0 && span_index(s, '\r') < 0)
        return s;
    char *out = arena_alloc(arena, s.len);
    if (out == NULL)
        return span_head(s, 0);
    size_t len = 0;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.at[i];
        if (c != '\r' && c != '\n') {
            out[len++] = c;
            continue;
        }
        char next = i + 1 < s.len ? s.at[i + 1] : ' ';
        if (next != ' ' && next != '\t' && next != '\r' && next != '\n')
            out[len++] = ' ';
    }
    return (struct span){out, len};
}

/* Where "=?" first stands at or after from, or -1. As span_find, quicker on text that
 * has hardly a '='. */
static ptrdiff_t find_word(struct span s, size_t from)
{
    for (size_t i = from; i + 1 < s.len; i++) {
        const char *at = memchr(s.at + i, '=', s.len - 1 - i);
        if (at == NULL)
            return -1;
        i = (size_t)(at - s.at);
        if (at[1] == '?')
            return (ptrdiff_t)i;
    }
    return -1;
}

struct span mime_header_decode(struct mime_state *state, struct span raw)
{
    struct span in = unfold(state->arena, span_trim(raw));
    if (find_word(in, 0) < 0) {
        bool is_cut = false;
        if (mime_ascii_run(in) == in.len)
            return in;
        return mime_charset_to_utf8(state, in, SPAN(""), 4 * in.len, &is_cut);
    }
    struct decoder d = {.state = state, .in = in};
    buf_init(&d.out, state->arena, 4 * (size_t)BOUND_FIELD_BYTES);
    buf_init(&d.run, state->arena, BOUND_FIELD_BYTES);
    decode_words(&d);
    if (d.out.is_full)
        state->bounds |= BOUND_BIT_FIELD_BYTES;
    return span_trim(unfold(state->arena, span_trim(buf_span(&d.out))));
}

struct span mime_decode_header(struct arena *arena, struct span raw, uint32_t *defects)
{
    struct mime_state state = {.arena = arena};
    struct span out = mime_header_decode(&state, raw);
    *defects |= state.defects;
    return out;
}

/* ---- fields ---- */

/* Length of field-name (RFC 5322 3.6.8: printable ASCII but ':') and obsolete white
 * space up to the ':' at line[n], or -1. */
static ptrdiff_t name_length(struct span line, size_t *colon)
{
    size_t i = 0;
    while (i < line.len && line.at[i] > ' ' && line.at[i] < 0x7f && line.at[i] != ':')
        i++;
    size_t len = i;
    while (i < line.len && (line.at[i] == ' ' || line.at[i] == '\t'))
        i++;
    if (len == 0 || i == line.len || line.at[i] != ':')
        return -1;
    *colon = i;
    return (ptrdiff_t)len;
}

/* Where the line at text[at] ends: after its LF, or the text's end. */
static size_t line_end(struct span text, size_t at)
{
    const char *lf = memchr(text.at + at, '\n', text.len - at);
    return lf != NULL ? (size_t)(lf - text.at) + 1 : text.len;
}

/* s without one line end (LF, CR LF). */
static struct span chomp(struct span s)
{
    if (s.len > 0 && s.at[s.len - 1] == '\n')
        s.len--;
    if (s.len > 0 && s.at[s.len - 1] == '\r')
        s.len--;
    return s;
}

enum mime_head mime_head_next(struct span text, size_t *at, struct span *name,
                              struct span *body)
{
    if (*at >= text.len)
        return HEAD_END;
    size_t end = line_end(text, *at);
    struct span line = span_head(span_from(text, *at), end - *at);
    if (chomp(line).len == 0) {
        *at = end;
        return HEAD_END;
    }
    size_t colon;
    ptrdiff_t name_len = name_length(line, &colon);
    if (name_len < 0)
        return HEAD_BODY;
    while (end < text.len && (text.at[end] == ' ' || text.at[end] == '\t'))
        end = line_end(text, end);
    *name = span_head(line, (size_t)name_len);
    *body = chomp(span_head(span_from(text, *at + colon + 1), end - *at - colon - 1));
    *at = end;
    return HEAD_FIELD;
}

static bool is_well_known(struct span name)
{
    static const char *const heads[] = {"x-", "content-", "list-", "arc-", "dkim-"};
    static const char *const names[] = {
        "received", "from",       "to",          "subject",      "date",
        "cc",       "message-id", "reply-to",    "mime-version", "sender",
        "bcc",      "references", "in-reply-to", "return-path",  "delivered-to",
    };
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
        if (span_istarts(name, span_of(heads[i])))
            return true;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (span_ieq(name, span_of(names[i])))
            return true;
    return false;
}

bool mime_head_pass_junk(struct span text, size_t *at)
{
    size_t colon;
    size_t end = line_end(text, *at);
    if (end == text.len)
        return false;
    struct span next = span_head(span_from(text, end), line_end(text, end) - end);
    ptrdiff_t len = name_length(next, &colon);
    if (len < 0 || !is_well_known(span_head(next, (size_t)len)))
        return false;
    *at = end;
    return true;
}

/* s with CR LF as LF and no final line end. */
static struct span lf_ends(struct arena *arena, struct span s)
{
    s = chomp(s);
    if (span_index(s, '\r') < 0)
        return s;
    char *out = arena_alloc(arena, s.len);
    if (out == NULL)
        return span_head(s, 0);
    size_t len = 0;
    for (size_t i = 0; i < s.len; i++)
        if (s.at[i] != '\r' || i + 1 == s.len || s.at[i + 1] != '\n')
            out[len++] = s.at[i];
    return (struct span){out, len};
}

void mime_field_make(struct mime_state *state, struct span name, struct span body,
                     struct header_field *field)
{
    if (body.len > BOUND_FIELD_BYTES) {
        body = span_head(body, BOUND_FIELD_BYTES);
        state->bounds |= BOUND_BIT_FIELD_BYTES;
    }
    if (span_index(body, '\0') >= 0)
        state->defects |= DEFECT_NUL;
    field->name = name;
    field->raw = lf_ends(state->arena, body);
    field->value = mime_header_decode(state, field->raw);
}
