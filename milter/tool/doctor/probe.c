/* SPDX-License-Identifier: BSD-2-Clause
 *
 * probe - the section probe: a real mail through each way into the MTA, which must
 * appear in the audit log as what it is.
 *
 * It goes to an address that cannot exist (RFC 2606), from the null sender, so that
 * nobody hears of it whatever becomes of it; the gate knows it by its mark and holds
 * it, in every mode; then it is deleted. It is not sent where the gate is known to be
 * absent. What an earlier run left behind is deleted first.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/held.h"
#include "store/notice.h"
#include "store/probe.h"
#include "tool/deeds/handover.h"
#include "tool/doctor/doctor.h"
#include "tool/doctor/reach.h"
#include "tool/doctor/sendmail.h"
#include "tool/doctor/talk.h"
#include "tool/doctor/ways.h"
#include "tool/print.h"
#include "tool/record.h"

enum {
    WAIT_US = 20000000, /* till the gate has seen it. chosen */
    STEP_US = 50000,
    LEFT_US = 3000000, /* till what the gate has not seen is found in the queue */
    SENDMAIL_MS = 30000,
    STALE_MOST = 1000,
};

struct probe {
    struct doctor *doctor;
    const struct way *way;
    char mark[NOTICE_MARK_BYTES];
    char tag[NOTICE_MARK_BYTES];
    char recipient[100];
    struct span queue_id; /* by SMTP; "" not known */
};

static volatile sig_atomic_t is_stopped;

static void stop(int signal)
{
    (void)signal;
    is_stopped = 1;
}

static void nap(void)
{
    const struct timespec step = {0, STEP_US * 1000L};
    nanosleep(&step, NULL);
}

/* ---- what is left behind ---- */

static int drop(struct doctor *doctor, struct leaving *rows, size_t count,
                struct err *err)
{
    int lock;
    struct mta_wish *wishes = handover_wishes(doctor->arena, rows, count);
    if (wishes == NULL)
        return err_set(err, ERR_MEMORY, "out of memory");
    if (handover_lock(doctor->tool, &lock, err) != 0)
        return -1;
    int result = handover_ask(doctor->tool, rows, count, HELD_DROPPED, "doctor", err);
    if (result == 0) {
        struct err why;
        int dropped = mta_drop(&doctor->mta, doctor->arena, wishes, count, &why);
        result = handover_record(doctor->tool, rows, wishes, count, HELD_DROPPED,
                                 "doctor", dropped == 0, err);
        if (dropped != 0) {
            *err = why;
            result = -1;
        }
    }
    close(lock);
    return result;
}

/* Delete every probe that waits, this run's and those of one that was cut short. */
static int clean_up(struct doctor *doctor, struct err *err)
{
    struct held_row *rows;
    size_t count;
    size_t probes = 0;
    if (held_list(doctor->tool->db, 0, STALE_MOST, doctor->arena, &rows, &count, err) !=
        0)
        return -1;
    struct leaving *leaving = arena_array(doctor->arena, count + 1, sizeof *leaving);
    if (leaving == NULL)
        return err_set(err, ERR_MEMORY, "out of memory");
    for (size_t i = 0; i < count; i++)
        if (span_eq(rows[i].cause, SPAN("probe")))
            leaving[probes++] = (struct leaving){.id = rows[i].id,
                                                 .queue_id = rows[i].queue_id,
                                                 .mail_from = rows[i].mail_from,
                                                 .held_at_us = rows[i].held_at_us,
                                                 .state = HELD_WAITING};
    return probes == 0 ? 0 : drop(doctor, leaving, probes, err);
}

/* The gate did not see it: it must not stay in the queue. */
static bool take_back(const struct probe *probe)
{
    struct doctor *doctor = probe->doctor;
    int64_t until_us = clock_elapsed_us() + LEFT_US;
    do {
        if (mta_take_back(&doctor->mta, doctor->arena, probe->recipient,
                          probe->queue_id))
            return true;
        nap();
    } while (clock_elapsed_us() < until_us);
    return false;
}

/* ---- the mail ---- */

static int begin(struct probe *probe, struct err *err)
{
    struct db *db = probe->doctor->tool->db;
    if (notice_mark(probe->mark, err) != 0 || notice_mark(probe->tag, err) != 0)
        return -1;
    snprintf(probe->recipient, sizeof probe->recipient,
             "outgate-probe-%s@probe.invalid", probe->tag);
    return db_end(
        db,
        db_begin(db, err) != 0 ? -1 : probe_add(db, probe->mark, tool_now_us(), err),
        err);
}

