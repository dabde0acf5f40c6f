/* SPDX-License-Identifier: BSD-2-Clause
 *
 * limit_parse - the sentence of a limit, read word by word.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "limits/limit.h"

enum {
    MILLI = 1000,
    TOKENS = 40, /* the longest sentence has 33 words and signs */
};

#define SECOND_US  INT64_C(1000000)
#define MAX_AMOUNT INT64_C(1000000000000000) /* 1e15: sums stay far from overflow */
#define MAX_TIME   (366 * 86400 * SECOND_US)
#define MIN_BURST_W                                                                    \
    (SECOND_US / 10) /* below, slots of whole microseconds are coarse                  \
                      */
#define LEARNED_WINDOW (3600 * SECOND_US) /* the past is kept by the hour */
#define MAX_LEARNED    (1000 * MILLI)     /* times the busiest hour: more never bites */

struct sentence {
    struct span name;
    struct span tokens[TOKENS];
    size_t count, at;
    struct err *err;
};

/* A right sentence of the sort that this one seems to be: by the first of these words
 * that it has. */
static const char *example(const struct sentence *s)
{
    static const struct {
        const char *word, *sentence;
    } sorts[] = {
        {"learned",
         "3 times learned recipients per 1h per sender, at least 50, then hold"},
        {"times",
         "3 times learned recipients per 1h per sender, at least 50, then hold"},
        {"block", "25 bounces per 1d per sender, then block for 24h"},
        {"bounces", "25 bounces per 1d per sender, then block for 24h"},
        {"complaints", "3 complaints per 1w per sender, then hold"},
        {"younger",
         "20 recipients per 1h per sender for senders younger than 14d, then hold"},
        {"senders",
         "20 recipients per 1h per sender for senders younger than 14d, then hold"},
        {"in", "300 messages per 1h per host in forwarded, then defer"},
        {"message", "50 recipients per message, then reject"},
        {"+", "200 messages per 1h per sender+recipient_domain, then slow"},
        {"bytes", "20M bytes per 1h per sender, then defer"},
        {"points", "40 points per 1h per egress, then hold"},
    };
    for (size_t i = 0; i < sizeof sorts / sizeof *sorts; i++)
        for (size_t k = 0; k < s->count; k++)
            if (span_ieq(s->tokens[k], span_of(sorts[i].word)))
                return sorts[i].sentence;
    return "100 recipients per 1h per sender, burst 20, then hold";
}

static struct span token(const struct sentence *s)
{
    return s->at < s->count ? s->tokens[s->at] : SPAN("");
}

__attribute__((format(printf, 2, 3))) static int expected(const struct sentence *s,
                                                          const char *fmt, ...)
{
    char what[160];
    char found[64];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    if (s->at < s->count)
        snprintf(found, sizeof found, "'%.*s'",
                 (int)(token(s).len < 40 ? token(s).len : 40), token(s).at);
    else
        snprintf(found, sizeof found, "the end");
    return err_set(s->err, ERR_CONFIG, "%.*s: expected %s, found %s; a right one: %s",
                   (int)s->name.len, s->name.at, what, found, example(s));
}

__attribute__((format(printf, 2, 3))) static int wrong(const struct sentence *s,
                                                       const char *fmt, ...)
{
    char what[240];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    return err_set(s->err, ERR_CONFIG, "%.*s: %s; a right one: %s", (int)s->name.len,
                   s->name.at, what, example(s));
}

static bool is_sign(char c)
{
    return c == ',' || c == '+';
}

/* Words are parted by white space; ',' and '+' are words of their own. */
static int split(struct sentence *s, struct span text)
{
    size_t i = 0;
    while (i < text.len) {
        if (ascii_is_space(text.at[i])) {
            i++;
            continue;
        }
        size_t start = i++;
        if (!is_sign(text.at[start]))
            while (i < text.len && !ascii_is_space(text.at[i]) && !is_sign(text.at[i]))
                i++;
        if (s->count == TOKENS)
            return wrong(s, "too many words");
        s->tokens[s->count++] = (struct span){text.at + start, i - start};
    }
    return 0;
}

