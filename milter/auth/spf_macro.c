/* SPDX-License-Identifier: BSD-2-Clause */
#include "auth/spf_macro.h"

#include <string.h>

#include "auth/spf_record.h"
#include "base/bounds.h"
#include "base/buf.h"

enum {
    EXPANDED_BYTES = 4096, /* of a domain-spec written out, before it is cut */
    NAME_BYTES = 253,      /* RFC 7208 7.3 */
    PARTS = BOUND_ADDRESS_BYTES / 2 + 1, /* labels of one macro's value */
};

void spf_ask(struct spf_question *question, struct span name, enum dns_type type,
             bool is_voided, struct dns_answer *out)
{
    dns_ask(question->dns, question->budget, name, type, question->arena, out);
    if (out->status == DNS_TEMPERROR || out->status == DNS_SPENT)
        question->is_temporary = true;
    else if (out->status != DNS_FOUND && is_voided)
        question->voids++;
}

static bool has_address(struct spf_question *question, struct span name)
{
    struct dns_answer answer;
    enum dns_type type = question->address.bits == 32 ? DNS_A : DNS_AAAA;
    spf_ask(question, name, type, false, &answer);
    for (size_t i = 0; i < answer.count; i++)
        if (memcmp(answer.records[i].address, question->address.bytes,
                   question->address.bits / 8) == 0)
            return true;
    return false;
}

struct span spf_validated_name(struct spf_question *question, struct span domain)
{
    char text[NETADDR_TEXT_BYTES];
    struct dns_answer answer;
    struct span best = SPAN("");
    bool was_temporary = question->is_temporary;
    netaddr_print(&question->address, text);
    dns_ask_ptr(question->dns, question->budget, span_of(text), question->arena,
                &answer);
    for (size_t i = 0; i < answer.count && i < BOUND_SPF_NAMES; i++) {
        struct span name = answer.records[i].text;
        if (!has_address(question, name))
            continue;
        if (span_ieq(name, domain)) {
            best = name;
            break;
        }
        if (best.len == 0 ||
            (span_is_below(name, domain) && !span_is_below(best, domain)))
            best = name;
    }
    question->is_temporary = was_temporary; /* a name that fails is no name */
    return best;
}

/* "192.0.2.1", or each half byte of an IPv6 address: "2.0.0.1.0.d.b.8..." */
static struct span address_labels(struct spf_question *question)
{
    struct buf out;
    const struct netaddr *address = &question->address;
    buf_init(&out, question->arena, 128);
    for (size_t i = 0; i < address->bits / 8; i++) {
        const char *dot = i > 0 ? "." : "";
        if (address->bits == 32)
            buf_printf(&out, "%s%u", dot, address->bytes[i]);
        else
            buf_printf(&out, "%s%x.%x", dot, address->bytes[i] >> 4,
                       address->bytes[i] & 15u);
    }
    return buf_span(&out);
}

static struct span sender_of(struct spf_question *question)
{
    struct buf out;
    buf_init(&out, question->arena, BOUND_ADDRESS_BYTES);
    buf_add_span(&out, question->local);
    buf_add_char(&out, '@');
    buf_add_span(&out, question->sender_domain);
    return buf_span(&out);
}

static struct span value_of(struct spf_question *question, char letter,
                            struct span domain)
{
    switch (letter) {
    case 's':
        return sender_of(question);
    case 'l':
        return question->local;
    case 'o':
        return question->sender_domain;
    case 'd':
        return domain;
    case 'i':
        return address_labels(question);
    case 'h':
        return question->helo;
    case 'v':
        return question->address.bits == 32 ? SPAN("in-addr") : SPAN("ip6");
    default: /* 'p' */
        break;
    }
    struct span name = spf_validated_name(question, domain);
    return name.len > 0 ? name : SPAN("unknown");
}

/* A byte of a macro's value as dns_ask reads it: a backslash would escape what follows;
 * what is URL-escaped is so. */
static void put(struct buf *out, char c, bool is_url)
{
    if (is_url && !ascii_is_alnum(c) && span_index(SPAN("-._~"), c) < 0)
        buf_printf(out, "%%%02X", (unsigned char)c);
    else if (c == '\\')
        buf_add_span(out, SPAN("\\\\"));
    else
        buf_add_char(out, c);
}

/* The value divided at the delimiters; at least one part, which may be empty. */
static size_t divide(struct span value, struct span delimiters,
                     struct span parts[PARTS])
{
    size_t count = 0, from = 0;
    for (size_t at = 0; at < value.len && count + 1 < PARTS; at++) {
        if (span_index(delimiters, value.at[at]) < 0)
            continue;
        parts[count++] = (struct span){value.at + from, at - from};
        from = at + 1;
    }
    parts[count++] = span_from(value, from);
    return count;
}

/* The parts of a value, turned round when asked, the last of them joined by dots. */
static void add_value(struct buf *out, struct span value, struct span transform,
                      bool is_url)
{
    struct span parts[PARTS];
    size_t keep = 0, i = 0;
    for (; i < transform.len && ascii_is_digit(transform.at[i]); i++)
        keep = keep < 1000 ? keep * 10 + (size_t)(transform.at[i] - '0') : keep;
    bool is_reversed = i < transform.len && ascii_lower(transform.at[i]) == 'r';
    struct span delimiters = span_from(transform, i + is_reversed);
    size_t count = divide(value, delimiters.len > 0 ? delimiters : SPAN("."), parts);
    size_t first = keep > 0 && keep < count ? count - keep : 0;
    for (size_t k = first; k < count; k++) {
        struct span part = parts[is_reversed ? count - 1 - k : k];
        if (k > first)
            buf_add_char(out, '.');
        for (size_t at = 0; at < part.len; at++)
            put(out, part.at[at], is_url);
    }
}

static void add_macro(struct spf_question *question, struct buf *out, struct span macro,
                      struct span domain)
{
    if (macro.at[1] == '%') {
        buf_add_char(out, '%');
    } else if (macro.at[1] == '_') {
        buf_add_char(out, ' ');
    } else if (macro.at[1] == '-') {
        buf_add_span(out, SPAN("%20"));
    } else {
        char letter = macro.at[2];
        bool is_url = letter != ascii_lower(letter);
        struct span transform = {macro.at + 3, macro.len - 4};
        add_value(out, value_of(question, ascii_lower(letter), domain), transform,
                  is_url);
    }
}

struct span spf_macro_expand(struct spf_question *question, struct span spec,
                             struct span domain)
{
    struct buf out;
    buf_init(&out, question->arena, EXPANDED_BYTES);
    for (size_t i = 0; i < spec.len;) {
        size_t length = spf_macro_length(span_from(spec, i));
        if (length > 0) {
            add_macro(question, &out, (struct span){spec.at + i, length}, domain);
            i += length;
        } else {
            put(&out, spec.at[i++], false);
        }
    }
    struct span name = buf_span(&out);
    if (name.len > 0 && name.at[name.len - 1] == '.')
        name.len--;
    while (name.len > NAME_BYTES) {
        ptrdiff_t dot = span_index(name, '.');
        name = dot < 0 ? SPAN("") : span_from(name, (size_t)dot + 1);
    }
    return out.is_full ? SPAN("") : name;
}
