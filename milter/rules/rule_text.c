/* SPDX-License-Identifier: BSD-2-Clause */
#include "rules/rule_text.h"

#include <stdlib.h>
#include <string.h>

#include "base/bounds.h"
#include "base/buf.h"
#include "rules/undisguise.h"

/* SpamAssassin's: Constants.pm MAX_BODY_LINE_LENGTH; Conf(3pm) rawbody_part_scan_size.
 * Slack: how far a better place for a cut is looked for. */
enum {
    PIECE_BYTES = 2048,
    RAW_PART_BYTES = 500000,
    CUT_SLACK_BYTES = 1024,
    URI_FORMS = 3,
    MAILS_MAX = 500,  /* addresses taken from running text */
    LOCAL_BYTES = 64, /* RFC 5321 4.5.3.1.1 */
    DOMAIN_BYTES = 255,
    PIECES_MAX = 100000,
    PARAGRAPHS_MAX = 5000, /* text beyond is cut by length alone: each piece costs each
                              rule. chosen, far above what mails have */
};

struct pieces {
    struct arena *arena;
    struct rule_texts texts;
    size_t room;
};

static bool add_piece(struct pieces *p, struct span bytes, bool is_continued)
{
    size_t room = p->room > 0 ? 2 * p->room : 16;

    if (p->texts.count == p->room) {
        struct rule_text *at =
            p->room < PIECES_MAX ? arena_array(p->arena, room, sizeof *at) : NULL;
        if (at == NULL)
            return false;
        if (p->texts.count > 0)
            memcpy(at, p->texts.at, p->texts.count * sizeof *at);
        p->texts.at = at;
        p->room = room;
    }
    p->texts.at[p->texts.count++] = (struct rule_text){bytes, is_continued};
    return true;
}

struct span rule_text_unix(struct arena *arena, struct span text)
{
    size_t len = 0;
    char *copy;

    if (span_find(text, SPAN("\r\n")) < 0)
        return text;
    copy = arena_alloc(arena, text.len + 1);
    if (copy == NULL)
        return (struct span){"", 0};
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] != '\r' || i + 1 == text.len || text.at[i + 1] != '\n')
            copy[len++] = text.at[i];
    return (struct span){copy, len};
}

/* The first c at or after from, within the slack; text.len if there is none. */
static size_t near(struct span text, size_t from, size_t slack, char c)
{
    size_t end = text.len - from > slack ? from + slack : text.len;
    const char *found = from < end ? memchr(text.at + from, c, end - from) : NULL;

    return found != NULL ? (size_t)(found - text.at) : text.len;
}

/* At most about max bytes of a part, cut behind the first of stops that is near. */
static struct span cut_part(struct span text, size_t max, const char *stops)
{
    if (text.len <= max)
        return text;
    for (; *stops != '\0'; stops++) {
        size_t at = near(text, max, CUT_SLACK_BYTES + 1, *stops);
        if (at < text.len)
            return (struct span){text.at, at + 1};
    }
    return (struct span){text.at, max};
}

/* Bytes of the white space character at i (Unicode White_Space), 0 if it is none. */
static size_t space_bytes(struct span s, size_t i)
{
    const unsigned char *at = (const unsigned char *)s.at + i;
    size_t left = s.len - i;

    if (ascii_is_space(s.at[i]))
        return 1;
    if (at[0] == 0xc2 && left > 1 && (at[1] == 0xa0 || at[1] == 0x85))
        return 2;
    if (left < 3 || at[0] < 0xe1 || at[0] > 0xe3)
        return 0;
    if (at[0] == 0xe2 && at[1] == 0x80)
        return (at[2] >= 0x80 && at[2] <= 0x8a) || at[2] == 0xa8 || at[2] == 0xa9 ||
                       at[2] == 0xaf
                   ? 3
                   : 0;
    return (at[0] == 0xe1 && at[1] == 0x9a && at[2] == 0x80) ||
                   (at[0] == 0xe2 && at[1] == 0x81 && at[2] == 0x9f) ||
                   (at[0] == 0xe3 && at[1] == 0x80 && at[2] == 0x80)
               ? 3
               : 0;
}

/* A run of white space from *i: a space, or with an empty line in it a LF (with a
 * space where more stands before or after its lines). */
