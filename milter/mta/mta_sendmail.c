/* SPDX-License-Identifier: BSD-2-Clause */
#include "mta/mta_sendmail.h"

#include <dirent.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    CONTROL_BYTES = 65536,
    FILES_MAX = 200000, /* control files looked at for one address. chosen */
};

struct sendmail_queue {
    glob_t folders; /* a pattern may stand in QueueDirectory */
};

const char *sendmail_cf(const char *config)
{
    return config[0] != '\0' ? config : "/etc/mail/sendmail.cf";
}

const char *sendmail_submit_cf(struct arena *arena, const char *config)
{
    static const char name[] = "submit.cf";
    struct span cf = span_of(sendmail_cf(config));
    size_t folder = (size_t)(span_rindex(cf, '/') + 1);
    char *path = arena_alloc(arena, folder + sizeof name);
    if (path == NULL)
        return name;
    memcpy(path, cf.at, folder);
    memcpy(path + folder, name, sizeof name);
    return path;
}

/* ---- folders ---- */

static void queue_pattern(const char *cf, char *out, size_t size)
{
    char line[4096];
    snprintf(out, size, "/var/spool/mqueue");
    FILE *file = fopen(cf, "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        struct span s = span_trim(span_of(line));
        if (span_istarts(s, SPAN("O QueueDirectory="))) {
            s = span_from(s, 17);
            snprintf(out, size, "%.*s", (int)s.len, s.at);
        }
    }
    if (file != NULL)
        fclose(file);
}

int sendmail_queue_open(struct sendmail_queue **out, struct arena *arena,
                        const char *cf, struct err *err)
{
    char pattern[PATH_MAX];
    *out = NULL;
    struct sendmail_queue *queue = arena_alloc(arena, sizeof *queue);
    if (queue == NULL)
        return err_set(err, ERR_MEMORY, "out of memory");
    queue_pattern(cf, pattern, sizeof pattern);
    if (glob(pattern, 0, NULL, &queue->folders) != 0)
        return err_set(err, ERR_IO, "%s: no such queue folder", pattern);
    *out = queue;
    return 0;
}

void sendmail_queue_close(struct sendmail_queue **queue)
{
    if (*queue != NULL)
        globfree(&(*queue)->folders);
    *queue = NULL;
}

/* ---- delete ---- */

static bool unlink_pair(const char *control, const char *data)
{
    int fd = open(control, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fd < 0)
        return false;
    bool done = fcntl(fd, F_SETLK, &lock) == 0 && unlink(control) == 0;
    if (done)
        unlink(data);
    close(fd);
    return done;
}

static bool drop_in(const char *folder, char kind, struct span id)
{
    char control[PATH_MAX], data[PATH_MAX];
    const char *const places[][2] = {{"", ""}, {"qf/", "df/"}};
    for (size_t i = 0; i < 2; i++) {
        snprintf(control, sizeof control, "%s/%s%cf%.*s", folder, places[i][0], kind,
                 (int)id.len, id.at);
        snprintf(data, sizeof data, "%s/%sdf%.*s", folder, places[i][1], (int)id.len,
                 id.at);
        if (unlink_pair(control, data))
            return true;
    }
    return false;
}

bool sendmail_queue_drop(const struct sendmail_queue *queue, struct span id,
                         bool is_quarantined)
{
    for (size_t i = 0; i < queue->folders.gl_pathc; i++)
        if (drop_in(queue->folders.gl_pathv[i], is_quarantined ? 'h' : 'q', id))
            return true;
    return false;
}

/* ---- find ---- */

static bool names_address(const char *path, const char *address)
{
    char bytes[CONTROL_BYTES];
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t got = read(fd, bytes, sizeof bytes);
    close(fd);
    return got > 0 &&
           span_find((struct span){bytes, (size_t)got}, span_of(address)) >= 0;
}

static struct span find_in(const char *folder, struct arena *arena, const char *address,
                           size_t *looked_at)
{
    struct span found = SPAN("");
    DIR *dir = opendir(folder);
    const struct dirent *entry;
    while (dir != NULL && found.len == 0 && *looked_at < FILES_MAX &&
           (entry = readdir(dir)) != NULL) {
        char path[PATH_MAX];
        if (strncmp(entry->d_name, "qf", 2) != 0)
            continue;
        ++*looked_at;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (names_address(path, address))
            found = span_dup(arena, span_of(entry->d_name + 2));
    }
    if (dir != NULL)
        closedir(dir);
    return found;
}

struct span sendmail_queue_find(const struct sendmail_queue *queue, struct arena *arena,
                                const char *address)
{
    size_t looked_at = 0;
    for (size_t i = 0; i < queue->folders.gl_pathc; i++) {
        char nested[PATH_MAX];
        const char *folder = queue->folders.gl_pathv[i];
        struct span found = find_in(folder, arena, address, &looked_at);
        snprintf(nested, sizeof nested, "%s/qf", folder);
        if (found.len == 0)
            found = find_in(nested, arena, address, &looked_at);
        if (found.len > 0)
            return found;
    }
    return SPAN("");
}
