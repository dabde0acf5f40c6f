/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmilter/mfapi.h>
#include <netdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/bounds.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/netaddr.h"
#include "base/privs.h"
#include "gate/authenticate.h"
#include "gate/orders.h"
#include "gate/report.h"
#include "message/address.h"
#include "message/session.h"
#include "store/refusals.h"

enum {
    NAME_BYTES = 256,             /* host names; RFC 1035 2.3.4 has 255 */
    ARENA_SPARE_BYTES = 64 << 20, /* beside the copies of a body. chosen */
    ARENA_BODY_COPIES = 8,        /* raw, decoded, text, growth of each. chosen */
};

/* One SMTP session. */
struct session {
    unsigned long steps; /* SMFIP_* in force */
    char client_ip[NETADDR_TEXT_BYTES];
    char client_name[NAME_BYTES];
    char helo[NAME_BYTES];

    /* one message; NULL between messages */
    struct arena *arena;
    struct engine *engine;
    struct message *msg;
    struct auth_check *check; /* from the end of the header on; may stay NULL */
    struct envelope env;
    struct session_hints hints;
    size_t recipient_room;
    bool has_slot;  /* counted in gate_state.messages */
    bool is_busy;   /* refused a slot: tempfail at the end */
    bool is_broken; /* memory failed: tempfail at the end */
};

/* What all sessions share. */
static struct {
    pthread_mutex_t lock; /* guards engine */
    struct engine *engine;
    struct writer *writer;
    struct reader *reader;
    struct refusals refusals;
    atomic_llong brake_told_us; /* since when the brake is on that the log knows of */
    atomic_int messages;        /* with a slot */
    atomic_int deciding;        /* inside end of message */
    atomic_bool has_warned_quarantine, has_warned_macros;
} gate_state = {.lock = PTHREAD_MUTEX_INITIALIZER, .refusals = REFUSALS_INIT};

static struct engine *current_engine(void)
{
    pthread_mutex_lock(&gate_state.lock);
    struct engine *engine = engine_acquire(gate_state.engine);
    pthread_mutex_unlock(&gate_state.lock);
    return engine;
}

void milter_replace(struct engine *engine)
{
    pthread_mutex_lock(&gate_state.lock);
    struct engine *old = gate_state.engine;
    gate_state.engine = engine_acquire(engine);
    pthread_mutex_unlock(&gate_state.lock);
    engine_release(&old);
}

static void end_message(struct session *s)
{
    if (s->has_slot)
        atomic_fetch_sub(&gate_state.messages, 1);
    s->has_slot = s->is_busy = s->is_broken = false;
    auth_free(&s->check);
    arena_free(&s->arena);
    engine_release(&s->engine);
    s->msg = NULL;
    memset(&s->env, 0, sizeof s->env);
    memset(&s->hints, 0, sizeof s->hints);
    s->recipient_room = 0;
}

/* What a callback that need not be answered returns: NOREPLY where that was agreed
 * (CONTINUE would be logged by libmilter at every step), else CONTINUE. */
static sfsistat unanswered(const struct session *s, unsigned long flag)
{
    return s != NULL && (s->steps & flag) != 0 ? SMFIS_NOREPLY : SMFIS_CONTINUE;
}

static struct session *session_of(SMFICTX *ctx)
{
    struct session *s = smfi_getpriv(ctx);
    if (s != NULL)
        return s;
    s = calloc(1, sizeof *s);
    if (s != NULL && smfi_setpriv(ctx, s) != MI_SUCCESS) {
        free(s);
        s = NULL;
    }
    return s;
}

static struct span macro(SMFICTX *ctx, const char *name)
{
    char copy[32];
    snprintf(copy, sizeof copy, "%s", name); /* the library's argument is not const */
    return span_of(smfi_getsymval(ctx, copy));
}

static void copy_text(char *out, size_t size, const char *text)
{
    text_escape(span_of(text), out, size);
}

