/* SPDX-License-Identifier: BSD-2-Clause */
#include "rules/source/rule_line.h"

#include <stdio.h>
#include <string.h>

#include "base/bounds.h"
#include "rules/regex/pattern.h"
#include "rules/source/rule_words.h"

/* Conf::Parser: longer names are refused. */
enum { NAME_BYTES = 100, TESTS_MAX = 100000, SCORES = 4 };

/* A line on its way. */
struct line {
    struct rule_source *source;
    const struct rule_place *place;
    struct span word;
    struct span value;
};

static void complain(const struct line *line, const char *what)
{
    rule_remark_add(&line->source->remarks, REMARK_ERROR, line->place, "%.*s: %s",
                    (int)line->word.len, line->word.at, what);
}

/* The first word of *rest; *rest becomes what follows. */
static struct span take_word(struct span *rest)
{
    struct span word = {rest->at, 0};

    while (word.len < rest->len && !ascii_is_space(rest->at[word.len]))
        word.len++;
    *rest = span_trim(span_from(*rest, word.len));
    return word;
}

static bool is_rule_name(struct span name)
{
    if (name.len == 0 || name.len > NAME_BYTES || ascii_is_digit(name.at[0]))
        return false;
    for (size_t i = 0; i < name.len; i++)
        if (!ascii_is_alnum(name.at[i]) && name.at[i] != '_')
            return false;
    return true;
}

/* NAME at the beginning of the value: its entry, or NULL (complained). */
static struct rule_entry *take_entry(const struct line *line, struct span *rest)
{
    struct span name;
    struct rule_entry *entry;

    *rest = line->value;
    name = take_word(rest);
    if (!is_rule_name(name)) {
        complain(line, "a rule name of letters, digits and _ is missing");
        return NULL;
    }
    entry = rule_table_put(&line->source->table, name, line->place);
    if (entry == NULL)
        complain(line, "too many rules");
    return entry;
}

static void forget_definition(struct rule_entry *entry)
{
    entry->kind = RULE_KIND_UNKNOWN;
    entry->skipped = NULL;
    entry->header = entry->unset = entry->regex = entry->expression = entry->eval =
        (struct span){"", 0};
    entry->is_exists = entry->is_negated = entry->has_unset = false;
    entry->flags = 0;
}

/* NAME REST: the entry, which from now on is what this line says. */
static struct rule_entry *define(const struct line *line, enum rule_kind kind,
                                 struct span *rest)
{
    struct rule_entry *entry = take_entry(line, rest);
    const char *definition;

    if (entry == NULL)
        return NULL;
    if (rest->len == 0) {
        complain(line, "the definition is missing");
        return NULL;
    }
    definition = span_cstr(line->source->arena, *rest);
    if (line->source->is_lint && entry->kind != RULE_KIND_UNKNOWN &&
        (entry->kind != kind || strcmp(entry->definition, definition) != 0))
        rule_remark_add(&line->source->remarks, REMARK_WARNING, line->place,
                        "%s: replaces another definition at %s:%u", entry->name,
                        entry->place.file, entry->place.line);
    forget_definition(entry);
    entry->kind = kind;
    entry->place = *line->place;
    entry->definition = definition;
    return entry;
}

static void spoil(struct rule_entry *entry)
{
    entry->skipped = "its definition has an error";
}

/* eval:function(arguments): what it is, is seen when all files are read. */
static bool is_eval(const struct line *line, struct rule_entry *entry, struct span rest)
{
    (void)line;
    if (span_starts(rest, SPAN("rbleval:")))
        entry->skipped = "asks the network (rbleval)";
    else if (span_starts(rest, SPAN("eval:")))
        entry->eval = span_trim(span_from(rest, 5));
    else
        return false;
    return true;
}

static void take_regex(const struct line *line, struct rule_entry *entry,
                       struct span written)
{
    struct err err;

    if (pattern_split(written, &entry->regex, &entry->flags, &err) != 0) {
        complain(line, err.text);
        spoil(entry);
    }
}

