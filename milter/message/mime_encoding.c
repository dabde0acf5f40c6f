/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "message/mime_internal.h"

/* Value of each base64 character (RFC 2045 6.8) plus one; 0 for all others. */
static const unsigned char base64_value[256] = {
    ['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,
    ['H'] = 8,  ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14,
    ['O'] = 15, ['P'] = 16, ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21,
    ['V'] = 22, ['W'] = 23, ['X'] = 24, ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28,
    ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32, ['g'] = 33, ['h'] = 34, ['i'] = 35,
    ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40, ['o'] = 41, ['p'] = 42,
    ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48, ['w'] = 49,
    ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
    ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['+'] = 63,
    ['/'] = 64,
};

/* Whole quanta at in[*at..], from a clean state: the fast way. */
static size_t base64_quanta(struct span in, size_t *at, char *out, size_t room)
{
    const unsigned char *p = (const unsigned char *)in.at;
    size_t i = *at;
    size_t total = 0;
    for (; i + 4 <= in.len; i += 4, total += 3) {
        unsigned a = base64_value[p[i]];
        unsigned b = base64_value[p[i + 1]];
        unsigned c = base64_value[p[i + 2]];
        unsigned d = base64_value[p[i + 3]];
        if (a == 0 || b == 0 || c == 0 || d == 0)
            break;
        if (total >= room)
            continue;
        uint32_t bits = (a - 1) << 18 | (b - 1) << 12 | (c - 1) << 6 | (d - 1);
        out[total] = (char)(bits >> 16);
        if (total + 1 < room)
            out[total + 1] = (char)(bits >> 8);
        if (total + 2 < room)
            out[total + 2] = (char)bits;
    }
    *at = i;
    return total;
}

/* One character; returns 1 when it completed a byte in *byte. */
static size_t base64_char(struct mime_base64 *stream, char c, char *byte)
{
    unsigned value = base64_value[(unsigned char)c];
    if (c == '=') { /* ends a quantum; a new one may follow (concatenated bodies) */
        stream->is_padded = true;
        stream->bit_count = 0;
        return 0;
    }
    if (value == 0) {
        stream->is_broken |= !ascii_is_space(c);
        return 0;
    }
    stream->is_broken |= stream->is_padded;
    stream->bits = stream->bits << 6 | (value - 1);
    stream->bit_count += 6;
    if (stream->bit_count < 8)
        return 0;
    stream->bit_count -= 8;
    *byte = (char)(stream->bits >> stream->bit_count);
    return 1;
}

size_t mime_base64_feed(struct mime_base64 *stream, struct span in, char *out,
                        size_t room)
{
    size_t total = 0;
    for (size_t i = 0; i < in.len;) {
        if (stream->bit_count == 0 && !stream->is_padded) {
            size_t left = total < room ? room - total : 0;
            total += base64_quanta(in, &i, left > 0 ? out + total : out, left);
            if (i >= in.len)
                break;
        }
        char byte;
        size_t got = base64_char(stream, in.at[i++], &byte);
        if (got > 0 && total < room)
            out[total] = byte;
        total += got;
    }
    return total;
}

/* Where decoded bytes go: the first room of them are stored, all are counted. */
struct sink {
    char *at;
    size_t room, total;
};

static void sink_add(struct sink *sink, const char *bytes, size_t len)
{
    if (sink->total < sink->room && len > 0) {
        size_t left = sink->room - sink->total;
        memcpy(sink->at + sink->total, bytes, len < left ? len : left);
    }
    sink->total += len;
}

static inline void sink_put(struct sink *sink, char c)
{
    if (sink->total < sink->room)
        sink->at[sink->total] = c;
    sink->total++;
}

static void decode_base64(struct sink *sink, struct span in, uint32_t *defects)
{
    struct mime_base64 stream = {0};
    sink->total = mime_base64_feed(&stream, in, sink->at, sink->room);
    if (stream.is_broken || stream.bit_count != 0)
        *defects |= DEFECT_BASE64;
}

/* Length of a soft line break's rest at in (after '='): transport padding and the
 * line end (RFC 2045 6.7 rules 3 and 5); 0 when it is none. */
static size_t soft_break(struct span in, size_t at)
{
    size_t i = at;
    while (i < in.len && (in.at[i] == ' ' || in.at[i] == '\t'))
        i++;
    if (i == in.len)
        return i - at;
    if (in.at[i] == '\r' && i + 1 < in.len && in.at[i + 1] == '\n')
        return i + 2 - at;
    return in.at[i] == '\n' ? i + 1 - at : 0;
}

/* What follows a '=', at place i; returns how many bytes it takes. */
static size_t qp_escape(struct sink *sink, struct span in, size_t i, uint32_t *defects)
{
    int high = ascii_hex(in.at[i]);
    int low = high >= 0 && i + 1 < in.len ? ascii_hex(in.at[i + 1]) : -1;
    if (low >= 0) {
        sink_put(sink, (char)(high << 4 | low));
        return 2;
    }
    size_t gap = high < 0 ? soft_break(in, i) : 0;
    if (gap == 0) {
        sink_put(sink, '=');
        *defects |= DEFECT_QUOTED_PRINTABLE;
    }
    return gap;
}

/* Text up to the next '=' or line end, without the white space before the latter:
 * some MTA has put it there (RFC 2045 6.7, rule 3). */
static size_t qp_literal(struct sink *sink, struct span in, size_t i)
{
    size_t end = i, text;
    while (end < in.len && in.at[end] != '=' && in.at[end] != '\n')
        end++;
    text = end;
    if (end < in.len && in.at[end] == '\n') {
        if (text > i && in.at[text - 1] == '\r')
            text--;
        size_t line = text;
        while (text > i && (in.at[text - 1] == ' ' || in.at[text - 1] == '\t'))
            text--;
        sink_add(sink, in.at + i, text - i);
        sink_add(sink, in.at + line, end + 1 - line);
        return end + 1 - i;
    }
    sink_add(sink, in.at + i, text - i);
    return end - i;
}

static void decode_qp(struct sink *sink, struct span in, uint32_t *defects)
{
    for (size_t i = 0; i < in.len;) {
        if (in.at[i] != '=') {
            i += qp_literal(sink, in, i);
        } else if (++i < in.len) {
            i += qp_escape(sink, in, i, defects);
        }
    }
}

static unsigned uu_value(struct span line, size_t i)
{
    return i < line.len ? ((unsigned char)line.at[i] - 32u) & 63u : 0;
}

/* One line of POSIX uuencode: its length, then four characters for three bytes. */
static void uu_line(struct sink *sink, struct span line)
{
    unsigned left = uu_value(line, 0);
    for (size_t i = 1; left > 0 && i < line.len; i += 4) {
        unsigned bits = uu_value(line, i) << 18 | uu_value(line, i + 1) << 12 |
                        uu_value(line, i + 2) << 6 | uu_value(line, i + 3);
        char bytes[3] = {(char)(bits >> 16), (char)(bits >> 8), (char)bits};
        unsigned len = left < 3 ? left : 3;
        sink_add(sink, bytes, len);
        left -= len;
    }
}

static void decode_uu(struct sink *sink, struct span in)
{
    struct span line;
    bool is_inside = false;
    while (in.len > 0) {
        span_cut(in, '\n', &line, &in);
        if (line.len > 0 && line.at[line.len - 1] == '\r')
            line.len--;
        if (!is_inside)
            is_inside = span_starts(line, SPAN("begin "));
        else if (span_eq(line, SPAN("end")))
            return;
        else if (line.len > 0)
            uu_line(sink, line);
    }
}

enum mime_encoding mime_encoding_named(struct span name)
{
    static const struct {
        const char *name;
        enum mime_encoding encoding;
    } names[] = {
        {"", ENCODING_IDENTITY},          {"7bit", ENCODING_IDENTITY},
        {"8bit", ENCODING_IDENTITY},      {"binary", ENCODING_IDENTITY},
        {"7-bit", ENCODING_IDENTITY},     {"8-bit", ENCODING_IDENTITY},
        {"base64", ENCODING_BASE64},      {"quoted-printable", ENCODING_QP},
        {"x-uuencode", ENCODING_UU},      {"uuencode", ENCODING_UU},
        {"x-uue", ENCODING_UU},           {"uue", ENCODING_UU},
        {"quotedprintable", ENCODING_QP},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (span_ieq(name, span_of(names[i].name)))
            return names[i].encoding;
    return ENCODING_UNKNOWN;
}

struct span mime_transfer_decode(struct mime_state *state, enum mime_encoding encoding,
                                 struct span in, size_t keep_bytes, size_t *total_bytes)
{
    *total_bytes = in.len;
    if (encoding == ENCODING_UNKNOWN || encoding == ENCODING_IDENTITY)
        return span_head(in, keep_bytes);
    size_t most = encoding == ENCODING_QP ? in.len : in.len / 4 * 3 + 3;
    struct sink sink = {.room = keep_bytes < most ? keep_bytes : most};
    sink.at = arena_alloc(state->arena, sink.room);
    if (sink.at == NULL)
        sink.room = 0;
    if (encoding == ENCODING_BASE64)
        decode_base64(&sink, in, &state->defects);
    else if (encoding == ENCODING_QP)
        decode_qp(&sink, in, &state->defects);
    else
        decode_uu(&sink, in);
    *total_bytes = sink.total;
    if (sink.at == NULL)
        return SPAN("");
    return (struct span){sink.at, sink.total < sink.room ? sink.total : sink.room};
}

static struct span decode_all(struct arena *arena, enum mime_encoding encoding,
                              struct span in, uint32_t *defects)
{
    struct mime_state state = {.arena = arena};
    size_t total;
    struct span out = mime_transfer_decode(&state, encoding, in, SIZE_MAX, &total);
    *defects |= state.defects;
    return out;
}

struct span mime_decode_base64(struct arena *arena, struct span in, uint32_t *defects)
{
    return decode_all(arena, ENCODING_BASE64, in, defects);
}

struct span mime_decode_qp(struct arena *arena, struct span in, uint32_t *defects)
{
    return decode_all(arena, ENCODING_QP, in, defects);
}
