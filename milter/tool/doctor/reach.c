/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/doctor/reach.h"

#include <arpa/inet.h>
#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <netdb.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tool/doctor/milters.h"
#include "tool/print.h"

enum { TIMEOUT_S = 5 };

/* ---- sockets ---- */

static int set_timeouts(int fd, unsigned timeout_s)
{
    struct timeval time = {.tv_sec = timeout_s};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time);
    return fd;
}

static int give_up(int fd)
{
    int saved = errno;
    if (fd >= 0)
        close(fd);
    errno = saved;
    return -1;
}

int reach_connect_unix(const char *path, unsigned timeout_s)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof to.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(to.sun_path, path, strlen(path));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 ||
        connect(set_timeouts(fd, timeout_s), (struct sockaddr *)&to, sizeof to) != 0)
        return give_up(fd);
    return fd;
}

int reach_connect_inet(const char *host, const char *port, unsigned timeout_s)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    int fd = -1;
    errno = EADDRNOTAVAIL;
    if (getaddrinfo(host, port, &hints, &found) != 0)
        return -1;
    for (const struct addrinfo *at = found; at != NULL && fd < 0; at = at->ai_next) {
        fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd >= 0 &&
            connect(set_timeouts(fd, timeout_s), at->ai_addr, at->ai_addrlen) != 0)
            fd = give_up(fd);
    }
    freeaddrinfo(found);
    return fd;
}

static int connect_gate(struct doctor *doctor)
{
    const char *path = milters_socket_path(doctor);
    if (path != NULL)
        return reach_connect_unix(path, TIMEOUT_S);
    struct span port, host;
    span_cut(span_of(strchr(doctor->tool->settings->socket, ':') + 1), '@', &port,
             &host);
    return reach_connect_inet(host.len > 0 ? span_cstr(doctor->arena, host)
                                           : "localhost",
                              span_cstr(doctor->arena, port), TIMEOUT_S);
}

/* ---- the milter protocol's first word ---- */

static bool read_whole(int fd, unsigned char *bytes, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t got = read(fd, bytes + done, size - done);
        if (got <= 0)
            return false;
        done += (size_t)got;
    }
    return true;
}

/* SMFIC_OPTNEG 'O': version, actions, protocol steps, 32 bits each; the answer is the
 * same. Source: libmilter mfdef.h. */
static bool negotiates(int fd)
{
    static const unsigned char offer[] = {0, 0, 0, 13,   'O', 0, 0, 0,   6,
                                          0, 0, 1, 0xff, 0,   0, 0, 0x7f};
    static const unsigned char quit[] = {0, 0, 0, 1, 'Q'};
    unsigned char answer[5];
    bool is_milter = write(fd, offer, sizeof offer) == (ssize_t)sizeof offer &&
                     read_whole(fd, answer, sizeof answer) && answer[4] == 'O';
    if (write(fd, quit, sizeof quit) < 0)
        return is_milter;
    return is_milter;
}

bool reach_daemon(struct doctor *doctor, const char **why)
{
    int fd = connect_gate(doctor);
    if (fd < 0) {
        *why = strerror(errno);
        return false;
    }
    bool is_milter = negotiates(fd);
    *why = is_milter ? "" : "what listens there does not speak the milter protocol";
    close(fd);
    return is_milter;
}

/* ---- as the MTA's user ---- */

/* What a child says: the length of the path that it could reach, or a wish of its own.
 */
enum { REACHED = 0, NOT_PERMITTED = 1, CANNOT_BECOME = 2 };
struct word {
    int what;
    size_t length; /* NOT_PERMITTED: of the part of the path that keeps it out */
    int error;
};

/* Each folder must let it search, the socket write. */
static struct word try_path(const char *path)
{
    char part[PATH_MAX];
    size_t len = strlen(path);
    for (size_t i = 1; i < len && len < sizeof part; i++) {
        if (path[i] != '/')
            continue;
        memcpy(part, path, i);
        part[i] = '\0';
        if (access(part, X_OK) != 0)
            return (struct word){NOT_PERMITTED, i, errno};
    }
    int fd = reach_connect_unix(path, TIMEOUT_S);
    if (fd < 0)
        return (struct word){NOT_PERMITTED, len, errno};
    close(fd);
    return (struct word){.what = REACHED};
}

