/* SPDX-License-Identifier: BSD-2-Clause
 *
 * fact_form - how the message is built: size, parts, defects, bounds. Pure.
 */
#include "base/bounds.h"
#include "facts/fact_input.h"

enum { NAMES_BYTES = 512 };

/* Readers see different mails, or none: not mere 8-bit, charset or encoding slips. */
static const uint32_t broken_defects =
    DEFECT_HEADER_LINE | DEFECT_BOUNDARY_MISSING | DEFECT_BOUNDARY_UNCLOSED |
    DEFECT_BASE64 | DEFECT_NUL | DEFECT_ENCODING_UNKNOWN | DEFECT_DUPLICATE_FIELD;

struct bit_name {
    uint32_t bit;
    const char *name;
};

static const struct bit_name defect_names[] = {
    {DEFECT_HEADER_LINE, "header_line"},
    {DEFECT_BOUNDARY_MISSING, "boundary_missing"},
    {DEFECT_BOUNDARY_UNCLOSED, "boundary_unclosed"},
    {DEFECT_BASE64, "base64"},
    {DEFECT_QUOTED_PRINTABLE, "quoted_printable"},
    {DEFECT_CHARSET_UNKNOWN, "charset_unknown"},
    {DEFECT_CHARSET_WRONG, "charset_wrong"},
    {DEFECT_EIGHT_BIT, "eight_bit"},
    {DEFECT_NUL, "nul"},
    {DEFECT_ENCODED_WORD, "encoded_word"},
    {DEFECT_PARAMETER, "parameter"},
    {DEFECT_ENCODING_UNKNOWN, "encoding_unknown"},
    {DEFECT_DUPLICATE_FIELD, "duplicate_field"},
    {0, NULL},
};

static const struct bit_name bound_names[] = {
    {BOUND_BIT_FIELDS, "fields"},
    {BOUND_BIT_FIELD_BYTES, "field_bytes"},
    {BOUND_BIT_HEADER_BYTES, "header_bytes"},
    {BOUND_BIT_BODY_BYTES, "body_bytes"},
    {BOUND_BIT_PARTS, "parts"},
    {BOUND_BIT_DEPTH, "depth"},
    {BOUND_BIT_TEXT, "text"},
    {BOUND_BIT_LINKS, "links"},
    {BOUND_BIT_ARENA, "arena"},
    {BOUND_BIT_RECIPIENTS, "recipients"},
    {BOUND_BIT_CHARSETS, "charsets"},
    {BOUND_BIT_ADDRESSES, "addresses"},
    {BOUND_BIT_RULE_TEXT, "rule_text"},
    {0, NULL},
};

static void add_name(struct buf *buf, struct span name)
{
    if (buf->len > 0)
        buf_add_char(buf, ',');
    buf_add_span(buf, name);
}

static struct span names_of(struct arena *arena, const struct bit_name *names,
                            uint32_t bits)
{
    struct buf buf;
    buf_init(&buf, arena, NAMES_BYTES);
    for (; bits != 0 && names->name != NULL; names++)
        if (bits & names->bit)
            add_name(&buf, span_of(names->name));
    return buf_span(&buf);
}

/* Charsets of the text parts, lower case, each once. */
static struct span charsets(const struct fact_input *in)
{
    struct buf buf;
    buf_init(&buf, in->arena, NAMES_BYTES);
    for (size_t i = 0; i < in->msg->part_count; i++) {
        struct span charset = in->msg->parts[i].charset;
        struct span rest = buf_span(&buf);
        struct span seen = SPAN("");
        if (charset.len == 0 || buf.len + charset.len + 1 > NAMES_BYTES)
            continue;
        while (rest.len > 0) {
            span_cut(rest, ',', &seen, &rest);
            if (span_ieq(seen, charset))
                break;
        }
        if (!span_ieq(seen, charset))
            add_name(&buf, span_lower(in->arena, charset));
    }
    return buf_span(&buf);
}

static int deepest(const struct message *msg)
{
    int depth = 0;
    for (size_t i = 0; i < msg->part_count; i++)
        if (msg->parts[i].depth > depth)
            depth = msg->parts[i].depth;
    return depth;
}

/* More text than body rules read: they cut it by the same bounds. */
static bool is_long_for_rules(const struct message *msg)
{
    size_t sum = 0;
    for (size_t i = 0; i < msg->part_count; i++) {
        const struct part *part = &msg->parts[i];
        size_t shown = part->html != NULL ? part->html->text.len : part->text.len;
        size_t hidden = part->html != NULL ? part->html->hidden.len : 0;
        if (shown > BOUND_RULE_PART_BYTES || hidden > BOUND_RULE_PART_BYTES)
            return true;
        sum += shown + hidden;
    }
    return sum > BOUND_RULE_TEXT_BYTES;
}

void fact_form(const struct fact_input *in, struct facts *out)
{
    const struct message *msg = in->msg;
    FACT_SET(malformed, (msg->defects & broken_defects) != 0);
    FACT_TEXT_SET(defects, names_of(in->arena, defect_names, msg->defects));
    FACT_SET(size_bytes, msg->size_bytes);
    FACT_SET(part_count, msg->part_count);
    FACT_SET(part_depth, deepest(msg));
    FACT_TEXT_SET(charset, charsets(in));
    /* last: what the facts themselves ran into is a bound that was reached */
    uint32_t bounds = message_bounds(msg) | in->bounds;
    if (is_long_for_rules(msg))
        bounds |= BOUND_BIT_RULE_TEXT;
    if (arena_is_capped(in->arena))
        bounds |= BOUND_BIT_ARENA;
    FACT_SET(bounds_reached, bounds != 0);
    FACT_TEXT_SET(bounds, names_of(in->arena, bound_names, bounds));
}
