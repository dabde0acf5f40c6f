/* SPDX-License-Identifier: BSD-2-Clause
 *
 * html_sheet - the <style> rules of a part that a simple selector carries.
 *
 * Stage: message; private to the html modules. Known selectors: element, .class, #id
 * and element with either; all others (combinators, attributes, pseudo-classes but
 * :link) and @-rules with a condition are passed over: mail that hides text does it
 * simply, since mail readers know little more. Lookup takes constant time whatever
 * the rules. Pure.
 * Source: CSS Syntax 3, CSS Cascade 3 (order of id, class, element).
 */
#ifndef OUTGATE_MESSAGE_HTML_SHEET_H
#define OUTGATE_MESSAGE_HTML_SHEET_H

#include "message/html_style.h"

struct html_rule {
    struct span element; /* "" for any */
    struct span name;    /* of the class or id */
    char kind;           /* '.', '#' or ' ' for none */
    struct html_style style;
};

struct html_sheet {
    struct arena *arena;
    struct html_rule *rules;
    size_t rule_count, rule_room;
    uint16_t *index; /* hash to place in rules, plus 1 */
    bool is_bounded; /* a rule was left out */
};

/* html_sheet_read - add the rules of one <style>. Needs sheet->arena; css must stay. */
void html_sheet_read(struct html_sheet *sheet, struct span css);

/* html_sheet_apply - merge what the rules say of an element into style. classes: the
 * class attribute's value. */
void html_sheet_apply(const struct html_sheet *sheet, struct span element,
                      struct span id, struct span classes, struct html_style *style);

#endif
