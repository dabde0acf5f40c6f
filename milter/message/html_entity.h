/* SPDX-License-Identifier: BSD-2-Clause
 *
 * html_entity - character references of HTML, named and numeric.
 *
 * Stage: message; private to the html modules. Pure.
 * Source: WHATWG HTML 13.2.5.72 to 13.2.5.80 (character reference states).
 */
#ifndef OUTGATE_MESSAGE_HTML_ENTITY_H
#define OUTGATE_MESSAGE_HTML_ENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/text.h"

struct html_entity {
    const char *name;  /* without '&', with ';' where the list has it */
    uint32_t codes[2]; /* the second is 0 for most */
};

/* Sorted by name. */
extern const struct html_entity html_entity_table[];
extern const size_t html_entity_count;

enum { HTML_REFERENCE_BYTES = 8 };

/* html_reference - the character reference at the head of s, which begins with '&'.
 * in_attribute: a name without ';' before '=' or an alphanumeric is no reference.
 * out gets its characters in UTF-8, *out_len how many bytes they are.
 * Returns the bytes of s that it takes, 0 when it is no reference. */
size_t html_reference(struct span s, bool in_attribute, char out[HTML_REFERENCE_BYTES],
                      size_t *out_len);

/* html_decode - append an attribute's value with its references decoded; NUL becomes
 * U+FFFD. */
void html_decode(struct span s, struct buf *out);

#endif
