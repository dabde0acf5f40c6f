/* SPDX-License-Identifier: BSD-2-Clause */
#include "message/message.h"

#include <string.h>

#include "base/bounds.h"
#include "message/mime_internal.h"

struct message *message_new(struct arena *arena, uint64_t scan_bytes)
{
    struct message *msg = arena_alloc(arena, sizeof *msg);
    if (msg == NULL)
        return NULL;
    msg->iconv_opens = arena_alloc(arena, sizeof *msg->iconv_opens);
    if (msg->iconv_opens == NULL)
        return NULL;
    msg->arena = arena;
    msg->scan_bytes = scan_bytes;
    buf_init(&msg->body_buf, arena, scan_bytes < SIZE_MAX ? scan_bytes : SIZE_MAX);
    return msg;
}

/* ---- header ---- */

/* Bytes of a field on the wire, where every line end has two. */
static size_t wire_bytes(struct span name, struct span value)
{
    size_t bytes = name.len + 1 + value.len + 2;
    for (size_t i = 0; i < value.len; i++) {
        const char *lf = memchr(value.at + i, '\n', value.len - i);
        if (lf == NULL)
            break;
        i = (size_t)(lf - value.at);
        bytes += i == 0 || value.at[i - 1] != '\r';
    }
    return bytes;
}

static bool field_room(struct message *msg)
{
    if (msg->field_count < msg->field_room)
        return true;
    size_t room = msg->field_room > 0 ? msg->field_room * 2 : 32;
    struct header_field *fields = arena_array(msg->arena, room, sizeof *fields);
    if (fields == NULL)
        return false;
    if (msg->field_count > 0)
        memcpy(fields, msg->fields, msg->field_count * sizeof *fields);
    msg->fields = fields;
    msg->field_room = room;
    return true;
}

void message_add_field(struct message *msg, struct span name, struct span value)
{
    msg->header_bytes += wire_bytes(name, value);
    if (msg->field_count >= BOUND_FIELDS)
        msg->bounds |= BOUND_BIT_FIELDS;
    else if (msg->header_bytes > BOUND_HEADER_BYTES)
        msg->bounds |= BOUND_BIT_HEADER_BYTES;
    else if (field_room(msg)) {
        struct mime_state state = {.arena = msg->arena,
                                   .iconv_opens = *msg->iconv_opens};
        size_t kept =
            value.len <= BOUND_FIELD_BYTES ? value.len : BOUND_FIELD_BYTES + 1;
        name = span_dup(msg->arena, name);
        value = span_dup(msg->arena, span_head(value, kept));
        mime_field_make(&state, name, value, &msg->fields[msg->field_count++]);
        *msg->iconv_opens = state.iconv_opens;
        msg->defects |= state.defects;
        msg->bounds |= state.bounds;
    }
}

void message_add_body(struct message *msg, const void *bytes, size_t len)
{
    msg->body_bytes += len;
    if (!msg->body_buf.is_full)
        buf_add(&msg->body_buf, bytes, len);
}

/* Production fields, of which RFC 5322 3.6 allows one each. */
static bool is_single(struct span name)
{
    static const char *const once[] = {
        "Date", "From",       "Sender",      "Reply-To",   "To",      "Cc",
        "Bcc",  "Message-ID", "In-Reply-To", "References", "Subject",
    };
    for (size_t i = 0; i < sizeof once / sizeof *once; i++)
        if (span_ieq(name, span_of(once[i])))
            return true;
    return false;
}

static void note_duplicates(struct message *msg)
{
    for (size_t i = 1; i < msg->field_count; i++) {
        struct span name = msg->fields[i].name;
        if (!is_single(name))
            continue;
        for (size_t k = 0; k < i; k++)
            if (span_ieq(msg->fields[k].name, name)) {
                msg->defects |= DEFECT_DUPLICATE_FIELD;
                return;
            }
    }
}

/* ---- what is shown ---- */

