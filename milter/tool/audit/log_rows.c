/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/audit/log_rows.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tool/print.h"

enum {
    ROW_BYTES = 1 << 18, /* more than a row can have: columns are bounded */
    PART_ROWS = 1000,    /* widths are worked out over so many */
    LOOK_EVERY_MS = 250, /* for new rows. chosen */
    TAIL_MOST = 1000000, /* ids of rows that are printed in turn. chosen */
    SCRATCH_BYTES = 1 << 20,
};

static const struct column columns[] = {
    {"ID", true, false, false},        {"AT", false, false, false},
    {"ACTION", false, false, false},   {"SCORE", true, false, false},
    {"RCPT", true, false, false},      {"SENDER", false, true, false},
    {"QUEUE ID", false, false, false}, {"WHY", false, true, false},
};

/* What a run of lines needs. */
struct lines {
    struct tool *tool;
    struct arena *rows, *scratch;
    struct table table;
    size_t count;
    bool has_shadow;
};

static int lines_begin(struct lines *lines, struct tool *tool, struct err *err)
{
    *lines = (struct lines){.tool = tool};
    lines->rows = arena_new((size_t)PART_ROWS * ROW_BYTES);
    lines->scratch = arena_new(SCRATCH_BYTES);
    if (lines->rows == NULL || lines->scratch == NULL)
        return err_set(err, ERR_MEMORY, "out of memory");
    table_init(&lines->table, lines->rows, columns, sizeof columns / sizeof *columns);
    return 0;
}

static void lines_clear(struct lines *lines)
{
    arena_free(&lines->rows);
    arena_free(&lines->scratch);
}

static void print_json(const struct record *record, struct arena *arena)
{
    struct buf out;
    struct json json;
    print_object_begin(arena, ROW_BYTES, &out, &json);
    record_json(&json, record);
    print_object_end(&json);
}

static void add_row(struct table *table, const struct record *record)
{
    char text[PRINT_TIME_BYTES], number[PRINT_AGE_BYTES];
    table_printf(table, "%lld", (long long)record->id);
    table_cell(table, print_day_time(record->at_us, text));
    table_printf(table, "%s%s", action_name(record->action),
                 record->is_shadow ? "*" : "");
    table_colour(table, colour_of(record->action));
    table_cell(table, print_number(record->score, number));
    table_printf(table, "%lld", (long long)record->recipients);
    table_text(table, record->sender);
    table_text(table, record->queue_id);
    table_text(table, record->reason);
}

static void lines_flush(struct lines *lines)
{
    table_print(&lines->table);
    arena_reset(lines->rows);
}

/* JSON goes out as it comes; for people as a table, in parts of PART_ROWS. */
static void lines_add(struct lines *lines, const struct record *record)
{
    lines->count++;
    lines->has_shadow = lines->has_shadow || record->is_shadow;
    if (lines->tool->json)
        print_json(record, lines->rows);
    else
        add_row(&lines->table, record);
    if (lines->tool->json || lines->count % PART_ROWS == 0)
        lines_flush(lines);
}

static int print_page(struct lines *lines, struct walk *walk, int64_t most,
                      struct err *err)
{
    struct record record;
    int step = 0;
    while ((most == 0 || (int64_t)lines->count < most) &&
           (step = walk_next(walk, lines->rows, &record, err)) > 0)
        lines_add(lines, &record);
    lines_flush(lines);
    if (lines->has_shadow && !lines->tool->json)
        puts("* shadow: decided and recorded, not done");
    return step < 0 ? -1 : 0;
}

int log_rows_page(struct tool *tool, const struct walk_filter *filter, int64_t most,
                  size_t *count, struct err *err)
{
    struct lines lines;
    struct walk walk = {0};
    int result = -1;
    if (lines_begin(&lines, tool, err) == 0 &&
        walk_back(&walk, tool->db, filter, lines.scratch, err) == 0)
        result = print_page(&lines, &walk, most, err);
    walk_end(&walk);
    *count = lines.count;
    lines_clear(&lines);
    return result;
}

static volatile sig_atomic_t must_stop;

static void stop(int signal)
{
    (void)signal;
    must_stop = 1;
}

