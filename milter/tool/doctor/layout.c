/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/doctor/layout.h"

#include <string.h>

#include "base/netaddr.h"
#include "tool/doctor/forwards.h"
#include "tool/doctor/locals.h"
#include "tool/doctor/milters.h"
#include "tool/print.h"

/* ---- the border ---- */

const struct postfix_service *layout_border(struct doctor *doctor)
{
    const struct postfix_config *config = doctor->postfix;
    struct span name = span_of(doctor->tool->settings->border_daemon_name);
    for (size_t i = 0; i < config->service_count; i++)
        if (span_eq(config->services[i].program, SPAN("smtpd")) &&
            postfix_is_overridden(config, config->services[i].id,
                                  "milter_macro_daemon_name") &&
            span_eq(postfix_value(config, config->services[i].id,
                                  "milter_macro_daemon_name"),
                    name))
            return &config->services[i];
    return NULL;
}

/* "border:[127.0.0.1]:10027" leads to the service "127.0.0.1:10027". */
static bool leads_to(struct doctor *doctor, struct span transport,
                     const struct postfix_service *border)
{
    struct span name, hop;
    struct buf plain;
    span_cut(transport, ':', &name, &hop);
    buf_init(&plain, doctor->arena, 1024);
    for (size_t i = 0; i < hop.len; i++)
        if (hop.at[i] != '[' && hop.at[i] != ']')
            buf_add_char(&plain, hop.at[i]);
    return span_ieq(buf_span(&plain), border->name);
}

static void check_route(struct doctor *doctor, const struct postfix_service *border,
                        const char *parameter)
{
    struct span transport = postfix_value(doctor->postfix, SPAN(""), parameter);
    ptrdiff_t colon = span_rindex(border->name, ':');
    if (leads_to(doctor, transport, border)) {
        doctor_find(doctor, LEVEL_OK, "border", span_of(parameter),
                    "leads to the border");
        return;
    }
    struct finding *finding = doctor_find(
        doctor, LEVEL_BAD, "border", span_of(parameter),
        "%.*s does not lead to the border", (int)transport.len, transport.at);
    doctor_why(finding, "What should be judged when it leaves is not, and the tickets "
                        "of the first pass leave with the mail.");
    doctor_postconf(doctor, finding, SPAN(""), parameter,
                    span_of(doctor_text(doctor, "border:[%.*s]:%.*s",
                                        (int)(colon < 0 ? 0 : colon), border->name.at,
                                        (int)(border->name.len - (size_t)colon - 1),
                                        border->name.at + colon + 1)));
    doctor_reload(doctor, finding);
}

static void check_by_path(struct doctor *doctor, const char *parameter)
{
    struct span maps = postfix_value(doctor->postfix, SPAN(""), parameter);
    if (maps.len == 0)
        return;
    struct finding *finding = doctor_find(
        doctor, LEVEL_WARNING, "border_by_path", span_of(parameter),
        "%.*s may name transports that lead past the border", (int)maps.len, maps.at);
    doctor_why(finding, "A route of its own overrides default_transport: such mail is "
                        "judged when it comes in, but not when it leaves.");
    doctor_remedy(doctor, finding, REMEDY_LOOK, "postconf%s %s",
                  doctor_postfix_option(doctor), parameter);
}

static void check_border(struct doctor *doctor, const struct postfix_service *border)
{
    bool is_wanted = doctor->tool->settings->has_border != 0;
    if (is_wanted == (border != NULL)) {
        if (!is_wanted)
            return;
        check_route(doctor, border, "default_transport");
        check_route(doctor, border, "relay_transport");
        check_by_path(doctor, "transport_maps");
        check_by_path(doctor, "sender_dependent_default_transport_maps");
        return;
    }
    struct finding *finding =
        is_wanted
            ? doctor_find(doctor, LEVEL_BAD, "border", SPAN(""),
                          "outgate.conf has a border, master.cf has no smtpd with "
                          "milter_macro_daemon_name = %s",
                          doctor->tool->settings->border_daemon_name)
            : doctor_find(doctor, LEVEL_BAD, "border", border->id,
                          "Postfix has a border, outgate.conf does not know it");
    doctor_why(finding,
               is_wanted ? "Each message gets a ticket that nobody takes off again: it "
                           "leaves with the mail, and nothing is judged when it leaves."
                         : "All mail that leaves is judged and charged a second time, "
                           "as this host's own.");
    doctor_set(doctor, finding, "border",
               is_wanted ? "[border]\nenabled = no" : "[border]\nenabled = yes");
}

