/* SPDX-License-Identifier: BSD-2-Clause */
#include "rules/eval/eval_list.h"

#include <string.h>

static struct eval_list *find(const struct eval_lists *lists, struct span name)
{
    for (size_t i = 0; i < lists->count; i++)
        if (span_eq(lists->at[i].name, name))
            return &lists->at[i];
    return NULL;
}

const struct eval_list *eval_lists_find(const struct eval_lists *lists,
                                        struct span name)
{
    return find(lists, name);
}

static struct eval_list *find_or_make(struct eval_lists *lists, struct span name)
{
    struct eval_list *list = find(lists, name), *grown;

    if (list != NULL)
        return list;
    grown = arena_grow(lists->arena, lists->at, lists->count, &lists->room,
                       sizeof *lists->at);
    if (grown == NULL)
        return NULL;
    lists->at = grown;
    list = &lists->at[lists->count++];
    *list = (struct eval_list){.name = span_dup(lists->arena, name)};
    return list;
}

static void hash_in(struct eval_list *list, size_t entry)
{
    size_t at = span_hash(SPAN_HASH_SEED, list->entries[entry].name);

    for (at &= list->bucket_count - 1; list->buckets[at] != 0;)
        at = (at + 1) & (list->bucket_count - 1);
    list->buckets[at] = (unsigned)entry + 1;
}

/* At most half of the buckets are in use. */
static int make_buckets(struct arena *arena, struct eval_list *list)
{
    size_t count = list->bucket_count > 0 ? 2 * list->bucket_count : 16;
    unsigned *buckets;

    if (2 * (list->count + 1) <= list->bucket_count)
        return 0;
    buckets = arena_array(arena, count, sizeof *buckets);
    if (buckets == NULL)
        return -1;
    list->buckets = buckets;
    list->bucket_count = count;
    for (size_t i = 0; i < list->count; i++)
        hash_in(list, i);
    return 0;
}

static int append(struct arena *arena, struct eval_entry **at, size_t *count,
                  size_t *room, struct eval_entry entry)
{
    struct eval_entry *grown = arena_grow(arena, *at, *count, room, sizeof **at);

    if (grown == NULL)
        return -1;
    *at = grown;
    grown[(*count)++] = entry;
    return 0;
}

int eval_lists_add(struct eval_lists *lists, struct span list_name, struct span entry,
                   struct span extra)
{
    struct eval_list *list = find_or_make(lists, list_name);
    struct eval_entry made = {span_lower(lists->arena, entry), extra};

    if (list == NULL)
        return -1;
    if (span_index(entry, '*') >= 0 || span_index(entry, '?') >= 0)
        return append(lists->arena, &list->globs, &list->glob_count, &list->glob_room,
                      made);
    if (make_buckets(lists->arena, list) != 0 ||
        append(lists->arena, &list->entries, &list->count, &list->room, made) != 0)
        return -1;
    hash_in(list, list->count - 1);
    return 0;
}

void eval_lists_remove(struct eval_lists *lists, struct span list_name,
                       struct span entry)
{
    struct eval_list *list = find(lists, list_name);

    for (size_t i = 0; list != NULL && i < list->count; i++)
        if (span_ieq(list->entries[i].name, entry))
            list->entries[i].name = SPAN(""); /* its bucket finds nothing more */
    for (size_t i = 0; list != NULL && i < list->glob_count; i++)
        if (span_ieq(list->globs[i].name, entry))
            list->globs[i].name = SPAN("");
}

/* The last star gives a byte more whenever what follows it does not fit. */
static bool is_glob_match(struct span glob, struct span name, bool stops_at_dot)
{
    size_t g = 0, n = 0, star = 0, star_n = 0;
    bool has_star = false;

    while (n < name.len) {
        if (g < glob.len && glob.at[g] == '*') {
            has_star = true;
            star = g++;
            star_n = n;
        } else if (g < glob.len &&
                   (glob.at[g] == name.at[n] ||
                    (glob.at[g] == '?' && !(stops_at_dot && name.at[n] == '.')))) {
            g++;
            n++;
        } else if (has_star && !(stops_at_dot && name.at[star_n] == '.')) {
            g = star + 1;
            n = ++star_n;
        } else
            return false;
    }
    while (g < glob.len && glob.at[g] == '*')
        g++;
    return g == glob.len;
}

/* Entries of that very name stand before the globs: *from counts through both. */
const struct eval_entry *eval_list_find(const struct eval_list *list, struct span name,
                                        bool stops_at_dot, size_t *from)
{
    size_t at;

    if (list == NULL || name.len == 0)
        return NULL;
    if (*from < list->count && list->bucket_count > 0) {
        size_t best = list->count;
        at = span_hash(SPAN_HASH_SEED, name) & (list->bucket_count - 1);
        for (; list->buckets[at] != 0; at = (at + 1) & (list->bucket_count - 1)) {
            size_t entry = list->buckets[at] - 1;
            if (entry >= *from && entry < best &&
                span_eq(list->entries[entry].name, name))
                best = entry;
        }
        *from = best < list->count ? best + 1 : list->count;
        if (best < list->count)
            return &list->entries[best];
    }
    for (at = *from > list->count ? *from - list->count : 0; at < list->glob_count;
         at++)
        if (is_glob_match(list->globs[at].name, name, stops_at_dot)) {
            *from = list->count + at + 1;
            return &list->globs[at];
        }
    return NULL;
}

bool eval_list_has(const struct eval_list *list, struct span name, bool stops_at_dot)
{
    size_t from = 0;

    return eval_list_find(list, name, stops_at_dot, &from) != NULL;
}
