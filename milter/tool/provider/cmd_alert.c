/* SPDX-License-Identifier: BSD-2-Clause
 *
 * cmd_alert - from a provider's alert to who sent it, and what to do next.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "tool/commands.h"
#include "tool/print.h"
#include "tool/provider/alert_case.h"
#include "tool/provider/alert_input.h"
#include "tool/provider/maillog.h"

enum {
    JSON_BYTES = 8 << 20,
    SAMPLES_SHOWN = 40,
};

static struct {
    struct option_list logs;
    bool is_contain, is_confirmed, is_unrecorded, without_mta;
} given;

static const struct option_row options[] = {
    {"contain", 0, NULL, OPTION_FLAG, &given.is_contain,
     "lock who sent it and put what of theirs is queued on hold (root)"},
    {"yes", 'y', NULL, OPTION_FLAG, &given.is_confirmed, "do not ask"},
    {"maillog", 'l', "FILE", OPTION_LIST, &given.logs,
     "the MTA's log, also .gz (repeat it); default: /var/log/mail.log, mail.log.1"},
    {"no-record", 0, NULL, OPTION_FLAG, &given.is_unrecorded,
     "do not keep what the provider said in the log"},
    {"no-mta", 0, NULL, OPTION_FLAG, &given.without_mta, "do not look at the queue"},
    {0},
};

/* ---- the MTA's log ---- */

static int read_logs(struct tool *tool, const struct alert_case *found,
                     struct maillog *log, struct err *err)
{
    struct span *ids =
        arena_array(tool->arena, found->alert.sample_count + 1, sizeof *ids);
    size_t count = 0;
    if (ids == NULL)
        return err_set(err, ERR_MEMORY, "out of memory");
    for (size_t i = 0; i < found->alert.sample_count; i++)
        if (found->samples[i].is_found)
            ids[count++] = found->samples[i].record.queue_id;
    if (maillog_init(log, tool->arena, ids, count, err) != 0)
        return -1;
    return maillog_read_all(log, given.logs.at, given.logs.count, err);
}

/* ---- for people ---- */

static void print_head(struct tool *tool, const struct alert_case *found)
{
    const struct alert *alert = &found->alert;
    char text[PRINT_TIME_BYTES];
    char length[PRINT_AGE_BYTES];
    if (alert->blocked_ip.len > 0)
        printf("Port 25 of %s was cut", print_escape(tool->arena, alert->blocked_ip));
    else
        printf("Port 25 was cut (the alert does not say of which address)");
    if (alert->since_s > 0)
        printf(" at %s", print_time(alert->since_s * 1000000, text));
    if (alert->sentence_s > 0)
        printf(", for %s", print_span_of_time(alert->sentence_s * 1000000, length));
    puts(".");
    if (alert->spam_count >= 0)
        printf("The provider counted %lld spams among %lld mails.\n",
               (long long)alert->spam_count, (long long)alert->total_count);
    printf("%zu message%s named, %zu found in the log%s.\n\n", alert->sample_count,
           alert->sample_count == 1 ? "" : "s", found->found,
           alert->is_cut ? " (more were named than are read)" : "");
}

static const struct column sample_columns[] = {
    {"PROVIDER", true, false, false}, {"OURS", true, false, false},
    {"ACTION", false, false, false},  {"SENT", false, false, false},
    {"ID", true, false, false},       {"SENDER", false, true, false},
    {"CLIENT", false, true, false},   {"TO", false, true, false},
    {"SUBJECT", false, true, false},
};

static struct span went_to(const struct case_sample *sample, const struct maillog *log)
{
    const struct maillog_entry *entry = maillog_find(log, sample->record.queue_id);
    if (entry != NULL && entry->relay_ip.len > 0)
        return entry->relay_ip;
    return sample->said->destination_ip;
}

