/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bench_gate - what each stage costs a message: read, facts, rules, decision.
 *
 *   bench_gate RULES FILE...    (RULES: a folder or a file; each FILE is one mail)
 *
 * One thread, each mail in turn, several rounds; the decision is a whole transaction
 * in a database of its own with synchronous = FULL, alone in its commit, which is the
 * dearest way. Prints microseconds a message: median, mean and 99th percentile.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "gate.h"
#include "hands.h"

enum { ROUNDS = 3, ARENA_BYTES = 128 << 20, FILE_BYTES = 16 << 20 };

enum stage { STAGE_READ, STAGE_FACTS, STAGE_RULES, STAGE_GATE, STAGE_COUNT };

static const char *const stage_names[STAGE_COUNT] = {
    "read, MIME, HTML", "facts", "rules", "whole gate with its transaction"};

struct bench {
    struct engine *engine;
    struct writer *writer;
    struct arena *arena;
    int64_t *times[STAGE_COUNT]; /* microseconds, one a mail and round */
    size_t count;
    uint64_t bytes;
};

static void run_gate(struct bench *b, struct message *msg, struct envelope *env)
{
    const struct passage passage = {.engine = b->engine,
                                    .msg = msg,
                                    .env = env,
                                    .writer = b->writer,
                                    .hands = &hands,
                                    .now_us = clock_wall_us(),
                                    .limit_now_us = clock_limit_us(),
                                    .started_us = clock_elapsed_us()};
    static struct judgement judgement;
    struct plan plan;
    struct err err;
    int64_t id;
    gate_run(&passage, &judgement, &plan, &id, &err);
    if (id == 0)
        fprintf(stderr, "bench_gate: %s\n", err.text);
}

static void measure(struct bench *b, struct span bytes)
{
    static struct facts facts;
    struct hits hits;
    struct span to = SPAN("ann@there.example");
    struct envelope env = {.path = PATH_SMTP,
                           .mail_class = CLASS_OUTBOUND,
                           .auth_user = SPAN("bob@here.example"),
                           .mail_from = SPAN("bob@here.example"),
                           .queue_id = SPAN("4jXFSC5cFJz1c3pd"),
                           .recipients = &to,
                           .recipient_count = 1,
                           .recipient_kept = 1};
    int64_t at[STAGE_COUNT + 1];
    arena_reset(b->arena);
    at[0] = clock_elapsed_us();
    struct message *msg = message_new(b->arena, FILE_BYTES);
    if (msg == NULL)
        return;
    message_read(msg, bytes);
    at[1] = clock_elapsed_us();
    facts_collect(&facts, msg, &env, NULL, at[1] / 1000000);
    at[2] = clock_elapsed_us();
    rule_match(b->engine->rules, msg, &env, &facts, &hits);
    at[3] = clock_elapsed_us();
    run_gate(b, msg, &env);
    at[4] = clock_elapsed_us();
    for (int stage = 0; stage < STAGE_COUNT; stage++)
        b->times[stage][b->count] = at[stage + 1] - at[stage];
    b->count++;
    b->bytes += bytes.len;
}

static int measure_file(struct bench *b, const char *path)
{
    FILE *file = fopen(path, "re");
    char *bytes = malloc(FILE_BYTES);
    if (file == NULL || bytes == NULL) {
        perror(path);
        free(bytes);
        return -1;
    }
    size_t len = fread(bytes, 1, FILE_BYTES, file);
    fclose(file);
    measure(b, (struct span){bytes, len});
    free(bytes);
    return 0;
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void print_stage(const struct bench *b, enum stage stage)
{
    int64_t *times = b->times[stage];
    double sum = 0;
    for (size_t i = 0; i < b->count; i++)
        sum += (double)times[i];
    qsort(times, b->count, sizeof *times, compare);
    printf("%-32s median %6lld  mean %8.1f  p99 %7lld us\n", stage_names[stage],
           (long long)times[b->count / 2], sum / (double)b->count,
           (long long)times[b->count * 99 / 100]);
}

static int open_all(struct bench *b, const char *rules, const char *dir, size_t rounds)
{
    char path[256];
    struct err err;
    snprintf(path, sizeof path, "%s/bench.db", dir);
    b->arena = arena_new(ARENA_BYTES);
    for (int stage = 0; stage < STAGE_COUNT; stage++)
        b->times[stage] = calloc(rounds, sizeof(int64_t));
    if (b->arena != NULL && b->times[STAGE_GATE] != NULL &&
        engine_load(&b->engine, NULL, rules, NULL, NULL, &err) == 0 &&
        writer_start(&b->writer, path, 100, &err) == 0)
        return 0;
    fprintf(stderr, "bench_gate: %s\n", err.text);
    return -1;
}

static void clean_up(struct bench *b, const char *dir)
{
    char command[300];
    writer_stop(&b->writer);
    engine_release(&b->engine);
    arena_free(&b->arena);
    for (int stage = 0; stage < STAGE_COUNT; stage++)
        free(b->times[stage]);
    snprintf(command, sizeof command, "rm -rf '%s'", dir);
    if (system(command) != 0)
        perror(dir);
}

int main(int argc, char **argv)
{
    struct bench bench = {.count = 0};
    char dir[] = "/tmp/outgate-bench-XXXXXX";
    int status = 1;
    if (argc < 3 || mkdtemp(dir) == NULL) {
        fputs("usage: bench_gate RULES FILE...\n", stderr);
        return 2;
    }
    if (open_all(&bench, argv[1], dir, (size_t)(argc - 2) * ROUNDS) == 0) {
        for (int round = 0; round < ROUNDS; round++)
            for (int i = 2; i < argc; i++)
                measure_file(&bench, argv[i]);
        printf("%zu mails, mean %llu bytes, %zu rules\n", bench.count,
               (unsigned long long)(bench.count > 0 ? bench.bytes / bench.count : 0),
               ruleset_count(bench.engine->rules));
        for (int stage = 0; stage < STAGE_COUNT && bench.count > 0; stage++)
            print_stage(&bench, (enum stage)stage);
        status = 0;
    }
    clean_up(&bench, dir);
    return status;
}
