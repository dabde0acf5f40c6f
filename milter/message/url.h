/* SPDX-License-Identifier: BSD-2-Clause
 *
 * url - link targets taken apart, and URLs found in running text.
 *
 * Stage: message. Pure. Hosts come out as receivers' filters see them: lower case,
 * A-labels (libidn2), percent escapes decoded, IPv4 in any of its odd notations
 * (octal, hex, one number) as dotted decimal.
 * Source: RFC 3986; WHATWG URL "host parsing"; RFC 5890.
 */
#ifndef OUTGATE_MESSAGE_URL_H
#define OUTGATE_MESSAGE_URL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/text.h"

struct url {
    struct span scheme;   /* lower case, without ':'; "" if none was written */
    struct span userinfo; /* before '@', raw: a favourite disguise */
    struct span host;     /* lower case, A-labels, no trailing dot, no []; "" if none */
    unsigned port;        /* 0 if none */
    struct span path;     /* raw, with query and fragment */
    bool is_ip;           /* the host is an address literal */
    bool is_obfuscated;   /* host written with escapes, odd IPv4 notation, backslashes,
                             full-width or zero-width characters */
    bool is_web;          /* http, https, or without a scheme, with a host */
};

/* url_parse - take target apart. Returns false when it has no scheme that is known
 * to carry a host, no host, and does not look like one ("www.example.com/x" does). */
bool url_parse(struct arena *arena, struct span target, struct url *out);

/* url_domain - the registrable domain of a host by the public suffix list ("" for an
 * IP, a bare suffix or an empty host), e.g. "a.b.example.co.uk" -> "example.co.uk".
 * Source: libpsl's compiled-in list. */
struct span url_domain(struct arena *arena, struct span host);

/* url_has_known_tld - the last label of a host is a top-level domain of the list. */
bool url_has_known_tld(struct span host);

/* A URL found in text. */
struct url_hit {
    size_t at, len; /* byte range in the text, without trailing punctuation */
};

/* url_find - URLs in text: scheme://..., www.host..., mailto:..., bare host/path and
 * host:port whose last label is a known top-level domain, and a bare host of the old
 * generic ones (com net org info biz edu gov): of others it is as often a file name.
 * Up to max hits into hits; returns how many there are to that bound. Linear time. */
size_t url_find(struct span text, struct url_hit *hits, size_t max);

#endif
