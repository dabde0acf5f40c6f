/* SPDX-License-Identifier: BSD-2-Clause
 *
 * From score and limits to what the MTA is told: verdict and action.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "verdict/action.h"

static struct arena *arena;
static struct settings *settings;
static char done[2048]; /* what the hands did, in order */
static bool is_quarantine_broken, is_add_broken;

static int set_up(void **state)
{
    struct err err;
    (void)state;
    arena = arena_new(8 << 20);
    return arena == NULL ? -1 : settings_default(&settings, &err);
}

static int tear_down(void **state)
{
    (void)state;
    settings_free(&settings);
    arena_free(&arena);
    return 0;
}

static void note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static void note(const char *fmt, ...)
{
    size_t used = strlen(done);
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(done + used, sizeof done - used, fmt, ap);
    va_end(ap);
}

static int note_quarantine(void *ctx, const char *reason)
{
    (void)ctx;
    note("quarantine(%s)", reason);
    return is_quarantine_broken ? -1 : 0;
}

static int note_reply(void *ctx, const char *code, const char *xcode, const char *text)
{
    (void)ctx;
    note("reply(%s %s %s)", code, xcode, text);
    return 0;
}

static int note_add(void *ctx, const char *name, const char *value)
{
    (void)ctx;
    note("add(%s: %s)", name, value);
    return is_add_broken ? -1 : 0;
}

static int note_remove(void *ctx, const char *name, int index)
{
    (void)ctx;
    note("remove(%s %d)", name, index);
    return 0;
}

static const struct hands hands = {
    .quarantine = note_quarantine,
    .reply = note_reply,
    .add_header = note_add,
    .remove_header = note_remove,
};

static struct message *mail(const char *text)
{
    struct message *msg = message_new(arena, 1 << 20);
    message_read(msg, span_of(text));
    return msg;
}

/* Plan for a score, a charge and an envelope, then apply; "" header. */
static enum outcome run(double score, const struct charge *charge,
                        const struct envelope *env, const char *text, struct plan *plan)
{
    struct verdict verdict;
    verdict_reach(&settings->outbound, score, &verdict);
    action_plan(&(struct plan_input){.settings = settings,
                                     .env = env,
                                     .msg = mail(text),
                                     .verdict = &verdict,
                                     .charge = charge,
                                     .sender = SPAN("sasl_user:bob"),
                                     .now_us = 1795000000000000},
                plan);
    done[0] = '\0';
    return action_apply(plan, &hands);
}

static const struct charge agreed = {.action = ACTION_ACCEPT};
static const struct envelope smtp = {.path = PATH_SMTP};
static const struct envelope local = {.path = PATH_LOCAL};
static const struct envelope bounce = {.path = PATH_SMTP, .is_null_sender = true};

static void verdicts(void **state)
{
    static const struct {
        double score;
        enum action action;
    } rows[] = {
        {-5, ACTION_ACCEPT}, {0, ACTION_ACCEPT},  {2.999, ACTION_ACCEPT},
        {3, ACTION_SLOW},    {4.9, ACTION_SLOW},  {5, ACTION_HOLD},
        {14.9, ACTION_HOLD}, {15, ACTION_REJECT}, {1e6, ACTION_REJECT},
    };
    struct verdict verdict;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        verdict_reach(&settings->outbound, rows[i].score, &verdict);
        assert_int_equal(verdict.action, rows[i].action);
    }
}

