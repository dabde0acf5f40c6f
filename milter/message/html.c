/* SPDX-License-Identifier: BSD-2-Clause */
#include "message/html.h"

#include <string.h>

#include "base/bounds.h"
#include "base/buf.h"
#include "message/html_entity.h"
#include "message/html_sheet.h"
#include "message/html_sink.h"
#include "message/html_stack.h"
#include "message/html_token.h"

enum {
    LINK_COLOUR = 0x0000ee, /* WHATWG HTML 15.3.1 */
    PIXEL_MOST = 1,         /* an image so small in both ways is not looked at */
    FIRST_ROOM = 16,        /* links or images there is room for at first */
};

/* The link whose text is being read. */
struct open_link {
    size_t place;         /* in html->links */
    enum html_tag_id tag; /* TAG_A or TAG_BUTTON; TAG_UNKNOWN for none is open */
    bool is_kept;         /* the stack remembers its element */
    size_t visible_from, hidden_from; /* lengths of the texts at its start */
    bool began_hidden, has_seen_image;
    struct span alt; /* of its first image that has one */
};

struct reader {
    struct arena *arena;
    struct html *html;
    struct html_tokenizer in;
    struct html_sheet sheet;
    struct html_sink visible, hidden;
    struct buf scratch;
    struct open_link link;
    size_t link_room, image_room;
    int32_t link_colour;
    bool has_body;
    struct html_stack stack; /* last: large */
};

/* An attribute's value, decoded; valid until the next call. */
static struct span decoded(struct reader *reader, struct span raw)
{
    if (span_index(raw, '&') < 0 && span_index(raw, '\0') < 0)
        return raw;
    reader->scratch.len = 0;
    reader->scratch.is_full = false;
    html_decode(raw, &reader->scratch);
    reader->html->is_bounded |= reader->scratch.is_full;
    return buf_span(&reader->scratch);
}

/* At most BOUND_LINK_BYTES, in the arena. */
static struct span keep(struct reader *reader, struct span s)
{
    if (s.len > BOUND_LINK_BYTES) {
        reader->html->is_bounded |= !span_istarts(s, SPAN("data:"));
        s.len = BOUND_LINK_BYTES;
    }
    return span_dup(reader->arena, s);
}

/* WHATWG URL 4.4: no C0 control or space at the ends, no TAB, LF, CR inside. */
static struct span keep_target(struct reader *reader, struct span raw)
{
    struct span s = decoded(reader, raw);
    while (s.len > 0 && (unsigned char)s.at[0] <= ' ')
        s = span_from(s, 1);
    while (s.len > 0 && (unsigned char)s.at[s.len - 1] <= ' ')
        s.len--;
    struct span kept = keep(reader, s);
    char *to = (char *)kept.at; /* keep's own copy */
    size_t len = 0;
    for (size_t i = 0; i < kept.len; i++)
        if (kept.at[i] != '\t' && kept.at[i] != '\n' && kept.at[i] != '\r')
            to[len++] = kept.at[i];
    return (struct span){kept.at, len};
}

/* Text of an attribute, white space folded. */
static struct span keep_text(struct reader *reader, struct span raw, bool decodes)
{
    if (raw.len == 0)
        return SPAN("");
    struct html_sink sink;
    html_sink_init(&sink, reader->arena, BOUND_LINK_BYTES);
    html_sink_text(&sink, raw, decodes, false);
    reader->html->is_bounded |= sink.buf.is_full;
    return html_sink_span(&sink);
}

/* The array with room for one more, or NULL: at the bound or the arena's end. */
static void *make_room(struct reader *reader, void *array, size_t count, size_t *room,
                       size_t size, size_t most)
{
    void *grown = array;
    if (count >= most) {
        grown = NULL;
    } else if (count == *room) {
        *room = *room == 0 ? FIRST_ROOM : 2 * *room;
        grown = arena_array(reader->arena, *room, size);
        if (grown != NULL && count > 0)
            memcpy(grown, array, count * size);
        if (grown == NULL)
            *room = count;
    }
    reader->html->is_bounded |= grown == NULL;
    return grown;
}

/* Note a link; NULL when it has no target or there is no room. */
static struct link *add_link(struct reader *reader, enum link_origin origin,
                             struct span raw_target)
{
    struct html *html = reader->html;
    if (html->link_count >= BOUND_HTML_LINKS) {
        html->is_bounded = true;
        return NULL;
    }
    struct span target = keep_target(reader, raw_target);
    if (target.len == 0)
        return NULL;
    if (span_istarts(target, SPAN("javascript:")) ||
        span_istarts(target, SPAN("vbscript:")))
        html->handler_count++;
    struct link *links = make_room(reader, html->links, html->link_count,
                                   &reader->link_room, sizeof *links, BOUND_HTML_LINKS);
    if (links == NULL)
        return NULL;
    html->links = links;
    struct link *link = &links[html->link_count++];
    *link = (struct link){.origin = origin, .target = target, .text = SPAN("")};
    return link;
}

