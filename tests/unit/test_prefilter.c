/* SPDX-License-Identifier: BSD-2-Clause
 *
 * prefilter: nothing that would match is left out. Regexes and texts made at random;
 * rules of all kinds, and the stock rules on the sample mails, with and without it.
 *
 *     test_prefilter [RULES FILE...]    the same for other rules and mails
 */
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/bounds.h"
#include "base/buf.h"
#include "rules/regex/literal.h"
#include "rules/rule_need.h"
#include "rules/ruleset_private.h"

enum { ARENA_BYTES = 128 << 20, MAIL_BYTES = 16 << 20, REGEXES = 10000 };

/* The same numbers in each run. */
static uint64_t seed = 88172645463325252U;

static unsigned below(unsigned n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (unsigned)(seed >> 33) % n;
}

static const char *one_of(const char *const *words, size_t count)
{
    return words[below((unsigned)count)];
}

#define ONE_OF(words) one_of(words, sizeof(words) / sizeof(words)[0])

static char some_byte(void)
{
    static const char bytes[] = "aaqqzzAQZ \xe9\xc9"
                                "e-xX1\n";

    return bytes[below(sizeof bytes - 1)];
}

static void put_text(struct buf *out, unsigned most)
{
    for (unsigned i = below(most); i > 0; i--)
        buf_add_char(out, some_byte());
}

/* A regex is written together with a text that it would match, but for what looks
 * around and refers back. */
struct made {
    struct buf regex, text;
};

static void put_both(struct made *made, const char *regex, const char *text)
{
    buf_add_span(&made->regex, span_of(regex));
    buf_add_span(&made->text, span_of(text));
}

static void put_atom(struct made *made)
{
    static const struct {
        const char *regex, *text;
    } atoms[] = {
        {"a", "a"},         {"q", "q"},       {"z", "z"},        {"Q", "Q"},
        {"\xe9", "\xe9"},   {"x", "x"},       {" ", " "},        {"e", "e"},
        {"\\x71", "q"},     {"\\x{5a}", "Z"}, {".", "%"},        {"\\w", "e"},
        {"\\d", "1"},       {"\\s", "\n"},    {"[qz]", "z"},     {"[^q]", "="},
        {"[a-c]", "c"},     {"[]q]", "]"},    {"[q-]", "-"},     {"[[:alpha:]]", "u"},
        {"[\\w-]", "-"},    {"\\b", ""},      {"^", ""},         {"$", ""},
        {"\\Qqa\\E", "qa"}, {"(?#c)", ""},    {"\\1", ""},       {"(?<=q)", ""},
        {"(?<!az)", ""},    {"\\-", "-"},     {"aq", "aq"},      {"zaq", "zaq"},
        {"(?x)", ""},       {"(?-i)", ""},    {"#", "#"},        {"\\xe9", "\xe9"},
        {"\\K", ""},        {"qqa", "qqa"},   {"[\\x61z]", "a"},
    };
    unsigned i = below(sizeof atoms / sizeof atoms[0]);

    put_both(made, atoms[i].regex, atoms[i].text);
}

/* Its text from start on is repeated, or taken away. Groups get only those that leave
 * few ways to try: possessive ones. */
static void put_quantifier(struct made *made, size_t start, bool is_group)
{
    static const struct {
        const char *regex;
        unsigned times;
    } rows[] = {{"*", 0},     {"*", 2},   {"+", 1},     {"+", 3},     {"?", 0},
                {"?", 1},     {"{2}", 2}, {"{1,3}", 3}, {"{0,2}", 2}, {"{2,}", 6},
                {"{0,1}", 1}, {"{1}", 1}, {"{0}", 0},   {"{5}", 5},   {"{5,6}", 6}};
    static const char *const ends[] = {"", "", "?", "+"};
    enum { ROWS = sizeof rows / sizeof rows[0], OF_ATOMS = 2 };
    unsigned i = below(is_group ? ROWS - OF_ATOMS : ROWS);
    struct span text = buf_span(&made->text);

    if (below(4) > 0)
        return;
    text = span_dup(made->text.arena, span_from(text, start));
    made->text.len = start;
    for (unsigned times = rows[i].times; times > 0; times--)
        buf_add_span(&made->text, text);
    put_both(made, rows[i].regex, "");
    put_both(made, is_group ? "+" : ONE_OF(ends), "");
}