static void each_action_by_each_path(void **state)
{
    static const struct {
        const struct envelope *env;
        double score;
        enum outcome outcome;
        const char *says; /* "" nothing is done */
    } rows[] = {
        {&smtp, 0, OUTCOME_CONTINUE, ""},
        {&smtp, 3, OUTCOME_CONTINUE, "add(X-Outgate-Lane: slow)"},
        {&smtp, 6, OUTCOME_CONTINUE, "quarantine(score 6.0, hold from 5)"},
        {&smtp, 20, OUTCOME_REJECT, "reply(554 5.7.1 looks like spam; incident "},
        {&local, 6, OUTCOME_CONTINUE, "quarantine(score 6.0, hold from 5)"},
        {&local, 20, OUTCOME_CONTINUE,
         "quarantine(score 20.0, reject from 15; held, for mail from sendmail(1) must "
         "not be refused)"},
        {&bounce, 20, OUTCOME_CONTINUE, "held, for a bounce must not be refused)"},
    };
    struct plan plan;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(run(rows[i].score, &agreed, rows[i].env, "S: x\n\n", &plan),
                         rows[i].outcome);
        if (strstr(done, rows[i].says) == NULL)
            fail_msg("row %zu: %s", i, done);
        if (rows[i].says[0] == '\0')
            assert_string_equal(done, "");
    }
    assert_int_equal(plan.meant, ACTION_REJECT);
    assert_int_equal(plan.action, ACTION_HOLD);
}

/* As run, with an order that speaks. */
static enum outcome run_ordered(double score, const struct charge *charge,
                                const struct envelope *env, const struct ruling *ruling,
                                struct plan *plan)
{
    struct verdict verdict;
    verdict_reach(&settings->outbound, score, &verdict);
    action_plan(&(struct plan_input){.settings = settings,
                                     .env = env,
                                     .msg = mail("S: x\n\n"),
                                     .verdict = &verdict,
                                     .charge = charge,
                                     .ruling = ruling,
                                     .sender = SPAN("sasl_user:bob"),
                                     .now_us = 1795000000000000},
                plan);
    done[0] = '\0';
    return action_apply(plan, &hands);
}

static void orders_speak(void **state)
{
    static const struct ruling block = {
        .kind = RULING_BLOCK,
        .order = {.key = {"sasl_user:bob", sizeof "sasl_user:bob" - 1},
                  .until_us = 1795003600000000,
                  .reason = {"stolen\x1b[31m", sizeof "stolen\x1b[31m" - 1}},
    };
    static const struct ruling brake = {.kind = RULING_BRAKE, .order = {.since_us = 5}};
    static const struct ruling none = {.kind = RULING_NONE};
    static const struct {
        const struct ruling *ruling;
        const struct envelope *env;
        double score;
        enum action meant, action;
        enum cause cause;
        enum outcome outcome;
        const char *says;
    } rows[] = {
        {&none, &smtp, 0, ACTION_ACCEPT, ACTION_ACCEPT, CAUSE_NONE, OUTCOME_CONTINUE,
         ""},
        {&none, &smtp, 3, ACTION_SLOW, ACTION_SLOW, CAUSE_SCORE, OUTCOME_CONTINUE,
         "add("},
        {&block, &smtp, 0, ACTION_REJECT, ACTION_REJECT, CAUSE_BLOCK, OUTCOME_REJECT,
         "reply(554 5.7.1 sending is blocked for this account until 2026-11-18 "
         "12:06:40 UTC; incident "},
        {&block, &smtp, 20, ACTION_REJECT, ACTION_REJECT, CAUSE_BLOCK, OUTCOME_REJECT,
         "sending is blocked"},
        {&block, &local, 0, ACTION_REJECT, ACTION_HOLD, CAUSE_BLOCK, OUTCOME_CONTINUE,
         "quarantine(blocked: sasl_user:bob until 2026-11-18 12:06:40 UTC: "
         "stolen\\x1b[31m; held, for mail from sendmail(1)"},
        {&block, &bounce, 6, ACTION_REJECT, ACTION_HOLD, CAUSE_BLOCK, OUTCOME_CONTINUE,
         "quarantine(blocked: "},
        {&brake, &smtp, 0, ACTION_HOLD, ACTION_HOLD, CAUSE_BRAKE, OUTCOME_CONTINUE,
         "quarantine(the brake is on)"},
        {&brake, &bounce, 3, ACTION_HOLD, ACTION_HOLD, CAUSE_BRAKE, OUTCOME_CONTINUE,
         "quarantine(the brake is on)"},
        {&brake, &local, 6, ACTION_HOLD, ACTION_HOLD, CAUSE_SCORE, OUTCOME_CONTINUE,
         "quarantine(score 6.0"},
        {&brake, &smtp, 20, ACTION_REJECT, ACTION_REJECT, CAUSE_SCORE, OUTCOME_REJECT,
         "looks like spam"},
        {&brake, &local, 20, ACTION_REJECT, ACTION_HOLD, CAUSE_SCORE, OUTCOME_CONTINUE,
         "quarantine(score 20.0"},
    };
    struct plan plan;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        enum outcome outcome =
            run_ordered(rows[i].score, &agreed, rows[i].env, rows[i].ruling, &plan);
        if (outcome != rows[i].outcome || plan.meant != rows[i].meant ||
            plan.action != rows[i].action || plan.cause != rows[i].cause ||
            plan.due_at_us != 0 || strstr(done, rows[i].says) == NULL)
            fail_msg("row %zu: %s, %s, %s", i, action_name(plan.action),
                     cause_name(plan.cause), done);
    }
    assert_null(strstr(plan.reply, "stolen"));
}