static void take_text_rule(const struct line *line, enum rule_kind kind)
{
    struct span rest;
    struct rule_entry *entry = define(line, kind, &rest);

    if (entry == NULL || is_eval(line, entry, rest))
        return;
    take_regex(line, entry, rest);
}

static void take_body(const struct line *line)
{
    take_text_rule(line, RULE_BODY);
}

static void take_rawbody(const struct line *line)
{
    take_text_rule(line, RULE_RAWBODY);
}

static void take_uri(const struct line *line)
{
    take_text_rule(line, RULE_URI);
}

static void take_full(const struct line *line)
{
    take_text_rule(line, RULE_FULL);
}

static bool is_header_name(struct span name)
{
    if (name.len == 0)
        return false;
    for (size_t i = 0; i < name.len; i++)
        if (!ascii_is_alnum(name.at[i]) && strchr("_.-:", name.at[i]) == NULL)
            return false;
    return true;
}

/* `[if-unset: TEXT]` at the end of *pattern, preceded by white space. */
static void take_unset(struct rule_entry *entry, struct span *pattern)
{
    static const char mark[] = "[if-unset:";
    size_t at = pattern->len;

    if (pattern->len == 0 || pattern->at[pattern->len - 1] != ']')
        return;
    while (at-- > 1) {
        struct span tail = span_from(*pattern, at);
        if (!span_starts(tail, SPAN("[if-unset:")) ||
            !ascii_is_space(pattern->at[at - 1]))
            continue;
        tail = span_from(tail, sizeof mark - 1);
        tail.len--;
        if (tail.len == 0 || !ascii_is_space(tail.at[0]))
            return;
        while (tail.len > 0 && ascii_is_space(tail.at[0]))
            tail = span_from(tail, 1);
        entry->has_unset = true;
        entry->unset = tail;
        *pattern = span_trim((struct span){pattern->at, at});
        return;
    }
}

/* NAME[:modifier] =~ /regex/ [if-unset: TEXT] */
static void take_header_test(const struct line *line, struct rule_entry *entry,
                             struct span rest)
{
    size_t at = 0;

    while (at + 1 < rest.len &&
           !(rest.at[at + 1] == '~' && (rest.at[at] == '=' || rest.at[at] == '!')))
        at++;
    entry->header = span_trim((struct span){rest.at, at < rest.len ? at : rest.len});
    if (entry->header.len > 0 && entry->header.at[entry->header.len - 1] == ':')
        entry->header.len--;
    if (at + 2 > rest.len || !is_header_name(entry->header)) {
        complain(line, "expected: RULE Header =~ /pattern/");
        spoil(entry);
        return;
    }
    entry->is_negated = rest.at[at] == '!';
    rest = span_trim(span_from(rest, at + 2));
    take_unset(entry, &rest);
    take_regex(line, entry, rest);
}

static void take_header_kind(const struct line *line, enum rule_kind kind)
{
    struct span rest;
    struct rule_entry *entry = define(line, kind, &rest);

    if (entry == NULL || is_eval(line, entry, rest))
        return;
    if (!span_starts(rest, SPAN("exists:"))) {
        take_header_test(line, entry, rest);
        return;
    }
    entry->is_exists = true;
    entry->header = span_trim(span_from(rest, 7));
    if (entry->header.len > 0 && entry->header.at[entry->header.len - 1] == ':')
        entry->header.len--;
    if (is_header_name(entry->header))
        return;
    complain(line, "expected: RULE exists:Header");
    spoil(entry);
}

static void take_header(const struct line *line)
{
    take_header_kind(line, RULE_HEADER);
}

static void take_mimeheader(const struct line *line)
{
    take_header_kind(line, RULE_MIMEHEADER);
}

static void take_expression(const struct line *line, enum rule_kind kind)
{
    struct span rest;
    struct rule_entry *entry = define(line, kind, &rest);

    if (entry != NULL)
        entry->expression = rest;
}

static void take_meta(const struct line *line)
{
    take_expression(line, RULE_META);
}

