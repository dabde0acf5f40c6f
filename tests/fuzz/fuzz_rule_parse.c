/* SPDX-License-Identifier: BSD-2-Clause
 *
 * fuzz_rule_parse - rule_parse_text on any bytes, then every expression and pattern
 * that it found; includes are not followed.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "rules/expression/expression.h"
#include "rules/regex/pattern.h"
#include "rules/source/rule_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static int find(void *context, struct span name, struct span argument,
                struct expression_operand *out, struct err *err)
{
    (void)context;
    (void)err;
    out->type =
        name.len % 2 == 0 && argument.at == NULL ? EXPRESSION_TEXT : EXPRESSION_NUMBER;
    out->slot = 0;
    return 0;
}

static void try_entry(struct arena *arena, const struct rule_tags *tags,
                      const struct rule_entry *entry)
{
    static const struct expression_names names = {find, NULL};
    static const double number = 2;
    static const struct span text = {"some text", 9};
    struct expression *expression;
    struct pattern *pattern;
    struct span regex;
    unsigned limits = 0;
    struct err err;

    if (entry->expression.len > 0 &&
        expression_compile(&expression, arena, entry->expression, &names, &err) == 0) {
        (void)expression_run(expression, &number, &text, &limits);
        expression_clear(expression);
    }
    if (entry->regex.len == 0 ||
        rule_tags_apply(tags, entry->regex, &regex, &err) != 0 ||
        pattern_new(&pattern, regex, entry->flags, &err) != 0)
        return;
    (void)pattern_match(pattern, text);
    pattern_free(&pattern);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct rule_source source;
    struct rule_report report;
    struct err err;

    if (rule_source_init(&source, &err) != 0)
        return 0;
    source.reads_includes = false;
    source.is_lint = true;
    rule_parse_text(&source, "fuzz.cf", (struct span){(const char *)bytes, len});
    for (size_t i = 0; i < source.table.count; i++)
        try_entry(source.arena, &source.tags, source.table.entries[i]);
    if (rule_report_init(&report, &err) == 0) {
        if (rule_report_fill(&report, &source.remarks, &err) == 0 &&
            report.count < report.errors)
            abort();
        rule_report_clear(&report);
    }
    rule_source_clear(&source);
    return 0;
}