static void add_sample(struct table *table, const struct case_sample *sample,
                       const struct maillog *log)
{
    const struct record *record = &sample->record;
    char text[PRINT_TIME_BYTES];
    if (sample->said->has_score)
        table_printf(table, "%lld", (long long)sample->said->score);
    else
        table_cell(table, "-");
    if (!sample->is_found) {
        table_cell(table, "-");
        table_cell(table, "not found");
        table_colour(table, COLOUR_YELLOW);
        for (int i = 0; i < 3; i++)
            table_cell(table, "-");
        table_cell(table, "-");
        table_text(table, sample->said->destination_ip);
        table_text(table, sample->said->message_id);
        return;
    }
    table_cell(table, print_number(record->score, text));
    table_printf(table, "%s%s", action_name(record->action),
                 record->is_shadow ? "*" : "");
    table_colour(table, colour_of(record->action));
    table_cell(table, print_day_time(record->at_us, text));
    table_printf(table, "%lld", (long long)record->id);
    table_text(table, record->sender);
    table_text(table, record->client_ip);
    table_text(table, went_to(sample, log));
    table_text(table, record->subject);
}

static void print_samples(struct tool *tool, const struct alert_case *found,
                          const struct maillog *log)
{
    struct table table;
    table_init(&table, tool->arena, sample_columns,
               sizeof sample_columns / sizeof *sample_columns);
    for (size_t i = 0; i < found->alert.sample_count && i < SAMPLES_SHOWN; i++)
        add_sample(&table, &found->samples[i], log);
    table_print(&table);
    bool is_shadow = false;
    for (size_t i = 0; i < found->alert.sample_count; i++)
        is_shadow |= found->samples[i].is_found && found->samples[i].record.is_shadow;
    if (is_shadow)
        puts("* shadow: decided and recorded, not done; it left");
    if (found->alert.sample_count > SAMPLES_SHOWN)
        printf("... and %zu more: --json has all\n",
               found->alert.sample_count - SAMPLES_SHOWN);
    putchar('\n');
}

static void print_culprit(struct tool *tool, const struct alert_case *found,
                          const struct case_culprit *culprit)
{
    char least[PRINT_AGE_BYTES];
    char most[PRINT_AGE_BYTES];
    printf(
        "  %s%s%s: %zu of the %zu; in the day before %lld messages to %lld recipients "
        "were let go, from %lld address%s\n",
        colour_begin(COLOUR_BOLD), print_escape(tool->arena, culprit->sender),
        colour_end(COLOUR_BOLD), culprit->named, found->found,
        (long long)culprit->messages, (long long)culprit->recipients,
        (long long)culprit->clients, culprit->clients == 1 ? "" : "es");
    printf("    score here %s", print_number(culprit->score_least, least));
    if (culprit->score_most > culprit->score_least)
        printf(" to %s", print_number(culprit->score_most, most));
    if (culprit->client_ip.len > 0)
        printf(", client %s", print_escape(tool->arena, culprit->client_ip));
    if (culprit->script.len > 0)
        printf(", script %s", print_escape(tool->arena, culprit->script));
    printf("%s\n", culprit->is_blocked ? ", blocked" : "");
    if (found->queue != CASE_QUEUE_UNKNOWN && culprit->moving + culprit->held > 0)
        printf("    still queued: %zu that would leave, %zu on hold\n", culprit->moving,
               culprit->held);
}

static void print_culprits(struct tool *tool, const struct alert_case *found)
{
    puts("Who sent them:");
    for (size_t i = 0; i < found->culprit_count; i++)
        print_culprit(tool, found, &found->culprits[i]);
    for (size_t i = 0; i < found->campaign_count; i++)
        printf("  The same text (%s) left in %lld message%s to %lld recipients, from "
               "%lld sender%s.\n",
               print_escape(tool->arena, found->campaigns[i].key),
               (long long)found->campaigns[i].messages,
               found->campaigns[i].messages == 1 ? "" : "s",
               (long long)found->campaigns[i].recipients,
               (long long)found->campaigns[i].senders,
               found->campaigns[i].senders == 1 ? "" : "s");
    putchar('\n');
}

