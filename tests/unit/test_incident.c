/* SPDX-License-Identifier: BSD-2-Clause
 *
 * incident - the table against real SQLite, the marks, and the notices' text.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "incident/letter.h"
#include "incident/sender_letter.h"
#include "store/incident.h"
#include "store/notice.h"

#define SECOND INT64_C(1000000)
#define HOUR   (3600 * SECOND)
#define DAY    (24 * HOUR)
#define NOW    (INT64_C(1769850000) * SECOND + 123456)

struct world {
    struct db *db;
    struct arena *arena;
    struct err err;
};

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    if (db_open(&w->db, ":memory:", DB_DAEMON, &w->err) != 0)
        fail_msg("%s", w->err.text);
    w->arena = arena_new(64 << 20);
    assert_non_null(w->arena);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    db_close(&w->db);
    arena_free(&w->arena);
    free(w);
    return 0;
}

static void fine(struct world *w, int rc)
{
    if (rc != 0)
        fail_msg("%s", w->err.text);
}

static void sql(struct world *w, const char *text)
{
    fine(w, db_exec(w->db, text, &w->err));
}

static void note(struct world *w, enum incident_kind kind, const char *key, int level,
                 int64_t at_us)
{
    fine(w, incident_note(w->db,
                          &(struct incident_note){.kind = kind,
                                                  .key = span_of(key),
                                                  .sender = SPAN("sasl_user:bob"),
                                                  .level = level,
                                                  .at_us = at_us,
                                                  .what = SPAN("it happened")},
                          &w->err));
}

static struct incident_list due(struct world *w, int64_t now_us, const char *quiet)
{
    struct incident_list list;
    fine(w, incident_due(w->db, now_us, span_of(quiet), 100, w->arena, &list, &w->err));
    return list;
}

static struct incident find(struct world *w, int64_t id)
{
    struct incident incident;
    fine(w, incident_find(w->db, id, w->arena, &incident, &w->err));
    return incident;
}

static void assert_text(struct span got, const char *want)
{
    assert_int_equal(got.len, strlen(want));
    assert_memory_equal(got.at, want, got.len);
}

/* ---- the table ---- */

static void a_flood_is_one_incident(void **state)
{
    struct world *w = *state;
    for (int i = 0; i < 1000; i++)
        note(w, INCIDENT_LIMIT, "login sasl_user:bob", 0, NOW + i * SECOND);
    note(w, INCIDENT_LIMIT, "login sasl_user:eve", 0, NOW);
    note(w, INCIDENT_SPAM, "login sasl_user:bob", 0, NOW);
    struct incident_list list = due(w, NOW + DAY, "");
    assert_int_equal(list.count, 3);
    assert_int_equal(list.at[0].times, 1000);
    assert_int_equal(list.at[0].opened_us, NOW);
    assert_int_equal(list.at[0].last_us, NOW + 999 * SECOND);
    assert_text(list.at[0].kind_name, "limit");
    assert_int_equal(due(w, NOW - 1, "").count, 0);
    assert_int_equal(due(w, NOW + DAY, ",limit,,brake,").count, 1);
}

static void is_told_again_only_while_it_goes_on(void **state)
{
    struct world *w = *state;
    note(w, INCIDENT_LIMIT, "a b", 0, NOW);
    struct incident one = due(w, NOW, "").at[0];
    fine(w, incident_told(w->db, &one, NOW + SECOND, NOW + HOUR, &w->err));
    assert_int_equal(due(w, NOW + 2 * HOUR, "").count, 0); /* nothing new */
    note(w, INCIDENT_LIMIT, "a b", 0, NOW + 2 * SECOND);
    assert_int_equal(due(w, NOW + HOUR - 1, "").count, 0);
    assert_int_equal(due(w, NOW + HOUR, "").count, 1);
    assert_int_equal(due(w, NOW + HOUR, "").at[0].told_times, 1);
    one = due(w, NOW + HOUR, "").at[0];
    fine(w, incident_told(w->db, &one, NOW + HOUR, 0, &w->err)); /* never again */
    note(w, INCIDENT_LIMIT, "a b", 0, NOW + 2 * HOUR);
    assert_int_equal(due(w, NOW + DAY, "").count, 0);
}

