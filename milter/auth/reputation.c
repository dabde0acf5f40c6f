/* SPDX-License-Identifier: BSD-2-Clause */
#include "auth/reputation.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "auth/reputation_list.h"
#include "base/arena.h"
#include "base/bounds.h"
#include "base/clock.h"
#include "base/netaddr.h"
#include "message/url.h"

enum {
    LISTS_BYTES = 1 << 20,
    FAILURES_MOST = 5, /* without an answer in a row, then it is left alone. chosen */
};
#define SECOND_US    INT64_C(1000000)
#define FAIR_US      (SECOND_US / 5) /* the least time in which silence is its fault */
#define SILENT_US    (600 * SECOND_US)  /* left alone for: no answer */
#define REFUSED_US   (3600 * SECOND_US) /* refused or absurd; then doubled up to */
#define REFUSED_MOST (86400 * SECOND_US)

struct list {
    struct list_spec spec;
    bool is_of_addresses; /* which test entries it has */
    /* under the lock */
    int64_t rest_until_us; /* clock_elapsed_us; 0: it is asked */
    int64_t rest_us;       /* how long the next rest takes; 0: the first */
    unsigned failures;     /* in a row, without an answer */
};

struct lists {
    struct list *at;
    size_t count;
};

struct reputation {
    struct arena *arena;
    struct lists clients, helos, links;
    const struct conf_list *local_domains;
    struct span helo;
    struct troubles *troubles;
    uint32_t seed; /* of the order in which too many names are taken */
    pthread_mutex_t lock;
};

/* ---- open and close ---- */

static int read_lists(struct reputation *r, struct lists *out,
                      const struct conf_list *items, bool is_of_addresses,
                      const char *key, struct err *err)
{
    if (items == NULL || items->count == 0)
        return 0;
    if (items->count > BOUND_LISTS)
        return err_set(err, ERR_CONFIG, "[reputation] %s: more than %d lists", key,
                       BOUND_LISTS);
    out->at = arena_array(r->arena, items->count, sizeof *out->at);
    if (out->at == NULL)
        return err_set(err, ERR_MEMORY, "no memory for the DNS lists");
    for (size_t i = 0; i < items->count; i++) {
        struct list *list = &out->at[out->count++];
        list->is_of_addresses = is_of_addresses;
        if (list_spec_parse(&list->spec, r->arena, span_of(items->at[i]), err) < 0)
            return err_prefix(err, "[reputation] %s", key);
    }
    return 0;
}

static int fill(struct reputation *r, const struct reputation_options *options,
                struct err *err)
{
    if (read_lists(r, &r->clients, options->client_lists, true, "client_lists", err) <
            0 ||
        read_lists(r, &r->helos, options->helo_lists, false, "helo_lists", err) < 0)
        return -1;
    return read_lists(r, &r->links, options->link_lists, false, "link_lists", err);
}

int reputation_open(struct reputation **out, const struct reputation_options *options,
                    struct err *err)
{
    struct reputation *r = calloc(1, sizeof *r);
    *out = NULL;
    if (r != NULL)
        r->arena = arena_new(LISTS_BYTES);
    if (r == NULL || r->arena == NULL) {
        free(r);
        return err_set(err, ERR_MEMORY, "no memory for the DNS lists");
    }
    pthread_mutex_init(&r->lock, NULL);
    r->local_domains = options->local_domains;
    r->helo = span_of(options->helo);
    r->troubles = options->troubles;
    if (getrandom(&r->seed, sizeof r->seed, GRND_NONBLOCK) < 0)
        r->seed = (uint32_t)clock_elapsed_us();
    int result = fill(r, options, err);
    if (result < 0 || r->clients.count + r->helos.count + r->links.count == 0)
        reputation_close(&r);
    *out = r;
    return result;
}

void reputation_close(struct reputation **reputation)
{
    if (*reputation == NULL)
        return;
    pthread_mutex_destroy(&(*reputation)->lock);
    arena_free(&(*reputation)->arena);
    free(*reputation);
    *reputation = NULL;
}

/* What is known of lists that both have. */
static void adopt(struct lists *fresh, const struct lists *old)
{
    for (size_t i = 0; i < fresh->count; i++)
        for (size_t k = 0; k < old->count; k++) {
            struct list *list = &fresh->at[i];
            const struct list *known = &old->at[k];
            if (!span_eq(list->spec.zone, known->spec.zone))
                continue;
            list->rest_until_us = known->rest_until_us;
            list->rest_us = known->rest_us;
            list->failures = known->failures;
        }
}

