/* SPDX-License-Identifier: BSD-2-Clause
 *
 * cmd_report - one self-contained HTML page: what happened, who did it, how far the
 * address is from its limit.
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "mta/mta_run.h"
#include "store/audit.h"
#include "store/notice.h"
#include "tool/audit/page.h"
#include "tool/audit/report_data.h"
#include "tool/commands.h"
#include "tool/print.h"

#define DAY_US INT64_C(86400000000)

enum {
    PAGE_BYTES = 64 << 20,
    MAIL_TIMEOUT_MS = 60000,
    BASE64_LINE = 57, /* bytes of one line of 76 characters, RFC 2045 6.8 */
};

static struct {
    int64_t since_us, until_us;
    const char *out, *mail;
} given;

static const struct option_row options[] = {
    {"since", 's', "TIME", OPTION_TIME, &given.since_us,
     "since when; default: the last 7 days"},
    {"until", 'u', "TIME", OPTION_TIME, &given.until_us, "until when; default: now"},
    {"out", 'o', "FILE", OPTION_TEXT, &given.out,
     "write it there, not to standard "
     "output"},
    {"mail", 0, "ADDRESS", OPTION_TEXT, &given.mail,
     "send it, as an attachment, through the local sendmail(1)"},
    {0},
};

static const char *const action_classes[REPORT_ACTIONS] = {"accept", "slow", "hold",
                                                           "defer", "reject"};

static void number_cell(struct page *page, int64_t number)
{
    page_cell(page, true);
    page_number(page, number);
}

static void text_cell(struct page *page, struct span text)
{
    page_cell(page, false);
    page_text(page, text);
}

/* A word of the shell: quoted where it must be. */
static const char *shell_word(struct arena *arena, struct span text)
{
    struct buf out;
    buf_init(&out, arena, 4096);
    buf_add_char(&out, '\'');
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] == '\'')
            buf_add_span(&out, SPAN("'\\''"));
        else
            buf_add_char(&out, text.at[i]);
    buf_add_char(&out, '\'');
    return buf_cstr(&out);
}

static void command_cell(struct page *page, struct arena *arena, const char *before,
                         struct span word)
{
    page_cell(page, false);
    page_raw(page, "<code>");
    page_text(page, span_of(before));
    page_text(page, span_of(shell_word(arena, word)));
    page_raw(page, "</code>");
}

/* ---- the parts of the page ---- */

static void tile(struct page *page, int64_t number, const char *what,
                 const char *command)
{
    page_raw(page, "<li><b>");
    page_number(page, number);
    page_raw(page, "</b>");
    page_raw(page, what);
    page_raw(page, "<br><code>");
    page_text(page, span_of(command));
    page_raw(page, "</code></li>\n");
}

static void add_overview(struct page *page, const struct report_data *data)
{
    page_raw(page, "<main>\n<ul class=\"tiles\">\n");
    tile(page, data->messages, "messages decided", "outgate log");
    tile(page, data->totals[2] + data->totals[3] + data->totals[4],
         "held, deferred or refused", "outgate log --action hold");
    tile(page, data->held.count, "wait in the hold queue now", "outgate held");
    tile(page, data->open_incidents, "incidents open", "outgate incidents --open");
    tile(page, data->blocked, "senders blocked", "outgate block --list");
    tile(page, data->bounces + data->complaints, "bounces and complaints counted",
         "select * from feedback");
    page_raw(page, "</ul>\n<nav aria-label=\"Parts of this report\"><ul>");
    static const char *const parts[][2] = {
        {"traffic", "Traffic"},  {"budget", "Budget"},   {"scores", "Scores"},
        {"senders", "Senders"},  {"rules", "Rules"},     {"held", "Held mail"},
        {"feedback", "Bounces"}, {"domains", "Signing"}, {"incidents", "Incidents"},
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        page_raw(page, "<li><a href=\"#");
        page_raw(page, parts[i][0]);
        page_raw(page, "\">");
        page_raw(page, parts[i][1]);
        page_raw(page, "</a></li>");
    }
    page_raw(page, "</ul></nav>\n");
}

