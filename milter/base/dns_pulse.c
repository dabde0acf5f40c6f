/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/dns_pulse.h"

int64_t dns_pulse_hear(struct dns_pulse *pulse, int64_t now_us)
{
    int64_t silent_us = pulse->since_us != 0 ? now_us - pulse->since_us : 0;
    *pulse = (struct dns_pulse){.heard_us = now_us};
    return silent_us;
}

void dns_pulse_ask(struct dns_pulse *pulse, int64_t now_us)
{
    if (pulse->asked_us == 0)
        pulse->asked_us = now_us;
}

bool dns_pulse_turn(struct dns_pulse *pulse, int64_t now_us, bool *fell)
{
    bool is_silent = dns_pulse_is_silent(pulse);
    *fell = false;
    if (pulse->asked_us == 0 || now_us - pulse->asked_us < DNS_PULSE_WAIT_US)
        return false;
    int64_t pause_us = is_silent ? DNS_PULSE_AGAIN_US : DNS_PULSE_WAIT_US;
    if (pulse->probed_us != 0 && now_us - pulse->probed_us < pause_us)
        return false;
    *fell = pulse->probed_us != 0 && !is_silent;
    if (*fell)
        pulse->since_us = pulse->asked_us;
    pulse->probed_us = now_us;
    return true;
}
