/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/dns_name.h"

#include <string.h>

#include "base/idn.h"

enum {
    LABEL_BYTES = 63,
    WIRE_BYTES = 254,  /* of a name, without the root's octet */
    IDN_BYTES = 16384, /* memory to make A-labels in */
};

/* One octet of a label; out has room: DNS_NAME_TEXT_BYTES is for the longest. */
static void put(struct dns_name *out, uint8_t octet)
{
    char c = ascii_lower((char)octet);
    if (octet > 0x20 && octet < 0x7f && c != '.' && c != '\\') {
        out->text[out->len++] = c;
        return;
    }
    out->text[out->len++] = '\\';
    out->text[out->len++] = (char)('0' + octet / 100);
    out->text[out->len++] = (char)('0' + octet / 10 % 10);
    out->text[out->len++] = (char)('0' + octet % 10);
}

/* The next octet of text, an escape taken for what it stands for. Returns -1 for an
 * escape that is none, 256 for a dot that divides. */
static int next(struct span text, size_t *i)
{
    char c = text.at[(*i)++];
    if (c == '.')
        return 256;
    if (c != '\\')
        return (uint8_t)c;
    if (*i == text.len)
        return -1;
    if (!ascii_is_digit(text.at[*i]))
        return (uint8_t)text.at[(*i)++];
    if (text.len - *i < 3 || !ascii_is_digit(text.at[*i + 1]) ||
        !ascii_is_digit(text.at[*i + 2]))
        return -1;
    int octet = (text.at[*i] - '0') * 100 + (text.at[*i + 1] - '0') * 10 +
                (text.at[*i + 2] - '0');
    *i += 3;
    return octet < 256 ? octet : -1;
}

static bool read_ascii(struct span text, struct dns_name *out, bool *is_absolute)
{
    size_t label = 0;
    *is_absolute = false;
    for (size_t i = 0; i < text.len;) {
        int octet = next(text, &i);
        bool is_dot = octet == 256;
        if (octet < 0 || (is_dot && label == 0))
            return false;
        if (is_dot && i == text.len) {
            *is_absolute = true;
            break;
        }
        if (is_dot) {
            out->text[out->len++] = '.';
            label = 0;
            continue;
        }
        out->wire_bytes += label == 0 ? 2 : 1; /* the first has its label's count */
        if (++label > LABEL_BYTES || out->wire_bytes > WIRE_BYTES)
            return false;
        put(out, (uint8_t)octet);
    }
    return true;
}

static bool is_ascii(struct span text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.at[i] >= 0x80)
            return false;
    return true;
}

static bool read_idn(struct span text, struct dns_name *out, bool *is_absolute)
{
    struct arena *arena = arena_new(IDN_BYTES);
    if (arena == NULL)
        return false;
    struct span ascii = idn_to_ascii(arena, text);
    bool is_name = ascii.len > 0 && read_ascii(ascii, out, is_absolute);
    arena_free(&arena);
    return is_name;
}

bool dns_name_read(struct span text, struct dns_name *out, bool *is_absolute)
{
    bool ends_in_dot = true;
    out->len = out->wire_bytes = 0;
    bool is_name = true;
    if (text.len >= DNS_NAME_TEXT_BYTES)
        is_name = false;
    else if (!span_eq(text, SPAN(".")))
        is_name = is_ascii(text) ? read_ascii(text, out, &ends_in_dot)
                                 : read_idn(text, out, &ends_in_dot);
    if (is_absolute != NULL)
        *is_absolute = ends_in_dot;
    out->text[out->len] = '\0';
    return is_name;
}

/* Octets of a name in our form, without the root's. */
static size_t wire_bytes(struct span name)
{
    size_t octets = name.len > 0 ? 1 : 0;
    for (size_t i = 0; i < name.len; i++, octets++)
        if (name.at[i] == '\\')
            i += 3;
    return octets;
}

bool dns_name_append(struct dns_name *out, struct span origin)
{
    size_t dot = out->len > 0 && origin.len > 0;
    size_t octets = out->wire_bytes + wire_bytes(origin);
    if (octets > WIRE_BYTES || out->len + dot + origin.len >= DNS_NAME_TEXT_BYTES)
        return false;
    if (dot > 0)
        out->text[out->len++] = '.';
    memcpy(out->text + out->len, origin.at, origin.len);
    out->len += origin.len;
    out->text[out->len] = '\0';
    out->wire_bytes = octets;
    return true;
}

size_t dns_name_from_wire(const uint8_t *at, size_t len, struct dns_name *out)
{
    size_t i = 0;
    out->len = out->wire_bytes = 0;
    while (i < len && at[i] != 0) {
        size_t label = at[i++];
        if (label > LABEL_BYTES || label > len - i ||
            out->wire_bytes + label + 1 > WIRE_BYTES)
            return 0;
        if (out->len > 0)
            out->text[out->len++] = '.';
        for (size_t end = i + label; i < end; i++)
            put(out, at[i]);
        out->wire_bytes += label + 1;
    }
    out->text[out->len] = '\0';
    return i < len ? i + 1 : 0;
}

struct span dns_name_parent(struct span name)
{
    ptrdiff_t dot = span_index(name, '.');
    return dot < 0 ? SPAN("") : span_from(name, (size_t)dot + 1);
}
