/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/dns.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bounds.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/dns_cache.h"
#include "base/dns_name.h"
#include "base/dns_pulse.h"
#include "base/dns_query.h"
#include "base/dns_wire.h"
#include "base/dns_zone.h"
#include "base/netaddr.h"
#include "base/troubles.h"

enum {
    TURN_MS = 250, /* how often questions that are overdue are looked for */
    SILENT_UNDER_WAY =
        8,               /* questions that servers which are silent are asked at once */
    REVERSE_BYTES = 512, /* a reversed address and a list's name */
};

/* One question under way and those who wait for its answer. */
struct flight {
    struct flight *next;
    struct dns *dns;
    struct dns_question question;
    struct dns_name name;
    enum dns_type type;
    int64_t started_us;
    unsigned waiting;
    bool is_done;
    bool is_probe; /* nobody's question */
    pthread_cond_t done;
    void *storage; /* the answer's */
    struct dns_answer answer;
};

struct dns {
    struct dns_zone *zone;   /* NULL: none */
    struct dns_query *query; /* NULL: no servers */
    unsigned references;
    struct dns_tally *tally;
    pthread_mutex_t lock;   /* over all below */
    pthread_cond_t room;    /* a flight has ended */
    struct dns_pulse pulse; /* of the servers */
    int64_t dead_since_us;  /* wall clock, while they are silent; else 0 */
    struct troubles *troubles;
    struct dns_cache *cache;
    struct flight *flights;
    size_t under_way; /* flights */
    pthread_t thread;
    bool has_thread, is_over;
};

static const struct dns_answer nobody = {.status = DNS_TEMPERROR,
                                         .why = "no server answers"};
static const struct dns_answer no_memory = {.status = DNS_TEMPERROR,
                                            .why = "no memory for the question"};

bool dns_is_server(struct span text)
{
    char server[DNS_SERVER_BYTES];
    return dns_query_server(text, server);
}

int dns_open(struct dns **out, const struct dns_options *options, struct err *err)
{
    struct dns *dns = calloc(1, sizeof *dns);
    *out = NULL;
    if (dns == NULL)
        return err_set(err, ERR_MEMORY, "no memory for the resolver");
    dns->references = 1;
    dns->troubles = troubles_new(); /* without memory nothing is told */
    pthread_mutex_init(&dns->lock, NULL);
    clock_cond_init(&dns->room);
    dns->tally = dns_tally_new();
    int result =
        dns->tally != NULL ? 0 : err_set(err, ERR_MEMORY, "no memory for the resolver");
    if (result == 0 && options->zone != NULL && options->zone[0] != '\0')
        result = dns_zone_load(&dns->zone, options->zone, err);
    if (result == 0 && options->server_count > 0) {
        dns->cache = dns_cache_new(BOUND_DNS_CACHE_ENTRIES, BOUND_DNS_CACHE_BYTES);
        result = dns->cache != NULL
                     ? dns_query_open(&dns->query, options, err)
                     : err_set(err, ERR_MEMORY, "no memory for the DNS cache");
    }
    if (result < 0)
        dns_close(&dns);
    *out = dns;
    return result;
}

struct dns *dns_acquire(struct dns *dns)
{
    __atomic_add_fetch(&dns->references, 1, __ATOMIC_RELAXED);
    return dns;
}

static void free_flight(struct flight *flight)
{
    pthread_cond_destroy(&flight->done);
    free(flight->storage);
    free(flight);
}

static void stop_thread(struct dns *dns)
{
    pthread_mutex_lock(&dns->lock);
    dns->is_over = true;
    bool has_thread = dns->has_thread;
    pthread_mutex_unlock(&dns->lock);
    if (!has_thread)
        return;
    dns_query_wake(dns->query);
    pthread_join(dns->thread, NULL);
}