static void add_traffic(struct page *page, const struct report_data *data)
{
    const double *values[REPORT_ACTIONS];
    for (size_t k = 0; k < REPORT_ACTIONS; k++)
        values[k] = data->by_action[k];
    const struct plot plot = {.title = "Messages by what was done with them",
                              .unit = "Time",
                              .count = data->step_count,
                              .parts = REPORT_ACTIONS,
                              .labels = data->labels,
                              .values = values,
                              .names = report_action_names,
                              .classes = action_classes};
    page_section(page, "traffic", "Traffic", "outgate log --since 7d");
    page_plot(page, &plot);
    page_section_end(page);
}

static void add_budgets(struct page *page, const struct report_data *data)
{
    static const char *const columns[] = {
        "Limit", "In words", "#Used now", "#Worst hour", "#Amount", "#Used", ""};
    struct plot_line lines[REPORT_BUDGETS];
    size_t line_count = 0;
    const double *values[] = {data->points};
    static const char *const names[] = {"points"};
    static const char *const classes[] = {"plain"};
    page_section(page, "budget", "The address's budget", "outgate limits");
    for (size_t i = 0; i < data->budget_count; i++)
        if (data->budgets[i].limit->unit == LIMIT_POINTS &&
            data->budgets[i].limit->window_us == data->step_us) {
            struct plot_line *line = &lines[line_count++];
            line->at = (double)data->budgets[i].limit->amount / 1000;
            snprintf(line->name, sizeof line->name, "limit %s",
                     data->budgets[i].limit->name);
        }
    page_plot(page, &(struct plot){.title = "Points of suspicion that were decided on",
                                   .unit = "Time",
                                   .count = data->step_count,
                                   .parts = 1,
                                   .labels = data->labels,
                                   .values = values,
                                   .names = names,
                                   .classes = classes,
                                   .lines = lines,
                                   .line_count = line_count});
    if (data->budget_count == 0)
        page_raw(page, "<p>No limit is keyed by egress or host: nothing protects the "
                       "address as a whole.</p>\n");
    else
        page_table(page, "Limits that protect the address", columns);
    for (size_t i = 0; i < data->budget_count; i++) {
        const struct report_budget *budget = &data->budgets[i];
        int64_t part = budget->limit->unit == LIMIT_POINTS ? 1000 : 1;
        char sentence[LIMIT_SENTENCE_BYTES];
        page_row(page);
        text_cell(page, span_of(budget->limit->name));
        text_cell(page, span_of(limit_print(budget->limit, sentence)));
        number_cell(page, budget->used / part);
        page_cell(page, true);
        if (budget->worst_hour >= 0)
            page_number(page, budget->worst_hour / part);
        else
            page_raw(page, "\xe2\x80\x93");
        number_cell(page, budget->limit->amount / part);
        page_cell(page, true);
        page_printf(page, "%.0f %%",
                    100.0 * (double)budget->used / (double)budget->limit->amount);
    }
    if (data->budget_count > 0)
        page_table_end(page);
    page_section_end(page);
}

static void add_scores(struct page *page, struct tool *tool,
                       const struct report_data *data)
{
    static const char *labels[REPORT_SCORES];
    static char texts[REPORT_SCORES][16];
    const double *values[] = {data->scores};
    static const char *const names[] = {"messages"};
    static const char *const classes[] = {"plain"};
    const struct policy *policy = &tool->settings->outbound;
    for (int i = 0; i < REPORT_SCORES; i++) {
        snprintf(texts[i], sizeof texts[i], "%d", i + SUMMARY_SCORE_LEAST);
        labels[i] = texts[i];
    }
    page_section(page, "scores", "Scores", "outgate log --json");
    page_raw(page, "<p class=\"dim\">");
    page_printf(page, "slow from %g, hold from %g, reject from %g points",
                policy->slow_at, policy->hold_at, policy->reject_at);
    page_raw(page, "</p>\n");
    page_plot(page, &(struct plot){.title = "Messages by score, whole points",
                                   .unit = "Score",
                                   .count = REPORT_SCORES,
                                   .parts = 1,
                                   .labels = labels,
                                   .values = values,
                                   .names = names,
                                   .classes = classes});
    page_section_end(page);
}

