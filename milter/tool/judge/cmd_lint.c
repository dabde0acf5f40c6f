/* SPDX-License-Identifier: BSD-2-Clause
 *
 * cmd_lint - config and rules: every error, skipped rule and remark, with file:line.
 */
#include <stdio.h>
#include <string.h>

#include "base/dns.h"
#include "base/geoip.h"
#include "base/json.h"
#include "engine.h"
#include "rules/rule_explain.h"
#include "rules/ruleset.h"
#include "tool/commands.h"
#include "tool/print.h"

enum { ROW_BYTES = 1 << 18 };

static bool is_terse, with_rules;
static const char *explained;

static const struct option_row options[] = {
    {"quiet", 'q', NULL, OPTION_FLAG, &is_terse, "errors and the summary only"},
    {"explain", 'e', "RULE", OPTION_TEXT, &explained,
     "print that rule as it was understood"},
    {"list", 0, NULL, OPTION_FLAG, &with_rules,
     "print each rule that runs: file:line, kind, score"},
    {0},
};

static const char *level_name(enum remark_level level)
{
    static const char *const names[] = {"unknown", "note", "warning", "skipped",
                                        "error"};
    return names[level];
}

static enum colour level_colour(enum remark_level level)
{
    static const enum colour colours[] = {COLOUR_NONE, COLOUR_DIM, COLOUR_YELLOW,
                                          COLOUR_YELLOW, COLOUR_RED};
    return colours[level];
}

/* The config's errors come as "file:line: text". */
struct findings {
    struct tool *tool;
    size_t counts[REMARK_ERROR + 1];
};

static void print_remark(struct findings *findings, const struct remark *remark)
{
    struct arena *arena = findings->tool->arena;
    findings->counts[remark->level]++;
    if (is_terse && remark->level != REMARK_ERROR)
        return;
    if (findings->tool->json) {
        struct buf out;
        struct json json;
        print_object_begin(arena, ROW_BYTES, &out, &json);
        json_text(&json, "file", span_of(remark->file));
        json_int(&json, "line", remark->line);
        json_text(&json, "level", span_of(level_name(remark->level)));
        json_text(&json, "text", span_of(remark->text));
        print_object_end(&json);
        return;
    }
    if (remark->file[0] != '\0')
        printf("%s:", print_escape(arena, span_of(remark->file)));
    if (remark->line > 0)
        printf("%u:", remark->line);
    printf("%s%s%s%s: %s\n", remark->file[0] != '\0' ? " " : "",
           colour_begin(level_colour(remark->level)), level_name(remark->level),
           colour_end(level_colour(remark->level)),
           print_escape(arena, span_of(remark->text)));
}

/* "file:line: text" taken apart; a text without them stands alone. */
static void take_config_error(void *arg, const char *text)
{
    struct findings *findings = arg;
    struct arena *arena = findings->tool->arena;
    struct span whole = span_of(text);
    struct span file, rest, line, words;
    uint64_t number = 0;
    struct remark remark = {REMARK_ERROR, "", 0, text};
    if (span_cut(whole, ':', &file, &rest) && span_cut(rest, ':', &line, &words) &&
        text_parse_count(line, 1u << 30, &number)) {
        remark.file = span_cstr(arena, file);
        remark.line = (unsigned)number;
        remark.text = span_cstr(arena, span_trim(words));
    }
    print_remark(findings, &remark);
}

static void print_rule(struct arena *arena, bool as_json, const struct rule_info *info)
{
    struct buf out;
    struct json json;
    if (!as_json) {
        printf("%s:%u: %s %s %g\n", print_escape(arena, span_of(info->file)),
               info->line, rule_kind_name(info->kind), info->name, info->score);
        return;
    }
    print_object_begin(arena, ROW_BYTES, &out, &json);
    json_text(&json, "rule", span_of(info->name));
    json_text(&json, "kind", span_of(rule_kind_name(info->kind)));
    json_number(&json, "score", info->score);
    json_text(&json, "file", span_of(info->file));
    json_int(&json, "line", info->line);
    print_object_end(&json);
}

static void list_rules(struct tool *tool, const struct ruleset *set)
{
    for (size_t i = 0; i < ruleset_count(set); i++) {
        struct rule_info info;
        ruleset_info(set, i, &info);
        print_rule(tool->arena, tool->json, &info);
    }
}

/* A file that the config names and the daemon would not start without. */
static int lint_geoip(struct tool *tool, struct findings *findings)
{
    struct err err;
    struct geoip *geoip;
    if (tool->settings->geoip[0] == '\0')
        return 0;
    if (geoip_open(&geoip, tool->settings->geoip, &err) == 0) {
        geoip_close(&geoip);
        return 0;
    }
    struct remark remark = {REMARK_ERROR, "", 0, err.text};
    print_remark(findings, &remark);
    return -1;
}

/* Servers, trust anchor and every line of the static zone; nobody is asked. */
static int lint_dns(struct tool *tool, struct findings *findings)
{
    struct err err;
    struct dns *dns;
    if (engine_open_dns(&dns, tool->settings, &err) == 0) {
        dns_close(&dns);
        return 0;
    }
    struct remark remark = {REMARK_ERROR, "", 0, err.text};
    print_remark(findings, &remark);
    return -1;
}

static int lint_config(struct tool *tool, struct findings *findings)
{
    struct err err;
    const char *path = tool_config_path(tool);
    if (settings_load(&tool->settings, path, take_config_error, findings, &err) == 0)
        return lint_geoip(tool, findings) < 0 || lint_dns(tool, findings) < 0 ? -1 : 0;
    if (findings->counts[REMARK_ERROR] == 0) { /* a file that cannot be read */
        struct remark remark = {REMARK_ERROR, "", 0, err.text};
        print_remark(findings, &remark);
    }
    return -1;
}

