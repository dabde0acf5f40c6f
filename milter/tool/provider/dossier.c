/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/provider/dossier.h"

#include <stdio.h>
#include <string.h>

#include "base/bounds.h"
#include "base/buf.h"
#include "tool/print.h"
#include "tool/provider/dossier_text.h"

enum { TEXT_BYTES = 8 << 20 };

/* ---- what was kept ---- */

static int read_evidence(struct tool *tool, struct dossier_message *message,
                         struct err *err)
{
    struct query *query = db_query(
        tool->db, "SELECT facts, headers, body FROM evidence WHERE message = ?1", err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, message->record.id);
    int rc = query_step(query, err);
    if (rc == 1) {
        message->facts = span_dup(tool->arena, query_text(query, 0));
        message->headers = span_dup(tool->arena, query_text(query, 1));
        message->body = span_dup(tool->arena, query_text(query, 2));
    }
    query_reset(query);
    return rc < 0 ? -1 : 0;
}

/* The header is kept with LF, a line each; on the wire it had CRLF. */
static void add_header(struct buf *out, struct span headers)
{
    for (size_t i = 0; i < headers.len; i++) {
        if (headers.at[i] == '\n' && (i == 0 || headers.at[i - 1] != '\r'))
            buf_add_char(out, '\r');
        buf_add_char(out, headers.at[i]);
    }
    if (headers.len > 0 && headers.at[headers.len - 1] != '\n')
        buf_add_span(out, SPAN("\r\n"));
}

/* record.size_bytes counts header and body as they came, without the empty line
 * between them: what it has more than what is kept is missing. */
static int join(struct tool *tool, struct dossier_message *message, struct err *err)
{
    struct buf eml;
    buf_init(&eml, tool->arena, 8 << 20);
    if (message->headers.len == 0)
        return 0;
    add_header(&eml, message->headers);
    int64_t body_bytes = message->record.size_bytes - (int64_t)eml.len;
    message->is_header_cut = message->headers.len >= BOUND_STORED_HEADER_BYTES;
    message->has_body = message->body.len > 0 || body_bytes <= 0;
    message->is_body_cut = message->body.len > 0 && !message->is_header_cut &&
                           body_bytes > (int64_t)message->body.len;
    if (message->body.len >= BOUND_STORED_BODY_BYTES)
        message->is_body_cut = true;
    buf_add_span(&eml, SPAN("\r\n"));
    buf_add_span(&eml, message->body);
    message->eml = buf_span(&eml);
    return eml.is_full ? err_set(err, ERR_MEMORY, "out of memory") : 0;
}

/* ---- what the provider said ---- */

static int read_said(struct tool *tool, struct dossier_message *message,
                     struct err *err)
{
    struct query *query =
        db_query(tool->db,
                 "SELECT at_us, score, destination_ip, blocked_ip FROM provider_report "
                 "WHERE message = ?1 ORDER BY at_us DESC LIMIT 1",
                 err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, message->record.id);
    int rc = query_step(query, err);
    if (rc == 1) {
        struct buf out;
        char time[PRINT_TIME_BYTES];
        buf_init(&out, tool->arena, 1000);
        if (!query_is_null(query, 1))
            buf_printf(&out, "score %lld, ", (long long)query_int(query, 1));
        buf_printf(&out, "to %s, read %s",
                   query_text(query, 2).len > 0
                       ? print_escape(tool->arena, query_text(query, 2))
                       : "(not said)",
                   print_time(query_int(query, 0), time));
        message->said_at = span_of(buf_cstr(&out));
    }
    query_reset(query);
    return rc < 0 ? -1 : 0;
}

static bool has_message(const struct dossier *dossier, int64_t id)
{
    for (size_t i = 0; i < dossier->message_count; i++)
        if (dossier->messages[i].record.id == id)
            return true;
    return false;
}