/* A link whose text is known at once. */
static void add_plain_link(struct reader *reader, enum link_origin origin,
                           struct span raw_target, struct span text, bool is_hidden)
{
    struct link *link = add_link(reader, origin, raw_target);
    if (link == NULL)
        return;
    link->text = text;
    link->is_hidden = is_hidden;
}

/* A link whose text is what follows, up to its end tag. */
static void open_link(struct reader *reader, const struct html_token *token,
                      enum link_origin origin, enum html_attribute_id target)
{
    struct link *link = add_link(reader, origin, html_token_value(token, target));
    if (link == NULL)
        return;
    reader->link = (struct open_link){
        .place = reader->html->link_count - 1,
        .tag = token->tag,
        .is_kept = html_stack_has(&reader->stack, token->tag),
        .visible_from = reader->visible.buf.len,
        .hidden_from = reader->hidden.buf.len,
        .began_hidden = html_look_hides_text(html_stack_look(&reader->stack)),
        .alt = SPAN(""),
    };
}

/* The open link has ended: its text is what came since. */
static void close_link(struct reader *reader)
{
    const struct open_link *open = &reader->link;
    if (open->tag == TAG_UNKNOWN)
        return;
    struct link *link = &reader->html->links[open->place];
    struct span inner = span_from(buf_span(&reader->visible.buf), open->visible_from);
    link->text = keep_text(reader, inner, false);
    bool is_seen = link->text.len > 0 || open->has_seen_image;
    bool has_hidden = open->began_hidden || reader->hidden.buf.len > open->hidden_from;
    link->is_hidden = !is_seen && has_hidden;
    if (link->text.len == 0)
        link->text = open->alt;
    reader->link.tag = TAG_UNKNOWN;
}

/* Close the link if its element is open no more. */
static void check_link(struct reader *reader)
{
    if (reader->link.tag != TAG_UNKNOWN && reader->link.is_kept &&
        !html_stack_has(&reader->stack, reader->link.tag))
        close_link(reader);
}

/* Pixels of a width= or height=: -1 for none or a percentage.
 * Source: WHATWG HTML 2.3.4.4 (dimension values). */
static long dimension(struct span s)
{
    long value = 0;
    size_t i = 0;
    s = span_trim(s);
    while (i < s.len && ascii_is_digit(s.at[i]))
        if (value < 1000000)
            value = value * 10 + (s.at[i++] - '0');
        else
            i++;
    if (i == 0 || (i < s.len && s.at[i] == '%'))
        return -1;
    return value;
}

static long side(const struct html_token *token, enum html_attribute_id id,
                 const struct html_style *style, enum html_property property)
{
    if (html_style_has(style, property))
        return style->value[property] / 100;
    return dimension(html_token_value(token, id));
}

static bool is_remote(struct span source)
{
    return span_istarts(source, SPAN("http:")) ||
           span_istarts(source, SPAN("https:")) || span_starts(source, SPAN("//"));
}

static bool is_unseen(const struct image *image)
{
    if (image->width == 0 || image->height == 0)
        return true;
    return image->width >= 0 && image->width <= PIXEL_MOST && image->height >= 0 &&
           image->height <= PIXEL_MOST;
}

static void add_image(struct reader *reader, const struct html_token *token,
                      const struct html_style *style, const struct html_look *look)
{
    struct html *html = reader->html;
    struct image *images =
        make_room(reader, html->images, html->image_count, &reader->image_room,
                  sizeof *images, BOUND_HTML_IMAGES);
    if (images == NULL)
        return;
    html->images = images;
    struct image image = {
        .source = keep_target(reader, html_token_value(token, ATTRIBUTE_SRC)),
        .alt = keep_text(reader, html_token_value(token, ATTRIBUTE_ALT), true),
        .width = side(token, ATTRIBUTE_WIDTH, style, PROPERTY_WIDTH),
        .height = side(token, ATTRIBUTE_HEIGHT, style, PROPERTY_HEIGHT),
    };
    image.is_remote = is_remote(image.source);
    image.is_hidden = look->is_gone || look->is_invisible || is_unseen(&image);
    images[html->image_count++] = image;
    if (reader->link.tag == TAG_UNKNOWN)
        return;
    html->links[reader->link.place].has_image = true;
    reader->link.has_seen_image |= !image.is_hidden;
    if (reader->link.alt.len == 0)
        reader->link.alt = image.alt;
}

