/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/audit/match.h"

#include <wctype.h>

#include "base/idn.h"

static bool is_ascii(struct span s)
{
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.at[i] >= 0x80)
            return false;
    return true;
}

/* The address with its domain as A-labels; what is ASCII stays where it is. */
static struct span as_ascii(struct arena *arena, struct span address)
{
    ptrdiff_t at = span_rindex(address, '@');
    struct span domain = at >= 0 ? span_from(address, (size_t)at + 1) : address;
    if (is_ascii(domain))
        return address;
    domain = idn_to_ascii(arena, domain);
    size_t head = at >= 0 ? (size_t)at + 1 : 0;
    char *copy = arena_alloc(arena, head + domain.len + 1);
    if (copy == NULL)
        return address;
    for (size_t i = 0; i < head; i++)
        copy[i] = address.at[i];
    for (size_t i = 0; i < domain.len; i++)
        copy[head + i] = domain.at[i];
    return (struct span){copy, head + domain.len};
}

struct span match_want(struct arena *arena, struct span typed)
{
    struct span want = span_trim(typed);
    if (span_eq(want, SPAN("<>")))
        return want;
    if (want.len >= 2 && want.at[0] == '<' && want.at[want.len - 1] == '>')
        want = (struct span){want.at + 1, want.len - 2};
    if (want.len > 1 && (want.at[0] == '@' || want.at[0] == '.'))
        want = span_from(want, 1);
    if (want.len > 1 && want.at[want.len - 1] == '.')
        want.len--;
    return as_ascii(arena, span_lower(arena, want));
}

bool match_address(struct span address, struct span want, struct arena *scratch)
{
    if (span_eq(want, SPAN("<>")))
        return address.len == 0;
    address = as_ascii(scratch, address);
    ptrdiff_t at = span_rindex(address, '@');
    if (span_rindex(want, '@') >= 0)
        return span_ieq(address, want);
    if (at < 0 || want.len == 0)
        return false;
    struct span domain = span_from(address, (size_t)at + 1);
    if (span_ieq(domain, want))
        return true;
    return domain.len > want.len && domain.at[domain.len - want.len - 1] == '.' &&
           span_iends(domain, want);
}

/* The end of the address that begins the list: a comma outside of quotes. */
static size_t address_end(struct span list)
{
    bool is_quoted = false;
    for (size_t i = 0; i < list.len; i++) {
        if (list.at[i] == '\\' && is_quoted)
            i++;
        else if (list.at[i] == '"')
            is_quoted = !is_quoted;
        else if (list.at[i] == ',' && !is_quoted)
            return i;
    }
    return list.len;
}

bool match_list(struct span list, struct span want, struct arena *scratch)
{
    while (list.len > 0) {
        size_t end = address_end(list);
        if (match_address(span_trim(span_head(list, end)), want, scratch))
            return true;
        list = span_from(list, end + 1);
    }
    return false;
}

static uint32_t folded(struct span s, size_t *i)
{
    return (uint32_t)towlower((wint_t)utf8_next(s, i));
}

/* The needle stands at text's place i. */
static bool stands_at(struct span text, size_t i, const uint32_t *needle, size_t count)
{
    for (size_t n = 0; n < count; n++)
        if (i >= text.len || folded(text, &i) != needle[n])
            return false;
    return true;
}

bool match_text(struct span text, struct span needle)
{
    uint32_t folds[MATCH_NEEDLE];
    size_t count = 0;
    if (is_ascii(needle) && is_ascii(text))
        return span_ifind(text, needle) >= 0;
    for (size_t i = 0; i < needle.len;) {
        if (count == MATCH_NEEDLE)
            return false;
        folds[count++] = folded(needle, &i);
    }
    for (size_t i = 0; i < text.len; utf8_next(text, &i))
        if (stands_at(text, i, folds, count))
            return true;
    return count == 0;
}