static void put_regex(struct made *made, unsigned depth)
{
    static const char *const openings[] = {
        "(",   "(?:",   "(?:",  "(?i:",  "(?=",  "(?!",   "(?>",
        "(?|", "(?<n>", "(?x:", "(?-i:", "(?s:", "(?'m'", "(?P<o>"};
    unsigned branches = below(3) + 1, chosen = below(branches);

    for (unsigned branch = 0; branch < branches; branch++) {
        size_t before = made->text.len;
        put_both(made, branch > 0 ? "|" : "", "");
        for (unsigned piece = below(4) + 1; piece > 0; piece--) {
            size_t start = made->text.len;
            bool is_group = depth > 0 && below(3) == 0;
            if (is_group) {
                const char *opening = ONE_OF(openings);
                put_both(made, opening, "");
                put_regex(made, depth - 1);
                put_both(made, ")", "");
                if (opening[strlen(opening) - 1] == '=' || strcmp(opening, "(?!") == 0)
                    made->text.len = start;
            } else
                put_atom(made);
            put_quantifier(made, start, is_group);
        }
        if (branch != chosen)
            made->text.len = before;
    }
}

static void make_regex(struct made *made, struct arena *arena, unsigned depth)
{
    buf_init(&made->regex, arena, 4096);
    buf_init(&made->text, arena, 60);
    put_text(&made->text, 5);
    put_regex(made, depth);
    put_text(&made->text, 5);
}

static bool ends_here(struct span text, const struct literal_set *set)
{
    for (unsigned i = 0; i < set->count; i++) {
        size_t len = set->strings[i].len;
        if (len <= text.len && span_ieq(span_from(text, text.len - len),
                                        (struct span){set->strings[i].at, len}))
            return true;
    }
    return false;
}

/* In how many places does one of the strings end? */
static bool has_strings(struct span text, const struct literal_set *set)
{
    unsigned places = 0;

    for (size_t end = 1; end <= text.len; end++)
        places += ends_here(span_head(text, end), set);
    return places >= set->times;
}

/* The long way: where can the chain be after each byte? */
static bool has_chain(struct span text, const struct byte_chain *chain)
{
    bool at[BYTE_CHAIN_LINKS + 1] = {true}, is_found = false;

    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.at[i];
        for (unsigned link = chain->count; link > 0; link--)
            at[link] =
                (at[link - 1] && byte_set_has(&chain->links[link - 1].bytes, byte)) ||
                (at[link] && byte_set_has(&chain->links[link - 1].gap, byte));
        is_found = is_found || at[chain->count];
    }
    return is_found;
}

static bool has_need(struct span text, const struct rule_need *need)
{
    return need->kind == RULE_NEED_CHAIN ? has_chain(text, &need->chain)
                                         : has_strings(text, &need->strings);
}

struct implied {
    unsigned needs, matches, absent;
};

/* Where a regex matches, what it needs stands. */
static void check_text(const struct pattern *pattern, const struct rule_need *need,
                       struct made *made, struct span text, struct implied *tally)
{
    bool has = has_need(text, need);

    tally->absent += !has;
    if (pattern_match(pattern, text) != PATTERN_MATCH)
        return;
    tally->matches++;
    if (!has)
        fail_msg("/%s/ matches \"%.*s\"", buf_cstr(&made->regex), (int)text.len,
                 text.at);
}

static void check_need(struct arena *arena, const struct pattern *pattern,
                       struct made *made, const struct rule_need *need,
                       struct implied *tally)
{
    tally->needs++;
    check_text(pattern, need, made, buf_span(&made->text), tally);
    for (int i = 0; i < 5; i++) {
        struct buf text;
        buf_init(&text, arena, 100);
        put_text(&text, 40);
        check_text(pattern, need, made, buf_span(&text), tally);
    }
}

static void check_regex(struct arena *arena, struct implied *strings,
                        struct implied *chains)
{
    static const unsigned flags[] = {0, PATTERN_CASELESS, PATTERN_EXTENDED,
                                     PATTERN_CASELESS | PATTERN_DOTALL,
                                     PATTERN_MULTILINE};
    static struct rule_need need;
    unsigned flag = flags[below(5)];
    struct pattern *pattern;
    struct made made;
    struct err err;

