/* SPDX-License-Identifier: BSD-2-Clause
 *
 * cmd_replay - the stored log under other limits, policy or rules: what would have been
 * answered otherwise.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/bounds.h"
#include "tool/commands.h"
#include "tool/judge/replay.h"
#include "tool/print.h"
#include "tool/record.h"

enum { ROW_BYTES = 1 << 16, EXIT_INTERRUPTED = 128 + SIGINT };

static struct {
    int64_t since_us, until_us, limit;
    struct option_list limits, without;
    bool rejudges;
} given = {.limit = 20};

static const struct option_row options[] = {
    {"since", 's', "TIME", OPTION_TIME, &given.since_us,
     "compare the answers since then; default: the whole log"},
    {"until", 'u', "TIME", OPTION_TIME, &given.until_us, "and before that"},
    {"limit", 'l', "NAME=SENTENCE", OPTION_LIST, &given.limits,
     "try this limit, beside or in place of one of that name (repeat it)"},
    {"without", 0, "NAME", OPTION_LIST, &given.without,
     "try without this limit (repeat it)"},
    {"rejudge", 0, NULL, OPTION_FLAG, &given.rejudges,
     "judge by the rules as they are now, too; --rules says so as well"},
    {"show", 'n', "N", OPTION_COUNT, &given.limit,
     "messages and senders shown; default 20"},
    {0},
};

static volatile sig_atomic_t was_interrupted;

static void interrupt(int signal)
{
    (void)signal;
    was_interrupted = 1;
}

static bool is_stopped(void)
{
    return was_interrupted != 0;
}

/* ---- the limits that are tried ---- */

static struct limit *find_limit(struct settings *settings, const char *name)
{
    for (size_t i = 0; i < settings->limit_count; i++)
        if (strcmp(settings->limits[i].name, name) == 0)
            return &settings->limits[i];
    return NULL;
}

static int try_without(struct settings *settings, const char *name, struct err *err)
{
    struct limit *limit = find_limit(settings, name);
    if (limit == NULL)
        return err_set(err, ERR_USAGE, "--without %s: the config has no such limit",
                       name);
    size_t after = settings->limit_count - (size_t)(limit - settings->limits) - 1;
    memmove(limit, limit + 1, after * sizeof *limit);
    settings->limit_count--;
    return 0;
}

static int try_limit(struct settings *settings, const char *text, struct err *err)
{
    struct span name, sentence;
    struct limit limit;
    if (!span_cut(span_of(text), '=', &name, &sentence))
        return err_set(err, ERR_USAGE,
                       "--limit %s: write it as in [limits]: 'login = 50 recipients "
                       "per 1h per sender, then hold'",
                       text);
    if (limit_parse(span_trim(name), span_trim(sentence), &limit, err) != 0) {
        err->code = ERR_USAGE;
        return err_prefix(err, "--limit");
    }
    struct limit *same = find_limit(settings, limit.name);
    if (same == NULL && settings->limit_count == BOUND_LIMITS)
        return err_set(err, ERR_USAGE, "--limit: there are %d already", BOUND_LIMITS);
    if (same == NULL)
        same = &settings->limits[settings->limit_count++];
    *same = limit;
    return 0;
}

/* The engine is nobody else's yet. */
static int try_limits(struct settings *settings, struct err *err)
{
    struct limit *limits =
        arena_array(settings->arena, BOUND_LIMITS + 1, sizeof *limits);
    if (limits == NULL)
        return err_set(err, ERR_MEMORY, "out of memory");
    if (settings->limit_count > 0)
        memcpy(limits, settings->limits, settings->limit_count * sizeof *limits);
    settings->limits = limits;
    for (size_t i = 0; i < given.without.count; i++)
        if (try_without(settings, given.without.at[i], err) != 0)
            return -1;
    for (size_t i = 0; i < given.limits.count; i++)
        if (try_limit(settings, given.limits.at[i], err) != 0)
            return -1;
    return 0;
}

/* ---- what is told ---- */

/* What changed, to be summed up at the end. */
struct report {
    struct tool *tool;
    struct db *db; /* of its own, in memory: table change */
    struct arena *arena;
    struct replay_sums sums;
};