/* Which parts a reader sees. Each answer stands at its part's index. */
struct view {
    bool can_show[BOUND_PARTS]; /* there is something to show in it */
    bool is_shown[BOUND_PARTS];
    int chosen[BOUND_PARTS]; /* of an alternative or related: the child shown, or -1 */
};

static bool is_subtype(const struct part *part, const char *type, const char *subtype)
{
    return span_eq(part->type, span_of(type)) &&
           span_eq(part->subtype, span_of(subtype));
}

/* A leaf that a mail reader renders in the text. Calendars, cards and AMP are text/
 * too, but shown elsewhere or not at all. */
static bool can_show_leaf(const struct part *part)
{
    static const char *const unseen[] = {"calendar",   "vcard", "x-vcard",
                                         "x-amp-html", "css",   "directory"};
    if (part->is_multipart || part->is_attachment || !span_eq(part->type, SPAN("text")))
        return false;
    for (size_t i = 0; i < sizeof unseen / sizeof *unseen; i++)
        if (span_eq(part->subtype, span_of(unseen[i])))
            return false;
    return true;
}

/* The value of a part's field, decoded or raw. */
static struct span part_field(const struct part *part, const char *name, bool is_raw)
{
    for (size_t i = 0; i < part->field_count; i++)
        if (span_ieq(part->fields[i].name, span_of(name)))
            return is_raw ? part->fields[i].raw : part->fields[i].value;
    return SPAN("");
}

/* Children stand after their parents: from the end, each tells its parent. */
static void find_showable(struct message *msg, struct view *view)
{
    for (size_t i = 0; i < msg->part_count; i++)
        view->chosen[i] = -1;
    for (size_t i = msg->part_count; i-- > 0;) {
        const struct part *part = &msg->parts[i];
        view->can_show[i] |= can_show_leaf(part);
        if (part->disposition == DISPOSITION_ATTACHMENT && part->parent >= 0)
            view->can_show[i] = false;
        if (part->parent < 0 || !view->can_show[i])
            continue;
        const struct part *parent = &msg->parts[part->parent];
        int *chosen = &view->chosen[part->parent];
        view->can_show[part->parent] = true;
        if (is_subtype(parent, "multipart", "alternative") && *chosen < 0)
            *chosen = (int)i; /* the last */
        if (is_subtype(parent, "multipart", "related"))
            *chosen = (int)i; /* the first */
    }
}

/* RFC 2387: start names the root by its Content-ID; it need not be the first. */
static void find_roots(struct message *msg, struct view *view)
{
    struct mime_state state = {.arena = msg->arena, .iconv_opens = *msg->iconv_opens};
    for (size_t i = 0; i < msg->part_count; i++) {
        if (view->chosen[i] < 0 || !is_subtype(&msg->parts[i], "multipart", "related"))
            continue;
        struct span type = part_field(&msg->parts[i], "Content-Type", true);
        struct span start = mime_parameter_decode(&state, type, "start");
        for (size_t k = i + 1; k < msg->part_count && start.len > 0; k++)
            if (msg->parts[k].parent == (int)i && view->can_show[k] &&
                span_eq(part_field(&msg->parts[k], "Content-ID", false), start))
                view->chosen[i] = (int)k;
    }
    *msg->iconv_opens = state.iconv_opens; /* defects: noted by the walk */
}

static void find_shown(struct message *msg, struct view *view)
{
    find_showable(msg, view);
    find_roots(msg, view);
    for (size_t i = 0; i < msg->part_count; i++) {
        int parent = msg->parts[i].parent;
        bool is_passed =
            parent >= 0 && view->chosen[parent] >= 0 && view->chosen[parent] != (int)i;
        view->is_shown[i] =
            view->can_show[i] && !is_passed && (parent < 0 || view->is_shown[parent]);
    }
}

static struct span shown_text(const struct part *part)
{
    return part->html != NULL ? part->html->text : part->text;
}

/* s without its last character, which a bound may have cut in two. */
static struct span without_last(struct span s)
{
    while (s.len > 0 && ((unsigned char)s.at[s.len - 1] & 0xc0) == 0x80)
        s.len--;
    if (s.len > 0)
        s.len--;
    return s;
}

