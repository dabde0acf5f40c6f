/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "mta/mta.h"
#include "mta/mta_parse.h"
#include "mta/mta_postfix.h"
#include "mta/mta_run.h"
#include "mta/sendmail_config.h"

static int new_arena(void **state)
{
    *state = arena_new(64 << 20);
    return *state != NULL ? 0 : -1;
}

static int free_arena(void **state)
{
    arena_free((struct arena **)state);
    return 0;
}

static void assert_span(struct span got, const char *want)
{
    assert_int_equal(got.len, strlen(want));
    assert_memory_equal(got.at, want, got.len);
}

static const char held_line[] =
    "{\"queue_name\": \"hold\", \"queue_id\": \"4jX9R33dk9z1fPKf\", \"arrival_time\": "
    "1763780400, \"message_size\": 1542, \"forced_expire\": false, \"sender\": "
    "\"bob@example.com\", \"recipients\": [{\"address\": \"a@there.example\", "
    "\"delay_reason\": \"queue_id: \\\"x\\\"\"}, {\"address\": "
    "\"b@there.example\"}]}";

static void reads_a_held_message(void **state)
{
    struct mta_mail mail;
    assert_true(mta_parse_postqueue(*state, span_of(held_line), &mail));
    assert_span(mail.queue_id, "4jX9R33dk9z1fPKf");
    assert_span(mail.queue, "hold");
    assert_span(mail.sender, "bob@example.com");
    assert_int_equal(mail.arrival_s, 1763780400);
    assert_int_equal(mail.size_bytes, 1542);
    assert_int_equal(mail.recipients, 2);
    assert_true(mail.is_held);
}

struct line_case {
    const char *line, *queue_id, *queue, *sender;
    size_t recipients;
};

static const struct line_case line_cases[] = {
    {"{\"queue_name\":\"deferred\",\"queue_id\":\"3F2A91B0C7\",\"sender\":"
     "\"MAILER-DAEMON\",\"recipients\":[]}\n",
     "3F2A91B0C7", "deferred", "", 0},
    {"{\"sender\": \"\\\"a \\\\\\\" b\\\"@x\", \"queue_id\": \"3F2A91B0C7\"}",
     "3F2A91B0C7", "", "\"a \\\" b\"@x", 0},
    {"{\"queue_id\": \"3F2A91B0C7\", \"sender\": \"\\u00e9\\ud83d\\ude00\\ud83d.\"}",
     "3F2A91B0C7", "", "\xc3\xa9\xf0\x9f\x98\x80\xef\xbf\xbd.", 0},
    /* a recipient named like a member must not stand for one */
    {"{\"queue_id\": \"3F2A91B0C7\", \"recipients\": [{\"address\": \"queue_id\"}, "
     "{\"address\": \"}, {\"}, {\"sender\": \"evil@x\", \"queue_id\": \"EEEEEEEE\"}]}",
     "3F2A91B0C7", "", "", 2},
    /* cut short */
    {"{\"queue_name\": \"hold\", \"queue_id\": \"3F2A91B0C7\", \"recipients\": "
     "[{\"address\": \"a@b\"}, {\"addr",
     "3F2A91B0C7", "hold", "", 1},
};

static void reads_lines(void **state)
{
    for (size_t i = 0; i < sizeof line_cases / sizeof *line_cases; i++) {
        const struct line_case *c = &line_cases[i];
        struct mta_mail mail;
        assert_true(mta_parse_postqueue(*state, span_of(c->line), &mail));
        assert_span(mail.queue_id, c->queue_id);
        assert_span(mail.queue, c->queue);
        assert_span(mail.sender, c->sender);
        assert_int_equal(mail.recipients, c->recipients);
    }
}

static void refuses_lines(void **state)
{
    static const char *const lines[] = {
        "",
        "postqueue: fatal: Queue report unavailable - mail system is down",
        "{}",
        "[{\"queue_id\": \"3F2A91B0C7\"}]",
        "{\"queue_id\": \"../../../etc\"}",
        "{\"queue_id\": \"-d ALL\"}",
        "{\"queue_id\": \"ALL\"}",
        "{\"queue_id\": \"AAAAAA\\u0000BBB\"}",
        "{\"queue_id\": 1234567890}",
        "{\"queue_id\": [\"3F2A91B0C7\"]}",
        "{\"queue_id\": \"3F2A91B0C7",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct mta_mail mail;
        assert_false(mta_parse_postqueue(*state, span_of(lines[i]), &mail));
    }
}

