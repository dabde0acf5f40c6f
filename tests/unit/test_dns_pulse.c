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
    int oldest_ms; /* of the question under way; -1: there is none */
    bool hears;    /* an answer came just before */
    bool probes, fell;
    bool is_silent;
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
        bool probes = dns_pulse_turn(
            &pulse, s->oldest_ms < 0 ? 0 : (START_MS + s->oldest_ms) * MS, now_us,
            &fell);
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
        {0, -1, .probes = false},
        {100, 100, .probes = false},
        {900, 100, .probes = false},
        {1200, 100, .probes = true}, /* in doubt */
        {1450, 100, .probes = false},
        {2100, 100, .probes = false},
        {2250, 100, .probes = true, .fell = true, .is_silent = true},
        {2500, 100, .probes = false, .is_silent = true},
        {3800, 2250, .probes = true, .is_silent = true},
        {4000, 2250, .hears = true, .probes = false},
        {4100, -1, .probes = false},
        {9000, -1, .probes = false}, /* nobody asks: nobody is silent */
    };
    PLAY(steps);
}

/* A name that nobody answers for, and a server that answers the probe. */
static void test_silent_name(void **state)
{
    (void)state;
    static const struct step steps[] = {
        {1000, 0, .probes = true},
        {1250, 0, .hears = true, .probes = false},
        {2000, 0, .probes = false},
        {2300, 0, .probes = true},
        {2350, 0, .hears = true, .probes = false},
        {9000, 0, .probes = true},
        {9500, 8600, .probes = false}, /* the old one was given up */
        {9600, 9500, .probes = false},
        {10600, 9500, .probes = true},
    };
    PLAY(steps);
}

/* A server that needs two seconds for everything. */
static void test_slow(void **state)
{
    (void)state;
    static const struct step steps[] = {
        {1000, 0, .probes = true},    {1500, 0, .probes = false},
        {2000, 0, .hears = true},     {2500, 2000, .probes = false},
        {3100, 2000, .probes = true}, {4000, 2000, .hears = true},
    };
    PLAY(steps);
}

static void test_how_long(void **state)
{
    struct dns_pulse pulse = {.heard_us = 0};
    bool fell;
    (void)state;
    assert_int_equal(dns_pulse_hear(&pulse, 5000 * MS), 0);
    assert_true(dns_pulse_turn(&pulse, 6000 * MS, 7000 * MS, &fell));
    assert_true(dns_pulse_turn(&pulse, 6000 * MS, 8000 * MS, &fell));
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
