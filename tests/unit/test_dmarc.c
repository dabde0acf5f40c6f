/* SPDX-License-Identifier: BSD-2-Clause
 *
 * auth/dmarc, auth/dmarc_record - records as they are written, and a table of messages
 * against a zone of policies: what a receiver would conclude of each.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "auth/dmarc.h"
#include "auth/dmarc_record.h"
#include "auth/results.h"
#include "folder.h"

/* ---- records ---- */

static const struct {
    const char *text;
    bool is_record;
    enum dmarc_policy p, sp, np;
    bool is_dkim_strict, is_spf_strict, is_test;
    char psd;
    unsigned percent;
    bool has_problem;
} records[] = {
#define NONE  DMARC_NONE
#define QUAR  DMARC_QUARANTINE
#define REJ   DMARC_REJECT
#define NOPOL DMARC_NO_POLICY
    {"v=DMARC1; p=reject", true, REJ, REJ, REJ, 0, 0, 0, 'u', 100, 0},
    {"v=DMARC1;p=none;sp=quarantine;np=reject", true, NONE, QUAR, REJ, 0, 0, 0, 'u',
     100, 0},
    {"v = DMARC1 ; p = Reject ;", true, REJ, REJ, REJ, 0, 0, 0, 'u', 100, 0},
    {"v=DMARC1; p=none; np=reject", true, NONE, NONE, REJ, 0, 0, 0, 'u', 100, 0},
    {"v=DMARC1; p=none; sp=reject", true, NONE, REJ, REJ, 0, 0, 0, 'u', 100, 0},
    {"v=DMARC1; p=reject; adkim=s; aspf=s", true, REJ, REJ, REJ, 1, 1, 0, 'u', 100, 0},
    {"v=DMARC1; p=reject; adkim=r; aspf=x", true, REJ, REJ, REJ, 0, 0, 0, 'u', 100, 0},
    {"v=DMARC1; p=reject; t=y; psd=n", true, REJ, REJ, REJ, 0, 0, 1, 'n', 100, 0},
    {"v=DMARC1; p=reject; psd=y", true, REJ, REJ, REJ, 0, 0, 0, 'y', 100, 0},
    {"v=DMARC1; p=reject; psd=u", true, REJ, REJ, REJ, 0, 0, 0, 'u', 100, 0},
    {"v=DMARC1; p=reject; pct=0", true, REJ, REJ, REJ, 0, 0, 1, 'u', 0, 0},
    {"v=DMARC1; p=reject; pct=42", true, REJ, REJ, REJ, 0, 0, 0, 'u', 42, 0},
    {"v=DMARC1; p=reject; pct=101", true, REJ, REJ, REJ, 0, 0, 0, 'u', 100, 0},
    {"v=DMARC1; p=reject; pct=-1", true, REJ, REJ, REJ, 0, 0, 0, 'u', 100, 0},
    {"v=DMARC1; p=reject; x=y; ri=86400; fo=1", true, REJ, REJ, REJ, 0, 0, 0, 'u', 100,
     0},
    {"v=DMARC1; rua=mailto:a@b.example", true, NONE, NONE, NONE, 0, 0, 0, 'u', 100, 0},
    {"v=DMARC1; p=rejct; rua=mailto:a@b.example", true, NONE, NONE, NONE, 0, 0, 0, 'u',
     100, 0},
    {"v=DMARC1; p=reject; sp=all; rua=mailto:a@b.example", true, NONE, NONE, NONE, 0, 0,
     0, 'u', 100, 0},
    {"v=DMARC1; p=rejct", true, NOPOL, NOPOL, NOPOL, 0, 0, 0, 'u', 100, 1},
    {"v=DMARC1; p=", true, NOPOL, NOPOL, NOPOL, 0, 0, 0, 'u', 100, 1},
    {"v=DMARC1", true, NOPOL, NOPOL, NOPOL, 0, 0, 0, 'u', 100, 1},
    {"v=DMARC1;;;p=none;=;p", true, NONE, NONE, NONE, 0, 0, 0, 'u', 100, 0},
    {"v=dmarc1; p=reject", false, 0, 0, 0, 0, 0, 0, 0, 0, 0},
    {"v=DMARC2; p=reject", false, 0, 0, 0, 0, 0, 0, 0, 0, 0},
    {"v=DMARC1 p=reject", false, 0, 0, 0, 0, 0, 0, 0, 0, 0},
    {"p=reject; v=DMARC1", false, 0, 0, 0, 0, 0, 0, 0, 0, 0},
    {" v=DMARC1; p=reject", false, 0, 0, 0, 0, 0, 0, 0, 0, 0},
    {"v=spf1 -all", false, 0, 0, 0, 0, 0, 0, 0, 0, 0},
    {"", false, 0, 0, 0, 0, 0, 0, 0, 0, 0},
};

