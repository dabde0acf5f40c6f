/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Who sent it, by which path, and whether it leaves: session and sender.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/bounds.h"
#include "limits/sender.h"
#include "message/session.h"

static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = arena_new(8 << 20);
    return arena == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

static struct message *mail(const char *header)
{
    struct message *msg = message_new(arena, 1 << 20);
    message_read(msg, span_of(header));
    return msg;
}

static const enum identity chain[] = {IDENTITY_SASL_USER, IDENTITY_TLS_SUBJECT,
                                      IDENTITY_SCRIPT,    IDENTITY_UID,
                                      IDENTITY_CLIENT_IP, IDENTITY_MAIL_FROM};

static void assert_sender(const struct envelope *env, const struct message *msg,
                          const char *key)
{
    struct sender sender;
    sender_identify(env, msg, chain, sizeof chain / sizeof *chain, arena, &sender);
    char text[BOUND_KEY_BYTES + 1];
    snprintf(text, sizeof text, "%.*s", (int)sender.key.len, sender.key.at);
    assert_string_equal(text, key);
}

static void chain_takes_the_first(void **state)
{
    struct message *msg = mail("Subject: x\n\nbody\n");
    struct envelope env = {
        .path = PATH_SMTP,
        .auth_user = SPAN("Bob@Example.COM"),
        .tls_subject = SPAN("laptop.example"),
        .client_ip = SPAN("192.0.2.1"),
        .mail_from = SPAN("a@b.example"),
    };
    (void)state;
    assert_sender(&env, msg, "sasl_user:bob@example.com");
    env.auth_user = SPAN("");
    assert_sender(&env, msg, "tls_subject:laptop.example");
    env.tls_subject = SPAN("  ");
    assert_sender(&env, msg, "client_ip:192.0.2.1");
    env.client_ip = SPAN("2001:db8:1:2:3::4");
    assert_sender(&env, msg, "client_ip:2001:db8:1:2::/64");
    env.client_ip = SPAN("");
    assert_sender(&env, msg, "mail_from:a@b.example");
    env.mail_from = SPAN("");
    assert_sender(&env, msg, "host:local");
}

static void one_spelling_a_mailbox(void **state)
{
    static const char *const same[] = {"bob+x@example.com", "BOB@EXAMPLE.com",
                                       "\"bob\"@example.com", "<bob@example.com>",
                                       " bob@example.com "};
    struct message *msg = mail("\n");
    (void)state;
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        struct envelope env = {.auth_user = span_of(same[i])};
        assert_sender(&env, msg, "sasl_user:bob@example.com");
    }
    struct envelope plain = {.auth_user = SPAN("BOB")};
    assert_sender(&plain, msg, "sasl_user:bob");
    assert_true(span_eq(sender_key(arena, SPAN(" sasl_user:Bob+a@Example.com")),
                        SPAN("sasl_user:bob@example.com")));
    assert_true(span_eq(sender_key(arena, SPAN("nokind:X")), SPAN("nokind:X")));
}

static void hostile_identities(void **state)
{
    struct message *msg = mail("\n");
    struct envelope env = {.auth_user = SPAN("a\r\n\033[2Jb\xff")};
    char big[3000];
    struct sender one;
    struct sender two;
    (void)state;
    assert_sender(&env, msg, "sasl_user:a___[2jb\xef\xbf\xbd");
    memset(big, 'x', sizeof big);
    env.auth_user = (struct span){big, sizeof big};
    sender_identify(&env, msg, chain, 1, arena, &one);
    assert_true(one.key.len <= BOUND_KEY_BYTES);
    big[2999] = 'y'; /* two long names with one beginning stay two */
    sender_identify(&env, msg, chain, 1, arena, &two);
    assert_false(span_eq(one.key, two.key));
}

static void scripts_are_believed_on_local_mail_only(void **state)
{
    struct message *msg = mail("X-PHP-Originating-Script: 33:mailer.php\n\nx\n");
    struct envelope env = {.path = PATH_SMTP, .client_ip = SPAN("192.0.2.1")};
    (void)state;
    assert_sender(&env, msg, "client_ip:192.0.2.1");
    env.path = PATH_LOCAL;
    assert_sender(&env, msg, "script:33:mailer.php");
    env.local_user = SPAN("33");
    assert_sender(&env, msg, "script:33:mailer.php");
    env.local_user = SPAN("1001"); /* PHP writes the file's owner, not the process's */
    assert_sender(&env, msg, "script:1001:33:mailer.php");
    env.local_user = SPAN("3");
    assert_sender(&env, msg, "script:3:33:mailer.php");
    assert_sender(&env, mail("X-PHP-Script: site.example/a.php\n\nx\n"),
                  "script:3:site.example/a.php");
    env.local_user = SPAN("1001");
    assert_sender(&env, mail("Subject: x\n\nx\n"), "uid:1001");
}

