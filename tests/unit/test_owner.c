/* SPDX-License-Identifier: BSD-2-Clause
 *
 * owner - who may write as whom: by a file, by Postfix's table, by SQLite; a file that
 * changes, breaks and goes while it is in use.
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
#include <sqlite3.h>

#include "auth/owner.h"
#include "base/clock.h"

static char folder[64], map_path[96];

static int set_up(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/outgate-owner.XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(map_path, sizeof map_path, "%s/map", folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(map_path);
    return rmdir(folder);
}

static void write_map(const char *text)
{
    FILE *file = fopen(map_path, "w");
    assert_non_null(file);
    assert_int_equal(fputs(text, file) >= 0, 1);
    fclose(file);
}

static struct owner *open_map(const char *kind, const char *query, bool owns_own,
                              struct troubles *troubles)
{
    static char map[200];
    struct owner *owner;
    struct err err;
    snprintf(map, sizeof map, "%s%s", kind, map_path);
    if (owner_open(&owner, &(struct owner_options){map, query, owns_own, troubles},
                   &err) < 0)
        fail_msg("%s", err.text);
    return owner;
}

/* One question; the address that is not the sender's in bad[]. */
static enum auth_result check_mail(struct owner *owner, const char *identity,
                                   const char *mail, const char *mail_from,
                                   char bad[200])
{
    struct arena *arena = arena_new(8 << 20);
    struct message *msg = message_new(arena, 1 << 20);
    struct envelope env = {.mail_from = span_of(mail_from),
                           .is_null_sender = mail_from[0] == '\0'};
    struct owner_answer answer;
    message_read(msg, span_of(mail));
    owner_check(owner, span_of(identity), msg, &env, clock_elapsed_us() + 300000,
                &answer);
    struct span shown =
        answer.result == AUTH_TEMPERROR ? answer.problem : answer.address;
    snprintf(bad, 200, "%.*s", (int)shown.len, shown.at);
    arena_free(&arena);
    return answer.result;
}

static enum auth_result check_from(struct owner *owner, const char *identity,
                                   const char *from)
{
    char mail[400], bad[200];
    snprintf(mail, sizeof mail, "From: %s\n\nx\n", from);
    return check_mail(owner, identity, mail, "", bad);
}

static const char our_map[] =
    "# senders and what is theirs\n"
    "bob@example.com   bob@example.com, Sales+x@Example.COM  # and no more\n"
    "alice\t@example.net\n"
    "uid:33            @.example.org @example.com\n"
    "sasl_user:relay   *\n"
    "\"tls_subject:CN=a b\"  c@example.com\n"
    "\n"
    "carol@example.com \"quoted one\"@example.com @b\xc3\xbc"
    "cher.example\n";

static void test_our_form(void **state)
{
    static const struct {
        const char *identity, *from;
        enum auth_result want;
    } rows[] = {
        {"sasl_user:bob@example.com", "Bob <bob@example.com>", AUTH_PASS},
        {"sasl_user:bob@example.com", "Bob <BOB+news@Example.com>", AUTH_PASS},
        {"sasl_user:bob@example.com", "sales@example.com", AUTH_PASS},
        {"sasl_user:bob@example.com", "ceo@example.com", AUTH_FAIL},
        {"sasl_user:bob@example.com", "bob@example.com, ceo@example.com", AUTH_FAIL},
        {"sasl_user:bob@example.com", "ceo@example.com, bob@example.com", AUTH_FAIL},
        {"sasl_user:bob@example.com", "\"bob@example.com\" <ceo@example.com>",
         AUTH_FAIL},
        {"sasl_user:bob@example.com", "=?utf-8?Q?x=40y.example,?= <bob@example.com>",
         AUTH_PASS},
        {"sasl_user:bob@example.com", "\n <bob@example.com>", AUTH_PASS},
        {"sasl_user:bob@example.com", "undisclosed:;", AUTH_NONE},
        {"sasl_user:alice", "any@example.net", AUTH_PASS},
        {"sasl_user:alice", "any@sub.example.net", AUTH_FAIL},
        {"sasl_user:alice", "any@notexample.net", AUTH_FAIL},
        {"sasl_user:alice", "alice", AUTH_PASS}, /* her own: the login is that */
        {"sasl_user:alice", "bob", AUTH_FAIL},
        {"uid:33", "a@example.org", AUTH_PASS},
        {"uid:33", "a@b.c.example.org", AUTH_PASS},
        {"uid:33", "a@badexample.org", AUTH_FAIL},
        {"uid:34", "a@example.org", AUTH_NONE}, /* a program may write for its owner */
        {"script:34:form.php", "sales@example.com", AUTH_NONE},
        {"host:local", "sales@example.com", AUTH_NONE},
        {"uid:34", "a@example.edu", AUTH_NONE}, /* nobody knows it */
        {"client_ip:192.0.2.7", "a@example.edu, b@example.net", AUTH_FAIL},
        {"sasl_user:relay", "anybody@example.edu", AUTH_PASS},
        {"sasl_user:stranger@example.edu", "stranger@example.edu", AUTH_PASS},
        {"sasl_user:stranger@example.edu", "other@example.edu", AUTH_FAIL},
        {"tls_subject:CN=a b", "c@example.com", AUTH_PASS},
        {"sasl_user:carol@example.com", "\"quoted one\"@example.com", AUTH_PASS},
        {"sasl_user:carol@example.com", "x@xn--bcher-kva.example", AUTH_PASS},
        {"sasl_user:carol@example.com",
         "x@b\xc3\xbc"
         "cher.example",
         AUTH_PASS},
    };
    (void)state;
    write_map(our_map);
    struct owner *owner = open_map("", "", true, NULL);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (check_from(owner, rows[i].identity, rows[i].from) != rows[i].want)
            fail_msg("%s as %s", rows[i].identity, rows[i].from);
    owner_close(&owner);
    assert_int_equal(check_from(NULL, "sasl_user:bob", "x@y.example"), AUTH_NONE);
}

