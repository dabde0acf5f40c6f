/* SPDX-License-Identifier: BSD-2-Clause */
#include "auth/reputation_list.h"

#include <string.h>

#include "base/buf.h"

enum { NAME_BYTES = 253 }; /* RFC 1035 2.3.4, without the final dot */

/* ---- the filter ---- */

static void allow(uint32_t octet[8], unsigned from, unsigned to)
{
    for (unsigned value = from; value <= to; value++)
        octet[value / 32] |= UINT32_C(1) << value % 32;
}

static bool is_allowed(const uint32_t octet[8], unsigned value)
{
    return (octet[value / 32] >> value % 32 & 1) != 0;
}

static bool read_value(struct span text, unsigned *out)
{
    uint64_t value;
    if (!text_parse_count(text, 255, &value))
        return false;
    *out = (unsigned)value;
    return true;
}

/* "2" or "2..11" */
static bool read_range(uint32_t octet[8], struct span text)
{
    unsigned from, to;
    ptrdiff_t dots = span_find(text, SPAN(".."));
    if (dots < 0) {
        if (!read_value(text, &from))
            return false;
        allow(octet, from, from);
        return true;
    }
    if (!read_value(span_head(text, (size_t)dots), &from) ||
        !read_value(span_from(text, (size_t)dots + 2), &to) || from > to)
        return false;
    allow(octet, from, to);
    return true;
}

/* "2" or "[2..11;15]" */
static bool read_octet(uint32_t octet[8], struct span text)
{
    struct span item;
    if (text.len < 2 || text.at[0] != '[' || text.at[text.len - 1] != ']')
        return span_index(text, '.') < 0 && read_range(octet, text);
    text = (struct span){text.at + 1, text.len - 2};
    bool has_more = true;
    while (has_more) {
        has_more = span_cut(text, ';', &item, &text);
        if (!read_range(octet, item))
            return false;
    }
    return true;
}

/* Where this octet ends: at a dot outside brackets. */
static size_t octet_end(struct span text)
{
    bool is_inside = false;
    for (size_t i = 0; i < text.len; i++) {
        is_inside = text.at[i] == '[' || (is_inside && text.at[i] != ']');
        if (text.at[i] == '.' && !is_inside)
            return i;
    }
    return text.len;
}

static bool read_octets(struct list_spec *spec, struct span text)
{
    for (int i = 0; i < 4; i++) {
        size_t end = octet_end(text);
        bool is_last = end == text.len;
        if (is_last != (i == 3) || !read_octet(spec->octets[i], span_head(text, end)))
            return false;
        text = span_from(text, end + 1);
    }
    return true;
}

static bool read_filter(struct list_spec *spec, struct span text)
{
    spec->has_filter = true;
    if (text.len > 0 && text.at[0] == '&')
        return read_value(span_from(text, 1), &spec->mask) && spec->mask > 0;
    return read_octets(spec, text);
}

/* ---- the zone ---- */

/* Labels of letters, digits, '-' and '_', two at least: RFC 1035 2.3.1 and what is in
 * use. */
static bool is_zone(struct span zone)
{
    size_t label = 0, dots = 0;
    for (size_t i = 0; i < zone.len; i++) {
        char c = zone.at[i];
        if (c == '.') {
            if (label == 0)
                return false;
            label = 0;
            dots++;
        } else if (!(ascii_is_alnum(c) || c == '-' || c == '_') || ++label > 63) {
            return false;
        }
    }
    return label > 0 && dots > 0 && zone.len <= 200;
}

int list_spec_parse(struct list_spec *out, struct arena *arena, struct span text,
                    struct err *err)
{
    struct span zone, filter;
    memset(out, 0, sizeof *out);
    bool has_filter = span_cut(text, '=', &zone, &filter);
    zone = span_trim(zone);
    if (zone.len > 0 && zone.at[zone.len - 1] == '.')
        zone = span_head(zone, zone.len - 1);
    int shown = (int)(text.len < 100 ? text.len : 100);
    if (!is_zone(zone))
        return err_set(err, ERR_CONFIG, "\"%.*s\": the list is no domain name", shown,
                       text.at);
    if (has_filter && !read_filter(out, span_trim(filter)))
        return err_set(err, ERR_CONFIG,
                       "\"%.*s\": write the answers as 127.0.0.[2..11;15] or as &6",
                       shown, text.at);
    out->zone = span_lower(arena, zone);
    return 0;
}

