/* SPDX-License-Identifier: BSD-2-Clause */
#include "message/report_status.h"

#include <stddef.h>

/* What MTAs say, lower case; the first that is found decides, so the narrower ones
 * stand first. */
static const struct {
    const char *phrase;
    enum report_reason reason;
} phrases[] = {
    {"over quota", REASON_FULL},
    {"overquota", REASON_FULL},
    {"mailbox full", REASON_FULL},
    {"mailbox is full", REASON_FULL},
    {"mailfolder is full", REASON_FULL},
    {"mail folder is full", REASON_FULL},
    {"inbox is full", REASON_FULL},
    {"quota exceeded", REASON_FULL},
    {"exceeded storage", REASON_FULL},
    {"exceeds quota", REASON_FULL},
    {"exceeded its quota", REASON_FULL},
    {"insufficient disk", REASON_FULL},
    {"insufficient system storage", REASON_FULL},
    {"not enough storage", REASON_FULL},
    {"out of storage", REASON_FULL},
    {"disk quota", REASON_FULL},
    {"user has exhausted", REASON_FULL},
    {"message size exceeds", REASON_SIZE},
    {"message too large", REASON_SIZE},
    {"message too big", REASON_SIZE},
    {"message is too large", REASON_SIZE},
    {"size limit exceeded", REASON_SIZE},
    {"exceeds maximum message size", REASON_SIZE},
    {"exceeds the maximum", REASON_SIZE},
    {"line limit exceeded", REASON_SIZE},
    {"blacklist", REASON_POLICY},
    {"block list", REASON_POLICY},
    {"blocklist", REASON_POLICY},
    {"black list", REASON_POLICY},
    {"spamhaus", REASON_POLICY},
    {"spamcop", REASON_POLICY},
    {"barracudacentral", REASON_POLICY},
    {"blocked", REASON_POLICY},
    {"spam", REASON_POLICY},
    {"unsolicited", REASON_POLICY},
    {"unwanted messages", REASON_POLICY},
    {"reputation", REASON_POLICY},
    {"policy", REASON_POLICY},
    {"dmarc", REASON_POLICY},
    {"dkim", REASON_POLICY},
    {"spf", REASON_POLICY},
    {"unauthenticated", REASON_POLICY},
    {"reverse dns", REASON_POLICY},
    {"ptr record", REASON_POLICY},
    {"rate limit", REASON_POLICY},
    {"too many", REASON_POLICY},
    {"relay quota", REASON_POLICY},
    {"access denied", REASON_POLICY},
    {"not authorized", REASON_POLICY},
    {"not allowed", REASON_POLICY},
    {"not permitted", REASON_POLICY},
    {"have permission", REASON_POLICY},
    {"relaying denied", REASON_POLICY},
    {"relay access denied", REASON_POLICY},
    {"insecure mail relay", REASON_POLICY},
    {"open relay", REASON_POLICY},
    {"content rejected", REASON_POLICY},
    {"virus", REASON_POLICY},
    {"banned", REASON_POLICY},
    {"not a member", REASON_POLICY},
    {"sender address", REASON_POLICY},
    {"sender domain", REASON_POLICY},
    {"sender rejected", REASON_POLICY},
    {"mail rejected", REASON_POLICY},
    {"message was rejected", REASON_POLICY},
    {"message rejected", REASON_POLICY},
    {"user unknown", REASON_ADDRESS},
    {"unknown user", REASON_ADDRESS},
    {"unknown or illegal", REASON_ADDRESS},
    {"unknown recipient", REASON_ADDRESS},
    {"unknown address", REASON_ADDRESS},
    {"unknown local", REASON_ADDRESS},
    {"recipient unknown", REASON_ADDRESS},
    {"no such user", REASON_ADDRESS},
    {"no such recipient", REASON_ADDRESS},
    {"no such mailbox", REASON_ADDRESS},
    {"no such address", REASON_ADDRESS},
    {"no such domain", REASON_ADDRESS},
    {"no mailbox", REASON_ADDRESS},
    {"not our customer", REASON_ADDRESS},
    {"does not exist", REASON_ADDRESS},
    {"doesn't exist", REASON_ADDRESS},
    {"may not exist", REASON_ADDRESS},
    {"not exist", REASON_ADDRESS},
    {"doesn't have a", REASON_ADDRESS},
    {"does not have a", REASON_ADDRESS},
    {"not found", REASON_ADDRESS},
    {"not known", REASON_ADDRESS},
    {"not recognized", REASON_ADDRESS},
    {"invalid recipient", REASON_ADDRESS},
    {"invalid address", REASON_ADDRESS},
    {"invalid mailbox", REASON_ADDRESS},
    {"invalid user", REASON_ADDRESS},
    {"invalid final delivery", REASON_ADDRESS},
    {"bad destination", REASON_ADDRESS},
    {"mailbox unavailable", REASON_ADDRESS},
    {"mailbox not", REASON_ADDRESS},
    {"address rejected", REASON_ADDRESS},
    {"recipient rejected", REASON_ADDRESS},
    {"addresses rejected", REASON_ADDRESS},
    {"malformed address", REASON_ADDRESS},
    {"account is disabled", REASON_ADDRESS},
    {"account has been disabled", REASON_ADDRESS},
    {"account disabled", REASON_ADDRESS},
    {"mailbox disabled", REASON_ADDRESS},
    {"inactive", REASON_ADDRESS},
    {"suspended", REASON_ADDRESS},
    {"host unknown", REASON_ADDRESS},
    {"unknown host", REASON_ADDRESS},
    {"unrouteable", REASON_ADDRESS},
    {"unroutable", REASON_ADDRESS},
    {"unable to route", REASON_ADDRESS},
    {"listed in directory", REASON_ADDRESS},
    {"list of known", REASON_ADDRESS},
    {"name service error", REASON_ADDRESS},
    {"couldn't find any host", REASON_ADDRESS},
    {"null mx", REASON_ADDRESS},
    {"timed out", REASON_EXPIRED},
    {"timeout", REASON_EXPIRED},
    {"expired", REASON_EXPIRED},
    {"queue too long", REASON_EXPIRED},
    {"queued too long", REASON_EXPIRED},
    {"retry time not reached", REASON_EXPIRED},
    {"giving up", REASON_EXPIRED},
    {"not accept our requests to connect", REASON_EXPIRED},
    {"unable to connect", REASON_EXPIRED},
    {"connection refused", REASON_EXPIRED},
    {"no route to host", REASON_EXPIRED},
    {"could not deliver for", REASON_EXPIRED},
    {"mail loop", REASON_OTHER},
    {"too many hops", REASON_OTHER},
    {"protocol error", REASON_OTHER},
};

