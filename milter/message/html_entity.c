/* SPDX-License-Identifier: BSD-2-Clause */
#include "message/html_entity.h"

#include <string.h>

/* What writers of &#128; to &#159; meant: cp1252.
 * Source: WHATWG HTML 13.2.5.80 (numeric character reference end state). */
static uint32_t remap_c1(uint32_t code)
{
    static const uint16_t c1[32] = {
        0x20ac, 0x81,   0x201a, 0x192,  0x201e, 0x2026, 0x2020, 0x2021,
        0x2c6,  0x2030, 0x160,  0x2039, 0x152,  0x8d,   0x17d,  0x8f,
        0x90,   0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
        0x2dc,  0x2122, 0x161,  0x203a, 0x153,  0x9d,   0x17e,  0x178,
    };
    if (code == 0)
        return 0xfffd;
    return code >= 0x80 && code <= 0x9f ? c1[code - 0x80] : code;
}

static size_t numeric_reference(struct span s, char *out, size_t *out_len)
{
    size_t i = 2;
    uint32_t base = 10;
    if (i < s.len && ascii_lower(s.at[i]) == 'x') {
        base = 16;
        i++;
    }
    uint32_t code = 0;
    size_t first = i;
    for (; i < s.len; i++) {
        int digit = ascii_hex(s.at[i]);
        if (digit < 0 || (uint32_t)digit >= base)
            break;
        if (code <= 0x10ffff) /* beyond, it stays beyond */
            code = code * base + (uint32_t)digit;
    }
    if (i == first)
        return 0;
    if (i < s.len && s.at[i] == ';')
        i++;
    *out_len = utf8_put(remap_c1(code), out);
    return i;
}

/* The first entry in [low, high) whose byte at place k is not below c. */
static size_t bound(size_t low, size_t high, size_t k, unsigned c)
{
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if ((unsigned char)html_entity_table[middle].name[k] < c)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The longest name of the table that name begins with. */
static const struct html_entity *longest_match(struct span name, size_t *len)
{
    const struct html_entity *best = NULL;
    size_t low = 0;
    size_t high = html_entity_count;
    for (size_t k = 0; k < name.len; k++) {
        unsigned c = (unsigned char)name.at[k];
        if (c == 0)
            break;
        low = bound(low, high, k, c);
        high = bound(low, high, k, c + 1);
        if (low == high)
            break;
        if (html_entity_table[low].name[k + 1] == '\0') {
            best = &html_entity_table[low];
            *len = k + 1;
        }
    }
    return best;
}

static size_t named_reference(struct span s, bool in_attribute, char *out,
                              size_t *out_len)
{
    struct span name = span_from(s, 1);
    size_t len = 0;
    const struct html_entity *entity = longest_match(name, &len);
    if (entity == NULL)
        return 0;
    if (in_attribute && name.at[len - 1] != ';' && len < name.len &&
        (name.at[len] == '=' || ascii_is_alnum(name.at[len])))
        return 0;
    *out_len = utf8_put(entity->codes[0], out);
    if (entity->codes[1] != 0)
        *out_len += utf8_put(entity->codes[1], out + *out_len);
    return len + 1;
}

size_t html_reference(struct span s, bool in_attribute, char out[HTML_REFERENCE_BYTES],
                      size_t *out_len)
{
    *out_len = 0;
    if (s.len < 2)
        return 0;
    if (s.at[1] == '#')
        return numeric_reference(s, out, out_len);
    if (!ascii_is_alpha(s.at[1]))
        return 0;
    return named_reference(s, in_attribute, out, out_len);
}

/* Bytes of s before the next '&' or NUL. */
static size_t plain_run(struct span s)
{
    size_t i = 0;
    while (i < s.len && s.at[i] != '&' && s.at[i] != '\0')
        i++;
    return i;
}

void html_decode(struct span s, struct buf *out)
{
    while (s.len > 0) {
        size_t run = plain_run(s);
        buf_add(out, s.at, run);
        s = span_from(s, run);
        if (s.len == 0)
            break;
        char bytes[HTML_REFERENCE_BYTES];
        size_t len = 0;
        size_t taken = s.at[0] == '&' ? html_reference(s, true, bytes, &len) : 0;
        if (taken > 0)
            buf_add(out, bytes, len);
        else if (s.at[0] == '\0')
            buf_add_utf8(out, 0xfffd);
        else
            buf_add_char(out, '&');
        s = span_from(s, taken > 0 ? taken : 1);
    }
}