static void a_rise_is_told_at_once(void **state)
{
    struct world *w = *state;
    note(w, INCIDENT_BUDGET, "ip egress", 50, NOW);
    struct incident one = due(w, NOW, "").at[0];
    /* it rises between the reading and the telling */
    note(w, INCIDENT_BUDGET, "ip egress", 80, NOW + SECOND);
    fine(w, incident_told(w->db, &one, NOW + 5 * SECOND, NOW + HOUR, &w->err));
    struct incident_list list = due(w, NOW + 5 * SECOND, "");
    assert_int_equal(list.count, 1);
    assert_int_equal(list.at[0].level, 80);
    fine(w, incident_told(w->db, list.at, NOW + 6 * SECOND, NOW + HOUR, &w->err));
    note(w, INCIDENT_BUDGET, "ip egress", 50, NOW + 7 * SECOND); /* falls: no news */
    assert_int_equal(due(w, NOW + 8 * SECOND, "").count, 0);
    assert_int_equal(find(w, one.id).level, 80);
    sql(w, "UPDATE incident SET what = '80 of 100'");
    note(w, INCIDENT_BUDGET, "ip egress", 50, NOW + 8 * SECOND);
    assert_string_equal(span_cstr(w->arena, find(w, one.id).what), "80 of 100");
    note(w, INCIDENT_BUDGET, "ip egress", 100, NOW + 9 * SECOND);
    assert_int_equal(due(w, NOW + 9 * SECOND, "").count, 1);
}

static void failures_are_counted_by_way(void **state)
{
    struct world *w = *state;
    note(w, INCIDENT_LIMIT, "a b", 0, NOW);
    struct incident one = due(w, NOW, "").at[0];
    fine(w,
         incident_not_told(w->db, &one, INCIDENT_BY_MAIL, NOW + 60 * SECOND, &w->err));
    assert_int_equal(due(w, NOW + 59 * SECOND, "").count, 0);
    one = due(w, NOW + 60 * SECOND, "").at[0];
    assert_int_equal(one.tried_times, 1);
    assert_int_equal(one.told_ways, INCIDENT_BY_MAIL);
    assert_int_equal(one.told_us, 0);
    fine(w, incident_told(w->db, &one, NOW + 61 * SECOND, 0, &w->err));
    one = find(w, one.id);
    assert_int_equal(one.tried_times, 0);
    assert_int_equal(one.told_ways, 0);
}

static void closes_when_quiet_and_opens_anew(void **state)
{
    struct world *w = *state;
    note(w, INCIDENT_LIMIT, "told t", 0, NOW);
    note(w, INCIDENT_LIMIT, "untold u", 0, NOW);
    note(w, INCIDENT_LIMIT, "young y", 0, NOW + HOUR);
    struct incident first = find(w, 1);
    fine(w, incident_told(w->db, &first, NOW, NOW + 10, &w->err));
    fine(w, incident_close_quiet(w->db, NOW + 1, NOW + 6 * HOUR, &w->err));
    assert_int_equal(find(w, 1).closed_us, NOW + 6 * HOUR);
    assert_int_equal(find(w, 2).closed_us, NOW + 6 * HOUR);
    assert_int_equal(find(w, 3).closed_us, 0);
    /* what was never told still is */
    struct incident_list list = due(w, NOW + 6 * HOUR, "");
    assert_int_equal(list.count, 2);
    assert_int_equal(list.at[0].id, 2);
    note(w, INCIDENT_LIMIT, "told t", 0, NOW + 7 * HOUR);
    assert_int_equal(find(w, 4).times, 1);
    assert_int_equal(find(w, 1).times, 1);

    fine(w, incident_close(w->db, 3, NOW + 7 * HOUR, &w->err));
    assert_int_equal(incident_close(w->db, 3, NOW, &w->err), -1);
    assert_int_equal(w->err.code, ERR_NOT_FOUND);
    assert_int_equal(incident_close(w->db, 99, NOW, &w->err), -1);
    fine(w, incident_expire(w->db, NOW + DAY, 100, &w->err));
    assert_int_equal(incident_find(w->db, 1, w->arena, &first, &w->err), -1);
    assert_int_equal(find(w, 4).id, 4); /* open: stays */
}

