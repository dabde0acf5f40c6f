/* SPDX-License-Identifier: BSD-2-Clause */
#include "rules/text/rule_header.h"

#include <string.h>

#include "base/bounds.h"
#include "base/buf.h"
#include "base/netaddr.h"
#include "message/address.h"
#include "message/mime.h"
#include "message/url.h"

static const struct {
    const char *word;
    unsigned bits;
} modifiers[] = {
    {"raw", HEADER_RAW},
    {"addr", HEADER_ADDR},
    {"name", HEADER_NAME},
    {"host", HEADER_HOST},
    {"domain", HEADER_HOST | HEADER_DOMAIN},
    {"first", HEADER_FIRST},
    {"last", HEADER_LAST},
    {"ip", HEADER_IP},
    {"revip", HEADER_IP | HEADER_REVERSED},
};

/* Pseudo headers that are told from Received: fields. */
static const struct {
    const char *name;
    enum header_kind kind;
    enum relay_side side;
} sides[] = {
    {"X-Spam-Relays-Untrusted", HEADER_RELAYS, RELAY_UNTRUSTED},
    {"X-Spam-Relays-Trusted", HEADER_RELAYS, RELAY_TRUSTED},
    {"X-Spam-Relays-External", HEADER_RELAYS, RELAY_EXTERNAL},
    {"X-Spam-Relays-Internal", HEADER_RELAYS, RELAY_INTERNAL},
    {"ALL-UNTRUSTED", HEADER_SIDE, RELAY_UNTRUSTED},
    {"ALL-TRUSTED", HEADER_SIDE, RELAY_TRUSTED},
    {"ALL-EXTERNAL", HEADER_SIDE, RELAY_EXTERNAL},
    {"ALL-INTERNAL", HEADER_SIDE, RELAY_INTERNAL},
};

static int parse_modifier(struct span word, unsigned *bits, struct err *err)
{
    for (size_t i = 0; i < sizeof modifiers / sizeof modifiers[0]; i++)
        if (span_eq(word, span_of(modifiers[i].word))) {
            *bits |= modifiers[i].bits;
            return 0;
        }
    return err_set(err, ERR_NOT_FOUND, "header modifier :%.*s is not there",
                   (int)(word.len < 40 ? word.len : 40), word.at);
}

static enum header_kind kind_of(struct span name)
{
    if (span_eq(name, SPAN("ALL")))
        return HEADER_ALL;
    if (span_ieq(name, SPAN("ToCc")))
        return HEADER_TOCC;
    if (span_eq(name, SPAN("MESSAGEID")))
        return HEADER_MESSAGEID;
    if (span_ieq(name, SPAN("EnvelopeFrom")))
        return HEADER_ENVELOPE_FROM;
    return HEADER_FIELD;
}

int header_spec_parse(struct span written, struct header_spec *out, struct err *err)
{
    struct span rest, word;

    *out = (struct header_spec){0};
    span_cut(written, ':', &out->name, &rest);
    while (rest.len > 0) {
        span_cut(rest, ':', &word, &rest);
        if (parse_modifier(word, &out->modifiers, err) != 0)
            return -1;
    }
    out->kind = kind_of(out->name);
    for (size_t i = 0; i < sizeof sides / sizeof sides[0]; i++)
        if (span_ieq(out->name, span_of(sides[i].name))) {
            out->kind = sides[i].kind;
            out->side = sides[i].side;
        }
    return 0;
}

/* A value in the making. */
struct lookup {
    const struct header_spec *spec;
    struct arena *arena;
    struct buf out;
    bool is_found;
};

static void start(struct lookup *lookup, const struct header_spec *spec,
                  struct arena *arena)
{
    *lookup = (struct lookup){.spec = spec, .arena = arena};
    buf_init(&lookup->out, arena, BOUND_MATCH_TEXT_BYTES);
}

/* One of several short texts: parted by LF. */
static void add_item(struct lookup *lookup, struct span item)
{
    if (lookup->is_found)
        buf_add_char(&lookup->out, '\n');
    buf_add_span(&lookup->out, item);
    lookup->is_found = true;
}

