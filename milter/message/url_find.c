/* SPDX-License-Identifier: BSD-2-Clause */
#include "message/url.h"

enum { SCHEME_BYTES = 32 };

/* What may stand in a host or before "://" as running text has it. */
static bool is_word(char c)
{
    return ascii_is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '+' ||
           (unsigned char)c >= 0x80;
}

/* Ends of URLs among code points beyond ASCII: spaces, quotes, CJK punctuation. */
static bool is_wide_end(uint32_t cp)
{
    return cp == 0xa0 || cp == 0xab || cp == 0xbb || (cp >= 0x2000 && cp <= 0x200a) ||
           (cp >= 0x2018 && cp <= 0x201f) || (cp >= 0x2026 && cp <= 0x202f) ||
           cp == 0x2039 || cp == 0x203a || (cp >= 0x3000 && cp <= 0x3003) ||
           (cp >= 0x3008 && cp <= 0x3011) || cp == 0xff0c || cp == 0xff08 ||
           cp == 0xff09 || cp == 0xff1b;
}

/* Where the run of bytes that a URL may have ends, from place i. */
static size_t url_end(struct span s, size_t i)
{
    while (i < s.len) {
        unsigned char c = (unsigned char)s.at[i];
        if (c <= ' ' || c == 0x7f || c == '<' || c == '>' || c == '"' || c == '`' ||
            c == '{' || c == '}' || c == '|')
            break;
        size_t next = i;
        if (c < 0x80)
            next++;
        else if (is_wide_end(utf8_next(s, &next)))
            break;
        i = next;
    }
    return i;
}

static bool is_punctuation(char c)
{
    switch (c) {
    case '.':
    case ',':
    case ';':
    case ':':
    case '!':
    case '?':
    case '\'':
    case '*':
    case '_':
    case '~':
        return true;
    default:
        return false;
    }
}

/* What is left of a URL without the punctuation of the sentence around it: a closing
 * bracket belongs to it only if one was opened in it. */
static size_t trim_end(struct span s, size_t from, size_t to)
{
    long round = 0;
    long square = 0;
    for (size_t i = from; i < to; i++) {
        round += (s.at[i] == '(') - (s.at[i] == ')');
        square += (s.at[i] == '[') - (s.at[i] == ']');
    }
    while (to > from) {
        char c = s.at[to - 1];
        if (c == ')' && round < 0)
            round++;
        else if (c == ']' && square < 0)
            square++;
        else if (c != '(' && c != '[' && !is_punctuation(c))
            break;
        to--;
    }
    return to;
}

static bool is_scheme_byte(char c)
{
    return ascii_is_alnum(c) || c == '+' || c == '-' || c == '.';
}

/* The scheme that ends a word, before "://"; its start, or the word's end for none. */
static size_t scheme_start(struct span s, size_t from, size_t to)
{
    size_t start = to;
    while (start > from && to - start < SCHEME_BYTES && is_scheme_byte(s.at[start - 1]))
        start--;
    while (start < to && !ascii_is_alpha(s.at[start]))
        start++;
    return start;
}

/* Where the ASCII tail of a word begins: scripts without spaces run into a URL. */
static size_t ascii_start(struct span s, size_t from, size_t to)
{
    size_t start = to;
    while (start > from && (unsigned char)s.at[start - 1] < 0x80)
        start--;
    return start;
}

/* Top-level domains of which a bare "example.com" is taken for a host without a path
 * after it: others are as often file names ("notes.md") or lost spaces. chosen */
static bool is_plain_tld(struct span host)
{
    static const struct span tlds[] = {{".com", 4},  {".net", 4}, {".org", 4},
                                       {".info", 5}, {".biz", 4}, {".edu", 4},
                                       {".gov", 4}};
    for (size_t i = 0; i < sizeof tlds / sizeof *tlds; i++)
        if (span_iends(host, tlds[i]))
            return true;
    return false;
}

/* A word of labels without empty ones that could be a host. */
static bool is_host_like(struct span word)
{
    bool has_dot = false;
    if (word.len < 4 || word.len > 253 || word.at[0] == '.' || word.at[0] == '-')
        return false;
    for (size_t i = 0; i < word.len; i++) {
        if (word.at[i] == '+')
            return false;
        if (word.at[i] == '.') {
            has_dot = true;
            if (i + 1 == word.len || word.at[i + 1] == '.')
                return false;
        }
    }
    return has_dot;
}

static bool is_port(struct span s, size_t i)
{
    return i + 1 < s.len && s.at[i] == ':' && ascii_is_digit(s.at[i + 1]);
}

/* A word without a scheme, followed by what stands at place to. */
static bool is_bare_url(struct span s, size_t from, size_t to)
{
    struct span word = {s.at + from, to - from};
    while (word.len > 0 && is_punctuation(word.at[word.len - 1]))
        word.len--;
    if (!is_host_like(word))
        return false;
    if (span_istarts(word, SPAN("www.")))
        return span_index(span_from(word, 4), '.') > 0;
    bool has_more =
        word.len == to - from && to < s.len && (s.at[to] == '/' || is_port(s, to));
    if (!has_more)
        return is_plain_tld(word);
    return url_has_known_tld(word);
}

/* The start of a URL in the word [from, to), or to if there is none. */
static size_t find_start(struct span s, size_t from, size_t to)
{
    struct span after = span_from(s, to);
    if (span_starts(after, SPAN("://")))
        return scheme_start(s, from, to);
    size_t ascii = ascii_start(s, from, to);
    struct span tail = {s.at + ascii, to - ascii};
    bool is_mailto = after.len > 1 && after.at[0] == ':' && is_word(after.at[1]) &&
                     span_ieq(tail, SPAN("mailto"));
    if (is_mailto)
        return ascii;
    if (span_starts(after, SPAN("@")))
        return to;
    if (ascii > from && span_istarts(tail, SPAN("www.")) && is_bare_url(s, ascii, to))
        return ascii;
    return is_bare_url(s, from, to) ? from : to;
}

size_t url_find(struct span text, struct url_hit *hits, size_t max)
{
    size_t count = 0;
    size_t i = 0;
    while (i < text.len && count < max) {
        if (!is_word(text.at[i])) {
            i++;
            continue;
        }
        size_t from = i;
        while (i < text.len && is_word(text.at[i]))
            i++;
        bool is_after_at = from > 0 && text.at[from - 1] == '@';
        if (is_after_at && !span_starts(span_from(text, i), SPAN("://")))
            continue; /* the domain of an address */
        size_t start = find_start(text, from, i);
        if (start == i)
            continue;
        size_t end = url_end(text, i);
        size_t len = trim_end(text, start, end) - start;
        if (len == 0)
            continue;
        hits[count++] = (struct url_hit){.at = start, .len = len};
        i = end > i ? end : i;
    }
    return count;
}
