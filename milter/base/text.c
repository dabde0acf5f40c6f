/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "base/text.h"

#include <stdio.h>
#include <string.h>

struct span span_of(const char *cstr)
{
    return (struct span){cstr != NULL ? cstr : "", cstr != NULL ? strlen(cstr) : 0};
}

static bool same_fold(const char *a, const char *b, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (ascii_lower(a[i]) != ascii_lower(b[i]))
            return false;
    return true;
}

bool span_eq(struct span a, struct span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

bool span_ieq(struct span a, struct span b)
{
    return a.len == b.len && same_fold(a.at, b.at, a.len);
}

bool span_starts(struct span s, struct span head)
{
    return s.len >= head.len && (head.len == 0 || memcmp(s.at, head.at, head.len) == 0);
}

bool span_istarts(struct span s, struct span head)
{
    return s.len >= head.len && same_fold(s.at, head.at, head.len);
}

bool span_iends(struct span s, struct span tail)
{
    return s.len >= tail.len && same_fold(s.at + s.len - tail.len, tail.at, tail.len);
}

int span_compare(struct span a, struct span b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len > 0 ? memcmp(a.at, b.at, len) : 0;
    if (order != 0)
        return order;
    return (a.len > b.len) - (a.len < b.len);
}

struct span span_from(struct span s, size_t n)
{
    if (n >= s.len)
        return (struct span){"", 0};
    return (struct span){s.at + n, s.len - n};
}

struct span span_head(struct span s, size_t n)
{
    return (struct span){s.at, n < s.len ? n : s.len};
}

struct span span_trim(struct span s)
{
    while (s.len > 0 && ascii_is_space(s.at[0])) {
        s.at++;
        s.len--;
    }
    while (s.len > 0 && ascii_is_space(s.at[s.len - 1]))
        s.len--;
    return s;
}

ptrdiff_t span_index(struct span s, char c)
{
    const char *at = s.len > 0 ? memchr(s.at, c, s.len) : NULL;
    return at != NULL ? at - s.at : -1;
}

ptrdiff_t span_rindex(struct span s, char c)
{
    const char *at = s.len > 0 ? memrchr(s.at, c, s.len) : NULL;
    return at != NULL ? at - s.at : -1;
}

ptrdiff_t span_find(struct span s, struct span needle)
{
    if (needle.len > s.len)
        return -1;
    if (needle.len == 0)
        return 0;
    const char *at = memmem(s.at, s.len, needle.at, needle.len);
    return at != NULL ? at - s.at : -1;
}

ptrdiff_t span_ifind(struct span s, struct span needle)
{
    for (size_t i = 0; i + needle.len <= s.len; i++)
        if (same_fold(s.at + i, needle.at, needle.len))
            return (ptrdiff_t)i;
    return -1;
}

bool span_cut(struct span s, char c, struct span *head, struct span *tail)
{
    ptrdiff_t at = span_index(s, c);
    *head = at < 0 ? s : span_head(s, (size_t)at);
    *tail = at < 0 ? SPAN("") : span_from(s, (size_t)at + 1);
    return at >= 0;
}

bool span_is_below(struct span name, struct span domain)
{
    return name.len > domain.len && span_iends(name, domain) &&
           name.at[name.len - domain.len - 1] == '.';
}

bool span_is_listed(struct span s, const char *const *names, size_t count)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = span_compare(s, span_of(names[middle]));
        if (order == 0)
            return true;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return false;
}

struct span span_fold_space(struct arena *arena, struct span s)
{
    char *copy = arena_alloc(arena, s.len + 1);
    size_t len = 0;
    if (copy == NULL)
        return SPAN("");
    for (size_t i = 0; i < s.len; i++) {
        bool is_space = ascii_is_space(s.at[i]);
        if (!is_space || len == 0 || copy[len - 1] != ' ')
            copy[len++] = is_space ? ' ' : s.at[i];
    }
    return (struct span){copy, len};
}

struct span span_dup(struct arena *arena, struct span s)
{
    char *at = arena_alloc(arena, s.len + 1);
    if (at == NULL)
        return SPAN("");
    if (s.len > 0)
        memcpy(at, s.at, s.len);
    return (struct span){at, s.len};
}

