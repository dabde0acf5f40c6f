/* SPDX-License-Identifier: BSD-2-Clause */
#include "rules/rule_need.h"

#include "rules/regex/literal.h"

/* Chosen: a chain is looked for, though there are strings, when they are in one of so
 * many bytes, and it is so many times rarer. */
enum { STRINGS_RARE = 16384, CHAIN_GAIN = 64 };

/* What is printed of them. */
enum { SHOWN_STRINGS = 8, SHOWN_LINKS = 8 };

void rule_need_derive(struct span regex, unsigned flags, struct rule_need *need)
{
    uint64_t cost = UINT64_MAX;

    need->kind = RULE_NEED_NOTHING;
    if (literal_derive(regex, flags, &need->strings)) {
        need->kind = RULE_NEED_STRINGS;
        cost = literal_set_cost(&need->strings);
    }
    if (cost > (UINT64_C(1) << LITERAL_COST_BITS) / STRINGS_RARE &&
        byte_chain_derive(regex, flags, &need->chain) &&
        byte_chain_cost(&need->chain) < cost / CHAIN_GAIN)
        need->kind = RULE_NEED_CHAIN;
}

static void print_strings(const struct literal_set *set, struct buf *out)
{
    buf_add_span(out, SPAN("runs only on texts that hold "));
    for (unsigned i = 0; i < set->count && i < SHOWN_STRINGS; i++) {
        buf_add_span(out, i > 0 ? SPAN(" or \"") : SPAN("\""));
        buf_add(out, set->strings[i].at, set->strings[i].len);
        buf_add_char(out, '"');
    }
    if (set->count > SHOWN_STRINGS)
        buf_printf(out, " or one of %u more", set->count - SHOWN_STRINGS);
    if (set->times > 1)
        buf_printf(out, ", in %u places", set->times);
}

static void print_byte(unsigned byte, struct buf *out)
{
    if (byte <= ' ' || byte >= 0x7f)
        buf_printf(out, "\\x%02x", byte);
    else
        buf_add_char(out, (char)byte);
}

static void print_set(const struct byte_set *set, struct buf *out)
{
    unsigned end;

    buf_add_char(out, '[');
    for (unsigned c = 0; c < 256; c = end) {
        end = c + 1;
        if (!byte_set_has(set, (unsigned char)c))
            continue;
        while (end < 256 && byte_set_has(set, (unsigned char)end))
            end++;
        print_byte(c, out);
        if (end - c > 2)
            buf_add_char(out, '-');
        if (end - c > 1)
            print_byte(end - 1, out);
    }
    buf_add_char(out, ']');
}

static bool is_empty(const struct byte_set *set)
{
    return (set->bits[0] | set->bits[1] | set->bits[2] | set->bits[3]) == 0;
}

/* As one would write it as a regex. */
static void print_chain(const struct byte_chain *chain, struct buf *out)
{
    buf_add_span(out, SPAN("runs only on texts that hold such bytes: "));
    for (unsigned i = 0; i < chain->count && i < SHOWN_LINKS; i++) {
        const struct byte_link *link = &chain->links[i];
        print_set(&link->bytes, out);
        if (is_empty(&link->gap))
            continue;
        print_set(&link->gap, out);
        buf_add_char(out, '*');
    }
    if (chain->count > SHOWN_LINKS)
        buf_printf(out, " and %u more", chain->count - SHOWN_LINKS);
}

void rule_need_print(const struct rule_need *need, struct buf *out)
{
    if (need->kind == RULE_NEED_STRINGS)
        print_strings(&need->strings, out);
    else if (need->kind == RULE_NEED_CHAIN)
        print_chain(&need->chain, out);
    else
        buf_add_span(out,
                     SPAN("runs on every such text: nothing rare must stand in it"));
}
