/* SPDX-License-Identifier: BSD-2-Clause
 *
 * cmd_facts - list what rules can ask about a message: the table of facts, and that of
 * eval functions.
 */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "facts/facts.h"
#include "rules/eval/eval.h"
#include "tool/commands.h"
#include "tool/mdoc.h"
#include "tool/print.h"

static bool wants_mdoc, wants_evals;

static const struct option_row options[] = {
    {"evals", 0, NULL, OPTION_FLAG, &wants_evals,
     "the functions that rules call as eval:function() instead"},
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

/* What a letter of an eval function's arguments stands for. */
static const char *argument_name(char kind)
{
    switch (kind) {
    case 'n':
        return "NUMBER";
    case 'r':
        return "'REGEX'";
    case 'c':
        return "'!= NUMBER'";
    case 'i':
        return "'WORD'";
    default:
        return "'TEXT'";
    }
}

/* function('TEXT', NUMBER [, NUMBER]) */
static const char *print_call(struct arena *arena, const struct eval_info *info)
{
    struct buf out;
    unsigned count = 0, open = 0;

    buf_init(&out, arena, 256);
    buf_printf(&out, "%s(", info->name);
    for (const char *kind = info->arguments; *kind != '\0'; kind++) {
        if (*kind == '|') {
            buf_printf(&out, "%s[", count > 0 ? " " : "");
            open++;
            continue;
        }
        if (*kind == '*')
            buf_add_span(&out, SPAN(", ..."));
        else
            buf_printf(&out, "%s%s", count++ > 0 ? ", " : "", argument_name(*kind));
    }
    buf_printf(&out, "%s)", open > 0 ? "]" : "");
    return buf_cstr(&out);
}

static const char *print_names(struct arena *arena, const struct eval_info *info)
{
    struct buf out;

    buf_init(&out, arena, 1024);
    for (size_t i = 0; info->names != NULL && info->names[i] != NULL; i++)
        buf_printf(&out, "%s%s", i > 0 ? ", " : "", info->names[i]);
    return buf_cstr(&out);
}

static void print_evals_mdoc(struct arena *arena)
{
    struct eval_info info;

    puts(".Bl -tag -width Ds");
    for (size_t n = 0; eval_info(n, &info); n++) {
        printf(".It Li %s\n", print_call(arena, &info));
        mdoc_sentence(info.doc);
        if (info.names != NULL) {
            printf("WORD: ");
            mdoc_sentence(print_names(arena, &info));
        }
        printf("Plugin: %s%s.\n", info.plugin,
               info.needs_authentication ? ", with [dns]" : "");
    }
    puts(".El");
}

static bool is_eval_wanted(const struct tool *tool, const struct eval_info *info)
{
    for (size_t i = 0; i < tool->word_count; i++)
        if (strstr(info->name, tool->words[i]) != NULL)
            return true;
    return tool->word_count == 0;
}

static void print_eval_json(struct tool *tool, const struct eval_info *info)
{
    struct buf out;
    struct json json;

    print_object_begin(tool->arena, 65536, &out, &json);
    json_text(&json, "function", span_of(info->name));
    json_text(&json, "call", span_of(print_call(tool->arena, info)));
    json_text(&json, "words", span_of(print_names(tool->arena, info)));
    json_text(&json, "plugin", span_of(info->plugin));
    json_text(&json, "says", span_of(info->doc));
    print_object_end(&json);
}

static int list_evals(struct tool *tool, struct err *err)
{
    static const struct column columns[] = {{"CALL", false, false, false},
                                            {"PLUGIN", false, true, false},
                                            {"HITS", false, true, true}};
    struct eval_info info;
    struct table table;
    size_t count = 0;

    table_init(&table, tool->arena, columns, sizeof columns / sizeof *columns);
    for (size_t n = 0; eval_info(n, &info); n++) {
        if (!is_eval_wanted(tool, &info))
            continue;
        count++;
        if (tool->json) {
            print_eval_json(tool, &info);
            continue;
        }
        table_cell(&table, print_call(tool->arena, &info));
        table_cell(&table, info.plugin);
        table_cell(&table, info.doc);
    }
    table_print(&table);
    return count > 0 ? EXIT_FINE
                     : err_set(err, ERR_NOT_FOUND, "no function has \"%s\" in its name",
                               tool->words[0]);
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
        if (wants_evals)
            print_evals_mdoc(tool->arena);
        else
            print_mdoc();
        return EXIT_FINE;
    }
    if (wants_evals)
        return list_evals(tool, err);
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
                "  outgate facts --evals html\n"
                "  outgate facts --json | jq -r .fact",
    .words_max = SIZE_MAX,
    .options = options,
    .run = run,
};
