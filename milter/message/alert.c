/* SPDX-License-Identifier: BSD-2-Clause */
#include "message/alert.h"

#include <string.h>

#include "base/bounds.h"
#include "base/buf.h"
#include "message/message.h"

enum {
    ID_BYTES = 998,      /* RFC 5322 2.1.1: what one line can hold */
    LABEL_BYTES = 40,    /* between "IP" and the address. measured on the guides */
    JSON_DEPTH = 8,      /* objects within objects */
    MAIL_BYTES = 1 << 20 /* of the alert that are read */
};

static bool add_sample(struct arena *arena, struct alert *out,
                       const struct alert_sample *sample)
{
    if (out->samples == NULL)
        out->samples = arena_array(arena, BOUND_ALERT_SAMPLES, sizeof *out->samples);
    if (out->samples == NULL || out->sample_count == BOUND_ALERT_SAMPLES) {
        out->is_cut = true;
        return false;
    }
    out->samples[out->sample_count++] = *sample;
    out->is_alert = true;
    return true;
}

/* ---- from mail to plain text ---- */

static void add_break(struct buf *out)
{
    buf_add_char(out, '\n');
}

/* A tag is taken out; those that break lines leave one. */
static size_t skip_tag(struct span text, size_t i, struct buf *out)
{
    struct span tag = span_from(text, i + 1);
    ptrdiff_t end = span_index(span_head(tag, 4096), '>');
    bool is_tag = tag.len > 0 &&
                  (ascii_is_alpha(tag.at[0]) || tag.at[0] == '/' || tag.at[0] == '!');
    /* <id@domain> is none */
    if (!is_tag || end < 0 || span_index(span_head(tag, (size_t)end), '@') >= 0)
        return 0;
    if (span_istarts(tag, SPAN("br")) || span_istarts(tag, SPAN("p")) ||
        span_istarts(tag, SPAN("/p")) || span_istarts(tag, SPAN("/div")) ||
        span_istarts(tag, SPAN("li")) || span_istarts(tag, SPAN("/tr")))
        add_break(out);
    return (size_t)end + 2;
}

static size_t skip_entity(struct span text, size_t i, struct buf *out)
{
    static const struct {
        const char *name;
        char c;
    } entities[] = {{"&lt;", '<'},   {"&gt;", '>'},   {"&amp;", '&'},
                    {"&quot;", '"'}, {"&#39;", '\''}, {"&nbsp;", ' '}};
    for (size_t k = 0; k < sizeof entities / sizeof *entities; k++) {
        struct span name = span_of(entities[k].name);
        if (span_istarts(span_from(text, i), name)) {
            buf_add_char(out, entities[k].c);
            return name.len;
        }
    }
    return 0;
}

/* Leading "> > " of quoted lines go, and "<br>" and other tags wherever they stand. */
static void add_plain(struct buf *out, struct span text)
{
    bool is_begin = true;
    for (size_t i = 0; i < text.len;) {
        char c = text.at[i];
        size_t skipped = 0;
        if (is_begin && (c == '>' || c == ' ' || c == '\t' || c == '|'))
            skipped = 1;
        else if (c == '<')
            skipped = skip_tag(text, i, out);
        else if (c == '&')
            skipped = skip_entity(text, i, out);
        if (skipped == 0) {
            buf_add_char(out, c);
            skipped = 1;
            is_begin = false;
        }
        i += skipped;
        if (c == '\n')
            is_begin = true;
    }
    add_break(out);
}

/* A header begins it, or an mbox line. */
static bool is_mail(struct span bytes)
{
    size_t i = 0;
    while (i < bytes.len && bytes.at[i] > ' ' && bytes.at[i] < 0x7f &&
           bytes.at[i] != ':' && bytes.at[i] != '{' && bytes.at[i] != '"')
        i++;
    bool is_field = i > 0 && i < bytes.len && bytes.at[i] == ':';
    return is_field || span_starts(bytes, SPAN("From "));
}

static void add_mail(struct arena *arena, struct buf *out, struct span bytes)
{
    struct message *msg = message_new(arena, MAIL_BYTES);
    if (msg == NULL)
        return;
    message_read(msg, bytes);
    add_plain(out, message_value(msg, "Subject"));
    for (size_t i = 0; i < msg->part_count; i++)
        if (span_eq(msg->parts[i].type, SPAN("text")) && !msg->parts[i].is_multipart)
            add_plain(out, msg->parts[i].text);
}

