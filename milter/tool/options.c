/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/conf.h"
#include "tool/tool.h"

/* The global options' targets, copied into struct tool once all are read. */
static struct {
    const char *config, *database, *rules;
    bool json, help, version;
} given;

static const struct option_row global_options[] = {
    {"config", 'c', "FILE", OPTION_TEXT, &given.config,
     "the config in place of " OUTGATE_CONFIG_FILE},
    {"db", 0, "FILE", OPTION_TEXT, &given.database,
     "the database in place of [store] database"},
    {"rules", 0, "DIR", OPTION_TEXT, &given.rules,
     "rule folder or file in place of [rules] path"},
    {"json", 'j', NULL, OPTION_FLAG, &given.json,
     "JSON Lines in place of text for people"},
    {"help", 'h', NULL, OPTION_FLAG, &given.help, "this help"},
    {"version", 'V', NULL, OPTION_FLAG, &given.version, "the version"},
    {0},
};

const struct option_row *tool_global_options(void)
{
    return global_options;
}

/* The words of a command line, as they are read. */
struct line {
    struct tool *tool;
    int argc, i;
    char **argv;
    int64_t now_us;
    struct err *err;
};

static const struct option_row *find_option(const struct option_row *rows,
                                            struct span name, bool is_letter)
{
    for (; rows != NULL && rows->name != NULL; rows++) {
        if (is_letter && rows->letter != 0 && name.at[0] == rows->letter)
            return rows;
        if (!is_letter && span_eq(name, span_of(rows->name)))
            return rows;
    }
    return NULL;
}

/* Keep the nearest of names seen so far, if it is near enough to be meant. */
static void consider(struct span wrong, const char *name, const char **best,
                     unsigned *least)
{
    unsigned distance = text_distance(wrong, span_of(name));
    if (distance < *least && distance < strlen(name)) {
        *least = distance;
        *best = name;
    }
}

static unsigned near_enough(struct span wrong)
{
    return (unsigned)(wrong.len < 30 ? wrong.len : 30) / 3 + 2;
}

static int unknown_option(const struct line *line, struct span name)
{
    const struct option_row *tables[] = {
        line->tool->command != NULL ? line->tool->command->options : NULL,
        global_options};
    const char *best = NULL;
    unsigned least = near_enough(name);
    for (size_t i = 0; i < 2; i++)
        for (const struct option_row *row = tables[i]; row && row->name; row++)
            consider(name, row->name, &best, &least);
    const char *command = line->tool->command ? line->tool->command->name : "outgate";
    if (best != NULL)
        return err_set(line->err, ERR_USAGE,
                       "%s has no option --%.*s; did you mean --%s?", command,
                       (int)name.len, name.at, best);
    return err_set(line->err, ERR_USAGE, "%s has no option --%.*s; see %s%s --help",
                   command, (int)name.len, name.at,
                   line->tool->command ? "outgate " : "", command);
}

static int unknown_command(const struct line *line,
                           const struct command *const *commands, size_t count,
                           const char *word)
{
    const char *best = NULL;
    unsigned least = near_enough(span_of(word));
    for (size_t i = 0; i < count; i++)
        consider(span_of(word), commands[i]->name, &best, &least);
    if (best != NULL)
        return err_set(line->err, ERR_USAGE,
                       "there is no command \"%s\"; did you mean \"%s\"?", word, best);
    return err_set(line->err, ERR_USAGE,
                   "there is no command \"%s\"; outgate --help lists them", word);
}

static bool read_date(struct span text, int64_t *out)
{
    static const char *const forms[] = {"%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S",
                                        "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%d"};
    char copy[40];
    if (text.len == 0 || text.len >= sizeof copy)
        return false;
    memcpy(copy, text.at, text.len);
    copy[text.len] = '\0';
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        struct tm tm = {.tm_isdst = -1};
        const char *end = strptime(copy, forms[i], &tm);
        if (end != NULL && *end == '.') /* fractions, as our own JSON prints them */
            end += 1 + strspn(end + 1, "0123456789");
        bool is_utc = end != NULL && strcmp(end, "Z") == 0;
        if (end == NULL || (!is_utc && *end != '\0'))
            continue;
        *out = (int64_t)(is_utc ? timegm(&tm) : mktime(&tm)) * 1000000;
        return true;
    }
    return false;
}

