/* SPDX-License-Identifier: BSD-2-Clause */
#include "rules/eval/eval_address.h"

#include <string.h>

#include "base/bounds.h"

enum { ADDRESSES_MOST = 1000, NAME_BYTES = 200 };

struct eval_addresses {
    struct eval_address_list senders, recipients;
    bool has_senders, has_recipients;
};

static void add(struct eval_scene *scene, struct eval_address_list *list, size_t *room,
                struct span address)
{
    struct span lower, *grown;

    if (address.len == 0 || list->count >= ADDRESSES_MOST)
        return;
    lower = span_lower(scene->msg->arena, address);
    for (size_t i = 0; i < list->count; i++)
        if (span_eq(list->at[i], lower))
            return;
    grown = arena_grow(scene->msg->arena, list->at, list->count, room, sizeof *grown);
    if (grown == NULL)
        return;
    list->at = grown;
    list->at[list->count++] = lower;
}

static void add_lines(struct eval_scene *scene, struct eval_address_list *list,
                      size_t *room, const char *name)
{
    struct span rest = scene_get(scene, name), line;

    while (scene_line(&rest, &line))
        add(scene, list, room, line);
}

static struct eval_addresses *addresses_of(struct eval_scene *scene)
{
    if (scene->addresses == NULL)
        scene->addresses = arena_alloc(scene->msg->arena, sizeof *scene->addresses);
    return scene->addresses;
}

/* "foo@bar...", with its dots as one. */
static struct span squeeze_dots(struct arena *arena, struct span s)
{
    struct span copy = span_dup(arena, s);
    char *to = (char *)copy.at; /* span_dup's own copy */
    size_t len = 0;

    for (size_t i = 0; i < copy.len; i++)
        if (i == 0 || copy.at[i] != '.' || len == 0 || to[len - 1] != '.')
            to[len++] = copy.at[i];
    copy.len = len;
    return copy;
}

struct eval_address_list eval_senders(struct eval_scene *scene)
{
    static const char *const names[] = {"From:addr", "Envelope-Sender:addr",
                                        "Resent-Sender:addr", "X-Envelope-From:addr",
                                        "EnvelopeFrom:addr"};
    struct eval_addresses *all = addresses_of(scene);
    size_t room = 0;

    if (all == NULL)
        return (struct eval_address_list){0};
    if (all->has_senders)
        return all->senders;
    all->has_senders = true;
    if (scene_has(scene, "Resent-From:first:addr"))
        add_lines(scene, &all->senders, &room, "Resent-From:first:addr");
    else
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
            add_lines(scene, &all->senders, &room, names[i]);
    for (size_t i = 0; i < all->senders.count; i++)
        if (span_find(all->senders.at[i], SPAN("..")) >= 0)
            all->senders.at[i] = squeeze_dots(scene->msg->arena, all->senders.at[i]);
    return all->senders;
}

/* ` for <a@b>;` in one of the topmost Received: fields. */
static void add_received(struct eval_scene *scene, struct eval_address_list *list,
                         size_t *room)
{
    struct span rest = scene_get(scene, "Received"), line, address, tail;

    for (int i = 0; i < 3 && scene_line(&rest, &line); i++) {
        ptrdiff_t at = span_find(line, SPAN(" for "));
        if (at < 0)
            continue;
        span_cut(span_from(line, (size_t)at + 5), ';', &address, &tail);
        address = span_trim(address);
        if (span_starts(address, SPAN("<")))
            address = span_from(address, 1);
        if (span_iends(address, SPAN(">")))
            address.len--;
        if (span_index(address, ' ') < 0 && span_index(address, '@') > 0)
            add(scene, list, room, address);
    }
}

struct eval_address_list eval_recipients(struct eval_scene *scene)
{
    static const char *const names[] = {"To:addr",
                                        "Apparently-To:addr",
                                        "Delivered-To:addr",
                                        "Envelope-Recipients:addr",
                                        "Apparently-Resent-To:addr",
                                        "X-Envelope-To:addr",
                                        "Envelope-To:addr",
                                        "X-Delivered-To:addr",
                                        "X-Original-To:addr",
                                        "X-Rcpt-To:addr",
                                        "X-Real-To:addr",
                                        "Cc:addr"};
    struct eval_addresses *all = addresses_of(scene);
    size_t room = 0;

    if (all == NULL)
        return (struct eval_address_list){0};
    if (all->has_recipients)
        return all->recipients;
    all->has_recipients = true;
    add_lines(scene, &all->recipients, &room, "Resent-To:first:addr");
    add_lines(scene, &all->recipients, &room, "Resent-Cc:first:addr");
    if (all->recipients.count > 0)
        return all->recipients;
    add_received(scene, &all->recipients, &room);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        add_lines(scene, &all->recipients, &room, names[i]);
    return all->recipients;
}

struct eval_address_list eval_field_addresses(struct eval_scene *scene,
                                              struct span field)
{
    struct eval_address_list list = {0};
    char name[NAME_BYTES];
    size_t room = 0;

    if (span_iends(field, SPAN(":addr")))
        field.len -= 5;
    if (field.len + 6 > sizeof name)
        return list;
    memcpy(name, field.at, field.len);
    memcpy(name + field.len, ":addr", 6);
    add_lines(scene, &list, &room, span_cstr(scene->msg->arena, span_of(name)));
    return list;
}