static void print_queue(struct tool *tool, const struct alert_case *found)
{
    size_t moving = 0;
    size_t held = 0;
    for (size_t i = 0; i < found->culprit_count; i++) {
        moving += found->culprits[i].moving;
        held += found->culprits[i].held;
    }
    switch (found->queue) {
    case CASE_QUEUE_UNKNOWN:
        printf("The queue could not be asked%s%s: do not call it clean.\n",
               found->queue_error[0] != '\0' ? ": " : "",
               print_escape(tool->arena, span_of(found->queue_error)));
        break;
    case CASE_QUEUE_CLEAN:
        printf("%sThe queue is clean%s: nothing of theirs is in it.\n",
               colour_begin(COLOUR_GREEN), colour_end(COLOUR_GREEN));
        break;
    case CASE_QUEUE_CONTAINED:
        printf("%sThe queue is not clean%s: %zu of theirs on hold.\n",
               colour_begin(COLOUR_YELLOW), colour_end(COLOUR_YELLOW), held);
        break;
    case CASE_QUEUE_DIRTY:
        printf("%sThe queue is NOT clean%s: %zu of theirs would leave, %zu on hold.\n",
               colour_begin(COLOUR_RED), colour_end(COLOUR_RED), moving, held);
        break;
    }
    putchar('\n');
}

static const char *repair_of(struct span sender)
{
    if (span_starts(sender, SPAN("script:")))
        return "remove or repair the script, look how it came there";
    if (span_starts(sender, SPAN("uid:")))
        return "look at this user's scripts and cron jobs";
    if (span_starts(sender, SPAN("sasl_user:")))
        return "change its password, look where it was used from";
    return "look at the machine behind it";
}

/* The alert's name as a person may type it again; "FILE" if that needs quoting. */
static const char *file_word(const struct tool *tool)
{
    const char *name = tool->word_count > 0 ? tool->words[0] : "-";
    for (const char *p = name; *p != '\0'; p++)
        if (!ascii_is_alnum(*p) && strchr("._/-", *p) == NULL)
            return "FILE";
    return strcmp(name, "-") != 0 ? name : "FILE";
}

/* In shadow mode all of this is recorded and nothing is stopped. */
static void print_stop(struct tool *tool, const struct alert_case *found)
{
    size_t moving = 0;
    if (tool->settings->mode == MODE_SHADOW)
        puts("  stop     mode = enforce in outgate.conf, and reload: in shadow mode "
             "a block\n           stops nothing");
    for (size_t i = 0; i < found->culprit_count; i++)
        moving += found->culprits[i].moving;
    if (moving > 0) {
        printf("  stop     outgate alert --contain %s\n           (as root: "
               "blocks who sent them, puts the %zu that would leave on hold)\n",
               file_word(tool), moving);
        return;
    }
    for (size_t i = 0; i < found->culprit_count; i++)
        if (!found->culprits[i].is_blocked)
            printf("  stop     outgate block %s\n",
                   print_shell_word(tool->arena, found->culprits[i].sender));
}

static void print_clean(struct tool *tool, const struct alert_case *found)
{
    for (size_t i = 0; i < found->culprit_count; i++) {
        const char *sender = print_shell_word(tool->arena, found->culprits[i].sender);
        if (found->culprits[i].held > 0)
            printf("  clean    outgate held --sender %s\n           outgate drop "
                   "--sender %s\n",
                   sender, sender);
    }
    for (size_t i = 0; i < found->culprit_count; i++)
        printf("  repair   %s: %s\n",
               print_escape(tool->arena, found->culprits[i].sender),
               repair_of(found->culprits[i].sender));
}