static int64_t midnight_us(int64_t now_us, int days_back)
{
    time_t now = (time_t)(now_us / 1000000);
    struct tm tm;
    localtime_r(&now, &tm);
    tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
    tm.tm_mday -= days_back;
    tm.tm_isdst = -1;
    return (int64_t)mktime(&tm) * 1000000;
}

bool option_parse_time(struct span text, int64_t now_us, int64_t *out)
{
    int64_t ago_us;
    if (span_ieq(text, SPAN("today")) || span_ieq(text, SPAN("yesterday"))) {
        *out = midnight_us(now_us, text.len > 5);
        return true;
    }
    if (span_ieq(text, SPAN("now"))) {
        *out = now_us;
        return true;
    }
    if (conf_parse_duration(text, &ago_us)) {
        *out = now_us - ago_us;
        return true;
    }
    return read_date(text, out);
}

static int set_value(const struct line *line, const struct option_row *row,
                     const char *value)
{
    uint64_t number;
    struct option_list *list = row->target;
    switch (row->type) {
    case OPTION_TEXT:
        *(const char **)row->target = value;
        return 0;
    case OPTION_LIST:
        if (list->count == OPTION_LIST_MAX)
            return err_set(line->err, ERR_USAGE, "--%s is given too often", row->name);
        list->at[list->count++] = value;
        return 0;
    case OPTION_COUNT:
        if (!text_parse_count(span_of(value), INT64_MAX, &number))
            return err_set(line->err, ERR_USAGE, "--%s %s: not a whole number",
                           row->name, value);
        *(int64_t *)row->target = (int64_t)number;
        return 0;
    case OPTION_TIME:
        if (!option_parse_time(span_of(value), line->now_us, row->target))
            return err_set(line->err, ERR_USAGE,
                           "--%s %s: write 24h (that long ago), 2026-01-31, "
                           "\"2026-01-31 09:12\", today or yesterday",
                           row->name, value);
        return 0;
    default:
        return err_set(line->err, ERR_USAGE, "--%s takes no value", row->name);
    }
}

/* Set an option; glued: what stands after '=' (or a letter), or NULL. */
static int take_option(struct line *line, const struct option_row *row, char *glued)
{
    if (row->type == OPTION_FLAG && glued == NULL) {
        *(bool *)row->target = true;
        return 0;
    }
    if (glued == NULL && line->i + 1 >= line->argc)
        return err_set(line->err, ERR_USAGE, "--%s needs a value: --%s %s", row->name,
                       row->name, row->argument);
    return set_value(line, row, glued != NULL ? glued : line->argv[++line->i]);
}

static const struct option_row *find_anywhere(const struct tool *tool, struct span name,
                                              bool is_letter)
{
    const struct option_row *row = NULL;
    if (tool->command != NULL)
        row = find_option(tool->command->options, name, is_letter);
    return row != NULL ? row : find_option(global_options, name, is_letter);
}

static int read_long(struct line *line, char *word)
{
    struct span name, value;
    bool has_value = span_cut(span_of(word), '=', &name, &value);
    const struct option_row *row = find_anywhere(line->tool, name, false);
    if (row == NULL)
        return unknown_option(line, name);
    return take_option(line, row, has_value ? word + name.len + 1 : NULL);
}

