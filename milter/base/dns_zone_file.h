/* SPDX-License-Identifier: BSD-2-Clause
 *
 * dns_zone_file - the master file's text, record by record. All faults are found in one
 * run. Pure.
 * Source: RFC 1035 5.1; TTLs with units as BIND's and NSD's.
 */
#ifndef OUTGATE_BASE_DNS_ZONE_FILE_H
#define OUTGATE_BASE_DNS_ZONE_FILE_H

#include "base/dns.h"

struct dns_zone_record {
    struct span owner;  /* in the form of base/dns_name; lives until the next record */
    enum dns_type type; /* DNS_TYPE_UNKNOWN: one that is passed over */
    uint32_t ttl_s;
    uint32_t negative_ttl_s; /* SOA: how long what is not there stays so */
    struct dns_record record;
};

/* Told of each record; record.text lives in the arena. -1 with err is one more fault.
 */
typedef int dns_zone_record_fn(void *arg, const struct dns_zone_record *record,
                               struct err *err);

/* dns_zone_file_read - path: for errors. */
int dns_zone_file_read(const char *path, struct span text, struct arena *arena,
                       dns_zone_record_fn *tell, void *arg, struct err *err);

#endif
