/* SPDX-License-Identifier: BSD-2-Clause
 * clang -fsanitize=fuzzer,address,undefined: an SPF record of any bytes, evaluated by
 * the stage and libspf2 over a zone that has a few names. The first line of the input
 * is the local part. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auth/spf_walk.h"
#include "base/bounds.h"
#include "base/buf.h"

enum { RECORD_BYTES = 2100 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A master file in which example.com has the record. */
static void write_zone(FILE *file, struct span record)
{
    fputs("mail.example.com. A 192.0.2.1\n"
          "mail.example.com. AAAA 2001:db8::1\n"
          "example.com. A 192.0.2.2\nexample.com. MX 10 mail.example.com.\n"
          "1.2.0.192.in-addr.arpa. PTR mail.example.com.\n"
          "s.example.com. TXT \"v=spf1 mx ?all\"\n"
          "example.com. TXT",
          file);
    for (size_t i = 0; i < record.len; i++)
        fprintf(file, "%s\\%03d%s", i % 200 == 0 ? " \"" : "",
                (unsigned char)record.at[i],
                i % 200 == 199 || i + 1 == record.len ? "\"" : "");
    fputs(record.len == 0 ? " \"\"\n" : "\n", file);
    fclose(file);
}

static struct dns *open_zone(struct span record)
{
    static char path[64];
    struct dns *dns;
    struct err err;
    if (path[0] == '\0')
        snprintf(path, sizeof path, "/tmp/outgate-fuzz-spf-%d", (int)getpid());
    FILE *file = fopen(path, "w");
    if (file == NULL)
        return NULL;
    write_zone(file, record);
    int result =
        dns_open(&dns, &(struct dns_options){.zone = path, .trust_anchor = ""}, &err);
    unlink(path);
    if (result < 0)
        abort();
    return dns;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(4 << 20);
    struct span local, record, input = {(const char *)data, size};
    struct dns_budget budget;
    struct buf text;
    span_cut(input, '\n', &local, &record);
    buf_init(&text, arena, RECORD_BYTES);
    buf_add_span(&text, SPAN("v=spf1 "));
    buf_add_span(&text, span_head(record, RECORD_BYTES - 20));
    struct dns *dns = open_zone(buf_span(&text));
    if (dns == NULL)
        return 0;
    dns_budget_init(&budget, 1000000, 50);
    struct spf_walk walk = {.question = {.dns = dns,
                                         .budget = &budget,
                                         .arena = arena,
                                         .local = local,
                                         .sender_domain = SPAN("example.com"),
                                         .helo = SPAN("helo.example.com")}};
    netaddr_parse(size % 2 ? SPAN("192.0.2.1") : SPAN("2001:db8::1"),
                  &walk.question.address);
    if (spf_walk(&walk, SPAN("example.com")) == AUTH_UNKNOWN ||
        walk.terms > BOUND_SPF_TERMS + 1)
        abort();
    dns_close(&dns);
    arena_free(&arena);
    return 0;
}
