/* SPDX-License-Identifier: BSD-2-Clause
 *
 * notifier - stepped by hand, with a clock of its own; real SQLite, real programs: a
 * script stands where sendmail(1) is sought and keeps what it is given.
 */
#include <dirent.h>
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

#include "incident/notifier.h"
#include "store/incident.h"

#define SECOND INT64_C(1000000)
#define HOUR   (3600 * SECOND)
#define DAY    (24 * HOUR)
#define NOW    (INT64_C(1769850000) * SECOND + 123456)

struct world {
    char folder[64];
    struct settings *settings;
    struct writer *writer;
    struct reader *reader;
    struct notifier *notifier;
    struct err err;
};

static struct world *make_world(void)
{
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    snprintf(w->folder, sizeof w->folder, "/tmp/outgate-notifier-XXXXXX");
    assert_non_null(mkdtemp(w->folder));
    return w;
}

static const char *path(const struct world *w, const char *name)
{
    static char out[2][400];
    static unsigned turn;
    turn = !turn;
    snprintf(out[turn], sizeof out[turn], "%s/%s", w->folder, name);
    return out[turn];
}

static void write_file(const struct world *w, const char *name, const char *text)
{
    FILE *file = fopen(path(w, name), "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path(w, name), 0755), 0);
}

/* Both programs count their runs in files: NAME.1, NAME.2 ... */
static void write_program(const struct world *w, const char *name)
{
    char text[1200];
    snprintf(text, sizeof text,
             "#!/bin/sh\n"
             "n=1\n"
             "while [ -e %s/%s.$n ]; do n=$((n + 1)); done\n"
             "{ echo \"args: $*\"; env | grep ^OUTGATE | sort; cat; } >%s/%s.$n\n"
             "[ ! -e %s/%s.fails ] || { echo no queue here >&2; exit 75; }\n",
             w->folder, name, w->folder, name, w->folder, name);
    write_file(w, name, text);
}

static void start(struct world *w, const char *notify)
{
    char text[2000];
    snprintf(text, sizeof text,
             "[milter]\nuser =\n[mail]\nlocal_domains = here.example\nhelo = "
             "mx.here.example\n[store]\ndatabase = %s/o.db\n[mta]\ncommands = "
             "%s\n[notify]\n%s\n",
             w->folder, w->folder, notify);
    write_file(w, "o.conf", text);
    write_program(w, "sendmail");
    write_program(w, "hook");
    if (settings_load(&w->settings, path(w, "o.conf"), NULL, NULL, &w->err) != 0 ||
        writer_start(&w->writer, w->settings->database, 100, &w->err) != 0 ||
        reader_open(&w->reader, w->settings->database, 2, &w->err) != 0 ||
        notifier_new(&w->notifier, w->writer, w->reader,
                     (struct notifier_settings){.settings = w->settings}, &w->err) != 0)
        fail_msg("%s", w->err.text);
}

static void stop(struct world *w)
{
    notifier_stop(&w->notifier);
    reader_close(&w->reader);
    writer_stop(&w->writer);
    settings_free(&w->settings);
}

static void end(struct world *w)
{
    stop(w);
    DIR *dir = opendir(w->folder);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
        unlink(path(w, entry->d_name));
    closedir(dir);
    assert_int_equal(rmdir(w->folder), 0);
    free(w);
}

static int add_note(struct db *db, void *arg, struct err *err)
{
    return incident_note(db, arg, err);
}

static void note_of(struct world *w, enum incident_kind kind, const char *key,
                    const char *sender, int level, int64_t at_us)
{
    struct incident_note note = {.kind = kind,
                                 .key = span_of(key),
                                 .sender = span_of(sender),
                                 .level = level,
                                 .at_us = at_us,
                                 .what = SPAN("it happened")};
    if (writer_run(w->writer, add_note, &note, 20000, &w->err) != 0)
        fail_msg("%s", w->err.text);
}

static void note(struct world *w, const char *key, int64_t at_us)
{
    note_of(w, INCIDENT_LIMIT, key, "", 0, at_us);
}

static int run_sql(struct db *db, void *arg, struct err *err)
{
    return db_exec(db, arg, err);
}

static void sql(struct world *w, const char *text)
{
    if (writer_run(w->writer, run_sql, (void *)(uintptr_t)text, 20000, &w->err) != 0)
        fail_msg("%s", w->err.text);
}

static int ask_closed(struct db *db, void *arg, struct err *err)
{
    struct query *query =
        db_query(db, "SELECT sum(closed_us IS NOT NULL) FROM incident", err);
    if (query == NULL || query_step(query, err) != 1)
        return -1;
    *(int64_t *)arg = query_int(query, 0);
    query_reset(query);
    return 0;
}

static int64_t count_closed(struct world *w)
{
    int64_t count = -1;
    if (reader_run(w->reader, ask_closed, &count, 20000, &w->err) != 0)
        fail_msg("%s", w->err.text);
    return count;
}

static int runs(const struct world *w, const char *name)
{
    int n = 0;
    char file[64];
    do
        snprintf(file, sizeof file, "%s.%d", name, ++n);
    while (access(path(w, file), F_OK) == 0);
    return n - 1;
}

/* What its n-th run was given. */
static const char *given(const struct world *w, const char *name, int n)
{
    static char text[70000];
    char file[64];
    snprintf(file, sizeof file, "%s.%d", name, n);
    FILE *in = fopen(path(w, file), "r");
    if (in == NULL)
        fail_msg("%s did not run %d times", name, n);
    text[fread(text, 1, sizeof text - 1, in)] = '\0';
    fclose(in);
    return text;
}

static void has(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" is not in:\n%s", part, text);
}

