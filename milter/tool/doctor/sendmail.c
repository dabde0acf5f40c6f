/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/doctor/sendmail.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>

#include "tool/doctor/filters.h"
#include "tool/doctor/forwards.h"
#include "tool/doctor/locals.h"
#include "tool/doctor/milters.h"
#include "tool/doctor/reach.h"
#include "tool/print.h"

/* ---- the daemon ---- */

static const char *pid_file(struct doctor *doctor)
{
    struct span path = sendmail_option(doctor->sendmail->text, "PidFile");
    return path.len > 0 && path.at[0] == '/' ? span_cstr(doctor->arena, path) : NULL;
}

/* 1 it runs, 0 it does not, -1 that cannot be told. */
static int daemon_state(struct doctor *doctor)
{
    const char *path = pid_file(doctor);
    FILE *file = path != NULL ? fopen(path, "re") : NULL;
    char line[32] = "";
    uint64_t pid = 0;
    if (file == NULL)
        return path == NULL || errno == EACCES ? -1 : 0;
    bool is_read = fgets(line, sizeof line, file) != NULL;
    fclose(file);
    return is_read && text_parse_count(span_trim(span_of(line)), INT32_MAX, &pid) &&
           pid > 1 && (kill((pid_t)pid, 0) == 0 || errno == EPERM);
}

bool sendmail_is_up(struct doctor *doctor)
{
    return daemon_state(doctor) != 0;
}

static void check_up(struct doctor *doctor)
{
    int state = daemon_state(doctor);
    struct span version = sendmail_macro(doctor->sendmail->text, "Z");
    if (state == 1) {
        doctor_find(doctor, LEVEL_OK, "running", SPAN(""), "Sendmail %.*s runs",
                    (int)version.len, version.at);
        return;
    }
    if (state < 0) {
        doctor_find(doctor, LEVEL_NOTE, "running", SPAN(""),
                    "whether Sendmail runs cannot be told: its PidFile is %s",
                    pid_file(doctor) != NULL ? "not readable" : "not named");
        return;
    }
    struct finding *finding =
        doctor_find(doctor, LEVEL_BAD, "running", SPAN(""), "Sendmail does not run");
    doctor_why(finding, "No mail moves: what sendmail(1) takes waits, clients find "
                        "nobody.");
    doctor_remedy(doctor, finding, REMEDY_SHELL, "service sendmail start");
}

/* ---- sendmail(1) ---- */

/* "[127.0.0.1]" or a name; "" is nobody. */
static bool is_here(struct span host)
{
    if (host.len > 2 && host.at[0] == '[' && host.at[host.len - 1] == ']')
        host = (struct span){host.at + 1, host.len - 2};
    return host.len > 0 && milters_is_this_host(host);
}

bool sendmail_submits_here(struct doctor *doctor)
{
    const struct sendmail_config *config = doctor->sendmail;
    return config->has_submit && is_here(sendmail_macro(config->submit, "MTAHost"));
}

/* FEATURE(msp) makes submit.cf; without it sendmail(1) puts mail into the daemon's
 * queue itself, and no filter is asked. */
static void check_submit(struct doctor *doctor)
{
    const struct sendmail_config *config = doctor->sendmail;
    struct span host = sendmail_macro(config->submit, "MTAHost");
    if (sendmail_submits_here(doctor)) {
        doctor_find(doctor, LEVEL_OK, "submit", SPAN("sendmail(1)"),
                    "hands its mail to this host's daemon, %.*s", (int)host.len,
                    host.at);
        return;
    }
    struct finding *finding =
        config->has_submit
            ? doctor_find(doctor, LEVEL_BAD, "submit", span_of(config->submit_path),
                          "sendmail(1) hands its mail to %s%.*s",
                          host.len > 0 ? "" : "nobody that it names", (int)host.len,
                          host.at)
            : doctor_find(doctor, LEVEL_BAD, "submit", span_of(config->submit_path),
                          "is not there");
    doctor_why(finding, "What web sites and scripts send goes past this host's daemon "
                        "and its filters: neither scored nor limited nor recorded.");
    if (config->has_submit && host.len > 0)
        doctor_edit_cf(doctor, finding, config->submit_path,
                       "s/^D{MTAHost}.*/D{MTAHost}[127.0.0.1]/");
    else
        doctor_remedy(doctor, finding, REMEDY_LOOK, "grep msp /etc/mail/submit.mc");
}

void doctor_check_sendmail(struct doctor *doctor)
{
    check_up(doctor);
    doctor_check_filters(doctor);
    doctor_check_reach(doctor);
    check_submit(doctor);
    doctor_check_forwards(doctor);
    doctor_check_locals(doctor);
}
