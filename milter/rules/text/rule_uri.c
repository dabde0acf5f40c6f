/* SPDX-License-Identifier: BSD-2-Clause */
#include "rules/text/rule_uri.h"

#include <string.h>

#include "base/bounds.h"
#include "base/buf.h"
#include "base/idn.h"
#include "base/netaddr.h"

enum {
    FORMS_MAX = 32, /* of one link: chosen, far above what one can have */
    ROUNDS_MAX = 8, /* redirectors within redirectors */
    LABEL_BYTES = 63,
    HOST_BYTES = 253,
};

/* ---- the set ---- */

static unsigned *bucket_of(const struct rule_uri_set *set, struct span uri)
{
    size_t mask = set->bucket_count - 1, i = span_hash(SPAN_HASH_SEED, uri) & mask;

    while (set->buckets[i] != 0 && !span_eq(set->at[set->buckets[i] - 1], uri))
        i = (i + 1) & mask;
    return &set->buckets[i];
}

static bool grow(struct rule_uri_set *set)
{
    size_t room = set->room > 0 ? 2 * set->room : 64;
    struct span *at = arena_array(set->arena, room, sizeof *at);
    unsigned *buckets = arena_array(set->arena, 2 * room, sizeof *buckets);

    if (at == NULL || buckets == NULL)
        return false;
    if (set->count > 0)
        memcpy(at, set->at, set->count * sizeof *at);
    set->at = at;
    set->buckets = buckets;
    set->room = room;
    set->bucket_count = 2 * room;
    for (size_t i = 0; i < set->count; i++)
        *bucket_of(set, at[i]) = (unsigned)i + 1;
    return true;
}

int rule_uri_start(struct rule_uri_set *set, const struct rule_links *links,
                   struct arena *arena)
{
    static const struct rule_links none;

    *set =
        (struct rule_uri_set){.links = links != NULL ? links : &none, .arena = arena};
    return grow(set) ? 0 : -1;
}

static void put(struct rule_uri_set *set, struct span uri)
{
    unsigned *bucket = bucket_of(set, uri);

    if (*bucket != 0 || set->count >= BOUND_RULE_URIS)
        return;
    if (set->count == set->room) {
        if (!grow(set))
            return;
        bucket = bucket_of(set, uri);
    }
    *bucket = (unsigned)set->count + 1;
    set->at[set->count++] = uri;
}

/* ---- the forms of one link ---- */

struct forms {
    struct rule_uri_set *set;
    struct arena *arena;
    struct span at[FORMS_MAX];
    size_t count;
    struct span queue[ROUNDS_MAX]; /* links within it, to be read likewise */
    size_t queue_count;
};

static void add_form(struct forms *forms, struct span form)
{
    if (form.len > 0 && forms->count < FORMS_MAX)
        forms->at[forms->count++] = form;
}

static struct span join(struct arena *arena, struct span a, struct span b,
                        struct span c)
{
    struct buf out;

    buf_init(&out, arena, 2 * BOUND_LINK_BYTES);
    buf_add_span(&out, a);
    buf_add_span(&out, b);
    buf_add_span(&out, c);
    return buf_span(&out);
}

/* Without line ends, trimmed. */
static struct span clean(struct arena *arena, struct span link)
{
    char *out;
    size_t len = 0;

    link = span_head(span_trim(link), BOUND_LINK_BYTES);
    if (span_index(link, '\n') < 0 && span_index(link, '\r') < 0)
        return link;
    out = arena_alloc(arena, link.len + 1);
    if (out == NULL)
        return SPAN("");
    for (size_t i = 0; i < link.len; i++)
        if (link.at[i] != '\n' && link.at[i] != '\r')
            out[len++] = link.at[i];
    return span_trim((struct span){out, len});
}

static int escape_at(struct span s, size_t i)
{
    int high = i + 2 < s.len && s.at[i] == '%' ? ascii_hex(s.at[i + 1]) : -1;
    int low = high >= 0 ? ascii_hex(s.at[i + 2]) : -1;

    return low >= 0 ? high * 16 + low : -1;
}

static bool has_escape(struct span s)
{
    for (size_t i = 0; i < s.len; i++)
        if (escape_at(s, i) >= 0)
            return true;
    return false;
}

struct span rule_uri_decode(struct arena *arena, struct span s)
{
    static const char digits[] = "0123456789abcdef";
    char *out = arena_alloc(arena, 3 * s.len + 1);
    size_t len = 0;

