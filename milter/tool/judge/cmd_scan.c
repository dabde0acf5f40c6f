/* SPDX-License-Identifier: BSD-2-Clause
 *
 * cmd_scan - score mails: the daemon's own stages over files, several at once.
 */
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#include "tool/commands.h"
#include "tool/judge/scan_judge.h"
#include "tool/judge/scan_pool.h"
#include "tool/print.h"

enum { HISTORY_READERS = 8 };

static struct {
    const char *mail_from, *client_ip, *helo, *auth_user, *mail_class;
    const char *sender;
    struct option_list recipients, facts;
    bool with_facts, with_all_hits, is_terse;
    int64_t jobs;
} given;

static const struct option_row options[] = {
    {"facts", 'f', NULL, OPTION_FLAG, &given.with_facts,
     "print every fact that is set"},
    {"all-hits", 0, NULL, OPTION_FLAG, &given.with_all_hits,
     "print every rule that is true, __RULES too, and how often"},
    {"quiet", 'q', NULL, OPTION_FLAG, &given.is_terse,
     "one line a mail, without the rules that hit"},
    {"mail-from", 0, "ADDRESS", OPTION_TEXT, &given.mail_from,
     "envelope sender, in place of Return-Path: or From:"},
    {"rcpt", 0, "ADDRESS", OPTION_LIST, &given.recipients,
     "envelope recipient (repeat it), in place of To:, Cc: and Bcc:"},
    {"client-ip", 0, "ADDRESS", OPTION_TEXT, &given.client_ip,
     "who handed the mail in"},
    {"helo", 0, "NAME", OPTION_TEXT, &given.helo, "the name that it gave"},
    {"auth-user", 0, "LOGIN", OPTION_TEXT, &given.auth_user, "its SASL login"},
    {"class", 0, "CLASS", OPTION_TEXT, &given.mail_class,
     "outbound (default) or forwarded: whose policy"},
    {"sender", 0, "KEY", OPTION_TEXT, &given.sender,
     "judge as mail of this sender, with its history in the database"},
    {"fact", 0, "NAME=VALUE", OPTION_LIST, &given.facts,
     "take this fact as said (repeat it): what would the rules say if ..."},
    {"jobs", 0, "N", OPTION_COUNT, &given.jobs,
     "threads; default: one for each processor"},
    {0},
};

/* What is counted while results come in. */
struct tally {
    const struct scan_how *how;
    size_t counts[ACTION_REJECT + 1]; /* mails by action; UNKNOWN: no verdict */
    bool has_found, is_out_of_memory;
};

static void judge_one(void *arg, const struct scan_mail *mail, size_t file,
                      struct arena *arena, void *result)
{
    const struct tally *tally = arg;
    (void)file;
    if (arena != NULL)
        scan_judge(tally->how, mail, arena, result);
    else
        *(struct scan_result *)result = (struct scan_result){.error = "out of memory"};
}

static void print_one(void *arg, const struct scan_mail *mail, size_t file, void *taken,
                      struct progress *progress)
{
    struct tally *tally = arg;
    struct scan_result *result = taken;
    (void)mail;
    (void)file;
    tally->counts[result->action]++;
    tally->has_found = tally->has_found || result->action >= ACTION_HOLD;
    tally->is_out_of_memory = tally->is_out_of_memory || result->text == NULL;
    if (result->error[0] != '\0') {
        progress_end(progress);
        fprintf(stderr, "outgate: %s\n", result->error);
    }
    if (result->text_len > 0)
        fwrite(result->text, 1, result->text_len, stdout);
    free(result->text);
}

static void print_summary(const struct tally *tally)
{
    size_t total = 0;
    for (size_t i = 0; i <= ACTION_REJECT; i++)
        total += tally->counts[i];
    if (total < 2 || tally->how->json)
        return;
    printf("%zu mails:", total);
    for (int action = ACTION_ACCEPT; action <= ACTION_REJECT; action++)
        if (tally->counts[action] > 0)
            printf(" %zu %s", tally->counts[action], action_name((enum action)action));
    if (tally->counts[ACTION_UNKNOWN] > 0)
        printf(" %zu could not be read", tally->counts[ACTION_UNKNOWN]);
    putchar('\n');
}

