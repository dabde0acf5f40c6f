/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "base/bounds.h"
#include "message/mime_internal.h"

enum {
    MAGIC_BYTES = 4096, /* kept of a leaf that is not text; message.h's contract */
    GUESS_BYTES = 4096, /* looked through for a boundary that was not declared */
    META_BYTES = 1024,  /* looked through for <meta charset>; WHATWG prescan */
    FRAMES = 2 * BOUND_PART_DEPTH + 4, /* a container may bring a source with it */
};

/* A container that is open, or a decoded text that stands in for the one below. */
struct frame {
    int part;             /* the container, -1 for a source */
    struct span boundary; /* of a multipart; empty for message/rfc822 and sources */
    size_t body_at;       /* where the container's body starts in its text */
    struct span text;     /* of a source: the text to go back to */
    size_t resume_at;     /* and where */
};

struct walk {
    struct message *msg;
    struct mime_state *state;
    struct span text; /* what is walked: the body, or a decoded message in it */
    size_t at;        /* always at the start of a line */
    struct frame frames[FRAMES];
    size_t frame_count;
    int leaf; /* the part whose body is being passed, -1 for none */
    size_t leaf_at;
    size_t part_room;
};

/* A delimiter line (RFC 2046 5.1.1). */
struct delimiter {
    size_t at, end; /* of the line, with its line end */
    size_t frame;   /* whose */
    bool is_close;
};

static struct span slice(struct span s, size_t from, size_t to)
{
    return to > from ? span_head(span_from(s, from), to - from) : SPAN("");
}

static size_t line_end(struct span text, size_t at)
{
    const char *lf = memchr(text.at + at, '\n', text.len - at);
    return lf != NULL ? (size_t)(lf - text.at) + 1 : text.len;
}

/* ---- delimiters ---- */

static bool is_blank(struct span s)
{
    return span_trim(s).len == 0;
}

/* line: after its "--", without the white space that may stand at its end. A boundary
 * has none at its own end, so lengths tell most lines apart. */
static bool is_delimiter(struct span line, struct span boundary, bool *is_close)
{
    *is_close = line.len == boundary.len + 2;
    if (boundary.len == 0 || (!*is_close && line.len != boundary.len))
        return false;
    return memcmp(line.at, boundary.at, boundary.len) == 0 &&
           (!*is_close || memcmp(line.at + boundary.len, "--", 2) == 0);
}

/* Is the line at `at` a delimiter of a container that is open in this text? The
 * innermost counts. */
static bool match_delimiter(const struct walk *w, size_t at, struct delimiter *out)
{
    if (w->text.len - at < 3 || w->text.at[at] != '-' || w->text.at[at + 1] != '-')
        return false;
    out->at = at;
    out->end = line_end(w->text, at);
    struct span line = slice(w->text, at + 2, out->end);
    while (line.len > 0 && ascii_is_space(line.at[line.len - 1]))
        line.len--;
    for (size_t i = w->frame_count; i-- > 0 && w->frames[i].part >= 0;) {
        out->frame = i;
        if (is_delimiter(line, w->frames[i].boundary, &out->is_close))
            return true;
    }
    return false;
}

static bool has_open_multipart(const struct walk *w)
{
    for (size_t i = w->frame_count; i-- > 0 && w->frames[i].part >= 0;)
        if (w->frames[i].boundary.len > 0)
            return true;
    return false;
}

static bool next_delimiter(const struct walk *w, struct delimiter *out)
{
    if (!has_open_multipart(w))
        return false;
    for (size_t at = w->at; at < w->text.len; at = line_end(w->text, at))
        if (match_delimiter(w, at, out))
            return true;
    return false;
}

/* The boundary of a multipart that declares none: its first line that starts with
 * "--" and is followed by a Content- field. */
static struct span guess_boundary(struct span body)
{
    body = span_head(body, GUESS_BYTES);
    for (size_t at = 0; at < body.len;) {
        size_t end = line_end(body, at);
        struct span line = span_trim(slice(body, at, end));
        at = end;
        if (span_starts(line, SPAN("--")) && line.len > 2 &&
            span_istarts(span_from(body, end), SPAN("content-")))
            return span_from(line, 2);
    }
    return SPAN("");
}

/* ---- one part's header ---- */

