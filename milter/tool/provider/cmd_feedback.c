/* SPDX-License-Identifier: BSD-2-Clause
 *
 * cmd_feedback - bounces and complaints, charged to who sent the original.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "feedback.h"
#include "limits/limit_clock.h"
#include "tool/commands.h"
#include "tool/judge/scan_input.h"
#include "tool/print.h"
#include "tool/provider/feedback_views.h"
#include "tool/record.h"

enum {
    MAIL_BYTES = 256 << 20, /* memory for one mail */
    LINE_BYTES = 1 << 20,   /* one line of output */
    SCAN_BYTES = 4 << 20,   /* of a report's body */
};

#define RATES_US INT64_C(604800000000) /* seven days */

static struct {
    bool is_dry, is_quiet, wants_rates, wants_snds;
    const char *snds;
    int64_t since_us;
} given;

static const struct option_row options[] = {
    {"dry-run", 'n', NULL, OPTION_FLAG, &given.is_dry,
     "say what they are, store and charge nothing"},
    {"quiet", 'q', NULL, OPTION_FLAG, &given.is_quiet,
     "print nothing: for an alias that pipes mail here"},
    {"rates", 0, NULL, OPTION_FLAG, &given.wants_rates,
     "read no mail: print bounces and complaints by sender, the worst rate first"},
    {"snds", 0, "FILE", OPTION_TEXT, &given.snds,
     "read no mail: store an export (CSV) of Microsoft's SNDS"},
    {"snds-list", 0, NULL, OPTION_FLAG, &given.wants_snds,
     "read no mail: print the days of SNDS that are stored"},
    {"since", 's', "TIME", OPTION_TIME, &given.since_us,
     "with --rates, --snds-list: since when; default 7d, all"},
    {0},
};

/* One run over many mails. */
struct run {
    struct tool *tool;
    struct arena *arena; /* reset for each mail */
    size_t mails, bounces, complaints, tied, counted, unread;
};

/* ---- output ---- */

static void json_recipient(struct json *json, const struct report_recipient *recipient)
{
    json_open(json, NULL, '{');
    json_text(json, "recipient", recipient->address);
    json_text_or_null(json, "status", recipient->status);
    json_text(json, "reason", span_of(report_reason_name(recipient->reason)));
    json_bool(json, "permanent", recipient->is_permanent);
    json_text(json, "diagnostic", recipient->diagnostic);
    json_close(json, '}');
}

static void print_json(struct run *run, const struct scan_mail *mail,
                       const struct report *report,
                       const struct feedback_result *result)
{
    struct buf out;
    struct json json;
    print_object_begin(run->arena, LINE_BYTES, &out, &json);
    json_text(&json, "file", span_of(mail->path));
    json_int(&json, "number", mail->number);
    json_text(&json, "kind", span_of(report_kind_name(report->kind)));
    json_text_or_null(&json, "type", report->type);
    json_text_or_null(&json, "reporter", report->reporter);
    json_text_or_null(&json, "message_id", report->message_id);
    json_text_or_null(&json, "subject", report->subject);
    json_open(&json, "recipients", '[');
    for (size_t i = 0; i < report->recipient_count; i++)
        json_recipient(&json, &report->recipients[i]);
    json_close(&json, ']');
    if (result->original.id > 0) {
        json_int(&json, "id", result->original.id);
        json_text(&json, "sender", result->original.sender);
        json_text(&json, "tied_by", span_of(result->original.tied_by));
    } else {
        json_null(&json, "id");
    }
    json_int(&json, "stored", (int64_t)result->stored);
    json_int(&json, "counted", (int64_t)result->counted);
    json_int(&json, "limits_reached", (int64_t)result->limits_reached);
    json_int(&json, "blocked", (int64_t)result->blocked);
    print_object_end(&json);
}

static void print_recipients(struct run *run, const struct report *report)
{
    for (size_t i = 0; i < report->recipient_count; i++) {
        const struct report_recipient *recipient = &report->recipients[i];
        printf("    %s  %s  %s%s\n",
               recipient->address.len > 0 ? print_escape(run->arena, recipient->address)
                                          : "(withheld)",
               recipient->status.len > 0 ? print_escape(run->arena, recipient->status)
                                         : "-",
               report_reason_name(recipient->reason),
               recipient->is_permanent || report->kind == REPORT_COMPLAINT
                   ? ""
                   : ", may pass");
    }
}

static void print_text(struct run *run, const struct scan_mail *mail,
                       const struct report *report,
                       const struct feedback_result *result)
{
    const struct feedback_original *original = &result->original;
    printf("%s", print_escape(run->arena, span_of(mail->path)));
    if (mail->is_one_of_many)
        printf(" (mail %u)", mail->number);
    if (report->kind == REPORT_NONE) {
        puts(": no report");
        return;
    }
    printf(": %s", report_kind_name(report->kind));
    if (report->type.len > 0)
        printf(" (%s)", print_escape(run->arena, report->type));
    if (original->id > 0)
        printf(" of message %lld, %s (by %s)%s", (long long)original->id,
               print_escape(run->arena, original->sender), original->tied_by,
               result->blocked > 0   ? ", counted; the sender is blocked now"
               : result->counted > 0 ? ", counted"
               : given.is_dry || result->stored > 0 ? ""
                                                    : ", known already");
    else if (report->kind == REPORT_BOUNCE || report->kind == REPORT_COMPLAINT)
        printf(" of a message that is not in the log");
    putchar('\n');
    print_recipients(run, report);
}

/* ---- work ---- */

