/* SPDX-License-Identifier: BSD-2-Clause
 *
 * cmd_limits - each limit in words, what it allows at worst, what the log has seen at
 * worst, and who is nearest to it now.
 */
#include <math.h>
#include <stdio.h>

#include "store/audit.h"
#include "tool/commands.h"
#include "tool/deeds/propose.h"
#include "tool/window.h"

enum {
    ROW_BYTES = 1 << 18,
    CHEAP_ROWS = 300000, /* messages in the log up to which the worst hour is worked out
                            unasked: under a second. chosen */
};

static bool wants_worst;
static int64_t keys_wanted = 3;
static bool wants_proposal;
static int64_t proposal_since_us;

static const struct option_row options[] = {
    {"worst", 'w', NULL, OPTION_FLAG, &wants_worst,
     "look for the worst hour and day also in a log that is long"},
    {"limit", 'n', "N", OPTION_COUNT, &keys_wanted, "fullest keys shown; default 3"},
    {"propose", 0, NULL, OPTION_FLAG, &wants_proposal,
     "from the log, limits that its legitimate mail would not have reached"},
    {"since", 's', "TIME", OPTION_TIME, &proposal_since_us,
     "--propose: what part of the log; default: all of it"},
    {0},
};

/* Most that any stretch of that length can hold, by amount and by burst.
 * Source: milter/limits/limit_window.h: N in any window W, B in any W * B / N. */
static int64_t allowed_in(const struct limit *limit, int64_t length_us)
{
    if (limit->learned_milli > 0 && limit->ceiling == 0)
        return INT64_MAX; /* as the sender's past grows */
    double amount = (double)(limit->ceiling > 0 ? limit->ceiling : limit->amount);
    double most = ceil((double)length_us / (double)limit->window_us) * amount;
    if (limit->burst > 0) {
        double burst_us = (double)limit->window_us * (double)limit->burst / amount;
        double by_burst = ceil((double)length_us / burst_us) * (double)limit->burst;
        most = by_burst < most ? by_burst : most;
    }
    return most < 9e18 ? (int64_t)most : INT64_MAX;
}

/* The most that one key was charged within one hour or day of the clock. */
struct worst {
    int64_t amount, at_us;
    struct span key;
};

static int read_worst(struct tool *tool, const struct limit *limit, int64_t length_us,
                      struct worst *out, struct err *err)
{
    *out = (struct worst){0};
    struct query *query =
        db_query(tool->db,
                 "SELECT sum(amount), key, at_us / ?2 * ?2 FROM charge WHERE "
                 "limit_name = ?1 AND "
                 "at_us IS NOT NULL GROUP BY key, at_us / ?2 ORDER BY 1 DESC LIMIT 1",
                 err);
    if (query == NULL)
        return -1;
    query_bind_text(query, 1, span_of(limit->name));
    query_bind_int(query, 2, length_us);
    int step = query_step(query, err);
    if (step > 0) {
        out->amount = query_int(query, 0);
        out->key = span_dup(tool->arena, query_text(query, 1));
        out->at_us = query_int(query, 2);
    }
    query_reset(query);
    return step < 0 ? -1 : 0;
}

/* The fullest keys of a limit, by what stands in its slots up to now. */
static int read_fullest(struct tool *tool, const struct limit *limit,
                        struct window *windows, size_t max, size_t *count,
                        struct err *err)
{
    struct span keys[100];
    size_t found = 0;
    int step;
    int64_t now_us;
    *count = 0;
    if (window_limit_now(tool, &now_us, err) != 0)
        return -1;
    struct query *query = db_query(
        tool->db,
        "SELECT key FROM limit_slot WHERE limit_name = ?1 AND part = 0 AND at_us + "
        "width_us > ?2 AND at_us <= ?3 GROUP BY key ORDER BY sum(amount) DESC LIMIT ?4",
        err);
    if (query == NULL)
        return -1;
    query_bind_text(query, 1, span_of(limit->name));
    query_bind_int(query, 2, now_us - limit->window_us);
    query_bind_int(query, 3, now_us);
    query_bind_int(query, 4, (int64_t)max);
    while ((step = query_step(query, err)) > 0 && found < max)
        keys[found++] = span_dup(tool->arena, query_text(query, 0));
    query_reset(query);
    for (size_t i = 0; i < found && step == 0; i++, (*count)++)
        step = window_read(tool, limit, keys[i], &windows[*count], err);
    return step < 0 ? -1 : 0;
}