/* ---- the sentences ---- */

static size_t skip_space(struct span text, size_t i)
{
    while (i < text.len && ascii_is_space(text.at[i]))
        i++;
    return i;
}

/* [white space] ":" [white space]; i itself without a colon. */
static size_t skip_colon(struct span text, size_t i)
{
    size_t at = skip_space(text, i);
    return at < text.len && text.at[at] == ':' ? skip_space(text, at + 1) : i;
}

static bool is_address_char(char c)
{
    return ascii_hex(c) >= 0 || c == '.' || c == ':';
}

static struct span take_address(struct span text, size_t i)
{
    size_t end = i;
    while (end < text.len && end - i < 46 && is_address_char(text.at[end]))
        end++;
    while (end > i && (text.at[end - 1] == '.' || text.at[end - 1] == ':'))
        end--;
    return (struct span){text.at + i, end - i};
}

/* Without what breaks it: white space anywhere, and <> around it. */
static struct span clean_id(struct arena *arena, struct span raw)
{
    struct span out = span_dup(arena, raw);
    char *at = (char *)out.at; /* the arena's own copy */
    size_t used = 0;
    for (size_t i = 0; i < out.len; i++)
        if (!ascii_is_space(at[i]) && at[i] != '<' && at[i] != '>')
            at[used++] = at[i];
    out.len = used;
    return span_head(out, ID_BYTES);
}

static bool take_number(struct span text, size_t i, int64_t *out)
{
    bool is_negative = i < text.len && text.at[i] == '-';
    size_t first = i + is_negative;
    size_t end = first;
    uint64_t value;
    while (end < text.len && end - first < 18 && ascii_is_digit(text.at[end]))
        end++;
    if (!text_parse_count((struct span){text.at + first, end - first}, INT64_MAX,
                          &value))
        return false;
    *out = is_negative ? -(int64_t)value : (int64_t)value;
    return true;
}

/* The label's end, or 0: "Message-ID", "Mensagem-ID", "Wiadomo..-ID", all with "-ID".
 */
static size_t find_id_label(struct span text)
{
    static const char *const labels[] = {"Message-ID", "Mensagem-ID", "Wiadomo"};
    struct span head = span_head(text, LABEL_BYTES);
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
        ptrdiff_t at = span_ifind(head, span_of(labels[i]));
        if (at < 0)
            continue;
        ptrdiff_t id = span_ifind(span_from(head, (size_t)at), SPAN("-ID"));
        if (id >= 0)
            return (size_t)at + (size_t)id + 3;
    }
    return 0;
}

/* Destination IP: A - Message-ID: I - Spam score: N; text begins after the first two
 * words. Message-IDs hold '-', so the words "Spam score" end them. */
static bool take_sample(struct arena *arena, struct span text,
                        struct alert_sample *sample)
{
    size_t at = skip_colon(text, 0);
    *sample = (struct alert_sample){.destination_ip = take_address(text, at)};
    at += sample->destination_ip.len;
    struct span rest = span_from(text, at);
    size_t label = find_id_label(rest);
    if (label == 0)
        return false;
    rest = span_from(rest, skip_colon(rest, label));
    ptrdiff_t end = span_ifind(span_head(rest, 2 * ID_BYTES), SPAN("Spam score"));
    if (end < 0)
        return false;
    struct span id = span_trim(span_head(rest, (size_t)end));
    while (id.len > 0 &&
           (id.at[id.len - 1] == '-' || ascii_is_space(id.at[id.len - 1])))
        id.len--;
    sample->message_id = clean_id(arena, id);
    rest = span_from(rest, (size_t)end + 10);
    sample->has_score =
        take_number(rest, skip_space(rest, skip_colon(rest, 0)), &sample->score);
    return sample->message_id.len > 0;
}

