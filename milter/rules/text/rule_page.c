/* SPDX-License-Identifier: BSD-2-Clause */
#include "rules/text/rule_page.h"

#include <string.h>

#include "base/bounds.h"
#include "base/buf.h"
#include "message/html_entity.h"

/* Attributes that can name a link, in one tag. */
enum attribute {
    HREF,
    SRC,
    ACTION,
    BACKGROUND,
    CONTENT,
    HTTP_EQUIV,
    SAFE_HREF,
    ATTRIBUTES
};

static const char *const attribute_names[ATTRIBUTES] = {"href",
                                                        "src",
                                                        "action",
                                                        "background",
                                                        "content",
                                                        "http-equiv",
                                                        "data-saferedirecturl"};

struct tag {
    struct span name;
    bool is_end;
    bool has[ATTRIBUTES];
    struct span values[ATTRIBUTES]; /* as written, without quotes */
};

struct reader {
    struct arena *arena;
    struct span in;
    size_t at;
    struct buf out;
    size_t piece;       /* where the last piece of text begins in out */
    bool has_piece;     /* there is one */
    bool is_space;      /* it came of a tag */
    bool has_no_closer; /* no "-->" is left: comments end at '>' */
    bool has_no_marks;  /* no "]]>" is left */
    unsigned unclosed;  /* 1 << number of a literal element: it has no end tag */
    struct span base;
    size_t resolved_bytes; /* of base, in links */
    struct rule_page *page;
    size_t link_room;
};

/* ---- text ---- */

/* White space that a tag stands for. */
static void add_space(struct reader *r, struct span space)
{
    if (r->has_piece && !r->is_space && r->out.len > r->piece &&
        r->out.at[r->out.len - 1] == ' ')
        r->out.len--;
    r->piece = r->out.len;
    r->has_piece = r->is_space = true;
    buf_add_span(&r->out, space);
}

/* Code points of numeric references to C1 controls are taken as they are. */
static size_t c1_reference(struct span s, char out[HTML_REFERENCE_BYTES],
                           size_t *out_len)
{
    unsigned code = 0;
    size_t i = 2;

    if (s.len < 5 || s.at[1] != '#')
        return 0;
    while (i < s.len && i < 5 && ascii_is_digit(s.at[i]))
        code = 10 * code + (unsigned)(s.at[i++] - '0');
    if (code < 0x80 || code > 0x9f || (i < s.len && ascii_is_digit(s.at[i])))
        return 0;
    *out_len = utf8_put(code, out);
    return i < s.len && s.at[i] == ';' ? i + 1 : i;
}

static size_t reference(struct span s, bool in_attribute,
                        char out[HTML_REFERENCE_BYTES], size_t *out_len)
{
    size_t taken = c1_reference(s, out, out_len);

    return taken > 0 ? taken : html_reference(s, in_attribute, out, out_len);
}

static void add_text(struct reader *r, struct span text)
{
    bool is_first = true, after_space = r->has_piece && r->is_space;

    r->piece = r->out.len;
    r->has_piece = true;
    r->is_space = false;
    for (size_t i = 0; i < text.len;) {
        char out[HTML_REFERENCE_BYTES];
        size_t len = 0, taken = 0;
        if (ascii_is_space(text.at[i])) {
            while (i < text.len && ascii_is_space(text.at[i]))
                i++;
            if (!is_first || !after_space)
                buf_add_char(&r->out, ' ');
            is_first = false;
            continue;
        }
        if (text.at[i] == '&')
            taken = reference(span_from(text, i), false, out, &len);
        if (taken > 0)
            buf_add(&r->out, out, len);
        else
            buf_add_char(&r->out, text.at[i]);
        i += taken > 0 ? taken : 1;
        is_first = false;
    }
}

/* ---- links ---- */

static struct span decode(struct reader *r, struct span written)
{
    struct buf out;