static void join_text(struct message *msg, const struct view *view)
{
    struct buf text;
    size_t shown = 0;
    buf_init(&text, msg->arena, BOUND_RENDERED_BYTES);
    for (size_t i = 0; i < msg->part_count; i++)
        if (view->is_shown[i] && !msg->parts[i].is_multipart) {
            shown++;
            buf_add_span(&text, shown_text(&msg->parts[i]));
            buf_add_char(&text, '\n');
        }
    msg->text = buf_span(&text);
    if (!text.is_full)
        return;
    msg->bounds |= BOUND_BIT_TEXT;
    msg->text = without_last(msg->text);
}

/* ---- links and images ---- */

static void parse_html(struct message *msg)
{
    for (size_t i = 0; i < msg->part_count; i++) {
        struct part *part = &msg->parts[i];
        if (!is_subtype(part, "text", "html"))
            continue;
        part->html = html_parse(msg->arena, part->text, BOUND_RENDERED_BYTES);
        if (part->html == NULL)
            return;
        if (part->html->is_bounded)
            msg->bounds |= BOUND_BIT_LINKS;
    }
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static void gather_html(struct message *msg)
{
    size_t links = 0;
    size_t images = 0;
    for (size_t i = 0; i < msg->part_count; i++) {
        const struct html *html = msg->parts[i].html;
        links += html != NULL ? html->link_count : 0;
        images += html != NULL ? html->image_count : 0;
    }
    if (links > BOUND_HTML_LINKS || images > BOUND_HTML_IMAGES)
        msg->bounds |= BOUND_BIT_LINKS;
    links = least(links, BOUND_HTML_LINKS);
    images = least(images, BOUND_HTML_IMAGES);
    msg->links = arena_array(msg->arena, links, sizeof *msg->links);
    msg->images = arena_array(msg->arena, images, sizeof *msg->images);
    for (size_t i = 0; i < msg->part_count; i++) {
        const struct html *html = msg->parts[i].html;
        if (html == NULL || msg->links == NULL || msg->images == NULL)
            continue;
        size_t more = least(html->link_count, links - msg->link_count);
        if (more > 0)
            memcpy(msg->links + msg->link_count, html->links,
                   more * sizeof(struct link));
        msg->link_count += more;
        more = least(html->image_count, images - msg->image_count);
        if (more > 0)
            memcpy(msg->images + msg->image_count, html->images,
                   more * sizeof(struct image));
        msg->image_count += more;
    }
}

enum { LINK_SLOTS = 4096 }; /* twice BOUND_HTML_LINKS, a power of two */

/* Link targets seen, by hash with open addressing; a slot holds an index + 1. */
struct link_set {
    uint16_t slots[LINK_SLOTS];
};

/* The slot that target has, or would take, by its hash. */
static uint16_t *link_slot(struct link_set *set, const struct link *links,
                           struct span target)
{
    uint32_t hash = span_hash(SPAN_HASH_SEED, target);
    size_t slot = hash % LINK_SLOTS;
    while (set->slots[slot] != 0 &&
           !span_eq(links[set->slots[slot] - 1].target, target))
        slot = (slot + 1) % LINK_SLOTS;
    return &set->slots[slot];
}

/* Adds the URLs of one text, but for targets that are there. msg->links has room for
 * them, or for BOUND_HTML_LINKS. */
static void add_hits(struct message *msg, struct link_set *set, struct span text,
                     const struct url_hit *hits, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct span target = span_head(span_from(text, hits[i].at), hits[i].len);
        uint16_t *slot = link_slot(set, msg->links, target);
        if (*slot != 0)
            continue;
        if (msg->link_count == BOUND_HTML_LINKS) {
            msg->bounds |= BOUND_BIT_LINKS;
            return;
        }
        msg->links[msg->link_count++] =
            (struct link){.origin = LINK_TEXT, .target = target, .text = target};
        *slot = (uint16_t)msg->link_count;
    }
}