static void read_samples(struct arena *arena, struct span text, struct alert *out)
{
    static const char mark[] = "Destination IP";
    struct span rest = text;
    ptrdiff_t at;
    while ((at = span_ifind(rest, span_of(mark))) >= 0) {
        struct alert_sample sample;
        rest = span_from(rest, (size_t)at + sizeof mark - 1);
        ptrdiff_t next = span_ifind(rest, span_of(mark));
        struct span own = next >= 0 ? span_head(rest, (size_t)next) : rest;
        if (take_sample(arena, own, &sample) && !add_sample(arena, out, &sample))
            return;
    }
}

static bool is_dotted_quad(struct span text)
{
    unsigned dots = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] == '.')
            dots++;
        else if (!ascii_is_digit(text.at[i]))
            return false;
    }
    return dots == 3 && text.len >= 7;
}

/* "your IP 192.0.2.1", "de vos IP:\n192.0.2.1": the word, then soon an address. */
static void read_blocked_ip(struct span text, struct alert *out)
{
    ptrdiff_t samples = span_ifind(text, SPAN("Destination IP"));
    struct span head = samples >= 0 ? span_head(text, (size_t)samples) : text;
    for (size_t i = 0; i + 2 < head.len; i++) {
        bool is_word = head.at[i] == 'I' && head.at[i + 1] == 'P' &&
                       (i == 0 || !ascii_is_alnum(head.at[i - 1]));
        if (!is_word)
            continue;
        size_t at = i + 2;
        while (at < head.len && at - i < LABEL_BYTES && !ascii_is_digit(head.at[at]))
            at++;
        struct span address = take_address(head, at);
        if (is_dotted_quad(address)) {
            out->blocked_ip = address;
            return;
        }
    }
}

