/* SPDX-License-Identifier: BSD-2-Clause */
#include "rules/text/rule_uri_find.h"

#include <string.h>

#include "base/bounds.h"
#include "base/buf.h"

/* What a run of text may have at most and still be a link. */
enum { LINK_BYTES = 2048, SIDE_BYTES = 251, PORT_DIGITS = 5 };

enum find_kind { FOUND_NOTHING = 0, FOUND_LINK, FOUND_MAIL, FOUND_HOST };

/* From here to there no byte ends it: what was looked for once is not again. */
struct stretch {
    bool (*ends)(char c);
    size_t from, end;
};

struct finder {
    struct rule_uri_set *set;
    struct span text;
    struct stretch link, mail, local; /* local: the part before the '@' */
};

static bool ends_link(char c)
{
    return ascii_is_space(c) || (c != '\0' && strchr("><\"`}]{[|\x1b\xa0", c) != NULL);
}

static bool ends_mail(char c)
{
    return ends_link(c) || (unsigned char)c >= 0x80 || c == ',' || c == '(' ||
           c == '\'';
}

/* What may stand before a link. */
static bool starts_link(char c)
{
    return ascii_is_space(c) || (c != '\0' && strchr("><\"'`,{[(|\x1b\xa0", c) != NULL);
}

/* What may stand before a bare host name. */
static bool starts_host(char c)
{
    return ascii_is_space(c) ||
           (c != '\0' && strchr("!\"#$&'()*+,/:;<=>?@[\\]^`{|}~\x1b\xa0", c) != NULL);
}

static bool is_word(char c)
{
    return ascii_is_alnum(c) || c == '_';
}

static bool can_start(struct span text, size_t i)
{
    bool before = i > 0 && is_word(text.at[i - 1]);

    if (before != is_word(text.at[i]))
        return true;
    if (i > 0 && starts_link(text.at[i - 1]))
        return true;
    return i > 2 && text.at[i - 3] == '\x1b' && text.at[i - 2] == '(';
}

static size_t digits_at(struct span text, size_t i, size_t most)
{
    size_t n = 0;

    while (n < most && i + n < text.len && ascii_is_digit(text.at[i + n]))
        n++;
    return n;
}

/* Bytes of the head that says a link follows: "https://", "www2.". */
static size_t head_at(struct span text, size_t i)
{
    static const char *const heads[] = {"http://", "https://", "ftp://", "ftp."};
    struct span rest = span_from(text, i);

    for (size_t k = 0; k < sizeof heads / sizeof heads[0]; k++)
        if (span_istarts(rest, span_of(heads[k])))
            return strlen(heads[k]);
    if (span_istarts(rest, SPAN("www"))) {
        size_t n = 3 + digits_at(rest, 3, 2);
        if (n < rest.len && rest.at[n] == '.')
            return n + 1;
    }
    return 0;
}

/* The first byte at i or behind it that ends the stretch. Places mostly go up: then
 * each byte is looked at once. */
static size_t end_of(struct span text, struct stretch *s, size_t i)
{
    size_t at = i;

    if (i >= s->from && i < s->end)
        return s->end;
    while (at < text.len && !s->ends(text.at[at]))
        at = at + 1 == s->from ? s->end : at + 1;
    s->from = i;
    s->end = at;
    return at;
}

/* How far bytes go that do not end it; 0 when they are none or too many. */
static size_t run(struct span text, struct stretch *s, size_t i, size_t most)
{
    size_t n = i < text.len ? end_of(text, s, i) - i : 0;

    return n <= most ? n : 0;
}

static size_t link_at(struct finder *f, size_t i)
{
    size_t head = head_at(f->text, i);
    size_t n = head > 0 ? run(f->text, &f->link, i + head, LINK_BYTES) : 0;

    return n > 0 ? head + n : 0;
}

static bool ends_local(char c)
{
    return ends_mail(c) || c == '@';
}

static size_t mail_at(struct finder *f, size_t i)
{
    size_t n, domain;

    if (span_istarts(span_from(f->text, i), SPAN("mailto:")) &&
        (n = run(f->text, &f->mail, i + 7, LINK_BYTES)) > 0)
        return n + 7;
    n = run(f->text, &f->local, i, SIDE_BYTES);
    if (n == 0 || i + n == f->text.len || f->text.at[i + n] != '@')
        return 0;
    domain = run(f->text, &f->mail, i + n + 1, SIDE_BYTES);
    return domain > 0 ? n + 1 + domain : 0;
}

static bool has_tld(const struct finder *f, struct span host)
{
    ptrdiff_t dot = span_rindex(host, '.');

    return dot > 0 && host.len <= SIDE_BYTES + 2 &&
           rule_domains_is_tld(&f->set->links->domains,
                               span_from(host, (size_t)dot + 1));
}

/* host, host., host:port, with a path or without. *host: the name. */
static size_t host_at(struct finder *f, size_t i, struct span *host)
{
    struct span text = f->text;
    size_t n = i, digits;

    if (!ascii_is_alnum(text.at[i]) || (i > 0 && !starts_host(text.at[i - 1])))
        return 0;
    while (n < text.len &&
           (is_word(text.at[n]) || text.at[n] == '.' || text.at[n] == '-'))
        n++;
    *host = (struct span){text.at + i, n - i};
    if (!has_tld(f, *host) && host->at[host->len - 1] == '.')
        host->len--;
    if (!has_tld(f, *host))
        return 0;
    if (n < text.len && text.at[n] == ':') {
        digits = digits_at(text, n + 1, PORT_DIGITS);
        n += digits > 0 ? 1 + digits : 0;
    }
    if (n < text.len && text.at[n] == '/') {
        size_t path = run(text, &f->link, n + 1, LINK_BYTES);
        if (path == 0)
            return 0;
        n += 1 + path;
    }
    return n == text.len || ends_link(text.at[n]) ? n - i : 0;
}

