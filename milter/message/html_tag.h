/* SPDX-License-Identifier: BSD-2-Clause
 *
 * html_tag - the elements and attributes that mean something here, as numbers.
 *
 * Stage: message; private to the html modules. Pure.
 * Source: WHATWG HTML 13.1.2 (void and raw text elements), 13.2.4.2 (special,
 * formatting, scope), 13.2.6.4.7 (what closes a p), 15.3 (block elements).
 */
#ifndef OUTGATE_MESSAGE_HTML_TAG_H
#define OUTGATE_MESSAGE_HTML_TAG_H

#include "base/text.h"

enum html_tag_id {
    TAG_UNKNOWN = 0,
#define TAG(id, name, flags) TAG_##id,
#include "message/html_tag.def"
#undef TAG
    TAG_COUNT
};

enum html_tag_flag {
    TAG_VOID = 1 << 0,    /* has no content and no end tag */
    TAG_RAW = 1 << 1,     /* content is no markup up to the end tag */
    TAG_DECODED = 1 << 2, /* raw, but references in it are decoded */
    TAG_BLOCK = 1 << 3,   /* begins and ends a line */
    TAG_FORMAT = 1 << 4,  /* an end tag takes it out from under what is still open */
    TAG_SPECIAL = 1 << 5, /* an end tag of an ordinary element does not reach past */
    TAG_SCOPE = 1 << 6,   /* no end tag but a table's reaches past */
    TAG_ENDS_P = 1 << 7,  /* its start closes an open p */
    TAG_GRID = 1 << 8,    /* table structure */
};

enum html_attribute_id {
    ATTRIBUTE_UNKNOWN = 0,
    ATTRIBUTE_ACTION,
    ATTRIBUTE_ALT,
    ATTRIBUTE_BACKGROUND,
    ATTRIBUTE_BGCOLOR,
    ATTRIBUTE_CLASS,
    ATTRIBUTE_COLOR,
    ATTRIBUTE_CONTENT,
    ATTRIBUTE_DATA,
    ATTRIBUTE_FACE,
    ATTRIBUTE_FORMACTION,
    ATTRIBUTE_HEIGHT,
    ATTRIBUTE_HIDDEN,
    ATTRIBUTE_HREF,
    ATTRIBUTE_HTTP_EQUIV,
    ATTRIBUTE_ID,
    ATTRIBUTE_LINK,
    ATTRIBUTE_MEDIA,
    ATTRIBUTE_SIZE,
    ATTRIBUTE_SRC,
    ATTRIBUTE_STYLE,
    ATTRIBUTE_TEXT,
    ATTRIBUTE_TYPE,
    ATTRIBUTE_VALUE,
    ATTRIBUTE_WIDTH,
    ATTRIBUTE_COUNT
};

/* html_tag_id - the element of that name (any case), TAG_UNKNOWN if not listed. */
enum html_tag_id html_tag_id(struct span name);

/* html_tag_flags - the or of enum html_tag_flag; 0 for TAG_UNKNOWN. */
unsigned html_tag_flags(enum html_tag_id id);

/* html_attribute_id - the attribute of that name (any case). */
enum html_attribute_id html_attribute_id(struct span name);

#endif