/* Whatever is left of a line: no crash, and never an id that is not whole. */
static void survives_cuts(void **state)
{
    const char *id = strstr(held_line, "4jX9R33dk9z1fPKf\"");
    size_t whole = (size_t)(id - held_line) + 17;
    for (size_t len = 0; len <= strlen(held_line); len++) {
        struct mta_mail mail;
        char *copy = malloc(len + 1); /* its end is the allocation's: asan looks */
        memcpy(copy, held_line, len);
        bool sound = mta_parse_postqueue(*state, (struct span){copy, len}, &mail);
        free(copy);
        assert_int_equal(sound, len >= whole);
    }
}

static void survives_depth_and_size(void **state)
{
    static char deep[100000];
    struct mta_mail mail;
    memset(deep, '[', sizeof deep);
    deep[0] = '{';
    assert_false(mta_parse_postqueue(*state, (struct span){deep, sizeof deep}, &mail));
    memset(deep + 1, '\\', sizeof deep - 1);
    assert_false(mta_parse_postqueue(*state, (struct span){deep, sizeof deep}, &mail));
}

static void knows_queue_ids(void **state)
{
    (void)state;
    assert_true(mta_is_queue_id(SPAN("3F2A91B0C7")));
    assert_true(mta_is_queue_id(SPAN("4jX9R33dk9z1fPKf")));
    assert_true(mta_is_queue_id(SPAN("5AM3C4l2012345")));
    assert_false(mta_is_queue_id(SPAN("")));
    assert_false(mta_is_queue_id(SPAN("12345")));
    assert_false(mta_is_queue_id(SPAN("123456789012345678901")));
    assert_false(mta_is_queue_id(SPAN("-12345678")));
    assert_false(mta_is_queue_id(SPAN("1234\0005678")));
}

static const char mailq_text[] =
    "\t\t/var/spool/mqueue (2 requests)\n"
    "-----Q-ID----- --Size-- -----Q-Time----- ------------Sender/Recipient-----------\n"
    "5AM3C4l2012345*     300 Sat Nov 22 03:12 <bob@example.com>\n"
    "      QUARANTINE: score 7.0, hold from 5\n"
    "\t\t\t\t\t <a@there.example>\n"
    "                 (Deferred: connection refused)\n"
    "\t\t\t\t\t <b@there.example>\n"
    "5AM3C4l3012346    12000 Fri Nov 21 23:59 MAILER-DAEMON\n"
    "\t\t\t\t\t <c@there.example>\n"
    "\t\tTotal requests: 2\n";

static void reads_mailq(void **state)
{
    struct mta_mail *list;
    int64_t now_s = 1795317120; /* 2026-11-22 03:12 UTC */
    size_t count = mta_parse_mailq(*state, span_of(mailq_text), now_s, &list);
    assert_int_equal(count, 2);
    assert_span(list[0].queue_id, "5AM3C4l2012345");
    assert_span(list[0].sender, "bob@example.com");
    assert_span(list[0].reason, "score 7.0, hold from 5");
    assert_int_equal(list[0].recipients, 2);
    assert_int_equal(list[0].size_bytes, 300);
    assert_true(list[0].is_held);
    assert_int_equal(list[0].arrival_s, now_s / 60 * 60);
    assert_span(list[1].sender, "");
    assert_false(list[1].is_held);
    assert_int_equal(list[1].arrival_s, now_s / 60 * 60 - 3 * 3600 - 13 * 60);
}

static void takes_last_year_for_december(void **state)
{
    struct mta_mail *list;
    static const char text[] =
        "5AM3C4l2012345      300 Thu Dec 31 23:59 <b@x.example>\n";
    int64_t now_s = 1798761900; /* 2027-01-01 00:05 UTC */
    assert_int_equal(mta_parse_mailq(*state, span_of(text), now_s, &list), 1);
    assert_int_equal(list[0].arrival_s, now_s - 6 * 60);
}

