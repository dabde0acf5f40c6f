/* SPDX-License-Identifier: BSD-2-Clause */
#include "message/report_text.h"

#include "base/bounds.h"

bool report_text_next(struct span *rest, struct span *line)
{
    if (rest->len == 0)
        return false;
    span_cut(*rest, '\n', line, rest);
    if (line->len > 0 && line->at[line->len - 1] == '\r')
        line->len--;
    return true;
}

struct span report_text_line(struct arena *arena, struct span text)
{
    struct span out =
        span_dup(arena, span_head(span_trim(text), BOUND_REPORT_TEXT_BYTES));
    char *at = (char *)out.at; /* the arena's own copy */
    size_t used = 0;
    bool was_space = true;
    for (size_t i = 0; i < out.len; i++) {
        bool is_space = ascii_is_space(at[i]);
        if (!is_space || !was_space)
            at[used++] = is_space ? ' ' : at[i];
        was_space = is_space;
    }
    out.len = used;
    return span_trim(out);
}

/* ---- where the original begins ---- */

/* ftext ":" (RFC 5322 3.6.8); the name's length, or 0. */
static size_t field_name(struct span line)
{
    size_t i = 0;
    while (i < line.len && line.at[i] > ' ' && line.at[i] < 0x7f && line.at[i] != ':')
        i++;
    return i > 0 && i < line.len && line.at[i] == ':' ? i : 0;
}

enum {
    SEEN_ID = 1,
    SEEN_FROM = 2,
    SEEN_OTHER = 4, /* To, Date, Subject, Received, Return-Path */
};

static unsigned what_is(struct span name)
{
    static const char *const others[] = {"To", "Date", "Subject", "Received",
                                         "Return-Path"};
    if (span_ieq(name, SPAN("Message-ID")))
        return SEEN_ID;
    if (span_ieq(name, SPAN("From")))
        return SEEN_FROM;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (span_ieq(name, span_of(others[i])))
            return SEEN_OTHER;
    return 0;
}

static bool is_original(unsigned seen, size_t fields)
{
    if (fields < 2)
        return false;
    return (seen & SEEN_ID) != 0 ||
           (seen & (SEEN_FROM | SEEN_OTHER)) == (SEEN_FROM | SEEN_OTHER);
}

struct span report_text_original(struct span text, struct span *before)
{
    struct span rest = text;
    struct span line;
    const char *begin = NULL;
    unsigned seen = 0;
    size_t fields = 0;
    *before = text;
    while (report_text_next(&rest, &line)) {
        size_t name = field_name(line);
        bool is_folded = begin != NULL && line.len > 0 && ascii_is_space(line.at[0]);
        if (name > 0) {
            begin = begin != NULL ? begin : line.at;
            seen |= what_is(span_head(line, name));
            fields++;
        } else if (!is_folded) {
            if (is_original(seen, fields))
                break;
            begin = NULL;
            seen = 0;
            fields = 0;
        }
    }
    if (begin == NULL || !is_original(seen, fields))
        return SPAN("");
    *before = span_head(text, (size_t)(begin - text.at));
    return (struct span){begin, text.len - (size_t)(begin - text.at)};
}

/* ---- recipients ---- */

static bool is_address_char(char c)
{
    return ascii_is_alnum(c) || (unsigned char)c >= 0x80 ||
           span_index(SPAN("!#$%&'*+-/=?^_`{|}~."), c) >= 0;
}

/* The first addr-spec in a line; empty if there is none. */
static struct span address_in(struct span line)
{
    for (size_t i = 1; i + 1 < line.len; i++) {
        if (line.at[i] != '@')
            continue;
        size_t first = i;
        size_t end = i + 1;
        while (first > 0 && is_address_char(line.at[first - 1]))
            first--;
        while (end < line.len && (ascii_is_alnum(line.at[end]) || line.at[end] == '-' ||
                                  line.at[end] == '.'))
            end++;
        while (end > i + 1 && line.at[end - 1] == '.')
            end--;
        struct span found = {line.at + first, end - first};
        if (first < i && span_index((struct span){line.at + i, end - i}, '.') > 0)
            return found;
    }
    return SPAN("");
}

