/* SPDX-License-Identifier: BSD-2-Clause
 *
 * fact_authentication, auth/auth - each fact of authentication, and the stage as a
 * whole on a static zone: what it concludes, and what it never does to a message.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "auth/auth.h"
#include "facts/facts.h"
#include "folder.h"

static const char plain[] = "From: ann@mail.example\nTo: a@there.example\n\nHi\n";

static struct arena *arena;
static struct facts facts;

static void collect(const char *mail, const struct authentication *auth)
{
    static const struct past habit = {
        .is_known = true, .now_us = 1, .domain_signed = 100, .domain_unsigned = 0};
    struct message *msg = message_new(arena, 1 << 20);
    struct envelope env = {.mail_class = CLASS_OUTBOUND, .authentication = auth};
    message_read(msg, span_of(mail));
    facts_collect(&facts, msg, &env, &habit, 1);
}

static bool text_is(enum fact_id id, const char *want)
{
    return span_eq(facts.text[id], span_of(want));
}

/* ---- facts ---- */

static void test_nobody_asked(void **state)
{
    const struct authentication nothing = {.spf = {.result = AUTH_FAIL}};
    (void)state;
    for (int i = 0; i < 2; i++) {
        collect(plain, i == 0 ? NULL : &nothing);
        for (int id = FACT_spf; id <= FACT_virus_problem; id++)
            assert_false(facts_is_set(&facts, (enum fact_id)id));
    }
}

static const struct authentication full = {
    .is_known = true,
    .spf = {.result = AUTH_SOFTFAIL, .domain = {"mail.example", 12}},
    .sender_id = {.result = AUTH_PASS},
    .signatures = {{.result = AUTH_PASS,
                    .domain = {"mail.example", 12},
                    .is_weak = true,
                    .is_test = true,
                    .covers_unsubscribe = true,
                    .unsigned_bytes = 7},
                   {.result = AUTH_FAIL,
                    .domain = {"other.example", 13},
                    .problem = {"expired", 7},
                    .is_expired = true,
                    .unsigned_bytes = 1000},
                   {.result = AUTH_PERMERROR,
                    .domain = {"third.example", 13},
                    .problem = {"From: not signed", 16},
                    .is_from_unsigned = true}},
    .signature_count = 3,
    .signature_total = 5,
    .dkim = AUTH_PASS,
    .is_signed_later = true,
    .dmarc = {.result = AUTH_FAIL,
              .policy = DMARC_QUARANTINE,
              .is_spf_aligned = true,
              .is_dkim_aligned = true},
    .from_owner = AUTH_FAIL,
    .client_lists = {{{"bl.example", 10}, {"192.0.2.1", 9}, {"127.0.0.2", 9}},
                     {{"bl.example", 10}, {"192.0.2.1", 9}, {"127.0.0.4", 9}},
                     {{"xl.example", 10}, {"mx.example", 10}, {"127.0.0.2", 9}}},
    .client_list_count = 3,
    .link_lists = {{{"ul.example", 10}, {"evil.example", 12}, {"127.0.0.2", 9}},
                   {{"ul.example", 10}, {"bad.example", 11}, {"127.0.0.2", 9}}},
    .link_list_count = 2,
    .virus = AUTH_FAIL,
    .virus_name = {"Test.Signature", 14},
    .virus_problem = {"not read whole", 14},
    .from_owner_address = {"eve@mail.example", 16},
    .lists_failed = 2,
    .has_names_left = true,
    .lookups = 9,
    .is_late = true,
};

static void test_every_fact(void **state)
{
    static const struct {
        enum fact_id id;
        double number;
        const char *text; /* NULL: a number */
    } wants[] = {
        {FACT_spf, 0, "softfail"},
        {FACT_spf_domain, 0, "mail.example"},
        {FACT_spf_aligned, 1, NULL},
        {FACT_sender_id, 0, "pass"},
        {FACT_dkim, 0, "pass"},
        {FACT_dkim_problem, 0, "expired"},
        {FACT_dkim_signatures, 5, NULL},
        {FACT_dkim_aligned, 1, NULL},
        {FACT_dkim_weak_key, 1, NULL},
        {FACT_dkim_expired, 1, NULL},
        {FACT_dkim_length_bytes, 7, NULL}, /* of what passes */
        {FACT_dkim_from_unsigned, 1, NULL},
        {FACT_dkim_test, 1, NULL},
        {FACT_signed_later, 1, NULL},
        {FACT_unsubscribe_signed, 1, NULL},
        {FACT_dmarc, 0, "fail"},
        {FACT_dmarc_policy, 0, "quarantine"},
        {FACT_from_matches_sender, 0, "fail"},
        {FACT_client_listed, 2, NULL},
        {FACT_client_lists, 0, "bl.example,xl.example"},
        {FACT_links_listed, 2, NULL},
        {FACT_link_lists, 0, "evil.example@ul.example,bad.example@ul.example"},
        {FACT_virus, 0, "fail"},
        {FACT_virus_name, 0, "Test.Signature"},
        {FACT_dns_lookups, 9, NULL},
        {FACT_dns_late, 1, NULL},
        {FACT_from_not_senders, 0, "eve@mail.example"},
        {FACT_lists_failed, 2, NULL},
        {FACT_links_unasked, 1, NULL},
        {FACT_virus_problem, 0, "not read whole"},
    };
    (void)state;
    assert_int_equal(sizeof wants / sizeof *wants, FACT_virus_problem - FACT_spf + 1);
    collect(plain, &full);
    for (size_t i = 0; i < sizeof wants / sizeof *wants; i++)
        if (wants[i].text != NULL ? !text_is(wants[i].id, wants[i].text)
                                  : facts.number[wants[i].id] != wants[i].number)
            fail_msg("%s is %g, \"%.*s\"", outgate_fact_rows[wants[i].id].name,
                     facts.number[wants[i].id], (int)facts.text[wants[i].id].len,
                     facts.text[wants[i].id].at);
}

