/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/dns_zone.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bounds.h"
#include "base/dns_wire.h"
#include "base/dns_zone_file.h"

enum {
    SLOTS = 1 << 14,
    NEGATIVE_TTL_S = 3600, /* without an SOA record. chosen */
};

/* The records of one type at one name. */
struct set {
    struct set *next;
    enum dns_type type;
    size_t room;
    struct dns_answer answer;
};

struct node {
    struct node *next; /* of its slot */
    struct span name;
    struct set *sets;
    uint32_t negative_ttl_s; /* of one with an SOA record */
};

struct dns_zone {
    struct arena *arena;
    struct node *slots[SLOTS];
    size_t count; /* nodes */
};

static struct node **slot_of(struct dns_zone *zone, struct span name)
{
    return &zone->slots[span_hash(SPAN_HASH_SEED, name) % SLOTS];
}

static struct node *find(const struct dns_zone *zone, struct span name)
{
    struct node *node = *slot_of((struct dns_zone *)zone, name);
    while (node != NULL && !span_eq(node->name, name))
        node = node->next;
    return node;
}

static struct set *find_set(const struct node *node, enum dns_type type)
{
    struct set *set = node != NULL ? node->sets : NULL;
    while (set != NULL && set->type != type)
        set = set->next;
    return set;
}

/* The node of a name; those above it are there, too (RFC 4592 2.2.2). */
static struct node *make_node(struct dns_zone *zone, struct span name)
{
    struct node *node = find(zone, name);
    for (struct span at = name; at.len > 0 && find(zone, at) == NULL;
         at = dns_name_parent(at)) {
        struct node *fresh = arena_alloc(zone->arena, sizeof *fresh);
        if (fresh == NULL)
            return NULL;
        fresh->name = span_dup(zone->arena, at);
        struct node **slot = slot_of(zone, at);
        fresh->next = *slot;
        *slot = fresh;
        zone->count++;
        if (node == NULL)
            node = fresh;
    }
    return node;
}

static struct set *make_set(struct dns_zone *zone, struct node *node,
                            enum dns_type type)
{
    struct set *set = find_set(node, type);
    if (set != NULL)
        return set;
    set = arena_alloc(zone->arena, sizeof *set);
    if (set == NULL)
        return NULL;
    set->type = type;
    set->next = node->sets;
    set->answer.status = DNS_FOUND;
    set->answer.ttl_s = UINT32_MAX;
    node->sets = set;
    return set;
}

static int add_record(void *arg, const struct dns_zone_record *from, struct err *err)
{
    struct dns_zone *zone = arg;
    struct node *node = make_node(zone, from->owner);
    if (node != NULL && from->type == DNS_TYPE_UNKNOWN)
        return 0; /* never asked for, but its name is there */
    struct set *set = node != NULL ? make_set(zone, node, from->type) : NULL;
    if (set == NULL)
        return err_set(err, ERR_CONFIG, "the zone is too large");
    struct dns_answer *answer = &set->answer;
    if (answer->count == BOUND_DNS_RECORDS)
        return err_set(err, ERR_CONFIG, "more than %d records of one name and type",
                       BOUND_DNS_RECORDS);
    struct dns_record *records = arena_grow(zone->arena, answer->records, answer->count,
                                            &set->room, sizeof *records);
    if (records == NULL)
        return err_set(err, ERR_CONFIG, "the zone is too large");
    answer->records = records;
    records[answer->count++] = from->record;
    if (from->ttl_s < answer->ttl_s)
        answer->ttl_s = from->ttl_s;
    if (from->type == DNS_SOA)
        node->negative_ttl_s = from->negative_ttl_s;
    return 0;
}

/* An alias has no other data (RFC 1034 3.6.2). */
static int finish(struct dns_zone *zone, const char *path, struct err *err)
{
    for (size_t i = 0; i < SLOTS; i++)
        for (struct node *node = zone->slots[i]; node != NULL; node = node->next) {
            for (struct set *set = node->sets; set != NULL; set = set->next)
                dns_answer_sort(&set->answer);
            struct set *alias = find_set(node, DNS_CNAME);
            if (alias == NULL || (alias == node->sets && alias->next == NULL &&
                                  alias->answer.count == 1))
                continue;
            return err_set(err, ERR_CONFIG,
                           "%s: %.*s is an alias (CNAME) and has other records", path,
                           (int)node->name.len, node->name.at);
        }
    return 0;
}

