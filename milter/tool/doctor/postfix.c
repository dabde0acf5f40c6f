/* SPDX-License-Identifier: BSD-2-Clause
 *
 * postfix - the section mta: how the gate is wired into Postfix.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tool/doctor/doctor.h"
#include "tool/doctor/lane.h"
#include "tool/doctor/layout.h"
#include "tool/doctor/milters.h"
#include "tool/doctor/reach.h"
#include "tool/doctor/roles.h"
#include "tool/doctor/sendmail.h"
#include "tool/print.h"

enum {
    LOG_BYTES = 8 << 20, /* end of the MTA's log that is read. chosen */
    LOG_S = 24 * 3600,   /* how far back */
};

static struct span main_cf(struct doctor *doctor, const char *name)
{
    return postfix_value(doctor->postfix, SPAN(""), name);
}

/* ---- is it there at all ---- */

static bool check_presence(struct doctor *doctor)
{
    struct finding *finding;
    if (!doctor->has_mta) {
        finding =
            doctor_find(doctor, LEVEL_BAD, "mta", SPAN(""), "%s", doctor->mta_err.text);
        doctor_why(finding, "Without the MTA's tools held mail can be neither seen nor "
                            "let go.");
        return false;
    }
    if (doctor->mta.kind != MTA_POSTFIX) {
        doctor_check_sendmail(doctor);
        return false;
    }
    if (doctor->postfix == NULL) {
        finding = doctor_find(doctor, LEVEL_BAD, "mta", SPAN(""),
                              "Postfix's configuration cannot be read: %s",
                              doctor->mta_err.text);
        doctor_why(finding, "How the gate is wired cannot be told.");
        return false;
    }
    return true;
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

static void check_size(struct doctor *doctor)
{
    int64_t scan = doctor->tool->settings->scan_bytes;
    uint64_t most = 0;
    text_parse_count(main_cf(doctor, "message_size_limit"), INT64_MAX, &most);
    if (most > 0 && (int64_t)most <= scan + scan / 2)
        return;
    char size[PRINT_AGE_BYTES];
    struct finding *finding = doctor_find(
        doctor, LEVEL_NOTE, "scan_bytes", SPAN(""),
        "Postfix takes larger mail than the gate reads; of a body the first "
        "%s are looked at",
        print_bytes(scan, size));
    doctor_why(finding, "What stands behind that is passed unread; the fact "
                        "bounds_reached says so.");
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

static void check_queue(struct doctor *doctor)
{
    struct mta_mail *list;
    size_t count;
    size_t held = 0;
    struct err err;
    check_ids(doctor);
    if (mta_queue(&doctor->mta, doctor->arena, &list, &count, &err) != 0) {
        struct finding *finding =
            doctor_find(doctor, LEVEL_BAD, "hold_queue", SPAN(""),
                        "the queue cannot be listed: %s", err.text);
        doctor_why(finding, "Held mail can be neither seen nor let go.");
        doctor_remedy(doctor, finding, REMEDY_LOOK, "postqueue%s -j",
                      doctor_postfix_option(doctor));
        return;
    }
    for (size_t i = 0; i < count; i++)
        held += list[i].is_held;
    if (run_find(doctor->arena, doctor->mta.commands, "postsuper") == NULL) {
        struct finding *finding = doctor_find(doctor, LEVEL_BAD, "hold_queue", SPAN(""),
                                              "postsuper is not found");
        doctor_why(finding, "Held mail cannot be let go.");
        return;
    }
    if (geteuid() != 0) {
        struct finding *finding =
            doctor_find(doctor, LEVEL_NOTE, "hold_queue", SPAN(""),
                        "not run as root: what only root can see was not looked at");
        doctor_remedy(doctor, finding, REMEDY_LOOK, "sudo outgate doctor");
        return;
    }
    doctor_find(
        doctor, LEVEL_OK, "hold_queue", SPAN(""),
        "the hold queue can be listed and emptied; %zu of %zu messages are held", held,
        count);
}

/* ---- the log ---- */

/* "Nov 29 17:46:19" or "2026-11-29T17:46:19": -1 for neither. */
static time_t time_of_line(struct doctor *doctor, struct span line, time_t now)
{
    struct tm tm = {.tm_isdst = -1};
    const char *text = span_cstr(doctor->arena, span_head(line, 32));
    if (ascii_is_digit(text[0]))
        return strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) != NULL ? mktime(&tm) : -1;
    struct tm today;
    localtime_r(&now, &today);
    tm.tm_year = today.tm_year;
    if (strptime(text, "%b %d %H:%M:%S", &tm) == NULL)
        return -1;
    time_t at = mktime(&tm);
    if (at > now + 86400) { /* the year is not written: it was the last one */
        tm.tm_year--;
        tm.tm_isdst = -1;
        at = mktime(&tm);
    }
    return at;
}

/* Postfix's words when a milter is away: "connect to Milter service unix:x: ...",
 * "milter unix:x: can't read SMFIC_BODYEOB reply packet header: ...". */
static bool tells_failure(struct span line, struct span socket)
{
    return span_find(line, SPAN("warning: ")) >= 0 && span_find(line, socket) >= 0 &&
           (span_find(line, SPAN("connect to Milter service ")) >= 0 ||
            span_find(line, SPAN("milter ")) >= 0);
}

static struct span end_of_file(struct doctor *doctor, const char *path)
{
    struct span text = SPAN("");
    struct stat st;
    FILE *file = fopen(path, "re");
    if (file == NULL || fstat(fileno(file), &st) != 0 || !S_ISREG(st.st_mode)) {
        if (file != NULL)
            fclose(file);
        return text;
    }
    size_t size = st.st_size > LOG_BYTES ? LOG_BYTES : (size_t)st.st_size;
    char *bytes = arena_alloc(doctor->arena, size + 1);
    if (bytes != NULL && fseeko(file, st.st_size - (off_t)size, SEEK_SET) == 0)
        text = (struct span){bytes, fread(bytes, 1, size, file)};
    fclose(file);
    return text;
}

static size_t count_failures(struct doctor *doctor, struct span text,
                             struct span socket, struct span *last)
{
    time_t now = time(NULL);
    size_t count = 0;
    struct span line;
    while (text.len > 0) {
        span_cut(text, '\n', &line, &text);
        if (!tells_failure(line, socket))
            continue;
        time_t at = time_of_line(doctor, line, now);
        if (at >= 0 && now - at > LOG_S)
            continue;
        count++;
        *last = line;
    }
    return count;
}

static const char *log_path(struct doctor *doctor)
{
    static const char *const usual[] = {"/var/log/mail.log", "/var/log/maillog"};
    struct span own = main_cf(doctor, "maillog_file");
    if (own.len > 0)
        return span_cstr(doctor->arena, own);
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
        if (access(usual[i], R_OK) == 0)
            return usual[i];
    return NULL;
}

/* The last part of the socket's path, or its port: as it stands in every spelling. */
static struct span socket_word(struct doctor *doctor)
{
    const char *path = milters_socket_path(doctor);
    struct span word = span_of(path != NULL ? path : doctor->tool->settings->socket);
    if (path == NULL) {
        struct span rest;
        span_cut(span_from(word, (size_t)span_index(word, ':') + 1), '@', &word, &rest);
        return span_of(doctor_text(doctor, ":%.*s", (int)word.len, word.at));
    }
    return span_from(word, (size_t)(span_rindex(word, '/') + 1));
}

static void check_log(struct doctor *doctor)
{
    const char *path = log_path(doctor);
    struct span last = SPAN("");
    if (path == NULL)
        return;
    size_t count =
        count_failures(doctor, end_of_file(doctor, path), socket_word(doctor), &last);
    if (count == 0)
        return;
    struct finding *finding =
        doctor_find(doctor, LEVEL_WARNING, "log", span_of(path),
                    "Postfix could not reach the gate %zu times in the last 24 hours; "
                    "the last: %.*s",
                    count, (int)span_head(last, 300).len, last.at);
    doctor_why(finding, "Each time mail waited, was refused or left unseen, as "
                        "milter_default_action says.");
    doctor_remedy(doctor, finding, REMEDY_LOOK, "grep -i milter %s | tail -n 20",
                  print_shell_word(doctor->arena, span_of(path)));
}

void doctor_check_postfix(struct doctor *doctor)
{
    if (!check_presence(doctor))
        return;
    check_up(doctor);
    doctor_check_milters(doctor);
    doctor_check_reach(doctor);
    check_macros(doctor);
    doctor_check_lane(doctor);
    doctor_check_layout(doctor);
    doctor_check_roles(doctor);
    check_size(doctor);
    check_queue(doctor);
    check_log(doctor);
}
