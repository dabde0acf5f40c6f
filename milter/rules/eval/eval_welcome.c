/* SPDX-License-Identifier: BSD-2-Clause
 *
 * eval_welcome - WLBLEval and WelcomeListSubject: addresses, hosts and subjects that
 * rule files list. Source: behaviour of Mail::SpamAssassin::Plugin::WLBLEval and
 * ::WelcomeListSubject.
 */
#include <string.h>

#include "base/netaddr.h"
#include "message/url.h"
#include "rules/eval/eval_address.h"
#include "rules/eval/eval_function.h"
#include "rules/text/rule_text.h"

enum { LIST_NAME = 80 };

static const struct eval_list *list_of(struct eval_scene *scene, const char *kind,
                                       struct span name)
{
    char text[LIST_NAME];
    size_t len = strlen(kind);

    if (len + name.len > sizeof text)
        return NULL;
    memcpy(text, kind, len);
    if (name.len > 0)
        memcpy(text + len, name.at, name.len);
    return eval_lists_find(&scene->settings->lists,
                           (struct span){text, len + name.len});
}

static bool any_listed(const struct eval_list *list,
                       const struct eval_address_list *addresses)
{
    for (size_t i = 0; i < addresses->count; i++)
        if (eval_list_has(list, addresses->at[i], false))
            return true;
    return false;
}

static bool senders_in(struct eval_scene *scene, const char *list)
{
    struct eval_address_list senders = eval_senders(scene);

    return any_listed(list_of(scene, list, SPAN("")), &senders);
}

static bool recipients_in(struct eval_scene *scene, const char *list)
{
    const struct eval_list *entries = list_of(scene, list, SPAN(""));
    struct eval_address_list recipients;

    if (entries == NULL)
        return false;
    recipients = eval_recipients(scene);
    return any_listed(entries, &recipients);
}

static bool from_in_blocklist(struct eval_scene *scene, const struct eval_call *call)
{
    (void)call;
    return senders_in(scene, "blocklist_from");
}

static bool to_in_blocklist(struct eval_scene *scene, const struct eval_call *call)
{
    (void)call;
    return recipients_in(scene, "blocklist_to");
}

static bool to_in_welcomelist(struct eval_scene *scene, const struct eval_call *call)
{
    (void)call;
    return recipients_in(scene, "welcomelist_to");
}

static bool to_in_more_spam(struct eval_scene *scene, const struct eval_call *call)
{
    (void)call;
    return recipients_in(scene, "more_spam_to");
}

static bool to_in_all_spam(struct eval_scene *scene, const struct eval_call *call)
{
    (void)call;
    return recipients_in(scene, "all_spam_to");
}

static bool from_in_list(struct eval_scene *scene, const struct eval_call *call)
{
    struct eval_address_list senders = eval_senders(scene);

    return any_listed(list_of(scene, "address ", call->arguments[0].text), &senders);
}

static bool replyto_in_list(struct eval_scene *scene, const struct eval_call *call)
{
    struct eval_address_list reply = eval_field_addresses(scene, SPAN("Reply-To"));

    if (reply.count > 1)
        reply.count = 1;
    return any_listed(list_of(scene, "address ", call->arguments[0].text), &reply);
}

static bool to_in_list(struct eval_scene *scene, const struct eval_call *call)
{
    struct eval_address_list recipients = eval_recipients(scene);

    return any_listed(list_of(scene, "address ", call->arguments[0].text), &recipients);
}

/* ---- senders by the relay that they use ---- */

/* The relays that may vouch: the first untrusted, or all if none is. */
static void vouchers(struct eval_scene *scene, const struct relay **at, size_t *count)
{
    const struct relays *relays = scene_relays(scene);
    bool has_untrusted = relays->trusted < relays->count;

    *at = has_untrusted ? &relays->at[relays->trusted] : relays->at;
    *count = has_untrusted ? 1 : relays->count;
}

/* [192.0.2.1], [192.0.2.], [192.0.2.0]/24, [2001:db8::]/32 */
static bool is_relay_ip(struct span written, struct span ip)
{
    struct span inner, prefix;
    struct trust_list list = {0};
    struct trust_network network;
    char text[NETADDR_TEXT_BYTES];
    struct netaddr address;
    struct arena *arena;
    bool is_in;

    if (!span_cut(span_from(written, 1), ']', &inner, &prefix) ||
        inner.len + prefix.len > sizeof text)
        return false;
    memcpy(text, inner.at, inner.len);
    if (prefix.len > 0)
        memcpy(text + inner.len, prefix.at, prefix.len);
    arena = arena_new(4096);
    is_in = arena != NULL &&
            trust_add(&list, arena, (struct span){text, inner.len + prefix.len}) == 0 &&
            netaddr_parse(ip, &address);
    if (is_in) {
        network = list.at[0];
        is_in = network_has(&network.network, &address);
    }
    arena_free(&arena);
    return is_in;
}