/* <meta http-equiv=refresh content="0; url=...">.
 * Source: WHATWG HTML 4.2.5.3 (shared declarative refresh steps). */
static void read_meta(struct reader *reader, const struct html_token *token)
{
    struct span kind = span_trim(html_token_value(token, ATTRIBUTE_HTTP_EQUIV));
    struct span content = html_token_value(token, ATTRIBUTE_CONTENT);
    if (!span_ieq(kind, SPAN("refresh")))
        return;
    ptrdiff_t at = span_ifind(content, SPAN("url"));
    if (at < 0)
        return;
    struct span url = span_trim(span_from(content, (size_t)at + 3));
    if (url.len == 0 || url.at[0] != '=')
        return;
    url = span_trim(span_from(url, 1));
    if (url.len > 0 && (url.at[0] == '"' || url.at[0] == '\'')) {
        struct span rest;
        span_cut(span_from(url, 1), url.at[0], &url, &rest);
    }
    add_plain_link(reader, LINK_OTHER, url, SPAN(""), false);
}

static void hint_colour(struct reader *reader, const struct html_token *token,
                        enum html_attribute_id id, enum html_property property,
                        struct html_style *style)
{
    int32_t colour = 0;
    if (html_token_has(token, id) &&
        html_style_legacy_colour(decoded(reader, html_token_value(token, id)), &colour))
        html_style_set(style, property, colour, false);
}

/* What attributes other than style= say: weaker than any rule. */
static void read_hints(struct reader *reader, const struct html_token *token,
                       struct html_style *style)
{
    if (html_token_has(token, ATTRIBUTE_HIDDEN) || token->tag == TAG_TEMPLATE)
        html_style_set(style, PROPERTY_DISPLAY, 1, false);
    if (token->tag == TAG_A && html_token_has(token, ATTRIBUTE_HREF))
        html_style_set(style, PROPERTY_COLOUR, reader->link_colour, false);
    hint_colour(reader, token, ATTRIBUTE_BGCOLOR, PROPERTY_BACKGROUND, style);
    if (html_token_value(token, ATTRIBUTE_BACKGROUND).len > 0)
        html_style_set(style, PROPERTY_BACKGROUND_IMAGE, 1, false);
    if (token->tag == TAG_FONT || token->tag == TAG_BASEFONT)
        hint_colour(reader, token, ATTRIBUTE_COLOR, PROPERTY_COLOUR, style);
    if (token->tag == TAG_BODY)
        hint_colour(reader, token, ATTRIBUTE_TEXT, PROPERTY_COLOUR, style);
}

/* All that is said of the element: attributes, rules, style=. */
static void read_style(struct reader *reader, const struct html_token *token,
                       struct html_style *style)
{
    style->set = style->important = 0;
    read_hints(reader, token, style);
    if (reader->sheet.rule_count > 0)
        html_sheet_apply(&reader->sheet, token->text,
                         html_token_value(token, ATTRIBUTE_ID),
                         html_token_value(token, ATTRIBUTE_CLASS), style);
    if (!html_token_has(token, ATTRIBUTE_STYLE))
        return;
    reader->html->style_count++;
    struct span text = decoded(reader, html_token_value(token, ATTRIBUTE_STYLE));
    html_style_parse(html_style_clean(reader->arena, text), style);
}

static void break_lines(struct reader *reader, enum html_tag_id tag)
{
    if (tag == TAG_BR) {
        html_sink_line(&reader->visible);
        html_sink_line(&reader->hidden);
    } else if ((html_tag_flags(tag) & TAG_BLOCK) != 0) {
        html_sink_block(&reader->visible);
        html_sink_block(&reader->hidden);
    } else if (tag == TAG_TD || tag == TAG_TH || tag == TAG_SELECT ||
               tag == TAG_TEXTAREA) {
        html_sink_space(&reader->visible);
        html_sink_space(&reader->hidden);
    }
}

static void add_text(struct reader *reader, const struct html_look *look,
                     struct span text, bool decodes, bool keeps_lines)
{
    if (html_look_hides_text(look)) {
        html_sink_text(&reader->hidden, text, decodes, keeps_lines);
    } else {
        html_sink_text(&reader->visible, text, decodes, keeps_lines);
        html_sink_space(&reader->hidden);
    }
}

