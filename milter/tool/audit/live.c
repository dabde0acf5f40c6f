/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/audit/live.h"

#include <langinfo.h>
#include <locale.h>
#include <ncurses.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "tool/audit/match.h"
#include "tool/audit/senders.h"
#include "tool/audit/walk.h"
#include "tool/print.h"

enum {
    REFRESH_MS = 2000, /* chosen */
    KEY_WAIT_MS = 100, /* so that a new size is seen soon */
    ARENA_BYTES = 256 << 20,
    SCRATCH_BYTES = 1 << 20,
    HEAD_LINES = 3, /* above the rows; one line below */
    MESSAGES_MOST = 200,
    FILTER_BYTES = 100,
    LINE_BYTES = 2048,
    CTRL_C = 3,
    WIDE = 84, /* columns of a screen that shows all. chosen */
    PAIR_YELLOW = 1,
    PAIR_RED = 2,
};

enum sort {
    SORT_MESSAGES,
    SORT_RECIPIENTS,
    SORT_POINTS,
    SORT_STOPPED,
    SORT_WORST,
    SORT_LAST,
    SORT_SENDER,
    SORT_COUNT
};

static const struct {
    const char *title;
    int width;
} heads[SORT_COUNT] = {{"MESSAGES", 10}, {"RCPT", 10}, {"POINTS", 10}, {"STOPPED", 8},
                       {"WORST", 7},     {"LAST", 14}, {"SENDER", -1}};

static const struct {
    const char *name;
    int64_t length_s;
} windows[] = {{"5m", 300}, {"1h", 3600}, {"24h", 86400}};

struct live {
    struct tool *tool;
    struct arena *arena; /* of what is shown; emptied with each look */
    struct senders senders;
    struct senders_row **shown; /* those that pass the filter, sorted */
    size_t shown_count, at, top;
    char *chosen; /* the sender the line stands on; it may move */
    enum sort sort;
    size_t window;
    char filter[FILTER_BYTES];
    bool is_typing, is_paused, has_messages, is_utf8, must_end;
    int64_t looked_us;  /* CLOCK_MONOTONIC */
    struct err trouble; /* text "" when all is well */
    struct live_marks *marks;
};

static int compare_numbers(double a, double b)
{
    return (a < b) - (a > b);
}

static double value_of(const struct senders_row *row, enum sort sort)
{
    switch (sort) {
    case SORT_MESSAGES:
        return (double)row->messages;
    case SORT_POINTS:
        return (double)row->points_milli;
    case SORT_STOPPED:
        return (double)row->stopped;
    case SORT_WORST:
        return (double)row->worst_milli;
    case SORT_LAST:
        return (double)row->last_us;
    default:
        return (double)row->recipients;
    }
}

static int compare_rows(const void *left, const void *right, void *arg)
{
    const struct senders_row *a = *(struct senders_row *const *)left;
    const struct senders_row *b = *(struct senders_row *const *)right;
    enum sort sort = *(const enum sort *)arg;
    int order =
        sort == SORT_SENDER ? 0 : compare_numbers(value_of(a, sort), value_of(b, sort));
    return order != 0 ? order : span_compare(a->sender, b->sender);
}

/* What passes the filter, in order; the line stays on the sender it stood on. */
static void arrange(struct live *live)
{
    live->shown_count = 0;
    for (size_t i = 0; i < live->senders.count; i++)
        if (match_text(live->senders.rows[i].sender, span_of(live->filter)))
            live->shown[live->shown_count++] = &live->senders.rows[i];
    qsort_r(live->shown, live->shown_count, sizeof *live->shown, compare_rows,
            &live->sort);
    for (size_t i = 0; live->chosen != NULL && i < live->shown_count; i++)
        if (span_eq(live->shown[i]->sender, span_of(live->chosen)))
            live->at = i;
    if (live->at >= live->shown_count)
        live->at = live->shown_count > 0 ? live->shown_count - 1 : 0;
}

static int read_senders(struct live *live, struct err *err)
{
    struct tool *tool = live->tool;
    int64_t since_us = tool_now_us() - windows[live->window].length_s * 1000000;
    struct arena *run = tool->arena;
    arena_reset(live->arena);
    live->shown_count = live->senders.count = 0;
    tool->arena = live->arena;
    int result = senders_read(tool, since_us, 0, 0, &live->senders, err);
    tool->arena = run;
    live->shown =
        arena_array(live->arena, live->senders.count + 1, sizeof *live->shown);
    if (live->shown == NULL) {
        live->senders.count = 0;
        return err_set(err, ERR_MEMORY, "out of memory");
    }
    return result;
}