static int scan_with(const struct scan_how *how, const struct scan_list *list,
                     struct err *err)
{
    bool all_read = true;
    struct tally tally = {.how = how};
    struct scan_work work = {.arena_bytes = scan_arena_bytes(how->engine),
                             .result_bytes = sizeof(struct scan_result),
                             .judge = judge_one,
                             .take = print_one,
                             .arg = &tally};
    if (scan_pool_run(&work, list, scan_pool_jobs(list, given.jobs), &all_read, err) !=
        0)
        return -1;
    print_summary(&tally);
    if (tally.is_out_of_memory)
        return err_set(err, ERR_MEMORY, "out of memory: not every mail has a verdict");
    if (!all_read)
        return EX_NOINPUT;
    return tally.has_found ? EXIT_FOUND : EXIT_FINE;
}

static int read_class(enum mail_class *out, struct err *err)
{
    struct span word = span_of(given.mail_class);
    *out = CLASS_OUTBOUND;
    if (word.len == 0 || span_eq(word, SPAN("outbound")))
        return 0;
    *out = CLASS_FORWARDED;
    if (span_eq(word, SPAN("forwarded")))
        return 0;
    return err_set(err, ERR_USAGE, "--class %s: outbound or forwarded",
                   given.mail_class);
}

/* The sender's history; without a sender the database is not looked at. */
static int open_history(struct tool *tool, struct reader **out, struct err *err)
{
    *out = NULL;
    if (given.sender == NULL)
        return 0;
    if (tool_open(tool, DB_READ, err) != 0)
        return -1;
    const char *path =
        tool->database != NULL ? tool->database : tool->settings->database;
    return reader_open(out, path, HISTORY_READERS, err);
}

static int read_facts(struct tool *tool, struct scan_how *how, struct err *err)
{
    struct scan_fact *facts =
        arena_array(tool->arena, given.facts.count + 1, sizeof *facts);
    if (facts == NULL)
        return err_set(err, ERR_MEMORY, "out of memory");
    for (size_t i = 0; i < given.facts.count; i++)
        if (scan_fact_parse(span_of(given.facts.at[i]), &facts[i], err) != 0)
            return -1;
    how->facts = facts;
    how->fact_count = given.facts.count;
    return 0;
}

/* What made the results poorer: no DNS, a list that refuses, clamd away. */
static void tell_troubles(struct auth *auth)
{
    char text[ERR_TEXT_BYTES];
    while (auth_trouble(auth, text))
        fprintf(stderr, "outgate: %s\n", text);
}

static int run(struct tool *tool, struct err *err)
{
    struct engine *engine = NULL;
    struct scan_list list;
    struct scan_how how = {.json = tool->json,
                           .with_facts = given.with_facts,
                           .with_all_hits = given.with_all_hits,
                           .is_terse = given.is_terse,
                           .mail_from = given.mail_from,
                           .client_ip = given.client_ip,
                           .helo = given.helo,
                           .auth_user = given.auth_user,
                           .recipients = &given.recipients,
                           .sender = given.sender};
    if (read_class(&how.mail_class, err) != 0 || read_facts(tool, &how, err) != 0 ||
        scan_collect(&list, tool->arena, tool->words, tool->word_count, err) != 0 ||
        engine_load(&engine, tool_config_path(tool), tool->rules, tool_complain, NULL,
                    err) != 0)
        return -1;
    how.engine = engine;
    if (given.with_all_hits)
        ruleset_run_all(engine->rules);
    if (open_history(tool, &how.reader, err) != 0) {
        engine_release(&engine);
        return -1;
    }
    if (tool->word_count == 0 && isatty(STDIN_FILENO))
        fprintf(stderr, "outgate: reading a mail from standard input\n");
    int result = scan_with(&how, &list, err);
    tell_troubles(engine->auth);
    reader_close(&how.reader);
    engine_release(&engine);
    return result;
}

const struct command outgate_cmd_scan = {
    .name = "scan",
    .words = "[FILE...]",
    .summary = "score mails as the gate would, and say why",
    .details =
        "FILE is a mail, an mbox, a folder of mails or a Maildir; - or nothing is\n"
        "standard input. Nothing is written or charged. Ends with 1 if any mail is at\n"
        "or over the hold threshold, 66 if a file could not be read.",
    .examples =
        "  outgate scan message.eml\n"
        "  outgate scan --facts --rules ./rules message.eml\n"
        "  outgate scan --json ~/Maildir/.Sent | jq 'select(.score > 3)'\n"
        "  outgate scan --auth-user bob --client-ip 192.0.2.7 - < message.eml\n"
        "  outgate scan --sender sasl_user:bob --client-ip 192.0.2.7 message.eml\n"
        "  outgate scan --fact network_new=1 --fact volume_ratio=5 message.eml",
    .words_max = SIZE_MAX,
    .options = options,
    .run = run,
};
