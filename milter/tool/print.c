/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/print.h"

#include <langinfo.h>
#include <locale.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

#include "base/clock.h"

enum {
    WIDTH_LEAST = 60, /* a narrower terminal wraps. chosen */
    COLUMN_LEAST = 8, /* an elastic column is not cut below this. chosen */
    BAR_CELLS = 30,
    BAR_AFTER_US = 1000000, /* work shorter than this needs no bar. chosen */
    BAR_EVERY_US = 100000,
};

static struct {
    bool has_colour, is_terminal, has_blocks;
    int width; /* 0: do not cut */
} out;

static int terminal_width(void)
{
    struct winsize size;
    const char *columns = getenv("COLUMNS");
    int width = columns != NULL ? atoi(columns) : 0;
    if (width <= 0 && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
        width = size.ws_col;
    if (width <= 0)
        return 0;
    return width < WIDTH_LEAST ? WIDTH_LEAST : width;
}

void print_start(void)
{
    const char *term = getenv("TERM");
    const char *no_color = getenv("NO_COLOR");
    setlocale(LC_CTYPE, ""); /* what the terminal shows */
    out.has_blocks = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    setlocale(LC_CTYPE, "C.UTF-8"); /* for wcwidth */
    out.is_terminal = isatty(STDOUT_FILENO);
    out.has_colour = out.is_terminal && (no_color == NULL || no_color[0] == '\0') &&
                     term != NULL && strcmp(term, "dumb") != 0;
    out.width = out.is_terminal ? terminal_width() : 0;
}

const char *colour_begin(enum colour colour)
{
    static const char *const codes[] = {
        [COLOUR_NONE] = "",           [COLOUR_RED] = "\033[31m",
        [COLOUR_YELLOW] = "\033[33m", [COLOUR_GREEN] = "\033[32m",
        [COLOUR_DIM] = "\033[2m",     [COLOUR_BOLD] = "\033[1m"};
    return out.has_colour ? codes[colour] : "";
}

const char *colour_end(enum colour colour)
{
    return out.has_colour && colour != COLOUR_NONE ? "\033[0m" : "";
}

enum colour colour_of(enum action action)
{
    switch (action) {
    case ACTION_SLOW:
    case ACTION_HOLD:
        return COLOUR_YELLOW;
    case ACTION_DEFER:
    case ACTION_REJECT:
        return COLOUR_RED;
    default:
        return COLOUR_NONE;
    }
}

const char *print_escape(struct arena *arena, struct span text)
{
    size_t size = text.len * 4 + 4;
    char *copy = arena_alloc(arena, size);
    return copy != NULL ? text_escape(text, copy, size) : "";
}

const char *print_sound(struct arena *arena, struct span text)
{
    size_t size = text.len * 4 + 4, used = 0;
    char *copy = arena_alloc(arena, size);
    struct span part;
    bool has_more = true;
    if (copy == NULL)
        return "";
    while (has_more) {
        has_more = span_cut(text, '\\', &part, &text);
        text_escape(part, copy + used, size - used);
        used += strlen(copy + used);
        if (has_more)
            copy[used++] = '\\';
    }
    copy[used] = '\0';
    return copy;
}

static bool is_plain_word(struct span text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!ascii_is_alnum(text.at[i]) &&
            span_index(SPAN("_@%+=:,./-"), text.at[i]) < 0)
            return false;
    return text.len > 0 && text.at[0] != '-';
}

const char *print_shell_word(struct arena *arena, struct span text)
{
    struct buf word;
    if (is_plain_word(text))
        return span_cstr(arena, text);
    buf_init(&word, arena, 8192);
    buf_add_char(&word, '\'');
    for (const char *p = print_escape(arena, text); *p != '\0'; p++)
        if (*p == '\'')
            buf_add_span(&word, SPAN("'\\''"));
        else
            buf_add_char(&word, *p);
    buf_add_char(&word, '\'');
    return buf_cstr(&word);
}

