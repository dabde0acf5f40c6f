/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/doctor/names.h"

#include <stdio.h>
#include <string.h>

#include "auth/reputation.h"
#include "base/netaddr.h"
#include "tool/doctor/zone.h"
#include "tool/print.h"

/* ---- HELO ---- */

static struct span said_by_mta(struct doctor *doctor)
{
    if (doctor->sendmail != NULL)
        return doctor->sendmail->host_name;
    return doctor->postfix != NULL
               ? postfix_value(doctor->postfix, SPAN(""), "smtp_helo_name")
               : SPAN("");
}

struct span names_helo(struct doctor *doctor)
{
    struct span configured = span_of(doctor->tool->settings->helo);
    return configured.len > 0 ? configured : said_by_mta(doctor);
}

static bool is_full_name(struct span name)
{
    static const char *const own[] = {".local", ".localdomain", ".lan", ".internal",
                                      ".invalid"};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (span_iends(name, span_of(own[i])))
            return false;
    return span_index(name, '.') > 0 && !span_istarts(name, SPAN("localhost")) &&
           name.at[0] != '[';
}

static void check_same(struct doctor *doctor)
{
    struct span ours = span_of(doctor->tool->settings->helo);
    struct span theirs = said_by_mta(doctor);
    if (theirs.len == 0 || ours.len == 0 || span_ieq(ours, theirs))
        return;
    struct finding *finding =
        doctor_find(doctor, LEVEL_WARNING, "helo_config", ours,
                    "[mail] helo is not what %s says: %.*s", mta_name(&doctor->mta),
                    (int)theirs.len, theirs.at);
    doctor_why(finding, "SPF of bounces is judged by a name that no receiver hears.");
    doctor_set(doctor, finding, "helo",
               doctor_text(doctor, "[mail]\nhelo = %.*s", (int)theirs.len, theirs.at));
}

static void tell_bad_helo(struct doctor *doctor, struct span helo)
{
    struct finding *finding =
        doctor_find(doctor, LEVEL_BAD, "helo", helo, "is no full host name");
    doctor_why(finding, "Receivers refuse or mark down a client that does not say its "
                        "own name (RFC 5321 4.1.1.1): it is how viruses greet.");
    if (doctor->sendmail != NULL)
        doctor_remedy(doctor, finding, REMEDY_LOOK, "grep ^Dj %s; hostname --fqdn",
                      print_shell_word(doctor->arena, span_of(doctor->sendmail->path)));
    else
        doctor_remedy(doctor, finding, REMEDY_LOOK,
                      "postconf%s smtp_helo_name myhostname",
                      doctor_postfix_option(doctor));
}

/* ---- reverse names ---- */

static bool is_digit_run(struct span name, size_t at, size_t len)
{
    bool begins = at == 0 || !ascii_is_digit(name.at[at - 1]);
    bool ends = at + len == name.len || !ascii_is_digit(name.at[at + len]);
    return begins && ends;
}

static bool has_number(struct span name, const char *digits)
{
    size_t len = strlen(digits);
    for (size_t i = 0; i + len <= name.len; i++)
        if (memcmp(name.at + i, digits, len) == 0 && is_digit_run(name, i, len))
            return true;
    return false;
}

/* Two octets of the four may be chance, three are not. */
static bool has_octets(struct span name, const struct netaddr *address)
{
    unsigned found = 0;
    char text[16];
    for (int i = 0; i < 4; i++) {
        char padded[16];
        snprintf(text, sizeof text, "%u", address->bytes[i]);
        snprintf(padded, sizeof padded, "%03u", address->bytes[i]);
        found += has_number(name, text) || has_number(name, padded);
    }
    char hex[16];
    snprintf(hex, sizeof hex, "%02x%02x%02x%02x", address->bytes[0], address->bytes[1],
             address->bytes[2], address->bytes[3]);
    return found >= 3 || span_ifind(name, span_of(hex)) >= 0;
}