static const struct header_field *find_field(const struct part *part, const char *name)
{
    struct span wanted = span_of(name);
    for (size_t i = 0; i < part->field_count; i++)
        if (span_ieq(part->fields[i].name, wanted))
            return &part->fields[i];
    return NULL;
}

static bool is_token_char(char c)
{
    return c > ' ' && c != 0x7f && strchr("()<>@,;:\\\"/[]?=", c) == NULL;
}

/* The token (RFC 2045 5.1) at the head of *s, in lower case; *s moves behind it and
 * behind white space. */
static struct span take_token(struct arena *arena, struct span *s)
{
    bool is_lower = true;
    size_t len = 0;
    *s = span_trim(*s);
    for (; len < s->len && is_token_char(s->at[len]); len++)
        is_lower &= ascii_lower(s->at[len]) == s->at[len];
    struct span token = span_head(*s, len);
    *s = span_trim(span_from(*s, len));
    return is_lower ? token : span_lower(arena, token);
}

static void default_type(const struct walk *w, struct part *part)
{
    bool is_in_digest = part->parent >= 0 && w->msg->parts[part->parent].is_multipart &&
                        span_eq(w->msg->parts[part->parent].type, SPAN("multipart")) &&
                        span_eq(w->msg->parts[part->parent].subtype, SPAN("digest"));
    part->type = is_in_digest ? SPAN("message") : SPAN("text");
    part->subtype = is_in_digest ? SPAN("rfc822") : SPAN("plain");
}

/* Content-Type: type "/" subtype; what is not that means text/plain (RFC 2045 5.2). */
static void read_type(struct walk *w, struct part *part)
{
    const struct header_field *field = find_field(part, "Content-Type");
    default_type(w, part);
    if (field == NULL)
        return;
    struct span rest = field->raw;
    struct span type = take_token(w->state->arena, &rest);
    struct span subtype = SPAN("");
    if (type.len > 0 && rest.len > 0 && rest.at[0] == '/') {
        rest = span_from(rest, 1);
        subtype = take_token(w->state->arena, &rest);
    }
    if (subtype.len > 0) {
        part->type = type;
        part->subtype = subtype;
    } else {
        w->state->defects |= DEFECT_PARAMETER;
        part->type = SPAN("text");
        part->subtype = SPAN("plain");
    }
    if (span_eq(part->type, SPAN("text")))
        part->charset = mime_parameter_decode(w->state, field->raw, "charset");
}

/* Content-Disposition (RFC 2183 2.8: an unknown one is an attachment). */
static void read_disposition(struct walk *w, struct part *part)
{
    const struct header_field *field = find_field(part, "Content-Disposition");
    if (field != NULL) {
        struct span rest = field->raw;
        struct span token = take_token(w->state->arena, &rest);
        if (span_eq(token, SPAN("inline")))
            part->disposition = DISPOSITION_INLINE;
        else if (token.len > 0 && !span_starts(rest, SPAN("=")))
            part->disposition = DISPOSITION_ATTACHMENT;
        part->filename = mime_parameter_decode(w->state, field->raw, "filename");
    }
    if (part->filename.len > 0)
        return;
    field = find_field(part, "Content-Type");
    if (field != NULL)
        part->filename = mime_parameter_decode(w->state, field->raw, "name");
}

static void read_encoding(struct walk *w, struct part *part)
{
    const struct header_field *field = find_field(part, "Content-Transfer-Encoding");
    if (field == NULL)
        return;
    struct span rest = field->raw;
    part->encoding = take_token(w->state->arena, &rest);
    if (part->encoding.len == 0 && rest.len > 0 && rest.at[0] == '"') {
        rest = span_from(rest, 1);
        part->encoding = take_token(w->state->arena, &rest);
    }
    if (mime_encoding_named(part->encoding) == ENCODING_UNKNOWN)
        w->state->defects |= DEFECT_ENCODING_UNKNOWN;
}

static bool is_rfc822(const struct part *part)
{
    return span_eq(part->type, SPAN("message")) &&
           (span_eq(part->subtype, SPAN("rfc822")) ||
            span_eq(part->subtype, SPAN("global")) ||
            span_eq(part->subtype, SPAN("news")));
}