    make_regex(&made, arena, 2);
    if (pattern_new(&pattern, buf_span(&made.regex), flag, &err) != 0)
        return;
    need.kind = RULE_NEED_STRINGS;
    if (literal_derive(buf_span(&made.regex), flag, &need.strings))
        check_need(arena, pattern, &made, &need, strings);
    need.kind = RULE_NEED_CHAIN;
    if (byte_chain_derive(buf_span(&made.regex), flag, &need.chain))
        check_need(arena, pattern, &made, &need, chains);
    pattern_free(&pattern);
}

/* else it shows nothing */
static void check_tally(const struct implied *tally)
{
    assert_in_range(tally->needs, REGEXES / 8, REGEXES);
    assert_in_range(tally->matches, REGEXES / 8, 6 * REGEXES);
    assert_in_range(tally->absent, REGEXES / 8, 6 * REGEXES);
}

static void match_implies_need(void **state)
{
    struct arena *arena = arena_new(ARENA_BYTES);
    struct implied strings = {0}, chains = {0};

    (void)state;
    for (int round = 0; round < REGEXES; round++) {
        arena_reset(arena);
        check_regex(arena, &strings, &chains);
    }
    check_tally(&strings);
    check_tally(&chains);
    arena_free(&arena);
}

static void make_strings(struct arena *arena, struct literal_set *set)
{
    set->count = 0;
    set->times = below(3) > 0 ? 1 : below(4) + 1;
    for (unsigned i = below(4) + 1; i > 0; i--) {
        struct buf string;
        buf_init(&string, arena, 8);
        put_text(&string, 7);
        buf_add_char(&string, 'q');
        assert_true(literal_set_add(set, buf_span(&string), 4));
    }
}

static void make_set(struct byte_set *set, unsigned least)
{
    *set = (struct byte_set){{0}};
    for (unsigned i = below(3) + least; i > 0; i--)
        byte_set_add(set, (unsigned char)some_byte());
}

static void make_chain(struct byte_chain *chain)
{
    chain->count = below(9) == 0 ? below(BYTE_CHAIN_LINKS) + 1 : below(5) + 1;
    for (unsigned i = 0; i < chain->count; i++) {
        make_set(&chain->links[i].bytes, 1);
        make_set(&chain->links[i].gap, 0);
    }
    chain->links[chain->count - 1].gap = (struct byte_set){{0}};
}

enum { MEMBERS = 60 };

/* The filter names those members whose need stands in the text, once each. */
static void check_named(struct arena *arena, const struct prefilter *filter,
                        const struct rule_need *needs, unsigned members,
                        struct prefilter_run *run)
{
    unsigned char times[MEMBERS] = {0};
    struct buf text;

    buf_init(&text, arena, 100);
    put_text(&text, 60);
    prefilter_scan(filter, buf_span(&text), run);
    for (size_t k = 0; k < run->count; k++)
        times[run->rules[k] - 1000]++;
    for (unsigned m = 0; m < members; m++)
        assert_int_equal(times[m], has_need(buf_span(&text), &needs[m]));
}

static void scan_names_members(void **state)
{
    static struct rule_need needs[MEMBERS];
    struct arena *arena = arena_new(ARENA_BYTES);

    (void)state;
    for (int round = 0; round < 300; round++) {
        struct prefilter *filter = prefilter_new();
        struct prefilter_run run;
        unsigned members = below(MEMBERS) + 1, chains_of_3 = below(4);
        arena_reset(arena);
        assert_non_null(filter);
        for (unsigned m = 0; m < members; m++) {
            if (below(3) < chains_of_3) {
                needs[m].kind = RULE_NEED_CHAIN;
                make_chain(&needs[m].chain);
                assert_true(prefilter_add_chain(filter, 1000 + m, &needs[m].chain));
            } else {
                needs[m].kind = RULE_NEED_STRINGS;
                make_strings(arena, &needs[m].strings);
                assert_true(prefilter_add(filter, 1000 + m, &needs[m].strings));
            }
        }
        assert_int_equal(prefilter_seal(filter), 0);
        assert_int_equal(prefilter_start(filter, arena, &run), 0);
        for (int i = 0; i < 20; i++)
            check_named(arena, filter, needs, members, &run);
        prefilter_free(&filter);
    }
    arena_free(&arena);
}

