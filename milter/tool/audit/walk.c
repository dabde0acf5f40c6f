/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/audit/walk.h"

#include <math.h>

#include "store/summary.h"
#include "tool/audit/match.h"

#define HOUR_US INT64_C(3600000000)
#define DAY_US  (24 * HOUR_US)

/* The text columns are compared in place; of a row that passes all is read by its id.
 */
#define COLUMNS                                                                        \
    "SELECT id, mail_from, header_from, rcpt_to, subject, client_ip FROM message "     \
    "WHERE "

/* The same in each statement: one index is chosen by its first condition. What no index
 * shall serve is one term: of many the planner would expect so few rows that it sorts
 * them rather than keep to the index's order. */
#define CONDITIONS                                                                     \
    " AND at_us >= ?1 AND at_us < ?2"                                                  \
    " AND ((?3 IS NULL OR sender = ?3) AND (?4 IS NULL OR queue_id = ?4)"              \
    " AND (?5 IS NULL OR message_id = ?5) AND (?6 IS NULL OR message_id_local = ?6)"   \
    " AND (?7 IS NULL OR action = ?7) AND (?8 IS NULL OR class = ?8)"                  \
    " AND (?9 IS NULL OR path = ?9) AND (?10 IS NULL OR limit_name = ?10)"             \
    " AND (?11 IS NULL OR campaign = ?11)"                                             \
    " AND (?12 IS NULL OR score >= ?12) AND (?13 IS NULL OR score <= ?13)"             \
    " AND (?14 IS NULL OR EXISTS (SELECT 1 FROM hit WHERE hit.message = message.id "   \
    "AND hit.rule = ?14)) AND ?15 IS ?15) IS TRUE"
#define BACK CONDITIONS " ORDER BY at_us DESC, id DESC"

static const char by_time[] = COLUMNS "TRUE" BACK;
static const char by_sender[] = COLUMNS "sender = ?3" BACK;
static const char by_action[] = COLUMNS "action = ?7" BACK;
static const char by_limit[] = COLUMNS "limit_name = ?10" BACK;
static const char by_campaign[] = COLUMNS "campaign = ?11 AND campaign <> ''" BACK;
static const char by_queue_id[] = COLUMNS "queue_id = ?4" BACK;
static const char by_message_id[] = COLUMNS "message_id_local = ?6" BACK;
static const char onward[] = COLUMNS "id > ?15" CONDITIONS " ORDER BY id";

static const char *choose(const struct walk_filter *filter)
{
    if (filter->queue_id.len > 0)
        return by_queue_id;
    if (filter->message_id_local.len > 0)
        return by_message_id;
    if (filter->sender.len > 0)
        return by_sender;
    if (filter->campaign.len > 0)
        return by_campaign;
    if (filter->limit_name.len > 0)
        return by_limit;
    return filter->action.len > 0 ? by_action : by_time;
}

static void bind_text(struct query *query, int i, struct span text)
{
    if (text.len > 0)
        query_bind_text(query, i, text);
    else
        query_bind_null(query, i);
}

static void bind_score(struct query *query, int i, bool has_it, double score)
{
    if (has_it)
        query_bind_double(query, i, score);
    else
        query_bind_null(query, i);
}

static void bind_filter(struct query *query, const struct walk_filter *filter)
{
    query_bind_int(query, 1, filter->since_us);
    query_bind_int(query, 2, filter->until_us != 0 ? filter->until_us : INT64_MAX);
    bind_text(query, 3, filter->sender);
    bind_text(query, 4, filter->queue_id);
    bind_text(query, 5, filter->message_id);
    bind_text(query, 6, filter->message_id_local);
    bind_text(query, 7, filter->action);
    bind_text(query, 8, filter->mail_class);
    bind_text(query, 9, filter->path);
    bind_text(query, 10, filter->limit_name);
    bind_text(query, 11, filter->campaign);
    bind_score(query, 12, filter->has_min_score, filter->min_score);
    bind_score(query, 13, filter->has_max_score, filter->max_score);
    bind_text(query, 14, filter->rule);
}

/* No row outside of [first, last + 1) units of time can pass; none at all without a
 * first. */
static void narrow(struct walk_filter *filter, struct query *query, int64_t unit_us)
{
    if (query_is_null(query, 0)) {
        filter->until_us = 1;
        return;
    }
    int64_t first_us = query_int(query, 0) * unit_us;
    int64_t end_us = (query_int(query, 1) + 1) * unit_us;
    if (filter->since_us < first_us)
        filter->since_us = first_us;
    if (filter->until_us == 0 || filter->until_us > end_us)
        filter->until_us = end_us;
}

