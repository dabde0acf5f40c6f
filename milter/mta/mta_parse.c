/* SPDX-License-Identifier: BSD-2-Clause */
#include "mta/mta_parse.h"

#include <string.h>
#include <time.h>

enum {
    ID_MIN = 6,
    ID_MAX = 20,
    DEPTH_MAX = 16,      /* of JSON brackets; postqueue has 3. chosen */
    MAILS_MAX = 1000000, /* messages read from one listing. chosen */
};

bool mta_is_queue_id(struct span id)
{
    if (id.len < ID_MIN || id.len > ID_MAX)
        return false;
    for (size_t i = 0; i < id.len; i++)
        if (!ascii_is_alnum(id.at[i]))
            return false;
    return true;
}

/* Where the reader of one JSON line stands. */
struct json_reader {
    struct arena *arena;
    struct span s;
    size_t i;
    int depth;
    struct span key; /* the member of the outer object whose value is read */
};

static int hex4(struct span s, size_t at)
{
    int value = 0;
    for (size_t k = at; k < at + 4; k++) {
        int digit = k < s.len ? ascii_hex(s.at[k]) : -1;
        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

/* The code point of an escape \uXXXX whose digits begin at *at; pairs are joined. */
static uint32_t unescape_unicode(struct span s, size_t *at)
{
    int high = hex4(s, *at);
    if (high < 0)
        return 0xfffd;
    *at += 4;
    if (high < 0xd800 || high > 0xdfff)
        return (uint32_t)high;
    if (high > 0xdbff || *at + 6 > s.len || s.at[*at] != '\\' || s.at[*at + 1] != 'u')
        return 0xfffd;
    int low = hex4(s, *at + 2);
    if (low < 0xdc00 || low > 0xdfff)
        return 0xfffd;
    *at += 6;
    return 0x10000 + ((uint32_t)(high - 0xd800) << 10) + (uint32_t)(low - 0xdc00);
}

static size_t unescape_one(struct span s, size_t at, char *out, size_t *used)
{
    static const char from[] = "bfnrt";
    static const char to[] = "\b\f\n\r\t";
    char c = s.at[at++];
    if (c == 'u') {
        *used += utf8_put(unescape_unicode(s, &at), out + *used);
        return at;
    }
    const char *known = c != '\0' ? strchr(from, c) : NULL;
    out[(*used)++] = known != NULL ? to[known - from] : c;
    return at;
}

/* The inside of a JSON string, unescaped. An escape of 2 bytes gives 1, one of 6 at
 * most 3: the copy is never longer (a broken one of 2 can give U+FFFD, 3). */
static struct span unescape(struct arena *arena, struct span s)
{
    char *out = arena_alloc(arena, s.len * 2 + 4);
    if (out == NULL)
        return SPAN("");
    size_t used = 0;
    for (size_t i = 0; i < s.len;) {
        if (s.at[i] == '\\' && i + 1 < s.len)
            i = unescape_one(s, i + 1, out, &used);
        else
            out[used++] = s.at[i++];
    }
    return (struct span){out, used};
}

/* A string whose opening quote was read; false when the line ends in it. */
static bool read_string(struct json_reader *r, struct span *raw)
{
    size_t start = r->i;
    while (r->i < r->s.len && r->s.at[r->i] != '"')
        r->i += r->s.at[r->i] == '\\' ? 2 : 1;
    if (r->i >= r->s.len) {
        r->i = r->s.len;
        return false;
    }
    *raw = (struct span){r->s.at + start, r->i++ - start};
    return true;
}

static void skip_space(struct json_reader *r)
{
    while (r->i < r->s.len && ascii_is_space(r->s.at[r->i]))
        r->i++;
}

static bool is_name(struct json_reader *r)
{
    skip_space(r);
    if (r->i >= r->s.len || r->s.at[r->i] != ':')
        return false;
    r->i++;
    return true;
}

static void take_text(struct json_reader *r, struct span raw, struct mta_mail *out)
{
    struct span value = unescape(r->arena, raw);
    if (span_eq(r->key, SPAN("queue_id")))
        out->queue_id = value;
    else if (span_eq(r->key, SPAN("queue_name")))
        out->queue = value;
    else if (span_eq(r->key, SPAN("sender")))
        out->sender = span_eq(value, SPAN("MAILER-DAEMON")) ? SPAN("") : value;
    r->key = SPAN(""); /* in a line cut here, the next name is no value */
}

static void take_scalar(struct json_reader *r, struct mta_mail *out)
{
    size_t start = r->i;
    while (r->i < r->s.len && strchr(",]} \t\r\n", r->s.at[r->i]) == NULL)
        r->i++;
    if (r->i == start) { /* a stray character: go on behind it */
        r->i++;
        return;
    }
    uint64_t number;
    struct span text = {r->s.at + start, r->i - start};
    if (r->depth != 1 || !text_parse_count(text, INT64_MAX / 1000000, &number))
        return;
    if (span_eq(r->key, SPAN("arrival_time")))
        out->arrival_s = (int64_t)number;
    else if (span_eq(r->key, SPAN("message_size")))
        out->size_bytes = (int64_t)number;
}

static bool take_string(struct json_reader *r, struct mta_mail *out)
{
    struct span raw;
    if (!read_string(r, &raw))
        return false;
    bool named = is_name(r);
    if (named && r->depth == 1)
        r->key = raw;
    else if (named && r->depth == 3 && span_eq(r->key, SPAN("recipients")))
        out->recipients += span_eq(raw, SPAN("address"));
    else if (r->depth == 1)
        take_text(r, raw, out);
    return true;
}

/* One token; false at the end of what can be read. */
static bool take_token(struct json_reader *r, struct mta_mail *out)
{
    skip_space(r);
    if (r->i >= r->s.len)
        return false;
    switch (r->s.at[r->i]) {
    case '{':
    case '[':
        r->i++;
        return ++r->depth <= DEPTH_MAX;
    case '}':
    case ']':
        r->i++;
        return --r->depth > 0;
    case ',':
        r->i++;
        return true;
    case '"':
        r->i++;
        return take_string(r, out);
    default:
        take_scalar(r, out);
        return true;
    }
}

bool mta_parse_postqueue(struct arena *arena, struct span line, struct mta_mail *out)
{
    struct json_reader r = {.arena = arena, .s = span_trim(line)};
    *out = (struct mta_mail){0};
    if (!span_starts(r.s, SPAN("{")))
        return false;
    while (take_token(&r, out))
        ;
    out->is_held = span_eq(out->queue, SPAN("hold"));
    return mta_is_queue_id(out->queue_id);
}

/* The next word of a line; what follows stays in *rest. */
static struct span take_word(struct span *rest)
{
    *rest = span_trim(*rest);
    size_t len = 0;
    while (len < rest->len && !ascii_is_space(rest->at[len]))
        len++;
    struct span word = span_head(*rest, len);
    *rest = span_from(*rest, len);
    return word;
}

static int month_of(struct span word)
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    for (int i = 0; i < 12; i++)
        if (word.len == 3 && memcmp(names + i * 3, word.at, 3) == 0)
            return i;
    return -1;
}

/* "Nov 22 03:01", local time without a year: the latest one not after now. */
static int64_t date_of(struct span month, struct span day, struct span clock,
                       int64_t now_s)
{
    uint64_t mday, hour, minute;
    struct span head, tail;
    time_t now = (time_t)now_s;
    struct tm tm, today;
    int mon = month_of(month);
    if (mon < 0 || !text_parse_count(day, 31, &mday) ||
        !span_cut(clock, ':', &head, &tail) || !text_parse_count(head, 23, &hour) ||
        !text_parse_count(span_head(tail, 2), 59, &minute) ||
        localtime_r(&now, &today) == NULL)
        return 0;
    for (int back = 0; back < 2; back++) {
        tm = (struct tm){.tm_year = today.tm_year - back,
                         .tm_mon = mon,
                         .tm_mday = (int)mday,
                         .tm_hour = (int)hour,
                         .tm_min = (int)minute,
                         .tm_isdst = -1};
        time_t at = mktime(&tm);
        if (at != (time_t)-1 && at <= now + 86400)
            return (int64_t)at;
    }
    return 0;
}

static struct span without_angles(struct span s)
{
    s = span_trim(s);
    if (s.len >= 2 && s.at[0] == '<' && s.at[s.len - 1] == '>')
        return (struct span){s.at + 1, s.len - 2};
    return s;
}

/* "k0ABCDEF123456*    1234 Sat Nov 22 03:01 <alice@example.com>" */
static bool parse_mailq_head(struct span line, int64_t now_s, struct mta_mail *out)
{
    uint64_t size;
    struct span id = take_word(&line);
    while (id.len > 0 && !ascii_is_alnum(id.at[id.len - 1])) /* * X - ? ! marks */
        id.len--;
    struct span number = take_word(&line);
    if (!mta_is_queue_id(id) || !text_parse_count(number, INT64_MAX, &size))
        return false;
    *out = (struct mta_mail){.queue_id = id, .size_bytes = (int64_t)size};
    take_word(&line); /* the day of the week */
    struct span month = take_word(&line);
    struct span day = take_word(&line);
    out->arrival_s = date_of(month, day, take_word(&line), now_s);
    out->sender = without_angles(line);
    if (span_eq(out->sender, SPAN("MAILER-DAEMON")))
        out->sender = SPAN("");
    return true;
}

static void parse_mailq_more(struct span line, struct mta_mail *mail)
{
    line = span_trim(line);
    if (span_starts(line, SPAN("QUARANTINE:"))) {
        mail->reason = span_trim(span_from(line, 11));
        mail->is_held = true;
    } else if (line.len > 0 && line.at[0] != '(') {
        mail->recipients++;
    }
}

static size_t count_lines(struct span text)
{
    size_t lines = 1;
    for (size_t i = 0; i < text.len; i++)
        lines += text.at[i] == '\n';
    return lines < MAILS_MAX ? lines : MAILS_MAX;
}

size_t mta_parse_mailq(struct arena *arena, struct span text, int64_t now_s,
                       struct mta_mail **list)
{
    size_t count = 0;
    size_t room = count_lines(text);
    struct mta_mail *at = arena_array(arena, room, sizeof *at);
    struct span line;
    *list = at;
    while (at != NULL && text.len > 0) {
        span_cut(text, '\n', &line, &text);
        if (line.len == 0)
            continue;
        if (!ascii_is_space(line.at[0]))
            count += count < room && parse_mailq_head(line, now_s, &at[count]);
        else if (count > 0 && !span_starts(span_trim(line), SPAN("Total requests")))
            parse_mailq_more(line, &at[count - 1]);
    }
    for (size_t i = 0; i < count; i++)
        at[i].queue = at[i].is_held ? SPAN("hold") : SPAN("queue");
    return count;
}

bool mta_confirms(struct span text, struct span queue_id, struct span deed)
{
    struct span line, program;
    while (text.len > 0) {
        span_cut(text, '\n', &line, &text);
        span_cut(line, ' ', &program, &line); /* "postsuper:" */
        if (program.len > 0 && program.at[program.len - 1] == ':' &&
            span_starts(line, queue_id) &&
            span_starts(span_from(line, queue_id.len), SPAN(": ")) &&
            span_eq(span_trim(span_from(line, queue_id.len + 2)), deed))
            return queue_id.len > 0;
    }
    return false;
}

int64_t mta_parse_lifetime(struct span text)
{
    static const char units[] = "smhdw";
    static const int64_t seconds[] = {1, 60, 3600, 86400, 604800};
    text = span_trim(text);
    int64_t unit = 86400;
    if (text.len > 0 && ascii_is_alpha(text.at[text.len - 1])) {
        const char *at = strchr(units, ascii_lower(text.at[--text.len]));
        if (at == NULL)
            return 0;
        unit = seconds[at - units];
    }
    uint64_t number;
    return text_parse_count(text, 1000000, &number) ? (int64_t)number * unit : 0;
}
