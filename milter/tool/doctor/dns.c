/* SPDX-License-Identifier: BSD-2-Clause
 *
 * dns - the section dns: addresses, domains and keys as receivers see them.
 */
#include "tool/doctor/doctor.h"
#include "tool/doctor/domains.h"
#include "tool/doctor/keys.h"
#include "tool/doctor/names.h"
#include "tool/doctor/resolver.h"

static void tell_unconfigured(struct doctor *doctor)
{
    struct finding *finding =
        doctor_find(doctor, LEVEL_WARNING, "dns", SPAN(""),
                    "[dns] names no server: nothing that receivers look up was looked "
                    "at");
    doctor_why(finding, "Reverse name, SPF, DKIM and DMARC decide more than words "
                        "whether mail is taken.");
    doctor_set(doctor, finding, "dns", "[dns]\nservers = system");
}

static bool open_dns(struct doctor *doctor)
{
    const struct settings *settings = doctor->tool->settings;
    struct err err;
    if (!settings_has_dns(settings)) {
        tell_unconfigured(doctor);
        return false;
    }
    if (dns_open(&doctor->dns,
                 &(struct dns_options){.servers = settings->dns_servers.at,
                                       .server_count = settings->dns_servers.count,
                                       .zone = settings->dns_zone,
                                       .trust_anchor = settings->dns_trust_anchor},
                 &err) == 0)
        return true;
    struct finding *finding =
        doctor_find(doctor, LEVEL_BAD, "dns", SPAN(""), "%s", err.text);
    doctor_why(finding, "The daemon would not start with this.");
    doctor_remedy(doctor, finding, REMEDY_LOOK, "outgate lint");
    return false;
}

void doctor_check_dns(struct doctor *doctor)
{
    struct sending *domains;
    struct signing_key *keys;
    if (!open_dns(doctor))
        return;
    size_t count = sending_domains(doctor, &domains);
    size_t key_count = signer_keys(doctor, domains, count, &keys);
    doctor_check_resolver(doctor);
    doctor_check_names(doctor);
    for (size_t i = 0; i < count; i++) {
        doctor_check_domain(doctor, &domains[i]);
        doctor_check_keys(doctor, &domains[i], keys, key_count);
    }
    if (count == 0)
        doctor_find(doctor, LEVEL_NOTE, "domains", SPAN(""),
                    "no sending domain is known: name them with --domain");
    dns_close(&doctor->dns);
}
