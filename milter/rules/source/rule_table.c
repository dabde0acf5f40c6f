/* SPDX-License-Identifier: BSD-2-Clause */
#include "rules/source/rule_table.h"

#include <stdint.h>
#include <string.h>

#include "base/bounds.h"

const char *rule_kind_name(enum rule_kind kind)
{
    static const char *const names[] = {[RULE_KIND_UNKNOWN] = "not defined",
                                        [RULE_HEADER] = "header",
                                        [RULE_BODY] = "body",
                                        [RULE_RAWBODY] = "rawbody",
                                        [RULE_URI] = "uri",
                                        [RULE_FULL] = "full",
                                        [RULE_META] = "meta",
                                        [RULE_FACT] = "fact",
                                        [RULE_MIMEHEADER] = "mimeheader"};

    return (size_t)kind < sizeof names / sizeof names[0] ? names[kind] : "not defined";
}

/* The bucket that holds the name, or the free one where it belongs. */
static unsigned *bucket_of(const struct rule_table *table, struct span name)
{
    size_t mask = table->bucket_count - 1, i = span_hash(SPAN_HASH_SEED, name) & mask;

    while (table->buckets[i] != 0 &&
           !span_eq(span_of(table->entries[table->buckets[i] - 1]->name), name))
        i = (i + 1) & mask;
    return &table->buckets[i];
}

struct rule_entry *rule_table_find(const struct rule_table *table, struct span name)
{
    unsigned *bucket;

    if (table->bucket_count == 0)
        return NULL;
    bucket = bucket_of(table, name);
    return *bucket != 0 ? table->entries[*bucket - 1] : NULL;
}

static bool grow(struct rule_table *table)
{
    size_t room = table->room > 0 ? 2 * table->room : 256;
    struct rule_entry **entries = arena_array(table->arena, room, sizeof(void *));
    unsigned *buckets = arena_array(table->arena, 2 * room, sizeof *buckets);

    if (entries == NULL || buckets == NULL)
        return false;
    if (table->count > 0)
        memcpy(entries, table->entries, table->count * sizeof(void *));
    table->entries = entries;
    table->buckets = buckets;
    table->room = room;
    table->bucket_count = 2 * room;
    for (size_t i = 0; i < table->count; i++)
        *bucket_of(table, span_of(entries[i]->name)) = (unsigned)i + 1;
    return true;
}

struct rule_entry *rule_table_put(struct rule_table *table, struct span name,
                                  const struct rule_place *place)
{
    struct rule_entry *entry = rule_table_find(table, name);

    if (entry != NULL)
        return entry;
    if (table->count >= BOUND_RULES || (table->count == table->room && !grow(table)))
        return NULL;
    entry = arena_alloc(table->arena, sizeof *entry);
    if (entry == NULL)
        return NULL;
    entry->name = span_dup(table->arena, name).at;
    entry->place = *place;
    *bucket_of(table, name) = (unsigned)table->count + 1;
    table->entries[table->count++] = entry;
    return entry;
}

const char *rule_table_nearest(const struct rule_table *table, struct span name)
{
    const char *nearest = NULL;
    unsigned best = name.len < 8 ? 2 : 3; /* farther is no typing error (chosen) */

    for (size_t i = 0; i < table->count; i++) {
        const struct rule_entry *entry = table->entries[i];
        struct span other = span_of(entry->name);
        unsigned distance;
        if (entry->kind == RULE_KIND_UNKNOWN || other.len + best < name.len ||
            name.len + best < other.len)
            continue;
        distance = text_distance(name, other);
        if (distance >= best || distance == 0)
            continue;
        best = distance;
        nearest = entry->name;
    }
    return nearest;
}
