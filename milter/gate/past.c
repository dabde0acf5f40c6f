/* SPDX-License-Identifier: BSD-2-Clause */
#include "gate/past.h"

#include <string.h>

#include "facts/fact_input.h"

enum {
    READ_TIMEOUT_MS = 200, /* for a free connection. chosen */
    MAILER_BYTES = 100,    /* of an X-Mailer: remembered. chosen */
    ADDRESS_BYTES = 320,   /* of a From: address; RFC 5321 4.5.3.1: 64 + 1 + 255 */
};

static void set_trait(struct history_message *out, enum trait trait, struct span value)
{
    out->trait[trait] = value;
    out->has_trait[trait] = true;
}

/* At most max bytes, ending with a whole character: what is stored must be found again.
 */
static struct span cut(struct span text, size_t max)
{
    if (text.len <= max)
        return text;
    while (max > 0 && ((unsigned char)text.at[max] & 0xc0) == 0x80)
        max--;
    return span_head(text, max);
}

/* Words without a figure, in lower case, one space between: versions, builds and
 * devices change with every update, the program's name does not. */
static struct span mailer_words(struct span text, struct arena *arena)
{
    struct buf out;
    text = cut(text, BOUND_COLUMN_BYTES);
    buf_init(&out, arena, BOUND_COLUMN_BYTES + 1);
    for (size_t i = 0; i < text.len;) {
        size_t from = i;
        bool has_figure = false;
        for (; i < text.len && (ascii_is_alnum(text.at[i]) || text.at[i] == '.' ||
                                (unsigned char)text.at[i] >= 0x80);
             i++)
            has_figure |= ascii_is_digit(text.at[i]);
        if (i > from && !has_figure) {
            if (buf_span(&out).len > 0)
                buf_add_char(&out, ' ');
            buf_add_span(&out, (struct span){text.at + from, i - from});
        }
        i += i == from;
    }
    return span_lower(arena, cut(buf_span(&out), MAILER_BYTES));
}

static void describe_client(const struct engine *engine, const struct envelope *env,
                            struct arena *arena, struct history_message *out)
{
    struct netaddr address;
    char text[NETADDR_TEXT_BYTES];
    char country[GEOIP_COUNTRY_BYTES];
    if (!netaddr_parse(env->client_ip, &address))
        return;
    set_trait(out, TRAIT_NETWORK,
              span_dup(arena, span_of(netaddr_site(&address, text))));
    if (geoip_country(engine->geoip, &address, country))
        set_trait(out, TRAIT_COUNTRY, span_dup(arena, span_of(country)));
}

static void describe_header(const struct message *msg, struct history_message *out)
{
    size_t count;
    const struct mailbox *from = message_mailboxes(msg, "From", &count);
    struct span mailer = message_value(msg, "X-Mailer");
    if (mailer.len == 0)
        mailer = message_value(msg, "User-Agent");
    set_trait(out, TRAIT_X_MAILER, mailer_words(mailer, msg->arena));
    if (count == 0 || from[0].address.len == 0)
        return;
    struct span address =
        span_head(address_normalise(msg->arena, from[0].address, false), ADDRESS_BYTES);
    set_trait(out, TRAIT_HEADER_FROM, address);
    out->from_domain = cut(fact_registrable(msg->arena, from[0].domain), ADDRESS_BYTES);
    if (out->from_domain.len > 0)
        set_trait(out, TRAIT_FROM_DOMAIN, out->from_domain);
}

/* A stranger's forwarded mail says nothing of our users' ways, nor whether the domain
 * that it names signs: of it only volumes and recipients are kept. */
static void describe(const struct engine *engine, const struct message *msg,
                     const struct envelope *env, const struct sender *sender,
                     int64_t now_us, struct history_message *out)
{
    *out = (struct history_message){.sender = sender->key,
                                    .from_domain = SPAN(""),
                                    .all_recipients = (int64_t)env->recipient_count,
                                    .now_us = now_us};
    out->recipients = history_recipients(msg->arena, env->recipients,
                                         env->recipient_kept, &out->recipient_count);
    if (env->mail_class == CLASS_FORWARDED)
        return;
    describe_client(engine, env, msg->arena, out);
    describe_header(msg, out);
    /* asked for in any case: is unsigned mail of that domain this sender's habit? */
    if (out->from_domain.len > 0)
        set_trait(out, TRAIT_UNSIGNED, out->from_domain);
}

struct inquiry {
    struct gate_past *out;
    struct arena *arena;
};

static int read_job(struct db *db, void *arg, struct err *err)
{
    struct inquiry *inquiry = arg;
    struct gate_past *past = inquiry->out;
    if (history_read(db, &past->message, &past->past, err) < 0)
        return -1;
    return gate_campaign_past(db, &past->campaign, past->message.now_us, inquiry->arena,
                              &past->past, err);
}

void gate_past_read(const struct engine *engine, const struct message *msg,
                    const struct envelope *env, const struct sender *sender,
                    struct reader *reader, int64_t now_us, struct gate_past *out)
{
    struct err err;
    memset(out, 0, sizeof *out);
    struct inquiry inquiry = {.out = out, .arena = msg->arena};
    describe(engine, msg, env, sender, now_us, &out->message);
    gate_campaign_sketch(msg, env, &out->campaign);
    if (reader == NULL)
        return;
    if (reader_run(reader, read_job, &inquiry, READ_TIMEOUT_MS, &err) < 0)
        memset(&out->past, 0, sizeof out->past); /* half an answer is none */
}

int gate_past_count(struct db *db, struct gate_past *past,
                    struct charge_request *request, struct err *err)
{
    if (history_count(db, &past->message, &past->count, err) < 0)
        return -1;
    request->sender_first_us = past->count.first_us;
    request->new_recipients = past->count.new_recipients;
    return 0;
}

static bool leaves(const struct plan *plan)
{
    return plan->is_shadow || plan->action < ACTION_HOLD ||
           (plan->action == ACTION_HOLD && plan->due_at_us > 0);
}

int gate_past_record(struct db *db, struct gate_past *past,
                     const struct judgement *judgement,
                     const struct charge_request *request, const struct plan *plan,
                     struct err *err)
{
    struct history_message *message = &past->message;
    if (!leaves(plan))
        return 0;
    message->bytes = request->bytes;
    message->points_milli = request->points_milli;
    message->is_signed = judgement->facts.number[FACT_signature_aligned] > 0;
    if (message->is_signed)
        message->has_trait[TRAIT_UNSIGNED] = false;
    return history_record(db, message, &past->count, err);
}