static bool accept_word(struct sentence *s, const char *word)
{
    if (!span_ieq(token(s), span_of(word)))
        return false;
    s->at++;
    return true;
}

/* digits [ "." 1*3digits ], in thousandths. */
static bool parse_milli(struct span text, int64_t *milli)
{
    struct span whole;
    struct span fraction;
    uint64_t value;
    uint64_t part = 0;
    bool has_fraction = span_cut(text, '.', &whole, &fraction);
    if (!text_parse_count(whole, MAX_AMOUNT / MILLI, &value))
        return false;
    if (has_fraction) {
        if (fraction.len > 3 || !text_parse_count(fraction, MILLI, &part))
            return false;
        for (size_t i = fraction.len; i < 3; i++)
            part *= 10;
    }
    *milli = (int64_t)(value * MILLI + part);
    return true;
}

/* digits [ k / M / G ], decimal multiples. */
static bool parse_bytes(struct span text, int64_t *bytes)
{
    int64_t scale = 1;
    char last = text.len > 0 ? text.at[text.len - 1] : '0';
    if (last == 'k' || last == 'K')
        scale = 1000;
    else if (last == 'M')
        scale = 1000 * 1000;
    else if (last == 'G')
        scale = 1000 * 1000 * 1000;
    if (scale > 1)
        text.len--;
    uint64_t value;
    if (!text_parse_count(text, (uint64_t)(MAX_AMOUNT / scale), &value))
        return false;
    *bytes = (int64_t)value * scale;
    return true;
}

static bool parse_amount(struct span text, enum limit_unit unit, int64_t *amount)
{
    uint64_t value;
    if (unit == LIMIT_POINTS)
        return parse_milli(text, amount);
    if (unit == LIMIT_BYTES)
        return parse_bytes(text, amount);
    if (!text_parse_count(text, MAX_AMOUNT, &value))
        return false;
    *amount = (int64_t)value;
    return true;
}

static const char *amount_form(enum limit_unit unit)
{
    if (unit == LIMIT_POINTS)
        return "a number such as 40 or 2.5";
    return unit == LIMIT_BYTES ? "a number such as 500 or 10k or 5M"
                               : "a whole number such as 100";
}

/* AMOUNT UNIT: the unit says how the amount is read. */
static int take_amount(struct sentence *s, struct limit *out)
{
    struct span amount = token(s);
    if (amount.len == 0 || !ascii_is_digit(amount.at[0]))
        return expected(s, "an amount such as 100");
    s->at++;
    out->unit = limit_unit_find(token(s));
    if (out->unit == LIMIT_UNIT_UNKNOWN)
        return expected(s,
                        "messages, recipients, new_recipients, bytes, points, bounces "
                        "or complaints after '%.*s'",
                        (int)(amount.len < 30 ? amount.len : 30), amount.at);
    s->at--;
    if (!parse_amount(amount, out->unit, &out->amount))
        return expected(s, "%s (at most 1e15)", amount_form(out->unit));
    if (out->amount == 0)
        return wrong(s, "an amount of 0 can never be met");
    s->at += 2;
    return 0;
}

/* A length of time above 0, at most 366 d; what: "a window". */
static int take_time(struct sentence *s, const char *what, const char *also,
                     int64_t *out)
{
    struct span text = token(s);
    int64_t scale = text.len > 1 ? limit_duration_scale(text.at[text.len - 1]) : 0;
    uint64_t value;
    if (scale == 0 ||
        !text_parse_count(span_head(text, text.len - 1), UINT32_MAX, &value))
        return expected(s, "a duration with its unit (30s 10m 1h 1d 1w)%s", also);
    if (value == 0 || value > (uint64_t)(MAX_TIME / scale))
        return wrong(s, "%s is from 1s to 366d, not '%.*s'", what,
                     (int)(text.len < 30 ? text.len : 30), text.at);
    *out = (int64_t)value * scale;
    s->at++;
    return 0;
}