static void test_records(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof records / sizeof *records; i++) {
        struct dmarc_record got;
        bool is_record = dmarc_record_parse(span_of(records[i].text), &got);
        if (is_record != records[i].is_record)
            fail_msg("%s: a record: %d", records[i].text, is_record);
        if (!is_record)
            continue;
        if (got.policy != records[i].p || got.sub_policy != records[i].sp ||
            got.np_policy != records[i].np ||
            got.is_dkim_strict != records[i].is_dkim_strict ||
            got.is_spf_strict != records[i].is_spf_strict ||
            got.is_test != records[i].is_test || got.psd != records[i].psd ||
            got.percent != records[i].percent ||
            (got.problem != NULL) != records[i].has_problem)
            fail_msg("%s: p %d sp %d np %d adkim %d aspf %d t %d psd %c pct %u: %s",
                     records[i].text, got.policy, got.sub_policy, got.np_policy,
                     got.is_dkim_strict, got.is_spf_strict, got.is_test, got.psd,
                     got.percent, got.problem);
    }
}

/* ---- the walk ---- */

static void test_walk(void **state)
{
    struct arena *arena = arena_new(1 << 20);
    struct span names[DMARC_WALK];
    (void)state;
    assert_int_equal(dmarc_walk_names(arena, SPAN("a.b.example.com"), names), 4);
    assert_true(span_eq(names[0], SPAN("_dmarc.a.b.example.com")));
    assert_true(span_eq(names[3], SPAN("_dmarc.com")));
    /* RFC 9989 4.10: nine labels and more, then the last seven */
    assert_int_equal(
        dmarc_walk_names(arena, SPAN("a.b.c.d.e.f.g.h.i.j.mail.example.com"), names),
        8);
    assert_true(span_eq(names[0], SPAN("_dmarc.a.b.c.d.e.f.g.h.i.j.mail.example.com")));
    assert_true(span_eq(names[1], SPAN("_dmarc.g.h.i.j.mail.example.com")));
    assert_true(span_eq(names[7], SPAN("_dmarc.com")));
    assert_int_equal(dmarc_walk_names(arena, SPAN("a.b.c.d.e.f.g.h"), names), 8);
    assert_int_equal(dmarc_walk_names(arena, SPAN("com"), names), 1);
    assert_int_equal(dmarc_walk_names(arena, SPAN(""), names), 0);
    arena_free(&arena);
}

/* ---- verdicts ---- */

static const char zone[] =
    "$ORIGIN .\n$TTL 300\n"
    "example. SOA ns.example. root.example. 1 2 3 4 5\n"
    "_dmarc.reject.example. TXT \"v=DMARC1; p=reject\"\n"
    "reject.example. A 192.0.2.1\n"
    "mail.reject.example. A 192.0.2.1\n"
    "mx.reject.example. MX 10 mail.reject.example.\n"
    "_dmarc.strict.example. TXT \"v=DMARC1; p=reject; adkim=s; aspf=s\"\n"
    "_dmarc.sub.example. TXT \"v=DMARC1; p=none; sp=quarantine; np=reject\"\n"
    "mail.sub.example. A 192.0.2.1\n"
    "_dmarc.own.sub.example. TXT \"v=DMARC1; p=quarantine; sp=none\"\n"
    "_dmarc.test.example. TXT \"v=DMARC1; p=reject; t=y\"\n"
    "_dmarc.pct0.example. TXT \"v=DMARC1; p=quarantine; pct=0\"\n"
    "_dmarc.pct50.example. TXT \"v=DMARC1; p=reject; pct=50\"\n"
    "_dmarc.none.example. TXT \"v=DMARC1; p=none\"\n"
    "_dmarc.two.example. TXT \"v=DMARC1; p=reject\"\n"
    "_dmarc.two.example. TXT \"v=DMARC1; p=none\"\n"
    "_dmarc.noisy.example. TXT \"something else\"\n"
    "_dmarc.noisy.example. TXT \"v=DMARC1; p=reject\"\n"
    "_dmarc.broken.example. TXT \"v=DMARC1; p=rejct\"\n"
    "plain.example. A 192.0.2.1\n"
    /* a registry that says what it is, and one that parted a branch of its own */
    "_dmarc.registry.example. TXT \"v=DMARC1; p=reject; psd=y; np=quarantine\"\n"
    "_dmarc.shop.registry.example. TXT \"v=DMARC1; p=quarantine\"\n"
    "here.registry.example. A 192.0.2.1\n"
    "_dmarc.group.example. TXT \"v=DMARC1; p=reject\"\n"
    "_dmarc.branch.group.example. TXT \"v=DMARC1; p=quarantine; psd=n\"\n"
    "_dmarc.xn--bcher-kva.example. TXT \"v=DMARC1; p=reject\"\n";

