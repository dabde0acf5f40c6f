/* SPDX-License-Identifier: BSD-2-Clause */
#include "gate/figures.h"

#include <string.h>

#include "base/clock.h"
#include "store/dns_figures.h"

static const char *figure_name(int i)
{
    if (i == FIGURE_START_US)
        return "start_us";
    return i == FIGURE_DEAD_SINCE_US ? "dead_since_us"
                                     : dns_counter_name((enum dns_counter)i);
}

/* As it is now. With the lock. */
static void take(const struct figures *figures, int64_t out[FIGURES])
{
    struct dns_counts counts;
    memset(out, 0, FIGURES * sizeof *out);
    if (!dns_is_configured(figures->dns))
        return;
    dns_count(figures->dns, &counts);
    for (int i = 0; i < DNS_COUNTERS; i++)
        out[i] = (int64_t)counts.at[i];
    out[FIGURE_START_US] = figures->start_us;
    out[FIGURE_DEAD_SINCE_US] = figures->is_over ? 0 : counts.dead_since_us;
}

static bool is_due(void *arg)
{
    struct figures *figures = arg;
    int64_t now[FIGURES];
    bool is_due = false;
    pthread_mutex_lock(&figures->lock);
    if (figures->is_over || clock_elapsed_us() >= figures->next_us) {
        take(figures, now);
        is_due = memcmp(now, figures->told, sizeof now) != 0;
    }
    pthread_mutex_unlock(&figures->lock);
    return is_due;
}

static int write_all(struct db *db, void *arg, struct err *err)
{
    struct figures *figures = arg;
    struct dns_figure rows[FIGURES];
    pthread_mutex_lock(&figures->lock);
    take(figures, figures->telling);
    figures->next_us = clock_elapsed_us() + FIGURES_PAUSE_US;
    for (int i = 0; i < FIGURES; i++)
        rows[i] = (struct dns_figure){figure_name(i), figures->telling[i]};
    size_t count = figures->telling[FIGURE_START_US] != 0 ? FIGURES : 0;
    pthread_mutex_unlock(&figures->lock);
    return dns_figures_write(db, rows, count, err);
}

static void be_told(void *arg)
{
    struct figures *figures = arg;
    pthread_mutex_lock(&figures->lock);
    memcpy(figures->told, figures->telling, sizeof figures->told);
    pthread_mutex_unlock(&figures->lock);
}

void figures_start(struct figures *figures, struct dns *dns, struct writer *writer)
{
    const struct writer_chore chore = {
        .is_due = is_due, .job = write_all, .arg = figures, .done = be_told};
    pthread_mutex_init(&figures->lock, NULL);
    figures->dns = dns_acquire(dns);
    figures->start_us = clock_wall_us();
    figures->told[FIGURE_START_US] = -1; /* what an earlier daemon left goes at once */
    writer_chore(writer, &chore);
}

void figures_use(struct figures *figures, struct dns *dns)
{
    pthread_mutex_lock(&figures->lock);
    struct dns *old = figures->dns;
    figures->dns = dns_acquire(dns);
    figures->next_us = 0; /* what is in force now is told at once */
    pthread_mutex_unlock(&figures->lock);
    dns_close(&old);
}

void figures_end(struct figures *figures)
{
    if (figures->dns == NULL)
        return;
    pthread_mutex_lock(&figures->lock);
    figures->is_over = true;
    pthread_mutex_unlock(&figures->lock);
}

void figures_clear(struct figures *figures)
{
    if (figures->dns == NULL)
        return;
    dns_close(&figures->dns);
    pthread_mutex_destroy(&figures->lock);
}
