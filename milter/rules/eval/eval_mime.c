/* SPDX-License-Identifier: BSD-2-Clause
 *
 * eval_mime - MIMEEval: how the parts are declared, encoded and put together.
 * Source: behaviour of Mail::SpamAssassin::Plugin::MIMEEval.
 */
#include <string.h>

#include "base/bounds.h"
#include "rules/eval/eval_charset.h"
#include "rules/eval/eval_function.h"

/* Lines of quoted-printable: RFC 5322 2.1.1, and their line end. */
enum { QP_LINE = 79, KEY_MOST = 256, VALUE_MOST = 8192, CAPITALS_LEAST = 200 };

/* What check_for_mime asks for, in this order. */
static const char *const tests[] = {"mime_base64_count",
                                    "mime_base64_encoded_text",
                                    "mime_body_html_count",
                                    "mime_body_text_count",
                                    "mime_faraway_charset",
                                    "mime_missing_boundary",
                                    "mime_multipart_alternative",
                                    "mime_multipart_ratio",
                                    "mime_qp_count",
                                    "mime_qp_long_line",
                                    "mime_qp_ratio",
                                    "mime_ascii_text_illegal",
                                    "mime_text_unicode_ratio",
                                    "mime_attachment",
                                    "mime_bad_iso_charset",
                                    "mimepart_limit_exceeded",
                                    NULL};
enum {
    MIME_BASE64,
    MIME_BASE64_TEXT,
    MIME_HTML,
    MIME_TEXT,
    MIME_FARAWAY,
    MIME_NO_BOUNDARY,
    MIME_ALTERNATIVE,
    MIME_RATIO,
    MIME_QP,
    MIME_QP_LONG,
    MIME_QP_RATIO,
    MIME_ASCII_ILLEGAL,
    MIME_UNICODE,
    MIME_ATTACHMENT,
    MIME_BAD_ISO,
    MIME_LIMIT,
    MIME_TESTS
};

struct eval_mime {
    double value[MIME_TESTS];
    bool has_capital_charset; /* one in which letters look like capitals */
    /* on the way */
    double qp_bytes, qp_needless, normal, unicode;
    double text_bytes, html_bytes;
    bool has_text, has_html;
};

static struct span part_value(const struct part *part, const char *name)
{
    for (size_t i = part->field_count; i-- > 0;)
        if (span_ieq(part->fields[i].name, span_of(name)))
            return part->fields[i].value;
    return SPAN("");
}

static bool is_type(const struct part *part, const char *type, const char *subtype)
{
    return span_eq(part->type, span_of(type)) &&
           (subtype == NULL || span_eq(part->subtype, span_of(subtype)));
}

static bool is_leaf(const struct message *msg, size_t part)
{
    for (size_t i = part + 1; i < msg->part_count; i++)
        if (msg->parts[i].parent == (int)part)
            return false;
    return !msg->parts[part].is_multipart;
}

static void note_charset(struct eval_scene *scene, struct eval_mime *mime,
                         struct span charset)
{
    if (charset.len == 0)
        return;
    if (scene_match(scene, EVAL_ISO_CHARSET, charset) &&
        !scene_match(scene, EVAL_GOOD_ISO_CHARSET, charset))
        mime->value[MIME_BAD_ISO] = 1;
    if (!eval_charset_is_ok(charset, scene->settings->ok_locales))
        mime->value[MIME_FARAWAY] = 1;
    mime->has_capital_charset |= scene_match(scene, EVAL_CAPITAL_CHARSET, charset);
}

/* Without a Content-Type a part is text in US-ASCII. */
static struct span charset_of(struct eval_scene *scene, const struct part *part)
{
    if (part_value(part, "Content-Type").len == 0)
        return SPAN("us-ascii");
    return span_lower(scene->msg->arena, part->charset);
}

static void note_header(struct eval_scene *scene, struct eval_mime *mime,
                        const struct part *part, struct span charset)
{
    struct span disposition =
        span_lower(scene->msg->arena, part_value(part, "Content-Disposition"));
    bool is_base64 = span_find(part->encoding, SPAN("base64")) >= 0;

    if (is_type(part, "text", "html"))
        mime->value[MIME_HTML]++;
    else if (is_type(part, "text", NULL))
        mime->value[MIME_TEXT]++;
    if (is_base64)
        mime->value[MIME_BASE64]++;
    else if (span_find(part->encoding, SPAN("quoted-printable")) >= 0)
        mime->value[MIME_QP]++;
    if (span_find(disposition, SPAN("attachment")) >= 0)
        mime->value[MIME_ATTACHMENT]++;
    if (is_type(part, "text", NULL) && is_base64 &&
        (charset.len == 0 || scene_match(scene, EVAL_ASCII_CHARSET, charset)) &&
        !span_starts(disposition, SPAN("attachment")) &&
        !span_starts(disposition, SPAN("inline")))
        mime->value[MIME_BASE64_TEXT] = 1;
    note_charset(scene, mime, charset);
}

