/* SPDX-License-Identifier: BSD-2-Clause
 *
 * html_stack - the open elements, and how text inside them looks.
 *
 * Stage: message; private to the html modules. At most BOUND_HTML_DEPTH elements are
 * remembered; what is opened beyond looks like its parent. A start tag closes what it
 * implies the end of (p, li, td, tr, ...); an end tag closes up to the matching open
 * element if there is one, but only a table's end tags reach out of a cell; the end
 * tag of a formatting element (b, font, a, ...) leaves open what was opened inside.
 * Work a tag is bounded by the depth. Pure.
 * Source: WHATWG HTML 13.2.6.4.7 ("in body"), simplified; CSS 2.1 6 (inheritance).
 */
#ifndef OUTGATE_MESSAGE_HTML_STACK_H
#define OUTGATE_MESSAGE_HTML_STACK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bounds.h"
#include "message/html_style.h"
#include "message/html_tag.h"

/* How an element's content is shown. */
struct html_look {
    bool is_gone;      /* box not shown; nothing inside can come back */
    bool is_invisible; /* visibility: hidden; what is inside may say visible */
    int32_t font_size; /* hundredths of a pixel */
    int32_t colour;
    int32_t background; /* the nearest that is not transparent */
};

struct html_open {
    enum html_tag_id tag;
    uint32_t hash; /* of the name of a TAG_UNKNOWN */
    struct html_style style;
    struct html_look look;
};

enum { STACK_BUCKETS = 256 };

struct html_stack {
    struct html_open open[BOUND_HTML_DEPTH]; /* the first is the page, never closed */
    uint16_t open_count[STACK_BUCKETS]; /* open elements by bucket: no search in vain */
    size_t depth;                       /* >= 1 */
    size_t unkept;                      /* open beyond the bound */
    size_t steps_left;                  /* of searching through what is open */
    bool is_quirky; /* no doctype: tables do not inherit font sizes */
    bool is_bounded;
};

/* html_stack_init - only the page is open: black on white. text_bytes: of the source,
 * whose length bounds how much is searched for what a tag closes. */
void html_stack_init(struct html_stack *stack, size_t text_bytes);

/* html_stack_look - of what is open innermost. */
const struct html_look *html_stack_look(const struct html_stack *stack);

/* html_stack_style_page - what <html> and <body> say of the page. */
void html_stack_style_page(struct html_stack *stack, const struct html_style *style);

/* html_stack_imply - close what the start of tag implies the end of. */
void html_stack_imply(struct html_stack *stack, enum html_tag_id tag);

/* html_stack_push - open an element. */
void html_stack_push(struct html_stack *stack, enum html_tag_id tag, struct span name,
                     const struct html_style *style);

/* html_stack_close - an end tag. */
void html_stack_close(struct html_stack *stack, enum html_tag_id tag, struct span name);

/* html_stack_has - an element of a known tag is open. */
bool html_stack_has(const struct html_stack *stack, enum html_tag_id tag);

/* html_look_of - how an element with that style looks inside a parent. */
struct html_look html_look_of(const struct html_look *parent, enum html_tag_id tag,
                              const struct html_style *style, bool is_quirky);

/* html_look_hides_text - text of that look is in the source and not seen. */
bool html_look_hides_text(const struct html_look *look);

#endif
