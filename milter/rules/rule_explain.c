/* SPDX-License-Identifier: BSD-2-Clause */
#include "rules/rule_explain.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "rules/expression/expression_print.h"
#include "rules/rule_need.h"
#include "rules/ruleset_private.h"

/* Chosen: what a person reads of a long list. */
enum { SHOWN_USERS = 40, VALUE_NAMES = 400, TRAIT_BYTES = 1 << 16 };

struct teller {
    const struct ruleset *set;
    const struct rule_entry *entry;
    const struct rule *rule; /* NULL: it does not run */
    struct rule_explanation *out;
};

static void add(struct teller *t, const char *label, struct span text)
{
    struct rule_explanation *out = t->out;

    if (out->count == out->room) {
        size_t room = out->room > 0 ? 2 * out->room : 32;
        struct rule_trait *at = arena_array(out->arena, room, sizeof *at);
        if (at == NULL)
            return;
        if (out->count > 0)
            memcpy(at, out->at, out->count * sizeof *at);
        out->at = at;
        out->room = room;
    }
    out->at[out->count++] = (struct rule_trait){label, span_cstr(out->arena, text)};
}

__attribute__((format(printf, 3, 4))) static void
say(struct teller *t, const char *label, const char *fmt, ...)
{
    char text[1024];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    add(t, label, span_of(text));
}

/* What each kind of text is. Source: rule_text.h. */
static const char *text_read(enum rule_kind kind)
{
    switch (kind) {
    case RULE_BODY:
        return "each paragraph of the subject and the rendered text, white space "
               "folded";
    case RULE_RAWBODY:
        return "the text parts, transfer-decoded, with their markup and line breaks";
    case RULE_URI:
        return "each link and mail address";
    case RULE_FULL:
        return "the whole message, undecoded";
    default:
        return NULL;
    }
}

static void tell_header(struct teller *t)
{
    const struct rule_entry *entry = t->entry;
    bool is_part = entry->kind == RULE_MIMEHEADER;
    struct span name, modifiers;
    struct buf out;

    buf_init(&out, t->out->arena, TRAIT_BYTES);
    span_cut(entry->header, ':', &name, &modifiers);
    if (span_eq(name, SPAN("ALL")))
        buf_add_span(&out, SPAN("the whole header"));
    else {
        buf_add_span(&out, SPAN("the field "));
        buf_add_span(&out, name);
    }
    buf_add_span(&out, is_part ? SPAN(" of each MIME part") : SPAN(""));
    if (modifiers.len == 0)
        buf_add_span(&out, SPAN(", decoded and unfolded"));
    while (modifiers.len > 0) {
        struct span word;
        span_cut(modifiers, ':', &word, &modifiers);
        buf_add_span(&out, span_eq(word, SPAN("raw"))    ? SPAN(", undecoded")
                           : span_eq(word, SPAN("addr")) ? SPAN(", its addresses")
                           : span_eq(word, SPAN("name")) ? SPAN(", its display names")
                                                         : SPAN(", :"));
        if (!span_eq(word, SPAN("raw")) && !span_eq(word, SPAN("addr")) &&
            !span_eq(word, SPAN("name")))
            buf_add_span(&out, word);
    }
    add(t, "reads", buf_span(&out));
    if (entry->has_unset)
        say(t, "if unset", "\"%.*s\" is read in its place", (int)entry->unset.len,
            entry->unset.at);
}

static void tell_facts(struct teller *t)
{
    struct span names[VALUE_NAMES];
    size_t count = t->rule != NULL && t->rule->expression != NULL
                       ? expression_value_names(t->rule->expression, names, VALUE_NAMES)
                       : 0;

    for (size_t i = 0; i < count; i++) {
        int id = facts_find(names[i]);
        if (id >= 0)
            say(t, "reads", "%s: %s", outgate_fact_rows[id].name,
                outgate_fact_rows[id].doc);
    }
}

static void tell_reads(struct teller *t)
{
    const char *text = text_read(t->entry->kind);

    if (text != NULL && t->entry->regex.len > 0)
        say(t, "reads", "%s%s", text,
            t->entry->is_without_subject ? ", but not the subject" : "");
    else if (t->entry->header.len > 0)
        tell_header(t);
    else if (t->entry->kind == RULE_FACT)
        tell_facts(t);
    if (t->rule != NULL && (t->entry->tflags & TFLAG_UNDISGUISED) &&
        (t->entry->kind == RULE_BODY || t->entry->kind == RULE_HEADER))
        say(t, "reads it", "undisguised: as small ASCII letters where it can be");
}