static int take_window(struct sentence *s, struct limit *out)
{
    return take_time(s, "a window", " or 'message'", &out->window_us);
}

static int take_key(struct sentence *s, enum limit_key *key)
{
    *key = limit_key_find(token(s));
    if (*key == LIMIT_KEY_NONE)
        return expected(s, "sender, client_ip, from_domain, recipient_domain, "
                           "campaign, uid, egress or host");
    s->at++;
    return 0;
}

/* per KEY[+KEY] */
static int take_keys(struct sentence *s, struct limit *out)
{
    if (!accept_word(s, "per"))
        return expected(s, "'per' and whom it counts");
    if (take_key(s, &out->keys[0]) != 0)
        return -1;
    if (!accept_word(s, "+"))
        return 0;
    if (take_key(s, &out->keys[1]) != 0)
        return -1;
    if (out->keys[0] == out->keys[1])
        return wrong(s, "'%s' is joined with itself", limit_key_name(out->keys[0]));
    if (token(s).len == 1 && token(s).at[0] == '+')
        return wrong(s, "at most two keys can be joined");
    return 0;
}

/* [in CLASS] */
static int take_class(struct sentence *s, struct limit *out)
{
    if (!accept_word(s, "in"))
        return 0;
    if (span_ieq(token(s), SPAN("outbound")))
        out->mail_class = CLASS_OUTBOUND;
    else if (span_ieq(token(s), SPAN("forwarded")))
        out->mail_class = CLASS_FORWARDED;
    else
        return expected(s, "'outbound' or 'forwarded' after 'in'");
    s->at++;
    return 0;
}

/* [with P points or more] */
static int take_least(struct sentence *s, struct limit *out)
{
    if (!accept_word(s, "with"))
        return 0;
    if (!parse_milli(token(s), &out->least_milli) || out->least_milli == 0)
        return expected(s, "points above 0, as in 'with 2 points or more'");
    s->at++;
    if ((!accept_word(s, "points") && !accept_word(s, "point")) ||
        !accept_word(s, "or") || !accept_word(s, "more"))
        return expected(s, "'points or more'");
    return 0;
}

/* [for senders younger than AGE] */
static int take_age(struct sentence *s, struct limit *out)
{
    if (!accept_word(s, "for"))
        return 0;
    if (!accept_word(s, "senders") || !accept_word(s, "younger") ||
        !accept_word(s, "than"))
        return expected(s, "'for senders younger than 14d'");
    return take_time(s, "an age", "", &out->younger_us);
}

static int take_burst(struct sentence *s, struct limit *out)
{
    if (out->window_us == 0)
        return wrong(s, "a limit per message has no burst");
    if (!parse_amount(token(s), out->unit, &out->burst))
        return expected(s, "%s after 'burst'", amount_form(out->unit));
    if (out->burst == 0)
        return wrong(s, "a burst of 0 can never be met");
    if (out->burst > out->amount)
        return wrong(s, "a burst above the amount never bites");
    if ((double)out->window_us * (double)out->burst / (double)out->amount < MIN_BURST_W)
        return wrong(s, "the burst is too small: it allows less than 0.1 s' worth");
    s->at++;
    return 0;
}

static int take_floor(struct sentence *s, struct limit *out)
{
    if (!accept_word(s, ",") || !accept_word(s, "at") || !accept_word(s, "least"))
        return expected(s, "', at least N': what a sender without a past may send");
    if (!parse_amount(token(s), out->unit, &out->amount))
        return expected(s, "%s after 'at least'", amount_form(out->unit));
    if (out->amount == 0)
        return wrong(s, "a floor of 0 can never be met");
    s->at++;
    return 0;
}

