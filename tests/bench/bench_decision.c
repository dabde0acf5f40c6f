/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bench_decision - what each part of a decision costs the writer's thread.
 *
 *   bench_decision [-f FOLDER] [-m MAILS] [-c CLIENTS] [-s SECONDS] RULES [SENDERS]
 *
 * The whole gate runs, with a reader, a writer and eight limits, on a database that is
 * empty and then on a big one (default 100000 senders: as many campaigns, ten slots,
 * hours and recipients each, two audit rows each), made in FOLDER (default /tmp) and
 * deleted at the end. The linker puts a clock around each part (--wrap in Makefile.am).
 * First MAILS mails (default 3000) one by one, each in a commit of its own:
 * microseconds of processor time a message, without the clock's own, median, mean and
 * 99th percentile. The lines "in the job" add up to "the whole job". Then CLIENTS
 * threads (default 32) for SECONDS: what a message waits, by the wall, and what the
 * writer's thread works. Half of the mails have a text of their own, half one of a
 * hundred.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "gate.h"
#include "gate/campaign.h"
#include "gate/incident.h"
#include "gate/notice.h"
#include "gate/orders.h"
#include "gate/past.h"
#include "hands.h"
#include "limits/limit_clock.h"
#include "store/audit.h"
#include "store/summary.h"

enum {
    CLIENTS_MAX = 64,
    SAMPLES_MAX = 1 << 18,
    ARENA_BYTES = 8 << 20,
    MAIL_BYTES = 8192,
    WORDS = 90,
};

enum stage {
    STAGE_SAVEPOINT,
    STAGE_NOTICE,
    STAGE_CAMPAIGN,
    STAGE_HISTORY_COUNT,
    STAGE_LIMIT_CLOCK,
    STAGE_ORDERS,
    STAGE_LIMITS,
    STAGE_PLAN,
    STAGE_HISTORY_RECORD,
    STAGE_AUDIT,
    STAGE_SUMMARIES,
    STAGE_BORDER,
    STAGE_INCIDENTS,
    STAGE_REST,
    STAGE_JOB, /* all above */
    STAGE_BEGIN,
    STAGE_COMMIT,
    STAGE_READER_PAST,
    STAGE_READER_MAIL,
    STAGE_COUNT
};

static const char *const stage_names[STAGE_COUNT] = {
    [STAGE_SAVEPOINT] = "in the job: savepoint",
    [STAGE_NOTICE] = "in the job: own notices",
    [STAGE_CAMPAIGN] = "in the job: campaign",
    [STAGE_HISTORY_COUNT] = "in the job: history, count",
    [STAGE_LIMIT_CLOCK] = "in the job: limit clock",
    [STAGE_ORDERS] = "in the job: orders",
    [STAGE_LIMITS] = "in the job: eight limits",
    [STAGE_PLAN] = "in the job: plan",
    [STAGE_HISTORY_RECORD] = "in the job: history, record",
    [STAGE_AUDIT] = "in the job: audit rows",
    [STAGE_SUMMARIES] = "in the job: summaries",
    [STAGE_BORDER] = "in the job: border",
    [STAGE_INCIDENTS] = "in the job: incidents",
    [STAGE_REST] = "in the job: the rest",
    [STAGE_JOB] = "the whole job",
    [STAGE_BEGIN] = "begin",
    [STAGE_COMMIT] = "commit, alone in it",
    [STAGE_READER_PAST] = "message thread: the past",
    [STAGE_READER_MAIL] = "message thread: MAIL FROM",
};

static const char config[] =
    "[mail]\nlocal_domains = here.example\negress = 192.0.2.1\n"
    "[limits]\n"
    "login     = 1000 recipients per 1h per sender, burst 200, then hold\n"
    "login-day = 5000 recipients per 1d per sender, then hold\n"
    "own       = 3 times learned recipients per 1h per sender, at least 500, then "
    "hold\n"
    "domain    = 900 messages per 1h per sender+recipient_domain, then slow\n"
    "campaign  = 9000000 recipients per 10m per campaign, then hold\n"
    "client    = 9000000 messages per 1h per client_ip, then defer\n"
    "bounces   = 25 bounces per 1d per sender, then block for 24h\n"
    "egress    = 9000000 points per 1h per egress, then hold\n";

