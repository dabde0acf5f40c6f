/* SPDX-License-Identifier: BSD-2-Clause
 *
 * rule_page - one HTML part as published body and uri rules were written for it.
 *
 * Stage: rules. Reads: the text of an HTML part in UTF-8. Gives: its text, hidden text
 * too, with white space where SpamAssassin puts some, and its link targets. It is not
 * what a reader sees (that is message/html): rules that say \n\n or two words across a
 * table cell depend on where exactly the white space stands. Tags are cut as
 * HTML::Parser(3pm) cuts them when it is not strict.
 * Must never: fail, recurse, or take time that grows faster than the input.
 * Pure.
 */
#ifndef OUTGATE_RULES_TEXT_RULE_PAGE_H
#define OUTGATE_RULES_TEXT_RULE_PAGE_H

#include <stddef.h>

#include "base/arena.h"
#include "base/text.h"

struct rule_page {
    struct span text;   /* a line end for br and div, two for p and its like, a space
                           for table cells and list items */
    struct span *links; /* as written and trimmed, and, where it differs, resolved
                           against <base>; not of each a different one */
    size_t link_count;  /* 2 * BOUND_HTML_LINKS at most; beyond
                           BOUND_RULE_RESOLVED_BYTES as written alone */
};

/* rule_page_read - html: UTF-8. All of *out lives in the arena; what that cannot hold
 * is left out. */
void rule_page_read(struct arena *arena, struct span html, struct rule_page *out);

/* rule_page_resolve - target against base ("" for none), RFC 3986 5.2 with the usual
 * leniency: a scheme that equals the base's is none, and a target that begins with
 * //www. or //ftp. gets one. */
struct span rule_page_resolve(struct arena *arena, struct span base,
                              struct span target);

#endif
