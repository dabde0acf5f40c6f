/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/deeds/releaser.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/notify.h"
#include "limits/sender.h"
#include "store/departure.h"
#include "tool/deeds/handover.h"
#include "tool/print.h"

enum {
    BATCH = 50,            /* messages let go between two looks at the clock. chosen */
    POLL_US = 250000,      /* a new row is noticed so soon. chosen */
    PAUSE_MIN_US = 500000, /* after a failure, doubled each time. chosen */
    PAUSE_MAX_US = 30000000,
    RECOVER_US = 300000000, /* the MTA's own tools are noticed so soon. chosen */
    PASS_BYTES = 1 << 30,   /* memory of one pass, the listing of a queue included */
};

struct releaser {
    struct tool *tool;
    struct mta_tools tools;
    struct span sender; /* only its mail; "" all */
    bool is_loop;
    bool is_sure;         /* nothing is left from before that must be looked at */
    int64_t recovered_us; /* when that was done last, clock_elapsed_us */
    size_t passed;        /* messages that the last pass looked at */
    size_t refused;       /* what was due and did not go */
};

/* ---- what is said of it ---- */

static const char *word_of(enum mta_answer answer)
{
    return answer == MTA_DONE ? "released" : mta_answer_text(answer);
}

static void print_one(struct releaser *r, struct arena *arena,
                      const struct leaving *row, enum mta_answer answer)
{
    struct buf out;
    struct json json;
    if (!r->tool->json) {
        printf("%lld  %s  %s: %s\n", (long long)row->id,
               print_escape(arena, row->queue_id), print_escape(arena, row->sender),
               word_of(answer));
        return;
    }
    print_object_begin(arena, 65536, &out, &json);
    json_int(&json, "id", row->id);
    json_text(&json, "queue_id", row->queue_id);
    json_text(&json, "sender", row->sender);
    json_bool(&json, "done", answer == MTA_DONE);
    json_text(&json, "became", span_of(word_of(answer)));
    print_object_end(&json);
}

static void log_one(const struct leaving *row, enum mta_answer answer)
{
    char id[32], sender[200];
    text_escape(row->queue_id, id, sizeof id);
    text_escape(row->sender, sender, sizeof sender);
    int64_t late_ms = (clock_wall_us() - row->due_at_us) / 1000;
    log_line(answer == MTA_DONE ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING,
             "%s: id=%lld, sender=%s, late_ms=%lld, %s", id, (long long)row->id, sender,
             (long long)late_ms, word_of(answer));
}

static void report(struct releaser *r, struct arena *arena,
                   const struct departures *batch, const struct mta_wish *wishes)
{
    for (size_t i = 0; i < batch->count; i++) {
        r->refused += wishes[i].answer != MTA_DONE;
        if (wishes[i].answer == MTA_IS_HELD) /* not tried: a failure came first */
            continue;
        if (r->is_loop)
            log_one(&batch->rows[i], wishes[i].answer);
        else
            print_one(r, arena, &batch->rows[i], wishes[i].answer);
    }
}

/* ---- a pass ---- */

static int hand_over(struct releaser *r, struct arena *arena,
                     const struct departures *batch, struct err *err)
{
    struct err why;
    struct mta_wish *wishes = handover_wishes(arena, batch->rows, batch->count);
    if (wishes == NULL)
        return err_set(err, ERR_MEMORY, "out of memory");
    int result = mta_release(&r->tools, arena, wishes, batch->count, &why);
    /* what was done before a failure is recorded all the same */
    if (handover_record(r->tool, batch->rows, wishes, batch->count, HELD_RELEASED,
                        "due", result == 0, err) != 0)
        return -1;
    report(r, arena, batch, wishes);
    if (result != 0)
        *err = why;
    return result;
}

static int recover(struct releaser *r, struct arena *arena, struct err *err)
{
    int64_t now_us = clock_elapsed_us();
    if (r->is_sure && now_us - r->recovered_us < RECOVER_US)
        return 0;
    if (handover_recover(r->tool, &r->tools, arena, err) != 0)
        return -1;
    r->is_sure = true;
    r->recovered_us = now_us;
    return 0;
}

static int pass_locked(struct releaser *r, struct arena *arena, struct err *err)
{
    const struct settings *settings = r->tool->settings;
    struct departures batch;
    struct handover_time now;
    int64_t next_us;
    bool is_braked;
    r->passed = 0;
    if (recover(r, arena, err) != 0 || handover_clock(r->tool, &now, err) != 0 ||
        leaving_is_braked(r->tool->db, now.wall_us, &is_braked, err) != 0 ||
        leaving_next(r->tool->db, now.wall_us, &next_us, err) != 0)
        return -1;
    if (is_braked || next_us == 0 || next_us > now.wall_us)
        return 0;
    if (!mta_is_up(&r->tools))
        return err_set(err, ERR_BUSY, "%s is down: mail stays held",
                       mta_name(&r->tools));
    r->is_sure = false;
    if (departure_choose(r->tool->db, settings->limits, settings->limit_count,
                         now.limit_us, now.wall_us, r->sender, BATCH, arena, &batch,
                         err) != 0 ||
        (batch.count > 0 && hand_over(r, arena, &batch, err) != 0))
        return -1;
    r->passed = batch.looked_at;
    r->is_sure = true;
    return 0;
}