static struct span text_of(const struct probe *probe)
{
    struct span host = doctor_host_name(probe->doctor);
    return span_of(doctor_text(
        probe->doctor,
        "From: outgate doctor <postmaster@%.*s>\n"
        "To: <%s>\n"
        "Subject: a probe of outgate doctor\n"
        "Message-ID: <outgate-probe-%s@probe.invalid>\n"
        "Auto-Submitted: auto-generated\n" PROBE_FIELD ": %s\n"
        "\n"
        "outgate doctor looks whether mail that is sent this way passes the gate.\n"
        "This message is held, and deleted in a moment; its address does not exist.\n",
        (int)host.len, host.at, probe->recipient, probe->tag, probe->mark));
}

/* ---- what the log says ---- */

/* By SMTP the row is there before the MTA says that it has the mail: what is not there
 * then is deleted at once, lest it leave. */
static bool wait_for_row(const struct probe *probe, int64_t *id)
{
    bool must_wait = probe->queue_id.len == 0;
    int64_t until_us = clock_elapsed_us() + (must_wait ? WAIT_US : 0);
    struct err err;
    while (probe_message(probe->doctor->tool->db, probe->mark, id, &err) == 0 &&
           *id == 0 && !is_stopped && clock_elapsed_us() < until_us)
        nap();
    return *id != 0;
}

static void tell_wrong(struct doctor *doctor, const struct probe *probe,
                       const struct record *row)
{
    struct finding *finding;
    if (!span_eq(row->path, span_of(probe->way->path))) {
        finding = doctor_find(doctor, LEVEL_BAD, "probe_path", probe->way->subject,
                              "the gate takes mail of path %s for path %.*s",
                              probe->way->path, (int)row->path.len, row->path.at);
        doctor_why(finding,
                   "What may be done with mail, and who is charged for it, goes "
                   "by the way that it takes.");
    } else {
        finding = doctor_find(doctor, LEVEL_BAD, "probe_class", probe->way->subject,
                              "the gate takes mail that leaves for %.*s mail",
                              (int)row->mail_class.len, row->mail_class.at);
        doctor_why(finding,
                   "Inbound mail is neither scored nor limited; forwarded mail "
                   "is charged to no account of yours.");
    }
    doctor_remedy(doctor, finding, REMEDY_LOOK, "outgate doctor --only mta");
}

/* Mail of sendmail(1) is charged to its caller, if the MTA names him: uid comes before
 * all that a probe has. */
static bool is_user_lost(struct doctor *doctor, const struct record *row)
{
    const struct settings *settings = doctor->tool->settings;
    bool is_wanted = false;
    for (size_t i = 0; i < settings->identify_by_count; i++)
        is_wanted = is_wanted || settings->identify_by[i] == IDENTITY_UID;
    return is_wanted && span_eq(row->path, SPAN("local")) &&
           !span_eq(row->identified_by, SPAN("uid"));
}

static void tell_lost_user(struct doctor *doctor, const struct probe *probe,
                           const struct record *row)
{
    struct finding *finding = doctor_find(
        doctor, LEVEL_WARNING, "probe", probe->way->subject,
        "a mail arrived at the gate (id %lld), but not who called sendmail: "
        "it is charged to %.*s",
        (long long)row->id, (int)row->sender.len, row->sender.at);
    doctor_why(finding,
               "All web sites of this host are one sender: a hacked one uses up "
               "the limit of all. When the configuration is right, the MTA has "
               "not read it yet.");
    doctor_reload(doctor, finding);
    doctor_remedy(doctor, finding, REMEDY_LOOK, "outgate doctor --only mta");
}

static void tell_row(const struct probe *probe, int64_t id)
{
    struct doctor *doctor = probe->doctor;
    struct record row;
    struct err err;
    if (record_read(doctor->tool->db, id, doctor->arena, &row, &err) != 1) {
        doctor_find(doctor, LEVEL_WARNING, "probe", probe->way->subject,
                    "its row %lld cannot be read: %s", (long long)id, err.text);
        return;
    }
    if (!span_eq(row.path, span_of(probe->way->path)) ||
        !span_eq(row.mail_class, SPAN("outbound"))) {
        tell_wrong(doctor, probe, &row);
        return;
    }
    if (is_user_lost(doctor, &row)) {
        tell_lost_user(doctor, probe, &row);
        return;
    }
    doctor_find(
        doctor, LEVEL_OK, "probe", probe->way->subject,
        "a mail arrived at the gate: id %lld, path %.*s, class %.*s, charged to "
        "%.*s",
        (long long)id, (int)row.path.len, row.path.at, (int)row.mail_class.len,
        row.mail_class.at, (int)row.sender.len, row.sender.at);
}