/* Without what readers' programs leave out at the end. */
static struct span trim_link(struct span link)
{
    ptrdiff_t close = span_index(link, ')'), open = span_index(link, '(');

    if (close >= 0 && (open < 0 || close < open))
        link = span_head(link, (size_t)close);
    while (link.len > 0 &&
           strchr("-~!@#^&*()_+=:;'?,.", link.at[link.len - 1]) != NULL &&
           link.at[link.len - 1] != '\0')
        link.len--;
    return link;
}

static struct span with_scheme(struct finder *f, struct span scheme, struct span link)
{
    struct buf out;

    buf_init(&out, f->set->arena, LINK_BYTES + 64);
    buf_add_span(&out, scheme);
    buf_add_span(&out, link);
    return buf_span(&out);
}

static bool is_schemed(struct span link)
{
    return span_istarts(link, SPAN("http:")) || span_istarts(link, SPAN("https:")) ||
           span_istarts(link, SPAN("ftp:")) || span_istarts(link, SPAN("mailto:"));
}

/* "scheme:" and at most two '/': nothing behind it. */
static bool is_empty(struct span link)
{
    size_t i = 0;

    while (i < link.len && is_word(link.at[i]))
        i++;
    if (i == 0 || i == link.len || link.at[i] != ':')
        return false;
    for (i++; i < link.len; i++)
        if (link.at[i] != '/')
            return false;
    return true;
}

static void add_mail(struct finder *f, struct span mail)
{
    struct span host;
    ptrdiff_t at;
    size_t end;

    if (span_index(mail, '%') >= 0)
        mail = rule_uri_decode(f->set->arena, mail);
    at = span_index(mail, '@');
    if (at < 0)
        return;
    for (end = (size_t)at + 1; end < mail.len; end++)
        if (mail.at[end] == '?' || mail.at[end] == '&' || mail.at[end] == '>')
            break;
    host = (struct span){mail.at + at + 1, end - (size_t)at - 1};
    while (host.len >= 3 && span_eq(span_from(host, host.len - 3), SPAN("%20")))
        host.len -= 3;
    if (rule_domains_is_valid(&f->set->links->domains, host))
        rule_uri_add(f->set, mail, true);
}

/* "skype:", "email:" and the like, run together with an address. */
static struct span without_label(struct span mail)
{
    static const char *const labels[] = {"skype:", "email:", "e-mail:", "mail:", ":"};

    for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++)
        if (span_istarts(mail, span_of(labels[i]))) {
            mail = span_from(mail, strlen(labels[i]));
            break;
        }
    while (mail.len > 0 && mail.at[0] == ':')
        mail = span_from(mail, 1);
    return mail;
}

static void add_bare(struct finder *f, struct span link)
{
    ptrdiff_t at = span_rindex(link, '@'), slash = span_index(link, '/');
    size_t www = span_istarts(link, SPAN("www")) ? 3 + digits_at(link, 3, 2) : 0;

    if (span_istarts(link, SPAN("ftp.")))
        rule_uri_add(f->set, with_scheme(f, SPAN("ftp://"), link), true);
    else if ((www > 0 && www < link.len && link.at[www] == '.') ||
             (slash >= 0 && at > slash + 1))
        rule_uri_add(f->set, with_scheme(f, SPAN("http://"), link), true);
    else if (at >= 0) {
        struct span domain = span_from(link, (size_t)span_index(link, '@') + 1);
        if (span_index(span_from(domain, 1), '.') >= 0)
            add_mail(f, with_scheme(f, SPAN("mailto:"), without_label(link)));
    } else if (span_index(link, '.') >= 0)
        rule_uri_add(f->set, with_scheme(f, SPAN("http://"), link), true);
}

static void add_found(struct finder *f, enum find_kind kind, struct span found,
                      struct span host)
{
    struct span link = trim_link(found);

    if ((kind == FOUND_MAIL && span_index(link, '@') < 0) ||
        (kind == FOUND_HOST && !rule_uri_is_host(host)) || is_empty(link) ||
        span_istarts(link, SPAN("cid:")) || span_istarts(link, SPAN("mid:")))
        return;
    if (!is_schemed(link))
        add_bare(f, link);
    else if (span_istarts(link, SPAN("mailto:")))
        add_mail(f, span_dup(f->set->arena, link));
    else
        rule_uri_add(f->set, span_dup(f->set->arena, link), true);
}

void rule_uri_find(struct rule_uri_set *set, struct span text)
{
    struct finder f = {.set = set,
                       .text = text,
                       .link.ends = ends_link,
                       .mail.ends = ends_mail,
                       .local.ends = ends_local};
    bool has_dot = span_index(text, '.') >= 0 || span_index(text, '@') >= 0 ||
                   span_index(text, ':') >= 0;

    for (size_t i = 0; has_dot && i < text.len && set->count < BOUND_RULE_URIS;) {
        struct span host = SPAN("");
        enum find_kind kind = FOUND_LINK;
        size_t n = 0;
        if (can_start(text, i)) {
            n = link_at(&f, i);
            if (n == 0) {
                kind = FOUND_MAIL;
                n = mail_at(&f, i);
            }
            if (n == 0) {
                kind = FOUND_HOST;
                n = host_at(&f, i, &host);
            }
        }
        if (n > 0)
            add_found(&f, kind, (struct span){text.at + i, n}, host);
        i += n > 0 ? n : 1;
    }
}