/* The rule paths in force: --rules, else the config's, else the default ones. */
static int load_rules(struct tool *tool, struct rule_report *report,
                      struct ruleset **set, struct err *err)
{
    struct settings *fallback = NULL;
    if (tool->settings == NULL && settings_default(&fallback, err) != 0)
        return -1;
    const struct conf_list *paths =
        tool->settings != NULL ? &tool->settings->rule_paths : &fallback->rule_paths;
    const char *const *at = tool->rules != NULL ? &tool->rules : paths->at;
    size_t count = tool->rules != NULL ? 1 : paths->count;
    bool has_dns = tool->settings != NULL && settings_has_dns(tool->settings);
    unsigned flags = RULESET_LINT | (has_dns ? RULESET_AUTHENTICATION : 0u);
    int result = ruleset_load(set, at, count, flags, report, err);
    settings_free(&fallback);
    return result;
}

static int lint_rules(struct tool *tool, struct findings *findings, size_t *rules,
                      struct err *err)
{
    struct rule_report report;
    struct ruleset *set = NULL;
    struct err why;
    if (rule_report_init(&report, err) != 0)
        return -1;
    size_t before = findings->counts[REMARK_ERROR];
    int loaded = load_rules(tool, &report, &set, &why);
    for (size_t i = 0; i < report.count; i++)
        print_remark(findings, &report.remarks[i]);
    if (loaded != 0 && findings->counts[REMARK_ERROR] == before) {
        struct remark remark = {REMARK_ERROR, "", 0, why.text};
        print_remark(findings, &remark);
    }
    *rules = loaded == 0 ? ruleset_count(set) : 0;
    if (loaded == 0 && with_rules)
        list_rules(tool, set);
    ruleset_free(&set);
    rule_report_clear(&report);
    return 0;
}

/* "hits when" as a member's name: hits_when. */
static const char *member_name(struct arena *arena, const char *label)
{
    size_t len = strlen(label);
    char *name = arena_alloc(arena, len + 1);
    if (name == NULL)
        return label;
    for (size_t i = 0; i < len; i++)
        name[i] = label[i] == ' ' ? '_' : label[i];
    return name;
}

static void print_explanation(const struct tool *tool,
                              const struct rule_explanation *told)
{
    struct buf out;
    struct json json;
    if (!tool->json) {
        printf("%s%s%s\n", colour_begin(COLOUR_BOLD), explained,
               colour_end(COLOUR_BOLD));
        for (size_t i = 0; i < told->count; i++)
            printf("  %-12s %s\n", told->at[i].label,
                   print_sound(tool->arena, span_of(told->at[i].text)));
        return;
    }
    print_object_begin(tool->arena, ROW_BYTES, &out, &json);
    json_text(&json, "rule", span_of(explained));
    for (size_t i = 0; i < told->count; i++) {
        const char *label = told->at[i].label;
        if (i > 0 && strcmp(told->at[i - 1].label, label) == 0)
            continue;
        json_open(&json, member_name(tool->arena, label), '[');
        for (size_t j = i; j < told->count && strcmp(told->at[j].label, label) == 0;
             j++)
            json_text(&json, NULL, span_of(told->at[j].text));
        json_close(&json, ']');
    }
    print_object_end(&json);
}

static int explain(struct tool *tool, struct err *err)
{
    struct findings findings = {.tool = tool};
    struct rule_explanation told;
    struct ruleset *set;
    lint_config(tool, &findings);
    if (load_rules(tool, NULL, &set, err) != 0)
        return -1;
    int result = rule_explain(set, explained, tool->arena, &told, err);
    if (result == 0)
        print_explanation(tool, &told);
    ruleset_free(&set);
    return result == 0 ? EXIT_FINE : -1;
}

static void print_summary(const struct findings *findings, size_t rules)
{
    const struct tool *tool = findings->tool;
    if (tool->json)
        return;
    const char *path = tool_config_path(tool);
    printf("config %s, ", path != NULL ? path : "none (defaults)");
    if (tool->settings != NULL)
        printf("%zu limits, ", tool->settings->limit_count);
    printf("%zu rules; %zu errors, %zu skipped, %zu warnings, %zu notes\n", rules,
           findings->counts[REMARK_ERROR], findings->counts[REMARK_SKIPPED],
           findings->counts[REMARK_WARNING], findings->counts[REMARK_NOTE]);
}

static int run(struct tool *tool, struct err *err)
{
    struct findings findings = {.tool = tool};
    size_t rules = 0;
    if (explained != NULL)
        return explain(tool, err);
    lint_config(tool,
                &findings); /* its errors are counted; the rules are read anyway */
    if (lint_rules(tool, &findings, &rules, err) != 0)
        return -1;
    print_summary(&findings, rules);
    return findings.counts[REMARK_ERROR] > 0 ? EXIT_FOUND : EXIT_FINE;
}

const struct command outgate_cmd_lint = {
    .name = "lint",
    .words = "",
    .summary = "check config and rules: errors, skipped rules, remarks, with file:line",
    .details =
        "Each pattern is also timed on a hostile text. Ends with 1 if there are\n"
        "errors, 0 with warnings only.",
    .examples = "  outgate lint\n"
                "  outgate lint --rules /etc/outgate/rules.d\n"
                "  outgate lint --explain BOTH_TOPIC_LINK\n"
                "  outgate lint --json | jq -r 'select(.level == \"error\")'",
    .options = options,
    .run = run,
};