static void survives_mailq_cuts(void **state)
{
    for (size_t len = 0; len < sizeof mailq_text; len++) {
        struct mta_mail *list;
        struct arena *arena = arena_new(1 << 20);
        char *copy = malloc(len + 1);
        memcpy(copy, mailq_text, len);
        assert_true(mta_parse_mailq(arena, (struct span){copy, len}, 0, &list) <= 2);
        free(copy);
        arena_free(&arena);
    }
    (void)state;
}

static void believes_only_its_own_line(void **state)
{
    static const char said[] = "postsuper: 3F2A91B0C7: released from hold\n"
                               "postsuper: 4jX9R33dk9z1fPKf: removed\n"
                               "postsuper: warning: 5555555555: released from hold?\n"
                               "postsuper: Released from hold: 1 message\n";
    (void)state;
    struct span text = span_of(said);
    struct span deed = SPAN("released from hold");
    assert_true(mta_confirms(text, SPAN("3F2A91B0C7"), deed));
    assert_true(mta_confirms(text, SPAN("4jX9R33dk9z1fPKf"), SPAN("removed")));
    assert_false(mta_confirms(text, SPAN("4jX9R33dk9z1fPKf"), deed));
    assert_false(mta_confirms(text, SPAN("3F2A91B0C"), deed));
    assert_false(mta_confirms(text, SPAN("5555555555"), deed));
    assert_false(mta_confirms(text, SPAN(""), deed));
    assert_false(mta_confirms(SPAN(""), SPAN("3F2A91B0C7"), deed));
}

static void reads_lifetimes(void **state)
{
    (void)state;
    assert_int_equal(mta_parse_lifetime(SPAN("5d\n")), 432000);
    assert_int_equal(mta_parse_lifetime(SPAN("5")), 432000);
    assert_int_equal(mta_parse_lifetime(SPAN("36h")), 129600);
    assert_int_equal(mta_parse_lifetime(SPAN("1w")), 604800);
    assert_int_equal(mta_parse_lifetime(SPAN("")), 0);
    assert_int_equal(mta_parse_lifetime(SPAN("d")), 0);
    assert_int_equal(mta_parse_lifetime(SPAN("5x")), 0);
    assert_int_equal(mta_parse_lifetime(SPAN("99999999999999999999d")), 0);
}

struct match_case {
    const char *queue_id, *queue, *sender;
    int64_t arrival_s;
    const char *mail_from;
    int64_t at_s;
    enum mta_answer answer;
};

static const struct match_case match_cases[] = {
    {"AAAAAA01", "hold", "b@x", 1000, "b@x", 1000, MTA_IS_HELD},
    {"AAAAAA01", "hold", "b@x", 1000, "B@X", 1002, MTA_IS_HELD},
    /* a slow client */
    {"AAAAAA01", "hold", "b@x", 100000, "b@x", 110000, MTA_IS_HELD},
    {"AAAAAA01", "hold", "b@x", 100000, "b@x", 130000, MTA_IS_OTHER},
    /* the id came again, an hour after ours had left */
    {"AAAAAA01", "hold", "b@x", 4600, "b@x", 1000, MTA_IS_OTHER},
    /* another sender: rewritten, or another mail */
    {"AAAAAA01", "hold", "b@rewritten", 1000, "b@x", 1003, MTA_IS_HELD},
    {"AAAAAA01", "hold", "b@y", 100000, "b@x", 110000, MTA_IS_OTHER},
    {"AAAAAA01", "deferred", "b@x", 1000, "b@x", 1000, MTA_NOT_HELD},
    {"AAAAAA02", "hold", "b@x", 1000, "b@x", 1000, MTA_GONE},
};

