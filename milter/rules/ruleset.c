/* SPDX-License-Identifier: BSD-2-Clause */
#include "rules/ruleset.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "base/bounds.h"
#include "base/buf.h"
#include "rules/rule_need.h"
#include "rules/ruleset_private.h"
#include "rules/source/rule_fold.h"
#include "rules/source/rule_template.h"

/* Scores of rules that no score line names. Source: Conf(3pm), "score". */
static const double default_score = 1.0, trial_score = 0.01;

/* Loading, after the files were read. */
struct loader {
    struct ruleset *set;
    struct rule_entry **entries; /* by name */
    struct rule_remarks *remarks;
    struct arena *arena;
    const struct rule_entry *current; /* the meta that is being compiled */
    struct rule_group edges;          /* pairs: a meta, and a rule that it names */
};

static int no_memory(struct err *err)
{
    return err_set(err, ERR_MEMORY, "no memory for the rules");
}

static int add_index(struct arena *arena, struct rule_group *group, size_t index)
{
    size_t room = group->room > 0 ? 2 * group->room : 8;

    if (group->count == group->room) {
        unsigned *at = arena_array(arena, room, sizeof *at);
        if (at == NULL)
            return -1;
        if (group->count > 0)
            memcpy(at, group->at, group->count * sizeof *at);
        group->at = at;
        group->room = room;
    }
    group->at[group->count++] = (unsigned)index;
    return 0;
}

static struct span join(struct arena *arena, struct span a, struct span b)
{
    struct buf out;

    buf_init(&out, arena, a.len + b.len + 1);
    buf_add_span(&out, a);
    buf_add_span(&out, b);
    return buf_span(&out);
}

static bool is_private(const char *name)
{
    return name[0] == '_' && name[1] == '_';
}

static double score_of(const struct rule_entry *entry)
{
    double score;

    if (is_private(entry->name))
        return 0;
    if (entry->has_score)
        return entry->score;
    score = strncmp(entry->name, "T_", 2) == 0 ? trial_score : default_score;
    return entry->tflags & TFLAG_NICE ? -score : score;
}

static bool is_expression(enum rule_kind kind)
{
    return kind == RULE_META || kind == RULE_FACT;
}

/* Why a rule cannot run that parsed well; NULL if it can. */
static const char *obstacle(const struct rule_entry *entry)
{
    if (entry->skipped != NULL)
        return entry->skipped;
    return NULL;
}

static unsigned most_matches(const struct rule_entry *entry)
{
    if (!(entry->tflags & TFLAG_MULTIPLE) || entry->is_negated)
        return 1;
    if (entry->max_hits > 0 && entry->max_hits < BOUND_MATCHES)
        return entry->max_hits;
    return BOUND_MATCHES;
}

/* tflags undisguised, where it means something. */
static bool is_read_undisguised(const struct rule_entry *entry)
{
    return (entry->tflags & TFLAG_UNDISGUISED) &&
           (entry->kind == RULE_BODY || entry->kind == RULE_HEADER);
}

/* A pattern with %{NAME} is tried with a letter in its place. */
static int compile_template(struct loader *loader, struct rule *rule, struct err *err)
{
    struct pattern_captures captures = {.arena = loader->arena};
    struct pattern_capture capture = {.value = SPAN("x")};
    struct span regex = rule->regex, name;
    size_t at = 0, start;

    captures.at = &capture;
    captures.count = 1;
    while (rule_template_next(regex, &at, &start, &name)) {
        struct span head = span_head(regex, at);
        capture.name = name;
        if (!rule_template_fill(loader->arena, head, &captures, &head))
            return no_memory(err);
        regex = join(loader->arena, head, span_from(regex, at));
        at = head.len;
    }
    return pattern_new(&rule->pattern, regex, rule->flags, err);
}

/* A pattern whose tags make it too large is compiled with each of them written once;
 * the prefilter and the administrator still see it spelt out. */
static int compile_plain(struct loader *loader, const struct rule_entry *entry,
                         struct rule *rule, struct err *err)
{
    struct span folded;
    struct err again;

