/* SPDX-License-Identifier: BSD-2-Clause */
#include "message/html_sums.h"

#include <string.h>

#include "base/bounds.h"
#include "base/buf.h"
#include "message/html_entity.h"
#include "message/html_font.h"
#include "message/html_token.h"

/* Chosen by SpamAssassin: longer targets are cut. A side of unknown length has 200
 * pixels, the whole of a screen 800 and 600. */
enum { TARGET_MOST = 8192, SIDE_UNKNOWN = 200, SCREEN_WIDE = 800, SCREEN_HIGH = 600 };

struct reader {
    struct arena *arena;
    struct html_sums *sums;
    struct html_tokenizer in;
    struct html_fonts *fonts;
    struct buf text;    /* of the text token at hand, decoded */
    struct buf anchors; /* all anchors' text; each has a stretch of it */
    size_t anchor_from; /* where the last one begins */
    bool ends_in_word;  /* the text before, as shown, ends in a letter or digit */
    bool ends_blank;    /* white space of a tag is the last that is shown */
    struct html_name *anchor, *script, *style; /* how many are open */
};

/* HTML 4.01 and XHTML 1.0, sorted; and three that mail programs made up. */
static const char *const elements[] = {
    "a",      "abbr",     "acronym",  "address",  "applet",     "area",     "b",
    "base",   "basefont", "bdo",      "big",      "blockquote", "body",     "br",
    "button", "caption",  "center",   "cite",     "code",       "col",      "colgroup",
    "dd",     "del",      "dfn",      "dir",      "div",        "dl",       "dt",
    "em",     "fieldset", "font",     "form",     "frame",      "frameset", "h1",
    "h2",     "h3",       "h4",       "h5",       "h6",         "head",     "hr",
    "html",   "i",        "iframe",   "img",      "input",      "ins",      "isindex",
    "kbd",    "label",    "legend",   "li",       "link",       "map",      "menu",
    "meta",   "nobr",     "noframes", "noscript", "object",     "ol",       "optgroup",
    "option", "p",        "param",    "pre",      "q",          "s",        "samp",
    "script", "select",   "small",    "span",     "strike",     "strong",   "style",
    "sub",    "sup",      "table",    "tbody",    "td",         "textarea", "tfoot",
    "th",     "thead",    "title",    "tr",       "tt",         "u",        "ul",
    "var",    "x-sigsep", "x-tab",
};

/* Not of these, but shown. */
static bool is_trick(struct span name)
{
    static const char *const tricks[] = {"bgsound", "embed", "listing", "plaintext",
                                         "xmp"};

    for (size_t i = 0; i < sizeof tricks / sizeof tricks[0]; i++)
        if (span_eq(name, span_of(tricks[i])))
            return true;
    return false;
}

static bool is_element(struct span name)
{
    return span_is_listed(name, elements, sizeof elements / sizeof elements[0]);
}

/* <o:p> and <st1:City>, as Word writes them. */
static bool is_namespaced(struct span name)
{
    struct span head, tail;

    if (!span_cut(name, ':', &head, &tail) || tail.len == 0)
        return false;
    if (!span_eq(head, SPAN("o")) &&
        !(head.len == 3 && span_starts(head, SPAN("st")) && ascii_is_digit(head.at[2])))
        return false;
    for (size_t i = 0; i < tail.len; i++)
        if (!ascii_is_alnum(tail.at[i]) && tail.at[i] != '_' && tail.at[i] != '-')
            return false;
    return true;
}

/* ---- names ---- */

static size_t bucket_of(const struct html_sums *sums, struct span name)
{
    size_t at = span_hash(SPAN_HASH_SEED, name) % (2 * BOUND_HTML_NAMES);

    while (sums->names[at].name.len > 0 && !span_eq(sums->names[at].name, name))
        at = (at + 1) % (2 * BOUND_HTML_NAMES);
    return at;
}

const struct html_name *html_sums_name(const struct html_sums *sums, struct span name)
{
    const struct html_name *found =
        name.len > 0 ? &sums->names[bucket_of(sums, name)] : NULL;

    return found != NULL && found->name.len > 0 ? found : NULL;
}

/* The name's place; *is_new: it was not there. Beyond the bound one place serves all
 * that are left over, which are new each time. */
static struct html_name *note_name(struct reader *reader, struct span name,
                                   bool *is_new)
{
    struct html_sums *sums = reader->sums;
    struct html_name *found = &sums->names[bucket_of(sums, name)];

    *is_new = found->name.len == 0;
    if (*is_new && sums->tags_seen < BOUND_HTML_NAMES) {
        found->name = span_dup(reader->arena, name);
        found->is_element = is_element(name);
    }
    return found;
}

/* ---- pieces ---- */

static void add_piece(struct reader *reader, struct html_pieces *pieces,
                      struct span piece)
{
    struct span *grown;