static struct engine *engine;
static struct writer *writer;
static struct reader *reader;
static unsigned senders;
static atomic_bool is_over, is_timed;
static atomic_uint_fast64_t number, jobs_ns;
static double clock_ns; /* what one look at the clock costs */

static double spent_ns[STAGE_COUNT]; /* of the message at work */
static float *samples_us[STAGE_COUNT];
static size_t sample_count;

static void die(const char *what, const char *why)
{
    fprintf(stderr, "bench_decision: %s: %s\n", what, why);
    exit(1);
}

static int64_t thread_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* ---- the clock around each part ---- */

struct span_of_time {
    int64_t from_ns;
    double outer_ns; /* what had been spent in the parts of the one around this */
};

static _Thread_local double inner_ns;

static struct span_of_time enter(void)
{
    struct span_of_time span = {.outer_ns = inner_ns};
    inner_ns = 0;
    span.from_ns = atomic_load(&is_timed) ? thread_ns() : 0;
    return span;
}

static void leave(enum stage stage, const struct span_of_time *span)
{
    if (span->from_ns == 0)
        return;
    double all_ns = (double)(thread_ns() - span->from_ns);
    spent_ns[stage] += all_ns - inner_ns - clock_ns;
    inner_ns = span->outer_ns + all_ns + clock_ns;
}

#define TIMED(stage, name, parameters, arguments)                                      \
    int __real_##name parameters;                                                      \
    int __wrap_##name parameters;                                                      \
    int __wrap_##name parameters                                                       \
    {                                                                                  \
        struct span_of_time span = enter();                                            \
        int rc = __real_##name arguments;                                              \
        leave(stage, &span);                                                           \
        return rc;                                                                     \
    }

TIMED(STAGE_BEGIN, db_begin, (struct db * db, struct err *err), (db, err))
TIMED(STAGE_COMMIT, db_commit, (struct db * db, struct err *err), (db, err))
TIMED(STAGE_SAVEPOINT, db_savepoint, (struct db * db, struct err *err), (db, err))
TIMED(STAGE_SAVEPOINT, db_savepoint_release, (struct db * db, struct err *err),
      (db, err))
TIMED(STAGE_NOTICE, gate_notice_pass,
      (struct db * db, struct decision *d, bool *is_own, struct err *err),
      (db, d, is_own, err))
TIMED(STAGE_CAMPAIGN, gate_campaign_join,
      (struct db * db, const struct passage *passage, struct span sender,
       struct gate_campaign *campaign, struct err *err),
      (db, passage, sender, campaign, err))
TIMED(STAGE_HISTORY_COUNT, gate_past_count,
      (struct db * db, struct gate_past *past, struct charge_request *request,
       struct err *err),
      (db, past, request, err))
TIMED(STAGE_LIMIT_CLOCK, limit_clock_tick,
      (struct db * db, int64_t limit_us, int64_t wall_us, struct err *err),
      (db, limit_us, wall_us, err))
TIMED(STAGE_ORDERS, orders_rule,
      (struct db * db, const struct order_question *question, struct arena *arena,
       struct ruling *out, struct err *err),
      (db, question, arena, out, err))
TIMED(STAGE_LIMITS, limits_charge,
      (struct db * db, const struct limit *table, size_t count,
       const struct charge_request *request, int64_t now_us, struct arena *arena,
       struct charge *out, struct err *err),
      (db, table, count, request, now_us, arena, out, err))
TIMED(STAGE_HISTORY_RECORD, gate_past_record,
      (struct db * db, struct gate_past *past, const struct judgement *judgement,
       const struct charge_request *request, const struct plan *plan, struct err *err),
      (db, past, judgement, request, plan, err))
TIMED(STAGE_AUDIT, audit_record,
      (struct db * db, const struct audit_row *row, int64_t *id, struct err *err),
      (db, row, id, err))