static void fold_run(struct span s, size_t *i, char *out, size_t *len)
{
    size_t lines = 0, bytes;
    bool is_before = false, is_after = false;

    while (*i < s.len && (bytes = space_bytes(s, *i)) > 0) {
        if (s.at[*i] == '\n') {
            lines++;
            is_after = false;
        } else if (lines == 0)
            is_before = true;
        else
            is_after = true;
        *i += bytes;
    }
    if (lines < 2) {
        out[(*len)++] = ' ';
        return;
    }
    if (is_before)
        out[(*len)++] = ' ';
    out[(*len)++] = '\n';
    if (is_after)
        out[(*len)++] = ' ';
}

static struct span fold(struct arena *arena, struct span s)
{
    char *out = arena_alloc(arena, s.len + 1);
    size_t len = 0;

    if (out == NULL)
        return (struct span){"", 0};
    for (size_t i = 0; i < s.len;) {
        if (space_bytes(s, i) > 0)
            fold_run(s, &i, out, &len);
        else {
            out[len++] = s.at[i] == '\0' ? '\n' : s.at[i];
            i++;
        }
    }
    return (struct span){out, len};
}

/* A line in pieces of at most PIECE_BYTES, cut behind a space where there is one. */
static void add_line(struct pieces *p, struct span line)
{
    while (line.len > PIECE_BYTES) {
        size_t len = PIECE_BYTES + 1;
        while (len > 0 && line.at[len - 1] != ' ')
            len--;
        if (len == 0)
            len = PIECE_BYTES;
        if (!add_piece(p, (struct span){line.at, len}, false))
            return;
        line = span_from(line, len);
    }
    if (line.len > 0)
        add_piece(p, line, false);
}

static bool is_text_leaf(const struct part *part)
{
    return !part->is_multipart && span_eq(part->type, SPAN("text"));
}

static void render_part(struct buf *out, const struct part *part)
{
    if (out->len > 0)
        buf_add_char(out, '\n');
    if (part->html == NULL) {
        buf_add_span(out, cut_part(part->text, BOUND_RULE_PART_BYTES, "\n "));
        return;
    }
    buf_add_span(out, cut_part(part->html->text, BOUND_RULE_PART_BYTES, "\n "));
    if (part->html->hidden.len == 0)
        return;
    buf_add_span(out, SPAN("\n\n"));
    buf_add_span(out, cut_part(part->html->hidden, BOUND_RULE_PART_BYTES, "\n "));
}

static struct span last_subject(const struct message *msg)
{
    size_t count = message_field_count(msg, "Subject");

    return count > 0 ? message_field(msg, "Subject", count - 1)->value
                     : (struct span){"", 0};
}

struct rule_texts rule_text_body(const struct message *msg)
{
    struct pieces p = {.arena = msg->arena};
    struct span rest, line, subject = last_subject(msg);
    struct buf rendered;
    char *first = arena_alloc(msg->arena, subject.len + 1);

    if (first != NULL) {
        if (subject.len > 0)
            memcpy(first, subject.at, subject.len);
        first[subject.len] = '\n';
        add_line(&p, (struct span){first, subject.len + 1});
    }
    buf_init(&rendered, msg->arena, BOUND_RULE_TEXT_BYTES);
    for (size_t i = 0; i < msg->part_count; i++)
        if (is_text_leaf(&msg->parts[i]))
            render_part(&rendered, &msg->parts[i]);
    rest = fold(msg->arena, buf_span(&rendered));
    while (rest.len > 0) {
        const char *end =
            p.texts.count < PARAGRAPHS_MAX ? memchr(rest.at, '\n', rest.len) : NULL;
        line = (struct span){rest.at,
                             end != NULL ? (size_t)(end - rest.at) + 1 : rest.len};
        add_line(&p, line);
        rest = span_from(rest, line.len);
    }
    return p.texts;
}

struct rule_texts rule_text_undisguised(struct arena *arena, struct rule_texts body)
{
    struct rule_texts plain = {arena_array(arena, body.count, sizeof *plain.at),
                               body.count};

    if (plain.at == NULL)
        return (struct rule_texts){0};
    for (size_t i = 0; i < body.count; i++)
        plain.at[i] = (struct rule_text){undisguise(arena, body.at[i].bytes),
                                         body.at[i].is_continued};
    return plain;
}

/* Where a piece that begins at from ends: behind the first line end, '>' or space
 * that follows PIECE_BYTES, if it is near. */