/* , at least A[, at most C] */
static int take_bounds(struct sentence *s, struct limit *out)
{
    size_t before;
    if (take_floor(s, out) != 0)
        return -1;
    before = s->at;
    if (!accept_word(s, ",") || !accept_word(s, "at") || !accept_word(s, "most")) {
        s->at = before;
        return 0;
    }
    if (!parse_amount(token(s), out->unit, &out->ceiling))
        return expected(s, "%s after 'at most'", amount_form(out->unit));
    if (out->ceiling < out->amount)
        return wrong(s, "'at most' is below 'at least'");
    s->at++;
    return 0;
}

/* block for TIME */
static int take_block(struct sentence *s, struct limit *out)
{
    if (!accept_word(s, "for"))
        return expected(s, "'for' and how long, as in 'block for 24h'");
    if (take_time(s, "a block", "", &out->block_us) != 0)
        return -1;
    if (!limit_has_key(out, LIMIT_SENDER) && !limit_has_key(out, LIMIT_UID) &&
        !limit_has_key(out, LIMIT_CLIENT_IP))
        return wrong(s,
                     "'block' locks a sender, a uid or a client_ip: the limit must be "
                     "per one of them");
    out->action = ACTION_REJECT;
    return 0;
}

/* [for review]: time frees what is over a limit, not what looks like spam. */
static int take_review(struct sentence *s, struct limit *out)
{
    if (out->action != ACTION_HOLD || !accept_word(s, "for"))
        return 0;
    if (!accept_word(s, "review"))
        return expected(s, "'review', as in 'hold for review'");
    out->needs_review = true;
    return 0;
}

static int take_action(struct sentence *s, struct limit *out)
{
    if (!accept_word(s, "then"))
        return expected(s,
                        out->burst > 0 || out->window_us == 0 || out->learned_milli > 0
                            ? "', then' and an action"
                            : "', burst N' or ', then' and an action");
    if (accept_word(s, "block")) {
        if (take_block(s, out) != 0)
            return -1;
    } else {
        out->action = action_find(token(s));
        if (out->action < ACTION_SLOW)
            return expected(s, "slow, hold, defer, reject or block after 'then'");
        s->at++;
        if (take_review(s, out) != 0)
            return -1;
    }
    return s->at < s->count ? expected(s, "nothing more after the action") : 0;
}

/* [, burst B], then ACTION; the comma before 'then' may be left out. */
static int take_tail(struct sentence *s, struct limit *out)
{
    bool has_comma = accept_word(s, ",");
    if (has_comma && accept_word(s, "burst")) {
        if (out->learned_milli > 0)
            return wrong(s, "a learned limit has no burst");
        if (take_burst(s, out) != 0)
            return -1;
        accept_word(s, ",");
    }
    return take_action(s, out);
}

static int check_name(struct sentence *s)
{
    bool is_sound = s->name.len > 0 && s->name.len < LIMIT_NAME_BYTES;
    for (size_t i = 0; is_sound && i < s->name.len; i++) {
        char c = s->name.at[i];
        is_sound = (c >= 'a' && c <= 'z') || ascii_is_digit(c) || c == '_' || c == '-';
    }
    if (is_sound)
        return 0;
    s->name = span_head(s->name, 40);
    return wrong(s, "a limit's name is 1 to 63 of a-z 0-9 _ -");
}

static int check_bite(const struct sentence *s, const struct limit *out)
{
    if (out->window_us == 0 && out->unit == LIMIT_MESSAGES)
        return wrong(s, "a message is always one message: this never bites");
    if (out->window_us == 0 && limit_is_by_feedback(out))
        return wrong(s, "a message has no %s when it is sent: this never bites",
                     limit_unit_name(out->unit));
    return 0;
}

/* [in CLASS] [with P points or more] [for senders younger than AGE] */
static int take_scope(struct sentence *s, struct limit *out)
{
    if (take_class(s, out) != 0 || take_least(s, out) != 0)
        return -1;
    return take_age(s, out);
}

