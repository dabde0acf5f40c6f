/* SPDX-License-Identifier: BSD-2-Clause
 *
 * fact_past - each fact's definition, at its borders.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "facts/facts.h"

#define HOUR INT64_C(3600000000)
#define DAY  (24 * HOUR)
#define NOW  INT64_C(1772445600000000)

struct world {
    struct arena *arena;
    struct facts facts;
};

static int set_up(void **state)
{
    static struct world world;
    world.arena = arena_new(16 << 20);
    *state = &world;
    return world.arena == NULL;
}

static int tear_down(void **state)
{
    arena_free(&((struct world *)*state)->arena);
    return 0;
}

static const char plain[] = "From: bob@mail.here.example\nTo: a@there.example\n\nHi\n";

/* A sender of a year with regular ways. */
static struct past settled(void)
{
    struct past past = {.is_known = true,
                        .now_us = NOW,
                        .sender_first_us = NOW - 300 * DAY,
                        .sender_messages = 500,
                        .recipients = 2,
                        .past_messages = 60,
                        .past_hours = 40,
                        .past_recipients = 80,
                        .busiest_recipients = 20,
                        .busiest_new = 4,
                        .near_messages = 9};
    for (int k = 0; k < TRAIT_COUNT; k++)
        past.trait[k] = (struct past_trait){.is_known = true,
                                            .first_us = NOW - 100 * DAY,
                                            .since_us = NOW - 300 * DAY,
                                            .used_day = 1,
                                            .used_week = 2,
                                            .has_used_day = true,
                                            .has_used_week = true};
    return past;
}

static struct facts *collect(struct world *w, const char *mail, const struct past *past)
{
    static struct span recipients[] = {{"a@there.example", 15},
                                       {"b@there.example", 15}};
    struct envelope env = {.mail_class = CLASS_OUTBOUND,
                           .recipients = recipients,
                           .recipient_count = 2,
                           .recipient_kept = 2};
    struct message *msg = message_new(w->arena, 1 << 20);
    message_read(msg, span_of(mail));
    facts_collect(&w->facts, msg, &env, past, NOW / 1000000);
    return &w->facts;
}