static bool is_upper_hex(char c)
{
    return ascii_is_digit(c) || (c >= 'A' && c <= 'F');
}

/* "=41": a character that needs no encoding. */
static bool is_needless(struct span s)
{
    char high, low;

    if (s.len < 3 || s.at[0] != '=' || !is_upper_hex(s.at[2]))
        return false;
    high = s.at[1];
    low = s.at[2];
    if (high == '0')
        return low == '9';
    if (high == '3')
        return ascii_is_digit(low) || strchr("ABCEF", low) != NULL;
    return (high != '\0' && strchr("2456", high) != NULL) ||
           (high == '7' && low != 'F');
}

static void count_qp(struct eval_mime *mime, struct span line)
{
    size_t end = span_trim(line).len > 0 ? line.len : 0, trailing = 0;

    if (span_starts(line, SPAN("SPAM: ")))
        return;
    if (line.len + 1 > QP_LINE)
        mime->value[MIME_QP_LONG] = 1;
    mime->qp_bytes += (double)line.len + 1;
    for (size_t i = 0; i < line.len; i++)
        mime->qp_needless += is_needless(span_from(line, i));
    while (end > 0 && ascii_is_space(line.at[end - 1]))
        end--;
    /* Blanks at the end of a line must be encoded. */
    for (; end >= 3; end -= 3, trailing++) {
        struct span last = {line.at + end - 3, 3};
        if (!span_eq(last, SPAN("=20")) && !span_eq(last, SPAN("=09")))
            break;
    }
    mime->qp_needless -= (double)trailing;
}

/* &#x4E00; written out. */
static size_t references_in(struct span line)
{
    size_t count = 0;

    for (size_t i = 0; i + 8 <= line.len; i++)
        if (line.at[i] == '&' && line.at[i + 1] == '#' && line.at[i + 2] == 'x' &&
            is_upper_hex(line.at[i + 3]) && is_upper_hex(line.at[i + 4]) &&
            is_upper_hex(line.at[i + 5]) && is_upper_hex(line.at[i + 6]) &&
            line.at[i + 7] == ';') {
            count++;
            i += 7;
        }
    return count;
}

static bool has_illegal(struct span line)
{
    for (size_t i = 0; i < line.len; i++)
        if (line.at[i] == '\0' || line.at[i] == '\r' || (line.at[i] & 0x80))
            return true;
    return false;
}

struct part_lines {
    bool is_qp, is_ascii, is_plain, counts_bytes;
    double bytes;
};

static void read_line(struct eval_mime *mime, struct part_lines *lines,
                      struct span line)
{
    if (lines->counts_bytes)
        lines->bytes += (double)line.len + 1;
    if (lines->is_qp)
        count_qp(mime, line);
    if (lines->is_ascii && has_illegal(line))
        mime->value[MIME_ASCII_ILLEGAL]++;
    if (lines->is_plain) {
        size_t references = references_in(line);
        mime->unicode += (double)references;
        mime->normal += (double)(line.len + 1 - 8 * references);
    }
}

static bool is_unencoded(const struct part *part)
{
    return part->encoding.len == 0 || span_eq(part->encoding, SPAN("7bit")) ||
           span_eq(part->encoding, SPAN("8bit"));
}

static void read_leaf(struct eval_scene *scene, struct eval_mime *mime,
                      const struct part *part, struct span charset)
{
    bool is_plain = is_type(part, "text", "plain");
    struct span rest = part->raw_body, line;
    struct span disposition =
        span_lower(scene->msg->arena, part_value(part, "Content-Disposition"));
    bool is_attached = span_find(disposition, SPAN("attachment")) >= 0;
    struct part_lines lines = {
        .is_qp = span_eq(part->encoding, SPAN("quoted-printable")),
        .is_ascii =
            is_plain && (charset.len == 0 || span_eq(charset, SPAN("us-ascii"))),
        .is_plain = is_plain && is_unencoded(part),
        .counts_bytes = mime->value[MIME_ALTERNATIVE] > 0 && !is_attached &&
                        (is_plain || is_type(part, "text", "html")),
    };

    while (scene_line(&rest, &line)) {
        if (line.len > 0 && line.at[line.len - 1] == '\r')
            line.len--;
        read_line(mime, &lines, line);
    }
    if (is_attached)
        return;
    if (is_plain) {
        mime->has_text = true;
        mime->text_bytes = lines.bytes;
    } else if (is_type(part, "text", "html")) {
        mime->has_html = true;
        mime->html_bytes = lines.bytes;
    }
}

