/* SPDX-License-Identifier: BSD-2-Clause */
#include "message/url.h"

#include <arpa/inet.h>
#include <libpsl.h>
#include <string.h>

#include "base/buf.h"
#include "base/idn.h"

enum {
    HOST_BYTES = 1024,  /* a host as written, escapes and all; longer is none */
    DOMAIN_BYTES = 253, /* RFC 1035 2.3.4 */
    LABEL_BYTES = 63,   /* RFC 1035 2.3.4 */
    SCHEME_BYTES = 32,  /* no registered scheme is longer. chosen */
};

/* Schemes whose target names a host. Source: WHATWG URL 4.2 (special schemes). */
enum scheme_kind {
    SCHEME_NONE = 0,
    SCHEME_WEB,
    SCHEME_SPECIAL,
    SCHEME_HOST,
    SCHEME_MAIL
};

static const struct {
    struct span name;
    enum scheme_kind kind;
} schemes[] = {
    {{"http", 4}, SCHEME_WEB},    {{"https", 5}, SCHEME_WEB},
    {{"ftp", 3}, SCHEME_SPECIAL}, {{"ws", 2}, SCHEME_SPECIAL},
    {{"wss", 3}, SCHEME_SPECIAL}, {{"ftps", 4}, SCHEME_HOST},
    {{"sftp", 4}, SCHEME_HOST},   {{"ssh", 3}, SCHEME_HOST},
    {{"smb", 3}, SCHEME_HOST},    {{"file", 4}, SCHEME_HOST},
    {{"ldap", 4}, SCHEME_HOST},   {{"ldaps", 5}, SCHEME_HOST},
    {{"irc", 3}, SCHEME_HOST},    {{"ircs", 4}, SCHEME_HOST},
    {{"git", 3}, SCHEME_HOST},    {{"rtsp", 4}, SCHEME_HOST},
    {{"gopher", 6}, SCHEME_HOST}, {{"telnet", 6}, SCHEME_HOST},
    {{"webcal", 6}, SCHEME_HOST}, {{"feed", 4}, SCHEME_HOST},
    {{"mailto", 6}, SCHEME_MAIL},
};

static bool is_dropped(char c)
{
    return c == '\t' || c == '\n' || c == '\r';
}

/* WHATWG URL 4.4: without C0 controls and spaces at the ends, TAB, LF, CR inside. */
static struct span clean_target(struct arena *arena, struct span s)
{
    size_t dropped = 0;
    while (s.len > 0 && (unsigned char)s.at[0] <= ' ')
        s = span_from(s, 1);
    while (s.len > 0 && (unsigned char)s.at[s.len - 1] <= ' ')
        s.len--;
    for (size_t i = 0; i < s.len; i++)
        dropped += is_dropped(s.at[i]);
    if (dropped == 0)
        return s;
    char *out = arena_alloc(arena, s.len);
    size_t len = 0;
    if (out == NULL)
        return SPAN("");
    for (size_t i = 0; i < s.len; i++)
        if (!is_dropped(s.at[i]))
            out[len++] = s.at[i];
    return (struct span){out, len};
}

/* scheme = ALPHA *( ALPHA / DIGIT / "+" / "-" / "." ) ":"  RFC 3986 3.1.
 * Returns its length, 0 for none. "host.name:80" has none. */
static size_t scheme_length(struct span s)
{
    size_t i = 0;
    bool has_dot = false;
    if (s.len == 0 || !ascii_is_alpha(s.at[0]))
        return 0;
    for (; i < s.len && i <= SCHEME_BYTES; i++) {
        char c = s.at[i];
        has_dot |= c == '.';
        if (c == ':')
            return has_dot && i + 1 < s.len && ascii_is_digit(s.at[i + 1]) ? 0 : i;
        if (!ascii_is_alnum(c) && c != '+' && c != '-' && c != '.')
            return 0;
    }
    return 0;
}

static enum scheme_kind scheme_kind(struct span scheme)
{
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
        if (span_ieq(scheme, schemes[i].name))
            return schemes[i].kind;
    return SCHEME_NONE;
}

