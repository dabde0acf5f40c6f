/* SPDX-License-Identifier: BSD-2-Clause */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/bounds.h"
#include "base/buf.h"
#include "rules/rule_template.h"
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
    struct rule_view view;
    struct pattern_captures captures; /* of (?<NAME>...), for rules with %{NAME} */
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

static enum pattern_result count_matches(struct matcher *m, const struct rule *rule,
                                         const struct rule_text *text, unsigned max,
                                         unsigned *count)
{
    return rule->is_capturing
               ? pattern_capture(rule->pattern, text->bytes, text->is_continued, max,
                                 count, &m->captures)
               : pattern_count(rule->pattern, text->bytes, text->is_continued, max,
                               count);
}

/* One rule on one piece of its text, unless it has its matches. */
static void match_piece(struct matcher *m, const struct rule *rule, unsigned index,
                        const struct rule_texts *texts, size_t piece)
{
    unsigned total = (unsigned)m->values[index], count;

    if (total >= rule->most || m->stopped[index] >= LIMIT_ERRORS_A_RULE ||
        (piece == 0 && rule->is_without_subject))
        return;
    if (count_matches(m, rule, &texts->at[piece], rule->most - total, &count) ==
        PATTERN_LIMIT)
        m->stopped[index]++;
    m->values[index] = total + count;
}

static void match_group(struct matcher *m, const struct rule_group *group,
                        struct rule_texts (*make)(struct rule_view *view))
{
    struct rule_texts texts;
    struct prefilter_run run;
    size_t always;

    if (group->count == 0)
        return;
    texts = make(&m->view);
    always = start_filter(m, group, &run);
    for (size_t i = 0; i < always; i++)
        for (size_t t = 0; t < texts.count; t++)
            match_piece(m, &m->set->rules[group->at[i]], group->at[i], &texts, t);
    for (size_t t = 0; always < group->count && t < texts.count; t++) {
        prefilter_scan(group->filter, texts.at[t].bytes, &run);
        for (size_t i = 0; i < run.count; i++)
            match_piece(m, &m->set->rules[run.rules[i]], run.rules[i], &texts, t);
    }
    for (size_t i = 0; i < group->count; i++)
        m->limit_errors += m->stopped[group->at[i]] > 0 && m->values[group->at[i]] == 0;
}

/* What a header rule sees. An absent header is an empty text, as in SpamAssassin. */
static struct span shown(const struct rule *rule, bool is_found, struct span value)
{
    if (is_found)
        return value;
    return rule->has_unset ? rule->unset : (struct span){"", 0};
}

static void match_field(struct matcher *m, const struct rule *rule, unsigned index,
                        bool is_found, struct span value)
{
    struct rule_text text = {shown(rule, is_found, value), false};
    enum pattern_result result;
    unsigned count;

    if (rule->is_exists) {
        m->values[index] = is_found;
        return;
    }
    result = count_matches(m, rule, &text, rule->most, &count);
    if (rule->is_negated)
        m->values[index] = result == PATTERN_MISS;
    else
        m->values[index] = count;
    m->limit_errors += result == PATTERN_LIMIT && count == 0;
}

/* The first part whose header matches decides. number: from 1. */
static void match_part(struct matcher *m, const struct rule *rule, unsigned index,
                       size_t number, bool is_found, struct span value)
{
    struct rule_text text = {shown(rule, is_found, value), false};
    unsigned count = is_found;
    enum pattern_result result = PATTERN_MISS;

    if (m->values[index] != 0 || number < rule->first_part ||
        (rule->last_part > 0 && number > rule->last_part))
        return;
    if (!rule->is_exists)
        result = count_matches(m, rule, &text, rule->most, &count);
    if (count > 0)
        m->values[index] = rule->is_negated ? decided_miss : count;
    else if (result == PATTERN_LIMIT) {
        m->values[index] = decided_miss;
        m->limit_errors++;
    }
}

