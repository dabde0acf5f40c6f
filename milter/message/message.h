/* SPDX-License-Identifier: BSD-2-Clause
 *
 * message - one mail, from raw bytes to what a reader would see.
 *
 * Stage: message. Reads: the bytes that the MTA handed over (header fields one by
 * one, body in pieces cut anywhere) or a file. Gives: the header in order, the MIME
 * tree with decoded text, HTML rendered, links, images, attachments.
 * Must never: use a clock, file, socket, log or lock; fail for what is in a message
 * (it is read as far as it goes, and `bounds` and `defects` say what was odd);
 * recurse as deep as a message asks.
 * Threads: one message, one thread at a time. Everything lives in msg->arena.
 */
#ifndef OUTGATE_MESSAGE_MESSAGE_H
#define OUTGATE_MESSAGE_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/text.h"
#include "message/address.h"
#include "message/html.h"
#include "message/url.h"

/* One header field (RFC 5322 2.2), in the order received. */
struct header_field {
    struct span name;  /* as sent, without ':' */
    struct span raw;   /* the body as sent after ':': leading space and folds kept,
                          line ends as LF, no final line end */
    struct span value; /* unfolded (RFC 5322 2.2.3), RFC 2047 words decoded, UTF-8,
                          trimmed; bytes of no known charset are read as cp1252 */
};

/* RFC 2183 Content-Disposition. */
enum disposition {
    DISPOSITION_UNKNOWN = 0,
    DISPOSITION_INLINE,
    DISPOSITION_ATTACHMENT
};

/* One MIME entity (RFC 2045). Parts stand in msg->parts in the order of the message,
 * a parent before its children; part 0 is the message itself. */
struct part {
    int parent;                  /* index into msg->parts; -1 for part 0 */
    int depth;                   /* 0 for part 0 */
    struct header_field *fields; /* the entity's own header; part 0's is msg->fields */
    size_t field_count;
    struct span type;     /* lower case, e.g. "text"; RFC 2045 5.2 default applied */
    struct span subtype;  /* lower case, e.g. "plain" */
    struct span charset;  /* as declared, "" if not */
    struct span filename; /* RFC 2231 decoded, UTF-8; from disposition or name= */
    struct span encoding; /* Content-Transfer-Encoding, lower case; "" if none */
    enum disposition disposition;
    bool is_multipart;    /* has (or should have had) children: no text of its own; so
                             is a message/rfc822 */
    bool is_attachment;   /* a leaf that a reader does not see inline */
    bool is_text_cut;     /* BOUND_TEXT_BYTES or BOUND_TEXTS_BYTES was reached */
    struct span raw_body; /* as it stands in the message */
    struct span content;  /* a leaf's bytes, transfer-decoded; for leaves that are not
                             text only the first 4096 bytes (magic numbers) */
    size_t content_bytes; /* how many decoded bytes there are in all */
    struct span text;     /* of a text/ leaf: content as UTF-8, line ends as LF, no
                             byte order mark; empty for the others */
    struct html *html;    /* of a text/html leaf: parsed; NULL for the others */
};

/* What was wrong with the form; each is a bit of msg->defects. */
enum defect {
    DEFECT_HEADER_LINE = 1 << 0,       /* a header line that is no field */
    DEFECT_BOUNDARY_MISSING = 1 << 1,  /* multipart without a boundary parameter */
    DEFECT_BOUNDARY_UNCLOSED = 1 << 2, /* no closing delimiter */
    DEFECT_BASE64 = 1 << 3,           /* characters that are not base64, or cut short */
    DEFECT_QUOTED_PRINTABLE = 1 << 4, /* '=' followed by what RFC 2045 6.7 forbids */
    DEFECT_CHARSET_UNKNOWN = 1 << 5,  /* no iconv for a declared charset */
    DEFECT_CHARSET_WRONG = 1 << 6, /* bytes that the declared charset does not have */
    DEFECT_EIGHT_BIT = 1 << 7,     /* 8-bit bytes where no charset was declared,
                                       that are not UTF-8 (RFC 6532) */
    DEFECT_NUL = 1 << 8,           /* NUL bytes */
    DEFECT_ENCODED_WORD = 1 << 9,  /* a broken RFC 2047 word */
    DEFECT_PARAMETER = 1 << 10,    /* a broken Content-* parameter */
    DEFECT_ENCODING_UNKNOWN = 1 << 11, /* Content-Transfer-Encoding of no known name */
    DEFECT_DUPLICATE_FIELD = 1 << 12,  /* a field twice that RFC 5322 3.6 allows once */
};