static bool is_relay(const struct relay *relay, struct span written)
{
    if (span_starts(written, SPAN("[")))
        return is_relay_ip(written, relay->ip);
    return span_ieq(relay->rdns, written) ||
           (relay->rdns.len > written.len && span_iends(relay->rdns, written) &&
            relay->rdns.at[relay->rdns.len - written.len - 1] == '.');
}

/* 1: a listed sender by its relay; -1: by another; 0: none is listed. */
static int judge_rcvd(struct eval_scene *scene, const char *list_name)
{
    const struct eval_list *list = list_of(scene, list_name, SPAN(""));
    const struct eval_list *free_list =
        list_of(scene, "welcomelist_allows_relays", SPAN(""));
    struct eval_address_list senders = eval_senders(scene);
    const struct relay *relays;
    const struct eval_entry *entry;
    size_t count;
    int found = 0;

    vouchers(scene, &relays, &count);
    for (size_t i = 0; list != NULL && count > 0 && i < senders.count; i++)
        for (size_t at = 0;
             (entry = eval_list_find(list, senders.at[i], false, &at)) != NULL;) {
            for (size_t k = 0; k < count; k++)
                if (is_relay(&relays[k], entry->extra))
                    return 1;
            if (!eval_list_has(free_list, senders.at[i], false))
                found = -1;
        }
    return found;
}

static int judge_welcome(struct eval_scene *scene)
{
    return senders_in(scene, "welcomelist_from")
               ? 1
               : judge_rcvd(scene, "welcomelist_from_rcvd");
}

static int judge_default(struct eval_scene *scene)
{
    return judge_rcvd(scene, "def_welcomelist_from_rcvd");
}

static bool from_in_welcomelist(struct eval_scene *scene, const struct eval_call *call)
{
    (void)call;
    return judge_welcome(scene) > 0;
}

static bool from_in_default(struct eval_scene *scene, const struct eval_call *call)
{
    (void)call;
    return judge_default(scene) > 0;
}

static bool forged_in_welcomelist(struct eval_scene *scene,
                                  const struct eval_call *call)
{
    (void)call;
    return judge_welcome(scene) < 0 && judge_default(scene) == 0;
}

static bool forged_in_default(struct eval_scene *scene, const struct eval_call *call)
{
    (void)call;
    return judge_default(scene) < 0 && judge_welcome(scene) == 0;
}

/* ---- the sender's domain and the relay's ---- */

/* The registrable domain, or what there is for a host without one. */
static struct span domain_of(struct eval_scene *scene, struct span host)
{
    struct span lower = span_lower(scene->msg->arena, host);
    struct span domain = url_domain(scene->msg->arena, lower);

    return domain.len > 0 ? domain : lower;
}

static bool mailfrom_matches(struct eval_scene *scene, const struct eval_call *call)
{
    struct span sender = scene_first(scene, "EnvelopeFrom:addr"), domain;
    ptrdiff_t at = span_rindex(sender, '@');
    const struct relay *relays;
    size_t count;

    (void)call;
    if (at < 0)
        return false;
    domain = span_from(sender, (size_t)at + 1);
    if (span_index(domain, '.') < 1 || span_iends(domain, SPAN(".")))
        return false;
    domain = domain_of(scene, domain);
    vouchers(scene, &relays, &count);
    for (size_t i = 0; i < count; i++)
        if (relays[i].rdns.len > 0 && span_eq(domain, domain_of(scene, relays[i].rdns)))
            return true;
    return false;
}

/* ---- hosts of links ---- */

/* The host or a domain above it stands in the list. */
static bool is_host_listed(const struct eval_list *list, struct span host)
{
    struct span label;

    while (host.len > 0) {
        if (eval_list_has(list, host, false))
            return true;
        span_cut(host, '.', &label, &host);
    }
    return false;
}

static bool any_host(struct eval_scene *scene, const struct eval_list *list)
{
    struct rule_texts uris;
    struct url url;

    if (list == NULL)
        return false;
    uris = rule_text_uri(scene->view); /* those in plain text too */
    for (size_t i = 0; i < uris.count; i++)
        if (!span_istarts(uris.at[i].bytes, SPAN("mailto:")) &&
            url_parse(scene->msg->arena, uris.at[i].bytes, &url) &&
            span_index(url.host, '.') > 0 && /* a relative link is no host */
            is_host_listed(list, url.host))
            return true;
    return false;
}

static bool uri_host_listed(struct eval_scene *scene, const struct eval_call *call)
{
    return any_host(scene, list_of(scene, "host ", call->arguments[0].text));
}

static bool uri_host_blocked(struct eval_scene *scene, const struct eval_call *call)
{
    (void)call;
    return any_host(scene, list_of(scene, "host BLOCK", SPAN("")));
}