    if (pattern_new(&rule->pattern, rule->regex, rule->flags, err) == 0)
        return 0;
    if (err->code != ERR_TOO_LARGE || !entry->has_tags ||
        !rule_fold(&loader->set->source.tags, entry->regex, rule->regex, rule->flags,
                   &folded))
        return -1;
    return pattern_new(&rule->pattern, folded, rule->flags, &again);
}

static int compile_pattern(struct loader *loader, const struct rule_entry *entry,
                           struct rule *rule, struct err *err)
{
    struct span name;
    size_t at = 0, start;

    if (entry->is_exists)
        return 0;
    rule->regex = entry->regex;
    rule->flags = entry->flags;
    if (entry->has_tags && rule_tags_apply(&loader->set->source.tags, entry->regex,
                                           &rule->regex, err) != 0)
        return -1;
    rule->is_template = rule_template_next(rule->regex, &at, &start, &name);
    return rule->is_template ? compile_template(loader, rule, err)
                             : compile_plain(loader, entry, rule, err);
}

/* The slot of an entry's header, made when it is new. -1 (ERR_NOT_FOUND: no such
 * thing). */
static int header_slot(struct loader *loader, const struct rule_entry *entry,
                       unsigned *slot, struct err *err)
{
    bool is_undisguised = is_read_undisguised(entry);
    struct span written = entry->header;
    struct ruleset *set = loader->set;
    size_t room = set->header_room > 0 ? 2 * set->header_room : 64;

    for (size_t i = 0; i < set->header_count; i++)
        if (span_eq(set->headers[i].written, written) &&
            set->headers[i].is_undisguised == is_undisguised) {
            *slot = (unsigned)i;
            return 0;
        }
    if (set->header_count == set->header_room) {
        struct rule_header *at = arena_array(loader->arena, room, sizeof *at);
        if (at == NULL)
            return no_memory(err);
        if (set->header_count > 0)
            memcpy(at, set->headers, set->header_count * sizeof *at);
        set->headers = at;
        set->header_room = room;
    }
    struct rule_header *header = &set->headers[set->header_count];
    if (header_spec_parse(written, &header->spec, err) != 0)
        return -1;
    header->written = written;
    header->is_undisguised = is_undisguised;
    *slot = (unsigned)set->header_count++;
    return 0;
}

/* Fill rule from entry but for its expression. -1: it cannot run, err says why. */
static int make_rule(struct loader *loader, const struct rule_entry *entry,
                     struct rule *rule, struct err *err)
{
    bool is_eval = entry->eval.len > 0;
    bool is_header = entry->kind == RULE_HEADER || entry->kind == RULE_MIMEHEADER;

    *rule = (struct rule){
        .info = {.name = entry->name,
                 .kind = entry->kind,
                 .file = entry->place.file,
                 .line = entry->place.line,
                 .score = score_of(entry),
                 .has_score = entry->has_score,
                 .describe = entry->describe != NULL ? entry->describe : "",
                 .definition = entry->definition,
                 .tflags = entry->tflags},
        .is_exists = entry->is_exists,
        .is_negated = entry->is_negated,
        .has_unset = entry->has_unset,
        .is_without_subject = entry->is_without_subject && entry->kind == RULE_BODY,
        .unset = entry->unset,
        .is_concat = entry->is_concat,
        .first_part = entry->first_part,
        .last_part = entry->last_part,
        .most = most_matches(entry),
    };
    if (is_expression(entry->kind))
        return 0;
    if (is_eval)
        return eval_parse(loader->arena, entry->eval,
                          loader->set->source.has_authentication, &rule->eval, err);
    if (is_header && header_slot(loader, entry, &rule->header, err) != 0)
        return -1;
    return compile_pattern(loader, entry, rule, err);
}

/* Published scores: a rule that asks the network has none in the first column. */
static void choose_score(const struct loader *loader, struct rule_entry *entry)
{
    if (loader->set->source.has_authentication && entry->eval.len > 0 &&
        eval_needs_authentication(entry->eval))
        entry->score = entry->network_score;
}

