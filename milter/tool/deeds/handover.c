/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/deeds/handover.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "limits/limit_clock.h"
#include "limits/limits.h"
#include "limits/limits_leave.h"

#define SECOND INT64_C(1000000)

enum {
    LOCK_S = 60,           /* another's batch takes a second. chosen */
    AGAIN_S = 60,          /* a due message that the MTA refused. chosen */
    CERTAIN_S = 600,       /* a message that the MTA accepted is in its queue. chosen */
    UNCERTAIN_MAX = 50000, /* rows compared with the queue at once. chosen */
};

static const char by_mta[] = "mta";

int handover_lock(const struct tool *tool, int *fd, struct err *err)
{
    const struct timespec pause = {0, 20000000};
    const char *database =
        tool->database != NULL ? tool->database : tool->settings->database;
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s.release", database);
    *fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (*fd < 0)
        return err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
    int64_t until_us = clock_elapsed_us() + LOCK_S * SECOND;
    while (flock(*fd, LOCK_EX | LOCK_NB) != 0) {
        bool is_taken = errno == EWOULDBLOCK || errno == EINTR;
        if (is_taken && clock_elapsed_us() < until_us) {
            nanosleep(&pause, NULL);
            continue;
        }
        if (is_taken)
            err_set(err, ERR_BUSY, "another outgate works on the hold queue");
        else
            err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
        close(*fd);
        *fd = -1;
        return -1;
    }
    return 0;
}

int handover_clock(struct tool *tool, struct handover_time *now, struct err *err)
{
    if (limit_clock_read(tool->db, err) != 0)
        return -1;
    now->limit_us = clock_limit_us();
    now->wall_us = clock_wall_us();
    return 0;
}

struct mta_wish *handover_wishes(struct arena *arena, const struct leaving *rows,
                                 size_t count)
{
    struct mta_wish *wishes = arena_array(arena, count + 1, sizeof *wishes);
    for (size_t i = 0; wishes != NULL && i < count; i++)
        wishes[i] = (struct mta_wish){.queue_id = rows[i].queue_id,
                                      .mail_from = rows[i].mail_from,
                                      .at_us = rows[i].held_at_us};
    return wishes;
}

/* ---- one message, inside a transaction ---- */

static int lift(struct tool *tool, int64_t id, struct err *err)
{
    return limits_lift(tool->db, tool->settings->limits, tool->settings->limit_count,
                       id, tool_now_us(), err);
}

static int charge_at(struct tool *tool, int64_t id, int64_t at_us, struct err *err)
{
    return limits_charge_stored(tool->db, tool->settings->limits,
                                tool->settings->limit_count, id, at_us, err);
}

/* It leaves, or left, now, and not when it was charged. */
static int charge_now(struct tool *tool, int64_t id, int64_t now_us, struct err *err)
{
    return lift(tool, id, err) != 0 ? -1 : charge_at(tool, id, now_us, err);
}

static int mark(struct tool *tool, int64_t id, enum held_state state, struct span by,
                struct err *err)
{
    struct err why;
    if (held_mark(tool->db, id, state, tool_now_us(), by, &why) == 0 ||
        why.code == ERR_NOT_FOUND) /* another hand was faster: it is marked */
        return 0;
    *err = why;
    return -1;
}

/* It waits on: nobody asks for it any more, and its reservation is where it was. One
 * that is due has none, and comes again at again_us. */
static int wait_on(struct tool *tool, const struct leaving *row,
                   const struct handover_time *now, int64_t again_us, struct err *err)
{
    if (leaving_forget(tool->db, row->id, err) != 0 || lift(tool, row->id, err) != 0)
        return -1;
    if (row->due_at_us > now->wall_us)
        return charge_at(tool, row->id, row->due_at_us - now->wall_us + now->limit_us,
                         err);
    if (row->due_at_us == 0 || again_us <= now->wall_us)
        return 0;
    return leaving_postpone(tool->db, row->id, again_us, err);
}