static void be_user(const struct passwd *user, const char *path, int to)
{
    struct word word = {.what = CANNOT_BECOME};
    if (setgid(user->pw_gid) == 0 && initgroups(user->pw_name, user->pw_gid) == 0 &&
        setuid(user->pw_uid) == 0)
        word = try_path(path);
    _exit(write(to, &word, sizeof word) == (ssize_t)sizeof word ? 0 : 1);
}

static struct word ask_child(const struct passwd *user, const char *path)
{
    struct word word = {.what = CANNOT_BECOME};
    int ends[2];
    if (pipe(ends) != 0)
        return word;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0)
        be_user(user, path, ends[1]);
    close(ends[1]);
    if (child > 0) {
        if (!read_whole(ends[0], (unsigned char *)&word, sizeof word))
            word.what = CANNOT_BECOME;
        waitpid(child, NULL, 0);
    }
    close(ends[0]);
    return word;
}

static const char *why_unreached(struct doctor *doctor)
{
    return doctor->sendmail != NULL
               ? "Sendmail cannot ask the gate: mail waits, or passes unseen, as F= of "
                 "the filter says."
               : "Postfix cannot ask the gate: mail waits, or passes unseen, as "
                 "milter_default_action says.";
}

static void tell_socket(struct doctor *doctor, const char *path, const char *user)
{
    struct finding *finding =
        doctor_find(doctor, LEVEL_BAD, "socket_reachable", span_of(path),
                    "user %s may not write to the gate's socket", user);
    const struct passwd *entry = getpwnam(user);
    const struct group *group = entry != NULL ? getgrgid(entry->pw_gid) : NULL;
    const char *name = group != NULL ? group->gr_name : "postfix";
    doctor_why(finding, why_unreached(doctor));
    doctor_remedy(doctor, finding, REMEDY_SHELL, "chgrp %s %s && chmod 0660 %s", name,
                  print_shell_word(doctor->arena, span_of(path)),
                  print_shell_word(doctor->arena, span_of(path)));
    doctor_set(
        doctor, finding, "socket",
        doctor_text(doctor, "[milter]\nsocket_group = %s\nsocket_mode = 0660", name));
}

static void tell_folder(struct doctor *doctor, const char *path, size_t length,
                        const char *user)
{
    struct span folder = {path, length};
    struct finding *finding =
        doctor_find(doctor, LEVEL_BAD, "socket_reachable", folder,
                    "user %s may not search this folder above the gate's socket", user);
    doctor_why(finding, why_unreached(doctor));
    doctor_remedy(doctor, finding, REMEDY_SHELL, "chmod a+x %s",
                  print_shell_word(doctor->arena, folder));
}

/* Who asks the gate: Postfix's mail_owner; Sendmail's RunAsUser ("user:group"), "" when
 * it is root. */
static const char *mta_user(struct doctor *doctor)
{
    struct span user, group;
    if (doctor->sendmail == NULL)
        return span_cstr(doctor->arena,
                         postfix_value(doctor->postfix, SPAN(""), "mail_owner"));
    span_cut(sendmail_option(doctor->sendmail->text, "RunAsUser"), ':', &user, &group);
    return span_cstr(doctor->arena, user);
}

void doctor_check_reach(struct doctor *doctor)
{
    const char *path = milters_socket_path(doctor);
    const char *name = mta_user(doctor);
    const struct passwd *user = getpwnam(name);
    if (path == NULL || geteuid() != 0 || user == NULL || access(path, F_OK) != 0)
        return;
    struct word word = ask_child(user, path);
    if (word.what == REACHED)
        doctor_find(doctor, LEVEL_OK, "socket_reachable", span_of(path),
                    "user %s reaches the gate", name);
    else if (word.what == NOT_PERMITTED && word.length < strlen(path))
        tell_folder(doctor, path, word.length, name);
    else if (word.what == NOT_PERMITTED && word.error == EACCES)
        tell_socket(doctor, path, name);
}
