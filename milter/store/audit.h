/* SPDX-License-Identifier: BSD-2-Clause
 *
 * audit - one row a decision, with its hits, charges and evidence.
 *
 * Stage: audit. Runs inside the transaction that charges the limits.
 * Columns: sql/README.md.
 */
#ifndef OUTGATE_STORE_AUDIT_H
#define OUTGATE_STORE_AUDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "limits/limits.h"
#include "store/db.h"

struct audit_hit {
    const char *rule;
    double score;
};

/* What is stored; empty spans are stored as '' or NULL as sql/README.md says. All text
 * is cut to sane lengths and made valid UTF-8 by audit_record. */
struct audit_row {
    int64_t at_us; /* wall clock */
    enum mail_class mail_class;
    enum mail_path path;
    struct span sender, identified_by; /* "sasl_user:bob", "sasl_user" */
    struct span queue_id, message_id;  /* without <> */
    struct span client_ip, client_name, helo;
    struct span mail_from, header_from, from_domain;
    struct span subject, x_mailer, script;
    struct span campaign;         /* its key, "" for none */
    struct span spf, dkim, dmarc; /* results by name (RFC 8601), "" nobody was asked */
    struct span authentication;   /* RFC 8601 authres-payload without authserv-id */
    bool is_spf_aligned, is_dkim_aligned;
    int64_t recipients;
    struct span *recipient_list; /* the first few, stored in column rcpt_to */
    size_t recipient_list_count;
    int64_t size_bytes;
    double score;
    enum action action;     /* what was done; in shadow mode what would have been */
    enum action meant;      /* what policy and limits asked, before the path's */
    struct span reason;     /* one sentence for a person */
    const char *limit_name; /* NULL if no limit spoke */
    struct span limit_key;
    int64_t due_at_us;    /* 0: none */
    const char *cause;    /* of a hold: "score", "limit", "brake", "block"; NULL: "" */
    struct span reply;    /* SMTP reply text given, "" for none */
    struct span incident; /* incident id, "" for none */
    bool is_shadow;
    int64_t elapsed_us; /* end of message to decision */
    const struct audit_hit *hits;
    size_t hit_count;
    const struct charge *charge;
    struct span facts_json;    /* every fact that is set, a JSON object */
    struct span headers, body; /* as `keep` says; empty: not kept */
};

/* audit_record - insert all of it; *id is the new row's. A hold also enters table
 * held. */
int audit_record(struct db *db, const struct audit_row *row, int64_t *id,
                 struct err *err);

/* audit_now_text - microseconds as "2026-01-31T09:12:44.120Z", 25 bytes with NUL. */
char *audit_time_text(int64_t at_us, char out[32]);

/* audit_expire - delete at most `rows` rows older than before_us with all that hangs on
 * them, and limit slots that no window can see; *deleted says how many. Held mail that
 * still waits is never deleted. */
int audit_expire(struct db *db, int64_t before_us, unsigned rows, int64_t *deleted,
                 struct err *err);

#endif
