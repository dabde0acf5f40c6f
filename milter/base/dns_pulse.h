/* SPDX-License-Identifier: BSD-2-Clause
 *
 * dns_pulse - do the servers answer at all? While they do not, nobody need wait for
 * them: a DNS that is dead costs mail a deadline or two, not one each.
 *
 * Names that nobody answers for are their owner's matter, and whoever sends mail picks
 * them: they must not make a server count as dead. So a second after a question,
 * without any answer since, a probe is sent (a name of .invalid, to which a resolver
 * says no by itself), and only when that, too, is unanswered for a second are the
 * servers silent. One usable answer to anything ends it. A resolver that lives while
 * all that it asks is dead answers the probe: there the deadline and its own failures
 * bound the wait.
 *
 * Threads: none of its own; the caller has a lock.
 */
#ifndef OUTGATE_BASE_DNS_PULSE_H
#define OUTGATE_BASE_DNS_PULSE_H

#include <stdbool.h>
#include <stdint.h>

#define DNS_PULSE_WAIT_US INT64_C(1000000) /* without an answer: suspicious. chosen */
#define DNS_PULSE_AGAIN_US                                                             \
    INT64_C(1500000) /* between probes of who is silent. chosen */

/* All times: clock_elapsed_us. All zero: nothing was asked yet. */
struct dns_pulse {
    int64_t heard_us;  /* the last usable answer */
    int64_t asked_us;  /* the first question since then; 0: none */
    int64_t probed_us; /* the last probe since then; 0: none */
    int64_t since_us;  /* silent since; 0: not silent */
};

/* dns_pulse_hear - a usable answer came. Returns how long they had been silent, in
 * microseconds; 0: they were not. */
int64_t dns_pulse_hear(struct dns_pulse *pulse, int64_t now_us);

/* dns_pulse_ask - a question goes out. */
void dns_pulse_ask(struct dns_pulse *pulse, int64_t now_us);

/* dns_pulse_turn - look at it, a few times a second. Returns true when a probe is due;
 * *fell: they have just become silent. */
bool dns_pulse_turn(struct dns_pulse *pulse, int64_t now_us, bool *fell);

static inline bool dns_pulse_is_silent(const struct dns_pulse *pulse)
{
    return pulse->since_us != 0;
}

#endif
