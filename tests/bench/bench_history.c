/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bench_history - what a sender's history costs a message: asked on a reader's
 * connection, counted and recorded on the writer's.
 *
 *   bench_history [SENDERS [FOLDER]]     (100000, /tmp)
 *
 * Each sender has 40 hours, 12 traits and 30 recipients; sender 1 has sent every hour
 * of the past four weeks to 20000 recipients. Messages of two recipients, of senders in
 * random order; recording alone in its transaction and 16 together, without waiting for
 * the disk (that is bench_store's subject). Prints microseconds of the processor, so
 * that other work on the machine counts less: median, mean, p99.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/history.h"

enum { TIMES = 20000, TOGETHER = 16 };

#define DAY INT64_C(86400000000)

static struct db *writer, *reader;
static struct arena *arena;
static int64_t now_us, samples[TIMES];
static unsigned senders;

static int64_t cpu_us(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static void must(int rc, const struct err *err)
{
    if (rc == 0)
        return;
    fprintf(stderr, "bench_history: %s\n", err->text);
    exit(1);
}

static void fill(void)
{
    struct err err;
    char sql[4096];
    int64_t hour = now_us / 3600000000;
    snprintf(
        sql, sizeof sql,
        "BEGIN;"
        "CREATE TEMP TABLE n AS WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i "
        "+ 1 FROM n WHERE i < %u) SELECT i FROM n;"
        "INSERT INTO sender_seen SELECT i, 'sasl_user:u' || i || '@here.example', "
        "%lld, %lld, 400, 500, 30 FROM n;"
        "INSERT INTO sender_hour SELECT n.i, %lld - 30 - 16 * h.i - n.i %% 9, 3, 4, 1, "
        "9000, 500 FROM n, n AS h WHERE h.i <= 40;"
        "INSERT INTO sender_trait SELECT n.i, CASE t.i %% 4 WHEN 0 THEN 'network' WHEN "
        "1 THEN 'x_mailer' WHEN 2 THEN 'header_from' ELSE 'from_domain' END, 'v' || "
        "t.i, %lld, %lld, 9 FROM n, n AS t WHERE t.i <= 12;"
        "INSERT INTO sender_recipient SELECT n.i, (n.i * 7919 + r.i) * "
        "6364136223, %lld FROM n, n AS r WHERE r.i <= 30;"
        "INSERT OR IGNORE INTO sender_hour SELECT 1, %lld - n.i, 30, 30, 5, 90000, 500 "
        "FROM n WHERE n.i <= 672;"
        "INSERT OR IGNORE INTO sender_recipient SELECT 1, n.i * 87178291199, %lld FROM "
        "n WHERE n.i <= 20000;"
        "DROP TABLE n; COMMIT",
        senders, (long long)(now_us - 300 * DAY), (long long)(now_us - DAY),
        (long long)hour, (long long)(now_us - 200 * DAY), (long long)(now_us - DAY),
        (long long)(now_us - 9 * DAY), (long long)hour, (long long)(now_us - 9 * DAY));
    must(db_exec(writer, sql, &err), &err);
    must(db_checkpoint(writer, true, &err), &err);
}

static struct history_message message(unsigned sender, unsigned salt)
{
    char text[64];
    struct history_message m = {.trait = {SPAN("192.0.2.0/24"), SPAN("FR"),
                                          SPAN("thunderbird"), SPAN("bob@here.example"),
                                          SPAN("here.example"), SPAN("here.example")},
                                .has_trait = {true, true, true, true, true, false},
                                .from_domain = SPAN("here.example"),
                                .is_signed = true,
                                .all_recipients = 2,
                                .bytes = 5000,
                                .points_milli = 500,
                                .now_us = now_us};
    struct span list[2];
    snprintf(text, sizeof text, "sasl_user:u%u@here.example", sender);
    m.sender = span_dup(arena, span_of(text));
    snprintf(text, sizeof text, "friend%u@there.example", salt % 1000);
    list[0] = span_dup(arena, span_of(text));
    snprintf(text, sizeof text, "other%u@there.example", salt);
    list[1] = span_dup(arena, span_of(text));
    m.recipients = history_recipients(arena, list, 2, &m.recipient_count);
    return m;
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void print(const char *what, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += (double)samples[i];
    qsort(samples, count, sizeof *samples, compare);
    printf("%-40s median %5lld  mean %7.1f  p99 %6lld us\n", what,
           (long long)samples[count / 2], sum / (double)count,
           (long long)samples[count * 99 / 100]);
}

static void measure_read(const char *what, unsigned most)
{
    struct err err;
    for (unsigned i = 0; i < TIMES; i++) {
        arena_reset(arena);
        struct history_message m = message(1 + (unsigned)random() % most, i);
        struct past past = {0};
        int64_t start_us = cpu_us();
        must(db_exec(reader, "BEGIN", &err), &err);
        must(history_read(reader, &m, &past, &err), &err);
        db_rollback(reader);
        samples[i] = cpu_us() - start_us;
    }
    print(what, TIMES);
}

static void record(const struct history_message *m, struct err *err)
{
    struct history_count count;
    must(history_count(writer, m, &count, err), err);
    must(history_record(writer, m, &count, err), err);
}

static void measure_record(const char *what, unsigned most, unsigned together)
{
    struct err err;
    size_t count = 0;
    for (unsigned i = 0; i + together <= TIMES; i += together) {
        struct history_message m[TOGETHER];
        arena_reset(arena);
        for (unsigned k = 0; k < together; k++)
            m[k] = message(1 + (unsigned)random() % most, i + k);
        int64_t start_us = cpu_us();
        must(db_begin(writer, &err), &err);
        for (unsigned k = 0; k < together; k++)
            record(&m[k], &err);
        must(db_commit(writer, &err), &err);
        samples[count++] = (cpu_us() - start_us) / together;
    }
    print(what, count);
}

int main(int argc, char **argv)
{
    struct err err;
    char dir[128], path[200], command[400];
    senders = argc > 1 ? (unsigned)atoi(argv[1]) : 100000;
    snprintf(dir, sizeof dir, "%s/outgate-bench-XXXXXX", argc > 2 ? argv[2] : "/tmp");
    if (senders < 20000 || mkdtemp(dir) == NULL) {
        fputs("usage: bench_history [SENDERS, 20000 or more [FOLDER]]\n", stderr);
        return 2;
    }
    snprintf(path, sizeof path, "%s/bench.db", dir);
    now_us = clock_wall_us();
    arena = arena_new(64 << 20);
    must(db_open(&writer, path, DB_DAEMON, &err), &err);
    must(db_exec(writer, "PRAGMA synchronous = OFF", &err), &err);
    fill();
    must(db_open(&reader, path, DB_READ, &err), &err);
    printf("%u senders\n", senders);
    measure_read("read", senders);
    measure_read("read, the busiest sender", 1);
    measure_record("count and record, alone", senders, 1);
    measure_record("count and record, 16 in a transaction", senders, TOGETHER);
    measure_record("the busiest sender, 16 in a transaction", 1, TOGETHER);
    db_close(&reader);
    db_close(&writer);
    arena_free(&arena);
    snprintf(command, sizeof command, "ls -l %s/bench.db | cut -d' ' -f5; rm -rf '%s'",
             dir, dir);
    return system(command) != 0;
}
