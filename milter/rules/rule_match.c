/* SPDX-License-Identifier: BSD-2-Clause */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/bounds.h"
#include "rules/rule_text.h"
#include "rules/ruleset_private.h"
#include "rules/undisguise.h"

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
    unsigned char *stopped; /* of a rule: how often, by a limit */
    unsigned limit_errors;
};

/* How many rules of the group run whatever the text; the others when a scan names
 * them, which needs run. */
static size_t start_filter(const struct matcher *m, const struct rule_group *group,
                           struct prefilter_run *run)
{
    if (group->filter == NULL || m->set->is_unfiltered ||
        prefilter_start(group->filter, m->msg->arena, run) != 0)
        return group->count;
    return group->always;
}

/* One rule on one piece of its text, unless it has its matches. */
static void match_piece(struct matcher *m, unsigned index,
                        const struct rule_texts *texts, size_t piece)
{
    const struct rule *rule = &m->set->rules[index];
    const struct rule_text *text = &texts->at[piece];
    unsigned total = (unsigned)m->values[index], count;

    if (total >= rule->most || m->stopped[index] >= LIMIT_ERRORS_A_RULE ||
        (piece == 0 && rule->is_without_subject))
        return;
    if (pattern_count(rule->pattern, text->bytes, text->is_continued,
                      rule->most - total, &count) == PATTERN_LIMIT)
        m->stopped[index]++;
    m->values[index] = total + count;
}

static void match_texts(struct matcher *m, const struct rule_group *group,
                        struct rule_texts texts)
{
    struct prefilter_run run;
    size_t always = start_filter(m, group, &run);

    for (size_t i = 0; i < always; i++)
        for (size_t t = 0; t < texts.count; t++)
            match_piece(m, group->at[i], &texts, t);
    for (size_t t = 0; always < group->count && t < texts.count; t++) {
        prefilter_scan(group->filter, texts.at[t].bytes, &run);
        for (size_t i = 0; i < run.count; i++)
            match_piece(m, run.rules[i], &texts, t);
    }
    for (size_t i = 0; i < group->count; i++)
        m->limit_errors += m->stopped[group->at[i]] > 0 && m->values[group->at[i]] == 0;
}

static void match_group(struct matcher *m, const struct rule_group *group,
                        struct rule_texts (*make)(const struct message *msg))
{
    if (group->count > 0)
        match_texts(m, group, make(m->msg));
}

/* The body as it is and as its reader takes it. */
static void match_bodies(struct matcher *m)
{
    const struct ruleset *set = m->set;
    struct rule_texts body;

    if (set->body.count + set->undisguised.count == 0)
        return;
    body = rule_text_body(m->msg);
    if (set->body.count > 0)
        match_texts(m, &set->body, body);
    if (set->undisguised.count > 0)
        match_texts(m, &set->undisguised, rule_text_undisguised(m->msg->arena, body));
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
    struct prefilter_run run;
    struct span value;
    size_t always = group->count > 0 ? start_filter(m, group, &run) : 0;

    for (size_t p = 0; group->count > 0 && p < m->msg->part_count; p++) {
        bool is_found =
            header_part_value(&header->spec, m->msg, &m->msg->parts[p], &value);
        for (size_t i = 0; i < always; i++)
            match_part(m, group->at[i], is_found, value);
        if (always == group->count || !is_found)
            continue;
        prefilter_scan(group->filter, value, &run);
        for (size_t i = 0; i < run.count; i++)
            match_part(m, run.rules[i], is_found, value);
    }
    for (size_t i = 0; i < group->count; i++) {
        double *result = &m->values[group->at[i]];
        if (*result == 0 && m->set->rules[group->at[i]].is_negated)
            *result = 1;
        else if (*result < 0)
            *result = 0;
    }
}

/* A rule that the scan does not name has no match, which is what !~ asks for. */
static void match_fields(struct matcher *m, const struct rule_header *header)
{
    const struct rule_group *group = &header->fields;
    struct prefilter_run run;
    struct span value;
    bool is_found = header_value(&header->spec, m->msg, m->env, &value);
    size_t always = start_filter(m, group, &run);

    if (is_found && header->is_undisguised)
        value = undisguise(m->msg->arena, value);

    for (size_t i = 0; i < always; i++)
        match_field(m, group->at[i], is_found, value);
    if (always == group->count)
        return;
    for (size_t i = always; i < group->count; i++)
        m->values[group->at[i]] = m->set->rules[group->at[i]].is_negated;
    if (!is_found)
        return;
    prefilter_scan(group->filter, value, &run);
    for (size_t i = 0; i < run.count; i++)
        match_field(m, run.rules[i], is_found, value);
}

static void match_headers(struct matcher *m)
{
    for (size_t h = 0; h < m->set->header_count; h++) {
        const struct rule_header *header = &m->set->headers[h];
        match_parts(m, header);
        if (header->fields.count > 0)
            match_fields(m, header);
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
    m.stopped = arena_alloc(msg->arena, set->count);
    *limit_errors = 0;
    if (m.values == NULL || m.stopped == NULL)
        return NULL;
    match_headers(&m);
    match_bodies(&m);
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