/* One entry becomes a rule that runs, or a remark. */
static int take_entry(struct loader *loader, struct rule_entry *entry, struct err *err)
{
    struct ruleset *set = loader->set;
    const char *why = obstacle(entry);
    struct err reason;

    if (entry->kind == RULE_KIND_UNKNOWN)
        return 0;
    choose_score(loader, entry);
    if (why == NULL && entry->has_score && entry->score == 0 &&
        !is_private(entry->name)) {
        rule_remark_add(loader->remarks, REMARK_NOTE, &entry->place,
                        "%s: off, its score is 0", entry->name);
        return 0;
    }
    if (why == NULL &&
        make_rule(loader, entry, &set->rules[set->count], &reason) == 0) {
        entry->index = ++set->count;
        return 0;
    }
    if (why == NULL && reason.code == ERR_MEMORY) {
        *err = reason;
        return -1;
    }
    rule_remark_add(loader->remarks,
                    why == NULL && entry->eval.len > 0 && reason.code == ERR_CONFIG
                        ? REMARK_ERROR
                        : REMARK_SKIPPED,
                    &entry->place, "%s: %s", entry->name,
                    why != NULL ? why : reason.text);
    return 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp((*(struct rule_entry *const *)a)->name,
                  (*(struct rule_entry *const *)b)->name);
}

static int take_entries(struct loader *loader, struct err *err)
{
    const struct rule_table *table = &loader->set->source.table;

    loader->set->rules =
        arena_array(loader->arena, table->count, sizeof *loader->set->rules);
    loader->entries = arena_array(loader->arena, table->count, sizeof(void *));
    if (loader->set->rules == NULL || loader->entries == NULL)
        return no_memory(err);
    if (table->count == 0)
        return 0;
    memcpy(loader->entries, table->entries, table->count * sizeof(void *));
    qsort(loader->entries, table->count, sizeof(void *), by_name);
    for (size_t i = 0; i < table->count; i++)
        if (take_entry(loader, loader->entries[i], err) != 0)
            return -1;
    return 0;
}

static int width(struct span s)
{
    return (int)(s.len < 100 ? s.len : 100);
}

/* A meta that counts on what is not there is most often mistyped. */
static void remark_on_constant(struct loader *loader, struct span name,
                               const struct rule_entry *entry)
{
    bool is_unknown = entry == NULL || entry->kind == RULE_KIND_UNKNOWN;
    const char *nearest =
        is_unknown ? rule_table_nearest(&loader->set->source.table, name) : NULL;

    rule_remark_add(loader->remarks, is_unknown ? REMARK_WARNING : REMARK_NOTE,
                    &loader->current->place, "%s: %.*s %s and counts as 0%s%s%s",
                    loader->current->name, width(name), name.at,
                    is_unknown ? "is not defined" : "does not run",
                    nearest != NULL ? "; did you mean " : "",
                    nearest != NULL ? nearest : "", nearest != NULL ? "?" : "");
}

/* What a meta names: a rule that runs, or 0. */
static int find_rule(void *context, struct span name, struct span argument,
                     struct expression_operand *out, struct err *err)
{
    struct loader *loader = context;
    const struct rule_entry *entry = rule_table_find(&loader->set->source.table, name);

    if (argument.at != NULL)
        return err_set(err, ERR_CONFIG, "%.*s is no function", width(name), name.at);
    out->type = EXPRESSION_NUMBER;
    out->is_constant = entry == NULL || entry->index == 0;
    if (span_eq(name, SPAN("local_tests_only"))) {
        out->number = 1;
        return 0;
    }
    if (out->is_constant) {
        if (loader->set->source.is_lint)
            remark_on_constant(loader, name, entry);
        return 0;
    }
    out->slot = (unsigned)(entry->index - 1);
    loader->set->rules[out->slot].is_named = true;
    return add_index(loader->arena, &loader->edges, loader->current->index - 1) != 0 ||
                   add_index(loader->arena, &loader->edges, entry->index - 1) != 0
               ? no_memory(err)
               : 0;
}