static void add_senders(struct page *page, struct tool *tool,
                        const struct report_data *data)
{
    static const char *const columns[] = {"Sender",   "#Messages", "#Recipients",
                                          "#Stopped", "#Points",   "Trend",
                                          "Look",     ""};
    page_section(page, "senders", "Who sent most", "outgate senders --since 7d");
    page_table(page, "By recipients", columns);
    for (size_t i = 0; i < data->sender_count; i++) {
        const struct report_sender *sender = &data->senders[i];
        char text[64];
        page_row(page);
        text_cell(page, sender->sender);
        number_cell(page, sender->messages);
        number_cell(page, sender->recipients);
        number_cell(page, sender->stopped);
        page_cell(page, true);
        page_printf(page, "%.1f", sender->points);
        page_cell(page, false);
        snprintf(text, sizeof text, "recipients over time, %" PRId64 " in all",
                 sender->recipients);
        page_spark(page, sender->trend, REPORT_TREND, text);
        command_cell(page, tool->arena, "outgate log --sender ", sender->sender);
    }
    page_table_end(page);
    page_section_end(page);
}

static void add_rules(struct page *page, const struct report_data *data)
{
    static const char *const columns[] = {"Rule", "#Messages", "#Stopped", "#Points",
                                          ""};
    page_section(page, "rules", "Rules that hit most", "select * from top_rules");
    page_table(page, "By messages", columns);
    for (size_t i = 0; i < data->rule_count; i++) {
        page_row(page);
        text_cell(page, data->rules[i].rule);
        number_cell(page, data->rules[i].messages);
        number_cell(page, data->rules[i].stopped);
        page_cell(page, true);
        page_printf(page, "%.1f", data->rules[i].points);
    }
    page_table_end(page);
    page_section_end(page);
}

static void add_held(struct page *page, const struct report_data *data)
{
    static const char *const labels[] = {"< 1 h", "< 6 h", "< 1 d", "< 3 d", "older"};
    static const char *const names[] = {"messages"};
    static const char *const classes[] = {"hold"};
    double counts[5];
    const double *values[] = {counts};
    char age[PRINT_AGE_BYTES];
    for (int i = 0; i < 5; i++)
        counts[i] = (double)data->held.by_age[i];
    page_section(page, "held", "Held mail", "outgate held");
    page_raw(page, "<p>");
    page_number(page, data->held.count);
    page_raw(page, " wait, ");
    page_number(page, data->held.without_due);
    page_raw(page, " of them for a person");
    if (data->held.oldest_us > 0)
        page_printf(page, "; the oldest for %s",
                    print_span_of_time(tool_now_us() - data->held.oldest_us, age));
    page_raw(page, ".</p>\n");
    page_plot(page, &(struct plot){.title = "Held messages by age",
                                   .unit = "Age",
                                   .count = 5,
                                   .parts = 1,
                                   .labels = labels,
                                   .values = values,
                                   .names = names,
                                   .classes = classes});
    page_section_end(page);
}