static void tell_unseen(const struct probe *probe)
{
    bool is_back = take_back(probe);
    struct finding *finding = doctor_find(
        probe->doctor, LEVEL_BAD, "probe", probe->way->subject,
        "the MTA took the mail, and the gate has not seen it%s",
        is_back ? "; it was deleted from the queue" : "; it is not in the queue");
    doctor_why(finding,
               "So is all mail that takes this way: neither scored nor limited "
               "nor recorded. When the configuration is right, the MTA has not "
               "read it yet.");
    doctor_reload(probe->doctor, finding);
    doctor_remedy(probe->doctor, finding, REMEDY_LOOK, "outgate doctor --only mta");
}

static void conclude(const struct probe *probe)
{
    int64_t id = 0;
    struct err err;
    if (wait_for_row(probe, &id))
        tell_row(probe, id);
    else
        tell_unseen(probe);
    if (clean_up(probe->doctor, &err) != 0) {
        struct finding *finding =
            doctor_find(probe->doctor, LEVEL_WARNING, "probe_left", probe->way->subject,
                        "the probe could not be deleted: %s", err.text);
        doctor_why(finding, "It stays in the hold queue, where the next run of outgate "
                            "doctor finds it.");
    }
}

/* ---- SMTP ---- */

/* Sites that look up the recipient's domain refuse the first; nothing is looked up for
 * an address of this host's own loopback network, and nobody is asked. */
static bool say_recipient(struct smtp_talk *talk, struct probe *probe)
{
    if (smtp_say(talk, doctor_text(probe->doctor, "RCPT TO:<%s>", probe->recipient)))
        return true;
    snprintf(probe->recipient, sizeof probe->recipient,
             "outgate-probe-%s@[127.255.255.254]", probe->tag);
    return smtp_say(talk, doctor_text(probe->doctor, "RCPT TO:<%s>", probe->recipient));
}

static void tell_refused(const struct probe *probe, const struct smtp_talk *talk,
                         bool is_at_end)
{
    if (!is_at_end) {
        struct finding *finding =
            doctor_find(probe->doctor, LEVEL_NOTE, "probe", probe->way->subject,
                        "not probed, for it takes no mail from this host without more: "
                        "%s",
                        talk->reply);
        doctor_why(finding, "What the configuration says of it was looked at.");
        return;
    }
    struct finding *finding =
        doctor_find(probe->doctor, LEVEL_BAD, "probe", probe->way->subject,
                    "the MTA would not take a mail: %s", talk->reply);
    doctor_why(finding, "So it goes to everybody who sends: mail stops here. A reply "
                        "4.7.1 or 4.3.5 is Postfix's own, when the gate is away or its "
                        "address is wrong.");
    doctor_remedy(probe->doctor, finding, REMEDY_LOOK,
                  "outgate doctor --only host --only mta");
}

/* Postfix: "250 2.0.0 Ok: queued as 4jcwF533Jnz1bhNq"; Sendmail: "250 2.0.0
 * 6AU0JNRQ002033 Message accepted for delivery". */
static struct span queue_id_of(struct doctor *doctor, const char *reply)
{
    struct span text = span_of(reply);
    struct span id, rest;
    ptrdiff_t at = span_find(text, SPAN("queued as "));
    if (doctor->sendmail != NULL)
        at = span_starts(text, SPAN("250 2.0.0 ")) ? 0 : -1;
    if (at < 0)
        return SPAN("");
    span_cut(span_from(text, (size_t)at + 10), ' ', &id, &rest);
    return span_dup(doctor->arena, id);
}

static bool hand_over_by_smtp(struct probe *probe)
{
    struct smtp_talk talk;
    bool is_begun = smtp_begin(&talk, probe->way->host, probe->way->port) &&
                    smtp_say(&talk, "MAIL FROM:<>") && say_recipient(&talk, probe) &&
                    smtp_say(&talk, "DATA");
    bool is_done = is_begun && smtp_text(&talk, text_of(probe));
    probe->queue_id = queue_id_of(probe->doctor, talk.reply);
    if (!is_done)
        tell_refused(probe, &talk, is_begun);
    smtp_end(&talk);
    return is_done;
}