/* Bytes with %XX decoded; sets *found when there was one. */
static struct span percent_decode(struct arena *arena, struct span s, bool *found)
{
    if (span_index(s, '%') < 0)
        return s;
    char *out = arena_alloc(arena, s.len);
    size_t len = 0;
    if (out == NULL)
        return SPAN("");
    for (size_t i = 0; i < s.len; i++) {
        int high = i + 2 < s.len ? ascii_hex(s.at[i + 1]) : -1;
        int low = i + 2 < s.len ? ascii_hex(s.at[i + 2]) : -1;
        bool is_escape = s.at[i] == '%' && high >= 0 && low >= 0;
        out[len++] = is_escape ? (char)(high * 16 + low) : s.at[i];
        i += is_escape ? 2 : 0;
        *found |= is_escape;
    }
    return (struct span){out, len};
}

/* Code points that stand for plain letters or for nothing: nobody writes them so in
 * good faith. Source: Unicode blocks; UTS 46 maps or ignores them all. */
static bool is_disguise(uint32_t cp)
{
    return cp == 0xad || cp == 0x34f || (cp >= 0x200b && cp <= 0x200f) ||
           (cp >= 0x2024 && cp <= 0x2026) || cp == 0x2060 ||
           (cp >= 0x2460 && cp <= 0x24ff) || cp == 0x3002 || cp == 0xfeff ||
           (cp >= 0xfe00 && cp <= 0xfe0f) || (cp >= 0xff00 && cp <= 0xff61) ||
           (cp >= 0x1d400 && cp <= 0x1d7ff);
}

static bool has_disguise(struct span s)
{
    for (size_t i = 0; i < s.len;)
        if (is_disguise(utf8_next(s, &i)))
            return true;
    return false;
}

/* WHATWG URL 3.5 (IPv4 number parser): decimal, 0 octal, 0x hex; -1 if none. */
static int64_t ipv4_number(struct span s)
{
    unsigned base = 10;
    if (s.len == 0)
        return -1;
    if (s.len >= 2 && s.at[0] == '0') {
        bool is_hex = ascii_lower(s.at[1]) == 'x';
        base = is_hex ? 16 : 8;
        s = span_from(s, is_hex ? 2 : 1);
    }
    uint64_t value = 0;
    for (size_t i = 0; i < s.len; i++) {
        int digit = ascii_hex(s.at[i]);
        if (digit < 0 || (unsigned)digit >= base)
            return -1;
        if (value <= UINT32_MAX)
            value = value * base + (unsigned)digit;
    }
    return value <= UINT32_MAX ? (int64_t)value : INT64_C(1) << 40;
}

static struct span last_label(struct span host)
{
    ptrdiff_t dot = span_rindex(host, '.');
    return dot < 0 ? host : span_from(host, (size_t)dot + 1);
}

static bool is_all_digits(struct span s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!ascii_is_digit(s.at[i]))
            return false;
    return s.len > 0;
}

/* WHATWG URL 3.5 ("ends in a number"): then it is an IPv4 address or nothing. */
static bool is_numeric(struct span host)
{
    struct span label = last_label(host);
    return is_all_digits(label) || (label.len >= 2 && ipv4_number(label) >= 0 &&
                                    ascii_lower(label.at[1]) == 'x');
}

/* WHATWG URL 3.5 (IPv4 parser). Returns false when the numbers are too many or too
 * large. */
static bool ipv4_parse(struct span host, uint32_t *address)
{
    uint64_t sum = 0;
    int parts = 0;
    while (host.len > 0) {
        struct span part;
        bool more = span_cut(host, '.', &part, &host);
        int64_t number = ipv4_number(part);
        if (number < 0 || ++parts > 4)
            return false;
        if (more && host.len > 0) {
            if (number > 255)
                return false;
            sum |= (uint64_t)number << (8 * (4 - parts));
        } else if (number >= INT64_C(1) << (8 * (5 - parts))) {
            return false;
        } else {
            sum |= (uint64_t)number;
        }
    }
    *address = (uint32_t)sum;
    return parts > 0;
}

