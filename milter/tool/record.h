/* SPDX-License-Identifier: BSD-2-Clause
 *
 * record - rows of the audit log, read and printed; and which one a person means.
 */
#ifndef OUTGATE_TOOL_RECORD_H
#define OUTGATE_TOOL_RECORD_H

#include "base/json.h"
#include "limits/limit.h"
#include "tool/tool.h"

/* One message of the log. Spans live in the arena given to record_next. */
struct record {
    int64_t id, at_us;
    struct span mail_class, path, sender, identified_by;
    struct span queue_id, message_id, client_ip, client_name, helo;
    struct span mail_from, header_from, subject, x_mailer, script, rcpt_to;
    int64_t recipients, size_bytes;
    double score;
    struct span action_text, meant, reason;
    enum action action;
    struct span limit_name, limit_key; /* "" if no limit spoke */
    int64_t due_at_us;                 /* 0: none */
    struct span reply, incident;
    bool is_shadow;
    int64_t elapsed_us;
    struct span campaign;         /* "" none */
    struct span spf, dkim, dmarc; /* "" nobody was asked */
    struct span authentication;   /* all of it, RFC 8601; "" nobody was asked */
};

/* One message by a name of it; the first that is not empty counts. Any filters:
 * tool/walk. */
struct record_filter {
    struct span queue_id, message_id, message_id_local, incident;
    int64_t limit; /* rows at most; 0: all */
};

/* record_select - start reading rows, newest first. NULL with err. */
struct query *record_select(struct db *db, const struct record_filter *filter,
                            struct err *err);

/* record_next - the next row: 1, 0 at the end, -1 with err. */
int record_next(struct query *query, struct arena *arena, struct record *out,
                struct err *err);

/* record_read - the row with that id: 1, 0 there is none, -1 with err. */
int record_read(struct db *db, int64_t id, struct arena *arena, struct record *out,
                struct err *err);

/* record_sender - the key of a sender that a person means: "sasl_user:Bob" in its
 * spelling, and what has no kind ("bob") with the first kind that the log has it
 * under, in the order of enum identity. False when it has none: *key is then the word
 * in that spelling. */
bool record_sender(struct tool *tool, struct span word, struct span *key);

/* record_find - the message that a person means: id of a row, queue id, incident id or
 * Message-ID (whole, with or without <>, or its local part); of several the newest.
 * others: how many more there are. ERR_NOT_FOUND. */
int record_find(struct tool *tool, struct span word, struct record *out, size_t *others,
                struct err *err);

/* record_local_part - what stands before the last '@' of a Message-ID. */
struct span record_local_part(struct span message_id);

/* record_without_angles - a Message-ID without <> and white space around it. */
struct span record_without_angles(struct span text);

/* record_json - the members that `log --json` prints of a row, into an open object. */
void record_json(struct json *json, const struct record *record);

/* record_json_time - a time as "2026-01-31T09:12:44.120Z"; null for 0. */
void record_json_time(struct json *json, const char *name, int64_t at_us);

#endif
