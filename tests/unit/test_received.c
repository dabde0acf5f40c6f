/* SPDX-License-Identifier: BSD-2-Clause
 *
 * received: fields in, relays out; who is trusted; hostile fields.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/bounds.h"
#include "base/buf.h"
#include "message/received.h"

enum { ARENA_BYTES = 64 << 20, RUN = 60000 };

#define DATE "; Thu, 13 Mar 2003 15:23:15 -0500"
#define RELAY(ip, rdns, helo, by, ident, envfrom, id, auth)                            \
    "[ ip=" ip " rdns=" rdns " helo=" helo " by=" by " ident=" ident                   \
    " envfrom=" envfrom " intl=0 id=" id " auth=" auth " msa=0 ]"

/* untrusted: what is printed; NULL: the field is passed over; "?": unparseable. */
static const struct {
    const char *field, *untrusted;
} rows[] = {
    {"from mail.a.example (host.a.example [192.0.2.1]) by mx.b.example (Postfix) with "
     "ESMTP id A96E18BD97 for <x@b.example>" DATE,
     RELAY("192.0.2.1", "host.a.example", "mail.a.example", "mx.b.example", "", "",
           "A96E18BD97", "")},
    {"from x (unknown [192.0.2.1]) by mx (Postfix) with SMTP id ABC" DATE,
     RELAY("192.0.2.1", "", "x", "mx", "", "", "ABC", "")},
    {"from x (unknown[192.0.2.1]) by mx (Postfix) with SMTP id ABC" DATE,
     RELAY("192.0.2.1", "", "x", "mx", "", "", "ABC", "")},
    {"from h (IDENT:joe@r.example [192.0.2.1] (may be forged)) by mx (8.11.6/8.11.6) "
     "with ESMTP id h2F0" DATE,
     RELAY("192.0.2.1", "r.example", "h", "mx", "joe", "", "h2F0", "")},
    {"from r.example (HELO h.example) (192.0.2.1) by mx with SMTP; 14 Nov 2003 "
     "08:05:50 -0000",
     RELAY("192.0.2.1", "r.example", "h.example", "mx", "", "", "", "")},
    {"from unknown (HELO h) (joe@192.0.2.1) by mx with SMTP" DATE,
     RELAY("192.0.2.1", "", "h", "mx", "joe", "", "", "")},
    {"from r.example (192.0.2.1) by mx with QMQP" DATE,
     RELAY("192.0.2.1", "r.example", "r.example", "mx", "", "", "", "")},
    {"from [192.0.2.1] (helo=h.example ident=joe) by mx with smtp (Exim 3.35 #1) id "
     "194BE5-0005Zh-00" DATE,
     RELAY("192.0.2.1", "", "h.example", "mx", "joe", "", "194BE5-0005Zh-00", "")},
    {"from r.example ([192.0.2.1]) by mx with esmtp (Exim 4.50) id 1GzVLs" DATE,
     RELAY("192.0.2.1", "r.example", "r.example", "mx", "", "", "1GzVLs", "")},
    {"from h ([192.0.2.1]) by mx with Microsoft SMTPSVC(5.0.2195.6624)" DATE,
     RELAY("192.0.2.1", "", "h", "mx", "", "", "", "")},
    {"from h.example (192.0.2.1) by mx.example (192.0.2.2) with Microsoft SMTP Server "
     "id 15.1.1.35" DATE,
     RELAY("192.0.2.1", "", "h.example", "mx.example", "", "", "", "")},
    {"from [192.0.2.1] by web.example via HTTP; Wed, 12 Feb 2003 14:22:21 PST",
     RELAY("192.0.2.1", "", "", "web.example", "", "", "", "")},
    {"from h (r.example [192.0.2.1]) by mx (Postfix) with ESMTPSA id ABC" DATE,
     "[ ip=192.0.2.1 rdns=r.example helo=h by=mx ident= envfrom= intl=1 id=ABC "
     "auth=ESMTPSA msa=0 ]"},
    {"from h (r.example [192.0.2.1]) by mx (8.1/8.1) with ESMTP id ABC (envelope-from "
     "<e@c.example>)" DATE,
     RELAY("192.0.2.1", "r.example", "h", "mx", "", "e@c.example", "ABC", "")},
    {"from [IPv6:2001:db8::1] (r.example [2001:db8::1]) by mx (Postfix) with ESMTP id "
     "ABC" DATE,
     RELAY("2001:db8::1", "r.example", "!IPv6:2001:db8::1!", "mx", "", "", "ABC", "")},
    {"from h ([192.0.2.1]) by", "?"},
    {"from somewhere", "?"},
    {"(qmail 84907 invoked from network); 13 Feb 2003 20:59:28 -0000", NULL},
    {"by mx (Postfix, from userid 1002) id DABBD1BED3" DATE, NULL},
    {"from www-data by mx with local (Exim 4.50) id 1GFbZc" DATE, NULL},
    {"from a.example by b.example ; Thu, 20 Feb 2003 23:32:58 +0100", NULL},
    {"from localhost (joe@localhost) by mx (8.12/8.9) with SMTP id h2R2" DATE, NULL},
};

