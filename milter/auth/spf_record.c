/* SPDX-License-Identifier: BSD-2-Clause */
#include "auth/spf_record.h"

#include <string.h>

#include "base/bounds.h"
#include "base/netaddr.h"

static bool has_scope(struct span scopes, struct span scope)
{
    struct span head;
    while (scopes.len > 0) {
        span_cut(scopes, ',', &head, &scopes);
        if (span_ieq(head, scope))
            return true;
    }
    return false;
}

static bool is_spf1(struct span version)
{
    return span_ieq(version, SPAN("v=spf1"));
}

static bool is_pra(struct span version)
{
    return span_istarts(version, SPAN("spf2.0/")) &&
           has_scope(span_from(version, 7), SPAN("pra"));
}

static size_t choose(const struct dns_answer *answer, bool is_version(struct span),
                     struct span *out)
{
    size_t found = 0;
    for (size_t i = 0; i < answer->count; i++) {
        struct span version, rest;
        span_cut(answer->records[i].text, ' ', &version, &rest);
        if (!is_version(version))
            continue;
        *out = answer->records[i].text;
        found++;
    }
    return found;
}

size_t spf_record_choose(const struct dns_answer *answer, enum spf_scope scope,
                         bool is_own_scope, struct span *out)
{
    size_t found = scope == SPF_PRA ? choose(answer, is_pra, out) : 0;
    if (found > 0 || (scope == SPF_PRA && is_own_scope))
        return found;
    return choose(answer, is_spf1, out);
}

/* transformers = *DIGIT [ "r" ], of what stands between letter and delimiters. */
static size_t transformers_length(struct span s)
{
    size_t at = 0;
    uint64_t labels;
    while (at < s.len && ascii_is_digit(s.at[at]))
        at++;
    if (at > 0 &&
        (!text_parse_count(span_head(s, at), 1000000, &labels) || labels == 0))
        return SIZE_MAX;
    return at + (at < s.len && ascii_lower(s.at[at]) == 'r');
}

size_t spf_macro_length(struct span text)
{
    if (text.len < 2 || text.at[0] != '%')
        return 0;
    if (strchr("%_-", text.at[1]) != NULL && text.at[1] != '\0')
        return 2;
    ptrdiff_t end = span_index(text, '}');
    if (text.at[1] != '{' || end < 3 ||
        span_index(SPAN("slodiphv"), ascii_lower(text.at[2])) < 0)
        return 0;
    struct span inside = {text.at + 3, (size_t)end - 3};
    size_t skip = transformers_length(inside);
    if (skip > inside.len)
        return 0;
    for (size_t i = skip; i < inside.len; i++)
        if (span_index(SPAN(".-+,/_="), inside.at[i]) < 0)
            return 0;
    return (size_t)end + 1;
}

/* macro-string; *last: where its last macro-expand ends, 0 for none. */
static bool is_macro_string(struct span s, size_t *last)
{
    *last = 0;
    for (size_t i = 0; i < s.len;) {
        unsigned char c = (unsigned char)s.at[i];
        if (c < 0x21 || c > 0x7e)
            return false;
        if (c != '%') {
            i++;
            continue;
        }
        size_t length = spf_macro_length(span_from(s, i));
        if (length == 0)
            return false;
        i += length;
        *last = i;
    }
    return true;
}

/* toplabel: letters, digits and hyphens, no hyphen at an end, not digits alone. */
static bool is_toplabel(struct span s)
{
    bool has_other = false;
    for (size_t i = 0; i < s.len; i++) {
        if (!ascii_is_alnum(s.at[i]) && s.at[i] != '-')
            return false;
        has_other = has_other || !ascii_is_digit(s.at[i]);
    }
    return has_other && s.at[0] != '-' && s.at[s.len - 1] != '-';
}

/* domain-spec = macro-string domain-end: "." toplabel ["."], or a macro-expand. */
static bool is_domain_spec(struct span s)
{
    size_t last;
    if (s.len == 0 || s.len > BOUND_SPF_DOMAIN_BYTES || !is_macro_string(s, &last))
        return false;
    if (last == s.len)
        return true;
    struct span end = s.at[s.len - 1] == '.' ? span_head(s, s.len - 1) : s;
    ptrdiff_t dot = span_rindex(end, '.');
    return dot >= 0 && (size_t)dot >= last &&
           is_toplabel(span_from(end, (size_t)dot + 1));
}

/* The digits at the end of s behind a slash, no zero in front, at most max. Returns
 * the bytes, with the slash; 0 for none. */
static size_t length_at_end(struct span s, unsigned max)
{
    size_t digits = 0;
    uint64_t bits;
    while (digits < s.len && ascii_is_digit(s.at[s.len - 1 - digits]))
        digits++;
    if (digits == 0 || digits == s.len || s.at[s.len - 1 - digits] != '/')
        return 0;
    struct span number = span_from(s, s.len - digits);
    if ((digits > 1 && number.at[0] == '0') || !text_parse_count(number, max, &bits))
        return 0;
    return digits + 1;
}

/* dual-cidr-length = [ "/" 0..32 ] [ "//" 0..128 ] at the end of an a or mx. */
static size_t dual_length_at_end(struct span s)
{
    size_t six = length_at_end(s, 128);
    if (six > 0 && s.len > six && s.at[s.len - six - 1] == '/')
        six++;
    else
        six = 0;
    struct span rest = span_head(s, s.len - six);
    return six + length_at_end(rest, 32);
}