/* A rule set that only a printer or a narrow screen may follow is no rule here. */
static void read_sheet(struct reader *reader, const struct html_token *token)
{
    struct span media = html_token_value(token, ATTRIBUTE_MEDIA);
    reader->html->style_count++;
    if (span_index(media, '(') >= 0 || span_ieq(span_trim(media), SPAN("print")))
        return;
    html_sheet_read(&reader->sheet, token->raw);
    reader->html->is_bounded |= reader->sheet.is_bounded;
}

/* The elements whose content is no markup. */
static void read_raw(struct reader *reader, const struct html_token *token,
                     const struct html_look *look)
{
    struct html *html = reader->html;
    switch (token->tag) {
    case TAG_SCRIPT:
        html->script_count++;
        break;
    case TAG_STYLE:
        read_sheet(reader, token);
        break;
    case TAG_TITLE:
        if (html->title.len == 0)
            html->title = keep_text(reader, token->raw, true);
        break;
    case TAG_TEXTAREA:
        html->input_count++;
        add_text(reader, look, token->raw, true, true);
        break;
    case TAG_XMP:
    case TAG_PLAINTEXT:
        add_text(reader, look, token->raw, false, true);
        break;
    case TAG_IFRAME:
        html->iframe_count++;
        add_plain_link(reader, LINK_OTHER, html_token_value(token, ATTRIBUTE_SRC),
                       SPAN(""), html_look_hides_text(look));
        break;
    default: /* noembed, noframes: for readers that there are no more */
        break;
    }
}

static void read_input(struct reader *reader, const struct html_token *token,
                       const struct html_style *style, const struct html_look *look)
{
    struct span type = span_trim(html_token_value(token, ATTRIBUTE_TYPE));
    reader->html->input_count++;
    if (span_ieq(type, SPAN("password")))
        reader->html->password_count++;
    if (span_ieq(type, SPAN("image")))
        add_image(reader, token, style, look);
    if (html_token_has(token, ATTRIBUTE_FORMACTION))
        add_plain_link(
            reader, LINK_FORM, html_token_value(token, ATTRIBUTE_FORMACTION),
            keep_text(reader, html_token_value(token, ATTRIBUTE_VALUE), true),
            look->is_gone || look->is_invisible);
}

static void read_base(struct reader *reader, const struct html_token *token)
{
    struct span href = html_token_value(token, ATTRIBUTE_HREF);
    if (reader->html->base.len == 0)
        reader->html->base = keep_target(reader, href);
    add_plain_link(reader, LINK_OTHER, href, SPAN(""), false);
}

/* The elements without content. */
static void read_void(struct reader *reader, const struct html_token *token,
                      const struct html_style *style, const struct html_look *look)
{
    switch (token->tag) {
    case TAG_IMG:
    case TAG_IMAGE:
        add_image(reader, token, style, look);
        break;
    case TAG_INPUT:
        read_input(reader, token, style, look);
        break;
    case TAG_AREA:
        add_plain_link(reader, LINK_ANCHOR, html_token_value(token, ATTRIBUTE_HREF),
                       keep_text(reader, html_token_value(token, ATTRIBUTE_ALT), true),
                       look->is_gone || look->is_invisible);
        break;
    case TAG_BASE:
        read_base(reader, token);
        break;
    case TAG_LINK:
        add_plain_link(reader, LINK_OTHER, html_token_value(token, ATTRIBUTE_HREF),
                       SPAN(""), false);
        break;
    case TAG_META:
        read_meta(reader, token);
        break;
    case TAG_FRAME:
    case TAG_EMBED:
        reader->html->iframe_count++;
        add_plain_link(reader, LINK_OTHER, html_token_value(token, ATTRIBUTE_SRC),
                       SPAN(""), look->is_gone || look->is_invisible);
        break;
    default:
        break;
    }
}

/* The elements that stay open and mean more than their look. */
static void read_open(struct reader *reader, const struct html_token *token,
                      const struct html_look *look)
{
    bool is_hidden = look->is_gone || look->is_invisible;
    switch (token->tag) {
    case TAG_A:
        close_link(reader);
        open_link(reader, token, LINK_ANCHOR, ATTRIBUTE_HREF);
        break;
    case TAG_BUTTON:
        if (html_token_has(token, ATTRIBUTE_FORMACTION)) {
            close_link(reader);
            open_link(reader, token, LINK_FORM, ATTRIBUTE_FORMACTION);
        }
        break;
    case TAG_FORM:
        reader->html->form_count++;
        add_plain_link(reader, LINK_FORM, html_token_value(token, ATTRIBUTE_ACTION),
                       SPAN(""), is_hidden);
        break;
    case TAG_OBJECT:
        reader->html->iframe_count++;
        add_plain_link(reader, LINK_OTHER, html_token_value(token, ATTRIBUTE_DATA),
                       SPAN(""), is_hidden);
        break;
    case TAG_SELECT:
        reader->html->input_count++;
        break;
    default:
        break;
    }
}

