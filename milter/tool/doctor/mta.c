/* SPDX-License-Identifier: BSD-2-Clause
 *
 * mta - the section mta: how the gate is wired into the MTA, and whether the hold
 * queue can be seen and emptied.
 */
#include <unistd.h>

#include "tool/doctor/doctor.h"
#include "tool/doctor/mta_log.h"
#include "tool/doctor/postfix.h"
#include "tool/doctor/roles.h"
#include "tool/doctor/sendmail.h"
#include "tool/print.h"

static bool check_presence(struct doctor *doctor)
{
    if (doctor->postfix != NULL || doctor->sendmail != NULL)
        return true;
    struct finding *finding =
        doctor->has_mta ? doctor_find(doctor, LEVEL_BAD, "mta", SPAN(""),
                                      "%s's configuration cannot be read: %s",
                                      mta_name(&doctor->mta), doctor->mta_err.text)
                        : doctor_find(doctor, LEVEL_BAD, "mta", SPAN(""), "%s",
                                      doctor->mta_err.text);
    doctor_why(finding, doctor->has_mta
                            ? "How the gate is wired cannot be told."
                            : "Without the MTA's tools held mail can be neither seen "
                              "nor let go.");
    return false;
}

static void check_size(struct doctor *doctor)
{
    int64_t scan = doctor->tool->settings->scan_bytes;
    uint64_t most = 0;
    text_parse_count(
        doctor->sendmail != NULL
            ? sendmail_option(doctor->sendmail->text, "MaxMessageSize")
            : postfix_value(doctor->postfix, SPAN(""), "message_size_limit"),
        INT64_MAX, &most);
    if (most > 0 && (int64_t)most <= scan + scan / 2)
        return;
    char size[PRINT_AGE_BYTES];
    struct finding *finding =
        doctor_find(doctor, LEVEL_NOTE, "scan_bytes", SPAN(""),
                    "%s takes larger mail than the gate reads; of a body the first %s "
                    "are looked at",
                    mta_name(&doctor->mta), print_bytes(scan, size));
    doctor_why(finding, "What stands behind that is passed unread; the fact "
                        "bounds_reached says so.");
}

/* ---- the hold queue ---- */

static void tell_unlisted(struct doctor *doctor, const struct err *err)
{
    struct finding *finding = doctor_find(doctor, LEVEL_BAD, "hold_queue", SPAN(""),
                                          "the queue cannot be listed: %s", err->text);
    doctor_why(finding, "Held mail can be neither seen nor let go.");
    if (doctor->sendmail != NULL)
        doctor_remedy(doctor, finding, REMEDY_LOOK, "sendmail -C %s -bp -qQ",
                      print_shell_word(doctor->arena, span_of(doctor->sendmail->path)));
    else
        doctor_remedy(doctor, finding, REMEDY_LOOK, "postqueue%s -j",
                      doctor_postfix_option(doctor));
}

static void tell_no_root(struct doctor *doctor)
{
    struct finding *finding =
        doctor_find(doctor, LEVEL_NOTE, "hold_queue", SPAN(""),
                    "not run as root: what only root can see was not looked at");
    doctor_remedy(doctor, finding, REMEDY_LOOK, "sudo outgate doctor");
}

/* Of Postfix every user may list the queue, of Sendmail root. */
static void check_queue(struct doctor *doctor)
{
    struct mta_mail *list;
    size_t count;
    size_t held = 0;
    struct err err;
    bool is_root = geteuid() == 0;
    if ((is_root || doctor->postfix != NULL) &&
        mta_queue(&doctor->mta, doctor->arena, &list, &count, &err) != 0) {
        tell_unlisted(doctor, &err);
        return;
    }
    if (doctor->postfix != NULL &&
        run_find(doctor->arena, doctor->mta.commands, "postsuper") == NULL) {
        struct finding *finding = doctor_find(doctor, LEVEL_BAD, "hold_queue", SPAN(""),
                                              "postsuper is not found");
        doctor_why(finding, "Held mail cannot be let go.");
        return;
    }
    if (!is_root) {
        tell_no_root(doctor);
        return;
    }
    for (size_t i = 0; i < count; i++)
        held += list[i].is_held;
    doctor_find(
        doctor, LEVEL_OK, "hold_queue", SPAN(""),
        "the hold queue can be listed and emptied; %zu of %zu messages are held", held,
        count);
}

void doctor_check_mta(struct doctor *doctor)
{
    if (!check_presence(doctor))
        return;
    if (doctor->sendmail != NULL)
        doctor_check_sendmail(doctor);
    else
        doctor_check_postfix(doctor);
    doctor_check_roles(doctor);
    check_size(doctor);
    check_queue(doctor);
    doctor_check_log(doctor);
}