static void describe(struct walk *w, struct part *part)
{
    read_type(w, part);
    read_encoding(w, part);
    read_disposition(w, part);
    bool is_text = span_eq(part->type, SPAN("text"));
    part->is_multipart = span_eq(part->type, SPAN("multipart")) || is_rfc822(part);
    part->is_attachment = !part->is_multipart &&
                          (!is_text || part->disposition == DISPOSITION_ATTACHMENT);
}

/* ---- parts ---- */

/* Room for one more of size bytes in the array at *items; doubles. */
static bool grow(struct arena *arena, void **items, size_t count, size_t *room,
                 size_t size)
{
    if (count < *room)
        return true;
    size_t want = *room > 0 ? *room * 2 : 8;
    void *more = arena_array(arena, want, size);
    if (more == NULL)
        return false;
    if (count > 0 && *items != NULL)
        memcpy(more, *items, count * size);
    *items = more;
    *room = want;
    return true;
}

/* A new part, or -1 when there are too many. */
static int add_part(struct walk *w, int parent)
{
    struct message *msg = w->msg;
    void *parts = msg->parts;
    if (msg->part_count >= BOUND_PARTS) {
        w->state->bounds |= BOUND_BIT_PARTS;
        return -1;
    }
    if (!grow(msg->arena, &parts, msg->part_count, &w->part_room, sizeof *msg->parts))
        return -1;
    msg->parts = parts;
    msg->parts[msg->part_count] = (struct part){
        .parent = parent,
        .depth = parent < 0 ? 0 : msg->parts[parent].depth + 1,
    };
    return (int)msg->part_count++;
}

/* Reads a part's header at w->at. It ends at an empty line, at a line that is no
 * field, or at a delimiter. */
static void read_header(struct walk *w, int index, size_t most)
{
    struct part *part = &w->msg->parts[index];
    struct delimiter unused;
    struct span name;
    struct span body;
    void *fields = NULL;
    size_t room = 0;
    size_t start = w->at;
    while (w->at < w->text.len && !match_delimiter(w, w->at, &unused)) {
        enum mime_head head = mime_head_next(w->text, &w->at, &name, &body);
        if (head == HEAD_END)
            break;
        if (head == HEAD_BODY) {
            w->state->defects |= DEFECT_HEADER_LINE;
            if (part->field_count > 0 && mime_head_pass_junk(w->text, &w->at))
                continue;
            break;
        }
        if (w->at - start > BOUND_HEADER_BYTES)
            w->state->bounds |= BOUND_BIT_HEADER_BYTES;
        else if (part->field_count >= most)
            w->state->bounds |= BOUND_BIT_FIELDS;
        else if (grow(w->state->arena, &fields, part->field_count, &room,
                      sizeof *part->fields)) {
            part->fields = fields;
            mime_field_make(w->state, name, body, &part->fields[part->field_count++]);
        }
    }
}

/* ---- leaves ---- */

/* The charset that an HTML text names itself, where its header names none. */
static struct span meta_charset(struct span content)
{
    content = span_head(content, META_BYTES);
    ptrdiff_t meta = span_ifind(content, SPAN("<meta"));
    struct span rest = meta < 0 ? SPAN("") : span_from(content, (size_t)meta);
    ptrdiff_t at = span_ifind(rest, SPAN("charset"));
    if (at < 0)
        return SPAN("");
    rest = span_trim(span_from(rest, (size_t)at + 7));
    if (!span_starts(rest, SPAN("=")))
        return SPAN("");
    rest = span_trim(span_from(rest, 1));
    if (rest.len > 0 && (rest.at[0] == '"' || rest.at[0] == '\''))
        rest = span_from(rest, 1);
    size_t len = 0;
    while (len < rest.len && (ascii_is_alnum(rest.at[len]) ||
                              (rest.at[len] != '\0' && strchr("-_:.", rest.at[len]))))
        len++;
    rest = span_head(rest, len);
    return mime_charset_is_known(rest) || span_istarts(rest, SPAN("windows-")) ||
                   span_istarts(rest, SPAN("iso-")) || span_istarts(rest, SPAN("koi8"))
               ? rest
               : SPAN("");
}