/* What a mail says, and what SPF and one signature came to. */
static const struct {
    const char *from; /* the value of From:; NULL no field */
    const char *spf_domain;
    enum auth_result spf;
    const char *dkim_domain;
    enum auth_result dkim;
    enum auth_result want;
    enum dmarc_policy policy;
    bool is_spf_aligned, is_dkim_aligned;
    const char *record, *org; /* "" none */
} cases[] = {
#define PASS AUTH_PASS
#define FAIL AUTH_FAIL
#define TEMP AUTH_TEMPERROR
#define NIL  AUTH_NONE
    /* one of the two, aligned, is enough */
    {"a@reject.example", "reject.example", PASS, "", NIL, PASS, REJ, 1, 0,
     "reject.example", "reject.example"},
    {"a@reject.example", "", NIL, "reject.example", PASS, PASS, REJ, 0, 1,
     "reject.example", "reject.example"},
    {"a@reject.example", "reject.example", FAIL, "reject.example", FAIL, FAIL, REJ, 0,
     0, "reject.example", "reject.example"},
    {"A <a@REJECT.Example>", "Reject.Example", PASS, "", NIL, PASS, REJ, 1, 0,
     "reject.example", "reject.example"},
    /* what passes in another's name is nothing */
    {"a@reject.example", "other.example", PASS, "other.example", PASS, FAIL, REJ, 0, 0,
     "reject.example", "reject.example"},
    {"a@reject.example", "notreject.example", PASS, "", NIL, FAIL, REJ, 0, 0,
     "reject.example", "reject.example"},
    /* the organizational domain, both ways */
    {"a@mail.reject.example", "reject.example", PASS, "", NIL, PASS, REJ, 1, 0,
     "reject.example", "reject.example"},
    {"a@reject.example", "bounce.reject.example", PASS, "", NIL, PASS, REJ, 1, 0,
     "reject.example", "reject.example"},
    {"a@mail.reject.example", "", NIL, "news.reject.example", PASS, PASS, REJ, 0, 1,
     "reject.example", "reject.example"},
    /* strict */
    {"a@strict.example", "bounce.strict.example", PASS, "strict.example", FAIL, FAIL,
     REJ, 0, 0, "strict.example", "strict.example"},
    {"a@strict.example", "bounce.strict.example", PASS, "news.strict.example", PASS,
     FAIL, REJ, 0, 0, "strict.example", "strict.example"},
    {"a@strict.example", "strict.example", PASS, "", NIL, PASS, REJ, 1, 0,
     "strict.example", "strict.example"},
    {"a@strict.example", "", NIL, "strict.example", PASS, PASS, REJ, 0, 1,
     "strict.example", "strict.example"},
    {"a@mail.strict.example", "strict.example", PASS, "", NIL, FAIL, REJ, 0, 0,
     "strict.example", "strict.example"},
    /* sp, np, and a sub-domain with a record of its own */
    {"a@sub.example", "", NIL, "", NIL, FAIL, NONE, 0, 0, "sub.example", "sub.example"},
    {"a@mail.sub.example", "", NIL, "", NIL, FAIL, QUAR, 0, 0, "sub.example",
     "sub.example"},
    {"a@no-such.sub.example", "", NIL, "", NIL, FAIL, REJ, 0, 0, "sub.example",
     "sub.example"},
    {"a@own.sub.example", "", NIL, "", NIL, FAIL, QUAR, 0, 0, "own.sub.example",
     "sub.example"},
    {"a@own.sub.example", "sub.example", PASS, "", NIL, PASS, QUAR, 1, 0,
     "own.sub.example", "sub.example"},
    /* tests and samples */
    {"a@test.example", "", NIL, "", NIL, FAIL, QUAR, 0, 0, "test.example",
     "test.example"},
    {"a@pct0.example", "", NIL, "", NIL, FAIL, NONE, 0, 0, "pct0.example",
     "pct0.example"},
    {"a@pct50.example", "", NIL, "", NIL, FAIL, REJ, 0, 0, "pct50.example",
     "pct50.example"},
    {"a@none.example", "", NIL, "", NIL, FAIL, NONE, 0, 0, "none.example",
     "none.example"},
    /* no record, two, one among others, a broken one */
    {"a@plain.example", "plain.example", PASS, "", NIL, NIL, NOPOL, 1, 0, "",
     "plain.example"},
    {"a@mail.plain.example", "plain.example", PASS, "x.plain.example", PASS, NIL, NOPOL,
     1, 1, "", "plain.example"},
    {"a@two.example", "", NIL, "", NIL, NIL, NOPOL, 0, 0, "", "two.example"},
    {"a@noisy.example", "", NIL, "", NIL, FAIL, REJ, 0, 0, "noisy.example",
     "noisy.example"},
    {"a@broken.example", "", NIL, "", NIL, AUTH_PERMERROR, NOPOL, 0, 0,
     "broken.example", "broken.example"},
    /* psd=y: the registry's own policy for who has none; its names are strangers */
    {"a@shop.registry.example", "", NIL, "", NIL, FAIL, QUAR, 0, 0,
     "shop.registry.example", "shop.registry.example"},
    {"a@shop.registry.example", "here.registry.example", PASS, "", NIL, FAIL, QUAR, 0,
     0, "shop.registry.example", "shop.registry.example"},
    {"a@here.registry.example", "", NIL, "", NIL, FAIL, REJ, 0, 0, "registry.example",
     "here.registry.example"},
    {"a@gone.registry.example", "", NIL, "", NIL, FAIL, QUAR, 0, 0, "registry.example",
     "gone.registry.example"},
    {"a@here.registry.example", "registry.example", PASS, "", NIL, FAIL, REJ, 0, 0,
     "registry.example", "here.registry.example"},
    /* psd=n: a branch that stands for itself */
    {"a@x.branch.group.example", "group.example", PASS, "", NIL, FAIL, QUAR, 0, 0,
     "branch.group.example", "branch.group.example"},
    {"a@x.branch.group.example", "branch.group.example", PASS, "", NIL, PASS, QUAR, 1,
     0, "branch.group.example", "branch.group.example"},
    {"a@group.example", "branch.group.example", PASS, "", NIL, FAIL, REJ, 0, 0,
     "group.example", "group.example"},
    /* what is not known costs nothing, but only where it could have helped */
    {"a@reject.example", "reject.example", TEMP, "", NIL, TEMP, REJ, 0, 0,
     "reject.example", "reject.example"},
    {"a@reject.example", "other.example", TEMP, "", NIL, FAIL, REJ, 0, 0,
     "reject.example", "reject.example"},
    {"a@reject.example", "reject.example", AUTH_UNKNOWN, "", NIL, TEMP, REJ, 0, 0,
     "reject.example", "reject.example"},
    {"a@reject.example", "reject.example", FAIL, "reject.example", TEMP, TEMP, REJ, 0,
     0, "reject.example", "reject.example"},
    {"a@reject.example", "reject.example", AUTH_SOFTFAIL, "reject.example", AUTH_POLICY,
     FAIL, REJ, 0, 0, "reject.example", "reject.example"},
    /* a mailing list: its own envelope and signature, the author's broken */
    {"a@reject.example", "lists.other.example", PASS, "reject.example", FAIL, FAIL, REJ,
     0, 0, "reject.example", "reject.example"},
    {"\"a via list\" <list@lists.other.example>", "lists.other.example", PASS,
     "reject.example", FAIL, NIL, NOPOL, 1, 0, "", "other.example"},
    /* several mailboxes: the one that fares worst */
    {"a@reject.example, b@reject.example", "reject.example", PASS, "", NIL, PASS, REJ,
     1, 0, "reject.example", "reject.example"},
    {"a@plain.example, b@reject.example", "plain.example", PASS, "", NIL, FAIL, REJ, 0,
     0, "reject.example", "reject.example"},
    {"a@reject.example, b@none.example", "reject.example", PASS, "none.example", PASS,
     PASS, REJ, 0, 0, "reject.example", "reject.example"},
    /* names as people write them */
    {"a@b\xc3\xbc"
     "cher.example",
     "xn--bcher-kva.example", PASS, "", NIL, PASS, REJ, 1, 0, "xn--bcher-kva.example",
     "xn--bcher-kva.example"},
    {"a@b\xc3\xbc"
     "cher.example",
     "", NIL, "", NIL, FAIL, REJ, 0, 0, "xn--bcher-kva.example",
     "xn--bcher-kva.example"},
    {"a@reject.example.", "reject.example", PASS, "", NIL, PASS, REJ, 1, 0,
     "reject.example", "reject.example"},
    /* none that can be asked for */
    {NULL, "reject.example", PASS, "", NIL, AUTH_PERMERROR, NOPOL, 0, 0, "", ""},
    {"root", "reject.example", PASS, "", NIL, AUTH_PERMERROR, NOPOL, 0, 0, "", ""},
    {"a@[192.0.2.1]", "", NIL, "", NIL, AUTH_PERMERROR, NOPOL, 0, 0, "", ""},
    {"undisclosed:;", "", NIL, "", NIL, AUTH_PERMERROR, NOPOL, 0, 0, "", ""},
};

