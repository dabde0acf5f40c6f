/* SPDX-License-Identifier: BSD-2-Clause */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/bounds.h"
#include "base/buf.h"
#include "rules/ruleset_private.h"
#include "rules/source/rule_template.h"
#include "rules/text/rule_text.h"
#include "rules/text/undisguise.h"

/* Chosen: a rule that was stopped so often on one message is left alone, so that its
 * cost stays bounded. */
enum { LIMIT_ERRORS_A_RULE = 3 };

/* Chosen: pieces that rules may wait with at one time; beyond, they run at once. */
enum { WAITING_PIECES = 4096 };

/* "decided: no hit" of a mimeheader rule, while parts are still looked at. */
static const double decided_miss = -1;

/* How a rule waits until a meta needs it. */
enum wait {
    WAIT_NOT = 0,
    WAIT_FIELD,
    WAIT_TEXT,   /* with all pieces of its text */
    WAIT_PIECES, /* with those that the scan named it for */
    WAIT_EVAL,
};

struct waiting {
    enum wait how;
    unsigned first, last; /* of its pieces */
    float cost;           /* bytes of text times bytes of regex */
};

struct waiting_piece {
    unsigned piece;
    unsigned next; /* 0 ends */
};

struct field {
    bool is_found;
    struct span value;
};

