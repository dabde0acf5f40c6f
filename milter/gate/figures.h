/* SPDX-License-Identifier: BSD-2-Clause
 *
 * figures - what the resolver does, handed to the store while the daemon runs: a chore
 * of the writer, at most once in FIGURES_PAUSE_US and only when something has changed.
 * Where nothing is configured that could be asked, the store has none.
 * Must never: log, delay a decision.
 * Threads: safe.
 */
#ifndef OUTGATE_GATE_FIGURES_H
#define OUTGATE_GATE_FIGURES_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/dns.h"
#include "store/writer.h"

#define FIGURES_PAUSE_US INT64_C(10000000) /* between two writes. chosen */

/* Numbered as enum dns_counter, and then these. */
enum {
    FIGURE_START_US = DNS_COUNTERS, /* wall clock: when the counters were zero */
    FIGURE_DEAD_SINCE_US,           /* wall clock; 0: some server answers */
    FIGURES,
};

struct figures {
    pthread_mutex_t lock; /* all below */
    struct dns *dns;      /* the one in force; NULL: not started */
    int64_t start_us;     /* wall clock */
    int64_t next_us;      /* clock_elapsed_us: not to be written before */
    bool is_over;         /* the daemon stops: no pause, and nobody is dead */
    int64_t telling[FIGURES], told[FIGURES]; /* start 0: nothing is configured */
};

/* figures_start - from now on, of this resolver; figures is all zero. It and the writer
 * must outlive the writer's thread. */
void figures_start(struct figures *figures, struct dns *dns, struct writer *writer);

/* figures_use - a reload has put another in its place. */
void figures_use(struct figures *figures, struct dns *dns);

/* figures_end - the daemon stops: the writer's last chore writes how it ended. */
void figures_end(struct figures *figures);

/* figures_clear - after writer_stop. Figures that were never started are fine. */
void figures_clear(struct figures *figures);

#endif
