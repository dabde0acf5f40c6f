/* SPDX-License-Identifier: BSD-2-Clause
 *
 * rule_match: rule lines and a mail in, hits out; bounds; one set in many threads.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/bounds.h"
#include "base/buf.h"
#include "rules/ruleset.h"

enum { THREADS = 8, ROUNDS = 50, ARENA_BYTES = 32 << 20 };

static struct ruleset *load(const char *rules, struct rule_report *report,
                            struct err *err)
{
    char path[] = "/tmp/outgate-test-XXXXXX";
    const char *paths[] = {path};
    struct ruleset *set;
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, rules, strlen(rules)), strlen(rules));
    close(fd);
    (void)ruleset_load(&set, paths, 1, 0, report, err);
    unlink(path);
    return set;
}

static struct ruleset *load_good(const char *rules)
{
    struct err err = {0};
    struct ruleset *set = load(rules, NULL, &err);

    if (set == NULL)
        fail_msg("%s", err.text);
    return set;
}

static struct message *read_mail(struct arena *arena, struct span mail)
{
    struct message *msg = message_new(arena, 1 << 22);

    assert_non_null(msg);
    message_read(msg, mail);
    return msg;
}

/* "A=2 B" for two hits of which one counts twice, by name. */
static const char *print_hits(struct arena *arena, const struct ruleset *set,
                              const struct hits *hits)
{
    struct buf out;

    buf_init(&out, arena, 4096);
    for (size_t rule = 0; rule < ruleset_count(set); rule++)
        for (size_t i = 0; i < hits->count; i++) {
            if (hits->at[i].rule != rule)
                continue;
            buf_printf(&out, "%s%s", out.len > 0 ? " " : "", hits->at[i].name);
            if (hits->at[i].times > 1)
                buf_printf(&out, "=%u", hits->at[i].times);
        }
    return buf_cstr(&out);
}

#define HEAD                                                                           \
    "Received: from a by b\n"                                                          \
    "Received: from c by d\n"                                                          \
    "From: \"Bob B.\" <bob@example.com>\n"                                             \
    "To: ann@example.org\n"                                                            \
    "Cc: cat@example.net\n"                                                            \
    "Subject: =?utf-8?q?Caf=C3=A9?= now\n"                                             \
    "Message-ID: <1@example.com>\n"                                                    \
    "X-Empty:\n"
#define PLAIN                                                                          \
    HEAD "\n"                                                                          \
         "Dear  friend,\nbuy   now.\n\nSecond paragraph with\n"                        \
         "http://shop.example.com/x?y=1 and more.\n\n  \nlast one\n"
#define MIXED                                                                          \
    HEAD "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=q\n\n"            \
         "--q\nContent-Type: text/plain\nContent-Transfer-Encoding: base64\n\n"        \
         "SGVsbG8gd29ybGQKc2Vjb25kIGxpbmUK\n"                                          \
         "--q\nContent-Type: application/pdf; name=a.pdf\n\nhidden\n--q--\n"