static void matches_by_id_and_time(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof match_cases / sizeof *match_cases; i++) {
        const struct match_case *c = &match_cases[i];
        struct mta_mail mail = {.queue_id = span_of(c->queue_id),
                                .sender = span_of(c->sender),
                                .arrival_s = c->arrival_s,
                                .is_held = strcmp(c->queue, "hold") == 0};
        struct mta_wish wish = {.queue_id = SPAN("AAAAAA01"),
                                .mail_from = span_of(c->mail_from),
                                .at_us = c->at_s * 1000000};
        mta_match(&mail, 1, &wish, 1);
        if (wish.answer != c->answer)
            print_message("case %zu\n", i);
        assert_int_equal(wish.answer, c->answer);
    }
    struct mta_wish empty = {.queue_id = SPAN("")};
    mta_match(NULL, 0, &empty, 1);
    assert_int_equal(empty.answer, MTA_GONE);
}

static void runs_programs(void **state)
{
    struct run_result result;
    struct err err;
    const char *const cat[] = {"/bin/sh", "-c", "cat; echo bad >&2; exit 3", NULL};
    static char much[300000];
    memset(much, 'x', sizeof much);
    struct span input = {much, sizeof much};
    assert_int_equal(run_program(*state, cat, input, 20000, &result, &err), 0);
    assert_int_equal(result.status, 3);
    assert_int_equal(result.out.len, sizeof much);
    assert_memory_equal(result.out.at, much, sizeof much);
    assert_span(result.error, "bad\n");
}

static void ends_programs_that_hang(void **state)
{
    struct run_result result;
    struct err err;
    const char *const sleeper[] = {"/bin/sh", "-c", "exec sleep 60", NULL};
    time_t before = time(NULL);
    assert_int_equal(run_program(*state, sleeper, SPAN(""), 200, &result, &err), -1);
    assert_int_equal(err.code, ERR_IO);
    assert_true(time(NULL) - before < 20);
    const char *const deaf[] = {"/bin/true", NULL}; /* takes no input: no SIGPIPE */
    static char much[300000];
    struct span input = {much, sizeof much};
    assert_int_equal(run_program(*state, deaf, input, 20000, &result, &err), 0);
    assert_int_equal(result.status, 0);
    const char *const none[] = {"/nonexistent/program", NULL};
    assert_int_equal(run_program(*state, none, SPAN(""), 200, &result, &err), -1);
    assert_null(run_find(*state, "/nonexistent", "postsuper"));
    assert_non_null(run_find(*state, "", "sh"));
}

static void keeps_the_environment_out(void **state)
{
    struct run_result result;
    struct err err;
    const char *const env[] = {"/bin/sh", "-c", "echo \"$MAIL_CONFIG,$LC_ALL\"", NULL};
    setenv("MAIL_CONFIG", "/tmp/evil", 1);
    assert_int_equal(run_program(*state, env, SPAN(""), 20000, &result, &err), 0);
    assert_span(result.out, ",C\n");
}

/* A daemon's threads block signals; what they run must not. */
static void starts_hooks_clean(void **state)
{
    struct run_result result;
    struct err err;
    sigset_t set;
    sigset_t old;
    const char *const script[] = {
        "/bin/sh", "-c",
        "echo \"$A,$B,$HOME\"; sed -n 's/^SigBlk:.*0000$/clean/p' /proc/self/status; "
        "ls /proc/self/fd | wc -l",
        NULL};
    const char *const more[] = {"A=1", "B=x y", NULL};
    int leaked = dup(0); /* without FD_CLOEXEC */
    sigfillset(&set);
    sigprocmask(SIG_SETMASK, &set, &old);
    int rc = run_hook(*state, script, more, SPAN(""), 20000, &result, &err);
    sigprocmask(SIG_SETMASK, &old, NULL);
    close(leaked);
    assert_int_equal(rc, 0);
    assert_span(result.out, "1,x y,\nclean\n4\n"); /* 0, 1, 2, and the folder's own */
}

static bool is_running(long pid)
{
    char path[64];
    char state = 'Z';
    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return false;
    assert_int_equal(fscanf(file, "%*d (%*[^)]) %c", &state), 1);
    fclose(file);
    return state != 'Z'; /* somebody else's to reap */
}