static void add_flags(struct buf *out, unsigned flags)
{
    static const struct {
        unsigned flag;
        const char *word;
    } words[] = {
        {PATTERN_CASELESS, "any case"},
        {PATTERN_MULTILINE, "^ and $ at each line"},
        {PATTERN_DOTALL, ". matches line ends"},
        {PATTERN_EXTENDED, "white space in it means nothing"},
        {PATTERN_EXTENDED_MORE, "nor in classes"},
        {PATTERN_NO_CAPTURE, "( ) captures nothing"},
    };

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (flags & words[i].flag) {
            buf_add_span(out, SPAN("; "));
            buf_add_span(out, span_of(words[i].word));
        }
}

static void tell_pattern(struct teller *t)
{
    struct buf out;

    buf_init(&out, t->out->arena, TRAIT_BYTES);
    buf_add_span(&out, t->entry->is_negated ? SPAN("this does not match: ")
                                            : SPAN("this matches: "));
    buf_add_span(&out, t->rule != NULL ? t->rule->regex : t->entry->regex);
    add_flags(&out, t->entry->flags);
    add(t, "hits when", buf_span(&out));
}

static void tell_hits(struct teller *t)
{
    const struct rule_entry *entry = t->entry;

    if (entry->is_exists)
        say(t, "hits when", "there is such a field");
    else if (entry->regex.len > 0)
        tell_pattern(t);
    else if (t->rule != NULL && t->rule->expression != NULL)
        add(t, "hits when",
            span_of(expression_print(t->rule->expression, t->out->arena)));
    else if (entry->kind != RULE_KIND_UNKNOWN)
        add(t, "as written", span_of(entry->definition));
    if (t->rule != NULL && t->rule->most > 1)
        say(t, "counts", "each match, %u at most", t->rule->most);
}

static void tell_points(struct teller *t)
{
    const struct rule_entry *entry = t->entry;

    if (entry->name[0] == '_' && entry->name[1] == '_')
        say(t, "points", "none: a sub-rule, for metas");
    else if (entry->has_score)
        say(t, "points", "%g (%s:%u)", entry->score, entry->score_place.file,
            entry->score_place.line);
    else if (t->rule != NULL)
        say(t, "points", "%g: no score line names it", t->rule->info.score);
    if (entry->describe != NULL)
        add(t, "says", span_of(entry->describe));
}

/* A value that a meta reads. */
static void tell_value(struct teller *t, struct span name)
{
    const struct rule_entry *entry = rule_table_find(&t->set->source.table, name);
    int width = (int)(name.len < 100 ? name.len : 100);

    if (entry == NULL || entry->kind == RULE_KIND_UNKNOWN)
        say(t, "needs", "%.*s: not defined, counts as 0", width, name.at);
    else if (entry->index == 0)
        say(t, "needs", "%.*s: does not run, counts as 0 (%s:%u)", width, name.at,
            entry->place.file, entry->place.line);
    else
        say(t, "needs", "%.*s: %s %.300s (%s:%u)", width, name.at,
            rule_kind_name(entry->kind), entry->definition, entry->place.file,
            entry->place.line);
}

static void tell_values(struct teller *t)
{
    struct span names[VALUE_NAMES];
    size_t count = 0;

    if (t->entry->kind == RULE_META && t->rule != NULL && t->rule->expression != NULL)
        count = expression_value_names(t->rule->expression, names, VALUE_NAMES);
    for (size_t i = 0; i < count; i++)
        tell_value(t, names[i]);
}

static bool names_rule(const struct rule *meta, const char *name)
{
    struct span names[VALUE_NAMES];
    size_t count;

    if (meta->info.kind != RULE_META || meta->expression == NULL)
        return false;
    count = expression_value_names(meta->expression, names, VALUE_NAMES);
    for (size_t i = 0; i < count; i++)
        if (span_eq(names[i], span_of(name)))
            return true;
    return false;
}

static void tell_users(struct teller *t)
{
    size_t shown = 0, more = 0;

    for (size_t i = 0; i < t->set->count; i++) {
        const struct rule *meta = &t->set->rules[i];
        if (!names_rule(meta, t->entry->name))
            continue;
        if (++shown > SHOWN_USERS)
            more++;
        else if (meta->info.score < 0 || meta->info.score > 0)
            say(t, "used by", "%s, %g points", meta->info.name, meta->info.score);
        else
            say(t, "used by", "%s", meta->info.name);
    }
    if (more > 0)
        say(t, "used by", "%zu more", more);
}