    if (out == NULL)
        return SPAN("");
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.at[i];
        int byte = escape_at(s, i);
        if (byte > 0x20 && byte < 0x7f) {
            out[len++] = (char)byte;
            i += 2;
        } else if (byte >= 0) {
            memcpy(out + len, s.at + i, 3);
            len += 3;
            i += 2;
        } else if (c <= 0x20 || c >= 0x7f || strchr("\"%<>", c) != NULL) {
            out[len++] = '%';
            out[len++] = digits[c >> 4];
            out[len++] = digits[c & 15];
        } else
            out[len++] = s.at[i];
    }
    return (struct span){out, len};
}

static bool is_mail(struct span link)
{
    ptrdiff_t at = span_index(link, '@'), colon = span_index(link, ':');

    return span_istarts(link, SPAN("mailto:")) ||
           (at >= 0 && (colon < 0 || at < colon));
}

/* What stands before the first of stops behind local@x; empty without. */
static struct span mail_until(struct span link, const char *stops, char wanted)
{
    ptrdiff_t at = span_index(link, '@');
    size_t i = (size_t)at + 1;

    if (at <= 0)
        return SPAN("");
    while (i < link.len && strchr(stops, link.at[i]) == NULL)
        i++;
    return i < link.len && i > (size_t)at + 1 && link.at[i] == wanted
               ? span_head(link, i)
               : SPAN("");
}

/* mailto: with what is not the address cut off. */
static void add_mail_forms(struct forms *forms, struct span link)
{
    struct span rest = link, address;
    ptrdiff_t open = span_index(link, '<'), close;
    size_t end;

    add_form(forms, mail_until(link, "?", '?'));
    add_form(forms, mail_until(link, "?&", '&'));
    if (span_find(link, SPAN("%20")) >= 0) {
        if (span_starts(rest, SPAN("mailto:")))
            rest = span_from(rest, 7);
        while (span_starts(rest, SPAN("%20")))
            rest = span_from(rest, 3);
        ptrdiff_t at = span_index(rest, '@');
        for (end = (size_t)at + 1; at > 0 && end < rest.len; end++)
            if (strchr("?&%", rest.at[end]) != NULL)
                break;
        if (at > 0 && end > (size_t)at + 1)
            add_form(forms, join(forms->arena, SPAN("mailto:"), span_head(rest, end),
                                 SPAN("")));
    }
    if (open < 0)
        return;
    close = span_index(span_from(link, (size_t)open), '>');
    if (close < 0)
        return;
    address = (struct span){link.at + open + 1, (size_t)close - 1};
    if (span_index(address, '@') > 0)
        add_form(forms, join(forms->arena, SPAN("mailto:"), address, SPAN("")));
}

/* http: and https: are followed by two '/', whatever was written. */
static struct span with_slashes(struct arena *arena, struct span link)
{
    size_t scheme = span_istarts(link, SPAN("https:"))  ? 6
                    : span_istarts(link, SPAN("http:")) ? 5
                                                        : 0;
    struct span rest = span_from(link, scheme);

    if (scheme == 0 || span_starts(rest, SPAN("//")))
        return link;
    if (rest.len > 0 && rest.at[0] == '/')
        rest = span_from(rest, 1);
    return join(arena, span_head(link, scheme), SPAN("//"), rest);
}

static bool has_scheme(struct span link)
{
    size_t i = 0;

    while (i < link.len &&
           (ascii_is_alnum(link.at[i]) || link.at[i] == '-' || link.at[i] == '_'))
        i++;
    return i > 0 && i < link.len && link.at[i] == ':';
}

/* A '/' between host and query or fragment. */
static struct span with_path(struct arena *arena, struct span link)
{
    size_t start = span_istarts(link, SPAN("https://"))  ? 8
                   : span_istarts(link, SPAN("http://")) ? 7
                                                         : 0;
    size_t i = start;

    while (start > 0 && i < link.len && strchr("/?#", link.at[i]) == NULL)
        i++;
    if (start == 0 || i == start || i == link.len || link.at[i] == '/')
        return link;
    return join(arena, span_head(link, i), SPAN("/"), span_from(link, i));
}