static void has_not(const char *text, const char *part)
{
    if (strstr(text, part) != NULL)
        fail_msg("\"%s\" is in:\n%s", part, text);
}

static void backs_off(void **state)
{
    (void)state;
    struct world *w = make_world();
    start(w, "to = admin@example.com");
    /* it goes on all the time: a note and a step every five minutes, three days */
    int64_t told[16];
    int count = 0;
    for (int64_t at = 0; at <= 3 * DAY; at += 300 * SECOND) {
        note(w, "login sasl_user:bob", NOW + at);
        notifier_step(w->notifier, NOW + at);
        int now = runs(w, "sendmail");
        if (now > count)
            told[count] = at;
        count = now;
        assert_true(count < 16);
    }
    static const int64_t want[] = {0, HOUR, 5 * HOUR, 29 * HOUR, 53 * HOUR};
    assert_int_equal(count, 5);
    for (int i = 0; i < 5; i++)
        assert_int_equal(told[i], want[i]);
    has(given(w, "sendmail", 1),
        "args: -i -f postmaster -- admin@example.com\nFrom: outgate <postmaster>\nTo: "
        "admin@example.com\nSubject: [outgate mx.here.example] limit login reached: "
        "sasl_user:bob\n");
    has(given(w, "sendmail", 2), "sasl_user:bob (still)\n");
    end(w);
}

static void alarms_come_in_order(void **state)
{
    (void)state;
    struct world *w = make_world();
    start(w, "to = admin@example.com");
    static const int levels[] = {50, 50, 80, 50, 80, 100, 100, 80};
    for (int i = 0; i < 8; i++) {
        note_of(w, INCIDENT_BUDGET, "ip egress", "", levels[i], NOW + i * SECOND);
        notifier_step(w->notifier, NOW + i * SECOND);
    }
    assert_int_equal(runs(w, "sendmail"), 3);
    has(given(w, "sendmail", 1), "] warning: 50 % of limit ip is used (egress)\n");
    has(given(w, "sendmail", 2),
        "] warning: 80 % of limit ip is used (egress) (still)\n");
    has(given(w, "sendmail", 3),
        "] ALARM: 100 % of limit ip is used (egress) (still)\n");
    end(w);
}