static bool local_time(int64_t at_us, struct tm *tm)
{
    time_t at = (time_t)(at_us / 1000000);
    return at_us != 0 && localtime_r(&at, tm) != NULL;
}

char *print_time(int64_t at_us, char into[PRINT_TIME_BYTES])
{
    struct tm tm;
    if (!local_time(at_us, &tm) ||
        strftime(into, PRINT_TIME_BYTES, "%Y-%m-%d %H:%M:%S", &tm) == 0)
        strcpy(into, "-");
    return into;
}

char *print_day_time(int64_t at_us, char into[PRINT_TIME_BYTES])
{
    struct tm tm;
    if (!local_time(at_us, &tm) ||
        strftime(into, PRINT_TIME_BYTES, "%m-%d %H:%M:%S", &tm) == 0)
        strcpy(into, "-");
    return into;
}

/* "3h 12m", "3h": count of the larger unit, and what is left in the smaller. */
static void two_units(char *into, long long count, char unit, long long left,
                      char small)
{
    if (left > 0)
        snprintf(into, PRINT_AGE_BYTES, "%lld%c %lld%c", count, unit, left, small);
    else
        snprintf(into, PRINT_AGE_BYTES, "%lld%c", count, unit);
}

char *print_span_of_time(int64_t length_us, char into[PRINT_AGE_BYTES])
{
    long long s = (long long)((length_us + 500000) / 1000000);
    if (s >= 86400)
        two_units(into, s / 86400, 'd', s % 86400 / 3600, 'h');
    else if (s >= 3600)
        two_units(into, s / 3600, 'h', s % 3600 / 60, 'm');
    else if (s >= 60)
        two_units(into, s / 60, 'm', s % 60, 's');
    else
        snprintf(into, PRINT_AGE_BYTES, "%llds", s);
    return into;
}

char *print_bytes(int64_t bytes, char into[PRINT_AGE_BYTES])
{
    static const char units[] = "kMGT";
    double value = (double)bytes;
    int unit = -1;
    while (value >= 1000 && unit < 3) {
        value /= 1024;
        unit++;
    }
    if (unit < 0)
        snprintf(into, PRINT_AGE_BYTES, "%lld", (long long)bytes);
    else
        snprintf(into, PRINT_AGE_BYTES, "%.*f%c", value < 10 ? 1 : 0, value,
                 units[unit]);
    return into;
}

char *print_number(double value, char into[PRINT_AGE_BYTES])
{
    snprintf(into, PRINT_AGE_BYTES, "%.3f", value);
    if (fabs(value) >= 1e15)
        snprintf(into, PRINT_AGE_BYTES, "%g", value);
    if (strchr(into, '.') != NULL && strchr(into, 'e') == NULL) {
        char *end = into + strlen(into);
        while (end[-1] == '0')
            *--end = '\0';
        if (end[-1] == '.')
            *--end = '\0';
    }
    return into;
}

