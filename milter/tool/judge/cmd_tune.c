/* SPDX-License-Identifier: BSD-2-Clause
 *
 * cmd_tune - how well the rules tell ham from spam, and scores that would do it better.
 */
#include <fnmatch.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <sysexits.h>

#include "tool/commands.h"
#include "tool/judge/scan_pool.h"
#include "tool/judge/tune_audit.h"
#include "tool/judge/tune_print.h"
#include "tool/judge/tune_read.h"
#include "tool/print.h"
#include "tool/replace.h"

enum { FILE_BYTES = 64 << 20, EXIT_INTERRUPTED = 128 + SIGINT };

static struct {
    struct option_list ham, spam, fix, only;
    const char *out, *threshold, *max_ham, *share, *ridge;
    int64_t folds, seed, jobs;
    bool from_audit;
} given = {.folds = 10};

static const struct option_row options[] = {
    {"ham", 0, "DIR", OPTION_LIST, &given.ham,
     "mails that should leave: folder, Maildir, mbox, file (repeat it)"},
    {"spam", 0, "DIR", OPTION_LIST, &given.spam, "mails that should not (repeat it)"},
    {"from-audit", 0, NULL, OPTION_FLAG, &given.from_audit,
     "held mail that a person released (ham) and dropped (spam), from the log"},
    {"out", 'o', "FILE.cf", OPTION_TEXT, &given.out,
     "write the proposed scores there, for rules.d"},
    {"threshold", 0, "POINTS", OPTION_TEXT, &given.threshold,
     "in place of [policy] hold_at"},
    {"max-ham", 0, "PERCENT", OPTION_TEXT, &given.max_ham,
     "most of the ham that may reach it; default 0.5%"},
    {"fix", 0, "GLOB", OPTION_LIST, &given.fix,
     "leave the scores of these rules (repeat it)"},
    {"only", 0, "GLOB", OPTION_LIST, &given.only,
     "propose scores for these rules alone (repeat it)"},
    {"cap", 0, "PERCENT", OPTION_TEXT, &given.share,
     "most that one rule may get, of the threshold; default 60%"},
    {"ridge", 0, "NUMBER", OPTION_TEXT, &given.ridge,
     "how firmly scores stay near what they are; default 1"},
    {"folds", 0, "N", OPTION_COUNT, &given.folds,
     "parts for cross-validation, 2 to 100; default 10"},
    {"seed", 0, "N", OPTION_COUNT, &given.seed,
     "other parts for another number; default 0"},
    {"jobs", 0, "N", OPTION_COUNT, &given.jobs,
     "threads; default: one for each processor"},
    {0},
};

static volatile sig_atomic_t was_interrupted;

/* The second one ends the program as ever. */
static void interrupt(int signal)
{
    (void)signal;
    was_interrupted = 1;
}

static void catch_interrupts(void)
{
    struct sigaction action = {.sa_handler = interrupt, .sa_flags = (int)SA_RESETHAND};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
}

static bool is_stopped(void)
{
    return was_interrupted != 0;
}

/* A number in [low, high]; with a final % a hundredth of it. NULL leaves *out. */
static int read_number(const char *name, const char *text, double low, double high,
                       bool is_percent, double *out, struct err *err)
{
    char *end;
    if (text == NULL)
        return 0;
    double value = strtod(text, &end);
    bool has_sign = is_percent && *end == '%';
    if (end == text || end[has_sign] != '\0' || !isfinite(value) || value < low ||
        value > high)
        return err_set(err, ERR_USAGE, "--%s %s: write a number from %g to %g%s", name,
                       text, low, high, is_percent ? " (percent)" : "");
    *out = is_percent ? value / 100 : value;
    return 0;
}

static int read_how(const struct engine *engine, struct tune_how *how, struct err *err)
{
    const struct policy *policy = settings_policy(engine->settings, CLASS_OUTBOUND);
    *how = (struct tune_how){.threshold = policy->hold_at,
                             .max_ham = 0.005,
                             .share = 0.6,
                             .ridge = 1,
                             .folds = (unsigned)given.folds,
                             .is_stopped = is_stopped};
    if (given.folds < 2 || given.folds > TUNE_FOLDS_MAX)
        return err_set(err, ERR_USAGE, "--folds: write a number from 2 to %d",
                       TUNE_FOLDS_MAX);
    if (read_number("threshold", given.threshold, 0.1, 1e6, false, &how->threshold,
                    err) != 0 ||
        read_number("max-ham", given.max_ham, 0, 100, true, &how->max_ham, err) != 0 ||
        read_number("cap", given.share, 1, 100, true, &how->share, err) != 0 ||
        read_number("ridge", given.ridge, 0.001, 1e6, false, &how->ridge, err) != 0)
        return -1;
    return 0;
}

