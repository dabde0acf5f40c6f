/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/doctor/postfix.h"

#include "tool/doctor/lane.h"
#include "tool/doctor/layout.h"
#include "tool/doctor/milters.h"
#include "tool/doctor/reach.h"

static struct span main_cf(struct doctor *doctor, const char *name)
{
    return postfix_value(doctor->postfix, SPAN(""), name);
}

static void check_up(struct doctor *doctor)
{
    struct span version = main_cf(doctor, "mail_version");
    if (mta_is_up(&doctor->mta)) {
        doctor_find(doctor, LEVEL_OK, "running", SPAN(""), "Postfix %.*s runs",
                    (int)version.len, version.at);
        return;
    }
    struct finding *finding =
        doctor_find(doctor, LEVEL_BAD, "running", SPAN(""), "Postfix does not run");
    doctor_why(finding, "No mail moves.");
    doctor_remedy(doctor, finding, REMEDY_SHELL, "postfix%s start",
                  doctor_postfix_option(doctor));
}

/* ---- what the gate is told ---- */

/* The gate knows Postfix's pickup by {client_port} 0, if v says that it is Postfix. */
static void check_macros(struct doctor *doctor)
{
    static const char *const needed[] = {"auth_authen", "client_addr", "client_port",
                                         "rcpt_mailer", "daemon_name"};
    struct span version = main_cf(doctor, "milter_macro_v");
    struct span defaults = main_cf(doctor, "milter_macro_defaults");
    if (!span_istarts(version, SPAN("Postfix"))) {
        struct finding *finding = doctor_find(
            doctor, LEVEL_BAD, "milter_macro_v", SPAN(""),
            "the macro v does not name Postfix: %.*s", (int)version.len, version.at);
        doctor_why(finding,
                   "The gate then cannot tell mail of sendmail(1) from mail of "
                   "a client: a refusal there becomes a bounce.");
        doctor_postconf(doctor, finding, SPAN(""), "milter_macro_v",
                        SPAN("Postfix $mail_version"));
        doctor_reload(doctor, finding);
    }
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
        if (span_find(defaults, span_of(needed[i])) < 0)
            continue;
        struct finding *finding = doctor_find(
            doctor, LEVEL_WARNING, "milter_macro_defaults", span_of(needed[i]),
            "milter_macro_defaults invents a macro that says who sends: %.*s",
            (int)defaults.len, defaults.at);
        doctor_why(finding,
                   "Mail without a login would be charged to what stands there.");
        doctor_postconf(doctor, finding, SPAN(""), "milter_macro_defaults", SPAN(""));
        doctor_reload(doctor, finding);
    }
}

/* ---- the queue ---- */

static void check_ids(struct doctor *doctor)
{
    if (span_ieq(main_cf(doctor, "enable_long_queue_ids"), SPAN("yes")))
        return;
    struct finding *finding = doctor_find(doctor, LEVEL_NOTE, "queue_ids", SPAN(""),
                                          "queue ids are short, and used again");
    doctor_why(finding, "Two messages of the log may have the same id.");
    doctor_postconf(doctor, finding, SPAN(""), "enable_long_queue_ids", SPAN("yes"));
    doctor_reload(doctor, finding);
}

void doctor_check_postfix(struct doctor *doctor)
{
    check_up(doctor);
    doctor_check_milters(doctor);
    doctor_check_reach(doctor);
    check_macros(doctor);
    doctor_check_lane(doctor);
    doctor_check_layout(doctor);
    check_ids(doctor);
}