TIMED(STAGE_BORDER, border_record,
      (struct db * db, struct border *border, const struct passage *passage,
       const struct sender *sender, struct plan *plan, int64_t id, struct err *err),
      (db, border, passage, sender, plan, id, err))
TIMED(STAGE_INCIDENTS, gate_incident_note,
      (struct db * db, const struct decision *d, struct err *err), (db, d, err))

#define TIMED_VOID(stage, name, parameters, arguments)                                 \
    void __real_##name parameters;                                                     \
    void __wrap_##name parameters;                                                     \
    void __wrap_##name parameters                                                      \
    {                                                                                  \
        struct span_of_time span = enter();                                            \
        __real_##name arguments;                                                       \
        leave(stage, &span);                                                           \
    }

TIMED_VOID(STAGE_PLAN, action_plan, (const struct plan_input *in, struct plan *plan),
           (in, plan))
TIMED(STAGE_SUMMARIES, summary_record,
      (struct db * db, const struct summary_row *row, struct err *err), (db, row, err))
TIMED(STAGE_SUMMARIES, summary_record_rule,
      (struct db * db, const struct summary_row *row, struct span rule, double score,
       struct err *err),
      (db, row, rule, score, err))

/* The job of a message, with a clock around all of it. */
struct timed_job {
    writer_job *job;
    void *arg;
};

static int run_timed(struct db *db, void *arg, struct err *err)
{
    struct timed_job *timed = arg;
    int64_t from_ns = thread_ns();
    struct span_of_time span = enter();
    int rc = timed->job(db, timed->arg, err);
    leave(STAGE_REST, &span);
    atomic_fetch_add(&jobs_ns, (uint64_t)(thread_ns() - from_ns));
    return rc;
}

int __real_writer_run(struct writer *to, writer_job *job, void *arg,
                      unsigned timeout_ms, struct err *err);
int __wrap_writer_run(struct writer *to, writer_job *job, void *arg,
                      unsigned timeout_ms, struct err *err);
int __wrap_writer_run(struct writer *to, writer_job *job, void *arg,
                      unsigned timeout_ms, struct err *err)
{
    struct timed_job timed = {job, arg};
    return __real_writer_run(to, run_timed, &timed, timeout_ms, err);
}

static _Thread_local enum stage reader_stage = STAGE_READER_PAST;

int __real_reader_run(struct reader *from, reader_job *job, void *arg,
                      unsigned timeout_ms, struct err *err);
int __wrap_reader_run(struct reader *from, reader_job *job, void *arg,
                      unsigned timeout_ms, struct err *err);
int __wrap_reader_run(struct reader *from, reader_job *job, void *arg,
                      unsigned timeout_ms, struct err *err)
{
    struct span_of_time span = enter();
    int rc = __real_reader_run(from, job, arg, timeout_ms, err);
    leave(reader_stage, &span);
    return rc;
}

static void calibrate(void)
{
    enum { LOOKS = 20000 };
    int64_t from_ns = thread_ns();
    for (int i = 0; i < LOOKS; i++)
        thread_ns();
    clock_ns = (double)(thread_ns() - from_ns) / LOOKS;
}

/* ---- one mail ---- */

static uint32_t draw(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
    return (uint32_t)(*seed >> 33);
}

static size_t write_mail(uint64_t n, const char *user, char out[MAIL_BYTES])
{
    static const char syllables[16][4] = {"ba",  "ko", "ri",  "ten", "sul", "mo",
                                          "pe",  "la", "vin", "dar", "os",  "ek",
                                          "ulm", "fa", "zi",  "gor"};
    uint64_t seed = n % 2 == 0 ? n / 2 % 100 : n;
    size_t used = (size_t)snprintf(
        out, MAIL_BYTES,
        "Received: by mail.here.example; Tue, 24 Nov 2026 10:00:00 +0000\n"
        "From: <%s>\nTo: <ann@there.example>\nSubject: An account of week %u\n"
        "Message-ID: <%" PRIu64 ".d24aa492@here.example>\n"
        "Date: Tue, 24 Nov 2026 10:00:00 +0000\nX-Mailer: Bench Mail 1.0\n"
        "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\n",
        user, (unsigned)(n % 52), n);
    for (unsigned i = 0; i < WORDS; i++) {
        for (unsigned k = 0; k < 2 + draw(&seed) % 2; k++)
            used += (size_t)snprintf(out + used, MAIL_BYTES - used, "%s",
                                     syllables[draw(&seed) % 16]);
        out[used++] = i % 12 == 11 ? '\n' : ' ';
    }
    out[used++] = '\n';
    return used;
}

