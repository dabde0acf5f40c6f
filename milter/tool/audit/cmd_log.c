/* SPDX-License-Identifier: BSD-2-Clause
 *
 * cmd_log - the audit log, newest first.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/campaign.h"
#include "tool/audit/log_rows.h"
#include "tool/audit/match.h"
#include "tool/commands.h"

enum { ROWS = 50, ROWS_FOLLOWED = 10, ROWS_DEFAULT = -1 };

static struct {
    int64_t since_us, until_us, rows;
    const char *sender, *queue_id, *message_id, *action, *mail_class, *path;
    const char *rule, *to, *from, *client_ip, *min_score, *max_score, *campaign;
    const char *limit_name, *text;
    char campaign_key[CAMPAIGN_KEY_BYTES];
    bool follows;
} given = {.rows = ROWS_DEFAULT};

static const struct option_row options[] = {
    {"since", 's', "TIME", OPTION_TIME, &given.since_us, "not older than this"},
    {"until", 'u', "TIME", OPTION_TIME, &given.until_us, "older than this"},
    {"sender", 0, "KEY", OPTION_TEXT, &given.sender,
     "whom it was charged to: sasl_user:bob@example.com, or bob"},
    {"action", 'a', "ACTION", OPTION_TEXT, &given.action,
     "accept, slow, hold, defer or reject"},
    {"rule", 'r', "RULE", OPTION_TEXT, &given.rule, "this rule hit"},
    {"to", 0, "WHOM", OPTION_TEXT, &given.to,
     "to this address, or into this domain or one below it"},
    {"from", 0, "WHOM", OPTION_TEXT, &given.from,
     "the same of MAIL FROM or From:; <> is a bounce"},
    {"client-ip", 0, "ADDRESS", OPTION_TEXT, &given.client_ip,
     "from this address or network"},
    {"min-score", 0, "POINTS", OPTION_TEXT, &given.min_score, "at least this score"},
    {"max-score", 0, "POINTS", OPTION_TEXT, &given.max_score, "at most this score"},
    {"message-id", 'm', "ID", OPTION_TEXT, &given.message_id,
     "the Message-ID; if none is that, its part before the @"},
    {"queue-id", 'q', "ID", OPTION_TEXT, &given.queue_id, "the MTA's queue id"},
    {"class", 0, "CLASS", OPTION_TEXT, &given.mail_class, "outbound or forwarded"},
    {"path", 0, "PATH", OPTION_TEXT, &given.path, "smtp or local (sendmail(1))"},
    {"campaign", 0, "KEY", OPTION_TEXT, &given.campaign,
     "of one campaign: c07QJ; outgate campaigns lists them"},
    {"limit-name", 0, "NAME", OPTION_TEXT, &given.limit_name, "this limit spoke"},
    {"grep", 'g', "TEXT", OPTION_TEXT, &given.text,
     "text in the subject or an address, in capitals or not"},
    {"follow", 'F', NULL, OPTION_FLAG, &given.follows,
     "go on with each new decision, until interrupted"},
    {"limit", 'n', "N", OPTION_COUNT, &given.rows,
     "most lines; 0: all; default 50, 10 with --follow, all with --since or --until"},
    {0},
};

static int check_word(const char *option, const char *word, const char *const *known,
                      const char *sentence, struct err *err)
{
    for (; word != NULL && *known != NULL; known++)
        if (strcmp(word, *known) == 0)
            return 0;
    return word == NULL
               ? 0
               : err_set(err, ERR_USAGE, "--%s %s: %s", option, word, sentence);
}

static int check_words(struct err *err)
{
    static const char *const actions[] = {"accept", "slow",   "hold",
                                          "defer",  "reject", NULL};
    static const char *const classes[] = {"outbound", "forwarded", NULL};
    static const char *const paths[] = {"smtp", "local", NULL};
    return check_word("action", given.action, actions,
                      "accept, slow, hold, defer or reject", err) != 0 ||
                   check_word("class", given.mail_class, classes,
                              "outbound or forwarded", err) != 0 ||
                   check_word("path", given.path, paths, "smtp or local", err) != 0
               ? -1
               : 0;
}

static int read_score(const char *option, const char *word, bool *has_it, double *score,
                      struct err *err)
{
    char *end;
    if (word == NULL)
        return 0;
    *score = strtod(word, &end);
    *has_it = true;
    if (end == word || *end != '\0' || !isfinite(*score))
        return err_set(err, ERR_USAGE, "--%s %s: a number of points", option, word);
    return 0;
}

static int read_filter(struct tool *tool, struct walk_filter *filter, struct err *err)
{
    if (given.campaign != NULL &&
        !campaign_key_parse(span_of(given.campaign), given.campaign_key))
        return err_set(err, ERR_USAGE, "--campaign %s: a key is like c07QJ",
                       given.campaign);
    *filter = (struct walk_filter){
        .since_us = given.since_us,
        .until_us = given.until_us,
        .queue_id = span_of(given.queue_id),
        .message_id = record_without_angles(span_of(given.message_id)),
        .action = span_of(given.action),
        .mail_class = span_of(given.mail_class),
        .path = span_of(given.path),
        .rule = span_of(given.rule),
        .limit_name = span_of(given.limit_name),
        .campaign = span_of(given.campaign_key),
        .to = match_want(tool->arena, span_of(given.to)),
        .from = match_want(tool->arena, span_of(given.from)),
        .has_client = given.client_ip != NULL,
        .text = span_of(given.text),
    };
    if (check_words(err) != 0 ||
        read_score("min-score", given.min_score, &filter->has_min_score,
                   &filter->min_score, err) != 0 ||
        read_score("max-score", given.max_score, &filter->has_max_score,
                   &filter->max_score, err) != 0)
        return -1;
    if (filter->has_client && !network_parse(span_of(given.client_ip), &filter->client))
        return err_set(err, ERR_USAGE, "--client-ip %s: an address or a network",
                       given.client_ip);
    return 0;
}

static int64_t rows_wanted(void)
{
    bool has_time = given.since_us != 0 || given.until_us != 0;
    if (given.rows != ROWS_DEFAULT)
        return given.rows;
    return has_time ? 0 : given.follows ? ROWS_FOLLOWED : ROWS;
}

static int print_page(struct tool *tool, struct walk_filter *filter, struct err *err)
{
    size_t count;
    if (log_rows_page(tool, filter, rows_wanted(), &count, err) != 0)
        return -1;
    if (count == 0 && filter->message_id.len > 0) { /* an alert masks the domain */
        filter->message_id_local = record_local_part(filter->message_id);
        filter->message_id = SPAN("");
        if (log_rows_page(tool, filter, rows_wanted(), &count, err) != 0)
            return -1;
    }
    if (count == 0 && !tool->json)
        fputs("outgate: no message in the log is like that\n", stderr);
    return count > 0 ? EXIT_FINE : EXIT_FOUND;
}

