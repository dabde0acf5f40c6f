/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/doctor/ways.h"

#include "tool/doctor/filters.h"
#include "tool/doctor/layout.h"
#include "tool/doctor/milters.h"
#include "tool/doctor/sendmail.h"

/* ---- Postfix ---- */

/* postscreen hands its clients to the service smtpd/pass. */
static const struct postfix_service *judged_as(struct doctor *doctor,
                                               const struct postfix_service *service)
{
    if (!span_eq(service->program, SPAN("postscreen")))
        return service;
    const struct postfix_service *behind =
        postfix_find_service(doctor->postfix, SPAN("smtpd"), "pass");
    return behind != NULL ? behind : service;
}

static struct way port_of_postfix(struct doctor *doctor,
                                  const struct postfix_service *service)
{
    struct span wrapped =
        postfix_value(doctor->postfix, service->id, "smtpd_tls_wrappermode");
    struct way way = {
        .subject = service->id,
        .path = service == layout_border(doctor) ? "border" : "smtp",
        .has_gate = milters_has_gate(doctor, judged_as(doctor, service)),
        .begins_with_tls = span_ieq(wrapped, SPAN("yes")),
    };
    milters_listens_at(doctor, service, &way.host, &way.port);
    return way;
}

static size_t ways_of_postfix(struct doctor *doctor, struct way **out)
{
    const struct postfix_config *config = doctor->postfix;
    size_t count = 0;
    *out = arena_array(doctor->arena, config->service_count + 1, sizeof **out);
    for (size_t i = 0; *out != NULL && i < config->service_count; i++) {
        const struct postfix_service *service = &config->services[i];
        bool is_smtp = span_eq(service->program, SPAN("smtpd")) ||
                       span_eq(service->program, SPAN("postscreen"));
        if (is_smtp && span_eq(service->type, SPAN("inet")) &&
            !milters_comes_back(doctor, service))
            (*out)[count++] = port_of_postfix(doctor, service);
        else if (span_eq(service->program, SPAN("pickup")))
            (*out)[count++] =
                (struct way){.subject = SPAN("sendmail(1)"),
                             .path = "local",
                             .has_gate = milters_has_gate(doctor, service)};
    }
    return count;
}

/* ---- Sendmail ---- */

/* M=s: SMTP over TLS. Source: Guide 8.17 5.6, DaemonPortOptions, Modify. */
static bool begins_with_tls(const struct sendmail_daemon *daemon)
{
    return span_index(daemon->modifiers, 's') >= 0;
}

static struct way port_of_sendmail(struct doctor *doctor,
                                   const struct sendmail_daemon *daemon)
{
    return (struct way){
        .subject = daemon->name,
        .path = "smtp",
        .host =
            daemon->host.len > 0 ? span_cstr(doctor->arena, daemon->host) : "127.0.0.1",
        .port = span_cstr(doctor->arena, daemon->port),
        .has_gate = filters_have_gate(doctor, daemon),
        .begins_with_tls = begins_with_tls(daemon),
    };
}

/* Mail of sendmail(1) comes by the first of the ports. */
static size_t ways_of_sendmail(struct doctor *doctor, struct way **out)
{
    const struct sendmail_config *config = doctor->sendmail;
    size_t count = 0;
    *out = arena_array(doctor->arena, config->daemon_count + 1, sizeof **out);
    for (size_t i = 0; *out != NULL && i < config->daemon_count; i++)
        (*out)[count++] = port_of_sendmail(doctor, &config->daemons[i]);
    if (*out != NULL)
        (*out)[count++] =
            (struct way){.subject = SPAN("sendmail(1)"),
                         .path = "local",
                         .has_gate = sendmail_submits_here(doctor) &&
                                     filters_have_gate(doctor, &config->daemons[0])};
    return count;
}

size_t ways_in(struct doctor *doctor, struct way **out)
{
    return doctor->sendmail != NULL ? ways_of_sendmail(doctor, out)
                                    : ways_of_postfix(doctor, out);
}
