/* SPDX-License-Identifier: BSD-2-Clause
 *
 * limits_later - charges beside a decision: mail that a person let go, bounces and
 * complaints.
 */
#include "limits/exemption.h"
#include "limits/limit_block.h"
#include "limits/limit_key.h"
#include "limits/limit_state.h"
#include "limits/limits.h"

static int mark_charged(struct db *db, int64_t id, int64_t now_us, struct err *err)
{
    struct query *query = db_query(
        db, "UPDATE charge SET at_us = ?2 WHERE message = ?1 AND at_us IS NULL", err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, id);
    query_bind_int(query, 2, now_us);
    return query_run(query, err);
}

int limits_charge_stored(struct db *db, const struct limit *table, size_t count,
                         int64_t id, int64_t now_us, struct err *err)
{
    struct query *query = db_query(db,
                                   "SELECT limit_name, key, amount FROM charge "
                                   "WHERE message = ?1 AND at_us IS NULL",
                                   err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, id);
    int rc;
    while ((rc = query_step(query, err)) == 1) {
        const struct limit *limit = limit_find(table, count, query_text(query, 0));
        if (limit == NULL || limit->window_us == 0)
            continue;
        struct limit standing;
        struct span key = query_text(query, 1);
        if (limits_for_key(db, limit, key, now_us, &standing, NULL, err) != 0 ||
            limit_state_charge(db, &standing, key, query_int(query, 2), now_us, err) !=
                0) {
            rc = -1;
            break;
        }
    }
    query_reset(query);
    return rc == 0 ? mark_charged(db, id, now_us, err) : -1;
}

/* ---- feedback ---- */

/* Whether what is known of the original tells every key of the limit. */
static bool is_told(const struct limit *limit, const struct charge_request *whom)
{
    return (!limit_has_key(limit, LIMIT_SENDER) || whom->sender.len > 0) &&
           (!limit_has_key(limit, LIMIT_CLIENT_IP) || whom->client_ip.len > 0) &&
           (!limit_has_key(limit, LIMIT_FROM_DOMAIN) || whom->from_domain.len > 0) &&
           (!limit_has_key(limit, LIMIT_RECIPIENT_DOMAIN) ||
            whom->recipient_domain_count > 0);
}

/* One at work. */
struct feedback {
    struct db *db;
    const struct charge_request *whom;
    int64_t now_us, wall_us;
    struct arena *arena;
    struct feedback_reached *reached;
    size_t *reached_count;
    struct err *err;
};

static int reach(struct feedback *f, const struct limit *own,
                 const struct limit *standing, struct span key, int64_t used)
{
    struct feedback_reached reached = {.limit = own, .key = key, .used = used};
    if (standing->block_us > 0 && !f->whom->is_shadow) {
        reached.blocked = limit_key_locked(own, f->whom, f->arena);
        if (limit_block(f->db, standing, reached.blocked, used, f->wall_us, f->err) !=
            0)
            return -1;
    }
    if (*f->reached_count < FEEDBACK_REACHED_MAX)
        f->reached[(*f->reached_count)++] = reached;
    return 0;
}

static int charge_limit(struct feedback *f, const struct limit *limit,
                        const struct limit_share *share)
{
    struct limit standing;
    int64_t used;
    int64_t free_at_us;
    struct span key = limit_key_make(limit, f->whom, share, f->arena);
    if (key.at == NULL)
        return err_set(f->err, ERR_MEMORY, "no memory left for the feedback's charges");
    if (limits_for_key(f->db, limit, key, f->wall_us, &standing, NULL, f->err) != 0 ||
        limit_state_charge(f->db, &standing, key, 1, f->now_us, f->err) != 0 ||
        limits_used(f->db, &standing, key, 1, f->now_us, &used, &free_at_us, f->err) !=
            0)
        return -1;
    return used >= standing.amount ? reach(f, limit, &standing, key, used) : 0;
}

int limits_charge_feedback(struct db *db, const struct limit *table, size_t count,
                           enum limit_unit unit, const struct charge_request *whom,
                           int64_t now_us, struct arena *arena,
                           struct feedback_reached reached[FEEDBACK_REACHED_MAX],
                           size_t *reached_count, struct err *err)
{
    int64_t wall_us = whom->wall_us > 0 ? whom->wall_us : now_us;
    struct feedback f = {db, whom, now_us, wall_us, arena, reached, reached_count, err};
    struct limit_share *shares;
    struct exemptions exemptions;
    size_t share_count;
    *reached_count = 0;
    if (limit_shares(whom, arena, &shares, &share_count, err) != 0 ||
        exemption_load(db, whom, wall_us, arena, &exemptions, err) != 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        const struct limit *limit = &table[i];
        if (limit->unit != unit || !limit_is_by_feedback(limit) ||
            !is_told(limit, whom) || !limit_key_counts(limit, whom, wall_us) ||
            exemption_has(&exemptions, span_of(limit->name)))
            continue;
        if (charge_limit(&f, limit, shares) != 0)
            return -1;
    }
    return 0;
}
