/* SPDX-License-Identifier: BSD-2-Clause */
#include "mta/mta_postfix.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "mta/mta_parse.h"
#include "mta/mta_run.h"

enum {
    CONFIRM_MS = 500, /* postsuper's word for one message; else its end tells. chosen */
    CLOSE_MS = 20000,
    PICKUP_US = 250000, /* the queue manager takes a message; then order is its own
                           business. chosen */
    PICKUP_STEP_US = 500,
    SLOW_PICKUPS = 2, /* so many late ones: its deferred queue is large. chosen */
};

bool postfix_is_long_id(struct span queue_id)
{
    return mta_is_queue_id(queue_id) && memchr(queue_id.at, 'z', queue_id.len) != NULL;
}

static bool send_request(int fd, const char *request)
{
    if (fd < 0)
        return false;
    bool done = write(fd, request, strlen(request)) == (ssize_t)strlen(request);
    close(fd);
    return done;
}

/* A fifo in old master.cf files, a socket in those of 3.x. */
bool postfix_kick(const struct postfix *postfix, const char *service,
                  const char *request)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct stat st;
    int len = snprintf(address.sun_path, sizeof address.sun_path, "%s/public/%s",
                       postfix->queue, service);
    if (postfix->queue[0] == '\0' || len >= (int)sizeof address.sun_path ||
        stat(address.sun_path, &st) != 0)
        return false;
    if (S_ISFIFO(st.st_mode))
        return send_request(open(address.sun_path, O_WRONLY | O_NONBLOCK | O_CLOEXEC),
                            request);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        close(fd);
        return false;
    }
    return send_request(fd, request);
}

/* The number in pid/master.pid is a process called master. Its lock is not tried: that
 * could stop a master that starts just then. */
bool postfix_is_up(const struct postfix *postfix)
{
    char path[PATH_MAX];
    char name[32] = "";
    long pid = 0;
    snprintf(path, sizeof path, "%s/pid/master.pid", postfix->queue);
    FILE *file = postfix->queue[0] != '\0' ? fopen(path, "re") : NULL;
    if (file == NULL)
        return true;
    if (fscanf(file, "%ld", &pid) != 1)
        pid = 0;
    fclose(file);
    snprintf(path, sizeof path, "/proc/%ld/comm", pid);
    file = pid > 0 ? fopen(path, "re") : NULL;
    if (file == NULL)
        return access("/proc/self/comm", R_OK) != 0;
    bool is_read = fgets(name, sizeof name, file) != NULL;
    fclose(file);
    return !is_read || strcmp(name, "master\n") == 0;
}

static bool lies_in(const char *folder, struct span queue_id)
{
    char path[PATH_MAX];
    int len =
        snprintf(path, sizeof path, "%s/%.*s", folder, (int)queue_id.len, queue_id.at);
    return len > 0 && len < (int)sizeof path && access(path, F_OK) == 0;
}

/* Whether it still is in the deferred queue, flat or in one level of folders (the
 * default); with more levels the answer is no. */
static bool is_deferred(const struct postfix *postfix, struct span queue_id)
{
    char folder[PATH_MAX];
    int len = snprintf(folder, sizeof folder, "%s/deferred/", postfix->queue);
    if (len < 0 || len + 2 > (int)sizeof folder)
        return false;
    bool is_there = lies_in(folder, queue_id);
    for (const char *digit = "0123456789ABCDEF"; *digit != '\0' && !is_there; digit++) {
        folder[len] = *digit;
        folder[len + 1] = '\0';
        is_there = lies_in(folder, queue_id);
    }
    return is_there;
}

/* False: it was not taken in time. */
static bool wait_for_pickup(const struct postfix *postfix, struct span queue_id)
{
    const struct timespec step = {0, PICKUP_STEP_US * 1000L};
    int64_t until_us = clock_elapsed_us() + PICKUP_US;
    while (is_deferred(postfix, queue_id)) {
        if (clock_elapsed_us() > until_us)
            return false;
        nanosleep(&step, NULL);
    }
    return true;
}

