/* SPDX-License-Identifier: BSD-2-Clause */
#include "mta/mta_run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"

enum {
    OUTPUT_BYTES = 1 << 27, /* standard output kept: 300,000 queued messages. chosen */
    ERROR_BYTES = 1 << 24,
    PIECE = 65536,
    ENVIRONMENT_MAX = 16,
};

/* Our ends of the child's standard streams; -1 once closed. */
struct child {
    pid_t pid;
    int in, out, error;
};

static const char *program_in(struct arena *arena, struct span folder,
                              const char *program)
{
    char path[4096];
    struct stat st;
    int len =
        snprintf(path, sizeof path, "%.*s/%s", (int)folder.len, folder.at, program);
    if (len < 0 || len >= (int)sizeof path || folder.len == 0 || folder.at[0] != '/')
        return NULL;
    if (stat(path, &st) != 0 || !S_ISREG(st.st_mode) || access(path, X_OK) != 0)
        return NULL;
    return span_cstr(arena, span_of(path));
}

const char *run_find(struct arena *arena, const char *folder, const char *program)
{
    if (folder[0] != '\0')
        return program_in(arena, span_of(folder), program);
    const char *places[] = {getenv("PATH"), "/usr/sbin:/usr/bin:/sbin"};
    for (size_t i = 0; i < 2; i++) {
        struct span rest = span_of(places[i]);
        struct span one;
        while (rest.len > 0) {
            span_cut(rest, ':', &one, &rest);
            const char *path = program_in(arena, one, program);
            if (path != NULL)
                return path;
        }
    }
    return NULL;
}

static void close_end(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* A daemon's threads block signals and ignore SIGPIPE; its sockets are its own. */
static int prepare(posix_spawnattr_t *attr, bool has_own_group,
                   posix_spawn_file_actions_t *actions, const int theirs[3])
{
    sigset_t none;
    sigset_t pipe;
    sigemptyset(&none);
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
    if (has_own_group)
        flags |= POSIX_SPAWN_SETPGROUP;
    int rc = posix_spawnattr_setflags(attr, flags);
    if (rc == 0)
        rc = posix_spawnattr_setsigmask(attr, &none);
    if (rc == 0)
        rc = posix_spawnattr_setsigdefault(attr, &pipe);
    for (int i = 0; i < 3 && rc == 0; i++)
        rc = posix_spawn_file_actions_adddup2(actions, theirs[i], i);
#if __GLIBC_PREREQ(2, 34)
    if (rc == 0)
        rc = posix_spawn_file_actions_addclosefrom_np(actions, 3);
#endif
    return rc;
}

static int spawn_prepared(const char *const *argv, char *const *environment,
                          bool has_own_group, const int theirs[3], pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    int rc = posix_spawn_file_actions_init(&actions);
    if (rc != 0)
        return rc;
    rc = posix_spawnattr_init(&attr);
    if (rc == 0) {
        rc = prepare(&attr, has_own_group, &actions, theirs);
        if (rc == 0)
            rc = posix_spawn(pid, argv[0], &actions, &attr, (char *const *)argv,
                             environment);
        posix_spawnattr_destroy(&attr);
    }
    posix_spawn_file_actions_destroy(&actions);
    return rc;
}

/* more: NULL for the MTA's own programs, else what a hook is told. */
static int spawn(const char *const *argv, const char *const *more, const int theirs[3],
                 pid_t *pid)
{
    char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin", locale[] = "LC_ALL=C";
    char zone[128];
    char *environment[ENVIRONMENT_MAX + 1] = {path, locale};
    size_t count = 2;
    const char *tz = getenv("TZ"); /* mailq's times are read as local ones */
    snprintf(zone, sizeof zone, "TZ=%s", tz != NULL ? tz : "");
    if (tz != NULL)
        environment[count++] = zone;
    for (; more != NULL && *more != NULL && count < ENVIRONMENT_MAX; more++)
        environment[count++] = (char *)(uintptr_t)*more; /* execve changes none */
    return spawn_prepared(argv, environment, more != NULL, theirs, pid);
}

/* A pipe for its input, not a socket, which would be easier here: Sendmail does not
 * name who called sendmail(1) with one, and a hook could not open its /dev/stdin. */
static int start(struct child *child, const char *const *argv, const char *const *more,
                 struct err *err)
{
    int in[2] = {-1, -1}, out[2] = {-1, -1}, error[2] = {-1, -1};
    int rc = 0;
    if (pipe2(in, O_CLOEXEC) != 0 || fcntl(in[1], F_SETFL, O_NONBLOCK) != 0 ||
        pipe2(out, O_CLOEXEC) != 0 || pipe2(error, O_CLOEXEC) != 0)
        rc = errno;
    if (rc == 0)
        rc = spawn(argv, more, (int[]){in[0], out[1], error[1]}, &child->pid);
    close_end(&in[0]);
    close_end(&out[1]);
    close_end(&error[1]);
    *child = (struct child){child->pid, in[1], out[0], error[0]};
    if (rc == 0)
        return 0;
    close_end(&child->in);
    close_end(&child->out);
    close_end(&child->error);
    return err_set(err, ERR_IO, "%s: %s", argv[0], strerror(rc));
}

/* write(2) to a child that may have gone: EPIPE, without the signal. */
static ssize_t write_quietly(int fd, struct span text)
{
    const struct timespec now = {0};
    sigset_t pipe, old;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, &old);
    ssize_t sent = write(fd, text.at, text.len);
    int saved = errno;
    if (sent < 0 && saved == EPIPE && !sigismember(&old, SIGPIPE))
        sigtimedwait(&pipe, NULL, &now);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    errno = saved;
    return sent;
}