static const struct {
    const char *rules, *mail, *hits;
} hit_rows[] = {
    /* header */
    {"header A From =~ /bob/", PLAIN, "A"},
    {"header A From =~ /bOb\\@/", PLAIN, ""},
    {"header A from =~ /bob/", PLAIN, "A"},
    {"header A From !~ /eve/", PLAIN, "A"},
    {"header A From !~ /bob/", PLAIN, ""},
    {"header A From:addr =~ /^bob\\@example\\.com$/", PLAIN, "A"},
    {"header A From:name =~ /^Bob B\\.$/", PLAIN, "A"},
    {"header A From:addr:host =~ /^example\\.com$/", PLAIN, "A"},
    {"header A Subject =~ /^Caf\\xc3\\xa9 now$/", PLAIN, "A"},
    {"header A Subject:raw =~ /=\\?utf-8\\?q\\?/", PLAIN, "A"},
    {"header A Subject:raw =~ /^ =/", PLAIN, "A"},
    {"header A Received =~ /from a.*\\n.*from c/", PLAIN, "A"},
    {"header A Received:first =~ /from c/", PLAIN, ""},
    {"header A Received:last =~ /from c/", PLAIN, "A"},
    {"header A Received =~ /from/\ntflags A multiple", PLAIN, "A=2"},
    {"header A ToCc =~ /ann.*\\n.*cat/", PLAIN, "A"},
    {"header A MESSAGEID =~ /^<1\\@/", PLAIN, "A"},
    {"header A EnvelopeFrom =~ /^env\\@example\\.com$/", PLAIN, "A"},
    {"header A ALL =~ /^To: ann/m", PLAIN, "A"},
    {"header A ALL =~ /^Subject: Caf\\xc3/m", PLAIN, "A"},
    {"header A exists:X-Empty", PLAIN, "A"},
    {"header A exists:X-None", PLAIN, ""},
    /* absent headers are empty texts, unless said otherwise */
    {"header A X-None =~ /^$/", PLAIN, "A"},
    {"header A X-None !~ /x/", PLAIN, "A"},
    {"header A X-None =~ /^UNSET$/ [if-unset: UNSET]", PLAIN, "A"},
    {"header A From =~ /^UNSET$/ [if-unset: UNSET]", PLAIN, ""},
    {"header A X-None !~ /UNSET/ [if-unset: UNSET]", PLAIN, ""},
    /* body: subject first, white space folded, paragraphs apart */
    {"body A /^Caf\\xc3\\xa9 now$/", PLAIN, "A"},
    {"body A /Dear friend, buy now\\./", PLAIN, "A"},
    {"body A /now.*Second/s", PLAIN, ""},
    {"body A /^Second paragraph with http/", PLAIN, "A"},
    {"body A /^last one/", PLAIN, "A"},
    {"body A /now/\ntflags A multiple", PLAIN, "A=2"},
    {"body A /now/\ntflags A multiple maxhits=1", PLAIN, "A"},
    {"body A /now/\ntflags A multiple nosubject", PLAIN, "A"},
    {"body A /Caf/\ntflags A nosubject", PLAIN, ""},
    {"body A /Hello world second line/", MIXED, "A"},
    {"body A /hidden/", MIXED, ""},
    /* a file that is opened as a page is one */
    {"body A /^One two$/\nrawbody B /One<b> two/\nuri C /^http:..a\\.example/",
     HEAD "Content-Type: application/x; name=a.HTM\n\n<a href=http://a.example/>One<b> "
          "two",
     "A B C"},
    {"body A /One/", HEAD "Content-Type: application/x; name=a.pdf\n\nOne\n", ""},
    /* undisguised: small letters without accents; nothing else changes */
    {"body A /^cafe now$/\ntflags A undisguised", PLAIN, "A"},
    {"body A /caf\\xc3\\xa9/i\ntflags A undisguised\nbody B /Caf\\xc3\\xa9/", PLAIN,
     "B"},
    {"body A /now/\ntflags A undisguised multiple nosubject", PLAIN, "A"},
    {"header A Subject =~ /^cafe now$/\ntflags A undisguised\n"
     "header B Subject =~ /^Caf\\xc3\\xa9 now$/",
     PLAIN, "A B"},
    {"tflags A undisguised\nheader A From:name =~ /^bob b\\.$/", PLAIN, "A"},
    {"header A Subject !~ /cafe/\ntflags A undisguised", PLAIN, ""},
    {"header A X-None =~ /^$/\ntflags A undisguised", PLAIN, "A"},
    {"uri A /shop/\ntflags A undisguised", PLAIN, "A"},
    /* rawbody: lines kept */
    {"rawbody A /Hello world\\nsecond line/", MIXED, "A"},
    {"rawbody A /^second/m", MIXED, "A"},
    {"rawbody A /Dear  friend,\\nbuy   now/", PLAIN, "A"},
    {"rawbody A /Caf/", PLAIN, ""},
    /* uri, full, mimeheader */
    {"uri A m{^http://shop\\.example\\.com/x\\?y=1$}", PLAIN, "A"},
    {"uri A /friend/", PLAIN, ""},
    {"uri A /^mailto:eve\\.x\\@example\\.com$/", HEAD "\nask <eve.x@example.com>.\n",
     "A"},
    {"uri A /mailto/", HEAD "\na @ b, @x.y, c@d\n", ""},
    {"full A /now\\nMessage-ID: <1.*X-Empty:\\n\\nDear/s", PLAIN, "A"},
    {"full A /SGVsbG8/", MIXED, "A"},
    {"mimeheader A Content-Type =~ /pdf/", MIXED, "A"},
    {"mimeheader A Content-Type =~ /gif/", MIXED, ""},
    {"mimeheader A Content-Type !~ /gif/", MIXED, "A"},
    {"mimeheader A Content-Type !~ /pdf/", MIXED, ""},
    {"mimeheader A Content-Transfer-Encoding =~ /^base64$/", MIXED, "A"},
    {"mimeheader A ALL =~ /^Content-Type: app/m", MIXED, "A"},
    {"mimeheader A Content-Type =~ /pdf/\ntflags A range=3", MIXED, "A"},
    {"mimeheader A Content-Type =~ /pdf/\ntflags A range=-2", MIXED, ""},
    {"mimeheader A Content-Type =~ /pdf/\ntflags A range=2-", MIXED, "A"},
    {"mimeheader A Content-Type !~ /pdf/\ntflags A range=1-2", MIXED, "A"},
    {"mimeheader A Content-Type =~ /plain.*\\n.*pdf/\ntflags A concat", MIXED, "A"},
    {"mimeheader A Content-Type =~ /plain.*\\n.*pdf/", MIXED, ""},
    {"mimeheader A Content-Type =~ /^(?!.*pdf)/s\ntflags A concat range=1-2", MIXED,
     "A"},
    /* meta */
    {"body __B /friend/\nmeta A __B", PLAIN, "A"},
    {"body __B /friend/\nmeta A !__B", PLAIN, ""},
    {"meta A !__UNKNOWN", PLAIN, "A"},
    {"meta A (__N > 1)\nbody __N /now/\ntflags __N multiple", PLAIN, "A"},
    {"meta A (__N > 2)\nbody __N /now/\ntflags __N multiple", PLAIN, ""},
    {"meta A __N + 1\nbody __N /now/\ntflags __N multiple", PLAIN, "A=3"},
    {"meta A B\nmeta B C\nmeta C __D\nbody __D /friend/", PLAIN, "A B C"},
    {"meta A rules_matching(__X_*) == 2\nbody __X_1 /friend/\n"
     "body __X_2 /now/\nbody __Y_3 /now/",
     PLAIN, "A"},
    /* score 0 is off; a skipped rule is 0 */
    {"body B /friend/\nscore B 0\nmeta A !B", PLAIN, "A"},
    {"header B eval:check_it()\nmeta A !B", PLAIN, "A"},
    /* only what asks the network is not run */
    {"body A /friend/\ntflags A net", PLAIN, "A"},
    /* what one rule captures, another names */
    {"header __C From:addr =~ /^(?<WHO>\\w+)\\@/\nheader A Received =~ /%{WHO}/", PLAIN,
     ""},
    {"header __C Cc =~ /^(?<WHO>\\w+)\\@/\nheader A Cc =~ /^%{WHO}\\@example/", PLAIN,
     "A"},
    {"body A /Dear %{F_1}, buy/\nbody __C /Dear (?<F_1>\\w+)/", PLAIN, "A"},
    {"rawbody A /%{F},$/m\nbody __C /Dear (?<F>\\w+)/", PLAIN, "A"},
    {"uri A /\\?%{F}=1/\nfull __C /shop.*(?<F>y)=/", PLAIN, "A"},
    {"full A /%{F}/\nbody __C /Dear (?<F>\\w+)/", PLAIN, "A"},
    {"header A From !~ /%{F}/\nbody __C /Dear (?<F>\\w+)/", PLAIN, "A"},
    /* without which it can match as well */
    {"body A /now (?!%{F})/\nbody __C /(?<F>owl)/", HEAD "\nowl now or\n\nnow or\n",
     "A"},
    {"body A /now(?: %{F})?/\nbody __C /(?<F>owl)/", HEAD "\nowl\n\nnow\n", "A"},
    {"body A /now|%{F}y/\nbody __C /(?<F>owl)/", HEAD "\nowl\n\nnow\n", "A"},
    {"body A /\\(\\d[|(] %{F}/\nbody __C /(?<F>owl)/", HEAD "\nowl (1| owl\n", "A"},
    {"body A /x|%{F}/\nbody __C /Deer (?<F>\\w+)/", PLAIN, ""},
    {"header A From !~ /%{F}/\nbody __C /Deer (?<F>\\w+)/", PLAIN, ""},
    {"body A /%{F}/\nbody __C /(?<F>ow\\.)/", HEAD "\nnow.\n\nowx\n", "A"},
    {"body A /x%{F}/\nbody __C /(?<F>ow\\.)/", HEAD "\nnow.\n\nxowx\n", ""},
    {"body A /^<%{F}>$/\ntflags A multiple\nbody __C /(?<F>\\d)/\n"
     "tflags __C multiple",
     HEAD "\n1 2 3\n\n<2>\n\n<3>\n\n<4\n", "A=2"},
    {"mimeheader A Content-Type =~ /%{F}/\nmimeheader __C Content-Type =~ "
     "/name=(?<F>\\w)/",
     MIXED, "A"},
    /* the last definition counts */
    {"body A /friend/\nbody A /enemy/", PLAIN, ""},
    /* facts */
    {"fact A subject_length > 5", PLAIN, "A"},
    {"fact A subject_length > 500", PLAIN, ""},
    {"fact __F subject_present\nmeta A __F && !__G", PLAIN, "A"},
    /* tags */
    {"body A /<F>riend/\nreplace_tag F [fF]\nreplace_rules A", PLAIN, "A"},
    {"body A /<F><R>iend/\nreplace_tag F f\nreplace_tag R r\nreplace_inter S -?\n"
     "replace_rules A",
     PLAIN, "A"},
    {"body A /<inter S><B><U>y/\nreplace_tag B b\nreplace_tag U u\n"
     "replace_inter S x\nreplace_rules A",
     PLAIN, ""},
    {"body A /<post P><B>uy/\nreplace_tag B b\nreplace_post P {1,2}\n"
     "replace_rules A",
     PLAIN, "A"},
};

