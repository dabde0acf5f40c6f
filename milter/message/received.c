/* SPDX-License-Identifier: BSD-2-Clause */
#include "message/received.h"

#include <string.h>

#include "base/bounds.h"
#include "base/buf.h"
#include "message/received_form.h"

/* ---- networks ---- */

static bool is_private(struct span ip)
{
    static const char *const written[] = {
        "10.0.0.0/8",     "127.0.0.0/8",   "169.254.0.0/16", "172.16.0.0/12",
        "192.168.0.0/16", "100.64.0.0/10", "::1/128",        "fe80::/10",
        "fec0::/10",      "fc00::/7",
    };
    struct netaddr address;
    struct network network;

    if (!netaddr_parse(ip, &address))
        return false;
    for (size_t i = 0; i < sizeof written / sizeof written[0]; i++)
        if (network_parse(span_of(written[i]), &network) &&
            network_has(&network, &address))
            return true;
    return false;
}

/* "192.168" and "10." are networks of whole numbers. */
static bool parse_short(struct span written, struct network *out)
{
    struct span number;
    uint64_t value;
    unsigned count = 0;

    *out = (struct network){.base.bits = 32};
    while (written.len > 0) {
        span_cut(written, '.', &number, &written);
        if (count == 3 || !text_parse_count(number, 255, &value))
            return false;
        out->base.bytes[count++] = (uint8_t)value;
    }
    out->prefix = 8 * count;
    return count > 0;
}

int trust_add(struct trust_list *list, struct arena *arena, struct span written)
{
    struct trust_network item = {0};
    struct trust_network *grown;

    if (written.len > 0 && written.at[0] == '!') {
        item.is_excluded = true;
        written = span_from(written, 1);
    }
    if (!network_parse(written, &item.network) && !parse_short(written, &item.network))
        return -1;
    grown = arena_grow(arena, list->at, list->count, &list->room, sizeof *list->at);
    if (grown == NULL)
        return -1;
    list->at = grown;
    list->at[list->count++] = item;
    return 0;
}

static bool list_has(const struct trust_list *list, struct span ip)
{
    struct netaddr address;
    bool is_in;

    if (!netaddr_parse(ip, &address))
        return false;
    is_in = netaddr_is_loopback(&address);
    for (size_t i = 0; i < list->count; i++)
        if (network_has(&list->at[i].network, &address))
            is_in = !list->at[i].is_excluded;
    return is_in;
}

/* ---- one relay ---- */

/* What would break the printed form becomes '!'. */
static struct span clean(struct arena *arena, struct span s)
{
    struct span copy;
    char *to;

    if (s.len == 0)
        return SPAN("");
    copy = span_dup(arena, s);
    to = (char *)copy.at; /* span_dup's own copy */
    for (size_t i = 0; i < copy.len; i++)
        if (ascii_is_space(to[i]) || to[i] == '\0' || strchr("#[]()<>|", to[i]) != NULL)
            to[i] = '!';
    return copy;
}

static struct span bare_address(struct span ip)
{
    ptrdiff_t zone;
    struct netaddr address;
    struct span tail;

    if (span_istarts(ip, SPAN("ipv6:")))
        ip = span_from(ip, 5);
    zone = span_index(ip, '%');
    if (zone >= 0)
        ip.len = (size_t)zone;
    tail = span_from(ip, (size_t)(span_rindex(ip, ':') + 1));
    if (tail.len < ip.len && netaddr_parse(ip, &address) && address.bits == 32)
        return tail; /* ::ffff:192.0.2.1 */
    return ip;
}

static struct span bare_sender(struct span s)
{
    while (s.len > 0 && s.at[0] == '<')
        s = span_from(s, 1);
    while (s.len > 0 && s.at[s.len - 1] == '>')
        s.len--;
    return s;
}

static void make_relay(struct arena *arena, const struct received_line *line,
                       struct relay *out)
{
    struct span rdns = line->rdns, by = line->by;

    while (rdns.len > 0 && rdns.at[rdns.len - 1] == '.')
        rdns.len--;
    if (span_ieq(rdns, SPAN("unknown")) || span_starts(rdns, SPAN("[")))
        rdns = SPAN("");
    if (by.len > 0 && by.at[by.len - 1] == ';')
        by.len--;
    *out = (struct relay){
        .ip = clean(arena, bare_address(line->ip)),
        .rdns = clean(arena, rdns),
        .helo = clean(arena, line->helo),
        .by = clean(arena, by),
        .ident = clean(arena, line->ident),
        .envfrom = clean(arena, bare_sender(line->envfrom)),
        .has_envfrom = line->has_envfrom,
        .id = line->id,
        .auth = line->auth,
        .no_reverse_dns = rdns.len == 0 && line->has_looked_up,
    };
    out->is_private = is_private(out->ip);
}

