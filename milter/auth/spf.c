/* SPDX-License-Identifier: BSD-2-Clause */
#include "auth/spf.h"

#include <string.h>

#include "auth/spf_walk.h"
#include "base/bounds.h"
#include "base/buf.h"
#include "message/address.h"

/* Most that an address of the message may have: RFC 5321 4.5.3.1.3 has 256. */
static struct span local_of(struct span address)
{
    struct span domain = address_domain(address);
    if (address.len <= domain.len + 1)
        return SPAN("postmaster"); /* RFC 7208 4.3 */
    return span_head(address, address.len - domain.len - 1);
}

/* How much a result hurts, the worst last. */
static int harm(enum auth_result result)
{
    switch (result) {
    case AUTH_PASS:
        return 1;
    case AUTH_NONE:
        return 2;
    case AUTH_NEUTRAL:
    case AUTH_POLICY:
        return 3;
    case AUTH_TEMPERROR:
        return 4;
    case AUTH_SOFTFAIL:
        return 5;
    case AUTH_PERMERROR:
        return 6;
    case AUTH_FAIL:
        return 7;
    case AUTH_UNKNOWN:
        break;
    }
    return 0;
}

/* The worst that domain says of our addresses; *out is AUTH_UNKNOWN without one. */
static void check_all(const struct spf_world *world, struct spf_walk *walk,
                      struct span domain, struct auth_spf *out)
{
    out->domain = domain;
    for (size_t i = 0; i < world->egress_count && i < BOUND_SPF_EGRESS; i++) {
        struct span egress = span_of(world->egress[i]);
        if (!netaddr_parse(egress, &walk->question.address) ||
            netaddr_is_loopback(&walk->question.address))
            continue;
        enum auth_result result = spf_walk(walk, domain);
        if (harm(result) <= harm(out->result))
            continue;
        out->result = result;
        out->egress = egress;
        out->mechanism = walk->mechanism;
        out->problem = walk->problem;
        out->lookups = walk->terms;
        out->void_lookups = walk->question.voids;
    }
}

static void check_address(const struct spf_world *world, struct arena *arena,
                          struct span address, enum spf_scope scope,
                          struct auth_spf *out)
{
    struct spf_walk walk = {
        .question = {.dns = world->dns,
                     .budget = world->budget,
                     .arena = arena,
                     .local = local_of(address),
                     .sender_domain = address_domain(address),
                     .helo = world->helo.len > 0 ? world->helo : SPAN("unknown")},
        .scope = scope,
        .is_own_scope = true,
    };
    check_all(world, &walk, walk.question.sender_domain, out);
}

static bool is_full(const struct header_field *field, const char *name)
{
    return span_ieq(field->name, span_of(name)) && span_trim(field->value).len > 0;
}

/* The newest Resent-Sender:, unless it belongs to an older resending than the newest
 * Resent-From: does; else the newest Resent-From:. Source: RFC 4407 2, steps 1 and 2.
 */
static const struct header_field *resent_field(const struct message *msg)
{
    const struct header_field *from = NULL;
    bool is_older = false; /* a hop lies between */
    for (size_t i = 0; i < msg->field_count; i++) {
        const struct header_field *field = &msg->fields[i];
        if (is_full(field, "Resent-Sender"))
            return is_older ? from : field;
        if (from == NULL && is_full(field, "Resent-From"))
            from = field;
        else if (from != NULL && (span_ieq(field->name, SPAN("Received")) ||
                                  span_ieq(field->name, SPAN("Return-Path"))))
            is_older = true;
    }
    return from;
}

/* Steps 3 and 4: the one Sender:, else the one From:. */
static const struct header_field *responsible_field(const struct message *msg)
{
    static const char *const names[] = {"Sender", "From"};
    const struct header_field *found = resent_field(msg);
    for (size_t n = 0; n < 2 && found == NULL; n++)
        for (size_t i = 0; i < msg->field_count; i++) {
            if (!is_full(&msg->fields[i], names[n]))
                continue;
            if (found != NULL)
                return NULL;
            found = &msg->fields[i];
        }
    return found;
}

struct span spf_pra(const struct message *msg)
{
    size_t count = 0;
    const struct header_field *field = responsible_field(msg);
    if (field == NULL)
        return SPAN("");
    const struct mailbox *boxes = address_list(msg->arena, field->value, &count);
    if (count != 1 || boxes[0].domain.len == 0 || !boxes[0].is_sound)
        return SPAN("");
    return boxes[0].address;
}

/* Only where a record of that scope is published: v=spf1 says the same as it does for
 * MAIL FROM, and what it says of From: nobody acts on. */
static void check_pra(const struct spf_world *world, const struct message *msg,
                      struct auth_spf *out)
{
    struct span address = spf_pra(msg);
    if (address.len == 0)
        return;
    check_address(world, msg->arena, address, SPF_PRA, out);
    if (out->result == AUTH_NONE)
        *out = (struct auth_spf){0};
}

void spf_check(const struct spf_world *world, const struct message *msg,
               const struct envelope *env, struct authentication *out)
{
    out->spf = out->sender_id = (struct auth_spf){0};
    if (!dns_is_configured(world->dns))
        return;
    if (env->is_null_sender || env->mail_from.len == 0) {
        out->spf.is_helo = true;
        out->spf.problem = SPAN("the HELO name is not configured");
        if (world->helo.len > 0) {
            struct arena *arena = msg->arena;
            struct buf address;
            buf_init(&address, arena, BOUND_ADDRESS_BYTES);
            buf_add_span(&address, SPAN("postmaster@"));
            buf_add_span(&address, world->helo);
            out->spf.problem = SPAN("");
            check_address(world, arena, buf_span(&address), SPF_MAILFROM, &out->spf);
        }
    } else {
        check_address(world, msg->arena, env->mail_from, SPF_MAILFROM, &out->spf);
    }
    check_pra(world, msg, &out->sender_id);
}

void spf_expect(const struct spf_world *world, const struct envelope *env)
{
    struct span domain = env->is_null_sender || env->mail_from.len == 0
                             ? world->helo
                             : address_domain(env->mail_from);
    if (world->egress_count > 0 && domain.len > 0)
        dns_prefetch(world->dns, NULL, domain, DNS_TXT);
}
