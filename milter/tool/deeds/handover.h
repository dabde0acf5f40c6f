/* SPDX-License-Identifier: BSD-2-Clause
 *
 * handover - held mail and the MTA in two phases: what a person's release and drop, and
 * the releaser, share.
 *
 * First the wish is committed, with the charges of a release; then the MTA is asked;
 * then what became of it is committed. handover_recover reads what a crash in between
 * left. One process at a time does it (a lock beside the database), so what the MTA
 * does not confirm to this process was done by its own tools.
 */
#ifndef OUTGATE_TOOL_DEEDS_HANDOVER_H
#define OUTGATE_TOOL_DEEDS_HANDOVER_H

#include "mta/mta.h"
#include "store/leaving.h"
#include "tool/tool.h"

/* Messages of one transaction: the daemon's writer waits for it. chosen */
enum { HANDOVER_BATCH = 200 };

/* handover_lock - wait for the lock, 60 s at most (ERR_BUSY). *fd: close it to let go.
 */
int handover_lock(const struct tool *tool, int *fd, struct err *err);

/* handover_clock - now: by the limit clock, as the store knows it, and by the wall
 * clock, in which due times are. */
struct handover_time {
    int64_t limit_us, wall_us;
};
int handover_clock(struct tool *tool, struct handover_time *now, struct err *err);

/* handover_wishes - for mta_release and mta_drop, in the arena; NULL: no memory. */
struct mta_wish *handover_wishes(struct arena *arena, const struct leaving *rows,
                                 size_t count);

/* handover_ask - commit that a person (by) wants these released (charged now, whatever
 * their limits say) or dropped. */
int handover_ask(struct tool *tool, const struct leaving *rows, size_t count,
                 enum held_state what, const char *by, struct err *err);

/* handover_record - commit what the MTA answered. is_certain: it was asked to the end,
 * so that what it did not confirm did not happen. What was refused waits on, with its
 * reservation; one that was due comes again a minute later. */
int handover_record(struct tool *tool, const struct leaving *rows,
                    const struct mta_wish *wishes, size_t count, enum held_state what,
                    const char *by, bool is_certain, struct err *err);

/* handover_recover - compare with the MTA's queue what was asked for and not answered,
 * and all that waits for ten minutes or more: what the MTA's own tools let go or
 * deleted is marked, by "mta"; what was marked gone and is held after all waits again.
 */
int handover_recover(struct tool *tool, const struct mta_tools *tools,
                     struct arena *arena, struct err *err);

#endif
