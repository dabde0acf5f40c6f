/* SPDX-License-Identifier: BSD-2-Clause
 *
 * host - the section host: clock, disk, database, daemon, rules, config.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <unistd.h>

#include "rules/ruleset.h"
#include "store/db.h"
#include "store/orders.h"
#include "tool/doctor/doctor.h"
#include "tool/doctor/reach.h"
#include "tool/print.h"

enum {
    CHECK_MS = 20000, /* a database of some 5 GB from a disk. chosen */
    CLOCK_US = 60000000,
    OVERDUE_US = 600000000, /* the releaser's own pause is 30 s. chosen */
    WAL_BYTES = 256 << 20,  /* the writer empties it at a few MB. chosen */
    FREE_BAD_PERCENT = 2,   /* chosen */
    FREE_WARNING_PERCENT = 8,
    KEEP_DAYS = 14, /* a provider's alert and a ticket about it come later. chosen */
    DAY_S = 86400,
};

static const struct settings *settings_of(struct doctor *doctor)
{
    return doctor->tool->settings;
}

/* ---- clock ---- */

static void check_clock(struct doctor *doctor)
{
    struct timex state = {.modes = 0};
    int status = adjtimex(&state);
    if (status >= 0 && (state.status & STA_UNSYNC) == 0 && status != TIME_ERROR) {
        doctor_find(doctor, LEVEL_OK, "clock", SPAN(""),
                    "the clock is kept in step with others");
        return;
    }
    struct finding *finding =
        doctor_find(doctor, LEVEL_WARNING, "clock", SPAN(""),
                    "nothing keeps the clock in step, as far as the kernel knows");
    doctor_why(finding, "A Date: that is hours off is a mark of spam to receivers, and "
                        "the log's times match no alert of the provider.");
    doctor_remedy(doctor, finding, REMEDY_SHELL, "timedatectl set-ntp true");
}

/* ---- disks ---- */

static unsigned percent_of(uint64_t part, uint64_t whole)
{
    return whole == 0 ? 100 : (unsigned)(part * 100 / whole);
}

static void check_disk(struct doctor *doctor, const char *what, const char *path)
{
    struct statvfs fs;
    char free_text[PRINT_AGE_BYTES];
    if (path[0] == '\0' || statvfs(path, &fs) != 0)
        return;
    unsigned blocks = percent_of(fs.f_bavail, fs.f_blocks);
    unsigned files = percent_of(fs.f_favail, fs.f_files);
    unsigned least = blocks < files ? blocks : files;
    enum level level = least < FREE_BAD_PERCENT       ? LEVEL_BAD
                       : least < FREE_WARNING_PERCENT ? LEVEL_WARNING
                                                      : LEVEL_OK;
    struct finding *finding = doctor_find(
        doctor, level, "disk", span_of(path), "%s: %s free (%u %%), %u %% of the files",
        what, print_bytes((int64_t)(fs.f_bavail * fs.f_frsize), free_text), blocks,
        files);
    if (level == LEVEL_OK)
        return;
    doctor_why(finding,
               "On a full disk no decision can be recorded and no mail queued: "
               "mail waits, or passes unrecorded with on_error = accept.");
    doctor_remedy(doctor, finding, REMEDY_LOOK,
                  "du -xh --max-depth=2 %s | sort -h | tail",
                  print_shell_word(doctor->arena, span_of(path)));
}

static const char *folder_of(struct doctor *doctor, const char *path)
{
    struct span file = span_of(path);
    ptrdiff_t slash = span_rindex(file, '/');
    if (slash < 0)
        return ".";
    return slash == 0 ? "/" : span_cstr(doctor->arena, span_head(file, (size_t)slash));
}

static const char *database_of(struct doctor *doctor)
{
    return doctor->tool->database != NULL ? doctor->tool->database
                                          : settings_of(doctor)->database;
}

static void check_disks(struct doctor *doctor)
{
    check_disk(doctor, "database", folder_of(doctor, database_of(doctor)));
    if (doctor->has_mta && doctor->mta.queue[0] != '\0')
        check_disk(doctor, "mail queue", doctor->mta.queue);
}

/* ---- the database ---- */

