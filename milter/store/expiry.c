/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/expiry.h"

#include "store/audit.h"
#include "store/campaign.h"
#include "store/feedback.h"
#include "store/history.h"
#include "store/orders.h"
#include "store/snds.h"
#include "store/ticket.h"

enum {
    ROWS = 200,     /* of a kind in one step. chosen */
    CAMPAIGNS = 50, /* of ten rows each */
};

int expiry_step(struct db *db, int64_t before_us, int64_t now_us, bool *is_more,
                struct err *err)
{
    int64_t rows, tickets, campaigns;
    if (audit_expire(db, before_us, ROWS, &rows, err) != 0 ||
        ticket_expire(db, now_us, ROWS, &tickets, err) != 0 ||
        campaign_expire(db, now_us, CAMPAIGNS, &campaigns, err) != 0 ||
        feedback_expire(db, before_us, ROWS, err) != 0 ||
        snds_expire(db, before_us, err) != 0 ||
        orders_expire(db, before_us, err) != 0 || history_expire(db, now_us, err) != 0)
        return -1;
    *is_more = rows == ROWS || tickets == ROWS || campaigns == CAMPAIGNS;
    return 0;
}
