/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/dns_query.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unbound.h>
#include <unistd.h>

#include "base/bounds.h"
#include "base/dns_wire.h"
#include "base/netaddr.h"

enum {
    CLASS_IN = 1,
    RCODE_NO_ERROR = 0,
    RCODE_NO_NAME = 3,
    ANSWER_MEMORY = 1 << 20, /* to make one answer in; beyond BOUND_DNS_ANSWER_BYTES */
};

struct dns_query {
    struct ub_ctx *context;
    struct arena *arena; /* of the answer that is told */
    int wake_fd;
};

/* What differs from the library's defaults, and why. Not infra-cache-max-rtt: below its
 * default a few names that nobody answers for make a forwarder count as dead, for all.
 */
static const char *const options_always[][2] = {
    {"do-not-query-localhost:", "no"}, /* a resolver on this host is the usual case */
    {"unblock-lan-zones:", "yes"},     /* PTR of 10/8 and its like: ask, do not deny */
    {"insecure-lan-zones:", "yes"},    /* nobody signs them */
    {"infra-host-ttl:", "4"},          /* a server that was dead is tried again soon */
    {"infra-keep-probing:", "yes"},    /* and meanwhile, too */
    {"infra-cache-min-rtt:", "200"},   /* a burst of packets does not make it answer */
    {"outbound-msg-retry:", "3"},
    {"cache-max-ttl:", "86400"}, /* as BOUND_DNS_TTL_S */
    {"cache-max-negative-ttl:", "3600"},
    {"msg-cache-size:", "4m"}, /* ours stands in front */
    {"rrset-cache-size:", "4m"},
    {"key-cache-size:", "1m"},
    {"neg-cache-size:", "256k"},
    {"infra-cache-numhosts:", "100"},
    {"num-queries-per-thread:", "512"},
    {"outgoing-range:", "600"},
    {"aggressive-nsec:", "no"},
};

/* What the library would answer by itself, and a network of one's own may use; it knows
 * "localhost" and the onion's names without asking. Source: RFC 6761, RFC 8375. */
static const char *const zones_asked[] = {
    "test.",
    "invalid.",
    "home.arpa.",
    "127.in-addr.arpa.",
};

static int set_option(struct dns_query *query, const char *name, const char *value,
                      struct err *err)
{
    int status = ub_ctx_set_option(query->context, name, value);
    if (status == 0)
        return 0;
    return err_set(err, ERR_CONFIG, "[dns]: libunbound: %s %s: %s", name, value,
                   ub_strerror(status));
}

bool dns_query_server(struct span text, char out[DNS_SERVER_BYTES])
{
    struct span address, port;
    struct netaddr parsed;
    uint64_t number = 53;
    char canonical[NETADDR_TEXT_BYTES];
    bool has_port = span_cut(text, '@', &address, &port);
    if (!netaddr_parse(address, &parsed) ||
        (has_port && (!text_parse_count(port, 65535, &number) || number == 0)))
        return false;
    snprintf(out, DNS_SERVER_BYTES, "%s@%u", netaddr_print(&parsed, canonical),
             (unsigned)number);
    return true;
}

static int add_server(struct dns_query *query, const char *server, struct err *err)
{
    char text[DNS_SERVER_BYTES];
    if (!dns_query_server(span_of(server), text))
        return err_set(err, ERR_CONFIG,
                       "[dns] servers: \"%.60s\" is neither ADDRESS nor ADDRESS@PORT",
                       server);
    int status = ub_ctx_set_fwd(query->context, text);
    if (status == 0)
        return 0;
    return err_set(err, ERR_CONFIG, "[dns] servers: %s: %s", text, ub_strerror(status));
}

static int add_servers(struct dns_query *query, const struct dns_options *options,
                       struct err *err)
{
    if (options->server_count > BOUND_DNS_SERVERS)
        return err_set(err, ERR_CONFIG, "[dns] servers: more than %d",
                       BOUND_DNS_SERVERS);
    if (options->server_count == 1 && strcmp(options->servers[0], "system") == 0) {
        int status = ub_ctx_resolvconf(query->context, NULL);
        return status == 0
                   ? 0
                   : err_set(err, ERR_CONFIG, "[dns] servers: /etc/resolv.conf: %s",
                             ub_strerror(status));
    }
    for (size_t i = 0; i < options->server_count; i++)
        if (add_server(query, options->servers[i], err) < 0)
            return -1;
    return 0;
}

/* The library reads the file with the first question, and says nothing of its faults.
 */
static int add_anchor(struct dns_query *query, const char *path, struct err *err)
{
    if (path[0] == '\0')
        return set_option(query, "module-config:", "iterator", err);
    if (access(path, R_OK) < 0)
        return err_set(err, ERR_CONFIG, "[dns] trust_anchor: %s: %s", path,
                       strerror(errno));
    int status = ub_ctx_add_ta_file(query->context, path);
    if (status != 0)
        return err_set(err, ERR_CONFIG, "[dns] trust_anchor: %s: %s", path,
                       ub_strerror(status));
    return set_option(query, "module-config:", "validator iterator", err);
}

