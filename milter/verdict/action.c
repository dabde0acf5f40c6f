/* SPDX-License-Identifier: BSD-2-Clause */
#include "verdict/action.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* Fields of this name are ours: what comes in with one is taken out. */
static const char field_prefix[] = "X-Outgate-";

static const char *const cause_names[] = {"",      "score", "limit", "brake",
                                          "block", "alert", "probe"};

const char *cause_name(enum cause cause)
{
    return cause_names[cause];
}

enum cause cause_find(struct span name)
{
    for (int i = CAUSE_SCORE; i <= CAUSE_PROBE; i++)
        if (span_eq(name, span_of(cause_names[i])))
            return (enum cause)i;
    return CAUSE_NONE;
}

/* The same name must not be counted again for every field: hostile mail has
 * thousands. Removal indexes are per name (smfi_chgheader), so they are counted in
 * one pass over our own fields only. */
void action_removals(const struct message *msg, struct plan *plan)
{
    size_t ours = 0;
    plan->removals = NULL;
    plan->removal_count = 0;
    for (size_t i = 0; i < msg->field_count; i++)
        ours += span_istarts(msg->fields[i].name, span_of(field_prefix));
    if (ours == 0)
        return;
    plan->removals = arena_array(msg->arena, ours, sizeof *plan->removals);
    if (plan->removals == NULL)
        return;
    for (size_t i = 0; i < msg->field_count; i++) {
        struct span name = msg->fields[i].name;
        if (!span_istarts(name, span_of(field_prefix)))
            continue;
        int index = 1;
        for (size_t k = 0; k < plan->removal_count; k++)
            index += span_ieq(name, span_of(plan->removals[k].name));
        plan->removals[plan->removal_count++] =
            (struct plan_removal){span_cstr(msg->arena, name), index};
    }
    /* from the last to the first, so that an index stays true while others go */
    for (size_t i = 0, k = plan->removal_count - 1; i < k; i++, k--) {
        struct plan_removal swap = plan->removals[i];
        plan->removals[i] = plan->removals[k];
        plan->removals[k] = swap;
    }
}

/* Where no refusal is sane, mail waits. */
static enum action sane_action(const struct envelope *env, enum action meant)
{
    return meant > ACTION_HOLD && envelope_must_not_refuse(env) ? ACTION_HOLD : meant;
}

static enum action stricter(enum action a, enum action b)
{
    return a > b ? a : b;
}

/* What the limit that spoke would have done where a refusal is sane. */
static enum action limit_asked(const struct charge *charge)
{
    if (charge->limit == NULL)
        return charge->action;
    return stricter(charge->action, charge->limit->action);
}

/* A 4xx for what no waiting helps would come back for ever. */
static enum action limit_answer(const struct charge *charge)
{
    bool is_hopeless = charge->is_permanent && charge->action == ACTION_DEFER;
    return is_hopeless ? ACTION_REJECT : charge->action;
}

/* Base 32 without letters that read like digits (Crockford). */
static void print_incident(int64_t at_us, uint32_t salt, char out[INCIDENT_BYTES])
{
    static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    uint64_t value = (uint64_t)at_us << 5 | (salt & 31);
    for (int i = 12; i >= 0; i--) {
        out[i] = digits[value & 31];
        value >>= 5;
    }
    out[13] = '\0';
}

static char *print_time(int64_t at_us, char *out, size_t size)
{
    time_t at_s = (time_t)(at_us / 1000000);
    struct tm tm;
    gmtime_r(&at_s, &tm);
    strftime(out, size, "%Y-%m-%d %H:%M:%S UTC", &tm);
    return out;
}

/* "limit login: 101/100 recipients for sasl_user:bob" - what both the reason and the
 * reply say of a limit. Mail that waits for its turn has used the budget, too. */
static void print_limit(const struct plan_input *in, char *out, size_t size)
{
    const struct charge *charge = in->charge;
    const struct limit *limit = charge->limit;
    int64_t most = charge->is_burst ? limit->burst : limit->amount;
    char used[64];
    char amount[64];
    char key[160];
    struct span number;
    struct span unit;
    limit_print_amount(limit, charge->used + charge->waiting + charge->wanted, used,
                       sizeof used);
    limit_print_amount(limit, most, amount, sizeof amount);
    text_escape(charge->key, key, sizeof key);
    span_cut(span_of(used), ' ', &number, &unit);
    snprintf(out, size, "limit %s%s: %.*s/%s%s%s", limit->name,
             charge->is_burst ? " (burst)" : "", (int)number.len, number.at, amount,
             limit->window_us > 0 ? " for " : " in one message",
             limit->window_us > 0 ? key : "");
}

static enum action order_asked(const struct plan_input *in)
{
    static const enum action asked[] = {
        [RULING_NONE] = ACTION_ACCEPT,
        [RULING_BLOCK] = ACTION_REJECT,
        [RULING_BRAKE] = ACTION_HOLD,
    };
    return in->ruling != NULL ? asked[in->ruling->kind] : ACTION_ACCEPT;
}