/* Words after which an address is the one that failed. */
static bool has_lead(struct span head)
{
    static const char *const leads[] = {
        "recipient:",     "rcpt to:",    "delivered to", "mail to",
        "userid:",        "user:",       "address:",     "message to",
        "delivery to",    "deliver to",  "recipient is", "to address",
        "for recipient",  "rcpt:",       "recipients:",  "email to",
        "not deliver to", "to the user", "the address",  "emailaddress\":\"",
    };
    for (size_t i = 0; i < sizeof leads / sizeof *leads; i++)
        if (span_ifind(head, span_of(leads[i])) >= 0)
            return true;
    return false;
}

/* Lines that name somebody else: the sender, or whom to ask. */
static bool is_aside(struct span line)
{
    static const char *const words[] = {"contact", "assistance", "mail from",  "from:",
                                        "reply",   "mailto:",    "postmaster", "http",
                                        "help",    "support@",   "sent by"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (span_ifind(line, span_of(words[i])) >= 0)
            return true;
    return false;
}

static struct span without_marks(struct span line)
{
    line = span_trim(line);
    while (line.len > 0 && (line.at[0] == '>' || line.at[0] == '*' ||
                            line.at[0] == '-' || line.at[0] == ' '))
        line = span_trim(span_from(line, 1));
    return line;
}

/* A line that begins with the address itself, in angle brackets or bare and then
 * nothing, a colon or a sentence about it; or one that leads to it by words. */
static struct span recipient_of(struct span line)
{
    struct span bare = without_marks(line);
    struct span address = address_in(bare);
    if (address.len == 0)
        return SPAN("");
    size_t at = (size_t)(address.at - bare.at);
    struct span head = span_head(bare, at);
    struct span tail = span_from(bare, at + address.len);
    if (head.len == 0 || span_eq(head, SPAN("<"))) {
        bool is_end = tail.len == 0 || tail.at[0] == '>' || tail.at[0] == ':' ||
                      tail.at[0] == ' ' || tail.at[0] == ',' || tail.at[0] == '.' ||
                      tail.at[0] == '\t';
        return is_end ? address : SPAN("");
    }
    if (report_status_smtp(bare) > 0 && span_find(head, SPAN("<")) >= 0 &&
        span_ifind(head, SPAN("from")) < 0)
        return address; /* 554 <a@b>... what is wrong with it */
    bool is_named =
        has_lead(head) || report_status_reason(SPAN(""), head) != REASON_UNKNOWN;
    return is_named && !is_aside(head) ? address : SPAN("");
}

void report_text_judge(struct report_recipient *recipient)
{
    struct span said = recipient->diagnostic;
    int smtp = report_status_smtp(said);
    if (recipient->status.len == 0)
        recipient->status = report_status_find(said);
    struct span code = recipient->status;
    recipient->reason = report_status_reason(code, said);
    if (code.len == 0)
        recipient->status = report_status_default(recipient->reason, smtp);
    recipient->is_permanent =
        recipient->status.len > 0 ? recipient->status.at[0] == '5' : smtp >= 500;
}

static struct report_recipient *find_twin(struct report *out, struct span address)
{
    for (size_t i = 0; i < out->recipient_count; i++)
        if (span_ieq(out->recipients[i].address, address))
            return &out->recipients[i];
    return NULL;
}

/* What is said from `from` to `to`, added to what was said before. */
static void say(struct arena *arena, struct report_recipient *recipient,
                const char *from, const char *to)
{
    if (recipient == NULL || to <= from || recipient->diagnostic.len > 0)
        return;
    recipient->diagnostic =
        report_text_line(arena, (struct span){from, (size_t)(to - from)});
}

void report_text_recipients(struct arena *arena, struct span text, struct report *out,
                            size_t room)
{
    struct span rest = text;
    struct span line;
    struct report_recipient *now = NULL;
    const char *from = text.at;
    while (out->recipient_count < room && report_text_next(&rest, &line)) {
        struct span address = recipient_of(line);
        if (address.len == 0 || (now != NULL && span_ieq(now->address, address)))
            continue;
        say(arena, now, from, line.at);
        from = line.at;
        now = find_twin(out, address);
        if (now == NULL) {
            now = &out->recipients[out->recipient_count++];
            *now = (struct report_recipient){
                .address = address, .status = SPAN(""), .diagnostic = SPAN("")};
        }
    }
    say(arena, now, from, text.at + text.len);
    struct span all = report_text_line(arena, text);
    for (size_t i = 0; i < out->recipient_count; i++) {
        struct report_recipient *recipient = &out->recipients[i];
        report_text_judge(recipient);
        if (recipient->reason == REASON_UNKNOWN) { /* said once for all of them */
            recipient->diagnostic = all;
            report_text_judge(recipient);
        }
    }
}