static int find_fact(void *context, struct span name, struct span argument,
                     struct expression_operand *out, struct err *err)
{
    int id = facts_find(name);
    const char *nearest;

    (void)context;
    if (argument.at != NULL)
        return err_set(err, ERR_CONFIG, "%.*s is no function", width(name), name.at);
    if (id < 0) {
        nearest = facts_nearest(name);
        return err_set(err, ERR_CONFIG, "there is no fact %.*s%s%s%s", width(name),
                       name.at, nearest != NULL ? "; did you mean " : "",
                       nearest != NULL ? nearest : "", nearest != NULL ? "?" : "");
    }
    out->slot = (unsigned)id;
    out->type =
        outgate_fact_rows[id].type == FACT_TEXT ? EXPRESSION_TEXT : EXPRESSION_NUMBER;
    return 0;
}

/* rules_matching(GLOB): the sum of the rules of such names. */
static void add_matching(const struct loader *loader, struct buf *out, struct span glob)
{
    const char *pattern = span_cstr(loader->arena, span_trim(glob));
    const struct rule_table *table = &loader->set->source.table;

    buf_add_span(out, SPAN("(0"));
    for (size_t i = 0; i < table->count; i++) {
        const struct rule_entry *entry = loader->entries[i];
        if (entry->index == 0 || entry == loader->current ||
            fnmatch(pattern, entry->name, 0) != 0)
            continue;
        buf_add_span(out, SPAN(" + "));
        buf_add_span(out, span_of(entry->name));
    }
    buf_add_char(out, ')');
}

static struct span open_globs(const struct loader *loader, struct span source)
{
    static const char word[] = "rules_matching(";
    struct buf out;
    ptrdiff_t at = span_find(source, SPAN("rules_matching("));

    if (at < 0)
        return source;
    buf_init(&out, loader->arena, BOUND_RULE_LINE_BYTES);
    for (; at >= 0; at = span_find(source, SPAN("rules_matching("))) {
        struct span glob;
        buf_add(&out, source.at, (size_t)at);
        span_cut(span_from(source, (size_t)at + sizeof word - 1), ')', &glob, &source);
        add_matching(loader, &out, glob);
    }
    buf_add_span(&out, source);
    return buf_span(&out);
}

static int compile_expression(struct loader *loader, struct rule_entry *entry,
                              struct err *err)
{
    struct rule *rule = &loader->set->rules[entry->index - 1];
    bool is_meta = entry->kind == RULE_META;
    struct expression_names names = {is_meta ? find_rule : find_fact, loader};
    struct span source =
        is_meta ? open_globs(loader, entry->expression) : entry->expression;
    struct err reason;

    loader->current = entry;
    if (expression_compile(&rule->expression, loader->arena, source, &names, &reason) ==
        0)
        return 0;
    if (reason.code == ERR_MEMORY) {
        *err = reason;
        return -1;
    }
    rule_remark_add(loader->remarks, REMARK_ERROR, &entry->place, "%s: %s", entry->name,
                    reason.text);
    return 0;
}

static int compile_expressions(struct loader *loader, struct err *err)
{
    for (size_t i = 0; i < loader->set->source.table.count; i++) {
        struct rule_entry *entry = loader->entries[i];
        loader->current = entry;
        if (entry->index > 0 && is_expression(entry->kind) &&
            compile_expression(loader, entry, err) != 0)
            return -1;
    }
    return 0;
}

/* Metas whose dependencies are all in order are put in order, until none is left. */
struct ordering {
    unsigned *waits; /* of a rule: metas that it names and that are not in order */
    struct rule_users *users;
};

