/* SPDX-License-Identifier: BSD-2-Clause
 *
 * eval_list - named lists of addresses, domains or hosts, some with * and ? in them.
 *
 * Stage: rules. Names are compared in lower case. An entry without wildcards is found
 * by its hash; the others are tried in turn, each in time linear in the name for each
 * of its stars.
 * Pure.
 */
#ifndef OUTGATE_RULES_EVAL_LIST_H
#define OUTGATE_RULES_EVAL_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/text.h"

struct eval_entry {
    struct span name;  /* lower case */
    struct span extra; /* a second word that belongs to it; "" if none */
};

struct eval_list {
    struct span name;
    struct eval_entry *entries; /* without wildcards */
    size_t count, room;
    unsigned *buckets; /* entry + 1; 0 is free */
    size_t bucket_count;
    struct eval_entry *globs;
    size_t glob_count, glob_room;
};

struct eval_lists {
    struct arena *arena;
    struct eval_list *at;
    size_t count, room;
};

/* eval_lists_find - the list of that name, or NULL. */
const struct eval_list *eval_lists_find(const struct eval_lists *lists,
                                        struct span name);

/* eval_lists_add - an entry of a list, which is made if there is none. -1 without
 * memory. */
int eval_lists_add(struct eval_lists *lists, struct span list, struct span entry,
                   struct span extra);

/* eval_lists_remove - take an entry out again, as it was written. */
void eval_lists_remove(struct eval_lists *lists, struct span list, struct span entry);

/* eval_list_find - the first entry that name (lower case) is or fits; *from, 0 at
 * first, makes the next call go on behind it. NULL: no more. list may be NULL.
 * stops_at_dot: * and ? stand for no dot. */
const struct eval_entry *eval_list_find(const struct eval_list *list, struct span name,
                                        bool stops_at_dot, size_t *from);

/* eval_list_has - is there any such entry? */
bool eval_list_has(const struct eval_list *list, struct span name, bool stops_at_dot);

#endif
