/* SPDX-License-Identifier: BSD-2-Clause */
#include "auth/virus_talk.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/netaddr.h"

enum { BACKLOG_MS = 10 }; /* between two tries. chosen */

/* ---- where ---- */

static bool parse_unix(const char *path, struct virus_talk_address *out)
{
    struct sockaddr_un *un = (struct sockaddr_un *)&out->at;
    size_t len = strlen(path);
    if (path[0] != '/' || len >= sizeof un->sun_path)
        return false;
    un->sun_family = AF_UNIX;
    memcpy(un->sun_path, path, len + 1);
    out->len = sizeof *un;
    return true;
}

static bool parse_inet(struct span text, struct virus_talk_address *out)
{
    struct span port, host;
    struct netaddr address;
    uint64_t number;
    if (!span_cut(text, '@', &port, &host))
        host = SPAN("127.0.0.1");
    if (!text_parse_count(port, 65535, &number) || number == 0 ||
        !netaddr_parse(host, &address))
        return false;
    if (address.bits == 32) {
        struct sockaddr_in *in = (struct sockaddr_in *)&out->at;
        in->sin_family = AF_INET;
        in->sin_port = htons((uint16_t)number);
        memcpy(&in->sin_addr, address.bytes, 4);
        out->len = sizeof *in;
    } else {
        struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&out->at;
        in6->sin6_family = AF_INET6;
        in6->sin6_port = htons((uint16_t)number);
        memcpy(&in6->sin6_addr, address.bytes, 16);
        out->len = sizeof *in6;
    }
    return true;
}

bool virus_talk_address_parse(const char *text, struct virus_talk_address *out)
{
    memset(out, 0, sizeof *out);
    if (strncmp(text, "unix:", 5) == 0)
        return parse_unix(text + 5, out);
    return strncmp(text, "inet:", 5) == 0 && parse_inet(span_of(text + 5), out);
}

/* ---- faults and waiting ---- */

static void fail(struct virus_talk *talk, enum virus_talk_fault fault, int error)
{
    if (talk->fault != VIRUS_TALK_NO_FAULT)
        return;
    talk->fault = fault;
    talk->error = error;
}

const char *virus_talk_why(const struct virus_talk *talk)
{
    switch (talk->fault) {
    case VIRUS_TALK_AWAY:
        return talk->error != 0 ? strerrordesc_np(talk->error) : "it hung up";
    case VIRUS_TALK_SLOW:
        return "no answer in time";
    case VIRUS_TALK_ABSURD:
        return "its answer is none of clamd's";
    default:
        return "";
    }
}

/* Which of `events` came; 0: the deadline, which is a fault. */
static int wait_for(struct virus_talk *talk, short events)
{
    for (;;) {
        struct pollfd poll_fd = {.fd = talk->fd, .events = events};
        int64_t left_us = talk->deadline_us - clock_elapsed_us();
        if (left_us <= 0)
            break;
        int rc = poll(&poll_fd, 1, (int)(left_us / 1000 + 1));
        if (rc > 0)
            return poll_fd.revents;
        if (rc < 0 && errno != EINTR) {
            fail(talk, VIRUS_TALK_AWAY, errno);
            return 0;
        }
    }
    fail(talk, VIRUS_TALK_SLOW, 0);
    return 0;
}

/* ---- speaking ---- */

/* connect(2), again and again while a unix socket's backlog is full: there is nothing
 * that poll could wait for. */
static int try_connect(struct virus_talk *talk,
                       const struct virus_talk_address *address)
{
    const struct sockaddr *at = (const struct sockaddr *)&address->at;
    int rc;
    while ((rc = connect(talk->fd, at, address->len)) < 0 && errno == EAGAIN) {
        if (clock_elapsed_us() >= talk->deadline_us) {
            fail(talk, VIRUS_TALK_SLOW, 0);
            break;
        }
        poll(NULL, 0, BACKLOG_MS);
    }
    return rc;
}

