/* SPDX-License-Identifier: BSD-2-Clause */
#include "gate/probe.h"

#include <string.h>

#include "base/clock.h"
#include "gate/row.h"
#include "store/audit.h"
#include "store/probe.h"

/* As gate.c waits for a decision. chosen */
enum { STORE_TIMEOUT_MS = 20000 };

static struct span mark_of(const struct message *msg)
{
    if (message_field_count(msg, PROBE_FIELD) != 1)
        return SPAN("");
    return span_trim(message_field(msg, PROBE_FIELD, 0)->raw);
}

bool gate_probe_is_marked(const struct message *msg)
{
    return mark_of(msg).len == PROBE_MARK_BYTES - 1;
}

/* What the writer's thread does. */
struct job {
    const struct passage *passage;
    const struct judgement *judgement;
    struct plan *plan;
    int64_t *id;
    bool is_ours;
};

static int take(struct db *db, void *arg, struct err *err)
{
    struct job *job = arg;
    const struct passage *passage = job->passage;
    const struct charge charge = {.action = ACTION_ACCEPT};
    struct span mark = mark_of(passage->msg);
    struct audit_row row;
    if (probe_take(db, mark, passage->now_us, &job->is_ours, err) < 0)
        return -1;
    if (!job->is_ours)
        return 0;
    gate_row(passage, job->judgement, &row);
    gate_row_decided(&charge, job->plan, clock_elapsed_us() - passage->started_us,
                     &row);
    if (audit_record(db, &row, job->id, err) < 0)
        return -1;
    return probe_found(db, mark, *job->id, err);
}

int gate_probe_hold(const struct passage *passage, const struct judgement *judgement,
                    struct plan *plan, int64_t *id, struct err *err)
{
    struct job job = {
        .passage = passage, .judgement = judgement, .plan = plan, .id = id};
    *plan = (struct plan){
        .action = ACTION_HOLD, .meant = ACTION_HOLD, .cause = CAUSE_PROBE};
    strcpy(plan->reason, "a probe of outgate doctor");
    action_removals(passage->msg, plan);
    /* nobody has looked into mail that stays, or is at the border */
    passage->msg->size_bytes = passage->msg->header_bytes + passage->msg->body_bytes;
    if (writer_run(passage->writer, take, &job, STORE_TIMEOUT_MS, err) < 0)
        return -1;
    return job.is_ours ? 1 : 0;
}
