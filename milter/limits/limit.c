/* SPDX-License-Identifier: BSD-2-Clause */
#include "limits/limit.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define EXAMPLE "100 recipients per 1h per sender, burst 20, then hold"

enum {
    MILLI = 1000,
    TOKENS = 32, /* the longest sentence has 15 words and signs */
};

#define SECOND_US  INT64_C(1000000)
#define MAX_AMOUNT INT64_C(1000000000000000) /* 1e15: sums stay far from overflow */
#define MAX_WINDOW (366 * 86400 * SECOND_US)
#define MIN_BURST_W                                                                    \
    (SECOND_US / 10) /* below, slots of whole microseconds are coarse                  \
                      */

struct word {
    const char *name;
    int value;
};

static const struct word actions[] = {
    {"accept", ACTION_ACCEPT}, {"slow", ACTION_SLOW},     {"hold", ACTION_HOLD},
    {"defer", ACTION_DEFER},   {"reject", ACTION_REJECT}, {NULL, 0}};

static const struct word units[] = {{"messages", LIMIT_MESSAGES},
                                    {"recipients", LIMIT_RECIPIENTS},
                                    {"bytes", LIMIT_BYTES},
                                    {"points", LIMIT_POINTS},
                                    {NULL, 0}};

static const struct word keys[] = {{"sender", LIMIT_SENDER},
                                   {"client_ip", LIMIT_CLIENT_IP},
                                   {"from_domain", LIMIT_FROM_DOMAIN},
                                   {"recipient_domain", LIMIT_RECIPIENT_DOMAIN},
                                   {"egress", LIMIT_EGRESS},
                                   {"host", LIMIT_HOST},
                                   {NULL, 0}};

static const struct word classes[] = {
    {"outbound", CLASS_OUTBOUND}, {"forwarded", CLASS_FORWARDED}, {NULL, 0}};

/* Words of the language that this version cannot honour. */
static const char *const unavailable[] = {"new_recipients", "bounces", "complaints",
                                          "campaign",       "block",   "learned",
                                          "younger",        NULL};

struct sentence {
    struct span name;
    struct span tokens[TOKENS];
    size_t count, at;
    struct err *err;
};

static int find_word(const struct word *words, struct span name)
{
    for (; words->name != NULL; words++)
        if (span_ieq(span_of(words->name), name))
            return words->value;
    return 0;
}

static const char *word_name(const struct word *words, int value)
{
    for (; words->name != NULL; words++)
        if (words->value == value)
            return words->name;
    return "unknown";
}

const char *action_name(enum action action)
{
    return word_name(actions, (int)action);
}

enum action action_find(struct span name)
{
    return (enum action)find_word(actions, name);
}

const char *limit_unit_name(enum limit_unit unit)
{
    return word_name(units, (int)unit);
}

char *limit_print_keys(const struct limit *limit, char out[LIMIT_KEYS_BYTES])
{
    out[0] = '\0';
    if (limit->keys[0] != LIMIT_KEY_NONE)
        snprintf(out, LIMIT_KEYS_BYTES, "%s", word_name(keys, (int)limit->keys[0]));
    if (limit->keys[1] != LIMIT_KEY_NONE) {
        size_t len = strlen(out);
        snprintf(out + len, LIMIT_KEYS_BYTES - len, "+%s",
                 word_name(keys, (int)limit->keys[1]));
    }
    return out;
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
                   (int)s->name.len, s->name.at, what, found, EXAMPLE);
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
                   s->name.at, what, EXAMPLE);
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