/* Ask for exactly the macros that are read; a list replaces the MTA's default. */
static bool ask_macros(SMFICTX *ctx)
{
    static const struct {
        int stage;
        const char *names;
    } lists[] = {
        {SMFIM_CONNECT, "j v {daemon_name} {client_addr} {client_port}"},
        {SMFIM_HELO, "{cert_subject}"},
        {SMFIM_ENVFROM, "i {auth_authen} {auth_type} {cert_subject} {client_addr} "
                        "{client_port}"},
        {SMFIM_ENVRCPT, "{rcpt_mailer}"},
        {SMFIM_EOM, "i"},
    };
    for (size_t k = 0; k < sizeof lists / sizeof *lists; k++) {
        char names[128];
        snprintf(names, sizeof names, "%s", lists[k].names);
        if (smfi_setsymlist(ctx, lists[k].stage, names) != MI_SUCCESS)
            return false;
    }
    return true;
}

static sfsistat on_negotiate(SMFICTX *ctx, unsigned long actions, unsigned long steps,
                             unsigned long unused2, unsigned long unused3,
                             unsigned long *want_actions, unsigned long *want_steps,
                             unsigned long *want2, unsigned long *want3)
{
    const unsigned long wanted =
        SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_QUARANTINE | SMFIF_SETSYMLIST;
    const unsigned long quiet = SMFIP_NOUNKNOWN | SMFIP_NODATA | SMFIP_HDR_LEADSPC |
                                SMFIP_NR_CONN | SMFIP_NR_HELO | SMFIP_NR_RCPT |
                                SMFIP_NR_HDR | SMFIP_NR_EOH | SMFIP_NR_BODY;
    struct session *s = session_of(ctx);
    (void)unused2;
    (void)unused3;
    if (s == NULL)
        return SMFIS_REJECT; /* of the negotiation: the MTA's default action applies */
    *want_actions = wanted & actions;
    *want_steps = s->steps = quiet & steps;
    *want2 = *want3 = 0;
    if ((actions & SMFIF_QUARANTINE) == 0 &&
        !atomic_exchange(&gate_state.has_warned_quarantine, true))
        log_line(LOG_LEVEL_WARNING, "the MTA does not let a milter quarantine: what "
                                    "should be held will be deferred");
    if (((actions & SMFIF_SETSYMLIST) == 0 || !ask_macros(ctx)) &&
        !atomic_exchange(&gate_state.has_warned_macros, true))
        log_line(LOG_LEVEL_WARNING,
                 "the MTA does not let a milter ask for macros: have it send "
                 "{client_addr} {client_port} at connect, {auth_authen} at MAIL, "
                 "{rcpt_mailer} at RCPT, or classes cannot be told");
    return SMFIS_CONTINUE;
}