static void ask_at_mail(const struct envelope *env, struct arena *arena)
{
    struct refusal refusal;
    const struct session_scope scope = {0};
    const struct session_hints hints = {.has_client_port = true, .client_port = 4711};
    reader_stage = STAGE_READER_MAIL;
    gate_refuses_mail(&(struct gate_mail){.settings = engine->settings,
                                          .env = env,
                                          .scope = &scope,
                                          .hints = &hints,
                                          .reader = reader,
                                          .arena = arena,
                                          .now_us = clock_wall_us()},
                      &refusal);
    reader_stage = STAGE_READER_PAST;
}

static void send_mail(struct arena *arena, struct judgement *judgement)
{
    char user[64];
    char queue_id[24];
    char mail[MAIL_BYTES];
    char client[24];
    uint64_t n = atomic_fetch_add(&number, 1);
    snprintf(user, sizeof user, "u%u@here.example", (unsigned)(n * 7919 % senders));
    snprintf(queue_id, sizeof queue_id, "4jX%010" PRIx64, n * 2654435761u);
    snprintf(client, sizeof client, "192.0.2.%u", (unsigned)(n % 200));
    size_t len = write_mail(n, user, mail);
    struct span to = SPAN("ann@there.example");
    struct envelope env = {.path = PATH_SMTP,
                           .mail_class = CLASS_OUTBOUND,
                           .is_ours = true,
                           .client_ip = span_of(client),
                           .auth_user = span_of(user),
                           .mail_from = span_of(user),
                           .queue_id = span_of(queue_id),
                           .recipients = &to,
                           .recipient_count = 1,
                           .recipient_kept = 1};
    arena_reset(arena);
    ask_at_mail(&env, arena);
    struct message *msg = message_new(arena, MAIL_BYTES);
    if (msg == NULL)
        die("mail", "no memory");
    message_read(msg, (struct span){mail, len});
    const struct passage passage = {.engine = engine,
                                    .msg = msg,
                                    .env = &env,
                                    .writer = writer,
                                    .reader = reader,
                                    .hands = &hands,
                                    .now_us = clock_wall_us(),
                                    .limit_now_us = clock_limit_us(),
                                    .started_us = clock_elapsed_us()};
    struct plan plan;
    struct err err;
    int64_t id;
    gate_run(&passage, judgement, &plan, &id, &err);
    if (id == 0)
        die("gate", err.text);
}

/* ---- one by one ---- */

static void keep_sample(void)
{
    for (int stage = STAGE_SAVEPOINT; stage < STAGE_JOB; stage++)
        spent_ns[STAGE_JOB] += spent_ns[stage];
    for (int stage = 0; stage < STAGE_COUNT; stage++)
        samples_us[stage][sample_count] = (float)(spent_ns[stage] / 1000);
    sample_count++;
}

static int compare(const void *a, const void *b)
{
    float x = *(const float *)a;
    float y = *(const float *)b;
    return (x > y) - (x < y);
}

static void print_stage(enum stage stage)
{
    double sum = 0;
    float *at = samples_us[stage];
    for (size_t i = 0; i < sample_count; i++)
        sum += (double)at[i];
    qsort(at, sample_count, sizeof *at, compare);
    printf("  %-28s median %7.1f  mean %7.1f  p99 %8.1f us\n", stage_names[stage],
           (double)at[sample_count / 2], sum / (double)sample_count,
           (double)at[sample_count * 99 / 100]);
}