static void take_fact(const struct line *line)
{
    take_expression(line, RULE_FACT);
}

/* A decimal number, whatever the locale; (N) is relative. */
static bool parse_score(struct span text, double *score, bool *is_relative)
{
    double number = 0, unit = 1;
    size_t i = 0, digits = 0;
    bool is_negative;

    *is_relative = text.len > 2 && text.at[0] == '(' && text.at[text.len - 1] == ')';
    if (*is_relative)
        text = (struct span){text.at + 1, text.len - 2};
    is_negative = text.len > 0 && text.at[0] == '-';
    if (text.len > 0 && (text.at[0] == '-' || text.at[0] == '+'))
        i = 1;
    for (bool has_point = false; i < text.len; i++) {
        if (text.at[i] == '.' && !has_point) {
            has_point = true;
            continue;
        }
        if (!ascii_is_digit(text.at[i]) || ++digits > 15)
            return false;
        number = number * 10 + (text.at[i] - '0');
        unit *= has_point ? 10 : 1;
    }
    *score = (is_negative ? -number : number) / unit;
    return digits > 0;
}

static void take_score(const struct line *line)
{
    struct span rest;
    struct rule_entry *entry = take_entry(line, &rest);
    double scores[SCORES];
    bool is_relative[SCORES];
    size_t count = 0;

    if (entry == NULL)
        return;
    while (rest.len > 0) {
        struct span word = take_word(&rest);
        if (count == SCORES ||
            !parse_score(word, &scores[count], &is_relative[count])) {
            complain(line, "expected one or four numbers");
            return;
        }
        count++;
    }
    if (count != 1 && count != SCORES) {
        complain(line, "expected one or four numbers");
        return;
    }
    size_t network = count == SCORES ? 1 : 0;
    entry->network_score =
        scores[network] +
        (is_relative[network] && entry->has_score ? entry->network_score : 0);
    entry->score = scores[0] + (is_relative[0] && entry->has_score ? entry->score : 0);
    entry->has_score = true;
    entry->score_place = *line->place;
}

static void take_describe(const struct line *line)
{
    struct span rest;
    struct rule_entry *entry = take_entry(line, &rest);

    if (entry != NULL)
        entry->describe = span_cstr(line->source->arena, rest);
}

static unsigned tflag_of(struct span word)
{
    static const struct {
        const char *word;
        enum rule_tflag flag;
    } flags[] = {
        {"nice", TFLAG_NICE},
        {"multiple", TFLAG_MULTIPLE},
        {"net", TFLAG_NET},
        {"userconf", TFLAG_USERCONF},
        {"learn", TFLAG_LEARN},
        {"noautolearn", TFLAG_NOAUTOLEARN},
        {"undisguised", TFLAG_UNDISGUISED},
    };

    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
        if (span_eq(word, span_of(flags[i].word)))
            return flags[i].flag;
    return 0;
}

static bool parse_number(struct span text, unsigned *out)
{
    uint64_t number;

    if (!text_parse_count(text, 1000000, &number))
        return false;
    *out = (unsigned)number;
    return true;
}

/* range=N, N-M, N-, -M */
static bool parse_range(struct span text, struct rule_entry *entry)
{
    struct span first, last;

    if (!span_cut(text, '-', &first, &last))
        last = first;
    return (first.len > 0 || last.len > 0) &&
           (first.len == 0 || parse_number(first, &entry->first_part)) &&
           (last.len == 0 || parse_number(last, &entry->last_part));
}

/* The flags that say how a rule is run. */
static void take_running_flag(const struct line *line, struct rule_entry *entry,
                              struct span word)
{
    if (span_eq(word, SPAN("nosubject")))
        entry->is_without_subject = true;
    else if (span_eq(word, SPAN("concat")))
        entry->is_concat = true;
    else if (span_starts(word, SPAN("maxhits="))) {
        if (!parse_number(span_from(word, 8), &entry->max_hits))
            complain(line, "maxhits= needs a number up to 1000000");
    } else if (span_starts(word, SPAN("range=")) &&
               !parse_range(span_from(word, 6), entry))
        complain(line, "range= needs part numbers, FIRST-LAST");
}