/* Which bounds of base/bounds.h were reached; each is a bit of msg->bounds. */
enum bound_bit {
    BOUND_BIT_FIELDS = 1 << 0,
    BOUND_BIT_FIELD_BYTES = 1 << 1,
    BOUND_BIT_HEADER_BYTES = 1 << 2,
    BOUND_BIT_BODY_BYTES = 1 << 3, /* the config's scan_bytes: the rest was not seen */
    BOUND_BIT_PARTS = 1 << 4,
    BOUND_BIT_DEPTH = 1 << 5,
    BOUND_BIT_TEXT = 1 << 6,
    BOUND_BIT_LINKS = 1 << 7,
    BOUND_BIT_ARENA = 1 << 8,
    BOUND_BIT_RECIPIENTS = 1 << 9,
    BOUND_BIT_CHARSETS = 1 << 10,  /* BOUND_CHARSETS: later charsets were guessed */
    BOUND_BIT_ADDRESSES = 1 << 11, /* more mailboxes in From:, To: or Cc: */
    BOUND_BIT_RULE_TEXT = 1 << 12, /* BOUND_RULE_*: body rules did not see all text */
};

struct message {
    struct arena *arena; /* the caller's */

    struct header_field *fields; /* in order, BOUND_FIELDS at most */
    size_t field_count;
    size_t header_bytes; /* of the header as received: fields with their line ends
                                (two bytes each when given one by one) */

    struct span body;    /* raw body as received, scan_bytes at most */
    uint64_t body_bytes; /* how many there were */
    uint64_t size_bytes; /* header_bytes + body_bytes */

    struct part *parts; /* part 0 is the message; at least 1 after finish */
    size_t part_count;

    struct span text;   /* what a reader sees: of each multipart/alternative the last
                           part that can be shown (HTML rendered, else plain), of
                           others all inline text parts, each followed by LF; UTF-8 */
    struct link *links; /* of all HTML parts, then URLs found in plain text that is
                           shown or stands beside the HTML; BOUND_HTML_LINKS at most */
    size_t link_count;
    struct image *images; /* of all HTML parts */
    size_t image_count;

    uint32_t defects; /* enum defect */
    uint32_t bounds;  /* enum bound_bit */

    /* private to message.c */
    struct buf body_buf;
    size_t field_room;
    uint64_t scan_bytes;
    unsigned *iconv_opens; /* for BOUND_CHARSETS; in the arena: names are decoded when
                              asked for, and count as well */
};

/* message_new - an empty message in the arena. scan_bytes: most body bytes kept, > 0.
 * Returns NULL when the arena is at its end. */
struct message *message_new(struct arena *arena, uint64_t scan_bytes);

/* message_add_field - the next header field, as libmilter gives it with
 * SMFIP_HDR_LEADSPC: name without ':', value with its leading space, folds as LF (or
 * CRLF) and white space. Copied. */
void message_add_field(struct message *msg, struct span name, struct span value);

/* message_add_body - the next piece of the body, cut anywhere; copied. */
void message_add_body(struct message *msg, const void *bytes, size_t len);

/* message_finish - after the last piece: reads the MIME tree, renders, finds links.
 * Call once. */
void message_finish(struct message *msg);

/* message_read - a whole mail in one span (a file): header, empty line, body; LF or
 * CRLF; an mbox "From " line and leading empty lines are skipped. Splits it, then
 * calls the three above. */
void message_read(struct message *msg, struct span bytes);

/* message_field - the n-th (0 first) field of that name (any case), or NULL. */
const struct header_field *message_field(const struct message *msg, const char *name,
                                         size_t n);

/* message_field_count - how many fields have that name. */
size_t message_field_count(const struct message *msg, const char *name);

/* message_value - the decoded value of the first field of that name, or empty. */
struct span message_value(const struct message *msg, const char *name);

/* message_mailboxes - the mailboxes of the first field of that name, *count of them.
 * The syntax is read before RFC 2047 words are decoded (RFC 2047 5: a word stands for
 * text, never for structure), so that an encoded "<x@bank.example>," stays part of a
 * display name. */
struct mailbox *message_mailboxes(const struct message *msg, const char *name,
                                  size_t *count);

/* message_body - the bytes of the body that were kept so far, before or after finish.
 */
struct span message_body(const struct message *msg);

/* message_bounds - msg->bounds, and what message_mailboxes has run into so far. */
uint32_t message_bounds(const struct message *msg);

#endif
