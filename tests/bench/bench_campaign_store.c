/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bench_campaign_store - what campaigns cost a message in the store.
 *
 *   bench_campaign_store [CAMPAIGNS] [FOLDER]      (default 100000, /tmp)
 *
 * The database holds that many campaigns, a third of them in families of 300 that share
 * a quarter of their numbers, as the mails of one template do. Prints microseconds a
 * message: asked by a reader; recorded, new and known, in transactions of one message
 * and of twenty, beside the same transactions with one plain row only.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/campaign.h"

enum { ROUNDS = 2000, FAMILY = 300 };

static struct db *db;
static struct err err;
static uint64_t seed = 7;
static int64_t now_us;

static void must(int rc)
{
    if (rc == 0)
        return;
    fprintf(stderr, "bench_campaign_store: %s\n", err.text);
    exit(1);
}

static uint16_t random_value(uint64_t *state)
{
    *state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
    return (uint16_t)(*state >> 40);
}

/* Number n of the campaigns that are there. */
static struct sketch sketch_number(unsigned n)
{
    struct sketch sketch = {.kind = SKETCH_TEXT};
    uint64_t own = n * 0x9e3779b97f4a7c15ULL;
    uint64_t family = (n / FAMILY) * 0xc2b2ae3d27d4eb4fULL;
    bool has_family = n / FAMILY % 3 == 0;
    for (unsigned i = 0; i < SKETCH_VALUES; i++) {
        uint16_t shared = random_value(&family);
        sketch.value[i] = random_value(&own);
        if (has_family && random_value(&own) % 4 == 0)
            sketch.value[i] = shared;
    }
    return sketch;
}

static void record(const struct sketch *sketch)
{
    struct campaign out;
    char sender[40];
    snprintf(sender, sizeof sender, "sasl_user:user%u@example.com",
             random_value(&seed) % 500);
    const struct campaign_message message = {.sketch = sketch,
                                             .sender = span_of(sender),
                                             .subject = SPAN("A subject as usual"),
                                             .recipients = 1,
                                             .at_us = now_us};
    must(campaign_record(db, &message, &out, &err));
}

static void insert_plain(void)
{
    struct query *query = db_query(
        db, "INSERT INTO plain (at_us, sender) VALUES (?1, 'sasl_user:bob')", &err);
    must(query == NULL);
    query_bind_int(query, 1, now_us);
    must(query_run(query, &err));
}

enum what { PLAIN, NEW, KNOWN };

static int64_t cpu_us(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static double measure(enum what what, unsigned batch, unsigned campaigns)
{
    static unsigned fresh = 1u << 30;
    int64_t from_us = cpu_us();
    for (unsigned i = 0; i < ROUNDS; i++) {
        if (i % batch == 0)
            must(db_begin(db, &err));
        unsigned any = (unsigned)random_value(&seed) << 16 | random_value(&seed);
        struct sketch sketch = sketch_number(what == NEW ? fresh++ : any % campaigns);
        insert_plain();
        if (what != PLAIN)
            record(&sketch);
        if ((i + 1) % batch == 0)
            must(db_commit(db, &err));
    }
    return (double)(cpu_us() - from_us) / ROUNDS;
}

static double measure_find(unsigned campaigns, bool is_known)
{
    int64_t from_us = cpu_us();
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct campaign out;
        unsigned any = (unsigned)random_value(&seed) << 16 | random_value(&seed);
        struct sketch sketch =
            sketch_number(is_known ? any % campaigns : any | 1u << 31);
        must(db_exec(db, "BEGIN", &err));
        must(campaign_find(db, &sketch, now_us, &out, &err));
        db_rollback(db);
        if (is_known && out.id == 0)
            fprintf(stderr, "bench_campaign_store: one is not found\n");
    }
    return (double)(cpu_us() - from_us) / ROUNDS;
}

static void fill(unsigned campaigns)
{
    for (unsigned i = 0; i < campaigns; i++) {
        struct sketch sketch = sketch_number(i);
        if (i % 1000 == 0)
            must(db_begin(db, &err));
        record(&sketch);
        if (i % 1000 == 999 || i + 1 == campaigns)
            must(db_commit(db, &err));
    }
}

static void clean(const char *path)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < 3; i++) {
        char name[4200];
        snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
        unlink(name);
    }
}

int main(int argc, char **argv)
{
    unsigned campaigns = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 100000;
    char path[4096];
    int64_t deleted;
    if (campaigns == 0) {
        fputs("usage: bench_campaign_store [CAMPAIGNS] [FOLDER]\n", stderr);
        return 2;
    }
    snprintf(path, sizeof path, "%s/bench-campaign-%ld.db", argc > 2 ? argv[2] : "/tmp",
             (long)getpid());
    clean(path);
    now_us = clock_wall_us();
    must(db_open(&db, path, DB_DAEMON, &err));
    must(db_exec(db, "CREATE TABLE plain (at_us INTEGER, sender TEXT)", &err));
    int64_t from_us = cpu_us();
    fill(campaigns);
    printf("%u campaigns, %.1f us each to begin\n", campaigns,
           (double)(cpu_us() - from_us) / campaigns);
    must(db_checkpoint(db, true, &err));
    printf("asked, known:      %7.1f us\n", measure_find(campaigns, true));
    printf("asked, new:        %7.1f us\n", measure_find(campaigns, false));
    for (unsigned batch = 1; batch <= 20; batch += 19) {
        double plain = measure(PLAIN, batch, campaigns);
        double known = measure(KNOWN, batch, campaigns);
        double fresh = measure(NEW, batch, campaigns);
        printf("recorded, %2u in a commit: plain row %7.1f us, known %+7.1f, new "
               "%+7.1f\n",
               batch, plain, known - plain, fresh - plain);
    }
    from_us = cpu_us();
    must(db_begin(db, &err));
    must(campaign_expire(db, now_us + 2 * CAMPAIGN_UNUSED_US, 50, &deleted, &err));
    must(db_commit(db, &err));
    printf("50 forgotten in   %7.1f us\n", (double)(cpu_us() - from_us));
    db_close(&db);
    clean(path);
    return 0;
}
