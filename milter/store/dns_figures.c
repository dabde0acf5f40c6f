/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/dns_figures.h"

int dns_figures_write(struct db *db, const struct dns_figure *figures, size_t count,
                      struct err *err)
{
    struct query *query = db_query(db, "DELETE FROM dns_figure", err);
    if (query == NULL || query_run(query, err) != 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        query =
            db_query(db, "INSERT INTO dns_figure (name, value) VALUES (?1, ?2)", err);
        if (query == NULL)
            return -1;
        query_bind_text(query, 1, span_of(figures[i].name));
        query_bind_int(query, 2, figures[i].value);
        if (query_run(query, err) != 0)
            return -1;
    }
    return 0;
}

int dns_figures_get(struct db *db, struct dns_figure *figures, size_t count,
                    struct err *err)
{
    int found = 0;
    for (size_t i = 0; i < count; i++) {
        struct query *query =
            db_query(db, "SELECT value FROM dns_figure WHERE name = ?1", err);
        if (query == NULL)
            return -1;
        query_bind_text(query, 1, span_of(figures[i].name));
        int step = query_step(query, err);
        if (step < 0)
            return -1;
        if (step > 0)
            figures[i].value = query_int(query, 0);
        found += step > 0;
        query_reset(query);
    }
    return found;
}