static void read_text(struct walk *w, struct part *part)
{
    struct span charset = part->charset;
    struct span content = part->content;
    if (charset.len == 0 && span_eq(part->subtype, SPAN("html")) &&
        (!utf8_is_valid(content) || span_index(content, '\033') >= 0))
        charset = meta_charset(content);
    if (span_starts(content, SPAN("\xef\xbb\xbf")))
        content = span_from(content, 3);
    size_t room = BOUND_TEXTS_BYTES - w->state->text_bytes;
    content = mime_charset_to_utf8(w->state, content, charset,
                                   room < BOUND_TEXT_BYTES ? room : BOUND_TEXT_BYTES,
                                   &part->is_text_cut);
    w->state->text_bytes += content.len;
    part->text = mime_text_lines(w->state->arena, content);
    if (part->is_text_cut)
        w->state->bounds |= BOUND_BIT_TEXT;
    if (span_index(part->text, '\0') >= 0)
        w->state->defects |= DEFECT_NUL;
}

static void read_leaf(struct walk *w, struct part *part)
{
    enum mime_encoding encoding = mime_encoding_named(part->encoding);
    bool is_text = span_eq(part->type, SPAN("text")) && !part->is_multipart;
    part->content =
        mime_transfer_decode(w->state, encoding, part->raw_body,
                             is_text ? SIZE_MAX : MAGIC_BYTES, &part->content_bytes);
    if (is_text)
        read_text(w, part);
}

/* ---- the tree ---- */

static void push(struct walk *w, struct frame frame)
{
    w->frames[w->frame_count++] = frame;
}

/* May this part be opened, one level deeper? */
static bool has_depth(struct walk *w, const struct part *part)
{
    if (part->depth < BOUND_PART_DEPTH && w->frame_count + 2 < FRAMES)
        return true;
    w->state->bounds |= BOUND_BIT_DEPTH;
    return false;
}

static struct span boundary_of(struct walk *w, const struct part *part)
{
    const struct header_field *field = find_field(part, "Content-Type");
    struct span boundary = SPAN("");
    if (field != NULL)
        boundary = mime_parameter_decode(w->state, field->raw, "boundary");
    while (boundary.len > 0 && ascii_is_space(boundary.at[boundary.len - 1]))
        boundary.len--;
    if (boundary.len > 0)
        return boundary;
    w->state->defects |= DEFECT_BOUNDARY_MISSING;
    return guess_boundary(span_from(w->text, w->at));
}

/* A part whose header has been read, w->at being at its body. Opens it if it is a
 * container; a message in it is entered at once, hence the loop. */
static void enter_body(struct walk *w, int index)
{
    for (;;) {
        struct part *part = &w->msg->parts[index];
        describe(w, part);
        w->leaf = index;
        w->leaf_at = w->at;
        if (!part->is_multipart || !has_depth(w, part))
            return;
        struct frame frame = {.part = index, .body_at = w->at};
        if (!is_rfc822(part)) {
            frame.boundary = boundary_of(w, part);
            push(w, frame);
            w->leaf = -1;
            return;
        }
        enum mime_encoding encoding = mime_encoding_named(part->encoding);
        if (encoding != ENCODING_IDENTITY && encoding != ENCODING_UNKNOWN)
            return; /* entered when its end is known: leave_leaf */
        int child = add_part(w, index);
        if (child < 0)
            return;
        push(w, frame);
        read_header(w, child, BOUND_FIELDS);
        index = child;
    }
}

/* Is this part an encoded message that may be opened? Its text is copied and decoded
 * once more at each such level, so there are few. */
static bool has_source(struct walk *w, const struct part *part)
{
    enum mime_encoding encoding = mime_encoding_named(part->encoding);
    size_t sources = 0;
    if (!is_rfc822(part) || encoding == ENCODING_IDENTITY ||
        encoding == ENCODING_UNKNOWN || !has_depth(w, part))
        return false;
    for (size_t i = 0; i < w->frame_count; i++)
        sources += w->frames[i].part < 0;
    if (sources < BOUND_SOURCES)
        return true;
    w->state->bounds |= BOUND_BIT_DEPTH;
    return false;
}

/* An encoded message (RFC 2046 5.2.1 forbids it, senders do it): walk its decoded
 * text, then come back to resume_at. False when it cannot be opened. */
