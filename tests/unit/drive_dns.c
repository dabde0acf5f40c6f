/* SPDX-License-Identifier: BSD-2-Clause
 *
 * drive_dns - the resolver for shell tests. Reads lines:
 *   NAME TYPE          ask: "STATUS TTL[ secure][ bogus][ cut]: RECORDS|WHY" on stdout
 *   ahead NAME TYPE    dns_prefetch
 *   many N NAME TYPE   N threads ask at once, a % in NAME is the thread's number: "N
 *                      same|different" and how long
 *   message            a new message: its budget is whole again
 *   sleep MS
 *   counts             what the resolver has done
 * With -f the questions are asked by a child, as the daemon does. With -m each answer
 * begins with how long it took, in milliseconds.
 */
#include <getopt.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/dns.h"

enum { THREADS = 200, ANSWER_BYTES = 60000 };

static struct {
    struct dns *dns;
    struct dns_budget budget;
    int64_t deadline_us;
    unsigned lookups;
    bool has_times;
} driver = {.deadline_us = 3000000, .lookups = 60};

struct asker {
    pthread_t thread;
    const char *name;
    enum dns_type type;
    struct arena *arena;
    const char *told;
};

static enum dns_type find_type(const char *word)
{
    static const struct {
        const char *word;
        enum dns_type type;
    } types[] = {{"A", DNS_A},     {"AAAA", DNS_AAAA},   {"MX", DNS_MX},
                 {"TXT", DNS_TXT}, {"CNAME", DNS_CNAME}, {"NS", DNS_NS},
                 {"PTR", DNS_PTR}, {"SOA", DNS_SOA}};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcmp(types[i].word, word) == 0)
            return types[i].type;
    fprintf(stderr, "no type: %s\n", word);
    exit(2);
}

static const char *ask(struct dns_budget *budget, const char *name, enum dns_type type,
                       struct arena *arena)
{
    struct dns_answer answer;
    struct buf out;
    char text[400];
    if (type == DNS_PTR && strpbrk(name, ":") != NULL)
        dns_ask_ptr(driver.dns, budget, span_of(name), arena, &answer);
    else
        dns_ask(driver.dns, budget, span_of(name), type, arena, &answer);
    buf_init(&out, arena, ANSWER_BYTES);
    buf_printf(&out, "%s %u%s%s%s:", dns_status_name(answer.status), answer.ttl_s,
               answer.is_secure ? " secure" : "", answer.is_bogus ? " bogus" : "",
               answer.is_cut ? " cut" : "");
    if (answer.why != NULL)
        buf_printf(&out, " %s", answer.why);
    if (answer.count > 20 || (answer.count > 0 && answer.records[0].text.len > 300))
        buf_printf(&out, " %zu records, first of %zu bytes", answer.count,
                   answer.records[0].text.len);
    else
        for (size_t i = 0; i < answer.count; i++)
            buf_printf(&out, " %s",
                       text_escape(answer.records[i].text, text, sizeof text));
    return buf_cstr(&out);
}

static void say(const char *name, enum dns_type type, struct arena *arena)
{
    int64_t start_us = clock_elapsed_us();
    const char *told = ask(&driver.budget, name, type, arena);
    if (driver.has_times)
        printf("%ld ", (long)((clock_elapsed_us() - start_us) / 1000));
    puts(told);
}

static void *ask_alone(void *arg)
{
    struct asker *asker = arg;
    struct dns_budget budget;
    dns_budget_init(&budget, driver.deadline_us, driver.lookups);
    asker->told = ask(&budget, asker->name, asker->type, asker->arena);
    return NULL;
}

static const char *numbered(const char *name, unsigned number, struct arena *arena)
{
    const char *mark = strchr(name, '%');
    struct buf out;
    buf_init(&out, arena, 300);
    if (mark == NULL)
        return name;
    buf_printf(&out, "%.*s%u%s", (int)(mark - name), name, number, mark + 1);
    return buf_cstr(&out);
}

static void ask_many(unsigned count, const char *name, enum dns_type type)
{
    static struct asker askers[THREADS];
    int64_t start_us = clock_elapsed_us();
    unsigned same = 0;
    for (unsigned i = 0; i < count && i < THREADS; i++) {
        askers[i] = (struct asker){.type = type, .arena = arena_new(1 << 20)};
        askers[i].name = numbered(name, i, askers[i].arena);
        if (pthread_create(&askers[i].thread, NULL, ask_alone, &askers[i]) != 0)
            exit(1);
    }
    for (unsigned i = 0; i < count && i < THREADS; i++) {
        pthread_join(askers[i].thread, NULL);
        same += strcmp(askers[i].told, askers[0].told) == 0;
    }
    if (driver.has_times)
        printf("%ld ", (long)((clock_elapsed_us() - start_us) / 1000));
    printf("%u of %u: %s\n", same, count, askers[0].told);
    for (unsigned i = 0; i < count && i < THREADS; i++)
        arena_free(&askers[i].arena);
}

static void print_counts(void)
{
    struct dns_counts c;
    dns_count(driver.dns, &c);
    for (enum dns_counter i = 0; i < DNS_COUNTERS; i++)
        if (c.at[i] > 0)
            printf("%s %lu ", dns_counter_name(i), (unsigned long)c.at[i]);
    printf("under_way %zu\n", c.under_way);
}

static void obey(char *line, struct arena *arena)
{
    char *words[4] = {0};
    size_t count = 0;
    for (char *word = strtok(line, " \n"); word != NULL && count < 4;
         word = strtok(NULL, " \n"))
        words[count++] = word;
    if (count == 0)
        return;
    if (strcmp(words[0], "message") == 0)
        dns_budget_init(&driver.budget, driver.deadline_us, driver.lookups);
    else if (strcmp(words[0], "counts") == 0)
        print_counts();
    else if (count == 2 && strcmp(words[0], "sleep") == 0)
        usleep((useconds_t)atol(words[1]) * 1000);
    else if (count == 3 && strcmp(words[0], "ahead") == 0)
        dns_prefetch(driver.dns, NULL, span_of(words[1]), find_type(words[2]));
    else if (count == 4 && strcmp(words[0], "many") == 0)
        ask_many((unsigned)atoi(words[1]), words[2], find_type(words[3]));
    else if (count == 2)
        say(words[0], find_type(words[1]), arena);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    struct dns_options options = {.zone = "", .trust_anchor = ""};
    struct err err;
    char line[2000];
    bool is_forked = false;
    int c, status = 0;
    while ((c = getopt(argc, argv, "d:fl:mt:z:")) != -1) {
        if (c == 'd')
            driver.deadline_us = atol(optarg) * 1000;
        else if (c == 'f')
            is_forked = true;
        else if (c == 'l')
            driver.lookups = (unsigned)atoi(optarg);
        else if (c == 't')
            options.trust_anchor = optarg;
        else if (c == 'z')
            options.zone = optarg;
        else if (c == 'm')
            driver.has_times = true;
        else
            return 2;
    }
    options.servers = (const char *const *)argv + optind;
    options.server_count = (size_t)(argc - optind);
    if (dns_open(&driver.dns, &options, &err) < 0) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    if (is_forked && fork() > 0) {
        wait(&status);
        return status;
    }
    dns_budget_init(&driver.budget, driver.deadline_us, driver.lookups);
    struct arena *arena = arena_new(64 << 20);
    while (fgets(line, sizeof line, stdin) != NULL) {
        obey(line, arena);
        arena_reset(arena);
    }
    arena_free(&arena);
    dns_close(&driver.dns);
    return 0;
}
