/* SPDX-License-Identifier: BSD-2-Clause
 *
 * snds - the CSV export of Microsoft's Smart Network Data Services: what their filter
 * and their users made of the mail of an address, a row a day and address.
 *
 * With or without a line of titles, its columns then in any order; quoted or not
 * (RFC 4180). Titles that are not known are passed over. Times stay as the export has
 * them (it names no time zone), in ISO 8601 so that they sort.
 * Pure. Source: the export itself; "data.aspx" of the automated access has no titles.
 */
#ifndef OUTGATE_MESSAGE_SNDS_H
#define OUTGATE_MESSAGE_SNDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/text.h"

struct snds_row {
    struct span ip;               /* canonical */
    struct span start_at, end_at; /* "2026-01-31 10:00"; end may be "" */
    int64_t rcpt_commands, data_commands, recipients; /* -1: not said */
    struct span filter_result;                        /* "GREEN" "YELLOW" "RED" "" */
    struct span complaint_rate;                       /* as said: "< 0.1%"; "" not */
    double complaint_percent;               /* its upper end; below 0: not said */
    struct span trap_start_at, trap_end_at; /* "" none */
    int64_t trap_hits;                      /* -1: not said */
    struct span sample_helo, sample_mail_from, comments;
};

struct snds {
    struct snds_row *rows;
    size_t row_count;
    size_t wrong;    /* lines that are no row */
    size_t wrong_at; /* the first of them, from 1; 0 none */
    bool has_titles;
    bool is_cut; /* BOUND_SNDS_ROWS was reached */
};

/* snds_read - all rows of the file; texts live in the arena. An arena at its end leaves
 * rows out and sets is_cut. */
void snds_read(struct arena *arena, struct span bytes, struct snds *out);

#endif