static void ends_what_a_hook_started(void **state)
{
    struct run_result result;
    struct err err;
    const char *const script[] = {"/bin/sh", "-c", "sleep 1000 & echo $!; wait", NULL};
    const char *const none[] = {NULL};
    assert_int_equal(run_hook(*state, script, none, SPAN(""), 3000, &result, &err), -1);
    assert_true(result.out.len > 1);
    long pid = strtol(span_cstr(*state, result.out), NULL, 10);
    assert_true(pid > 1);
    for (int i = 0; i < 200 && is_running(pid); i++)
        usleep(50000);
    assert_false(is_running(pid));
}

static void knows_ids_that_never_come_again(void **state)
{
    (void)state;
    assert_true(postfix_is_long_id(SPAN("4jX9R33dk9z1fPKf")));
    assert_false(postfix_is_long_id(SPAN("3F2A91B0C7")));
    assert_false(postfix_is_long_id(SPAN("zzz"))); /* no queue id at all */
    assert_false(postfix_is_long_id(SPAN("")));
}

static void talks_line_by_line(void **state)
{
    static const char *const argv[] = {
        "/bin/sh", "-c",
        "while read -r l; do case $l in quiet) ;; two) echo a >&2; echo b >&2 ;; "
        "*) echo \"$l!\" >&2 ;; esac; done; echo end >&2; exit 3",
        NULL};
    struct run_talk *talk;
    struct err err;
    struct span last;
    char reply[8];
    assert_int_equal(talk_open(&talk, argv, &err), 0);
    assert_true(talk_say(talk, SPAN("one"), 10000, reply, sizeof reply));
    assert_string_equal(reply, "one!");
    assert_true(talk_say(talk, SPAN("two"), 10000, reply, sizeof reply));
    assert_string_equal(reply, "a");
    assert_true(talk_hear(talk, 10000, reply, sizeof reply));
    assert_string_equal(reply, "b");
    assert_true(talk_say(talk, SPAN("longer than that"), 10000, reply, sizeof reply));
    assert_string_equal(reply, "longer ");
    assert_false(talk_say(talk, SPAN("quiet"), 50, reply, sizeof reply));
    assert_int_equal(talk_close(&talk, 10000, *state, &last), 3);
    assert_null(talk);
    assert_span(last, "end\n");
}

static void survives_a_talk_that_ends(void **state)
{
    static const char *const argv[] = {"/bin/sh", "-c", "exit 1", NULL};
    struct run_talk *talk;
    struct err err;
    struct span last;
    char reply[8];
    assert_int_equal(talk_open(&talk, argv, &err), 0);
    for (int i = 0; i < 3; i++)
        assert_false(talk_say(talk, SPAN("one"), 2000, reply, sizeof reply));
    assert_int_equal(talk_close(&talk, 10000, *state, &last), 1);
}

/* A program may end before it has read all: EPIPE, and no signal. */
static void survives_programs_that_do_not_read(void **state)
{
    static const char *const argv[] = {"/bin/sh", "-c", "exit 3", NULL};
    static char text[1 << 20];
    struct run_result result;
    struct err err;
    memset(text, 'x', sizeof text);
    assert_int_equal(run_program(*state, argv, (struct span){text, sizeof text}, 10000,
                                 &result, &err),
                     0);
    assert_int_equal(result.status, 3);
}

static void gives_programs_a_pipe(void **state)
{
    static const char *const argv[] = {"/bin/sh", "-c", "cat /dev/stdin", NULL};
    struct run_result result;
    struct err err;
    assert_int_equal(
        run_program(*state, argv, SPAN("as a hook may"), 10000, &result, &err), 0);
    assert_span(result.out, "as a hook may");
}

static const char sendmail_cf_text[] =
    "# O Timeout=1\n"
    "DZ8.17.1.9\n"
    "D{MTAHost}[127.0.0.1]\n"
    "O Timeout=1h\n"
    "O InputMailFilters=first,\n"
    "\toutgate\n"
    "O Timeout=2h\n"
    "O DaemonPortOptions=Name=MTA, Family=inet, Addr=127.0.0.1, Port=25\n"
    "O DaemonPortOptions=Port=submission, M=Ea, InputMailFilters=a;b\n"
    "O DaemonPortOptions=Name=Bare, InputMailFilters=\n"
    "Xfirst, S=inet:8891@localhost, F=R\n"
    "Xoutgate, S=local:/run/outgate/milter.sock,\n"
    "  F=T, T=C:1m;S:30s\n"
    "X\n";

