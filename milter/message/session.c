/* SPDX-License-Identifier: BSD-2-Clause */
#include "message/session.h"

#include "message/address.h"

bool session_is_remote_mailer(struct span mailer)
{
    /* Postfix: transports of smtp(8), and contrib's to the border; Sendmail: its SMTP
     * mailers. A transport of another name (lmtp, virtual, local, error, dovecot ...)
     * delivers here. */
    static const char *const remote[] = {"smtp",  "relay", "esmtp",    "smtp8",
                                         "dsmtp", "uucp",  "uucp-dom", "border"};
    for (size_t i = 0; i < sizeof remote / sizeof *remote; i++)
        if (span_ieq(mailer, span_of(remote[i])))
            return true;
    return false;
}

/* Sendmail 8: "Received: (from USER@HOST) by ... (VERSION/VERSION/Submit) id ...", by
 * SMTP on standard input "from HELO (USER@localhost) by ...". The user, or empty.
 * When the standard input of sendmail(1) is a socket, as Node.js makes it, or whoever
 * would not be named, it is "from localhost (localhost [[UNIX: localhost]]) by ...":
 * all of those are one sender, whatever -f says. */
static struct span submit_user(const struct message *msg)
{
    struct span user, rest;
    if (msg->field_count == 0 || !span_ieq(msg->fields[0].name, SPAN("Received")))
        return SPAN("");
    struct span value = span_trim(msg->fields[0].raw);
    if (span_ifind(value, SPAN("/Submit)")) < 0)
        return SPAN("");
    if (span_istarts(value, SPAN("(from "))) {
        span_cut(span_from(value, 6), '@', &user, &rest);
    } else {
        struct span from, helo;
        span_cut(value, ' ', &from, &rest);
        span_cut(rest, ' ', &helo, &rest);
        if (!span_starts(rest, SPAN("(")) ||
            !span_cut(span_from(rest, 1), '@', &user, &rest) ||
            !span_starts(rest, SPAN("localhost)")))
            user = SPAN("");
    }
    return user.len > 0 && user.len <= 64 && span_index(user, ' ') < 0
               ? user
               : SPAN(SESSION_UNNAMED_USER);
}

static bool is_loopback(const struct envelope *env)
{
    struct netaddr address;
    return netaddr_parse(env->client_ip, &address) && netaddr_is_loopback(&address);
}

static void conclude_path(struct envelope *env, const struct message *msg,
                          const struct session_hints *hints)
{
    env->path = PATH_SMTP;
    if (hints->has_client_port) {
        if (hints->client_port != 0 || hints->is_bracketed)
            return;
        env->path = PATH_LOCAL;
        if (msg->field_count > 0 &&
            span_ieq(msg->fields[0].name, SPAN(SESSION_UID_FIELD)))
            env->local_user = span_trim(msg->fields[0].value);
        return;
    }
    struct span user = is_loopback(env) ? submit_user(msg) : SPAN("");
    if (user.len > 0) {
        env->path = PATH_LOCAL;
        env->local_user = user;
    }
}

bool session_has_domain(const char *const *list, size_t count, struct span domain)
{
    for (size_t i = 0; i < count; i++) {
        struct span one = span_of(list[i]);
        if (span_ieq(domain, one) ||
            (one.len > 1 && one.at[0] == '.' && span_iends(domain, one)))
            return true;
    }
    return false;
}

static bool is_local_domain(struct span domain, const struct envelope *env,
                            const struct session_scope *scope)
{
    if (domain.len == 0 || (env->host.len > 0 && span_ieq(domain, env->host)))
        return true;
    return session_has_domain(scope->local_domains, scope->local_domain_count, domain);
}

static bool leaves_host(const struct envelope *env, const struct session_scope *scope,
                        const struct session_hints *hints)
{
    bool trust_mta = scope->local_domain_count == 0 && hints->mailer_count > 0 &&
                     hints->mailer_count == env->recipient_count;
    if (trust_mta)
        return hints->remote_count > 0;
    for (size_t i = 0; i < env->recipient_kept; i++)
        if (!is_local_domain(address_domain(env->recipients[i]), env, scope))
            return true;
    return env->recipient_kept < env->recipient_count;
}

bool session_is_ours(const struct envelope *env, const struct session_scope *scope)
{
    struct netaddr address;
    /* a TLS certificate does not count: Postfix names the subject of unverified ones */
    if (env->auth_user.len > 0 || env->path == PATH_LOCAL)
        return true;
    if (!netaddr_parse(env->client_ip, &address))
        return env->client_ip.len == 0; /* a unix client: only this host has those */
    for (size_t i = 0; i < scope->network_count; i++)
        if (network_has(&scope->networks[i], &address))
            return true;
    return false;
}

bool session_may_be_submission(const struct envelope *env,
                               const struct session_hints *hints)
{
    if (hints->has_client_port)
        return hints->client_port == 0 && !hints->is_bracketed;
    return is_loopback(env);
}

bool session_is_border(const struct envelope *env, const struct session_scope *scope)
{
    return scope->border != NULL && span_eq(env->daemon_name, span_of(scope->border));
}

/* RFC 3461 4: "+" and two hexadecimal digits stand for a byte. */
static struct span decode_xtext(struct span text, struct arena *arena)
{
    char *out = arena_array(arena, text.len + 1, 1);
    size_t used = 0;
    if (out == NULL)
        return SPAN("");
    for (size_t i = 0; i < text.len; i++) {
        int high = i + 2 < text.len ? ascii_hex(text.at[i + 1]) : -1;
        int low = i + 2 < text.len ? ascii_hex(text.at[i + 2]) : -1;
        bool is_coded = text.at[i] == '+' && high >= 0 && low >= 0;
        out[used++] = is_coded ? (char)(high << 4 | low) : text.at[i];
        i += is_coded ? 2 : 0;
    }
    return (struct span){out, used};
}

struct span session_original_to(char *const *parameters, struct span recipient,
                                struct arena *arena)
{
    enum { XTEXT_MOST = 500 }; /* RFC 3461 4.2 */
    for (; *parameters != NULL; parameters++) {
        struct span type;
        struct span address;
        struct span parameter = span_of(*parameters);
        if (!span_istarts(parameter, SPAN("ORCPT=")) ||
            !span_cut(span_from(parameter, 6), ';', &type, &address))
            continue;
        address = decode_xtext(span_head(address, XTEXT_MOST), arena);
        return span_ieq(address, recipient) ? SPAN("") : address;
    }
    return SPAN("");
}

void session_conclude(struct envelope *env, const struct message *msg,
                      const struct session_scope *scope,
                      const struct session_hints *hints)
{
    conclude_path(env, msg, hints);
    env->is_ours = session_is_ours(env, scope);
    if (session_is_border(env, scope)) {
        env->path = PATH_BORDER;
        env->mail_class = CLASS_OUTBOUND;
        return;
    }
    if (!leaves_host(env, scope, hints))
        env->mail_class = CLASS_INBOUND;
    else
        env->mail_class = env->is_ours ? CLASS_OUTBOUND : CLASS_FORWARDED;
}