static void blocks_and_brake_are_found(void **state)
{
    struct world *w = *state;
    bool is_synced;
    sql(w,
        "INSERT INTO blocked_sender (sender, since_us, until_us, reason, by) "
        "VALUES ('sasl_user:bob', 1769850000000000, NULL, "
        "'stolen', 'uid:0'), ('uid:33', 1769850000000000, 1769853600000000, 'limit', "
        "'limit'), ('uid:34', 1, 2, 'over', 'x')");
    sql(w, "INSERT INTO brake VALUES (1, 1769850000000000, NULL, 'panic', 'uid:0')");
    fine(w, incident_is_synced(w->db, NOW, &is_synced, &w->err));
    assert_false(is_synced);
    fine(w, incident_sync(w->db, NOW, &w->err));
    fine(w, incident_is_synced(w->db, NOW, &is_synced, &w->err));
    assert_true(is_synced);
    struct incident_list list = due(w, NOW, "");
    assert_int_equal(list.count, 3);
    assert_text(list.at[0].key, "sasl_user:bob");
    assert_text(list.at[0].sender, "sasl_user:bob");
    assert_text(list.at[0].what, "blocked by uid:0: stolen");
    assert_text(list.at[2].key, "brake");

    /* closed by a person it stays closed; over it closes by itself */
    fine(w, incident_close(w->db, list.at[0].id, NOW + 1, &w->err));
    fine(w, incident_is_synced(w->db, NOW + 2, &is_synced, &w->err));
    assert_true(is_synced);
    fine(w, incident_close_quiet(w->db, 0, NOW + 1, &w->err));
    assert_int_equal(find(w, list.at[1].id).closed_us, 0);
    fine(w, incident_close_quiet(w->db, 0, NOW + 2 * HOUR, &w->err));
    assert_int_equal(find(w, list.at[1].id).closed_us, NOW + 2 * HOUR);
    assert_int_equal(find(w, list.at[2].id).closed_us, 0);
    sql(w, "DELETE FROM brake");
    fine(w, incident_close_quiet(w->db, 0, NOW + 2 * HOUR, &w->err));
    assert_int_equal(find(w, list.at[2].id).closed_us, NOW + 2 * HOUR);
    /* blocked anew: a new incident */
    sql(w, "UPDATE blocked_sender SET since_us = since_us + 36000000000 WHERE sender = "
           "'sasl_user:bob'");
    fine(w, incident_sync(w->db, NOW + 10 * HOUR, &w->err));
    assert_text(find(w, 4).key, "sasl_user:bob");
}

static void is_logged_once_a_level(void **state)
{
    struct world *w = *state;
    struct incident_list list;
    struct incident_work work;
    note(w, INCIDENT_BUDGET, "ip egress", 50, NOW);
    note(w, INCIDENT_BUDGET, "ip egress", 50, NOW);
    fine(w, incident_look(w->db, NOW, &work, &w->err));
    assert_true(work.has_unlogged && work.has_due && !work.has_senders);
    fine(w, incident_take_unlogged(w->db, 10, w->arena, &list, &w->err));
    assert_int_equal(list.count, 1);
    fine(w, incident_take_unlogged(w->db, 10, w->arena, &list, &w->err));
    assert_int_equal(list.count, 0);
    note(w, INCIDENT_BUDGET, "ip egress", 100, NOW);
    fine(w, incident_take_unlogged(w->db, 10, w->arena, &list, &w->err));
    assert_int_equal(list.count, 1);
    fine(w, incident_look(w->db, NOW, &work, &w->err));
    assert_false(work.has_unlogged);
}