static void print_client(const _SOCK_ADDR *address, char out[NETADDR_TEXT_BYTES])
{
    const struct sockaddr *sa = (const struct sockaddr *)address;
    const void *bytes = NULL;
    out[0] = '\0';
    if (sa != NULL && sa->sa_family == AF_INET)
        bytes = &((const struct sockaddr_in *)(const void *)sa)->sin_addr;
    else if (sa != NULL && sa->sa_family == AF_INET6)
        bytes = &((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr;
    if (bytes != NULL &&
        inet_ntop(sa->sa_family, bytes, out, NETADDR_TEXT_BYTES) == NULL)
        out[0] = '\0';
}

static sfsistat on_connect(SMFICTX *ctx, char *name, _SOCK_ADDR *address)
{
    struct session *s = session_of(ctx);
    if (s == NULL)
        return SMFIS_TEMPFAIL;
    end_message(s);
    s->helo[0] = '\0';
    print_client(address, s->client_ip);
    /* an unverified name comes as "[192.0.2.1]" or "unknown" */
    bool is_name = name != NULL && name[0] != '[' && strcmp(name, "unknown") != 0;
    copy_text(s->client_name, sizeof s->client_name, is_name ? name : "");
    return unanswered(s, SMFIP_NR_CONN);
}

static sfsistat on_helo(SMFICTX *ctx, char *helo)
{
    struct session *s = session_of(ctx);
    if (s != NULL)
        copy_text(s->helo, sizeof s->helo, helo);
    return unanswered(s, SMFIP_NR_HELO);
}

static size_t arena_cap(const struct settings *settings)
{
    return ARENA_SPARE_BYTES + ARENA_BODY_COPIES * (size_t)settings->scan_bytes;
}

static struct span kept(struct session *s, struct span text)
{
    return span_dup(s->arena, span_head(text, BOUND_ADDRESS_BYTES));
}

static void read_mail_macros(SMFICTX *ctx, struct session *s)
{
    struct envelope *env = &s->env;
    struct span port = macro(ctx, "{client_port}");
    uint64_t number = 0;
    env->auth_user = kept(s, macro(ctx, "{auth_authen}"));
    env->auth_type = kept(s, macro(ctx, "{auth_type}"));
    env->tls_subject = kept(s, macro(ctx, "{cert_subject}"));
    env->daemon_name = kept(s, macro(ctx, "{daemon_name}"));
    env->mta_version = kept(s, macro(ctx, "v"));
    env->host = kept(s, macro(ctx, "j"));
    env->client_ip = kept(s, span_of(s->client_ip));
    env->client_name = kept(s, span_of(s->client_name));
    env->helo = kept(s, span_of(s->helo));
    /* Sendmail has the macro too, with the port of its own submission program there:
     * only Postfix's 0 says something, and only with Postfix's name */
    s->hints.has_client_port = text_parse_count(port, 65535, &number) &&
                               span_istarts(env->mta_version, SPAN("Postfix"));
    s->hints.client_port = (long)number;
}

static int hand_reply(void *ctx, const char *code, const char *xcode, const char *text);

static struct session_scope scope_of(const struct settings *settings)
{
    return (struct session_scope){
        .networks = settings->networks.at,
        .network_count = settings->networks.count,
        .local_domains = settings->local_domains.at,
        .local_domain_count = settings->local_domains.count,
        .border = settings->has_border ? settings->border_daemon_name : NULL,
    };
}

static void log_refusal(const struct session *s, const struct refusal *refusal,
                        int64_t now_us)
{
    char key[200];
    char client[NETADDR_TEXT_BYTES];
    struct span who = refusal->order.key;
    int64_t count = refusals_note(&gate_state.refusals, who, now_us);
    if (count == 0)
        return;
    text_escape(who, key, sizeof key);
    text_escape(s->env.client_ip, client, sizeof client);
    log_line(LOG_LEVEL_INFO,
             "NOQUEUE: action=reject, stage=MAIL, block=%s, client=%s, "
             "refused=%lld, reply=\"%s\"",
             key, client, (long long)count, refusal->reply);
}

/* A blocked login or client of ours hears so before it sends a body. */
static bool is_refused(SMFICTX *ctx, struct session *s)
{
    struct refusal refusal;
    const struct session_scope scope = scope_of(s->engine->settings);
    const struct gate_mail mail = {
        .settings = s->engine->settings,
        .env = &s->env,
        .scope = &scope,
        .hints = &s->hints,
        .reader = gate_state.reader,
        .arena = s->arena,
        .now_us = clock_wall_us(),
    };
    if (!gate_refuses_mail(&mail, &refusal))
        return false;
    log_refusal(s, &refusal, mail.now_us);
    hand_reply(ctx, "554", "5.7.1", refusal.reply);
    return true;
}

static sfsistat on_mail(SMFICTX *ctx, char **argv)
{
    struct session *s = session_of(ctx);
    if (s == NULL)
        return SMFIS_TEMPFAIL;
    end_message(s);
    s->engine = current_engine();
    s->arena = arena_new(arena_cap(s->engine->settings));
    if (s->arena != NULL)
        s->msg = message_new(s->arena, (uint64_t)s->engine->settings->scan_bytes);
    s->is_broken = s->msg == NULL;
    if (s->is_broken)
        return SMFIS_CONTINUE;
    struct span argument = span_of(argv[0]);
    s->hints.is_bracketed = argument.len > 0 && argument.at[0] == '<';
    s->env.mail_from = kept(s, address_path(argument));
    s->env.is_null_sender = s->env.mail_from.len == 0;
    read_mail_macros(ctx, s);
    if (is_refused(ctx, s)) {
        end_message(s);
        return SMFIS_REJECT;
    }
    auth_expect(s->engine->auth, &s->env);
    return SMFIS_CONTINUE;
}

static void keep_recipient(struct session *s, struct span address)
{
    struct envelope *env = &s->env;
    if (env->recipient_kept == BOUND_RECIPIENTS) {
        s->msg->bounds |= BOUND_BIT_RECIPIENTS;
        return;
    }
    if (env->recipient_kept == s->recipient_room) {
        size_t room = s->recipient_room == 0 ? 8 : s->recipient_room * 2;
        struct span *more = arena_array(s->arena, room, sizeof *more);
        if (more == NULL)
            return;
        if (env->recipient_kept > 0)
            memcpy(more, env->recipients, env->recipient_kept * sizeof *more);
        env->recipients = more;
        s->recipient_room = room;
    }
    env->recipients[env->recipient_kept++] = kept(s, address);
}

static sfsistat on_rcpt(SMFICTX *ctx, char **argv)
{
    struct session *s = session_of(ctx);
    if (s == NULL)
        return SMFIS_TEMPFAIL;
    if (s->msg == NULL)
        return unanswered(s, SMFIP_NR_RCPT);
    struct span mailer = macro(ctx, "{rcpt_mailer}");
    s->env.recipient_count++;
    s->hints.mailer_count += mailer.len > 0;
    s->hints.remote_count += session_is_remote_mailer(mailer);
    keep_recipient(s, address_path(span_of(argv[0])));
    if (s->env.original_to.len == 0)
        s->env.original_to =
            session_original_to(argv + 1, address_path(span_of(argv[0])), s->arena);
    return unanswered(s, SMFIP_NR_RCPT);
}

/* From the first header field on a message costs memory: it takes a slot, or is asked
 * to come back. The MTA has the whole message by then, so slots are held briefly. */
static bool take_slot(struct session *s)
{
    if (s->has_slot)
        return true;
    if (s->is_busy || s->msg == NULL)
        return false;
    if (atomic_fetch_add(&gate_state.messages, 1) >=
        (int)s->engine->settings->max_messages) {
        atomic_fetch_sub(&gate_state.messages, 1);
        s->is_busy = true;
        return false;
    }
    s->has_slot = true;
    return true;
}

static sfsistat on_header(SMFICTX *ctx, char *name, char *value)
{
    struct session *s = session_of(ctx);
    if (s == NULL)
        return SMFIS_TEMPFAIL;
    if (take_slot(s))
        message_add_field(s->msg, span_of(name), span_of(value));
    return unanswered(s, SMFIP_NR_HDR);
}

static sfsistat on_body(SMFICTX *ctx, unsigned char *bytes, size_t len)
{
    struct session *s = session_of(ctx);
    if (s == NULL)
        return SMFIS_TEMPFAIL;
    if (take_slot(s)) {
        message_add_body(s->msg, bytes, len);
        auth_body(s->check, bytes, len);
    }
    return unanswered(s, SMFIP_NR_BODY);
}

static sfsistat on_eoh(SMFICTX *ctx)
{
    struct session *s = smfi_getpriv(ctx);
    if (s != NULL && take_slot(s)) {
        const struct session_scope scope = scope_of(s->engine->settings);
        s->check =
            gate_authenticate_begin(s->engine, s->msg, &s->env, &scope, &s->hints);
    }
    return unanswered(s, SMFIP_NR_EOH);
}

/* The hands: what the gate decides, said in libmilter's words. */

static int hand_quarantine(void *ctx, const char *reason)
{
    char text[PLAN_REASON_BYTES];
    copy_text(text, sizeof text, reason);
    return smfi_quarantine(ctx, text) == MI_SUCCESS ? 0 : -1;
}

static int hand_reply(void *ctx, const char *code, const char *xcode, const char *text)
{
    char c[8];
    char x[16];
    char doubled[BOUND_REPLY_BYTES + 64];
    size_t used = 0;
    /* the MTA's formatter eats a single percent sign */
    for (; *text != '\0' && used + 3 < sizeof doubled; text++) {
        if (*text == '%')
            doubled[used++] = '%';
        doubled[used++] = *text;
    }
    doubled[used] = '\0';
    snprintf(c, sizeof c, "%s", code);
    snprintf(x, sizeof x, "%s", xcode);
    return smfi_setreply(ctx, c, x, doubled) == MI_SUCCESS ? 0 : -1;
}

static int hand_add_header(void *ctx, const char *name, const char *value)
{
    char n[64];
    char v[160];
    const struct session *s = smfi_getpriv(ctx);
    /* with SMFIP_HDR_LEADSPC the leading space is ours to give */
    bool is_ours = s != NULL && (s->steps & SMFIP_HDR_LEADSPC) != 0;
    snprintf(n, sizeof n, "%s", name);
    snprintf(v, sizeof v, "%s%s", is_ours ? " " : "", value);
    return smfi_addheader(ctx, n, v) == MI_SUCCESS ? 0 : -1;
}

static int hand_remove_header(void *ctx, const char *name, int index)
{
    char n[1024];
    if (snprintf(n, sizeof n, "%s", name) >= (int)sizeof n)
        return -1;
    return smfi_chgheader(ctx, n, index, NULL) == MI_SUCCESS ? 0 : -1;
}

static void log_decision(const struct session *s, const struct judgement *judgement,
                         const struct plan *plan, int64_t id, int64_t elapsed_us)
{
    char queue_id[64];
    char sender[200];
    text_escape(s->env.queue_id, queue_id, sizeof queue_id);
    text_escape(judgement->sender.key, sender, sizeof sender);
    log_line(LOG_LEVEL_INFO,
             "%s: action=%s%s, sender=%s, class=%s, path=%s, nrcpt=%zu, size=%llu, "
             "score=%.1f, reason=\"%s\", id=%lld, elapsed_us=%lld%s%s",
             queue_id, plan->is_shadow ? "shadow-" : "", action_name(plan->action),
             sender, mail_class_name(s->env.mail_class), mail_path_name(s->env.path),
             s->env.recipient_count, (unsigned long long)s->msg->size_bytes,
             judgement->hits.score, plan->reason, (long long)id, (long long)elapsed_us,
             plan->action >= ACTION_HOLD ? ", incident=" : "",
             plan->action >= ACTION_HOLD ? plan->incident : "");
}

/* Once for each time that it was put on: it may have come without a reload. */
static void log_brake(const struct plan *plan)
{
    if (plan->cause == CAUSE_BRAKE && !plan->is_shadow &&
        atomic_exchange(&gate_state.brake_told_us, plan->order_since_us) !=
            plan->order_since_us)
        log_line(LOG_LEVEL_WARNING,
                 "%s; mail that nothing exempts is held until outgate brake off",
                 plan->reason);
}

void milter_tell_troubles(const struct engine *engine)
{
    char text[ERR_TEXT_BYTES];
    while (auth_trouble(engine->auth, text))
        log_line(LOG_LEVEL_WARNING, "%s", text);
}

static void conclude(SMFICTX *ctx, struct session *s)
{
    const struct session_scope scope = scope_of(s->engine->settings);
    s->env.queue_id = kept(s, macro(ctx, "i"));
    session_conclude(&s->env, s->msg, &scope, &s->hints);
    /* nobody asks what is in mail that stays, but for bounces and complaints, and few
     * do at the border */
    bool is_asked = s->env.mail_class != CLASS_INBOUND
                        ? s->env.path != PATH_BORDER
                        : gate_may_be_report(s->msg, &s->env);
    if (is_asked)
        message_finish(s->msg);
}

static enum outcome decide(SMFICTX *ctx, struct session *s)
{
    const struct hands hands = {
        .ctx = ctx,
        .quarantine = hand_quarantine,
        .reply = hand_reply,
        .add_header = hand_add_header,
        .remove_header = hand_remove_header,
    };
    int64_t started_us = clock_elapsed_us();
    conclude(ctx, s);
    const struct passage passage = {
        .engine = s->engine,
        .msg = s->msg,
        .env = &s->env,
        .writer = gate_state.writer,
        .reader = gate_state.reader,
        .check = s->check,
        .hands = &hands,
        .now_us = clock_wall_us(),
        .limit_now_us = clock_limit_us(),
        .started_us = started_us,
    };
    struct judgement judgement;
    struct plan plan;
    int64_t id = 0;
    struct err err = {.code = ERR_UNKNOWN};
    enum outcome outcome = gate_run(&passage, &judgement, &plan, &id, &err);
    if (err.code != ERR_UNKNOWN)
        log_line(LOG_LEVEL_ERROR, "%.*s: %s: %s", (int)s->env.queue_id.len,
                 s->env.queue_id.at,
                 outcome == OUTCOME_CONTINUE ? "passed unrecorded" : "deferred",
                 err.text);
    else if (s->env.mail_class != CLASS_INBOUND)
        log_decision(s, &judgement, &plan, id, clock_elapsed_us() - started_us);
    log_brake(&plan);
    milter_tell_troubles(s->engine);
    return outcome;
}

static sfsistat on_eom(SMFICTX *ctx)
{
    static const sfsistat answers[] = {SMFIS_TEMPFAIL, SMFIS_CONTINUE, SMFIS_TEMPFAIL,
                                       SMFIS_REJECT};
    struct session *s = session_of(ctx);
    if (s == NULL || s->is_broken || !take_slot(s)) {
        hand_reply(ctx, "451", "4.3.2", "the outbound gate is busy, try again later");
        return SMFIS_TEMPFAIL;
    }
    atomic_fetch_add(&gate_state.deciding, 1);
    enum outcome outcome = decide(ctx, s);
    atomic_fetch_sub(&gate_state.deciding, 1);
    end_message(s);
    return answers[outcome];
}

static sfsistat on_abort(SMFICTX *ctx)
{
    struct session *s = smfi_getpriv(ctx);
    if (s != NULL)
        end_message(s);
    return SMFIS_CONTINUE;
}

static sfsistat on_close(SMFICTX *ctx)
{
    struct session *s = smfi_getpriv(ctx);
    if (s == NULL)
        return SMFIS_CONTINUE;
    end_message(s);
    smfi_setpriv(ctx, NULL);
    free(s);
    return SMFIS_CONTINUE;
}

/* Connect to the gate's own socket; the descriptor, or -1. */
static int connect_unix(const char *path)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof to.sun_path)
        return -1;
    memcpy(to.sun_path, path, strlen(path));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to) < 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static const char *unix_path(const char *spec)
{
    bool is_unix = strncmp(spec, "unix:", 5) == 0 || strncmp(spec, "local:", 6) == 0;
    return is_unix ? strchr(spec, ':') + 1 : NULL;
}

