/* SPDX-License-Identifier: BSD-2-Clause
 *
 * virus - clamd as it should not be: away, silent, slow, talkative, rude, not clamd at
 * all. A thread plays it on a unix socket; what a real one says is asked in
 * tests/proto/virus.sh.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>
#include <pthread.h>

#include "auth/virus.h"
#include "auth/virus_talk.h"
#include "base/clock.h"

enum { STREAM_MAX = 4 << 20 };
#define DEADLINE_US 400000

/* How the server behaves after it has accepted. */
struct manner {
    const char *answer; /* NUL-terminated when is_ended; NULL: none at all */
    bool is_ended;
    bool reads;       /* the stream to its end, before it answers */
    bool hangs;       /* keeps the connection, reads nothing, says nothing */
    unsigned pace_us; /* between two bytes of the answer */
};

struct server {
    char folder[64], path[96], clamd[110];
    int fd;
    pthread_t thread;
    struct manner manner;
    unsigned char *stream; /* what was sent, chunks joined */
    size_t stream_len;
    bool is_whole; /* the last chunk came */
    unsigned connections;
};

static bool read_all(int fd, void *out, size_t len)
{
    char *at = out;
    while (len > 0) {
        ssize_t got = read(fd, at, len);
        if (got <= 0)
            return false;
        at += got;
        len -= (size_t)got;
    }
    return true;
}

static void read_stream(struct server *server, int fd)
{
    char command[10];
    unsigned char size[4];
    server->stream_len = 0;
    server->is_whole = false;
    if (!read_all(fd, command, 10) || memcmp(command, "zINSTREAM", 10) != 0)
        return;
    while (read_all(fd, size, 4)) {
        size_t len = (size_t)size[0] << 24 | (size_t)size[1] << 16 |
                     (size_t)size[2] << 8 | size[3];
        if (len == 0) {
            server->is_whole = true;
            return;
        }
        if (len > STREAM_MAX - server->stream_len ||
            !read_all(fd, server->stream + server->stream_len, len))
            return;
        server->stream_len += len;
    }
}

static void answer(const struct manner *manner, int fd)
{
    size_t len = strlen(manner->answer) + manner->is_ended;
    for (size_t i = 0; i < len; i++) {
        if (send(fd, manner->answer + i, 1, MSG_NOSIGNAL) != 1)
            return;
        if (manner->pace_us > 0)
            usleep(manner->pace_us);
    }
}

static void *serve(void *arg)
{
    struct server *server = arg;
    int fd;
    while ((fd = accept(server->fd, NULL, NULL)) >= 0) {
        server->connections++;
        if (server->manner.reads)
            read_stream(server, fd);
        if (server->manner.hangs)
            usleep(2 * DEADLINE_US);
        if (server->manner.answer != NULL)
            answer(&server->manner, fd);
        close(fd);
    }
    return NULL;
}

static void listen_again(struct server *server)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    snprintf(un.sun_path, sizeof un.sun_path, "%s", server->path);
    unlink(server->path);
    server->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(server->fd, (struct sockaddr *)&un, sizeof un), 0);
    assert_int_equal(listen(server->fd, 8), 0);
    assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
}

static void stop(struct server *server)
{
    shutdown(server->fd, SHUT_RDWR);
    pthread_join(server->thread, NULL);
    close(server->fd);
    unlink(server->path);
}

static int set_up(void **state)
{
    struct server *server = calloc(1, sizeof *server);
    assert_non_null(server);
    server->stream = malloc(STREAM_MAX);
    snprintf(server->folder, sizeof server->folder, "/tmp/outgate-virus.XXXXXX");
    assert_non_null(mkdtemp(server->folder));
    snprintf(server->path, sizeof server->path, "%s/clamd", server->folder);
    snprintf(server->clamd, sizeof server->clamd, "unix:%s", server->path);
    listen_again(server);
    *state = server;
    return 0;
}

static int tear_down(void **state)
{
    struct server *server = *state;
    stop(server);
    rmdir(server->folder);
    free(server->stream);
    free(server);
    return 0;
}

static struct virus *open_virus(const struct server *server, int64_t max_bytes,
                                struct troubles *troubles)
{
    struct virus *virus;
    struct err err;
    if (virus_open(
            &virus,
            &(struct virus_options){server->clamd, DEADLINE_US, max_bytes, troubles},
            &err) < 0)
        fail_msg("%s", err.text);
    return virus;
}

struct said {
    enum auth_result result;
    char name[100], problem[300];
    int64_t took_us;
};