struct world {
    char folder[FOLDER_BYTES], path[FOLDER_PATH_BYTES];
    struct dns *dns;
    struct arena *arena;
};

static struct message *message_from(struct arena *arena, const char *from)
{
    struct message *msg = message_new(arena, 1 << 20);
    message_add_field(msg, SPAN("To"), SPAN(" b@there.example"));
    if (from != NULL)
        message_add_field(msg, SPAN("From"), span_of(from));
    message_finish(msg);
    return msg;
}

static void evaluate(struct world *w, size_t i, struct authentication *auth)
{
    struct dns_budget budget;
    *auth = (struct authentication){
        .is_known = true,
        .spf = {.result = cases[i].spf, .domain = span_of(cases[i].spf_domain)},
        .dkim = cases[i].dkim};
    if (cases[i].dkim != AUTH_NONE) {
        auth->signature_total = auth->signature_count = 1;
        auth->signatures[0] = (struct auth_signature){
            .result = cases[i].dkim, .domain = span_of(cases[i].dkim_domain)};
    }
    dns_budget_init(&budget, 1000000, 100);
    dmarc_evaluate(w->dns, &budget, message_from(w->arena, cases[i].from), auth);
}

static void test_verdicts(void **state)
{
    struct world *w = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct authentication auth;
        arena_reset(w->arena);
        evaluate(w, i, &auth);
        const struct auth_dmarc *got = &auth.dmarc;
        if (got->result != cases[i].want || got->policy != cases[i].policy ||
            got->is_spf_aligned != cases[i].is_spf_aligned ||
            got->is_dkim_aligned != cases[i].is_dkim_aligned ||
            !span_eq(got->record_domain, span_of(cases[i].record)) ||
            !span_eq(got->organizational, span_of(cases[i].org)))
            fail_msg("case %zu, From: %s: %s, policy \"%s\", spf %d, dkim %d, "
                     "record %.*s, org %.*s: %.*s",
                     i, cases[i].from, auth_result_name(got->result),
                     dmarc_policy_name(got->policy), got->is_spf_aligned,
                     got->is_dkim_aligned, (int)got->record_domain.len,
                     got->record_domain.at, (int)got->organizational.len,
                     got->organizational.at, (int)got->problem.len, got->problem.at);
    }
}

