/* SPDX-License-Identifier: BSD-2-Clause
 *
 * fact_links - where the message's links go, and what they pretend. Pure.
 */
#include "facts/fact_input.h"
#include "facts/fact_lists.h"

enum {
    MISMATCH_TEXT_BYTES = 512, /* of a link's text looked at for another host */
    DOMAINS_LISTED_MOST = 20,  /* names in the text fact */
};

struct link_sum {
    size_t mismatches, obfuscated, scripts, data, userinfo, odd_ports, punycode, hidden;
    size_t mailtos, plain_http, redirects, names_recipient, foreign, longest;
    size_t form_foreign;
};

/* What the link's text says about where it goes: the registrable domain of the first
 * host written in it; empty if there is none. An address's domain is none. */
static struct span claimed_domain(struct arena *arena, struct span text)
{
    struct url_hit hit;
    struct url url;
    text = span_head(text, MISMATCH_TEXT_BYTES);
    if (span_index(text, '.') < 0 || url_find(text, &hit, 1) == 0)
        return SPAN("");
    if (hit.at > 0 && text.at[hit.at - 1] == '@')
        return SPAN("");
    struct span written = {text.at + hit.at, hit.len};
    if (!url_parse(arena, written, &url) || !url.is_web || url.userinfo.len > 0)
        return SPAN("");
    return url.is_ip ? url.host : url_domain(arena, url.host);
}

static bool is_mismatch(const struct fact_input *in, const struct fact_link *link)
{
    if (link->link->origin != LINK_ANCHOR || link->host == NULL)
        return false;
    struct span claimed = claimed_domain(in->arena, link->link->text);
    struct span real = link->host->is_ip ? link->host->name : link->host->domain;
    return claimed.len > 0 && !span_ieq(claimed, real);
}

/* Another address inside path, query or fragment, plain or escaped. */
static bool is_redirect(struct span path)
{
    for (size_t i = 0; i + 7 <= path.len; i++) {
        if (ascii_lower(path.at[i]) != 'h')
            continue;
        struct span rest = span_from(path, i);
        if (!span_istarts(rest, SPAN("http")))
            continue;
        rest = span_from(rest, ascii_lower(rest.at[4]) == 's' ? 5 : 4);
        if (span_starts(rest, SPAN("://")) || span_istarts(rest, SPAN("%3a")))
            return true;
    }
    return false;
}

static bool is_odd_port(const struct url *url)
{
    return url->port != 0 && url->port != 80 && url->port != 443;
}

static bool has_punycode(struct span host)
{
    return span_istarts(host, SPAN("xn--")) || span_ifind(host, SPAN(".xn--")) >= 0;
}

/* The first recipient's address in the target, as kits put it there to greet the
 * victim: as it stands or with %40. */
static bool holds_recipient(const struct fact_input *in, struct span target)
{
    if (in->recipient.len == 0 ||
        (span_index(target, '@') < 0 && span_find(target, SPAN("%40")) < 0))
        return false;
    struct span local;
    struct span domain;
    if (!span_cut(in->recipient, '@', &local, &domain) || local.len == 0)
        return false;
    target = span_lower(in->arena, target);
    for (ptrdiff_t at; (at = span_find(target, local)) >= 0;) {
        target = span_from(target, (size_t)at + local.len);
        bool is_escaped = span_starts(target, SPAN("%40"));
        struct span rest = span_from(target, is_escaped ? 3 : 1);
        if ((is_escaped || span_starts(target, SPAN("@"))) && span_starts(rest, domain))
            return true;
    }
    return false;
}

static void add_scheme(struct link_sum *sum, const struct link *link)
{
    sum->scripts += span_istarts(link->target, SPAN("javascript:")) ||
                    span_istarts(link->target, SPAN("vbscript:"));
    sum->data += span_istarts(link->target, SPAN("data:"));
    sum->mailtos += span_istarts(link->target, SPAN("mailto:"));
}

static void add_web(const struct fact_input *in, struct link_sum *sum,
                    const struct fact_link *link)
{
    const struct url *url = &link->url;
    sum->obfuscated += url->is_obfuscated;
    sum->userinfo += url->userinfo.len > 0;
    sum->odd_ports += is_odd_port(url);
    sum->punycode += has_punycode(url->host);
    sum->form_foreign += link->link->origin == LINK_FORM && link->host->is_foreign;
    if (!link->is_counted)
        return;
    sum->mismatches += is_mismatch(in, link);
    sum->foreign += link->host->is_foreign;
    sum->hidden += link->link->is_hidden;
    sum->plain_http += span_eq(url->scheme, SPAN("http"));
    sum->redirects += is_redirect(url->path);
    sum->names_recipient += holds_recipient(in, link->link->target);
    if (link->link->target.len > sum->longest)
        sum->longest = link->link->target.len;
}

