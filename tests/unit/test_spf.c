/* SPDX-License-Identifier: BSD-2-Clause
 *
 * spf - identities, egress addresses and Sender-ID; the published suites are in
 * spf_suite.sh, hostile records in spf_hostile.sh.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "auth/spf.h"
#include "auth/spf_record.h"
#include "dns_world.h"

static const char zone_text[] =
    "$ORIGIN example.com.\n"
    "@ TXT \"v=spf1 ip4:192.0.2.0/24 a:mail.example.com ~all\"\n"
    "mail A 198.51.100.1\n"
    "mail AAAA 2001:db8::25\n"
    "strict TXT \"v=spf1 ip4:192.0.2.1 -all\"\n"
    "helo TXT \"v=spf1 a -all\"\n"
    "helo A 192.0.2.1\n"
    "moved TXT \"v=spf1 redirect=strict.example.com\"\n"
    "inner TXT \"v=spf1 ?include:strict.example.com +all\"\n"
    "broken TXT \"v=spf1 ipv4:192.0.2.1 -all\"\n"
    "any4 TXT \"v=spf1 ip4:0.0.0.0/0 -all\"\n"
    "any6 TXT \"v=spf1 a:mail.example.com//0 -all\"\n"
    "pra TXT \"v=spf1 -all\"\n"
    "pra TXT \"spf2.0/mfrom,pra ip4:192.0.2.1 -all\"\n"
    "praonly TXT \"spf2.0/pra include:strict.example.com -all\"\n"
    "mfrom TXT \"spf2.0/mfrom +all\"\n"
    "pratwice TXT \"spf2.0/pra +all\"\n"
    "pratwice TXT \"SPF2.0/PRA,mfrom -all\"\n"
    "late NS ns.elsewhere.example.\n"
    "local TXT \"v=spf1 exists:%{l1r-}.%{o}.users.example.com -all\"\n"
    "bob.local.example.com.users A 127.0.0.2\n"
    "shout TXT \"v=spf1 exists:%{L}.esc.example.com -all\"\n"
    "a%2Fb.esc A 127.0.0.2\n"
    "postmaster.local.example.com.users A 127.0.0.2\n";

struct world {
    struct dns *dns;
    struct dns_budget budget;
    struct arena *arena;
    struct spf_world world;
    struct message *msg;
};

static int set_up(void **state)
{
    static struct world w;
    w.dns = dns_world_open(zone_text, NULL, 0);
    w.arena = arena_new(16 << 20);
    w.msg = message_new(w.arena, 1000);
    dns_budget_init(&w.budget, 1000000, 50);
    w.world = (struct spf_world){.dns = w.dns, .budget = &w.budget};
    *state = &w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    dns_close(&w->dns);
    arena_free(&w->arena);
    return 0;
}

static void check(struct world *w, const char *const *egress, size_t count,
                  const char *from, struct authentication *out)
{
    struct envelope env = {.mail_from = span_of(from),
                           .is_null_sender = from[0] == '\0'};
    w->world.egress = egress;
    w->world.egress_count = count;
    memset(out, 0, sizeof *out);
    spf_check(&w->world, w->msg, &env, out);
}

#define assert_span(span, text) assert_true(span_eq(span, span_of(text)))

static void test_results(void **state)
{
    static const struct {
        const char *from, *egress;
        enum auth_result want;
        const char *mechanism;
        unsigned lookups, voids;
    } rows[] = {
        {"u@example.com", "192.0.2.9", AUTH_PASS, "ip4:192.0.2.0/24", 0, 0},
        {"u@EXAMPLE.com", "198.51.100.1", AUTH_PASS, "a:mail.example.com", 1, 0},
        {"u@example.com", "2001:db8::25", AUTH_PASS, "a:mail.example.com", 1, 0},
        {"u@example.com", "203.0.113.1", AUTH_SOFTFAIL, "~all", 1, 0},
        {"u@strict.example.com", "192.0.2.2", AUTH_FAIL, "-all", 0, 0},
        {"u@moved.example.com", "192.0.2.1", AUTH_PASS, "ip4:192.0.2.1", 1, 0},
        {"u@inner.example.com", "192.0.2.1", AUTH_NEUTRAL,
         "?include:strict.example.com", 1, 0},
        {"u@inner.example.com", "192.0.2.2", AUTH_PASS, "+all", 1, 0},
        {"u@broken.example.com", "192.0.2.1", AUTH_PERMERROR, "", 0, 0},
        {"u@any4.example.com", "203.0.113.1", AUTH_PASS, "ip4:0.0.0.0/0", 0, 0},
        {"u@any4.example.com", "2.0.113.1", AUTH_PASS, "ip4:0.0.0.0/0", 0, 0},
        {"u@any4.example.com", "2001:db8::1", AUTH_FAIL, "-all", 0, 0},
        {"u@any6.example.com", "fe80::1", AUTH_PASS, "a:mail.example.com//0", 1, 0},
        {"u@any6.example.com", "192.0.2.1", AUTH_FAIL, "-all", 1, 0},
        {"u@late.example.com", "192.0.2.1", AUTH_TEMPERROR, "", 0, 0},
        {"u@mail.example.com", "192.0.2.1", AUTH_NONE, "", 0, 0},
        {"u@nobody.example.com", "192.0.2.1", AUTH_NONE, "", 0, 0},
        {"u@localhost", "192.0.2.1", AUTH_NONE, "", 0, 0},
        {"u@[192.0.2.1]", "192.0.2.1", AUTH_NONE, "", 0, 0},
        {"nodomain", "192.0.2.1", AUTH_NONE, "", 0, 0},
        {"bob-x@local.example.com", "192.0.2.1", AUTH_PASS,
         "exists:%{l1r-}.%{o}.users.example.com", 1, 0},
        {"x-bob@local.example.com", "192.0.2.1", AUTH_FAIL, "-all", 1, 1},
        {"@local.example.com", "192.0.2.1", AUTH_PASS,
         "exists:%{l1r-}.%{o}.users.example.com", 1, 0},
        {"a/b@shout.example.com", "192.0.2.1", AUTH_PASS, "exists:%{L}.esc.example.com",
         1, 0},
    };
    struct world *w = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct authentication out;
        check(w, &rows[i].egress, 1, rows[i].from, &out);
        if (out.spf.result != rows[i].want ||
            !span_eq(out.spf.mechanism, span_of(rows[i].mechanism)) ||
            out.spf.lookups != rows[i].lookups || out.spf.void_lookups != rows[i].voids)
            fail_msg("%s from %s: %d \"%.*s\" %u %u %.*s", rows[i].from, rows[i].egress,
                     out.spf.result, (int)out.spf.mechanism.len, out.spf.mechanism.at,
                     out.spf.lookups, out.spf.void_lookups, (int)out.spf.problem.len,
                     out.spf.problem.at);
        assert_false(out.spf.is_helo);
        assert_int_equal(out.sender_id.result, AUTH_UNKNOWN);
    }
}

static void test_egress(void **state)
{
    static const char *const both[] = {"192.0.2.1", "2001:db8::1"};
    static const char *const mixed[] = {"127.0.0.1", "192.0.2.1", "::1"};
    static const char *const loopback[] = {"127.0.0.1", "::1"};
    struct world *w = *state;
    struct authentication out;
    check(w, both, 2, "u@strict.example.com", &out);
    assert_int_equal(out.spf.result, AUTH_FAIL); /* the worst, and whose it is */
    assert_span(out.spf.egress, "2001:db8::1");
    assert_span(out.spf.domain, "strict.example.com");
    check(w, mixed, 3, "u@strict.example.com", &out);
    assert_int_equal(out.spf.result, AUTH_PASS);
    assert_span(out.spf.egress, "192.0.2.1");
    check(w, loopback, 2, "u@strict.example.com", &out);
    assert_int_equal(out.spf.result, AUTH_UNKNOWN);
    check(w, NULL, 0, "u@strict.example.com", &out);
    assert_int_equal(out.spf.result, AUTH_UNKNOWN);
    struct dns *none = dns_world_open(NULL, NULL, 0);
    w->world.dns = none;
    check(w, both, 2, "u@strict.example.com", &out);
    assert_int_equal(out.spf.result, AUTH_UNKNOWN);
    dns_close(&none);
}