/* Beyond the bound a rule is none of its members. */
static void full_prefilter_refuses(void **state)
{
    struct prefilter *filter = prefilter_new();
    struct literal_set *set = malloc(sizeof *set);
    struct arena *arena = arena_new(ARENA_BYTES);
    struct prefilter_run run;
    unsigned taken = 0;
    bool is_taken = true;

    (void)state;
    assert_non_null(set);
    set->count = 0;
    set->times = 1;
    assert_false(prefilter_add(filter, 0, set));
    literal_set_one(set, SPAN(""));
    assert_false(prefilter_add(filter, 0, set));
    for (; is_taken && taken < 100000; taken += is_taken) {
        char string[24];
        snprintf(string, sizeof string, "%019u", taken);
        literal_set_one(set, span_of(string));
        is_taken = prefilter_add(filter, taken, set);
    }
    assert_int_equal(taken, BOUND_PREFILTER_BYTES / 19);
    assert_int_equal(prefilter_seal(filter), 0);
    assert_int_equal(prefilter_start(filter, arena, &run), 0);
    prefilter_scan(filter, SPAN("0000000000000000042 0000000000000000043"), &run);
    assert_int_equal(run.count, 2);
    assert_int_equal(run.rules[0] + run.rules[1], 42 + 43);
    prefilter_scan(filter, SPAN(""), &run);
    assert_int_equal(run.count, 0);
    prefilter_free(&filter);
    arena_free(&arena);
    free(set);
}

/* The same for chains: as many as there is room for, and they are all found. */
static void full_filter_of_chains(void **state)
{
    enum { LINKS = 40, ROOM = BOUND_CHAIN_BLOCKS * 4 };
    struct prefilter *filter = prefilter_new();
    struct byte_chain chain = {.count = 0};
    struct arena *arena = arena_new(ARENA_BYTES);
    struct prefilter_run run;
    char text[LINKS + 1];

    (void)state;
    assert_false(prefilter_add_chain(filter, 0, &chain));
    chain.count = LINKS;
    for (unsigned i = 0; i < LINKS; i++) {
        byte_set_add(&chain.links[i].bytes, (unsigned char)('0' + i));
        text[i] = (char)('0' + i);
    }
    for (unsigned i = 0; i < ROOM; i++)
        assert_true(prefilter_add_chain(filter, i, &chain));
    assert_false(prefilter_add_chain(filter, ROOM, &chain));
    assert_int_equal(prefilter_seal(filter), 0);
    assert_int_equal(prefilter_start(filter, arena, &run), 0);
    prefilter_scan(filter, (struct span){text, LINKS}, &run);
    assert_int_equal(run.count, ROOM);
    prefilter_scan(filter, (struct span){text, LINKS - 1}, &run);
    assert_int_equal(run.count, 0);
    prefilter_free(&filter);
    arena_free(&arena);
}

static struct ruleset *load(const char *path)
{
    struct ruleset *set;
    struct rule_report report;
    struct err err;

    assert_int_equal(rule_report_init(&report, &err), 0);
    if (ruleset_load(&set, &path, 1, 0, &report, &err) != 0)
        fail_msg("%s", err.text);
    rule_report_clear(&report);
    return set;
}

struct tally {
    size_t mails, hits, differences, spared;
};

/* Where only what can change the points runs, the points are the same. */
static void compare_points(struct ruleset *set, const double *values,
                           const double *spare, const char *name, struct tally *tally)
{
    for (size_t i = 0; i < set->count; i++) {
        tally->spared += set->rules[i].info.score == 0 && values[i] != spare[i];
        if (set->rules[i].info.score == 0 || values[i] == spare[i])
            continue;
        tally->differences++;
        print_message("%s: %s: %g of all, %g alone\n", name, set->rules[i].info.name,
                      values[i], spare[i]);
    }
}