    buf_init(&out, r->arena, BOUND_LINK_BYTES);
    for (size_t i = 0; i < written.len;) {
        char chars[HTML_REFERENCE_BYTES];
        size_t len = 0, taken = 0;
        if (written.at[i] == '&')
            taken = reference(span_from(written, i), true, chars, &len);
        if (taken > 0)
            buf_add(&out, chars, len);
        else
            buf_add_char(&out, written.at[i]);
        i += taken > 0 ? taken : 1;
    }
    return span_trim(buf_span(&out));
}

static void keep_link(struct reader *r, struct span link)
{
    size_t room = r->link_room > 0 ? 2 * r->link_room : 32;

    if (link.len == 0 || r->page->link_count >= 2 * BOUND_HTML_LINKS)
        return;
    if (r->page->link_count == r->link_room) {
        struct span *links = arena_array(r->arena, room, sizeof *links);
        if (links == NULL)
            return;
        if (r->link_room > 0)
            memcpy(links, r->page->links, r->link_room * sizeof *links);
        r->page->links = links;
        r->link_room = room;
    }
    r->page->links[r->page->link_count++] = link;
}

static bool is_whole(struct span target)
{
    static const char *const schemes[] = {"data:", "mailto:", "file:", "cid:", "tel:"};

    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++)
        if (span_istarts(target, span_of(schemes[i])))
            return true;
    return false;
}

static void add_link(struct reader *r, struct span target)
{
    if (!is_whole(target) && r->resolved_bytes <= BOUND_RULE_RESOLVED_BYTES) {
        target = rule_page_resolve(r->arena, r->base, target);
        r->resolved_bytes += r->base.len;
    }
    keep_link(r, target);
}

static bool is_web_or_ftp(struct span target)
{
    return span_istarts(target, SPAN("http:")) ||
           span_istarts(target, SPAN("https:")) || span_istarts(target, SPAN("ftp:"));
}

/* <base href>: without the file name at its end, with '/' there. */
static void set_base(struct reader *r, struct span href)
{
    struct buf base;
    ptrdiff_t slash = span_rindex(href, '/'), dot = span_rindex(href, '.');

    add_link(r, href);
    if (!is_web_or_ftp(href))
        return;
    if (slash > 8 && dot > slash + 1 && href.len - (size_t)dot <= 5 &&
        href.len - (size_t)dot >= 3 && href.at[slash - 1] != '/')
        href.len = (size_t)slash + 1;
    buf_init(&base, r->arena, BOUND_LINK_BYTES + 1);
    buf_add_span(&base, href);
    if (href.len > 0 && href.at[href.len - 1] != '/')
        buf_add_char(&base, '/');
    r->base = buf_span(&base);
}

/* <meta http-equiv=refresh content="0; url=..."> */
static void add_refresh(struct reader *r, const struct tag *tag)
{
    struct span content = tag->values[CONTENT], rest;
    ptrdiff_t at;

    if (!tag->has[CONTENT] || !tag->has[HTTP_EQUIV] ||
        span_ifind(tag->values[HTTP_EQUIV], SPAN("refresh")) < 0)
        return;
    content = decode(r, content);
    at = span_ifind(content, SPAN("url"));
    if (at < 0)
        return;
    rest = span_trim(span_from(content, (size_t)at + 3));
    if (rest.len == 0 || rest.at[0] != '=')
        return;
    span_cut(span_from(rest, 1), ';', &rest, &content);
    add_link(r, span_trim(rest));
}

static bool is_one_of(struct span name, const char *const *list)
{
    for (; *list != NULL; list++)
        if (span_ieq(name, span_of(*list)))
            return true;
    return false;
}

