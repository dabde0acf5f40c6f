/* SPDX-License-Identifier: BSD-2-Clause */
#include "limits/sender.h"

#include <stdio.h>
#include <string.h>

#include "base/bounds.h"
#include "base/buf.h"
#include "base/netaddr.h"
#include "message/address.h"

static const char *const names[IDENTITY_COUNT] = {
    "unknown", "sasl_user", "tls_subject", "script",
    "uid",     "client_ip", "mail_from",   "host",
};

const char *identity_name(enum identity identity)
{
    return names[identity];
}

enum identity identity_find(struct span name)
{
    for (int i = 1; i < IDENTITY_COUNT; i++)
        if (span_eq(name, span_of(names[i])))
            return (enum identity)i;
    return IDENTITY_UNKNOWN;
}

/* Header fields in which PHP and panels name the script; the first present counts. */
static const char *const script_fields[] = {
    "X-PHP-Originating-Script",
    "X-PHP-Script",
    "X-Source-Script",
    "X-Script",
};

/* PHP writes the file's owner, "33:mailer.php", and a burglar what he likes: the user
 * as the MTA knows him stands before it, if it is another. */
static struct span owned_script(const struct envelope *env, struct span script,
                                struct arena *arena)
{
    struct buf out;
    struct span owner, file;
    if (env->local_user.len == 0 ||
        (span_cut(script, ':', &owner, &file) && span_eq(owner, env->local_user)))
        return script;
    buf_init(&out, arena, env->local_user.len + script.len + 2);
    buf_add_span(&out, env->local_user);
    buf_add_char(&out, ':');
    buf_add_span(&out, script);
    return buf_span(&out);
}

static struct span script_value(const struct envelope *env, const struct message *msg,
                                struct arena *arena)
{
    /* anybody can write these fields in SMTP: believed on local submission only */
    if (env->path != PATH_LOCAL)
        return SPAN("");
    for (size_t i = 0; i < sizeof script_fields / sizeof *script_fields; i++) {
        struct span value = span_trim(message_value(msg, script_fields[i]));
        if (value.len > 0)
            return owned_script(env, value, arena);
    }
    return SPAN("");
}

static struct span client_value(const struct envelope *env, struct arena *arena)
{
    struct netaddr address;
    char text[NETADDR_TEXT_BYTES];
    if (env->path == PATH_LOCAL || !netaddr_parse(env->client_ip, &address))
        return SPAN("");
    return span_dup(arena, span_of(netaddr_key(&address, text)));
}

static struct span raw_value(const struct envelope *env, const struct message *msg,
                             enum identity identity, struct arena *arena)
{
    switch (identity) {
    case IDENTITY_SASL_USER:
        return env->auth_user;
    case IDENTITY_TLS_SUBJECT:
        return env->tls_subject;
    case IDENTITY_SCRIPT:
        return script_value(env, msg, arena);
    case IDENTITY_UID:
        return env->path == PATH_LOCAL ? env->local_user : SPAN("");
    case IDENTITY_CLIENT_IP:
        return client_value(env, arena);
    case IDENTITY_MAIL_FROM:
        return env->mail_from;
    default:
        return SPAN("");
    }
}

/* FNV-1a, to keep two long keys with one beginning apart. */
static uint64_t checksum(struct span s)
{
    uint64_t hash = 14695981039346656037u;
    for (size_t i = 0; i < s.len; i++)
        hash = (hash ^ (unsigned char)s.at[i]) * 1099511628211u;
    return hash;
}

/* Valid UTF-8 without controls or white space at the ends, of bounded length. */
static struct span sound_key(struct arena *arena, struct span key)
{
    struct buf out;
    buf_init(&out, arena, 4 * key.len + 32);
    size_t i = 0;
    while (i < key.len && out.len < BOUND_KEY_BYTES - 24) {
        uint32_t cp = utf8_next(key, &i);
        if (cp < 0x20 || cp == 0x7f)
            buf_add_char(&out, '_');
        else
            buf_add_utf8(&out, cp);
    }
    if (i < key.len)
        buf_printf(&out, "~%016llx", (unsigned long long)checksum(key));
    return buf_span(&out);
}

/* One spelling a value: addresses by address_normalise, the rest trimmed. */
static struct span normal_value(struct arena *arena, enum identity identity,
                                struct span value)
{
    struct netaddr address;
    char text[NETADDR_TEXT_BYTES];
    value = span_trim(value);
    switch (identity) {
    case IDENTITY_SASL_USER:
    case IDENTITY_MAIL_FROM:
        if (span_index(value, '@') >= 0)
            return address_normalise(arena, address_path(value), true);
        return span_lower(arena, value);
    case IDENTITY_CLIENT_IP:
        if (netaddr_parse(value, &address))
            return span_dup(arena, span_of(netaddr_key(&address, text)));
        return span_lower(arena, value);
    case IDENTITY_UID:
    case IDENTITY_HOST:
        return span_lower(arena, value);
    default:
        return value;
    }
}

static struct span make_key(struct arena *arena, enum identity identity,
                            struct span value)
{
    struct buf out;
    value = normal_value(arena, identity, value);
    buf_init(&out, arena, value.len + 32);
    buf_printf(&out, "%s:", names[identity]);
    buf_add_span(&out, value);
    return sound_key(arena, buf_span(&out));
}

void sender_identify(const struct envelope *env, const struct message *msg,
                     const enum identity *order, size_t count, struct arena *arena,
                     struct sender *out)
{
    for (size_t i = 0; i < count; i++) {
        struct span value = span_trim(raw_value(env, msg, order[i], arena));
        if (value.len == 0)
            continue;
        out->identity = order[i];
        out->key = make_key(arena, order[i], value);
        if (out->key.len > 0)
            return;
    }
    out->identity = IDENTITY_HOST;
    out->key = SPAN("host:local");
}

struct span sender_user(struct span key)
{
    struct span kind, value, rest;
    if (!span_cut(key, ':', &kind, &value))
        return SPAN("");
    if (span_eq(kind, span_of(names[IDENTITY_UID])))
        return value;
    if (!span_eq(kind, span_of(names[IDENTITY_SCRIPT])) ||
        !span_cut(value, ':', &value, &rest))
        return SPAN("");
    return value;
}

struct span sender_key(struct arena *arena, struct span text)
{
    struct span kind;
    struct span value;
    text = span_trim(text);
    if (!span_cut(text, ':', &kind, &value))
        return text;
    enum identity identity = identity_find(kind);
    if (identity == IDENTITY_UNKNOWN)
        return text;
    return make_key(arena, identity, value);
}
