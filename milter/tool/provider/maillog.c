/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/provider/maillog.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum {
    LINE_BYTES = 16384,    /* longer ones are read in pieces */
    TAIL_BYTES = 256 << 20 /* of a plain file: what is older was rotated. chosen */
};

static int by_id(const void *a, const void *b)
{
    return span_compare(((const struct maillog_entry *)a)->queue_id,
                        ((const struct maillog_entry *)b)->queue_id);
}

int maillog_init(struct maillog *log, struct arena *arena, const struct span *ids,
                 size_t count, struct err *err)
{
    *log = (struct maillog){.arena = arena};
    log->entries = arena_array(arena, count + 1, sizeof *log->entries);
    if (log->entries == NULL)
        return err_set(err, ERR_MEMORY, "out of memory");
    for (size_t i = 0; i < count; i++)
        log->entries[i] = (struct maillog_entry){.queue_id = ids[i],
                                                 .relay_ip = SPAN(""),
                                                 .relay = SPAN(""),
                                                 .status = SPAN("")};
    if (count > 0)
        qsort(log->entries, count, sizeof *log->entries, by_id);
    for (size_t i = 0; i < count; i++)
        if (log->count == 0 || by_id(&log->entries[log->count - 1], &log->entries[i]))
            log->entries[log->count++] = log->entries[i];
    return 0;
}

const struct maillog_entry *maillog_find(const struct maillog *log,
                                         struct span queue_id)
{
    const struct maillog_entry key = {.queue_id = queue_id};
    if (log->count == 0)
        return NULL;
    return bsearch(&key, log->entries, log->count, sizeof key, by_id);
}

/* "... postfix/smtp[123]: QUEUEID: rest": the id and the rest. */
static bool split(struct span line, struct span *id, struct span *rest)
{
    ptrdiff_t at = span_find(line, SPAN("]: "));
    if (at < 0)
        return false;
    return span_cut(span_from(line, (size_t)at + 3), ':', id, rest) && id->len >= 6 &&
           id->len <= 20;
}

/* The value of "name=" up to a comma that is followed by a space, or the end. */
static struct span value_of(struct span text, const char *name)
{
    ptrdiff_t at = span_find(text, span_of(name));
    if (at < 0)
        return SPAN("");
    struct span value = span_from(text, (size_t)at + strlen(name));
    ptrdiff_t end = span_find(value, SPAN(", "));
    return span_trim(end >= 0 ? span_head(value, (size_t)end) : value);
}

/* host[192.0.2.1]:25, host. [192.0.2.1] */
static void take_relay(struct maillog *log, struct maillog_entry *entry,
                       struct span relay)
{
    struct span name;
    struct span rest;
    struct span address;
    if (!span_cut(relay, '[', &name, &rest) || !span_cut(rest, ']', &address, &rest))
        return;
    entry->relay = span_dup(log->arena, span_head(span_trim(name), 255));
    entry->relay_ip = span_dup(log->arena, span_head(address, 46));
}

static void take_line(struct maillog *log, struct span line)
{
    struct span id;
    struct span rest;
    if (!split(line, &id, &rest))
        return;
    struct maillog_entry *entry = (struct maillog_entry *)maillog_find(log, id);
    if (entry == NULL)
        return;
    struct span status = value_of(rest, "status=");
    if (status.len == 0)
        status = value_of(rest, "stat=");
    struct span relay = value_of(rest, "relay=");
    if (status.len == 0 || relay.len == 0)
        return;
    entry->deliveries++;
    entry->status = span_dup(log->arena, span_head(status, 80));
    take_relay(log, entry, relay);
}

static gzFile open_log(const char *path, struct err *err)
{
    bool is_stdin = strcmp(path, "-") == 0;
    gzFile file = is_stdin ? gzdopen(dup(STDIN_FILENO), "rb") : gzopen(path, "rbe");
    if (file == NULL) {
        err_set(err, ERR_IO, "%s: %s", path,
                errno != 0 ? strerror(errno) : "out of memory");
        return NULL;
    }
    gzbuffer(file, 256 * 1024);
    struct stat st;
    if (!is_stdin && gzdirect(file) != 0 && stat(path, &st) == 0 &&
        st.st_size > TAIL_BYTES)
        gzseek(file, st.st_size - TAIL_BYTES, SEEK_SET);
    return file;
}

int maillog_read(struct maillog *log, const char *path, struct err *err)
{
    char line[LINE_BYTES];
    errno = 0;
    gzFile file = open_log(path, err);
    if (file == NULL)
        return -1;
    while (gzgets(file, line, sizeof line) != NULL)
        take_line(log, span_trim(span_of(line)));
    int code;
    const char *text = gzerror(file, &code);
    int rc = code == Z_OK || code == Z_STREAM_END || code == Z_BUF_ERROR
                 ? 0
                 : err_set(err, ERR_IO, "%s: %s", path, text);
    gzclose(file);
    return rc;
}

int maillog_read_all(struct maillog *log, const char *const *paths, size_t count,
                     struct err *err)
{
    static const char *const usual[] = {"/var/log/mail.log", "/var/log/mail.log.1"};
    for (size_t i = 0; i < count; i++)
        if (maillog_read(log, paths[i], err) != 0)
            return -1;
    for (size_t i = 0; i < 2 && count == 0 && log->count > 0; i++)
        if (access(usual[i], R_OK) == 0 && maillog_read(log, usual[i], err) != 0)
            return -1;
    return 0;
}