static void users_of_keys(void **state)
{
    static const struct {
        const char *key, *user;
    } rows[] = {{"uid:33", "33"},
                {"script:33:mailer.php", "33"},
                {"script:33:1001:mailer.php", "33"},
                {"script:/srv/mailer.php", ""},
                {"sasl_user:33:a", ""},
                {"uid:unnamed", "unnamed"},
                {"uidx", ""}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_true(span_eq(sender_user(span_of(rows[i].key)), span_of(rows[i].user)));
}

struct class_row {
    const char *client, *auth, *rcpt1, *rcpt2, *mailer1, *mailer2;
    const char *domains;
    enum mail_class expected;
};

static enum mail_class classify(const struct class_row *row)
{
    struct span recipients[2] = {span_of(row->rcpt1), span_of(row->rcpt2)};
    struct envelope env = {
        .client_ip = span_of(row->client),
        .auth_user = span_of(row->auth),
        .host = SPAN("mail.example.com"),
        .recipients = recipients,
        .recipient_count = row->rcpt2 != NULL ? 2 : 1,
        .recipient_kept = row->rcpt2 != NULL ? 2 : 1,
    };
    struct network networks[2];
    network_parse(SPAN("127.0.0.0/8"), &networks[0]);
    network_parse(SPAN("10.0.0.0/8"), &networks[1]);
    const char *domains[] = {"example.com", ".example.org"};
    struct session_scope scope = {networks, 2, domains, row->domains != NULL ? 2 : 0,
                                  NULL};
    struct session_hints hints = {.has_client_port = true, .client_port = 4711};
    const char *mailers[] = {row->mailer1, row->mailer2};
    for (int i = 0; i < 2; i++) {
        hints.mailer_count += mailers[i] != NULL;
        hints.remote_count +=
            mailers[i] != NULL && session_is_remote_mailer(span_of(mailers[i]));
    }
    session_conclude(&env, mail("Subject: x\n\n"), &scope, &hints);
    return env.mail_class;
}

static void classes(void **state)
{
    static const struct class_row rows[] = {
        /* by local_domains */
        {"203.0.113.9", "", "a@example.com", NULL, NULL, NULL, "x", CLASS_INBOUND},
        {"203.0.113.9", "", "a@EXAMPLE.com", NULL, "smtp", NULL, "x", CLASS_INBOUND},
        {"203.0.113.9", "", "a@far.example", NULL, NULL, NULL, "x", CLASS_FORWARDED},
        {"203.0.113.9", "", "a@example.com", "b@far.example", NULL, NULL, "x",
         CLASS_FORWARDED},
        {"203.0.113.9", "bob", "a@far.example", NULL, NULL, NULL, "x", CLASS_OUTBOUND},
        {"203.0.113.9", "bob", "a@example.com", NULL, NULL, NULL, "x", CLASS_INBOUND},
        {"10.1.2.3", "", "a@far.example", NULL, NULL, NULL, "x", CLASS_OUTBOUND},
        {"10.1.2.3", "", "a@sub.example.org", NULL, NULL, NULL, "x", CLASS_INBOUND},
        {"10.1.2.3", "", "a@example.org", NULL, NULL, NULL, "x", CLASS_OUTBOUND},
        {"10.1.2.3", "", "root", NULL, NULL, NULL, "x", CLASS_INBOUND},
        {"10.1.2.3", "", "root@mail.example.com", NULL, NULL, NULL, NULL,
         CLASS_INBOUND},
        /* by the MTA's word where no domain is configured */
        {"203.0.113.9", "", "a@example.com", NULL, "local", NULL, NULL, CLASS_INBOUND},
        {"203.0.113.9", "", "a@example.com", NULL, "virtual", NULL, NULL,
         CLASS_INBOUND},
        {"203.0.113.9", "", "a@far.example", NULL, "smtp", NULL, NULL, CLASS_FORWARDED},
        {"203.0.113.9", "", "a@far.example", NULL, "border", NULL, NULL,
         CLASS_FORWARDED},
        {"203.0.113.9", "", "a@x.example", "b@y.example", "lmtp", "relay", NULL,
         CLASS_FORWARDED},
        {"10.1.2.3", "", "a@x.example", "b@y.example", "lmtp", "local", NULL,
         CLASS_INBOUND},
        /* no word for one of two: nothing is assumed to stay */
        {"10.1.2.3", "", "a@x.example", "b@y.example", "lmtp", NULL, NULL,
         CLASS_OUTBOUND},
        {"10.1.2.3", "", "a@far.example", NULL, NULL, NULL, NULL, CLASS_OUTBOUND},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (classify(&rows[i]) != rows[i].expected)
            fail_msg("row %zu: %s", i, mail_class_name(classify(&rows[i])));
}

static void postfix_paths(void **state)
{
    const struct session_scope scope = {0};
    struct message *with_uid =
        mail("X-Outgate-Local-UID: 33\nX-Outgate-Local-UID: 0\nSubject: x\n\n");
    struct message *forged = mail("Subject: x\nX-Outgate-Local-UID: 0\n\n");
    struct envelope env = {.client_ip = SPAN("127.0.0.1")};
    struct session_hints hints = {.has_client_port = true, .client_port = 0};
    (void)state;
    session_conclude(&env, with_uid, &scope, &hints);
    assert_int_equal(env.path, PATH_LOCAL);
    assert_true(span_eq(env.local_user, SPAN("33")));
    env.local_user = SPAN("");
    session_conclude(&env, forged, &scope, &hints);
    assert_int_equal(env.path, PATH_LOCAL);
    assert_int_equal(env.local_user.len,
                     0); /* not the first field: typed by the user */
    hints.is_bracketed = true;
    session_conclude(&env, with_uid, &scope, &hints);
    assert_int_equal(env.path, PATH_SMTP);
    hints = (struct session_hints){.has_client_port = true, .client_port = 4711};
    session_conclude(&env, with_uid, &scope, &hints);
    assert_int_equal(env.path, PATH_SMTP);
    assert_int_equal(env.local_user.len, 0);
}

static void sendmail_paths(void **state)
{
    const struct session_scope scope = {0};
    const struct session_hints hints = {.is_bracketed = true};
    struct message *submit = mail(
        "Received: (from www@localhost)\n\tby h.example (8.17.1.9/8.17.1.9/Submit) "
        "id 4;\n\tSun, 22 Nov 2026\nSubject: x\n\n");
    struct message *smtp = mail("Received: from a (b [192.0.2.1])\n\tby h.example "
                                "(8.17.1.9/8.17.1.9) with ESMTP\nSubject: x\n\n");
    struct envelope env = {.client_ip = SPAN("127.0.0.1")};
    (void)state;
    session_conclude(&env, submit, &scope, &hints);
    assert_int_equal(env.path, PATH_LOCAL);
    assert_true(span_eq(env.local_user, SPAN("www")));
    env = (struct envelope){.client_ip = SPAN("203.0.113.7")};
    session_conclude(&env, submit, &scope, &hints);
    assert_int_equal(env.path, PATH_SMTP); /* anybody can write that field elsewhere */
    env = (struct envelope){.client_ip = SPAN("127.0.0.1")};
    session_conclude(&env, smtp, &scope, &hints);
    assert_int_equal(env.path, PATH_SMTP);
}

/* Each as Sendmail 8.17 wrote it. */
static void sendmail_users(void **state)
{
    static const struct {
        const char *from, *user;
    } rows[] = {
        {"(from www@localhost)", "www"},
        {"from me.example (www@localhost)", "www"},       /* sendmail -bs */
        {"from (root@localhost) (www@localhost)", "www"}, /* a HELO that lies */
        {"from localhost (localhost [[UNIX: localhost]])", "unnamed"},
        {"from localhost (root@example [192.0.2.1])", "unnamed"},
        {"(from )", "unnamed"},
        {"(from a b@localhost)", "unnamed"},
    };
    const struct session_scope scope = {0};
    const struct session_hints hints = {.is_bracketed = true};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct envelope env = {.client_ip = SPAN("127.0.0.1")};
        char text[300];
        snprintf(
            text, sizeof text,
            "Received: %s\n\tby h.example (8.17.1.9/8.17.1.9/Submit) id 4;\n\tSun, "
            "22 Nov 2026\nSubject: x\n\n",
            rows[i].from);
        session_conclude(&env, mail(text), &scope, &hints);
        assert_int_equal(env.path, PATH_LOCAL);
        assert_true(span_eq(env.local_user, span_of(rows[i].user)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chain_takes_the_first),
        cmocka_unit_test(one_spelling_a_mailbox),
        cmocka_unit_test(hostile_identities),
        cmocka_unit_test(scripts_are_believed_on_local_mail_only),
        cmocka_unit_test(classes),
        cmocka_unit_test(postfix_paths),
        cmocka_unit_test(sendmail_paths),
        cmocka_unit_test(sendmail_users),
        cmocka_unit_test(users_of_keys),
    };
    return cmocka_run_group_tests_name("sender", tests, set_up, tear_down);
}