static bool is_among(const struct option_list *globs, const char *name)
{
    for (size_t i = 0; i < globs->count; i++)
        if (fnmatch(globs->at[i], name, 0) == 0)
            return true;
    return false;
}

/* --fix and --only; a word that names no rule is a slip of the pen. */
static int choose_rules(struct tune_fit *fit, struct err *err)
{
    const struct option_list *lists[] = {&given.fix, &given.only};
    for (int list = 0; list < 2; list++)
        for (size_t i = 0; i < lists[list]->count; i++) {
            size_t j = 0;
            while (j < fit->rule_count &&
                   fnmatch(lists[list]->at[i], fit->rules[j].name, 0) != 0)
                j++;
            if (j == fit->rule_count)
                return err_set(err, ERR_USAGE, "--%s %s: no rule has such a name",
                               list == 0 ? "fix" : "only", lists[list]->at[i]);
        }
    for (size_t j = 0; j < fit->rule_count; j++) {
        struct tune_rule *rule = &fit->rules[j];
        bool is_named = is_among(&given.only, rule->name);
        if (is_named && rule->hits[0] + rule->hits[1] > 0)
            rule->keep = TUNE_LEARN; /* asked for by name */
        if (is_among(&given.fix, rule->name) || (given.only.count > 0 && !is_named))
            rule->keep = TUNE_FIXED;
    }
    return 0;
}

/* Why nothing can be learned from such sets; NULL: it can. */
static const char *why_not(struct tool *tool, const struct tune_set *set,
                           const struct tune_fit *fit)
{
    static const char *const names[] = {"ham", "spam"};
    struct buf out;
    size_t learnable = 0;
    buf_init(&out, tool->arena, 200);
    for (int i = 0; i < 2; i++)
        if (set->counts[i] < TUNE_CLASS_MIN) {
            buf_printf(&out, "%zu %s: scores are learned from %d of each at least",
                       set->counts[i], names[i], TUNE_CLASS_MIN);
            return buf_cstr(&out);
        }
    for (size_t j = 0; j < fit->rule_count; j++)
        learnable += !fit->rules[j].is_off && fit->rules[j].keep == TUNE_LEARN;
    return learnable > 0 ? NULL : "no rule that hit may get another score";
}

static void tell_progress(void *arg, size_t done, size_t total)
{
    progress_show(arg, done, total, "learning");
}

static int learn(struct tune_fit *fit, const struct tune_set *set,
                 const struct tune_how *how, struct err *err)
{
    struct progress progress;
    struct tune_how shown = *how;
    const struct scan_list many = {.count = 2};
    shown.jobs = scan_pool_jobs(&many, given.jobs);
    shown.tell = tell_progress;
    shown.arg = &progress;
    progress_start(&progress, true);
    int rc = tune_fit_learn(fit, set, &shown, err);
    progress_end(&progress);
    return rc;
}

/* The words of an option, as a person gave them. */
static const char *name_sources(struct tool *tool, const struct option_list *words)
{
    struct buf out;
    buf_init(&out, tool->arena, 4096);
    for (size_t i = 0; i < words->count; i++) {
        if (i > 0)
            buf_add_char(&out, ' ');
        buf_add_span(&out, span_of(print_escape(tool->arena, span_of(words->at[i]))));
    }
    return buf_cstr(&out);
}

static int write_file(const struct tune_report *report, struct err *err)
{
    struct buf out;
    if (given.out == NULL || report->why_not != NULL)
        return 0;
    buf_init(&out, report->tool->arena, FILE_BYTES);
    tune_print_file(report, &out);
    if (out.is_full)
        return err_set(err, ERR_MEMORY, "%s: too many rules", given.out);
    if (replace_file(given.out, buf_span(&out), err) != 0)
        return -1;
    if (!report->tool->json)
        printf("\nWritten to %s. To take them: copy it into rules.d, outgate lint, "
               "reload.\n",
               print_escape(report->tool->arena, span_of(given.out)));
    return 0;
}

static int conclude(struct tune_report *report, struct err *err)
{
    int rc = report->tool->json ? tune_print_json(report, err)
                                : tune_print_people(report, err);
    if (rc != 0 || write_file(report, err) != 0)
        return -1;
    if (report->why_not != NULL) {
        fflush(stdout);
        fprintf(stderr, "outgate: no scores are proposed: %s\n", report->why_not);
        return EX_DATAERR;
    }
    return report->failed > 0 ? EX_NOINPUT : EXIT_FINE;
}