struct host_sum {
    size_t hosts, domains, foreign_domains, shorteners, free_hosts, ips, odd_tlds;
    struct buf names;
};

/* hosts[at] is the first of its domain. Quadratic in hosts, so bounded. */
static bool is_new_domain(const struct fact_input *in, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (in->hosts[i].links > 0 &&
            span_eq(in->hosts[i].domain, in->hosts[at].domain))
            return false;
    return true;
}

static void add_domain(struct host_sum *sum, const struct fact_host *host)
{
    sum->domains++;
    sum->foreign_domains += host->is_foreign;
    if (sum->domains > DOMAINS_LISTED_MOST)
        return;
    if (sum->domains > 1)
        buf_add_char(&sum->names, ',');
    buf_add_span(&sum->names, host->domain.len > 0 ? host->domain : host->name);
}

static void add_host(const struct fact_input *in, struct host_sum *sum, size_t at)
{
    enum { HOSTS_COMPARED_MOST = 256 };
    const struct fact_host *host = &in->hosts[at];
    if (host->links == 0)
        return;
    sum->hosts++;
    if (host->domain.len == 0 || at >= HOSTS_COMPARED_MOST || is_new_domain(in, at))
        add_domain(sum, host);
    if (host->is_ip) {
        sum->ips += host->links;
        return;
    }
    struct span tld = span_from(host->name, (size_t)(span_rindex(host->name, '.') + 1));
    if (list_has(LIST_SHORTENERS, host->name) ||
        list_has(LIST_SHORTENERS, host->domain))
        sum->shorteners += host->links;
    if (list_has_suffix(LIST_FREE_HOSTS, host->name))
        sum->free_hosts += host->links;
    if (list_has(LIST_ODD_TLDS, tld))
        sum->odd_tlds += host->links;
}

static void set_hosts(const struct fact_input *in, struct facts *out)
{
    struct host_sum sum = {0};
    buf_init(&sum.names, in->arena, 2048);
    for (size_t i = 0; i < in->host_count; i++)
        add_host(in, &sum, i);
    FACT_SET(link_hosts, sum.hosts);
    FACT_SET(link_domains, sum.domains);
    FACT_SET(link_foreign_domains, sum.foreign_domains);
    FACT_SET(link_shorteners, sum.shorteners);
    FACT_SET(link_free_hosts, sum.free_hosts);
    FACT_SET(link_odd_tlds, sum.odd_tlds);
    FACT_SET(link_ips, sum.ips);
    FACT_TEXT_SET(link_domain_names, buf_span(&sum.names));
}

void fact_links(const struct fact_input *in, struct facts *out)
{
    struct link_sum sum = {0};
    for (size_t i = 0; i < in->link_count; i++) {
        add_scheme(&sum, in->links[i].link);
        if (in->links[i].host != NULL)
            add_web(in, &sum, &in->links[i]);
    }
    FACT_SET(link_count, in->counted_links);
    if (in->text.words > 0)
        FACT_SET(links_per_100_words,
                 100.0 * (double)in->counted_links / (double)in->text.words);
    if (in->counted_links > 0)
        FACT_SET(link_foreign_ratio, (double)sum.foreign / (double)in->counted_links);
    FACT_SET(link_mismatches, sum.mismatches);
    FACT_SET(link_obfuscated, sum.obfuscated);
    FACT_SET(link_scripts, sum.scripts);
    FACT_SET(link_data, sum.data);
    FACT_SET(link_userinfo, sum.userinfo);
    FACT_SET(link_odd_ports, sum.odd_ports);
    FACT_SET(link_punycode, sum.punycode);
    FACT_SET(link_hidden, sum.hidden);
    FACT_SET(link_mailtos, sum.mailtos);
    FACT_SET(link_plain_http, sum.plain_http);
    FACT_SET(link_redirects, sum.redirects);
    FACT_SET(link_names_recipient, sum.names_recipient);
    FACT_SET(link_longest_bytes, sum.longest);
    FACT_SET(form_foreign, sum.form_foreign);
    set_hosts(in, out);
}