static void one_by_one(unsigned mails)
{
    static struct judgement judgement;
    struct arena *arena = arena_new(ARENA_BYTES);
    for (int stage = 0; stage < STAGE_COUNT; stage++)
        samples_us[stage] = calloc(mails, sizeof(float));
    for (unsigned i = 0; i < mails / 10; i++) /* statements are prepared, caches warm */
        send_mail(arena, &judgement);
    calibrate();
    sample_count = 0;
    atomic_store(&is_timed, true);
    for (unsigned i = 0; i < mails; i++) {
        memset(spent_ns, 0, sizeof spent_ns);
        send_mail(arena, &judgement);
        keep_sample();
    }
    atomic_store(&is_timed, false);
    for (int stage = 0; stage < STAGE_COUNT; stage++) {
        print_stage((enum stage)stage);
        free(samples_us[stage]);
    }
    arena_free(&arena);
}

/* ---- many at once ---- */

struct client {
    pthread_t thread;
    struct arena *arena;
    struct judgement judgement;
    float *waits_us;
    size_t count;
};

static void *client_main(void *arg)
{
    struct client *client = arg;
    while (!atomic_load(&is_over) && client->count < SAMPLES_MAX) {
        int64_t from_us = clock_elapsed_us();
        send_mail(client->arena, &client->judgement);
        client->waits_us[client->count++] = (float)(clock_elapsed_us() - from_us);
    }
    return NULL;
}

static void many_at_once(unsigned count, unsigned seconds)
{
    static struct client clients[CLIENTS_MAX];
    struct writer_stats before, after;
    size_t all = 0;
    atomic_store(&is_over, false);
    atomic_store(&jobs_ns, 0);
    writer_stats(writer, &before);
    int64_t from_us = clock_elapsed_us();
    for (unsigned i = 0; i < count; i++) {
        clients[i] = (struct client){.arena = arena_new(ARENA_BYTES),
                                     .waits_us = calloc(SAMPLES_MAX, sizeof(float))};
        pthread_create(&clients[i].thread, NULL, client_main, &clients[i]);
    }
    sleep(seconds);
    atomic_store(&is_over, true);
    float *waits_us = calloc((size_t)count * SAMPLES_MAX, sizeof *waits_us);
    for (unsigned i = 0; i < count; i++) {
        pthread_join(clients[i].thread, NULL);
        memcpy(waits_us + all, clients[i].waits_us,
               clients[i].count * sizeof *waits_us);
        all += clients[i].count;
        free(clients[i].waits_us);
        arena_free(&clients[i].arena);
    }
    double rate = (double)all * 1e6 / (double)(clock_elapsed_us() - from_us);
    writer_stats(writer, &after);
    qsort(waits_us, all, sizeof *waits_us, compare);
    printf(
        "  %u clients: %.0f /s, p50 %.1f ms, p99 %.1f ms, %.1f a commit; job %.1f us "
        "of processor\n",
        count, rate, (double)waits_us[all / 2] / 1000,
        (double)waits_us[all * 99 / 100] / 1000,
        (double)all / (double)(after.commits - before.commits),
        (double)atomic_load(&jobs_ns) / 1000 / (double)all);
    free(waits_us);
}

/* ---- the databases ---- */