/* spec: inet:PORT@HOST; a HOST left out is every address of this host. */
static int connect_inet(const char *spec)
{
    struct span port;
    struct span host;
    char port_text[16];
    char host_text[NAME_BYTES];
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *found;
    span_cut(span_of(strchr(spec, ':') + 1), '@', &port, &host);
    snprintf(port_text, sizeof port_text, "%.*s", (int)port.len, port.at);
    snprintf(host_text, sizeof host_text, "%.*s", (int)host.len, host.at);
    if (getaddrinfo(host.len > 0 ? host_text : NULL, port_text, &hints, &found) != 0)
        return -1;
    int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, found->ai_addr, found->ai_addrlen) < 0) {
        close(fd);
        fd = -1;
    }
    freeaddrinfo(found);
    return fd;
}

static int connect_self(const char *spec)
{
    const char *path = unix_path(spec);
    return path != NULL ? connect_unix(path) : connect_inet(spec);
}

static int open_socket(const struct settings *settings, struct err *err)
{
    const char *path = unix_path(settings->socket);
    int live = connect_self(settings->socket);
    if (live >= 0) {
        close(live);
        return err_set(err, ERR_IO, "%s: another daemon answers on this socket",
                       settings->socket);
    }
    if (smfi_opensocket(true) != MI_SUCCESS)
        return err_set(err, ERR_IO, "%s: cannot be opened: %s", settings->socket,
                       errno != 0 ? strerror(errno) : "see the system log");
    if (path == NULL)
        return 0;
    return privs_give_socket(path, (unsigned)strtoul(settings->socket_mode, NULL, 8),
                             settings->user, settings->socket_group, err);
}