static bool read_hosts(struct span argument, struct spf_term *out)
{
    size_t lengths = dual_length_at_end(argument);
    out->lengths = span_from(argument, argument.len - lengths);
    struct span domain = span_head(argument, argument.len - lengths);
    if (domain.len == 0)
        return true;
    out->domain = span_from(domain, 1);
    return domain.at[0] == ':' && is_domain_spec(out->domain);
}

static bool read_network(struct span argument, unsigned bits, struct spf_term *out)
{
    struct netaddr address;
    if (argument.len < 2 || argument.at[0] != ':')
        return false;
    argument = span_from(argument, 1);
    size_t length = length_at_end(argument, bits);
    out->lengths = span_from(argument, argument.len - length);
    out->domain = span_head(argument, argument.len - length);
    if (ascii_is_alnum(out->domain.len > 0 ? out->domain.at[0] : ' ') == false &&
        !span_starts(out->domain, SPAN("::")))
        return false; /* netaddr reads "[...]", too */
    if (span_index(out->domain, ':') < 0 ? bits != 32 : bits != 128)
        return false;
    return netaddr_parse(out->domain, &address) &&
           !span_istarts(out->domain, SPAN("ip"));
}

static bool read_domain(struct span argument, bool is_needed, struct spf_term *out)
{
    if (argument.len == 0)
        return !is_needed;
    out->domain = span_from(argument, 1);
    return argument.at[0] == ':' && is_domain_spec(out->domain);
}

/* argument: what stands behind the mechanism's name. */
static bool read_argument(struct span argument, struct spf_term *out)
{
    switch (out->kind) {
    case SPF_KIND_ALL:
        return argument.len == 0;
    case SPF_KIND_INCLUDE:
    case SPF_KIND_EXISTS:
        return read_domain(argument, true, out);
    case SPF_KIND_PTR:
        return read_domain(argument, false, out);
    case SPF_KIND_A:
    case SPF_KIND_MX:
        return read_hosts(argument, out);
    case SPF_KIND_IP4:
        return read_network(argument, 32, out);
    case SPF_KIND_IP6:
        return read_network(argument, 128, out);
    case SPF_KIND_UNKNOWN:
        break;
    }
    return false;
}

static enum spf_kind find_kind(struct span name)
{
    static const struct {
        const char *name;
        enum spf_kind kind;
    } kinds[] = {{"all", SPF_KIND_ALL}, {"include", SPF_KIND_INCLUDE},
                 {"a", SPF_KIND_A},     {"mx", SPF_KIND_MX},
                 {"ptr", SPF_KIND_PTR}, {"ip4", SPF_KIND_IP4},
                 {"ip6", SPF_KIND_IP6}, {"exists", SPF_KIND_EXISTS}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (span_ieq(name, span_of(kinds[i].name)))
            return kinds[i].kind;
    return SPF_KIND_UNKNOWN;
}

static const char *read_directive(struct span word, struct spf_term *out)
{
    size_t name = 0;
    *out = (struct spf_term){.qualifier = '+', .text = word};
    if (span_index(SPAN("+-~?"), word.at[0]) >= 0) {
        out->qualifier = word.at[0];
        word = span_from(word, 1);
    }
    while (name < word.len && ascii_is_alnum(word.at[name]))
        name++;
    out->kind = find_kind(span_head(word, name));
    if (out->kind == SPF_KIND_UNKNOWN)
        return "unknown mechanism";
    return read_argument(span_from(word, name), out) ? NULL : "malformed mechanism";
}

/* Bytes of "name=" that a modifier begins with, 0 for none. */
static size_t modifier_length(struct span word)
{
    size_t at = 0;
    if (word.len == 0 || !ascii_is_alpha(word.at[0]))
        return 0;
    while (at < word.len &&
           (ascii_is_alnum(word.at[at]) || span_index(SPAN("-_."), word.at[at]) >= 0))
        at++;
    return at < word.len && word.at[at] == '=' ? at + 1 : 0;
}

/* redirect= and exp= may stand once each; of others the syntax alone counts. */
static const char *read_modifier(struct span word, size_t name, bool *has_exp,
                                 struct spf_record *out)
{
    struct span value = span_from(word, name);
    size_t last;
    bool is_redirect = span_istarts(word, SPAN("redirect="));
    bool is_exp = span_istarts(word, SPAN("exp="));
    if (!is_redirect && !is_exp)
        return is_macro_string(value, &last) ? NULL : "malformed modifier";
    if (!is_domain_spec(value))
        return is_redirect ? "malformed redirect" : "malformed exp";
    if (is_redirect ? out->redirect.len > 0 : *has_exp)
        return is_redirect ? "two redirects" : "two exps";
    if (is_redirect)
        out->redirect = value;
    else
        *has_exp = true;
    return NULL;
}

const char *spf_record_parse(struct span text, struct arena *arena,
                             struct spf_record *out)
{
    struct span version, word, rest;
    const char *wrong = NULL;
    bool has_exp = false;
    size_t room = 0;
    *out = (struct spf_record){0};
    if (text.len > BOUND_SPF_RECORD_BYTES)
        return "record too long";
    span_cut(text, ' ', &version, &rest);
    while (wrong == NULL && rest.len > 0) {
        span_cut(rest, ' ', &word, &rest);
        if (word.len == 0)
            continue;
        size_t name = modifier_length(word);
        if (name > 0) {
            wrong = read_modifier(word, name, &has_exp, out);
            continue;
        }
        struct spf_term *terms =
            arena_grow(arena, out->terms, out->count, &room, sizeof *terms);
        if (terms == NULL)
            return "record too long";
        out->terms = terms;
        wrong = read_directive(word, &terms[out->count++]);
    }
    return wrong;
}
