/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/dns_pulse.h"

#define MS INT64_C(1000)
enum { START_MS = 1000000 };

/* What happens at a time, in ms after the start. */
struct step {
    int at_ms;
    bool asks, hears; /* just before */
    bool probes, fell, is_silent;
};

static void play(const struct step *steps, size_t count)
{
    struct dns_pulse pulse = {.heard_us = 0};
    for (size_t i = 0; i < count; i++) {
        const struct step *s = &steps[i];
        int64_t now_us = (START_MS + s->at_ms) * MS;
        bool fell;
        if (s->hears)
            dns_pulse_hear(&pulse, now_us);
        if (s->asks)
            dns_pulse_ask(&pulse, now_us);
        bool probes = dns_pulse_turn(&pulse, now_us, &fell);
        if (probes != s->probes || fell != s->fell ||
            dns_pulse_is_silent(&pulse) != s->is_silent)
            fail_msg("step %zu: probe %d fell %d silent %d", i, probes, fell,
                     dns_pulse_is_silent(&pulse));
    }
}

#define PLAY(steps) play(steps, sizeof(steps) / sizeof *(steps))

static void test_dead(void **state)
{
    (void)state;
    static const struct step steps[] = {
        {0, .asks = false},
        {100, .asks = true},
        {900, .asks = true},    /* one more changes nothing */
        {1200, .probes = true}, /* in doubt */
        {1450, .asks = true},
        {2100, .asks = true},
        {2250, .probes = true, .fell = true, .is_silent = true},
        {2500, .asks = true, .is_silent = true},
        {3800, .probes = true, .is_silent = true},
        {5200, .is_silent = true},
        {5400, .probes = true, .is_silent = true},
        {5500, .hears = true},
        {9000, .asks = false}, /* nobody asks: nobody is silent */
    };
    PLAY(steps);
}

/* A name that nobody answers for, and a server that answers the probe. */
static void test_silent_name(void **state)
{
    (void)state;
    static const struct step steps[] = {
        {0, .asks = true},    {1000, .probes = true}, {1010, .hears = true},
        {2000, .asks = true}, {2900, .asks = true},   {3000, .probes = true},
        {3999, .asks = true}, {4000, .hears = true},  {9000, .asks = false},
    };
    PLAY(steps);
}

/* A server that needs almost two seconds for everything. */
static void test_slow(void **state)
{
    (void)state;
    static const struct step steps[] = {
        {0, .asks = true},     {1000, .probes = true}, {1900, .hears = true},
        {1950, .asks = true},  {2900, .asks = true},   {2960, .probes = true},
        {3800, .hears = true},
    };
    PLAY(steps);
}

static void test_how_long(void **state)
{
    struct dns_pulse pulse = {.heard_us = 0};
    bool fell;
    (void)state;
    assert_int_equal(dns_pulse_hear(&pulse, 5000 * MS), 0);
    dns_pulse_ask(&pulse, 6000 * MS);
    assert_true(dns_pulse_turn(&pulse, 7000 * MS, &fell));
    assert_false(fell);
    assert_true(dns_pulse_turn(&pulse, 8000 * MS, &fell));
    assert_true(fell);
    assert_int_equal(dns_pulse_hear(&pulse, 66000 * MS), 60000 * MS);
    assert_int_equal(dns_pulse_hear(&pulse, 67000 * MS), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dead),
        cmocka_unit_test(test_silent_name),
        cmocka_unit_test(test_slow),
        cmocka_unit_test(test_how_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
