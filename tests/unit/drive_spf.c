/* SPDX-License-Identifier: BSD-2-Clause
 *
 * drive_spf - the SPF stage for shell tests: lines "EGRESS[,EGRESS]<TAB>HELO<TAB>
 * MAILFROM[<TAB>PRA]" on standard input, for each on standard output
 *   RESULT|MECHANISM|LOOKUPS|VOIDS|EGRESS|PROBLEM[|RESULT OF SENDER-ID]
 *   drive_spf [-m] [-d MS] [-z ZONE] SERVER...
 * With -m the milliseconds that it took stand in front.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/spf.h"
#include "base/clock.h"

enum { FIELDS = 4, EGRESS = 8, LINE_BYTES = 70000, MESSAGE_BYTES = 8 << 20 };

static const char *name_of(enum auth_result result)
{
    static const char *const names[] = {"unknown", "none",      "pass",
                                        "fail",    "softfail",  "neutral",
                                        "policy",  "temperror", "permerror"};
    return names[result];
}

static size_t divide(char *text, char at, char *out[], size_t max)
{
    size_t count = 0;
    while (count < max) {
        out[count++] = text;
        text = strchr(text, at);
        if (text == NULL)
            break;
        *text++ = '\0';
    }
    return count;
}

static void say(const struct auth_spf *spf)
{
    printf("%s|%.*s|%u|%u|%.*s|%.*s", name_of(spf->result), (int)spf->mechanism.len,
           spf->mechanism.at, spf->lookups, spf->void_lookups, (int)spf->egress.len,
           spf->egress.at, (int)spf->problem.len, spf->problem.at);
}

static void judge(struct dns *dns, int64_t deadline_us, char *line, bool has_times)
{
    char *fields[FIELDS], *egress[EGRESS];
    size_t count = divide(line, '\t', fields, FIELDS);
    if (count < 3)
        return;
    struct dns_budget budget;
    struct spf_world world = {.dns = dns,
                              .budget = &budget,
                              .egress = (const char *const *)egress,
                              .helo = span_of(fields[1])};
    world.egress_count = divide(fields[0], ',', egress, EGRESS);
    struct envelope env = {.mail_from = span_of(fields[2]),
                           .is_null_sender = fields[2][0] == '\0'};
    struct authentication out = {0};
    struct message *msg = message_new(arena_new(MESSAGE_BYTES), 1000);
    struct arena *arena = msg->arena;
    if (count > 3)
        message_add_field(msg, SPAN("From"), span_of(fields[3]));
    message_finish(msg);
    dns_budget_init(&budget, deadline_us, 60);
    int64_t start_us = clock_elapsed_us();
    spf_check(&world, msg, &env, &out);
    if (has_times)
        printf("%ld ", (long)((clock_elapsed_us() - start_us) / 1000));
    say(&out.spf);
    if (count > 3)
        printf("|%s", name_of(out.sender_id.result));
    printf("\n");
    fflush(stdout);
    arena_free(&arena);
}

int main(int argc, char **argv)
{
    struct dns_options options = {.zone = "", .trust_anchor = ""};
    int64_t deadline_us = 3000000;
    bool has_times = false;
    struct dns *dns;
    struct err err;
    static char line[LINE_BYTES];
    int c;
    while ((c = getopt(argc, argv, "d:mz:")) != -1) {
        if (c == 'd')
            deadline_us = atol(optarg) * 1000;
        else if (c == 'm')
            has_times = true;
        else if (c == 'z')
            options.zone = optarg;
        else
            return 2;
    }
    options.servers = (const char *const *)argv + optind;
    options.server_count = (size_t)(argc - optind);
    if (dns_open(&dns, &options, &err) < 0) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    while (fgets(line, sizeof line, stdin) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        judge(dns, deadline_us, line, has_times);
    }
    dns_close(&dns);
    return 0;
}