/* The null sender's HELO bears the name; several From: fields are all read; who signs
 * later has signed; a spent budget is no failure. */
static void test_odd(void **state)
{
    struct world *w = *state;
    struct dns_budget budget;
    struct message *msg = message_from(w->arena, "a@reject.example");
    struct authentication auth = {.is_known = true,
                                  .spf = {.result = AUTH_PASS,
                                          .domain = SPAN("mx1.reject.example"),
                                          .is_helo = true}};
    dns_budget_init(&budget, 1000000, 100);
    dmarc_evaluate(w->dns, &budget, msg, &auth);
    assert_int_equal(auth.dmarc.result, AUTH_PASS);
    assert_false(auth.dmarc.has_many_from);

    auth.spf.result = AUTH_FAIL;
    auth.is_signed_later = true;
    dmarc_evaluate(w->dns, &budget, msg, &auth);
    assert_int_equal(auth.dmarc.result, AUTH_PASS);
    assert_true(auth.dmarc.is_dkim_aligned);
    auth.is_signed_later = false;

    msg = message_new(w->arena, 1 << 20);
    message_add_field(msg, SPAN("From"), SPAN(" a@none.example"));
    message_add_field(msg, SPAN("From"), SPAN(" a@reject.example"));
    dmarc_evaluate(w->dns, &budget, msg, &auth);
    assert_int_equal(auth.dmarc.result, AUTH_FAIL);
    assert_int_equal(auth.dmarc.policy, DMARC_REJECT);
    assert_true(auth.dmarc.has_many_from);
}

