/* SPDX-License-Identifier: BSD-2-Clause
 *
 * kill_writer - kill -9 in the middle of decisions; nothing acknowledged may be lost.
 *
 * A child decides with eight threads (limits charged, audit row written, as the gate
 * does) and acknowledges each decision over a pipe after writer_run returned. The
 * parent kills it, opens the database and looks for every acknowledged row and its
 * charges, and that the limit's slots hold exactly what the rows say.
 * Usage: kill_writer [rounds]; silent but for one line. Exit 1 on a loss.
 */
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "store/audit.h"
#include "store/writer.h"

enum { THREADS = 8, ROUNDS = 30 };

static char folder[64], path[96];
static struct limit limits[2];
static struct writer *writer;
static int ack_fd;

static void die(const char *what, const struct err *err)
{
    fprintf(stderr, "kill_writer: %s: %s\n", what, err != NULL ? err->text : "");
    exit(1);
}

struct job {
    struct arena *arena;
    int64_t id, recipients;
    char sender[32];
};

static int decide(struct db *db, void *arg, struct err *err)
{
    struct job *job = arg;
    struct timespec ts;
    struct charge charge;
    clock_gettime(CLOCK_REALTIME, &ts);
    int64_t now_us = (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
    struct charge_request request = {.mail_class = CLASS_OUTBOUND,
                                     .sender = span_of(job->sender),
                                     .recipients = job->recipients,
                                     .is_charged = true,
                                     .max_hold_us = INT64_C(86400000000)};
    if (limits_charge(db, limits, 2, &request, now_us, job->arena, &charge, err) != 0)
        return -1;
    struct audit_row row = {.at_us = now_us,
                            .mail_class = CLASS_OUTBOUND,
                            .path = PATH_SMTP,
                            .sender = request.sender,
                            .queue_id = SPAN("Q"),
                            .recipients = job->recipients,
                            .action = charge.action,
                            .meant = charge.action,
                            .due_at_us = charge.due_at_us,
                            .charge = &charge};
    return audit_record(db, &row, &job->id, err);
}

/* An acknowledgement: 16 bytes, which a pipe takes whole. */
struct ack {
    int64_t id, recipients;
};

static void *send_mail(void *arg)
{
    unsigned number = (unsigned)(uintptr_t)arg;
    struct job job = {.arena = arena_new(1 << 20)};
    for (unsigned i = 0;; i++) {
        struct err err;
        arena_reset(job.arena);
        job.recipients = 1 + i % 7;
        snprintf(job.sender, sizeof job.sender, "uid:%u", (number + i) % 11);
        if (writer_run(writer, decide, &job, 10000, &err) != 0)
            die("decide", &err);
        struct ack ack = {job.id, job.recipients};
        if (write(ack_fd, &ack, sizeof ack) != (ssize_t)sizeof ack)
            return NULL;
    }
}

static void be_child(int fd)
{
    struct err err;
    pthread_t threads[THREADS];
    ack_fd = fd;
    if (writer_start(&writer, path, 64, &err) != 0)
        die("start", &err);
    for (unsigned i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, send_mail, (void *)(uintptr_t)i) != 0)
            die("thread", NULL);
    pause();
}

static int64_t ask(struct db *db, const char *sql, int64_t id)
{
    struct err err;
    struct query *query = db_query(db, sql, &err);
    if (query == NULL)
        die(sql, &err);
    query_bind_int(query, 1, id);
    int rc = query_step(query, &err);
    if (rc < 0)
        die(sql, &err);
    int64_t value = rc == 1 ? query_int(query, 0) : -1;
    query_reset(query);
    return value;
}

static unsigned lost;

static void expect(struct db *db, const char *sql, int64_t id, int64_t want)
{
    int64_t found = ask(db, sql, id);
    if (found == want)
        return;
    fprintf(stderr,
            "kill_writer: %s: message %" PRId64 ": %" PRId64 ", not %" PRId64 "\n", sql,
            id, found, want);
    lost++;
}

static void check(const struct ack *acks, size_t count)
{
    struct err err;
    struct db *db;
    if (db_open(&db, path, DB_DAEMON, &err) != 0)
        die("open", &err);
    for (size_t i = 0; i < count; i++) {
        expect(db, "SELECT recipients FROM message WHERE id = ?1", acks[i].id,
               acks[i].recipients);
        expect(db, "SELECT sum(amount) FROM charge WHERE message = ?1 AND at_us > 0",
               acks[i].id, 2 * acks[i].recipients);
    }
    /* rows and charges are of one transaction: they agree, acknowledged or not */
    expect(db,
           "SELECT (SELECT sum(amount) FROM limit_slot WHERE part = 0) = "
           "(SELECT sum(amount) FROM charge) AND "
           "(SELECT sum(amount) FROM charge) = 2 * (SELECT sum(recipients) FROM "
           "message) WHERE ?1 = 0",
           0, 1);
    expect(db,
           "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = "
           "'ok' AND ?1 = 0",
           0, 1);
    db_close(&db);
}

/* One child, killed after `after_us`; returns how many decisions it acknowledged. */
static size_t play(unsigned after_us)
{
    static struct ack acks[200000];
    int fds[2];
    size_t bytes = 0;
    if (pipe(fds) != 0)
        die("pipe", NULL);
    pid_t child = fork();
    if (child == 0) {
        close(fds[0]);
        be_child(fds[1]);
        _exit(1);
    }
    close(fds[1]);
    ssize_t got = read(fds[0], acks, sizeof acks[0]); /* it has begun */
    struct timespec start;
    clock_gettime(CLOCK_MONOTONIC, &start);
    while (got > 0) {
        struct timespec now;
        bytes += (size_t)got;
        clock_gettime(CLOCK_MONOTONIC, &now);
        int64_t gone_us = (int64_t)(now.tv_sec - start.tv_sec) * 1000000 +
                          (now.tv_nsec - start.tv_nsec) / 1000;
        if (gone_us > after_us)
            kill(child, SIGKILL);
        if (bytes + 65536 > sizeof acks)
            break;
        got = read(fds[0], (char *)acks + bytes, 65536);
    }
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    close(fds[0]);
    check(acks, bytes / sizeof acks[0]);
    return bytes / sizeof acks[0];
}

static void remove_files(void)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < 3; i++) {
        char name[128];
        snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
        unlink(name);
    }
    rmdir(folder);
}

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? atoi(argv[1]) : ROUNDS;
    size_t total = 0;
    struct err err;
    snprintf(folder, sizeof folder, "/tmp/outgate-kill-XXXXXX");
    if (mkdtemp(folder) == NULL)
        die("mkdtemp", NULL);
    snprintf(path, sizeof path, "%s/x.db", folder);
    if (limit_parse(SPAN("sender"),
                    SPAN("1000000 recipients per 1h per sender, burst 900000, then "
                         "hold"),
                    &limits[0], &err) != 0 ||
        limit_parse(SPAN("host"), SPAN("9000000 recipients per 1h per host, then hold"),
                    &limits[1], &err) != 0)
        die("limit", &err);
    for (int i = 0; i < rounds; i++)
        total +=
            play((unsigned)(i * 7919 % 60) * 1000); /* 0 to 60 ms after the first */
    printf("kill_writer: %d kills, %zu acknowledged decisions, %u lost\n", rounds,
           total, lost);
    remove_files();
    return lost > 0 || total == 0;
}
