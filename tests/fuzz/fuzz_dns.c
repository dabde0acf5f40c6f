/* SPDX-License-Identifier: BSD-2-Clause
 * clang -fsanitize=fuzzer,address,undefined: record data, names and master files of any
 * bytes. The first byte picks which. */
#include <stdlib.h>
#include <string.h>

#include "base/bounds.h"
#include "base/dns_name.h"
#include "base/dns_wire.h"
#include "base/dns_zone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_wire(struct arena *arena, struct span data)
{
    static const enum dns_type types[] = {DNS_A,   DNS_NS, DNS_CNAME, DNS_SOA,
                                          DNS_PTR, DNS_MX, DNS_TXT,   DNS_AAAA};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        struct dns_record record;
        bool is_cut = false;
        if (!dns_wire_record(types[i], data, arena, &record, &is_cut))
            continue;
        if (record.text.len > BOUND_DNS_TEXT_BYTES ||
            strlen(record.text.at) > record.text.len)
            abort();
    }
}

/* A name that is read is read again as itself. */
static void try_name(struct span text)
{
    struct dns_name name, again;
    if (!dns_name_read(text, &name, NULL))
        return;
    if (name.len != strlen(name.text) ||
        !dns_name_read((struct span){name.text, name.len}, &again, NULL) ||
        strcmp(name.text, again.text) != 0 || name.wire_bytes != again.wire_bytes)
        abort();
}

static void try_zone(struct span text)
{
    static const char *const names[] = {"a", "example", "x.y.z", "*.a"};
    struct dns_zone *zone;
    struct err err;
    if (dns_zone_parse(&zone, "zone", text, &err) < 0)
        return;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct dns_name name;
        struct dns_answer answer;
        dns_name_read(span_of(names[i]), &name, NULL);
        dns_zone_ask(zone, &name, DNS_TXT, &answer);
        if (answer.count > BOUND_DNS_RECORDS)
            abort();
    }
    dns_zone_free(&zone);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = size > 0 ? arena_new(1 << 20) : NULL;
    if (arena == NULL)
        return 0;
    struct span rest = {(const char *)data + 1, size - 1};
    if (data[0] % 3 == 0)
        try_wire(arena, rest);
    else if (data[0] % 3 == 1)
        try_name(rest);
    else
        try_zone(rest);
    arena_free(&arena);
    return 0;
}