/* <html> and <body> say how the page looks; of several <body> the first. */
static void read_page(struct reader *reader, const struct html_token *token)
{
    struct html_style style;
    int32_t colour = 0;
    read_style(reader, token, &style);
    if (token->tag == TAG_BODY) {
        if (reader->has_body)
            return;
        reader->has_body = true;
        if (html_style_legacy_colour(html_token_value(token, ATTRIBUTE_LINK), &colour))
            reader->link_colour = colour;
    }
    html_stack_style_page(&reader->stack, &style);
}

static void read_start(struct reader *reader, const struct html_token *token)
{
    unsigned flags = html_tag_flags(token->tag);
    struct html_style style;
    reader->html->tag_count++;
    reader->html->handler_count += token->handler_count;
    if (token->tag == TAG_HTML || token->tag == TAG_BODY) {
        read_page(reader, token);
        return;
    }
    html_stack_imply(&reader->stack, token->tag);
    check_link(reader);
    break_lines(reader, token->tag);
    read_style(reader, token, &style);
    if ((flags & (TAG_VOID | TAG_RAW)) != 0) {
        struct html_look look =
            html_look_of(html_stack_look(&reader->stack), token->tag, &style,
                         reader->stack.is_quirky);
        if ((flags & TAG_VOID) != 0)
            read_void(reader, token, &style, &look);
        else
            read_raw(reader, token, &look);
        break_lines(reader, (flags & TAG_RAW) != 0 ? token->tag : TAG_UNKNOWN);
        return;
    }
    if (token->tag == TAG_HEAD)
        return;
    html_stack_push(&reader->stack, token->tag, token->text, &style);
    read_open(reader, token, html_stack_look(&reader->stack));
}

static void read_end(struct reader *reader, const struct html_token *token)
{
    break_lines(reader, token->tag);
    if ((html_tag_flags(token->tag) & TAG_VOID) != 0)
        return;
    html_stack_close(&reader->stack, token->tag, token->text);
    if (token->tag == reader->link.tag && token->tag != TAG_UNKNOWN)
        close_link(reader);
    else
        check_link(reader);
}

static void read_text(struct reader *reader, const struct html_token *token)
{
    bool is_pre = html_stack_has(&reader->stack, TAG_PRE) ||
                  html_stack_has(&reader->stack, TAG_LISTING);
    add_text(reader, html_stack_look(&reader->stack), token->text, true, is_pre);
}

static void read_token(struct reader *reader, const struct html_token *token)
{
    switch (token->kind) {
    case HTML_TEXT:
        read_text(reader, token);
        break;
    case HTML_START_TAG:
        read_start(reader, token);
        break;
    case HTML_END_TAG:
        read_end(reader, token);
        break;
    case HTML_COMMENT:
        if (!span_istarts(token->text, SPAN("doctype"))) {
            reader->html->comment_count++;
            reader->html->comment_bytes += token->text.len;
        }
        break;
    case HTML_TOKEN_UNKNOWN:
        break;
    }
}

/* Quirks mode, as far as it matters: whether anything that is no comment comes
 * before a doctype. */
static void read_all(struct reader *reader)
{
    struct html_token token;
    while (html_token_next(&reader->in, &token)) {
        reader->stack.is_quirky = !reader->in.has_doctype;
        read_token(reader, &token);
    }
    close_link(reader);
}

struct html *html_parse(struct arena *arena, struct span text, size_t max_text_bytes)
{
    struct html *html = arena_alloc(arena, sizeof *html);
    if (html == NULL)
        return NULL;
    html->title = html->base = SPAN("");
    struct reader reader;
    memset(&reader, 0, offsetof(struct reader, stack));
    reader.arena = arena;
    reader.html = html;
    reader.in.rest = text;
    reader.sheet.arena = arena;
    reader.link_colour = LINK_COLOUR;
    html_sink_init(&reader.visible, arena, max_text_bytes);
    html_sink_init(&reader.hidden, arena, max_text_bytes);
    buf_init(&reader.scratch, arena, BOUND_FIELD_BYTES);
    html_stack_init(&reader.stack, text.len);
    read_all(&reader);
    html->text = html_sink_span(&reader.visible);
    html->hidden = html_sink_span(&reader.hidden);
    html->is_truncated = reader.in.is_truncated;
    html->is_bounded |= reader.visible.buf.is_full || reader.hidden.buf.is_full ||
                        reader.in.is_bounded || reader.stack.is_bounded ||
                        reader.sheet.is_bounded;
    return html;
}
