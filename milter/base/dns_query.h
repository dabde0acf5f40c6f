/* SPDX-License-Identifier: BSD-2-Clause
 *
 * dns_query - questions to the configured servers, by libunbound: it retries, falls
 * back to TCP, matches ids and ports, follows aliases and validates DNSSEC. The only
 * module that names ub_. Its thread starts with the first question, so that a process
 * may fork before it. Source: libunbound(3), unbound.conf(5).
 */
#ifndef OUTGATE_BASE_DNS_QUERY_H
#define OUTGATE_BASE_DNS_QUERY_H

#include "base/dns.h"

struct dns_query; /* the way to the servers */

/* Told of the answer, in dns_query_turn; it lives until this returns. */
typedef void dns_query_told(void *arg, const struct dns_answer *answer);

/* A question under way; lives with who asks until he is told, or has cancelled it. */
struct dns_question {
    struct dns_query *query;
    dns_query_told *told;
    void *arg;
    int id;
    enum dns_type type;
};

/* dns_query_server - "192.0.2.1", "192.0.2.1@5353", "2001:db8::1@5353",
 * "[2001:db8::1]@5353" in the form that the library reads. Returns false for none. */
enum { DNS_SERVER_BYTES = 128 };
bool dns_query_server(struct span text, char out[DNS_SERVER_BYTES]);

/* dns_query_open - options->server_count is not 0. Errors: a server that is no address,
 * a trust anchor that cannot be read. Contacts nobody. */
int dns_query_open(struct dns_query **out, const struct dns_options *options,
                   struct err *err);

/* dns_query_close - who waits is not told. Nobody may be in dns_query_turn. */
void dns_query_close(struct dns_query **query);

/* dns_query_ask - begin. name: in the form of base/dns_name, NUL-terminated. Returns
 * false when the library cannot; else told is called once. */
bool dns_query_ask(struct dns_query *query, struct dns_question *question,
                   const char *name, enum dns_type type, dns_query_told *told,
                   void *arg);

/* dns_query_cancel - told will not be called any more. In the thread of turn alone. */
void dns_query_cancel(struct dns_query *query, struct dns_question *question);

/* dns_query_turn - wait for answers, at most timeout_ms, and tell of them. One thread.
 * dns_query_wake - end its wait. */
void dns_query_turn(struct dns_query *query, int timeout_ms);
void dns_query_wake(struct dns_query *query);

#endif
