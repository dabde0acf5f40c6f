/* SPDX-License-Identifier: BSD-2-Clause
 *
 * rule_text - the texts that rules are matched against.
 *
 * Stage: rules. Reads: a finished message. Gives: for body, rawbody, uri and full a
 * list of pieces, each at most BOUND_MATCH_TEXT_BYTES, as SpamAssassin cuts them; the
 * bytes are in msg->arena. What the arena cannot hold is left out.
 * Source: Mail::SpamAssassin::Conf(3pm), "body", "rawbody", "uri", "full".
 * Pure.
 */
#ifndef OUTGATE_RULES_RULE_TEXT_H
#define OUTGATE_RULES_RULE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"
#include "message/message.h"

struct rule_text {
    struct span bytes;
    bool
        is_continued; /* goes on from the piece before: ^ does not match at its start */
};

struct rule_texts {
    struct rule_text *at;
    size_t count;
};

/* rule_text_body - the subject first, then all text parts as rendered (hidden HTML
 * text after the visible), 50,000 bytes of each at most; white space folded to one
 * space, paragraphs (parted by an empty line) each one piece, cut at 2048 bytes. */
struct rule_texts rule_text_body(const struct message *msg);

/* rule_text_undisguised - the pieces of body one by one, undisguised. */
struct rule_texts rule_text_undisguised(struct arena *arena, struct rule_texts body);

/* rule_text_rawbody - the text parts, transfer-decoded, markup and line breaks kept,
 * 500,000 bytes of each at most, in pieces of 2 to 4 KiB. */
struct rule_texts rule_text_rawbody(const struct message *msg);

/* rule_text_uri - link targets, image sources and mail addresses in text, each as
 * written and, where it differs, with its scheme added and its escapes decoded. */
struct rule_texts rule_text_uri(const struct message *msg);

/* rule_text_full - the whole message with LF line ends, undecoded. */
struct rule_texts rule_text_full(const struct message *msg);

/* rule_text_unix - text with LF where it has CRLF; the same bytes if it has none. */
struct span rule_text_unix(struct arena *arena, struct span text);

#endif