static void orders_and_limits(void **state)
{
    static const struct ruling brake = {.kind = RULING_BRAKE};
    struct limit limit;
    struct err err;
    struct plan plan;
    (void)state;
    assert_int_equal(limit_parse(SPAN("login"),
                                 SPAN("100 recipients per 1h per sender, then defer"),
                                 &limit, &err),
                     0);
    struct charge charge = {.action = ACTION_DEFER,
                            .limit = &limit,
                            .key = SPAN("sasl_user:bob"),
                            .free_at_us = 1795000600000000};
    assert_int_equal(run_ordered(0, &charge, &smtp, &brake, &plan), OUTCOME_TEMPFAIL);
    assert_int_equal(plan.cause, CAUSE_LIMIT);
    /* of a limit that holds and the brake the brake speaks: nothing is due by itself */
    charge.action = ACTION_HOLD;
    charge.due_at_us = 1795000600000000;
    assert_int_equal(run_ordered(0, &charge, &smtp, &brake, &plan), OUTCOME_CONTINUE);
    assert_int_equal(plan.cause, CAUSE_BRAKE);
    assert_int_equal(plan.due_at_us, 0);
    assert_int_equal(run_ordered(0, &charge, &smtp, NULL, &plan), OUTCOME_CONTINUE);
    assert_int_equal(plan.cause, CAUSE_LIMIT);
    assert_int_equal(plan.due_at_us, 1795000600000000);
    assert_string_equal(cause_name(cause_find(SPAN("brake"))), "brake");
    assert_int_equal(cause_find(SPAN("alert")), CAUSE_ALERT);
    assert_int_equal(cause_find(SPAN("")), CAUSE_NONE);
}