static void hit_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof hit_rows / sizeof hit_rows[0]; i++) {
        struct arena *arena = arena_new(ARENA_BYTES);
        struct ruleset *set = load_good(hit_rows[i].rules);
        struct message *msg = read_mail(arena, span_of(hit_rows[i].mail));
        struct envelope env = {.mail_from = SPAN("env@example.com")};
        struct facts facts = {0};
        struct hits hits;
        facts.number[facts_find(SPAN("subject_length"))] = 9;
        facts.number[facts_find(SPAN("subject_present"))] = 1;
        rule_match(set, msg, &env, &facts, &hits);
        const char *got = print_hits(arena, set, &hits);
        if (strcmp(got, hit_rows[i].hits) != 0)
            fail_msg("row %zu: %s\nhits \"%s\", expected \"%s\"", i, hit_rows[i].rules,
                     got, hit_rows[i].hits);
        assert_int_equal(hits.limit_errors, 0);
        ruleset_free(&set);
        arena_free(&arena);
    }
}

static void scores_and_order(void **state)
{
    struct ruleset *set = load_good("body A /friend/\nbody B /now/\nscore B 2.25\n"
                                    "body T_C /now/\nbody D /now/\ntflags D nice\n"
                                    "body __E /now/\nscore __E 7\n"
                                    "body F /now/\nscore F 3.5 1 1 1\n"
                                    "body G /now/\nscore G 1\nscore G (0.5)\n");
    static const char *const names[] = {"F", "B", "G", "A", "T_C", "D"};
    struct arena *arena = arena_new(ARENA_BYTES);
    struct message *msg = read_mail(arena, SPAN(PLAIN));
    struct rule_info info;
    struct hits hits;

    (void)state;
    rule_match(set, msg, NULL, NULL, &hits);
    assert_int_equal(hits.count, 6);
    for (size_t i = 0; i < 6; i++)
        assert_string_equal(hits.at[i].name, names[i]);
    assert_int_equal((int)(hits.score * 1000 + 0.5), 3500 + 2250 + 1500 + 10);
    ruleset_info(set, (size_t)ruleset_find(set, "__E"), &info);
    assert_true(info.score == 0);
    ruleset_info(set, hits.at[0].rule, &info);
    assert_string_equal(info.name, "F");
    assert_string_equal(info.definition, "/now/");
    assert_true(info.has_score);
    assert_int_equal(ruleset_find(set, "NONE"), -1);
    ruleset_free(&set);
    assert_null(set);
    arena_free(&arena);
}