static bool read_ipv4(struct arena *arena, struct span host, struct url *out)
{
    uint32_t address = 0;
    char text[INET_ADDRSTRLEN];
    if (!ipv4_parse(host, &address))
        return false;
    struct in_addr in = {.s_addr = htonl(address)};
    inet_ntop(AF_INET, &in, text, sizeof text);
    out->is_ip = true;
    out->is_obfuscated |= !span_eq(host, span_of(text));
    out->host = span_dup(arena, span_of(text));
    return out->host.len > 0;
}

static bool read_ipv6(struct arena *arena, struct span inside, struct url *out)
{
    struct in6_addr address;
    char text[INET6_ADDRSTRLEN];
    if (inside.len >= sizeof text ||
        inet_pton(AF_INET6, span_cstr(arena, inside), &address) != 1)
        return false;
    inet_ntop(AF_INET6, &address, text, sizeof text);
    out->is_ip = true;
    out->host = span_dup(arena, span_of(text));
    return out->host.len > 0;
}

/* WHATWG URL 3.1 (forbidden domain code points). */
static bool has_forbidden(struct span host)
{
    for (size_t i = 0; i < host.len; i++)
        if ((unsigned char)host.at[i] <= ' ' || host.at[i] == 0x7f ||
            memchr("#/:<>?@[\\]^|%\"", host.at[i], 14) != NULL)
            return true;
    return false;
}

static bool read_host(struct arena *arena, struct span raw, struct url *out)
{
    if (raw.len == 0 || raw.len > HOST_BYTES)
        return false;
    if (raw.at[0] == '[')
        return raw.at[raw.len - 1] == ']' &&
               read_ipv6(arena, span_head(span_from(raw, 1), raw.len - 2), out);
    struct span host = percent_decode(arena, raw, &out->is_obfuscated);
    out->is_obfuscated |= has_disguise(host);
    host = idn_to_ascii(arena, host);
    if (host.len > 0 && host.at[host.len - 1] == '.')
        host.len--;
    if (host.len == 0 || host.len > DOMAIN_BYTES || has_forbidden(host))
        return false;
    if (is_numeric(host))
        return read_ipv4(arena, host, out);
    out->host = host;
    return true;
}

/* authority = [ userinfo "@" ] host [ ":" port ]  RFC 3986 3.2 */
static bool read_authority(struct arena *arena, struct span authority, struct url *out)
{
    ptrdiff_t at = span_rindex(authority, '@');
    if (at >= 0) {
        out->userinfo = span_head(authority, (size_t)at);
        authority = span_from(authority, (size_t)at + 1);
    }
    ptrdiff_t colon = span_rindex(authority, ':');
    ptrdiff_t bracket = span_rindex(authority, ']');
    if (colon >= 0 && colon > bracket) {
        uint64_t port = 0;
        if (text_parse_count(span_from(authority, (size_t)colon + 1), 65535, &port))
            out->port = (unsigned)port;
        authority = span_head(authority, (size_t)colon);
    }
    return read_host(arena, authority, out);
}

static size_t authority_length(struct span s, bool backslash)
{
    size_t i = 0;
    while (i < s.len && s.at[i] != '/' && s.at[i] != '?' && s.at[i] != '#' &&
           !(backslash && s.at[i] == '\\'))
        i++;
    return i;
}

/* addr-spec after "mailto:" (RFC 6068 2); of several the first. */
static bool read_mailto(struct arena *arena, struct span rest, struct url *out)
{
    out->path = rest;
    size_t len = 0;
    while (len < rest.len && rest.at[len] != '?' && rest.at[len] != ',')
        len++;
    struct span address = span_head(rest, len);
    ptrdiff_t at = span_rindex(address, '@');
    if (at < 0)
        return false;
    out->userinfo = span_head(address, (size_t)at);
    return read_host(arena, span_trim(span_from(address, (size_t)at + 1)), out);
}

/* Slashes before the authority: browsers take any number of either kind for a special
 * scheme; only "//" is honest. */
