/* SPDX-License-Identifier: BSD-2-Clause
 *
 * eval_relay - RelayEval: what the machines that handed the message over said of
 * themselves.
 * Source: behaviour of Mail::SpamAssassin::Plugin::RelayEval.
 */
#include "base/netaddr.h"
#include "rules/eval/eval_function.h"

static bool is_ipv4(struct span s, struct netaddr *out)
{
    return s.len <= 15 && netaddr_parse(s, out) && out->bits == 32 &&
           span_index(s, '.') > 0;
}

static bool is_private_ipv4(const struct netaddr *a)
{
    const uint8_t *b = a->bytes;

    return b[0] == 10 || b[0] == 127 || (b[0] == 169 && b[1] == 254) ||
           (b[0] == 172 && b[1] >= 16 && b[1] <= 31) || (b[0] == 192 && b[1] == 168) ||
           (b[0] == 100 && b[1] >= 64 && b[1] <= 127);
}

/* An IPv4 address in HELO that is public. */
static bool is_public_helo(const struct relay *relay, struct netaddr *out)
{
    return is_ipv4(relay->helo, out) && !is_private_ipv4(out);
}

static bool check_numeric_helo(struct eval_scene *scene, const struct eval_call *call)
{
    const struct relays *relays = scene_relays(scene);
    struct netaddr helo;

    (void)call;
    /* The first such HELO decides. */
    for (size_t i = relays->trusted; i < relays->count; i++)
        if (is_ipv4(relays->at[i].helo, &helo))
            return !is_private_ipv4(&helo);
    return false;
}

static bool helo_ip_mismatch(struct eval_scene *scene, const struct eval_call *call)
{
    const struct relays *relays = scene_relays(scene);

    (void)call;
    for (size_t i = relays->trusted; i < relays->count; i++) {
        struct netaddr helo, ip;
        if (!is_public_helo(&relays->at[i], &helo) || !is_ipv4(relays->at[i].ip, &ip) ||
            is_private_ipv4(&ip))
            continue;
        if (helo.bytes[0] != ip.bytes[0] || helo.bytes[1] != ip.bytes[1] ||
            helo.bytes[2] != ip.bytes[2])
            return true;
    }
    return false;
}

static bool check_all_trusted(struct eval_scene *scene, const struct eval_call *call)
{
    const struct relays *relays = scene_relays(scene);

    (void)call;
    return relays->trusted > 0 && relays->trusted == relays->count &&
           relays->unparseable == 0;
}

static bool check_no_relays(struct eval_scene *scene, const struct eval_call *call)
{
    const struct relays *relays = scene_relays(scene);

    (void)call;
    return relays->count == 0 && relays->unparseable == 0;
}

static bool check_unparseable(struct eval_scene *scene, const struct eval_call *call)
{
    (void)call;
    return scene_relays(scene)->unparseable > 0;
}

static bool check_sender_no_reverse(struct eval_scene *scene,
                                    const struct eval_call *call)
{
    const struct relays *relays = scene_relays(scene);
    const struct relay *last;

    (void)call;
    if (relays->trusted == relays->count)
        return false;
    last = &relays->at[relays->count - 1];
    return span_index(last->rdns, '.') >= 0 && !last->is_private;
}

static bool never(struct eval_scene *scene, const struct eval_call *call)
{
    (void)scene;
    (void)call;
    return false;
}

/* The domain is, or ends, the name. */
static bool ends_in_domain(struct span name, struct span domain)
{
    return span_eq(name, domain) ||
           (name.len > domain.len && span_iends(name, domain) &&
            !ascii_is_alnum(name.at[name.len - domain.len - 1]));
}

static bool check_from_domain(struct eval_scene *scene, const struct eval_call *call)
{
    const struct relays *relays = scene_relays(scene);
    struct span domain = call->arguments[0].text;
    bool is_found = false;

    if (span_ifind(scene_first(scene, "From:addr"), domain) < 0)
        return false;
    for (size_t i = 0; i < relays->count; i++)
        is_found |= ends_in_domain(relays->at[i].rdns, domain) &&
                    ends_in_domain(relays->at[i].by, domain);
    return is_found == span_eq(call->arguments[1].text, SPAN("true"));
}

