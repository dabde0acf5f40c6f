/* SPDX-License-Identifier: BSD-2-Clause
 *
 * html_token - HTML text cut into text, tags and comments; no tree, no copies.
 *
 * Stage: message; private to the html modules. Every call moves forward, and all
 * calls together look at each byte a fixed number of times. Pure.
 * Source: WHATWG HTML 13.2.5 (tokenization).
 */
#ifndef OUTGATE_MESSAGE_HTML_TOKEN_H
#define OUTGATE_MESSAGE_HTML_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "message/html_tag.h"

enum html_token_kind {
    HTML_TOKEN_UNKNOWN = 0,
    HTML_TEXT,      /* text: as written, references not decoded */
    HTML_START_TAG, /* text: the name as written; raw: what a raw element holds */
    HTML_END_TAG,   /* text: the name as written */
    HTML_COMMENT,   /* text: what stands inside; also <!doctype>, <?...> and the like */
};

struct html_token {
    enum html_token_kind kind;
    struct span text;
    enum html_tag_id tag;
    struct span raw;        /* of TAG_RAW elements: up to the end tag, which is eaten */
    unsigned handler_count; /* on*= attributes */
    uint32_t has;           /* 1 << enum html_attribute_id: which values are set */
    struct span value[ATTRIBUTE_COUNT]; /* as written; of duplicates the first */
};

struct html_tokenizer {
    struct span rest;
    bool is_truncated; /* ended inside a tag or comment */
    bool is_bounded;   /* a tag has more than BOUND_HTML_ATTRIBUTES */
    bool has_doctype;
};

/* html_token_next - the next token. Returns false at the end. */
bool html_token_next(struct html_tokenizer *in, struct html_token *token);

/* html_token_has - the tag has that attribute. */
bool html_token_has(const struct html_token *token, enum html_attribute_id id);

/* html_token_value - its value as written, "" without. */
struct span html_token_value(const struct html_token *token, enum html_attribute_id id);

#endif