static void check_mode(struct doctor *doctor, const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0 || (st.st_mode & (S_IROTH | S_IWOTH)) == 0)
        return;
    bool is_writable = (st.st_mode & S_IWOTH) != 0;
    struct finding *finding = doctor_find(
        doctor, is_writable ? LEVEL_BAD : LEVEL_WARNING, "database_mode", span_of(path),
        "every local user may %s it", is_writable ? "write to" : "read");
    doctor_why(finding, is_writable
                            ? "Who can write here lifts limits and blocks."
                            : "It says who wrote to whom, when and about what.");
    doctor_remedy(doctor, finding, REMEDY_SHELL, "chmod o-rwx %s",
                  print_shell_word(doctor->arena, span_of(path)));
}

static void check_owner(struct doctor *doctor, const char *path)
{
    struct stat st;
    const char *name = settings_of(doctor)->user;
    const struct passwd *user = name[0] != '\0' ? getpwnam(name) : NULL;
    if (user == NULL || stat(path, &st) != 0 || st.st_uid == user->pw_uid ||
        (st.st_gid == user->pw_gid && (st.st_mode & S_IWGRP) != 0))
        return;
    struct finding *finding =
        doctor_find(doctor, LEVEL_BAD, "database_owner", span_of(path),
                    "the daemon's user %s may not write to it", name);
    doctor_why(finding,
               "No decision can be recorded: mail waits, or passes unrecorded.");
    doctor_remedy(
        doctor, finding, REMEDY_SHELL, "chown %s: %s %s",
        print_shell_word(doctor->arena, span_of(name)),
        print_shell_word(doctor->arena, span_of(folder_of(doctor, path))),
        doctor_text(doctor, "%s*", print_shell_word(doctor->arena, span_of(path))));
}

static void check_wal(struct doctor *doctor)
{
    char size[PRINT_AGE_BYTES];
    int64_t bytes = db_wal_bytes(doctor->tool->db);
    if (bytes < WAL_BYTES)
        return;
    struct finding *finding =
        doctor_find(doctor, LEVEL_WARNING, "database_wal", SPAN(""),
                    "its write-ahead log has grown to %s", print_bytes(bytes, size));
    doctor_why(finding,
               "Some program reads the database and does not end, or the daemon "
               "is away: every decision becomes slower.");
    doctor_remedy(doctor, finding, REMEDY_LOOK, "fuser -v %s",
                  print_shell_word(doctor->arena, span_of(database_of(doctor))));
}

static void check_whole(struct doctor *doctor)
{
    char problem[300];
    enum db_health health =
        doctor->is_fast ? DB_HEALTH_UNKNOWN
                        : db_check(doctor->tool->db, CHECK_MS, problem, sizeof problem);
    if (health != DB_HEALTH_SICK) {
        doctor_find(doctor, LEVEL_OK, "database", span_of(database_of(doctor)), "%s",
                    health == DB_HEALTH_SOUND ? "sound" : "opens; not checked whole");
        return;
    }
    struct finding *finding =
        doctor_find(doctor, LEVEL_BAD, "database", span_of(database_of(doctor)),
                    "is damaged: %s", problem);
    doctor_why(finding, "Decisions will fail one day, and mail will wait. What can be "
                        "read is worth saving now.");
    doctor_remedy(
        doctor, finding, REMEDY_SHELL, "sqlite3 -readonly %s .recover >%s",
        print_shell_word(doctor->arena, span_of(database_of(doctor))),
        print_shell_word(doctor->arena,
                         span_of(doctor_text(doctor, "%s.sql", database_of(doctor)))));
}

/* A number that one statement gives; -1 when it cannot be asked. */
static int64_t ask_number(struct doctor *doctor, const char *sql, int64_t argument)
{
    struct err err;
    struct query *query = db_query_of(doctor->tool->db, sql, argument, &err);
    int64_t number = -1;
    if (query != NULL && query_step(query, &err) == 1)
        number = query_int(query, 0);
    if (query != NULL)
        query_reset(query);
    return number;
}