static const char fill_sql[] =
    "CREATE TEMP TABLE n AS WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 "
    "FROM n WHERE i < %u) SELECT i, 'sasl_user:u' || i || '@here.example' AS sender "
    "FROM n ORDER BY 2;"
    "CREATE TEMP TABLE t AS WITH RECURSIVE t(k) AS (SELECT 0 UNION ALL SELECT k + 1 "
    "FROM t WHERE k < 9) SELECT k FROM t;"
    "INSERT INTO limit_slot SELECT sender || tail, name, part, (%lld - step * 60) * "
    "1000000 / 28125000 * 28125000, 28125000, 1 FROM n, (SELECT 'login' AS name, 0 AS "
    "part, '' AS tail UNION ALL SELECT 'login', 1, '' UNION ALL SELECT 'login-day', 0, "
    "'' UNION ALL SELECT 'own', 0, '' UNION ALL SELECT 'domain', 0, '+there.example'), "
    "(SELECT 2 AS step UNION SELECT 7) ORDER BY 1, 2, 3, 4;"
    "INSERT INTO sender_seen SELECT i + 1, sender, 1, 1, 1, 1, 10 FROM n;"
    "INSERT INTO sender_trait SELECT i + 1, kind, value, (%lld - 9000000) * 1000000, "
    "(%lld "
    "- 9000) * 1000000, 9 FROM n, (SELECT 'network' AS kind, '198.51.100.0/24' AS "
    "value "
    "UNION ALL SELECT 'network', '192.0.2.0/24' UNION ALL SELECT 'x_mailer', 'bench "
    "mail' UNION ALL SELECT 'from_domain', 'here.example' UNION ALL SELECT "
    "'header_from', 'u' || 1 || '@here.example' UNION ALL SELECT 'unsigned', "
    "'here.example') ORDER BY 1, 2, 3;"
    "INSERT INTO sender_hour SELECT i + 1, %lld / 3600 - 30 - k * 24, 1, 5, 1, 1000, 0 "
    "FROM "
    "n, t ORDER BY 1, 2;"
    "INSERT INTO sender_recipient SELECT i + 1, random(), 1 FROM n, t ORDER BY 1, 2;"
    "INSERT INTO domain_seen SELECT 'd' || i || '.example', 1, i, 5, 5, 1 FROM n WHERE "
    "i < 10000 ORDER BY 1;"
    "INSERT INTO campaign SELECT i + 1, 'c' || i, lower(hex(randomblob(32))), 1, (%lld "
    "- 7200) * 1000000, 3, 3, 1, 'A subject' FROM n;"
    "INSERT INTO campaign_band SELECT k, random() >> 32, i + 1 FROM n, t WHERE k < 8 "
    "ORDER BY 1, 2, 3;"
    "INSERT INTO campaign_sender SELECT i + 1, sender, 3 FROM n ORDER BY 1, 2;"
    "INSERT INTO message (id, at_us, class, path, sender, identified_by, queue_id, "
    "message_id, message_id_local, client_ip, client_name, helo, mail_from, "
    "header_from, from_domain, subject, x_mailer, script, recipients, rcpt_to, "
    "size_bytes, score, action, meant, reason, reply, incident, is_shadow, elapsed_us, "
    "campaign) SELECT i * 2 + k + 1, (%lld - 90000 + i / 10) * 1000000, 'outbound', "
    "'smtp', sender, 'sasl_user', hex(randomblob(5)), hex(randomblob(9)) || "
    "'@here.example', hex(randomblob(9)), '192.0.2.7', '', '', substr(sender, 11), "
    "substr(sender, 11), 'here.example', 'A subject', '', '', 1, 'ann@there.example', "
    "2000, 1, 'accept', 'accept', '', '', '', 0, 300, 'c' || i FROM n, t WHERE k < 2;"
    "INSERT INTO hit SELECT id, rule, 1 FROM message, (SELECT 'A_RULE' AS rule UNION "
    "SELECT 'B_RULE');"
    "INSERT INTO charge SELECT id, name, sender, 1, at_us FROM message, (SELECT "
    "'login' "
    "AS name UNION SELECT 'login-day' UNION SELECT 'own');"
    "INSERT INTO evidence SELECT id, hex(zeroblob(300)), '', '' FROM message;"
    "INSERT INTO summary_sender SELECT %lld / 3600 - k, sender, 1, 1, 0, 0, 0, 0, 0, "
    "0, 0, 0, 0 FROM n, t "
    "WHERE k < 3 ORDER BY 1, 2;"
    "INSERT INTO limit_override SELECT 'login-day', 'sasl_user:u' || (i * 100) || "
    "'@here.example', '', 9000, 86400000000, 0, 1, NULL, '', '' FROM n WHERE i < 1000;"
    "INSERT INTO exemption SELECT 'sasl_user:x' || i, '', 1, NULL, '', '' FROM n WHERE "
    "i < 1000;"
    "INSERT INTO blocked_sender (sender, since_us, reason, by) SELECT 'sasl_user:b' || "
    "i, 1, '', '' FROM n WHERE i < 1000;"
    "DROP TABLE n; DROP TABLE t";