/* A batch at work. */
struct batch {
    const struct postfix *postfix;
    struct run_talk *talk;
    int slow;       /* messages that were not taken in time */
    char said[300]; /* the last line of postsuper that was no confirmation */
};

/* Where scans take long every further one only adds to them: one at the end will do. */
static void hasten(struct batch *batch, struct span queue_id)
{
    if (batch->slow >= SLOW_PICKUPS || !postfix_kick(batch->postfix, "qmgr", "D"))
        return;
    if (!wait_for_pickup(batch->postfix, queue_id))
        batch->slow++;
}

/* Its words may come late, or after a warning about the config: read on. */
static bool release_one(struct batch *batch, struct span queue_id)
{
    char reply[1024];
    static const struct span deed = {"released from hold", 18};
    bool is_said = talk_say(batch->talk, queue_id, CONFIRM_MS, reply, sizeof reply);
    while (is_said && !mta_confirms(span_of(reply), queue_id, deed)) {
        snprintf(batch->said, sizeof batch->said, "%.299s", reply);
        is_said = talk_hear(batch->talk, CONFIRM_MS, reply, sizeof reply);
    }
    return is_said;
}

static int open_talk(struct batch *batch, struct arena *arena, struct err *err)
{
    const struct postfix *postfix = batch->postfix;
    const char *argv[8] = {run_find(arena, postfix->commands, "postsuper")};
    size_t count = 1;
    if (argv[0] == NULL)
        return err_set(err, ERR_IO, "postsuper is not in %s: set [mta] commands",
                       postfix->commands[0] ? postfix->commands : "PATH or /usr/sbin");
    if (postfix->config[0] != '\0') {
        argv[count++] = "-c";
        argv[count++] = postfix->config;
    }
    argv[count++] = "-H";
    argv[count++] = "-";
    argv[count++] = "hold";
    return talk_open(&batch->talk, argv, err);
}

/* Its last words, and whether it ended well: an unconfirmed id may stand in them. */
static int close_talk(struct batch *batch, struct arena *arena,
                      struct postfix_mail *unsure, struct err *err)
{
    struct span last, line, rest;
    int status = talk_close(&batch->talk, CLOSE_MS, arena, &last);
    if (unsure != NULL)
        unsure->is_released =
            mta_confirms(last, unsure->queue_id, SPAN("released from hold"));
    if (status == 0)
        return 0;
    span_cut(last, '\n', &line, &rest);
    line = span_head(span_trim(line), 300);
    if (line.len == 0)
        line = span_of(batch->said);
    return err_set(err, ERR_IO, "postsuper ended with %d: %.*s", status, (int)line.len,
                   line.at);
}

/* Go on until one is not confirmed in time; its postsuper's last words decide. */
static int release_some(struct batch *batch, struct arena *arena,
                        struct postfix_mail *mails, size_t count, size_t *i,
                        struct err *err)
{
    if (open_talk(batch, arena, err) != 0)
        return -1;
    for (; *i < count && release_one(batch, mails[*i].queue_id); ++*i) {
        mails[*i].is_released = true;
        hasten(batch, mails[*i].queue_id);
    }
    int result = close_talk(batch, arena, *i < count ? &mails[*i] : NULL, err);
    if (*i < count && mails[*i].is_released)
        hasten(batch, mails[(*i)++].queue_id);
    return result;
}

int postfix_release(const struct postfix *postfix, struct arena *arena,
                    struct postfix_mail *mails, size_t count, size_t *done,
                    struct err *err)
{
    struct batch batch = {.postfix = postfix};
    int result = 0;
    size_t before;
    *done = 0;
    do {
        before = *done;
        result = release_some(&batch, arena, mails, count, done, err);
    } while (result == 0 && *done<count && * done> before &&
             mails[*done - 1].is_released);
    if (batch.slow >= SLOW_PICKUPS)
        postfix_kick(postfix, "qmgr", "D");
    return result;
}
