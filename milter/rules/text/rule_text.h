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
#ifndef OUTGATE_RULES_TEXT_RULE_TEXT_H
#define OUTGATE_RULES_TEXT_RULE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"
#include "rules/text/rule_view.h"

/* rule_text_body - the subject first, then all text parts as rendered (HTML with its
 * hidden text; see rule_page), 50,000 bytes of each at most; white space folded to one
 * space, paragraphs (parted by an empty line) each one piece, cut at 2048 bytes. */
struct rule_texts rule_text_body(struct rule_view *view);

/* rule_text_undisguised - the pieces of body one by one, undisguised. */
struct rule_texts rule_text_undisguised(struct rule_view *view);

/* rule_text_rawbody - the text parts, transfer-decoded, markup and line breaks kept,
 * 500,000 bytes of each at most, in pieces of 2 to 4 KiB. */
struct rule_texts rule_text_rawbody(struct rule_view *view);

/* rule_text_uri - link targets of HTML, image sources too, and links and mail
 * addresses in the body's text, in all their forms (see rule_uri), sorted. */
struct rule_texts rule_text_uri(struct rule_view *view);

/* rule_text_full - the whole message with LF line ends, undecoded. */
struct rule_texts rule_text_full(struct rule_view *view);

/* rule_text_unix - text with LF where it has CRLF; the same bytes if it has none. */
struct span rule_text_unix(struct arena *arena, struct span text);

#endif