/* A character reference at i: its character, 0 for none; *len what it takes. */
static char reference_at(struct span s, size_t i, size_t *len)
{
    bool is_hex = i + 2 < s.len && s.at[i + 2] == 'x';
    size_t k = i + (is_hex ? 3 : 2);
    unsigned long code = 0;

    if (i + 3 >= s.len || s.at[i] != '&' || s.at[i + 1] != '#')
        return '\0';
    for (; k < s.len && k < i + 10; k++) {
        int digit = ascii_hex(s.at[k]);
        if (digit < 0 || (!is_hex && digit > 9))
            break;
        code = code * (is_hex ? 16 : 10) + (unsigned)digit;
    }
    if (k == s.len || s.at[k] != ';')
        return '\0';
    *len = k + 1 - i;
    if (code == 0x2e || code == 0x3002 || code == 0xff0e || code == 0xff61)
        return '.';
    return code > 0x20 && code < 0x7f ? (char)code : '\0';
}

static struct span without_references(struct arena *arena, struct span s)
{
    char *out;
    size_t len = 0, taken = 0;

    if (span_find(s, SPAN("&#")) < 0 || (out = arena_alloc(arena, s.len + 1)) == NULL)
        return s;
    for (size_t i = 0; i < s.len; i++) {
        char c = reference_at(s, i, &taken);
        out[len++] = c != '\0' ? c : s.at[i];
        i += c != '\0' ? taken - 1 : 0;
    }
    return (struct span){out, len};
}

static struct span with_plain_slashes(struct arena *arena, struct span s)
{
    struct span copy;

    if (span_index(s, '\\') < 0)
        return s;
    copy = span_dup(arena, s);
    for (size_t i = 0; i < copy.len; i++)
        if (copy.at[i] == '\\')
            ((char *)copy.at)[i] = '/';
    return copy;
}

/* ---- hosts ---- */

struct web {
    struct span scheme, auth, host, rest, port;
    bool has_port;
};

static bool take_apart(struct span link, struct web *web)
{
    size_t scheme = span_istarts(link, SPAN("https://"))  ? 8
                    : span_istarts(link, SPAN("http://")) ? 7
                                                          : 0;
    struct span rest = span_from(link, scheme);
    size_t i = 0, end;

    *web = (struct web){.scheme = span_head(link, scheme)};
    while (i < rest.len && strchr("@/?#", rest.at[i]) == NULL)
        i++;
    if (i < rest.len && rest.at[i] == '@') {
        web->auth = span_head(rest, i + 1);
        rest = span_from(rest, i + 1);
    }
    for (i = 0; i < rest.len && strchr("/?#:", rest.at[i]) == NULL;)
        i++;
    web->host = span_head(rest, i);
    web->rest = span_from(rest, i);
    if (web->rest.len > 0 && web->rest.at[0] == ':') {
        for (end = 1; end < web->rest.len && ascii_is_digit(web->rest.at[end]);)
            end++;
        web->port = (struct span){web->rest.at + 1, end - 1};
        web->has_port = web->port.len > 0;
    }
    return scheme > 0 && web->host.len > 0;
}

static void add_web(struct forms *forms, const struct web *web, struct span host,
                    struct span rest)
{
    add_form(forms, join(forms->arena, web->scheme, host, rest));
}

/* The port that the scheme means anyway is left out. */
static struct span without_port(const struct web *web)
{
    struct span usual = web->scheme.len == 8 ? SPAN("443") : SPAN("80");

    return span_eq(web->port, usual) ? span_from(web->rest, 1 + web->port.len)
                                     : web->rest;
}

static struct span without_controls(struct arena *arena, struct span host)
{
    char *out = arena_alloc(arena, host.len + 1);
    size_t len = 0;

    for (size_t i = 0; out != NULL && i < host.len; i++)
        if ((unsigned char)host.at[i] > 0x20)
            out[len++] = host.at[i];
    return out != NULL && len < host.len ? (struct span){out, len} : host;
}

/* A number as hosts write them: 0x hexadecimal, 0 octal, decimal. */
static bool read_number(struct span s, bool is_octet, uint32_t *out)
{
    bool is_hex = span_istarts(s, SPAN("0x"));
    bool is_octal = is_octet && !is_hex && s.len > 1 && s.at[0] == '0';
    unsigned base = is_hex ? 16 : is_octal ? 8 : 10;
    uint32_t value = 0;

    s = span_from(s, is_hex ? 2 : 0);
    for (size_t i = 0; i < s.len; i++) {
        int digit = ascii_hex(s.at[i]);
        if (digit < 0 || (unsigned)digit >= base)
            return false;
        value = value * base + (unsigned)digit;
    }
    *out = value;
    return s.len > 0;
}