int milter_open(struct engine *engine, struct err *err)
{
    static char name[] = "outgate";
    struct smfiDesc callbacks = {
        .xxfi_name = name,
        .xxfi_version = SMFI_VERSION,
        .xxfi_flags =
            SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_QUARANTINE | SMFIF_SETSYMLIST,
        .xxfi_negotiate = on_negotiate,
        .xxfi_connect = on_connect,
        .xxfi_helo = on_helo,
        .xxfi_envfrom = on_mail,
        .xxfi_envrcpt = on_rcpt,
        .xxfi_header = on_header,
        .xxfi_eoh = on_eoh,
        .xxfi_body = on_body,
        .xxfi_eom = on_eom,
        .xxfi_abort = on_abort,
        .xxfi_close = on_close,
    };
    const struct settings *settings = engine->settings;
    char spec[512];
    if (snprintf(spec, sizeof spec, "%s", settings->socket) >= (int)sizeof spec)
        return err_set(err, ERR_CONFIG, "[milter] socket: too long");
    errno = 0;
    if (smfi_setconn(spec) != MI_SUCCESS || smfi_register(callbacks) != MI_SUCCESS ||
        smfi_settimeout((int)(settings->timeout_us / 1000000)) != MI_SUCCESS)
        return err_set(err, ERR_IO, "libmilter refuses \"%s\"", settings->socket);
    if (open_socket(settings, err) < 0)
        return -1;
    milter_replace(engine);
    return 0;
}

