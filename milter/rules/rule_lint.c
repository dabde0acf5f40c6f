/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "base/bounds.h"
#include "base/clock.h"
#include "rules/ruleset_private.h"
#include "rules/undisguise.h"

/* Chosen. A pattern is probed with what it waits for, in long runs; a slow one costs
 * more than a whole message should. */
enum { PROBE_BYTES = 16384, PROBE_CHARS = 16, RUN_BYTES = 1000, PIECE_BYTES = 2048 };
static const double slow_us = 2000;

/* A character that an escape stands for; 0 for none. */
static char sample_of(char escape)
{
    switch (escape) {
    case 'w':
    case 'S':
    case 'D':
        return 'a';
    case 'd':
        return '1';
    case 's':
    case 'W':
        return ' ';
    default:
        return ascii_is_alnum(escape) ? '\0' : escape;
    }
}

static void add_sample(char c, char *samples, size_t *count)
{
    if (c != '\0' && *count < PROBE_CHARS && memchr(samples, c, *count) == NULL)
        samples[(*count)++] = c;
}

/* The characters that the pattern is made of, each once. */
static size_t collect(struct span regex, char *samples)
{
    size_t count = 0;

    for (size_t i = 0; i < regex.len; i++) {
        if (regex.at[i] == '\\' && i + 1 < regex.len)
            add_sample(sample_of(regex.at[++i]), samples, &count);
        else if (ascii_is_alnum(regex.at[i]) || strchr(" @/<>=.\"-_%", regex.at[i]))
            add_sample(regex.at[i], samples, &count);
    }
    add_sample('x', samples, &count);
    return count;
}

/* Long runs of each of them, then all of them in turn, then what ends a match. */
static struct span make_probe(struct span regex, char *room)
{
    char samples[PROBE_CHARS];
    size_t count = collect(regex, samples), len = 0;

    for (size_t i = 0; i < count && len + RUN_BYTES < PROBE_BYTES / 2; i++) {
        memset(room + len, samples[i], RUN_BYTES);
        len += RUN_BYTES;
    }
    for (size_t i = 0; count > 0 && len < PROBE_BYTES - 1; i++)
        room[len++] = samples[i % count];
    room[len++] = '\x01';
    return (struct span){room, len};
}

static bool is_in_pieces(const struct rule *rule)
{
    return rule->info.kind == RULE_BODY || rule->info.kind == RULE_RAWBODY ||
           rule->info.kind == RULE_URI;
}

static void probe(struct ruleset *set, const struct rule_entry *entry,
                  struct rule *rule)
{
    char room[PROBE_BYTES];
    struct span text = make_probe(entry->regex, room), rest = text;
    size_t piece = is_in_pieces(rule) ? PIECE_BYTES : PROBE_BYTES;
    bool is_stopped = false;
    int64_t start_us = clock_elapsed_us();

    while (rest.len > 0 && !is_stopped) {
        size_t len = rest.len < piece ? rest.len : piece;
        struct span part = {rest.at, len};
        is_stopped = pattern_match(rule->pattern, part) == PATTERN_LIMIT;
        rest = span_from(rest, len);
    }
    rule->info.probe_us = (double)(clock_elapsed_us() - start_us);
    if (is_stopped)
        rule_remark_add(&set->source.remarks, REMARK_WARNING, &entry->place,
                        "%s: a hostile text stops the pattern by its limit: it then "
                        "counts as no hit",
                        entry->name);
    else if (rule->info.probe_us > slow_us)
        rule_remark_add(&set->source.remarks, REMARK_WARNING, &entry->place,
                        "%s: slow, %.1f ms on a hostile text", entry->name,
                        rule->info.probe_us / 1000);
}

static void check_style(struct ruleset *set, const struct rule_entry *entry)
{
    struct rule_remarks *remarks = &set->source.remarks;

    if (entry->kind == RULE_KIND_UNKNOWN) {
        if (entry->has_score)
            rule_remark_add(remarks, REMARK_WARNING, &entry->score_place,
                            "score %s: there is no such rule", entry->name);
        return;
    }
    if ((entry->tflags & TFLAG_UNDISGUISED) && entry->kind != RULE_BODY &&
        entry->kind != RULE_HEADER)
        rule_remark_add(remarks, REMARK_WARNING, &entry->place,
                        "%s: tflags undisguised means something for body and header "
                        "rules only",
                        entry->name);
    if (entry->index > 0 && entry->describe == NULL &&
        strncmp(entry->name, "__", 2) != 0)
        rule_remark_add(remarks, REMARK_WARNING, &entry->place,
                        "%s: has no describe line", entry->name);
}

static void run_test(struct ruleset *set, const struct rule_test *test)
{
    const struct rule_entry *entry = rule_table_find(&set->source.table, test->rule);
    const struct rule *rule;
    enum pattern_result result;
    struct span text = test->text;
    int width = (int)test->rule.len;

    if (entry == NULL || entry->kind == RULE_KIND_UNKNOWN)
        rule_remark_add(&set->source.remarks, REMARK_WARNING, &test->place,
                        "test %.*s: there is no such rule", width, test->rule.at);
    if (entry == NULL || entry->index == 0)
        return;
    rule = &set->rules[entry->index - 1];
    if (rule->pattern == NULL) {
        rule_remark_add(&set->source.remarks, REMARK_WARNING, &test->place,
                        "test %.*s: the rule has no pattern", width, test->rule.at);
        return;
    }
    if (rule->info.tflags & TFLAG_UNDISGUISED)
        text = undisguise(set->source.arena, text);
    result = pattern_match(rule->pattern, text);
    if ((result == PATTERN_MATCH) != (test->is_ok != rule->is_negated))
        rule_remark_add(&set->source.remarks, REMARK_WARNING, &test->place,
                        "test %.*s %s: failed", width, test->rule.at,
                        test->is_ok ? "ok" : "fail");
}

void rule_lint_run(struct ruleset *set)
{
    for (size_t i = 0; i < set->source.table.count; i++) {
        const struct rule_entry *entry = set->source.table.entries[i];
        check_style(set, entry);
        if (entry->index > 0 && set->rules[entry->index - 1].pattern != NULL)
            probe(set, entry, &set->rules[entry->index - 1]);
    }
    for (size_t i = 0; i < set->source.test_count; i++)
        run_test(set, &set->source.tests[i]);
}
