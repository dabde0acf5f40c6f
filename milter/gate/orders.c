/* SPDX-License-Identifier: BSD-2-Clause */
#include "gate/orders.h"

#include "base/buf.h"

/* How long MAIL FROM waits for a free reader; no answer refuses nobody. chosen */
enum { READER_TIMEOUT_MS = 500, KEYS_MAX = IDENTITY_COUNT + 2 };

/* The identity's key, if the message has one; else nothing. */
static void add_key(const struct envelope *env, const struct message *msg,
                    enum identity identity, struct arena *arena, struct span *keys,
                    size_t *count)
{
    struct sender sender;
    sender_identify(env, msg, &identity, 1, arena, &sender);
    if (sender.identity == identity)
        keys[(*count)++] = sender.key;
}

static void add_from_domain(struct span domain, struct arena *arena, struct span *keys,
                            size_t *count)
{
    struct buf out;
    if (domain.len == 0 || domain.len > BOUND_KEY_BYTES / 2)
        return;
    buf_init(&out, arena, domain.len + 32);
    buf_printf(&out, "from_domain:");
    buf_add_span(&out, span_lower(arena, domain));
    keys[(*count)++] = buf_span(&out);
}

void gate_order_question(const struct passage *passage,
                         const struct judgement *judgement, struct order_question *out)
{
    static const enum identity ours[] = {IDENTITY_SASL_USER, IDENTITY_TLS_SUBJECT,
                                         IDENTITY_SCRIPT, IDENTITY_UID};
    const struct envelope *env = passage->env;
    const struct message *msg = passage->msg;
    struct arena *arena = msg->arena;
    struct span *keys = arena_array(arena, KEYS_MAX, sizeof *keys);
    size_t count = 0;
    *out = (struct order_question){.keys = keys, .now_us = passage->now_us};
    if (keys == NULL)
        return; /* the arena is broken, which the gate looks at */
    keys[count++] = judgement->sender.key;
    add_key(env, msg, IDENTITY_CLIENT_IP, arena, keys, &count);
    add_from_domain(judgement->facts.text[FACT_from_domain], arena, keys, &count);
    add_key(env, msg, IDENTITY_MAIL_FROM, arena, keys, &count);
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        if (env->mail_class != CLASS_FORWARDED)
            add_key(env, msg, ours[i], arena, keys, &count);
    out->key_count = count;
    if (env->path != PATH_LOCAL)
        out->client_ip = env->client_ip;
}

/* What the reader's thread works on. */
struct inquiry {
    struct order_question question;
    struct arena *arena;
    struct ruling ruling;
};

static int ask(struct db *db, void *arg, struct err *err)
{
    struct inquiry *inquiry = arg;
    return orders_blocked(db, &inquiry->question, inquiry->arena, &inquiry->ruling,
                          err);
}

static bool is_asked_about(const struct gate_mail *mail)
{
    return mail->reader != NULL && mail->settings->mode != MODE_SHADOW &&
           !mail->env->is_null_sender && session_is_ours(mail->env, mail->scope) &&
           !session_may_be_submission(mail->env, mail->hints) &&
           !session_is_border(mail->env, mail->scope);
}

bool gate_refuses_mail(const struct gate_mail *mail, struct refusal *out)
{
    struct span keys[2];
    size_t count = 0;
    struct err err;
    if (!is_asked_about(mail))
        return false;
    add_key(mail->env, NULL, IDENTITY_SASL_USER, mail->arena, keys, &count);
    add_key(mail->env, NULL, IDENTITY_CLIENT_IP, mail->arena, keys, &count);
    struct inquiry inquiry = {
        .question = {.keys = keys,
                     .key_count = count,
                     .client_ip = mail->env->client_ip,
                     .now_us = mail->now_us},
        .arena = mail->arena,
    };
    if (reader_run(mail->reader, ask, &inquiry, READER_TIMEOUT_MS, &err) < 0 ||
        inquiry.ruling.kind != RULING_BLOCK)
        return false;
    out->order = inquiry.ruling.order;
    action_block_reply(&out->order, "", mail->settings->contact, out->reply,
                       sizeof out->reply);
    return true;
}