static size_t piece_end(struct span text, size_t from)
{
    for (const char *stop = "\n> "; *stop != '\0'; stop++) {
        size_t at = near(text, from + PIECE_BYTES, PIECE_BYTES, *stop);
        if (at < text.len)
            return at + 1;
    }
    return from + PIECE_BYTES + 1;
}

static void add_raw_part(struct pieces *p, struct span text)
{
    size_t from = 0;

    if (text.len == 0)
        return;
    while (text.len - from > 2 * PIECE_BYTES) {
        size_t end = piece_end(text, from);
        if (!add_piece(p, (struct span){text.at + from, end - from}, false))
            return;
        from = end;
    }
    if (from < text.len)
        add_piece(p, span_from(text, from), false);
}

static bool is_raw_part(const struct part *part)
{
    if (part->is_multipart)
        return false;
    if (span_eq(part->type, SPAN("text")))
        return !span_eq(part->subtype, SPAN("calendar"));
    return span_eq(part->type, SPAN("message"));
}

struct rule_texts rule_text_rawbody(const struct message *msg)
{
    struct pieces p = {.arena = msg->arena};
    size_t left = BOUND_RULE_RAW_BYTES;

    for (size_t i = 0; i < msg->part_count; i++) {
        const struct part *part = &msg->parts[i];
        if (!is_raw_part(part))
            continue;
        struct span text = rule_text_unix(msg->arena, part->content);
        text = span_head(cut_part(text, RAW_PART_BYTES, "\n> "), left);
        add_raw_part(&p, text);
        left -= text.len;
    }
    return p.texts;
}

static bool has_scheme(struct span uri)
{
    size_t i = 0;

    while (i < uri.len && (ascii_is_alnum(uri.at[i]) || uri.at[i] == '-' ||
                           uri.at[i] == '_' || uri.at[i] == '+'))
        i++;
    return i > 0 && i < uri.len && uri.at[i] == ':';
}

/* A mail address: without what follows '?'. */
static struct span mail_form(struct span uri)
{
    const char *question = memchr(uri.at, '?', uri.len);

    return question != NULL ? (struct span){uri.at, (size_t)(question - uri.at)}
                            : (struct span){"", 0};
}

/* What a reader's program makes of it: '/' for '\', escapes decoded, http:// added. */
static struct span web_form(struct arena *arena, struct span uri)
{
    char *out = arena_alloc(arena, uri.len + 8);
    size_t len = 0;

    if (out == NULL)
        return (struct span){"", 0};
    if (!has_scheme(uri)) {
        memcpy(out, "http://", 7);
        len = 7;
        while (uri.len > 0 && uri.at[0] == '/')
            uri = span_from(uri, 1);
    }
    for (size_t i = 0; i < uri.len; i++) {
        int high = i + 2 < uri.len ? ascii_hex(uri.at[i + 1]) : -1;
        int low = i + 2 < uri.len ? ascii_hex(uri.at[i + 2]) : -1;
        int byte = high * 16 + low;
        if (uri.at[i] == '%' && high >= 0 && low >= 0 && byte > 0x20 && byte < 0x7f) {
            out[len++] = (char)byte;
            i += 2;
        } else
            out[len++] = uri.at[i] == '\\' ? '/' : uri.at[i];
    }
    return (struct span){out, len};
}

static bool is_mail(struct span uri)
{
    const char *at = memchr(uri.at, '@', uri.len);
    const char *colon = memchr(uri.at, ':', uri.len);

    return span_istarts(uri, SPAN("mailto:")) ||
           (at != NULL && (colon == NULL || at < colon));
}

/* Not '#top', '?x', '/image.gif': they lead nowhere by themselves. */
static bool is_uri(struct span uri)
{
    if (uri.len <= 1 || uri.len > BOUND_LINK_BYTES)
        return false;
    if (uri.at[0] == '#' || uri.at[0] == '?' || uri.at[0] == '&')
        return false;
    return uri.at[0] != '/' || uri.at[1] == '/';
}