static struct said scan(struct virus *virus, size_t body_bytes, size_t scan_bytes)
{
    static const char head[] = "X-First: 1\nSubject: a\n folded one\n\n";
    struct arena *arena = arena_new(64 << 20);
    struct message *msg = message_new(arena, scan_bytes);
    struct virus_answer answer_;
    struct said said;
    size_t len = strlen(head);
    char *mail = malloc(len + body_bytes);
    memcpy(mail, head, len);
    memset(mail + len, 'x', body_bytes);
    message_read(msg, (struct span){mail, len + body_bytes});
    int64_t began_us = clock_elapsed_us();
    virus_scan(virus, msg, 0, &answer_);
    said.took_us = clock_elapsed_us() - began_us;
    said.result = answer_.result;
    snprintf(said.name, sizeof said.name, "%.*s", (int)answer_.name.len,
             answer_.name.at);
    snprintf(said.problem, sizeof said.problem, "%.*s", (int)answer_.problem.len,
             answer_.problem.at);
    free(mail);
    arena_free(&arena);
    return said;
}

static void test_addresses(void **state)
{
    static const struct {
        const char *text;
        bool want;
    } rows[] = {
        {"unix:/run/clamav/clamd.ctl", true},
        {"inet:3310", true},
        {"inet:3310@127.0.0.1", true},
        {"inet:3310@::1", true},
        {"unix:clamd.ctl", false},
        {"/run/clamav/clamd.ctl", false},
        {"inet:0", false},
        {"inet:65536", false},
        {"inet:x@127.0.0.1", false},
        {"inet:3310@localhost", false},
        {"inet:3310@", false},
        {"unix:", false},
    };
    struct virus_talk_address address;
    struct virus *virus;
    struct err err;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (virus_talk_address_parse(rows[i].text, &address) != rows[i].want)
            fail_msg("%s", rows[i].text);
    assert_int_equal(
        virus_open(&virus, &(struct virus_options){.clamd = "clamd"}, &err), -1);
    assert_int_equal(err.code, ERR_CONFIG);
    assert_int_equal(virus_open(&virus, &(struct virus_options){.clamd = ""}, &err), 0);
    assert_null(virus);
    assert_int_equal(scan(NULL, 1, 100).result, AUTH_UNKNOWN);
}

static void test_answers(void **state)
{
    static const struct {
        const char *text;
        enum auth_result result;
        const char *name, *problem;
    } rows[] = {
        {"stream: OK", AUTH_PASS, "", ""},
        {"stream: Own.Test-1 FOUND", AUTH_FAIL, "Own.Test-1", ""},
        {"stream: \x1b[2Jx\n FOUND", AUTH_FAIL, "\\x1b[2Jx\\x0a", ""},
        {" FOUND", AUTH_TEMPERROR, "", "its answer is none of clamd's"},
        {"INSTREAM size limit exceeded. ERROR", AUTH_NEUTRAL, "",
         "larger than clamd's StreamMaxLength"},
        {"stream: Can't allocate memory ERROR", AUTH_TEMPERROR, "",
         "stream: Can't allocate memory ERROR"},
    };
    struct server *server = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        server->manner =
            (struct manner){.answer = rows[i].text, .is_ended = true, .reads = true};
        struct virus *virus = open_virus(server, STREAM_MAX, NULL);
        struct said said = scan(virus, 100000, 1 << 20);
        if (said.result != rows[i].result || strcmp(said.name, rows[i].name) != 0 ||
            strcmp(said.problem, rows[i].problem) != 0)
            fail_msg("%s: %d \"%s\" \"%s\"", rows[i].text, said.result, said.name,
                     said.problem);
        assert_true(server->is_whole);
        virus_close(&virus);
    }
}

/* The whole message, as it was received. */
static void test_stream(void **state)
{
    static const char head[] = "Received: by outgate\r\nX-First: 1\r\n"
                               "Subject: a\n folded one\r\n\r\n";
    struct server *server = *state;
    server->manner =
        (struct manner){.answer = "stream: OK", .is_ended = true, .reads = true};
    struct virus *virus = open_virus(server, STREAM_MAX, NULL);
    assert_int_equal(scan(virus, 200000, 1 << 20).result, AUTH_PASS);
    assert_int_equal(server->stream_len, strlen(head) + 200000);
    assert_memory_equal(server->stream, head, strlen(head));
    for (size_t i = strlen(head); i < server->stream_len; i++)
        assert_int_equal(server->stream[i], 'x');
    virus_close(&virus);
}

/* What is not read whole is not clean. */
static void test_bounds(void **state)
{
    struct server *server = *state;
    server->manner =
        (struct manner){.answer = "stream: OK", .is_ended = true, .reads = true};
    struct virus *virus = open_virus(server, 70000, NULL);
    struct said said = scan(virus, 100000, 1 << 20);
    assert_int_equal(said.result, AUTH_NEUTRAL);
    assert_int_equal(server->stream_len, 70000);
    assert_true(server->is_whole);
    virus_close(&virus);
    virus = open_virus(server, STREAM_MAX, NULL);
    assert_int_equal(scan(virus, 100000, 50000).result, AUTH_NEUTRAL);
    assert_int_equal(scan(virus, 100000, 100000).result, AUTH_PASS);
    server->manner.answer = "stream: Own FOUND";
    assert_int_equal(scan(virus, 100000, 50000).result, AUTH_FAIL);
    virus_close(&virus);
}

static char long_answer[3000];