static void test_envelope_and_many_fields(void **state)
{
    char bad[200];
    (void)state;
    write_map(our_map);
    struct owner *owner = open_map("", "", true, NULL);
    const char *bob = "sasl_user:bob@example.com";
    assert_int_equal(
        check_mail(owner, bob, "From: bob@example.com\n\n", "ceo@example.com", bad),
        AUTH_FAIL);
    assert_string_equal(bad, "ceo@example.com");
    assert_int_equal(check_mail(owner, bob,
                                "From: bob@example.com\nFrom: x@example.net\n\n",
                                "bob@example.com", bad),
                     AUTH_FAIL);
    assert_string_equal(bad, "x@example.net");
    assert_int_equal(
        check_mail(owner, bob, "From: bob@example.com\n\n", "bob@example.com", bad),
        AUTH_PASS);
    owner_close(&owner);
    owner = open_map("", "", false, NULL);
    assert_int_equal(check_from(owner, "sasl_user:dan@example.com", "dan@example.com"),
                     AUTH_FAIL);
    owner_close(&owner);
}

/* More mailboxes than anybody needs do not pass, whoever owns them. */
static void test_many_mailboxes(void **state)
{
    static char mail[20000];
    char bad[200];
    size_t len = (size_t)sprintf(mail, "From: ");
    (void)state;
    write_map("alice @example.net\n");
    struct owner *owner = open_map("", "", true, NULL);
    for (int i = 0; i < 70; i++)
        len += (size_t)sprintf(mail + len, "a%d@example.net,\n ", i);
    sprintf(mail + len, "z@example.net\n\nx\n");
    assert_int_equal(check_mail(owner, "sasl_user:alice", mail, "", bad), AUTH_FAIL);
    assert_string_equal(bad, "a64@example.net");
    owner_close(&owner);
}

static void test_postfix_form(void **state)
{
    (void)state;
    write_map("# smtpd_sender_login_maps\n"
              "bob@example.com\tbob, alice\n"
              "@example.net alice,\n"
              "   dan@example.net\n");
    struct owner *owner = open_map("postfix:", "", false, NULL);
    assert_int_equal(check_from(owner, "sasl_user:alice", "bob@example.com"),
                     AUTH_PASS);
    assert_int_equal(check_from(owner, "sasl_user:bob", "bob@example.com"), AUTH_PASS);
    assert_int_equal(check_from(owner, "sasl_user:bob", "x@example.net"), AUTH_FAIL);
    assert_int_equal(check_from(owner, "sasl_user:dan@example.net", "x@example.net"),
                     AUTH_PASS);
    owner_close(&owner);
}

