/* SPDX-License-Identifier: BSD-2-Clause
 *
 * print - text for people: aligned tables, colour, times, a progress bar.
 *
 * Colour and cutting to the width happen on a terminal only; NO_COLOR and TERM=dumb
 * are honoured. Text from mail is escaped on its way in (print_escape, table_text).
 * Source: https://no-color.org
 */
#ifndef OUTGATE_TOOL_PRINT_H
#define OUTGATE_TOOL_PRINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/text.h"
#include "limits/limit.h"

enum { PRINT_TIME_BYTES = 40, PRINT_AGE_BYTES = 24 };

enum colour {
    COLOUR_NONE = 0,
    COLOUR_RED,
    COLOUR_YELLOW,
    COLOUR_GREEN,
    COLOUR_DIM,
    COLOUR_BOLD
};

/* print_start - look at the terminal once. */
void print_start(void);

/* colour_begin, colour_end - the escape sequence, or "". */
const char *colour_begin(enum colour colour);
const char *colour_end(enum colour colour);

/* colour_of - the colour that stands for an action. */
enum colour colour_of(enum action action);

/* print_escape - text_escape into the arena, whole. */
const char *print_escape(struct arena *arena, struct span text);

/* print_sound - the same of text that an administrator wrote or is to copy, a rule's
 * regex, a command: a backslash in it stays one. */
const char *print_sound(struct arena *arena, struct span text);

/* print_shell_word - a word of the shell, quoted where it must be, for a command that
 * a person copies; escaped as well. In the arena. */
const char *print_shell_word(struct arena *arena, struct span text);

/* print_time - local time "2026-01-31 09:12:44"; print_day_time - "01-31 09:12:44".
 * 0 gives "-". */
char *print_time(int64_t at_us, char out[PRINT_TIME_BYTES]);
char *print_day_time(int64_t at_us, char out[PRINT_TIME_BYTES]);

/* print_span - a length of time in two units at most: "3h 12m", "45s", "0s". */
char *print_span_of_time(int64_t length_us, char out[PRINT_AGE_BYTES]);

/* print_bytes - "512", "5.1k", "3.2M". */
char *print_bytes(int64_t bytes, char out[PRINT_AGE_BYTES]);

/* print_number - "7.3", "12", without needless zeros. */
char *print_number(double value, char out[PRINT_AGE_BYTES]);

/* print_spark - one character a value, 0 to the highest of them: blocks of Unicode, or
 * in a locale that is not UTF-8 of ASCII. A value of 0 is a space, any other shows.
 * Beyond size it is cut. */
const char *print_spark(const double *values, size_t count, char *out, size_t size);

/* print_bytes_within - bytes of text that fill at most width columns of a terminal. */
size_t print_bytes_within(const char *text, int width);

/* A table: rows are kept, widths are worked out, then all is printed. Columns that may
 * shrink are cut ("...") until a row fits the terminal, the last one least; or the last
 * one goes on in lines below. */
enum { TABLE_COLUMNS = 12 };

struct column {
    const char *title;
    bool is_right;   /* numbers */
    bool is_elastic; /* may be cut on a terminal */
    bool is_wrapped; /* the last column: goes on below instead of being cut */
};

struct table {
    struct arena *arena;
    const struct column *columns;
    size_t column_count;
    const char **cells; /* row after row */
    enum colour *colours;
    size_t used, room;         /* cells */
    bool is_continued;         /* a part was printed: no title line any more */
    int widths[TABLE_COLUMNS]; /* of the parts printed: columns stay in line */
};

void table_init(struct table *table, struct arena *arena, const struct column *columns,
                size_t count);

/* table_cell - the next cell of the row, sound text; table_text - text from outside;
 * table_colour - colour the cell added last. */
void table_cell(struct table *table, const char *text);
void table_text(struct table *table, struct span text);
void table_printf(struct table *table, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void table_colour(struct table *table, enum colour colour);

/* table_print - title line and rows; nothing for an empty table. The rows are
 * forgotten: more may follow, in a fresh arena if the caller sets one. */
void table_print(struct table *table);

/* A bar on standard error: on a terminal that standard output does not fill already
 * (is_silent: it will not while the bar is there), and after a second of work only. */
struct progress {
    bool is_wanted, is_shown;
    int64_t started_us, drawn_us;
};

void progress_start(struct progress *progress, bool is_silent);
void progress_show(struct progress *progress, uint64_t done, uint64_t total,
                   const char *what);
void progress_end(struct progress *progress);

/* print_object_begin, print_object_end - an object of JSON Lines: its text of max bytes
 * at most grows in text, and goes to standard output as a line. */
void print_object_begin(struct arena *arena, size_t max, struct buf *text,
                        struct json *json);
void print_object_end(struct json *json);

#endif