/* Let go one batch of what is due; passed: how many were looked at. */
static int pass(struct releaser *r, struct err *err)
{
    int lock;
    struct arena *arena = arena_new(PASS_BYTES);
    if (arena == NULL)
        return err_set(err, ERR_MEMORY, "out of memory");
    int result = handover_lock(r->tool, &lock, err);
    if (result == 0) {
        result = pass_locked(r, arena, err);
        close(lock);
    }
    arena_free(&arena);
    return result;
}

static int open_all(struct releaser *r, struct err *err)
{
    if (mta_may_act(err) != 0 || tool_settings(r->tool, err) != 0 ||
        mta_open(&r->tools, r->tool->settings, err) != 0)
        return -1;
    mta_prepare(&r->tools, r->tool->arena);
    return 0;
}

int releaser_due(struct tool *tool, const char *sender, struct err *err)
{
    struct releaser r = {.tool = tool, .sender = SPAN("")};
    if (sender != NULL)
        r.sender = sender_key(tool->arena, span_of(sender));
    if (tool_open(tool, DB_WRITE, err) != 0 || open_all(&r, err) != 0)
        return -1;
    do {
        if (pass(&r, err) != 0)
            return -1;
    } while (r.passed > 0);
    return r.refused == 0 ? EXIT_FINE : EXIT_FOUND;
}

/* ---- the loop ---- */

/* Sleep, but for a signal: its number, or 0. */
static int wait_us(const sigset_t *signals, int64_t us)
{
    struct timespec time = {us / 1000000, us % 1000000 * 1000};
    int got = sigtimedwait(signals, NULL, &time);
    return got > 0 ? got : 0;
}

static void log_complaint(void *arg, const char *text)
{
    (void)arg;
    log_line(LOG_LEVEL_ERROR, "%s", text);
}

/* SIGUSR1, as for the daemon: new limits together, or the old ones. */
static void reload(struct releaser *r)
{
    struct settings *fresh;
    struct err why;
    if (settings_load(&fresh, tool_config_path(r->tool), log_complaint, NULL, &why) !=
        0) {
        log_line(LOG_LEVEL_ERROR, "reload refused: %s", why.text);
        return;
    }
    struct settings *old = r->tool->settings;
    r->tool->settings = fresh;
    if (open_all(r, &why) != 0) {
        log_line(LOG_LEVEL_ERROR, "reload refused: %s", why.text);
        r->tool->settings = old;
        settings_free(&fresh);
        (void)open_all(r, &why);
        return;
    }
    db_close(&r->tool->db); /* another file may be named now */
    settings_free(&old);
    log_line(LOG_LEVEL_INFO, "reloaded");
}

/* How long nothing needs to be done: till the next due time, a poll at most. */
static int64_t idle_us(struct releaser *r, struct err *err)
{
    struct handover_time now;
    int64_t next_us;
    bool is_braked;
    if (handover_clock(r->tool, &now, err) != 0 ||
        leaving_is_braked(r->tool->db, now.wall_us, &is_braked, err) != 0 ||
        leaving_next(r->tool->db, now.wall_us, &next_us, err) != 0)
        return -1;
    if (is_braked || next_us == 0 || next_us - now.wall_us > POLL_US)
        return POLL_US;
    return next_us > now.wall_us ? next_us - now.wall_us : 0;
}

/* One turn: what is due, then how long to sleep. -1 with err. */
static int64_t turn(struct releaser *r, struct err *err)
{
    if (tool_open(r->tool, DB_WRITE, err) != 0)
        return -1;
    if (!db_is_sound(r->tool->db))
        return err_set(err, ERR_STORE, "the database has been replaced or is broken");
    int64_t us = idle_us(r, err);
    bool must_recover =
        !r->is_sure || clock_elapsed_us() - r->recovered_us >= RECOVER_US;
    if (us < 0 || (us > 0 && !must_recover))
        return us;
    return pass(r, err) != 0 ? -1 : idle_us(r, err);
}

/* Say what is wrong, once, and how it went on. */
static void complain(const struct err *err, char said[ERR_TEXT_BYTES])
{
    const char *text = err != NULL ? err->text : "";
    if (strcmp(said, text) == 0)
        return;
    if (err != NULL)
        log_line(LOG_LEVEL_WARNING, "mail stays held for now: %s", text);
    else
        log_line(LOG_LEVEL_INFO, "goes on");
    snprintf(said, ERR_TEXT_BYTES, "%s", text);
}

int releaser_loop(struct tool *tool, struct err *err)
{
    struct releaser r = {.tool = tool, .sender = SPAN(""), .is_loop = true};
    char said[ERR_TEXT_BYTES] = "";
    int64_t pause_us = PAUSE_MIN_US;
    sigset_t signals;
    int got = 0;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGUSR1);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    log_open("outgate", true);
    if (open_all(&r, err) != 0)
        return -1;
    notify_manager("READY=1");
    log_line(LOG_LEVEL_INFO, "lets held mail go in %s", mta_name(&r.tools));
    while (got == 0 || got == SIGUSR1) {
        struct err why;
        if (got == SIGUSR1)
            reload(&r);
        int64_t us = turn(&r, &why);
        if (us < 0) {
            complain(&why, said);
            db_close(&tool->db);
            r.is_sure = false;
            us = pause_us;
            pause_us = pause_us * 2 < PAUSE_MAX_US ? pause_us * 2 : PAUSE_MAX_US;
        } else {
            complain(NULL, said);
            pause_us = PAUSE_MIN_US;
        }
        got = wait_us(&signals, us);
    }
    notify_manager("STOPPING=1");
    log_line(LOG_LEVEL_INFO, "ends");
    return EXIT_FINE;
}
