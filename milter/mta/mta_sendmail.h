/* SPDX-License-Identifier: BSD-2-Clause
 *
 * mta_sendmail - Sendmail's queue folders, for what none of its programs does: delete a
 * message, find the one that goes to an address.
 *
 * A message is a control file (qfID; hfID when it is quarantined) and a data file
 * (dfID), in a queue folder or in its qf/ and df/. Sendmail locks the control file
 * (fcntl on Linux) while it works on it, and so does this.
 * Source: Sendmail Installation and Operation Guide 8.17, 2.3, 5.8, appendix B.
 */
#ifndef OUTGATE_MTA_SENDMAIL_H
#define OUTGATE_MTA_SENDMAIL_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"

/* sendmail_cf - the configuration that is meant by [mta] config; "": Sendmail's own.
 * sendmail_submit_cf - the one of mail that sendmail(1) takes, in the same folder; in
 * the arena. */
const char *sendmail_cf(const char *config);
const char *sendmail_submit_cf(struct arena *arena, const char *config);

/* The queue folders that a .cf names. */
struct sendmail_queue;

/* sendmail_queue_open - ERR_IO: there is no such folder. In the arena until
 * sendmail_queue_close. */
int sendmail_queue_open(struct sendmail_queue **out, struct arena *arena,
                        const char *cf, struct err *err);
void sendmail_queue_close(struct sendmail_queue **queue);

/* sendmail_queue_drop - delete one message: quarantined, or waiting to be delivered.
 * False: it is not there, or Sendmail works on it. */
bool sendmail_queue_drop(const struct sendmail_queue *queue, struct span id,
                         bool is_quarantined);

/* sendmail_queue_find - the message that waits for delivery to this address; its id in
 * the arena, "" there is none. For an address that nobody else writes to: the text of
 * the control files is looked at, 64 KiB of each. */
struct span sendmail_queue_find(const struct sendmail_queue *queue, struct arena *arena,
                                const char *address);

#endif
