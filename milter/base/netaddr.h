/* SPDX-License-Identifier: BSD-2-Clause
 *
 * netaddr - IP addresses and networks as text and as bits.
 *
 * IPv4-mapped IPv6 addresses (::ffff:a.b.c.d) are IPv4. Pure.
 * Source: RFC 4291 2.2, RFC 4632 3.1, RFC 5321 4.1.3 (the "IPv6:" tag).
 */
#ifndef OUTGATE_BASE_NETADDR_H
#define OUTGATE_BASE_NETADDR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

struct netaddr {
    uint8_t bytes[16]; /* IPv4 in the first four */
    unsigned bits;     /* 32 or 128 */
};

struct network {
    struct netaddr base;
    unsigned prefix; /* bits, 0..base.bits */
};

enum { NETADDR_TEXT_BYTES = 64 };

/* netaddr_parse - "192.0.2.1", "2001:db8::1", "IPv6:2001:db8::1", "[...]". */
bool netaddr_parse(struct span text, struct netaddr *out);

/* network_parse - an address, or address/prefix; host bits must be 0. */
bool network_parse(struct span text, struct network *out);

bool network_has(const struct network *network, const struct netaddr *address);

/* netaddr_print - canonical text (RFC 5952). */
char *netaddr_print(const struct netaddr *address, char out[NETADDR_TEXT_BYTES]);

/* netaddr_key - the key that a client is counted by: IPv4 whole, IPv6 as its /64
 * ("2001:db8:1:2::/64"), since one client has a whole /64. */
char *netaddr_key(const struct netaddr *address, char out[NETADDR_TEXT_BYTES]);

/* netaddr_site - the network that a client is at home in: IPv4 as its /24, IPv6 as its
 * /48 ("192.0.2.0/24", "2001:db8:1::/48"), what one household or office has at least.
 * Source: RFC 6177 2; chosen for IPv4. */
char *netaddr_site(const struct netaddr *address, char out[NETADDR_TEXT_BYTES]);

/* netaddr_is_public - an address of the public Internet: not private, shared, loopback,
 * link-local, multicast, reserved, or kept for benchmarks. Those kept for documentation
 * count as public: nobody has them, and examples should behave as what they stand for.
 * Source: RFC 6890 and the registries that it made (IANA, "Special-Purpose Address").
 */
bool netaddr_is_public(const struct netaddr *address);

/* netaddr_is_loopback - 127.0.0.0/8 or ::1. */
bool netaddr_is_loopback(const struct netaddr *address);

#endif
