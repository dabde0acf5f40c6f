/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bench_store - decisions a second through the writer, beside a bare insert.
 *
 * A decision here: eight limits charged, one audit row with three hits and its charges.
 * The bare insert is one row with three indexes through the same writer. Figures of one
 * run stand side by side: on another disk only their ratio says something.
 * "full": the limits of a large host (pairs, recipient domains, a learned amount, a
 * campaign; overrides and exemptions are there to be looked up), a million keys in the
 * database, of which each decision takes others.
 * Usage: bench_store [seconds a case] [folder] [keys]
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "store/audit.h"
#include "store/writer.h"

enum { LIMITS = 8, THREADS_MAX = 32, SAMPLES_MAX = 1 << 20 };

static const char *const sentences[LIMITS] = {
    "1000000 recipients per 1h per sender, burst 500000, then hold",
    "5000000 recipients per 1d per sender, then hold",
    "2000000 messages per 1h per sender+client_ip, then slow",
    "9000000 messages per 10m per client_ip, then hold",
    "9000000 messages per 1h per from_domain, then defer",
    "900M bytes per 1m per sender, then defer",
    "9000000 points per 1h per egress, then hold",
    "90000000 messages per 1h per host, then defer",
};

static const char *const full_sentences[LIMITS] = {
    "1000 recipients per 1h per sender, burst 200, then hold",
    "5000 recipients per 1d per sender, then hold",
    "3 times learned recipients per 1h per sender, at least 500, then hold",
    "900 messages per 1h per sender+recipient_domain, then slow",
    "9000000 recipients per 10m per campaign, then hold",
    "9000000 messages per 1h per client_ip, then defer",
    "25 bounces per 1d per sender, then block for 24h",
    "9000000 points per 1h per egress, then hold",
};

static struct limit limits[LIMITS + 1];
static struct limit full[LIMITS];
static struct limit flooded;
static struct writer *writer;
static atomic_bool is_over;
static unsigned senders;

struct client {
    pthread_t thread;
    writer_job *job;
    unsigned number;
    uint64_t count;
    struct arena *arena;
    char sender[32];
    uint32_t *samples_us;
};

static void die(const char *what, const struct err *err)
{
    fprintf(stderr, "bench_store: %s: %s\n", what, err->text);
    exit(1);
}

