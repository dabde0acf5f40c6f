/* SPDX-License-Identifier: BSD-2-Clause */
#include "gate/border.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/held.h"
#include "store/orders.h"

#define TICKET_FIELD "X-Outgate-Ticket"

/* As gate.c waits for a decision. chosen */
enum { STORE_TIMEOUT_MS = 20000 };

static void add_mark(const struct border *border, struct plan *plan)
{
    if (plan->header_count == PLAN_HEADERS)
        return;
    struct plan_header *header = &plan->headers[plan->header_count++];
    header->name = TICKET_FIELD;
    snprintf(header->value, sizeof header->value, "%s", border->mark);
}

static int compare_tokens(const void *a, const void *b)
{
    return memcmp(a, b, DIGEST_TOKEN_BYTES);
}

static bool has_token(struct span tokens, const char *token)
{
    size_t count = tokens.len / DIGEST_TOKEN_BYTES;
    return count > 0 &&
           bsearch(token, tokens.at, count, DIGEST_TOKEN_BYTES, compare_tokens) != NULL;
}

static bool is_decided(const struct ticket_row *row, struct span recipient)
{
    char token[DIGEST_TOKEN_BYTES + 1];
    digest_token(recipient, token);
    return has_token(row->recipients, token);
}

/* The recipients that the first pass did not decide, of which it is told. */
static size_t find_undecided(const struct ticket_row *row, const struct envelope *env,
                             struct span *out)
{
    size_t count = 0;
    for (size_t i = 0; i < env->recipient_kept; i++)
        if (!is_decided(row, env->recipients[i]))
            out[count++] = env->recipients[i];
    return count;
}

/* The mark that it came with. A mail with two has been tampered with. */
static struct span find_mark(const struct message *msg)
{
    if (message_field_count(msg, TICKET_FIELD) != 1)
        return SPAN("");
    struct span mark = span_trim(message_field(msg, TICKET_FIELD, 0)->raw);
    return mark.len == TICKET_MARK_BYTES - 1 ? mark : SPAN("");
}

/* What the writer's thread does for border_open. */
struct look {
    const struct passage *passage;
    struct border *border;
    struct span mark;
    struct span *undecided; /* room for every recipient */
    size_t undecided_count;
};

static bool is_sound(const struct border *border)
{
    return border->ticket != NULL && span_eq(span_of(border->ticket), SPAN("sound"));
}

static int look_up(struct db *db, void *arg, struct err *err)
{
    struct look *look = arg;
    struct border *border = look->border;
    int found =
        ticket_find(db, look->mark, look->passage->msg->arena, &border->row, err);
    if (found < 0)
        return -1;
    if (found == 0)
        border->ticket = "unknown";
    else if (!span_eq(border->row.digest, span_of(border->digest)))
        border->ticket = "changed";
    else
        border->ticket = "sound";
    return 0;
}

/* What came in before the brake was put on leaves no more; what a person let go does.
 */
static int find_brake(struct db *db, const struct look *look, bool *is_kept,
                      struct err *err)
{
    const struct passage *passage = look->passage;
    const struct ticket_row *row = &look->border->row;
    struct ruling ruling;
    bool was_let_go;
    *is_kept = false;
    if (row->is_notice || passage->engine->settings->mode == MODE_SHADOW)
        return 0;
    if (orders_brake(db, passage->now_us, passage->msg->arena, &ruling, err) != 0)
        return -1;
    if (ruling.kind == RULING_NONE)
        return 0;
    if (held_was_let_go(db, row->message, &was_let_go, err) != 0)
        return -1;
    *is_kept = !was_let_go;
    return 0;
}

/* And at the border: what it covers passes. */
static int look_and_take(struct db *db, void *arg, struct err *err)
{
    struct look *look = arg;
    struct border *border = look->border;
    const struct passage *passage = look->passage;
    const struct envelope *env = passage->env;
    if (look_up(db, arg, err) < 0)
        return -1;
    if (!is_sound(border))
        return 0;
    bool is_kept = false;
    look->undecided_count = find_undecided(&border->row, env, look->undecided);
    border->is_covered =
        look->undecided_count == 0 && env->recipient_kept == env->recipient_count;
    if (border->is_covered && find_brake(db, look, &is_kept, err) != 0)
        return -1;
    border->is_passed = border->is_covered && !is_kept;
    if (!border->is_passed)
        return 0;
    return ticket_take(db, &border->row, border->tokens, passage->now_us, env->queue_id,
                       passage->msg->arena, err);
}

/* local(8) puts Delivered-To: before all it sends on; aliases leave an ORCPT. Both can
 * be forged, and serve a person that looks alone. */
static struct span find_forwarder(const struct passage *passage)
{
    struct span by = span_trim(message_value(passage->msg, "Delivered-To"));
    return by.len > 0 ? by : passage->env->original_to;
}