static void add_feedback(struct page *page, struct tool *tool,
                         const struct report_data *data)
{
    static const char *const columns[] = {"Sender",
                                          "#Recipients",
                                          "#Bounces",
                                          "#Complaints",
                                          "#Bounce rate, at least",
                                          "Look",
                                          ""};
    page_section(page, "feedback", "Bounces and complaints", "outgate feedback FILE");
    page_table(page,
               "By sender; the rate is the lower bound at 95 %, from 50 recipients",
               columns);
    for (size_t i = 0; i < data->rate_count; i++) {
        const struct report_rate *rate = &data->rates[i];
        page_row(page);
        text_cell(page, rate->sender);
        number_cell(page, rate->recipients);
        number_cell(page, rate->bounces);
        number_cell(page, rate->complaints);
        page_cell(page, true);
        if (isnan(rate->bounce_least))
            page_raw(page, "too few");
        else
            page_printf(page, "%.1f %%", 100 * rate->bounce_least);
        command_cell(page, tool->arena, "outgate log --sender ", rate->sender);
    }
    page_table_end(page);
    page_section_end(page);
}

/* Nobody who does not read the export wants an empty table. */
static void add_snds(struct page *page, const struct report_data *data)
{
    static const char *const columns[] = {
        "Period begins", "Address",     "Filter", "#Complaints",
        "#Trap hits",    "#Recipients", ""};
    if (data->snds_count == 0)
        return;
    page_section(page, "snds", "Microsoft (SNDS)", "outgate feedback --snds-list");
    page_table(page, "What Outlook's filter and users made of it", columns);
    for (size_t i = 0; i < data->snds_count; i++) {
        const struct report_snds *row = &data->snds[i];
        page_row(page);
        text_cell(page, row->start_at);
        text_cell(page, row->ip);
        text_cell(page, row->filter_result);
        page_cell(page, true);
        page_text(page, row->complaint_rate);
        number_cell(page, row->trap_hits > 0 ? row->trap_hits : 0);
        number_cell(page, row->recipients > 0 ? row->recipients : 0);
    }
    page_table_end(page);
    page_section_end(page);
}

static void add_domains(struct page *page, const struct report_data *data)
{
    static const char *const columns[] = {"From: domain", "#Signed", "#Unsigned",
                                          "#Share", ""};
    page_section(page, "domains", "Signing", "select * from domain_seen");
    page_table(page, "Messages with a DKIM signature of their From: domain", columns);
    for (size_t i = 0; i < data->domain_count; i++) {
        const struct report_domain *domain = &data->domains[i];
        int64_t all = domain->signed_count + domain->unsigned_count;
        page_row(page);
        text_cell(page, domain->domain);
        number_cell(page, domain->signed_count);
        number_cell(page, domain->unsigned_count);
        page_cell(page, true);
        page_printf(page, "%.0f %%",
                    all > 0 ? 100.0 * (double)domain->signed_count / (double)all : 0);
    }
    page_table_end(page);
    page_section_end(page);
}

/* Only where somebody was asked ([dns]). */
static void add_alignments(struct page *page, const struct report_data *data)
{
    static const char *const columns[] = {
        "From: domain", "#Messages", "#Aligned", "#DMARC pass",
        "#DMARC fail",  "#Unknown",  ""};
    if (data->alignment_count == 0)
        return;
    page_section(page, "authentication", "Authentication",
                 "select * from authentication_by_domain");
    page_table(page, "Messages that their receivers can tell to be the domain's own",
               columns);
    for (size_t i = 0; i < data->alignment_count; i++) {
        const struct report_alignment *row = &data->alignments[i];
        int64_t known = row->messages - row->unknown;
        page_row(page);
        text_cell(page, row->domain);
        number_cell(page, row->messages);
        page_cell(page, true);
        page_printf(page, "%.0f %%",
                    known > 0 ? 100.0 * (double)row->aligned / (double)known : 0);
        number_cell(page, row->passed);
        number_cell(page, row->failed);
        number_cell(page, row->unknown);
    }
    page_table_end(page);
    page_section_end(page);
}