struct matcher {
    const struct ruleset *set;
    const struct message *msg;
    const struct envelope *env;
    struct rule_view view;
    struct pattern_captures captures; /* of (?<NAME>...), for rules with %{NAME} */
    double *values;
    unsigned char *stopped;       /* of a rule: how often, by a limit */
    struct waiting *waiting;      /* of a rule */
    struct waiting_piece *pieces; /* [0] is none */
    size_t piece_count;
    struct field *fields; /* of a header */
    struct eval_scene scene;
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

static bool waits(const struct matcher *m, unsigned index)
{
    return m->set->rules[index].may_wait && !m->set->runs_all && !m->set->is_unfiltered;
}

static void wait(struct matcher *m, unsigned index, enum wait how, size_t bytes)
{
    m->waiting[index].how = how;
    m->waiting[index].cost += (float)bytes * (float)m->set->rules[index].regex.len;
}

/* false: no room, it must run now. */
static bool wait_with_piece(struct matcher *m, unsigned index, size_t piece,
                            size_t bytes)
{
    struct waiting *waiting = &m->waiting[index];
    unsigned place = (unsigned)m->piece_count + 1;

    if (m->piece_count == WAITING_PIECES)
        return false;
    m->piece_count++;
    m->pieces[place].piece = (unsigned)piece;
    if (waiting->first == 0)
        waiting->first = place;
    else
        m->pieces[waiting->last].next = place;
    waiting->last = place;
    wait(m, index, WAIT_PIECES, bytes);
    return true;
}

static void match_pieces(struct matcher *m, unsigned index,
                         const struct rule_texts *texts)
{
    for (size_t t = 0; t < texts->count; t++)
        match_piece(m, &m->set->rules[index], index, texts, t);
}

static void match_always(struct matcher *m, const struct rule_group *group,
                         size_t always, const struct rule_texts *texts)
{
    size_t bytes = 0;

    for (size_t t = 0; t < texts->count; t++)
        bytes += texts->at[t].bytes.len;
    for (size_t i = 0; i < always; i++) {
        if (waits(m, group->at[i]))
            wait(m, group->at[i], WAIT_TEXT, bytes);
        else
            match_pieces(m, group->at[i], texts);
    }
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
    match_always(m, group, always, &texts);
    for (size_t t = 0; always < group->count && t < texts.count; t++) {
        prefilter_scan(group->filter, texts.at[t].bytes, &run);
        for (size_t i = 0; i < run.count; i++)
            if (!waits(m, run.rules[i]) ||
                !wait_with_piece(m, run.rules[i], t, texts.at[t].bytes.len))
                match_piece(m, &m->set->rules[run.rules[i]], run.rules[i], &texts, t);
    }
}

static void count_stopped(struct matcher *m, const struct rule_group *group)
{
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

static void match_or_wait(struct matcher *m, unsigned index, const struct field *field)
{
    const struct rule *rule = &m->set->rules[index];

    if (waits(m, index))
        wait(m, index, WAIT_FIELD, field->value.len);
    else
        match_field(m, rule, index, field->is_found, field->value);
}

static bool field_value(struct matcher *m, const struct rule_header *header,
                        struct span *value)
{
    bool is_found = header_value(&header->spec, &m->view, value);

    if (is_found && header->is_undisguised)
        *value = undisguise(m->msg->arena, *value);
    return is_found;
}

/* A rule that the scan does not name has no match, which is what !~ asks for. */
static void match_fields(struct matcher *m, const struct rule_header *header,
                         struct field *field)
{
    const struct rule_group *group = &header->fields;
    struct prefilter_run run;
    size_t always = start_filter(m, group, &run);

    field->is_found = field_value(m, header, &field->value);
    for (size_t i = 0; i < always; i++)
        match_or_wait(m, group->at[i], field);
    if (always == group->count)
        return;
    for (size_t i = always; i < group->count; i++)
        m->values[group->at[i]] = m->set->rules[group->at[i]].is_negated;
    if (!field->is_found)
        return;
    prefilter_scan(group->filter, field->value, &run);
    for (size_t i = 0; i < run.count; i++)
        match_or_wait(m, run.rules[i], field);
}

static void match_headers(struct matcher *m)
{
    for (size_t h = 0; h < m->set->header_count; h++) {
        const struct rule_header *header = &m->set->headers[h];
        match_parts(m, header);
        if (header->fields.count > 0)
            match_fields(m, header, &m->fields[h]);
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
    struct span value;
    bool is_found = field_value(m, &m->set->headers[rule->header], &value);

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

static struct rule_texts texts_of(struct matcher *m, const struct rule *rule)
{
    switch (rule->info.kind) {
    case RULE_BODY:
        return rule->info.tflags & TFLAG_UNDISGUISED ? rule_text_undisguised(&m->view)
                                                     : rule_text_body(&m->view);
    case RULE_RAWBODY:
        return rule_text_rawbody(&m->view);
    case RULE_URI:
        return rule_text_uri(&m->view);
    default:
        return rule_text_full(&m->view);
    }
}

/* A rule that names captures. It does not run when one took nothing. */
static void match_template(struct matcher *m, unsigned index)
{
    struct rule rule = m->set->rules[index];
    struct span regex;

    rule.pattern = NULL;
    if (!rule_template_fill(m->msg->arena, rule.regex, &m->captures, &regex))
        return;
    if (rule.info.kind == RULE_HEADER)
        fill_field(m, &rule, index, regex);
    else if (rule.info.kind == RULE_MIMEHEADER)
        fill_parts(m, &rule, index, regex);
    else
        fill_texts(m, &rule, index, regex, texts_of(m, &rule));
    pattern_free(&rule.pattern);
}

static void match_facts(struct matcher *m, const struct facts *facts)
{
    const struct rule_group *group = &m->set->facts;

    for (size_t i = 0; i < group->count; i++) {
        const struct rule *rule = &m->set->rules[group->at[i]];
        double value = expression_run(rule->expression, facts->number, facts->text,
                                      &m->limit_errors);
        /* A hit is never less than one hit, whatever the arithmetic. */
        m->values[group->at[i]] = value < 0 ? 1 : value;
    }
}

/* rule_find_out: a rule that waits runs after all. */
static double run_waiting(void *context, unsigned index)
{
    struct matcher *m = context;
    const struct rule *rule = &m->set->rules[index];
    struct rule_texts texts;

    switch (m->waiting[index].how) {
    case WAIT_FIELD:
        match_field(m, rule, index, m->fields[rule->header].is_found,
                    m->fields[rule->header].value);
        break;
    case WAIT_EVAL:
        m->values[index] = eval_run(rule->eval, &m->scene);
        break;
    case WAIT_TEXT:
        texts = texts_of(m, rule);
        match_pieces(m, index, &texts);
        break;
    default:
        texts = texts_of(m, rule);
        for (unsigned p = m->waiting[index].first; p != 0; p = m->pieces[p].next)
            match_piece(m, rule, index, &texts, m->pieces[p].piece);
    }
    return m->values[index];
}

static struct expression_range range_of(const struct matcher *m, unsigned index)
{
    const struct waiting *waiting = &m->waiting[index];
    double value = m->values[index];

    if (waiting->how == WAIT_NOT)
        return (struct expression_range){value, value, EXPRESSION_DECIDED, 0};
    return (struct expression_range){0, m->set->rules[index].most, (int)index,
                                     waiting->cost};
}

static int match_metas(struct matcher *m)
{
    const struct ruleset *set = m->set;
    struct expression_range *ranges =
        arena_array(m->msg->arena, set->count, sizeof *ranges);
    unsigned char *is_due = arena_alloc(m->msg->arena, set->metas.count);

    if (ranges == NULL || is_due == NULL)
        return -1;
    for (unsigned i = 0; i < set->count; i++)
        ranges[i] =
            set->rules[i].info.kind == RULE_META ? set->resting[i] : range_of(m, i);
    if (set->is_unfiltered)
        memset(is_due, 1, set->metas.count);
    rule_meta_settle(set, ranges, is_due, run_waiting, m);
    for (size_t i = 0; i < set->metas.count; i++) {
        const struct expression_range *range = &ranges[set->metas.at[i]];
        m->values[set->metas.at[i]] =
            range->blame == EXPRESSION_DECIDED ? range->lo : 0;
    }
    return 0;
}

static void match_evals(struct matcher *m)
{
    const struct rule_group *group = &m->set->evals;

    eval_scene_init(&m->scene, &m->view, &m->set->source.evals, &m->set->eval_regexes);
    for (size_t i = 0; i < group->count; i++) {
        const struct rule *rule = &m->set->rules[group->at[i]];
        if (waits(m, group->at[i]))
            wait(m, group->at[i], WAIT_EVAL, 0);
        else if (rule->info.score != 0 || rule->is_named || m->set->runs_all)
            m->values[group->at[i]] = eval_run(rule->eval, &m->scene);
    }
}

/* All but metas, and what waits for them. */
static void match_others(struct matcher *m, const struct facts *facts)
{
    const struct ruleset *set = m->set;

    match_headers(m);
    match_group(m, &set->body, rule_text_body);
    match_group(m, &set->undisguised, rule_text_undisguised);
    match_group(m, &set->rawbody, rule_text_rawbody);
    match_group(m, &set->uri, rule_text_uri);
    match_group(m, &set->full, rule_text_full);
    for (size_t i = 0; i < set->templates.count; i++)
        match_template(m, set->templates.at[i]);
    match_evals(m);
    if (facts != NULL)
        match_facts(m, facts);
}

static int start(struct matcher *m)
{
    struct arena *arena = m->msg->arena;
    const struct ruleset *set = m->set;

    m->values = arena_array(arena, set->count, sizeof *m->values);
    m->stopped = arena_alloc(arena, set->count);
    m->waiting = arena_array(arena, set->count, sizeof *m->waiting);
    m->pieces = arena_array(arena, WAITING_PIECES + 1, sizeof *m->pieces);
    m->fields = arena_array(arena, set->header_count, sizeof *m->fields);
    rule_view_init(&m->view, m->msg, m->env, &set->links, &set->source.evals.trust);
    m->captures.arena = arena;
    return m->values != NULL && m->stopped != NULL && m->waiting != NULL &&
                   m->pieces != NULL && m->fields != NULL
               ? 0
               : -1;
}

double *rule_values(const struct ruleset *set, const struct message *msg,
                    const struct envelope *env, const struct facts *facts,
                    unsigned *limit_errors)
{
    struct matcher m = {.set = set, .msg = msg, .env = env};

    *limit_errors = 0;
    if (start(&m) != 0)
        return NULL;
    match_others(&m, facts);
    if (match_metas(&m) != 0)
        return NULL;
    count_stopped(&m, &set->body);
    count_stopped(&m, &set->undisguised);
    count_stopped(&m, &set->rawbody);
    count_stopped(&m, &set->uri);
    count_stopped(&m, &set->full);
    *limit_errors = m.limit_errors + m.scene.limit_errors;
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

static void gather_all(const struct ruleset *set, const double *values,
                       struct arena *arena, struct hits *hits)
{
    size_t count = 0;

    for (size_t i = 0; i < set->count; i++)
        count += is_hit(set, values, i);
    hits->at = arena_array(arena, count, sizeof *hits->at);
    if (hits->at != NULL)
        gather(set, values, hits);
}

void rule_match(const struct ruleset *set, const struct message *msg,
                const struct envelope *env, const struct facts *facts,
                struct hits *hits)
{
    double *values;

    *hits = (struct hits){0};
    values = rule_values(set, msg, env, facts, &hits->limit_errors);
    hits->values = values;
    if (values != NULL)
        gather_all(set, values, msg->arena, hits);
}

/* Rules whose texts were not kept, and the metas on them; each meta stands after those
 * that it names. */
static void mark_blind(const struct ruleset *set, const struct rule_kept *kept,
                       bool *is_blind)
{
    for (size_t i = 0; i < set->count; i++) {
        enum rule_kind kind = set->rules[i].info.kind;
        is_blind[i] = kind == RULE_HEADER ? !kept->has_header
                      : kind == RULE_FACT ? !kept->has_facts
                                          : kind != RULE_META;
    }
    for (size_t i = 0; i < set->evals.count; i++)
        is_blind[set->evals.at[i]] = true;
    for (size_t i = 0; i < set->templates.count; i++)
        is_blind[set->templates.at[i]] = true;
    for (size_t i = 0; i < set->metas.count; i++) {
        unsigned index = set->metas.at[i];
        is_blind[index] = expression_reads(set->rules[index].expression, is_blind);
    }
}

void rule_match_kept(const struct ruleset *set, const struct message *msg,
                     const struct envelope *env, const struct facts *facts,
                     const struct rule_kept *kept, struct hits *hits)
{
    bool *is_blind = arena_array(msg->arena, set->count, sizeof *is_blind);
    double *values;

    *hits = (struct hits){0};
    values = rule_values(set, msg, env, facts, &hits->limit_errors);
    if (values == NULL || is_blind == NULL)
        return;
    mark_blind(set, kept, is_blind);
    for (size_t i = 0; i < set->count; i++)
        if (is_blind[i])
            values[i] = 0;
    for (size_t i = 0; i < kept->count; i++)
        if (is_blind[kept->rules[i]])
            values[kept->rules[i]] = 1;
    hits->values = values;
    gather_all(set, values, msg->arena, hits);
}