static int prepare_ordering(struct loader *loader, struct ordering *o)
{
    const struct rule_group *edges = &loader->edges;
    size_t count = loader->set->count;
    struct rule_users *users = &loader->set->users;

    o->waits = arena_array(loader->arena, count + 1, sizeof *o->waits);
    o->users = users;
    users->first = arena_array(loader->arena, count + 2, sizeof *users->first);
    users->at = arena_array(loader->arena, edges->count / 2 + 1, sizeof *users->at);
    if (o->waits == NULL || users->first == NULL || users->at == NULL)
        return -1;
    for (size_t i = 0; i < edges->count; i += 2) {
        o->waits[edges->at[i]] +=
            loader->set->rules[edges->at[i + 1]].info.kind == RULE_META;
        users->first[edges->at[i + 1] + 2]++;
    }
    for (size_t i = 2; i < count + 2; i++)
        users->first[i] += users->first[i - 1];
    for (size_t i = 0; i < edges->count; i += 2)
        users->at[users->first[edges->at[i + 1] + 1]++] = edges->at[i];
    return 0;
}

static int order_metas(struct loader *loader, struct err *err)
{
    struct ruleset *set = loader->set;
    struct ordering o;

    if (prepare_ordering(loader, &o) != 0)
        return no_memory(err);
    for (size_t i = 0; i < set->count; i++)
        if (set->rules[i].info.kind == RULE_META && o.waits[i] == 0 &&
            add_index(loader->arena, &set->metas, i) != 0)
            return no_memory(err);
    for (size_t done = 0; done < set->metas.count; done++) {
        unsigned rule = set->metas.at[done];
        for (unsigned u = o.users->first[rule]; u < o.users->first[rule + 1]; u++)
            if (--o.waits[o.users->at[u]] == 0 &&
                add_index(loader->arena, &set->metas, o.users->at[u]) != 0)
                return no_memory(err);
    }
    for (size_t i = 0; i < set->source.table.count; i++) {
        const struct rule_entry *entry = loader->entries[i];
        if (entry->index > 0 && o.waits[entry->index - 1] > 0)
            rule_remark_add(loader->remarks, REMARK_ERROR, &entry->place,
                            "%s: names itself, or a meta that names it", entry->name);
    }
    return 0;
}

/* Users as indexes into metas. */
static int number_users(struct loader *loader)
{
    struct ruleset *set = loader->set;
    unsigned *positions = arena_array(loader->arena, set->count, sizeof *positions);

    if (positions == NULL)
        return -1;
    for (unsigned i = 0; i < set->metas.count; i++)
        positions[set->metas.at[i]] = i;
    for (size_t i = 0; i < loader->edges.count / 2; i++)
        set->users.at[i] = positions[set->users.at[i]];
    return 0;
}

/* What the metas are when nothing else hits. */
static int rest_metas(struct loader *loader, struct err *err)
{
    struct ruleset *set = loader->set;

    set->resting = arena_array(loader->arena, set->count, sizeof *set->resting);
    if (set->resting == NULL || number_users(loader) != 0)
        return no_memory(err);
    for (size_t i = 0; i < set->count; i++)
        set->resting[i].blame = EXPRESSION_DECIDED;
    for (size_t i = 0; i < set->metas.count; i++) {
        const struct rule *meta = &set->rules[set->metas.at[i]];
        if (meta->expression != NULL) /* else the set is refused */
            set->resting[set->metas.at[i]] = rule_meta_bounds(meta, set->resting);
    }
    return 0;
}

static struct rule_group *group_of(struct ruleset *set, const struct rule *rule)
{
    if (rule->eval != NULL)
        return &set->evals;
    switch (rule->info.kind) {
    case RULE_HEADER:
        return &set->headers[rule->header].fields;
    case RULE_MIMEHEADER:
        return &set->headers[rule->header].parts;
    case RULE_BODY:
        return rule->info.tflags & TFLAG_UNDISGUISED ? &set->undisguised : &set->body;
    case RULE_RAWBODY:
        return &set->rawbody;
    case RULE_URI:
        return &set->uri;
    case RULE_FULL:
        return &set->full;
    case RULE_FACT:
        return &set->facts;
    default:
        return NULL; /* metas are in order already */
    }
}

/* Another rule names it. */
static bool is_named(const struct ruleset *set, struct span capture)
{
    for (size_t i = 0; i < set->templates.count; i++) {
        struct span regex = set->rules[set->templates.at[i]].regex, name;
        size_t at = 0, start;
        while (rule_template_next(regex, &at, &start, &name))
            if (span_eq(name, capture))
                return true;
    }
    return false;
}