static struct message *read_fields(struct arena *arena, const char *const *fields)
{
    struct message *msg = message_new(arena, 1 << 20);

    assert_non_null(msg);
    for (; *fields != NULL; fields++)
        message_add_field(msg, SPAN("Received"), span_of(*fields));
    message_finish(msg);
    return msg;
}

static void test_forms(void **state)
{
    struct arena *arena = arena_new(ARENA_BYTES);

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *const fields[] = {rows[i].field, NULL};
        struct relays *relays = received_read(read_fields(arena, fields), NULL, NULL);
        struct span text = relays_print(arena, relays, RELAY_UNTRUSTED);
        const char *got = relays->unparseable > 0 ? "?" : span_cstr(arena, text);
        const char *wanted = rows[i].untrusted != NULL ? rows[i].untrusted : "";
        /* One that logged in is trusted where no network is configured. */
        if (relays->trusted > 0)
            got = span_cstr(arena, relays_print(arena, relays, RELAY_TRUSTED));
        if (strcmp(wanted, got) != 0)
            fail_msg("%s\n wanted %s\n got    %s", rows[i].field, wanted, got);
    }
    arena_free(&arena);
}

#define FROM(ip)  "from h (r.example [" ip "]) by mx (Postfix) with ESMTP id ABC" DATE
#define LOGIN(ip) "from h (r.example [" ip "]) by mx (Postfix) with ESMTPA id ABC" DATE

/* How many of the fields are trusted and internal, with what is configured. */
static const struct {
    const char *trusted, *internal;
    const char *fields[4];
    size_t count, trusted_count, internal_count;
} trust_rows[] = {
    {"", "", {FROM("10.0.0.1"), FROM("192.0.2.1"), FROM("10.0.0.2")}, 3, 1, 1},
    {"", "", {FROM("192.0.2.1")}, 1, 0, 0},
    {"", "", {LOGIN("192.0.2.1"), FROM("10.0.0.2")}, 2, 2, 2},
    {"192.0.2.0/24", "", {FROM("192.0.2.1"), FROM("198.51.100.1")}, 2, 1, 1},
    {"192.0.2", "", {FROM("192.0.2.1"), FROM("198.51.100.1")}, 2, 1, 1},
    {"192.0.2.", "", {FROM("192.0.2.1")}, 1, 1, 1},
    {"192.0.2.0/24 !192.0.2.1", "", {FROM("192.0.2.1")}, 1, 0, 0},
    {"192.0.2.0/24 198.51.100.0/24",
     "192.0.2.0/24",
     {FROM("192.0.2.1"), FROM("198.51.100.1"), FROM("203.0.113.1")},
     3,
     2,
     1},
    {"", "192.0.2.1", {FROM("192.0.2.1"), FROM("10.0.0.1")}, 2, 1, 1},
};

static void add_all(struct trust_list *list, struct arena *arena, const char *words)
{
    struct span rest = span_of(words), word;

    while (rest.len > 0) {
        span_cut(rest, ' ', &word, &rest);
        assert_int_equal(trust_add(list, arena, word), 0);
    }
}

static void test_trust(void **state)
{
    struct arena *arena = arena_new(ARENA_BYTES);

    (void)state;
    for (size_t i = 0; i < sizeof trust_rows / sizeof trust_rows[0]; i++) {
        struct trust trust = {0};
        struct relays *relays;
        add_all(&trust.trusted, arena, trust_rows[i].trusted);
        add_all(&trust.internal, arena, trust_rows[i].internal);
        relays = received_read(read_fields(arena, trust_rows[i].fields), NULL, &trust);
        print_message("trust row %zu\n", i);
        assert_int_equal(relays->count, trust_rows[i].count);
        assert_int_equal(relays->trusted, trust_rows[i].trusted_count);
        assert_int_equal(relays->internal, trust_rows[i].internal_count);
    }
    arena_free(&arena);
}

