/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "rules/rule_need.h"
#include "rules/ruleset_private.h"
#include "rules/text/undisguise.h"

static bool is_private(const char *name)
{
    return name[0] == '_' && name[1] == '_';
}

/* "; did you mean NAME?", or nothing. */
static const char *hint(const struct ruleset *set, const char *name)
{
    const char *nearest = rule_table_nearest(&set->source.table, span_of(name));
    char *text;
    size_t size;

    if (nearest == NULL)
        return "";
    size = strlen(nearest) + 20;
    text = arena_alloc(set->source.arena, size);
    if (text == NULL)
        return "";
    snprintf(text, size, "; did you mean %s?", nearest);
    return text;
}

/* Named by score, describe, tflags or replace_rules, and defined nowhere. */
static void check_orphan(struct ruleset *set, const struct rule_entry *entry)
{
    struct rule_remarks *remarks = &set->source.remarks;

    if (entry->has_score)
        rule_remark_add(remarks, REMARK_WARNING, &entry->score_place,
                        "score %s: there is no such rule%s", entry->name,
                        hint(set, entry->name));
    else
        rule_remark_add(remarks, REMARK_WARNING, &entry->place,
                        "%s: is described here, but there is no such rule%s",
                        entry->name, hint(set, entry->name));
}

static bool reads_text(enum rule_kind kind)
{
    return kind == RULE_BODY || kind == RULE_RAWBODY || kind == RULE_URI ||
           kind == RULE_FULL;
}

/* Such a pattern costs its time with every message. */
static void check_need(struct ruleset *set, const struct rule_entry *entry,
                       const struct rule *rule)
{
    struct rule_need need;

    if (!reads_text(entry->kind))
        return;
    rule_need_derive(rule->regex, rule->flags, &need);
    if (need.kind != RULE_NEED_NOTHING)
        return;
    rule_remark_add(&set->source.remarks, REMARK_NOTE, &entry->place,
                    "%s: runs on every message: no rare text must stand in what it "
                    "matches",
                    entry->name);
}

static void check_style(struct ruleset *set, const struct rule_entry *entry)
{
    struct rule_remarks *remarks = &set->source.remarks;

    if (entry->kind == RULE_KIND_UNKNOWN) {
        check_orphan(set, entry);
        return;
    }
    if ((entry->tflags & TFLAG_UNDISGUISED) && entry->kind != RULE_BODY &&
        entry->kind != RULE_HEADER)
        rule_remark_add(remarks, REMARK_WARNING, &entry->place,
                        "%s: tflags undisguised means something for body and header "
                        "rules only",
                        entry->name);
    if (entry->index == 0 || is_private(entry->name))
        return;
    if (entry->describe == NULL)
        rule_remark_add(remarks, REMARK_WARNING, &entry->place,
                        "%s: has no describe line", entry->name);
    if (!entry->has_score)
        rule_remark_add(remarks, REMARK_WARNING, &entry->place,
                        "%s: has no score line and counts %g", entry->name,
                        set->rules[entry->index - 1].info.score);
}

bool rule_test_holds(const struct ruleset *set, const struct rule *rule,
                     const struct rule_test *test)
{
    struct span text = rule->info.tflags & TFLAG_UNDISGUISED
                           ? undisguise(set->source.arena, test->text)
                           : test->text;
    bool is_match =
        rule->pattern != NULL && pattern_match(rule->pattern, text) == PATTERN_MATCH;

    return is_match == (test->is_ok != rule->is_negated);
}

static void run_test(struct ruleset *set, const struct rule_test *test)
{
    const struct rule_entry *entry = rule_table_find(&set->source.table, test->rule);
    const struct rule *rule;
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
    if (!rule_test_holds(set, rule, test))
        rule_remark_add(&set->source.remarks, REMARK_WARNING, &test->place,
                        "test %.*s %s: failed", width, test->rule.at,
                        test->is_ok ? "ok" : "fail");
}

void rule_lint_run(struct ruleset *set)
{
    for (size_t i = 0; i < set->source.table.count; i++) {
        const struct rule_entry *entry = set->source.table.entries[i];
        check_style(set, entry);
        if (entry->index == 0 || set->rules[entry->index - 1].pattern == NULL)
            continue;
        check_need(set, entry, &set->rules[entry->index - 1]);
        rule_probe(set, entry, &set->rules[entry->index - 1]);
    }
    for (size_t i = 0; i < set->source.test_count; i++)
        run_test(set, &set->source.tests[i]);
}