static bool uri_host_welcome(struct eval_scene *scene, const struct eval_call *call)
{
    (void)call;
    return any_host(scene, list_of(scene, "host WELCOME", SPAN("")));
}

/* ---- subjects ---- */

static bool subject_in(struct eval_scene *scene, const char *name)
{
    const struct eval_list *list = list_of(scene, name, SPAN(""));
    struct span subject =
        span_lower(scene->msg->arena, span_trim(scene_get(scene, "Subject")));

    return eval_list_has(list, subject, false);
}

static bool subject_welcome(struct eval_scene *scene, const struct eval_call *call)
{
    (void)call;
    return subject_in(scene, "welcomelist_subject");
}

static bool subject_blocked(struct eval_scene *scene, const struct eval_call *call)
{
    (void)call;
    return subject_in(scene, "blocklist_subject");
}

#define FROM_LISTED                                                                    \
    "A sender's address is in welcomelist_from, or in "                                \
    "welcomelist_from_rcvd and came by its relay."
#define SAME_AS "Its name in SpamAssassin 3."

static const struct eval_function functions[] = {
    {"check_from_in_blocklist", "", NULL, from_in_blocklist,
     "A sender's address is in blocklist_from."},
    {"check_from_in_blacklist", "", NULL, from_in_blocklist, SAME_AS},
    {"check_to_in_blocklist", "", NULL, to_in_blocklist,
     "A recipient's address is in blocklist_to."},
    {"check_to_in_blacklist", "", NULL, to_in_blocklist, SAME_AS},
    {"check_to_in_welcomelist", "", NULL, to_in_welcomelist,
     "A recipient's address is in welcomelist_to."},
    {"check_to_in_whitelist", "", NULL, to_in_welcomelist, SAME_AS},
    {"check_to_in_more_spam", "", NULL, to_in_more_spam,
     "A recipient's address is in more_spam_to."},
    {"check_to_in_all_spam", "", NULL, to_in_all_spam,
     "A recipient's address is in all_spam_to."},
    {"check_from_in_list", "t", NULL, from_in_list,
     "A sender's address is in that enlist_addrlist."},
    {"check_replyto_in_list", "t", NULL, replyto_in_list,
     "The Reply-To: address is in that enlist_addrlist."},
    {"check_to_in_list", "t", NULL, to_in_list,
     "A recipient's address is in that enlist_addrlist."},
    {"check_from_in_welcomelist", "", NULL, from_in_welcomelist, FROM_LISTED},
    {"check_from_in_whitelist", "", NULL, from_in_welcomelist, SAME_AS},
    {"check_forged_in_welcomelist", "", NULL, forged_in_welcomelist,
     "A sender's address is in welcomelist_from_rcvd but came by another relay."},
    {"check_forged_in_whitelist", "", NULL, forged_in_welcomelist, SAME_AS},
    {"check_from_in_default_welcomelist", "", NULL, from_in_default,
     "A sender's address is in def_welcomelist_from_rcvd and came by its relay."},
    {"check_from_in_default_whitelist", "", NULL, from_in_default, SAME_AS},
    {"check_forged_in_default_welcomelist", "", NULL, forged_in_default,
     "A sender's address is in def_welcomelist_from_rcvd but came by another relay."},
    {"check_forged_in_default_whitelist", "", NULL, forged_in_default, SAME_AS},
    {"check_mailfrom_matches_rcvd", "", NULL, mailfrom_matches,
     "The envelope sender and the first untrusted relay are of one domain."},
    {"check_uri_host_listed", "t", NULL, uri_host_listed,
     "A link's host, or a domain above it, is in that enlist_uri_host."},
    {"check_uri_host_in_blocklist", "", NULL, uri_host_blocked,
     "A link's host is in blocklist_uri_host."},
    {"check_uri_host_in_blacklist", "", NULL, uri_host_blocked, SAME_AS},
    {"check_uri_host_in_welcomelist", "", NULL, uri_host_welcome,
     "A link's host is in welcomelist_uri_host."},
    {"check_uri_host_in_whitelist", "", NULL, uri_host_welcome, SAME_AS},
};

const struct eval_module outgate_eval_welcome = {
    "WLBLEval", functions, sizeof functions / sizeof functions[0]};

static const struct eval_function subject_functions[] = {
    {"check_subject_in_welcomelist", "", NULL, subject_welcome,
     "The subject is in welcomelist_subject."},
    {"check_subject_in_whitelist", "", NULL, subject_welcome, SAME_AS},
    {"check_subject_in_blocklist", "", NULL, subject_blocked,
     "The subject is in blocklist_subject."},
    {"check_subject_in_blacklist", "", NULL, subject_blocked, SAME_AS},
};

const struct eval_module outgate_eval_subject = {
    "WelcomeListSubject", subject_functions,
    sizeof subject_functions / sizeof subject_functions[0]};