static int take(struct run *run, const struct message *msg, const struct report *report,
                struct feedback_result *result, struct err *err)
{
    struct db *db = run->tool->db;
    const struct feedback feedback = {
        .settings = run->tool->settings,
        .report = report,
        .msg = msg,
        .at_us = tool_now_us(),
        .limit_now_us = clock_limit_us(),
        .is_dry = given.is_dry,
    };
    if (given.is_dry)
        return feedback_take(db, &feedback, run->arena, result, err);
    if (db_begin(db, err) != 0)
        return -1;
    int rc = feedback_take(db, &feedback, run->arena, result, err);
    return db_end(db, rc, err);
}

static int read_mail(struct run *run, const struct scan_mail *mail, struct err *err)
{
    struct feedback_result result = {.original.tied_by = ""};
    struct report report;
    arena_reset(run->arena);
    struct message *msg = message_new(run->arena, SCAN_BYTES);
    if (msg == NULL)
        return err_set(err, ERR_MEMORY, "out of memory");
    message_read(msg, (struct span){mail->bytes, mail->len});
    report_read(msg, &report);
    bool is_taken = report.kind == REPORT_BOUNCE || report.kind == REPORT_COMPLAINT;
    if (is_taken && run->tool->db != NULL && take(run, msg, &report, &result, err) != 0)
        return -1;
    run->bounces += report.kind == REPORT_BOUNCE;
    run->complaints += report.kind == REPORT_COMPLAINT;
    run->tied += result.original.id > 0;
    run->counted += result.counted;
    if (run->tool->json)
        print_json(run, mail, &report, &result);
    else if (!given.is_quiet)
        print_text(run, mail, &report, &result);
    return 0;
}

static int read_file(struct run *run, const struct scan_file *file, struct err *err)
{
    struct scan_mail mail;
    int rc = 0;
    struct scan_reader *reader = scan_open(file);
    if (reader == NULL)
        return err_set(err, ERR_MEMORY, "out of memory");
    while (rc == 0 && scan_next(reader, &mail)) {
        run->mails++;
        if (mail.error[0] != '\0') {
            fprintf(stderr, "outgate: %s: %s\n",
                    print_escape(run->arena, span_of(mail.path)), mail.error);
            run->unread += mail.bytes == NULL;
        }
        if (mail.bytes != NULL)
            rc = read_mail(run, &mail, err);
        free(mail.bytes);
    }
    scan_close(&reader);
    return rc;
}

static int read_list(struct run *run, const struct scan_list *list, struct err *err)
{
    struct progress progress;
    int rc = 0;
    progress_start(&progress, false);
    for (size_t i = 0; i < list->count && rc == 0; i++) {
        rc = read_file(run, &list->at[i], err);
        progress_show(&progress, i + 1, list->count, "files");
    }
    progress_end(&progress);
    return rc;
}

static int open_store(struct tool *tool, struct err *err)
{
    if (tool_open(tool, given.is_dry ? DB_READ : DB_WRITE, err) != 0)
        return given.is_dry && err->code == ERR_NOT_FOUND ? 0 : -1;
    return limit_clock_read(tool->db, err);
}

static void print_summary(const struct run *run)
{
    if (run->tool->json || given.is_quiet || run->mails < 2)
        return;
    printf("%zu mails: %zu bounces, %zu complaints; %zu tied to a message of the log, "
           "%zu recipients counted\n",
           run->mails, run->bounces, run->complaints, run->tied, run->counted);
}

static int read_mails(struct tool *tool, struct err *err)
{
    struct scan_list list;
    struct run run = {.tool = tool, .arena = arena_new(MAIL_BYTES)};
    if (run.arena == NULL)
        return err_set(err, ERR_MEMORY, "out of memory");
    int rc = open_store(tool, err);
    if (rc == 0)
        rc = scan_collect(&list, tool->arena, tool->words, tool->word_count, err);
    if (rc == 0)
        rc = read_list(&run, &list, err);
    arena_free(&run.arena);
    if (rc != 0)
        return -1;
    print_summary(&run);
    return run.unread > 0 ? EX_NOINPUT : EXIT_FINE;
}

static int run_feedback(struct tool *tool, struct err *err)
{
    int others = given.wants_rates + given.wants_snds + (given.snds != NULL);
    if (others > 1 || (others == 1 && tool->word_count > 0))
        return err_set(err, ERR_USAGE,
                       "--rates, --snds, --snds-list and mails exclude each other");
    if (given.snds != NULL)
        return feedback_take_snds(tool, given.snds, given.is_dry, err);
    if (given.wants_snds)
        return feedback_list_snds(tool, given.since_us, err);
    if (given.wants_rates)
        return feedback_print_rates(
            tool, given.since_us > 0 ? given.since_us : tool_now_us() - RATES_US, err);
    return read_mails(tool, err);
}

const struct command outgate_cmd_feedback = {
    .name = "feedback",
    .words = "[FILE...]",
    .summary = "charge bounces and complaints to who sent the original",
    .details =
        "FILE is a mail, an mbox, a folder of mails or a Maildir; - or nothing is\n"
        "standard input, so that an alias can pipe mail here. Limits in bounces or\n"
        "complaints are charged for what is permanent and the sender's doing: "
        "addresses\n"
        "that do not exist, mail refused by policy, complaints. Of one message each\n"
        "recipient counts once. Ends with 0 also for mails that are no reports, with\n"
        "75 when the database is busy (the MTA then tries again). A rate is the lower\n"
        "bound at 95 %, of senders with 50 recipients and more.",
    .examples = "  outgate feedback < bounce.eml\n"
                "  outgate feedback ~postmaster/Maildir\n"
                "  outgate feedback --dry-run --json bounces.mbox | jq .recipients\n"
                "  outgate feedback --rates --since 30d\n"
                "  outgate feedback --snds data.csv\n"
                "  bounces: \"|/usr/bin/outgate feedback --quiet\"    (aliases)",
    .words_max = SIZE_MAX,
    .options = options,
    .run = run_feedback,
};