void dns_close(struct dns **dns)
{
    struct dns *old = *dns;
    *dns = NULL;
    if (old == NULL || __atomic_sub_fetch(&old->references, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    stop_thread(old);
    dns_query_close(&old->query);
    while (old->flights !=
           NULL) { /* asked ahead: nobody waits, or he has no reference */
        struct flight *flight = old->flights;
        old->flights = flight->next;
        free_flight(flight);
    }
    dns_cache_free(&old->cache);
    dns_zone_free(&old->zone);
    troubles_free(&old->troubles);
    dns_tally_release(&old->tally);
    pthread_cond_destroy(&old->room);
    pthread_mutex_destroy(&old->lock);
    free(old);
}

bool dns_is_configured(const struct dns *dns)
{
    return dns != NULL && (dns->zone != NULL || dns->query != NULL);
}

bool dns_trouble(struct dns *dns, char out[ERR_TEXT_BYTES])
{
    return dns != NULL && troubles_take(dns->troubles, out);
}

bool dns_has_answered(struct dns *dns, int64_t since_us)
{
    if (dns->query == NULL)
        return true;
    pthread_mutex_lock(&dns->lock);
    bool has_answered = dns->pulse.heard_us >= since_us && dns->pulse.heard_us != 0;
    pthread_mutex_unlock(&dns->lock);
    return has_answered;
}

void dns_count(struct dns *dns, struct dns_counts *out)
{
    *out = (struct dns_counts){0};
    for (enum dns_counter i = 0; i < DNS_COUNTERS; i++)
        out->at[i] = dns_tally_get(dns->tally, i);
    pthread_mutex_lock(&dns->lock);
    out->under_way = dns->under_way;
    out->dead_since_us = dns->dead_since_us;
    if (dns->cache != NULL) {
        out->entries = dns_cache_count(dns->cache);
        out->bytes = dns_cache_bytes(dns->cache);
    }
    pthread_mutex_unlock(&dns->lock);
}

void dns_count_on(struct dns *dns, const struct dns *old)
{
    dns_tally_release(&dns->tally);
    dns->tally = dns_tally_acquire(old->tally);
}

void dns_budget_init(struct dns_budget *budget, int64_t deadline_us, unsigned lookups)
{
    *budget = (struct dns_budget){.deadline_us = clock_elapsed_us() + deadline_us,
                                  .lookups_left = lookups};
}

void dns_budget_end(struct dns *dns, const struct dns_budget *budget)
{
    if (!dns_is_configured(dns))
        return;
    dns_tally_add(dns->tally, DNS_MESSAGES);
    if (budget->timeouts > 0)
        dns_tally_add(dns->tally, DNS_MESSAGES_LATE);
}

/* How long an answer is believed. */
static uint32_t bounded_ttl(const struct dns_answer *answer)
{
    uint32_t most = BOUND_DNS_NEGATIVE_TTL_S;
    if (answer->status == DNS_FOUND)
        most = BOUND_DNS_TTL_S;
    if (answer->status == DNS_TEMPERROR)
        return BOUND_DNS_FAILURE_TTL_S;
    if (answer->ttl_s < 1)
        return 1;
    return answer->ttl_s < most ? answer->ttl_s : most;
}

/* Something came: from a server, or the library gave up. With the lock. */
static void hear(struct dns *dns, const struct dns_answer *answer)
{
    if (answer->status == DNS_TEMPERROR && !answer->is_cut && !answer->is_bogus)
        return;
    int64_t silent_us = dns_pulse_hear(&dns->pulse, clock_elapsed_us());
    dns->dead_since_us = 0;
    if (silent_us > 0)
        troubles_say(dns->troubles, "DNS: servers answer again after %lld s",
                     (long long)(silent_us / 1000000));
}

static enum dns_counter ending(const struct dns_answer *answer)
{
    if (answer == &nobody)
        return DNS_LOOKUP_UNANSWERED;
    if (answer->is_bogus)
        return DNS_LOOKUP_BOGUS;
    return answer->status == DNS_TEMPERROR ? DNS_LOOKUP_FAILED : DNS_LOOKUP_ANSWERED;
}

/* The flight has its answer: into the cache, and to who waits. With the lock. */
static void land(struct flight *flight, const struct dns_answer *answer)
{
    struct dns *dns = flight->dns;
    struct dns_answer timed = *answer;
    timed.ttl_s = bounded_ttl(answer);
    struct flight **at = &dns->flights;
    while (*at != flight)
        at = &(*at)->next;
    *at = flight->next;
    dns->under_way--;
    if (!flight->is_probe)
        dns_tally_add(dns->tally, ending(answer));
    hear(dns, answer);
    dns_cache_put(dns->cache, (struct span){flight->name.text, flight->name.len},
                  flight->type, &timed, timed.ttl_s, clock_elapsed_us());
    pthread_cond_broadcast(&dns->room);
    if (flight->waiting == 0) {
        free_flight(flight);
        return;
    }
    flight->storage = malloc(dns_answer_bytes(&timed) + 1);
    if (flight->storage != NULL)
        dns_answer_pack(&timed, flight->storage, &flight->answer);
    else
        flight->answer = no_memory;
    flight->is_done = true; /* the last who waits frees it */
    pthread_cond_broadcast(&flight->done);
}

static void on_told(void *arg, const struct dns_answer *answer)
{
    struct flight *flight = arg;
    pthread_mutex_t *lock = &flight->dns->lock;
    pthread_mutex_lock(lock);
    land(flight, answer);
    pthread_mutex_unlock(lock);
}

/* Whoever does not answer must not fill the list of questions under way. */
static void give_up_overdue(struct dns *dns)
{
    int64_t since_us = clock_elapsed_us() - BOUND_DNS_QUESTION_S * INT64_C(1000000);
    struct flight *next;
    for (struct flight *flight = dns->flights; flight != NULL; flight = next) {
        next = flight->next;
        if (flight->started_us > since_us)
            continue;
        dns_query_cancel(dns->query, &flight->question);
        land(flight, &nobody);
    }
}

static void *resolve(void *arg);

/* With the first question, no signal is its business. */
static bool start_thread(struct dns *dns)
{
    sigset_t all, before;
    if (dns->has_thread)
        return true;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    dns->has_thread = pthread_create(&dns->thread, NULL, resolve, dns) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return dns->has_thread;
}

static struct flight *find_flight(struct dns *dns, const struct dns_name *name,
                                  enum dns_type type)
{
    struct flight *flight = dns->flights;
    while (flight != NULL && (flight->type != type || flight->name.len != name->len ||
                              memcmp(flight->name.text, name->text, name->len) != 0))
        flight = flight->next;
    return flight;
}

/* Begin a question. With the lock. NULL: the resolver cannot. */
static struct flight *take_off(struct dns *dns, const struct dns_name *name,
                               enum dns_type type)
{
    struct flight *flight = start_thread(dns) ? calloc(1, sizeof *flight) : NULL;
    if (flight == NULL)
        return NULL;
    flight->dns = dns;
    flight->name = *name;
    flight->type = type;
    flight->started_us = clock_elapsed_us();
    clock_cond_init(&flight->done);
    sigset_t all, before; /* the library starts a thread of its own */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool is_asked =
        dns_query_ask(dns->query, &flight->question,
                      name->len > 0 ? flight->name.text : ".", type, on_told, flight);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!is_asked) {
        free_flight(flight);
        return NULL;
    }
    flight->next = dns->flights;
    dns->flights = flight;
    dns->under_way++;
    dns_pulse_ask(&dns->pulse, flight->started_us);
    return flight;
}

/* A question that only a server can answer, and each at once: of a name that is
 * nobody's (RFC 6761 6.4), another one each time, for the library has a cache of its
 * own. With the lock. */
static void probe(struct dns *dns)
{
    char text[40];
    struct dns_name name;
    snprintf(text, sizeof text, "probe-%llx.invalid",
             (unsigned long long)clock_elapsed_us());
    struct flight *flight =
        dns_name_read(span_of(text), &name, NULL) ? take_off(dns, &name, DNS_A) : NULL;
    if (flight != NULL)
        flight->is_probe = true;
}

static void feel_pulse(struct dns *dns)
{
    bool fell;
    if (dns_pulse_turn(&dns->pulse, clock_elapsed_us(), &fell))
        probe(dns);
    if (!fell)
        return;
    int64_t silent_us = clock_elapsed_us() - dns->pulse.since_us;
    dns->dead_since_us = clock_wall_us() - silent_us;
    dns_tally_add(dns->tally, DNS_DEATHS);
    troubles_say(
        dns->troubles,
        "DNS: no server answers, or all fail: what needs it is not known until one "
        "does, and no mail waits for it");
}

static void *resolve(void *arg)
{
    struct dns *dns = arg;
    bool is_over = false;
    while (!is_over) {
        dns_query_turn(dns->query, TURN_MS);
        pthread_mutex_lock(&dns->lock);
        give_up_overdue(dns);
        feel_pulse(dns);
        is_over = dns->is_over;
        pthread_mutex_unlock(&dns->lock);
    }
    return NULL;
}

/* Wait on a condition until the budget's deadline. Returns false when it has passed. */
static bool wait_for(struct dns *dns, pthread_cond_t *cond,
                     const struct dns_budget *budget)
{
    struct timespec until = {.tv_sec = budget->deadline_us / 1000000,
                             .tv_nsec = budget->deadline_us % 1000000 * 1000};
    return clock_elapsed_us() < budget->deadline_us &&
           pthread_cond_timedwait(cond, &dns->lock, &until) == 0;
}

static enum dns_counter be_late(struct dns_budget *budget, struct dns_answer *out,
                                enum dns_counter how)
{
    budget->timeouts++;
    *out = (struct dns_answer){.status = DNS_TEMPERROR, .why = "no answer in time"};
    return how;
}

/* The flight's answer. With the lock, which is given up while it waits. */
static enum dns_counter await(struct dns *dns, struct flight *flight,
                              struct dns_budget *budget, struct arena *arena,
                              struct dns_answer *out)
{
    enum dns_counter how = DNS_BY_SERVERS;
    flight->waiting++;
    while (!flight->is_done && wait_for(dns, &flight->done, budget))
        ;
    if (!flight->is_done)
        how = be_late(budget, out, DNS_LATE);
    else if (flight->answer.status == DNS_TEMPERROR)
        how = DNS_FAILED;
    if (flight->is_done)
        dns_answer_copy(&flight->answer, arena, out);
    if (--flight->waiting == 0 && flight->is_done)
        free_flight(flight);
    return how;
}

/* Nobody waits for servers that are silent; but some questions go out all the same,
 * that they be answered as soon as they are. With the lock. */
static void skip(struct dns *dns, const struct dns_name *name, enum dns_type type)
{
    if (dns->under_way < SILENT_UNDER_WAY && find_flight(dns, name, type) == NULL)
        take_off(dns, name, type);
}

/* A question that leaves is the message's to pay; false, and *out says so: it cannot.
 */
static bool pay(struct dns_budget *budget, struct dns_answer *out)
{
    if (budget->lookups_left > 0) {
        budget->lookups_left--;
        return true;
    }
    *out = (struct dns_answer){.status = DNS_SPENT,
                               .why = "too many questions for one message"};
    return false;
}

/* From the cache, else from the servers. With the lock. */
static enum dns_counter ask_servers(struct dns *dns, struct dns_budget *budget,
                                    const struct dns_name *name, enum dns_type type,
                                    struct arena *arena, struct dns_answer *out)
{
    struct span key = {name->text, name->len};
    if (dns_cache_find(dns->cache, key, type, clock_elapsed_us(), arena, out))
        return DNS_BY_CACHE;
    if (dns_pulse_is_silent(&dns->pulse)) {
        skip(dns, name, type);
        *out = nobody;
        return DNS_SKIPPED;
    }
    struct flight *flight = find_flight(dns, name, type);
    while (flight == NULL && budget->lookups_left > 0 &&
           dns->under_way >= BOUND_DNS_UNDER_WAY) {
        if (!wait_for(dns, &dns->room, budget))
            return be_late(budget, out, DNS_CROWDED);
        flight = find_flight(dns, name, type);
    }
    if (flight == NULL && !pay(budget, out))
        return DNS_UNPAID;
    if (flight == NULL)
        flight = take_off(dns, name, type);
    if (flight != NULL)
        return await(dns, flight, budget, arena, out);
    *out = no_memory;
    return DNS_UNASKED;
}

/* What the zone says of name, or whom to ask else. Returns true when *out is the
 * answer. name: the one to ask others for. */
static bool ask_zone(struct dns *dns, struct dns_name *name, enum dns_type type,
                     struct arena *arena, struct dns_answer *out)
{
    struct dns_answer answer;
    if (dns->zone == NULL)
        return false;
    enum dns_zone_says says = dns_zone_ask(dns->zone, name, type, &answer);
    if (says != DNS_ZONE_ANSWERS && dns->query != NULL)
        return false;
    if (says == DNS_ZONE_IS_ELSEWHERE)
        answer = (struct dns_answer){.status = DNS_TEMPERROR,
                                     .why = "delegated, and no server is configured"};
    dns_answer_copy(&answer, arena, out);
    return true;
}

void dns_ask(struct dns *dns, struct dns_budget *budget, struct span text,
             enum dns_type type, struct arena *arena, struct dns_answer *out)
{
    struct dns_name name;
    *out = (struct dns_answer){.status = DNS_NO_NAME, .ttl_s = BOUND_DNS_TTL_S};
    budget->asked++;
    if (!dns_name_read(text, &name, NULL) || type == DNS_TYPE_UNKNOWN)
        return;
    enum dns_counter how = DNS_BY_ZONE;
    bool is_zone = ask_zone(dns, &name, type, arena, out);
    if (!is_zone && dns->query != NULL) {
        pthread_mutex_lock(&dns->lock);
        how = ask_servers(dns, budget, &name, type, arena, out);
        pthread_mutex_unlock(&dns->lock);
    } else if (!is_zone) {
        how = DNS_UNASKED;
        *out = (struct dns_answer){.status = DNS_TEMPERROR,
                                   .why = "no server is configured"};
    }
    dns_tally_add(dns->tally, how);
}

void dns_prefetch(struct dns *dns, struct dns_budget *budget, struct span text,
                  enum dns_type type)
{
    struct dns_name name;
    struct dns_answer answer;
    if (dns->query == NULL || !dns_name_read(text, &name, NULL) ||
        (dns->zone != NULL &&
         dns_zone_ask(dns->zone, &name, type, &answer) == DNS_ZONE_ANSWERS))
        return;
    pthread_mutex_lock(&dns->lock);
    struct span key = {name.text, name.len};
    if (dns->under_way < BOUND_DNS_UNDER_WAY / 2 && !dns_pulse_is_silent(&dns->pulse) &&
        find_flight(dns, &name, type) == NULL &&
        !dns_cache_has(dns->cache, key, type, clock_elapsed_us()) &&
        (budget == NULL || budget->lookups_left > 0) &&
        take_off(dns, &name, type) != NULL && budget != NULL)
        budget->lookups_left--;
    pthread_mutex_unlock(&dns->lock);
}

struct span dns_reverse_name(struct arena *arena, struct span address, struct span zone)
{
    struct netaddr parsed;
    struct buf out;
    if (!netaddr_parse(address, &parsed))
        return SPAN("");
    buf_init(&out, arena, REVERSE_BYTES);
    for (size_t i = parsed.bits / 8; i-- > 0;)
        if (parsed.bits == 32)
            buf_printf(&out, "%u.", parsed.bytes[i]);
        else
            buf_printf(&out, "%x.%x.", parsed.bytes[i] & 15u, parsed.bytes[i] >> 4);
    if (zone.len > 0)
        buf_add_span(&out, zone);
    else
        buf_add_span(&out, parsed.bits == 32 ? SPAN("in-addr.arpa") : SPAN("ip6.arpa"));
    return out.is_full ? SPAN("") : buf_span(&out);
}

void dns_ask_ptr(struct dns *dns, struct dns_budget *budget, struct span address,
                 struct arena *arena, struct dns_answer *out)
{
    struct span name = dns_reverse_name(arena, address, SPAN(""));
    if (name.len > 0)
        dns_ask(dns, budget, name, DNS_PTR, arena, out);
    else
        *out = (struct dns_answer){.status = DNS_NO_NAME, .ttl_s = BOUND_DNS_TTL_S};
}

const char *dns_status_name(enum dns_status status)
{
    static const char *const names[] = {"",        "found",     "no data",
                                        "no name", "temperror", "spent"};
    return names[status];
}