/* Whatever it does: temperror, and never past the deadline. */
static void test_hostile(void **state)
{
    static const struct {
        struct manner manner;
        const char *problem;
    } rows[] = {
        {{.reads = true}, "it hung up"},
        {{.reads = false}, NULL}, /* closes at once: reset or hung up */
        {{.hangs = true}, "no answer in time"},
        {{.reads = true, .hangs = true}, "no answer in time"},
        {{.answer = "stream: OK", .reads = true}, "it hung up"},
        {{.answer = "220 mail.example ESMTP\r\n", .reads = true, .is_ended = true},
         "its answer is none of clamd's"},
        {{.answer = "", .reads = true, .is_ended = true},
         "its answer is none of clamd's"},
        {{.answer = long_answer, .reads = true}, "its answer is none of clamd's"},
        {{.answer = "stream: a name that comes very slowly FOUND",
          .reads = true,
          .is_ended = true,
          .pace_us = 30000},
         "no answer in time"},
    };
    struct server *server = *state;
    memset(long_answer, 'a', sizeof long_answer - 1);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        server->manner = rows[i].manner;
        struct virus *virus = open_virus(server, STREAM_MAX, NULL);
        struct said said = scan(virus, 2 << 20, 4 << 20);
        if (said.result != AUTH_TEMPERROR || said.took_us > DEADLINE_US + 200000 ||
            (rows[i].problem != NULL && strcmp(said.problem, rows[i].problem) != 0))
            fail_msg("row %zu: %d \"%s\" after %d ms", i, said.result, said.problem,
                     (int)(said.took_us / 1000));
        if (rows[i].manner.hangs)
            usleep(2 * DEADLINE_US); /* until it listens again */
        virus_close(&virus);
    }
}

/* It says no while it is still being told: the rest is not sent. */
static void test_early_answer(void **state)
{
    struct server *server = *state;
    server->manner = (struct manner){.answer = "INSTREAM size limit exceeded. ERROR",
                                     .is_ended = true};
    struct virus *virus = open_virus(server, STREAM_MAX, NULL);
    struct said said = scan(virus, 3 << 20, 4 << 20);
    if (said.result != AUTH_NEUTRAL)
        fail_msg("%d %s", said.result, said.problem);
    virus_close(&virus);
}

/* Away: told once, left alone, tried again, told that it is back. */
static void test_away_and_back(void **state)
{
    struct server *server = *state;
    char line[ERR_TEXT_BYTES];
    struct troubles *troubles = troubles_new();
    struct virus *virus = open_virus(server, STREAM_MAX, troubles);
    stop(server);
    struct said said = scan(virus, 10, 100);
    assert_int_equal(said.result, AUTH_TEMPERROR);
    assert_string_equal(said.problem, "No such file or directory");
    assert_true(troubles_take(troubles, line));
    assert_non_null(strstr(line, "mail is not scanned for viruses"));
    for (int i = 0; i < 3; i++) {
        said = scan(virus, 10, 100);
        assert_int_equal(said.result, AUTH_TEMPERROR);
        assert_string_equal(said.problem, "clamd was away a moment ago");
    }
    assert_false(troubles_take(troubles, line));
    server->manner =
        (struct manner){.answer = "stream: OK", .is_ended = true, .reads = true};
    server->connections = 0;
    listen_again(server);
    assert_int_equal(scan(virus, 10, 100).result, AUTH_TEMPERROR); /* not asked yet */
    usleep(1100000);
    assert_int_equal(scan(virus, 10, 100).result, AUTH_PASS);
    assert_int_equal(server->connections, 1);
    assert_true(troubles_take(troubles, line));
    assert_non_null(strstr(line, "is back after 1 s, 5 messages were not scanned"));
    virus_close(&virus);
    troubles_free(&troubles);
}

/* One mail that takes clamd too long does not take the scanner from the others; three
 * in a row do. */
static void test_slow_mails(void **state)
{
    struct server *server = *state;
    char line[ERR_TEXT_BYTES];
    struct troubles *troubles = troubles_new();
    struct virus *virus = open_virus(server, STREAM_MAX, troubles);
    struct manner slow = {.reads = true, .hangs = true};
    struct manner quick = {.answer = "stream: OK", .is_ended = true, .reads = true};
    for (int i = 0; i < 2; i++) {
        server->manner = slow;
        assert_int_equal(scan(virus, 10, 100).result, AUTH_TEMPERROR);
        usleep(2 * DEADLINE_US);
        server->manner = quick;
        assert_int_equal(scan(virus, 10, 100).result, AUTH_PASS);
    }
    assert_false(troubles_take(troubles, line));
    server->manner = slow;
    for (int i = 0; i < 3; i++)
        assert_string_equal(scan(virus, 10, 100).problem, "no answer in time");
    assert_string_equal(scan(virus, 10, 100).problem, "clamd was away a moment ago");
    assert_true(troubles_take(troubles, line));
    virus_close(&virus);
    troubles_free(&troubles);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_addresses, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_answers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_stream, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bounds, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_hostile, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_early_answer, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_away_and_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_slow_mails, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
