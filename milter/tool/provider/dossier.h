/* SPDX-License-Identifier: BSD-2-Clause
 *
 * dossier - what a provider's support asks for when its filter was wrong: the address,
 * the original with its whole header, the Message-ID; and what speaks for the sender.
 *
 * Reads the log, the MTA's log and what [store] keep left. What is missing is said,
 * never made up: README.txt, in English and French.
 * Everything lives in tool->arena.
 */
#ifndef OUTGATE_TOOL_PROVIDER_DOSSIER_H
#define OUTGATE_TOOL_PROVIDER_DOSSIER_H

#include "tool/provider/alert_case.h"
#include "tool/provider/archive.h"
#include "tool/provider/maillog.h"
#include "tool/record.h"
#include "tool/tool.h"

enum {
    DOSSIER_MESSAGES = 100, /* of one dossier: a person reads it. chosen */
    DOSSIER_FILES = 3 * DOSSIER_MESSAGES + 2,
};

/* One message of it. */
struct dossier_message {
    struct record record;
    struct span facts, headers, body; /* as kept; "" not kept */
    struct span eml;                  /* header and body with CRLF; "" nothing kept */
    bool is_header_cut;
    bool has_body;       /* the body was kept, or there was none */
    bool is_body_cut;    /* longer than what is kept */
    struct span relay;   /* where the MTA's log says it went, and the answer; "" */
    struct span said_at; /* of the provider: its score and where it saw it; "" */
};

struct dossier {
    const struct alert_case *alert; /* or NULL */
    int64_t made_us;
    struct dossier_message messages[DOSSIER_MESSAGES];
    size_t message_count;
    struct archive_file files[DOSSIER_FILES]; /* README.txt first */
    size_t file_count;
};

/* dossier_add - the message of that record; one that is in it already is passed over.
 * ERR_USAGE when it is full. tool->db is open. */
int dossier_add(struct tool *tool, struct dossier *dossier, const struct record *record,
                struct err *err);

/* dossier_write - make the files, once all messages are added. logs: the MTA's log,
 * read. */
int dossier_write(struct tool *tool, struct dossier *dossier, const struct maillog *log,
                  struct err *err);

/* dossier_is_whole - each message has its whole original. */
bool dossier_is_whole(const struct dossier *dossier);

/* dossier_mail - the files as one mail ready to be completed: its To: and From: are
 * empty, the originals are attached as message/rfc822 (text/rfc822-headers if only
 * these were kept). */
int dossier_mail(struct tool *tool, const struct dossier *dossier, struct span *out,
                 struct err *err);

#endif
