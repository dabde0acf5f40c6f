/* SPDX-License-Identifier: BSD-2-Clause
 *
 * fact_lists - short lists of well-known names that facts ask for.
 *
 * Stage: facts; private to milter/facts. Each list is sorted and searched by halves.
 * They are samples of what is common, in the tree so that a scan needs no network;
 * a site adds its own with rules. Source: chosen, from public knowledge. Pure.
 */
#ifndef OUTGATE_FACTS_FACT_LISTS_H
#define OUTGATE_FACTS_FACT_LISTS_H

#include <stdbool.h>

#include "base/text.h"

enum name_list {
    LIST_UNKNOWN = 0,
    LIST_SHORTENERS, /* URL shorteners, by host */
    LIST_FREE_HOSTS, /* anybody's pages, forms and tunnels, by suffix of the host */
    LIST_FREE_MAIL,  /* anybody's mailboxes, by registrable domain */
    LIST_ODD_TLDS,   /* top-level domains that are cheap and much abused */
    LIST_EXECUTABLES,
    LIST_ARCHIVES,
    LIST_MACROS,    /* office formats that can carry macros */
    LIST_DOCUMENTS, /* what a disguise pretends to be */
    LIST_PAGES,     /* HTML, SVG: opened by a browser */
    LIST_IMAGES,
    LIST_IMPERSONAL, /* whole subjects that say nothing, seven languages */
    LIST_MEETINGS,   /* where people meet, by registrable domain */
    LIST_COUNT
};

/* list_has - name (lower case) stands in the list. */
bool list_has(enum name_list list, struct span name);

/* list_has_suffix - name or one of the domains above it stands in the list. */
bool list_has_suffix(enum name_list list, struct span name);

/* list_names - the list itself, sorted, and its length; for tests. */
const char *const *list_names(enum name_list list, size_t *count);

/* brand_find - a much imitated brand that text (any case) names as a word: the label
 * that its own domains carry, or NULL. Source: chosen, after the brands that public
 * phishing reports name most. */
const char *brand_find(struct span text);

#endif