static void check_future(struct doctor *doctor)
{
    int64_t last_us =
        ask_number(doctor, "SELECT max(at_us) FROM message WHERE at_us > ?1", 0);
    if (last_us <= tool_now_us() + CLOCK_US)
        return;
    char time[PRINT_TIME_BYTES];
    struct finding *finding =
        doctor_find(doctor, LEVEL_WARNING, "clock_step", SPAN(""),
                    "the log's last message is of %s: the clock was set back",
                    print_time(last_us, time));
    doctor_why(finding, "Limits do not mind; but reports and due times are wrong until "
                        "then.");
    doctor_remedy(doctor, finding, REMEDY_SHELL, "timedatectl set-ntp true");
}

/* ---- what waits ---- */

static bool is_held_by_limits(struct doctor *doctor)
{
    for (size_t i = 0; i < settings_of(doctor)->limit_count; i++)
        if (settings_of(doctor)->limits[i].action == ACTION_HOLD)
            return true;
    return false;
}

/* "outgate\0release\0--loop\0" in some process. */
static bool is_releaser(const char *pid)
{
    char path[64];
    char words[512];
    snprintf(path, sizeof path, "/proc/%.20s/cmdline", pid);
    FILE *file = fopen(path, "re");
    size_t len = file != NULL ? fread(words, 1, sizeof words, file) : 0;
    if (file != NULL)
        fclose(file);
    struct span line = {words, len};
    struct span program, rest, word;
    span_cut(line, '\0', &program, &rest);
    bool is_release = false;
    bool is_loop = false;
    while (rest.len > 0) {
        span_cut(rest, '\0', &word, &rest);
        is_release = is_release || span_eq(word, SPAN("release"));
        is_loop = is_loop || span_eq(word, SPAN("--loop"));
    }
    return is_release && is_loop && span_iends(program, SPAN("outgate"));
}

static bool has_releaser(void)
{
    DIR *folder = opendir("/proc");
    struct dirent *entry;
    bool is_found = false;
    while (folder != NULL && !is_found && (entry = readdir(folder)) != NULL)
        is_found = ascii_is_digit(entry->d_name[0]) && is_releaser(entry->d_name);
    if (folder != NULL)
        closedir(folder);
    return is_found ||
           access("/run/systemd/units/invocation:outgate-release.timer", F_OK) == 0;
}

static void tell_releaser(struct doctor *doctor, struct finding *finding)
{
    if (access("/run/systemd/system", F_OK) == 0)
        doctor_remedy(doctor, finding, REMEDY_SHELL,
                      "systemctl enable --now outgate-release.service");
}

static void check_overdue(struct doctor *doctor)
{
    int64_t late = ask_number(
        doctor,
        "SELECT count(*) FROM held_message WHERE state = 'waiting' AND due_at_us < ?1 "
        "AND NOT EXISTS (SELECT 1 FROM brake)",
        tool_now_us() - OVERDUE_US);
    if (late > 0) {
        struct finding *finding =
            doctor_find(doctor, LEVEL_BAD, "releaser", SPAN(""),
                        "%lld held messages should have left more than ten minutes ago",
                        (long long)late);
        doctor_why(finding, "Nobody lets held mail go: good mail does not arrive.");
        doctor_remedy(
            doctor, finding, REMEDY_SHELL, "outgate%s%s release --due",
            doctor->tool->config != NULL ? " --config " : "",
            doctor->tool->config != NULL
                ? print_shell_word(doctor->arena, span_of(doctor->tool->config))
                : "");
        tell_releaser(doctor, finding);
    } else if (is_held_by_limits(doctor) && !has_releaser()) {
        struct finding *finding =
            doctor_find(doctor, LEVEL_WARNING, "releaser", SPAN(""),
                        "limits hold mail until it is due, but no releaser is running");
        doctor_why(finding, "Mail that a limit holds would never leave.");
        tell_releaser(doctor, finding);
        if (finding->remedy_count == 0)
            doctor_remedy(
                doctor, finding, REMEDY_SHELL,
                "outgate%s%s release --loop >/dev/null 2>&1 &",
                doctor->tool->config != NULL ? " --config " : "",
                doctor->tool->config != NULL
                    ? print_shell_word(doctor->arena, span_of(doctor->tool->config))
                    : "");
    } else {
        doctor_find(doctor, LEVEL_OK, "releaser", SPAN(""), "nothing waits too long");
    }
}