/* Each fold, with the white space behind it, becomes one space. */
static struct span unfold(struct arena *arena, struct span raw)
{
    char *out = arena_alloc(arena, raw.len + 1);
    size_t len = 0;

    if (out == NULL)
        return (struct span){"", 0};
    for (size_t i = 0; i < raw.len; i++) {
        if (raw.at[i] != '\n') {
            out[len++] = raw.at[i];
            continue;
        }
        while (i + 1 < raw.len && (raw.at[i + 1] == ' ' || raw.at[i + 1] == '\t'))
            i++;
        out[len++] = ' ';
    }
    return (struct span){out, len};
}

static bool is_ascii(struct span s)
{
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.at[i] > 0x7f)
            return false;
    return true;
}

/* Fields whose encoded words stay as they are. Source: what SpamAssassin does. */
static bool is_undecoded(struct span name)
{
    static const char *const names[] = {
        "Received",    "Message-ID",   "Resent-Message-ID", "Date",
        "Resent-Date", "MIME-Version", "References",        "In-Reply-To"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (span_ieq(name, span_of(names[i])))
            return true;
    return span_istarts(name, SPAN("List-"));
}

/* The value as patterns see it: unfolded to single spaces, decoded, trimmed. What the
 * message has is the same, but where a field is folded or must not be decoded. */
static struct span decoded(struct arena *arena, const struct header_field *field)
{
    bool has_words = span_find(field->raw, SPAN("=?")) >= 0;
    bool is_kept = has_words && is_undecoded(field->name);
    uint32_t defects = 0;
    struct span text;

    if (span_index(field->raw, '\n') < 0 && !is_kept)
        return field->value;
    text = span_trim(unfold(arena, field->raw));
    if (is_ascii(text) && (is_kept || !has_words))
        return text;
    return mime_decode_header(arena, text, &defects);
}

static bool is_host_char(char c)
{
    return !ascii_is_space(c) && strchr("<>()[]\",;:@", c) == NULL;
}

/* The run of host characters around or after at. */
static struct span host_at(struct span text, size_t at)
{
    size_t end = at;

    while (end < text.len && is_host_char(text.at[end]))
        end++;
    return (struct span){text.at + at, end - at};
}

/* What is a host name behind the last '@', else the first host name that stands
 * anywhere. */
static struct span find_host(struct span text)
{
    ptrdiff_t at = span_rindex(text, '@');
    struct span host = at < 0 ? SPAN("") : host_at(text, (size_t)at + 1);

    if (host.len > 0 && url_has_known_tld(host))
        return host;
    for (size_t i = 0; i < text.len; i += host.len + 1) {
        host = host_at(text, i);
        if (span_index(host, '.') > 0 && url_has_known_tld(host))
            return host;
    }
    return SPAN("");
}

static void add_host(struct lookup *lookup, struct span text)
{
    struct span host =
        lookup->spec->modifiers & HEADER_ADDR ? address_domain(text) : find_host(text);

    if (lookup->spec->modifiers & HEADER_DOMAIN)
        host = url_domain(lookup->arena, span_lower(lookup->arena, host));
    if (host.len > 0)
        add_item(lookup, host);
}

static bool is_ip_char(char c)
{
    return ascii_hex(c) >= 0 || c == '.' || c == ':';
}

/* As block lists are asked for it: IPv4 by bytes, IPv6 by hexadecimal digits. */
static struct span reverse(struct arena *arena, const struct netaddr *address)
{
    bool is_v6 = address->bits == 128;
    struct buf out;

    buf_init(&out, arena, 2 * NETADDR_TEXT_BYTES);
    for (unsigned i = address->bits / 8; i-- > 0;)
        if (is_v6)
            buf_printf(&out, "%x.%x%s", address->bytes[i] & 15U, address->bytes[i] >> 4,
                       i > 0 ? "." : "");
        else
            buf_printf(&out, "%u%s", address->bytes[i], i > 0 ? "." : "");
    return buf_span(&out);
}

/* The first address literal in text. */
static void add_ip(struct lookup *lookup, struct span text)
{
    struct netaddr address;

    for (size_t i = 0, end; i < text.len; i = end + 1) {
        for (end = i; end < text.len && is_ip_char(text.at[end]);)
            end++;
        struct span word = {text.at + i, end - i};
        if (word.len < 3 || !netaddr_parse(word, &address))
            continue;
        if (lookup->spec->modifiers & HEADER_REVERSED)
            word = reverse(lookup->arena, &address);
        add_item(lookup, word);
        return;
    }
}

/* A display name: decoded, single spaces, without one pair of single quotes. */
static struct span plain_name(struct arena *arena, struct span name)
{
    uint32_t defects = 0;
    size_t len = 0;
    char *out;

    name = mime_decode_header(arena, name, &defects);
    out = arena_alloc(arena, name.len + 1);
    if (out == NULL)
        return (struct span){"", 0};
    for (size_t i = 0; i < name.len; i++) {
        bool is_space = ascii_is_space(name.at[i]);
        if (!is_space || (len > 0 && out[len - 1] != ' '))
            out[len++] = is_space ? ' ' : name.at[i];
    }
    name = span_trim((struct span){out, len});
    if (name.len > 1 && name.at[0] == '\'' && name.at[name.len - 1] == '\'')
        name = (struct span){name.at + 1, name.len - 2};
    return name;
}

/* The syntax is read before words are decoded: a word is never structure. */
static void add_mailboxes(struct lookup *lookup, struct span raw)
{
    unsigned bits = lookup->spec->modifiers;
    size_t count;
    struct mailbox *boxes = address_list(lookup->arena, raw, &count);

    for (size_t i = 0; i < count; i++) {
        struct span name = boxes[i].display;
        if (bits & HEADER_HOST)
            add_host(lookup, boxes[i].address);
        else if ((bits & HEADER_ADDR) && boxes[i].address.len > 0)
            add_item(lookup, boxes[i].address);
        else if ((bits & HEADER_NAME) && !(bits & HEADER_ADDR) && name.len > 0)
            add_item(lookup,
                     bits & HEADER_RAW ? name : plain_name(lookup->arena, name));
    }
}

static void add_line(struct lookup *lookup, struct span line)
{
    buf_add_span(&lookup->out, line);
    buf_add_char(&lookup->out, '\n');
    lookup->is_found = true;
}

static void add_field(struct lookup *lookup, const struct header_field *field)
{
    unsigned bits = lookup->spec->modifiers;
    bool is_kept = lookup->spec->kind == HEADER_FIELD; /* raw: with its folds */

    if (bits & (HEADER_ADDR | HEADER_NAME))
        add_mailboxes(lookup, field->raw);
    else if (bits & HEADER_HOST)
        add_host(lookup, decoded(lookup->arena, field));
    else if (bits & HEADER_IP)
        add_ip(lookup, decoded(lookup->arena, field));
    else if (bits & HEADER_RAW)
        add_line(lookup, is_kept ? field->raw : unfold(lookup->arena, field->raw));
    else
        add_line(lookup, decoded(lookup->arena, field));
}

/* Fields, those of the first name first. */
struct chosen {
    const struct header_field *at[BOUND_FIELDS];
    size_t count;
};

static void choose(struct chosen *chosen, const struct header_field *fields,
                   size_t count, struct span name)
{
    for (size_t i = 0; i < count && chosen->count < BOUND_FIELDS; i++)
        if (fields[i].name.len == name.len && span_ieq(fields[i].name, name))
            chosen->at[chosen->count++] = &fields[i];
}

static void add_chosen(struct lookup *lookup, const struct chosen *chosen)
{
    unsigned bits = lookup->spec->modifiers;
    size_t first = 0, end = chosen->count;

    if (end > 0 && (bits & HEADER_FIRST))
        end = 1;
    else if (end > 0 && (bits & HEADER_LAST))
        first = end - 1;
    for (size_t i = first; i < end; i++)
        add_field(lookup, chosen->at[i]);
}

static void add_all(struct lookup *lookup, const struct header_field *fields,
                    size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bool is_raw = lookup->spec->modifiers & HEADER_RAW;
        buf_add_span(&lookup->out, fields[i].name);
        buf_add_span(&lookup->out, is_raw ? SPAN(":") : SPAN(": "));
        add_line(lookup, is_raw ? fields[i].raw : decoded(lookup->arena, &fields[i]));
    }
}