static void add_links(struct reader *r, const struct tag *tag)
{
    static const char *const background[] = {"body", "table", "tr", "td", NULL};
    static const char *const href[] = {"a", "area", "link", NULL};
    static const char *const src[] = {"img",    "frame",   "iframe", "embed",
                                      "script", "bgsound", NULL};

    if (r->page->link_count >= 2 * BOUND_HTML_LINKS)
        return;
    if (is_one_of(tag->name, background) && tag->has[BACKGROUND])
        add_link(r, decode(r, tag->values[BACKGROUND]));
    else if (is_one_of(tag->name, href)) {
        if (tag->has[HREF])
            add_link(r, decode(r, tag->values[HREF]));
        if (tag->has[SAFE_HREF])
            add_link(r, decode(r, tag->values[SAFE_HREF]));
        if (tag->has[HREF] && span_ieq(tag->name, SPAN("a")))
            keep_link(r, decode(r, tag->values[HREF]));
    } else if (is_one_of(tag->name, src) && tag->has[SRC])
        add_link(r, decode(r, tag->values[SRC]));
    else if (span_ieq(tag->name, SPAN("form")) && tag->has[ACTION])
        add_link(r, decode(r, tag->values[ACTION]));
    else if (span_ieq(tag->name, SPAN("base")) && tag->has[HREF])
        set_base(r, decode(r, tag->values[HREF]));
    else if (span_ieq(tag->name, SPAN("meta")))
        add_refresh(r, tag);
}

/* ---- tags ---- */

static void skip_space(struct reader *r)
{
    while (r->at < r->in.len && ascii_is_space(r->in.at[r->at]))
        r->at++;
}

static bool is_at_end(const struct reader *r)
{
    return r->at >= r->in.len;
}

/* "x/href", as bad HTML has it, counts as href. */
static int attribute_of(struct span name)
{
    ptrdiff_t slash = span_rindex(name, '/');

    if (slash > 0)
        name = span_from(name, (size_t)slash + 1);
    for (int i = 0; i < ATTRIBUTES; i++)
        if (span_ieq(name, span_of(attribute_names[i])))
            return slash > 0 && i != HREF && i != SRC ? -1 : i;
    return -1;
}

/* What follows '=': quoted, or up to white space or '>'. */
static struct span read_value(struct reader *r)
{
    char quote = r->in.at[r->at];
    size_t start = r->at;
    const char *end;

    if (quote == '"' || quote == '\'') {
        start++;
        end = memchr(r->in.at + start, quote, r->in.len - start);
        if (end == NULL) {
            r->at = r->in.len;
            return SPAN("");
        }
        r->at = (size_t)(end - r->in.at) + 1;
        return (struct span){r->in.at + start, (size_t)(end - r->in.at) - start};
    }
    while (!is_at_end(r) && !ascii_is_space(r->in.at[r->at]) && r->in.at[r->at] != '>')
        r->at++;
    return (struct span){r->in.at + start, r->at - start};
}

static void read_attribute(struct reader *r, struct tag *tag)
{
    size_t start = r->at++;
    struct span name, value = SPAN("");
    int id;

    while (!is_at_end(r) && !ascii_is_space(r->in.at[r->at]) &&
           r->in.at[r->at] != '=' && r->in.at[r->at] != '>')
        r->at++;
    name = (struct span){r->in.at + start, r->at - start};
    skip_space(r);
    if (!is_at_end(r) && r->in.at[r->at] == '=') {
        r->at++;
        skip_space(r);
        if (!is_at_end(r) && r->in.at[r->at] != '>')
            value = read_value(r);
        skip_space(r);
    } else
        value = name; /* as HTML::Parser: an attribute without a value is its name */
    id = attribute_of(name);
    if (id < 0 || tag->has[id])
        return;
    tag->has[id] = true;
    tag->values[id] = value;
}

/* A tag that begins at r->at. Returns false when it has no end: then nothing of the
 * rest is shown. */
static bool read_tag(struct reader *r, struct tag *tag)
{
    size_t start;

    *tag = (struct tag){.is_end = r->in.at[r->at + 1] == '/'};
    r->at += tag->is_end ? 2 : 1;
    start = r->at;
    while (!is_at_end(r) && !ascii_is_space(r->in.at[r->at]) && r->in.at[r->at] != '>')
        r->at++;
    tag->name = (struct span){r->in.at + start, r->at - start};
    /* <br/> is <br>. */
    if (!tag->is_end && tag->name.len > 1 && tag->name.at[tag->name.len - 1] == '/')
        tag->name.len--;
    skip_space(r);
    while (!is_at_end(r) && r->in.at[r->at] != '>')
        read_attribute(r, tag);
    if (is_at_end(r))
        return false;
    r->at++;
    return true;
}

