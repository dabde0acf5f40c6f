/* SPDX-License-Identifier: BSD-2-Clause
 *
 * audit and held - hostile text, the way there and back, expiry, the views.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/bounds.h"
#include "folder.h"
#include "store/audit.h"
#include "store/held.h"
#include "store/summary.h"

#define SECOND INT64_C(1000000)
#define HOUR   (3600 * SECOND)

struct world {
    char folder[FOLDER_BYTES], path[FOLDER_PATH_BYTES];
    struct db *db;
    struct arena *arena;
    struct limit limit;
    struct charge charge;
    struct charge_line line;
    int64_t now_us;
    struct err err;
};

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    folder_make("audit", w->folder, w->path);
    if (db_open(&w->db, w->path, DB_DAEMON, &w->err) != 0)
        fail_msg("%s", w->err.text);
    w->arena = arena_new(16 << 20);
    w->now_us = (int64_t)time(NULL) * SECOND;
    assert_int_equal(limit_parse(SPAN("login"),
                                 SPAN("10 recipients per 1h per sender, then hold"),
                                 &w->limit, &w->err),
                     0);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    db_close(&w->db);
    arena_free(&w->arena);
    folder_remove(w->folder, w->path);
    free(w);
    return 0;
}

static const struct audit_hit hits[] = {{"LINK_HEAVY", 1.5}, {"NO_NAME", 2.25}};

static struct audit_row plain(struct world *w)
{
    static struct span recipients[] = {{"a@x.example", 11}, {"b@y.example", 11}};
    w->line = (struct charge_line){
        .limit = &w->limit, .key = SPAN("sasl_user:bob"), .amount = 2};
    w->charge = (struct charge){.action = ACTION_ACCEPT,
                                .is_charged = true,
                                .charged_at_us = w->now_us,
                                .lines = &w->line,
                                .line_count = 1};
    return (struct audit_row){.at_us = w->now_us,
                              .mail_class = CLASS_OUTBOUND,
                              .path = PATH_SMTP,
                              .sender = SPAN("sasl_user:bob"),
                              .identified_by = SPAN("sasl_user"),
                              .queue_id = SPAN("4Zabc"),
                              .message_id = SPAN("d24aa492-5f37@host.example"),
                              .client_ip = SPAN("192.0.2.7"),
                              .mail_from = SPAN("bob@example.com"),
                              .header_from = SPAN("bob@example.com"),
                              .from_domain = SPAN("example.com"),
                              .subject = SPAN("Gr\xc3\xbc\xc3\x9f"
                                              "e"),
                              .recipients = 2,
                              .recipient_list = recipients,
                              .recipient_list_count = 2,
                              .size_bytes = 5120,
                              .score = 3.75,
                              .action = ACTION_ACCEPT,
                              .meant = ACTION_ACCEPT,
                              .reason = SPAN("clean"),
                              .elapsed_us = 655,
                              .hits = hits,
                              .hit_count = 2,
                              .charge = &w->charge,
                              .facts_json = SPAN("{\"spf\":\"pass\"}"),
                              .headers = SPAN("From: bob@example.com\r\n"),
                              .body = SPAN("Hello\r\n")};
}

static int64_t record(struct world *w, const struct audit_row *row)
{
    int64_t id = 0;
    assert_int_equal(db_begin(w->db, &w->err), 0);
    if (audit_record(w->db, row, &id, &w->err) != 0)
        fail_msg("%s", w->err.text);
    assert_int_equal(db_commit(w->db, &w->err), 0);
    return id;
}

/* The first column of the first row, as text in the arena; "(none)" without a row. */
static const char *ask(struct world *w, const char *sql)
{
    struct query *query = db_query(w->db, sql, &w->err);
    if (query == NULL)
        fail_msg("%s: %s", sql, w->err.text);
    int rc = query_step(query, &w->err);
    if (rc < 0)
        fail_msg("%s: %s", sql, w->err.text);
    const char *text = rc == 1 ? query_is_null(query, 0)
                                     ? "(null)"
                                     : span_cstr(w->arena, query_text(query, 0))
                               : "(none)";
    query_reset(query);
    return text;
}