/* The brake comes last: what it alone holds is let go when it is lifted. */
static enum cause find_cause(const struct plan_input *in)
{
    const struct charge *charge = in->charge;
    enum action order = order_asked(in);
    if (order == ACTION_REJECT)
        return CAUSE_BLOCK;
    if (charge->limit != NULL && charge->action >= in->verdict->action &&
        (order == ACTION_ACCEPT || charge->action > order))
        return CAUSE_LIMIT;
    if (order == ACTION_HOLD && in->verdict->action < ACTION_HOLD)
        return CAUSE_BRAKE;
    return in->verdict->action != ACTION_ACCEPT ? CAUSE_SCORE : CAUSE_NONE;
}

static const char *print_until(int64_t until_us, char *out, size_t size)
{
    char when[64];
    if (until_us == 0)
        return "";
    snprintf(out, size, " until %s", print_time(until_us, when, sizeof when));
    return out;
}

/* "account" for a login; what else is blocked, in a word that its owner knows. */
static const char *block_word(struct span key)
{
    if (span_starts(key, SPAN("client_ip:")))
        return "client";
    if (span_starts(key, SPAN("mail_from:")) || span_starts(key, SPAN("from_domain:")))
        return "sender";
    return "account";
}

void action_block_reply(const struct order *block, const char *incident,
                        const char *contact, char *out, size_t size)
{
    char until[80];
    char whom[200];
    text_escape(span_of(contact), whom, sizeof whom);
    snprintf(out, size, "sending is blocked for this %s%s%s%s%s%s",
             block_word(block->key), print_until(block->until_us, until, sizeof until),
             incident[0] != '\0' ? "; incident " : "", incident,
             whom[0] != '\0' ? "; contact " : "", whom);
}

static void print_order(const struct plan_input *in, char *out, size_t size)
{
    const struct order *order = &in->ruling->order;
    char key[110];
    char until[80];
    char reason[80];
    text_escape(order->key, key, sizeof key);
    text_escape(order->reason, reason, sizeof reason);
    snprintf(out, size, "%s%s%s%s%s",
             in->ruling->kind == RULING_BLOCK ? "blocked: " : "the brake is on", key,
             print_until(order->until_us, until, sizeof until),
             reason[0] != '\0' ? ": " : "", reason);
}

static void write_reason(const struct plan_input *in, struct plan *plan)
{
    char limit[PLAN_REASON_BYTES - 100];
    char when[64];
    if (plan->cause == CAUSE_BLOCK || plan->cause == CAUSE_BRAKE) {
        print_order(in, plan->reason, sizeof plan->reason - 100);
    } else if (plan->cause == CAUSE_LIMIT) {
        print_limit(in, limit, sizeof limit);
        int64_t at = plan->due_at_us > 0 ? plan->due_at_us : in->charge->free_at_us;
        snprintf(plan->reason, sizeof plan->reason, "%s%s%s", limit,
                 at > 0 ? ", free at " : "",
                 at > 0 ? print_time(at, when, sizeof when) : "");
    } else if (in->verdict->action != ACTION_ACCEPT) {
        snprintf(plan->reason, sizeof plan->reason, "score %.1f, %s from %g",
                 in->verdict->score, action_name(in->verdict->action),
                 in->verdict->threshold);
    } else {
        snprintf(plan->reason, sizeof plan->reason, "score %.1f", in->verdict->score);
    }
    size_t used = strlen(plan->reason);
    if (plan->meant != plan->action)
        snprintf(plan->reason + used, sizeof plan->reason - used,
                 "; held, for %s must not be refused",
                 in->env->path == PATH_LOCAL    ? "mail from sendmail(1)"
                 : in->env->path == PATH_BORDER ? "mail at the border"
                                                : "a bounce");
}

static void write_codes(const struct plan_input *in, struct plan *plan)
{
    const struct charge *charge = in->charge;
    bool is_permanent = plan->action == ACTION_REJECT;
    const char *detail = "7.1"; /* RFC 3463 3.8: delivery not authorized */
    if (plan->cause == CAUSE_LIMIT && charge->limit->unit == LIMIT_RECIPIENTS &&
        (charge->is_permanent || charge->limit->window_us == 0))
        detail = "5.3"; /* RFC 3463 3.6: too many recipients */
    else if (plan->cause == CAUSE_LIMIT)
        detail = "7.28"; /* RFC 7372 registry: mail flood detected */
    snprintf(plan->code, sizeof plan->code, "%s", is_permanent ? "554" : "451");
    snprintf(plan->xcode, sizeof plan->xcode, "%c.%s", is_permanent ? '5' : '4',
             detail);
}

/* What the sender is told: which limit and when it is free, or that it looks like
 * spam; never the rules. */
