/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/mark.h"

int mark_take(struct db *db, const char *sql, struct span mark, int64_t now_us,
              int64_t since_us, bool *is_ours, struct err *err)
{
    *is_ours = false;
    struct query *query = db_query(db, sql, err);
    if (query == NULL)
        return -1;
    query_bind_text(query, 1, mark);
    query_bind_int(query, 2, now_us);
    query_bind_int(query, 3, since_us);
    if (query_run(query, err) != 0)
        return -1;
    *is_ours = db_changes(db) == 1;
    return 0;
}