void reputation_adopt(struct reputation *fresh, struct reputation *old)
{
    if (fresh == NULL || old == NULL)
        return;
    pthread_mutex_lock(&old->lock);
    adopt(&fresh->clients, &old->clients);
    adopt(&fresh->helos, &old->helos);
    adopt(&fresh->links, &old->links);
    pthread_mutex_unlock(&old->lock);
}

/* ---- what a list is worth ---- */

static bool rests(struct reputation *r, struct list *list)
{
    pthread_mutex_lock(&r->lock);
    bool is_resting = list->rest_until_us > clock_elapsed_us();
    pthread_mutex_unlock(&r->lock);
    return is_resting;
}

static void note_answer(struct reputation *r, struct list *list)
{
    pthread_mutex_lock(&r->lock);
    list->failures = 0;
    list->rest_us = 0;
    pthread_mutex_unlock(&r->lock);
}

/* Under the lock: leave it alone; says for how long. first_us: of the first rest of
 * this kind. */
static int64_t begin_rest(struct list *list, int64_t first_us)
{
    int64_t rest_us = list->rest_us > first_us ? list->rest_us : first_us;
    list->rest_until_us = clock_elapsed_us() + rest_us;
    list->rest_us = rest_us * 2 < REFUSED_MOST ? rest_us * 2 : REFUSED_MOST;
    list->failures = 0;
    return rest_us;
}

static void note_silence(struct reputation *r, struct list *list)
{
    pthread_mutex_lock(&r->lock);
    bool is_over =
        ++list->failures >= FAILURES_MOST && list->rest_until_us <= clock_elapsed_us();
    if (is_over) {
        list->rest_until_us = clock_elapsed_us() + SILENT_US;
        list->failures = 0;
    }
    pthread_mutex_unlock(&r->lock);
    if (is_over)
        troubles_say(r->troubles,
                     "DNS list %.*s: no answer %d times in a row: not asked for %d min",
                     (int)list->spec.zone.len, list->spec.zone.at, FAILURES_MOST,
                     (int)(SILENT_US / SECOND_US / 60));
}

static void refuse_list(struct reputation *r, struct list *list, const char *why,
                        struct span answer)
{
    pthread_mutex_lock(&r->lock);
    bool is_news = list->rest_until_us <= clock_elapsed_us();
    int64_t rest_us = is_news ? begin_rest(list, REFUSED_US) : 0;
    pthread_mutex_unlock(&r->lock);
    if (is_news)
        troubles_say(r->troubles, "DNS list %.*s: %s (%.*s): not asked for %d h",
                     (int)list->spec.zone.len, list->spec.zone.at, why, (int)answer.len,
                     answer.at, (int)(rest_us / SECOND_US / 3600));
}

/* ---- one message's questions ---- */

/* A host, domain or address that lists are asked for. */
struct subject {
    struct span name;
    bool is_address;
};

struct asking {
    struct reputation *reputation;
    struct dns *dns;
    struct dns_budget *budget;
    struct arena *arena;
    struct authentication *out;
    struct span answer; /* of the last question */
    bool has_failed;    /* the list at hand gave no answer that counts */
};

static bool is_public_address(struct span text)
{
    struct netaddr address;
    return netaddr_parse(text, &address) && netaddr_is_public(&address);
}

static bool is_domain_or_below(struct span host, struct span domain)
{
    if (domain.len == 0 || !span_iends(host, domain))
        return false;
    return host.len == domain.len || domain.at[0] == '.' || span_is_below(host, domain);
}

/* Ours: nobody needs to ask the world for it. A domain of local_domains stands for what
 * is below it here, too: it is not mail that is routed, but a name that is known. */
static bool is_ours(const struct reputation *r, struct span host)
{
    if (is_domain_or_below(host, r->helo))
        return true;
    for (size_t i = 0; r->local_domains != NULL && i < r->local_domains->count; i++)
        if (is_domain_or_below(host, span_of(r->local_domains->at[i])))
            return true;
    return false;
}

static enum list_answer ask_name(struct asking *in, const struct list *list,
                                 struct span name)
{
    struct dns_answer answer;
    dns_ask(in->dns, in->budget, name, DNS_A, in->arena, &answer);
    return list_read(&list->spec, &answer, &in->answer);
}