static int read_short(struct line *line, char *word)
{
    for (; *word != '\0'; word++) {
        const struct option_row *row =
            find_anywhere(line->tool, (struct span){word, 1}, true);
        if (row == NULL)
            return err_set(line->err, ERR_USAGE, "there is no option -%c; see --help",
                           *word);
        bool is_flag = row->type == OPTION_FLAG;
        if (take_option(line, row, is_flag || word[1] == '\0' ? NULL : word + 1) != 0)
            return -1;
        if (!is_flag)
            break;
    }
    return 0;
}

static int take_command(struct line *line, const struct command *const *commands,
                        size_t count, const char *word)
{
    if (strcmp(word, "help") == 0) {
        given.help = true;
        return 0;
    }
    for (size_t i = 0; i < count; i++)
        if (strcmp(commands[i]->name, word) == 0)
            line->tool->command = commands[i];
    return line->tool->command != NULL ? 0
                                       : unknown_command(line, commands, count, word);
}

static int read_words(struct line *line, const struct command *const *commands,
                      size_t count)
{
    struct tool *tool = line->tool;
    bool options_end = false;
    for (line->i = 0; line->i < line->argc; line->i++) {
        char *word = line->argv[line->i];
        int result = 0;
        if (!options_end && strcmp(word, "--") == 0)
            options_end = true;
        else if (!options_end && strncmp(word, "--", 2) == 0)
            result = read_long(line, word + 2);
        else if (!options_end && word[0] == '-' && word[1] != '\0')
            result = read_short(line, word + 1);
        else if (tool->command == NULL)
            result = take_command(line, commands, count, word);
        else
            tool->words[tool->word_count++] = word;
        if (result != 0)
            return -1;
    }
    return 0;
}

static int check_words(const struct tool *tool, struct err *err)
{
    const struct command *command = tool->command;
    if (command == NULL || given.help || given.version)
        return 0;
    if (tool->word_count < command->words_min)
        return err_set(err, ERR_USAGE, "%s needs %s; see outgate %s --help",
                       command->name, command->words, command->name);
    if (tool->word_count > command->words_max)
        return err_set(err, ERR_USAGE,
                       "%s: \"%s\" is one word too many; see outgate %s "
                       "--help",
                       command->name, tool->words[command->words_max], command->name);
    return 0;
}

int options_parse(struct tool *tool, const struct command *const *commands,
                  size_t count, int argc, char **argv, struct err *err)
{
    struct line line = {
        .tool = tool, .argc = argc, .argv = argv, .now_us = tool_now_us(), .err = err};
    tool->words = arena_array(tool->arena, (size_t)argc + 1, sizeof *tool->words);
    if (tool->words == NULL)
        return err_set(err, ERR_MEMORY, "out of memory");
    int result = read_words(&line, commands, count);
    tool->config = given.config;
    tool->database = given.database;
    tool->rules = given.rules;
    tool->json = given.json;
    tool->wants_help = given.help;
    tool->wants_version = given.version;
    return result == 0 ? check_words(tool, err) : -1;
}

static void print_rows(const struct option_row *row)
{
    for (; row != NULL && row->name != NULL; row++) {
        char left[64];
        snprintf(left, sizeof left, "%c%c%s --%s%s%s", row->letter ? '-' : ' ',
                 row->letter ? row->letter : ' ', row->letter ? "," : " ", row->name,
                 row->argument != NULL ? " " : "",
                 row->argument != NULL ? row->argument : "");
        if (strlen(left) > 26)
            printf("  %s\n  %-26s %s\n", left, "", row->doc);
        else
            printf("  %-26s %s\n", left, row->doc);
    }
}

void options_help(const struct command *command)
{
    printf("usage: outgate %s%s%s%s\n\n%s\n", command->name,
           command->options != NULL ? " [options]" : "", command->words[0] ? " " : "",
           command->words, command->summary);
    if (command->details[0] != '\0')
        printf("\n%s\n", command->details);
    if (command->options != NULL) {
        printf("\noptions:\n");
        print_rows(command->options);
    }
    printf("\nfor every command:\n");
    print_rows(global_options);
    printf("\nexamples:\n%s\n", command->examples);
}