static void test_null_sender(void **state)
{
    static const char *const egress[] = {"192.0.2.1"};
    struct world *w = *state;
    struct authentication out;
    check(w, egress, 1, "", &out);
    assert_int_equal(out.spf.result, AUTH_UNKNOWN);
    assert_true(out.spf.is_helo);
    assert_true(out.spf.problem.len > 0);
    w->world.helo = SPAN("helo.example.com");
    check(w, egress, 1, "", &out);
    assert_int_equal(out.spf.result, AUTH_PASS);
    assert_true(out.spf.is_helo);
    assert_span(out.spf.domain, "helo.example.com");
    assert_span(out.spf.mechanism, "a");
}

static void test_sender_id(void **state)
{
    static const struct {
        const char *from;
        enum auth_result want;
    } rows[] = {
        {"u@pra.example.com", AUTH_PASS},
        {"u@praonly.example.com", AUTH_PASS},
        {"u@mfrom.example.com", AUTH_UNKNOWN},
        {"u@example.com", AUTH_UNKNOWN}, /* v=spf1 alone */
        {"u@pratwice.example.com", AUTH_PERMERROR},
        {"u@late.example.com", AUTH_TEMPERROR},
        {"a@pra.example.com, b@pra.example.com", AUTH_UNKNOWN},
    };
    static const char *const egress[] = {"192.0.2.1"};
    struct world *w = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct authentication out;
        w->msg = message_new(w->arena, 1000);
        message_add_field(w->msg, SPAN("From"), span_of(rows[i].from));
        check(w, egress, 1, "u@pra.example.com", &out);
        assert_int_equal(out.spf.result, AUTH_FAIL); /* v=spf1 -all */
        if (out.sender_id.result != rows[i].want)
            fail_msg("%s: %d", rows[i].from, out.sender_id.result);
    }
}