static bool has_alert_words(struct span text)
{
    static const char *const words[] = {"port 25",   "puerto 25", "Port 25", "porta 25",
                                        "anti-spam", "antispam",  "portu 25"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (span_ifind(text, span_of(words[i])) >= 0)
            return true;
    return false;
}

static void read_text(struct arena *arena, struct span text, struct alert *out)
{
    read_samples(arena, text, out);
    read_blocked_ip(text, out);
    out->is_alert |= out->blocked_ip.len > 0 && has_alert_words(text);
    if (!out->is_alert)
        out->blocked_ip = SPAN("");
}

/* ---- the API's answers ---- */

/* days since 1970-01-01 of a civil date. Source: H. Hinnant, days_from_civil. */
static int64_t days_of(int64_t y, int64_t m, int64_t d)
{
    y -= m <= 2;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t yoe = y - era * 400;
    int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
    int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    return era * 146097 + doe - 719468;
}

static bool two_digits(struct span text, size_t i, int64_t *out)
{
    if (i + 2 > text.len || !ascii_is_digit(text.at[i]) ||
        !ascii_is_digit(text.at[i + 1]))
        return false;
    *out = (text.at[i] - '0') * 10 + (text.at[i + 1] - '0');
    return true;
}

/* 2022-08-29T17:42:50+01:00 (RFC 3339); 0 when it is none. */
static int64_t time_of(struct span t)
{
    int64_t century, year, month, day, hour, minute, second;
    int64_t zone_hour = 0, zone_minute = 0;
    if (!two_digits(t, 0, &century) || !two_digits(t, 2, &year) ||
        !two_digits(t, 5, &month) || !two_digits(t, 8, &day) ||
        !two_digits(t, 11, &hour) || !two_digits(t, 14, &minute) ||
        !two_digits(t, 17, &second) || month < 1 || month > 12)
        return 0;
    int64_t at = days_of(century * 100 + year, month, day) * 86400 + hour * 3600 +
                 minute * 60 + second;
    bool has_zone = t.len >= 25 && (t.at[19] == '+' || t.at[19] == '-') &&
                    two_digits(t, 20, &zone_hour) && two_digits(t, 23, &zone_minute);
    int64_t zone = has_zone ? zone_hour * 3600 + zone_minute * 60 : 0;
    return has_zone && t.at[19] == '-' ? at + zone : at - zone;
}

/* One object, as far as it was read. */
struct object {
    struct alert_sample sample;
};

static void take_member(struct alert *out, struct object *object, struct span name,
                        struct span value)
{
    int64_t number = 0;
    bool is_number = take_number(value, 0, &number);
    if (span_eq(name, SPAN("messageId")))
        object->sample.message_id = value;
    else if (span_eq(name, SPAN("destinationIp")))
        object->sample.destination_ip = value;
    else if (span_eq(name, SPAN("spamscore")) && is_number) {
        object->sample.score = number;
        object->sample.has_score = true;
    } else if (span_eq(name, SPAN("ipSpamming")))
        out->blocked_ip = value;
    else if (span_eq(name, SPAN("state")))
        out->state = value;
    else if (span_eq(name, SPAN("time")) && is_number)
        out->sentence_s = number;
    else if (span_eq(name, SPAN("timestamp")) && is_number)
        out->since_s = number;
    else if (span_eq(name, SPAN("numberOfSpams")) && is_number)
        out->spam_count = number;
    else if (span_eq(name, SPAN("total")) && is_number)
        out->total_count = number;
    else if (span_eq(name, SPAN("date"))) {
        int64_t at_s = time_of(value);
        object->sample.at_s = at_s != 0 ? at_s : number;
        if (at_s != 0)
            out->since_s = at_s;
    }
}

/* A word or a string at i, with its end in *i. Escapes stay as they are: what the API
 * sends has none, and what is no id finds nothing. */
static struct span take_token(struct span text, size_t *i)
{
    char quote = text.at[*i];
    size_t first = *i;
    if (quote == '"') {
        for (first = ++*i; *i < text.len && text.at[*i] != '"'; ++*i)
            if (text.at[*i] == '\\')
                ++*i;
        struct span out = {text.at + first, (*i < text.len ? *i : text.len) - first};
        ++*i;
        return out;
    }
    while (*i < text.len &&
           (ascii_is_alnum(text.at[*i]) || text.at[*i] == '-' || text.at[*i] == '.' ||
            text.at[*i] == '_' || text.at[*i] == '+'))
        ++*i;
    return (struct span){text.at + first, *i - first};
}

static void end_object(struct arena *arena, struct alert *out, struct object *object)
{
    struct alert_sample *sample = &object->sample;
    if (sample->message_id.len == 0)
        return;
    sample->message_id = clean_id(arena, sample->message_id);
    add_sample(arena, out, sample);
    *object = (struct object){0};
}

/* Members wherever they stand; braces part the samples. */
static void read_json(struct arena *arena, struct span text, struct alert *out)
{
    struct object objects[JSON_DEPTH] = {0};
    size_t depth = 0;
    struct span name = SPAN("");
    for (size_t i = 0; i < text.len;) {
        char c = text.at[i];
        if (c == '"' || ascii_is_alnum(c) || c == '-') {
            struct span token = take_token(text, &i);
            size_t next = skip_space(text, i);
            bool is_name = next < text.len && text.at[next] == ':';
            if (!is_name && name.len > 0)
                take_member(out, &objects[depth], name, token);
            name = is_name ? token : SPAN("");
            continue;
        }
        if (c == '{' && depth + 1 < JSON_DEPTH)
            objects[++depth] = (struct object){0};
        if (c == '}') {
            end_object(arena, out, &objects[depth]);
            depth -= depth > 0;
        }
        i++;
    }
    end_object(arena, out, &objects[depth]);
    out->is_alert |= out->blocked_ip.len > 0 || out->spam_count >= 0;
}

static bool is_json(struct span text)
{
    struct span head = span_trim(text);
    bool is_bracket = head.len > 0 && (head.at[0] == '{' || head.at[0] == '[');
    return is_bracket || span_find(text, SPAN("ipSpamming")) >= 0 ||
           span_find(text, SPAN("detectedSpams")) >= 0 ||
           span_find(text, SPAN("\"spamscore\"")) >= 0;
}

void alert_read(struct arena *arena, struct span bytes, struct alert *out)
{
    struct buf plain;
    bytes = span_head(bytes, MAIL_BYTES);
    *out = (struct alert){
        .blocked_ip = SPAN(""), .state = SPAN(""), .spam_count = -1, .total_count = -1};
    buf_init(&plain, arena, 4 * MAIL_BYTES);
    if (is_json(bytes))
        read_json(arena, bytes, out);
    if (out->is_alert)
        return;
    if (is_mail(bytes))
        add_mail(arena, &plain, bytes);
    else
        add_plain(&plain, bytes);
    read_text(arena, buf_span(&plain), out);
}