/* Room for more links of text after those that are there. */
static bool more_links(struct message *msg, size_t *room, size_t more)
{
    size_t want = least(msg->link_count + more, BOUND_HTML_LINKS);
    if (want <= *room)
        return true;
    want = least(want > 2 * *room ? want : 2 * *room, BOUND_HTML_LINKS);
    struct link *links = arena_array(msg->arena, want, sizeof *links);
    if (links == NULL)
        return false;
    if (msg->link_count > 0)
        memcpy(links, msg->links, msg->link_count * sizeof *links);
    msg->links = links;
    *room = want;
    return true;
}

static void remember_links(const struct message *msg, struct link_set *set)
{
    for (size_t i = 0; i < msg->link_count; i++) {
        uint16_t *slot = link_slot(set, msg->links, msg->links[i].target);
        if (*slot == 0)
            *slot = (uint16_t)(i + 1);
    }
}

/* Text that is shown, or would be by a reader that prefers it to the HTML. */
static bool is_beside(const struct message *msg, const struct view *view, size_t i)
{
    const struct part *part = &msg->parts[i];
    return view->can_show[i] && !part->is_multipart && part->html == NULL &&
           (part->parent < 0 || view->is_shown[part->parent]);
}

static void gather_text(struct message *msg, const struct view *view)
{
    struct url_hit hits[BOUND_HTML_LINKS];
    struct link_set set = {0};
    size_t room = msg->link_count;
    bool is_open = false;
    for (size_t i = 0; i < msg->part_count; i++) {
        if (!is_beside(msg, view, i))
            continue;
        struct span text = msg->parts[i].text;
        size_t count = url_find(text, hits, BOUND_HTML_LINKS);
        if (count == BOUND_HTML_LINKS)
            msg->bounds |= BOUND_BIT_LINKS;
        if (count == 0)
            continue;
        if (!more_links(msg, &room, count))
            return;
        if (!is_open)
            remember_links(msg, &set);
        is_open = true;
        add_hits(msg, &set, text, hits, count);
    }
}

/* ---- the whole ---- */

struct span message_body(const struct message *msg)
{
    return buf_span(&msg->body_buf);
}

void message_finish(struct message *msg)
{
    struct view view = {0};
    msg->body = message_body(msg);
    msg->size_bytes = msg->header_bytes + msg->body_bytes;
    if (msg->body_bytes > msg->scan_bytes)
        msg->bounds |= BOUND_BIT_BODY_BYTES;
    note_duplicates(msg);
    mime_walk(msg);
    if (msg->part_count > 0) {
        parse_html(msg);
        find_shown(msg, &view);
        join_text(msg, &view);
        gather_html(msg);
        gather_text(msg, &view);
    }
    if (arena_is_capped(msg->arena))
        msg->bounds |= BOUND_BIT_ARENA;
}

/* Where the header starts: after empty lines and an mbox "From " line. */
static size_t skip_envelope(struct span bytes)
{
    size_t at = 0;
    while (at < bytes.len && (bytes.at[at] == '\n' || bytes.at[at] == '\r'))
        at++;
    struct span rest = span_from(bytes, at);
    if (!span_starts(rest, SPAN("From ")) && !span_starts(rest, SPAN(">From ")))
        return at;
    ptrdiff_t end = span_index(rest, '\n');
    return end < 0 ? bytes.len : at + (size_t)end + 1;
}

void message_read(struct message *msg, struct span bytes)
{
    size_t start = skip_envelope(bytes);
    size_t at = start;
    size_t header_end = start;
    struct span name;
    struct span body;
    enum mime_head head;
    while ((head = mime_head_next(bytes, &at, &name, &body)) != HEAD_END) {
        if (head == HEAD_FIELD) {
            message_add_field(msg, name, body);
            header_end = at;
            continue;
        }
        msg->defects |= DEFECT_HEADER_LINE;
        if (header_end == start || !mime_head_pass_junk(bytes, &at))
            break;
    }
    msg->header_bytes = header_end - start;
    bytes = span_from(bytes, at);
    message_add_body(msg, bytes.at, bytes.len);
    message_finish(msg);
}
