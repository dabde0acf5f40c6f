/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/dns_cache.h"

#include <stdalign.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/dns_wire.h"

struct entry {
    struct entry *next;          /* of its slot */
    struct entry *newer, *older; /* by last use */
    int64_t expires_us;
    size_t bytes;
    uint32_t hash;
    enum dns_type type;
    struct span name;
    struct dns_answer answer;
    alignas(max_align_t) char storage[]; /* the answer's records, then the name */
};

struct dns_cache {
    struct entry **slots;
    size_t slot_count; /* a power of two */
    struct entry *newest, *oldest;
    size_t count, bytes, max_entries, max_bytes;
    uint32_t seed; /* who picks the names must not pick the slots */
};

struct dns_cache *dns_cache_new(size_t entries, size_t bytes)
{
    struct dns_cache *cache = calloc(1, sizeof *cache);
    if (cache == NULL)
        return NULL;
    cache->slot_count = 64;
    while (cache->slot_count < entries)
        cache->slot_count *= 2;
    cache->slots = calloc(cache->slot_count, sizeof *cache->slots);
    cache->max_entries = entries;
    cache->max_bytes = bytes;
    if (getrandom(&cache->seed, sizeof cache->seed, GRND_NONBLOCK) < 0)
        cache->seed = SPAN_HASH_SEED;
    if (cache->slots == NULL)
        dns_cache_free(&cache);
    return cache;
}

static uint32_t hash_of(const struct dns_cache *cache, struct span name,
                        enum dns_type type)
{
    char kind = (char)type;
    return span_hash(span_hash(cache->seed, (struct span){&kind, 1}), name);
}

static struct entry **slot_of(const struct dns_cache *cache, uint32_t hash)
{
    return &cache->slots[hash & (cache->slot_count - 1)];
}

static void unlink_use(struct dns_cache *cache, struct entry *entry)
{
    if (entry->newer != NULL)
        entry->newer->older = entry->older;
    else
        cache->newest = entry->older;
    if (entry->older != NULL)
        entry->older->newer = entry->newer;
    else
        cache->oldest = entry->newer;
}

static void link_newest(struct dns_cache *cache, struct entry *entry)
{
    entry->newer = NULL;
    entry->older = cache->newest;
    if (cache->newest != NULL)
        cache->newest->newer = entry;
    else
        cache->oldest = entry;
    cache->newest = entry;
}

static void drop(struct dns_cache *cache, struct entry *entry)
{
    struct entry **at = slot_of(cache, entry->hash);
    while (*at != entry)
        at = &(*at)->next;
    *at = entry->next;
    unlink_use(cache, entry);
    cache->count--;
    cache->bytes -= entry->bytes;
    free(entry);
}

void dns_cache_free(struct dns_cache **cache)
{
    if (*cache == NULL)
        return;
    while ((*cache)->oldest != NULL)
        drop(*cache, (*cache)->oldest);
    free((*cache)->slots);
    free(*cache);
    *cache = NULL;
}

/* What is true no longer goes when it is met. */
static struct entry *find(struct dns_cache *cache, struct span name, enum dns_type type,
                          int64_t now_us)
{
    uint32_t hash = hash_of(cache, name, type);
    struct entry *entry = *slot_of(cache, hash);
    while (entry != NULL &&
           (entry->hash != hash || entry->type != type || !span_eq(entry->name, name)))
        entry = entry->next;
    if (entry == NULL || entry->expires_us > now_us)
        return entry;
    drop(cache, entry);
    return NULL;
}

bool dns_cache_find(struct dns_cache *cache, struct span name, enum dns_type type,
                    int64_t now_us, struct arena *arena, struct dns_answer *out)
{
    struct entry *entry = find(cache, name, type, now_us);
    if (entry == NULL)
        return false;
    unlink_use(cache, entry);
    link_newest(cache, entry);
    dns_answer_copy(&entry->answer, arena, out);
    out->ttl_s = (uint32_t)((entry->expires_us - now_us + 999999) / 1000000);
    return true;
}

bool dns_cache_has(struct dns_cache *cache, struct span name, enum dns_type type,
                   int64_t now_us)
{
    return find(cache, name, type, now_us) != NULL;
}

void dns_cache_put(struct dns_cache *cache, struct span name, enum dns_type type,
                   const struct dns_answer *answer, uint32_t ttl_s, int64_t now_us)
{
    size_t records = dns_answer_bytes(answer);
    size_t bytes = sizeof(struct entry) + records + name.len;
    struct entry *old = find(cache, name, type, now_us);
    struct entry *entry = bytes <= cache->max_bytes ? malloc(bytes) : NULL;
    if (old != NULL)
        drop(cache, old);
    if (entry == NULL)
        return;
    while (cache->oldest != NULL && (cache->count >= cache->max_entries ||
                                     cache->bytes + bytes > cache->max_bytes))
        drop(cache, cache->oldest);
    entry->expires_us = now_us + (int64_t)ttl_s * 1000000;
    entry->bytes = bytes;
    entry->type = type;
    entry->hash = hash_of(cache, name, type);
    dns_answer_pack(answer, entry->storage, &entry->answer);
    memcpy(entry->storage + records, name.at, name.len);
    entry->name = (struct span){entry->storage + records, name.len};
    struct entry **slot = slot_of(cache, entry->hash);
    entry->next = *slot;
    *slot = entry;
    link_newest(cache, entry);
    cache->count++;
    cache->bytes += bytes;
}

size_t dns_cache_count(const struct dns_cache *cache)
{
    return cache->count;
}

size_t dns_cache_bytes(const struct dns_cache *cache)
{
    return cache->bytes;
}