const char *report_reason_name(enum report_reason reason)
{
    static const char *const names[] = {"unknown", "address", "policy", "full",
                                        "size",    "expired", "other"};
    return names[reason];
}

static size_t digits(struct span text, size_t i)
{
    size_t n = 0;
    while (i + n < text.len && ascii_is_digit(text.at[i + n]))
        n++;
    return n;
}

static bool is_part_of_word(char c)
{
    return ascii_is_alnum(c) || c == '.' || c == '-' || c == '_';
}

/* class "." 1*3digit "." 1*3digit at i (RFC 3463 2); its length or 0. */
static size_t status_at(struct span text, size_t i)
{
    char class = text.at[i];
    if ((class != '4' && class != '5') || i + 5 > text.len || text.at[i + 1] != '.')
        return 0;
    size_t subject = digits(text, i + 2);
    size_t dot = i + 2 + subject;
    if (subject < 1 || subject > 3 || dot >= text.len || text.at[dot] != '.')
        return 0;
    size_t detail = digits(text, dot + 1);
    size_t end = dot + 1 + detail;
    if (detail < 1 || detail > 3)
        return 0;
    bool goes_on = end < text.len && (ascii_is_alnum(text.at[end]) ||
                                      (text.at[end] == '.' && end + 1 < text.len &&
                                       ascii_is_digit(text.at[end + 1])));
    return goes_on ? 0 : end - i;
}

struct span report_status_find(struct span text)
{
    for (size_t i = 0; i + 5 <= text.len; i++) {
        /* "550-5.7.26": a reply line that goes on */
        bool is_begin = i == 0 || !is_part_of_word(text.at[i - 1]) ||
                        (text.at[i - 1] == '-' && i >= 4 && digits(text, i - 4) == 3);
        size_t len = is_begin ? status_at(text, i) : 0;
        if (len > 0)
            return (struct span){text.at + i, len};
    }
    return SPAN("");
}