static int drop_one(struct tool *tool, const struct leaving *row, struct span by,
                    struct err *err)
{
    if (lift(tool, row->id, err) != 0)
        return -1;
    return mark(tool, row->id, HELD_DROPPED, by, err);
}

/* Somebody let it go with the MTA's tools: it leaves. A release was charged when it was
 * asked for. */
static int left_otherwise(struct tool *tool, const struct leaving *row, bool is_charged,
                          int64_t now_us, struct err *err)
{
    if (!is_charged && charge_now(tool, row->id, now_us, err) != 0)
        return -1;
    return mark(tool, row->id, HELD_RELEASED, span_of(by_mta), err);
}

/* What a batch's messages have in common. */
struct record {
    struct tool *tool;
    enum held_state what;
    struct span by;
    bool is_certain;
    struct handover_time now;
};

static int record_one(const struct record *record, const struct leaving *row,
                      enum mta_answer answer, struct err *err)
{
    bool is_release = record->what == HELD_RELEASED;
    switch (answer) {
    case MTA_DONE:
        return is_release ? mark(record->tool, row->id, HELD_RELEASED, record->by, err)
                          : drop_one(record->tool, row, record->by, err);
    case MTA_NOT_HELD:
        return left_otherwise(record->tool, row, is_release, record->now.limit_us, err);
    case MTA_GONE:
    case MTA_IS_OTHER:
        return mark(record->tool, row->id, HELD_GONE, span_of(by_mta), err);
    case MTA_IS_HELD:
    case MTA_REFUSED:
    case MTA_ANSWER_UNKNOWN:
        break;
    }
    if (!record->is_certain)
        return 0; /* it stays asked for: the queue will tell */
    return wait_on(record->tool, row, &record->now,
                   record->now.wall_us + AGAIN_S * SECOND, err);
}

/* ---- many, a transaction for each batch ---- */

/* Work on rows[i]; arg is the caller's. */
typedef int each_row(struct tool *tool, const struct leaving *rows, size_t i, void *arg,
                     struct err *err);

static int for_each(struct tool *tool, const struct leaving *rows, size_t count,
                    each_row *work, void *arg, struct err *err)
{
    for (size_t from = 0; from < count; from += HANDOVER_BATCH) {
        if (db_begin(tool->db, err) != 0)
            return -1;
        int result = 0;
        for (size_t i = from; i < count && i < from + HANDOVER_BATCH && result == 0;
             i++)
            result = work(tool, rows, i, arg, err);
        if (result == 0)
            result = db_commit(tool->db, err);
        if (result != 0) {
            db_rollback(tool->db);
            return -1;
        }
    }
    return 0;
}

static int ask_one(struct tool *tool, const struct leaving *rows, size_t i, void *arg,
                   struct err *err)
{
    const struct record *record = arg;
    if (record->what == HELD_RELEASED &&
        charge_now(tool, rows[i].id, record->now.limit_us, err) != 0)
        return -1;
    return leaving_ask(tool->db, rows[i].id, record->what, tool_now_us(), record->by,
                       err);
}

int handover_ask(struct tool *tool, const struct leaving *rows, size_t count,
                 enum held_state what, const char *by, struct err *err)
{
    struct record record = {.tool = tool, .what = what, .by = span_of(by)};
    if (handover_clock(tool, &record.now, err) != 0)
        return -1;
    return for_each(tool, rows, count, ask_one, &record, err);
}

struct answers {
    struct record record;
    const struct mta_wish *wishes;
};

static int answer_one(struct tool *tool, const struct leaving *rows, size_t i,
                      void *arg, struct err *err)
{
    const struct answers *answers = arg;
    (void)tool;
    return record_one(&answers->record, &rows[i], answers->wishes[i].answer, err);
}

int handover_record(struct tool *tool, const struct leaving *rows,
                    const struct mta_wish *wishes, size_t count, enum held_state what,
                    const char *by, bool is_certain, struct err *err)
{
    struct answers answers = {
        {.tool = tool, .what = what, .by = span_of(by), .is_certain = is_certain},
        wishes};
    if (handover_clock(tool, &answers.record.now, err) != 0)
        return -1;
    return for_each(tool, rows, count, answer_one, &answers, err);
}