static void test_round_trip(void **state)
{
    struct world *w = *state;
    struct audit_row row = plain(w);
    char now[32];
    assert_int_equal(record(w, &row), 1);
    static const struct {
        const char *sql, *want;
    } rows[] = {
        {"SELECT class || path FROM message", "outboundsmtp"},
        {"SELECT sender FROM message", "sasl_user:bob"},
        {"SELECT message_id_local FROM message", "d24aa492-5f37"},
        {"SELECT subject FROM message", "Gr\xc3\xbc\xc3\x9f"
                                        "e"},
        {"SELECT rcpt_to FROM message", "a@x.example, b@y.example"},
        {"SELECT score FROM message", "3.75"},
        {"SELECT action || meant FROM message", "acceptaccept"},
        {"SELECT limit_name FROM message", "(null)"},
        {"SELECT due_at_us FROM message", "(null)"},
        {"SELECT size_bytes FROM message", "5120"},
        {"SELECT group_concat(rule || score) FROM hit", "LINK_HEAVY1.5,NO_NAME2.25"},
        {"SELECT limit_name || key || amount FROM charge", "loginsasl_user:bob2"},
        {"SELECT at_us IS NULL FROM charge", "0"},
        {"SELECT json_extract(facts, '$.spf') FROM evidence", "pass"},
        {"SELECT headers FROM evidence", "From: bob@example.com\r\n"},
        {"SELECT body FROM evidence", "Hello\r\n"},
        {"SELECT count(*) FROM held_message", "0"},
        {"PRAGMA integrity_check", "ok"},
        {"PRAGMA foreign_key_check", "(none)"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_string_equal(ask(w, rows[i].sql), rows[i].want);
    assert_string_equal(ask(w, "SELECT at FROM recent"),
                        audit_time_text(w->now_us, now));
}

/* Columns of a message, sums by domain and day, the view over them; outbound only. */
static void test_authentication(void **state)
{
    struct world *w = *state;
    static const struct {
        const char *dmarc;
        bool is_spf_aligned, is_dkim_aligned;
        enum mail_class mail_class;
    } mails[] = {
        {"pass", true, true, CLASS_OUTBOUND},
        {"pass", false, true, CLASS_OUTBOUND},
        {"fail", false, false, CLASS_OUTBOUND},
        {"none", true, false, CLASS_OUTBOUND},
        {"temperror", false, false, CLASS_OUTBOUND},
        {"", false, false, CLASS_OUTBOUND},
        {"fail", false, false, CLASS_FORWARDED},
    };
    for (size_t i = 0; i < sizeof mails / sizeof *mails; i++) {
        struct audit_row row = plain(w);
        row.mail_class = mails[i].mail_class;
        row.spf = SPAN("softfail");
        row.dkim = SPAN("none");
        row.dmarc = span_of(mails[i].dmarc);
        row.authentication = SPAN("spf=softfail; dkim=none");
        row.is_spf_aligned = mails[i].is_spf_aligned;
        row.is_dkim_aligned = mails[i].is_dkim_aligned;
        record(w, &row);
    }
    assert_string_equal(ask(w, "SELECT spf || dkim || dmarc || authentication FROM "
                               "message WHERE id = 1"),
                        "softfailnonepassspf=softfail; dkim=none");
    assert_string_equal(
        ask(w, "SELECT domain || ' ' || messages || spf_aligned || dkim_aligned || "
               "aligned || dmarc_pass || dmarc_fail || unknown FROM summary_domain"),
        "example.com 5223211");
    assert_string_equal(ask(w, "SELECT from_domain || aligned_share || "
                               "spf_aligned_share FROM authentication_by_domain"),
                        "example.com0.750.5");
    assert_int_equal(summary_expire(w->db, w->now_us + INT64_C(172800000000), &w->err),
                     0);
    assert_string_equal(ask(w, "SELECT count(*) FROM summary_domain"), "0");
}

/* Every text column with every hostile text: stored, valid, bounded. */
static void test_hostile_text(void **state)
{
    struct world *w = *state;
    static char huge[300000];
    memset(huge, '\xc3', sizeof huge);
    for (size_t i = 1; i < sizeof huge; i += 2)
        huge[i] = '\xa9';
    const struct span texts[] = {
        {"", 0},
        {NULL, 0},
        {"a\0b", 3},
        {"\xff\xfe\xc3", 3},
        {"'; DROP TABLE message; --", 25},
        {"\xed\xa0\x80\xf4\x90\x80\x80", 7},
        {huge, sizeof huge},
        {huge + 1, sizeof huge - 1},
        {huge, BOUND_COLUMN_BYTES},
        {huge, BOUND_COLUMN_BYTES + 1},
        {"\x1b]0;x\x07", 6},
    };
    size_t count = sizeof texts / sizeof texts[0];
    for (size_t i = 0; i < count; i++) {
        struct audit_row row = plain(w);
        struct span recipients[] = {texts[i], texts[i], texts[i], texts[i]};
        row.sender = row.identified_by = row.queue_id = row.message_id = texts[i];
        row.client_ip = row.client_name = row.helo = row.mail_from = texts[i];
        row.header_from = row.from_domain = row.subject = row.x_mailer = texts[i];
        row.script = row.reason = row.limit_key = row.reply = row.incident = texts[i];
        row.spf = row.dkim = row.dmarc = row.authentication = texts[i];
        row.limit_name = "login";
        row.facts_json = row.headers = row.body = texts[i];
        row.recipient_list = recipients;
        row.recipient_list_count = 4;
        row.recipients = 50;
        w->line.key = texts[i];
        row.action = ACTION_HOLD;
        row.score = i % 2 == 0 ? NAN : INFINITY;
        record(w, &row);
    }
    assert_string_equal(ask(w, "SELECT count(*) FROM message"), "11");
    assert_string_equal(
        ask(w, "SELECT max(length(CAST(subject AS BLOB))) FROM message"), "1026");
    assert_string_equal(ask(w, "SELECT substr(subject, -4) FROM message WHERE id = 7"),
                        "\xc3\xa9...");
    assert_string_equal(
        ask(w, "SELECT count(*) FROM message WHERE subject LIKE '%...'"), "3");
    assert_string_equal(
        ask(w, "SELECT count(*) FROM message WHERE length(rcpt_to) > 4096"), "0");
    assert_string_equal(ask(w,
                            "SELECT subject = 'a' || char(65533) || 'b' FROM message "
                            "WHERE id = 3"),
                        "1");
    assert_string_equal(ask(w, "SELECT hex(headers) FROM evidence WHERE message = 3"),
                        "610062"); /* evidence is whole */
    assert_string_equal(
        ask(w, "SELECT typeof(headers) FROM evidence WHERE message = 4"), "blob");
    assert_string_equal(ask(w, "SELECT typeof(body) FROM evidence WHERE message = 5"),
                        "text");
    assert_string_equal(
        ask(w, "SELECT max(length(CAST(headers AS BLOB))) FROM evidence"), "65536");
    assert_string_equal(ask(w, "PRAGMA integrity_check"), "ok");
    struct query *query = db_query(
        w->db, "SELECT sender, subject, rcpt_to, reason, message_id_local FROM message",
        &w->err);
    while (query_step(query, &w->err) == 1)
        for (int i = 0; i < 5; i++)
            assert_true(utf8_is_valid(query_text(query, i)));
}

static void test_recipients_cut(void **state)
{
    struct world *w = *state;
    struct audit_row row = plain(w);
    static struct span many[1000];
    for (size_t i = 0; i < 1000; i++)
        many[i] = SPAN("someone@example.com");
    row.recipient_list = many;
    row.recipient_list_count = 1000;
    row.recipients = 1000;
    record(w, &row);
    assert_string_equal(ask(w, "SELECT substr(rcpt_to, -26) FROM message"),
                        ", someone@example.com, ...");
    row.recipient_list_count = 0;
    record(w, &row);
    assert_string_equal(ask(w, "SELECT rcpt_to FROM message WHERE id = 2"), "...");
}

static void test_what_is_charged(void **state)
{
    struct world *w = *state;
    struct audit_row row = plain(w);
    row.action = row.meant = ACTION_REJECT; /* refused: nothing */
    w->charge.is_charged = false;
    record(w, &row);
    assert_string_equal(ask(w, "SELECT count(*) FROM charge"), "0");
    row.action = ACTION_HOLD; /* for a person: to be charged at release */
    int64_t id = record(w, &row);
    assert_string_equal(ask(w, "SELECT at_us FROM charge"), "(null)");
    assert_int_equal(
        limits_charge_stored(w->db, &w->limit, 1, id, w->now_us + HOUR, &w->err), 0);
    assert_string_equal(ask(w, "SELECT count(*) FROM charge WHERE at_us IS NULL"), "0");
    assert_string_equal(ask(w, "SELECT sum(amount) FROM limit_slot"), "2");
    assert_int_equal(/* once only */
                     limits_charge_stored(w->db, &w->limit, 1, id, w->now_us + HOUR,
                                          &w->err),
                     0);
    assert_string_equal(ask(w, "SELECT sum(amount) FROM limit_slot"), "2");
    id = record(w, &row); /* a limit that is no longer in force */
    assert_int_equal(limits_charge_stored(w->db, NULL, 0, id, w->now_us, &w->err), 0);
    assert_string_equal(ask(w, "SELECT sum(amount) FROM limit_slot"), "2");
    row.charge = NULL;
    record(w, &row);
}

static void hold(struct world *w, const char *queue_id, int64_t held_us, int64_t due_us)
{
    struct audit_row row = plain(w);
    row.at_us = held_us;
    row.action = row.meant = ACTION_HOLD;
    row.queue_id = span_of(queue_id);
    row.due_at_us = due_us;
    row.limit_name = "login";
    row.limit_key = SPAN("sasl_user:bob");
    record(w, &row);
}

static void test_held(void **state)
{
    struct world *w = *state;
    struct held_row *rows;
    struct held_row row;
    size_t count;
    int64_t t = w->now_us;
    hold(w, "Q1", t, 0);
    hold(w, "Q2", t + 1, t + 100);
    hold(w, "Q3", t + 2, t + 50);
    hold(w, "Q2", t + 3, t + 200); /* the MTA has used the name again */
    struct audit_row shadow = plain(w);
    shadow.action = ACTION_HOLD;
    shadow.is_shadow = true; /* was let go in truth */
    record(w, &shadow);
    assert_int_equal(held_list(w->db, 0, 10, w->arena, &rows, &count, &w->err), 0);
    assert_int_equal(count, 4);
    static const int64_t order[] = {3, 2, 4, 1};
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(rows[i].id, order[i]);
    assert_int_equal(rows[0].due_at_us, t + 50);
    assert_int_equal(rows[3].due_at_us, 0);
    assert_true(span_eq(rows[0].limit_name, SPAN("login")));
    assert_int_equal(held_list(w->db, t + 100, 10, w->arena, &rows, &count, &w->err),
                     0);
    assert_int_equal(count, 2);
    assert_int_equal(held_list(w->db, 0, 1, w->arena, &rows, &count, &w->err), 0);
    assert_int_equal(count, 1);

    assert_int_equal(held_find(w->db, SPAN("Q2"), w->arena, &row, &w->err), 0);
    assert_int_equal(row.id, 4);
    assert_int_equal(held_find(w->db, SPAN("1"), w->arena, &row, &w->err), 0);
    assert_int_equal(row.id, 1);
    assert_int_equal(held_find(w->db, SPAN("Q9"), w->arena, &row, &w->err), -1);
    assert_int_equal(w->err.code, ERR_NOT_FOUND);
    assert_int_equal(held_find(w->db, SPAN(""), w->arena, &row, &w->err), -1);

    assert_int_equal(
        held_mark(w->db, 4, HELD_RELEASED, t + 300, SPAN("uid:0"), &w->err), 0);
    assert_int_equal(held_mark(w->db, 4, HELD_DROPPED, t + 301, SPAN("due"), &w->err),
                     -1);
    assert_int_equal(w->err.code, ERR_NOT_FOUND);
    assert_string_equal(w->err.text, "message 4 is already released, by uid:0");
    assert_int_equal(held_mark(w->db, 99, HELD_GONE, t, SPAN("x"), &w->err), -1);
    assert_string_equal(w->err.text, "message 99 was never held");
    assert_int_equal(held_find(w->db, SPAN("4"), w->arena, &row, &w->err), 0);
    assert_int_equal(row.state, HELD_RELEASED);
    assert_int_equal(row.state_at_us, t + 300);
    assert_int_equal(held_find(w->db, SPAN("Q2"), w->arena, &row, &w->err), 0);
    assert_int_equal(row.id, 2); /* the one that waits goes before the newer */
    assert_string_equal(ask(w, "SELECT group_concat(id) FROM held"), "3,2,1");
}

static void test_expire(void **state)
{
    struct world *w = *state;
    int64_t deleted;
    struct audit_row row = plain(w);
    for (int i = 0; i < 25; i++) {
        row.at_us = w->now_us - (30 - i) * HOUR;
        record(w, &row);
    }
    hold(w, "QH", w->now_us - 100 * HOUR, 0);
    assert_int_equal(limits_charge_stored(w->db, &w->limit, 1, 26, 1, &w->err), 0);
    int64_t before_us = w->now_us - 10 * HOUR;
    assert_int_equal(audit_expire(w->db, before_us, 15, &deleted, &w->err), 0);
    assert_int_equal(deleted, 15);
    assert_int_equal(audit_expire(w->db, before_us, 15, &deleted, &w->err), 0);
    assert_int_equal(deleted, 5);
    assert_int_equal(audit_expire(w->db, before_us, 15, &deleted, &w->err), 0);
    assert_int_equal(deleted, 0);
    assert_string_equal(
        ask(w, "SELECT group_concat(id) FROM (SELECT id FROM message ORDER BY id)"),
        "21,22,23,24,25,26"); /* what waits is kept */
    assert_string_equal(ask(w, "SELECT count(*) FROM hit"), "12");
    assert_string_equal(ask(w, "SELECT count(*) FROM evidence"), "6");
    assert_string_equal(ask(w, "SELECT count(*) FROM charge"), "6");
    assert_int_equal(held_mark(w->db, 26, HELD_DROPPED, w->now_us, SPAN("x"), &w->err),
                     0);
    assert_int_equal(audit_expire(w->db, before_us, 15, &deleted, &w->err), 0);
    assert_int_equal(deleted, 1);
    assert_string_equal(ask(w, "SELECT count(*) FROM held_message"), "0");
    record(w, &row); /* ids are never used twice */
    assert_string_equal(ask(w, "SELECT max(id) FROM message"), "27");
    assert_string_equal(ask(w, "PRAGMA foreign_key_check"), "(none)");
}

static void test_views(void **state)
{
    struct world *w = *state;
    struct audit_row row = plain(w);
    struct charge_request request = {.mail_class = CLASS_OUTBOUND,
                                     .sender = SPAN("sasl_user:bob"),
                                     .recipients = 4,
                                     .is_charged = true,
                                     .max_hold_us = 24 * HOUR};
    assert_int_equal(limits_publish(w->db, &w->limit, 1, &w->err), 0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(limits_charge(w->db, &w->limit, 1, &request,
                                       w->now_us - 60 * SECOND, w->arena, &w->charge,
                                       &w->err),
                         0);
        row.action = w->charge.action;
        row.due_at_us = w->charge.due_at_us;
        row.charge = &w->charge;
        record(w, &row);
    }
    assert_int_equal(db_exec(w->db,
                             "INSERT INTO blocked_sender (sender, since_us, until_us, "
                             "reason, by) VALUES ('uid:1', 5, NULL, 'r', "
                             "'b'), ('uid:2', 5, 6, 'r', 'b')",
                             &w->err),
                     0);
    static const struct {
        const char *sql, *want;
    } rows[] = {
        {"SELECT count(*) FROM recent", "3"},
        {"SELECT id FROM recent", "3"},
        {"SELECT messages || ' ' || recipients || ' ' || points || ' ' || hold FROM "
         "top_senders",
         "3 6 11.25 1"},
        {"SELECT rule || ' ' || messages || ' ' || stopped FROM top_rules",
         "LINK_HEAVY 3 1"},
        {"SELECT id || ' ' || (due_at > held_at) FROM held", "3 1"},
        {"SELECT group_concat(sender) FROM blocked", "uid:1"},
        {"SELECT used || ' of ' || amount || ' ' || unit || ' ' || used_percent || ' ' "
         "|| reserved FROM limits_now",
         "8 of 10 recipients 80.0 4"},
        {"SELECT sentence FROM limits_now",
         "10 recipients per 1h per sender, then hold"},
        {"SELECT messages || ' ' || accept || ' ' || hold || ' ' || points FROM "
         "timeline",
         "3 2 1 11.25"},
        {"SELECT hour LIKE '20__-__-__T__:00:00Z' FROM timeline", "1"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_string_equal(ask(w, rows[i].sql), rows[i].want);
}

/* At now_us, as the gate does. */
static void decide(struct world *w, int64_t now_us, int64_t recipients)
{
    struct audit_row row = plain(w);
    struct charge_request request = {.mail_class = CLASS_OUTBOUND,
                                     .sender = SPAN("sasl_user:bob"),
                                     .recipients = recipients,
                                     .is_charged = true,
                                     .max_hold_us = 48 * HOUR};
    assert_int_equal(limits_charge(w->db, &w->limit, 1, &request, now_us, w->arena,
                                   &w->charge, &w->err),
                     0);
    row.at_us = now_us;
    row.action = w->charge.action;
    row.charge = &w->charge;
    record(w, &row);
}

static void publish(struct world *w, const char *sentence)
{
    assert_int_equal(limit_parse(SPAN("login"), span_of(sentence), &w->limit, &w->err),
                     0);
    if (limits_publish(w->db, &w->limit, 1, &w->err) != 0)
        fail_msg("%s", w->err.text);
}

static int64_t used(struct world *w, int64_t now_us)
{
    int64_t amount;
    int64_t free_at_us;
    assert_int_equal(limits_used(w->db, &w->limit, SPAN("sasl_user:bob"), 1, now_us,
                                 &amount, &free_at_us, &w->err),
                     0);
    return amount;
}

/* The config's window grows: what the shorter one had forgotten counts again, and
 * nothing counts twice. */
static void test_window_grows(void **state)
{
    struct world *w = *state;
    publish(w, "20 recipients per 1h per sender, then hold");
    for (int i = 0; i < 60; i++) /* one each half hour, and a large one */
        decide(w, w->now_us + i * HOUR / 2, i == 50 ? 10 : 1);
    int64_t now_us = w->now_us + 59 * HOUR / 2;
    assert_in_range(used(w, now_us), 2, 3);
    publish(w, "100 recipients per 1d per sender, burst 50, then hold");
    assert_int_equal(used(w, now_us), 58);
    int64_t before = used(w, now_us);
    publish(w, "100 recipients per 1d per sender, burst 50, then hold"); /* no change */
    assert_int_equal(used(w, now_us), before);
    decide(w, now_us, 1);
    publish(w, "100 recipients per 2d per sender, then hold");
    assert_int_equal(used(w, now_us), 70); /* all there ever were */
    publish(w, "100 recipients per 1d per sender+client_ip, then hold");
    assert_int_equal(used(w, now_us), 59); /* other keys: nothing is filled in */
}

static void test_time_text(void **state)
{
    (void)state;
    char out[32];
    assert_string_equal(audit_time_text(INT64_C(1769850764120999), out),
                        "2026-01-31T09:12:44.120Z");
    assert_string_equal(audit_time_text(0, out), "1970-01-01T00:00:00.000Z");
    assert_string_equal(audit_time_text(-1, out), "1969-12-31T23:59:59.999Z");
    assert_true(strlen(audit_time_text(INT64_MAX, out)) < 32);
    assert_true(strlen(audit_time_text(INT64_MIN, out)) < 32);
}

/* ---- db: modes and schema ---- */

static int open_again(struct world *w, enum db_mode mode)
{
    db_close(&w->db);
    return db_open(&w->db, w->path, mode, &w->err);
}

static void test_modes(void **state)
{
    struct world *w = *state;
    struct stat st;
    assert_int_equal(stat(w->path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0660);
    assert_int_equal(open_again(w, DB_READ), 0);
    assert_int_equal(db_exec(w->db, "DELETE FROM meta", &w->err), -1);
    assert_int_equal(open_again(w, DB_WRITE), 0);
    assert_string_equal(ask(w, "PRAGMA wal_autocheckpoint"), "0");
    assert_int_equal(db_exec(w->db, "DELETE FROM meta WHERE 0", &w->err), 0);
    struct db *none;
    assert_int_equal(db_open(&none, "/tmp/outgate-none.db", DB_READ, &w->err), -1);
    assert_int_equal(w->err.code, ERR_STORE);
    assert_int_equal(db_open(&none, "/tmp/outgate-none.db", DB_WRITE, &w->err), -1);
    assert_int_equal(access("/tmp/outgate-none.db", F_OK), -1);
}

static void test_schema(void **state)
{
    struct world *w = *state;
    assert_int_equal(db_exec(w->db,
                             "DROP VIEW recent; CREATE VIEW stray AS SELECT 1;"
                             "UPDATE meta SET value = 'old' WHERE name = 'views'",
                             &w->err),
                     0);
    assert_int_equal(open_again(w, DB_DAEMON), 0); /* views are made anew */
    assert_string_equal(ask(w, "SELECT count(*) FROM recent"), "0");
    assert_string_equal(
        ask(w, "SELECT count(*) FROM sqlite_schema WHERE name = 'stray'"), "0");
    assert_int_equal(db_exec(w->db, "PRAGMA user_version = 999", &w->err), 0);
    assert_int_equal(open_again(w, DB_DAEMON), -1);
    assert_non_null(strstr(w->err.text, "999"));
    unlink(w->path);
    assert_int_equal(db_open(&w->db, w->path, DB_DAEMON, &w->err), 0);
    assert_int_equal(db_exec(w->db, "PRAGMA user_version = 0", &w->err), 0);
    assert_int_equal(open_again(w, DB_WRITE), -1);
    assert_non_null(strstr(w->err.text, "start outgate-milter"));
    assert_int_equal(open_again(w, DB_DAEMON), -1); /* tables, yet no version */
    assert_non_null(strstr(w->err.text, "some other program"));
    FILE *file = fopen(w->path, "w");
    fputs("this is no database, but a text of more than a few bytes", file);
    fclose(file);
    assert_int_equal(open_again(w, DB_DAEMON), -1);
    assert_int_equal(w->err.code, ERR_STORE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
        T(test_round_trip),      T(test_hostile_text),
        T(test_recipients_cut),  T(test_authentication),
        T(test_what_is_charged), T(test_held),
        T(test_expire),          T(test_views),
        T(test_window_grows),    cmocka_unit_test(test_time_text),
        T(test_modes),           T(test_schema),
#undef T
    };
    return cmocka_run_group_tests_name("audit", tests, NULL, NULL);
}