static bool may_probe(struct doctor *doctor, const struct way *way)
{
    struct finding *finding;
    if (way->begins_with_tls) {
        finding = doctor_find(doctor, LEVEL_NOTE, "probe", way->subject,
                              "not probed: it begins with TLS");
        doctor_why(finding, "What the configuration says of it was looked at.");
        return false;
    }
    if (way->has_gate)
        return true;
    finding = doctor_find(doctor, LEVEL_BAD, "probe", way->subject,
                          "not probed: the gate is not on this way, so the mail would "
                          "leave");
    doctor_why(finding, "So does all mail that is sent this way.");
    doctor_remedy(doctor, finding, REMEDY_LOOK, "outgate doctor --only mta");
    return false;
}

static void tell_failed(struct doctor *doctor, struct span subject,
                        const struct err *err)
{
    struct finding *finding = doctor_find(doctor, LEVEL_WARNING, "probe", subject,
                                          "not probed: %s", err->text);
    doctor_why(finding, "Whether mail passes the gate this way is not known.");
}

/* ---- sendmail(1) ---- */

static int hand_over_by_sendmail(const struct probe *probe, struct err *err)
{
    struct doctor *doctor = probe->doctor;
    const char *argv[10] = {run_find(doctor->arena, doctor->mta.commands, "sendmail")};
    size_t count = 1;
    struct run_result result = {.status = -1};
    if (argv[0] == NULL)
        return err_set(err, ERR_IO, "sendmail is not found: set [mta] commands");
    if (doctor->mta.config[0] != '\0') {
        argv[count++] = "-C";
        argv[count++] = doctor->mta.config;
    }
    if (doctor->mta.config[0] != '\0' && doctor->sendmail != NULL) {
        argv[count - 1] = doctor->sendmail->submit_path;
        argv[count++] = "-Ac"; /* as it would be without -C */
    }
    argv[count++] = "-i";
    argv[count++] = "-f";
    argv[count++] = "<>";
    argv[count++] = probe->recipient;
    if (run_program(doctor->arena, argv, text_of(probe), SENDMAIL_MS, &result, err) !=
        0)
        return -1;
    if (result.status == 0)
        return 0;
    return err_set(err, ERR_IO, "sendmail ended with %d: %.*s", result.status,
                   (int)span_head(span_trim(result.error), 300).len, result.error.at);
}

/* ---- all of them ---- */

static bool can_probe(struct doctor *doctor)
{
    struct err err;
    const char *why = NULL;
    const char *answer;
    if (!doctor->sends_probe)
        return false;
    if (doctor->postfix == NULL && doctor->sendmail == NULL)
        why = "the MTA is not known well enough";
    else if (geteuid() != 0)
        why = "only root can delete the probe again";
    else if (tool_open(doctor->tool, DB_WRITE, &err) != 0)
        why = doctor_text(doctor, "%s", err.text);
    else if (!mta_is_up(&doctor->mta) ||
             (doctor->sendmail != NULL && !sendmail_is_up(doctor)))
        why = doctor_text(doctor, "%s does not run", mta_name(&doctor->mta));
    else if (!reach_daemon(doctor, &answer))
        why = "the gate does not answer";
    else if (clean_up(doctor, &err) != 0)
        why = doctor_text(doctor, "%s", err.text);
    if (why == NULL)
        return true;
    struct finding *finding = doctor_find(doctor, LEVEL_WARNING, "probe", SPAN(""),
                                          "nothing was probed: %s", why);
    doctor_why(finding, "Whether mail passes the gate is known from the configuration "
                        "alone.");
    return false;
}

static void probe_way(struct doctor *doctor, const struct way *way)
{
    struct probe probe = {.doctor = doctor, .way = way};
    struct err err;
    bool is_begun = begin(&probe, &err) == 0;
    if (is_begun && way->host != NULL) {
        if (hand_over_by_smtp(&probe))
            conclude(&probe);
    } else if (is_begun && hand_over_by_sendmail(&probe, &err) == 0) {
        conclude(&probe);
    } else {
        tell_failed(doctor, way->subject, &err);
    }
}

static void probe_all(struct doctor *doctor)
{
    struct way *ways;
    size_t count = ways_in(doctor, &ways);
    for (size_t i = 0; i < count && !is_stopped; i++)
        if (may_probe(doctor, &ways[i]))
            probe_way(doctor, &ways[i]);
}

void doctor_check_probe(struct doctor *doctor)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    enum { COUNT = sizeof signals / sizeof *signals };
    struct sigaction old[COUNT];
    const struct sigaction action = {.sa_handler = stop};
    if (!can_probe(doctor))
        return;
    /* a probe that was sent is taken back before the program ends */
    for (int i = 0; i < COUNT; i++)
        sigaction(signals[i], &action, &old[i]);
    probe_all(doctor);
    for (int i = 0; i < COUNT; i++)
        sigaction(signals[i], &old[i], NULL);
}