/* It says yes: does it say so of everything? */
static enum list_answer confirm(struct asking *in, struct list *list)
{
    struct span listed = in->answer;
    struct span name =
        list_test_name(&list->spec, list->is_of_addresses, false, in->arena);
    enum list_answer answer = ask_name(in, list, name);
    if (answer == LIST_ANSWER_NO) {
        in->answer = listed;
        return LIST_ANSWER_YES;
    }
    if (answer == LIST_ANSWER_YES || answer == LIST_ANSWER_BLOCKED)
        refuse_list(in->reputation, list, "it lists what no list may have", in->answer);
    else if (answer == LIST_ANSWER_FOREIGN)
        refuse_list(in->reputation, list, "its answer is none of a DNS list",
                    in->answer);
    in->has_failed = true;
    return LIST_ANSWER_UNKNOWN;
}

/* Silence is a list's own only while the DNS answers others. */
static bool is_its_silence(const struct asking *in, int64_t asked_us)
{
    int64_t waited_us = clock_elapsed_us() - asked_us;
    return dns_has_answered(in->dns,
                            waited_us < FAIR_US ? asked_us - SECOND_US : asked_us);
}

static enum list_answer ask_list(struct asking *in, struct list *list,
                                 const struct subject *subject)
{
    struct reputation *r = in->reputation;
    struct span name =
        list_name(&list->spec, subject->name, subject->is_address, in->arena);
    if (name.len == 0)
        return LIST_ANSWER_NO;
    int64_t asked_us = clock_elapsed_us();
    bool is_fair = in->budget->deadline_us - asked_us >= FAIR_US;
    enum list_answer answer = ask_name(in, list, name);
    switch (answer) {
    case LIST_ANSWER_NO:
        note_answer(r, list);
        return answer;
    case LIST_ANSWER_YES:
        return confirm(in, list);
    case LIST_ANSWER_BLOCKED:
        refuse_list(r, list, "it refuses this resolver, or is asked too much",
                    in->answer);
        break;
    case LIST_ANSWER_FOREIGN:
        refuse_list(r, list, "its answer is none of a DNS list", in->answer);
        break;
    case LIST_ANSWER_SPENT:
        in->out->has_names_left = true;
        return answer;
    default:
        if (is_fair && is_its_silence(in, asked_us))
            note_silence(r, list);
    }
    in->has_failed = true;
    return LIST_ANSWER_UNKNOWN;
}

static void record(const struct asking *in, const struct list *list,
                   const struct subject *subject, struct auth_listing *listings,
                   size_t *count)
{
    if (*count == AUTH_LISTED)
        return;
    listings[(*count)++] = (struct auth_listing){
        .list = list->spec.zone, .what = subject->name, .answer = in->answer};
}

/* A domain that is listed speaks for the hosts below it. */
static bool is_covered(const struct list *list, const struct subject *subject,
                       const struct auth_listing *listings, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (span_eq(listings[i].list, list->spec.zone) &&
            is_domain_or_below(subject->name, listings[i].what))
            return true;
    return false;
}

static void ask_all(struct asking *in, struct lists *lists,
                    const struct subject *subjects, size_t subject_count,
                    struct auth_listing *listings, size_t *count)
{
    for (size_t i = 0; i < lists->count; i++) {
        struct list *list = &lists->at[i];
        in->has_failed = subject_count > 0 && rests(in->reputation, list);
        for (size_t k = 0; k < subject_count && !in->has_failed; k++)
            if (!is_covered(list, &subjects[k], listings, *count) &&
                ask_list(in, list, &subjects[k]) == LIST_ANSWER_YES)
                record(in, list, &subjects[k], listings, count);
        in->out->lists_failed += in->has_failed;
    }
}

static void prefetch_all(struct asking *in, struct lists *lists,
                         const struct subject *subjects, size_t count)
{
    for (size_t i = 0; i < lists->count; i++) {
        const struct list_spec *spec = &lists->at[i].spec;
        if (rests(in->reputation, &lists->at[i]))
            continue;
        for (size_t k = 0; k < count; k++) {
            struct span name =
                list_name(spec, subjects[k].name, subjects[k].is_address, in->arena);
            if (name.len > 0)
                dns_prefetch(in->dns, in->budget, name, DNS_A);
        }
    }
}

/* ---- who and what is asked for ---- */

static size_t client_subject(const struct envelope *env, struct subject *out)
{
    if (!is_public_address(env->client_ip))
        return 0;
    *out = (struct subject){.name = env->client_ip, .is_address = true};
    return 1;
}