static void hostile_text_is_bound(void **state)
{
    struct world *w = *state;
    static char longer[100000];
    memset(longer, 'x', sizeof longer - 1);
    note(w, INCIDENT_LIMIT, "l '); DROP TABLE incident; --", 0, NOW);
    note(w, INCIDENT_LIMIT, "l \xff\xfe\n\r\x1b[2J", 0, NOW);
    note(w, INCIDENT_LIMIT, longer, 0, NOW);
    struct incident_list list = due(w, NOW, "");
    assert_int_equal(list.count, 3);
    assert_true(list.at[2].key.len <= 1024);
}

/* ---- marks ---- */

static void a_mark_is_good_once(void **state)
{
    struct world *w = *state;
    char mark[NOTICE_MARK_BYTES];
    char other[NOTICE_MARK_BYTES];
    bool is_ours = true;
    int64_t count;
    fine(w, notice_mark(mark, &w->err));
    fine(w, notice_mark(other, &w->err));
    assert_int_equal(strlen(mark), 32);
    assert_int_equal(strspn(mark, "0123456789abcdef"), 32);
    assert_string_not_equal(mark, other);
    fine(w, notice_add(w->db, mark, "incident", 1, NOW, &w->err));
    fine(w, notice_take(w->db, span_of(other), NOW, &is_ours, &w->err));
    assert_false(is_ours);
    fine(w, notice_take(w->db, SPAN(""), NOW, &is_ours, &w->err));
    assert_false(is_ours);
    fine(w, notice_take(w->db, SPAN("%"), NOW, &is_ours, &w->err));
    assert_false(is_ours);
    fine(w, notice_take(w->db, span_of(mark), NOW + 5 * DAY, &is_ours, &w->err));
    assert_true(is_ours);
    fine(w, notice_take(w->db, span_of(mark), NOW + 1, &is_ours, &w->err));
    assert_false(is_ours);

    fine(w, notice_add(w->db, other, "sender", 0, NOW, &w->err));
    fine(w, notice_take(w->db, span_of(other), NOW + 5 * DAY + 1, &is_ours, &w->err));
    assert_false(is_ours); /* too old */
    fine(w, notice_count(w->db, true, NOW - 1, &count, &w->err));
    assert_int_equal(count, 0); /* not sent yet */
    fine(w, notice_sent(w->db, other, &w->err));
    fine(w, notice_count(w->db, true, NOW - 1, &count, &w->err));
    assert_int_equal(count, 1);
    fine(w, notice_count(w->db, false, NOW - 1, &count, &w->err));
    assert_int_equal(count, 0);
    fine(w, notice_expire(w->db, NOW + 5 * DAY + 1, &w->err));
    fine(w, notice_count(w->db, true, 0, &count, &w->err));
    assert_int_equal(count, 0);
}

/* A decision that is rolled back has not used the mark: the MTA tries again. */
static void a_rollback_gives_the_mark_back(void **state)
{
    struct world *w = *state;
    char mark[NOTICE_MARK_BYTES];
    bool is_ours;
    fine(w, notice_mark(mark, &w->err));
    fine(w, notice_add(w->db, mark, "incident", 1, NOW, &w->err));
    fine(w, db_begin(w->db, &w->err));
    fine(w, db_savepoint(w->db, &w->err));
    fine(w, notice_take(w->db, span_of(mark), NOW, &is_ours, &w->err));
    assert_true(is_ours);
    fine(w, db_savepoint_rollback(w->db, &w->err));
    fine(w, db_commit(w->db, &w->err));
    fine(w, notice_take(w->db, span_of(mark), NOW, &is_ours, &w->err));
    assert_true(is_ours);
}

/* ---- text ---- */

struct quote_case {
    const char *text, *want; /* NULL: has no place on a command line */
};