static void limits_speak(void **state)
{
    struct limit limit;
    struct err err;
    struct plan plan;
    (void)state;
    assert_int_equal(limit_parse(SPAN("login"),
                                 SPAN("100 recipients per 1h per sender, then defer"),
                                 &limit, &err),
                     0);
    struct charge charge = {
        .action = ACTION_DEFER,
        .limit = &limit,
        .key = SPAN("sasl_user:bob"),
        .used = 90,
        .wanted = 20,
        .free_at_us = 1795000600000000,
    };
    assert_int_equal(run(0, &charge, &smtp, "S: x\n\n", &plan), OUTCOME_TEMPFAIL);
    assert_non_null(strstr(done, "reply(451 4.7.28 limit login: 110/100 recipients for "
                                 "sasl_user:bob, free at 2026-11-"));
    assert_non_null(strstr(done, "; incident "));
    assert_non_null(strstr(done, "; contact postmaster)"));
    limit.burst = 20;
    charge.is_burst = true;
    charge.used = 15;
    charge.waiting = 5;
    run(0, &charge, &smtp, "S: x\n\n", &plan);
    assert_non_null(
        strstr(done, "limit login (burst): 40/20 recipients for sasl_user:bob"));
    charge.is_burst = false;
    charge.used = 90;
    charge.waiting = 0;
    charge.is_permanent = true; /* larger than the limit itself: a 4xx would loop */
    assert_int_equal(run(0, &charge, &smtp, "S: x\n\n", &plan), OUTCOME_REJECT);
    assert_non_null(strstr(done, "reply(554 5.5.3 "));
    assert_non_null(strstr(done, "send it in smaller parts"));
    /* where refusing is not sane, the limits module answers HOLD and a due time */
    charge.action = ACTION_HOLD;
    charge.is_permanent = false;
    charge.due_at_us = 1795000600000000;
    assert_int_equal(run(0, &charge, &local, "S: x\n\n", &plan), OUTCOME_CONTINUE);
    assert_int_equal(plan.meant, ACTION_DEFER);
    assert_int_equal(plan.due_at_us, 1795000600000000);
    assert_non_null(strstr(done, "quarantine(limit login: 110/100 recipients"));
    /* a score that asks for a person outweighs the limit's due time */
    run(7, &charge, &local, "S: x\n\n", &plan);
    assert_int_equal(plan.due_at_us, 0);
}

static void a_hold_that_fails_is_no_accept(void **state)
{
    struct plan plan;
    (void)state;
    is_quarantine_broken = true;
    assert_int_equal(run(6, &agreed, &smtp, "S: x\n\n", &plan), OUTCOME_TEMPFAIL);
    is_quarantine_broken = false;
    is_add_broken = true;
    assert_int_equal(run(3, &agreed, &smtp, "S: x\n\n", &plan), OUTCOME_TEMPFAIL);
    assert_int_equal(run(0, &agreed, &smtp, "S: x\n\n", &plan), OUTCOME_CONTINUE);
    is_add_broken = false;
}

static void shadow_only_watches(void **state)
{
    struct plan plan;
    (void)state;
    settings->mode = MODE_SHADOW;
    assert_int_equal(run(20, &agreed, &smtp, "S: x\n\n", &plan), OUTCOME_CONTINUE);
    assert_string_equal(done, "");
    assert_int_equal(plan.action, ACTION_REJECT);
    assert_true(plan.is_shadow);
    assert_int_equal(run(3, &agreed, &smtp, "S: x\n\n", &plan), OUTCOME_CONTINUE);
    assert_string_equal(done, ""); /* no lane header either */
    settings->mode = MODE_ENFORCE;
}

static void foreign_fields_go(void **state)
{
    struct plan plan;
    (void)state;
    run(0, &agreed, &smtp,
        "X-Outgate-Lane: fast\nSubject: x\nx-outgate-LANE: slow\nX-Outgate-Score: 0\n"
        "X-Outgate-Lane: 3\nX-Outgatex: stays\n\n",
        &plan);
    assert_string_equal(done, "remove(X-Outgate-Lane 3)remove(X-Outgate-Score 1)"
                              "remove(x-outgate-LANE 2)remove(X-Outgate-Lane 1)");
}

static void headers_on_request(void **state)
{
    struct plan plan;
    (void)state;
    settings->add_headers = 1;
    run(1.25, &agreed, &smtp, "S: x\n\n", &plan);
    assert_string_equal(done, "add(X-Outgate-Score: 1.2 (accept))"
                              "add(X-Outgate-Sender: sasl_user:bob)");
    settings->add_headers = 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verdicts),
        cmocka_unit_test(each_action_by_each_path),
        cmocka_unit_test(orders_speak),
        cmocka_unit_test(orders_and_limits),
        cmocka_unit_test(limits_speak),
        cmocka_unit_test(a_hold_that_fails_is_no_accept),
        cmocka_unit_test(shadow_only_watches),
        cmocka_unit_test(foreign_fields_go),
        cmocka_unit_test(headers_on_request),
    };
    return cmocka_run_group_tests_name("action", tests, set_up, tear_down);
}