static int fill(struct db *db, void *arg, struct err *err)
{
    char sql[sizeof fill_sql + 200];
    long long now_s = clock_wall_us() / 1000000;
    (void)arg;
    snprintf(sql, sizeof sql, fill_sql, senders - 1, now_s, now_s, now_s, now_s, now_s,
             now_s, now_s);
    return db_exec(db, sql, err);
}

static void open_store(const char *folder)
{
    char path[300];
    struct err err;
    snprintf(path, sizeof path, "%s/bench.db", folder);
    if (writer_start(&writer, path, 1000, &err) != 0 ||
        reader_open(&reader, path, 8, &err) != 0)
        die("store", err.text);
}

static void close_store(const char *folder)
{
    char command[300];
    reader_close(&reader);
    writer_stop(&writer);
    snprintf(command, sizeof command, "rm -f '%s'/bench.db*", folder);
    if (system(command) != 0)
        perror(folder);
}

static void load_engine(const char *folder, const char *rules)
{
    char path[300];
    struct err err;
    snprintf(path, sizeof path, "%s/bench.conf", folder);
    FILE *file = fopen(path, "we");
    if (file == NULL || fputs(config, file) < 0 || fclose(file) != 0)
        die(path, "cannot write");
    if (engine_load(&engine, path, rules, NULL, NULL, &err) != 0)
        die("engine", err.text);
    unlink(path);
}

struct options {
    const char *folder, *rules;
    unsigned mails, clients, seconds, senders;
};

static void measure(const struct options *options, const char *folder, bool is_big)
{
    struct err err;
    open_store(folder);
    senders = is_big ? options->senders : 200;
    int64_t from_us = clock_elapsed_us();
    if (is_big && writer_run(writer, fill, NULL, 3600000, &err) != 0)
        die("fill", err.text);
    printf("%s database", is_big ? "big" : "empty");
    if (is_big)
        printf(", %u senders, made in %.0f s", senders,
               (double)(clock_elapsed_us() - from_us) / 1e6);
    puts("");
    one_by_one(options->mails);
    if (options->seconds > 0)
        many_at_once(options->clients, options->seconds);
    fflush(stdout);
    close_store(folder);
}

static void read_options(int argc, char **argv, struct options *out)
{
    int c;
    while ((c = getopt(argc, argv, "f:m:c:s:")) != -1) {
        if (c == 'f')
            out->folder = optarg;
        else if (c == 'm')
            out->mails = (unsigned)atoi(optarg);
        else if (c == 'c')
            out->clients = (unsigned)atoi(optarg);
        else if (c == 's')
            out->seconds = (unsigned)atoi(optarg);
        else
            exit(2);
    }
    if (optind < argc)
        out->rules = argv[optind++];
    if (optind < argc)
        out->senders = (unsigned)atoi(argv[optind]);
    if (out->rules == NULL || out->mails < 10 || out->clients > CLIENTS_MAX) {
        fputs("usage: bench_decision [-f FOLDER] [-m MAILS] [-c CLIENTS] [-s SECONDS] "
              "RULES [SENDERS]\n",
              stderr);
        exit(2);
    }
}

int main(int argc, char **argv)
{
    struct options options = {.folder = "/tmp",
                              .mails = 3000,
                              .clients = 32,
                              .seconds = 5,
                              .senders = 100000};
    char folder[256];
    read_options(argc, argv, &options);
    snprintf(folder, sizeof folder, "%s/outgate-bench-XXXXXX", options.folder);
    if (mkdtemp(folder) == NULL)
        die(folder, "cannot make");
    load_engine(folder, options.rules);
    measure(&options, folder, false);
    if (options.senders > 0)
        measure(&options, folder, true);
    engine_release(&engine);
    rmdir(folder);
    return 0;
}
