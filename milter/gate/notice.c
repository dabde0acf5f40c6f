/* SPDX-License-Identifier: BSD-2-Clause */
#include "gate/notice.h"

#include <string.h>

#include "base/clock.h"
#include "gate/row.h"
#include "store/notice.h"

int gate_notice_pass(struct db *db, struct decision *d, bool *is_own, struct err *err)
{
    const struct passage *passage = d->passage;
    struct span mark = span_trim(message_value(passage->msg, NOTICE_FIELD));
    if (notice_take(db, mark, passage->now_us, is_own, err) < 0)
        return -1;
    if (!*is_own)
        return 0;
    *d->plan = (struct plan){.action = ACTION_ACCEPT, .meant = ACTION_ACCEPT};
    strcpy(d->plan->reason, "outgate's own notice");
    action_removals(passage->msg, d->plan);
    d->charge = (struct charge){.action = ACTION_ACCEPT};
    d->row.score = 0;
    d->row.hit_count = 0;
    d->border->is_notice = true;
    gate_row_decided(&d->charge, d->plan, clock_elapsed_us() - passage->started_us,
                     &d->row);
    if (audit_record(db, &d->row, d->id, err) < 0)
        return -1;
    return border_record(db, d->border, passage, &d->judgement->sender, d->plan, *d->id,
                         err);
}