static void show_tag(struct reader *r, const struct tag *tag)
{
    static const char *const line[] = {"br", "div", NULL};
    static const char *const space[] = {"li", "th", "td", "dt", "dd", "embed", "h1",
                                        "h2", "h3", "h4", "h5", "h6", NULL};
    static const char *const paragraph[] = {
        "p", "hr", "blockquote", "pre", "listing", "plaintext", "xmp", "title", NULL};

    if (is_one_of(tag->name, line))
        add_space(r, SPAN("\n"));
    else if (is_one_of(tag->name, space))
        add_space(r, SPAN(" "));
    else if (is_one_of(tag->name, paragraph))
        add_space(r, SPAN("\n\n"));
    if (!tag->is_end)
        add_links(r, tag);
}

/* Where `</name` stands from r->at on; the end without. */
static size_t closing_of(const struct reader *r, struct span name)
{
    for (size_t i = r->at; i + name.len + 2 <= r->in.len; i++) {
        const char *found = memchr(r->in.at + i, '<', r->in.len - i);
        if (found == NULL)
            break;
        i = (size_t)(found - r->in.at);
        struct span rest = span_from(r->in, i);
        if (rest.len > name.len + 1 && rest.at[1] == '/' &&
            span_istarts(span_from(rest, 2), name))
            return i;
    }
    return r->in.len;
}

/* Content in which tags are no tags. What is never shown is passed over; a title that
 * has no end is read as usual. */
static void read_literal(struct reader *r, const struct tag *tag)
{
    static const char *const names[] = {"script", "style",    "title",
                                        "xmp",    "textarea", "iframe"};
    enum { HIDDEN = 2, NAMES = sizeof names / sizeof names[0] };
    size_t i = 0, end;

    while (i < NAMES && !span_ieq(tag->name, span_of(names[i])))
        i++;
    if (tag->is_end || i == NAMES || (r->unclosed & (1U << i)))
        return;
    end = closing_of(r, tag->name);
    if (end == r->in.len && i >= HIDDEN) {
        r->unclosed |= 1U << i;
        return;
    }
    if (i >= HIDDEN && end > r->at)
        add_text(r, (struct span){r->in.at + r->at, end - r->at});
    r->at = end;
}

/* ---- what is no text and no tag ---- */

/* After the "--" of a comment, white space and '>'; 0 if there is none. */
static size_t comment_end(const struct reader *r)
{
    for (size_t i = r->at + 4; i + 2 < r->in.len; i++) {
        if (r->in.at[i] != '-' || r->in.at[i + 1] != '-')
            continue;
        size_t k = i + 2;
        while (k < r->in.len && ascii_is_space(r->in.at[k]))
            k++;
        if (k < r->in.len && r->in.at[k] == '>')
            return k + 1;
    }
    return 0;
}

static void skip_to_bracket(struct reader *r)
{
    const char *end = memchr(r->in.at + r->at, '>', r->in.len - r->at);

    r->at = end != NULL ? (size_t)(end - r->in.at) + 1 : r->in.len;
}

/* <!-- -->, <!doctype>, <![CDATA[ ]]>, <? > */
static void read_declaration(struct reader *r)
{
    struct span rest = span_from(r->in, r->at);
    size_t end = 0;

    if (span_starts(rest, SPAN("<![CDATA[")) && !r->has_no_marks) {
        ptrdiff_t close = span_find(rest, SPAN("]]>"));
        if (close >= 9) {
            add_text(r, (struct span){rest.at + 9, (size_t)close - 9});
            r->at += (size_t)close + 3;
            return;
        }
        r->has_no_marks = true;
    }
    if (span_starts(rest, SPAN("<!--")) && !r->has_no_closer) {
        end = comment_end(r);
        r->has_no_closer = end == 0;
    }
    if (end > 0)
        r->at = end;
    else
        skip_to_bracket(r);
}