/* ---- the chain ---- */

struct chain {
    struct relays *relays;
    const struct trust *trust;
    bool in_trusted, in_internal, has_msa;
};

/* Whether trust goes on behind this relay. */
static void judge(struct chain *chain, struct relay *relay)
{
    const struct trust *trust = chain->trust;
    const struct trust_list *trusted = &trust->trusted, *internal = &trust->internal;

    if (!chain->in_trusted || chain->has_msa)
        return;
    if (trusted->count == 0 && internal->count == 0) {
        if (!relay->is_private && relay->auth.len == 0)
            chain->in_trusted = chain->in_internal = false;
        return;
    }
    if (trusted->count == 0)
        trusted = internal;
    else if (internal->count == 0)
        internal = trusted;
    if (relay->auth.len == 0 && !list_has(trusted, relay->ip)) {
        chain->in_trusted = chain->in_internal = false;
        return;
    }
    if (relay->auth.len == 0 && !list_has(internal, relay->ip))
        chain->in_internal = false;
    if (list_has(&trust->msa, relay->ip))
        chain->has_msa = relay->is_msa = true;
}

/* is_ours: known to be trusted, whatever networks say. */
static void add_relay(struct chain *chain, const struct relay *relay, bool is_ours)
{
    struct relays *relays = chain->relays;
    struct relay *kept = &relays->at[relays->count++];

    *kept = *relay;
    if (!is_ours)
        judge(chain, kept);
    kept->is_internal = chain->in_internal;
    relays->trusted += chain->in_trusted;
    relays->internal += chain->in_internal;
}

/* The session that hands the message over: its field comes after us. */
static void add_session(struct chain *chain, struct arena *arena,
                        const struct envelope *env)
{
    struct received_line line = {0};
    struct relay relay;

    if (env == NULL || env->is_scan || env->client_ip.len == 0)
        return;
    line.ip = env->client_ip;
    line.rdns = env->client_name;
    line.helo = env->helo;
    line.by = env->host;
    line.id = env->queue_id;
    line.auth = env->auth_user.len > 0 ? SPAN("ESMTPA") : SPAN("");
    line.envfrom = env->mail_from;
    line.has_envfrom = env->mail_from.len > 0 || env->is_null_sender;
    line.has_looked_up = true;
    make_relay(arena, &line, &relay);
    add_relay(chain, &relay, env->is_ours);
}

static void add_field(struct chain *chain, struct arena *arena,
                      const struct header_field *field)
{
    struct relays *relays = chain->relays;
    struct received_line line;
    struct relay relay;

    switch (received_form_read(arena, field->value, &line)) {
    case RECEIVED_RELAY:
        make_relay(arena, &line, &relay);
        add_relay(chain, &relay, false);
        break;
    case RECEIVED_FETCHED:
        /* What the fetcher's own host added is no part of the way. */
        if (relays->count == relays->trusted)
            relays->count = relays->trusted = relays->internal = 0;
        break;
    case RECEIVED_UNKNOWN:
        relays->unparseable++;
        break;
    default:
        break;
    }
    relays->last_trusted_field += chain->in_trusted;
    relays->last_internal_field += chain->in_internal;
}

/* Webmail tells its client in a field of its own: a relay below all others. */
static void add_origin(struct chain *chain, const struct message *msg, struct span name)
{
    struct received_line line = {0};
    struct relay relay;

    for (size_t i = 0; i < msg->field_count; i++)
        if (span_ieq(msg->fields[i].name, name)) {
            line.ip = received_form_address(msg->fields[i].value);
            break;
        }
    if (line.ip.len == 0)
        return;
    make_relay(msg->arena, &line, &relay);
    add_relay(chain, &relay, false);
}

struct relays *received_read(const struct message *msg, const struct envelope *env,
                             const struct trust *trust)
{
    static const struct trust nobody;
    struct chain chain = {.trust = trust != NULL ? trust : &nobody,
                          .in_trusted = true,
                          .in_internal = true};
    size_t fields = message_field_count(msg, "Received");

    if (fields > BOUND_RELAYS)
        fields = BOUND_RELAYS;
    chain.relays = arena_alloc(msg->arena, sizeof *chain.relays);
    if (chain.relays == NULL)
        return NULL;
    chain.relays->at = arena_array(msg->arena, fields + 1 + chain.trust->origin_count,
                                   sizeof(struct relay));
    if (chain.relays->at == NULL)
        return NULL;
    chain.relays->last_trusted_field = chain.relays->last_internal_field = -1;
    add_session(&chain, msg->arena, env);
    for (size_t i = 0, n = 0; n < fields && i < msg->field_count; i++)
        if (span_ieq(msg->fields[i].name, SPAN("Received"))) {
            n++;
            add_field(&chain, msg->arena, &msg->fields[i]);
        }
    for (size_t i = 0; i < chain.trust->origin_count; i++)
        add_origin(&chain, msg, chain.trust->origins[i]);
    return chain.relays;
}