static void print_unblock(struct tool *tool, const struct alert_case *found)
{
    const struct alert *alert = &found->alert;
    char text[PRINT_TIME_BYTES];
    int64_t until_us = (alert->since_s + alert->sentence_s) * 1000000;
    bool has_end = alert->since_s > 0 && alert->sentence_s > 0;
    printf("  wait     %s\n",
           has_end ? print_time(until_us, text)
                   : "until the provider's page offers to unblock (an hour at first)");
    if (found->queue == CASE_QUEUE_CLEAN)
        printf("  unblock  at the provider: %s\n",
               alert->blocked_ip.len > 0 ? print_escape(tool->arena, alert->blocked_ip)
                                         : "the address");
    else
        puts("  unblock  NOT YET: with this queue it would be cut again, for longer. "
             "Run this\n           command again until it says that the queue is "
             "clean.");
    for (size_t i = 0; i < found->culprit_count; i++)
        if (found->culprits[i].is_blocked)
            printf("  after    outgate unblock %s, once it is repaired\n",
                   print_shell_word(tool->arena, found->culprits[i].sender));
}

static void print_steps(struct tool *tool, const struct alert_case *found)
{
    if (found->culprit_count == 0) {
        puts("None of these messages is in the log: they left by a way that outgate "
             "does not see\n(another MTA, a script that speaks SMTP itself, forwarded "
             "mail), or the log is\nyounger than they are. Hold everything until you "
             "know: outgate brake on");
        return;
    }
    puts("Next, in this order:");
    print_stop(tool, found);
    print_clean(tool, found);
    print_unblock(tool, found);
    printf(
        "Legitimate mail among them? outgate dossier --alert %s ID... makes the file "
        "that the\nprovider's support asks for.\n",
        file_word(tool));
}

/* ---- JSON ---- */

static void json_sample(struct json *json, const struct case_sample *sample,
                        const struct maillog *log)
{
    json_open(json, NULL, '{');
    json_text(json, "message_id", sample->said->message_id);
    json_text(json, "destination_ip", sample->said->destination_ip);
    if (sample->said->has_score)
        json_int(json, "provider_score", sample->said->score);
    json_bool(json, "found", sample->is_found);
    if (sample->is_found) {
        record_json(json, &sample->record);
        json_text_or_null(json, "campaign", sample->campaign);
        json_text_or_null(json, "script", sample->record.script);
        json_text(json, "relay_ip", went_to(sample, log));
        json_int(json, "others_of_this_id", (int64_t)sample->others);
    }
    json_close(json, '}');
}

static void json_culprit(struct json *json, const struct case_culprit *culprit)
{
    json_open(json, NULL, '{');
    json_text(json, "sender", culprit->sender);
    json_int(json, "named", (int64_t)culprit->named);
    json_int(json, "messages", culprit->messages);
    json_int(json, "recipients", culprit->recipients);
    json_int(json, "clients", culprit->clients);
    json_text(json, "client_ip", culprit->client_ip);
    json_text_or_null(json, "script", culprit->script);
    json_int(json, "queued", (int64_t)culprit->moving);
    json_int(json, "on_hold", (int64_t)culprit->held);
    json_bool(json, "blocked", culprit->is_blocked);
    json_close(json, '}');
}

static void print_json(struct tool *tool, const struct alert_case *found,
                       const struct maillog *log)
{
    static const char *const states[] = {"unknown", "clean", "contained", "dirty"};
    struct buf out;
    struct json json;
    print_object_begin(tool->arena, JSON_BYTES, &out, &json);
    json_text_or_null(&json, "blocked_ip", found->alert.blocked_ip);
    record_json_time(&json, "since", found->alert.since_s * 1000000);
    json_int(&json, "named", (int64_t)found->alert.sample_count);
    json_int(&json, "found", (int64_t)found->found);
    json_text(&json, "queue", span_of(states[found->queue]));
    json_open(&json, "culprits", '[');
    for (size_t i = 0; i < found->culprit_count; i++)
        json_culprit(&json, &found->culprits[i]);
    json_close(&json, ']');
    json_open(&json, "campaigns", '[');
    for (size_t i = 0; i < found->campaign_count; i++) {
        json_open(&json, NULL, '{');
        json_text(&json, "campaign", found->campaigns[i].key);
        json_int(&json, "messages", found->campaigns[i].messages);
        json_int(&json, "recipients", found->campaigns[i].recipients);
        json_int(&json, "senders", found->campaigns[i].senders);
        json_close(&json, '}');
    }
    json_close(&json, ']');
    json_open(&json, "samples", '[');
    for (size_t i = 0; i < found->alert.sample_count; i++)
        json_sample(&json, &found->samples[i], log);
    json_close(&json, ']');
    print_object_end(&json);
}