static int run(struct tool *tool, struct err *err)
{
    struct walk_filter filter;
    if (read_filter(tool, &filter, err) != 0 || tool_open(tool, DB_READ, err) != 0)
        return -1;
    if (given.sender != NULL)
        record_sender(tool, span_of(given.sender), &filter.sender);
    if (!given.follows)
        return print_page(tool, &filter, err);
    return log_rows_follow(tool, &filter, rows_wanted(), err) != 0 ? -1 : EXIT_FINE;
}

const struct command outgate_cmd_log = {
    .name = "log",
    .words = "",
    .summary = "the audit log, newest first",
    .details =
        "Of several filters all must hold. TIME is 24h or 30m (that long ago),\n"
        "2026-01-31, \"2026-01-31 09:12\", with a Z at its end in UTC, today or\n"
        "yesterday. Ends with 1 if nothing is found.",
    .examples =
        "  outgate log\n"
        "  outgate log --since 24h --action hold\n"
        "  outgate log --sender sasl_user:bob@example.com --limit 200\n"
        "  outgate log --message-id d24aa492-5f37-457f-9595-23ddc9e0f714\n"
        "  outgate log --follow --min-score 3\n"
        "  outgate log --since 2h --rule LINK_HEAVY --to example.net --grep prize\n"
        "  outgate log --json --since today | jq -r .queue_id",
    .options = options,
    .run = run,
};