static int refuse_unavailable(const struct sentence *s)
{
    for (size_t i = 0; i < s->count; i++)
        for (size_t k = 0; unavailable[k] != NULL; k++)
            if (span_ieq(s->tokens[i], span_of(unavailable[k])))
                return wrong(s, "'%s' is not available in this version",
                             unavailable[k]);
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

static enum limit_unit find_unit(struct span word)
{
    enum limit_unit unit = (enum limit_unit)find_word(units, word);
    if (unit != LIMIT_UNIT_UNKNOWN || word.len == 0 || word.len > 30)
        return unit;
    char plural[32]; /* "1 message" */
    snprintf(plural, sizeof plural, "%.*ss", (int)word.len, word.at);
    return (enum limit_unit)find_word(units, span_of(plural));
}

/* AMOUNT UNIT: the unit says how the amount is read. */
static int take_amount(struct sentence *s, struct limit *out)
{
    struct span amount = token(s);
    if (amount.len == 0 || !ascii_is_digit(amount.at[0]))
        return expected(s, "an amount such as 100");
    s->at++;
    out->unit = find_unit(token(s));
    if (out->unit == LIMIT_UNIT_UNKNOWN)
        return expected(s, "messages, recipients, bytes or points after '%.*s'",
                        (int)(amount.len < 30 ? amount.len : 30), amount.at);
    s->at--;
    if (!parse_amount(amount, out->unit, &out->amount))
        return expected(s, "%s, at most 1e15,", amount_form(out->unit));
    if (out->amount == 0)
        return wrong(s, "an amount of 0 can never be met");
    s->at += 2;
    return 0;
}

static int64_t duration_scale(char unit)
{
    switch (unit) {
    case 's':
        return SECOND_US;
    case 'm':
        return 60 * SECOND_US;
    case 'h':
        return 3600 * SECOND_US;
    case 'd':
        return 86400 * SECOND_US;
    case 'w':
        return 7 * 86400 * SECOND_US;
    default:
        return 0;
    }
}

static int take_window(struct sentence *s, struct limit *out)
{
    struct span text = token(s);
    int64_t scale = text.len > 1 ? duration_scale(text.at[text.len - 1]) : 0;
    uint64_t value;
    if (scale == 0 ||
        !text_parse_count(span_head(text, text.len - 1), UINT32_MAX, &value))
        return expected(s, "a duration with its unit (30s 10m 1h 1d 1w) or 'message'");
    if (value == 0 || value > (uint64_t)(MAX_WINDOW / scale))
        return wrong(s, "a window is from 1s to 366d, not '%.*s'",
                     (int)(text.len < 30 ? text.len : 30), text.at);
    out->window_us = (int64_t)value * scale;
    s->at++;
    return 0;
}

static int take_key(struct sentence *s, enum limit_key *key)
{
    *key = (enum limit_key)find_word(keys, token(s));
    if (*key == LIMIT_KEY_NONE)
        return expected(s, "sender, client_ip, from_domain, recipient_domain, egress "
                           "or host");
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
        return wrong(s, "'%s' is joined with itself",
                     word_name(keys, (int)out->keys[0]));
    if (token(s).len == 1 && token(s).at[0] == '+')
        return wrong(s, "at most two keys can be joined");
    return 0;
}

/* [in CLASS] */
static int take_class(struct sentence *s, struct limit *out)
{
    if (!accept_word(s, "in"))
        return 0;
    out->mail_class = (enum mail_class)find_word(classes, token(s));
    if (out->mail_class == CLASS_UNKNOWN)
        return expected(s, "'outbound' or 'forwarded' after 'in'");
    s->at++;
    return 0;
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

/* [, burst B], then ACTION; the comma before 'then' may be left out. */
static int take_tail(struct sentence *s, struct limit *out)
{
    bool has_comma = accept_word(s, ",");
    if (has_comma && accept_word(s, "burst")) {
        if (take_burst(s, out) != 0)
            return -1;
        accept_word(s, ",");
    }
    if (!accept_word(s, "then"))
        return expected(s, out->burst > 0 || out->window_us == 0
                               ? "', then' and an action"
                               : "', burst N' or ', then' and an action");
    out->action = action_find(token(s));
    if (out->action < ACTION_SLOW)
        return expected(s, "slow, hold, defer or reject after 'then'");
    s->at++;
    if (s->at < s->count)
        return expected(s, "nothing more after the action");
    return 0;
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
    return 0;
}

static int take_sentence(struct sentence *s, struct limit *out)
{
    if (take_amount(s, out) != 0)
        return -1;
    if (!accept_word(s, "per"))
        return expected(s, "'per' and a window or 'message'");
    if (!accept_word(s, "message") &&
        (take_window(s, out) != 0 || take_keys(s, out) != 0))
        return -1;
    if (take_class(s, out) != 0 || take_tail(s, out) != 0)
        return -1;
    return check_bite(s, out);
}

int limit_parse(struct span name, struct span sentence, struct limit *out,
                struct err *err)
{
    struct sentence s = {.name = name, .err = err};
    memset(out, 0, sizeof *out);
    if (check_name(&s) != 0 || split(&s, sentence) != 0 || refuse_unavailable(&s) != 0)
        return -1;
    memcpy(out->name, name.at, name.len);
    return take_sentence(&s, out);
}

/* An amount as the parser reads it, without its unit. */
static char *print_number(enum limit_unit unit, int64_t amount, char *out, size_t size)
{
    if (unit == LIMIT_BYTES && amount != 0 && amount % 1000000 == 0)
        snprintf(out, size, "%" PRId64 "M", amount / 1000000);
    else if (unit == LIMIT_BYTES && amount != 0 && amount % 1000 == 0)
        snprintf(out, size, "%" PRId64 "k", amount / 1000);
    else if (unit == LIMIT_POINTS && amount % MILLI != 0) {
        int len = snprintf(out, size, "%" PRId64 ".%03d", amount / MILLI,
                           (int)(amount % MILLI));
        while (len > 0 && (size_t)len < size && out[len - 1] == '0')
            out[--len] = '\0';
    } else
        snprintf(out, size, "%" PRId64, unit == LIMIT_POINTS ? amount / MILLI : amount);
    return out;
}

char *limit_print_amount(const struct limit *limit, int64_t amount, char *out,
                         size_t size)
{
    char number[32];
    const char *unit = word_name(units, (int)limit->unit);
    print_number(limit->unit, amount, number, sizeof number);
    int len = (int)strlen(unit);
    if (strcmp(number, "1") == 0)
        len--; /* "1 recipient" */
    snprintf(out, size, "%s %.*s", number, len, unit);
    return out;
}

static char *print_duration(int64_t us, char *out, size_t size)
{
    const char *letters = "wdhms";
    while (us % duration_scale(*letters) != 0 && letters[1] != '\0')
        letters++;
    snprintf(out, size, "%" PRId64 "%c", us / duration_scale(*letters), *letters);
    return out;
}

/* " per 1h per sender+client_ip", " per message" */
static char *print_scope(const struct limit *limit, char *out, size_t size)
{
    char window[32];
    char joined[LIMIT_KEYS_BYTES];
    if (limit->window_us == 0)
        snprintf(out, size, " per message");
    else
        snprintf(out, size, " per %s per %s",
                 print_duration(limit->window_us, window, sizeof window),
                 limit_print_keys(limit, joined));
    return out;
}

char *limit_print(const struct limit *limit, char out[LIMIT_SENTENCE_BYTES])
{
    char amount[64];
    char scope[128];
    char burst[48] = "";
    char number[32];
    const char *class_name =
        limit->mail_class != CLASS_UNKNOWN ? mail_class_name(limit->mail_class) : NULL;
    if (limit->burst > 0)
        snprintf(burst, sizeof burst, ", burst %s",
                 print_number(limit->unit, limit->burst, number, sizeof number));
    snprintf(out, LIMIT_SENTENCE_BYTES, "%s%s%s%s%s, then %s",
             limit_print_amount(limit, limit->amount, amount, sizeof amount),
             print_scope(limit, scope, sizeof scope), class_name != NULL ? " in " : "",
             class_name != NULL ? class_name : "", burst, action_name(limit->action));
    return out;
}

static bool is_ours(enum limit_key key)
{
    return key == LIMIT_EGRESS || key == LIMIT_HOST;
}

const struct limit *limit_find(const struct limit *table, size_t count,
                               struct span name)
{
    for (size_t i = 0; i < count; i++)
        if (span_eq(span_of(table[i].name), name))
            return &table[i];
    return NULL;
}

bool limit_applies(const struct limit *limit, enum mail_class mail_class)
{
    if (limit->mail_class != CLASS_UNKNOWN)
        return limit->mail_class == mail_class;
    if (mail_class == CLASS_OUTBOUND)
        return true;
    return mail_class == CLASS_FORWARDED && is_ours(limit->keys[0]) &&
           (limit->keys[1] == LIMIT_KEY_NONE || is_ours(limit->keys[1]));
}