struct subjects {
    struct subject at[BOUND_LIST_NAMES];
    size_t count;
    bool is_full;
};

/* Too many: whoever writes the mail must not choose which are left out by putting
 * harmless ones first. So those with the smallest hashes of a seed of our own are kept,
 * the same for the same mail. first: only names from there on may be displaced. */
static void displace(struct subjects *out, uint32_t seed, size_t first,
                     const struct subject *subject)
{
    size_t largest = first;
    for (size_t i = first + 1; i < out->count; i++)
        if (span_hash(seed, out->at[i].name) > span_hash(seed, out->at[largest].name))
            largest = i;
    if (first < out->count &&
        span_hash(seed, subject->name) < span_hash(seed, out->at[largest].name))
        out->at[largest] = *subject;
}

static void add_subject(struct subjects *out, uint32_t seed, size_t first,
                        struct span name, bool is_address)
{
    const struct subject subject = {name, is_address};
    for (size_t i = 0; i < out->count; i++)
        if (span_eq(out->at[i].name, name))
            return;
    out->is_full = out->is_full || out->count == BOUND_LIST_NAMES;
    if (out->count < BOUND_LIST_NAMES)
        out->at[out->count++] = subject;
    else
        displace(out, seed, first, &subject);
}

/* A HELO that is a name of the public DNS, and its domain: laptops say anything. */
static void helo_subjects(const struct asking *in, const struct envelope *env,
                          struct subjects *out)
{
    struct span name = span_trim(env->helo);
    if (name.len > 0 && name.at[name.len - 1] == '.')
        name = span_head(name, name.len - 1);
    if (name.len == 0 || name.len > 253)
        return;
    name = span_lower(in->arena, name);
    struct span domain =
        url_has_known_tld(name) ? url_domain(in->arena, name) : SPAN("");
    if (domain.len == 0 || is_ours(in->reputation, name))
        return;
    add_subject(out, 0, 0, domain, false);
    add_subject(out, 0, 0, name, false);
}

/* Registrable domains and addresses; and the hosts below the domains, after them: many
 * hosts of one domain do not push another domain out. */
static void add_domain(const struct asking *in, const struct url *url,
                       struct subjects *out)
{
    uint32_t seed = in->reputation->seed;
    if (url->is_ip) {
        if (is_public_address(url->host))
            add_subject(out, seed, 0, url->host, true);
        return;
    }
    struct span domain = url_domain(in->arena, url->host);
    if (domain.len > 0 && !is_ours(in->reputation, url->host))
        add_subject(out, seed, 0, domain, false);
}

static void add_host(const struct asking *in, const struct url *url, size_t first,
                     struct subjects *out)
{
    if (url->is_ip)
        return;
    struct span domain = url_domain(in->arena, url->host);
    struct span bare =
        span_starts(url->host, SPAN("www.")) ? span_from(url->host, 4) : url->host;
    if (domain.len > 0 && !span_eq(bare, domain) && !is_ours(in->reputation, url->host))
        add_subject(out, in->reputation->seed, first, url->host, false);
}

static void link_subjects(const struct asking *in, const struct message *msg,
                          struct subjects *out)
{
    size_t count =
        msg->link_count < BOUND_LIST_LINKS ? msg->link_count : BOUND_LIST_LINKS;
    struct url *urls = arena_array(in->arena, count, sizeof *urls);
    out->is_full = msg->link_count > count || urls == NULL;
    for (size_t i = 0; urls != NULL && i < count; i++) {
        if (!url_parse(in->arena, msg->links[i].target, &urls[i]) || !urls[i].is_web)
            urls[i].host = SPAN("");
        if (urls[i].host.len > 0)
            add_domain(in, &urls[i], out);
    }
    size_t domains = out->count;
    for (size_t i = 0; urls != NULL && i < count; i++)
        if (urls[i].host.len > 0)
            add_host(in, &urls[i], domains, out);
}

void reputation_prefetch(struct reputation *reputation, struct dns *dns,
                         struct dns_budget *budget, const struct message *msg,
                         const struct envelope *env)
{
    struct asking in = {
        .reputation = reputation, .dns = dns, .budget = budget, .arena = msg->arena};
    struct subject one;
    struct subjects helos = {.count = 0}, links = {.count = 0};
    if (reputation == NULL)
        return;
    if (client_subject(env, &one) > 0)
        prefetch_all(&in, &reputation->clients, &one, 1);
    if (reputation->helos.count > 0)
        helo_subjects(&in, env, &helos);
    prefetch_all(&in, &reputation->helos, helos.at, helos.count);
    if (reputation->links.count == 0)
        return;
    link_subjects(&in, msg, &links);
    prefetch_all(&in, &reputation->links, links.at, links.count);
}