static bool check_dotcom_helo(struct eval_scene *scene, const struct eval_call *call)
{
    const struct relays *relays = scene_relays(scene);
    bool is_found = false;

    (void)call;
    /* The last public relay decides. */
    for (size_t i = relays->trusted; i < relays->count; i++) {
        const struct relay *relay = &relays->at[i];
        if (!relay->is_private)
            is_found = relay->no_reverse_dns &&
                       scene_match(scene, EVAL_DOTCOM_HELO, relay->helo);
    }
    return is_found;
}

/* ---- a chain whose links do not fit ---- */

/* The domain of a host, by the length of its last label. */
static struct span domain_of(struct eval_scene *scene, struct span host)
{
    struct span rest = host, label;
    unsigned labels, dots = 0;
    bool has_letter = false;

    for (size_t i = 0; i < host.len; i++) {
        dots += host.at[i] == '.';
        has_letter |= ascii_is_alpha(host.at[i]);
    }
    if (!has_letter)
        return host;
    label = span_from(host, (size_t)(span_rindex(host, '.') + 1));
    labels = dots > 0 && scene_match(scene, EVAL_LONG_TLD, label) ? 2 : 3;
    for (unsigned i = dots + 1; i > labels; i--)
        span_cut(rest, '.', &label, &rest);
    return rest;
}

/* Relays whose name is not what the one above says it took the message by. */
static bool check_forged_trail(struct eval_scene *scene, const struct eval_call *call)
{
    const struct relays *relays = scene_relays(scene);
    struct arena *arena = scene->msg->arena;
    struct span above = SPAN("");
    unsigned mismatches = 0;

    (void)call;
    for (size_t i = relays->trusted; i < relays->count; i++) {
        const struct relay *relay = &relays->at[i];
        struct span by = domain_of(scene, span_lower(arena, relay->by));
        struct span from = domain_of(scene, span_lower(arena, relay->rdns));
        bool is_name = scene_match(scene, EVAL_HOST_NAME, by);
        if (is_name && span_eq(relay->ip, SPAN("127.0.0.1")) &&
            (span_eq(from, SPAN("localhost")) ||
             span_eq(from, SPAN("localhost.localdomain"))))
            from = SPAN("");
        mismatches +=
            is_name && i > relays->trusted &&
            scene_match(scene, EVAL_HOST_NAME, above) && !span_eq(by, above) &&
            !(span_eq(by, SPAN("msn.com")) && span_eq(above, SPAN("hotmail.com")));
        above = from;
    }
    return mismatches > 1;
}

static bool check_forged_ip_helo(struct eval_scene *scene, const struct eval_call *call)
{
    const struct relays *relays = scene_relays(scene);

    (void)call;
    for (size_t i = relays->trusted; i < relays->count; i++) {
        struct netaddr helo, ip;
        if (is_public_helo(&relays->at[i], &helo) && is_ipv4(relays->at[i].ip, &ip) &&
            (helo.bytes[0] != ip.bytes[0] || helo.bytes[1] != ip.bytes[1]))
            return true;
    }
    return false;
}

static const struct eval_function functions[] = {
    {"check_for_numeric_helo", "", NULL, check_numeric_helo,
     "An untrusted relay greeted as a public IPv4 address."},
    {"check_for_illegal_ip", "", NULL, never, "Never; kept for old rules."},
    {"check_all_trusted", "", NULL, check_all_trusted,
     "There are relays, and all are trusted."},
    {"check_no_relays", "", NULL, check_no_relays, "There is no relay."},
    {"check_relays_unparseable", "", NULL, check_unparseable,
     "A Received: field tells of a handover but not of whose."},
    {"check_for_sender_no_reverse", "", NULL, check_sender_no_reverse,
     "The first relay is public and has a name with a dot."},
    {"check_for_from_domain_in_received_headers", "tt", NULL, check_from_domain,
     "From: is of the domain, and a relay of it was passed ('true') or not ('false')."},
    {"check_for_forged_received_trail", "", NULL, check_forged_trail,
     "Two relays or more were not taken from by the name that they have."},
    {"check_for_forged_received_ip_helo", "", NULL, check_forged_ip_helo,
     "A relay greeted as an address of quite another network."},
    {"helo_ip_mismatch", "", NULL, helo_ip_mismatch,
     "A relay greeted as a public address outside its own /24."},
    {"check_for_no_rdns_dotcom_helo", "", NULL, check_dotcom_helo,
     "A relay without a name greeted as one of the large providers."},
};

const struct eval_module outgate_eval_relay = {"RelayEval", functions,
                                               sizeof functions / sizeof functions[0]};