int milter_run(struct writer *writer, struct reader *reader, struct err *err)
{
    const struct writer_chore chore = {
        .is_due = refusals_are_due, .job = refusals_write, .arg = &gate_state.refusals};
    gate_state.writer = writer;
    gate_state.reader = reader;
    writer_chore(writer, &chore);
    if (smfi_main() != MI_SUCCESS)
        return err_set(err, ERR_IO,
                       "libmilter stopped with an error; see the system log");
    return 0;
}

static void *stop_library(void *is_done)
{
    smfi_stop(); /* blocks until the listener has looked up */
    atomic_store((atomic_bool *)is_done, true);
    return NULL;
}

/* libmilter's listener looks up every 5 s, or when somebody connects: so somebody
 * connects until it has. */
void milter_stop(void)
{
    const struct timespec pause = {.tv_nsec = 20000000};
    atomic_bool is_done = false;
    pthread_t thread;
    if (pthread_create(&thread, NULL, stop_library, &is_done) != 0) {
        smfi_stop();
        return;
    }
    struct engine *engine = current_engine();
    while (!atomic_load(&is_done)) {
        int fd = connect_self(engine->settings->socket);
        if (fd >= 0)
            close(fd);
        nanosleep(&pause, NULL);
    }
    engine_release(&engine);
    pthread_join(thread, NULL);
}

unsigned milter_drain(unsigned timeout_ms)
{
    const struct timespec pause = {.tv_nsec = 5000000};
    int64_t until = clock_elapsed_us() + (int64_t)timeout_ms * 1000;
    while (atomic_load(&gate_state.deciding) > 0 && clock_elapsed_us() < until)
        nanosleep(&pause, NULL);
    return (unsigned)atomic_load(&gate_state.deciding);
}