static void add_incidents(struct page *page, const struct report_data *data)
{
    static const char *const columns[] = {"#Id",    "Kind",   "Key",   "What",
                                          "Opened", "#Times", "State", ""};
    page_section(page, "incidents", "Incidents", "outgate incidents");
    page_table(page, "Open ones first", columns);
    for (size_t i = 0; i < data->incident_count; i++) {
        const struct report_incident *incident = &data->incidents[i];
        char text[PRINT_TIME_BYTES];
        page_row(page);
        number_cell(page, incident->id);
        text_cell(page, incident->kind);
        text_cell(page, incident->key);
        text_cell(page, incident->what);
        text_cell(page, span_of(print_time(incident->opened_us, text)));
        number_cell(page, incident->times);
        text_cell(page, incident->is_open ? SPAN("open") : SPAN("closed"));
    }
    page_table_end(page);
    page_section_end(page);
}

static struct span make_page(struct tool *tool, const struct report_data *data)
{
    struct buf out;
    struct page page = {.out = &out};
    char from[PRINT_TIME_BYTES];
    char to[PRINT_TIME_BYTES];
    char host[256] = "this host";
    char title[320];
    char subtitle[200];
    gethostname(host, sizeof host - 1);
    snprintf(title, sizeof title, "Outbound mail of %s", host);
    snprintf(subtitle, sizeof subtitle, "%s to %s, local time",
             print_time(data->since_us, from), print_time(data->until_us, to));
    buf_init(&out, tool->arena, PAGE_BYTES);
    page_begin(&page, span_of(title), span_of(subtitle));
    add_overview(&page, data);
    add_traffic(&page, data);
    add_budgets(&page, data);
    add_scores(&page, tool, data);
    add_senders(&page, tool, data);
    add_rules(&page, data);
    add_held(&page, data);
    add_feedback(&page, tool, data);
    add_snds(&page, data);
    add_domains(&page, data);
    add_alignments(&page, data);
    add_incidents(&page, data);
    page_end(&page,
             SPAN("Written by outgate report. Times are local; figures come from "
                  "the summaries that are kept with every decision."));
    return out.is_full ? SPAN("") : buf_span(&out);
}

/* ---- where it goes ---- */

static void add_base64(struct buf *out, struct span bytes)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < bytes.len; i += 3) {
        uint32_t group = 0;
        for (size_t k = 0; k < 3; k++)
            group =
                group << 8 | (i + k < bytes.len ? (unsigned char)bytes.at[i + k] : 0);
        for (size_t k = 0; k < 4; k++)
            buf_add_char(out,
                         i + k > bytes.len ? '=' : digits[group >> (18 - 6 * k) & 63]);
        if ((i + 3) % BASE64_LINE == 0)
            buf_add_char(out, '\n');
    }
    buf_add_char(out, '\n');
}

static bool is_address(const char *text)
{
    struct span address = span_of(text);
    for (size_t i = 0; i < address.len; i++)
        if ((unsigned char)text[i] <= ' ' || text[i] == 0x7f || text[i] == ',')
            return false;
    return address.len > 2 && address.len < 255 && span_index(address, '@') > 0 &&
           text[0] != '-';
}

/* The gate's own mail waits at no limit and is judged by no rule, by a mark that is
 * known before it comes. Who may not write to the database sends it as any mail: "". */
static const char *mark_field(struct tool *tool)
{
    const char *path =
        tool->database != NULL ? tool->database : tool->settings->database;
    char mark[NOTICE_MARK_BYTES];
    struct db *db = NULL;
    struct err err;
    struct buf out;
    bool is_known = notice_mark(mark, &err) == 0 &&
                    db_open(&db, path, DB_WRITE, &err) == 0 &&
                    db_end(db,
                           db_begin(db, &err) != 0
                               ? -1
                               : notice_add(db, mark, "digest", 0, tool_now_us(), &err),
                           &err) == 0;
    db_close(&db);
    if (!is_known)
        return "";
    buf_init(&out, tool->arena, 200);
    buf_printf(&out, NOTICE_FIELD ": %s\n", mark);
    return buf_cstr(&out);
}