/* One look. What fails is told on the screen and tried again; another database in the
 * place of this one is opened. */
static void look(struct live *live)
{
    struct tool *tool = live->tool;
    struct err *err = &live->trouble;
    err->text[0] = '\0';
    live->looked_us = clock_elapsed_us();
    if (tool->db != NULL && !db_is_sound(tool->db))
        db_close(&tool->db);
    if (tool->db == NULL && tool_open(tool, DB_READ, err) != 0)
        return;
    if (read_senders(live, err) == 0)
        arrange(live);
}

/* Text cut to the width of the screen, from column x on; then to the line's end. */
static void put(const struct live *live, int y, int x, const char *text)
{
    char line[LINE_BYTES];
    size_t len = strlen(text);
    int width = getmaxx(stdscr) - x;
    if (width <= 0)
        return;
    len = len < sizeof line - 1 ? len : sizeof line - 1;
    memcpy(line, text, len);
    line[len] = '\0';
    for (size_t i = 0; i < len && !live->is_utf8; i++)
        if ((unsigned char)line[i] >= 0x80)
            line[i] = '?';
    wmove(stdscr, y, x);
    waddnstr(stdscr, line, (int)print_bytes_within(line, width));
}

static bool is_marked(const struct live *live, struct span sender)
{
    for (size_t i = 0; i < live->marks->count; i++)
        if (span_eq(live->marks->at[i], sender))
            return true;
    return false;
}

static void draw_head(const struct live *live)
{
    char text[LINE_BYTES], time[PRINT_TIME_BYTES];
    int64_t messages = 0;
    for (size_t i = 0; i < live->shown_count; i++)
        messages += live->shown[i]->messages;
    snprintf(text, sizeof text,
             "outgate top  %s  last %s  %zu senders, %lld messages%s",
             print_time(tool_now_us(), time), windows[live->window].name,
             live->shown_count, (long long)messages, live->is_paused ? "  PAUSED" : "");
    wattr_on(stdscr, A_BOLD, NULL);
    put(live, 0, 0, text);
    wattr_off(stdscr, A_BOLD, NULL);
    if (live->trouble.text[0] != '\0')
        put(live, 1, 0, live->trouble.text);
    else if (live->is_typing || live->filter[0] != '\0') {
        snprintf(text, sizeof text, "filter: %s%s",
                 print_escape(live->arena, span_of(live->filter)),
                 live->is_typing ? "_" : "");
        put(live, 1, 0, text);
    }
}

/* On a narrow screen the sender comes before points, worst score and time. */
static bool has_column(enum sort column)
{
    return getmaxx(stdscr) >= WIDE ||
           (column != SORT_POINTS && column != SORT_WORST && column != SORT_LAST);
}

static void draw_titles(const struct live *live)
{
    int x = 0;
    for (int i = 0; i < SORT_COUNT; i++) {
        char text[64];
        if (!has_column((enum sort)i))
            continue;
        snprintf(text, sizeof text, "%*s  ", heads[i].width, heads[i].title);
        wattr_on(stdscr, (enum sort)i == live->sort ? A_REVERSE : A_DIM, NULL);
        put(live, 2, x, text);
        wattr_off(stdscr, A_REVERSE | A_DIM, NULL);
        x += (int)strlen(text);
    }
}

static void print_cell(const struct live *live, const struct senders_row *row,
                       enum sort column, char *text, size_t size)
{
    char cell[PRINT_TIME_BYTES];
    switch (column) {
    case SORT_POINTS:
        print_number((double)row->points_milli / 1000, cell);
        break;
    case SORT_WORST:
        print_number((double)row->worst_milli / 1000, cell);
        break;
    case SORT_LAST:
        print_day_time(row->last_us, cell);
        break;
    case SORT_SENDER:
        snprintf(text, size, "%s%s", is_marked(live, row->sender) ? "[block] " : "",
                 print_escape(live->arena, row->sender));
        return;
    default:
        snprintf(cell, sizeof cell, "%.0f", value_of(row, column));
    }
    snprintf(text, size, "%*s  ", heads[column].width, cell);
}

