/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/sha256.h"
#include "message/digest.h"
#include "message/session.h"

static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = arena_new(64 << 20);
    return arena == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

/* FIPS 180-4's examples, and lengths around a block's border (from sha256sum). */
static void sha256_is_sha256(void **state)
{
    static const struct {
        const char *text;
        size_t times;
        const char *digest;
    } rows[] = {
        {"", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
        {"a", 1000000,
         "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
        {"x", 55, "d5e285683cd4efc02d021a5c62014694958901005d6f71e89e0989fac77e4072"},
        {"x", 63, "75220b47218278e656f2013bb8f0c455a25eaf01e86c64924e9d48d89776d6f2"},
        {"x", 64, "7ce100971f64e7001e8fe5a51973ecdfe1ced42befe7ee8d5fd6219506b5393c"},
        {"x", 65, "9537c5fdf120482f7d58d25e9ed583f52c02b4e304ea814db1633ad565aed7e9"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sha256 sha;
        unsigned char digest[SHA256_BYTES];
        char hex[2 * SHA256_BYTES + 1];
        sha256_init(&sha);
        for (size_t k = 0; k < rows[i].times; k++)
            sha256_add(&sha, span_of(rows[i].text));
        sha256_end(&sha, digest);
        sha256_hex(digest, sizeof digest, hex);
        assert_string_equal(hex, rows[i].digest);
    }
}

/* In one piece or in many, it is one digest. */
static void sha256_of_pieces(void **state)
{
    char text[1000];
    unsigned char whole[SHA256_BYTES];
    struct sha256 sha;
    (void)state;
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (char)(i * 7);
    sha256_init(&sha);
    sha256_add(&sha, (struct span){text, sizeof text});
    sha256_end(&sha, whole);
    for (size_t piece = 1; piece < 200; piece++) {
        unsigned char parts[SHA256_BYTES];
        sha256_init(&sha);
        for (size_t at = 0; at < sizeof text; at += piece)
            sha256_add(&sha,
                       span_head((struct span){text + at, sizeof text - at}, piece));
        sha256_end(&sha, parts);
        assert_memory_equal(parts, whole, sizeof whole);
    }
}

static const char *digest_of(const char *header, const char *body)
{
    struct message *msg = message_new(arena, 1 << 20);
    char text[4096];
    char *out = arena_alloc(arena, DIGEST_BYTES);
    snprintf(text, sizeof text, "%s\n%s", header, body);
    message_read(msg, span_of(text));
    digest_message(msg, out);
    return out;
}

#define PLAIN                                                                          \
    "From: Bob <bob@here.example>\nSubject: a  b\nMessage-ID: <1@x>\nTo: "             \
    "ann@x.example\n"

static void one_mail_by_two_ways(void **state)
{
    static const char *const same[] = {
        "Received: from a by b\nDelivered-To: ann@here.example\n" PLAIN,
        PLAIN "X-Outgate-Ticket: 0123\n",
        "from:Bob\n <bob@here.example>\nSUBJECT: a\n\tb \nMessage-Id:\n <1@x>\nTo: "
        "other@x.example\n",
    };
    const char *plain = digest_of(PLAIN, "Hello\n");
    (void)state;
    assert_int_equal(strlen(plain), DIGEST_BYTES - 1);
    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        assert_string_equal(digest_of(same[i], "Hello\n"), plain);
}

static void another_mail(void **state)
{
    static const char *const other[] = {
        "From: Bank <bob@here.example>\nSubject: a b\nMessage-ID: <1@x>\n",
        "From: Bob <bob@here.example>\nSubject: a c\nMessage-ID: <1@x>\n",
        "From: Bob <bob@here.example>\nSubject: a b\nMessage-ID: <2@x>\n",
        PLAIN "From: bank@bank.example\n",
        PLAIN "Reply-To: eve@else.example\n",
        PLAIN "Content-Type: text/html\n",
        "Subject: a b\nFrom: Bob <bob@here.example>\nMessage-ID: <1@x>\n",
    };
    const char *plain = digest_of(PLAIN, "Hello\n");
    (void)state;
    for (size_t i = 0; i < sizeof other / sizeof *other; i++)
        assert_string_not_equal(digest_of(other[i], "Hello\n"), plain);
    assert_string_not_equal(digest_of(PLAIN, "Hello!\n"), plain);
    assert_string_not_equal(digest_of(PLAIN, "Hello\n\n"), plain);
    assert_string_not_equal(digest_of(PLAIN, ""), plain);
}

/* What was not kept of a large body counts by its length. */
static void beyond_what_is_kept(void **state)
{
    char one[DIGEST_BYTES];
    char two[DIGEST_BYTES];
    (void)state;
    for (size_t more = 0; more < 2; more++) {
        struct message *msg = message_new(arena, 8);
        message_add_body(msg, "0123456789abcdef", 12 + more);
        digest_message(msg, more == 0 ? one : two);
    }
    assert_string_not_equal(one, two);
}

static void tokens_are_sorted(void **state)
{
    struct span list[] = {SPAN("b@x.example"), SPAN("A@X.Example"),
                          SPAN("c@x.example")};
    struct envelope env = {
        .recipients = list, .recipient_count = 3, .recipient_kept = 3};
    struct span all = digest_recipients(&env, arena);
    char token[DIGEST_TOKEN_BYTES + 1];
    (void)state;
    assert_int_equal(all.len, 3 * DIGEST_TOKEN_BYTES);
    assert_true(memcmp(all.at, all.at + DIGEST_TOKEN_BYTES, DIGEST_TOKEN_BYTES) < 0);
    assert_true(memcmp(all.at + DIGEST_TOKEN_BYTES, all.at + 2 * DIGEST_TOKEN_BYTES,
                       DIGEST_TOKEN_BYTES) < 0);
    digest_token(SPAN("a@x.example"), token);
    assert_true(span_find(all, span_of(token)) >= 0);
    env.recipient_kept = env.recipient_count = 0;
    assert_int_equal(digest_recipients(&env, arena).len, 0);
}

static void assert_original(const char *parameter, const char *expected)
{
    char *list[] = {(char[]){"NOTIFY=NEVER"}, NULL, NULL};
    char copy[1200];
    snprintf(copy, sizeof copy, "%s", parameter);
    list[1] = copy;
    struct span got = session_original_to(list, SPAN("one@there.example"), arena);
    if (!span_eq(got, span_of(expected)))
        fail_msg("%s: got %.*s", parameter, (int)got.len, got.at);
}

static void original_recipient(void **state)
{
    char big[1100] = "ORCPT=rfc822;";
    char *none[] = {NULL};
    (void)state;
    assert_original("ORCPT=rfc822;team@here.example", "team@here.example");
    assert_original("orcpt=RFC822;a+2Bb+3D@here.example", "a+b=@here.example");
    assert_original("ORCPT=rfc822;one@there.example", "");
    assert_original("ORCPT=rfc822;x+2", "x+2");
    assert_original("ORCPT=rfc822;x+zz", "x+zz");
    assert_original("ORCPT=x", "");
    assert_original("ORCPT=rfc822;", "");
    assert_original("SIZE=1", "");
    assert_int_equal(session_original_to(none, SPAN(""), arena).len, 0);
    memset(big + strlen(big), 'y', 1000);
    char *list[] = {big, NULL};
    assert_int_equal(session_original_to(list, SPAN(""), arena).len, 500);
}

static void the_border_by_its_name(void **state)
{
    struct session_scope scope = {.border = "BORDER"};
    struct session_hints hints = {.has_client_port = true, .client_port = 4711};
    struct span list[] = {SPAN("ann@there.example")};
    struct envelope env = {.client_ip = SPAN("127.0.0.1"),
                           .daemon_name = SPAN("BORDER"),
                           .recipients = list,
                           .recipient_count = 1,
                           .recipient_kept = 1};
    struct message *msg = message_new(arena, 100);
    (void)state;
    session_conclude(&env, msg, &scope, &hints);
    assert_int_equal(env.path, PATH_BORDER);
    assert_true(envelope_must_not_refuse(&env));
    env.daemon_name = SPAN("border");
    session_conclude(&env, msg, &scope, &hints);
    assert_int_equal(env.path, PATH_SMTP);
    env.daemon_name = SPAN("BORDER");
    scope.border = NULL;
    session_conclude(&env, msg, &scope, &hints);
    assert_int_equal(env.path, PATH_SMTP);
    assert_int_equal(env.mail_class, CLASS_FORWARDED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_is_sha256),
        cmocka_unit_test(sha256_of_pieces),
        cmocka_unit_test(one_mail_by_two_ways),
        cmocka_unit_test(another_mail),
        cmocka_unit_test(beyond_what_is_kept),
        cmocka_unit_test(tokens_are_sorted),
        cmocka_unit_test(original_recipient),
        cmocka_unit_test(the_border_by_its_name),
    };
    return cmocka_run_group_tests_name("digest", tests, set_up, tear_down);
}
