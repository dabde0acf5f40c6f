/* SPDX-License-Identifier: BSD-2-Clause
 *
 * eval_uri - URIEval and HTTPSMismatch: links that do not go where they say.
 * Source: behaviour of Mail::SpamAssassin::Plugin::URIEval and ::HTTPSMismatch.
 */
#include "base/netaddr.h"
#include "message/url.h"
#include "rules/eval/eval_function.h"

/* The domain of what stands behind http(s)://, or the whole host without one. */
static struct span web_domain(struct eval_scene *scene, struct span target)
{
    struct url url;

    if (!url_parse(scene->msg->arena, target, &url))
        return SPAN("");
    struct span domain = url_domain(scene->msg->arena, url.host);
    return domain.len > 0 ? domain : url.host;
}

/* Where another http:// or https:// begins behind the first host; 0 for nowhere. */
static size_t inner_url(struct span target)
{
    ptrdiff_t slash;
    size_t from = span_istarts(target, SPAN("https://"))  ? 8
                  : span_istarts(target, SPAN("http://")) ? 7
                                                          : 0;

    if (from == 0 || target.len < from + 2)
        return 0;
    for (size_t i = from + 2; i + 5 < target.len; i++) {
        struct span rest = span_from(target, i);
        slash = span_istarts(rest, SPAN("https:"))  ? 6
                : span_istarts(rest, SPAN("http:")) ? 5
                                                    : 0;
        if (slash > 0 && rest.len > (size_t)slash)
            return i;
    }
    return 0;
}

static bool check_redirector(struct eval_scene *scene, const struct eval_call *call)
{
    const struct message *msg = scene->msg;

    (void)call;
    for (size_t i = 0; i < msg->link_count; i++) {
        struct span target = span_head(msg->links[i].target, 2048);
        for (size_t at; (at = inner_url(target)) > 0;) {
            struct span inner = span_from(target, at);
            if (!span_eq(web_domain(scene, target), web_domain(scene, inner)))
                return true;
            target = inner;
        }
    }
    return false;
}

/* A link to an address, that shows an https: one with a name. */
static bool check_https_ip(struct eval_scene *scene, const struct eval_call *call)
{
    size_t count;
    struct html_sums *const *html = scene_html(scene, &count);

    (void)call;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < html[i]->anchor_count; k++) {
            const struct html_anchor *anchor = &html[i]->anchors[k];
            if (span_ifind(anchor->text, SPAN("https:")) >= 0 &&
                scene_match(scene, EVAL_HTTPS_IP, anchor->target) &&
                !scene_match(scene, EVAL_ANCHOR_IP, anchor->text))
                return true;
        }
    return false;
}

static bool check_truncated(struct eval_scene *scene, const struct eval_call *call)
{
    size_t count;
    struct html_sums *const *html = scene_html(scene, &count);

    (void)call;
    for (size_t i = 0; i < count; i++)
        if (html[i]->has_long_target)
            return true;
    return false;
}

static const struct eval_function functions[] = {
    {"check_for_http_redirector", "", NULL, check_redirector,
     "A link's target holds another one, of another domain."},
    {"check_https_ip_mismatch", "", NULL, check_https_ip,
     "A link goes to an address and shows https: and a name."},
    {"check_uri_truncated", "", NULL, check_truncated,
     "A link is longer than 8192 bytes."},
};

const struct eval_module outgate_eval_uri = {"URIEval", functions,
                                             sizeof functions / sizeof functions[0]};

/* ---- HTTPSMismatch ---- */

/* The registrable domain of a web link with a name; "" for any other. */
static struct span named_domain(struct eval_scene *scene, struct span target)
{
    struct netaddr ignored;
    struct url url;

    if ((!span_istarts(target, SPAN("http://")) &&
         !span_istarts(target, SPAN("https://"))) ||
        !url_parse(scene->msg->arena, target, &url) ||
        netaddr_parse(url.host, &ignored) || !url_has_known_tld(url.host))
        return SPAN("");
    return url_domain(scene->msg->arena, url.host);
}

/* The text shows https: and another domain than that. */
static bool shows_other(struct eval_scene *scene, struct span text, struct span domain)
{
    ptrdiff_t at = span_ifind(text, SPAN("https://"));
    struct span shown;
    size_t len = 0;

    if (at < 0)
        return false;
    shown = span_from(text, (size_t)at);
    while (len < shown.len && !ascii_is_space(shown.at[len]))
        len++;
    shown = named_domain(scene, span_head(shown, len));
    return shown.len > 0 && !span_eq(shown, domain);
}

static bool is_first(const struct html_sums *html, size_t anchor)
{
    for (size_t i = 0; i < anchor && i < 64; i++)
        if (span_eq(html->anchors[i].target, html->anchors[anchor].target))
            return false;
    return true;
}

static bool check_mismatch(struct eval_scene *scene, const struct eval_call *call)
{
    size_t count;
    struct html_sums *const *html = scene_html(scene, &count);
    double min = call->arguments[0].is_open ? 1 : call->arguments[0].number;

    for (size_t i = 0; i < count; i++) {
        double anchors = 0;
        bool is_hit = false;
        for (size_t k = 0; k < html[i]->anchor_count; k++) {
            const struct html_anchor *anchor = &html[i]->anchors[k];
            struct span domain = named_domain(scene, anchor->target);
            if (domain.len == 0)
                continue;
            anchors += is_first(html[i], k);
            is_hit |= shows_other(scene, anchor->text, domain);
        }
        if (is_hit && anchors >= min &&
            (call->arguments[1].is_open || anchors < call->arguments[1].number))
            return true;
    }
    return false;
}

static const struct eval_function https_functions[] = {
    {"check_https_http_mismatch", "|nn", NULL, check_mismatch,
     "A link shows https: and another domain than it goes to, among so many links."},
};

const struct eval_module outgate_eval_https = {"HTTPSMismatch", https_functions,
                                               sizeof https_functions /
                                                   sizeof https_functions[0]};
