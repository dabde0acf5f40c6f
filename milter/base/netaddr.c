/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/netaddr.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

bool netaddr_parse(struct span text, struct netaddr *out)
{
    char copy[INET6_ADDRSTRLEN + 1];
    text = span_trim(text);
    if (text.len >= 2 && text.at[0] == '[' && text.at[text.len - 1] == ']')
        text = (struct span){text.at + 1, text.len - 2};
    if (span_istarts(text, SPAN("IPv6:")))
        text = span_from(text, 5);
    if (text.len == 0 || text.len >= sizeof copy)
        return false;
    memcpy(copy, text.at, text.len);
    copy[text.len] = '\0';
    memset(out, 0, sizeof *out);
    if (inet_pton(AF_INET, copy, out->bytes) == 1) {
        out->bits = 32;
        return true;
    }
    if (inet_pton(AF_INET6, copy, out->bytes) != 1)
        return false;
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    out->bits = 128;
    if (memcmp(out->bytes, mapped, sizeof mapped) == 0) {
        memmove(out->bytes, out->bytes + 12, 4);
        memset(out->bytes + 4, 0, 12);
        out->bits = 32;
    }
    return true;
}

/* Clear the bits after the first `prefix`. */
static struct netaddr cut(const struct netaddr *address, unsigned prefix)
{
    struct netaddr out = *address;
    for (unsigned bit = prefix; bit < 128; bit++)
        out.bytes[bit / 8] &= (uint8_t) ~(0x80u >> (bit % 8));
    return out;
}

bool network_parse(struct span text, struct network *out)
{
    struct span head;
    struct span tail;
    uint64_t prefix;
    bool has_prefix = span_cut(span_trim(text), '/', &head, &tail);
    if (!netaddr_parse(head, &out->base))
        return false;
    out->prefix = out->base.bits;
    if (has_prefix) {
        if (!text_parse_count(tail, out->base.bits, &prefix))
            return false;
        out->prefix = (unsigned)prefix;
    }
    struct netaddr base = cut(&out->base, out->prefix);
    return memcmp(base.bytes, out->base.bytes, sizeof base.bytes) == 0;
}

bool network_has(const struct network *network, const struct netaddr *address)
{
    if (network->base.bits != address->bits)
        return false;
    struct netaddr base = cut(address, network->prefix);
    return memcmp(base.bytes, network->base.bytes, sizeof base.bytes) == 0;
}

char *netaddr_print(const struct netaddr *address, char out[NETADDR_TEXT_BYTES])
{
    int family = address->bits == 32 ? AF_INET : AF_INET6;
    if (inet_ntop(family, address->bytes, out, NETADDR_TEXT_BYTES) == NULL)
        out[0] = '\0';
    return out;
}

static char *print_network(const struct netaddr *address, unsigned prefix,
                           char out[NETADDR_TEXT_BYTES])
{
    struct netaddr net = cut(address, prefix);
    char text[NETADDR_TEXT_BYTES];
    snprintf(out, NETADDR_TEXT_BYTES, "%.50s/%u", netaddr_print(&net, text), prefix);
    return out;
}

char *netaddr_site(const struct netaddr *address, char out[NETADDR_TEXT_BYTES])
{
    return print_network(address, address->bits == 32 ? 24 : 48, out);
}

char *netaddr_key(const struct netaddr *address, char out[NETADDR_TEXT_BYTES])
{
    if (address->bits == 32)
        return netaddr_print(address, out);
    return print_network(address, 64, out);
}

bool netaddr_is_loopback(const struct netaddr *address)
{
    static const uint8_t one[16] = {[15] = 1};
    if (address->bits == 32)
        return address->bytes[0] == 127;
    return memcmp(address->bytes, one, sizeof one) == 0;
}

/* Prefixes that no host of the public Internet has; of 2000::/3 what is taken out. */
static bool is_special(const struct netaddr *address)
{
    static const char *const special[] = {
        "0.0.0.0/8",      "10.0.0.0/8",    "100.64.0.0/10", "127.0.0.0/8",
        "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",  "192.88.99.0/24",
        "192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/3",   "2001::/23",
        "2002::/16",
    };
    for (size_t i = 0; i < sizeof special / sizeof *special; i++) {
        struct network network;
        if (network_parse(span_of(special[i]), &network) &&
            network_has(&network, address))
            return true;
    }
    return false;
}

bool netaddr_is_public(const struct netaddr *address)
{
    bool is_routed = address->bits == 32 || (address->bytes[0] & 0xe0) == 0x20;
    return is_routed && !is_special(address);
}