static bool is_log_short(struct tool *tool)
{
    struct query *query =
        db_query(tool->db, "SELECT max(id) - min(id) FROM message", NULL);
    bool is_short = query != NULL && query_step(query, NULL) > 0 &&
                    query_int(query, 0) < CHEAP_ROWS;
    if (query != NULL)
        query_reset(query);
    return is_short;
}

static const int64_t hour_us = 3600000000, day_us = 86400000000;

static void print_worst(struct tool *tool, const struct limit *limit, const char *word,
                        const struct worst *worst)
{
    char amount[64], time[PRINT_TIME_BYTES];
    if (worst->amount > 0)
        printf("  worst %s seen: %s (%s, from %s)\n", word,
               limit_print_amount(limit, worst->amount, amount, sizeof amount),
               print_escape(tool->arena, worst->key), print_time(worst->at_us, time));
}

static int print_seen(struct tool *tool, const struct limit *limit, struct err *err)
{
    struct worst hour, day;
    if (read_worst(tool, limit, hour_us, &hour, err) != 0 ||
        read_worst(tool, limit, day_us, &day, err) != 0)
        return -1;
    print_worst(tool, limit, "hour", &hour);
    print_worst(tool, limit, "day", &day);
    return 0;
}

static void print_allowed(const struct limit *limit)
{
    char hour[64], day[64];
    if (limit_is_by_feedback(limit)) /* they come back, and are never refused */
        printf("  acts on a key's mail while its window holds %s or more\n",
               limit_print_amount(limit, limit->amount, hour, sizeof hour));
    else if (limit->window_us > 0 && allowed_in(limit, hour_us) == INT64_MAX)
        puts("  allows what the sender's own past does: no upper bound (\"at most\" "
             "sets one)");
    else if (limit->window_us > 0)
        printf("  allows at most %s in any hour, %s in any day\n",
               limit_print_amount(limit, allowed_in(limit, hour_us), hour, sizeof hour),
               limit_print_amount(limit, allowed_in(limit, day_us), day, sizeof day));
}

/* Overridden or learned: another amount than the sentence above it. */
static bool stands_apart(const struct window *window)
{
    return window->limit->own != NULL;
}

static void print_fullest(struct tool *tool, const struct window *windows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct limit *limit = windows[i].limit;
        char used[64], length[PRINT_AGE_BYTES], sentence[LIMIT_SENTENCE_BYTES];
        int64_t wait_us = windows[i].free_at_us - tool_now_us();
        printf("  %3.0f%% %s, %s%s%s%s\n",
               100.0 * (double)windows[i].used / (double)limit->amount,
               print_escape(tool->arena, windows[i].key),
               limit_print_amount(limit, windows[i].used, used, sizeof used),
               stands_apart(&windows[i]) ? " of " : "",
               stands_apart(&windows[i]) ? limit_print_override(limit, sentence) : "",
               wait_us > 0 ? ", full" : "");
        if (wait_us > 0)
            printf("       free in %s\n", print_span_of_time(wait_us, length));
    }
}

static int print_limit(struct tool *tool, const struct limit *limit, bool with_worst,
                       struct err *err)
{
    struct window windows[100];
    size_t count = 0;
    char sentence[LIMIT_SENTENCE_BYTES];
    printf("%s%s%s: %s\n", colour_begin(COLOUR_BOLD), limit->name,
           colour_end(COLOUR_BOLD), limit_print(limit, sentence));
    print_allowed(limit);
    if (tool->db == NULL || limit->window_us == 0)
        return 0;
    if (with_worst && print_seen(tool, limit, err) != 0)
        return -1;
    size_t max = keys_wanted < 100 ? (size_t)keys_wanted : 100;
    if (read_fullest(tool, limit, windows, max, &count, err) != 0)
        return -1;
    print_fullest(tool, windows, count);
    return 0;
}

