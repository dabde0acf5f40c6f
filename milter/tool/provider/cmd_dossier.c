/* SPDX-License-Identifier: BSD-2-Clause
 *
 * cmd_dossier - the false-positive file for the provider's support.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tool/commands.h"
#include "tool/print.h"
#include "tool/provider/alert_input.h"
#include "tool/provider/dossier.h"

static struct {
    const char *out, *alert;
    struct option_list logs;
    bool is_mail, is_confirmed;
} given;

static const struct option_row options[] = {
    {"out", 'o', "FILE", OPTION_TEXT, &given.out,
     "where to: .tar.gz or .zip, with --mail .eml; - is standard output. Default: "
     "outgate-dossier-ID.tar.gz here"},
    {"mail", 0, NULL, OPTION_FLAG, &given.is_mail,
     "one mail ready to be completed and sent, in place of an archive; default: to "
     "standard output"},
    {"alert", 0, "FILE", OPTION_TEXT, &given.alert,
     "messages that this alert names: those given as ID, or asked for one by one"},
    {"yes", 'y', NULL, OPTION_FLAG, &given.is_confirmed,
     "with --alert: all that it names and the log has are legitimate"},
    {"maillog", 'l', "FILE", OPTION_LIST, &given.logs,
     "the MTA's log, also .gz (repeat it); default: /var/log/mail.log, mail.log.1"},
    {0},
};

/* ---- which messages ---- */

static int add_words(struct tool *tool, struct dossier *dossier, struct err *err)
{
    for (size_t i = 0; i < tool->word_count; i++) {
        struct record record;
        size_t others;
        if (record_find(tool, span_of(tool->words[i]), &record, &others, err) != 0 ||
            dossier_add(tool, dossier, &record, err) != 0)
            return -1;
        if (others > 0)
            fprintf(stderr, "outgate: %zu older messages have the id %s too\n", others,
                    print_escape(tool->arena, span_of(tool->words[i])));
    }
    return 0;
}

static const struct case_sample *sample_of(const struct alert_case *alert, int64_t id)
{
    for (size_t i = 0; i < alert->alert.sample_count; i++)
        if (alert->samples[i].is_found && alert->samples[i].record.id == id)
            return &alert->samples[i];
    return NULL;
}

/* The words say which of the alert's messages are legitimate. */
static int add_chosen(struct tool *tool, struct dossier *dossier,
                      const struct alert_case *alert, struct err *err)
{
    for (size_t i = 0; i < tool->word_count; i++) {
        struct record record;
        size_t others;
        if (record_find(tool, span_of(tool->words[i]), &record, &others, err) != 0)
            return -1;
        const struct case_sample *sample = sample_of(alert, record.id);
        if (sample == NULL)
            return err_set(err, ERR_USAGE, "message %lld is not named in this alert",
                           (long long)record.id);
        if (dossier_add(tool, dossier, &sample->record, err) != 0)
            return -1;
    }
    return 0;
}

static bool is_legitimate(struct tool *tool, const struct record *record, FILE *answers)
{
    char answer[16] = "";
    char time[PRINT_TIME_BYTES];
    fprintf(stderr, "%lld  %s  %s  %s\n  legitimate? [y/N] ", (long long)record->id,
            print_time(record->at_us, time), print_escape(tool->arena, record->sender),
            print_escape(tool->arena, record->subject));
    return fgets(answer, sizeof answer, answers) != NULL &&
           (answer[0] == 'y' || answer[0] == 'Y');
}

/* The alert may come by standard input: the person answers on the terminal. */
static int add_asked(struct tool *tool, struct dossier *dossier,
                     const struct alert_case *alert, struct err *err)
{
    FILE *terminal = given.is_confirmed ? NULL : fopen("/dev/tty", "re");
    int rc = 0;
    if (!given.is_confirmed && (terminal == NULL || !isatty(STDERR_FILENO))) {
        if (terminal != NULL)
            fclose(terminal);
        return err_set(err, ERR_USAGE,
                       "which of them are legitimate? give their IDs, or --yes for all "
                       "that the alert names (outgate alert lists them)");
    }
    for (size_t i = 0; i < alert->alert.sample_count && rc == 0; i++)
        if (alert->samples[i].is_found &&
            (given.is_confirmed ||
             is_legitimate(tool, &alert->samples[i].record, terminal)))
            rc = dossier_add(tool, dossier, &alert->samples[i].record, err);
    if (terminal != NULL)
        fclose(terminal);
    return rc;
}

static int add_alert(struct tool *tool, struct dossier *dossier, struct err *err)
{
    struct alert_case *alert = arena_alloc(tool->arena, sizeof *alert);
    struct span bytes;
    if (alert == NULL)
        return err_set(err, ERR_MEMORY, "out of memory");
    if (alert_input(tool, given.alert, &bytes, err) != 0 ||
        alert_case_read(tool, bytes, alert, err) != 0)
        return -1;
    if (!alert->alert.is_alert)
        return err_set(err, ERR_USAGE, "%s does not look like a provider's alert",
                       given.alert);
    dossier->alert = alert;
    return tool->word_count > 0 ? add_chosen(tool, dossier, alert, err)
                                : add_asked(tool, dossier, alert, err);
}

