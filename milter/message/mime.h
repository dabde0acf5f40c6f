/* SPDX-License-Identifier: BSD-2-Clause
 *
 * mime - MIME entities and encodings, read as mail readers read them (bounded).
 *
 * Stage: message. Reads a body, gives the parts; decodes transfer encodings (RFC
 * 2045 6.7, 6.8), charsets (iconv, for every name it knows), header words (RFC 2047)
 * and parameters (RFC 2045 5.1, RFC 2231). The walk uses no recursion.
 * Must never: fail, or take time that grows faster than the input's length.
 * Threads: pure but for iconv descriptors, opened and closed in each call.
 */
#ifndef OUTGATE_MESSAGE_MIME_H
#define OUTGATE_MESSAGE_MIME_H

#include "message/message.h"

/* mime_walk - fill msg->parts from msg->fields and msg->body: tree, decoded content,
 * text as UTF-8; sets defects and bounds. HTML is not parsed here. A multipart in
 * which no delimiter is found gets one child of its whole body, text/plain: readers
 * that guess show it. An encoded message/rfc822 is decoded and walked as well. */
void mime_walk(struct message *msg);

/* mime_decode_header - a field's body as UTF-8: unfolded, RFC 2047 words decoded (in
 * any position, as mail readers do), adjacent words joined (section 6.2), trimmed.
 * *defects gains DEFECT_ENCODED_WORD, DEFECT_CHARSET_*, DEFECT_EIGHT_BIT. */
struct span mime_decode_header(struct arena *arena, struct span raw, uint32_t *defects);

/* mime_decode_base64, mime_decode_qp - transfer-decode; out grows in the arena. Never
 * fail: what is not in the alphabet is passed over and noted in *defects. */
struct span mime_decode_base64(struct arena *arena, struct span in, uint32_t *defects);
struct span mime_decode_qp(struct arena *arena, struct span in, uint32_t *defects);

/* mime_to_utf8 - bytes of the named charset as UTF-8 (at most max_bytes of it). An
 * empty name: UTF-8 if it is valid UTF-8, else cp1252 (DEFECT_EIGHT_BIT). An unknown
 * name: the same, and DEFECT_CHARSET_UNKNOWN. us-ascii with 8-bit bytes: the same,
 * and DEFECT_CHARSET_WRONG. iso-8859-1 is read as cp1252 and other names as their
 * usual supersets (WHATWG Encoding, labels). Bytes the charset lacks become U+FFFD
 * and DEFECT_CHARSET_WRONG. *is_cut is set (never cleared) when max_bytes was
 * reached. */
struct span mime_to_utf8(struct arena *arena, struct span bytes, struct span charset,
                         size_t max_bytes, uint32_t *defects, bool *is_cut);

/* mime_parameter - parameter `name` of a structured field body such as
 * `text/plain; charset="utf-8"`, RFC 2231 continuations and charsets decoded to
 * UTF-8; empty if there is none. */
struct span mime_parameter(struct arena *arena, struct span field_body,
                           const char *name, uint32_t *defects);

#endif