int dossier_add(struct tool *tool, struct dossier *dossier, const struct record *record,
                struct err *err)
{
    if (has_message(dossier, record->id))
        return 0;
    if (dossier->message_count == DOSSIER_MESSAGES)
        return err_set(err, ERR_USAGE,
                       "a dossier takes %d messages: name those that show it best",
                       DOSSIER_MESSAGES);
    struct dossier_message *message = &dossier->messages[dossier->message_count++];
    *message = (struct dossier_message){.record = *record,
                                        .facts = SPAN(""),
                                        .headers = SPAN(""),
                                        .body = SPAN(""),
                                        .eml = SPAN(""),
                                        .relay = SPAN(""),
                                        .said_at = SPAN("")};
    if (read_evidence(tool, message, err) != 0 || join(tool, message, err) != 0)
        return -1;
    return read_said(tool, message, err);
}

bool dossier_is_whole(const struct dossier *dossier)
{
    for (size_t i = 0; i < dossier->message_count; i++) {
        const struct dossier_message *message = &dossier->messages[i];
        if (message->eml.len == 0 || !message->has_body || message->is_header_cut ||
            message->is_body_cut)
            return false;
    }
    return dossier->message_count > 0;
}

/* ---- files ---- */

static int add_file(struct tool *tool, struct dossier *dossier, struct span bytes,
                    const char *name, int64_t id, struct err *err)
{
    char *path = arena_alloc(tool->arena, ARCHIVE_NAME_MAX + 1);
    if (path == NULL || dossier->file_count == DOSSIER_FILES)
        return err_set(err, ERR_MEMORY, "out of memory");
    if (id > 0)
        snprintf(path, ARCHIVE_NAME_MAX + 1, "outgate-dossier/%lld/%s", (long long)id,
                 name);
    else
        snprintf(path, ARCHIVE_NAME_MAX + 1, "outgate-dossier/%s", name);
    dossier->files[dossier->file_count++] = (struct archive_file){path, bytes};
    return 0;
}

static int add_text(struct tool *tool, struct dossier *dossier, struct buf *text,
                    const char *name, int64_t id, struct err *err)
{
    if (text->is_full)
        return err_set(err, ERR_MEMORY, "%s grows too long", name);
    return add_file(tool, dossier, buf_span(text), name, id, err);
}

static void find_relay(struct tool *tool, struct dossier_message *message,
                       const struct maillog *log)
{
    const struct maillog_entry *entry = maillog_find(log, message->record.queue_id);
    struct buf out;
    if (entry == NULL || entry->deliveries == 0)
        return;
    buf_init(&out, tool->arena, 1000);
    buf_printf(&out, "%s [%s]: %s", print_escape(tool->arena, entry->relay),
               print_escape(tool->arena, entry->relay_ip),
               print_escape(tool->arena, entry->status));
    message->relay = span_of(buf_cstr(&out));
}

static int write_message(struct tool *tool, struct dossier *dossier,
                         struct dossier_message *message, struct err *err)
{
    struct buf text;
    int64_t id = message->record.id;
    buf_init(&text, tool->arena, TEXT_BYTES);
    if (dossier_text_message(tool, message, &text, err) != 0 ||
        add_text(tool, dossier, &text, "message.txt", id, err) != 0)
        return -1;
    if (message->eml.len > 0 &&
        add_file(tool, dossier, message->eml,
                 message->has_body ? "original.eml" : "headers-only.eml", id, err) != 0)
        return -1;
    return message->facts.len > 0
               ? add_file(tool, dossier, message->facts, "facts.json", id, err)
               : 0;
}

int dossier_write(struct tool *tool, struct dossier *dossier, const struct maillog *log,
                  struct err *err)
{
    struct buf readme;
    struct buf senders;
    buf_init(&readme, tool->arena, TEXT_BYTES);
    buf_init(&senders, tool->arena, TEXT_BYTES);
    for (size_t i = 0; i < dossier->message_count; i++)
        find_relay(tool, &dossier->messages[i], log);
    dossier_text_readme(tool, dossier, &readme);
    if (dossier_text_senders(tool, dossier, &senders, err) != 0 ||
        add_text(tool, dossier, &readme, "README.txt", 0, err) != 0 ||
        add_text(tool, dossier, &senders, "senders.txt", 0, err) != 0)
        return -1;
    for (size_t i = 0; i < dossier->message_count; i++)
        if (write_message(tool, dossier, &dossier->messages[i], err) != 0)
            return -1;
    return 0;
}
