/* SPDX-License-Identifier: BSD-2-Clause
 *
 * cmd_facts - list what rules can ask about a message: the table of facts.
 */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "facts/facts.h"
#include "tool/commands.h"
#include "tool/mdoc.h"
#include "tool/print.h"

static bool wants_mdoc;

static const struct option_row options[] = {
    {"mdoc", 0, NULL, OPTION_FLAG, &wants_mdoc,
     "the section of outgate.rules(5), as it stands there"},
    {0},
};

static const char *type_name(enum fact_type type)
{
    static const char *const names[] = {"unknown", "flag",   "count",
                                        "ratio",   "number", "text"};
    return names[type];
}

static void print_mdoc(void)
{
    puts(".Bl -tag -width Ds");
    for (int id = 0; id < FACT_ID_COUNT; id++) {
        const struct fact_row *row = &outgate_fact_rows[id];
        printf(".It Sy %s\n", row->name);
        mdoc_sentence(row->doc);
        printf("Type: %s%s%s", type_name(row->type), row->unit[0] ? ", " : "",
               row->unit);
        printf("%s%s.\n", row->range[0] ? "; range: " : "", row->range);
        printf("Source: ");
        mdoc_sentence(row->source);
    }
    puts(".El");
}

static bool is_wanted(const struct tool *tool, const struct fact_row *row)
{
    if (tool->word_count == 0)
        return true;
    for (size_t i = 0; i < tool->word_count; i++)
        if (strstr(row->name, tool->words[i]) != NULL)
            return true;
    return false;
}

static void print_json(struct tool *tool, const struct fact_row *row)
{
    struct buf out;
    struct json json;
    print_object_begin(tool->arena, 65536, &out, &json);
    json_text(&json, "fact", span_of(row->name));
    json_text(&json, "type", span_of(type_name(row->type)));
    json_text(&json, "unit", span_of(row->unit));
    json_text(&json, "range", span_of(row->range));
    json_text(&json, "source", span_of(row->source));
    json_text(&json, "says", span_of(row->doc));
    print_object_end(&json);
}

static void add_row(struct table *table, const struct fact_row *row)
{
    table_cell(table, row->name);
    table_cell(table, type_name(row->type));
    table_cell(table, row->unit);
    table_cell(table, row->range);
    table_cell(table, row->source);
    table_cell(table, row->doc);
}

static int run(struct tool *tool, struct err *err)
{
    static const struct column columns[] = {
        {"FACT", false, false, false},  {"TYPE", false, false, false},
        {"UNIT", false, true, false},   {"RANGE", false, false, false},
        {"SOURCE", false, true, false}, {"SAYS", false, true, true}};
    struct table table;
    size_t count = 0;
    if (wants_mdoc) {
        print_mdoc();
        return EXIT_FINE;
    }
    table_init(&table, tool->arena, columns, sizeof columns / sizeof *columns);
    for (int id = 0; id < FACT_ID_COUNT; id++) {
        if (!is_wanted(tool, &outgate_fact_rows[id]))
            continue;
        count++;
        if (tool->json)
            print_json(tool, &outgate_fact_rows[id]);
        else
            add_row(&table, &outgate_fact_rows[id]);
    }
    table_print(&table);
    if (count > 0)
        return EXIT_FINE;
    const char *nearest = facts_nearest(span_of(tool->words[0]));
    return err_set(err, ERR_NOT_FOUND, "no fact has \"%s\" in its name%s%s%s",
                   tool->words[0], nearest ? "; did you mean " : "",
                   nearest ? nearest : "", nearest ? "?" : "");
}

const struct command outgate_cmd_facts = {
    .name = "facts",
    .words = "[WORD...]",
    .summary = "list what a fact rule can ask about a message",
    .details = "WORD: only facts with it in their name. A rule asks for a fact so:\n\n"
               "  fact  LINK_HEAVY  links_per_100_words > 8",
    .examples = "  outgate facts\n"
                "  outgate facts subject\n"
                "  outgate facts --json | jq -r .fact",
    .words_max = SIZE_MAX,
    .options = options,
    .run = run,
};