/* A domain that always signs: with verified results their mere presence is nothing. */
static void test_signed(void **state)
{
    static const char claims[] = "DKIM-Signature: v=1; d=mail.example; s=x; b=A\n"
                                 "From: ann@mail.example\nTo: a@there.example\n\nHi\n";
    static const struct {
        enum auth_result result;
        const char *domain;
        bool is_signed;
    } rows[] = {
        {AUTH_PASS, "mail.example", true},
        {AUTH_PASS, "news.mail.example", true},
        {AUTH_PASS, "other.example", false},
        {AUTH_FAIL, "mail.example", false},
        {AUTH_POLICY, "mail.example", false},
        {AUTH_PERMERROR, "mail.example", false},
        {AUTH_TEMPERROR, "mail.example", true},
        {AUTH_NEUTRAL, "mail.example", true},
        {AUTH_NEUTRAL, "", true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct authentication auth = {
            .is_known = true,
            .dkim = rows[i].result,
            .signature_total = 1,
            .signature_count = 1,
            .signatures = {
                {.result = rows[i].result, .domain = span_of(rows[i].domain)}}};
        collect(claims, &auth);
        assert_int_equal(facts.number[FACT_signature_aligned], rows[i].is_signed);
        assert_int_equal(facts.number[FACT_domain_signs_unsigned], !rows[i].is_signed);
    }
    const struct authentication later = {
        .is_known = true, .dkim = AUTH_NONE, .is_signed_later = true};
    collect(plain, &later);
    assert_int_equal(facts.number[FACT_domain_signs_unsigned], 0);
    /* lists alone were asked: the field's presence stands */
    const struct authentication lists = {.is_known = true};
    collect(claims, &lists);
    assert_int_equal(facts.number[FACT_signature_aligned], 1);
    collect(plain, &lists);
    assert_int_equal(facts.number[FACT_domain_signs_unsigned], 1);
}

/* ---- the stage ---- */

static char folder[FOLDER_BYTES], path[FOLDER_PATH_BYTES];
static struct settings *settings;
static struct dns *dns;
static struct auth *stage;

static void run(const char *mail, const char *mail_from, struct authentication *out)
{
    struct message *msg = message_new(arena, 1 << 20);
    const struct envelope env = {.mail_class = CLASS_OUTBOUND,
                                 .mail_from = span_of(mail_from),
                                 .helo = SPAN("pc.client.example")};
    message_read(msg, span_of(mail));
    auth_run(stage, NULL, msg, &env, SPAN("sasl_user:ann"), out);
}

static void test_stage(void **state)
{
    struct authentication out;
    (void)state;
    run("From: a@reject.example\nTo: b@c.example\n\nHi\n", "a@other.example", &out);
    assert_true(out.is_known);
    assert_int_equal(out.dkim, AUTH_NONE);
    assert_int_equal(out.dmarc.result, AUTH_FAIL);
    assert_int_equal(out.dmarc.policy, DMARC_REJECT);
    assert_in_range(out.lookups, 1, 20);
    assert_false(out.is_late);
    assert_true(span_find(out.results, SPAN("dmarc=fail header.from=reject.example")) >=
                0);
}

/* Without [mail] egress SPF is not known: nobody is blamed where it might have passed.
 */
static void test_no_egress(void **state)
{
    struct authentication out;
    (void)state;
    run("From: a@reject.example\nTo: b@c.example\n\nHi\n", "a@reject.example", &out);
    assert_int_equal(out.spf.result, AUTH_UNKNOWN);
    assert_int_equal(out.dmarc.result, AUTH_TEMPERROR);
}

/* [mail] signed_later: its signature is still to come. */
static void test_signed_later(void **state)
{
    struct authentication out;
    (void)state;
    run("From: a@later.example\nTo: b@c.example\n\nHi\n", "a@other.example", &out);
    assert_true(out.is_signed_later);
    assert_int_equal(out.dkim, AUTH_NONE);
    assert_int_equal(out.dmarc.result, AUTH_PASS);
    run("From: a@x.below.example\nTo: b@c.example\n\nHi\n", "a@other.example", &out);
    assert_int_equal(out.dmarc.result, AUTH_PASS);
    run("From: a@reject.example, b@later.example\nTo: b@c.example\n\nHi\n",
        "a@other.example", &out);
    assert_false(out.is_signed_later);
    assert_int_equal(out.dmarc.result, AUTH_FAIL);
}

/* Handed over piece by piece, beyond what the message keeps. */
static void test_stream(void **state)
{
    static char mail[65536];
    char file[512];
    struct authentication out;
    const char *srcdir = getenv("srcdir");
    (void)state;
    snprintf(file, sizeof file, "%s/tests/data/dkim/simple.eml",
             srcdir != NULL ? srcdir : ".");
    FILE *in = fopen(file, "r");
    assert_non_null(in);
    size_t len = fread(mail, 1, sizeof mail, in);
    fclose(in);
    struct message *whole = message_new(arena, 1 << 20);
    message_read(whole, (struct span){mail, len});
    struct message *msg = message_new(arena, 10); /* keeps ten bytes of the body */
    for (size_t i = 0; i < whole->field_count; i++)
        message_add_field(msg, whole->fields[i].name, whole->fields[i].raw);
    const struct envelope env = {.mail_class = CLASS_OUTBOUND,
                                 .mail_from = SPAN("ann@mail.example")};
    struct auth_check *check = auth_begin(stage, msg);
    assert_non_null(check);
    for (size_t i = 0; i < whole->body.len; i++) {
        const char *piece = whole->body.at[i] == '\n' ? "\r\n" : whole->body.at + i;
        size_t size = whole->body.at[i] == '\n' ? 2 : 1;
        message_add_body(msg, piece, size);
        auth_body(check, piece, size);
    }
    message_finish(msg);
    auth_run(stage, check, msg, &env, SPAN("x"), &out);
    auth_free(&check);
    assert_null(check);
    assert_int_equal(out.dkim, AUTH_PASS);

    /* of a file that is longer than what is read of it nothing can be said */
    msg = message_new(arena, 10);
    message_read(msg, (struct span){mail, len});
    auth_run(stage, NULL, msg, &env, SPAN("x"), &out);
    assert_int_equal(out.dkim, AUTH_NEUTRAL);
    assert_true(span_eq(out.signatures[0].problem, SPAN("body too large to verify")));
}

static void test_off(void **state)
{
    struct authentication out = {.is_known = true};
    struct message *msg = message_new(arena, 1 << 20);
    const struct envelope env = {.mail_class = CLASS_OUTBOUND};
    (void)state;
    message_read(msg, span_of(plain));
    assert_null(auth_begin(NULL, msg));
    auth_body(NULL, "x", 1);
    auth_expect(NULL, &env);
    auth_run(NULL, NULL, msg, &env, SPAN("x"), &out);
    assert_false(out.is_known);
}

static int set_up(void **state)
{
    static const char *const later[] = {"later.example", ".below.example"};
    static const char zone[] =
        "example. SOA ns.example. root.example. 1 2 3 4 5\n"
        "_dmarc.reject.example. TXT \"v=DMARC1; p=reject\"\n"
        "_dmarc.later.example. TXT \"v=DMARC1; p=reject; adkim=s\"\n"
        "_dmarc.below.example. TXT \"v=DMARC1; p=reject\"\n";
    static char keys[32768];
    char file[512];
    struct err err;
    const char *srcdir = getenv("srcdir");
    (void)state;
    snprintf(file, sizeof file, "%s/tests/data/dkim/zone",
             srcdir != NULL ? srcdir : ".");
    folder_make("authentication", folder, path);
    FILE *in = fopen(file, "r");
    FILE *to = fopen(path, "w");
    if (in == NULL || to == NULL)
        return -1;
    size_t len = fread(keys, 1, sizeof keys, in);
    fclose(in);
    if (fwrite(keys, 1, len, to) != len || fputs(zone, to) < 0 || fclose(to) != 0)
        return -1;
    arena = arena_new(64 << 20);
    if (settings_default(&settings, &err) < 0)
        return -1;
    settings->signed_later = (struct conf_list){.at = (void *)later, .count = 2};
    if (dns_open(&dns, &(struct dns_options){.zone = path, .trust_anchor = ""}, &err) <
            0 ||
        auth_open(&stage, settings, dns, &err) < 0) {
        fprintf(stderr, "%s\n", err.text);
        return -1;
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    auth_close(&stage);
    dns_close(&dns);
    settings_free(&settings);
    arena_free(&arena);
    folder_remove(folder, path);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nobody_asked), cmocka_unit_test(test_every_fact),
        cmocka_unit_test(test_signed),       cmocka_unit_test(test_stage),
        cmocka_unit_test(test_no_egress),    cmocka_unit_test(test_signed_later),
        cmocka_unit_test(test_stream),       cmocka_unit_test(test_off),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
