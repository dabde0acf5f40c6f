/* SPDX-License-Identifier: BSD-2-Clause
 *
 * dns_cache - answers for as long as they stay true, bounded in number and bytes; the
 * one that nobody asked for longest goes first.
 * Threads: none; its owner holds a lock.
 */
#ifndef OUTGATE_BASE_DNS_CACHE_H
#define OUTGATE_BASE_DNS_CACHE_H

#include "base/dns.h"

struct dns_cache;

/* dns_cache_new - at most so many answers and bytes. NULL: no memory. */
struct dns_cache *dns_cache_new(size_t entries, size_t bytes);
void dns_cache_free(struct dns_cache **cache);

/* dns_cache_find - the answer and the seconds it has left, copied to the arena. name:
 * in the form of base/dns_name. now_us: clock_elapsed_us. */
bool dns_cache_find(struct dns_cache *cache, struct span name, enum dns_type type,
                    int64_t now_us, struct arena *arena, struct dns_answer *out);

/* dns_cache_has - as dns_cache_find, without the answer. */
bool dns_cache_has(struct dns_cache *cache, struct span name, enum dns_type type,
                   int64_t now_us);

/* dns_cache_put - for ttl_s seconds from now_us; in place of what stands there. What
 * there is no memory for is not kept. */
void dns_cache_put(struct dns_cache *cache, struct span name, enum dns_type type,
                   const struct dns_answer *answer, uint32_t ttl_s, int64_t now_us);

size_t dns_cache_count(const struct dns_cache *cache);
size_t dns_cache_bytes(const struct dns_cache *cache);

#endif
