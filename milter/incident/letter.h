/* SPDX-License-Identifier: BSD-2-Clause
 *
 * letter - the notices' text: what a person reads at three in the morning.
 *
 * Everything from mail and from keys is escaped (text_escape) and cut; a header field
 * is built from printable ASCII alone, other text in it goes into encoded words; a key
 * stands in a command only quoted for the shell. So nothing in a message can add a
 * header field, a line or a command.
 * Uses the host's time zone; else pure.
 * Source: RFC 5322, RFC 2047 5, RFC 3834 5 (Auto-Submitted), POSIX shell quoting.
 */
#ifndef OUTGATE_INCIDENT_LETTER_H
#define OUTGATE_INCIDENT_LETTER_H

#include "base/buf.h"
#include "base/conf.h"
#include "incident/evidence.h"

enum { LETTER_BYTES = 65536 };

/* From whom, to whom, and what they read of the host. */
struct letter_head {
    const char *host; /* this machine's name */
    const char *from; /* an address */
    const char *const *to;
    size_t to_count;
    const char *mark; /* X-Outgate-Notice:, or NULL: no header at all, text alone */
};

/* letter_incident - the notice of one incident. */
void letter_incident(struct buf *out, const struct letter_head *head,
                     const struct incident *incident, const struct evidence *evidence);

/* letter_digest - one notice for several incidents. */
void letter_digest(struct buf *out, const struct letter_head *head,
                   const struct incident_list *list);

/* letter_title - one line: "limit login reached: sasl_user:bob". Returns out. */
char *letter_title(const struct incident *incident, char *out, size_t size);

/* letter_header - the fields before the text. subject: UTF-8; control characters in it
 * become "?", and it is cut. */
void letter_header(struct buf *out, const struct letter_head *head,
                   struct span subject);

/* letter_time - "2026-01-31 03:12:44 CET"; "-" for 0. */
enum { LETTER_TIME_BYTES = 48 };
char *letter_time(int64_t at_us, char out[LETTER_TIME_BYTES]);

/* letter_quote - text as one word for sh(1); false when it has characters that no
 * terminal should be fed (out is empty then). */
bool letter_quote(struct span text, char *out, size_t size);

#endif