    if (pieces->count >= BOUND_HTML_PIECES)
        return;
    grown = arena_grow(reader->arena, pieces->at, pieces->count, &pieces->room,
                       sizeof *pieces->at);
    if (grown == NULL)
        return;
    pieces->at = grown;
    pieces->at[pieces->count++] = piece;
}

static struct span decoded(struct reader *reader, struct span raw)
{
    struct buf out;

    if (span_index(raw, '&') < 0)
        return raw;
    /* a NUL becomes three bytes */
    buf_init(&out, reader->arena, 3 * raw.len + HTML_REFERENCE_BYTES);
    html_decode(raw, &out);
    return buf_span(&out);
}

/* Text's references decoded into reader->text. */
static struct span decode_text(struct reader *reader, struct span raw)
{
    char room[HTML_REFERENCE_BYTES];
    size_t i = 0, len;

    if (span_index(raw, '&') < 0)
        return raw;
    reader->text.len = 0;
    while (i < raw.len) {
        ptrdiff_t step = span_index(span_from(raw, i), '&');
        size_t plain = step < 0 ? raw.len - i : (size_t)step, used;
        buf_add(&reader->text, raw.at + i, plain);
        i += plain;
        if (i >= raw.len)
            break;
        used = html_reference(span_from(raw, i), false, room, &len);
        if (used == 0)
            buf_add_char(&reader->text, raw.at[i++]);
        else
            buf_add(&reader->text, room, len);
        i += used;
    }
    return buf_span(&reader->text);
}

/* ---- anchors ---- */

static void open_anchor(struct reader *reader, const struct html_token *token)
{
    struct html_sums *sums = reader->sums;
    struct html_anchor *grown;

    if (sums->anchor_count >= BOUND_HTML_PIECES)
        return;
    grown = arena_grow(reader->arena, sums->anchors, sums->anchor_count,
                       &sums->anchor_room, sizeof *sums->anchors);
    if (grown == NULL)
        return;
    sums->anchors = grown;
    grown[sums->anchor_count++].target =
        span_trim(decoded(reader, html_token_value(token, ATTRIBUTE_HREF)));
    reader->anchor_from = reader->anchors.len;
    grown[sums->anchor_count - 1].text = SPAN("");
}

/* The text of the anchor that was opened last: its place in the buffer may move, so
 * only its length is kept until the end. */
static void add_to_anchor(struct reader *reader, struct span text)
{
    struct html_sums *sums = reader->sums;

    if (reader->anchor == NULL || reader->anchor->open <= 0 || sums->anchor_count == 0)
        return;
    buf_add_span(&reader->anchors, text);
    sums->anchors[sums->anchor_count - 1].text.len =
        reader->anchors.len - reader->anchor_from;
}

static void settle_anchors(struct reader *reader)
{
    struct span all = buf_span(&reader->anchors);

    for (size_t i = 0; i < reader->sums->anchor_count; i++) {
        struct span *text = &reader->sums->anchors[i].text;
        *text = span_head(all, text->len);
        all = span_from(all, text->len);
    }
}

/* ---- text ---- */

static bool is_blank(uint32_t c)
{
    return c == ' ' || (c >= 9 && c <= 13) || c == 0x85 || c == 0xa0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f ||
           c == 0x205f || c == 0x3000;
}

/* Curved quotation marks are marks as straight ones are. */
static bool is_word_start(uint32_t c)
{
    return !is_blank(c) && c != 0x201c && c != 0x201d &&
           (c < '!' || c > '~' || ascii_is_alnum((char)c));
}

/* Counts a run of text; last: its last character. Returns its first one. */
static uint32_t count_text(struct reader *reader, struct span text, uint32_t *last,
                           bool *is_all_blank)
{
    uint32_t first = ' ', c;

    *last = ' ';
    *is_all_blank = true;
    for (size_t i = 0; i < text.len;) {
        bool is_first = i == 0;
        c = utf8_next(text, &i);
        if (is_first)
            first = c;
        *last = c;
        if (!is_blank(c)) {
            reader->sums->non_space++;
            *is_all_blank = false;
        }
    }
    return first;
}

static void read_text(struct reader *reader, struct span raw, bool decodes)
{
    uint32_t first, last;
    bool is_all_blank;
    struct span text;

    if ((reader->script != NULL && reader->script->open > 0) ||
        (reader->style != NULL && reader->style->open > 0))
        return;
    text = decodes ? decode_text(reader, raw) : raw;
    if (text.len == 0)
        return;
    add_to_anchor(reader, text);
    first = count_text(reader, text, &last, &is_all_blank);
    if (!is_all_blank)
        html_fonts_text(reader->fonts);
    if (reader->ends_in_word && is_word_start(first))
        reader->sums->obfuscation++;
    reader->ends_in_word = is_word_start(last);
    reader->ends_blank = false;
}