static void check_brake(struct doctor *doctor)
{
    struct ruling ruling;
    struct err err;
    if (orders_brake(doctor->tool->db, tool_now_us(), doctor->arena, &ruling, &err) !=
            0 ||
        ruling.kind == RULING_NONE)
        return;
    struct finding *finding = doctor_find(doctor, LEVEL_WARNING, "brake", SPAN(""),
                                          "the brake is on: nothing leaves");
    doctor_why(finding,
               "That is what it is for; it does not end by itself unless it was "
               "given a time.");
    doctor_remedy(doctor, finding, REMEDY_LOOK, "outgate brake");
}

static void check_database(struct doctor *doctor)
{
    struct err err;
    const char *path = database_of(doctor);
    doctor->tool->tells_brake = true;
    if (tool_open(doctor->tool, geteuid() == 0 ? DB_WRITE : DB_READ, &err) != 0) {
        struct finding *finding =
            doctor_find(doctor, LEVEL_BAD, "database", span_of(path), "%s", err.text);
        doctor_why(finding, "Without it no decision can be recorded: mail waits.");
        doctor_remedy(
            doctor, finding, REMEDY_LOOK, "ls -l %s",
            print_shell_word(doctor->arena, span_of(folder_of(doctor, path))));
        return;
    }
    check_whole(doctor);
    check_mode(doctor, path);
    check_owner(doctor, path);
    check_wal(doctor);
    check_future(doctor);
    check_overdue(doctor);
    check_brake(doctor);
}

/* ---- daemon, rules, config ---- */

static void check_daemon(struct doctor *doctor)
{
    const char *why;
    struct span socket = span_of(settings_of(doctor)->socket);
    if (reach_daemon(doctor, &why)) {
        doctor_find(doctor, LEVEL_OK, "daemon", socket, "the gate answers");
        return;
    }
    struct finding *finding = doctor_find(doctor, LEVEL_BAD, "daemon", socket,
                                          "the gate does not answer: %s", why);
    doctor_why(finding, "Mail waits, is refused or leaves unseen, as the MTA's default "
                        "action says.");
    if (access("/run/systemd/system", F_OK) == 0)
        doctor_remedy(doctor, finding, REMEDY_SHELL, "systemctl enable --now outgate");
    else
        doctor_remedy(doctor, finding, REMEDY_SHELL, "outgate-milter -c %s",
                      print_shell_word(doctor->arena,
                                       span_of(tool_config_path(doctor->tool) != NULL
                                                   ? tool_config_path(doctor->tool)
                                                   : OUTGATE_CONFIG_FILE)));
}

static void tell_rules(struct doctor *doctor, const struct rule_report *report,
                       size_t count)
{
    struct finding *finding;
    if (count == 0) {
        finding = doctor_find(doctor, LEVEL_WARNING, "rules", SPAN(""),
                              "there are no rules: every message scores 0");
        doctor_why(finding, "Limits work; what the mail says is not looked at.");
        doctor_set(doctor, finding, "rules",
                   "[rules]\npath = /usr/share/outgate/rules, /etc/outgate/rules.d");
    } else if (report->skipped > 0) {
        finding = doctor_find(doctor, LEVEL_NOTE, "rules", SPAN(""),
                              "%zu rules; %zu cannot run here", count, report->skipped);
        doctor_why(finding, "outgate lint names each, with its reason.");
        doctor_remedy(doctor, finding, REMEDY_LOOK, "outgate lint");
    } else {
        doctor_find(doctor, LEVEL_OK, "rules", SPAN(""), "%zu rules", count);
    }
}

static void check_rules(struct doctor *doctor)
{
    const struct conf_list *paths = &settings_of(doctor)->rule_paths;
    struct rule_report report;
    struct ruleset *set = NULL;
    struct err err;
    const char *const *at =
        doctor->tool->rules != NULL ? &doctor->tool->rules : paths->at;
    size_t count = doctor->tool->rules != NULL ? 1 : paths->count;
    unsigned flags = settings_has_dns(settings_of(doctor)) ? RULESET_AUTHENTICATION : 0;
    if (rule_report_init(&report, &err) != 0)
        return;
    if (ruleset_load(&set, at, count, flags, &report, &err) == 0) {
        tell_rules(doctor, &report, ruleset_count(set));
    } else {
        struct finding *finding =
            doctor_find(doctor, LEVEL_BAD, "rules", SPAN(""), "%s", err.text);
        doctor_why(finding,
                   "The daemon keeps the rules that it has, and would not start "
                   "again with these.");
        doctor_remedy(doctor, finding, REMEDY_LOOK, "outgate lint");
    }
    ruleset_free(&set);
    rule_report_clear(&report);
}

