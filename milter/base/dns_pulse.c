/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/dns_pulse.h"

int64_t dns_pulse_hear(struct dns_pulse *pulse, int64_t now_us)
{
    int64_t silent_us = pulse->since_us != 0 ? now_us - pulse->since_us : 0;
    *pulse = (struct dns_pulse){.heard_us = now_us};
    return silent_us;
}

bool dns_pulse_turn(struct dns_pulse *pulse, int64_t oldest_us, int64_t now_us,
                    bool *fell)
{
    *fell = false;
    if (pulse->since_us != 0) {
        if (now_us - pulse->probed_us < DNS_PULSE_AGAIN_US)
            return false;
        pulse->probed_us = now_us;
        return true;
    }
    if (oldest_us == 0 || now_us - oldest_us < DNS_PULSE_WAIT_US ||
        now_us - pulse->heard_us < DNS_PULSE_WAIT_US) {
        pulse->probed_us = 0; /* no reason to doubt */
        return false;
    }
    if (pulse->probed_us != 0 && now_us - pulse->probed_us < DNS_PULSE_WAIT_US)
        return false;
    *fell = pulse->probed_us != 0;
    if (*fell)
        pulse->since_us = oldest_us;
    pulse->probed_us = now_us;
    return true;
}
