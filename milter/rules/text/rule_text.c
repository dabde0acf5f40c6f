/* SPDX-License-Identifier: BSD-2-Clause */
#include "rules/text/rule_text.h"

#include <stdlib.h>
#include <string.h>

#include "base/bounds.h"
#include "base/buf.h"
#include "message/mime.h"
#include "rules/text/rule_page.h"
#include "rules/text/rule_uri_find.h"
#include "rules/text/undisguise.h"

/* SpamAssassin's: Constants.pm MAX_BODY_LINE_LENGTH; Conf(3pm) rawbody_part_scan_size.
 * Slack: how far a better place for a cut is looked for. */
enum {
    PIECE_BYTES = 2048,
    RAW_PART_BYTES = 500000,
    CUT_SLACK_BYTES = 1024,
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

/* Text in kinds of which nothing is shown. */
static bool is_shown(const struct part *part)
{
    return !part->is_multipart && span_eq(part->type, SPAN("text")) &&
           !span_eq(part->subtype, SPAN("calendar")) &&
           !span_eq(part->subtype, SPAN("x-vcard"));
}

/* A file that readers open as a page, whatever its type says. */
static bool is_page_file(const struct part *part)
{
    static const char *const endings[] = {".html", ".htm", ".shtml", ".shtm"};

    if (part->is_multipart || span_eq(part->type, SPAN("text")))
        return false;
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++)
        if (span_iends(part->filename, span_of(endings[i])))
            return true;
    return false;
}

/* The bytes of such a file: of what is no text the message keeps only the beginning. */
static struct span file_content(struct arena *arena, const struct part *part)
{
    struct span raw = span_head(part->raw_body, 2 * BOUND_TEXT_BYTES);
    uint32_t defects = 0;

    if (span_eq(part->encoding, SPAN("base64")))
        return mime_decode_base64(arena, raw, &defects);
    if (span_eq(part->encoding, SPAN("quoted-printable")))
        return mime_decode_qp(arena, raw, &defects);
    return raw;
}

static struct span page_text(struct arena *arena, const struct part *part)
{
    uint32_t defects = 0;
    bool is_cut = false;

    if (part->html != NULL)
        return part->text;
    return rule_text_unix(arena,
                          mime_to_utf8(arena, file_content(arena, part), part->charset,
                                       BOUND_TEXT_BYTES, &defects, &is_cut));
}

static void keep_links(struct rule_view *view, const struct rule_page *page)
{
    size_t count = view->target_count + page->link_count;
    struct span *targets;

    if (page->link_count == 0 ||
        (targets = arena_array(view->msg->arena, count, sizeof *targets)) == NULL)
        return;
    if (view->target_count > 0)
        memcpy(targets, view->targets, view->target_count * sizeof *targets);
    memcpy(targets + view->target_count, page->links,
           page->link_count * sizeof *targets);
    view->targets = targets;
    view->target_count = count;
}

static void render_part(struct rule_view *view, struct buf *out,
                        const struct part *part)
{
    struct rule_page page = {.text = part->text};

    if (part->html != NULL || is_page_file(part)) {
        rule_page_read(view->msg->arena, page_text(view->msg->arena, part), &page);
        keep_links(view, &page);
    }
    buf_add_span(out, cut_part(page.text, BOUND_RULE_PART_BYTES, "\n "));
}

static struct span last_subject(const struct message *msg)
{
    size_t count = message_field_count(msg, "Subject");

    return count > 0 ? message_field(msg, "Subject", count - 1)->value
                     : (struct span){"", 0};
}

static void add_subject(struct pieces *p, const struct message *msg)
{
    struct span subject = last_subject(msg);
    char *first = arena_alloc(p->arena, subject.len + 1);

    if (first == NULL)
        return;
    if (subject.len > 0)
        memcpy(first, subject.at, subject.len);
    first[subject.len] = '\n';
    add_line(p, (struct span){first, subject.len + 1});
}