/* tflags concat: the values of all parts that count, one after the other. */
static void match_joined(struct matcher *m, const struct rule *rule, unsigned index)
{
    const struct header_spec *spec = &m->set->headers[rule->header].spec;
    size_t first = rule->first_part > 0 ? rule->first_part - 1 : 0;
    size_t end = m->msg->part_count;
    struct buf joined;

    if (rule->last_part > 0 && rule->last_part < end)
        end = rule->last_part;
    buf_init(&joined, m->msg->arena, BOUND_MATCH_TEXT_BYTES);
    for (size_t p = first; p < end; p++) {
        struct span value;
        bool is_found = header_part_value(spec, m->msg, &m->msg->parts[p], &value);
        value = shown(rule, is_found, value);
        buf_add_span(&joined, value);
        if (value.len == 0 || value.at[value.len - 1] != '\n')
            buf_add_char(&joined, '\n');
    }
    match_part(m, rule, index, rule->first_part, true, buf_span(&joined));
}

/* After the last part. */
static void decide_parts(struct matcher *m, const struct rule *rule, unsigned index)
{
    double *result = &m->values[index];

    if (*result == 0 && rule->is_negated)
        *result = 1;
    else if (*result < 0)
        *result = 0;
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
            if (!m->set->rules[group->at[i]].is_concat)
                match_part(m, &m->set->rules[group->at[i]], group->at[i], p + 1,
                           is_found, value);
        if (always == group->count || !is_found)
            continue;
        prefilter_scan(group->filter, value, &run);
        for (size_t i = 0; i < run.count; i++)
            match_part(m, &m->set->rules[run.rules[i]], run.rules[i], p + 1, is_found,
                       value);
    }
    for (size_t i = 0; i < group->count; i++) {
        const struct rule *rule = &m->set->rules[group->at[i]];
        if (rule->is_concat)
            match_joined(m, rule, group->at[i]);
        decide_parts(m, rule, group->at[i]);
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

    for (size_t i = 0; i < always; i++)
        match_field(m, &m->set->rules[group->at[i]], group->at[i], is_found, value);
    if (always == group->count)
        return;
    for (size_t i = always; i < group->count; i++)
        m->values[group->at[i]] = m->set->rules[group->at[i]].is_negated;
    if (!is_found)
        return;
    prefilter_scan(group->filter, value, &run);
    for (size_t i = 0; i < run.count; i++)
        match_field(m, &m->set->rules[run.rules[i]], run.rules[i], is_found, value);
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

/* The rule's pattern, with what was captured in it, if text can match it at all. */
static bool is_ready(struct matcher *m, struct rule *rule, struct span regex,
                     struct span text)
{
    struct err err;

    if (!rule_template_occurs(rule->regex, &m->captures, text))
        return false;
    return rule->pattern != NULL ||
           pattern_new(&rule->pattern, regex, rule->flags, &err) == 0;
}

static void fill_texts(struct matcher *m, struct rule *rule, unsigned index,
                       struct span regex, struct rule_texts texts)
{
    for (size_t t = 0; t < texts.count; t++)
        if (is_ready(m, rule, regex, texts.at[t].bytes))
            match_piece(m, rule, index, &texts, t);
}

static void fill_field(struct matcher *m, struct rule *rule, unsigned index,
                       struct span regex)
{
    const struct header_spec *spec = &m->set->headers[rule->header].spec;
    struct span value;
    bool is_found = header_value(spec, m->msg, m->env, &value);

    if (is_ready(m, rule, regex, shown(rule, is_found, value)))
        match_field(m, rule, index, is_found, value);
    else
        m->values[index] = rule->is_negated;
}

static void fill_parts(struct matcher *m, struct rule *rule, unsigned index,
                       struct span regex)
{
    const struct header_spec *spec = &m->set->headers[rule->header].spec;

    for (size_t p = 0; p < m->msg->part_count; p++) {
        struct span value;
        bool is_found = header_part_value(spec, m->msg, &m->msg->parts[p], &value);
        if (is_ready(m, rule, regex, shown(rule, is_found, value)))
            match_part(m, rule, index, p + 1, is_found, value);
    }
    decide_parts(m, rule, index);
}

/* A rule that names captures. It does not run when one took nothing. */
static void match_template(struct matcher *m, unsigned index)
{
    struct rule rule = m->set->rules[index];
    struct span regex;

    rule.pattern = NULL;
    if (!rule_template_fill(m->msg->arena, rule.regex, &m->captures, &regex))
        return;
    switch (rule.info.kind) {
    case RULE_HEADER:
        fill_field(m, &rule, index, regex);
        break;
    case RULE_MIMEHEADER:
        fill_parts(m, &rule, index, regex);
        break;
    case RULE_BODY:
        fill_texts(m, &rule, index, regex, rule_text_body(&m->view));
        break;
    case RULE_RAWBODY:
        fill_texts(m, &rule, index, regex, rule_text_rawbody(&m->view));
        break;
    case RULE_URI:
        fill_texts(m, &rule, index, regex, rule_text_uri(&m->view));
        break;
    default:
        fill_texts(m, &rule, index, regex, rule_text_full(&m->view));
    }
    pattern_free(&rule.pattern);
}

double rule_expression_value(const struct rule *rule, const double *numbers,
                             const struct span *texts, unsigned *limit_errors)
{
    double value = expression_run(rule->expression, numbers, texts, limit_errors);

    /* A hit is never less than one hit, whatever the arithmetic. */
    return value < 0 ? 1 : value;
}

static void match_facts(struct matcher *m, const struct facts *facts)
{
    const struct rule_group *group = &m->set->facts;

    for (size_t i = 0; i < group->count; i++)
        m->values[group->at[i]] =
            rule_expression_value(&m->set->rules[group->at[i]], facts->number,
                                  facts->text, &m->limit_errors);
}

static void mark_users(const struct rule_users *users, unsigned rule,
                       unsigned char *is_due)
{
    for (unsigned u = users->first[rule]; u < users->first[rule + 1]; u++)
        is_due[users->at[u]] = 1;
}

/* A meta is as it is at rest while all that it names is. is_due: a byte a rule, 0. */
static void match_metas(struct matcher *m, unsigned char *is_due)
{
    const struct ruleset *set = m->set;

    for (size_t i = 0; i < set->metas.count; i++) {
        m->values[set->metas.at[i]] = set->resting[set->metas.at[i]];
        is_due[set->metas.at[i]] = set->is_unfiltered;
    }
    for (unsigned i = 0; i < set->count; i++)
        if (m->values[i] != set->resting[i])
            mark_users(&set->users, i, is_due);
    for (size_t i = 0; i < set->metas.count; i++) {
        unsigned meta = set->metas.at[i];
        if (!is_due[meta])
            continue;
        m->values[meta] = rule_expression_value(&set->rules[meta], m->values, NULL,
                                                &m->limit_errors);
        if (m->values[meta] != set->resting[meta])
            mark_users(&set->users, meta, is_due);
    }
}

/* Those that count: with a score, or named by a meta. */
static void match_evals(struct matcher *m, const struct facts *facts)
{
    const struct rule_group *group = &m->set->evals;
    struct eval_scene scene;

    (void)facts;
    if (group->count == 0)
        return;
    eval_scene_init(&scene, &m->view, m->env, &m->set->source.evals,
                    &m->set->eval_regexes);
    for (size_t i = 0; i < group->count; i++) {
        const struct rule *rule = &m->set->rules[group->at[i]];
        if (rule->info.score != 0 || rule->is_named || m->set->is_unfiltered)
            m->values[group->at[i]] = eval_run(rule->eval, &scene);
    }
    m->limit_errors += scene.limit_errors;
}

double *rule_values(const struct ruleset *set, const struct message *msg,
                    const struct envelope *env, const struct facts *facts,
                    unsigned *limit_errors)
{
    struct matcher m = {.set = set, .msg = msg, .env = env};
    unsigned char *is_due = arena_alloc(msg->arena, set->count);

    m.values = arena_array(msg->arena, set->count, sizeof *m.values);
    m.stopped = arena_alloc(msg->arena, set->count);
    *limit_errors = 0;
    if (m.values == NULL || m.stopped == NULL || is_due == NULL)
        return NULL;
    rule_view_init(&m.view, msg, &set->links);
    m.captures.arena = msg->arena;
    match_headers(&m);
    match_group(&m, &set->body, rule_text_body);
    match_group(&m, &set->rawbody, rule_text_rawbody);
    match_group(&m, &set->uri, rule_text_uri);
    match_group(&m, &set->full, rule_text_full);
    match_evals(&m, facts);
    for (size_t i = 0; i < set->templates.count; i++)
        match_template(&m, set->templates.at[i]);
    if (facts != NULL)
        match_facts(&m, facts);
    match_metas(&m, is_due);
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
    hits->values = values;
    if (values == NULL)
        return;
    for (size_t i = 0; i < set->count; i++)
        count += is_hit(set, values, i);
    hits->at = arena_array(msg->arena, count, sizeof *hits->at);
    if (hits->at != NULL)
        gather(set, values, hits);
}
