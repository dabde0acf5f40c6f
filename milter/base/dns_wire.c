/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/dns_wire.h"

#include <stdlib.h>
#include <string.h>

#include "base/bounds.h"
#include "base/dns_name.h"
#include "base/netaddr.h"

/* A name at the end of a record's data; nothing may follow where is_last. */
static bool read_name(struct span data, bool is_last, struct arena *arena,
                      struct span *out)
{
    struct dns_name name;
    size_t read = dns_name_from_wire((const uint8_t *)data.at, data.len, &name);
    if (read == 0 || (is_last && read != data.len))
        return false;
    *out = span_dup(arena, (struct span){name.text, name.len});
    return out->len == name.len;
}

bool dns_wire_text(struct span data, struct arena *arena, struct span *out,
                   bool *is_cut)
{
    char *text = arena_alloc(arena, data.len + 1);
    size_t len = 0;
    if (text == NULL || data.len == 0)
        return false;
    for (size_t i = 0; i < data.len;) {
        size_t string = (unsigned char)data.at[i++];
        if (string > data.len - i)
            return false;
        memcpy(text + len, data.at + i, string);
        len += string;
        i += string;
    }
    if (len > BOUND_DNS_TEXT_BYTES) {
        len = BOUND_DNS_TEXT_BYTES;
        *is_cut = true;
    }
    text[len] = '\0';
    *out = (struct span){text, len};
    return true;
}

bool dns_record_address(struct dns_record *record, const void *bytes, size_t len,
                        struct arena *arena)
{
    struct netaddr address = {.bits = (unsigned)len * 8};
    char text[NETADDR_TEXT_BYTES];
    memcpy(record->address, bytes, len);
    memcpy(address.bytes, bytes, len);
    record->text = span_dup(arena, span_of(netaddr_print(&address, text)));
    return record->text.len > 0;
}

bool dns_wire_record(enum dns_type type, struct span data, struct arena *arena,
                     struct dns_record *out, bool *is_cut)
{
    memset(out, 0, sizeof *out);
    switch (type) {
    case DNS_A:
        return data.len == 4 && dns_record_address(out, data.at, 4, arena);
    case DNS_AAAA:
        return data.len == 16 && dns_record_address(out, data.at, 16, arena);
    case DNS_TXT:
        return dns_wire_text(data, arena, &out->text, is_cut);
    case DNS_MX:
        if (data.len < 3)
            return false;
        out->preference = (unsigned)(unsigned char)data.at[0] << 8 |
                          (unsigned)(unsigned char)data.at[1];
        return read_name(span_from(data, 2), true, arena, &out->text);
    case DNS_NS:
    case DNS_CNAME:
    case DNS_PTR:
        return read_name(data, true, arena, &out->text);
    case DNS_SOA:
        return read_name(data, false, arena, &out->text);
    case DNS_TYPE_UNKNOWN:
        break;
    }
    return false;
}

static int by_value(const void *a, const void *b)
{
    const struct dns_record *x = a, *y = b;
    if (x->preference != y->preference)
        return x->preference < y->preference ? -1 : 1;
    return span_compare(x->text, y->text);
}

void dns_answer_sort(struct dns_answer *answer)
{
    size_t kept = 0;
    if (answer->count < 2)
        return;
    qsort(answer->records, answer->count, sizeof *answer->records, by_value);
    for (size_t i = 0; i < answer->count; i++)
        if (i == 0 || by_value(&answer->records[i], &answer->records[kept - 1]) != 0)
            answer->records[kept++] = answer->records[i];
    answer->count = kept;
}

size_t dns_answer_bytes(const struct dns_answer *answer)
{
    size_t bytes = answer->count * sizeof *answer->records;
    for (size_t i = 0; i < answer->count; i++)
        bytes += answer->records[i].text.len + 1;
    return bytes;
}

void dns_answer_pack(const struct dns_answer *answer, void *at, struct dns_answer *out)
{
    struct dns_record *records = at;
    char *text = (char *)(records + answer->count);
    for (size_t i = 0; i < answer->count; i++) {
        size_t len = answer->records[i].text.len;
        records[i] = answer->records[i];
        memcpy(text, answer->records[i].text.at, len);
        text[len] = '\0';
        records[i].text = (struct span){text, len};
        text += len + 1;
    }
    *out = *answer;
    out->records = records;
}

void dns_answer_copy(const struct dns_answer *answer, struct arena *arena,
                     struct dns_answer *out)
{
    void *at = arena_alloc(arena, dns_answer_bytes(answer));
    if (at != NULL)
        dns_answer_pack(answer, at, out);
    else
        *out = (struct dns_answer){.status = DNS_TEMPERROR,
                                   .why = "no memory for the answer"};
}