/* How much of the decided mail could be judged anew. */
static void tell_depths(const struct tool *tool, const struct tune_set *set,
                        const struct tune_decisions *decisions)
{
    if (tool->json)
        return;
    printf("From the log: %zu released by a person (ham), %zu dropped (spam). Judged "
           "anew: %zu whole,\n%zu by header and stored facts (rules on the body stand "
           "as they hit then), %zu by\nthe stored facts alone.",
           set->counts[0], set->counts[1], decisions->depths[KEPT_WHOLE],
           decisions->depths[KEPT_HEADER], decisions->depths[KEPT_HITS]);
    if (decisions->unknown > 0)
        printf(" %zu hits were of rules that are no more.", decisions->unknown);
    printf("\n\n");
}

static int read_mails(struct tool *tool, const struct engine *engine,
                      struct tune_set *set, struct tune_report *report, struct err *err)
{
    struct tune_sources sources = {&given.ham, &given.spam, (size_t)given.jobs,
                                   is_stopped};
    struct tune_decisions decisions;
    if (!given.from_audit)
        return tune_read(tool, engine, &sources, set, &report->failed, err);
    report->ham = "held mail that a person released";
    report->spam = "held mail that a person dropped";
    if (tool_open(tool, DB_READ, err) != 0 ||
        tune_audit(tool, engine, is_stopped, set, &decisions, err) != 0)
        return -1;
    tell_depths(tool, set, &decisions);
    return 0;
}

static int tune(struct tool *tool, const struct engine *engine, struct tune_set *set,
                struct tune_fit *fit, struct err *err)
{
    struct tune_how how;
    struct tune_report report = {.tool = tool,
                                 .set = set,
                                 .fit = fit,
                                 .how = &how,
                                 .ham = name_sources(tool, &given.ham),
                                 .spam = name_sources(tool, &given.spam),
                                 .now_us = tool_now_us()};
    set->rule_count = ruleset_count(engine->rules);
    if (read_how(engine, &how, err) != 0 ||
        read_mails(tool, engine, set, &report, err) != 0)
        return -1;
    if (is_stopped())
        return err_set(err, ERR_BUSY, "interrupted");
    if (set->mail_count == 0)
        return err_set(err, ERR_NOT_FOUND, "there is no mail in %s %s", report.ham,
                       report.spam);
    if (tune_set_finish(set, how.folds, (uint64_t)given.seed, err) != 0 ||
        tune_fit_describe(fit, set, engine->rules, how.threshold, err) != 0 ||
        choose_rules(fit, err) != 0)
        return -1;
    report.why_not = why_not(tool, set, fit);
    if (report.why_not == NULL && learn(fit, set, &how, err) != 0)
        return -1;
    return conclude(&report, err);
}

static int run(struct tool *tool, struct err *err)
{
    struct engine *engine = NULL;
    struct tune_set set = {0};
    struct tune_fit fit = {0};
    bool has_folders = given.ham.count > 0 || given.spam.count > 0;
    if (has_folders == given.from_audit)
        return err_set(err, ERR_USAGE,
                       given.from_audit
                           ? "tune: either folders or --from-audit"
                           : "tune needs mails: --ham DIR --spam DIR, or --from-audit");
    if (engine_load(&engine, tool_config_path(tool), tool->rules, tool_complain, NULL,
                    err) != 0)
        return -1;
    catch_interrupts();
    int rc = tune(tool, engine, &set, &fit, err);
    tune_fit_clear(&fit);
    tune_set_clear(&set);
    engine_release(&engine);
    if (!is_stopped())
        return rc;
    fputs("outgate: interrupted: nothing was written\n", stderr);
    return EXIT_INTERRUPTED;
}

const struct command outgate_cmd_tune = {
    .name = "tune",
    .words = "",
    .summary = "how well rules tell ham from spam; better scores",
    .details =
        "Prints hit-frequencies as SpamAssassin's mass-check does (S/O: spam's share\n"
        "of the hits; RANK: 1 is best), the rules that hurt, the rates at each\n"
        "threshold, and scores learned from the two sets: bounded, cross-validated,\n"
        "mails of one campaign always in one fold. Ends with 65 if there is too "
        "little\n"
        "to learn from, 66 if a mail could not be read.",
    .examples =
        "  outgate tune --ham ~/Maildir/.Sent --spam ~/Maildir/.Abuse\n"
        "  outgate tune --ham sent --spam abuse --out 99-tuned.cf\n"
        "  outgate tune --ham sent --spam abuse --only 'LINK_*' --max-ham 0.2%\n"
        "  outgate tune --from-audit --out 99-tuned.cf\n"
        "  outgate tune --ham sent --spam abuse --json | jq 'select(.is_wrong)'",
    .words_max = 0,
    .options = options,
    .run = run,
};