static void feed(struct child *child, struct span *input)
{
    ssize_t sent = 0;
    if (input->len > 0)
        sent = write_quietly(child->in, *input);
    if (sent > 0)
        *input = span_from(*input, (size_t)sent);
    bool gone = sent < 0 && errno != EAGAIN && errno != EINTR;
    if (gone || input->len == 0)
        close_end(&child->in);
}

static void drain(int *fd, struct buf *into)
{
    char piece[PIECE];
    ssize_t got = read(*fd, piece, sizeof piece);
    if (got > 0)
        buf_add(into, piece, (size_t)got);
    else if (got == 0 || errno != EINTR)
        close_end(fd);
}

/* Feed and read until both outputs are closed; false when the time is over. */
static bool converse(struct child *child, struct span input, int64_t until_us,
                     struct buf *out, struct buf *error)
{
    while (child->out >= 0 || child->error >= 0) {
        struct pollfd fds[] = {{child->in, POLLOUT, 0},
                               {child->out, POLLIN, 0},
                               {child->error, POLLIN, 0}};
        int64_t left_us = until_us - clock_elapsed_us();
        if (left_us <= 0)
            return false;
        if (poll(fds, 3, (int)(left_us / 1000) + 1) < 0 && errno != EINTR)
            return false;
        if (fds[0].revents != 0)
            feed(child, &input);
        if (fds[1].revents != 0)
            drain(&child->out, out);
        if (fds[2].revents != 0)
            drain(&child->error, error);
    }
    return true;
}