static void tries_again_and_survives(void **state)
{
    (void)state;
    struct world *w = make_world();
    char notify[300];
    snprintf(notify, sizeof notify, "to = admin@example.com\ncommand = %s/hook",
             w->folder);
    start(w, notify);
    write_file(w, "sendmail.fails", "");
    note(w, "login sasl_user:bob", NOW);
    notifier_step(w->notifier, NOW);
    notifier_step(w->notifier, NOW + 59 * SECOND);
    assert_int_equal(runs(w, "sendmail"), 1);
    assert_int_equal(runs(w, "hook"), 1);
    notifier_step(w->notifier, NOW + 61 * SECOND); /* then after 2 minutes more */
    notifier_step(w->notifier, NOW + 170 * SECOND);
    assert_int_equal(runs(w, "sendmail"), 2);
    stop(w);
    unlink(path(w, "sendmail.fails"));
    start(w, notify);
    notifier_step(w->notifier, NOW + 300 * SECOND);
    assert_int_equal(runs(w, "sendmail"), 3);
    assert_int_equal(runs(w, "hook"), 1); /* that had worked */
    notifier_step(w->notifier, NOW + 2 * HOUR);
    assert_int_equal(runs(w, "sendmail"), 3);
    const char *text = given(w, "hook", 1);
    has(text, "args: \nOUTGATE_ID=1\nOUTGATE_KEY=login sasl_user:bob\nOUTGATE_KIND="
              "limit\nOUTGATE_LEVEL=0\nOUTGATE_TIMES=1\nOUTGATE_TITLE=limit login "
              "reached: sasl_user:bob\nlimit login reached: sasl_user:bob\n");
    has_not(text, "X-Outgate-Notice"); /* the mark is for the gate alone */
    end(w);
}

static void an_hour_has_so_many(void **state)
{
    (void)state;
    struct world *w = make_world();
    start(w, "to = admin@example.com\nper_hour = 4\nquiet = spam, brake");
    for (int i = 0; i < 40; i++) {
        char key[64];
        snprintf(key, sizeof key, "login sasl_user:u%d", i);
        note(w, key, NOW);
    }
    note_of(w, INCIDENT_SPAM, "sasl_user:x", "sasl_user:x", 0, NOW);
    for (int i = 0; i < 20; i++)
        notifier_step(w->notifier, NOW + i * SECOND);
    assert_int_equal(runs(w, "sendmail"), 4);
    has(given(w, "sendmail", 3), "sasl_user:u2\n");
    has(given(w, "sendmail", 4), "] 37 incidents\n");
    has(given(w, "sendmail", 4), "limit login reached: sasl_user:u39\n");
    has_not(given(w, "sendmail", 4), "sasl_user:x\n");
    note(w, "login sasl_user:late", NOW + 60 * SECOND);
    notifier_step(w->notifier, NOW + HOUR - SECOND);
    assert_int_equal(runs(w, "sendmail"), 4);
    notifier_step(w->notifier, NOW + HOUR + 30 * SECOND);
    assert_int_equal(runs(w, "sendmail"), 5);
    has(given(w, "sendmail", 5), "sasl_user:late");
    end(w);
}

static void nobody_is_asked_to_be_told(void **state)
{
    (void)state;
    struct world *w = make_world();
    start(w, "repeat =\nclose_after = 1h");
    note(w, "login sasl_user:bob", NOW);
    notifier_step(w->notifier, NOW);
    assert_int_equal(runs(w, "sendmail") + runs(w, "hook"), 0);
    assert_int_equal(notifier_next_us(w->settings, 1, NOW), 0);
    notifier_step(w->notifier, NOW + 2 * HOUR);
    note(w, "login sasl_user:bob", NOW + 2 * HOUR); /* closed before: another */
    assert_int_equal(count_closed(w), 1);
    end(w);
}

static void senders_are_told(void **state)
{
    (void)state;
    struct world *w = make_world();
    start(w, "senders = yes\nlanguage = fr");
    sql(w, "INSERT INTO blocked_sender (sender, since_us, until_us, reason, by) "
           "VALUES ('sasl_user:eve@else.example', "
           "1769850000000000, 1769853600000000, 'stolen', 'uid:0'), ('uid:33', "
           "1769850000000000, NULL, 'x', 'y')");
    for (int i = 0; i < 3; i++)
        notifier_step(w->notifier, NOW + i * 6 * SECOND);
    assert_int_equal(runs(w, "sendmail"), 1);
    has(given(w, "sendmail", 1), "args: -i -f postmaster -- eve@else.example\n");
    has(given(w, "sendmail", 1), "Votre compte est bloqu\xc3\xa9");
    has(given(w, "sendmail", 1), "X-Outgate-Notice: ");
    has_not(given(w, "sendmail", 1), "stolen");
    end(w);
}

int main(void)
{
    setenv("TZ", "UTC", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(backs_off),
        cmocka_unit_test(alarms_come_in_order),
        cmocka_unit_test(tries_again_and_survives),
        cmocka_unit_test(an_hour_has_so_many),
        cmocka_unit_test(nobody_is_asked_to_be_told),
        cmocka_unit_test(senders_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
