/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/doctor/mta_log.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tool/doctor/filters.h"
#include "tool/doctor/milters.h"
#include "tool/print.h"

enum {
    LOG_BYTES = 8 << 20, /* end of the MTA's log that is read. chosen */
    LOG_S = 24 * 3600,   /* how far back */
};

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
 * "milter unix:x: can't read SMFIC_BODYEOB reply packet header: ...".
 * Sendmail's: "Milter (outgate): error connecting to filter: ...", "Milter (outgate):
 * local socket name /x unsafe", "Milter (outgate): to error state". */
static bool tells_failure(struct doctor *doctor, struct span line, struct span ours)
{
    if (doctor->sendmail != NULL) {
        ptrdiff_t at = span_find(line, ours);
        struct span rest = at >= 0 ? span_from(line, (size_t)at + ours.len) : SPAN("");
        return span_starts(rest, SPAN("error connecting to filter")) ||
               span_starts(rest, SPAN("timeout ")) ||
               span_starts(rest, SPAN("local socket name "));
    }
    return span_find(line, SPAN("warning: ")) >= 0 && span_find(line, ours) >= 0 &&
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

static size_t count_failures(struct doctor *doctor, struct span text, struct span ours,
                             struct span *last)
{
    time_t now = time(NULL);
    size_t count = 0;
    struct span line;
    while (text.len > 0) {
        span_cut(text, '\n', &line, &text);
        if (!tells_failure(doctor, line, ours))
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
    struct span own = doctor->postfix != NULL
                          ? postfix_value(doctor->postfix, SPAN(""), "maillog_file")
                          : SPAN("");
    if (own.len > 0)
        return span_cstr(doctor->arena, own);
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
        if (access(usual[i], R_OK) == 0)
            return usual[i];
    return NULL;
}

/* What a line about the gate has: of Sendmail "Milter (NAME): "; of Postfix the last
 * part of the socket's path, or its port, as it stands in every spelling. */
static struct span our_word(struct doctor *doctor)
{
    const struct sendmail_filter *filter = filters_gate(doctor);
    if (doctor->sendmail != NULL)
        return filter != NULL
                   ? span_of(doctor_text(doctor, "Milter (%.*s): ",
                                         (int)filter->name.len, filter->name.at))
                   : SPAN("Milter ");
    const char *path = milters_socket_path(doctor);
    struct span word = span_of(path != NULL ? path : doctor->tool->settings->socket);
    if (path == NULL) {
        struct span rest;
        span_cut(span_from(word, (size_t)span_index(word, ':') + 1), '@', &word, &rest);
        return span_of(doctor_text(doctor, ":%.*s", (int)word.len, word.at));
    }
    return span_from(word, (size_t)(span_rindex(word, '/') + 1));
}

void doctor_check_log(struct doctor *doctor)
{
    const char *path = log_path(doctor);
    struct span last = SPAN("");
    if (path == NULL)
        return;
    size_t count =
        count_failures(doctor, end_of_file(doctor, path), our_word(doctor), &last);
    if (count == 0)
        return;
    struct finding *finding = doctor_find(
        doctor, LEVEL_WARNING, "log", span_of(path),
        "%s could not reach the gate %zu times in the last 24 hours; "
        "the last: %.*s",
        mta_name(&doctor->mta), count, (int)span_head(last, 300).len, last.at);
    doctor_why(finding,
               doctor->sendmail != NULL
                   ? "Each time mail waited, was refused or left unseen, as F= "
                     "of the filter says."
                   : "Each time mail waited, was refused or left unseen, as "
                     "milter_default_action says.");
    doctor_remedy(doctor, finding, REMEDY_LOOK, "grep -i milter %s | tail -n 20",
                  print_shell_word(doctor->arena, span_of(path)));
}
