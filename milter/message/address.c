/* SPDX-License-Identifier: BSD-2-Clause */
#include "message/address.h"

#include <string.h>

#include "base/bounds.h"
#include "base/buf.h"
#include "base/idn.h"

/* ---- the pieces of address-list (RFC 5322 3.4) ---- */

/* One element between commas, while it is read. */
struct element {
    struct buf words;    /* outside of <> and comments, quotes opened */
    struct buf source;   /* the same with its quotes */
    struct span angle;   /* inside of the last <>: an encoded word may have brought
                            others along, and they are no addresses */
    struct span comment; /* the last one */
    bool has_angle, is_quoted;
    bool has_at; /* outside of quotes, comments and <> */
    size_t at;   /* where the last such '@' stands in source */
};

struct reader {
    struct arena *arena;
    struct span in;
    size_t at;
    /* No closing mark of the sort is left: the opening one is a plain character then.
     * Asked once, so that reading stays linear. */
    bool no_quote, no_comment, no_angle;
    struct mailbox *boxes;
    size_t count, room;
    struct span pending; /* a name that a comma cut off: "Doe, John <j@example.com>" */
};

/* After the quoted-string at in[at], which is '"'; 0 when it has no end. */
static size_t quoted_end(struct span in, size_t at)
{
    for (size_t i = at + 1; i < in.len; i++) {
        if (in.at[i] == '\\')
            i++;
        else if (in.at[i] == '"')
            return i + 1;
    }
    return 0;
}

/* After the comment at in[at], which is '(' (they nest); 0 when it has no end. */
static size_t comment_end(struct span in, size_t at)
{
    size_t depth = 0;
    for (size_t i = at; i < in.len; i++) {
        if (in.at[i] == '\\')
            i++;
        else if (in.at[i] == '(')
            depth++;
        else if (in.at[i] == ')' && --depth == 0)
            return i + 1;
    }
    return 0;
}

/* After the angle-addr at in[at], which is '<'. Without '>' it ends at the comma. */
static size_t angle_end(struct reader *r, size_t at)
{
    size_t comma = 0;
    for (size_t i = at + 1; i < r->in.len; i++) {
        char c = r->in.at[i];
        size_t end = c == '"' && !r->no_quote ? quoted_end(r->in, i) : 0;
        if (c == '"' && end == 0)
            r->no_quote = true;
        if (end > 0)
            i = end - 1;
        else if (c == '>')
            return i + 1;
        else if (c == '<' && comma > 0)
            return comma; /* the next one's: this one lost its '>' */
        else if ((c == ',' || c == ';') && comma == 0) {
            comma = i;
            if (r->no_angle)
                return comma;
        }
    }
    r->no_angle = true;
    return comma > 0 ? comma : r->in.len;
}

/* s without quotes and the '\' of pairs. */
static struct span unquoted(struct arena *arena, struct span s)
{
    if (span_index(s, '"') < 0 && span_index(s, '\\') < 0)
        return s;
    char *out = arena_alloc(arena, s.len);
    size_t len = 0;
    if (out == NULL)
        return SPAN("");
    for (size_t i = 0; i < s.len; i++) {
        if (s.at[i] == '"')
            continue;
        if (s.at[i] == '\\' && i + 1 < s.len)
            i++;
        out[len++] = s.at[i];
    }
    return (struct span){out, len};
}

/* s without comments and without white space around '@' and '.' (obs-route,
 * obs-domain), or at all when it is an addr-spec. */