void reputation_check(struct reputation *reputation, struct dns *dns,
                      struct dns_budget *budget, const struct message *msg,
                      const struct envelope *env, struct authentication *out)
{
    struct asking in = {.reputation = reputation,
                        .dns = dns,
                        .budget = budget,
                        .arena = msg->arena,
                        .out = out};
    struct subject one;
    struct subjects helos = {.count = 0}, links = {.count = 0};
    if (reputation == NULL)
        return;
    ask_all(&in, &reputation->clients, &one, client_subject(env, &one),
            out->client_lists, &out->client_list_count);
    if (reputation->helos.count > 0)
        helo_subjects(&in, env, &helos);
    ask_all(&in, &reputation->helos, helos.at, helos.count, out->client_lists,
            &out->client_list_count);
    if (reputation->links.count == 0)
        return;
    link_subjects(&in, msg, &links);
    out->has_names_left = out->has_names_left || links.is_full;
    ask_all(&in, &reputation->links, links.at, links.count, out->link_lists,
            &out->link_list_count);
}

/* ---- for doctor ---- */

const char *reputation_state_name(enum reputation_state state)
{
    static const char *const names[] = {"unknown",   "works",   "refuses us",
                                        "lists all", "no list", "no test entry",
                                        "no answer"};
    return names[state];
}

static enum reputation_state state_of(enum list_answer answer)
{
    switch (answer) {
    case LIST_ANSWER_BLOCKED:
        return REPUTATION_BLOCKED;
    case LIST_ANSWER_FOREIGN:
        return REPUTATION_NO_LIST;
    case LIST_ANSWER_YES:
    case LIST_ANSWER_NO:
        return REPUTATION_WORKS;
    default:
        return REPUTATION_NO_ANSWER;
    }
}

static enum list_answer ask_once(struct dns *dns, struct dns_budget *budget,
                                 const struct list_spec *spec, struct span name,
                                 struct arena *arena, struct span *what)
{
    struct dns_answer answer;
    dns_ask(dns, budget, name, DNS_A, arena, &answer);
    return list_read(spec, &answer, what);
}

enum reputation_state reputation_test(struct dns *dns, struct dns_budget *budget,
                                      struct span list, bool is_of_addresses,
                                      struct arena *arena)
{
    struct list_spec spec;
    struct span what;
    if (list_spec_parse(&spec, arena, list, NULL) < 0)
        return REPUTATION_UNKNOWN;
    spec.has_filter = false; /* a test entry's answer may be one that does not count */
    enum list_answer no =
        ask_once(dns, budget, &spec,
                 list_test_name(&spec, is_of_addresses, false, arena), arena, &what);
    if (no == LIST_ANSWER_YES)
        return REPUTATION_WILDCARD;
    if (no != LIST_ANSWER_NO)
        return state_of(no);
    enum list_answer yes =
        ask_once(dns, budget, &spec,
                 list_test_name(&spec, is_of_addresses, true, arena), arena, &what);
    return yes == LIST_ANSWER_NO ? REPUTATION_NO_TEST : state_of(yes);
}

enum reputation_state reputation_look(struct dns *dns, struct dns_budget *budget,
                                      struct span list, struct span what,
                                      struct arena *arena, bool *listed,
                                      struct span *answer)
{
    struct list_spec spec;
    struct netaddr address;
    *listed = false;
    *answer = SPAN("");
    if (list_spec_parse(&spec, arena, list, NULL) < 0)
        return REPUTATION_UNKNOWN;
    bool is_address = netaddr_parse(what, &address);
    struct span name = list_name(&spec, what, is_address, arena);
    enum list_answer got = ask_once(dns, budget, &spec, name, arena, answer);
    *listed = got == LIST_ANSWER_YES;
    if (!*listed)
        return state_of(got);
    struct span ignored;
    got = ask_once(dns, budget, &spec, list_test_name(&spec, is_address, false, arena),
                   arena, &ignored);
    *listed = got == LIST_ANSWER_NO;
    return got == LIST_ANSWER_YES ? REPUTATION_WILDCARD : state_of(got);
}