static void check_config_mode(struct doctor *doctor)
{
    const char *path = tool_config_path(doctor->tool);
    struct stat st;
    if (path == NULL || stat(path, &st) != 0 ||
        (st.st_mode & (S_IWOTH | S_IWGRP)) == 0 ||
        ((st.st_mode & S_IWOTH) == 0 && st.st_gid == 0))
        return;
    struct finding *finding =
        doctor_find(doctor, LEVEL_BAD, "config_mode", span_of(path),
                    "others than root may write to it");
    doctor_why(finding, "Who can write here switches the gate off, or has root's "
                        "releaser run what he likes.");
    doctor_remedy(doctor, finding, REMEDY_SHELL, "chmod go-w %s",
                  print_shell_word(doctor->arena, span_of(path)));
}

static void check_modes(struct doctor *doctor)
{
    const struct settings *settings = settings_of(doctor);
    if (settings->mode == MODE_SHADOW) {
        struct finding *finding = doctor_find(doctor, LEVEL_NOTE, "mode", SPAN(""),
                                              "mode = shadow: nothing is held");
        doctor_why(finding, "All is recorded as if; every message leaves.");
        doctor_set(doctor, finding, "mode", "[milter]\nmode = enforce");
    }
    if (settings->on_error == ON_ERROR_ACCEPT) {
        struct finding *finding =
            doctor_find(doctor, LEVEL_WARNING, "on_error", SPAN(""),
                        "on_error = accept: when the database fails, all mail leaves");
        doctor_why(finding, "A full disk is all it takes to send unseen.");
        doctor_set(doctor, finding, "on_error", "[milter]\non_error = tempfail");
    }
}

static void check_notices(struct doctor *doctor)
{
    const struct settings *settings = settings_of(doctor);
    if (settings->notify_to.count > 0 || settings->notify_command[0] != '\0') {
        doctor_find(doctor, LEVEL_OK, "notify", SPAN(""), "incidents are told");
        return;
    }
    struct finding *finding =
        doctor_find(doctor, LEVEL_WARNING, "notify", SPAN(""),
                    "nobody is told of incidents: [notify] names nobody");
    doctor_why(finding, "A stolen login sends for hours before somebody looks into the "
                        "log.");
    doctor_set(doctor, finding, "notify", "[notify]\nto = root");
}

static void check_keep(struct doctor *doctor)
{
    const struct settings *settings = settings_of(doctor);
    if (settings->keep != KEEP_NONE &&
        settings->keep_for_us >= KEEP_DAYS * INT64_C(1000000) * DAY_S) {
        doctor_find(doctor, LEVEL_OK, "keep", SPAN(""),
                    "enough of each message is kept for a dossier");
        return;
    }
    struct finding *finding =
        doctor_find(doctor, LEVEL_WARNING, "keep", SPAN(""),
                    "too little of each message is kept, or not for long enough");
    doctor_why(finding,
               "A provider that blocked you by mistake wants to see the message "
               "with its whole header, days later.");
    doctor_set(doctor, finding, "keep", "[store]\nkeep = headers\nkeep_for = 30d");
}

static void check_egress(struct doctor *doctor)
{
    if (settings_of(doctor)->egress.count > 0)
        return;
    struct finding *finding =
        doctor_find(doctor, LEVEL_WARNING, "egress", SPAN(""),
                    "[mail] egress is empty: from which address does mail leave?");
    doctor_why(finding,
               "What receivers will make of the mail (SPF, reverse DNS, lists) "
               "goes by that address.");
    doctor_remedy(doctor, finding, REMEDY_LOOK, "ip -brief address show scope global");
}

void doctor_check_host(struct doctor *doctor)
{
    check_clock(doctor);
    check_disks(doctor);
    check_database(doctor);
    check_daemon(doctor);
    check_rules(doctor);
    check_config_mode(doctor);
    check_modes(doctor);
    check_notices(doctor);
    check_keep(doctor);
    check_egress(doctor);
}