static void take_tflags(const struct line *line)
{
    struct span rest;
    struct rule_entry *entry = take_entry(line, &rest);

    if (entry == NULL)
        return;
    entry->tflags = 0;
    entry->max_hits = entry->first_part = entry->last_part = 0;
    entry->is_without_subject = entry->is_concat = false;
    while (rest.len > 0) {
        struct span word = take_word(&rest);
        entry->tflags |= tflag_of(word);
        take_running_flag(line, entry, word);
    }
}

static bool has_test_room(struct rule_source *source)
{
    size_t room = source->test_room > 0 ? 2 * source->test_room : 64;
    struct rule_test *tests;

    if (source->test_count < source->test_room)
        return true;
    if (source->test_count >= TESTS_MAX)
        return false;
    tests = arena_array(source->arena, room, sizeof *tests);
    if (tests == NULL)
        return false;
    if (source->test_count > 0)
        memcpy(tests, source->tests, source->test_count * sizeof *tests);
    source->tests = tests;
    source->test_room = room;
    return true;
}

static void take_test(const struct line *line)
{
    struct span rest = line->value, rule = take_word(&rest), word = take_word(&rest);
    bool is_ok = span_eq(word, SPAN("ok"));

    if (!is_rule_name(rule) || (!is_ok && !span_eq(word, SPAN("fail"))))
        complain(line, "expected: test RULE ok|fail TEXT");
    else if (has_test_room(line->source))
        line->source->tests[line->source->test_count++] =
            (struct rule_test){*line->place, rule, is_ok, rest};
}

static void take_tag(const struct line *line, enum rule_tag_kind kind)
{
    struct span rest = line->value, name = take_word(&rest);

    if (name.len == 0 || rest.len == 0)
        complain(line, "expected: NAME VALUE");
    else if (rule_tags_set(&line->source->tags, kind, name, rest) != 0)
        complain(line, "too many tags");
}

static void take_replace_tag(const struct line *line)
{
    take_tag(line, RULE_TAG_REPLACE);
}

static void take_replace_pre(const struct line *line)
{
    take_tag(line, RULE_TAG_PRE);
}

static void take_replace_post(const struct line *line)
{
    take_tag(line, RULE_TAG_POST);
}

static void take_replace_inter(const struct line *line)
{
    take_tag(line, RULE_TAG_INTER);
}

static void take_replace_rules(const struct line *line)
{
    struct span rest = line->value;

    while (rest.len > 0) {
        struct span name = take_word(&rest);
        struct rule_entry *entry =
            is_rule_name(name) ? rule_table_put(&line->source->table, name, line->place)
                               : NULL;
        if (entry == NULL)
            complain(line, "a rule name of letters, digits and _ is missing");
        else
            entry->has_tags = true;
    }
}

/* util_rb_tld com net, util_rb_2tld co.uk, util_rb_3tld a.b.c */
static void take_suffixes(const struct line *line)
{
    struct span rest = line->value;

    while (rest.len > 0)
        if (rule_domains_add(&line->source->links.domains, take_word(&rest)) != 0) {
            complain(line, "too many domains");
            return;
        }
}

static void take_clear_suffixes(const struct line *line)
{
    rule_domains_clear(&line->source->links.domains);
}

static void take_redirector(const struct line *line)
{
    struct rule_links *links = &line->source->links;
    struct rule_redirector redirector = {0};
    struct err err;

    if (links->redirectors == NULL)
        links->redirectors = arena_array(line->source->arena, BOUND_REDIRECTORS,
                                         sizeof *links->redirectors);
    if (pattern_split(line->value, &redirector.regex, &redirector.flags, &err) != 0)
        complain(line, err.text);
    else if (links->redirectors == NULL || links->redirector_count >= BOUND_REDIRECTORS)
        complain(line, "too many redirectors");
    else {
        redirector.place = *line->place;
        links->redirectors[links->redirector_count++] = redirector;
    }
}