#define CHECK(name, want)                                                              \
    assert_int_equal(                                                                  \
        (int64_t)(collect(w, plain, &past)->number[FACT_##name] * 100 + 0.5),          \
        (int64_t)((want)*100))

static void test_unknown(void **state)
{
    struct world *w = *state;
    static const enum fact_id ids[] = {
        FACT_sender_age_days,     FACT_sender_is_new,        FACT_sender_settled,
        FACT_network_new,         FACT_networks_day,         FACT_new_recipients,
        FACT_new_recipients_hour, FACT_new_recipients_surge, FACT_volume_hour,
        FACT_volume_ratio,        FACT_hour_unusual,         FACT_domain_signs_unsigned,
        FACT_from_addresses_day,  FACT_campaign_senders};
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        assert_true(collect(w, plain, NULL)->number[ids[i]] == 0);
}

static void test_identity(void **state)
{
    struct world *w = *state;
    struct past past = settled();
    CHECK(sender_age_days, 300);
    CHECK(sender_settled, 1);
    CHECK(sender_is_new, 0);
    past.sender_messages = 19;
    CHECK(sender_settled, 0);
    past.sender_messages = 20;
    past.sender_first_us = NOW - 7 * DAY + 1;
    CHECK(sender_settled, 0);
    past.sender_first_us = NOW - 7 * DAY;
    CHECK(sender_settled, 1);
    past.sender_first_us = NOW - DAY + 1;
    CHECK(sender_is_new, 1);
    past.sender_first_us = 0;
    CHECK(sender_is_new, 1);
    CHECK(sender_age_days, 0);
    past.sender_first_us = NOW + DAY; /* the clock went back */
    CHECK(sender_age_days, 0);
}

static void test_new_traits(void **state)
{
    struct world *w = *state;
    struct past past = settled();
    struct past_trait *network = &past.trait[TRAIT_NETWORK];
    CHECK(network_new, 0);
    CHECK(networks_day, 1);
    network->first_us = 0;
    network->has_used_day = false;
    CHECK(network_new, 1);
    CHECK(networks_day, 2);
    CHECK(x_mailer_new, 0);
    CHECK(from_domain_new, 0);
    past.trait[TRAIT_FROM_DOMAIN].first_us = 0;
    CHECK(from_domain_new, 1);
    network->first_us = NOW - DAY + 1; /* it stays new for a day */
    CHECK(network_new, 1);
    network->first_us = NOW - DAY;
    CHECK(network_new, 0);
    network->first_us = 0;
    network->taken_up = 5;
    CHECK(network_new, 1);
    network->taken_up = 6; /* a rover */
    CHECK(network_new, 0);
    network->taken_up = 0;
    network->since_us = NOW - 7 * DAY + 1; /* the kind itself is watched since then */
    CHECK(network_new, 0);
    network->since_us = NOW - 7 * DAY;
    network->is_known = false;
    CHECK(network_new, 0);
    network->is_known = true;
    past.sender_messages = 10;
    CHECK(network_new, 0);
}

static void test_volumes(void **state)
{
    struct world *w = *state;
    struct past past = settled();
    past.hour_recipients = 58;
    past.hour_new_recipients = 10;
    past.new_recipients = 1;
    CHECK(volume_hour, 60);
    CHECK(volume_ratio, 3);
    CHECK(volume_mean_ratio, 30);
    CHECK(new_recipients, 1);
    CHECK(new_recipients_ratio, 0.5);
    CHECK(new_recipients_hour, 11);
    CHECK(new_recipients_surge, 2.2); /* the busiest had 4, counted as 5 */
    past.busiest_recipients = 3;      /* counted as 10 */
    CHECK(volume_ratio, 6);
    past.past_hours = 9;
    CHECK(volume_ratio, 0);
    CHECK(new_recipients_surge, 0);
}

static void test_hours(void **state)
{
    struct world *w = *state;
    struct past past = settled();
    CHECK(hour_unusual, 0);
    past.near_messages = 0;
    CHECK(hour_unusual, 1);
    past.past_messages = 39;
    CHECK(hour_unusual, 0);
    past.past_messages = 40;
    past.past_hours = 19;
    CHECK(hour_unusual, 0);
}

static void test_signatures(void **state)
{
    static const struct {
        const char *field;
        int want;
    } rows[] = {
        {"DKIM-Signature: v=1; a=rsa-sha256; d=here.example; s=x; b=abc\n", 1},
        {"DKIM-Signature: v=1; d = NEWS.Here.Example ; s=x\n", 1},
        {"DKIM-Signature: v=1;\n d=here.example; s=x\n", 1},
        {"DKIM-Signature: v=1; d=there.example; s=x\n", 0},
        {"DKIM-Signature: v=1; bd=here.example; s=d=here.example\n", 0},
        {"DKIM-Signature: d=there.example\nDKIM-Signature: d=here.example\n", 1},
        {"DKIM-Signature: d=\n", 0},
        {"DKIM-Signature:\n", 0},
    };
    struct world *w = *state;
    struct past past = settled();
    past.domain_signed = 19;
    past.domain_unsigned = 1;
    past.trait[TRAIT_UNSIGNED].first_us = 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char mail[512];
        strcpy(mail, rows[i].field);
        strcat(mail, plain);
        struct facts *facts = collect(w, mail, &past);
        assert_int_equal(facts->number[FACT_signature_aligned], rows[i].want);
        assert_int_equal(facts->number[FACT_domain_signs_unsigned], !rows[i].want);
    }
    CHECK(domain_signs_unsigned, 1);
    past.domain_unsigned = 2; /* below 95 % */
    CHECK(domain_signs_unsigned, 0);
    past.domain_unsigned = 0;
    past.domain_signed = 9;
    CHECK(domain_signs_unsigned, 0);
    past.domain_signed = 10;
    CHECK(domain_signs_unsigned, 1);
    past.trait[TRAIT_UNSIGNED].first_us = NOW - DAY; /* its habit */
    CHECK(domain_signs_unsigned, 0);
}

static void test_campaign(void **state)
{
    struct world *w = *state;
    struct past past = {
        .campaign_messages = 30, .campaign_recipients = 90, .campaign_senders = 7};
    CHECK(campaign_messages, 30);
    CHECK(campaign_recipients, 90);
    CHECK(campaign_senders, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_unknown, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_identity, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_new_traits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_volumes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_hours, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_signatures, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_campaign, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