static void draw_row(const struct live *live, int y, const struct senders_row *row,
                     bool is_chosen)
{
    char text[LINE_BYTES];
    size_t len = 0;
    int pair = is_marked(live, row->sender) ? PAIR_RED
               : row->stopped > 0           ? PAIR_YELLOW
                                            : 0;
    for (int i = 0; i < SORT_COUNT; i++) {
        if (!has_column((enum sort)i))
            continue;
        print_cell(live, row, (enum sort)i, text + len, sizeof text - len);
        len += strlen(text + len);
    }
    attr_t attributes = is_chosen ? A_REVERSE : A_NORMAL;
    wattr_on(stdscr, attributes | COLOR_PAIR(pair), NULL);
    put(live, y, 0, text);
    wattr_off(stdscr, attributes | COLOR_PAIR(pair), NULL);
}

static void draw_rows(struct live *live)
{
    size_t room = getmaxy(stdscr) > HEAD_LINES + 1
                      ? (size_t)(getmaxy(stdscr) - HEAD_LINES - 1)
                      : 1;
    if (live->at < live->top)
        live->top = live->at;
    if (live->at >= live->top + room)
        live->top = live->at - room + 1;
    for (size_t i = 0; i < room && live->top + i < live->shown_count; i++)
        draw_row(live, HEAD_LINES + (int)i, live->shown[live->top + i],
                 live->top + i == live->at);
}

static void draw_message(struct live *live, int y, const struct record *record)
{
    char text[LINE_BYTES], time[PRINT_TIME_BYTES], score[PRINT_AGE_BYTES];
    snprintf(text, sizeof text, "%10lld  %14s  %-6s  %7s  %5lld  %-24s  %s",
             (long long)record->id, print_day_time(record->at_us, time),
             action_name(record->action), print_number(record->score, score),
             (long long)record->recipients,
             print_escape(live->arena, record->client_ip),
             print_escape(live->arena, record->subject));
    wattr_on(stdscr, COLOR_PAIR(record->action > ACTION_SLOW ? PAIR_YELLOW : 0), NULL);
    put(live, y, 0, text);
    wattr_off(stdscr, COLOR_PAIR(PAIR_YELLOW), NULL);
}

/* The last messages of the chosen sender, as many as the screen has lines for. */
static void draw_messages(struct live *live)
{
    struct walk_filter filter = {.sender = span_of(live->chosen)};
    struct walk walk = {0};
    struct record record;
    struct err err;
    int y = HEAD_LINES;
    struct arena *scratch = arena_new(SCRATCH_BYTES);
    put(live, 1, 0, print_escape(live->arena, filter.sender));
    put(live, 2, 0,
        "        ID              AT  ACTION    SCORE   RCPT  CLIENT                    "
        "SUBJECT");
    if (scratch != NULL && live->tool->db != NULL &&
        walk_back(&walk, live->tool->db, &filter, scratch, &err) == 0)
        while (y < getmaxy(stdscr) - 1 && y < MESSAGES_MOST &&
               walk_next(&walk, live->arena, &record, &err) > 0)
            draw_message(live, y++, &record);
    walk_end(&walk);
    arena_free(&scratch);
}

static void draw(struct live *live)
{
    werase(stdscr);
    draw_head(live);
    if (live->has_messages) {
        wmove(stdscr, 1, 0);
        wclrtoeol(stdscr);
        draw_messages(live);
        put(live, getmaxy(stdscr) - 1, 0, "Enter back   b mark for a block   q quit");
    } else {
        draw_titles(live);
        draw_rows(live);
        put(live, getmaxy(stdscr) - 1, 0,
            "1-7 sort   w window   / filter   p pause   Enter messages   "
            "b mark for a block   q quit");
    }
    wrefresh(stdscr);
}

static void choose(struct live *live, int64_t at)
{
    int64_t last = (int64_t)live->shown_count - 1;
    at = at > last ? last : at;
    live->at = at > 0 ? (size_t)at : 0;
    free(live->chosen);
    live->chosen = NULL;
    if (live->at < live->shown_count) {
        struct span sender = live->shown[live->at]->sender;
        live->chosen = strndup(sender.at, sender.len);
    }
}

/* Mark it, or take the mark away. */
static void mark(struct live *live)
{
    struct live_marks *marks = live->marks;
    struct span sender = span_of(live->chosen);
    for (size_t i = 0; i < marks->count; i++)
        if (span_eq(marks->at[i], sender)) {
            marks->at[i] = marks->at[--marks->count];
            return;
        }
    if (sender.len > 0 && marks->count < LIVE_MARKS)
        marks->at[marks->count++] = span_dup(live->tool->arena, sender);
}