/* ---- whose mail is ours ---- */

/* Postfix writes IPv6 networks as "[::1]/128". */
static bool parse_network(struct doctor *doctor, struct span word, struct network *out)
{
    struct buf plain;
    buf_init(&plain, doctor->arena, 128);
    for (size_t i = 0; i < word.len; i++)
        if (word.at[i] != '[' && word.at[i] != ']')
            buf_add_char(&plain, word.at[i]);
    return !plain.is_full && network_parse(buf_span(&plain), out);
}

static bool is_covered(const struct conf_networks *by, const struct network *network)
{
    for (size_t i = 0; i < by->count; i++)
        if (by->at[i].prefix <= network->prefix &&
            network_has(&by->at[i], &network->base))
            return true;
    return false;
}

/* Addresses that nobody on the Internet has. Source: RFC 1918 3, RFC 4193 3.1, RFC 3927
 * 2.1, RFC 4291 2.5. */
static bool is_private(const struct network *network)
{
    static const char *const ranges[] = {
        "10.0.0.0/8",  "172.16.0.0/12",  "192.168.0.0/16",
        "127.0.0.0/8", "169.254.0.0/16", "100.64.0.0/10",
        "fc00::/7",    "fe80::/10",      "::1/128"};
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        struct network range;
        if (network_parse(span_of(ranges[i]), &range) &&
            range.prefix <= network->prefix && network_has(&range, &network->base))
            return true;
    }
    return false;
}

/* Wider than any one site has. chosen */
static bool is_too_wide(const struct network *network)
{
    return !is_private(network) &&
           network->prefix < (network->base.bits == 32 ? 16 : 32);
}

static void tell_open(struct doctor *doctor, struct span word)
{
    struct finding *finding =
        doctor_find(doctor, LEVEL_BAD, "mynetworks", word,
                    "Postfix relays for everybody in this network without a login");
    doctor_why(finding,
               "An open relay is found within hours, and used until the address "
               "is on every list.");
    doctor_postconf(doctor, finding, SPAN(""), "mynetworks",
                    SPAN("127.0.0.0/8 [::1]/128"));
    doctor_reload(doctor, finding);
}

static void tell_strangers(struct doctor *doctor, const char *words)
{
    const struct conf_networks *ours = &doctor->tool->settings->networks;
    struct buf all;
    buf_init(&all, doctor->arena, 1 << 16);
    for (size_t i = 0; i < ours->count; i++) {
        char text[NETADDR_TEXT_BYTES];
        buf_printf(&all, "%s/%u, ", netaddr_print(&ours->at[i].base, text),
                   ours->at[i].prefix);
    }
    struct finding *finding = doctor_find(
        doctor, LEVEL_BAD, "networks", span_of(words),
        "Postfix relays for these clients, the gate takes them for strangers");
    doctor_why(finding, "Their mail counts as forwarded: it has other limits, and no "
                        "account is charged for it.");
    doctor_set(doctor, finding, "networks",
               doctor_text(doctor, "[mail]\nnetworks = %s%s", buf_cstr(&all), words));
}

static void check_networks(struct doctor *doctor)
{
    struct span list = postfix_value(doctor->postfix, SPAN(""), "mynetworks");
    const struct conf_networks *ours = &doctor->tool->settings->networks;
    struct span word;
    struct buf missing;
    bool is_open = false;
    buf_init(&missing, doctor->arena, 1 << 16);
    while (postfix_next_word(&list, &word)) {
        struct network network;
        if (!parse_network(doctor, word, &network))
            continue;
        char text[NETADDR_TEXT_BYTES];
        if (is_too_wide(&network)) {
            tell_open(doctor, word);
            is_open = true;
        } else if (!is_covered(ours, &network)) {
            buf_printf(&missing, "%s%s/%u", missing.len > 0 ? ", " : "",
                       netaddr_print(&network.base, text), network.prefix);
        }
    }
    if (missing.len > 0)
        tell_strangers(doctor, buf_cstr(&missing));
    else if (!is_open)
        doctor_find(doctor, LEVEL_OK, "networks", SPAN(""),
                    "the gate and Postfix agree on whose mail is ours");
}

void doctor_check_layout(struct doctor *doctor)
{
    const struct postfix_service *border = layout_border(doctor);
    check_border(doctor, border);
    if (border == NULL)
        doctor_check_forwards(doctor);
    doctor_check_locals(doctor);
    check_networks(doctor);
}
