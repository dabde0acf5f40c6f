/* SPDX-License-Identifier: BSD-2-Clause
 *
 * dns_figures - what the daemon's resolver has done since it started, for who looks at
 * it from outside: metrics and the doctor. Only the daemon writes, and all of it at
 * once: when nobody is asked any more there are none. Columns and names: sql/README.md.
 */
#ifndef OUTGATE_STORE_DNS_FIGURES_H
#define OUTGATE_STORE_DNS_FIGURES_H

#include <stdint.h>

#include "base/err.h"
#include "store/db.h"

struct dns_figure {
    const char *name;
    int64_t value;
};

/* dns_figures_write - these, and no others. Inside the caller's transaction. */
int dns_figures_write(struct db *db, const struct dns_figure *figures, size_t count,
                      struct err *err);

/* dns_figures_get - the value of each of these names; one that is not there stays as it
 * is. Returns how many are there, or -1. */
int dns_figures_get(struct db *db, struct dns_figure *figures, size_t count,
                    struct err *err);

#endif