static const struct quote_case quote_cases[] = {
    {"sasl_user:bob@example.com", "sasl_user:bob@example.com"},
    {"script:/var/www/a b.php", "'script:/var/www/a b.php'"},
    {"x';rm -rf ~;'", "'x'\\'';rm -rf ~;'\\'''"},
    {"$(reboot)", "'$(reboot)'"},
    {"--all", "'--all'"},
    {"caf\xc3\xa9", "'caf\xc3\xa9'"},
    {"", NULL},
    {"a\nb", NULL},
    {"a\x1b[2Jb", NULL},
    {"\xff", NULL},
    {"\xe2\x80\xae", NULL}, /* right-to-left override */
    {"a\\x0ab", NULL},      /* reads like an escape */
};

static void keys_are_quoted_for_the_shell(void **state)
{
    (void)state;
    char out[700];
    static char longer[2000];
    for (size_t i = 0; i < sizeof quote_cases / sizeof *quote_cases; i++) {
        const struct quote_case *c = &quote_cases[i];
        bool is_sound = letter_quote(span_of(c->text), out, sizeof out);
        assert_int_equal(is_sound, c->want != NULL);
        assert_string_equal(out, c->want != NULL ? c->want : "");
    }
    memset(longer, '\'', sizeof longer - 1);
    assert_false(letter_quote(span_of(longer), out, sizeof out));
}

static const char *const admins[] = {"a@example.com", "b@example.org"};

static const struct letter_head head = {.host = "mx.example.com",
                                        .from = "postmaster",
                                        .to = admins,
                                        .to_count = 2,
                                        .mark = "0123456789abcdef0123456789abcdef"};

static void put_message(struct world *w, int number, const char *subject,
                        const char *sender, const char *action)
{
    struct query *query = db_query(
        w->db,
        "INSERT INTO message (at_us, class, path, sender, identified_by, "
        "queue_id, message_id, message_id_local, client_ip, client_name, helo, "
        "mail_from, header_from, from_domain, subject, x_mailer, script, "
        "recipients, rcpt_to, size_bytes, score, action, meant, reason, reply, "
        "incident, is_shadow, elapsed_us) VALUES (?1, 'outbound', 'smtp', ?2, "
        "'sasl_user', 'QID1', ?3, 'x', '192.0.2.7', '', '', "
        "'bob@here.example', 'bob@here.example', 'here.example', ?3, '', '', 2, "
        "'x@a.example, y@b.example, ...', 100, 1.5, ?4, ?4, 'why', '', '', 0, "
        "0)",
        &w->err);
    assert_non_null(query);
    query_bind_int(query, 1, NOW + number * SECOND);
    query_bind_text(query, 2, span_of(sender));
    query_bind_text(query, 3, span_of(subject));
    query_bind_text(query, 4, span_of(action));
    fine(w, query_run(query, &w->err));
}

