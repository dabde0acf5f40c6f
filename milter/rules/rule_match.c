/* SPDX-License-Identifier: BSD-2-Clause */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/bounds.h"
#include "rules/rule_text.h"
#include "rules/ruleset_private.h"

/* Chosen: a rule that was stopped so often on one message is left alone, so that its
 * cost stays bounded. */
enum { LIMIT_ERRORS_A_RULE = 3 };

/* "decided: no hit" of a mimeheader rule, while parts are still looked at. */
static const double decided_miss = -1;

struct matcher {
    const struct ruleset *set;
    const struct message *msg;
    const struct envelope *env;
    double *values;
    unsigned limit_errors;
};

/* One rule on all pieces of its text; stops when it has its matches. */
static void match_pieces(struct matcher *m, unsigned index,
                         const struct rule_texts *texts)
{
    const struct rule *rule = &m->set->rules[index];
    unsigned total = 0, stopped = 0, count;

    for (size_t i = rule->is_without_subject ? 1 : 0; i < texts->count; i++) {
        const struct rule_text *text = &texts->at[i];
        if (pattern_count(rule->pattern, text->bytes, text->is_continued,
                          rule->most - total, &count) == PATTERN_LIMIT)
            stopped++;
        total += count;
        if (total >= rule->most || stopped >= LIMIT_ERRORS_A_RULE)
            break;
    }
    m->values[index] = total;
    m->limit_errors += stopped > 0 && total == 0;
}

static void match_group(struct matcher *m, const struct rule_group *group,
                        struct rule_texts (*make)(const struct message *msg))
{
    struct rule_texts texts;

    if (group->count == 0)
        return;
    texts = make(m->msg);
    for (size_t i = 0; i < group->count; i++)
        match_pieces(m, group->at[i], &texts);
}

/* What a header rule sees. An absent header is an empty text, as in SpamAssassin. */
static struct span shown(const struct rule *rule, bool is_found, struct span value)
{
    if (is_found)
        return value;
    return rule->has_unset ? rule->unset : (struct span){"", 0};
}

static void match_field(struct matcher *m, unsigned index, bool is_found,
                        struct span value)
{
    const struct rule *rule = &m->set->rules[index];
    enum pattern_result result;
    unsigned count;

    if (rule->is_exists) {
        m->values[index] = is_found;
        return;
    }
    result = pattern_count(rule->pattern, shown(rule, is_found, value), false,
                           rule->most, &count);
    if (rule->is_negated)
        m->values[index] = result == PATTERN_MISS;
    else
        m->values[index] = count;
    m->limit_errors += result == PATTERN_LIMIT && count == 0;
}

/* The first part whose header matches decides. */
static void match_part(struct matcher *m, unsigned index, bool is_found,
                       struct span value)
{
    const struct rule *rule = &m->set->rules[index];
    unsigned count = is_found;
    enum pattern_result result = PATTERN_MISS;

    if (m->values[index] != 0)
        return;
    if (!rule->is_exists)
        result = pattern_count(rule->pattern, shown(rule, is_found, value), false,
                               rule->most, &count);
    if (count > 0)
        m->values[index] = rule->is_negated ? decided_miss : count;
    else if (result == PATTERN_LIMIT) {
        m->values[index] = decided_miss;
        m->limit_errors++;
    }
}

static void match_parts(struct matcher *m, const struct rule_header *header)
{
    const struct rule_group *group = &header->parts;
    struct span value;

    for (size_t p = 0; group->count > 0 && p < m->msg->part_count; p++) {
        bool is_found =
            header_part_value(&header->spec, m->msg, &m->msg->parts[p], &value);
        for (size_t i = 0; i < group->count; i++)
            match_part(m, group->at[i], is_found, value);
    }
    for (size_t i = 0; i < group->count; i++) {
        double *result = &m->values[group->at[i]];
        if (*result == 0 && m->set->rules[group->at[i]].is_negated)
            *result = 1;
        else if (*result < 0)
            *result = 0;
    }
}

static void match_headers(struct matcher *m)
{
    for (size_t h = 0; h < m->set->header_count; h++) {
        const struct rule_header *header = &m->set->headers[h];
        struct span value;
        bool is_found;
        match_parts(m, header);
        if (header->fields.count == 0)
            continue;
        is_found = header_value(&header->spec, m->msg, m->env, &value);
        for (size_t i = 0; i < header->fields.count; i++)
            match_field(m, header->fields.at[i], is_found, value);
    }
}

static void match_expressions(struct matcher *m, const struct rule_group *group,
                              const double *numbers, const struct span *texts)
{
    for (size_t i = 0; i < group->count; i++) {
        const struct rule *rule = &m->set->rules[group->at[i]];
        double value =
            expression_run(rule->expression, numbers, texts, &m->limit_errors);
        /* A hit is never less than one hit, whatever the arithmetic. */
        m->values[group->at[i]] = value < 0 ? 1 : value;
    }
}

double *rule_values(const struct ruleset *set, const struct message *msg,
                    const struct envelope *env, const struct facts *facts,
                    unsigned *limit_errors)
{
    struct matcher m = {.set = set, .msg = msg, .env = env};

    m.values = arena_array(msg->arena, set->count, sizeof *m.values);
    *limit_errors = 0;
    if (m.values == NULL)
        return NULL;
    match_headers(&m);
    match_group(&m, &set->body, rule_text_body);
    match_group(&m, &set->rawbody, rule_text_rawbody);
    match_group(&m, &set->uri, rule_text_uri);
    match_group(&m, &set->full, rule_text_full);
    if (facts != NULL)
        match_expressions(&m, &set->facts, facts->number, facts->text);
    match_expressions(&m, &set->metas, m.values, NULL);
    *limit_errors = m.limit_errors;
    return m.values;
}

static int by_points(const void *left, const void *right)
{
    const struct hit *a = left, *b = right;

    if (a->score != b->score)
        return a->score > b->score ? -1 : 1;
    return (a->rule > b->rule) - (a->rule < b->rule);
}

static unsigned times_of(double value)
{
    return value < 1 ? 1 : value > 1e9 ? 1000000000 : (unsigned)value;
}

static bool is_hit(const struct ruleset *set, const double *values, size_t i)
{
    return values[i] != 0 && set->rules[i].info.score != 0;
}

static void gather(const struct ruleset *set, const double *values, struct hits *hits)
{
    double sum = 0;

    for (size_t i = 0; i < set->count; i++) {
        const struct rule_info *info = &set->rules[i].info;
        if (!is_hit(set, values, i))
            continue;
        sum += info->score;
        hits->at[hits->count++] =
            (struct hit){i, info->name, info->score, times_of(values[i])};
    }
    hits->score = round(sum * 1000) / 1000;
    if (hits->count > 0)
        qsort(hits->at, hits->count, sizeof *hits->at, by_points);
}

void rule_match(const struct ruleset *set, const struct message *msg,
                const struct envelope *env, const struct facts *facts,
                struct hits *hits)
{
    double *values;
    size_t count = 0;

    *hits = (struct hits){0};
    values = rule_values(set, msg, env, facts, &hits->limit_errors);
    if (values == NULL)
        return;
    for (size_t i = 0; i < set->count; i++)
        count += is_hit(set, values, i);
    hits->at = arena_array(msg->arena, count, sizeof *hits->at);
    if (hits->at != NULL)
        gather(set, values, hits);
}
