/* SPDX-License-Identifier: BSD-2-Clause
 *
 * rule_parse and loading: lines, conditions, includes, what is an error, what is
 * skipped, what is only noted.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/bounds.h"
#include "rules/rule_explain.h"
#include "rules/source/rule_condition.h"
#include "rules/source/rule_parse.h"
#include "rules/source/rule_words.h"

static char folder[] = "/tmp/outgate-test-XXXXXX";

static void write_file(const char *name, const char *text)
{
    char path[200];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void remove_file(const char *name)
{
    char path[200];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    unlink(path);
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

/* Load text as one file; the report is for the caller to clear. */
static struct ruleset *load(const char *text, bool is_lint, struct rule_report *report,
                            struct err *err)
{
    const char *paths[] = {folder};
    struct ruleset *set;

    assert_int_equal(rule_report_init(report, err), 0);
    write_file("a.cf", text);
    (void)ruleset_load(&set, paths, 1, is_lint ? RULESET_LINT : 0, report, err);
    remove_file("a.cf");
    return set;
}

/* Which rules run, by name. */
static void rule_table(void **state)
{
    static const struct {
        const char *text, *rules;
    } rows[] = {
        {"", ""},
        {"# nothing\n\n   \n", ""},
        {"body A /x/", "A"},
        {"  BODY\tA\t/x/  # comment\r\n", "A"},
        {"body A /x\\#y/", "A"},
        {"body A /x/\nbody A /y/", "A"},
        {"if (version >= 4.000000)\nbody A /x/\nelse\nbody B /x/\nendif", "A"},
        {"if version < 3.004\nbody A /x/\nelse\nbody B /x/\nendif", "B"},
        {"ifplugin Mail::SpamAssassin::Plugin::MIMEHeader\nbody A /x/\nendif", "A"},
        {"ifplugin Mail::SpamAssassin::Plugin::DKIM\nbody A /x/\nelse\nbody B /x/\n"
         "endif",
         "B"},
        {"if !plugin(Mail::SpamAssassin::Plugin::DKIM) && version > 3\nbody A /x/\n"
         "endif",
         "A"},
        {"if can(Mail::SpamAssassin::Conf::feature_bug6558_free)\nbody A /x/\nendif",
         "A"},
        {"if has(Mail::SpamAssassin::Conf::feature_none)\nbody A /x/\nendif", ""},
        {"if 0\nif 1\nbody A /x/\nelse\nbody B /x/\nendif\nelse\nbody C /x/\nendif",
         "C"},
        {"if 0\nif nonsense (\nno such word\nendif\nendif\nbody A /x/", "A"},
        {"lang de describe A nein\nlang en body A /x/\nlang fr body B /x/", "A"},
        {"body __A /x/\nscore __A 0", "__A"},
        {"body A /x/\nscore A 0", ""},
        {"body A /x/\nscore A 0 1 1 1", ""},
        {"header A eval:check()\nbody B eval:b('x')\nfull C rbleval:c()", ""},
        {"header A X-Spam-Relays-External =~ /x/", "A"},
        {"body A /x(/\nbody B /x/", "B"},
        {"body A /%{NAME}/\nbody B /x%{2}/", "A B"},
        {"body A /x/\ntflags A net", "A"},
        {"askdns A x TXT /y/\nuri_detail B text =~ /x/", ""},
        {"report_safe 1\nrequired_score 5\nwhitelist_from *@x\nreport-safe 0", ""},
        {"meta A B\nmeta B 1", "A B"},
        {"fact A subject_length > 3", "A"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rule_report report;
        struct err err = {0};
        struct ruleset *set = load(rows[i].text, false, &report, &err);
        char names[200] = "";
        if (set == NULL)
            fail_msg("row %zu: %s", i, err.text);
        for (size_t r = 0; r < ruleset_count(set); r++) {
            struct rule_info info;
            ruleset_info(set, r, &info);
            strcat(strcat(names, r > 0 ? " " : ""), info.name);
        }
        if (strcmp(names, rows[i].rules) != 0)
            fail_msg("row %zu: %s\nruns \"%s\", expected \"%s\"", i, rows[i].text,
                     names, rows[i].rules);
        ruleset_free(&set);
        rule_report_clear(&report);
    }
}

/* Each is one error on that line, and nothing is loaded. */
static void error_table(void **state)
{
    static const struct {
        const char *text;
        unsigned line;
        const char *says;
    } rows[] = {
        {"bdoy A /x/", 1, "did you mean body?"},
        {"\n\nzzzzqqqq A /x/", 3, "unknown word"},
        {"scores A 1", 1, "did you mean score?"},
        {"body A", 1, "definition is missing"},
        {"body", 1, "rule name"},
        {"body 9A /x/", 1, "rule name"},
        {"body A-B /x/", 1, "rule name"},
        {"body A x", 1, "/.../"},
        {"body A /x/q", 1, "unknown pattern flag"},
        {"header A From /x/", 1, "expected: RULE Header"},
        {"header A exists:", 1, "exists:Header"},
        {"header A Fr@m =~ /x/", 1, "expected: RULE Header"},
        {"score A", 1, "one or four"},
        {"score A x", 1, "one or four"},
        {"score A 1 2", 1, "one or four"},
        {"score A 1 2 3 4 5", 1, "one or four"},
        {"score A 1.2.3", 1, "one or four"},
        {"tflags A maxhits=x", 1, "maxhits="},
        {"test A maybe x", 1, "ok|fail"},
        {"replace_tag A", 1, "NAME VALUE"},
        {"meta A B +", 1, "a value is missing"},
        {"meta A (B", 1, "')' is missing"},
        {"fact A no_such_fact > 1", 1, "there is no fact no_such_fact"},
        {"fact A subject_lenght > 1", 1, "did you mean subject_length?"},
        {"meta A A", 1, "names itself"},
        {"if 1\nbody A /x/", 1, "if without endif"},
        {"endif", 1, "endif without if"},
        {"else", 1, "else without if"},
        {"if 1\nelse\nelse\nendif", 3, "else without if"},
        {"if nonsense\nendif", 1, "unknown word nonsense"},
        {"if\nendif", 1, "condition is missing"},
        {"include none.cf", 1, "No such file"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rule_report report;
        struct err err = {0};
        char place[40];
        assert_null(load(rows[i].text, false, &report, &err));
        snprintf(place, sizeof place, "a.cf:%u:", rows[i].line);
        if (report.errors != 1 || strstr(err.text, rows[i].says) == NULL ||
            strstr(err.text, place) == NULL)
            fail_msg("row %zu: %s\n%zu errors: %s", i, rows[i].text, report.errors,
                     err.text);
        rule_report_clear(&report);
    }
}

static size_t remarks_of(const struct rule_report *report, enum remark_level level,
                         const char *text)
{
    size_t count = 0;

    for (size_t i = 0; i < report->count; i++)
        count += report->remarks[i].level == level &&
                 strstr(report->remarks[i].text, text) != NULL;
    return count;
}

static void all_errors_in_one_run(void **state)
{
    struct rule_report report;
    struct err err;

    (void)state;
    assert_null(load("bdoy A /x/\nbody B /x/\nmeta M (\nscore\nmeta C D\nmeta D C\n",
                     false, &report, &err));
    assert_int_equal(report.errors, 5);
    assert_non_null(strstr(err.text, "a.cf:1: bdoy"));
    for (size_t i = 1; i < report.count; i++)
        assert_true(report.remarks[i - 1].line <= report.remarks[i].line);
    assert_string_equal(report.remarks[0].file + strlen(folder), "/a.cf");
    rule_report_clear(&report);
}

static void remarks(void **state)
{
    struct rule_report report;
    struct err err;
    struct ruleset *set = load("body A /x/\nscore GONE 1\nbody A /y/\ndescribe A why\n"
                               "header E eval:check_it('a')\nmeta M NONE\n"
                               "test A ok xyz\ntest A fail xyz\ntest NONE ok x\n"
                               "body H /(a+)+$/\nreport_safe 1\nreport_safe 2\n",
                               true, &report, &err);

    (void)state;
    assert_non_null(set);
    assert_int_equal(remarks_of(&report, REMARK_WARNING, "score GONE"), 1);
    assert_int_equal(remarks_of(&report, REMARK_WARNING, "A: replaces another"), 1);
    assert_int_equal(remarks_of(&report, REMARK_WARNING, "M: has no describe"), 1);
    assert_int_equal(remarks_of(&report, REMARK_WARNING, "A: has no describe"), 0);
    assert_int_equal(remarks_of(&report, REMARK_WARNING, "NONE is not defined"), 1);
    assert_int_equal(remarks_of(&report, REMARK_WARNING, "test A fail: failed"), 1);
    assert_int_equal(remarks_of(&report, REMARK_WARNING, "test A ok"), 0);
    assert_int_equal(remarks_of(&report, REMARK_WARNING, "test NONE"), 1);
    assert_int_equal(remarks_of(&report, REMARK_WARNING, "H: can backtrack for ever"),
                     1);
    assert_int_equal(remarks_of(&report, REMARK_WARNING, "H: has no score line"), 1);
    assert_int_equal(remarks_of(&report, REMARK_NOTE, "report_safe"), 1);
    assert_int_equal(remarks_of(&report, REMARK_SKIPPED, "E: eval:check_it"), 1);
    assert_int_equal(report.skipped, 1);
    ruleset_free(&set);
    rule_report_clear(&report);
}

/* Patterns that a hostile text holds up, and their harmless neighbours. */
static void hostile_patterns(void **state)
{
    static const struct {
        const char *regex;
        bool is_hostile;
    } rows[] = {
        {"/(a+)+$/", true},
        {"/^(?:[a-z0-9]+[-.]?)+@$/", true},
        {"/foo(bar|ba+r)*baz/i", true}, /* wants a z, or nothing is tried */
        {"/(\\w+\\s?)+:$/", true},      /* hostile without what may be left out */
        {"/x(?:[ab]|[bc])*y{2}z/", true},
        {"/(?:a{1,9}){1,99}b/", true},
        {"/(a++)+$/", false},
        {"/(?>a+)b/", false},
        {"/^\\d{4}-\\d{2}(?=x)/", false},
        {"/hello\\s+world/", false},
        {"/(?!a+b)[^<>]{0,40}c/", false},
        {"/a(?\\#(b+)+)c\\Q(d+)+\\E/", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rule_report report;
        struct err err;
        char text[200];
        struct ruleset *set;
        snprintf(text, sizeof text, "body H %s\n", rows[i].regex);
        set = load(text, true, &report, &err);
        assert_non_null(set);
        if ((remarks_of(&report, REMARK_WARNING, "backtrack for ever") > 0) !=
            rows[i].is_hostile)
            fail_msg("%s", rows[i].regex);
        ruleset_free(&set);
        rule_report_clear(&report);
    }
}

static void nearest_names(void **state)
{
    struct rule_report report;
    struct err err;
    struct ruleset *set =
        load("body LINK_HEAVY /x/\nscore LINK_HEVY 1\nmeta M LINK_HAEVY\n"
             "describe FAR_AWAY text\nbody LETTERS /[a-z]{3}/\n",
             true, &report, &err);

    (void)state;
    assert_non_null(set);
    assert_int_equal(remarks_of(&report, REMARK_WARNING,
                                "LINK_HEVY: there is no such rule; did you mean "
                                "LINK_HEAVY?"),
                     1);
    assert_int_equal(remarks_of(&report, REMARK_WARNING,
                                "M: LINK_HAEVY is not defined and counts as 0; did you "
                                "mean LINK_HEAVY?"),
                     1);
    assert_int_equal(
        remarks_of(&report, REMARK_WARNING,
                   "FAR_AWAY: is described here, but there is no such rule"),
        1);
    assert_int_equal(remarks_of(&report, REMARK_NOTE, "LETTERS: runs on every"), 1);
    ruleset_free(&set);
    rule_report_clear(&report);
}

static const char *trait(const struct rule_explanation *told, const char *label)
{
    for (size_t i = 0; i < told->count; i++)
        if (strcmp(told->at[i].label, label) == 0)
            return told->at[i].text;
    return "";
}

static void explanations(void **state)
{
    struct arena *arena = arena_new(1 << 20);
    struct rule_explanation told;
    struct rule_report report;
    struct err err;
    struct ruleset *set =
        load("header __H From:addr !~ /\\@example\\.com/i [if-unset: none]\n"
             "meta M __H && !NONE || __B > 2 + 1\nscore M 2.5\ndescribe M why\n"
             "body __B /secret words/\ntflags __B multiple maxhits=7\n"
             "fact F links_per_100_words > 8\nfull E eval:nothing()\n"
             "test __B ok secret words\ntest __B ok no\n",
             true, &report, &err);

    (void)state;
    assert_non_null(set);
    assert_int_equal(rule_explain(set, "M", arena, &told, &err), 0);
    assert_string_equal(trait(&told, "kind"), "meta");
    assert_string_equal(trait(&told, "says"), "why");
    assert_string_equal(trait(&told, "hits when"), "(__H && !NONE) || (__B > (2 + 1))");
    assert_non_null(strstr(trait(&told, "points"), "2.5 ("));
    assert_non_null(strstr(trait(&told, "needs"), "__H: header "));
    assert_int_equal(rule_explain(set, "__H", arena, &told, &err), 0);
    assert_string_equal(trait(&told, "reads"), "the field From, its addresses");
    assert_string_equal(trait(&told, "if unset"), "\"none\" is read in its place");
    assert_string_equal(trait(&told, "hits when"),
                        "this does not match: \\@example\\.com; any case");
    assert_string_equal(trait(&told, "used by"), "M, 2.5 points");
    assert_int_equal(rule_explain(set, "__B", arena, &told, &err), 0);
    assert_string_equal(trait(&told, "counts"), "each match, 7 at most");
    assert_non_null(strstr(trait(&told, "cost"), "only on texts that hold \""));
    assert_non_null(strstr(trait(&told, "test"), ": passed"));
    assert_string_equal(told.at[told.count - 1].label, "test");
    assert_non_null(strstr(told.at[told.count - 1].text, ": FAILED"));
    assert_int_equal(rule_explain(set, "F", arena, &told, &err), 0);
    assert_non_null(strstr(trait(&told, "reads"), "links_per_100_words: "));
    assert_int_equal(rule_explain(set, "E", arena, &told, &err), 0);
    assert_non_null(strstr(trait(&told, "does not run"), "eval:nothing"));
    assert_int_equal(rule_explain(set, "__BB", arena, &told, &err), -1);
    assert_non_null(strstr(err.text, "no rule __BB"));
    ruleset_free(&set);
    rule_report_clear(&report);
    arena_free(&arena);
}

static void files_in_order_and_includes(void **state)
{
    const char *paths[] = {folder};
    struct rule_report report;
    struct ruleset *set;
    struct rule_info info;
    struct err err;

    (void)state;
    write_file("10.cf", "body A /ten/\ninclude sub.inc\nbody C /x/\n");
    write_file("20.cf", "body A /twenty/\n");
    write_file("30.txt", "no rules at all\n");
    write_file("sub.inc", "body B /sub/\n");
    assert_int_equal(rule_report_init(&report, &err), 0);
    assert_int_equal(ruleset_load(&set, paths, 1, 0, &report, &err), 0);
    assert_int_equal(ruleset_count(set), 3);
    ruleset_info(set, 0, &info);
    assert_string_equal(info.definition, "/twenty/");
    ruleset_info(set, 1, &info);
    assert_string_equal(info.file + strlen(folder), "/sub.inc");
    ruleset_info(set, 2, &info);
    assert_int_equal(info.line, 3);
    ruleset_free(&set);
    rule_report_clear(&report);
    /* a file that includes itself comes to an end */
    write_file("10.cf", "include 10.cf\n");
    assert_int_equal(ruleset_load(&set, paths, 1, 0, NULL, &err), -1);
    assert_non_null(strstr(err.text, "includes within each other"));
    remove_file("10.cf");
    remove_file("20.cf");
    remove_file("30.txt");
    remove_file("sub.inc");
    assert_int_equal(ruleset_load(&set, paths, 1, 0, NULL, &err), 0);
    assert_int_equal(ruleset_count(set), 0);
    ruleset_free(&set);
    paths[0] = "/nonexistent/rules";
    assert_int_equal(ruleset_load(&set, paths, 1, 0, NULL, &err), -1);
    assert_int_equal(err.code, ERR_IO);
    assert_null(set);
}

static void long_lines_are_refused(void **state)
{
    size_t len = BOUND_RULE_LINE_BYTES + 2;
    struct rule_report report;
    struct err err;
    char *text = malloc(len + 1);

    (void)state;
    assert_non_null(text);
    memset(text, 'x', len);
    memcpy(text, "body A /", 8);
    text[len] = '\0';
    assert_null(load(text, false, &report, &err));
    assert_non_null(strstr(err.text, "longer than"));
    rule_report_clear(&report);
    free(text);
}

static void words_are_sorted(void **state)
{
    static const char *const known[] = {"add_header", "whitelist_from", "report_safe",
                                        "util_rb_tld", "required_score"};

    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        assert_true(rule_words_setting(span_of(known[i])) >= 0);
    assert_int_equal(rule_words_setting(SPAN("body")), -1);
    assert_true(rule_words_is_foreign(SPAN("askdns")));
    assert_false(rule_words_is_foreign(SPAN("body")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rule_table),
        cmocka_unit_test(error_table),
        cmocka_unit_test(all_errors_in_one_run),
        cmocka_unit_test(remarks),
        cmocka_unit_test(hostile_patterns),
        cmocka_unit_test(nearest_names),
        cmocka_unit_test(explanations),
        cmocka_unit_test(files_in_order_and_includes),
        cmocka_unit_test(long_lines_are_refused),
        cmocka_unit_test(words_are_sorted),
    };
    return cmocka_run_group_tests_name("rule_parse", tests, make_folder, remove_folder);
}
