/* SPDX-License-Identifier: BSD-2-Clause
 *
 * schema - the SQL of sql/, as text inside the program: pure data.
 *
 * sql/embed.sh writes sql_embedded.c from sql/NNN-name.sql (steps, applied once each,
 * in order; PRAGMA user_version is the number of the last one) and sql/views.sql
 * (dropped and made anew whenever their text differs). db applies them.
 */
#ifndef OUTGATE_STORE_SCHEMA_H
#define OUTGATE_STORE_SCHEMA_H

#include <stddef.h>

struct schema_step {
    int number;       /* 1, 2, 3 ... without a gap */
    const char *name; /* "001-tables" */
    const char *sql;
};

/* Written by sql/embed.sh. */
extern const struct schema_step outgate_schema_steps[];
extern const size_t outgate_schema_step_count;
extern const char outgate_schema_views[];

/* schema_version - the number of the last step: the user_version of a database that
 * this program made. */
int schema_version(void);

/* schema_step_after - the step that follows version, or NULL. */
const struct schema_step *schema_step_after(int version);

/* schema_views_mark - a short text that changes when the views do, for table meta. */
const char *schema_views_mark(char out[24]);

#endif