static size_t add_forms(struct arena *arena, struct span uri, struct span *forms)
{
    struct span other;
    size_t count = 0;

    uri = span_trim(uri);
    if (!is_uri(uri))
        return 0;
    forms[count++] = uri;
    if (is_mail(uri)) {
        other = mail_form(uri);
        if (other.len > 0)
            forms[count++] = other;
        if (!span_istarts(uri, SPAN("mailto:"))) {
            struct buf mail;
            buf_init(&mail, arena, BOUND_LINK_BYTES + 8);
            buf_add_span(&mail, SPAN("mailto:"));
            buf_add_span(&mail, other.len > 0 ? other : uri);
            forms[count++] = buf_span(&mail);
        }
        return count;
    }
    other = web_form(arena, uri);
    if (other.len > 0 && !span_eq(other, uri))
        forms[count++] = other;
    return count;
}

static bool is_address_char(char c, bool is_local)
{
    return ascii_is_alnum(c) || c == '.' || c == '-' ||
           (is_local && (c == '_' || c == '+'));
}

/* The address around the '@' at at; empty if it is none. */
static struct span address_around(struct span text, size_t at)
{
    size_t start = at, end = at + 1;

    while (start > 0 && at - start < LOCAL_BYTES &&
           is_address_char(text.at[start - 1], true))
        start--;
    while (end < text.len && end - at <= DOMAIN_BYTES &&
           is_address_char(text.at[end], false))
        end++;
    while (end > at + 1 && !ascii_is_alpha(text.at[end - 1]))
        end--;
    if (start == at || memchr(text.at + at, '.', end - at) == NULL)
        return (struct span){"", 0};
    return (struct span){text.at + start, end - start};
}

/* Addresses in running text count as mailto: links. */
static size_t add_addresses(const struct message *msg, struct span *forms)
{
    const struct span text = msg->text;
    size_t count = 0;

    for (size_t i = 0; i < text.len && count < MAILS_MAX; i++) {
        struct span address;
        char *mail;
        if (text.at[i] != '@')
            continue;
        address = address_around(text, i);
        mail = address.len > 0 ? arena_alloc(msg->arena, address.len + 7) : NULL;
        if (mail == NULL)
            continue;
        memcpy(mail, "mailto:", 7);
        memcpy(mail + 7, address.at, address.len);
        forms[count++] = (struct span){mail, address.len + 7};
    }
    return count;
}

static int compare(const void *a, const void *b)
{
    return span_compare(*(const struct span *)a, *(const struct span *)b);
}

struct rule_texts rule_text_uri(const struct message *msg)
{
    struct pieces p = {.arena = msg->arena};
    size_t count = 0;
    size_t most = URI_FORMS * (msg->link_count + msg->image_count) + MAILS_MAX;
    struct span *forms = arena_array(msg->arena, most, sizeof *forms);

    if (forms == NULL)
        return p.texts;
    for (size_t i = 0; i < msg->link_count; i++)
        count += add_forms(msg->arena, msg->links[i].target, forms + count);
    for (size_t i = 0; i < msg->image_count; i++)
        count += add_forms(msg->arena, msg->images[i].source, forms + count);
    count += add_addresses(msg, forms + count);
    qsort(forms, count, sizeof *forms, compare);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || !span_eq(forms[i], forms[i - 1]))
            add_piece(&p, forms[i], false);
    return p.texts;
}

/* In pieces that one pattern can be given, cut behind a line end where there is one. */
static void add_full(struct pieces *p, struct span text)
{
    bool is_continued = false;

    while (text.len > 0) {
        size_t len = text.len;
        if (len > BOUND_MATCH_TEXT_BYTES) {
            const char *end = memrchr(text.at, '\n', BOUND_MATCH_TEXT_BYTES);
            len = end != NULL ? (size_t)(end - text.at) + 1 : BOUND_MATCH_TEXT_BYTES;
        }
        if (!add_piece(p, (struct span){text.at, len}, is_continued))
            return;
        is_continued = text.at[len - 1] != '\n';
        text = span_from(text, len);
    }
}

struct rule_texts rule_text_full(const struct message *msg)
{
    struct pieces p = {.arena = msg->arena};
    struct buf whole;

    buf_init(&whole, msg->arena, 2 * BOUND_HEADER_BYTES + msg->body.len);
    for (size_t i = 0; i < msg->field_count; i++) {
        buf_add_span(&whole, msg->fields[i].name);
        buf_add_char(&whole, ':');
        buf_add_span(&whole, msg->fields[i].raw);
        buf_add_char(&whole, '\n');
    }
    buf_add_char(&whole, '\n');
    buf_add_span(&whole, rule_text_unix(msg->arena, msg->body));
    add_full(&p, buf_span(&whole));
    return p.texts;
}
