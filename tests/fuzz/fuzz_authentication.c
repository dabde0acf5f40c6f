/* SPDX-License-Identifier: BSD-2-Clause
 * clang -fsanitize=fuzzer,address,undefined: a message of any bytes through DKIM and
 * DMARC without a DNS to ask, and its text as a policy record. */
#include <stdlib.h>

#include "auth/dkim.h"
#include "auth/dmarc.h"
#include "auth/dmarc_record.h"
#include "auth/results.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct auth_dkim *dkim;
static struct dns *dns;

static void open_once(void)
{
    struct err err;
    if (dkim == NULL &&
        (auth_dkim_open(&dkim, &err) < 0 ||
         dns_open(&dns, &(struct dns_options){.zone = "", .trust_anchor = ""}, &err) <
             0))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span text = {(const char *)data, size};
    struct arena *arena = arena_new(64 << 20);
    struct authentication auth = {.is_known = true};
    struct dmarc_record record;
    struct dns_budget budget;
    open_once();
    struct message *msg = arena != NULL ? message_new(arena, 1 << 20) : NULL;
    if (msg == NULL)
        return 0;
    if (dmarc_record_parse(text, &record) &&
        (record.percent > 100 || record.psd == '\0'))
        abort();
    message_read(msg, text);
    dns_budget_init(&budget, 1000000, 20);
    struct auth_dkim_check *check =
        auth_dkim_begin(dkim, msg, SPAN("mail.example"), &auth);
    if (check != NULL) {
        struct span body = message_body(msg);
        auth_dkim_body(check, body.at, body.len, true);
        auth_dkim_finish(check, dns, &budget, true, arena, &auth);
        auth_dkim_free(&check);
    }
    dmarc_evaluate(dns, &budget, msg, &auth);
    if (auth.dkim == AUTH_PASS || auth.dmarc.result == AUTH_PASS ||
        auth_results_text(&auth, arena).len == 0)
        abort();
    arena_free(&arena);
    return 0;
}
