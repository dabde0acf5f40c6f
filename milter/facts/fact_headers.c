/* SPDX-License-Identifier: BSD-2-Clause
 *
 * fact_headers - the form of the header: which fields, in which order, how sound.
 * Pure.
 */
#include <string.h>

#include "facts/fact_date.h"
#include "facts/fact_input.h"

enum {
    ORDER_LETTERS_MOST = 64, /* of header_order */
    QUEUE_ID_LEAST = 6,      /* shorter ones occur by chance */
};

/* One letter a field that makes the layout; Vade's where they could be inferred. */
static char order_letter(enum field_id id)
{
    static const char letters[FIELD_COUNT] = {
        [FIELD_FROM] = 'F',
        [FIELD_TO] = 'T',
        [FIELD_CC] = 'C',
        [FIELD_BCC] = 'B',
        [FIELD_SUBJECT] = 'S',
        [FIELD_DATE] = 'D',
        [FIELD_MESSAGE_ID] = 'I',
        [FIELD_MAILER] = 'M',
        [FIELD_MIME_VERSION] = 'V',
        [FIELD_CONTENT_TYPE] = 'c',
        [FIELD_REPLY_TO] = 'Y',
        [FIELD_CONTENT_ENCODING] = 'E',
        [FIELD_SENDER] = 's',
        [FIELD_IN_REPLY_TO] = 'R',
        [FIELD_REFERENCES] = 'R',
        [FIELD_LIST_ID] = 'H',
        [FIELD_LIST_OTHER] = 'H',
        [FIELD_LIST_UNSUBSCRIBE] = 'H',
        [FIELD_LIST_POST_FIELD] = 'H',
    };
    return letters[id];
}

/* A run of the same letter is written once. */
static struct span header_order(const struct fact_input *in)
{
    char *order = arena_alloc(in->arena, ORDER_LETTERS_MOST);
    size_t len = 0;
    if (order == NULL)
        return SPAN("");
    for (size_t i = 0; i < in->field_count && len < ORDER_LETTERS_MOST; i++) {
        char letter = order_letter((enum field_id)in->kinds[i]);
        if (letter != '\0' && (len == 0 || order[len - 1] != letter))
            order[len++] = letter;
    }
    return (struct span){order, len};
}

/* The letters of pattern stand in order, in this sequence, anything between. */
static bool is_in_order(struct span order, const char *pattern)
{
    for (size_t i = 0; i < order.len && *pattern != '\0'; i++)
        if (order.at[i] == *pattern)
            pattern++;
    return *pattern == '\0';
}

static bool is_mta_message_id(const struct fact_input *in)
{
    return in->env->queue_id.len >= QUEUE_ID_LEAST &&
           span_find(fact_value(in, FIELD_MESSAGE_ID), in->env->queue_id) >= 0;
}

/* What the layouts of legitimate programs hardly have: a body's encoding named before
 * its type and after the originator; or MIME fields with neither MIME-Version nor a
 * Message-ID of the sender's own (Vade's ForbiddenHdr was seen on F S D T c E). */
static bool is_order_odd(const struct fact_input *in, struct span order)
{
    bool is_encoding_first = is_in_order(order, "FEc") && is_in_order(order, "SEc") &&
                             !is_in_order(order, "cE");
    bool is_bare = (in->field[FIELD_CONTENT_TYPE] != NULL ||
                    in->field[FIELD_CONTENT_ENCODING] != NULL) &&
                   in->field[FIELD_MIME_VERSION] == NULL &&
                   (in->field[FIELD_MESSAGE_ID] == NULL || is_mta_message_id(in));
    return is_encoding_first || is_bare;
}

/* msg-id = "<" id-left "@" id-right ">" (RFC 5322 3.6.4), nothing else beside it. */
static bool is_sound_id(struct span id)
{
    if (id.len < 5 || id.at[0] != '<' || id.at[id.len - 1] != '>')
        return false;
    struct span inner = {id.at + 1, id.len - 2};
    ptrdiff_t at = span_rindex(inner, '@');
    if (at < 1 || (size_t)at + 1 >= inner.len)
        return false;
    for (size_t i = 0; i < inner.len; i++)
        if ((unsigned char)inner.at[i] <= ' ' || inner.at[i] == 0x7f ||
            inner.at[i] == '<' || inner.at[i] == '>')
            return false;
    return span_index(inner, '@') == at || inner.at[0] == '"';
}

static struct span id_host(struct arena *arena, struct span id)
{
    ptrdiff_t at = span_rindex(id, '@');
    if (at < 0)
        return SPAN("");
    struct span host = span_from(id, (size_t)at + 1);
    ptrdiff_t end = span_index(host, '>');
    return span_lower(arena, span_trim(end < 0 ? host : span_head(host, (size_t)end)));
}

static bool is_unqualified(struct span host)
{
    return span_index(host, '.') < 0 || span_iends(host, SPAN(".local")) ||
           span_iends(host, SPAN(".localdomain")) || span_iends(host, SPAN(".lan")) ||
           span_iends(host, SPAN(".internal")) || span_iends(host, SPAN(".home"));
}

/* The domain in the Message-ID: is another's. The suffix list is asked last. */
static bool is_foreign_id(const struct fact_input *in, struct span host)
{
    if (in->from_domain.len == 0 || is_unqualified(host) || is_mta_message_id(in) ||
        span_ieq(host, in->env->host) || fact_is_sender_domain(in, host) ||
        span_ieq(host, in->from[0].domain))
        return false;
    struct span domain = url_domain(in->arena, host);
    if (domain.len == 0 || fact_is_sender_domain(in, domain))
        return false;
    return in->env->host.len == 0 ||
           !span_ieq(domain,
                     url_domain(in->arena, span_lower(in->arena, in->env->host)));
}

