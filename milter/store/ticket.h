/* SPDX-License-Identifier: BSD-2-Clause
 *
 * ticket - who sent a message, kept from its first pass to the border.
 *
 * Stage: the border layout (gate/border). The message carries a random mark; all that
 * it stands for is here, where its sender cannot write.
 * Columns: sql/README.md, tables ticket and border_message.
 */
#ifndef OUTGATE_STORE_TICKET_H
#define OUTGATE_STORE_TICKET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "limits/limit.h"
#include "message/digest.h"
#include "store/db.h"

enum { TICKET_MARK_BYTES = 33 }; /* with NUL: 128 bits in hexadecimal */

/* How long mail may be on its way through this host: Postfix gives up after
 * maximal_queue_lifetime, 5 days, and what came out of the hold queue is tried once
 * more. Inbound mail has by far the most tickets, and is sent on when it is delivered:
 * at once, but for a full disk or the like. chosen */
#define TICKET_KEEP_US         (7 * INT64_C(86400000000))
#define TICKET_KEEP_INBOUND_US (2 * INT64_C(86400000000))

/* A row of ticket. Spans are stored as they stand; those read live in the arena. */
struct ticket_row {
    struct span mark;
    int64_t made_us;
    int64_t message; /* the first pass's audit row; 0: none, it came in */
    struct span queue_id;
    enum mail_class mail_class; /* what it is when it leaves: outbound or forwarded */
    enum mail_path path;        /* of the first pass */
    struct span sender, client_ip;
    enum action action;     /* what the first pass decided */
    bool is_notice;         /* outgate's own notice: the brake does not concern it */
    struct span digest;     /* digest_message */
    struct span recipients; /* sorted tokens of those that it decided and that have not
                               passed yet */
};

/* ticket_mark - a new mark, from the kernel's random numbers. ERR_IO. */
int ticket_mark(char out[TICKET_MARK_BYTES], struct err *err);

int ticket_store(struct db *db, const struct ticket_row *row, struct err *err);

/* ticket_find - 1: *out is the ticket of that mark; 0: there is none; -1. */
int ticket_find(struct db *db, struct span mark, struct arena *arena,
                struct ticket_row *out, struct err *err);

/* ticket_take - recipients (sorted tokens) pass with it under queue_id: those of them
 * that are in the list leave the list. */
int ticket_take(struct db *db, const struct ticket_row *row, struct span recipients,
                int64_t now_us, struct span queue_id, struct arena *arena,
                struct err *err);

/* ticket_expire - delete the tickets that are older than the above at now_us, at most
 * `rows` of inbound mail and as many others, but none of mail that is held or was let
 * go since; *deleted: how many of the kind that had more. */
int ticket_expire(struct db *db, int64_t now_us, unsigned rows, int64_t *deleted,
                  struct err *err);

/* What the border's own audit row says beside the others. */
struct border_row {
    int64_t message;              /* the row in table message */
    const struct ticket_row *row; /* NULL: it had none */
    const char *ticket;           /* "sound" "none" "unknown" "changed" */
    struct span forwarded_by;     /* the local address that sent it on; "" unknown */
};

int ticket_record(struct db *db, const struct border_row *row, struct err *err);

#endif