struct span span_lower(struct arena *arena, struct span s)
{
    char *at = arena_alloc(arena, s.len + 1);
    if (at == NULL)
        return SPAN("");
    for (size_t i = 0; i < s.len; i++)
        at[i] = ascii_lower(s.at[i]);
    return (struct span){at, s.len};
}

const char *span_cstr(struct arena *arena, struct span s)
{
    char *at = arena_alloc(arena, s.len + 1);
    if (at == NULL)
        return "";
    for (size_t i = 0; i < s.len; i++)
        at[i] = s.at[i] != '\0' ? s.at[i] : ' ';
    return at;
}

bool ascii_is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

bool ascii_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool ascii_is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool ascii_is_alnum(char c)
{
    return ascii_is_alpha(c) || ascii_is_digit(c);
}

char ascii_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

int ascii_hex(char c)
{
    if (ascii_is_digit(c))
        return c - '0';
    c = ascii_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A code point that may change how the rest of a line is shown. */
static bool is_deceptive(uint32_t cp)
{
    return cp < 0x20 || (cp >= 0x7f && cp <= 0x9f) || cp == '\\' || cp == 0x200e ||
           cp == 0x200f || (cp >= 0x202a && cp <= 0x202e) ||
           (cp >= 0x2066 && cp <= 0x2069) || cp == 0xfffd || cp == 0x2028 ||
           cp == 0x2029;
}

char *text_escape(struct span s, char *out, size_t size)
{
    size_t used = 0;
    size_t safe = 0; /* the last end after which "..." still fits */
    for (size_t i = 0; i < s.len;) {
        size_t start = i;
        uint32_t cp = utf8_next(s, &i);
        bool escape = is_deceptive(cp);
        size_t need = escape ? 4 * (i - start) : i - start;
        if (used + 4 <= size)
            safe = used;
        if (used + need + 1 > size) {
            const char *dots = size >= 4 ? "..." : "";
            memcpy(out + safe, dots, strlen(dots));
            used = safe + strlen(dots);
            break;
        }
        if (!escape) {
            memcpy(out + used, s.at + start, need);
            used += need;
        }
        for (size_t k = start; escape && k < i; k++)
            used += (size_t)snprintf(out + used, size - used, "\\x%02x",
                                     (unsigned char)s.at[k]);
    }
    out[used] = '\0';
    return out;
}

/* RFC 3629 section 4: the first byte's length, and the second byte's range. */
static size_t lead_length(unsigned char c, unsigned char *low, unsigned char *high)
{
    *low = 0x80;
    *high = 0xbf;
    if (c < 0x80)
        return 1;
    if (c >= 0xc2 && c <= 0xdf)
        return 2;
    if (c >= 0xe0 && c <= 0xef) {
        *low = c == 0xe0 ? 0xa0 : 0x80;
        *high = c == 0xed ? 0x9f : 0xbf;
        return 3;
    }
    if (c >= 0xf0 && c <= 0xf4) {
        *low = c == 0xf0 ? 0x90 : 0x80;
        *high = c == 0xf4 ? 0x8f : 0xbf;
        return 4;
    }
    return 0;
}

uint32_t utf8_next(struct span s, size_t *i)
{
    const unsigned char *p = (const unsigned char *)s.at + *i;
    size_t left = s.len - *i;
    unsigned char low;
    unsigned char high;
    size_t len = lead_length(p[0], &low, &high);
    *i += 1;
    if (len == 1)
        return p[0];
    if (len == 0 || len > left || p[1] < low || p[1] > high)
        return 0xfffd;
    uint32_t cp = p[0] & (0xffu >> (len + 1));
    for (size_t k = 1; k < len; k++) {
        if ((p[k] & 0xc0) != 0x80)
            return 0xfffd;
        cp = cp << 6 | (p[k] & 0x3fu);
    }
    *i += len - 1;
    return cp;
}

size_t utf8_put(uint32_t cp, char out[4])
{
    if (cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff))
        cp = 0xfffd;
    if (cp < 0x80) {
        out[0] = (char)cp;
        return 1;
    }
    if (cp < 0x800) {
        out[0] = (char)(0xc0 | cp >> 6);
        out[1] = (char)(0x80 | (cp & 0x3f));
        return 2;
    }
    if (cp < 0x10000) {
        out[0] = (char)(0xe0 | cp >> 12);
        out[1] = (char)(0x80 | (cp >> 6 & 0x3f));
        out[2] = (char)(0x80 | (cp & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | cp >> 18);
    out[1] = (char)(0x80 | (cp >> 12 & 0x3f));
    out[2] = (char)(0x80 | (cp >> 6 & 0x3f));
    out[3] = (char)(0x80 | (cp & 0x3f));
    return 4;
}

/* Where the ASCII that begins at i ends, or up to seven bytes before. */
static size_t skip_ascii(struct span s, size_t i)
{
    uint64_t eight;
    for (; s.len - i >= sizeof eight; i += sizeof eight) {
        memcpy(&eight, s.at + i, sizeof eight);
        if ((eight & UINT64_C(0x8080808080808080)) != 0)
            break;
    }
    return i;
}

bool utf8_is_valid(struct span s)
{
    for (size_t i = skip_ascii(s, 0); i < s.len;) {
        size_t start = i;
        if (utf8_next(s, &i) == 0xfffd && i - start == 1)
            return false;
    }
    return true;
}

bool utf8_is_upper(uint32_t cp)
{
    if (cp < 0x80)
        return cp >= 'A' && cp <= 'Z';
    if (cp >= 0xc0 && cp <= 0xde)
        return cp != 0xd7;
    if (cp >= 0x100 && cp <= 0x17f) /* Latin Extended-A: pairs, with two shifts */
        return (cp >= 0x139 && cp <= 0x148) || (cp >= 0x179 && cp <= 0x17e)
                   ? (cp & 1) == 1
                   : (cp & 1) == 0 && cp != 0x138 && cp != 0x17f;
    return (cp >= 0x391 && cp <= 0x3a9) || (cp >= 0x400 && cp <= 0x42f);
}

bool utf8_is_lower(uint32_t cp)
{
    if (cp < 0x80)
        return cp >= 'a' && cp <= 'z';
    if (cp >= 0xdf && cp <= 0xff)
        return cp != 0xf7;
    if (cp >= 0x100 && cp <= 0x17f)
        return !utf8_is_upper(cp);
    return (cp >= 0x3b1 && cp <= 0x3c9) || (cp >= 0x430 && cp <= 0x45f);
}

bool text_parse_count(struct span s, uint64_t max, uint64_t *out)
{
    uint64_t value = 0;
    if (s.len == 0)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        if (!ascii_is_digit(s.at[i]))
            return false;
        uint64_t digit = (uint64_t)(s.at[i] - '0');
        if (value > (UINT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    if (value > max)
        return false;
    *out = value;
    return true;
}

uint32_t span_hash(uint32_t seed, struct span s)
{
    for (size_t i = 0; i < s.len; i++)
        seed = (seed ^ (unsigned char)s.at[i]) * 16777619u;
    return seed;
}

uint32_t span_ihash(uint32_t seed, struct span s)
{
    for (size_t i = 0; i < s.len; i++)
        seed = (seed ^ (unsigned char)ascii_lower(s.at[i])) * 16777619u;
    return seed;
}

uint64_t span_hash64(struct span s)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < s.len; i++)
        hash = (hash ^ (unsigned char)s.at[i]) * UINT64_C(1099511628211);
    return hash;
}

unsigned text_distance(struct span a, struct span b)
{
    enum { MOST = 32 };
    unsigned row[MOST + 1];
    a = span_head(a, MOST);
    b = span_head(b, MOST);
    for (unsigned j = 0; j <= b.len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        unsigned diagonal = row[0];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b.len; j++) {
            unsigned up = row[j];
            unsigned best = diagonal + (a.at[i - 1] != b.at[j - 1]);
            if (up + 1 < best)
                best = up + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            row[j] = best;
            diagonal = up;
        }
    }
    return row[b.len];
}
