/* SPDX-License-Identifier: BSD-2-Clause
 *
 * fact_calendar - invitations: who invites, and where they lead. Pure.
 * Source: RFC 5545, 3.1 (lines), 3.8 (ORGANIZER and what is shown of an event).
 */
#include "facts/fact_input.h"
#include "facts/fact_lists.h"

/* Links looked at, in one line and in all. Chosen. */
enum { LINE_LINKS = 32, ALL_LINKS = 400 };

struct calendar_sum {
    struct span organizer; /* the first one's address, in lower case; "" if none */
    size_t links, links_seen;
};

/* In lower case; lines that begin with a blank go on the one before. */
static struct span unfold(struct arena *arena, struct span text)
{
    struct buf out;
    buf_init(&out, arena, text.len);
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] == '\n' && i + 1 < text.len &&
            (text.at[i + 1] == ' ' || text.at[i + 1] == '\t'))
            i++;
        else
            buf_add_char(&out, ascii_lower(text.at[i]));
    }
    return buf_span(&out);
}

/* name;parameter="a:b":value. false: no such line. */
static bool read_line(struct span line, struct span *name, struct span *value)
{
    bool is_quoted = false;
    size_t end = 0;
    while (end < line.len && line.at[end] != ';' && line.at[end] != ':')
        end++;
    *name = span_head(line, end);
    while (end < line.len && (line.at[end] != ':' || is_quoted))
        is_quoted ^= line.at[end++] == '"';
    *value = span_from(line, end + 1);
    return end < line.len;
}

/* What a program shows of an event, with the links in it. */
static bool is_shown(struct span name)
{
    static const char *const names[] = {"attach",      "comment",   "conference",
                                        "description", "location",  "summary",
                                        "url",         "x-alt-desc"};
    return span_is_listed(name, names, sizeof names / sizeof names[0]);
}

static void add_links(const struct fact_input *in, struct span text,
                      struct calendar_sum *sum)
{
    struct url_hit hits[LINE_LINKS];
    size_t found = url_find(text, hits, LINE_LINKS);
    for (size_t i = 0; i < found && sum->links_seen < ALL_LINKS; i++) {
        struct url url;
        struct span domain,
            target = span_head(span_from(text, hits[i].at), hits[i].len);
        sum->links_seen++;
        if (!url_parse(in->arena, target, &url) || !url.is_web)
            continue;
        domain = fact_registrable(in->arena, url.host);
        sum->links +=
            !fact_is_sender_domain(in, domain) && !list_has(LIST_MEETINGS, domain);
    }
}

static struct span address_of(struct span value)
{
    value = span_trim(value);
    return span_starts(value, SPAN("mailto:")) ? span_from(value, 7) : SPAN("");
}

static void add_calendar(const struct fact_input *in, struct span text,
                         struct calendar_sum *sum)
{
    struct span line, name, value, rest = unfold(in->arena, text);
    while (rest.len > 0) {
        span_cut(rest, '\n', &line, &rest);
        if (!read_line(line, &name, &value))
            continue;
        if (sum->organizer.len == 0 && span_eq(name, SPAN("organizer")))
            sum->organizer = address_of(value);
        else if (is_shown(name))
            add_links(in, value, sum);
    }
}

static bool is_foreign(const struct fact_input *in, struct span address)
{
    ptrdiff_t at = span_rindex(address, '@');
    return at >= 0 &&
           !fact_is_sender_domain(
               in, fact_registrable(in->arena, span_from(address, (size_t)at + 1)));
}

void fact_calendar(const struct fact_input *in, struct facts *out)
{
    struct calendar_sum sum = {0};
    for (size_t i = 0; i < in->msg->part_count; i++) {
        const struct part *part = &in->msg->parts[i];
        if (span_eq(part->type, SPAN("text")) &&
            span_eq(part->subtype, SPAN("calendar")))
            add_calendar(in, part->text, &sum);
    }
    FACT_TEXT_SET(calendar_organizer, sum.organizer);
    FACT_SET(calendar_organizer_foreign, is_foreign(in, sum.organizer));
    FACT_SET(calendar_links, sum.links);
}