/* Sorted by nothing: the list is short. */
static const struct {
    const char *word;
    void (*take)(const struct line *line);
} words[] = {
    {"describe", take_describe},
    {"meta", take_meta},
    {"header", take_header},
    {"body", take_body},
    {"score", take_score},
    {"tflags", take_tflags},
    {"rawbody", take_rawbody},
    {"uri", take_uri},
    {"full", take_full},
    {"mimeheader", take_mimeheader},
    {"fact", take_fact},
    {"test", take_test},
    {"replace_rules", take_replace_rules},
    {"replace_tag", take_replace_tag},
    {"replace_pre", take_replace_pre},
    {"replace_post", take_replace_post},
    {"replace_inter", take_replace_inter},
    {"redirector_pattern", take_redirector},
    {"util_rb_tld", take_suffixes},
    {"util_rb_2tld", take_suffixes},
    {"util_rb_3tld", take_suffixes},
    {"clear_util_rb", take_clear_suffixes},
};

enum { WORDS = sizeof words / sizeof words[0] };

/* The words of rule_parse.c, for the nearest one. */
static const char *const steering[] = {"if",    "ifplugin", "else",
                                       "endif", "include",  "lang"};
enum { STEERING = sizeof steering / sizeof steering[0] };

static void complain_unknown(const struct line *line)
{
    const char *own[WORDS + STEERING], *nearest;

    for (size_t i = 0; i < WORDS; i++)
        own[i] = words[i].word;
    for (size_t i = 0; i < STEERING; i++)
        own[WORDS + i] = steering[i];
    nearest = rule_words_nearest(line->word, own, WORDS + STEERING);
    if (nearest == NULL)
        complain(line, "unknown word");
    else
        rule_remark_add(&line->source->remarks, REMARK_ERROR, line->place,
                        "%.*s: unknown word; did you mean %s?", (int)line->word.len,
                        line->word.at, nearest);
}

/* A setting is remarked on where it is first met, not on each of a thousand lines. */
static void note_setting(const struct line *line, int setting)
{
    if (line->source->noted[setting]++ == 0)
        rule_remark_add(&line->source->remarks, REMARK_NOTE, line->place,
                        "%.*s: has no meaning here", (int)line->word.len,
                        line->word.at);
    else
        line->source->noted[setting] = 1;
}

static void take_foreign(const struct line *line)
{
    struct span rest;
    struct rule_entry *entry = take_entry(line, &rest);
    char *reason;

    if (entry == NULL)
        return;
    forget_definition(entry);
    entry->place = *line->place;
    entry->kind = RULE_META; /* of no kind here; skipped says so */
    entry->definition = span_cstr(line->source->arena, rest);
    reason = arena_alloc(line->source->arena, line->word.len + 32);
    entry->skipped = "its kind is not there";
    if (reason == NULL)
        return;
    snprintf(reason, line->word.len + 32, "%.*s rules are not there",
             (int)line->word.len, line->word.at);
    entry->skipped = reason;
}

static bool is_eval_setting(const struct line *line)
{
    struct err err;

    switch (eval_settings_take(&line->source->evals, line->word, line->value, &err)) {
    case EVAL_SETTING_TAKEN:
        return true;
    case EVAL_SETTING_WRONG:
        complain(line, err.text);
        return true;
    default:
        return false;
    }
}

void rule_line_take(struct rule_source *source, const struct rule_place *place,
                    struct span word, struct span value)
{
    struct line line = {source, place, word, value};
    int setting;

    for (size_t i = 0; i < WORDS; i++)
        if (span_eq(word, span_of(words[i].word))) {
            words[i].take(&line);
            return;
        }
    if (rule_words_is_foreign(word)) {
        take_foreign(&line);
        return;
    }
    if (is_eval_setting(&line))
        return;
    setting = rule_words_setting(word);
    if (setting >= 0)
        note_setting(&line, setting);
    else if (span_starts(word, SPAN("hashbl_acl_")))
        return; /* a family of settings, one a list */
    else
        complain_unknown(&line);
}