static int choose(struct tool *tool, struct dossier *dossier, struct err *err)
{
    if (given.alert == NULL && tool->word_count == 0)
        return err_set(err, ERR_USAGE, "which? outgate dossier ID..., or --alert FILE");
    if ((given.alert != NULL ? add_alert(tool, dossier, err)
                             : add_words(tool, dossier, err)) != 0)
        return -1;
    return dossier->message_count > 0
               ? 0
               : err_set(err, ERR_NOT_FOUND, "no message is left for a dossier");
}

/* ---- where to ---- */

static int read_logs(struct tool *tool, const struct dossier *dossier,
                     struct maillog *log, struct err *err)
{
    struct span ids[DOSSIER_MESSAGES];
    for (size_t i = 0; i < dossier->message_count; i++)
        ids[i] = dossier->messages[i].record.queue_id;
    if (maillog_init(log, tool->arena, ids, dossier->message_count, err) != 0)
        return -1;
    return maillog_read_all(log, given.logs.at, given.logs.count, err);
}

static int make(struct tool *tool, const struct dossier *dossier, struct span *out,
                struct err *err)
{
    if (given.is_mail)
        return dossier_mail(tool, dossier, out, err);
    enum archive_form form = given.out != NULL ? archive_form_of(given.out) : 0;
    return archive_make(form == ARCHIVE_ZIP ? ARCHIVE_ZIP : ARCHIVE_TAR_GZ,
                        dossier->files, dossier->file_count, dossier->made_us / 1000000,
                        tool->arena, out, err);
}

static int write_file(const char *path, struct span bytes, struct err *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
    while (bytes.len > 0) {
        ssize_t done = write(fd, bytes.at, bytes.len);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            break;
        bytes = span_from(bytes, (size_t)done);
    }
    int saved = errno;
    if (close(fd) == 0 && bytes.len == 0)
        return 0;
    unlink(path); /* half a dossier is none */
    return err_set(err, ERR_IO, "%s: %s", path, strerror(saved));
}

static int check_out(struct err *err)
{
    if (given.out == NULL || given.is_mail || strcmp(given.out, "-") == 0 ||
        archive_form_of(given.out) != ARCHIVE_UNKNOWN)
        return 0;
    return err_set(err, ERR_USAGE, "--out %s: an archive ends in .tar.gz or .zip",
                   given.out);
}

static int deliver(struct tool *tool, const struct dossier *dossier, struct span bytes,
                   struct err *err)
{
    struct buf name;
    const char *path = given.out != NULL ? given.out : given.is_mail ? "-" : NULL;
    if (path != NULL && strcmp(path, "-") == 0) {
        if (!given.is_mail && isatty(STDOUT_FILENO))
            return err_set(err, ERR_USAGE, "an archive is nothing for a terminal");
        fwrite(bytes.at, 1, bytes.len, stdout);
        return 0;
    }
    buf_init(&name, tool->arena, 200);
    buf_printf(&name, "outgate-dossier-%lld.tar.gz",
               (long long)dossier->messages[0].record.id);
    if (path == NULL)
        path = buf_cstr(&name);
    if (write_file(path, bytes, err) != 0)
        return -1;
    printf("%s: %zu message%s, %zu files\n", path, dossier->message_count,
           dossier->message_count == 1 ? "" : "s", dossier->file_count);
    return 0;
}

static int run(struct tool *tool, struct err *err)
{
    struct dossier *dossier = arena_alloc(tool->arena, sizeof *dossier);
    struct maillog log;
    struct span bytes;
    if (dossier == NULL)
        return err_set(err, ERR_MEMORY, "out of memory");
    dossier->made_us = tool_now_us();
    if (check_out(err) != 0 || tool_open(tool, DB_READ, err) != 0 ||
        choose(tool, dossier, err) != 0 || read_logs(tool, dossier, &log, err) != 0 ||
        dossier_write(tool, dossier, &log, err) != 0 ||
        make(tool, dossier, &bytes, err) != 0 ||
        deliver(tool, dossier, bytes, err) != 0)
        return -1;
    if (dossier_is_whole(dossier))
        return EXIT_FINE;
    fprintf(stderr, "outgate: not every original is whole: README.txt says what is "
                    "missing ([store] keep = full keeps it from now on)\n");
    return EXIT_FOUND;
}

const struct command outgate_cmd_dossier = {
    .name = "dossier",
    .words = "[ID...]",
    .summary = "the false-positive file that a provider's support asks for",
    .details =
        "ID is the log's id, a queue id, an incident id or a Message-ID. What is in\n"
        "it: the originals as [store] keep left them, authentication, what was\n"
        "measured, the senders' history, what recipients answered; README.txt says in\n"
        "English and French what it is and what is missing. Nothing is sent, and no\n"
        "file is overwritten. Ends with 1 when not every original is whole.",
    .examples = "  outgate dossier 17\n"
                "  outgate dossier --out case.zip 17 18 4jX9R33dk9z1fPKf\n"
                "  outgate dossier --mail --out case.eml 17\n"
                "  outgate dossier --alert alert.eml 17 18",
    .words_max = SIZE_MAX,
    .options = options,
    .run = run,
};