/* ---- the command ---- */

static int confirm(struct tool *tool, const struct alert_case *found, struct err *err)
{
    char answer[16] = "";
    if (given.is_confirmed)
        return 0;
    if (!isatty(STDIN_FILENO))
        return err_set(err, ERR_USAGE,
                       "--contain blocks senders and holds mail: say --yes");
    for (size_t i = 0; i < found->culprit_count; i++)
        fprintf(stderr, "  block %s, hold %zu of its mails\n",
                print_escape(tool->arena, found->culprits[i].sender),
                found->culprits[i].moving);
    fprintf(stderr, "do this? [y/N] ");
    if (fgets(answer, sizeof answer, stdin) != NULL &&
        (answer[0] == 'y' || answer[0] == 'Y'))
        return 0;
    return err_set(err, ERR_NOT_FOUND, "nothing was done");
}

static int contain(struct tool *tool, struct alert_case *found, struct err *err)
{
    if (found->culprit_count == 0)
        return err_set(err, ERR_NOT_FOUND,
                       "nobody to contain: none of these messages is in the log");
    if (confirm(tool, found, err) != 0 || alert_case_contain(tool, found, err) != 0)
        return -1;
    alert_case_queue(tool, found);
    return 0;
}

static int run(struct tool *tool, struct err *err)
{
    struct alert_case *found = arena_alloc(tool->arena, sizeof *found);
    struct maillog log;
    struct span bytes;
    bool writes = given.is_contain || !given.is_unrecorded;
    if (found == NULL)
        return err_set(err, ERR_MEMORY, "out of memory");
    if (tool_open(tool, writes ? DB_WRITE : DB_READ, err) != 0 ||
        alert_input(tool, tool->word_count > 0 ? tool->words[0] : "-", &bytes, err) !=
            0 ||
        alert_case_read(tool, bytes, found, err) != 0)
        return -1;
    if (!found->alert.is_alert)
        return err_set(err, ERR_USAGE,
                       "this does not look like a provider's alert: neither "
                       "\"Destination IP ... Message-ID ...\" lines nor the address "
                       "that was cut");
    if (!given.without_mta)
        alert_case_queue(tool, found);
    if ((given.is_contain && contain(tool, found, err) != 0) ||
        (!given.is_unrecorded && alert_case_record(tool, found, err) != 0) ||
        read_logs(tool, found, &log, err) != 0)
        return -1;
    if (tool->json) {
        print_json(tool, found, &log);
        return found->queue == CASE_QUEUE_CLEAN ? EXIT_FINE : EXIT_FOUND;
    }
    print_head(tool, found);
    if (found->alert.sample_count > 0)
        print_samples(tool, found, &log);
    if (found->culprit_count > 0)
        print_culprits(tool, found);
    print_queue(tool, found);
    print_steps(tool, found);
    return found->queue == CASE_QUEUE_CLEAN ? EXIT_FINE : EXIT_FOUND;
}

const struct command outgate_cmd_alert = {
    .name = "alert",
    .words = "[FILE]",
    .summary = "a provider's alert: who sent it, what is queued, what to do next",
    .details =
        "FILE or standard input is the provider's mail (as it came, forwarded or\n"
        "pasted) or its API's JSON. Ends with 0 when nothing of those who sent it is\n"
        "queued any more, with 1 while something is: do not unblock before.",
    .examples = "  outgate alert alert.eml\n"
                "  outgate alert                         (paste, then Ctrl-D)\n"
                "  outgate alert --contain alert.eml     (as root)\n"
                "  outgate alert --maillog /var/log/mail.log.2.gz alert.eml",
    .words_max = 1,
    .options = options,
    .run = run,
};