static int64_t now_us(clockid_t clock)
{
    struct timespec ts;
    clock_gettime(clock, &ts);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static int decide(struct db *db, const struct limit *table, size_t count,
                  struct client *client, struct err *err)
{
    struct span domains[] = {SPAN("there.example"), SPAN("else.example")};
    static const struct audit_hit hits[] = {
        {"A_RULE", 1}, {"B_RULE", 1}, {"C_RULE", 1}};
    struct charge charge;
    int64_t id;
    int64_t at_us = now_us(CLOCK_REALTIME);
    struct charge_request request = {.mail_class = CLASS_OUTBOUND,
                                     .sender = span_of(client->sender),
                                     .client_ip = SPAN("192.0.2.7"),
                                     .from_domain = SPAN("example.com"),
                                     .recipient_domains = domains,
                                     .recipient_domain_count = 2,
                                     .campaign = SPAN("0123456789abcdef"),
                                     .recipients = 2,
                                     .bytes = 5120,
                                     .points_milli = 3000,
                                     .is_charged = true,
                                     .max_hold_us = INT64_C(86400000000)};
    if (limits_charge(db, table, count, &request, at_us, client->arena, &charge, err))
        return -1;
    struct audit_row row = {.at_us = at_us,
                            .mail_class = CLASS_OUTBOUND,
                            .path = PATH_SMTP,
                            .sender = request.sender,
                            .queue_id = SPAN("4ZabcdefgZ"),
                            .message_id = SPAN("d24aa492-5f37-457f@host.example"),
                            .client_ip = request.client_ip,
                            .mail_from = SPAN("bob@example.com"),
                            .header_from = SPAN("bob@example.com"),
                            .subject = SPAN("A subject of the usual length"),
                            .recipients = 1,
                            .score = 3,
                            .action = charge.action,
                            .meant = charge.action,
                            .due_at_us = charge.due_at_us,
                            .hits = hits,
                            .hit_count = 3,
                            .charge = &charge};
    return audit_record(db, &row, &id, err);
}

static int decide_job(struct db *db, void *arg, struct err *err)
{
    return decide(db, limits, LIMITS, arg, err);
}

static int full_job(struct db *db, void *arg, struct err *err)
{
    return decide(db, full, LIMITS, arg, err);
}

static int flood_job(struct db *db, void *arg, struct err *err)
{
    return decide(db, &flooded, 1, arg, err);
}

static int bare_job(struct db *db, void *arg, struct err *err)
{
    struct client *client = arg;
    struct query *query = db_query(
        db, "INSERT INTO bare (at_us, sender, action) VALUES (?1, ?2, 'accept')", err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, now_us(CLOCK_REALTIME));
    query_bind_text(query, 2, span_of(client->sender));
    return query_run(query, err);
}

static int make_bare(struct db *db, void *arg, struct err *err)
{
    (void)arg;
    return db_exec(db,
                   "CREATE TABLE IF NOT EXISTS bare (id INTEGER PRIMARY KEY, at_us "
                   "INTEGER, sender TEXT, action TEXT);"
                   "CREATE INDEX IF NOT EXISTS bare_at ON bare (at_us);"
                   "CREATE INDEX IF NOT EXISTS bare_sender ON bare (sender, at_us);"
                   "CREATE INDEX IF NOT EXISTS bare_action ON bare (action, at_us);",
                   err);
}

/* Every key with a slot in each of four limits, a past of two days, and a few orders.
 */
static int fill(struct db *db, void *arg, struct err *err)
{
    int64_t hour = now_us(CLOCK_REALTIME) / INT64_C(3600000000);
    char sql[1200];
    (void)arg;
    snprintf(
        sql, sizeof sql,
        "CREATE TEMP TABLE n AS WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i "
        "+ 1 FROM n WHERE i < %u) SELECT i FROM n;"
        "INSERT INTO limit_slot SELECT 'sasl_user:u' || i || tail, name, 0, %lld, "
        "28125000, 1 FROM n, (SELECT 'full-0' AS name, '' AS tail UNION ALL SELECT "
        "'full-1', '' UNION ALL SELECT 'full-2', '' UNION ALL SELECT 'full-3', "
        "'+there.example') ORDER BY 1, 2;"
        "INSERT INTO sender_seen SELECT i, 'sasl_user:u' || i, 1, 1, 1, 1, 0 FROM n;"
        "INSERT INTO sender_hour SELECT i, %lld - 30 - value, 1, 5, 1, 1000, 0 FROM "
        "n, (SELECT 0 AS value UNION SELECT 1 UNION SELECT 2);"
        "INSERT INTO limit_override SELECT 'full-1', 'sasl_user:u' || (i * 100), '', "
        "9000, 86400000000, 0, 1, NULL, '', '' FROM n WHERE i < 1000;"
        "INSERT INTO exemption SELECT 'sasl_user:x' || i, '', 1, NULL, '', '' FROM n "
        "WHERE i < 1000; DROP TABLE n",
        senders - 1, (long long)(hour * INT64_C(3600000000)), (long long)hour);
    return db_exec(db, sql, err);
}

static void *client_main(void *arg)
{
    struct client *client = arg;
    struct err err;
    while (!atomic_load(&is_over) && client->count < SAMPLES_MAX) {
        int64_t start_us = now_us(CLOCK_MONOTONIC);
        arena_reset(client->arena);
        uint64_t place = client->number * 7919u + client->count * 2654435761u;
        snprintf(client->sender, sizeof client->sender, "sasl_user:u%u",
                 (unsigned)(place % senders));
        if (writer_run(writer, client->job, client, 60000, &err) != 0)
            die("job", &err);
        client->samples_us[client->count++] =
            (uint32_t)(now_us(CLOCK_MONOTONIC) - start_us);
    }
    return NULL;
}

static int compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* Prints one line and returns decisions a second. */
static double run(const char *name, writer_job *job, unsigned threads, unsigned seconds)
{
    static struct client clients[THREADS_MAX];
    struct writer_stats before;
    struct writer_stats after;
    atomic_store(&is_over, false);
    writer_stats(writer, &before);
    int64_t start_us = now_us(CLOCK_MONOTONIC);
    for (unsigned i = 0; i < threads; i++) {
        clients[i] = (struct client){.job = job, .number = i};
        clients[i].arena = arena_new(1 << 20);
        clients[i].samples_us = malloc(SAMPLES_MAX * sizeof(uint32_t));
        pthread_create(&clients[i].thread, NULL, client_main, &clients[i]);
    }
    sleep(seconds);
    atomic_store(&is_over, true);
    uint64_t count = 0;
    uint32_t *all = malloc((size_t)threads * SAMPLES_MAX * sizeof *all);
    for (unsigned i = 0; i < threads; i++) {
        pthread_join(clients[i].thread, NULL);
        memcpy(all + count, clients[i].samples_us, clients[i].count * sizeof(uint32_t));
        count += clients[i].count;
        arena_free(&clients[i].arena);
        free(clients[i].samples_us);
    }
    double rate = (double)count * 1e6 / (double)(now_us(CLOCK_MONOTONIC) - start_us);
    writer_stats(writer, &after);
    qsort(all, count, sizeof *all, compare);
    printf("%-10s %2u threads %9.0f /s   p50 %6u us   p99 %6u us   %5.1f a commit\n",
           name, threads, rate, all[count / 2], all[count * 99 / 100],
           (double)count / (double)(after.commits - before.commits));
    free(all);
    return rate;
}

static void parse(const char *what, unsigned number, const char *sentence,
                  struct limit *out)
{
    char name[32];
    struct err err;
    snprintf(name, sizeof name, "%s-%u", what, number);
    if (limit_parse(span_of(name), span_of(sentence), out, &err) != 0)
        die("limit", &err);
}

int main(int argc, char **argv)
{
    static const unsigned threads[] = {1, 8, 32};
    unsigned seconds = argc > 1 ? (unsigned)atoi(argv[1]) : 3;
    char folder[256];
    char path[300];
    struct err err;
    snprintf(folder, sizeof folder, "%s/outgate-bench-XXXXXX",
             argc > 2 ? argv[2] : "/tmp");
    if (mkdtemp(folder) == NULL)
        return 1;
    snprintf(path, sizeof path, "%s/x.db", folder);
    for (unsigned i = 0; i < LIMITS; i++)
        parse("limit", i, sentences[i], &limits[i]);
    for (unsigned i = 0; i < LIMITS; i++)
        parse("full", i, full_sentences[i], &full[i]);
    parse("flood", 0, "100 recipients per 1h per sender, burst 20, then hold",
          &flooded);
    if (writer_start(&writer, path, 1000, &err) != 0 ||
        writer_run(writer, make_bare, NULL, 10000, &err) != 0)
        die("start", &err);
    senders = 1000;
    for (unsigned i = 0; i < 3; i++) {
        double bare = run("bare", bare_job, threads[i], seconds);
        double decided = run("decision", decide_job, threads[i], seconds);
        printf("           a decision costs %.1f bare inserts\n", bare / decided);
    }
    senders = 1; /* one hacked account: its backlog fills the longest wait */
    run("flood", flood_job, 8, seconds);
    senders = (argc > 3 ? (unsigned)atoi(argv[3]) : 1000000) / 4;
    int64_t filled_us = now_us(CLOCK_MONOTONIC);
    if (writer_run(writer, fill, NULL, 600000, &err) != 0)
        die("fill", &err);
    printf("           %u keys put in, %.1f s\n", senders * 4,
           (double)(now_us(CLOCK_MONOTONIC) - filled_us) / 1e6);
    for (unsigned i = 0; i < 3; i++) {
        double bare = run("bare", bare_job, threads[i], seconds);
        double all = run("full", full_job, threads[i], seconds);
        printf("           a decision costs %.1f bare inserts\n", bare / all);
    }
    writer_stop(&writer);
    unlink(path);
    rmdir(folder);
    return 0;
}