/* A word between dots, dashes and digits. */
static bool has_word(struct span name, const char *word)
{
    size_t len = strlen(word);
    for (size_t i = 0; i + len <= name.len; i++) {
        bool begins = i == 0 || !ascii_is_alpha(name.at[i - 1]);
        bool ends = i + len == name.len || !ascii_is_alpha(name.at[i + len]);
        if (begins && ends && span_ieq((struct span){name.at + i, len}, span_of(word)))
            return true;
    }
    return false;
}

bool names_is_generic(struct span name, struct span address)
{
    static const char *const words[] = {
        "static",    "dyn",   "dynamic",  "dhcp",   "pool",    "pools", "ppp",
        "pppoe",     "dsl",   "adsl",     "vdsl",   "xdsl",    "dial",  "dialup",
        "cable",     "cust",  "customer", "client", "clients", "user",  "unassigned",
        "broadband", "fiber", "ftth",     "vps",    "kvm",     "cloud"};
    static const char *const provider[] = {
        ".vps.ovh.net",           ".vps.ovh.ca",
        ".your-server.de",        ".amazonaws.com",
        ".googleusercontent.com", ".poneytelecom.eu",
        ".contaboserver.net",     ".linodeusercontent.com",
        ".vultrusercontent.com",  ".scw.cloud",
        ".hstgr.cloud",           ".secureserver.net",
        ".stratoserver.net",      ".onlinehome-server.info",
        ".colocrossing.com"};
    struct netaddr parsed;
    if (netaddr_parse(address, &parsed) && parsed.bits == 32 &&
        has_octets(name, &parsed))
        return true;
    for (size_t i = 0; i < sizeof provider / sizeof *provider; i++)
        if (span_iends(name, span_of(provider[i])))
            return true;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (has_word(name, words[i]))
            return true;
    return false;
}

static bool has_address(const struct dns_answer *answer, const struct netaddr *address)
{
    for (size_t i = 0; i < answer->count; i++)
        if (memcmp(answer->records[i].address, address->bytes, address->bits / 8) == 0)
            return true;
    return false;
}

/* The name has the address among its own. */
static bool leads_back(struct doctor *doctor, struct span name, struct span address,
                       struct dns_answer *answer)
{
    struct netaddr parsed;
    if (!netaddr_parse(address, &parsed))
        return false;
    zone_ask(doctor, name, parsed.bits == 32 ? DNS_A : DNS_AAAA, answer);
    return answer->status == DNS_FOUND && has_address(answer, &parsed);
}

static void add_ptr(struct doctor *doctor, struct finding *finding, struct span address)
{
    struct span reverse = dns_reverse_name(doctor->arena, address, SPAN(""));
    struct span helo = names_helo(doctor);
    if (is_full_name(helo))
        doctor_remedy(doctor, finding, REMEDY_ZONE, "%s 3600 IN PTR %s",
                      zone_name(doctor, reverse), zone_name(doctor, helo));
}

static const char why_ptr[] =
    "Google, Yahoo and most others refuse mail from an address whose name does not "
    "lead "
    "back to it, or looks like one of a thousand rented ones. The reverse zone is the "
    "provider's: its control panel sets it.";

static void check_ptr(struct doctor *doctor, struct span address)
{
    struct dns_answer names, back;
    struct dns_budget budget;
    struct finding *finding;
    zone_budget(&budget);
    dns_ask_ptr(doctor->dns, &budget, address, doctor->arena, &names);
    if (zone_unanswered(doctor, "ptr", address, &names))
        return;
    if (names.status != DNS_FOUND) {
        finding = doctor_find(doctor, LEVEL_BAD, "ptr", address, "has no reverse name");
        doctor_why(finding, why_ptr);
        add_ptr(doctor, finding, address);
        return;
    }
    struct span name = names.records[0].text;
    for (size_t i = 0; i < names.count; i++)
        if (leads_back(doctor, names.records[i].text, address, &back))
            name = names.records[i].text;
    if (!leads_back(doctor, name, address, &back)) {
        if (zone_unanswered(doctor, "ptr", name, &back))
            return;
        finding = doctor_find(doctor, LEVEL_BAD, "ptr_forward", address,
                              "its reverse name %.*s does not lead back to it",
                              (int)name.len, name.at);
        doctor_why(finding, why_ptr);
        zone_address(doctor, finding, name, address);
        return;
    }
    if (names_is_generic(name, address)) {
        finding = doctor_find(doctor, LEVEL_BAD, "ptr_generic", address,
                              "its reverse name %.*s looks like a rented one",
                              (int)name.len, name.at);
        doctor_why(finding, why_ptr);
        add_ptr(doctor, finding, address);
        return;
    }
    doctor_find(doctor, LEVEL_OK, "ptr", address, "%.*s, which leads back to it",
                (int)name.len, name.at);
}