/* Enter ends it, Escape empties it; what is typed shows at once. */
static void type(struct live *live, int key)
{
    size_t len = strlen(live->filter);
    if (key == '\n' || key == '\r' || key == KEY_ENTER)
        live->is_typing = false;
    else if (key == 27) {
        live->filter[0] = '\0';
        live->is_typing = false;
    } else if ((key == KEY_BACKSPACE || key == 127 || key == 8) && len > 0) {
        while (len > 1 && ((unsigned char)live->filter[len - 1] & 0xc0) == 0x80)
            len--; /* a character of UTF-8 as a whole */
        live->filter[len - 1] = '\0';
    } else if (key >= 32 && key < 256 && key != 127 && len + 1 < sizeof live->filter) {
        live->filter[len] = (char)key;
        live->filter[len + 1] = '\0';
    }
    arrange(live);
}

static void move_line(struct live *live, int key)
{
    int64_t at = (int64_t)live->at;
    int64_t page = getmaxy(stdscr) - HEAD_LINES - 1;
    switch (key) {
    case KEY_UP:
    case 'k':
        choose(live, at - 1);
        break;
    case KEY_DOWN:
    case 'j':
        choose(live, at + 1);
        break;
    case KEY_PPAGE:
        choose(live, at - page);
        break;
    case KEY_NPAGE:
        choose(live, at + page);
        break;
    case KEY_HOME:
        choose(live, 0);
        break;
    case KEY_END:
        choose(live, INT64_MAX);
        break;
    default:
        break;
    }
}

static void press(struct live *live, int key)
{
    if (live->is_typing && key != CTRL_C) {
        type(live, key);
        return;
    }
    switch (key) {
    case CTRL_C:
    case 'q':
        live->must_end = true;
        break;
    case 'p':
        live->is_paused = !live->is_paused;
        break;
    case 'w':
        live->window = (live->window + 1) % (sizeof windows / sizeof *windows);
        look(live);
        break;
    case '/':
        live->is_typing = !live->has_messages;
        break;
    case '\n':
    case '\r':
    case KEY_ENTER:
        if (live->chosen == NULL)
            choose(live, (int64_t)live->at);
        live->has_messages = !live->has_messages && live->chosen != NULL;
        break;
    case 'b':
        if (live->chosen == NULL)
            choose(live, (int64_t)live->at);
        mark(live);
        break;
    default:
        if (key >= '1' && key < '1' + SORT_COUNT) {
            live->sort = (enum sort)(key - '1');
            arrange(live);
        } else if (!live->has_messages) {
            move_line(live, key);
        }
    }
}

static void watch(struct live *live)
{
    look(live);
    draw(live);
    while (!live->must_end) {
        int key = wgetch(stdscr);
        bool is_due =
            clock_elapsed_us() - live->looked_us >= REFRESH_MS * INT64_C(1000);
        if (key == ERR && !isatty(STDIN_FILENO))
            break;
        if (key != ERR)
            press(live, key);
        if (is_due && !live->is_paused)
            look(live);
        if (key != ERR || (is_due && !live->is_paused))
            draw(live);
    }
}

static void set_colours(void)
{
    const char *no_color = getenv("NO_COLOR");
    if ((no_color != NULL && no_color[0] != '\0') || !has_colors())
        return;
    start_color();
    use_default_colors();
    init_pair(PAIR_YELLOW, COLOR_YELLOW, -1);
    init_pair(PAIR_RED, COLOR_RED, -1);
}

int live_top(struct tool *tool, struct live_marks *marks, struct err *err)
{
    struct live live = {.tool = tool,
                        .sort = SORT_RECIPIENTS,
                        .window = 1,
                        .marks = marks,
                        .arena = arena_new(ARENA_BYTES)};
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
        arena_free(&live.arena);
        return err_set(err, ERR_USAGE, "--live needs a terminal");
    }
    setlocale(LC_CTYPE, "");
    live.is_utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    SCREEN *screen = live.arena != NULL ? newterm(NULL, stdout, stdin) : NULL;
    if (screen == NULL) {
        arena_free(&live.arena);
        return err_set(err, ERR_USAGE, "--live: this terminal cannot show it (TERM)");
    }
    raw();
    noecho();
    keypad(stdscr, true);
    curs_set(0);
    wtimeout(stdscr, KEY_WAIT_MS);
    set_colours();
    watch(&live);
    endwin();
    delscreen(screen);
    setlocale(LC_CTYPE, "C.UTF-8");
    free(live.chosen);
    arena_free(&live.arena);
    return 0;
}