static int reap(pid_t pid)
{
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int run(struct arena *arena, const char *const *argv, const char *const *more,
               struct span input, unsigned timeout_ms, struct run_result *result,
               struct err *err)
{
    struct child child = {0};
    struct buf out, error;
    buf_init(&out, arena, OUTPUT_BYTES);
    buf_init(&error, arena, ERROR_BYTES);
    if (start(&child, argv, more, err) != 0)
        return -1;
    int64_t until_us = clock_elapsed_us() + (int64_t)timeout_ms * 1000;
    bool in_time = converse(&child, input, until_us, &out, &error);
    if (!in_time)
        kill(more != NULL ? -child.pid : child.pid, SIGKILL);
    close_end(&child.in);
    close_end(&child.out);
    close_end(&child.error);
    result->status = reap(child.pid);
    result->out = buf_span(&out);
    result->error = buf_span(&error);
    result->is_cut = out.is_full || error.is_full;
    if (!in_time)
        return err_set(err, ERR_IO, "%s: no end after %u s", argv[0],
                       timeout_ms / 1000);
    return 0;
}

int run_program(struct arena *arena, const char *const *argv, struct span input,
                unsigned timeout_ms, struct run_result *result, struct err *err)
{
    return run(arena, argv, NULL, input, timeout_ms, result, err);
}

int run_hook(struct arena *arena, const char *const *argv,
             const char *const *environment, struct span input, unsigned timeout_ms,
             struct run_result *result, struct err *err)
{
    return run(arena, argv, environment, input, timeout_ms, result, err);
}

/* ---- conversations ---- */

struct run_talk {
    struct child child;
    char held[4096]; /* standard error that was read and not yet handed out */
    size_t used;
};

int talk_open(struct run_talk **out, const char *const *argv, struct err *err)
{
    struct run_talk *talk = calloc(1, sizeof *talk);
    *out = NULL;
    if (talk == NULL)
        return err_set(err, ERR_MEMORY, "no memory to talk to %s", argv[0]);
    if (start(&talk->child, argv, NULL, err) != 0) {
        free(talk);
        return -1;
    }
    close_end(&talk->child.out);
    *out = talk;
    return 0;
}

static bool send_all(int fd, struct span text)
{
    while (text.len > 0) {
        struct pollfd ready = {fd, POLLOUT, 0};
        ssize_t sent = write_quietly(fd, text);
        if (sent < 0 && errno == EAGAIN)
            poll(&ready, 1, -1);
        if (sent < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (sent <= 0)
            return false;
        text = span_from(text, (size_t)sent);
    }
    return true;
}

/* The first line that was read, if it is whole; it is taken out. */
static bool take_line(struct run_talk *talk, char *reply, size_t size)
{
    char *end = memchr(talk->held, '\n', talk->used);
    if (end == NULL && talk->used < sizeof talk->held)
        return false;
    size_t len = end != NULL ? (size_t)(end - talk->held) : talk->used;
    size_t kept = len < size - 1 ? len : size - 1;
    memcpy(reply, talk->held, kept);
    reply[kept] = '\0';
    size_t taken = end != NULL ? len + 1 : len;
    talk->used -= taken;
    memmove(talk->held, talk->held + taken, talk->used);
    return true;
}

/* Wait for more of its standard error; false at its end, or when the time is over. */
static bool read_more(struct run_talk *talk, int64_t until_us)
{
    struct pollfd fd = {talk->child.error, POLLIN, 0};
    int64_t left_us = until_us - clock_elapsed_us();
    if (left_us <= 0 || talk->child.error < 0)
        return false;
    int ready = poll(&fd, 1, (int)(left_us / 1000) + 1);
    if (ready <= 0)
        return ready < 0 && errno == EINTR;
    ssize_t got = read(talk->child.error, talk->held + talk->used,
                       sizeof talk->held - talk->used);
    if (got > 0)
        talk->used += (size_t)got;
    return got > 0 || (got < 0 && errno == EINTR);
}

bool talk_hear(struct run_talk *talk, unsigned timeout_ms, char *reply, size_t size)
{
    int64_t until_us = clock_elapsed_us() + (int64_t)timeout_ms * 1000;
    while (!take_line(talk, reply, size))
        if (!read_more(talk, until_us))
            return false;
    return true;
}

bool talk_say(struct run_talk *talk, struct span line, unsigned timeout_ms, char *reply,
              size_t size)
{
    return send_all(talk->child.in, line) && send_all(talk->child.in, SPAN("\n")) &&
           talk_hear(talk, timeout_ms, reply, size);
}

int talk_close(struct run_talk **talk, unsigned timeout_ms, struct arena *arena,
               struct span *last)
{
    struct child *child = &(*talk)->child;
    struct buf out, error;
    buf_init(&out, arena, 1);
    buf_init(&error, arena, ERROR_BYTES);
    buf_add(&error, (*talk)->held, (*talk)->used);
    close_end(&child->in);
    if (!converse(child, SPAN(""), clock_elapsed_us() + (int64_t)timeout_ms * 1000,
                  &out, &error))
        kill(child->pid, SIGKILL);
    close_end(&child->error);
    int status = reap(child->pid);
    *last = buf_span(&error);
    free(*talk);
    *talk = NULL;
    return status;
}
