/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/rate.h"

#include <math.h>
#include <stdlib.h>

#include "tune/wilson.h"

#define HOUR_US INT64_C(3600000000)

/* Hour by hour, each found by its key. */
int rate_volume(struct tool *tool, struct span sender, int64_t since_us,
                int64_t until_us, struct rate_volume *out, struct err *err)
{
    struct query *query = db_query(
        tool->db,
        "WITH RECURSIVE hours (hour) AS (SELECT max(?2, coalesce((SELECT min(hour) "
        "FROM summary_sender), ?2)) UNION ALL SELECT hour + 1 FROM hours WHERE hour < "
        "?3) SELECT coalesce(sum(messages), 0), coalesce(sum(recipients), 0), "
        "coalesce(sum(stopped), 0) FROM hours CROSS JOIN summary_sender WHERE "
        "summary_sender.hour = hours.hour AND sender = ?1",
        err);
    if (query == NULL)
        return -1;
    query_bind_text(query, 1, sender);
    query_bind_int(query, 2, since_us / HOUR_US);
    query_bind_int(query, 3, until_us / HOUR_US);
    if (query_step(query, err) < 0)
        return -1;
    *out = (struct rate_volume){.messages = query_int(query, 0),
                                .recipients = query_int(query, 1),
                                .stopped = query_int(query, 2)};
    query_reset(query);
    return 0;
}

static double worst(const struct rate *rate)
{
    return isnan(rate->bounce_least) ? -1
                                     : fmax(rate->bounce_least, rate->complaint_least);
}

static int compare(const void *a, const void *b)
{
    const struct rate *x = a;
    const struct rate *y = b;
    if (worst(x) > worst(y) || worst(x) < worst(y))
        return worst(x) < worst(y) ? 1 : -1;
    int64_t more = y->bounces + y->complaints - x->bounces - x->complaints;
    return more != 0 ? (more > 0 ? 1 : -1) : span_compare(x->sender, y->sender);
}

static int fill(struct tool *tool, int64_t since_us, int64_t until_us,
                struct rate *rate, struct err *err)
{
    struct rate_volume volume;
    if (rate_volume(tool, rate->sender, since_us, until_us - 1, &volume, err) != 0)
        return -1;
    bool is_enough = volume.recipients >= RATE_SAMPLE_MIN;
    rate->messages = volume.messages;
    rate->recipients = volume.recipients;
    rate->bounce_least =
        is_enough ? wilson_least(rate->bounces, volume.recipients) : NAN;
    rate->complaint_least =
        is_enough ? wilson_least(rate->complaints, volume.recipients) : NAN;
    return 0;
}

static int count_senders(struct tool *tool, int64_t since_us, int64_t until_us,
                         int64_t *count, struct err *err)
{
    struct query *query =
        db_query(tool->db,
                 "SELECT count(DISTINCT sender) FROM feedback WHERE at_us >= ?1 AND "
                 "at_us < ?2 AND is_counted",
                 err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, since_us);
    query_bind_int(query, 2, until_us);
    if (query_step(query, err) < 0)
        return -1;
    *count = query_int(query, 0);
    query_reset(query);
    return 0;
}

int rate_read(struct tool *tool, int64_t since_us, int64_t until_us,
              struct rate **rates, size_t *count, struct err *err)
{
    int64_t room;
    *count = 0;
    if (count_senders(tool, since_us, until_us, &room, err) != 0)
        return -1;
    *rates = arena_array(tool->arena, (size_t)room + 1, sizeof **rates);
    if (*rates == NULL)
        return err_set(err, ERR_MEMORY, "out of memory");
    struct query *query =
        db_query(tool->db,
                 "SELECT sender, sum(kind = 'bounce'), sum(kind = 'complaint') FROM "
                 "feedback WHERE at_us >= ?1 AND at_us < ?2 AND is_counted GROUP BY "
                 "sender LIMIT ?3",
                 err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, since_us);
    query_bind_int(query, 2, until_us);
    query_bind_int(query, 3, room);
    int step;
    while ((step = query_step(query, err)) == 1)
        (*rates)[(*count)++] =
            (struct rate){.sender = span_dup(tool->arena, query_text(query, 0)),
                          .bounces = query_int(query, 1),
                          .complaints = query_int(query, 2)};
    for (size_t i = 0; i < *count && step == 0; i++)
        step = fill(tool, since_us, until_us, &(*rates)[i], err);
    if (*count > 0)
        qsort(*rates, *count, sizeof **rates, compare);
    return step;
}