/* The pattern is stopped soon, told of, and the other rules still count. */
static void hostile_text_is_bounded(void **state)
{
    struct ruleset *set = load_good("body A /(a+)+$/\nrawbody B /(a|aa)+$/\n"
                                    "header C Subject =~ /(a+)+$/\n"
                                    "header N Subject !~ /(a+)+$/\nbody Z /zz/\n");
    size_t len = 1 << 20;
    char *mail = malloc(len);
    struct arena *arena = arena_new(ARENA_BYTES);
    clock_t start = clock();
    struct message *msg;
    struct hits hits;

    (void)state;
    assert_non_null(mail);
    memset(mail, 'a', len);
    memcpy(mail, "Subject: ", 9);
    memcpy(mail + 1900, "!\n\nzz aaa", 9);
    for (size_t i = 2500; i + 3 < len; i += 1000)
        memcpy(mail + i, "!\n\n", 3);
    mail[len - 1] = '!';
    msg = read_mail(arena, (struct span){mail, len});
    rule_match(set, msg, NULL, NULL, &hits);
    assert_int_equal(hits.limit_errors, 4);
    assert_int_equal(hits.count, 1);
    assert_string_equal(hits.at[0].name, "Z");
    assert_true((double)(clock() - start) / CLOCKS_PER_SEC < 10);
    ruleset_free(&set);
    arena_free(&arena);
    free(mail);
}