static void add_sender(struct lookup *lookup, struct rule_view *view)
{
    struct span sender;

    if (!received_sender(view->msg, view->env, rule_view_relays(view), &sender))
        return;
    if (lookup->spec->modifiers & HEADER_HOST)
        add_host(lookup, sender);
    else
        add_item(lookup, sender);
}

/* Fields that one side's relays have written: those above the Received: field of the
 * last trusted (internal) relay, with it, or those from it on. */
static void add_side(struct lookup *lookup, struct rule_view *view)
{
    enum relay_side side = lookup->spec->side;
    const struct relays *relays = rule_view_relays(view);
    bool is_inner = side == RELAY_TRUSTED || side == RELAY_INTERNAL;
    ptrdiff_t border = side == RELAY_TRUSTED || side == RELAY_UNTRUSTED
                           ? relays->last_trusted_field
                           : relays->last_internal_field;
    ptrdiff_t received = -1;

    for (size_t i = 0; i < view->msg->field_count; i++) {
        const struct header_field *field = &view->msg->fields[i];
        bool is_received = span_ieq(field->name, SPAN("Received"));
        received += is_received;
        if (is_inner && received > border + 1)
            return;
        if (is_inner ? received <= border || (received == border + 1 && is_received)
                     : received >= border + 1)
            add_all(lookup, field, 1);
    }
}