static int set_up(struct dns_query *query, const struct dns_options *options,
                  struct err *err)
{
    ub_ctx_debugout(query->context, NULL); /* nothing on standard error */
    for (size_t i = 0; i < sizeof options_always / sizeof *options_always; i++)
        if (set_option(query, options_always[i][0], options_always[i][1], err) < 0)
            return -1;
    if (add_servers(query, options, err) < 0 ||
        add_anchor(query, options->trust_anchor, err) < 0)
        return -1;
    ub_ctx_async(query->context, 1); /* a thread, not a process */
    for (size_t i = 0; i < sizeof zones_asked / sizeof *zones_asked; i++)
        if (ub_ctx_zone_remove(query->context, zones_asked[i]) != 0)
            return err_set(err, ERR_CONFIG, "[dns]: the resolver cannot start%s%s",
                           options->trust_anchor[0] != '\0' ? ": no root's key in "
                                                            : "",
                           options->trust_anchor);
    return 0;
}

int dns_query_open(struct dns_query **out, const struct dns_options *options,
                   struct err *err)
{
    struct dns_query *query = calloc(1, sizeof *query);
    *out = NULL;
    if (query == NULL)
        return err_set(err, ERR_MEMORY, "no memory for the resolver");
    query->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    query->context = ub_ctx_create();
    query->arena = arena_new(ANSWER_MEMORY);
    int result = 0;
    if (query->wake_fd < 0 || query->context == NULL || query->arena == NULL)
        result =
            err_set(err, ERR_MEMORY, "the resolver cannot start: %s", strerror(errno));
    else
        result = set_up(query, options, err);
    if (result < 0)
        dns_query_close(&query);
    *out = query;
    return result;
}

void dns_query_close(struct dns_query **query)
{
    if (*query == NULL)
        return;
    if ((*query)->context != NULL)
        ub_ctx_delete((*query)->context);
    if ((*query)->wake_fd >= 0)
        close((*query)->wake_fd);
    arena_free(&(*query)->arena);
    free(*query);
    *query = NULL;
}

static size_t count_records(const struct ub_result *result)
{
    size_t count = 0;
    while (result->data[count] != NULL)
        count++;
    return count;
}

/* Records that are malformed are left out; so are those beyond the bounds. */
static void read_records(const struct ub_result *result, enum dns_type type,
                         struct arena *arena, struct dns_answer *out)
{
    size_t count = count_records(result);
    size_t bytes = 0;
    size_t kept = count < BOUND_DNS_RECORDS ? count : BOUND_DNS_RECORDS;
    out->is_cut = kept < count;
    out->records = arena_array(arena, kept, sizeof *out->records);
    for (size_t i = 0; out->records != NULL && i < kept; i++) {
        struct dns_record *record = &out->records[out->count];
        struct span data = {result->data[i], (size_t)result->len[i]};
        bytes += data.len;
        if (bytes > BOUND_DNS_ANSWER_BYTES ||
            !dns_wire_record(type, data, arena, record, &out->is_cut))
            out->is_cut = true;
        else
            out->count++;
    }
    out->status = out->count > 0 ? DNS_FOUND : DNS_TEMPERROR;
    if (out->count == 0)
        out->why = "the answer is malformed";
    dns_answer_sort(out);
}

static void read_result(const struct ub_result *result, enum dns_type type,
                        struct arena *arena, struct dns_answer *out)
{
    out->ttl_s = result->ttl > 0 ? (uint32_t)result->ttl : 0;
    out->is_secure = result->secure != 0;
    out->status = DNS_TEMPERROR;
    if (result->bogus) {
        out->is_bogus = true;
        out->why = "DNSSEC validation failed";
    } else if (result->rcode == RCODE_NO_NAME) {
        out->status = DNS_NO_NAME;
    } else if (result->rcode != RCODE_NO_ERROR) {
        out->why = "the server failed";
    } else if (result->havedata) {
        read_records(result, type, arena, out);
    } else {
        out->status = DNS_NO_DATA;
    }
}

static void on_result(void *arg, int status, struct ub_result *result)
{
    struct dns_question *question = arg;
    struct dns_answer answer = {.status = DNS_TEMPERROR};
    arena_reset(question->query->arena);
    if (status == 0 && result != NULL)
        read_result(result, question->type, question->query->arena, &answer);
    else
        answer.why = "the resolver failed";
    question->told(question->arg, &answer);
    ub_resolve_free(result);
}

bool dns_query_ask(struct dns_query *query, struct dns_question *question,
                   const char *name, enum dns_type type, dns_query_told *told,
                   void *arg)
{
    question->query = query;
    question->told = told;
    question->arg = arg;
    question->type = type;
    return ub_resolve_async(query->context, name, (int)type, CLASS_IN, question,
                            on_result, &question->id) == 0;
}

void dns_query_cancel(struct dns_query *query, struct dns_question *question)
{
    ub_cancel(query->context, question->id);
}

void dns_query_turn(struct dns_query *query, int timeout_ms)
{
    uint64_t woken;
    struct pollfd fds[] = {{.fd = ub_fd(query->context), .events = POLLIN},
                           {.fd = query->wake_fd, .events = POLLIN}};
    if (poll(fds, 2, timeout_ms) <= 0)
        return;
    if ((fds[1].revents & POLLIN) != 0 &&
        read(query->wake_fd, &woken, sizeof woken) < 0 && errno != EAGAIN)
        return;
    if (fds[0].revents != 0)
        ub_process(query->context);
}

void dns_query_wake(struct dns_query *query)
{
    uint64_t one = 1;
    /* it cannot fail but for a counter that is full: awake then */
    if (write(query->wake_fd, &one, sizeof one) < 0)
        return;
}