/* What the ticket knows is what the rest of the gate shall see. */
static void use_ticket(const struct look *look, struct envelope *env)
{
    const struct ticket_row *row = &look->border->row;
    size_t unknown = env->recipient_count - env->recipient_kept;
    struct span kind;
    struct span login;
    if (span_cut(row->sender, ':', &kind, &login) &&
        identity_find(kind) == IDENTITY_SASL_USER)
        env->auth_user = login;
    env->mail_class = row->mail_class;
    env->client_ip = row->client_ip;
    env->client_name = env->helo = SPAN("");
    if (look->border->is_covered)
        return; /* all of them wait */
    env->recipients = look->undecided;
    env->recipient_kept = look->undecided_count;
    env->recipient_count = look->undecided_count + unknown;
}

static int open_last(const struct passage *passage, struct border *border,
                     struct err *err)
{
    struct arena *arena = passage->msg->arena;
    struct envelope *env = passage->env;
    struct look look = {
        .passage = passage,
        .border = border,
        .mark = find_mark(passage->msg),
        .undecided = arena_array(arena, env->recipient_kept + 1, sizeof(struct span)),
    };
    if (look.undecided == NULL)
        return err_set(err, ERR_MEMORY, "no memory for this message");
    border->forwarded_by = find_forwarder(passage);
    border->ticket = "none";
    if (look.mark.len > 0 &&
        writer_run(passage->writer, look_and_take, &look, STORE_TIMEOUT_MS, err) < 0)
        return -1;
    if (border->is_passed)
        return 0;
    if (is_sound(border))
        use_ticket(&look, env);
    else
        env->mail_class = env->is_null_sender ? CLASS_FORWARDED : CLASS_OUTBOUND;
    message_finish(passage->msg);
    return ticket_mark(border->mark, err);
}

/* A program here sends a stranger's mail on as it came: a redirect of a mail filter, a
 * pipe in an alias. It is forwarded, as if the MTA itself had done it. Nobody's login
 * is taken for such a program, and changed mail (a list's) is its sender's own. */
static int open_first(const struct passage *passage, struct border *border,
                      struct err *err)
{
    struct envelope *env = passage->env;
    struct look look = {
        .passage = passage, .border = border, .mark = find_mark(passage->msg)};
    bool may_be_sent_on = env->is_ours && env->auth_user.len == 0 && look.mark.len > 0;
    if (ticket_mark(border->mark, err) < 0)
        return -1;
    if (!may_be_sent_on)
        return 0;
    if (writer_run(passage->writer, look_up, &look, STORE_TIMEOUT_MS, err) < 0)
        return -1;
    border->is_sent_on = is_sound(border) && border->row.mail_class == CLASS_FORWARDED;
    if (!border->is_sent_on)
        return 0;
    border->forwarded_by = find_forwarder(passage);
    env->is_ours = false;
    env->client_ip = border->row.client_ip;
    if (env->mail_class == CLASS_OUTBOUND)
        env->mail_class = CLASS_FORWARDED;
    return 0;
}

int border_open(const struct passage *passage, struct border *out, struct err *err)
{
    memset(out, 0, sizeof *out);
    if (!passage->engine->settings->has_border)
        return 0;
    out->role = passage->env->path == PATH_BORDER ? BORDER_LAST : BORDER_FIRST;
    digest_message(passage->msg, out->digest);
    out->tokens = digest_recipients(passage->env, passage->msg->arena);
    return out->role == BORDER_LAST ? open_last(passage, out, err)
                                    : open_first(passage, out, err);
}

/* A key of the store: its kind is what stands before the colon. */
static struct sender stored_sender(struct span key)
{
    struct span kind;
    struct span value;
    span_cut(key, ':', &kind, &value);
    return (struct sender){.identity = identity_find(kind), .key = key};
}

bool border_is_counted(const struct border *border)
{
    return border->role == BORDER_LAST && is_sound(border) &&
           (border->is_covered || border->row.mail_class == CLASS_OUTBOUND);
}

bool border_identify(const struct border *border, struct sender *out)
{
    if (border->role == BORDER_LAST && !is_sound(border))
        *out = stored_sender(SPAN("host:local"));
    else if (border->role == BORDER_LAST || border->is_sent_on)
        *out = stored_sender(border->row.sender);
    else
        return false;
    return true;
}

void border_pass(const struct border *border, const struct passage *passage,
                 struct judgement *judgement, struct plan *plan, int64_t *id)
{
    const struct ticket_row *row = &border->row;
    struct message *msg = passage->msg;
    bool is_shadow = passage->engine->settings->mode == MODE_SHADOW;
    memset(judgement, 0, sizeof *judgement);
    judgement->sender = stored_sender(row->sender);
    *plan = (struct plan){.is_shadow = is_shadow};
    plan->action = plan->meant =
        row->action == ACTION_SLOW ? ACTION_SLOW : ACTION_ACCEPT;
    snprintf(plan->reason, sizeof plan->reason, "decided when it came in, as %.*s",
             (int)span_head(row->queue_id, 64).len, row->queue_id.at);
    action_removals(msg, plan);
    if (plan->action == ACTION_SLOW && !is_shadow)
        plan->headers[plan->header_count++] =
            (struct plan_header){.name = "X-Outgate-Lane", .value = "slow"};
    passage->env->mail_class = row->mail_class;
    msg->size_bytes = msg->header_bytes + msg->body_bytes;
    *id = row->message;
}