static void settle(struct eval_scene *scene, struct eval_mime *mime)
{
    if (mime->qp_bytes > 0) {
        mime->value[MIME_QP_RATIO] = mime->qp_needless / mime->qp_bytes;
        mime->value[MIME_QP] = mime->qp_needless;
    }
    if (mime->normal > 0)
        mime->value[MIME_UNICODE] = mime->unicode / mime->normal;
    mime->value[MIME_RATIO] = 1;
    if (mime->value[MIME_ALTERNATIVE] > 0 && mime->has_text && mime->html_bytes > 0)
        mime->value[MIME_RATIO] = mime->text_bytes / mime->html_bytes;
    mime->value[MIME_NO_BOUNDARY] =
        (scene->msg->defects & DEFECT_BOUNDARY_UNCLOSED) != 0;
    mime->value[MIME_LIMIT] = (scene->msg->bounds & BOUND_BIT_PARTS) != 0;
}

static const struct eval_mime *mime_of(struct eval_scene *scene)
{
    static const struct eval_mime none;
    const struct message *msg = scene->msg;
    struct eval_mime *mime;

    if (scene->mime != NULL)
        return scene->mime;
    mime = arena_alloc(msg->arena, sizeof *mime);
    if (mime == NULL)
        return &none;
    for (size_t i = 0; i < msg->part_count; i++) {
        const struct part *part = &msg->parts[i];
        struct span charset = charset_of(scene, part);
        if (is_type(part, "multipart", "alternative"))
            mime->value[MIME_ALTERNATIVE] = 1;
        note_header(scene, mime, part, charset);
        if (is_leaf(msg, i))
            read_leaf(scene, mime, part, charset);
    }
    settle(scene, mime);
    scene->mime = mime;
    return mime;
}

/* ---- functions ---- */

static bool check_for_mime(struct eval_scene *scene, const struct eval_call *call)
{
    return mime_of(scene)->value[call->arguments[0].id] != 0;
}

static bool check_mime_html(struct eval_scene *scene, const struct eval_call *call)
{
    (void)call;
    return span_istarts(scene_get(scene, "Content-Type"), SPAN("text/html")) ||
           mime_of(scene)->value[MIME_HTML] > 0;
}

static bool check_mime_html_only(struct eval_scene *scene, const struct eval_call *call)
{
    (void)call;
    return span_istarts(scene_get(scene, "Content-Type"), SPAN("text/html")) ||
           (mime_of(scene)->value[MIME_HTML] > 0 &&
            mime_of(scene)->value[MIME_TEXT] == 0);
}

static bool check_multipart_ratio(struct eval_scene *scene,
                                  const struct eval_call *call)
{
    return eval_is_between(&call->arguments[0], &call->arguments[1],
                           mime_of(scene)->value[MIME_RATIO]);
}

static bool check_ascii_illegal(struct eval_scene *scene, const struct eval_call *call)
{
    (void)call;
    return mime_of(scene)->value[MIME_ASCII_ILLEGAL] > 0;
}

static bool check_unicode_ratio(struct eval_scene *scene, const struct eval_call *call)
{
    return mime_of(scene)->value[MIME_UNICODE] >= call->arguments[0].number;
}

static bool check_qp_ratio(struct eval_scene *scene, const struct eval_call *call)
{
    return mime_of(scene)->value[MIME_QP_RATIO] >= call->arguments[0].number;
}

static bool check_faraway(struct eval_scene *scene, const struct eval_call *call)
{
    const struct rule_texts *body = scene_body(scene);
    struct span charset = scene->msg->parts[0].charset;
    size_t high = 0, low = 0;

    (void)call;
    if (charset.len == 0 || eval_charset_is_ok(charset, scene->settings->ok_locales))
        return false;
    for (size_t i = 0; i < body->count; i++)
        for (size_t k = 0; k < body->at[i].bytes.len; k++) {
            bool is_high = body->at[i].bytes.at[k] & 0x80;
            high += is_high;
            low += !is_high;
        }
    return low <= high && high > 3;
}