static bool enter_source(struct walk *w, int index, size_t resume_at)
{
    struct part *part = &w->msg->parts[index];
    struct span decoded =
        mime_transfer_decode(w->state, mime_encoding_named(part->encoding),
                             part->raw_body, SIZE_MAX, &part->content_bytes);
    part->content = span_head(decoded, MAGIC_BYTES);
    int child = add_part(w, index);
    if (child < 0)
        return false;
    push(w, (struct frame){.part = -1, .text = w->text, .resume_at = resume_at});
    w->text = decoded;
    w->at = 0;
    read_header(w, child, BOUND_FIELDS);
    enter_body(w, child);
    return true;
}

/* The leaf ends at `end`, if one is open. Returns true when the walk now stands
 * inside of it. */
static bool leave_leaf(struct walk *w, size_t end, size_t resume_at)
{
    int index = w->leaf;
    if (index < 0)
        return false;
    struct part *part = &w->msg->parts[index];
    w->leaf = -1;
    part->raw_body = slice(w->text, w->leaf_at, end);
    if (has_source(w, part))
        return enter_source(w, index, resume_at);
    read_leaf(w, part);
    return false;
}

/* A multipart in which no delimiter was found: its body as text, for readers that
 * show it so. */
static void add_lost_text(struct walk *w, int parent)
{
    if (is_blank(w->msg->parts[parent].raw_body))
        return;
    int index = add_part(w, parent);
    if (index < 0)
        return;
    struct part *part = &w->msg->parts[index];
    part->type = SPAN("text");
    part->subtype = SPAN("plain");
    part->raw_body = w->msg->parts[parent].raw_body;
    read_leaf(w, part);
}

/* Closes the innermost container, whose body ends at `end`. */
static void pop(struct walk *w, size_t end, bool is_closed)
{
    struct frame *frame = &w->frames[--w->frame_count];
    struct part *part = &w->msg->parts[frame->part];
    part->raw_body = slice(w->text, frame->body_at, end);
    part->content_bytes = part->raw_body.len;
    if (is_rfc822(part))
        return;
    if (!is_closed)
        w->state->defects |= DEFECT_BOUNDARY_UNCLOSED;
    if (!is_closed && w->msg->part_count == (size_t)frame->part + 1)
        add_lost_text(w, frame->part);
}

/* Where a body ends that a delimiter line at `at` follows: the line end before the
 * delimiter belongs to it (RFC 2046 5.1.1). */
static size_t body_end(struct span text, size_t at)
{
    if (at > 0 && text.at[at - 1] == '\n')
        at--;
    if (at > 0 && text.at[at - 1] == '\r')
        at--;
    return at;
}

static void pass_delimiter(struct walk *w, const struct delimiter *d)
{
    size_t end = body_end(w->text, d->at);
    if (leave_leaf(w, end, d->at))
        return;
    while (w->frame_count > d->frame + 1)
        pop(w, end, false);
    w->at = d->end;
    if (d->is_close) {
        pop(w, d->end, true);
        return;
    }
    int child = add_part(w, w->frames[d->frame].part);
    if (child < 0) {
        w->at = w->text.len;
        return;
    }
    read_header(w, child, BOUND_PART_FIELDS);
    enter_body(w, child);
}

/* The text's end. Returns false when it was the last. */
static bool leave_text(struct walk *w)
{
    if (leave_leaf(w, w->text.len, w->text.len))
        return true;
    while (w->frame_count > 0 && w->frames[w->frame_count - 1].part >= 0)
        pop(w, w->text.len, false);
    if (w->frame_count == 0)
        return false;
    struct frame *source = &w->frames[--w->frame_count];
    w->text = source->text;
    w->at = source->resume_at;
    return true;
}

void mime_walk(struct message *msg)
{
    struct mime_state state = {.arena = msg->arena, .iconv_opens = *msg->iconv_opens};
    struct walk w = {.msg = msg, .state = &state, .text = msg->body, .leaf = -1};
    struct delimiter d;
    if (add_part(&w, -1) < 0)
        return;
    msg->parts[0].fields = msg->fields;
    msg->parts[0].field_count = msg->field_count;
    enter_body(&w, 0);
    do {
        while (next_delimiter(&w, &d))
            pass_delimiter(&w, &d);
    } while (leave_text(&w));
    if (span_index(msg->body, '\0') >= 0)
        state.defects |= DEFECT_NUL;
    *msg->iconv_opens = state.iconv_opens;
    msg->defects |= state.defects;
    msg->bounds |= state.bounds;
}