/* Every rule's value on a mail, both ways. */
static void compare(struct ruleset *set, struct arena *arena, struct span mail,
                    const char *name, struct tally *tally)
{
    static struct facts facts;
    const struct envelope env = {.path = PATH_SMTP, .mail_from = SPAN("bob@a.example")};
    unsigned plain_errors, errors, spare_errors;
    struct message *msg = message_new(arena, MAIL_BYTES);

    assert_non_null(msg);
    message_read(msg, mail);
    facts_collect(&facts, msg, &env, NULL, 1700000000);
    double *spare = rule_values(set, msg, &env, &facts, &spare_errors);
    set->runs_all = true;
    set->is_unfiltered = true;
    double *plain = rule_values(set, msg, &env, &facts, &plain_errors);
    set->is_unfiltered = false;
    double *values = rule_values(set, msg, &env, &facts, &errors);
    set->runs_all = false;
    assert_non_null(plain);
    assert_non_null(values);
    assert_non_null(spare);
    assert_in_range(spare_errors, 0, errors);
    compare_points(set, values, spare, name, tally);
    for (size_t i = 0; i < set->count; i++) {
        tally->hits += plain[i] != 0;
        if (plain[i] == values[i] || plain_errors > errors)
            continue; /* where a limit stops the one, the other need not run */
        tally->differences++;
        print_message("%s: %s: %g without, %g with\n", name, set->rules[i].info.name,
                      plain[i], values[i]);
    }
    if (errors > plain_errors)
        fail_msg("%s: %u limit errors without, %u with", name, plain_errors, errors);
    tally->mails++;
}

/* Half of them give no points. */
static void put_name(struct buf *out, char kind, unsigned number)
{
    buf_printf(out, "%s%c%u", number % 2 == 0 ? "__" : "", kind, number);
}

static void put_rules(struct buf *out)
{
    static const char *const targets[] = {"body ?",
                                          "body ?",
                                          "rawbody ?",
                                          "uri ?",
                                          "full ?",
                                          "header ? Subject =~",
                                          "header ? Subject !~",
                                          "header ? X-No =~",
                                          "header ? X-No !~",
                                          "header ? ALL =~",
                                          "mimeheader ? X-Part =~",
                                          "mimeheader ? X-Part !~"};
    static const char *const flags[] = {"/\n", "/i\n", "/i\n", "/m\n", "/s\n"};
    static const char *const unset[] = {"/ [if-unset: zaq]\n", "/i [if-unset: q]\n"};
    static const char *const tflags[] = {"multiple", "multiple maxhits=2", "nosubject",
                                         "multiple nosubject"};

    for (unsigned i = 0; i < 60; i++) {
        const char *target = ONE_OF(targets);
        struct pattern *pattern;
        struct span kind, rest;
        struct made made;
        struct err err;
        make_regex(&made, out->arena, 1);
        if (pattern_new(&pattern, buf_span(&made.regex), 0, &err) != 0 ||
            span_index(buf_span(&made.regex), '#') >= 0) {
            pattern_free(&pattern);
            continue; /* a comment */
        }
        pattern_free(&pattern);
        if (below(3) == 0) {
            buf_add_span(out, SPAN("tflags "));
            put_name(out, 'A', i);
            buf_printf(out, " %s\n", ONE_OF(tflags));
        }
        span_cut(span_of(target), '?', &kind, &rest);
        buf_add_span(out, kind);
        put_name(out, 'A', i);
        buf_add_span(out, rest);
        buf_add_span(out, SPAN(" /"));
        buf_add_span(out, buf_span(&made.regex));
        buf_add_span(out, span_of(target[0] == 'h' && below(4) == 0 ? ONE_OF(unset)
                                                                    : ONE_OF(flags)));
    }
}

/* Metas over those rules and each other. */
static void put_metas(struct buf *out)
{
    static const char *const operators[] = {" && ", " && ", " || ", " || ", " + ",
                                            " - ",  " > ",  " == ", " * ",  " < "};

    for (unsigned i = 0; i < 60; i++) {
        buf_add_span(out, SPAN("meta "));
        put_name(out, 'M', i);
        buf_add_char(out, ' ');
        for (unsigned terms = below(4) + 1; terms > 0; terms--) {
            buf_add_span(out, span_of(below(4) == 0 ? "!" : ""));
            if (i > 0 && below(3) == 0)
                put_name(out, 'M', below(i));
            else
                put_name(out, 'A', below(60));
            buf_add_span(out, span_of(terms > 1 ? ONE_OF(operators) : "\n"));
        }
    }
}

static void put_mail(struct buf *out)
{
    buf_add_span(out, SPAN("From: a@b.example\n"));
    if (below(4) > 0) {
        buf_add_span(out, SPAN("Subject: aq"));
        put_text(out, 8);
        buf_add_span(out, SPAN(".\n"));
    }
    buf_add_span(out, SPAN("Content-Type: multipart/mixed; boundary=i\n\n"));
    for (unsigned part = below(3) + 1; part > 0; part--) {
        buf_add_span(out, SPAN("--i\nContent-Type: text/plain\nX-Part: "));
        put_text(out, 6);
        buf_add_span(out, SPAN("\n\n"));
        for (unsigned i = below(6); i > 0; i--) {
            put_text(out, 30);
            buf_add_span(out,
                         below(2) > 0 ? SPAN("\n\n") : SPAN(" http://q.example/zaq "));
        }
        buf_add_char(out, '\n');
    }
    buf_add_span(out, SPAN("--i--\n"));
}