/* ---- an answer ---- */

static bool is_wanted(const struct list_spec *spec, const unsigned char address[4])
{
    if (!spec->has_filter)
        return true;
    if (spec->mask != 0)
        return address[1] == 0 && address[2] == 0 && (address[3] & spec->mask) != 0;
    for (int i = 0; i < 4; i++)
        if (!is_allowed(spec->octets[i], address[i]))
            return false;
    return true;
}

static enum list_answer read_address(const struct list_spec *spec,
                                     const unsigned char address[4])
{
    static const unsigned char one[4] = {127, 0, 0, 1};
    static const unsigned char no_addresses[4] = {127, 0, 1, 255};
    if (address[0] != 127)
        return LIST_ANSWER_FOREIGN;
    if (address[1] == 255 && address[2] == 255)
        return LIST_ANSWER_BLOCKED;
    /* URIBL's and SURBL's refusal; nothing is listed with it unless somebody says so */
    if (memcmp(address, one, 4) == 0 && !(spec->has_filter && is_wanted(spec, address)))
        return LIST_ANSWER_BLOCKED;
    /* a list of names was asked for an address */
    if (memcmp(address, no_addresses, 4) == 0)
        return LIST_ANSWER_NO;
    return is_wanted(spec, address) ? LIST_ANSWER_YES : LIST_ANSWER_NO;
}

/* The strongest of several records: foreign, blocked, yes, no. */
static int rank(enum list_answer answer)
{
    static const int ranks[] = {[LIST_ANSWER_NO] = 1,
                                [LIST_ANSWER_YES] = 2,
                                [LIST_ANSWER_BLOCKED] = 3,
                                [LIST_ANSWER_FOREIGN] = 4,
                                [LIST_ANSWER_SPENT] = 0};
    return ranks[answer];
}

enum list_answer list_read(const struct list_spec *spec,
                           const struct dns_answer *answer, struct span *what)
{
    enum list_answer best = LIST_ANSWER_NO;
    *what = SPAN("");
    if (answer->status == DNS_SPENT)
        return LIST_ANSWER_SPENT;
    if (answer->status == DNS_NO_NAME || answer->status == DNS_NO_DATA)
        return LIST_ANSWER_NO;
    if (answer->status != DNS_FOUND)
        return LIST_ANSWER_UNKNOWN;
    for (size_t i = 0; i < answer->count; i++) {
        enum list_answer one = read_address(spec, answer->records[i].address);
        if (rank(one) <= rank(best))
            continue;
        best = one;
        *what = answer->records[i].text;
    }
    return best;
}

/* ---- names ---- */

static struct span below(const struct list_spec *spec, struct span name,
                         struct arena *arena)
{
    struct buf out;
    if (name.len == 0 || name.len + 1 + spec->zone.len > NAME_BYTES)
        return SPAN("");
    buf_init(&out, arena, NAME_BYTES);
    buf_add_span(&out, name);
    buf_add_char(&out, '.');
    buf_add_span(&out, spec->zone);
    return buf_span(&out);
}

struct span list_name(const struct list_spec *spec, struct span what, bool is_address,
                      struct arena *arena)
{
    return is_address ? dns_reverse_name(arena, what, spec->zone)
                      : below(spec, what, arena);
}

struct span list_test_name(const struct list_spec *spec, bool is_of_addresses,
                           bool must_be_there, struct arena *arena)
{
    if (is_of_addresses)
        return list_name(spec, must_be_there ? SPAN("127.0.0.2") : SPAN("127.0.0.1"),
                         true, arena);
    return below(spec, must_be_there ? SPAN("test") : SPAN("invalid"), arena);
}
