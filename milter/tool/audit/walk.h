/* SPDX-License-Identifier: BSD-2-Clause
 *
 * walk - through the audit log by any filters at once, newest first, or onward from an
 * id as new rows come.
 *
 * An index serves the first of queue id, Message-ID, sender, campaign, limit and action
 * that is given; else the rows are read back from the newest, within since and until
 * and within the hours and days that can hold what is asked (the summaries know).
 * Nothing is sorted: a page costs what it takes to find its rows.
 */
#ifndef OUTGATE_TOOL_AUDIT_WALK_H
#define OUTGATE_TOOL_AUDIT_WALK_H

#include "base/netaddr.h"
#include "tool/record.h"

/* Which rows; what is empty, zero or not had means any. All must hold. */
struct walk_filter {
    int64_t since_us, until_us; /* [since, until) */
    struct span sender, queue_id, action, mail_class, path, rule, limit_name, campaign;
    struct span message_id, message_id_local; /* at most one of them */
    bool has_min_score, has_max_score;
    double min_score, max_score;
    struct span to, from; /* address, or a domain with all below it; "<>" is from a
                             null sender. As match_want made them */
    bool has_client;
    struct network client;
    struct span text; /* in the subject, or in one of the addresses */
};

struct walk {
    struct db *db;
    struct walk_filter filter;
    struct query *rows;
    struct arena *scratch; /* reset with each row; the caller's */
};

/* walk_back - begin at the newest row. The filter's text must outlive the walk. */
int walk_back(struct walk *walk, struct db *db, const struct walk_filter *filter,
              struct arena *scratch, struct err *err);

/* walk_onward - begin at the first row after id: oldest first. */
int walk_onward(struct walk *walk, struct db *db, const struct walk_filter *filter,
                int64_t id, struct arena *scratch, struct err *err);

/* walk_next - the next row that passes, in the arena: 1, 0 at the end, -1 with err. */
int walk_next(struct walk *walk, struct arena *arena, struct record *out,
              struct err *err);

/* walk_end - lets go of the database's read transaction. */
void walk_end(struct walk *walk);

/* walk_last_id - the newest row's id, 0 without one.
 * walk_id_at - the newest row not later than at_us; 0: none. */
int walk_last_id(struct db *db, int64_t *id, struct err *err);
int walk_id_at(struct db *db, int64_t at_us, int64_t *id, struct err *err);

#endif
