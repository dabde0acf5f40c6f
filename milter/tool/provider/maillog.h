/* SPDX-License-Identifier: BSD-2-Clause
 *
 * maillog - the MTA's own log, asked for a few queue ids: where did each message go?
 *
 * Reads Postfix's and Sendmail's delivery lines in syslog, maillog or journal format,
 * plain or gzip'ed, streaming; of a plain file that is large its end alone.
 * Lines are hostile: bounded, copied, escaped by whoever prints them.
 * Source: Postfix smtp(8) ("relay=host[addr]:port, ..., status=sent"), Sendmail 8.17
 * ("relay=host. [addr], ..., stat=Sent").
 */
#ifndef OUTGATE_TOOL_PROVIDER_MAILLOG_H
#define OUTGATE_TOOL_PROVIDER_MAILLOG_H

#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"

struct maillog_entry {
    struct span queue_id;
    struct span relay_ip; /* of the last delivery; "" none was seen */
    struct span relay;    /* its name */
    struct span status;   /* "sent", "deferred", "Sent (ok)" ... */
    size_t deliveries;    /* lines with a status for it */
};

struct maillog {
    struct arena *arena;
    struct maillog_entry *entries; /* sorted by queue id, no two alike */
    size_t count;
};

/* maillog_init - ids: those asked for, count of them, in any order, repeated or not.
 * -1 without memory. */
int maillog_init(struct maillog *log, struct arena *arena, const struct span *ids,
                 size_t count, struct err *err);

/* maillog_read - one more file; "-" is standard input. */
int maillog_read(struct maillog *log, const char *path, struct err *err);

/* maillog_read_all - these files; none: those that Debian has, if they can be read and
 * any queue id is asked for. */
int maillog_read_all(struct maillog *log, const char *const *paths, size_t count,
                     struct err *err);

/* maillog_find - the entry of a queue id, or NULL. */
const struct maillog_entry *maillog_find(const struct maillog *log,
                                         struct span queue_id);

#endif
