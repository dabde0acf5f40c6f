/* SPDX-License-Identifier: BSD-2-Clause
 *
 * dns_name - domain names in one form, so that equal names are equal bytes: lower case,
 * labels divided by dots, no final dot, every byte that is no printable ASCII, and a
 * dot or backslash within a label, as \DDD. The root is "". Pure.
 * Source: RFC 1035 2.3.4 (63 octets a label, 255 a name), 5.1 (escapes).
 */
#ifndef OUTGATE_BASE_DNS_NAME_H
#define OUTGATE_BASE_DNS_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

enum { DNS_NAME_TEXT_BYTES = 1024 }; /* 255 octets, each as \DDD at worst */

struct dns_name {
    char text[DNS_NAME_TEXT_BYTES]; /* NUL-terminated */
    size_t len;                     /* bytes of text */
    size_t wire_bytes;              /* octets it has on the wire, without the root's */
};

/* dns_name_read - text as people and master files write it, escapes allowed; U-labels
 * become A-labels. *is_absolute, when not NULL: it ended in a dot. Returns false for
 * what is no name: an empty label, or one or all of it too long. */
bool dns_name_read(struct span text, struct dns_name *out, bool *is_absolute);

/* dns_name_append - out becomes a name below origin, which has the form of above.
 * Returns false when that is too long. */
bool dns_name_append(struct dns_name *out, struct span origin);

/* dns_name_from_wire - labels without compression. Returns the octets read, 0 when they
 * are no name. Source: RFC 1035 3.1. */
size_t dns_name_from_wire(const uint8_t *at, size_t len, struct dns_name *out);

/* dns_name_parent - what is left without the first label; "" of a single label. */
struct span dns_name_parent(struct span name);

#endif
