/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/doctor/talk.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tool/doctor/reach.h"

enum { STEP_S = 30, LINES_MOST = 100 };

static bool send_bytes(struct smtp_talk *talk, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t done = send(talk->fd, bytes, len, MSG_NOSIGNAL);
        if (done <= 0)
            return false;
        bytes += done;
        len -= (size_t)done;
    }
    return true;
}

/* The next line into line, without its end. */
static bool read_line(struct smtp_talk *talk, char *line, size_t size)
{
    for (;;) {
        char *end = memchr(talk->left, '\n', talk->left_count);
        if (end != NULL) {
            size_t len = (size_t)(end - talk->left);
            snprintf(line, size, "%.*s", (int)len, talk->left);
            talk->left_count -= len + 1;
            memmove(talk->left, end + 1, talk->left_count);
            return true;
        }
        if (talk->left_count == sizeof talk->left)
            return false;
        ssize_t got = recv(talk->fd, talk->left + talk->left_count,
                           sizeof talk->left - talk->left_count, 0);
        if (got <= 0)
            return false;
        talk->left_count += (size_t)got;
    }
}

/* Lines "250-text" until "250 text". RFC 5321 4.2.1 */
static bool hear(struct smtp_talk *talk)
{
    char line[2048];
    talk->code = 0;
    for (int i = 0; i < LINES_MOST; i++) {
        if (!read_line(talk, line, sizeof line)) {
            snprintf(talk->reply, sizeof talk->reply, "%s",
                     errno != 0 ? strerror(errno) : "the connection was closed");
            return false;
        }
        text_escape(span_trim(span_of(line)), talk->reply, sizeof talk->reply);
        if (strlen(line) >= 3 && line[3] != '-') {
            talk->code = atoi(line);
            return talk->code >= 200 && talk->code < 400;
        }
    }
    return false;
}

bool smtp_begin(struct smtp_talk *talk, const char *host, const char *port)
{
    memset(talk, 0, sizeof *talk);
    talk->fd = reach_connect_inet(host, port, STEP_S);
    if (talk->fd < 0) {
        snprintf(talk->reply, sizeof talk->reply, "%s", strerror(errno));
        return false;
    }
    errno = 0;
    return hear(talk) && smtp_say(talk, "EHLO [127.0.0.1]");
}

bool smtp_say(struct smtp_talk *talk, const char *line)
{
    char out[1024];
    int len = snprintf(out, sizeof out, "%s\r\n", line);
    errno = 0;
    return len > 0 && len < (int)sizeof out && send_bytes(talk, out, (size_t)len) &&
           hear(talk);
}

bool smtp_text(struct smtp_talk *talk, struct span text)
{
    struct span line;
    errno = 0;
    while (text.len > 0) {
        span_cut(text, '\n', &line, &text);
        bool is_dotted = line.len > 0 && line.at[0] == '.';
        if ((is_dotted && !send_bytes(talk, ".", 1)) ||
            !send_bytes(talk, line.at, line.len) || !send_bytes(talk, "\r\n", 2))
            return false;
    }
    return smtp_say(talk, ".");
}

void smtp_end(struct smtp_talk *talk)
{
    if (talk->fd < 0)
        return;
    smtp_say(talk, "QUIT");
    close(talk->fd);
    talk->fd = -1;
}