static void test_pra(void **state)
{
    static const struct {
        const char *header, *want;
    } rows[] = {
        {"From: a@example.com\n", "a@example.com"},
        {"Sender: s@example.com\nFrom: a@example.com, b@example.com\n",
         "s@example.com"},
        {"Sender:  \nFrom: a@example.com\n", "a@example.com"},
        {"From: a@example.com, b@example.com\n", ""},
        {"From: a@example.com\nFrom: b@example.com\n", ""},
        {"Sender: a@example.com\nSender: b@example.com\nFrom: c@example.com\n", ""},
        {"Resent-From: r@example.com\nSender: s@example.com\n", "r@example.com"},
        {"Resent-From: r@example.com\nResent-Sender: q@example.com\n", "q@example.com"},
        {"Resent-From: r@example.com\nReceived: x\nResent-Sender: q@example.com\n",
         "r@example.com"},
        {"Resent-Sender: q@example.com\nReceived: x\nResent-From: r@example.com\n",
         "q@example.com"},
        {"From: nonsense\n", ""},
        {"Subject: x\n", ""},
    };
    struct world *w = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        w->msg = message_new(w->arena, 1000);
        message_read(w->msg, span_of(rows[i].header));
        struct span pra = spf_pra(w->msg);
        if (!span_eq(pra, span_of(rows[i].want)))
            fail_msg("%s: \"%.*s\"", rows[i].header, (int)pra.len, pra.at);
    }
}

static void test_records(void **state)
{
    static const struct {
        const char *text;
        bool is_good;
    } rows[] = {
        {"v=spf1", true},
        {"v=spf1   ", true},
        {"v=spf1 a mx ptr -all", true},
        {"v=spf1 A:Example.COM/24//64 +Mx//64 ?all", true},
        {"v=spf1 a/0 a//0", true},
        {"v=spf1 a/024", false},
        {"v=spf1 a/33", false},
        {"v=spf1 a//129", false},
        {"v=spf1 a:/24", false},
        {"v=spf1 a:", false},
        {"v=spf1 a:example", false},
        {"v=spf1 a:example.123", false},
        {"v=spf1 a:example.com.", true},
        {"v=spf1 a:example.-com", false},
        {"v=spf1 ip4:192.0.2.1/32", true},
        {"v=spf1 ip4:192.0.2.1//32", false},
        {"v=spf1 ip4:192.0.2", false},
        {"v=spf1 ip4:2001:db8::1", false},
        {"v=spf1 ip4:[192.0.2.1]", false},
        {"v=spf1 ip6:2001:db8::/32", true},
        {"v=spf1 ip6:::1", true},
        {"v=spf1 ip6:::ffff:192.0.2.1", true},
        {"v=spf1 ip6:192.0.2.1", false},
        {"v=spf1 ip6:IPv6:::1", false},
        {"v=spf1 include", false},
        {"v=spf1 exists:%{i}.x.%{d2}", true},
        {"v=spf1 exists:%{x}.example.com", false},
        {"v=spf1 exists:%{c}.example.com", false},
        {"v=spf1 exists:%{d0}.example.com", false},
        {"v=spf1 exists:%{d2r-+}", true},
        {"v=spf1 exists:%{d2r-+.example.com", false},
        {"v=spf1 exists:%(d).example.com", false},
        {"v=spf1 all:x", false},
        {"v=spf1 all=x", true}, /* a modifier that nobody knows */
        {"v=spf1 redirect=a.example redirect=b.example", false},
        {"v=spf1 exp=a.example exp=a.example", false},
        {"v=spf1 redirect=", false},
        {"v=spf1 -redirect=a.example", false},
        {"v=spf1 unknown=%{d", false},
        {"v=spf1 moo", false},
    };
    struct world *w = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct spf_record record;
        const char *wrong = spf_record_parse(span_of(rows[i].text), w->arena, &record);
        if ((wrong == NULL) != rows[i].is_good)
            fail_msg("%s: %s", rows[i].text, wrong != NULL ? wrong : "is taken");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_results, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_egress, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_null_sender, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_sender_id, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_pra, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_records, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
