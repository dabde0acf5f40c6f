/* SPDX-License-Identifier: BSD-2-Clause
 *
 * dns_world - a resolver over a static zone that a test writes. Included after
 * cmocka.h.
 */
#ifndef OUTGATE_TESTS_DNS_WORLD_H
#define OUTGATE_TESTS_DNS_WORLD_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/dns.h"

/* dns_world_file - text in a file of its own; unlink it. */
static inline void dns_world_file(const char *text, char path[64])
{
    snprintf(path, 64, "/tmp/outgate-dns-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

/* dns_world_open - the zone alone, or with servers. */
static inline struct dns *dns_world_open(const char *zone, const char *const *servers,
                                         size_t server_count)
{
    char path[64] = "";
    struct dns *dns;
    struct err err;
    if (zone != NULL)
        dns_world_file(zone, path);
    int result = dns_open(&dns,
                          &(struct dns_options){.servers = servers,
                                                .server_count = server_count,
                                                .zone = path,
                                                .trust_anchor = ""},
                          &err);
    if (path[0] != '\0')
        unlink(path);
    if (result < 0)
        fail_msg("%s", err.text);
    return dns;
}

#endif