/* Text up to the next '<' that begins something. */
static void read_text(struct reader *r)
{
    size_t start = r->at, i = start;

    for (; i < r->in.len; i++) {
        const char *found = memchr(r->in.at + i, '<', r->in.len - i);
        i = found != NULL ? (size_t)(found - r->in.at) : r->in.len;
        char next = i + 1 < r->in.len ? r->in.at[i + 1] : '\0';
        if (ascii_is_alpha(next) || next == '/' || next == '!' || next == '?')
            break;
    }
    r->at = i < r->in.len ? i : r->in.len;
    if (r->at > start)
        add_text(r, (struct span){r->in.at + start, r->at - start});
}

static void read_markup(struct reader *r)
{
    struct tag tag;
    char next = r->at + 1 < r->in.len ? r->in.at[r->at + 1] : '\0';

    if (next == '!' || next == '?') {
        read_declaration(r);
        return;
    }
    if (next == '/' && r->at + 2 < r->in.len && ascii_is_space(r->in.at[r->at + 2])) {
        skip_to_bracket(r);
        return;
    }
    if (!read_tag(r, &tag))
        return;
    show_tag(r, &tag);
    read_literal(r, &tag);
}

/* `&nbsp;` as a space, typographic double quotes as plain ones. */
static struct span prepare(struct arena *arena, struct span html)
{
    char *out = arena_alloc(arena, html.len + 1);
    size_t len = 0;

    if (out == NULL)
        return SPAN("");
    for (size_t i = 0; i < html.len; i++) {
        struct span rest = span_from(html, i);
        char c = html.at[i];
        if (c == '&' && span_starts(rest, SPAN("&nbsp;"))) {
            out[len++] = ' ';
            i += 5;
        } else if (c == '\xe2' && (span_starts(rest, SPAN("\xe2\x80\x9c")) ||
                                   span_starts(rest, SPAN("\xe2\x80\x9d")))) {
            out[len++] = '"';
            i += 2;
        } else
            out[len++] = c;
    }
    return (struct span){out, len};
}

void rule_page_read(struct arena *arena, struct span html, struct rule_page *out)
{
    struct reader r = {.arena = arena, .page = out, .base = SPAN("")};

    *out = (struct rule_page){.text = SPAN("")};
    r.in = prepare(arena, html);
    buf_init(&r.out, arena, 2 * BOUND_TEXT_BYTES);
    while (!is_at_end(&r)) {
        read_text(&r);
        if (!is_at_end(&r))
            read_markup(&r);
    }
    out->text = buf_span(&r.out);
}

/* ---- RFC 3986 ---- */

struct parts {
    struct span scheme, authority, path, query, fragment;
    bool has_scheme, has_authority, has_query, has_fragment;
};

static size_t until(struct span s, const char *stops)
{
    size_t i = 0;

    while (i < s.len && (s.at[i] == '\0' || strchr(stops, s.at[i]) == NULL))
        i++;
    return i;
}

static struct parts take_apart(struct span s)
{
    struct parts p = {0};
    size_t n = until(s, ":/?#");

    if (n > 0 && n < s.len && s.at[n] == ':') {
        p.has_scheme = true;
        p.scheme = span_head(s, n);
        s = span_from(s, n + 1);
    }
    if (span_starts(s, SPAN("//"))) {
        p.has_authority = true;
        s = span_from(s, 2);
        p.authority = span_head(s, until(s, "/?#"));
        s = span_from(s, p.authority.len);
    }
    p.path = span_head(s, until(s, "?#"));
    s = span_from(s, p.path.len);
    if (s.len > 0 && s.at[0] == '?') {
        p.has_query = true;
        s = span_from(s, 1);
        p.query = span_head(s, until(s, "#"));
        s = span_from(s, p.query.len);
    }
    if (s.len > 0) {
        p.has_fragment = true;
        p.fragment = span_from(s, 1);
    }
    return p;
}