static void json_worst(struct json *json, const char *name, const struct limit *limit,
                       const struct worst *worst)
{
    char at[32];
    if (worst->amount == 0) {
        json_null(json, name);
        return;
    }
    json_open(json, name, '{');
    json_number(json, "amount",
                (double)worst->amount / (limit->unit == LIMIT_POINTS ? 1000 : 1));
    json_text(json, "key", worst->key);
    json_text(json, "from", span_of(audit_time_text(worst->at_us, at)));
    json_close(json, '}');
}

static int json_seen(struct tool *tool, struct json *json, const struct limit *limit,
                     bool with_worst, struct err *err)
{
    struct window windows[100];
    struct worst hour = {0}, day = {0};
    size_t count = 0;
    if (with_worst && (read_worst(tool, limit, hour_us, &hour, err) != 0 ||
                       read_worst(tool, limit, day_us, &day, err) != 0))
        return -1;
    json_worst(json, "worst_hour", limit, &hour);
    json_worst(json, "worst_day", limit, &day);
    size_t max = keys_wanted < 100 ? (size_t)keys_wanted : 100;
    if (read_fullest(tool, limit, windows, max, &count, err) != 0)
        return -1;
    json_open(json, "fullest", '[');
    for (size_t i = 0; i < count; i++)
        window_json(json, &windows[i], tool_now_us());
    json_close(json, ']');
    return 0;
}

/* null: as much as the sender's own past allows. */
static void json_allowed(struct json *json, const char *name, const struct limit *limit,
                         int64_t length_us)
{
    int64_t most = allowed_in(limit, length_us);
    if (most == INT64_MAX)
        json_null(json, name);
    else
        json_number(json, name,
                    (double)most / (limit->unit == LIMIT_POINTS ? 1000 : 1));
}

static int json_limit(struct tool *tool, const struct limit *limit, bool with_worst,
                      struct err *err)
{
    struct buf out;
    struct json json;
    char sentence[LIMIT_SENTENCE_BYTES];
    print_object_begin(tool->arena, ROW_BYTES, &out, &json);
    json_text(&json, "limit", span_of(limit->name));
    json_text(&json, "sentence", span_of(limit_print(limit, sentence)));
    json_text(&json, "file", span_of(limit->file));
    json_int(&json, "line", limit->line);
    if (limit->window_us > 0 && !limit_is_by_feedback(limit)) {
        json_allowed(&json, "most_in_an_hour", limit, hour_us);
        json_allowed(&json, "most_in_a_day", limit, day_us);
    }
    if (tool->db != NULL && limit->window_us > 0 &&
        json_seen(tool, &json, limit, with_worst, err) != 0)
        return -1;
    print_object_end(&json);
    return 0;
}

static int run(struct tool *tool, struct err *err)
{
    if (wants_proposal)
        return tool_open(tool, DB_READ, err) != 0 ||
                       propose(tool, proposal_since_us, err) != 0
                   ? -1
                   : EXIT_FINE;
    /* without a database the sentences can still be read */
    if (tool_settings(tool, err) != 0 ||
        (tool_open(tool, DB_READ, err) != 0 && err->code != ERR_NOT_FOUND))
        return -1;
    bool with_worst = tool->db != NULL && (wants_worst || is_log_short(tool));
    for (size_t i = 0; i < tool->settings->limit_count; i++) {
        const struct limit *limit = &tool->settings->limits[i];
        int result = tool->json ? json_limit(tool, limit, with_worst, err)
                                : print_limit(tool, limit, with_worst, err);
        if (result != 0)
            return -1;
    }
    if (tool->settings->limit_count == 0 && !tool->json)
        printf("no limits: %s has no [limits]\n",
               tool->settings->file[0] != '\0' ? tool->settings->file : "the default");
    else if (tool->db != NULL && !with_worst && !tool->json)
        puts("(the log is long: --worst looks for the worst hour and day)");
    return EXIT_FINE;
}

const struct command outgate_cmd_limits = {
    .name = "limits",
    .words = "",
    .summary =
        "each limit in words, the worst that it allows and has seen, who is near",
    .details =
        "\"Any hour\" means any 60 minutes; the worst hour seen is one of the clock.",
    .examples = "  outgate limits\n"
                "  outgate limits --worst --limit 10\n"
                "  outgate limits --propose --since 30d\n"
                "  outgate limits --json | jq -r .sentence",
    .options = options,
    .run = run,
};