/* Paragraphs beyond the bound are parted by length alone: all of them are still read,
 * and bytes of NUL, which part paragraphs too, cost no more. */
static void many_paragraphs_are_read(void **state)
{
    static const char *const parts[] = {"a\n\n", "a"};
    struct ruleset *set =
        load_good("body A /\\bthe end\\b/\nbody N /nowhere/\nrawbody R /the end/\n");
    struct arena *arena = arena_new(ARENA_BYTES);

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        char mail[50000] = "Subject: x\n\n";
        size_t len = strlen(mail);
        size_t part = strlen(parts[i]) + (i == 1); /* with its NUL */
        clock_t start = clock();
        struct hits hits;
        for (; len + part + 8 < sizeof mail; len += part)
            memcpy(mail + len, parts[i], part);
        memcpy(mail + len, " the end", 8);
        rule_match(set, read_mail(arena, (struct span){mail, len + 8}), NULL, NULL,
                   &hits);
        assert_string_equal(print_hits(arena, set, &hits), "A R");
        assert_true((double)(clock() - start) / CLOCKS_PER_SEC < 2);
        arena_reset(arena);
    }
    ruleset_free(&set);
    arena_free(&arena);
}

/* A mail cut at every byte, and an arena at its end, only make fewer hits. */
static void cut_and_starved(void **state)
{
    struct ruleset *set = load_good("body A /friend/\nrawbody B /line/\nuri U /x/\n"
                                    "full F /a/\nheader H ALL =~ /./\n"
                                    "mimeheader M Content-Type =~ /./\nmeta X A + B\n");
    static const char mail[] = MIXED;
    struct hits hits;

    (void)state;
    for (size_t len = 0; len < sizeof mail; len++) {
        struct arena *arena = arena_new(ARENA_BYTES);
        struct message *msg = read_mail(arena, (struct span){mail, len});
        rule_match(set, msg, NULL, NULL, &hits);
        assert_in_range(hits.count, 0, 7);
        arena_free(&arena);
    }
    for (size_t cap = 65536; cap < 120000; cap += 997) {
        struct arena *arena = arena_new(cap);
        struct message *msg = message_new(arena, 1 << 16);
        if (msg != NULL) {
            message_read(msg, SPAN(MIXED));
            while (arena_alloc(arena, 64) != NULL)
                continue;
            rule_match(set, msg, NULL, NULL, &hits);
        }
        arena_free(&arena);
    }
    ruleset_free(&set);
}

static void *match_often(void *argument)
{
    static char no_memory[] = "no memory", wrong_hits[] = "wrong hits";
    const struct ruleset *set = argument;

    for (int i = 0; i < ROUNDS; i++) {
        struct arena *arena = arena_new(ARENA_BYTES);
        struct message *msg = message_new(arena, 1 << 20);
        struct hits hits;
        if (msg == NULL)
            return no_memory;
        message_read(msg, SPAN(PLAIN));
        rule_match(set, msg, NULL, NULL, &hits);
        if (hits.count != 3)
            return wrong_hits;
        arena_free(&arena);
    }
    return NULL;
}

static void one_set_many_threads(void **state)
{
    struct ruleset *set = load_good("body A /friend/\nheader B From:addr =~ /bob/\n"
                                    "uri C /shop/\nmeta D A && !B\n");
    pthread_t threads[THREADS];

    (void)state;
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, match_often, set), 0);
    for (size_t i = 0; i < THREADS; i++) {
        void *wrong;
        assert_int_equal(pthread_join(threads[i], &wrong), 0);
        assert_null(wrong);
    }
    ruleset_free(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hit_table),
        cmocka_unit_test(scores_and_order),
        cmocka_unit_test(hostile_text_is_bounded),
        cmocka_unit_test(many_paragraphs_are_read),
        cmocka_unit_test(cut_and_starved),
        cmocka_unit_test(one_set_many_threads),
    };
    return cmocka_run_group_tests_name("rule_match", tests, NULL, NULL);
}
