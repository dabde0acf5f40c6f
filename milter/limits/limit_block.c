/* SPDX-License-Identifier: BSD-2-Clause */
#include "limits/limit_block.h"

#include <stdio.h>

int limit_block(struct db *db, const struct limit *limit, struct span identity,
                int64_t used, int64_t wall_us, struct err *err)
{
    char sentence[LIMIT_SENTENCE_BYTES];
    char amount[64];
    char reason[LIMIT_SENTENCE_BYTES + 128];
    char by[LIMIT_NAME_BYTES + 8];
    snprintf(by, sizeof by, "limit %s", limit->name);
    snprintf(reason, sizeof reason, "%s: used %s", limit_print(limit, sentence),
             limit_print_amount(limit, used, amount, sizeof amount));
    struct query *query =
        db_query(db,
                 "INSERT INTO blocked_sender (sender, since_us, until_us, reason, by) "
                 "VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (sender) DO UPDATE SET "
                 "since_us = CASE WHEN until_us > ?2 THEN since_us ELSE ?2 END, "
                 "until_us = ?3, reason = ?4, by = ?5 "
                 "WHERE until_us IS NOT NULL AND until_us < ?3",
                 err);
    if (query == NULL)
        return -1;
    query_bind_text(query, 1, identity);
    query_bind_int(query, 2, wall_us);
    query_bind_int(query, 3, wall_us + limit->block_us);
    query_bind_text(query, 4, span_of(reason));
    query_bind_text(query, 5, span_of(by));
    return query_run(query, err);
}