/* ---- tags ---- */

static bool shows_space(enum html_tag_id tag)
{
    switch (tag) {
    case TAG_BR:
    case TAG_DIV:
    case TAG_LI:
    case TAG_TH:
    case TAG_TD:
    case TAG_DT:
    case TAG_DD:
    case TAG_P:
    case TAG_HR:
    case TAG_BLOCKQUOTE:
    case TAG_PRE:
    case TAG_EMBED:
    case TAG_LISTING:
    case TAG_PLAINTEXT:
    case TAG_XMP:
    case TAG_TITLE:
    case TAG_H1:
    case TAG_H2:
    case TAG_H3:
    case TAG_H4:
    case TAG_H5:
    case TAG_H6:
        return true;
    default:
        return false;
    }
}

/* Pixels of a side: digits, or a percentage of the screen. */
static double side(struct span s, int screen)
{
    double value = 0;
    size_t i = 0;

    while (i < s.len && i < 9 && ascii_is_digit(s.at[i]))
        value = value * 10 + (s.at[i++] - '0');
    if (i == 0 || i < (s.len > 0 && s.at[s.len - 1] == '%' ? s.len - 1 : s.len))
        return SIDE_UNKNOWN;
    if (i < s.len)
        value *= screen / 100.0;
    return value > 0 ? value : SIDE_UNKNOWN;
}

static void read_image(struct reader *reader, const struct html_token *token)
{
    add_to_anchor(reader, SPAN("<img>\n"));
    if (html_token_has(token, ATTRIBUTE_WIDTH) &&
        html_token_has(token, ATTRIBUTE_HEIGHT))
        reader->sums->image_area +=
            side(html_token_value(token, ATTRIBUTE_WIDTH), SCREEN_WIDE) *
            side(html_token_value(token, ATTRIBUTE_HEIGHT), SCREEN_HIGH);
}

/* charset= of <meta http-equiv=Content-Type content=...>. */
static void read_meta(struct reader *reader, const struct html_token *token)
{
    struct span content = html_token_value(token, ATTRIBUTE_CONTENT);
    ptrdiff_t at = span_ifind(content, SPAN("charset"));
    size_t len = 0;

    if (at < 0 || span_ifind(html_token_value(token, ATTRIBUTE_HTTP_EQUIV),
                             SPAN("content-type")) < 0)
        return;
    content = span_trim(span_from(content, (size_t)at + 7));
    if (content.len == 0 || content.at[0] != '=')
        return;
    content = span_trim(span_from(content, 1));
    if (content.len > 0 && (content.at[0] == '"' || content.at[0] == '\''))
        content = span_from(content, 1);
    while (len < content.len && content.at[len] != '"' && content.at[len] != '\'')
        len++;
    if (len > 0)
        add_piece(reader, &reader->sums->charsets, span_head(content, len));
}

static void note_target(struct reader *reader, const struct html_token *token,
                        enum html_attribute_id id)
{
    if (span_trim(html_token_value(token, id)).len > TARGET_MOST)
        reader->sums->has_long_target = true;
}

static void read_start(struct reader *reader, const struct html_token *token)
{
    struct html_sums *sums = reader->sums;

    switch (token->tag) {
    case TAG_FONT:
        if (html_token_has(token, ATTRIBUTE_FACE))
            add_piece(reader, &sums->faces,
                      decoded(reader, html_token_value(token, ATTRIBUTE_FACE)));
        break;
    case TAG_IMG:
        read_image(reader, token);
        note_target(reader, token, ATTRIBUTE_SRC);
        break;
    case TAG_FORM:
        sums->has_mail_form |=
            span_ifind(html_token_value(token, ATTRIBUTE_ACTION), SPAN("mailto:")) >= 0;
        break;
    case TAG_OBJECT:
    case TAG_EMBED:
        sums->has_embeds = true;
        break;
    case TAG_IFRAME:
        sums->has_frame_source |=
            span_trim(html_token_value(token, ATTRIBUTE_SRC)).len > 0;
        break;
    case TAG_A:
        open_anchor(reader, token);
        note_target(reader, token, ATTRIBUTE_HREF);
        break;
    case TAG_META:
        read_meta(reader, token);
        break;
    default:
        break;
    }
}

static struct span lower_name(struct span name, char *room, size_t size)
{
    name = span_head(name, size);
    for (size_t i = 0; i < name.len; i++)
        room[i] = ascii_lower(name.at[i]);
    return (struct span){room, name.len};
}