static struct span make_mail(struct tool *tool, struct span page)
{
    struct buf out;
    char host[256] = "localhost";
    gethostname(host, sizeof host - 1);
    buf_init(&out, tool->arena, 2 * PAGE_BYTES);
    buf_printf(
        &out,
        "%sTo: %s\nSubject: outgate report of %s\nMIME-Version: 1.0\n"
        "Auto-Submitted: auto-generated\nContent-Type: multipart/mixed; "
        "boundary=\"outgate-report\"\n\n--outgate-report\nContent-Type: "
        "text/plain; charset=utf-8\n\nThe report is the page attached: open it in "
        "a browser.\n\n--outgate-report\nContent-Type: text/html; "
        "charset=utf-8\nContent-Disposition: attachment; "
        "filename=\"outgate-report.html\"\nContent-Transfer-Encoding: base64\n\n",
        mark_field(tool), given.mail, host);
    add_base64(&out, page);
    buf_add_span(&out, SPAN("--outgate-report--\n"));
    return buf_span(&out);
}

static int send_page(struct tool *tool, struct span page, struct err *err)
{
    struct run_result result = {.status = -1};
    if (!is_address(given.mail))
        return err_set(err, ERR_USAGE, "--mail %s: no address", given.mail);
    const char *program =
        run_find(tool->arena, tool->settings->mta_commands, "sendmail");
    if (program == NULL)
        return err_set(err, ERR_NOT_FOUND, "there is no sendmail(1) to send it with");
    const char *const argv[] = {program, "-i", "--", given.mail, NULL};
    if (run_program(tool->arena, argv, make_mail(tool, page), MAIL_TIMEOUT_MS, &result,
                    err) != 0)
        return -1;
    return result.status == 0
               ? 0
               : err_set(err, ERR_IO, "%s ended with %d", program, result.status);
}

static int write_page(struct span page, struct err *err)
{
    FILE *file = given.out != NULL ? fopen(given.out, "we") : stdout;
    const char *name = given.out != NULL ? given.out : "standard output";
    if (file == NULL)
        return err_set(err, ERR_IO, "%s: %s", name, strerror(errno));
    bool is_written = fwrite(page.at, 1, page.len, file) == page.len;
    if (given.out != NULL)
        is_written = fclose(file) == 0 && is_written;
    return is_written ? 0 : err_set(err, ERR_IO, "%s: %s", name, strerror(errno));
}

static int run(struct tool *tool, struct err *err)
{
    struct report_data *data = arena_alloc(tool->arena, sizeof *data);
    int64_t until_us = given.until_us != 0 ? given.until_us : tool_now_us();
    int64_t since_us = given.since_us != 0 ? given.since_us : until_us - 7 * DAY_US;
    if (data == NULL)
        return err_set(err, ERR_MEMORY, "out of memory");
    if (since_us >= until_us)
        return err_set(err, ERR_USAGE, "--since must be before --until");
    if (tool_open(tool, DB_READ, err) != 0 ||
        report_data_read(tool, since_us, until_us, data, err) != 0)
        return -1;
    struct span page = make_page(tool, data);
    if (page.len == 0)
        return err_set(err, ERR_MEMORY, "out of memory");
    if (given.mail != NULL && send_page(tool, page, err) != 0)
        return -1;
    if ((given.mail == NULL || given.out != NULL) && write_page(page, err) != 0)
        return -1;
    return EXIT_FINE;
}

const struct command outgate_cmd_report = {
    .name = "report",
    .words = "",
    .summary = "one HTML page: traffic, budget, senders, rules, held mail, bounces",
    .details =
        "The page needs no network and no script; it opens from disk and prints.",
    .examples = "  outgate report --out /tmp/report.html\n"
                "  outgate report --since 30d > month.html\n"
                "  outgate report --mail admin@example.com      (weekly, from cron)",
    .options = options,
    .run = run,
};
