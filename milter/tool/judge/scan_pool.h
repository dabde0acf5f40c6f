/* SPDX-License-Identifier: BSD-2-Clause
 *
 * scan_pool - many mails judged by several threads, the results taken in order.
 *
 * The caller's thread reads mails into a ring; workers judge them; whoever finishes the
 * oldest one hands it on with all finished ones behind it, so that results come in the
 * order of the mails. A progress bar goes with it.
 * Threads: judge runs on any of them, take on one at a time.
 */
#ifndef OUTGATE_TOOL_JUDGE_SCAN_POOL_H
#define OUTGATE_TOOL_JUDGE_SCAN_POOL_H

#include "base/arena.h"
#include "tool/judge/scan_input.h"
#include "tool/print.h"

struct scan_work {
    size_t arena_bytes;  /* what an arena for one mail must be able to hold */
    size_t result_bytes; /* of one result, zeroed before judge */
    /* Judge a mail (file: its index in the list) into result. arena: the thread's own,
     * of any earlier mail's contents; NULL without memory. */
    void (*judge)(void *arg, const struct scan_mail *mail, size_t file,
                  struct arena *arena, void *result);
    /* Take a result, in the order of the mails; mail->bytes are freed after it.
     * progress: end it (progress_end) before writing to the terminal. */
    void (*take)(void *arg, const struct scan_mail *mail, size_t file, void *result,
                 struct progress *progress);
    /* True: read no more mails. NULL: never. */
    bool (*is_stopped)(void);
    bool is_silent; /* take prints nothing: the bar may have standard output's terminal
                     */
    void *arg;
};

/* scan_pool_jobs - how many threads: asked, 0 for one a processor. */
size_t scan_pool_jobs(const struct scan_list *list, int64_t asked);

/* scan_pool_run - judge every mail of list. *all_read: false when a mail could not be
 * read. -1: without memory or threads, some mails were not judged. */
int scan_pool_run(const struct scan_work *work, const struct scan_list *list,
                  size_t jobs, bool *all_read, struct err *err);

#endif