/* Capturing costs: only where somebody asks for it. */
static void mark_capturing(struct ruleset *set)
{
    for (size_t i = 0; set->templates.count > 0 && i < set->count; i++) {
        struct rule *rule = &set->rules[i];
        size_t names = rule->pattern != NULL && !rule->is_template
                           ? pattern_name_count(rule->pattern)
                           : 0;
        for (size_t n = 0; n < names; n++)
            rule->is_capturing =
                rule->is_capturing || is_named(set, pattern_name(rule->pattern, n));
    }
}

static bool may_wait(const struct rule *rule)
{
    return rule->info.score == 0 && !rule->is_capturing && !rule->is_template &&
           rule->info.kind != RULE_MIMEHEADER &&
           (rule->pattern != NULL || rule->eval != NULL);
}

static int group_rules(struct loader *loader, struct err *err)
{
    struct ruleset *set = loader->set;

    for (size_t i = 0; i < set->count; i++) {
        struct rule_group *group =
            set->rules[i].is_template ? &set->templates : group_of(set, &set->rules[i]);
        if (group != NULL && add_index(loader->arena, group, i) != 0)
            return no_memory(err);
    }
    mark_capturing(set);
    for (size_t i = 0; i < set->count; i++)
        set->rules[i].may_wait = may_wait(&set->rules[i]);
    return 0;
}

static bool add_to_filter(struct prefilter *filter, const struct rule *rule,
                          unsigned index)
{
    struct rule_need need;

    rule_need_derive(rule->regex, rule->flags, &need);
    if (need.kind == RULE_NEED_CHAIN && prefilter_add_chain(filter, index, &need.chain))
        return true;
    return need.strings.count > 0 && prefilter_add(filter, index, &need.strings);
}

/* Must the rule run on every text? An absent header is an empty text to the others. */
static bool is_always(struct rule_group *group, const struct rule *rule, unsigned index)
{
    return rule->pattern == NULL || rule->has_unset || rule->is_concat ||
           !add_to_filter(group->filter, rule, index);
}

/* Rules without a literal first. Without memory the group has no filter. */
static void filter_group(struct loader *loader, struct rule_group *group)
{
    struct ruleset *set = loader->set;
    unsigned *others = arena_array(loader->arena, group->count, sizeof *others);
    size_t count = 0;

    group->always = group->count;
    if (group->count == 0 || others == NULL ||
        (group->filter = prefilter_new()) == NULL)
        return;
    group->always = 0;
    for (size_t i = 0; i < group->count; i++) {
        unsigned index = group->at[i];
        if (is_always(group, &set->rules[index], index))
            group->at[group->always++] = index;
        else
            others[count++] = index;
    }
    if (count > 0)
        memcpy(group->at + group->always, others, count * sizeof *others);
    if (count == 0 || prefilter_seal(group->filter) != 0) {
        prefilter_free(&group->filter);
        group->always = group->count;
    }
}

/* A group that has patterns, by number; NULL behind the last. */
static struct rule_group *numbered_group(struct ruleset *set, size_t number)
{
    struct rule_group *const bodies[] = {&set->body, &set->undisguised, &set->rawbody,
                                         &set->uri, &set->full};
    enum { BODIES = sizeof bodies / sizeof bodies[0] };

    if (number < BODIES)
        return bodies[number];
    number -= BODIES;
    if (number >= 2 * set->header_count)
        return NULL;
    return number % 2 == 0 ? &set->headers[number / 2].fields
                           : &set->headers[number / 2].parts;
}

static void filter_groups(struct loader *loader)
{
    struct rule_group *group;

    for (size_t i = 0; (group = numbered_group(loader->set, i)) != NULL; i++)
        filter_group(loader, group);
}