/* The host as a dotted address, if it is one in any of its spellings. */
static bool dotted(struct arena *arena, struct span host, struct span *out)
{
    uint32_t octets[4], number;
    struct span rest = host, part;
    size_t count = 0;
    bool has_more = true;
    struct buf text;

    buf_init(&text, arena, NETADDR_TEXT_BYTES);
    while (has_more && count < 4) {
        has_more = span_cut(rest, '.', &part, &rest);
        if (!read_number(part, true, &octets[count++]))
            break;
        if (count == 4 && !has_more) {
            buf_printf(&text, "%u.%u.%u.%u", octets[0], octets[1], octets[2],
                       octets[3]);
            *out = buf_span(&text);
            return true;
        }
    }
    if (span_index(host, '.') >= 0 || !read_number(host, false, &number))
        return false;
    buf_printf(&text, "%u.%u.%u.%u", number >> 24, number >> 16 & 255,
               number >> 8 & 255, number & 255);
    *out = buf_span(&text);
    return true;
}

/* http://example goes to www.example.com in some readers' programs. */
static void add_guess(struct forms *forms, const struct web *web, struct span host)
{
    struct span name = span_lower(forms->arena, host);

    if (span_starts(name, SPAN("www.")))
        name = span_from(name, 4);
    if (web->scheme.len != 7 || web->auth.len > 0 ||
        (web->has_port && !span_eq(web->port, SPAN("80"))) ||
        span_eq(name, SPAN("localhost")) || name.len == 0 ||
        span_index(name, '.') >= 0 ||
        rule_domains_is_valid(&forms->set->links->domains, host))
        return;
    add_web(forms, web, join(forms->arena, SPAN("www."), name, SPAN(".com")),
            web->rest);
}

/* A link within the link: what a redirector's pattern says, else any. */
static void queue_redirected(struct forms *forms, struct span link, struct span rest)
{
    const struct rule_links *links = forms->set->links;
    struct span target = SPAN("");
    ptrdiff_t at = span_ifind(rest, SPAN("http"));
    size_t end;

    for (size_t i = 0; i < links->redirector_count && target.len == 0; i++)
        if (!pattern_group(links->redirectors[i].pattern, link, 1, &target) ||
            span_index(target, '.') < 0)
            target = SPAN("");
    while (target.len == 0 && at >= 0) {
        struct span tail = span_from(rest, (size_t)at);
        size_t colon = tail.len > 4 && ascii_lower(tail.at[4]) == 's' ? 5 : 4;
        if (tail.len > colon + 1 && tail.at[colon] == ':') {
            for (end = colon + 1; end < tail.len && strchr("&#", tail.at[end]) == NULL;)
                end++;
            target = span_head(tail, end);
            if (end == colon + 1 || span_index(target, '.') < 0)
                return;
            break;
        }
        rest = span_from(tail, 4);
        at = span_ifind(rest, SPAN("http"));
    }
    if (target.len > 0 && forms->queue_count < ROUNDS_MAX)
        forms->queue[forms->queue_count++] = span_dup(forms->arena, target);
}

static void add_host_forms(struct forms *forms, struct span link)
{
    struct web web;
    struct span host, other, short_rest;
    size_t len;

    if (!take_apart(link, &web))
        return;
    host = web.host;
    short_rest = without_port(&web);
    if (short_rest.len != web.rest.len)
        add_web(forms, &web, host, short_rest);
    other = idn_to_ascii(forms->arena, host);
    if (!span_ieq(other, host)) {
        add_web(forms, &web, other, web.rest);
        host = other;
    }
    other = without_controls(forms->arena, host);
    if (other.len != host.len)
        add_web(forms, &web, host = other, web.rest);
    queue_redirected(forms, join(forms->arena, web.scheme, host, web.rest), web.rest);
    if (span_rindex(host, '@') > 0) {
        host = span_from(host, (size_t)span_index(host, '@') + 1);
        add_web(forms, &web, host, web.rest);
    }
    for (len = host.len; len > 0 && !ascii_is_alnum(host.at[len - 1]);)
        len--;
    if (len < host.len)
        add_web(forms, &web, host = span_head(host, len), web.rest);
    if (dotted(forms->arena, host, &other))
        add_web(forms, &web, other, web.rest);
    else
        add_guess(forms, &web, host);
}

/* Not '#top', '?x', '/image.gif': they lead nowhere by themselves. */
static bool leads_somewhere(struct span link)
{
    if (link.len <= 1 || strchr("#?&", link.at[0]) != NULL)
        return false;
    return link.at[0] != '/' || link.at[1] == '/';
}