int report_status_smtp(struct span text)
{
    for (size_t i = 0; i + 3 <= text.len; i++) {
        char c = text.at[i];
        if ((c != '4' && c != '5') || digits(text, i) != 3 || text.at[i + 1] > '5')
            continue;
        bool is_begin = i == 0 || ascii_is_space(text.at[i - 1]) ||
                        text.at[i - 1] == ';' || text.at[i - 1] == ':' ||
                        text.at[i - 1] == '(' || text.at[i - 1] == '"';
        bool is_end = i + 3 == text.len || text.at[i + 3] == ' ' ||
                      text.at[i + 3] == '-' || text.at[i + 3] == '\n' ||
                      text.at[i + 3] == ';' || text.at[i + 3] == ')';
        if (is_begin && is_end)
            return (c - '0') * 100 + (text.at[i + 1] - '0') * 10 +
                   (text.at[i + 2] - '0');
    }
    return 0;
}

static enum report_reason reason_of_phrase(struct span text)
{
    for (size_t i = 0; i < sizeof phrases / sizeof *phrases; i++)
        if (span_ifind(text, span_of(phrases[i].phrase)) >= 0)
            return phrases[i].reason;
    return REASON_UNKNOWN;
}

/* What subject and detail of RFC 3463 say by themselves. */
static enum report_reason reason_of_code(struct span status)
{
    static const struct {
        const char *tail;
        enum report_reason reason;
    } codes[] = {
        {"1.1", REASON_ADDRESS}, {"1.2", REASON_ADDRESS}, {"1.3", REASON_ADDRESS},
        {"1.4", REASON_ADDRESS}, {"1.6", REASON_ADDRESS}, {"1.10", REASON_ADDRESS},
        {"1.7", REASON_POLICY},  {"1.8", REASON_POLICY},  {"1.9", REASON_POLICY},
        {"2.1", REASON_ADDRESS}, {"2.2", REASON_FULL},    {"2.3", REASON_SIZE},
        {"3.1", REASON_FULL},    {"3.4", REASON_SIZE},    {"4.1", REASON_EXPIRED},
        {"4.4", REASON_ADDRESS}, {"4.7", REASON_EXPIRED}, {"4.2", REASON_EXPIRED},
        {"4.6", REASON_OTHER},   {"6.1", REASON_OTHER},
    };
    struct span tail = span_from(status, 2);
    if (span_starts(tail, SPAN("7.")))
        return REASON_POLICY;
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (span_eq(tail, span_of(codes[i].tail)))
            return codes[i].reason;
    return REASON_UNKNOWN;
}

enum report_reason report_status_reason(struct span status, struct span text)
{
    enum report_reason by_code =
        status.len >= 5 ? reason_of_code(status) : REASON_UNKNOWN;
    enum report_reason by_phrase = reason_of_phrase(text);
    /* large receivers say 5.4.1 for "access denied", too */
    if (by_code == REASON_EXPIRED && by_phrase != REASON_UNKNOWN)
        return by_phrase;
    if (by_code != REASON_UNKNOWN)
        return by_code;
    if (by_phrase != REASON_UNKNOWN)
        return by_phrase;
    return status.len > 0 ? REASON_OTHER : REASON_UNKNOWN;
}

struct span report_status_default(enum report_reason reason, int smtp)
{
    bool is_transient = smtp >= 400 && smtp < 500;
    switch (reason) {
    case REASON_ADDRESS:
        return is_transient ? SPAN("4.1.1") : SPAN("5.1.1");
    case REASON_POLICY:
        return is_transient ? SPAN("4.7.1") : SPAN("5.7.1");
    case REASON_FULL:
        return is_transient ? SPAN("4.2.2") : SPAN("5.2.2");
    case REASON_SIZE:
        return is_transient ? SPAN("4.3.4") : SPAN("5.3.4");
    case REASON_EXPIRED:
        return is_transient ? SPAN("4.4.7") : SPAN("5.4.7");
    case REASON_OTHER:
        return is_transient ? SPAN("4.0.0") : SPAN("5.0.0");
    case REASON_UNKNOWN:
        break;
    }
    if (smtp >= 400)
        return is_transient ? SPAN("4.0.0") : SPAN("5.0.0");
    return SPAN("");
}