/* A redirector that cannot be compiled leads nowhere; the rest is as good without. */
static int compile_redirectors(struct loader *loader, struct err *err)
{
    struct rule_links *links = &loader->set->links;
    size_t count = 0;
    struct err reason;

    *links = loader->set->source.links;
    for (size_t i = 0; i < links->redirector_count; i++) {
        struct rule_redirector redirector = links->redirectors[i];
        if (pattern_new(&redirector.pattern, redirector.regex, redirector.flags,
                        &reason) == 0) {
            links->redirectors[count++] = redirector;
            continue;
        }
        if (reason.code == ERR_MEMORY) {
            links->redirector_count = count;
            *err = reason;
            return -1;
        }
        rule_remark_add(loader->remarks, REMARK_WARNING, &redirector.place,
                        "redirector_pattern: %s", reason.text);
    }
    links->redirector_count = count;
    return 0;
}

static int build(struct ruleset *set, struct err *err)
{
    struct loader loader = {
        .set = set, .remarks = &set->source.remarks, .arena = set->source.arena};

    if (compile_redirectors(&loader, err) != 0 || take_entries(&loader, err) != 0 ||
        compile_expressions(&loader, err) != 0 || order_metas(&loader, err) != 0 ||
        rest_metas(&loader, err) != 0 || group_rules(&loader, err) != 0)
        return -1;
    if (set->evals.count > 0 && eval_regexes_init(&set->eval_regexes, err) != 0)
        return -1;
    filter_groups(&loader);
    if (set->source.is_lint)
        rule_lint_run(set);
    return 0;
}

static int load(struct ruleset *set, const char *const *paths, size_t path_count,
                unsigned flags, struct err *err)
{
    if (rule_source_init(&set->source, err) != 0)
        return -1;
    set->source.is_lint = (flags & RULESET_LINT) != 0;
    set->source.has_authentication = (flags & RULESET_AUTHENTICATION) != 0;
    for (size_t i = 0; i < path_count; i++)
        if (rule_parse_path(&set->source, paths[i], err) != 0)
            return -1;
    if (build(set, err) != 0)
        return -1;
    if (set->source.remarks.errors > 0) {
        *err = set->source.remarks.first_error;
        return -1;
    }
    return 0;
}

int ruleset_load(struct ruleset **out, const char *const *paths, size_t path_count,
                 unsigned flags, struct rule_report *report, struct err *err)
{
    struct ruleset *set = calloc(1, sizeof *set);
    struct err reason;
    int rc;

    *out = NULL;
    if (set == NULL)
        return no_memory(err);
    rc = load(set, paths, path_count, flags, &reason);
    if (set->source.arena != NULL &&
        rule_report_fill(report, &set->source.remarks, rc == 0 ? &reason : NULL) != 0)
        rc = -1;
    if (rc != 0) {
        ruleset_free(&set);
        return err_set(err, reason.code, "%s", reason.text);
    }
    *out = set;
    return 0;
}

void ruleset_free(struct ruleset **set)
{
    struct rule_group *group;

    if (*set == NULL)
        return;
    for (size_t i = 0; (group = numbered_group(*set, i)) != NULL; i++)
        prefilter_free(&group->filter);
    for (size_t i = 0; i < (*set)->count; i++) {
        pattern_free(&(*set)->rules[i].pattern);
        expression_clear((*set)->rules[i].expression);
        eval_clear((*set)->rules[i].eval);
    }
    for (size_t i = 0; i < (*set)->links.redirector_count; i++)
        pattern_free(&(*set)->links.redirectors[i].pattern);
    eval_regexes_clear(&(*set)->eval_regexes);
    rule_source_clear(&(*set)->source);
    free(*set);
    *set = NULL;
}

size_t ruleset_count(const struct ruleset *set)
{
    return set->count;
}

void ruleset_info(const struct ruleset *set, size_t index, struct rule_info *out)
{
    *out = set->rules[index].info;
}

ptrdiff_t ruleset_find(const struct ruleset *set, const char *name)
{
    const struct rule_entry *entry = rule_table_find(&set->source.table, span_of(name));

    return entry == NULL ? -1 : (ptrdiff_t)entry->index - 1;
}

void ruleset_run_all(struct ruleset *set)
{
    set->runs_all = true;
}
