/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/audit/story.h"

/* Messages of a window that are added up for "used then". chosen */
#define THEN_ROWS INT64_C(100000)
#define DAY_US    INT64_C(86400000000)

static int read_hold(struct tool *tool, int64_t id, struct story *out, struct err *err)
{
    struct query *query =
        db_query_of(tool->db,
                    "SELECT state, state_by, cause, held_at_us, due_at_us, state_at_us "
                    "FROM held_message WHERE message = ?1",
                    id, err);
    int step = query != NULL ? query_step(query, err) : -1;
    if (step > 0) {
        out->state = span_dup(tool->arena, query_text(query, 0));
        out->state_by = span_dup(tool->arena, query_text(query, 1));
        out->cause = span_dup(tool->arena, query_text(query, 2));
        out->held_at_us = query_int(query, 3);
        out->due_at_us = query_int(query, 4);
        out->state_at_us = query_int(query, 5);
    }
    return step < 0 ? -1 : 0;
}

static int read_campaign(struct tool *tool, int64_t id, struct story *out,
                         struct err *err)
{
    struct query *query = db_query_of(
        tool->db,
        "SELECT this.campaign, count(*) - 1, sum(other.recipients), "
        "count(DISTINCT other.sender) FROM message AS this JOIN message AS other ON "
        "other.campaign = this.campaign AND other.campaign <> '' WHERE this.id = ?1",
        id, err);
    int step = query != NULL ? query_step(query, err) : -1;
    if (step > 0) {
        out->campaign = span_dup(tool->arena, query_text(query, 0));
        out->same_text = out->campaign.len > 0 ? query_int(query, 1) : 0;
        out->same_recipients = query_int(query, 2);
        out->same_senders = query_int(query, 3);
    }
    return step < 0 ? -1 : 0;
}

static int read_block(struct tool *tool, const struct record *record, struct story *out,
                      struct err *err)
{
    struct buf client;
    buf_init(&client, tool->arena, 200);
    buf_add_span(&client, SPAN("client_ip:"));
    buf_add_span(&client, record->client_ip);
    const struct span keys[] = {record->sender, buf_span(&client)};
    struct order_question question = {.keys = keys,
                                      .key_count = 2,
                                      .client_ip = record->client_ip,
                                      .now_us = tool_now_us()};
    return orders_blocked(tool->db, &question, tool->arena, &out->block, err);
}

/* Its own sender's limits by that sender's rows, with what was held before and charged
 * in the window; others by all rows of the window. */
static const char then_of_sender[] =
    "SELECT total(charge.amount), 0 FROM message JOIN charge ON charge.message = "
    "message.id AND "
    "charge.limit_name = ?1 AND charge.key = ?2 WHERE sender = ?2 AND message.at_us > "
    "?3 - ?6 AND "
    "message.at_us <= ?4 AND charge.at_us > ?3 AND charge.at_us <= ?4 AND ?5 > 0";
static const char then_of_all[] =
    "SELECT total(charge.amount), (SELECT count(*) FROM (SELECT 1 FROM message WHERE "
    "at_us > "
    "?3 AND at_us <= ?4 LIMIT ?5)) = ?5 FROM (SELECT id FROM message WHERE at_us > ?3 "
    "AND at_us <= ?4 ORDER BY at_us DESC LIMIT ?5) AS near JOIN charge ON "
    "charge.message = near.id AND charge.limit_name = ?1 AND charge.key = ?2 WHERE "
    "charge.at_us <= "
    "?4 AND ?6 > 0";

static int read_then(struct tool *tool, const struct record *record,
                     struct story_charge *charge, struct err *err)
{
    bool is_own = span_eq(charge->key, record->sender);
    struct query *query =
        db_query(tool->db, is_own ? then_of_sender : then_of_all, err);
    if (query == NULL)
        return -1;
    query_bind_text(query, 1, charge->name);
    query_bind_text(query, 2, charge->key);
    query_bind_int(query, 3, record->at_us - charge->limit->window_us);
    query_bind_int(query, 4, record->at_us);
    query_bind_int(query, 5, THEN_ROWS);
    query_bind_int(query, 6, DAY_US);
    int step = query_step(query, err);
    if (step > 0) {
        charge->then = query_int(query, 0);
        charge->is_then_cut = query_int(query, 1) != 0;
    }
    query_reset(query);
    return step < 0 ? -1 : 0;
}

static int read_windows(struct tool *tool, const struct record *record,
                        struct story_charge *charge, struct err *err)
{
    charge->limit = window_find(tool->settings, charge->name);
    if (charge->limit == NULL || charge->limit->window_us == 0)
        return 0;
    charge->is_points = charge->limit->unit == LIMIT_POINTS;
    return window_read(tool, charge->limit, charge->key, &charge->now, err) != 0 ||
                   read_then(tool, record, charge, err) != 0
               ? -1
               : 0;
}

static int read_charges(struct tool *tool, const struct record *record,
                        struct story *out, struct err *err)
{
    struct query *query = db_query_of(
        tool->db,
        "SELECT limit_name, key, charge.amount, charge.at_us, unit = 'points' "
        "FROM charge LEFT JOIN limit_in_force ON name = limit_name WHERE "
        "message = ?1 ORDER BY position, key",
        record->id, err);
    int step = -1;
    out->charges = arena_array(tool->arena, STORY_CHARGES, sizeof *out->charges);
    if (out->charges == NULL)
        return err_set(err, ERR_MEMORY, "out of memory");
    while (query != NULL && out->charge_count < STORY_CHARGES &&
           (step = query_step(query, err)) > 0)
        out->charges[out->charge_count++] = (struct story_charge){
            .name = span_dup(tool->arena, query_text(query, 0)),
            .key = span_dup(tool->arena, query_text(query, 1)),
            .amount = query_int(query, 2),
            .at_us = query_int(query, 3),
            .is_points = query_int(query, 4) != 0,
        };
    if (query != NULL)
        query_reset(query);
    for (size_t i = 0; i < out->charge_count && step >= 0; i++)
        if (read_windows(tool, record, &out->charges[i], err) != 0)
            return -1;
    return step < 0 ? -1 : 0;
}

int story_read(struct tool *tool, const struct record *record, struct story *out,
               struct err *err)
{
    *out = (struct story){.state = SPAN("")};
    return read_hold(tool, record->id, out, err) != 0 ||
                   read_campaign(tool, record->id, out, err) != 0 ||
                   read_block(tool, record, out, err) != 0 ||
                   read_charges(tool, record, out, err) != 0
               ? -1
               : 0;
}