static struct span squeezed(struct arena *arena, struct span s)
{
    bool is_clean = span_index(s, '(') < 0;
    for (size_t i = 0; i < s.len && is_clean; i++)
        is_clean = !ascii_is_space(s.at[i]);
    if (is_clean)
        return s;
    char *out = arena_alloc(arena, s.len);
    size_t len = 0;
    bool no_quote = false; /* none closes after here: asked once, as in a reader */
    bool no_comment = false;
    for (size_t i = 0; i < s.len && out != NULL;) {
        size_t end = 0;
        if (s.at[i] == '"' && !no_quote) {
            end = quoted_end(s, i);
            no_quote = end == 0;
        }
        if (end > 0) {
            memcpy(out + len, s.at + i, end - i);
            len += end - i;
            i = end;
            continue;
        }
        if (s.at[i] == '(' && !no_comment) {
            end = comment_end(s, i);
            no_comment = end == 0;
        }
        if (end == 0 && !ascii_is_space(s.at[i]))
            out[len++] = s.at[i];
        i = end > 0 ? end : i + 1;
    }
    return (struct span){out != NULL ? out : "", len};
}

/* Production obs-route (RFC 5322 4.4), A-d-l (RFC 5321 4.1.2): "@a,@b:" is dropped. */
static struct span without_route(struct span s)
{
    ptrdiff_t colon = span_starts(s, SPAN("@")) ? span_index(s, ':') : -1;
    return colon < 0 ? s : span_from(s, (size_t)colon + 1);
}

/* ---- is it sound ---- */