static const char *letter(struct world *w, const struct incident *incident)
{
    struct evidence *evidence = arena_alloc(w->arena, sizeof *evidence);
    struct buf out;
    fine(w, evidence_gather(w->db, incident, w->arena, evidence, &w->err));
    buf_init(&out, w->arena, LETTER_BYTES);
    letter_incident(&out, &head, incident, evidence);
    assert_false(out.is_full);
    return buf_cstr(&out);
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

static void evidence_is_told(void **state)
{
    struct world *w = *state;
    for (int i = 0; i < 30; i++)
        put_message(w, i, i % 3 == 0 ? "Cheap pills" : "Hello", "sasl_user:bob",
                    i < 10 ? "accept" : "hold");
    put_message(w, 31, "innocent", "sasl_user:ann", "accept");
    sql(w,
        "INSERT INTO held_message (message, queue_id, held_at_us, due_at_us, state, "
        "state_at_us, state_by, cause) SELECT id, queue_id, at_us, at_us + 3600000000, "
        "'waiting', at_us, '', '' FROM message WHERE action = 'hold'");
    sql(w, "INSERT INTO sender_seen VALUES (1, 'sasl_user:bob', 1, 2, 3, 4, 0)");
    sql(w, "INSERT INTO sender_trait VALUES (1, 'country', 'BR', 1, 2, 30)");
    note(w, INCIDENT_LIMIT, "login sasl_user:bob", 0, NOW + 30 * SECOND);
    struct incident incident = find(w, 1);
    const char *text = letter(w, &incident);
    has(text, "Subject: [outgate mx.example.com] limit login reached: sasl_user:bob\n");
    has(text, "From: outgate <postmaster>\nTo: a@example.com,\n b@example.org\n");
    has(text, "\nX-Outgate-Notice: 0123456789abcdef0123456789abcdef\n\n");
    has(text, "30 messages to 60 recipients, 10 accept, 20 hold");
    has(text, "20  Hello");
    has(text, "10  Cheap pills");
    has(text, "30  192.0.2.7");
    has(text, "30  BR");
    has(text, "30  x@a.example");
    has(text, "20 wait in the hold queue, 0 of them for a person; next due 2026-01-31");
    has(text, "queue id QID1, number 30 in the log, hold");
    has(text, "\n  outgate log --since 24h --sender sasl_user:bob\n");
    has(text, "\n  outgate incidents close 1\n");
    has_not(text, "innocent");
}

static void a_budget_names_who_spent_it(void **state)
{
    struct world *w = *state;
    put_message(w, 1, "one", "sasl_user:bob", "accept");
    put_message(w, 2, "two", "sasl_user:ann", "accept");
    sql(w, "INSERT INTO limit_in_force VALUES ('ip', 0, '40 points per 1h per egress, "
           "then hold', 40000, 'points', 3600000000, 1, 0, 'egress', '', 'hold', 1, 0, "
           "0)");
    sql(w,
        "INSERT INTO charge VALUES (1, 'ip', 'egress', 1000, 1), (2, 'ip', 'egress', "
        "3000, 1)");
    note(w, INCIDENT_BUDGET, "ip egress", 80, NOW + 3 * SECOND);
    struct incident incident = find(w, 1);
    const char *text = letter(w, &incident);
    has(text, "warning: 80 % of limit ip is used (egress)");
    has(text, "LIMIT     40 points per 1h per egress, then hold");
    has(text, " 75 %  sasl_user:ann\n");
    has(text, " 25 %  sasl_user:bob\n");
    has(text, "\n  outgate brake on\n");
    has(text, "--sender sasl_user:ann\n");
}

/* Whatever stands in subjects and keys: one header, no control characters, no line or
 * command of its own. */
static void a_message_cannot_write_the_notice(void **state)
{
    struct world *w = *state;
    static const char *const subjects[] = {
        "x\r\nBcc: everybody@there.example\r\n\r\nbody",
        "\x1b[2J\x07\x00",
        "\n\nDO NEXT\n  outgate drop --all",
        "=?utf-8?Q?x?=",
        "\xe2\x80\xae\xff\xc3",
        "%s%n%d"};
    static char longer[5000];
    memset(longer, 'A', sizeof longer - 1);
    for (int i = 0; i < 6; i++)
        put_message(w, i, subjects[i], "sasl_user:x\nBcc: y", "hold");
    put_message(w, 7, longer, "sasl_user:x\nBcc: y", "hold");
    fine(w, incident_note(
                w->db,
                &(struct incident_note){.kind = INCIDENT_LIMIT,
                                        .key = SPAN("l sasl_user:x\nBcc: y"),
                                        .sender = SPAN("sasl_user:x\nBcc: y"),
                                        .at_us = NOW + SECOND,
                                        .what = SPAN("a\r\nBcc: z\r\n\r\n.\r\n")},
                &w->err));
    struct incident incident = find(w, 1);
    const char *text = letter(w, &incident);
    has_not(text, "\nBcc");
    has_not(text, "\r");
    has_not(text, "\x1b");
    has_not(text, "\n.\n");
    has_not(text, "\n  outgate drop --all");
    has(text, "[outgate mx.example.com] limit l reached: sasl_user:x\\x0aBcc: y\n");
    has_not(text, "--sender"); /* a key that cannot be typed is in no command */
    for (const char *line = text; *line != '\0';) {
        size_t len = strcspn(line, "\n");
        assert_true(len < 998); /* RFC 5322 2.1.1 */
        line += len + (line[len] != '\0');
    }
    assert_true(utf8_is_valid(span_of(text)));
}

static void a_subject_is_encoded(void **state)
{
    struct world *w = *state;
    struct buf out;
    buf_init(&out, w->arena, LETTER_BYTES);
    letter_header(&out, &head,
                  SPAN("caf\xc3\xa9 =?utf-8?Q?x?= and a good many more words, so that "
                       "one encoded word does not hold it: \xf0\x9f\x98\x80"));
    const char *text = buf_cstr(&out);
    has(text, "Subject: =?utf-8?Q?caf=C3=A9=20=3D=3Futf=2D8=3FQ");
    for (const char *c = text; *c != '\0'; c++)
        assert_true(*c == '\n' || (*c >= ' ' && *c <= '~'));
    for (const char *word = strstr(text, "=?"); word != NULL;
         word = strstr(word + 2, "\n =?")) {
        const char *end = strstr(word, "?=\n");
        assert_non_null(end);
        assert_true(end + 2 - word <= 77); /* RFC 2047 2: 75, and "\n " */
    }
    has(text, "=F0=9F=98=80");
}

static void digest_names_each(void **state)
{
    struct world *w = *state;
    for (int i = 0; i < 60; i++) {
        char key[64];
        snprintf(key, sizeof key, "login sasl_user:u%d", i);
        note(w, INCIDENT_LIMIT, key, 0, NOW + i);
    }
    struct incident_list list = due(w, NOW + HOUR, "");
    struct buf out;
    buf_init(&out, w->arena, LETTER_BYTES);
    letter_digest(&out, &head, &list);
    has(buf_cstr(&out), "Subject: [outgate mx.example.com] 60 incidents\n");
    has(buf_cstr(&out), "limit login reached: sasl_user:u49\n");
    has(buf_cstr(&out), "and 10 more\n");
}

/* ---- senders ---- */

struct address_case {
    const char *sender, *mail_from, *want;
};

static const struct address_case address_cases[] = {
    {"sasl_user:bob@else.example", "", "bob@else.example"}, /* the login itself */
    {"sasl_user:bob", "bob@here.example", "bob@here.example"},
    {"sasl_user:bob", "bob@sub.dom.example", "bob@sub.dom.example"},
    {"sasl_user:bob", "bob@there.example", ""}, /* outside */
    {"sasl_user:bob", "bob@xhere.example", ""},
    {"sasl_user:bob", "", ""}, /* a null sender */
    {"sasl_user:bob", "-oQ/tmp@here.example", ""},
    {"sasl_user:bob", "a b@here.example", ""},
    {"sasl_user:bob", "a,b@here.example", ""},
    {"sasl_user:bob", "a@b@here.example", ""},
    {"sasl_user:bob", "a\n@here.example", ""},
    {"sasl_user:-x@here.example", "", ""},
    {"client_ip:192.0.2.1", "bob@here.example", ""}, /* anybody could say so */
    {"uid:33", "bob@here.example", ""},
};

static void only_the_sender_is_told(void **state)
{
    (void)state;
    static const char *const domains[] = {"here.example", ".dom.example"};
    for (size_t i = 0; i < sizeof address_cases / sizeof *address_cases; i++) {
        const struct address_case *c = &address_cases[i];
        struct incident incident = {.sender = span_of(c->sender)};
        struct evidence evidence = {.sample_mail_from = span_of(c->mail_from)};
        assert_text(sender_letter_address(&incident, &evidence, domains, 2), c->want);
    }
}

static void speaks_three_languages(void **state)
{
    struct world *w = *state;
    static const char *const words[] = {"", "Nothing is lost", "Rien n'est perdu",
                                        "Nada se ha perdido"};
    assert_int_equal(sender_letter_language(LANGUAGE_AUTO, SPAN("fr")), LANGUAGE_FR);
    assert_int_equal(sender_letter_language(LANGUAGE_AUTO, SPAN("de")), LANGUAGE_EN);
    assert_int_equal(sender_letter_language(LANGUAGE_ES, SPAN("fr")), LANGUAGE_ES);
    struct incident incident = {.kind = INCIDENT_LIMIT, .sender = SPAN("sasl_user:b")};
    struct evidence evidence = {.next_due_us = NOW,
                                .sample_subject = SPAN("hi\nBcc: x\x1b")};
    for (int language = LANGUAGE_EN; language <= LANGUAGE_ES; language++) {
        struct buf out;
        buf_init(&out, w->arena, LETTER_BYTES);
        sender_letter(&out, &head, (enum language)language, &incident, &evidence,
                      "help@here.example");
        has(buf_cstr(&out), words[language]);
        has(buf_cstr(&out), "2026-01-31");
        has(buf_cstr(&out), "help@here.example");
        has(buf_cstr(&out), "hi\\x0aBcc: x\\x1b");
        has_not(buf_cstr(&out), "%s");
        has_not(buf_cstr(&out), "\nBcc");
        assert_true(utf8_is_valid(buf_span(&out)));
        incident.kind = INCIDENT_BLOCK;
        buf_init(&out, w->arena, LETTER_BYTES);
        sender_letter(&out, &head, (enum language)language, &incident, &evidence, "");
        has_not(buf_cstr(&out), words[language]);
        has_not(buf_cstr(&out), "%s");
        incident.kind = INCIDENT_LIMIT;
    }
}

static void a_sender_is_told_once_a_day(void **state)
{
    struct world *w = *state;
    struct incident_list list;
    note(w, INCIDENT_LIMIT, "l sasl_user:bob", 0, NOW);
    note(w, INCIDENT_SPAM, "sasl_user:bob", 0, NOW);
    sql(w, "INSERT INTO blocked_sender (sender, since_us, until_us, reason, by) "
           "VALUES ('uid:33', 1, NULL, 'x', 'y')");
    fine(w, incident_sync(w->db, NOW, &w->err));
    fine(w, incident_due_senders(w->db, NOW, 10, w->arena, &list, &w->err));
    assert_int_equal(list.count, 1);
    fine(w, incident_sender_told(w->db, list.at[0].id, NOW + 1, &w->err));
    note(w, INCIDENT_LIMIT, "l sasl_user:bob", 0, NOW + HOUR);
    fine(w, incident_due_senders(w->db, NOW + 2 * HOUR, 10, w->arena, &list, &w->err));
    assert_int_equal(list.count, 0);
    fine(w, incident_due_senders(w->db, NOW + 25 * HOUR, 10, w->arena, &list, &w->err));
    assert_int_equal(list.count, 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    setenv("TZ", "UTC", 1);
    const struct CMUnitTest tests[] = {
        TEST(a_flood_is_one_incident),
        TEST(is_told_again_only_while_it_goes_on),
        TEST(a_rise_is_told_at_once),
        TEST(failures_are_counted_by_way),
        TEST(closes_when_quiet_and_opens_anew),
        TEST(blocks_and_brake_are_found),
        TEST(is_logged_once_a_level),
        TEST(hostile_text_is_bound),
        TEST(a_mark_is_good_once),
        TEST(a_rollback_gives_the_mark_back),
        TEST(keys_are_quoted_for_the_shell),
        TEST(evidence_is_told),
        TEST(a_budget_names_who_spent_it),
        TEST(a_message_cannot_write_the_notice),
        TEST(a_subject_is_encoded),
        TEST(digest_names_each),
        TEST(only_the_sender_is_told),
        TEST(speaks_three_languages),
        TEST(a_sender_is_told_once_a_day),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