/* The share of capitals in the paragraphs of two words and more. */
static double capitals_percent(struct eval_scene *scene)
{
    const struct rule_texts *body = scene_body(scene);
    size_t len = 0, upper = 0, lower = 0;

    for (size_t i = 0; i < body->count; i++) {
        struct span s = body->at[i].bytes, trimmed = span_trim(s);
        if (span_index(trimmed, ' ') < 0 || scene_match(scene, EVAL_LEFT_BASE64, s))
            continue;
        for (size_t k = 0; k < s.len; k++) {
            char c = s.at[k];
            len += ((unsigned char)c & 0xc0) != 0x80;
            upper += c >= 'A' && c <= 'Z';
            lower += (c >= 'a' && c <= 'z') || ascii_is_digit(c);
        }
    }
    return len < CAPITALS_LEAST || upper + lower == 0
               ? 0
               : 100 * (double)upper / (double)(upper + lower);
}

static bool check_uppercase(struct eval_scene *scene, const struct eval_call *call)
{
    return !mime_of(scene)->has_capital_charset &&
           eval_is_within(&call->arguments[0], &call->arguments[1],
                          capitals_percent(scene));
}

/* A multipart/alternative that offers what is no text. */
static bool check_ma_non_text(struct eval_scene *scene, const struct eval_call *call)
{
    const struct message *msg = scene->msg;

    (void)call;
    for (size_t i = 0; i < msg->part_count; i++) {
        const struct part *part = &msg->parts[i];
        if (part->parent >= 0 && is_leaf(msg, i) &&
            is_type(&msg->parts[part->parent], "multipart", "alternative") &&
            !is_type(part, "text", NULL) && !is_type(part, "application", "rtf"))
            return true;
    }
    return false;
}

static bool check_base64_length(struct eval_scene *scene, const struct eval_call *call)
{
    const struct message *msg = scene->msg;
    size_t longest = 0;

    for (size_t i = 0; i < msg->part_count; i++) {
        const struct part *part = &msg->parts[i];
        struct span rest = part->raw_body, line;
        if (!is_leaf(msg, i) || !span_eq(part->encoding, SPAN("base64")) ||
            is_type(part, "application", "ics"))
            continue;
        while (scene_line(&rest, &line)) {
            size_t len = line.len + (line.len > 0 && line.at[line.len - 1] != '\r');
            if (len > longest)
                longest = len;
        }
    }
    return (double)longest >= call->arguments[0].number &&
           (call->arguments[1].is_open || (double)longest <= call->arguments[1].number);
}

/* ---- flags of reading ---- */

static const char *const flags[] = {
    "truncated_header",     "missing_head_body_separator",      "mime_epilogue_exists",
    "missing_mime_headers", "missing_mime_head_body_separator", NULL};
enum {
    FLAG_LONG,
    FLAG_NO_SEPARATOR,
    FLAG_EPILOGUE,
    FLAG_NO_HEADERS,
    FLAG_NO_PART_SEPARATOR
};

static bool is_field_line(struct span line)
{
    size_t len = 0;

    while (len < line.len && line.at[len] > ' ' && line.at[len] < 127 &&
           line.at[len] != ':')
        len++;
    return len > 0 && len < line.len && line.at[len] == ':';
}

static bool is_epilogue_line(struct span line)
{
    for (size_t i = 0; i < line.len; i++)
        if (!ascii_is_space(line.at[i]) && line.at[i] != '.')
            return true;
    return false;
}

/* boundary= of a Content-Type field. */
static struct span boundary_of(const struct part *part)
{
    struct span value = part_value(part, "Content-Type");
    ptrdiff_t at = span_ifind(value, SPAN("boundary"));
    size_t len = 0;
    bool is_quoted;

    if (at < 0)
        return SPAN("");
    value = span_trim(span_from(value, (size_t)at + 8));
    if (value.len == 0 || value.at[0] != '=')
        return SPAN("");
    value = span_trim(span_from(value, 1));
    is_quoted = value.len > 0 && value.at[0] == '"';
    value = span_from(value, is_quoted);
    while (len < value.len && value.at[len] != '"' &&
           (is_quoted || (!ascii_is_space(value.at[len]) && value.at[len] != ';')))
        len++;
    return span_head(value, len);
}