static void add_web_forms(struct forms *forms, struct span link)
{
    struct span web = with_plain_slashes(forms->arena, link);

    web = with_slashes(forms->arena, web);
    if (has_escape(web))
        web = rule_uri_decode(forms->arena, web);
    if (!has_scheme(web))
        web = join(forms->arena,
                   span_starts(web, SPAN("ftp.")) ? SPAN("ftp://") : SPAN("http://"),
                   web, SPAN(""));
    web = with_path(forms->arena, web);
    web = without_references(forms->arena, web);
    if (!span_eq(web, link))
        add_form(forms, web);
    add_host_forms(forms, web);
}

static void make_forms(struct forms *forms, struct span link)
{
    forms->queue[forms->queue_count++] = link;
    for (size_t i = 0; i < forms->queue_count; i++) {
        link = clean(forms->arena, forms->queue[i]);
        add_form(forms, link);
        if (!leads_somewhere(link))
            continue;
        if (is_mail(link))
            add_mail_forms(forms, link);
        else
            add_web_forms(forms, link);
    }
}

/* ---- is there a host that could be asked for ---- */

static bool is_label(struct span label, bool may_have_underscore)
{
    if (label.len == 0 || label.len > LABEL_BYTES || label.at[0] == '-' ||
        label.at[label.len - 1] == '-')
        return false;
    for (size_t i = 0; i < label.len; i++)
        if (!ascii_is_alnum(label.at[i]) && label.at[i] != '-' &&
            (label.at[i] != '_' || !may_have_underscore))
            return false;
    return true;
}

/* '_' is well-formed but in the last two labels. */
bool rule_uri_is_host(struct span host)
{
    struct span rest = host, label;
    size_t left = 1;

    while (host.len > 0 && host.at[host.len - 1] == '.')
        host.len--;
    for (size_t i = 0; i < host.len; i++)
        left += host.at[i] == '.';
    if (host.len > HOST_BYTES || left < 2)
        return false;
    for (rest = host; left > 0; left--) {
        span_cut(rest, '.', &label, &rest);
        if (!is_label(label, left > 2))
            return false;
    }
    return true;
}

static bool is_valid(const struct rule_links *links, struct span host)
{
    struct netaddr address;

    return netaddr_parse(host, &address) ||
           (rule_uri_is_host(host) && rule_domains_is_valid(&links->domains, host));
}

static struct span host_of(struct span link)
{
    ptrdiff_t at = span_rindex(link, '@');
    size_t i = 0;

    if (span_istarts(link, SPAN("mailto:"))) {
        size_t end = 0;
        while (end < link.len && link.at[end] != '?')
            end++;
        link = span_head(link, end);
        at = span_rindex(link, '@');
        return at > 0 && at == span_index(link, '@') ? span_from(link, (size_t)at + 1)
                                                     : SPAN("");
    }
    while (i < link.len && ascii_is_alpha(link.at[i]))
        i++;
    if (i > 0 && i < link.len && link.at[i] == ':')
        link = span_from(link, i + 1);
    for (i = 0; i < 2 && link.len > 0 && link.at[0] == '/'; i++)
        link = span_from(link, 1);
    for (i = 0; i < link.len && strchr("/?#", link.at[i]) == NULL;)
        i++;
    link = span_head(link, i);
    at = span_rindex(link, '@');
    link = span_from(link, at < 0 ? 0 : (size_t)at + 1);
    for (i = link.len; i > 0 && ascii_is_digit(link.at[i - 1]);)
        i--;
    return i > 0 && link.at[i - 1] == ':' ? span_head(link, i - 1) : link;
}

static bool has_domain(const struct forms *forms)
{
    for (size_t i = 0; i < forms->count; i++) {
        struct span host = host_of(forms->at[i]);
        if (span_istarts(forms->at[i], SPAN("javascript:")) ||
            span_istarts(forms->at[i], SPAN("cid:")) ||
            span_istarts(forms->at[i], SPAN("file:")))
            continue;
        if (host.len > 0 &&
            is_valid(forms->set->links, idn_to_ascii(forms->arena, host)))
            return true;
    }
    return false;
}

void rule_uri_add(struct rule_uri_set *set, struct span link, bool needs_domain)
{
    struct forms forms = {.set = set, .arena = set->arena};

    if (link.len == 0 || set->count >= BOUND_RULE_URIS)
        return;
    make_forms(&forms, link);
    if (needs_domain && !has_domain(&forms))
        return;
    for (size_t i = 0; i < forms.count; i++)
        put(set, forms.at[i]);
}