static bool is_atext(char c)
{
    return ascii_is_alnum(c) || (unsigned char)c >= 0x80 ||
           (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

/* Production dot-atom-text, with RFC 6532's characters. */
static bool is_dot_atom(struct span s)
{
    bool was_dot = true;
    for (size_t i = 0; i < s.len; i++) {
        bool is_dot = s.at[i] == '.';
        if ((is_dot && was_dot) || (!is_dot && !is_atext(s.at[i])))
            return false;
        was_dot = is_dot;
    }
    return !was_dot;
}

static bool is_label(struct span s)
{
    if (s.len == 0 || s.len > 63 || s.at[0] == '-' || s.at[s.len - 1] == '-')
        return false;
    for (size_t i = 0; i < s.len; i++)
        if (!ascii_is_alnum(s.at[i]) && s.at[i] != '-' && s.at[i] != '_' &&
            (unsigned char)s.at[i] < 0x80)
            return false;
    return true;
}

/* Two labels or more, or a literal in []. */
static bool is_domain(struct span s)
{
    size_t labels = 0;
    struct span label;
    if (s.len > 255)
        return false;
    if (s.len > 2 && s.at[0] == '[' && s.at[s.len - 1] == ']')
        return span_index(s, ' ') < 0;
    for (bool is_more = true; is_more; labels++) {
        is_more = span_cut(s, '.', &label, &s);
        if (!is_label(label))
            return false;
    }
    return labels >= 2;
}

static bool is_sound(struct span address)
{
    ptrdiff_t at = span_rindex(address, '@');
    if (at <= 0 || at > 64 || !utf8_is_valid(address))
        return false;
    struct span local = span_head(address, (size_t)at);
    bool is_quoted = local.at[0] == '"' && quoted_end(local, 0) == local.len;
    return (is_quoted || is_dot_atom(local)) &&
           is_domain(span_from(address, (size_t)at + 1));
}

/* ---- the list ---- */

static struct mailbox *add_box(struct reader *r)
{
    if (r->count == r->room) {
        size_t room = r->room > 0 ? r->room * 4 : 4;
        struct mailbox *boxes = arena_array(r->arena, room, sizeof *boxes);
        if (boxes == NULL)
            return NULL;
        if (r->count > 0)
            memcpy(boxes, r->boxes, r->count * sizeof *boxes);
        r->boxes = boxes;
        r->room = room;
    }
    return &r->boxes[r->count++];
}

static void set_address(struct reader *r, struct mailbox *box, struct span address)
{
    ptrdiff_t at = span_rindex(address, '@');
    box->address = address;
    box->local = at < 0 ? address : span_head(address, (size_t)at);
    box->local = unquoted(r->arena, box->local);
    box->domain =
        at < 0 ? SPAN("") : span_lower(r->arena, span_from(address, (size_t)at + 1));
    box->is_sound = is_sound(address);
}

/* Where the addr-spec starts in an element without <>: at a quoted local part, or
 * at the last word with an '@'. */
static size_t bare_start(struct span source, size_t at)
{
    if (source.at[0] == '"' && quoted_end(source, 0) == at)
        return 0;
    while (at > 0 && !ascii_is_space(source.at[at - 1]))
        at--;
    return at;
}

/* "a@b", "a @ b", "a@b (Name)", "Name a@b". */
static void set_bare(struct reader *r, struct element *e, struct mailbox *box)
{
    struct span source = buf_span(&e->source);
    struct span left = span_trim(span_head(source, e->at));
    struct span right = span_trim(span_from(source, e->at + 1));
    size_t start = bare_start(left, left.len);
    size_t len = 0;
    while (len < right.len && !ascii_is_space(right.at[len]))
        len++;
    struct buf out;
    buf_init(&out, r->arena, source.len);
    buf_add_span(&out, span_from(left, start));
    buf_add(&out, "@", 1);
    buf_add_span(&out, span_head(right, len));
    set_address(r, box, without_route(buf_span(&out)));
    struct span name = span_trim(span_head(left, start));
    box->display = name.len > 0 ? unquoted(r->arena, name) : e->comment;
}

/* A name without an address; one word is a mailbox of this host, as "root". */
static void set_name(struct reader *r, struct span words, struct span comment,
                     struct mailbox *box)
{
    bool is_word = is_dot_atom(words) || is_sound(words); /* quoted as a whole */
    box->display = is_word ? comment : words;
    if (is_word)
        set_address(r, box, words);
}

static struct span joined_name(struct reader *r, struct span first, struct span second)
{
    struct buf out;
    buf_init(&out, r->arena, first.len + second.len + 2);
    buf_add_span(&out, first);
    buf_add(&out, ", ", 2);
    buf_add_span(&out, second);
    return buf_span(&out);
}

/* The name that waited for an address did not get one. */
static void give_pending(struct reader *r)
{
    struct mailbox *box = r->pending.len > 0 ? add_box(r) : NULL;
    if (box != NULL)
        set_name(r, r->pending, SPAN(""), box);
    r->pending = SPAN("");
}

static void end_element(struct reader *r, struct element *e)
{
    struct span words = span_trim(buf_span(&e->words));
    if (words.len == 0 && !e->has_angle)
        return;
    if (!e->has_angle && !e->has_at && !e->is_quoted && e->comment.len == 0) {
        give_pending(r);
        r->pending = words;
        return;
    }
    if (!e->has_angle || e->is_quoted || words.len == 0)
        give_pending(r);
    struct mailbox *box = add_box(r);
    if (box == NULL)
        return;
    if (e->has_angle) {
        box->display = words.len > 0 ? words : e->comment;
        if (r->pending.len > 0)
            box->display = joined_name(r, r->pending, words);
        r->pending = SPAN("");
        set_address(r, box, without_route(squeezed(r->arena, span_trim(e->angle))));
    } else if (e->has_at) {
        set_bare(r, e, box);
    } else {
        set_name(r, words, e->comment, box);
    }
}

static void new_element(struct reader *r, struct element *e)
{
    *e = (struct element){.has_angle = false};
    buf_init(&e->words, r->arena, r->in.len);
    buf_init(&e->source, r->arena, r->in.len);
}

/* A quoted-string, comment or angle-addr at r->at; false when it has no end and its
 * first character is to be read as it stands. */
static bool read_marked(struct reader *r, struct element *e, char mark)
{
    bool *is_hopeless = mark == '"' ? &r->no_quote : &r->no_comment;
    size_t end = 0;
    if (mark == '<')
        end = angle_end(r, r->at);
    else if (!*is_hopeless)
        end = mark == '"' ? quoted_end(r->in, r->at) : comment_end(r->in, r->at);
    if (end == 0) {
        *is_hopeless = true;
        return false;
    }
    struct span all = span_head(span_from(r->in, r->at), end - r->at);
    bool is_closed = mark != '<' || all.at[all.len - 1] == '>';
    struct span inner = span_head(span_from(all, 1), all.len - 1 - is_closed);
    r->at = end;
    if (mark == '<') {
        e->angle = inner;
        e->has_angle = true;
    } else if (mark == '(') {
        e->comment = span_trim(unquoted(r->arena, inner));
    } else {
        buf_add_span(&e->words, unquoted(r->arena, inner));
        buf_add_span(&e->source, all);
        e->is_quoted = true;
    }
    return true;
}

static bool is_plain(char c)
{
    return c != '"' && c != '(' && c != '<' && c != ',' && c != ';' && c != ':';
}

static void read_plain(struct reader *r, struct element *e)
{
    size_t end = r->at + 1;
    while (end < r->in.len && is_plain(r->in.at[end]))
        end++;
    struct span run = span_head(span_from(r->in, r->at), end - r->at);
    ptrdiff_t at = span_rindex(run, '@');
    if (at >= 0) {
        e->has_at = true;
        e->at = e->source.len + (size_t)at;
    }
    buf_add_span(&e->words, run);
    buf_add_span(&e->source, run);
    r->at = end;
}

struct mailbox *address_list(struct arena *arena, struct span value, size_t *count)
{
    struct reader r = {.arena = arena, .in = value};
    struct element e;
    new_element(&r, &e);
    while (r.at < r.in.len && r.count < BOUND_ADDRESSES) {
        char c = r.in.at[r.at];

        if (c == ',' || c == ';' || (c == ':' && !e.has_at && !e.has_angle)) {
            if (c != ':') /* else a group's name */
                end_element(&r, &e);
            new_element(&r, &e);
            r.at++;
        } else if ((c != '"' && c != '(' && c != '<') || !read_marked(&r, &e, c)) {
            read_plain(&r, &e);
        }
    }
    end_element(&r, &e);
    give_pending(&r);
    *count = r.count < BOUND_ADDRESSES ? r.count : BOUND_ADDRESSES;
    return r.count > 0 ? r.boxes : NULL;
}

/* ---- paths ---- */

struct span address_path(struct span argument)
{
    struct span path = span_trim(argument);
    if (span_starts(path, SPAN("<"))) {
        path = span_from(path, 1);
        ptrdiff_t end = span_rindex(path, '>');
        path = end < 0 ? path : span_head(path, (size_t)end);
    }
    return span_trim(without_route(path));
}

struct span address_domain(struct span address)
{
    ptrdiff_t at = span_rindex(address, '@');
    return at < 0 ? SPAN("") : span_from(address, (size_t)at + 1);
}

static struct span normal_domain(struct arena *arena, struct span domain)
{
    if (domain.len > 1 && domain.at[domain.len - 1] == '.')
        domain.len--;
    return idn_to_ascii(arena, domain);
}

struct span address_normalise(struct arena *arena, struct span address,
                              bool strip_detail)
{
    struct buf out;
    ptrdiff_t at = span_rindex(address, '@');
    struct span local = at < 0 ? address : span_head(address, (size_t)at);
    struct span bare = unquoted(arena, local);
    bool needs_quotes = !is_dot_atom(bare) && span_starts(local, SPAN("\""));
    ptrdiff_t plus = strip_detail ? span_index(bare, '+') : -1;
    if (plus > 0)
        bare = span_head(bare, (size_t)plus);
    buf_init(&out, arena, 2 * address.len + 1024);
    if (needs_quotes)
        buf_add(&out, "\"", 1);
    buf_add_span(&out, span_lower(arena, bare));
    if (needs_quotes)
        buf_add(&out, "\"", 1);
    if (at >= 0) {
        buf_add(&out, "@", 1);
        buf_add_span(&out, normal_domain(arena, span_from(address, (size_t)at + 1)));
    }
    return buf_span(&out);
}