/* Nobody to ask: temperror, though it would have failed. */
static void test_no_answer(void **state)
{
    struct world *w = *state;
    struct dns *none;
    struct dns_budget budget;
    struct err err;
    struct authentication auth = {.spf = {.result = AUTH_FAIL}};
    assert_int_equal(
        dns_open(&none, &(struct dns_options){.zone = "", .trust_anchor = ""}, &err),
        0);
    dns_budget_init(&budget, 1000000, 100);
    dmarc_evaluate(none, &budget, message_from(w->arena, "a@reject.example"), &auth);
    assert_int_equal(auth.dmarc.result, AUTH_TEMPERROR);
    assert_true(span_eq(auth.dmarc.organizational, SPAN("reject.example")));
    dns_close(&none);
}

static void test_results(void **state)
{
    struct world *w = *state;
    struct authentication auth = {
        .is_known = true,
        .spf = {.result = AUTH_PASS,
                .domain = SPAN("a.example"),
                .mechanism = SPAN("ip4:192.0.2.0/24")},
        .dkim = AUTH_FAIL,
        .signature_count = 1,
        .signatures = {{.result = AUTH_FAIL,
                        .domain = SPAN("a.example"),
                        .selector = SPAN("s1"),
                        .algorithm = SPAN("rsa-sha256"),
                        .problem = SPAN("body \"changed\"\r\n")}},
        .dmarc = {.result = AUTH_PASS,
                  .policy = DMARC_REJECT,
                  .from_domain = SPAN("a.example")}};
    struct span text = auth_results_text(&auth, w->arena);
    static const char want[] =
        "spf=pass reason=ip4:192.0.2.0/24 smtp.mailfrom=a.example; "
        "dkim=fail reason=\"body \\\"changed\\\"\?\?\" header.d=a.example header.s=s1 "
        "header.a=rsa-sha256; "
        "dmarc=pass header.from=a.example policy.dmarc=reject";
    assert_string_equal(span_cstr(w->arena, text), want);
    auth.is_known = false;
    assert_true(span_eq(auth_results_text(&auth, w->arena), SPAN("none")));
}

static int set_up(void **state)
{
    static struct world w;
    struct err err;
    folder_make("dmarc", w.folder, w.path);
    FILE *file = fopen(w.path, "w");
    if (file == NULL || fputs(zone, file) < 0 || fclose(file) != 0)
        return -1;
    w.arena = arena_new(64 << 20);
    if (dns_open(&w.dns, &(struct dns_options){.zone = w.path, .trust_anchor = ""},
                 &err) < 0) {
        fprintf(stderr, "%s\n", err.text);
        return -1;
    }
    *state = &w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    dns_close(&w->dns);
    arena_free(&w->arena);
    folder_remove(w->folder, w->path);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_records),   cmocka_unit_test(test_walk),
        cmocka_unit_test(test_verdicts),  cmocka_unit_test(test_odd),
        cmocka_unit_test(test_no_answer), cmocka_unit_test(test_results),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