static void write_file(char *path, struct span bytes)
{
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes.at, bytes.len), bytes.len);
    close(fd);
}

static void random_rules_agree(void **state)
{
    struct arena *arena = arena_new(ARENA_BYTES);
    struct tally tally = {0};
    size_t filtered = 0;

    (void)state;
    for (int round = 0; round < 60; round++) {
        char path[] = "/tmp/outgate-test-XXXXXX";
        struct ruleset *set;
        struct buf rules;
        arena_reset(arena);
        buf_init(&rules, arena, 1 << 20);
        put_rules(&rules);
        put_metas(&rules);
        write_file(path, buf_span(&rules));
        set = load(path);
        unlink(path);
        filtered += set->body.count - set->body.always;
        for (int i = 0; i < 10; i++) {
            struct buf mail;
            buf_init(&mail, arena, 1 << 16);
            put_mail(&mail);
            compare(set, arena, buf_span(&mail), "a random mail", &tally);
        }
        ruleset_free(&set);
    }
    assert_int_equal(tally.differences, 0);
    assert_in_range(tally.hits, 1000, 1000000);
    assert_in_range(tally.spared, 1000, 1000000);
    assert_in_range(filtered, 60, 3600);
    arena_free(&arena);
}

static void compare_file(struct ruleset *set, struct arena *arena, const char *path,
                         struct tally *tally)
{
    FILE *file = fopen(path, "re");
    char *bytes = malloc(MAIL_BYTES);
    size_t len;

    if (file == NULL || bytes == NULL)
        fail_msg("%s cannot be read", path);
    len = fread(bytes, 1, MAIL_BYTES, file);
    fclose(file);
    arena_reset(arena);
    compare(set, arena, (struct span){bytes, len}, path, tally);
    free(bytes);
}

static void stock_rules_agree(void **state)
{
    static const char *const folders[] = {"tests/rules/*/*.eml", "tests/data/*/*.eml"};
    const char *srcdir = getenv("srcdir") != NULL ? getenv("srcdir") : ".";
    struct arena *arena = arena_new(ARENA_BYTES);
    struct tally tally = {0};
    struct ruleset *set;
    char path[4096];

    (void)state;
    snprintf(path, sizeof path, "%s/rules", srcdir);
    set = load(path);
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        glob_t found;
        snprintf(path, sizeof path, "%s/%s", srcdir, folders[i]);
        assert_int_equal(glob(path, 0, NULL, &found), 0);
        for (size_t k = 0; k < found.gl_pathc; k++)
            compare_file(set, arena, found.gl_pathv[k], &tally);
        globfree(&found);
    }
    assert_int_equal(tally.differences, 0);
    assert_in_range(tally.mails, 300, 100000);
    assert_in_range(tally.hits, 2000, 10000000);
    /* else the comparison shows nothing */
    assert_in_range(set->undisguised.count - set->undisguised.always, 100,
                    set->undisguised.count);
    ruleset_free(&set);
    arena_free(&arena);
}

static int compare_arguments(char **arguments)
{
    struct arena *arena = arena_new(ARENA_BYTES);
    struct ruleset *set = load(arguments[0]);
    struct tally tally = {0};

    for (char **file = arguments + 1; *file != NULL; file++)
        compare_file(set, arena, *file, &tally);
    printf("%zu mails, %zu rules, %zu hits, %zu differences\n", tally.mails, set->count,
           tally.hits, tally.differences);
    ruleset_free(&set);
    arena_free(&arena);
    return tally.differences > 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(match_implies_need),
        cmocka_unit_test(scan_names_members),
        cmocka_unit_test(full_prefilter_refuses),
        cmocka_unit_test(full_filter_of_chains),
        cmocka_unit_test(random_rules_agree),
        cmocka_unit_test(stock_rules_agree),
    };

    if (argc > 2)
        return compare_arguments(argv + 1);
    return cmocka_run_group_tests_name("prefilter", tests, NULL, NULL);
}