static void count_tag(struct reader *reader, struct span name, int step)
{
    struct html_sums *sums = reader->sums;
    bool is_new, is_known;
    struct html_name *found = note_name(reader, name, &is_new);

    is_known = found->is_element || is_namespaced(name);
    sums->elements += is_known;
    sums->tags++;
    if (is_new) {
        sums->elements_seen += is_known;
        sums->tags_seen++;
    }
    if (found->name.len == 0)
        return;
    found->open += step;
    if (found->open < 0) {
        found->open = 0;
        sums->closed_extra++;
    }
    if (span_eq(name, SPAN("a")))
        reader->anchor = found;
    else if (span_eq(name, SPAN("script")))
        reader->script = found;
    else if (span_eq(name, SPAN("style")))
        reader->style = found;
}

static void read_tag(struct reader *reader, const struct html_token *token, int step)
{
    char room[64];
    struct span name = lower_name(token->text, room, sizeof room);

    count_tag(reader, name, step);
    if (!is_element(name) && !is_trick(name))
        return;
    if (step > 0)
        html_fonts_start(reader->fonts, token);
    else
        html_fonts_end(reader->fonts, token->tag);
    if (shows_space(token->tag)) {
        reader->ends_in_word = false;
        reader->ends_blank = true;
    }
    if (step > 0)
        read_start(reader, token);
}

/* A raw element: its tag, what is inside, and its end. */
static void read_raw(struct reader *reader, const struct html_token *token)
{
    bool decodes = (html_tag_flags(token->tag) & TAG_DECODED) != 0;

    read_tag(reader, token, 1);
    if (token->tag == TAG_TITLE) {
        struct span title = decode_text(reader, token->raw);
        add_piece(reader, &reader->sums->titles, span_dup(reader->arena, title));
    }
    read_text(reader, token->raw, decodes);
    if (reader->in.rest.len > 0 || token->tag == TAG_STYLE || token->tag == TAG_SCRIPT)
        read_tag(reader, token, -1);
}

/* source: the comment or declaration with its delimiters. */
static void read_comment(struct reader *reader, struct span source)
{
    struct html_sums *sums = reader->sums;

    if (span_istarts(source, SPAN("<!doctype"))) {
        struct html_name *found = &sums->names[bucket_of(sums, SPAN("!doctype"))];
        found->name = SPAN("!doctype");
        sums->elements++;
        sums->tags++;
    } else if (span_starts(source, SPAN("<!")) && source.len > 2 &&
               !ascii_is_alpha(source.at[2]) && source.at[2] != '[')
        add_piece(reader, &sums->comments, source);
}

static void read_token(struct reader *reader, const struct html_token *token,
                       struct span source)
{
    switch (token->kind) {
    case HTML_TEXT:
        read_text(reader, token->text, true);
        break;
    case HTML_START_TAG:
        if (html_tag_flags(token->tag) & TAG_RAW)
            read_raw(reader, token);
        else
            read_tag(reader, token, 1);
        break;
    case HTML_END_TAG:
        read_tag(reader, token, -1);
        break;
    case HTML_COMMENT:
        read_comment(reader, source);
        break;
    default:
        break;
    }
}

static size_t count_characters(struct span text)
{
    size_t count = 0;

    for (size_t i = 0; i < text.len; i++)
        count += ((unsigned char)text.at[i] & 0xc0) != 0x80;
    return count;
}

static bool start(struct reader *reader, struct arena *arena, struct span text)
{
    *reader = (struct reader){.arena = arena, .in.rest = text};
    reader->sums = arena_alloc(arena, sizeof *reader->sums);
    reader->fonts = arena_alloc(arena, sizeof *reader->fonts);
    if (reader->sums == NULL || reader->fonts == NULL)
        return false;
    reader->sums->names =
        arena_array(arena, (size_t)2 * BOUND_HTML_NAMES, sizeof(struct html_name));
    if (reader->sums->names == NULL)
        return false;
    html_fonts_init(reader->fonts);
    buf_init(&reader->text, arena, text.len + HTML_REFERENCE_BYTES);
    buf_init(&reader->anchors, arena, 8 * text.len + 64);
    return true;
}

struct html_sums *html_sums_read(struct arena *arena, struct span text)
{
    struct reader reader;
    struct html_token token;
    struct html_sums *sums;

    if (!start(&reader, arena, text))
        return NULL;
    sums = reader.sums;
    sums->length = count_characters(text);
    for (const char *from = text.at; html_token_next(&reader.in, &token);) {
        const char *end =
            reader.in.rest.len > 0 ? reader.in.rest.at : text.at + text.len;
        read_token(&reader, &token, (struct span){from, (size_t)(end - from)});
        from = end;
    }
    settle_anchors(&reader);
    sums->max_size = reader.fonts->max_size;
    sums->min_size = reader.fonts->min_size;
    sums->has_low_contrast = reader.fonts->has_low_contrast;
    sums->has_bad_colour = reader.fonts->has_bad_colour;
    return sums;
}