void virus_talk_open(struct virus_talk *talk, const struct virus_talk_address *address,
                     int64_t deadline_us)
{
    int error = 0;
    socklen_t len = sizeof error;
    talk->deadline_us = deadline_us;
    talk->fault = VIRUS_TALK_NO_FAULT;
    talk->error = 0;
    talk->has_answer = false;
    talk->pending = talk->answer_len = 0;
    talk->fd =
        socket(address->at.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (talk->fd < 0) {
        fail(talk, VIRUS_TALK_AWAY, errno);
        return;
    }
    if (try_connect(talk, address) == 0)
        return;
    if (talk->fault == VIRUS_TALK_NO_FAULT && errno != EINPROGRESS)
        fail(talk, VIRUS_TALK_AWAY, errno);
    if (talk->fault != VIRUS_TALK_NO_FAULT)
        return;
    if (wait_for(talk, POLLOUT) == 0)
        return;
    if (getsockopt(talk->fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0 || error != 0)
        fail(talk, VIRUS_TALK_AWAY, error);
}

/* All of it, unless clamd speaks meanwhile: it has heard enough then. */
static void send_all(struct virus_talk *talk, const void *bytes, size_t len)
{
    const unsigned char *at = bytes;
    while (len > 0 && talk->fault == VIRUS_TALK_NO_FAULT && !talk->has_answer) {
        ssize_t sent = send(talk->fd, at, len, MSG_NOSIGNAL);
        if (sent > 0) {
            at += sent;
            len -= (size_t)sent;
        } else if (sent < 0 && errno == EAGAIN) {
            talk->has_answer = (wait_for(talk, POLLOUT | POLLIN) & POLLIN) != 0;
        } else if (sent < 0 && (errno == EPIPE || errno == ECONNRESET)) {
            talk->has_answer = true; /* it may have said why */
        } else if (sent < 0 && errno != EINTR) {
            fail(talk, VIRUS_TALK_AWAY, errno);
        }
    }
}

void virus_talk_command(struct virus_talk *talk, const char *command)
{
    send_all(talk, command, strlen(command) + 1);
}

static void send_chunk(struct virus_talk *talk)
{
    uint32_t len = htonl((uint32_t)talk->pending);
    memcpy(talk->chunk, &len, 4);
    send_all(talk, talk->chunk, 4 + talk->pending);
    talk->pending = 0;
}

void virus_talk_add(struct virus_talk *talk, struct span bytes)
{
    while (bytes.len > 0 && talk->fault == VIRUS_TALK_NO_FAULT && !talk->has_answer) {
        size_t part = VIRUS_TALK_CHUNK_BYTES - talk->pending;
        if (part > bytes.len)
            part = bytes.len;
        memcpy(talk->chunk + 4 + talk->pending, bytes.at, part);
        talk->pending += part;
        bytes = span_from(bytes, part);
        if (talk->pending == VIRUS_TALK_CHUNK_BYTES)
            send_chunk(talk);
    }
}

void virus_talk_end(struct virus_talk *talk)
{
    if (talk->pending > 0)
        send_chunk(talk);
    send_chunk(talk);
}

struct span virus_talk_read(struct virus_talk *talk)
{
    while (talk->fault == VIRUS_TALK_NO_FAULT) {
        if (talk->answer_len == sizeof talk->answer) {
            fail(talk, VIRUS_TALK_ABSURD, 0);
            break;
        }
        ssize_t got = recv(talk->fd, talk->answer + talk->answer_len,
                           sizeof talk->answer - talk->answer_len, 0);
        if (got > 0) {
            const char *end =
                memchr(talk->answer + talk->answer_len, '\0', (size_t)got);
            talk->answer_len += (size_t)got;
            if (end != NULL)
                return (struct span){talk->answer, (size_t)(end - talk->answer)};
        } else if (got == 0) {
            fail(talk, VIRUS_TALK_AWAY, 0);
        } else if (errno == EAGAIN) {
            wait_for(talk, POLLIN);
        } else if (errno != EINTR) {
            fail(talk, VIRUS_TALK_AWAY, errno);
        }
    }
    return SPAN("");
}

void virus_talk_close(struct virus_talk *talk)
{
    if (talk->fd >= 0)
        close(talk->fd);
    talk->fd = -1;
}
