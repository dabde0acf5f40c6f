/* SPDX-License-Identifier: BSD-2-Clause
 *
 * mime_internal - what the mime_*.c files and message.c share; not for others.
 *
 * Stage: message. One struct mime_state is carried through the reading of one
 * message, so that what its parts cost together can be bounded.
 * Threads: a state belongs to one message.
 */
#ifndef OUTGATE_MESSAGE_MIME_INTERNAL_H
#define OUTGATE_MESSAGE_MIME_INTERNAL_H

#include "message/mime.h"

struct mime_state {
    struct arena *arena;
    uint32_t defects;      /* enum defect, gathered */
    uint32_t bounds;       /* enum bound_bit, gathered */
    unsigned iconv_opens;  /* descriptors opened so far; BOUND_CHARSETS at most */
    unsigned iconv_errors; /* bytes refused so far; BOUND_CHARSET_ERRORS at most */
    size_t text_bytes;     /* of all parts so far; BOUND_TEXTS_BYTES at most */
};

/* mime_charset_to_utf8 - as mime_to_utf8. */
struct span mime_charset_to_utf8(struct mime_state *state, struct span bytes,
                                 struct span charset, size_t max_bytes, bool *is_cut);

/* mime_charset_is_known - the name is one that mime_charset_to_utf8 has a fast path
 * or an alias for; iconv may know more. */
bool mime_charset_is_known(struct span charset);

/* mime_ascii_run - how many bytes at the head of s are ASCII. */
size_t mime_ascii_run(struct span s);

/* mime_text_lines - s with CR LF and lone CR as LF; s itself when it has no CR. */
struct span mime_text_lines(struct arena *arena, struct span s);

/* mime_header_decode, mime_parameter_decode - as mime_decode_header, mime_parameter. */
struct span mime_header_decode(struct mime_state *state, struct span raw);
struct span mime_parameter_decode(struct mime_state *state, struct span field_body,
                                  const char *name);

/* Content-Transfer-Encoding. */
enum mime_encoding {
    ENCODING_UNKNOWN = 0,
    ENCODING_IDENTITY, /* 7bit, 8bit, binary, none */
    ENCODING_BASE64,
    ENCODING_QP,
    ENCODING_UU, /* x-uuencode and its spellings */
};

/* mime_encoding_named - by its name, any case. "" is identity. */
enum mime_encoding mime_encoding_named(struct span name);

/* mime_transfer_decode - in, decoded: at most keep_bytes of it are stored (identity:
 * a piece of in itself); *total_bytes is how many there are. */
struct span mime_transfer_decode(struct mime_state *state, enum mime_encoding encoding,
                                 struct span in, size_t keep_bytes,
                                 size_t *total_bytes);

/* A base64 stream that may be fed in pieces. Start with all zero. */
struct mime_base64 {
    uint32_t bits;
    unsigned bit_count; /* of bits, those not yet given out: 0, 2, 4, 6 */
    bool is_padded;     /* '=' was seen */
    bool is_broken;     /* a foreign character, or data after '=' */
};

/* mime_base64_feed - decode in to out, which has room for room bytes; what does not
 * fit is counted only. Returns the number of decoded bytes. */
size_t mime_base64_feed(struct mime_base64 *stream, struct span in, char *out,
                        size_t room);

/* What stands next in a header. */
enum mime_head {
    HEAD_END = 0, /* the empty line (passed over), or the text's end */
    HEAD_FIELD,   /* a field (passed over) */
    HEAD_BODY,    /* a line that is no field: not passed over, the body starts here */
};

/* mime_head_next - productions field and obs-optional (RFC 5322 2.2, 4.5.8): read at
 * *at and move on. body: from after ':' to before the last line end. */
enum mime_head mime_head_next(struct span text, size_t *at, struct span *name,
                              struct span *body);

/* mime_head_pass_junk - at a line that is no field, but a well-known field follows it
 * at once: pass it over and return true. Such lines come from broken programs; mail
 * readers read on. */
bool mime_head_pass_junk(struct span text, size_t *at);

/* mime_field_make - fill *field from a name and a body as they stand, no copy unless
 * the body has CR; what is beyond BOUND_FIELD_BYTES is cut (a bound). */
void mime_field_make(struct mime_state *state, struct span name, struct span body,
                     struct header_field *field);

#endif