/* ---- as text ---- */

static void print_relay(struct buf *out, const struct relay *relay)
{
    const struct {
        const char *label;
        struct span value;
    } words[] = {
        {"[ ip=", relay->ip},
        {" rdns=", relay->rdns},
        {" helo=", relay->helo},
        {" by=", relay->by},
        {" ident=", relay->ident},
        {" envfrom=", relay->envfrom},
        {" intl=", relay->is_internal ? SPAN("1") : SPAN("0")},
        {" id=", relay->id},
        {" auth=", relay->auth},
        {" msa=", relay->is_msa ? SPAN("1") : SPAN("0")},
    };

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        buf_add_span(out, span_of(words[i].label));
        buf_add_span(out, words[i].value);
    }
    buf_add_span(out, SPAN(" ]"));
}

struct span relays_print(struct arena *arena, const struct relays *relays,
                         enum relay_side side)
{
    struct buf out;
    size_t from = side == RELAY_UNTRUSTED  ? relays->trusted
                  : side == RELAY_EXTERNAL ? relays->internal
                                           : 0;
    size_t to = side == RELAY_TRUSTED    ? relays->trusted
                : side == RELAY_INTERNAL ? relays->internal
                                         : relays->count;

    buf_init(&out, arena, BOUND_MATCH_TEXT_BYTES);
    for (size_t i = from; i < to; i++) {
        if (i > from)
            buf_add_char(&out, ' ');
        print_relay(&out, &relays->at[i]);
    }
    return out.len > 0 ? buf_span(&out) : SPAN("");
}

/* ---- the envelope's sender ---- */

static ptrdiff_t field_place(const struct message *msg, const char *name)
{
    for (size_t i = 0; i < msg->field_count; i++)
        if (span_ieq(msg->fields[i].name, span_of(name)))
            return (ptrdiff_t)i;
    return -1;
}

/* A field of that name stands below that place. */
static bool is_field_below(const struct message *msg, const char *name, ptrdiff_t place)
{
    for (size_t i = (size_t)place; i < msg->field_count; i++)
        if (span_ieq(msg->fields[i].name, span_of(name)))
            return true;
    return false;
}

static struct span first_address(const struct message *msg, const char *name)
{
    size_t count;
    struct mailbox *boxes = message_mailboxes(msg, name, &count);

    return count > 0 ? boxes[0].address : SPAN("");
}

static bool is_fetched(const struct message *msg)
{
    if (span_index(first_address(msg, "X-Sender"), '@') < 1)
        return false;
    for (size_t i = 0; i < msg->field_count; i++)
        if (span_ieq(msg->fields[i].name, SPAN("Received")) &&
            span_find(msg->fields[i].value, SPAN("(fetchmail")) >= 0)
            return true;
    return false;
}

/* A field that a list may have left counts only above all Received: fields. */
static bool told_by_header(const struct message *msg, struct span *out)
{
    static const char *const names[] = {"X-Envelope-From", "Envelope-Sender",
                                        "Return-Path"};
    ptrdiff_t received = field_place(msg, "Received");

    for (int i = 0; i < 3; i++) {
        ptrdiff_t place = field_place(msg, names[i]);
        if (place < 0)
            continue;
        struct span address = first_address(msg, names[i]);
        bool is_null = span_eq(span_trim(msg->fields[place].value), SPAN("<>"));
        if (!is_null && span_index(address, '@') < 1)
            continue;
        if (received < 0 || !is_field_below(msg, names[i], received)) {
            *out = address;
            return true;
        }
        if (i == 0)
            return false;
    }
    return false;
}

bool received_sender(const struct message *msg, const struct envelope *env,
                     const struct relays *relays, struct span *out)
{
    const struct relay *hop = NULL;

    *out = SPAN("");
    if (env != NULL && (env->mail_from.len > 0 || env->is_null_sender) &&
        !env->is_scan) {
        *out = env->mail_from;
        return true;
    }
    if (relays != NULL && relays->count > 0)
        hop = relays->trusted < relays->count ? &relays->at[relays->trusted]
                                              : &relays->at[relays->count - 1];
    if (hop != NULL && hop->has_envfrom &&
        (hop->envfrom.len == 0 || span_index(hop->envfrom, '@') > 0)) {
        *out = hop->envfrom;
        return true;
    }
    return !is_fetched(msg) && told_by_header(msg, out);
}