static void test_refused_files(void **state)
{
    static const struct {
        const char *kind, *text, *want;
    } rows[] = {
        {"", "bob bob@example.com\nbob\n", "map:2: \"bob\" stands alone"},
        {"", "bob example.com\n", "map:1: \"example.com\" is no address"},
        {"", "bob @\n", "map:1: \"@\" is no address"},
        {"", "bob @.\n", "map:1: \"@.\" is no address"},
        {"", "bob \"open\n", "map:1: \"\"open\" has an open quote"},
        {"", "\nbob \x01@example.com\n", "map:2: \"\" has a control character"},
        {"postfix:", "# x\nbob@example.com\n   bob\ncarol carol\n",
         "map:4: \"carol\" is no address"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char map[200];
        struct owner *owner;
        struct err err;
        write_map(rows[i].text);
        snprintf(map, sizeof map, "%s%s", rows[i].kind, map_path);
        assert_int_equal(owner_open(&owner, &(struct owner_options){.map = map}, &err),
                         -1);
        assert_null(owner);
        assert_int_equal(err.code, ERR_CONFIG);
        if (strstr(err.text, rows[i].want) == NULL)
            fail_msg("%s, not %s", err.text, rows[i].want);
    }
}

static void test_long_line_and_missing_file(void **state)
{
    struct owner *owner;
    struct err err;
    (void)state;
    char *text = malloc(70000);
    memset(text, 'a', 69999);
    text[69999] = '\0';
    write_map(text);
    free(text);
    assert_int_equal(owner_open(&owner, &(struct owner_options){.map = map_path}, &err),
                     -1);
    assert_non_null(strstr(err.text, "begins a line of over 64 kB"));
    assert_int_equal(
        owner_open(&owner, &(struct owner_options){.map = "/nonexistent/map"}, &err),
        -1);
    assert_non_null(strstr(err.text, "No such file"));
    assert_int_equal(owner_open(&owner, &(struct owner_options){.map = "map"}, &err),
                     -1);
    assert_non_null(strstr(err.text, "write /path"));
}

static void wait_a_look(void)
{
    usleep(1100000);
}

/* A change is taken up; a broken or missing file leaves what was there, and is told
 * once; when it is well again that is told, too. */
static void test_changes(void **state)
{
    char line[ERR_TEXT_BYTES];
    (void)state;
    struct troubles *troubles = troubles_new();
    write_map("alice @example.net\n");
    struct owner *owner = open_map("", "", true, troubles);
    assert_int_equal(check_from(owner, "sasl_user:alice", "a@example.org"), AUTH_FAIL);
    write_map("alice @example.org\n");
    wait_a_look();
    assert_int_equal(check_from(owner, "sasl_user:alice", "a@example.org"), AUTH_PASS);
    assert_false(troubles_take(troubles, line));
    write_map("alice\n");
    wait_a_look();
    assert_int_equal(check_from(owner, "sasl_user:alice", "a@example.org"), AUTH_PASS);
    assert_true(troubles_take(troubles, line));
    assert_non_null(strstr(line, "map:1: \"alice\" stands alone"));
    unlink(map_path);
    wait_a_look();
    assert_int_equal(check_from(owner, "sasl_user:alice", "a@example.org"), AUTH_PASS);
    assert_true(troubles_take(troubles, line));
    assert_non_null(strstr(line, "No such file"));
    wait_a_look();
    assert_int_equal(check_from(owner, "sasl_user:alice", "a@example.org"), AUTH_PASS);
    assert_false(troubles_take(troubles, line));
    write_map("alice @example.edu\n");
    wait_a_look();
    assert_int_equal(check_from(owner, "sasl_user:alice", "a@example.org"), AUTH_FAIL);
    assert_true(troubles_take(troubles, line));
    assert_non_null(strstr(line, "is well again"));
    owner_close(&owner);
    troubles_free(&troubles);
}

/* ---- SQLite ---- */

static void run_sql(const char *sql)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(map_path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static const char query[] = "SELECT count(*) FROM alias WHERE source = :address AND "
                            "login = :login OR source = '@' || :domain AND login = "
                            ":login";

static void test_sqlite(void **state)
{
    (void)state;
    unlink(map_path);
    run_sql("CREATE TABLE alias (source TEXT, login TEXT);"
            "INSERT INTO alias VALUES ('sales@example.com', 'bob@example.com'),"
            "('@example.net', 'alice'), ('x@example.org', '33')");
    struct owner *owner = open_map("sqlite:", query, true, NULL);
    assert_int_equal(
        check_from(owner, "sasl_user:bob@example.com", "Sales@example.com"), AUTH_PASS);
    assert_int_equal(check_from(owner, "sasl_user:bob@example.com", "bob@example.com"),
                     AUTH_PASS);
    assert_int_equal(check_from(owner, "sasl_user:bob@example.com", "ceo@example.com"),
                     AUTH_FAIL);
    assert_int_equal(check_from(owner, "sasl_user:alice", "any@example.net"),
                     AUTH_PASS);
    assert_int_equal(check_from(owner, "uid:33", "x@example.org"), AUTH_PASS);
    assert_int_equal(check_from(owner, "uid:33", "y@example.org"), AUTH_NONE);
    assert_int_equal(
        check_from(owner, "sasl_user:x' OR '1'='1", "y' OR 1=1 --@example.org"),
        AUTH_FAIL);
    run_sql("INSERT INTO alias VALUES ('ceo@example.com', 'bob@example.com')");
    assert_int_equal(check_from(owner, "sasl_user:bob@example.com", "ceo@example.com"),
                     AUTH_PASS);
    owner_close(&owner);
}

static void test_sqlite_refused(void **state)
{
    static const struct {
        const char *query, *want;
    } rows[] = {
        {"SELECT 1 FROM nobody WHERE x = :address", "no such table"},
        {"DELETE FROM alias WHERE source = :address", "it would write"},
        {"SELECT 1", "asks for neither"},
    };
    char map[200];
    struct owner *owner;
    struct err err;
    (void)state;
    unlink(map_path);
    run_sql("CREATE TABLE alias (source TEXT, login TEXT)");
    snprintf(map, sizeof map, "sqlite:%s", map_path);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct owner_options options = {.map = map, .query = rows[i].query};
        assert_int_equal(owner_open(&owner, &options, &err), -1);
        if (strstr(err.text, rows[i].want) == NULL)
            fail_msg("%s, not %s", err.text, rows[i].want);
    }
}

/* A locked, an endless and a missing database: temperror in time, told once. */
static void test_sqlite_trouble(void **state)
{
    static const char endless[] = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x "
                                  "+ 1 FROM n) SELECT count(*) "
                                  "FROM n WHERE x < 0 AND :address <> ''";
    char line[ERR_TEXT_BYTES], bad[200];
    sqlite3 *db;
    (void)state;
    unlink(map_path);
    run_sql("CREATE TABLE alias (source TEXT, login TEXT)");
    struct troubles *troubles = troubles_new();
    struct owner *owner = open_map("sqlite:", query, true, troubles);
    assert_int_equal(sqlite3_open(map_path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "BEGIN EXCLUSIVE", NULL, NULL, NULL), SQLITE_OK);
    int64_t began_us = clock_elapsed_us();
    for (int i = 0; i < 2; i++)
        assert_int_equal(
            check_mail(owner, "sasl_user:b", "From: a@example.com\n\n", "", bad),
            AUTH_TEMPERROR);
    assert_true(clock_elapsed_us() - began_us < 2000000);
    assert_non_null(strstr(bad, "locked"));
    assert_true(troubles_take(troubles, line));
    assert_false(troubles_take(troubles, line));
    sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    sqlite3_close(db);
    assert_int_equal(check_from(owner, "sasl_user:b", "a@example.com"), AUTH_FAIL);
    assert_true(troubles_take(troubles, line));
    unlink(map_path);
    assert_int_equal(check_from(owner, "sasl_user:b", "a@example.com"), AUTH_TEMPERROR);
    owner_close(&owner);
    run_sql("CREATE TABLE alias (source TEXT, login TEXT)");
    owner = open_map("sqlite:", endless, true, troubles);
    began_us = clock_elapsed_us();
    assert_int_equal(check_from(owner, "sasl_user:b", "a@example.com"), AUTH_TEMPERROR);
    assert_true(clock_elapsed_us() - began_us < 2000000);
    owner_close(&owner);
    troubles_free(&troubles);
}

/* Two hundred thousand lines are read and asked in no time that a mail would feel. */
static void test_large_map(void **state)
{
    (void)state;
    FILE *file = fopen(map_path, "w");
    assert_non_null(file);
    for (int i = 0; i < 200000; i++)
        fprintf(file, "u%d@example.com a%d@example.net @d%d.example\n", i, i, i % 1000);
    fclose(file);
    struct owner *owner = open_map("", "", true, NULL);
    assert_int_equal(
        check_from(owner, "sasl_user:u199999@example.com", "a199999@example.net"),
        AUTH_PASS);
    assert_int_equal(
        check_from(owner, "sasl_user:u199999@example.com", "a199998@example.net"),
        AUTH_FAIL);
    assert_int_equal(check_from(owner, "sasl_user:u5@example.com", "x@d5.example"),
                     AUTH_PASS);
    owner_close(&owner);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_our_form),
        cmocka_unit_test(test_envelope_and_many_fields),
        cmocka_unit_test(test_many_mailboxes),
        cmocka_unit_test(test_postfix_form),
        cmocka_unit_test(test_refused_files),
        cmocka_unit_test(test_long_line_and_missing_file),
        cmocka_unit_test(test_changes),
        cmocka_unit_test(test_sqlite),
        cmocka_unit_test(test_sqlite_refused),
        cmocka_unit_test(test_sqlite_trouble),
        cmocka_unit_test(test_large_map),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
