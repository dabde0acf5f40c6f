/* SPDX-License-Identifier: BSD-2-Clause */
#include "rules/source/rule_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bounds.h"

enum { FILE_BYTES = 64 << 20 }; /* chosen: the largest published has 3 MB */

static int io_error(const char *path, struct err *err)
{
    return err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
}

static int read_all(int fd, char *at, size_t size, size_t *len)
{
    *len = 0;
    while (*len < size) {
        ssize_t n = read(fd, at + *len, size - *len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            return 0;
        *len += (size_t)n;
    }
    return 0;
}

static int read_open(struct arena *arena, int fd, const char *path, struct span *out,
                     struct err *err)
{
    struct stat st;
    char *at;

    if (fstat(fd, &st) != 0)
        return io_error(path, err);
    if (!S_ISREG(st.st_mode))
        return err_set(err, ERR_IO, "%s: not a regular file", path);
    if (st.st_size > FILE_BYTES)
        return err_set(err, ERR_CONFIG, "%s: larger than 64 MiB", path);
    at = arena_alloc(arena, (size_t)st.st_size + 1);
    if (at == NULL)
        return err_set(err, ERR_MEMORY, "no memory for %s", path);
    out->at = at;
    return read_all(fd, at, (size_t)st.st_size, &out->len) == 0 ? 0
                                                                : io_error(path, err);
}

int rule_file_read(struct arena *arena, const char *path, struct span *out,
                   struct err *err)
{
    int rc,
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe must not wait */

    if (fd < 0)
        return io_error(path, err);
    rc = read_open(arena, fd, path, out, err);
    close(fd);
    return rc;
}

static int is_rule_file(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && span_iends(span_of(entry->d_name), SPAN(".cf"));
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static const char *join(struct arena *arena, const char *folder, const char *name)
{
    size_t size = strlen(folder) + strlen(name) + 2;
    char *path = arena_alloc(arena, size);

    if (path != NULL)
        snprintf(path, size, "%s/%s", folder, name);
    return path;
}

static int list_folder(struct arena *arena, const char *path, const char ***files,
                       size_t *count, struct err *err)
{
    struct dirent **entries;
    int found = scandir(path, &entries, is_rule_file, by_bytes);
    bool has_memory;

    if (found < 0)
        return io_error(path, err);
    *count = (size_t)found;
    *files = arena_array(arena, *count, sizeof **files);
    has_memory = *files != NULL;
    for (int i = 0; i < found; i++) {
        const char *file = join(arena, path, entries[i]->d_name);
        free(entries[i]);
        has_memory = has_memory && file != NULL;
        if (has_memory)
            (*files)[i] = file;
    }
    free(entries);
    if (!has_memory)
        return err_set(err, ERR_MEMORY, "no memory for the files of %s", path);
    if (*count > BOUND_RULE_FILES)
        return err_set(err, ERR_CONFIG, "%s: more than %d files", path,
                       BOUND_RULE_FILES);
    return 0;
}

int rule_file_list(struct arena *arena, const char *path, const char ***files,
                   size_t *count, struct err *err)
{
    struct stat st;

    if (stat(path, &st) != 0)
        return io_error(path, err);
    if (S_ISDIR(st.st_mode))
        return list_folder(arena, path, files, count, err);
    *count = 1;
    *files = arena_array(arena, 1, sizeof **files);
    if (*files == NULL)
        return err_set(err, ERR_MEMORY, "no memory for %s", path);
    (*files)[0] = span_dup(arena, span_of(path)).at;
    return 0;
}