static struct ticket_row new_row(const struct border *border,
                                 const struct passage *passage,
                                 const struct sender *sender, enum mail_class leaves_as)
{
    return (struct ticket_row){
        .mark = span_of(border->mark),
        .made_us = passage->now_us,
        .queue_id = passage->env->queue_id,
        .mail_class = leaves_as,
        .path = passage->env->path,
        .sender = sender->key,
        .client_ip = passage->env->client_ip,
        .digest = span_of(border->digest),
    };
}

static int give_ticket(struct db *db, const struct border *border,
                       const struct passage *passage, const struct sender *sender,
                       struct plan *plan, int64_t id, struct err *err)
{
    struct ticket_row row = new_row(border, passage, sender, passage->env->mail_class);
    row.message = id;
    row.recipients = border->tokens;
    row.is_notice = border->is_notice;
    /* what waits is let go by somebody, at once; shadow mode does nothing it says */
    row.action =
        plan->action == ACTION_SLOW && !plan->is_shadow ? ACTION_SLOW : ACTION_ACCEPT;
    add_mark(border, plan);
    return ticket_store(db, &row, err);
}

static int store_job(struct db *db, void *arg, struct err *err)
{
    return ticket_store(db, arg, err);
}

int border_admit(struct border *border, const struct passage *passage,
                 const struct sender *sender, struct plan *plan, struct err *err)
{
    enum mail_class leaves_as =
        passage->env->is_ours ? CLASS_OUTBOUND : CLASS_FORWARDED;
    struct ticket_row row = new_row(border, passage, sender, leaves_as);
    row.action = ACTION_ACCEPT;
    if (writer_run(passage->writer, store_job, &row, STORE_TIMEOUT_MS, err) < 0)
        return -1;
    add_mark(border, plan);
    return 0;
}

/* Whether what passed uncharged by the ticket as it was may still do so. */
static bool still_covers(struct span was, struct span now, struct span passing)
{
    for (; passing.len >= DIGEST_TOKEN_BYTES;
         passing = span_from(passing, DIGEST_TOKEN_BYTES))
        if (has_token(was, passing.at) && !has_token(now, passing.at))
            return false;
    return true;
}

/* The ticket is read anew: another delivery of the same mail may have passed with it
 * since border_open. What is no longer covered must be judged again: come back. */
static int take_again(struct db *db, struct border *border,
                      const struct passage *passage, struct err *err)
{
    struct ticket_row now;
    struct arena *arena = passage->msg->arena;
    int found = ticket_find(db, border->row.mark, arena, &now, err);
    if (found < 0)
        return -1;
    if (found == 0 ||
        !still_covers(border->row.recipients, now.recipients, border->tokens))
        return err_set(err, ERR_BUSY, "the same mail passes the border elsewhere");
    return ticket_take(db, &now, border->tokens, passage->now_us,
                       passage->env->queue_id, arena, err);
}

int border_let_pass(struct db *db, struct border *border, const struct passage *passage,
                    struct err *err)
{
    border->is_passed = true;
    return take_again(db, border, passage, err);
}

static int record_source(struct db *db, const struct border *border, int64_t id,
                         struct err *err)
{
    const struct border_row row = {
        .message = id,
        .row = is_sound(border) ? &border->row : NULL,
        .ticket = border->ticket,
        .forwarded_by = border->forwarded_by,
    };
    return ticket_record(db, &row, err);
}

static int record_last(struct db *db, struct border *border,
                       const struct passage *passage, const struct sender *sender,
                       struct plan *plan, int64_t id, struct err *err)
{
    if (record_source(db, border, id, err) < 0)
        return -1;
    if (is_sound(border) && take_again(db, border, passage, err) < 0)
        return -1;
    if (plan->action != ACTION_HOLD || plan->is_shadow)
        return 0;
    return give_ticket(db, border, passage, sender, plan, id, err);
}

int border_record(struct db *db, struct border *border, const struct passage *passage,
                  const struct sender *sender, struct plan *plan, int64_t id,
                  struct err *err)
{
    bool is_refused = plan->action >= ACTION_DEFER && !plan->is_shadow;
    if (border->role == BORDER_LAST)
        return record_last(db, border, passage, sender, plan, id, err);
    if (border->is_sent_on && record_source(db, border, id, err) < 0)
        return -1;
    if (border->role != BORDER_FIRST || is_refused)
        return 0;
    return give_ticket(db, border, passage, sender, plan, id, err);
}