/* 1: a delimiter of that boundary, 2: the closing one, 0: none. */
static int delimiter_kind(struct span line, struct span boundary)
{
    if (!span_starts(line, SPAN("--")) || !span_starts(span_from(line, 2), boundary))
        return 0;
    line = span_trim(span_from(line, 2 + boundary.len));
    return line.len == 0 ? 1 : span_eq(line, SPAN("--")) ? 2 : 0;
}

/* What a multipart's own lines tell: bits 1 << FLAG. */
static unsigned multipart_flags(const struct message *msg, const struct part *part)
{
    struct span boundary = boundary_of(part), line, next;
    struct span rest = part->parent < 0 ? msg->body : part->raw_body;
    unsigned found = 0;
    bool in_header = false, has_field = false, is_closed = false;

    while (boundary.len > 0 && scene_line(&rest, &line)) {
        int kind = is_closed ? 0 : delimiter_kind(line, boundary);
        struct span after = rest;
        if (is_closed && is_epilogue_line(line))
            found |= 1 << FLAG_EPILOGUE;
        is_closed |= kind == 2;
        if (kind == 1) {
            in_header = true;
            has_field = false;
            if (scene_line(&after, &next) && !is_field_line(next))
                found |= 1 << FLAG_NO_HEADERS;
        } else if (in_header && is_field_line(line))
            has_field = true;
        else if (in_header && !(has_field && line.len > 0 &&
                                ascii_is_space(line.at[0]) && line.at[0] != '\r')) {
            in_header = false;
            if (line.len > 0 && line.at[0] != '\r')
                found |= 1 << FLAG_NO_PART_SEPARATOR;
        }
    }
    return found;
}

static bool has_long_field(const struct message *msg)
{
    for (size_t i = 0; i < msg->field_count; i++)
        if (msg->fields[i].name.len > KEY_MOST ||
            msg->fields[i].raw.len + 1 > VALUE_MOST)
            return true;
    return false;
}

static bool check_msg_parse_flags(struct eval_scene *scene,
                                  const struct eval_call *call)
{
    const struct message *msg = scene->msg;
    int flag = call->arguments[0].id;

    if (flag == FLAG_LONG)
        return has_long_field(msg);
    if (flag == FLAG_NO_SEPARATOR)
        return msg->body_bytes > 0 && (msg->defects & DEFECT_HEADER_LINE) != 0 &&
               span_starts(msg->body, SPAN("--")) && msg->part_count == 1;
    for (size_t i = 0; i < msg->part_count; i++)
        if (is_type(&msg->parts[i], "multipart", NULL) &&
            (multipart_flags(msg, &msg->parts[i]) >> flag & 1) != 0)
            return true;
    return false;
}

static const struct eval_function functions[] = {
    {"check_for_mime", "i", tests, check_for_mime,
     "That number of the message's parts is there and not 0."},
    {"check_for_mime_html", "", NULL, check_mime_html, "There is a part text/html."},
    {"check_for_mime_html_only", "", NULL, check_mime_html_only,
     "There is a part text/html and no other text."},
    {"check_mime_multipart_ratio", "nn", NULL, check_multipart_ratio,
     "Bytes of the plain text for each of the HTML, in a multipart/alternative."},
    {"check_msg_parse_flags", "i", flags, check_msg_parse_flags,
     "The message is malformed in that way."},
    {"check_for_ascii_text_illegal", "", NULL, check_ascii_illegal,
     "A text/plain in US-ASCII has bytes that US-ASCII has not."},
    {"check_abundant_unicode_ratio", "n", NULL, check_unicode_ratio,
     "So many references like &#x4E00; for each other byte of plain text."},
    {"check_for_faraway_charset", "", NULL, check_faraway,
     "The body is mostly 8-bit, in a charset that no locale of ok_locales uses."},
    {"check_for_uppercase", "nn", NULL, check_uppercase,
     "Such a percentage of the body's letters are capitals."},
    {"check_ma_non_text", "", NULL, check_ma_non_text,
     "A multipart/alternative offers something that is no text."},
    {"check_base64_length", "n|n", NULL, check_base64_length,
     "The longest base64 line has so many bytes, its line end among them."},
    {"check_qp_ratio", "n", NULL, check_qp_ratio,
     "So many needless escapes for each byte of quoted-printable."},
};

const struct eval_module outgate_eval_mime = {"MIMEEval", functions,
                                              sizeof functions / sizeof functions[0]};
