/* SPDX-License-Identifier: BSD-2-Clause */
#include "rules/text/rule_domains.h"

#include <string.h>

#include "base/bounds.h"
#include "message/url.h"

enum { LABELS_MAX = 3 };

static unsigned *bucket_of(const struct rule_domains *d, struct span suffix)
{
    size_t mask = d->bucket_count - 1;
    size_t i = span_ihash(SPAN_HASH_SEED, suffix) & mask;

    while (d->buckets[i] != 0 && !span_ieq(d->at[d->buckets[i] - 1], suffix))
        i = (i + 1) & mask;
    return &d->buckets[i];
}

static bool has(const struct rule_domains *d, struct span suffix)
{
    return d->bucket_count > 0 && *bucket_of(d, suffix) != 0;
}

static bool grow(struct rule_domains *d)
{
    size_t room = d->room > 0 ? 2 * d->room : 2048;
    struct span *at = arena_array(d->arena, room, sizeof *at);
    unsigned *buckets = arena_array(d->arena, 2 * room, sizeof *buckets);

    if (at == NULL || buckets == NULL)
        return false;
    if (d->count > 0)
        memcpy(at, d->at, d->count * sizeof *at);
    d->at = at;
    d->buckets = buckets;
    d->room = room;
    d->bucket_count = 2 * room;
    for (size_t i = 0; i < d->count; i++)
        *bucket_of(d, at[i]) = (unsigned)i + 1;
    return true;
}

int rule_domains_add(struct rule_domains *domains, struct span suffix)
{
    if (has(domains, suffix))
        return 0;
    if (domains->count >= BOUND_RULE_DOMAINS ||
        (domains->count == domains->room && !grow(domains)))
        return -1;
    *bucket_of(domains, suffix) = (unsigned)domains->count + 1;
    domains->at[domains->count++] = span_lower(domains->arena, suffix);
    domains->tld_count += span_index(suffix, '.') < 0;
    return 0;
}

void rule_domains_clear(struct rule_domains *domains)
{
    *domains = (struct rule_domains){.arena = domains->arena};
}

bool rule_domains_is_tld(const struct rule_domains *domains, struct span label)
{
    return domains->tld_count > 0 ? has(domains, label) : url_has_known_tld(label);
}

bool rule_domains_is_valid(const struct rule_domains *domains, struct span host)
{
    ptrdiff_t dot = span_rindex(host, '.');

    for (size_t i = 0; i < host.len; i++)
        if (ascii_is_space(host.at[i]))
            return false;
    return dot >= 0 && rule_domains_is_tld(domains, span_from(host, (size_t)dot + 1));
}

/* The last n labels of host, or all of it. */
static struct span last_labels(struct span host, size_t n)
{
    size_t at = host.len;

    while (at > 0 && (host.at[at - 1] != '.' || --n > 0))
        at--;
    return span_from(host, at);
}

struct span rule_domains_cut(const struct rule_domains *domains, struct arena *arena,
                             struct span host)
{
    struct span domain;

    for (size_t n = LABELS_MAX; n > 1; n--) {
        struct span suffix = last_labels(host, n);
        if (has(domains, suffix) && span_index(suffix, '.') > 0)
            return last_labels(host, n + 1);
    }
    if (domains->tld_count > 0)
        return last_labels(host, 2);
    domain = url_domain(arena, host);
    return domain.len > 0 ? domain : host;
}