int dns_zone_parse(struct dns_zone **out, const char *path, struct span text,
                   struct err *err)
{
    struct arena *arena = arena_new(BOUND_DNS_ZONE_MEMORY);
    struct dns_zone *zone = arena != NULL ? arena_alloc(arena, sizeof *zone) : NULL;
    *out = NULL;
    if (zone == NULL) {
        arena_free(&arena);
        return err_set(err, ERR_MEMORY, "no memory for %s", path);
    }
    zone->arena = arena;
    if (dns_zone_file_read(path, text, arena, add_record, zone, err) < 0 ||
        finish(zone, path, err) < 0) {
        dns_zone_free(&zone);
        return -1;
    }
    *out = zone;
    return 0;
}

static int read_all(const char *path, char *text, size_t *len, struct err *err)
{
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return err_set(err, ERR_CONFIG, "%s: %s", path, strerror(errno));
    *len = fread(text, 1, BOUND_DNS_ZONE_BYTES + 1, file);
    bool has_failed = ferror(file) != 0;
    int error = errno;
    fclose(file);
    if (has_failed)
        return err_set(err, ERR_CONFIG, "%s: %s", path, strerror(error));
    if (*len > BOUND_DNS_ZONE_BYTES)
        return err_set(err, ERR_CONFIG, "%s: more than %d bytes", path,
                       BOUND_DNS_ZONE_BYTES);
    return 0;
}

int dns_zone_load(struct dns_zone **out, const char *path, struct err *err)
{
    char *text = malloc(BOUND_DNS_ZONE_BYTES + 1);
    size_t len = 0;
    *out = NULL;
    if (text == NULL)
        return err_set(err, ERR_MEMORY, "no memory for %s", path);
    int result = read_all(path, text, &len, err);
    if (result == 0)
        result = dns_zone_parse(out, path, (struct span){text, len}, err);
    free(text);
    return result;
}

void dns_zone_free(struct dns_zone **zone)
{
    if (*zone == NULL)
        return;
    struct arena *arena = (*zone)->arena; /* the struct lives in it */
    arena_free(&arena);
    *zone = NULL;
}

/* The nearest node at or above name that says whose it is: one with SOA, or one with NS
 * alone. NULL: the file does not say. */
static const struct node *find_cut(const struct dns_zone *zone, struct span name)
{
    for (struct span at = name; at.len > 0; at = dns_name_parent(at)) {
        const struct node *node = find(zone, at);
        if (find_set(node, DNS_SOA) != NULL || find_set(node, DNS_NS) != NULL)
            return node;
    }
    return NULL;
}

/* The wildcard that stands for a name that is not there, below the closest one that is
 * (RFC 4592 3.3.1). */
static const struct node *find_wildcard(const struct dns_zone *zone, struct span name)
{
    struct dns_name star;
    for (struct span at = dns_name_parent(name);; at = dns_name_parent(at)) {
        if (at.len > 0 && find(zone, at) == NULL)
            continue;
        dns_name_read(SPAN("*"), &star, NULL);
        return dns_name_append(&star, at)
                   ? find(zone, (struct span){star.text, star.len})
                   : NULL;
    }
}

static enum dns_zone_says say_nothing(const struct dns_zone *zone, struct span name,
                                      bool is_there, struct dns_answer *out)
{
    const struct node *cut = find_cut(zone, name);
    *out = (struct dns_answer){.status = is_there ? DNS_NO_DATA : DNS_NO_NAME,
                               .ttl_s = NEGATIVE_TTL_S};
    if (cut == NULL)
        return DNS_ZONE_IS_SILENT;
    if (find_set(cut, DNS_SOA) == NULL)
        return DNS_ZONE_IS_ELSEWHERE;
    out->ttl_s = cut->negative_ttl_s;
    return DNS_ZONE_ANSWERS;
}

enum dns_zone_says dns_zone_ask(const struct dns_zone *zone, struct dns_name *name,
                                enum dns_type type, struct dns_answer *out)
{
    uint32_t ttl_s = UINT32_MAX; /* the chain's */
    for (size_t i = 0; i <= BOUND_DNS_CNAMES; i++) {
        struct span at = {name->text, name->len};
        const struct node *node = find(zone, at);
        if (node == NULL && at.len > 0)
            node = find_wildcard(zone, at);
        const struct set *set = find_set(node, type);
        const struct set *alias = set == NULL ? find_set(node, DNS_CNAME) : NULL;
        if (set != NULL) {
            *out = set->answer;
            out->ttl_s = ttl_s < out->ttl_s ? ttl_s : out->ttl_s;
            return DNS_ZONE_ANSWERS;
        }
        if (alias == NULL)
            return say_nothing(zone, at, node != NULL, out);
        struct span target = alias->answer.records[0].text;
        ttl_s = ttl_s < alias->answer.ttl_s ? ttl_s : alias->answer.ttl_s;
        dns_name_read(target, name, NULL);
    }
    *out = (struct dns_answer){.status = DNS_TEMPERROR, .why = "too many aliases"};
    return DNS_ZONE_ANSWERS;
}