static bool finish(struct lookup *lookup, struct span *out)
{
    *out = buf_span(&lookup->out);
    if (out->len == 0)
        out->at = "";
    return lookup->is_found;
}

bool header_value(const struct header_spec *spec, struct rule_view *view,
                  struct span *out)
{
    static const char *const id_names[] = {"X-Message-Id", "Resent-Message-Id",
                                           "X-Original-Message-ID", "Message-Id"};
    const struct message *msg = view->msg;
    struct lookup lookup;
    struct chosen chosen = {.count = 0};

    start(&lookup, spec, msg->arena);
    switch (spec->kind) {
    case HEADER_ALL:
        add_all(&lookup, msg->fields, msg->field_count);
        break;
    case HEADER_TOCC:
        choose(&chosen, msg->fields, msg->field_count, SPAN("To"));
        choose(&chosen, msg->fields, msg->field_count, SPAN("Cc"));
        break;
    case HEADER_MESSAGEID:
        for (size_t i = 0; i < sizeof id_names / sizeof id_names[0]; i++)
            choose(&chosen, msg->fields, msg->field_count, span_of(id_names[i]));
        break;
    case HEADER_ENVELOPE_FROM:
        add_sender(&lookup, view);
        break;
    case HEADER_RELAYS:
        add_item(&lookup, relays_print(msg->arena, rule_view_relays(view), spec->side));
        break;
    case HEADER_SIDE:
        add_side(&lookup, view);
        break;
    default:
        choose(&chosen, msg->fields, msg->field_count, spec->name);
    }
    add_chosen(&lookup, &chosen);
    return finish(&lookup, out);
}

static struct span without_leading_space(struct span s)
{
    while (s.len > 0 && ascii_is_space(s.at[0]))
        s = span_from(s, 1);
    return s;
}

/* Of fields of one name the last counts. Raw ones of parts within others lack the
 * white space behind their ':'. */
bool header_part_value(const struct header_spec *spec, const struct message *msg,
                       const struct part *part, struct span *out)
{
    struct lookup lookup;
    struct chosen chosen = {.count = 0};
    bool is_raw = spec->modifiers & HEADER_RAW;

    start(&lookup, spec, msg->arena);
    if (spec->kind == HEADER_ALL) {
        add_all(&lookup, part->fields, part->field_count);
        return finish(&lookup, out);
    }
    choose(&chosen, part->fields, part->field_count, spec->name);
    if (chosen.count > 0) {
        const struct header_field *field = chosen.at[chosen.count - 1];
        struct span raw =
            part->parent < 0 ? field->raw : without_leading_space(field->raw);
        add_line(&lookup, is_raw ? raw : decoded(msg->arena, field));
    }
    return finish(&lookup, out);
}