static void set_message_id(const struct fact_input *in, struct facts *out)
{
    struct span id = span_trim(fact_value(in, FIELD_MESSAGE_ID));
    struct span host = id_host(in->arena, id);
    FACT_SET(message_id_present, in->field[FIELD_MESSAGE_ID] != NULL);
    FACT_SET(message_id_sound, is_sound_id(id));
    FACT_SET(message_id_by_mta, is_mta_message_id(in));
    FACT_SET(message_id_unqualified, host.len > 0 && is_unqualified(host));
    FACT_SET(message_id_foreign, is_foreign_id(in, host));
}

/* The time to measure Date: against; 0 when there is none. A file's own time is the
 * date of its newest Received: field. */
static int64_t reference_time(const struct fact_input *in)
{
    int64_t time_s = 0;
    if (!in->env->is_scan)
        return in->now_s;
    struct span received = fact_value(in, FIELD_RECEIVED);
    ptrdiff_t at = span_rindex(received, ';');
    if (at < 0 || !date_parse(span_from(received, (size_t)at + 1), &time_s))
        return 0;
    return time_s;
}

static void set_date(const struct fact_input *in, struct facts *out)
{
    int64_t date_s = 0;
    int64_t reference_s = reference_time(in);
    bool is_sound = date_parse(fact_value(in, FIELD_DATE), &date_s);
    FACT_SET(date_present, in->field[FIELD_DATE] != NULL);
    FACT_SET(date_sound, is_sound);
    if (is_sound && reference_s != 0)
        FACT_SET(date_skew_hours, (double)(date_s - reference_s) / 3600.0);
}

/* version = 1*DIGIT "." 1*DIGIT with comments around (RFC 2045 4): 1.0 is the one. */
static bool is_sound_version(struct span value)
{
    struct span version = SPAN("");
    struct span comment;
    while (value.len > 0) {
        struct span head;
        span_cut(value, '(', &head, &value);
        head = span_trim(head);
        if (head.len > 0 && version.len > 0)
            return false;
        if (head.len > 0)
            version = head;
        span_cut(value, ')', &comment, &value);
    }
    return span_eq(version, SPAN("1.0"));
}

static void set_mime_version(const struct fact_input *in, struct facts *out)
{
    bool is_present = in->field[FIELD_MIME_VERSION] != NULL;
    FACT_SET(mime_version_present, is_present);
    FACT_SET(mime_version_sound,
             is_present && is_sound_version(fact_value(in, FIELD_MIME_VERSION)));
    FACT_SET(mime_version_missing,
             !is_present && (in->field[FIELD_CONTENT_TYPE] != NULL ||
                             in->field[FIELD_CONTENT_ENCODING] != NULL));
}

static size_t count_duplicates(const struct fact_input *in)
{
    static const enum field_id once[] = {FIELD_FROM,         FIELD_SENDER,
                                         FIELD_REPLY_TO,     FIELD_TO,
                                         FIELD_CC,           FIELD_BCC,
                                         FIELD_MESSAGE_ID,   FIELD_IN_REPLY_TO,
                                         FIELD_REFERENCES,   FIELD_SUBJECT,
                                         FIELD_DATE,         FIELD_MIME_VERSION,
                                         FIELD_CONTENT_TYPE, FIELD_CONTENT_ENCODING};
    size_t count = 0;
    for (size_t i = 0; i < sizeof(once) / sizeof(once[0]); i++)
        if (in->times[once[i]] > 1)
            count += in->times[once[i]] - 1;
    return count;
}

static bool is_high(const struct header_field *field)
{
    struct span value = span_trim(field->value);
    if (value.len > 0 && (value.at[0] == '1' || value.at[0] == '2'))
        return value.len == 1 || !ascii_is_digit(value.at[1]);
    return span_istarts(value, SPAN("high")) || span_istarts(value, SPAN("urgent"));
}

static bool has_high_priority(const struct fact_input *in)
{
    if (in->times[FIELD_PRIORITY] == 0)
        return false;
    for (size_t i = 0; i < in->field_count; i++)
        if (in->kinds[i] == FIELD_PRIORITY && is_high(&in->msg->fields[i]))
            return true;
    return false;
}

static bool has_high_bytes(struct span s)
{
    uint64_t word;
    size_t i = 0;
    for (; i + 8 <= s.len; i += 8) {
        memcpy(&word, s.at + i, 8);
        if (word & 0x8080808080808080u)
            return true;
    }
    for (; i < s.len; i++)
        if ((unsigned char)s.at[i] >= 0x80)
            return true;
    return false;
}

static bool is_header_8bit(const struct message *msg)
{
    for (size_t i = 0; i < msg->field_count; i++)
        if (has_high_bytes(msg->fields[i].raw))
            return true;
    return false;
}

void fact_headers(const struct fact_input *in, struct facts *out)
{
    struct span order = header_order(in);
    set_message_id(in, out);
    set_date(in, out);
    set_mime_version(in, out);
    FACT_TEXT_SET(header_order, order);
    FACT_SET(header_order_odd, is_order_odd(in, order));
    FACT_SET(header_fields, in->msg->field_count);
    FACT_SET(header_8bit, is_header_8bit(in->msg));
    FACT_SET(duplicate_fields, count_duplicates(in));
    FACT_SET(received_count, in->times[FIELD_RECEIVED]);
    FACT_TEXT_SET(x_mailer, span_trim(fact_value(in, FIELD_MAILER)));
    FACT_TEXT_SET(script, span_trim(fact_value(in, FIELD_SCRIPT)));
    FACT_SET(priority_high, has_high_priority(in));
}