/* N times learned UNIT: N and "times" are still to be taken. */
static int take_learned_unit(struct sentence *s, struct limit *out)
{
    if (!parse_milli(token(s), &out->learned_milli) || out->learned_milli < MILLI ||
        out->learned_milli > MAX_LEARNED)
        return expected(s, "1 to 1000 times the busiest hour");
    s->at += 2;
    if (!accept_word(s, "learned"))
        return expected(s, "'learned' after 'times'");
    out->unit = limit_unit_find(token(s));
    if (out->unit == LIMIT_UNIT_UNKNOWN || limit_is_by_feedback(out))
        return expected(s, "messages, recipients, new_recipients, bytes or points");
    s->at++;
    return 0;
}

static int take_learned(struct sentence *s, struct limit *out)
{
    if (take_learned_unit(s, out) != 0)
        return -1;
    if (!accept_word(s, "per"))
        return expected(s, "'per 1h'");
    if (take_window(s, out) != 0)
        return -1;
    if (out->window_us != LEARNED_WINDOW)
        return wrong(s,
                     "a learned limit is per 1h: a sender's past is kept by the hour");
    if (take_keys(s, out) != 0)
        return -1;
    if (out->keys[0] != LIMIT_SENDER || out->keys[1] != LIMIT_KEY_NONE)
        return wrong(s, "a learned limit is per sender alone");
    if (take_scope(s, out) != 0 || take_bounds(s, out) != 0)
        return -1;
    return take_tail(s, out);
}

static bool is_learned(const struct sentence *s)
{
    return s->count > 1 && span_ieq(s->tokens[1], SPAN("times"));
}

static int take_sentence(struct sentence *s, struct limit *out)
{
    if (is_learned(s))
        return take_learned(s, out);
    if (take_amount(s, out) != 0)
        return -1;
    if (!accept_word(s, "per"))
        return expected(s, "'per' and a window or 'message'");
    if (!accept_word(s, "message") &&
        (take_window(s, out) != 0 || take_keys(s, out) != 0))
        return -1;
    if (take_scope(s, out) != 0 || take_tail(s, out) != 0)
        return -1;
    return check_bite(s, out);
}

int limit_parse(struct span name, struct span sentence, struct limit *out,
                struct err *err)
{
    struct sentence s = {.name = name, .err = err};
    memset(out, 0, sizeof *out);
    if (check_name(&s) != 0 || split(&s, sentence) != 0)
        return -1;
    memcpy(out->name, name.at, name.len);
    return take_sentence(&s, out);
}

/* AMOUNT UNIT per WINDOW[, burst B] */
static int take_override(struct sentence *s, const struct limit *limit,
                         struct limit *out)
{
    if (take_amount(s, out) != 0)
        return -1;
    if (out->unit != limit->unit)
        return wrong(s, "it counts %s, not %s", limit_unit_name(limit->unit),
                     limit_unit_name(out->unit));
    if (!accept_word(s, "per"))
        return expected(s, "'per' and a window");
    if (take_window(s, out) != 0)
        return -1;
    if (accept_word(s, ",")) {
        if (!accept_word(s, "burst"))
            return expected(s, "'burst'");
        if (take_burst(s, out) != 0)
            return -1;
    }
    return s->at < s->count ? expected(s, "nothing more, or ', burst N'") : 0;
}

int limit_parse_override(const struct limit *limit, struct span sentence,
                         struct limit *out, struct err *err)
{
    struct sentence s = {.name = span_of(limit->name), .err = err};
    *out = *limit;
    out->window_us = out->burst = out->learned_milli = out->ceiling = 0;
    if (limit->window_us == 0)
        return wrong(&s, "a limit per message has no key to override it for");
    return split(&s, sentence) != 0 ? -1 : take_override(&s, limit, out);
}