/* ---- after a crash, and beside the MTA's own tools ---- */

/* Asked for, and the queue now tells what came of it. */
static int settle_asked(struct tool *tool, const struct leaving *row,
                        enum mta_answer answer, const struct handover_time *now,
                        struct err *err)
{
    bool is_release = row->asked_for == HELD_RELEASED;
    if (answer == MTA_IS_HELD)
        return wait_on(tool, row, now, now->wall_us, err);
    if (answer == MTA_NOT_HELD && !is_release)
        return left_otherwise(tool, row, false, now->limit_us, err);
    return is_release ? mark(tool, row->id, HELD_RELEASED, row->asked_by, err)
                      : drop_one(tool, row, row->asked_by, err);
}

/* Nobody asked. is_proved: it is our queue that was listed, for other mail of the log
 * is held in it; with a wrong config all would seem gone. */
static int settle_other(struct tool *tool, const struct leaving *row,
                        enum mta_answer answer, bool is_proved, int64_t now_us,
                        struct err *err)
{
    if (row->state == HELD_GONE)
        return answer == MTA_IS_HELD ? leaving_return(tool->db, row->id, err) : 0;
    if (answer == MTA_NOT_HELD)
        return left_otherwise(tool, row, false, now_us, err);
    if ((answer == MTA_GONE || answer == MTA_IS_OTHER) && is_proved)
        return mark(tool, row->id, HELD_GONE, span_of(by_mta), err);
    return 0;
}

struct settlement {
    const struct mta_wish *wishes;
    bool is_proved;
    struct handover_time now;
};

static int settle_one(struct tool *tool, const struct leaving *rows, size_t i,
                      void *arg, struct err *err)
{
    const struct settlement *s = arg;
    if (rows[i].asked_for != HELD_UNKNOWN && rows[i].state == HELD_WAITING)
        return settle_asked(tool, &rows[i], s->wishes[i].answer, &s->now, err);
    return settle_other(tool, &rows[i], s->wishes[i].answer, s->is_proved,
                        s->now.limit_us, err);
}

static int settle(struct tool *tool, const struct mta_tools *tools, struct arena *arena,
                  const struct leaving *rows, size_t count, struct err *err)
{
    struct settlement settlement = {0};
    struct mta_wish *wishes = handover_wishes(arena, rows, count);
    struct mta_mail *list;
    size_t listed;
    if (count == 0)
        return 0;
    if (wishes == NULL)
        return err_set(err, ERR_MEMORY, "out of memory");
    if (mta_queue(tools, arena, &list, &listed, err) != 0 ||
        handover_clock(tool, &settlement.now, err) != 0)
        return -1;
    mta_match(list, listed, wishes, count);
    for (size_t i = 0; i < count; i++)
        settlement.is_proved |= wishes[i].answer == MTA_IS_HELD;
    settlement.wishes = wishes;
    if (rows[0].asked_for != HELD_UNKNOWN) /* a crash came before the queue run */
        mta_hasten(tools, arena, wishes, count);
    return for_each(tool, rows, count, settle_one, &settlement, err);
}

int handover_recover(struct tool *tool, const struct mta_tools *tools,
                     struct arena *arena, struct err *err)
{
    struct leaving *asked, *others;
    size_t asked_count, other_count;
    if (leaving_list(tool->db, LEAVING_ASKED, 0, SPAN(""), UNCERTAIN_MAX, arena, &asked,
                     &asked_count, err) != 0 ||
        settle(tool, tools, arena, asked, asked_count, err) != 0 ||
        leaving_list(tool->db, LEAVING_UNCERTAIN, tool_now_us() - CERTAIN_S * SECOND,
                     SPAN(""), UNCERTAIN_MAX, arena, &others, &other_count, err) != 0)
        return -1;
    return settle(tool, tools, arena, others, other_count, err);
}