static void reads_sendmail_cf(void **state)
{
    struct span text = span_of(sendmail_cf_text);
    struct sendmail_config cf = {.path = "x"};
    struct span list, name;
    sendmail_config_parse(*state, text, &cf);
    assert_int_equal(cf.filter_count, 2);
    assert_span(cf.filters[0].name, "first");
    assert_span(cf.filters[0].socket, "inet:8891@localhost");
    assert_span(cf.filters[0].flags, "R");
    assert_span(cf.filters[1].socket, "local:/run/outgate/milter.sock");
    assert_span(cf.filters[1].flags, "T");
    assert_int_equal(cf.daemon_count, 3);
    assert_span(cf.daemons[0].name, "MTA");
    assert_span(cf.daemons[0].host, "127.0.0.1");
    assert_span(cf.daemons[0].port, "25");
    assert_false(cf.daemons[0].has_filters);
    assert_span(cf.daemons[1].name, "Daemon1");
    assert_span(cf.daemons[1].host, "");
    assert_span(cf.daemons[1].port, "submission");
    assert_span(cf.daemons[1].modifiers, "Ea");
    assert_span(cf.daemons[1].filters, "a;b");
    assert_true(cf.daemons[2].has_filters);
    assert_span(cf.daemons[2].filters, "");
    assert_span(sendmail_option(text, "Timeout"), "2h"); /* the last one counts */
    assert_null(sendmail_option(text, "PidFile").at);
    assert_span(sendmail_macro(text, "Z"), "8.17.1.9");
    assert_span(sendmail_macro(text, "MTAHost"), "[127.0.0.1]");
    list = sendmail_option(text, "InputMailFilters");
    assert_true(sendmail_next_name(&list, &name));
    assert_span(name, "first");
    assert_true(sendmail_next_name(&list, &name));
    assert_span(name, "outgate");
    assert_false(sendmail_next_name(&list, &name));
}

/* Without a line of its own the daemon listens on the port smtp. */
static void knows_sendmails_own_port(void **state)
{
    struct sendmail_config cf = {.path = "x"};
    sendmail_config_parse(*state, SPAN("O Timeout=1h\n"), &cf);
    assert_int_equal(cf.daemon_count, 1);
    assert_span(cf.daemons[0].port, "smtp");
}

int main(void)
{
    setenv("TZ", "UTC", 1);
    tzset();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_held_message),
        cmocka_unit_test(reads_lines),
        cmocka_unit_test(refuses_lines),
        cmocka_unit_test(survives_cuts),
        cmocka_unit_test(survives_depth_and_size),
        cmocka_unit_test(knows_queue_ids),
        cmocka_unit_test(reads_mailq),
        cmocka_unit_test(takes_last_year_for_december),
        cmocka_unit_test(survives_mailq_cuts),
        cmocka_unit_test(believes_only_its_own_line),
        cmocka_unit_test(reads_lifetimes),
        cmocka_unit_test(matches_by_id_and_time),
        cmocka_unit_test(runs_programs),
        cmocka_unit_test(ends_programs_that_hang),
        cmocka_unit_test(keeps_the_environment_out),
        cmocka_unit_test(starts_hooks_clean),
        cmocka_unit_test(ends_what_a_hook_started),
        cmocka_unit_test(knows_ids_that_never_come_again),
        cmocka_unit_test(talks_line_by_line),
        cmocka_unit_test(survives_a_talk_that_ends),
        cmocka_unit_test(survives_programs_that_do_not_read),
        cmocka_unit_test(gives_programs_a_pipe),
        cmocka_unit_test(reads_sendmail_cf),
        cmocka_unit_test(knows_sendmails_own_port),
    };
    return cmocka_run_group_tests_name("mta", tests, new_arena, free_arena);
}