static int keep_change(struct report *report, const struct replay_change *change,
                       struct err *err)
{
    struct query *query = db_query(
        report->db,
        "INSERT INTO change (id, at_us, sender, was, now, limit_was, limit_now, "
        "reason) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, change->id);
    query_bind_int(query, 2, change->at_us);
    query_bind_text(query, 3, change->sender);
    query_bind_text(query, 4, span_of(action_name(change->was)));
    query_bind_text(query, 5, span_of(action_name(change->now)));
    query_bind_text(query, 6, change->limit_was);
    query_bind_text(query, 7, span_of(change->limit_now));
    query_bind_text(query, 8, span_of(change->reason));
    return query_run(query, err);
}

static void json_change(struct report *report, const struct replay_change *change)
{
    struct buf text;
    struct json json;
    arena_reset(report->arena);
    print_object_begin(report->arena, ROW_BYTES, &text, &json);
    json_int(&json, "id", change->id);
    record_json_time(&json, "at", change->at_us);
    json_text(&json, "sender", change->sender);
    json_text(&json, "queue_id", change->queue_id);
    json_text(&json, "message_id", change->message_id);
    json_int(&json, "recipients", change->recipients);
    json_text(&json, "was", span_of(action_name(change->was)));
    json_text(&json, "now", span_of(action_name(change->now)));
    json_text_or_null(&json, "limit_was", change->limit_was);
    json_text_or_null(&json, "limit_now", span_of(change->limit_now));
    json_text(&json, "reason", span_of(change->reason));
    json_number(&json, "score_was", change->score_was);
    json_number(&json, "score_now", change->score_now);
    record_json_time(&json, "due_was", change->due_was_us);
    record_json_time(&json, "due_now", change->due_now_us);
    print_object_end(&json);
}

static int take_change(void *arg, const struct replay_change *change, struct err *err)
{
    struct report *report = arg;
    if (report->tool->json)
        json_change(report, change);
    return keep_change(report, change, err);
}

static void json_summary(struct report *report)
{
    const struct replay_sums *sums = &report->sums;
    struct buf text;
    struct json json;
    arena_reset(report->arena);
    print_object_begin(report->arena, ROW_BYTES, &text, &json);
    json_int(&json, "messages", sums->messages);
    json_int(&json, "changed", sums->changed);
    json_int(&json, "other_due", sums->other_due);
    if (given.rejudges) {
        json_int(&json, "rescored", sums->rescored);
        json_int(&json, "judged_whole", sums->depths[KEPT_WHOLE]);
        json_int(&json, "judged_by_header", sums->depths[KEPT_HEADER]);
        json_int(&json, "judged_by_facts", sums->depths[KEPT_HITS]);
    }
    json_int(&json, "worst_hour", sums->peak.most[PEAK_HOUR]);
    record_json_time(&json, "worst_hour_until", sums->peak.at_us[PEAK_HOUR]);
    record_json_time(&json, "log_begins", sums->oldest_us);
    json_bool(&json, "log_is_cut", sums->is_cut);
    print_object_end(&json);
}

/* A table of what sql says, in these columns; numbers on the right. */
static int print_table(struct report *report, const char *title, const char *sql,
                       const struct column *columns, size_t count, struct err *err)
{
    struct table table;
    struct query *query = db_query(report->db, sql, err);
    int step;
    if (query == NULL)
        return -1;
    if (query_parameter_count(query) > 0)
        query_bind_int(query, 1, given.limit);
    arena_reset(report->arena);
    table_init(&table, report->arena, columns, count);
    while ((step = query_step(query, err)) == 1)
        for (size_t i = 0; i < count; i++)
            table_text(&table, query_text(query, (int)i));
    query_reset(query);
    if (step == 0 && table.used > 0)
        printf("\n%s\n", title);
    table_print(&table);
    return step;
}

static int print_tables(struct report *report, struct err *err)
{
    static const struct column answers[] = {
        {.title = "was"}, {.title = "would be"}, {"messages", .is_right = true}};
    static const struct column limits[] = {{.title = "limit"},
                                           {"speaks now", .is_right = true},
                                           {"spoke then", .is_right = true}};
    static const struct column senders[] = {{"sender", .is_elastic = true},
                                            {"messages", .is_right = true},
                                            {"looser", .is_right = true},
                                            {"stricter", .is_right = true}};
    static const struct column messages[] = {
        {"id", .is_right = true},       {.title = "at (UTC)"},
        {"sender", .is_elastic = true}, {.title = "was"},
        {.title = "would be"},          {"reason", .is_wrapped = true}};
    return print_table(report, "Answers:",
                       "SELECT was, now, count(*) FROM change GROUP BY 1, 2 ORDER BY "
                       "3 DESC, 1, 2",
                       answers, 3, err) != 0 ||
                   print_table(
                       report, "Limits that speak in them:",
                       "SELECT name, sum(is_now), sum(1 - is_now) FROM (SELECT "
                       "limit_now AS name, 1 AS is_now FROM change UNION ALL "
                       "SELECT limit_was, 0 FROM change) WHERE name <> '' GROUP "
                       "BY 1 ORDER BY 2 + 3 DESC, 1",
                       limits, 3, err) != 0 ||
                   print_table(
                       report, "Senders:",
                       "SELECT sender, count(*), sum(rank_now < rank_was), "
                       "sum(rank_now > rank_was) FROM (SELECT sender, instr("
                       "'accept slow hold defer reject', now) AS rank_now, "
                       "instr('accept slow hold defer reject', was) AS rank_was "
                       "FROM change) GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ?1",
                       senders, 4, err) != 0 ||
                   print_table(report, "Messages, the newest first:",
                               "SELECT id, strftime('%Y-%m-%d %H:%M:%S', at_us / "
                               "1000000, 'unixepoch'), sender, was, now, reason FROM "
                               "change ORDER BY id DESC LIMIT ?1",
                               messages, 6, err) != 0
               ? -1
               : 0;
}

static void print_depths(const struct replay_sums *sums)
{
    printf("Judged anew: %lld whole, %lld by header and stored facts, %lld by the "
           "stored facts alone;\nin the latter, rules on what was not kept stand as "
           "they hit then. %lld have another score.\n",
           (long long)sums->depths[KEPT_WHOLE], (long long)sums->depths[KEPT_HEADER],
           (long long)sums->depths[KEPT_HITS], (long long)sums->rescored);
}

static int print_people(struct report *report, struct err *err)
{
    const struct replay_sums *sums = &report->sums;
    char time[PRINT_TIME_BYTES];
    printf("%lld of %lld messages would change", (long long)sums->changed,
           (long long)sums->messages);
    if (sums->messages > 0)
        printf(" (%.2f %%)", 100.0 * (double)sums->changed / (double)sums->messages);
    if (sums->other_due > 0)
        printf(", %lld be held until another time", (long long)sums->other_due);
    printf(".\n");
    if (given.rejudges)
        print_depths(sums);
    if (sums->is_cut)
        printf("The log begins at %s: what was sent before, limits do not know.\n",
               print_time(sums->oldest_us, time));
    if (sums->changed > 0)
        printf("Worst hour: %lld of them until %s.\n",
               (long long)sums->peak.most[PEAK_HOUR],
               print_time(sums->peak.at_us[PEAK_HOUR], time));
    return print_tables(report, err);
}

static int open_report(struct report *report, struct tool *tool, struct err *err)
{
    *report = (struct report){.tool = tool, .arena = arena_new(64 << 20)};
    if (report->arena == NULL)
        return err_set(err, ERR_MEMORY, "out of memory");
    if (db_open(&report->db, ":memory:", DB_DAEMON, err) != 0)
        return -1;
    return db_exec(report->db,
                   "CREATE TEMP TABLE change (id INTEGER, at_us INTEGER, sender TEXT, "
                   "was TEXT, now TEXT, limit_was TEXT, limit_now TEXT, reason TEXT)",
                   err);
}

static int replay(struct tool *tool, struct engine *engine, struct report *report,
                  struct err *err)
{
    struct replay_how how = {.engine = engine,
                             .since_us = given.since_us,
                             .until_us = given.until_us,
                             .rejudges = given.rejudges,
                             .is_stopped = is_stopped,
                             .tell = take_change,
                             .arg = report};
    if (try_limits(engine->settings, err) != 0 || tool_open(tool, DB_READ, err) != 0 ||
        open_report(report, tool, err) != 0 ||
        replay_run(tool, &how, &report->sums, err) != 0)
        return -1;
    if (tool->json)
        json_summary(report);
    else if (print_people(report, err) != 0)
        return -1;
    return EXIT_FINE;
}

static int run(struct tool *tool, struct err *err)
{
    struct engine *engine = NULL;
    struct report report = {0};
    struct sigaction action = {.sa_handler = interrupt, .sa_flags = (int)SA_RESETHAND};
    given.rejudges = given.rejudges || tool->rules != NULL;
    if (given.until_us != 0 && given.since_us >= given.until_us)
        return err_set(err, ERR_USAGE, "--since must be before --until");
    if (engine_load(&engine, tool_config_path(tool), tool->rules, tool_complain, NULL,
                    err) != 0)
        return -1;
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    int rc = replay(tool, engine, &report, err);
    db_close(&report.db);
    arena_free(&report.arena);
    engine_release(&engine);
    if (!is_stopped())
        return rc;
    fputs("outgate: interrupted\n", stderr);
    return EXIT_INTERRUPTED;
}

const struct command outgate_cmd_replay = {
    .name = "replay",
    .words = "",
    .summary = "new rules or limits over the log: what would change",
    .details =
        "Decides the messages of the log once more, in their order and by the gate's\n"
        "own code, under --config, --limit and --without, and with --rules or\n"
        "--rejudge under the rules, as far as messages were kept. Nothing is written.",
    .examples =
        "  outgate replay --config new.conf\n"
        "  outgate replay --since 7d --limit 'login = 50 recipients per 1h per sender, "
        "then hold'\n"
        "  outgate replay --rules ./rules --json | jq 'select(.now == \"hold\")'\n"
        "  outgate replay --without campaign",
    .words_max = 0,
    .options = options,
    .run = run,
};
