/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/doctor/sending.h"

enum {
    MOST = 500, /* domains that are looked at. chosen */
    SEEN = 20,  /* of those that were only seen. chosen */
    DAYS = 7,
    LEAST = 3, /* messages; fewer are a mistyped address. chosen */
};

const struct sending *sending_find(const struct sending *list, size_t count,
                                   struct span domain)
{
    for (size_t i = 0; i < count; i++)
        if (span_ieq(list[i].domain, domain))
            return &list[i];
    return NULL;
}

static void add(struct doctor *doctor, struct sending *list, size_t *count,
                struct span domain, bool is_ours, int64_t messages)
{
    bool is_name = domain.len > 0 && domain.at[0] != '.' && span_index(domain, '.') > 0;
    if (!is_name || *count == MOST || sending_find(list, *count, domain) != NULL)
        return;
    list[(*count)++] = (struct sending){
        .domain = span_lower(doctor->arena, domain),
        .is_ours = is_ours,
        .messages = messages,
    };
}

static void add_seen(struct doctor *doctor, struct sending *list, size_t *count)
{
    static const char sql[] =
        "SELECT substr(mail_from, instr(mail_from, '@') + 1) AS domain, count(*) "
        "FROM message WHERE at_us > ?1 AND class = 'outbound' AND action IN ('accept', "
        "'slow') AND "
        "mail_from LIKE '%@%' GROUP BY domain HAVING count(*) >= ?2 "
        "ORDER BY count(*) DESC LIMIT ?3";
    struct err err;
    if (doctor->tool->db == NULL && tool_open(doctor->tool, DB_READ, &err) != 0)
        return;
    struct query *query = db_query(doctor->tool->db, sql, &err);
    if (query == NULL)
        return;
    query_bind_int(query, 1, tool_now_us() - DAYS * INT64_C(86400000000));
    query_bind_int(query, 2, LEAST);
    query_bind_int(query, 3, SEEN);
    while (query_step(query, &err) == 1)
        add(doctor, list, count, query_text(query, 0), false, query_int(query, 1));
    query_reset(query);
}

size_t sending_domains(struct doctor *doctor, struct sending **out)
{
    const struct conf_list *local = &doctor->tool->settings->local_domains;
    size_t count = 0;
    *out = arena_array(doctor->arena, MOST, sizeof **out);
    if (*out == NULL)
        return 0;
    for (size_t i = 0; i < doctor->domains->count; i++)
        add(doctor, *out, &count, span_of(doctor->domains->at[i]), true, 0);
    for (size_t i = 0; i < local->count; i++)
        add(doctor, *out, &count, span_of(local->at[i]), true, 0);
    add_seen(doctor, *out, &count);
    return count;
}
