/* SPDX-License-Identifier: BSD-2-Clause */
#include "rules/rule_header.h"

#include <string.h>

#include "base/bounds.h"
#include "base/buf.h"
#include "message/address.h"
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
};

/* What SpamAssassin gets by reading Received: fields. */
static const char *const absent[] = {
    "X-Spam-Relays-Untrusted", "X-Spam-Relays-Trusted", "X-Spam-Relays-External",
    "X-Spam-Relays-Internal",  "ALL-TRUSTED",           "ALL-INTERNAL",
    "ALL-UNTRUSTED",           "ALL-EXTERNAL",
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
    for (size_t i = 0; i < sizeof absent / sizeof absent[0]; i++)
        if (span_ieq(out->name, span_of(absent[i])))
            return err_set(err, ERR_NOT_FOUND, "%s is not there", absent[i]);
    out->kind = kind_of(out->name);
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

static void add_host(struct lookup *lookup, struct span text)
{
    struct span host = address_domain(text);
    size_t len = 0;

    while (len < host.len && !ascii_is_space(host.at[len]) && host.at[len] != '>' &&
           host.at[len] != ';' && host.at[len] != ',')
        len++;
    host.len = len;
    if (lookup->spec->modifiers & HEADER_DOMAIN)
        host = url_domain(lookup->arena, span_lower(lookup->arena, host));
    if (host.len > 0)
        add_item(lookup, host);
}

static void add_mailboxes(struct lookup *lookup, struct span value)
{
    size_t count;
    struct mailbox *boxes = address_list(lookup->arena, value, &count);

    for (size_t i = 0; i < count; i++) {
        if ((lookup->spec->modifiers & HEADER_NAME) && boxes[i].display.len > 0)
            add_item(lookup, boxes[i].display);
        if (!(lookup->spec->modifiers & HEADER_ADDR) || boxes[i].address.len == 0)
            continue;
        if (lookup->spec->modifiers & HEADER_HOST)
            add_host(lookup, boxes[i].address);
        else
            add_item(lookup, boxes[i].address);
    }
}

static void add_field(struct lookup *lookup, const struct header_field *field)
{
    unsigned bits = lookup->spec->modifiers;

    if (bits & (HEADER_ADDR | HEADER_NAME))
        add_mailboxes(lookup, field->value);
    else if (bits & HEADER_HOST)
        add_host(lookup, field->value);
    else {
        buf_add_span(&lookup->out, bits & HEADER_RAW ? field->raw : field->value);
        buf_add_char(&lookup->out, '\n');
        lookup->is_found = true;
    }
}

/* The fields of that name: all, or of them the first or the last. */
static void add_fields(struct lookup *lookup, const struct header_field *fields,
                       size_t count, struct span name)
{
    const struct header_field *last = NULL;

    for (size_t i = 0; i < count; i++) {
        if (fields[i].name.len != name.len || !span_ieq(fields[i].name, name))
            continue;
        last = &fields[i];
        if (!(lookup->spec->modifiers & HEADER_LAST))
            add_field(lookup, last);
        if (lookup->spec->modifiers & HEADER_FIRST)
            return;
    }
    if (last != NULL && (lookup->spec->modifiers & HEADER_LAST))
        add_field(lookup, last);
}

static void add_all(struct lookup *lookup, const struct header_field *fields,
                    size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bool is_raw = lookup->spec->modifiers & HEADER_RAW;
        buf_add_span(&lookup->out, fields[i].name);
        buf_add_span(&lookup->out, is_raw ? SPAN(":") : SPAN(": "));
        buf_add_span(&lookup->out, is_raw ? fields[i].raw : fields[i].value);
        buf_add_char(&lookup->out, '\n');
        lookup->is_found = true;
    }
}

static void add_sender(struct lookup *lookup, const struct envelope *env)
{
    if (env == NULL || (env->mail_from.len == 0 && !env->is_null_sender))
        return;
    if (lookup->spec->modifiers & HEADER_HOST)
        add_host(lookup, env->mail_from);
    else
        add_item(lookup, env->mail_from);
}

static bool finish(struct lookup *lookup, struct span *out)
{
    *out = buf_span(&lookup->out);
    if (out->len == 0)
        out->at = "";
    return lookup->is_found;
}

bool header_value(const struct header_spec *spec, const struct message *msg,
                  const struct envelope *env, struct span *out)
{
    static const char *const id_names[] = {"X-Message-Id", "Resent-Message-Id",
                                           "X-Original-Message-ID", "Message-Id"};
    struct lookup lookup;

    start(&lookup, spec, msg->arena);
    switch (spec->kind) {
    case HEADER_ALL:
        add_all(&lookup, msg->fields, msg->field_count);
        break;
    case HEADER_TOCC:
        add_fields(&lookup, msg->fields, msg->field_count, SPAN("To"));
        add_fields(&lookup, msg->fields, msg->field_count, SPAN("Cc"));
        break;
    case HEADER_MESSAGEID:
        for (size_t i = 0; i < sizeof id_names / sizeof id_names[0]; i++)
            add_fields(&lookup, msg->fields, msg->field_count, span_of(id_names[i]));
        break;
    case HEADER_ENVELOPE_FROM:
        add_sender(&lookup, env);
        break;
    default:
        add_fields(&lookup, msg->fields, msg->field_count, spec->name);
    }
    return finish(&lookup, out);
}

bool header_part_value(const struct header_spec *spec, const struct message *msg,
                       const struct part *part, struct span *out)
{
    struct lookup lookup;

    start(&lookup, spec, msg->arena);
    if (spec->kind == HEADER_ALL)
        add_all(&lookup, part->fields, part->field_count);
    else
        add_fields(&lookup, part->fields, part->field_count, spec->name);
    return finish(&lookup, out);
}
