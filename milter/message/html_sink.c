/* SPDX-License-Identifier: BSD-2-Clause */
#include "message/html_sink.h"

#include <string.h>

#include "message/html_entity.h"

enum { LINE_ENDS_MOST = 2, NBSP_LEAD = 0xc2, NBSP_TAIL = 0xa0 };

void html_sink_init(struct html_sink *sink, struct arena *arena, size_t max_bytes)
{
    *sink = (struct html_sink){0};
    buf_init(&sink->buf, arena, max_bytes);
}

void html_sink_space(struct html_sink *sink)
{
    sink->has_space = true;
}

void html_sink_block(struct html_sink *sink)
{
    if (sink->line_ends == 0)
        sink->line_ends = 1;
}

void html_sink_line(struct html_sink *sink)
{
    if (sink->line_ends < LINE_ENDS_MOST)
        sink->line_ends++;
}

/* Bytes that are seen, after the space or line ends that are due. */
static void add_seen(struct html_sink *sink, const char *at, size_t len)
{
    if (sink->buf.len > 0) {
        for (unsigned i = 0; i < sink->line_ends; i++)
            buf_add_char(&sink->buf, '\n');
        if (sink->line_ends == 0 && sink->has_space)
            buf_add_char(&sink->buf, ' ');
    }
    sink->line_ends = 0;
    sink->has_space = false;
    buf_add(&sink->buf, at, len);
}

/* Bytes that add_seen cannot take as they are. */
static bool is_special(char c)
{
    switch ((unsigned char)c) {
    case '\0':
    case '\t':
    case '\n':
    case '\f':
    case '\r':
    case ' ':
    case '&':
    case NBSP_LEAD:
        return true;
    default:
        return false;
    }
}

static bool is_nbsp(struct span s)
{
    return s.len >= 2 && (unsigned char)s.at[0] == NBSP_LEAD &&
           (unsigned char)s.at[1] == NBSP_TAIL;
}

/* What a reference stands for, 1 to 8 bytes. */
static void add_decoded(struct html_sink *sink, const char *bytes, size_t len)
{
    if (is_nbsp((struct span){bytes, len}) || ascii_is_space(bytes[0]))
        sink->has_space = true;
    else if (bytes[0] != '\0')
        add_seen(sink, bytes, len);
}

/* One special byte, or what begins with it; returns how many bytes it took. */
static size_t add_special(struct html_sink *sink, struct span s, bool decodes,
                          bool keeps_lines)
{
    if (s.at[0] == '&') {
        char bytes[HTML_REFERENCE_BYTES];
        size_t len = 0;
        size_t taken = decodes ? html_reference(s, false, bytes, &len) : 0;
        if (taken > 0) {
            add_decoded(sink, bytes, len);
            return taken;
        }
    }
    if (is_nbsp(s)) {
        sink->has_space = true;
        return 2;
    }
    if (s.at[0] == '\n' && keeps_lines)
        html_sink_line(sink);
    else if (ascii_is_space(s.at[0]))
        sink->has_space = true;
    else if (s.at[0] != '\0')
        add_seen(sink, s.at, 1);
    return 1;
}

void html_sink_text(struct html_sink *sink, struct span s, bool decodes,
                    bool keeps_lines)
{
    while (s.len > 0) {
        size_t run = 0;
        while (run < s.len && !is_special(s.at[run]))
            run++;
        if (run > 0)
            add_seen(sink, s.at, run);
        s = span_from(s, run);
        if (s.len > 0)
            s = span_from(s, add_special(sink, s, decodes, keeps_lines));
    }
}

struct span html_sink_span(const struct html_sink *sink)
{
    struct span s = buf_span(&sink->buf);
    if (!sink->buf.is_full)
        return s;
    size_t tail = 0; /* continuation bytes at the end */
    while (tail < 3 && tail < s.len &&
           ((unsigned char)s.at[s.len - 1 - tail] & 0xc0) == 0x80)
        tail++;
    if (tail >= s.len)
        return s;
    size_t lead = s.len - 1 - tail;
    size_t i = lead;
    if ((unsigned char)s.at[lead] >= 0xc0 && utf8_next(s, &i) == 0xfffd &&
        i - lead == 1)
        s.len = lead;
    return s;
}