/* Without SA_RESTART, so that a sleep ends. */
static void catch_stop(void)
{
    struct sigaction action = {.sa_handler = stop};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

/* How far the log has been shown. */
struct place {
    int64_t id, at_us;
};

/* The ids of the last rows up to last_id, newest first, in memory of the caller's to
 * free. */
static int read_tail(struct lines *lines, struct walk *walk, int64_t last_id,
                     size_t room, int64_t **ids, size_t *count, struct err *err)
{
    struct record record;
    int step = 0;
    *count = 0;
    *ids = calloc(room, sizeof **ids);
    if (*ids == NULL)
        return err_set(err, ERR_MEMORY, "out of memory");
    while (*count < room && (step = walk_next(walk, lines->rows, &record, err)) > 0) {
        if (record.id <= last_id)
            (*ids)[(*count)++] = record.id;
        arena_reset(lines->rows);
    }
    return step < 0 ? -1 : 0;
}

static int print_tail(struct lines *lines, const struct walk_filter *filter,
                      int64_t most, int64_t last_id, struct err *err)
{
    struct walk walk = {0};
    struct record record;
    int64_t *ids = NULL;
    size_t room = most > 0 && most < TAIL_MOST ? (size_t)most : TAIL_MOST;
    size_t count = 0;
    int step = walk_back(&walk, lines->tool->db, filter, lines->scratch, err);
    if (step == 0)
        step = read_tail(lines, &walk, last_id, room, &ids, &count, err);
    walk_end(&walk);
    while (step >= 0 && count > 0) {
        step = record_read(lines->tool->db, ids[--count], lines->rows, &record, err);
        if (step > 0)
            lines_add(lines, &record);
    }
    free(ids);
    lines_flush(lines);
    return step < 0 ? -1 : 0;
}

/* What was decided after the place; the place moves on, over what does not pass as
 * well. */
static int print_new(struct lines *lines, const struct walk_filter *filter,
                     struct place *place, struct err *err)
{
    struct walk walk = {0};
    struct record record;
    int64_t last_id;
    int step = walk_last_id(lines->tool->db, &last_id, err);
    if (step != 0 || last_id <= place->id)
        return step;
    step = walk_onward(&walk, lines->tool->db, filter, place->id, lines->scratch, err);
    while (step >= 0 && (step = walk_next(&walk, lines->rows, &record, err)) > 0) {
        place->id = record.id;
        if (record.at_us > place->at_us)
            place->at_us = record.at_us;
        lines_add(lines, &record);
    }
    walk_end(&walk);
    if (step == 0 && last_id > place->id)
        place->id = last_id;
    lines_flush(lines);
    return step;
}

/* Another file stands there, or none, or it cannot be read now: open what there is. */
static void open_anew(struct lines *lines, struct place *place)
{
    struct tool *tool = lines->tool;
    struct err err;
    db_close(&tool->db);
    if (tool_open(tool, DB_READ, &err) == 0 &&
        walk_id_at(tool->db, place->at_us, &place->id, &err) == 0)
        return;
    db_close(&tool->db);
}

static void wait_a_little(void)
{
    struct timespec length = {.tv_nsec = LOOK_EVERY_MS * 1000000L};
    nanosleep(&length, NULL);
}

static int follow(struct lines *lines, const struct walk_filter *filter, int64_t most,
                  struct err *err)
{
    struct place place = {.at_us = tool_now_us()};
    if (walk_last_id(lines->tool->db, &place.id, err) != 0 ||
        print_tail(lines, filter, most, place.id, err) != 0)
        return -1;
    /* times only choose among rows of the past: a new row may be stamped earlier */
    struct walk_filter onward = *filter;
    onward.since_us = 0;
    while (!must_stop && fflush(stdout) == 0 && !ferror(stdout)) {
        wait_a_little();
        if (lines->tool->db == NULL || !db_is_sound(lines->tool->db))
            open_anew(lines, &place);
        else if (print_new(lines, &onward, &place, err) != 0 &&
                 db_is_sound(lines->tool->db))
            return -1;
    }
    return 0;
}

int log_rows_follow(struct tool *tool, const struct walk_filter *filter, int64_t most,
                    struct err *err)
{
    struct lines lines;
    catch_stop();
    int result = lines_begin(&lines, tool, err);
    if (result == 0)
        result = follow(&lines, filter, most, err);
    lines_clear(&lines);
    return result;
}