static void test_bad_networks(void **state)
{
    static const char *const bad[] = {
        "", "!", "x", "192.0.2.256", "1.2.3.4.5", "192.0.2.1/33", "10..1"};
    struct arena *arena = arena_new(ARENA_BYTES);
    struct trust_list list = {0};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(trust_add(&list, arena, span_of(bad[i])), -1);
    assert_int_equal(list.count, 0);
    arena_free(&arena);
}

/* What a fetcher's own host wrote is no part of the way; a session is. */
static void test_fetcher_and_session(void **state)
{
    static const char *const fields[] = {
        FROM("127.0.0.1"), "from x [127.0.0.1] by localhost with POP3 (f-5.9.0)" DATE,
        FROM("192.0.2.1"), NULL};
    struct arena *arena = arena_new(ARENA_BYTES);
    struct envelope env = {.client_ip = SPAN("203.0.113.9"),
                           .client_name = SPAN("c.example"),
                           .helo = SPAN("hi"),
                           .mail_from = SPAN("e@c.example")};
    struct message *msg = read_fields(arena, fields);
    struct relays *relays = received_read(msg, NULL, NULL);
    struct span sender;

    (void)state;
    assert_int_equal(relays->count, 1);
    assert_true(span_eq(relays->at[0].ip, SPAN("192.0.2.1")));
    assert_false(received_sender(msg, NULL, relays, &sender));
    relays = received_read(msg, &env, NULL);
    assert_true(span_eq(relays->at[0].ip, SPAN("203.0.113.9")));
    assert_true(span_eq(relays->at[0].rdns, SPAN("c.example")));
    assert_true(received_sender(msg, &env, relays, &sender));
    assert_true(span_eq(sender, SPAN("e@c.example")));
    arena_free(&arena);
}

/* Seconds for a message of as many fields as are read, each head and then piece again
 * and again. */
static double time_of(struct arena *arena, const char *head, const char *piece)
{
    struct message *msg;
    char *field = malloc(RUN);
    size_t used = strlen(head);
    clock_t start;

    assert_non_null(field);
    memcpy(field, head, used);
    for (size_t i = 0; used < BOUND_RECEIVED_BYTES; i++)
        field[used++] = piece[i % strlen(piece)];
    arena_reset(arena);
    msg = message_new(arena, 1 << 20);
    assert_non_null(msg);
    for (int i = 0; i < BOUND_RELAYS; i++)
        message_add_field(msg, SPAN("Received"), (struct span){field, used});
    message_finish(msg);
    start = clock();
    assert_non_null(received_read(msg, NULL, NULL));
    free(field);
    return (double)(clock() - start) / CLOCKS_PER_SEC;
}

/* What begins no address is seen to be none without parsing: else 25 times as long. */
static void test_addresses_are_cheap(void **state)
{
    static const char *const pieces[] = {"a.", "."};
    static const char head[] = "from x.Mail authenticated user ";
    enum { TIMES_MOST = 16 };
    struct arena *arena = arena_new(ARENA_BYTES);
    double usual = time_of(arena, head, "by ");

    (void)state;
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        double took = time_of(arena, head, pieces[i]);
        if (took > TIMES_MOST * usual) /* a machine may be busy for once */
            took = time_of(arena, head, pieces[i]);
        if (took > TIMES_MOST * usual)
            fail_msg("\"%s\" takes %g s, \"by \" %g s", pieces[i], took, usual);
    }
    arena_free(&arena);
}

/* Long runs of what forms wait for: bounded, and no crash. */
static void test_hostile(void **state)
{
    static const char *const pieces[] = {
        "from ", "(",    "[",       "from x (",
        " by ",  "1.",   "a@",      "from x ([1.2.3.4] ",
        "with ", "\x80", "IPv6:::", " id <"};
    struct arena *arena = arena_new(ARENA_BYTES);
    char *run = malloc(RUN);
    clock_t start = clock();

    (void)state;
    assert_non_null(run);
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        size_t len = strlen(pieces[i]), used = 5;
        struct message *msg = message_new(arena, 1 << 20);
        memcpy(run, "from ", used);
        for (; used + len <= RUN; used += len)
            memcpy(run + used, pieces[i], len);
        for (int k = 0; k < 300; k++)
            message_add_field(msg, SPAN("Received"), (struct span){run, used});
        message_finish(msg);
        assert_true(received_read(msg, NULL, NULL)->count <= BOUND_RELAYS);
        arena_reset(arena);
    }
    assert_true((double)(clock() - start) / CLOCKS_PER_SEC < 20);
    free(run);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),        cmocka_unit_test(test_trust),
        cmocka_unit_test(test_bad_networks), cmocka_unit_test(test_fetcher_and_session),
        cmocka_unit_test(test_hostile),      cmocka_unit_test(test_addresses_are_cheap),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