static void write_reply(const struct plan_input *in, struct plan *plan)
{
    char what[500];
    char when[64];
    char contact[200];
    if (plan->action != ACTION_DEFER && plan->action != ACTION_REJECT)
        return;
    write_codes(in, plan);
    if (plan->cause == CAUSE_BLOCK) {
        action_block_reply(&in->ruling->order, plan->incident, in->settings->contact,
                           plan->reply, sizeof plan->reply);
        return;
    }
    if (plan->cause == CAUSE_LIMIT) {
        print_limit(in, what, sizeof what - 80);
        size_t used = strlen(what);
        if (in->charge->is_permanent)
            snprintf(what + used, sizeof what - used, ", send it in smaller parts");
        else if (in->charge->free_at_us > 0)
            snprintf(what + used, sizeof what - used, ", free at %s",
                     print_time(in->charge->free_at_us, when, sizeof when));
    } else {
        snprintf(what, sizeof what, "looks like spam");
    }
    text_escape(span_of(in->settings->contact), contact, sizeof contact);
    snprintf(plan->reply, sizeof plan->reply, "%s; incident %s%s%s", what,
             plan->incident, contact[0] != '\0' ? "; contact " : "", contact);
}

static void add_header(struct plan *plan, const char *name, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void add_header(struct plan *plan, const char *name, const char *fmt, ...)
{
    struct plan_header *header = &plan->headers[plan->header_count];
    if (plan->header_count == PLAN_HEADERS)
        return;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(header->value, sizeof header->value, fmt, ap);
    va_end(ap);
    header->name = name;
    plan->header_count++;
}

static void write_headers(const struct plan_input *in, struct plan *plan)
{
    char sender[100];
    if (plan->action == ACTION_SLOW && !plan->is_shadow)
        add_header(plan, "X-Outgate-Lane", "slow");
    if (in->settings->add_headers == 0)
        return;
    add_header(plan, "X-Outgate-Score", "%.1f (%s)", in->verdict->score,
               action_name(plan->action));
    /* ASCII only: a header field with raw UTF-8 would need SMTPUTF8 to travel */
    text_escape(in->sender, sender, sizeof sender);
    for (char *c = sender; *c != '\0'; c++)
        if ((unsigned char)*c >= 0x80)
            *c = '?';
    add_header(plan, "X-Outgate-Sender", "%s", sender);
}

void action_plan(const struct plan_input *in, struct plan *plan)
{
    *plan = (struct plan){.is_shadow = in->settings->mode == MODE_SHADOW};
    enum action asked = stricter(in->verdict->action, order_asked(in));
    plan->meant = stricter(asked, limit_asked(in->charge));
    plan->action = sane_action(in->env, stricter(asked, limit_answer(in->charge)));
    plan->cause = find_cause(in);
    if (plan->cause == CAUSE_BRAKE || plan->cause == CAUSE_BLOCK)
        plan->order_since_us = in->ruling->order.since_us;
    if (plan->action == ACTION_HOLD && plan->cause == CAUSE_LIMIT &&
        in->verdict->action < ACTION_HOLD)
        plan->due_at_us = in->charge->due_at_us;
    print_incident(in->now_us, in->salt, plan->incident);
    write_reason(in, plan);
    write_reply(in, plan);
    write_headers(in, plan);
    action_removals(in->msg, plan);
}

/* A field that cannot be changed is no reason to lose or delay mail, except the lane:
 * without it doubtful mail would leave at full speed. */
static int apply_fields(const struct plan *plan, const struct hands *hands)
{
    int result = 0;
    for (size_t i = 0; i < plan->removal_count; i++)
        hands->remove_header(hands->ctx, plan->removals[i].name,
                             plan->removals[i].index);
    for (size_t i = 0; i < plan->header_count; i++)
        if (hands->add_header(hands->ctx, plan->headers[i].name,
                              plan->headers[i].value) < 0)
            result = -1;
    return plan->action == ACTION_SLOW ? result : 0;
}

static enum outcome refuse(const struct plan *plan, const struct hands *hands)
{
    hands->reply(hands->ctx, plan->code, plan->xcode, plan->reply);
    return plan->action == ACTION_REJECT ? OUTCOME_REJECT : OUTCOME_TEMPFAIL;
}

enum outcome action_apply(const struct plan *plan, const struct hands *hands)
{
    if (!plan->is_shadow && plan->action >= ACTION_DEFER)
        return refuse(plan, hands);
    if (apply_fields(plan, hands) < 0)
        return OUTCOME_TEMPFAIL;
    if (plan->is_shadow || plan->action != ACTION_HOLD)
        return OUTCOME_CONTINUE;
    return hands->quarantine(hands->ctx, plan->reason) < 0 ? OUTCOME_TEMPFAIL
                                                           : OUTCOME_CONTINUE;
}