static void read_body(struct rule_view *view)
{
    const struct message *msg = view->msg;
    struct pieces p = {.arena = msg->arena};
    struct span rest, line;
    struct buf rendered;

    add_subject(&p, msg);
    buf_init(&rendered, msg->arena, BOUND_RULE_TEXT_BYTES);
    for (size_t i = 0; i < msg->part_count; i++) {
        if (msg->parts[i].is_multipart)
            continue;
        if (rendered.len > 0)
            buf_add_char(&rendered, '\n');
        if (is_shown(&msg->parts[i]) || is_page_file(&msg->parts[i]))
            render_part(view, &rendered, &msg->parts[i]);
    }
    rest = fold(msg->arena, buf_span(&rendered));
    while (rest.len > 0) {
        const char *end =
            p.texts.count < PARAGRAPHS_MAX ? memchr(rest.at, '\n', rest.len) : NULL;
        line = (struct span){rest.at,
                             end != NULL ? (size_t)(end - rest.at) + 1 : rest.len};
        add_line(&p, line);
        rest = span_from(rest, line.len);
    }
    view->body = p.texts;
}

struct rule_texts rule_text_body(struct rule_view *view)
{
    if (!view->has_body)
        read_body(view);
    view->has_body = true;
    return view->body;
}

static void read_undisguised(struct rule_view *view)
{
    struct arena *arena = view->msg->arena;
    struct rule_texts body = rule_text_body(view);
    struct rule_text *at = arena_array(arena, body.count, sizeof *at);

    if (at == NULL)
        return;
    for (size_t i = 0; i < body.count; i++)
        at[i] = (struct rule_text){undisguise(arena, body.at[i].bytes),
                                   body.at[i].is_continued};
    view->undisguised = (struct rule_texts){at, body.count};
}

struct rule_texts rule_text_undisguised(struct rule_view *view)
{
    if (!view->has_undisguised)
        read_undisguised(view);
    view->has_undisguised = true;
    return view->undisguised;
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

static struct rule_texts read_rawbody(const struct message *msg)
{
    struct pieces p = {.arena = msg->arena};
    size_t left = BOUND_RULE_RAW_BYTES;

    for (size_t i = 0; i < msg->part_count; i++) {
        const struct part *part = &msg->parts[i];
        bool is_file = is_page_file(part);
        if (!is_raw_part(part) && !is_file)
            continue;
        struct span text = rule_text_unix(
            msg->arena, is_file ? file_content(msg->arena, part) : part->content);
        text = span_head(cut_part(text, RAW_PART_BYTES, "\n> "), left);
        add_raw_part(&p, text);
        left -= text.len;
    }
    return p.texts;
}

static int compare(const void *a, const void *b)
{
    return span_compare(*(const struct span *)a, *(const struct span *)b);
}

static struct rule_texts read_uris(struct rule_view *view)
{
    struct pieces p = {.arena = view->msg->arena};
    struct rule_texts body = rule_text_body(view);
    struct rule_uri_set set;

    if (rule_uri_start(&set, view->links, p.arena) != 0)
        return p.texts;
    for (size_t i = 0; i < body.count; i++)
        rule_uri_find(&set, body.at[i].bytes);
    for (size_t i = 0; i < view->target_count; i++)
        rule_uri_add(&set, view->targets[i], false);
    if (set.count > 0)
        qsort(set.at, set.count, sizeof *set.at, compare);
    for (size_t i = 0; i < set.count; i++)
        add_piece(&p, set.at[i], false);
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

static struct rule_texts read_full(const struct message *msg)
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

struct rule_texts rule_text_rawbody(struct rule_view *view)
{
    if (!view->has_rawbody)
        view->rawbody = read_rawbody(view->msg);
    view->has_rawbody = true;
    return view->rawbody;
}

struct rule_texts rule_text_uri(struct rule_view *view)
{
    if (!view->has_uri)
        view->uri = read_uris(view);
    view->has_uri = true;
    return view->uri;
}

struct rule_texts rule_text_full(struct rule_view *view)
{
    if (!view->has_full)
        view->full = read_full(view->msg);
    view->has_full = true;
    return view->full;
}