static size_t count_slashes(struct span s)
{
    size_t i = 0;
    while (i < s.len && (s.at[i] == '/' || s.at[i] == '\\'))
        i++;
    return i;
}

static bool read_rest(struct arena *arena, struct span rest, bool is_special,
                      struct url *out)
{
    size_t len = authority_length(rest, is_special);
    out->path = span_from(rest, len);
    return read_authority(arena, span_head(rest, len), out);
}

/* Without a scheme: "www.example.com/x", "example.com:8080". */
static bool read_bare(struct arena *arena, struct span s, struct url *out)
{
    if (!read_rest(arena, s, true, out))
        return false;
    out->is_web = out->userinfo.len == 0;
    if (out->is_ip)
        return span_index(out->host, '.') > 0 && span_index(s, '.') > 0;
    return span_index(out->host, '.') > 0 &&
           (span_starts(out->host, SPAN("www.")) || url_has_known_tld(out->host));
}

static bool read_with_scheme(struct arena *arena, struct span s, size_t scheme_len,
                             struct url *out)
{
    struct span rest = span_from(s, scheme_len + 1);
    enum scheme_kind kind = scheme_kind(span_head(s, scheme_len));
    out->scheme = span_lower(arena, span_head(s, scheme_len));
    if (kind == SCHEME_NONE)
        return false;
    if (kind == SCHEME_MAIL)
        return read_mailto(arena, rest, out);
    size_t slashes = count_slashes(rest);
    bool is_plain = slashes == 2 && span_starts(rest, SPAN("//"));
    out->is_web = kind == SCHEME_WEB;
    if (kind == SCHEME_HOST)
        return is_plain && read_rest(arena, span_from(rest, 2), false, out);
    out->is_obfuscated = !is_plain;
    return read_rest(arena, span_from(rest, slashes), true, out);
}

bool url_parse(struct arena *arena, struct span target, struct url *out)
{
    struct span none = SPAN("");
    *out = (struct url){.scheme = none, .userinfo = none, .host = none, .path = none};
    struct span s = clean_target(arena, target);
    size_t scheme_len = scheme_length(s);
    bool found;
    if (scheme_len > 0) {
        found = read_with_scheme(arena, s, scheme_len, out);
    } else if (count_slashes(s) >= 2) {
        out->is_obfuscated = !span_starts(s, SPAN("//")) || count_slashes(s) != 2;
        out->is_web = true;
        found = read_rest(arena, span_from(s, count_slashes(s)), true, out);
    } else {
        found = read_bare(arena, s, out);
    }
    if (!found) {
        out->host = none;
        out->is_web = out->is_ip = false;
    }
    return found;
}

static bool is_address(struct span host)
{
    uint32_t address;
    return span_index(host, ':') >= 0 ||
           (is_numeric(host) && ipv4_parse(host, &address));
}

/* libpsl wants lower case and no final dot, and takes "192.0.2.1" for a
 * name. */
struct span url_domain(struct arena *arena, struct span host)
{
    if (host.len > 0 && host.at[host.len - 1] == '.')
        host.len--;
    if (host.len == 0 || host.len > DOMAIN_BYTES || host.at[0] == '.' ||
        is_address(host) || span_index(host, '\0') >= 0)
        return SPAN("");
    struct span lower = span_lower(arena, host);
    const char *domain = psl_registrable_domain(psl_builtin(), lower.at);
    return domain != NULL ? span_of(domain) : SPAN("");
}

bool url_has_known_tld(struct span host)
{
    char label[LABEL_BYTES + 1];
    if (host.len > 0 && host.at[host.len - 1] == '.')
        host.len--;
    struct span last = last_label(host);
    if (last.len < 2 || last.len > LABEL_BYTES)
        return false;
    for (size_t i = 0; i < last.len; i++)
        label[i] = last.at[i] != '\0' ? ascii_lower(last.at[i]) : ' ';
    label[last.len] = '\0';
    return psl_is_public_suffix2(psl_builtin(), label,
                                 PSL_TYPE_ICANN | PSL_TYPE_NO_STAR_RULE) != 0;
}