static void check_helo(struct doctor *doctor, struct span helo, struct span address)
{
    struct dns_answer answer;
    if (leads_back(doctor, helo, address, &answer)) {
        doctor_find(doctor, LEVEL_OK, "helo", helo, "leads to %.*s", (int)address.len,
                    address.at);
        return;
    }
    if (zone_unanswered(doctor, "helo", helo, &answer))
        return;
    struct finding *finding =
        doctor_find(doctor, LEVEL_BAD, "helo", helo,
                    "the name that is said in HELO does not lead to %.*s",
                    (int)address.len, address.at);
    doctor_why(finding,
               "Receivers look the name up and compare; a name that is made up "
               "is a mark of spam.");
    zone_address(doctor, finding, helo, address);
}

/* ---- lists ---- */

static void tell_listed(struct doctor *doctor, struct span address, const char *list,
                        struct span answer)
{
    struct finding *finding =
        doctor_find(doctor, LEVEL_BAD, "dnsbl", address, "is in the list %s (%.*s)",
                    list, (int)answer.len, answer.at);
    doctor_why(finding,
               "Who uses this list refuses your mail, all of it. Find who sent "
               "what, stop it, then ask the list's site to take the address "
               "out.");
    doctor_remedy(doctor, finding, REMEDY_LOOK, "outgate top --since 7d");
}

static void check_list(struct doctor *doctor, struct span address, const char *list)
{
    struct dns_budget budget;
    bool is_listed = false;
    struct span answer = SPAN("");
    zone_budget(&budget);
    enum reputation_state state =
        reputation_test(doctor->dns, &budget, span_of(list), true, doctor->arena);
    if (state == REPUTATION_WORKS)
        state = reputation_look(doctor->dns, &budget, span_of(list), address,
                                doctor->arena, &is_listed, &answer);
    if (state == REPUTATION_WORKS && is_listed) {
        tell_listed(doctor, address, list, answer);
    } else if (state == REPUTATION_WORKS) {
        doctor_find(doctor, LEVEL_OK, "dnsbl", address, "is not in the list %s", list);
    } else {
        struct finding *finding =
            doctor_find(doctor, LEVEL_WARNING, "dnsbl", span_of(list),
                        "the list tells nothing: %s", reputation_state_name(state));
        doctor_why(finding, "A list that refuses this resolver, or is dead, says of "
                            "nobody that he is in it.");
        doctor_remedy(doctor, finding, REMEDY_LOOK,
                      "outgate config | grep -A4 reputation");
    }
}

static void check_address(struct doctor *doctor, struct span address)
{
    const struct conf_list *lists = &doctor->tool->settings->client_lists;
    struct span helo = names_helo(doctor);
    check_ptr(doctor, address);
    if (is_full_name(helo))
        check_helo(doctor, helo, address);
    for (size_t i = 0; i < lists->count; i++)
        check_list(doctor, address, lists->at[i]);
}

void doctor_check_names(struct doctor *doctor)
{
    const struct conf_list *egress = &doctor->tool->settings->egress;
    struct span helo = names_helo(doctor);
    check_same(doctor);
    if (helo.len > 0 && !is_full_name(helo))
        tell_bad_helo(doctor, helo);
    for (size_t i = 0; i < egress->count; i++)
        check_address(doctor, span_of(egress->at[i]));
}
