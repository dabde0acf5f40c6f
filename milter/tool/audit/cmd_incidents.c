/* SPDX-License-Identifier: BSD-2-Clause
 *
 * cmd_incidents - what somebody should know of, and what was told of it.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "incident/letter.h"
#include "tool/commands.h"
#include "tool/print.h"
#include "tool/record.h"

enum { ROWS_MAX = 10000, ROW_BYTES = 1 << 16, HOST_BYTES = 256 };

static struct {
    int64_t since_us;
    bool is_open;
} given;

static const struct option_row options[] = {
    {"open", 'o', NULL, OPTION_FLAG, &given.is_open, "only what goes on"},
    {"since", 's', "TIME", OPTION_TIME, &given.since_us, "not over before this"},
    {0},
};

static const struct column columns[] = {
    {"ID", true, false, false},     {"STATE", false, false, false},
    {"SINCE", false, false, false}, {"LAST", false, false, false},
    {"TIMES", true, false, false},  {"TOLD", true, false, false},
    {"WHAT", false, true, false},
};

static void add_row(struct table *table, const struct incident *incident)
{
    char text[PRINT_TIME_BYTES];
    char title[400];
    bool is_open = incident->closed_us == 0;
    table_printf(table, "%lld", (long long)incident->id);
    table_cell(table, is_open ? "open" : "closed");
    table_colour(table, is_open ? COLOUR_RED : COLOUR_DIM);
    table_cell(table, print_day_time(incident->opened_us, text));
    table_cell(table, print_day_time(incident->last_us, text));
    table_printf(table, "%lld", (long long)incident->times);
    table_printf(table, "%lld", (long long)incident->told_times);
    table_cell(table, letter_title(incident, title, sizeof title));
}

static void print_json(struct tool *tool, const struct incident *incident)
{
    struct buf out;
    struct json json;
    print_object_begin(tool->arena, ROW_BYTES, &out, &json);
    json_int(&json, "id", incident->id);
    json_text(&json, "kind", incident->kind_name);
    json_text(&json, "key", incident->key);
    json_text_or_null(&json, "sender", incident->sender);
    json_int(&json, "level", incident->level);
    record_json_time(&json, "opened_at", incident->opened_us);
    record_json_time(&json, "last_at", incident->last_us);
    record_json_time(&json, "closed_at", incident->closed_us);
    json_int(&json, "times", incident->times);
    if (incident->message > 0)
        json_int(&json, "message", incident->message);
    else
        json_null(&json, "message");
    json_text(&json, "what", incident->what);
    record_json_time(&json, "told_at", incident->told_us);
    json_int(&json, "told_times", incident->told_times);
    record_json_time(&json, "sender_told_at", incident->sender_told_us);
    print_object_end(&json);
}

static int list(struct tool *tool, struct err *err)
{
    struct incident_list list;
    struct table table;
    if (tool_open(tool, DB_READ, err) != 0 ||
        incident_select(tool->db, given.is_open, given.since_us, ROWS_MAX, tool->arena,
                        &list, err) != 0)
        return -1;
    table_init(&table, tool->arena, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < list.count; i++)
        if (tool->json)
            print_json(tool, &list.at[i]);
        else
            add_row(&table, &list.at[i]);
    table_print(&table);
    if (list.count == 0 && !tool->json)
        fputs("outgate: there is no such incident\n", stderr);
    return list.count > 0 ? EXIT_FINE : EXIT_FOUND;
}

static int read_number(const char *word, int64_t *id, struct err *err)
{
    uint64_t number;
    if (!text_parse_count(span_of(word), INT64_MAX, &number))
        return err_set(err, ERR_USAGE, "\"%s\" is no incident's number", word);
    *id = (int64_t)number;
    return 0;
}

/* The same text that is sent, as of now. */
static int show(struct tool *tool, int64_t id, struct err *err)
{
    struct incident incident;
    struct evidence *evidence = arena_alloc(tool->arena, sizeof *evidence);
    char host[HOST_BYTES];
    struct buf out;
    if (evidence == NULL)
        return err_set(err, ERR_MEMORY, "out of memory");
    if (tool_open(tool, DB_READ, err) != 0 ||
        incident_find(tool->db, id, tool->arena, &incident, err) != 0 ||
        evidence_gather(tool->db, &incident, tool->arena, evidence, err) != 0)
        return -1;
    if (tool->json) {
        print_json(tool, &incident);
        return EXIT_FINE;
    }
    if (gethostname(host, sizeof host) != 0)
        snprintf(host, sizeof host, "localhost");
    host[sizeof host - 1] = '\0';
    const struct letter_head head = {.host = host};
    buf_init(&out, tool->arena, LETTER_BYTES);
    letter_incident(&out, &head, &incident, evidence);
    fputs(buf_cstr(&out), stdout);
    return EXIT_FINE;
}

static int close_some(struct tool *tool, struct err *err)
{
    if (tool->word_count < 2)
        return err_set(err, ERR_USAGE, "close which? outgate incidents close ID...");
    if (tool_open(tool, DB_WRITE, err) != 0 || db_begin(tool->db, err) != 0)
        return -1;
    int rc = 0;
    for (size_t i = 1; i < tool->word_count && rc == 0; i++) {
        int64_t id = 0;
        rc = read_number(tool->words[i], &id, err);
        if (rc == 0)
            rc = incident_close(tool->db, id, tool_now_us(), err);
    }
    return db_end(tool->db, rc, err) == 0 ? EXIT_FINE : -1;
}

static int run(struct tool *tool, struct err *err)
{
    int64_t id = 0;
    if (tool->word_count == 0)
        return list(tool, err);
    if (strcmp(tool->words[0], "close") == 0)
        return close_some(tool, err);
    if (tool->word_count > 1)
        return err_set(err, ERR_USAGE, "one number, or close and numbers");
    if (read_number(tool->words[0], &id, err) != 0)
        return -1;
    return show(tool, id, err);
}

const struct command outgate_cmd_incidents = {
    .name = "incidents",
    .words = "[ID | close ID...]",
    .summary = "what somebody should know of: list, look at one, close",
    .details =
        "One line an incident, however many messages it has: a limit that stops mail, "
        "a\n"
        "budget of the IP that fills (50, 80, 100 %), a block, the brake, unsigned "
        "mail\n"
        "of a domain that signs, suspicious mail of a sender, a database that failed.\n"
        "With ID: the whole notice, with what the log knows now. close: no more "
        "notices\n"
        "of it; if it happens again it is a new incident. Ends with 1 if there is "
        "none.",
    .examples = "  outgate incidents --open\n"
                "  outgate incidents --since 24h --json | jq -r .key\n"
                "  outgate incidents 17\n"
                "  outgate incidents close 17",
    .words_max = SIZE_MAX,
    .options = options,
    .run = run,
};