static int narrow_by_rule(struct db *db, struct walk_filter *filter, struct err *err)
{
    struct query *query = db_query(
        db, "SELECT min(day), max(day) FROM summary_rule WHERE rule = ?1", err);
    if (query == NULL)
        return -1;
    query_bind_text(query, 1, filter->rule);
    int step = query_step(query, err);
    if (step > 0)
        narrow(filter, query, DAY_US);
    query_reset(query);
    return step > 0 ? 0 : -1;
}

static int64_t score_class(double score)
{
    double class = floor(score);
    return class < SUMMARY_SCORE_LEAST  ? SUMMARY_SCORE_LEAST
           : class > SUMMARY_SCORE_MOST ? SUMMARY_SCORE_MOST
                                        : (int64_t) class;
}

static int narrow_by_score(struct db *db, struct walk_filter *filter, struct err *err)
{
    struct query *query = db_query(db,
                                   "SELECT min(hour), max(hour) FROM summary_score "
                                   "WHERE score BETWEEN ?1 AND ?2",
                                   err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1,
                   filter->has_min_score ? score_class(filter->min_score)
                                         : SUMMARY_SCORE_LEAST);
    query_bind_int(query, 2,
                   filter->has_max_score ? score_class(filter->max_score)
                                         : SUMMARY_SCORE_MOST);
    int step = query_step(query, err);
    if (step > 0)
        narrow(filter, query, HOUR_US);
    query_reset(query);
    return step > 0 ? 0 : -1;
}

static int begin(struct walk *walk, const char *sql, struct err *err)
{
    walk->rows = db_query(walk->db, sql, err);
    if (walk->rows == NULL)
        return -1;
    bind_filter(walk->rows, &walk->filter);
    return 0;
}

int walk_back(struct walk *walk, struct db *db, const struct walk_filter *filter,
              struct arena *scratch, struct err *err)
{
    *walk = (struct walk){.db = db, .filter = *filter, .scratch = scratch};
    if (filter->message_id.len > 0) /* so that its index serves */
        walk->filter.message_id_local = record_local_part(filter->message_id);
    if (filter->rule.len > 0 && narrow_by_rule(db, &walk->filter, err) != 0)
        return -1;
    if ((filter->has_min_score || filter->has_max_score) &&
        narrow_by_score(db, &walk->filter, err) != 0)
        return -1;
    if (begin(walk, choose(&walk->filter), err) != 0)
        return -1;
    query_bind_null(walk->rows, 15);
    return 0;
}

int walk_onward(struct walk *walk, struct db *db, const struct walk_filter *filter,
                int64_t id, struct arena *scratch, struct err *err)
{
    *walk = (struct walk){.db = db, .filter = *filter, .scratch = scratch};
    if (begin(walk, onward, err) != 0)
        return -1;
    query_bind_int(walk->rows, 15, id);
    return 0;
}

static bool has_text(struct query *row, struct span text)
{
    for (int i = 1; i <= 4; i++)
        if (match_text(query_text(row, i), text))
            return true;
    return false;
}

static bool passes(const struct walk *walk, struct query *row)
{
    const struct walk_filter *filter = &walk->filter;
    struct netaddr address;
    if (filter->has_client && (!netaddr_parse(query_text(row, 5), &address) ||
                               !network_has(&filter->client, &address)))
        return false;
    if (filter->from.len > 0 &&
        !match_address(query_text(row, 1), filter->from, walk->scratch) &&
        (span_eq(filter->from, SPAN("<>")) ||
         !match_address(query_text(row, 2), filter->from, walk->scratch)))
        return false;
    if (filter->to.len > 0 &&
        !match_list(query_text(row, 3), filter->to, walk->scratch))
        return false;
    return filter->text.len == 0 || has_text(row, filter->text);
}

int walk_next(struct walk *walk, struct arena *arena, struct record *out,
              struct err *err)
{
    int step;
    while ((step = query_step(walk->rows, err)) > 0) {
        bool is_it = passes(walk, walk->rows);
        arena_reset(walk->scratch);
        if (is_it)
            return record_read(walk->db, query_int(walk->rows, 0), arena, out, err);
    }
    return step;
}

void walk_end(struct walk *walk)
{
    if (walk->rows != NULL)
        query_reset(walk->rows);
    walk->rows = NULL;
}

static int first_number(struct query *query, int64_t *out, struct err *err)
{
    int step = query_step(query, err);
    *out = step > 0 ? query_int(query, 0) : 0;
    query_reset(query);
    return step < 0 ? -1 : 0;
}

int walk_last_id(struct db *db, int64_t *id, struct err *err)
{
    struct query *query = db_query(db, "SELECT max(id) FROM message", err);
    return query != NULL ? first_number(query, id, err) : -1;
}

int walk_id_at(struct db *db, int64_t at_us, int64_t *id, struct err *err)
{
    struct query *query = db_query(db,
                                   "SELECT id FROM message WHERE at_us <= ?1 ORDER BY "
                                   "at_us DESC, id DESC LIMIT 1",
                                   err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, at_us);
    return first_number(query, id, err);
}