const char *print_spark(const double *values, size_t count, char *into, size_t size)
{
    static const char *const blocks[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    static const char *const ascii[] = {" ", ".", ".", ":", "-", "=", "+", "*", "#"};
    double most = 0;
    size_t len = 0;
    for (size_t i = 0; i < count; i++)
        most = values[i] > most ? values[i] : most;
    for (size_t i = 0; i < count; i++) {
        int level = values[i] > 0 ? (int)ceil(values[i] / most * 8) : 0;
        const char *cell = (out.has_blocks ? blocks : ascii)[level];
        if (len + strlen(cell) >= size)
            break;
        memcpy(into + len, cell, strlen(cell));
        len += strlen(cell);
    }
    into[len] = '\0';
    return into;
}

void table_init(struct table *table, struct arena *arena, const struct column *columns,
                size_t count)
{
    *table = (struct table){.arena = arena, .columns = columns, .column_count = count};
}

static bool table_grow(struct table *table)
{
    size_t room = table->room > 0 ? table->room * 2 : 64 * table->column_count;
    const char **cells = arena_array(table->arena, room, sizeof *cells);
    enum colour *colours = arena_array(table->arena, room, sizeof *colours);
    if (cells == NULL || colours == NULL)
        return false;
    if (table->used > 0) {
        memcpy(cells, table->cells, table->used * sizeof *cells);
        memcpy(colours, table->colours, table->used * sizeof *colours);
    }
    table->cells = cells;
    table->colours = colours;
    table->room = room;
    return true;
}

static void add_cell(struct table *table, const char *text)
{
    if (table->used == table->room && !table_grow(table))
        return;
    table->colours[table->used] = COLOUR_NONE;
    table->cells[table->used++] = text;
}

void table_cell(struct table *table, const char *text)
{
    add_cell(table, span_cstr(table->arena, span_of(text)));
}

void table_text(struct table *table, struct span text)
{
    add_cell(table, print_escape(table->arena, text));
}

void table_printf(struct table *table, const char *fmt, ...)
{
    char text[256];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    table_cell(table, text);
}

void table_colour(struct table *table, enum colour colour)
{
    if (table->used > 0)
        table->colours[table->used - 1] = colour;
}

/* Terminal columns that one code point takes. */
static int width_of(uint32_t cp)
{
    int width = wcwidth((wchar_t)cp);
    return width < 0 ? 1 : width;
}

static int display_width(const char *text)
{
    struct span s = span_of(text);
    int width = 0;
    for (size_t i = 0; i < s.len;)
        width += width_of(utf8_next(s, &i));
    return width;
}

size_t print_bytes_within(const char *text, int width)
{
    struct span s = span_of(text);
    size_t i = 0;
    while (i < s.len) {
        size_t next = i;
        width -= width_of(utf8_next(s, &next));
        if (width < 0)
            break;
        i = next;
    }
    return i;
}

/* The column to be cut next. The last one says why: it counts by halves. */
static int widest(const int *widths, const struct table *table)
{
    int best = -1;
    int best_width = 0;
    for (size_t i = 0; i < table->column_count; i++) {
        int width = i + 1 == table->column_count ? widths[i] / 2 : widths[i];
        if (table->columns[i].is_elastic && width > COLUMN_LEAST &&
            width > best_width) {
            best = (int)i;
            best_width = width;
        }
    }
    return best;
}

static void fit_widths(struct table *table, int *widths)
{
    int total = 2 * ((int)table->column_count - 1);
    for (size_t i = 0; i < table->column_count; i++) {
        widths[i] = display_width(table->columns[i].title);
        for (size_t cell = i; cell < table->used; cell += table->column_count) {
            int width = display_width(table->cells[cell]);
            widths[i] = width > widths[i] ? width : widths[i];
        }
        if (widths[i] < table->widths[i])
            widths[i] = table->widths[i];
        table->widths[i] = widths[i];
        total += widths[i];
    }
    int cut;
    while (out.width > 0 && total > out.width && (cut = widest(widths, table)) >= 0) {
        widths[cut]--;
        total--;
    }
}

/* Text of at most width columns, filled with spaces to that width before or after. */
static void print_piece(const char *text, size_t bytes, int width, bool is_right,
                        enum colour colour)
{
    char *piece = strndup(text, bytes);
    int fill = piece != NULL ? width - display_width(piece) : 0;
    printf("%*s%s%s%s%*s", is_right ? fill : 0, "", colour_begin(colour),
           piece != NULL ? piece : "", colour_end(colour), is_right ? 0 : fill, "");
    free(piece);
}

static void print_cell(const struct column *column, const char *text, int width,
                       enum colour colour)
{
    if (display_width(text) <= width) {
        print_piece(text, strlen(text), width, column->is_right, colour);
        return;
    }
    size_t keep = print_bytes_within(text, width - 3);
    char *cut = strndup(text, keep);
    int fill = width - 3 - (cut != NULL ? display_width(cut) : 0);
    printf("%s%s...%s%*s", colour_begin(colour), cut != NULL ? cut : "",
           colour_end(colour), fill, "");
    free(cut);
}

/* Bytes of the next line of text: up to width columns, at a space if there is one. */
static size_t next_line(const char *text, int width)
{
    size_t bytes = print_bytes_within(text, width);
    size_t at = bytes;
    if (text[bytes] == '\0')
        return bytes;
    while (at > bytes / 2 && text[at] != ' ')
        at--;
    return text[at] == ' ' ? at : bytes > 0 ? bytes : 1;
}

/* The last cell of a row; no spaces at its end. */
static void print_last(const struct column *column, const char *text, int width,
                       int indent, enum colour colour)
{
    if (!column->is_wrapped && display_width(text) > width) {
        print_cell(column, text, width, colour);
        return;
    }
    if (column->is_right)
        printf("%*s", width - display_width(text), "");
    while (*text != '\0') {
        size_t bytes = next_line(text, width);
        printf("%s%.*s%s", colour_begin(colour), (int)bytes, text, colour_end(colour));
        text += bytes;
        text += *text == ' ';
        if (*text != '\0')
            printf("\n%*s", indent, "");
    }
}

static void print_row(const struct table *table, const char *const *cells,
                      const enum colour *colours, const int *widths)
{
    int indent = 0;
    size_t last = table->column_count - 1;
    for (size_t i = 0; i < last; i++) {
        print_cell(&table->columns[i], cells[i], widths[i],
                   colours != NULL ? colours[i] : COLOUR_DIM);
        printf("  ");
        indent += widths[i] + 2;
    }
    print_last(&table->columns[last], cells[last], widths[last], indent,
               colours != NULL ? colours[last] : COLOUR_DIM);
    putchar('\n');
}

void table_print(struct table *table)
{
    int widths[TABLE_COLUMNS] = {0};
    const char *titles[TABLE_COLUMNS];
    size_t columns = table->column_count;
    if (table->used == 0)
        return;
    fit_widths(table, widths);
    for (size_t i = 0; i < TABLE_COLUMNS; i++)
        titles[i] = i < columns ? table->columns[i].title : "";
    if (!table->is_continued)
        print_row(table, titles, NULL, widths);
    for (size_t row = 0; row + columns <= table->used; row += columns)
        print_row(table, table->cells + row, table->colours + row, widths);
    table->used = table->room = 0;
    table->is_continued = true;
}

void progress_start(struct progress *progress, bool is_silent)
{
    *progress = (struct progress){
        .is_wanted = isatty(STDERR_FILENO) && (is_silent || !isatty(STDOUT_FILENO)),
        .started_us = clock_elapsed_us(),
    };
}

void progress_show(struct progress *progress, uint64_t done, uint64_t total,
                   const char *what)
{
    int64_t now_us = clock_elapsed_us();
    if (!progress->is_wanted || now_us - progress->started_us < BAR_AFTER_US ||
        now_us - progress->drawn_us < BAR_EVERY_US)
        return;
    double share = total > 0 ? (double)done / (double)total : 0;
    share = share > 1 ? 1 : share;
    int filled = (int)(share * BAR_CELLS);
    double left_s = share > 0.001 ? (double)(now_us - progress->started_us) / 1e6 *
                                        (1 - share) / share
                                  : 0;
    fprintf(stderr, "\r\033[K[%.*s%*s] %3.0f%%  %s  %.0f s left", filled,
            "##############################", BAR_CELLS - filled, "", share * 100, what,
            left_s);
    fflush(stderr);
    progress->is_shown = true;
    progress->drawn_us = now_us;
}

void progress_end(struct progress *progress)
{
    if (progress->is_shown)
        fputs("\r\033[K", stderr);
    progress->is_shown = false;
}

void print_object_begin(struct arena *arena, size_t max, struct buf *text,
                        struct json *json)
{
    buf_init(text, arena, max);
    json_init(json, text);
    json_open(json, NULL, '{');
}

void print_object_end(struct json *json)
{
    json_close(json, '}');
    puts(buf_cstr(json->out));
}