/* RFC 3986 5.2.4 */
static struct span without_dots(struct arena *arena, struct span in)
{
    char *out = arena_alloc(arena, in.len + 1);
    size_t len = 0;

    if (out == NULL)
        return SPAN("");
    if (span_starts(in, SPAN("./")))
        in = span_from(in, 1);
    else if (span_starts(in, SPAN("../")))
        in = span_from(in, 2);
    while (in.len > 0) {
        size_t n = in.at[0] == '/' ? 1 + until(span_from(in, 1), "/") : until(in, "/");
        struct span segment = span_head(in, n);
        bool is_last = n == in.len;
        in = span_from(in, n);
        if (span_eq(segment, SPAN("/.")) || span_eq(segment, SPAN("/.."))) {
            while (segment.len == 3 && len > 0 && out[--len] != '/')
                continue;
            if (is_last)
                out[len++] = '/';
            continue;
        }
        memcpy(out + len, segment.at, n);
        len += n;
    }
    return (struct span){out, len};
}

static struct span merged(struct arena *arena, const struct parts *base,
                          struct span path)
{
    struct buf out;
    ptrdiff_t slash = span_rindex(base->path, '/');

    buf_init(&out, arena, 2 * BOUND_LINK_BYTES);
    if (base->has_authority && base->path.len == 0)
        buf_add_char(&out, '/');
    else if (slash >= 0)
        buf_add_span(&out, span_head(base->path, (size_t)slash + 1));
    buf_add_span(&out, path);
    return buf_span(&out);
}

static void inherit(struct arena *arena, const struct parts *base, struct parts *p)
{
    if (!p->has_authority) {
        p->authority = base->authority;
        p->has_authority = base->has_authority;
        if (p->path.len == 0) {
            p->path = base->path;
            if (!p->has_query) {
                p->query = base->query;
                p->has_query = base->has_query;
            }
        } else {
            if (p->path.at[0] != '/')
                p->path = merged(arena, base, p->path);
            p->path = without_dots(arena, p->path);
        }
    } else
        p->path = without_dots(arena, p->path);
    p->scheme = base->scheme;
    p->has_scheme = base->has_scheme;
}

static bool is_host_prefix(struct span authority, struct span word)
{
    size_t i = word.len;

    if (!span_istarts(authority, word))
        return false;
    while (i < authority.len && ascii_is_digit(authority.at[i]))
        i++;
    return i < authority.len && authority.at[i] == '.';
}

static struct span put_together(struct arena *arena, const struct parts *p)
{
    struct buf out;

    buf_init(&out, arena, 3 * BOUND_LINK_BYTES);
    if (p->has_scheme && p->scheme.len > 0) {
        buf_add_span(&out, p->scheme);
        buf_add_char(&out, ':');
    } else if (p->has_authority && is_host_prefix(p->authority, SPAN("www")))
        buf_add_span(&out, SPAN("http:"));
    else if (p->has_authority && is_host_prefix(p->authority, SPAN("ftp")))
        buf_add_span(&out, SPAN("ftp:"));
    if (p->has_authority) {
        buf_add_span(&out, SPAN("//"));
        buf_add_span(&out, p->authority);
    }
    buf_add_span(&out, p->path);
    if (p->has_query) {
        buf_add_char(&out, '?');
        buf_add_span(&out, p->query);
    }
    if (p->has_fragment) {
        buf_add_char(&out, '#');
        buf_add_span(&out, p->fragment);
    }
    return buf_span(&out);
}

struct span rule_page_resolve(struct arena *arena, struct span base, struct span target)
{
    struct parts from = take_apart(base), p = take_apart(target);

    if (p.has_scheme && from.has_scheme && span_eq(p.scheme, from.scheme))
        p.has_scheme = false;
    if (p.has_scheme)
        p.path = without_dots(arena, p.path);
    else
        inherit(arena, &from, &p);
    return put_together(arena, &p);
}