static void tell_need(struct teller *t)
{
    struct rule_need need;
    struct buf out;

    buf_init(&out, t->out->arena, TRAIT_BYTES);
    rule_need_derive(t->rule->regex, t->rule->flags, &need);
    rule_need_print(&need, &out);
    add(t, "cost", buf_span(&out));
}

static void tell_cost(struct teller *t)
{
    if (t->rule == NULL || t->rule->pattern == NULL)
        return;
    tell_need(t);
    say(t, "cost", "%.2f ms on a hostile text", t->rule->info.probe_us / 1000);
}

static void tell_tests(struct teller *t)
{
    const struct rule_source *source = &t->set->source;

    for (size_t i = 0; i < source->test_count; i++) {
        const struct rule_test *test = &source->tests[i];
        bool is_as_said;
        if (!span_eq(test->rule, span_of(t->entry->name)))
            continue;
        is_as_said = t->rule != NULL && rule_test_holds(t->set, t->rule, test);
        say(t, "test", "%s at %s:%u: %s", test->is_ok ? "ok" : "fail", test->place.file,
            test->place.line, is_as_said ? "passed" : "FAILED");
    }
}

static const char *tflag_words(unsigned tflags, char *out, size_t size)
{
    static const struct {
        unsigned flag;
        const char *word;
    } words[] = {
        {TFLAG_NICE, " nice"},
        {TFLAG_MULTIPLE, " multiple"},
        {TFLAG_NET, " net"},
        {TFLAG_USERCONF, " userconf"},
        {TFLAG_LEARN, " learn"},
        {TFLAG_NOAUTOLEARN, " noautolearn"},
        {TFLAG_UNDISGUISED, " undisguised"},
    };
    size_t len = 0;

    out[0] = '\0';
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if ((tflags & words[i].flag) && len + strlen(words[i].word) < size) {
            memcpy(out + len, words[i].word, strlen(words[i].word) + 1);
            len += strlen(words[i].word);
        }
    return out;
}

/* Why a rule does not run that its definition does not forbid: the loader's remark. */
static void tell_remarks(struct teller *t)
{
    const struct rule_remarks *remarks = &t->set->source.remarks;
    size_t len = strlen(t->entry->name);

    for (size_t i = 0; i < remarks->count; i++) {
        const struct rule_remark *remark = &remarks->at[i];
        if ((remark->level == REMARK_SKIPPED || remark->level == REMARK_NOTE) &&
            strncmp(remark->text, t->entry->name, len) == 0 && remark->text[len] == ':')
            say(t, "does not run", "%s", remark->text + len + 2);
    }
}

static void tell(struct teller *t)
{
    const struct rule_entry *entry = t->entry;
    char flags[80];

    say(t, "kind", "%s", rule_kind_name(entry->kind));
    say(t, "stands at", "%s:%u", entry->place.file, entry->place.line);
    if (entry->skipped != NULL)
        say(t, "does not run", "%s", entry->skipped);
    else if (entry->kind == RULE_KIND_UNKNOWN)
        say(t, "does not run", "it is named here, and nothing defines it");
    else if (t->rule == NULL)
        tell_remarks(t);
    tell_points(t);
    tell_reads(t);
    tell_hits(t);
    if (entry->tflags != 0)
        say(t, "tflags", "%s", tflag_words(entry->tflags, flags, sizeof flags) + 1);
    tell_values(t);
    tell_users(t);
    tell_cost(t);
    tell_tests(t);
}

int rule_explain(const struct ruleset *set, const char *name, struct arena *arena,
                 struct rule_explanation *out, struct err *err)
{
    struct teller t = {.set = set, .out = out};
    const char *nearest;

    *out = (struct rule_explanation){.arena = arena};
    t.entry = rule_table_find(&set->source.table, span_of(name));
    if (t.entry == NULL) {
        nearest = rule_table_nearest(&set->source.table, span_of(name));
        return err_set(err, ERR_NOT_FOUND, "there is no rule %.100s%s%s%s", name,
                       nearest != NULL ? "; did you mean " : "",
                       nearest != NULL ? nearest : "", nearest != NULL ? "?" : "");
    }
    t.rule = t.entry->index > 0 ? &set->rules[t.entry->index - 1] : NULL;
    tell(&t);
    if (arena_is_broken(arena))
        return err_set(err, ERR_MEMORY, "no memory to explain %.100s", name);
    return 0;
}
