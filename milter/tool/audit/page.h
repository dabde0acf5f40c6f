/* SPDX-License-Identifier: BSD-2-Clause
 *
 * page - a self-contained HTML page and the plots in it, as text.
 *
 * No script, no font, no address but its own anchors: it opens from disk and prints.
 * Every plot has its figures beside it in a table, for who cannot see it.
 * Text from the log is escaped here and nowhere else.
 * Source: HTML Living Standard 13.1.2 (what must be escaped), WCAG 2.2 1.4.3
 * (contrast), 1.1.1 (text for pictures).
 */
#ifndef OUTGATE_TOOL_AUDIT_PAGE_H
#define OUTGATE_TOOL_AUDIT_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/text.h"

struct page {
    struct buf *out;
    bool has_row; /* of the table that is open */
};

/* page_begin - head, style and the title line; page_end closes it. */
void page_begin(struct page *page, struct span title, struct span subtitle);
void page_end(struct page *page, struct span footer);

/* page_raw - markup of our own; page_text - text from anywhere, escaped; printf's
 * result is escaped as well. */
void page_raw(struct page *page, const char *markup);
void page_text(struct page *page, struct span text);
void page_printf(struct page *page, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* page_section - <section> with a heading; id names its anchor. command: what lists the
 * same on the command line, or NULL. */
void page_section(struct page *page, const char *id, const char *title,
                  const char *command);
void page_section_end(struct page *page);

/* page_number - with thousands apart: "12 345". */
void page_number(struct page *page, int64_t number);

/* A table: page_table names the columns, "" ends the list; a column that begins with
 * '#' is right-aligned. Cells: page_cell opens one and page_row a row; both close what
 * is open. */
void page_table(struct page *page, const char *caption, const char *const *columns);
void page_row(struct page *page);
void page_cell(struct page *page, bool is_number);
void page_table_end(struct page *page);

/* One plot of bars: labels[i] stands below (only every n-th fits), values[k][i] are
 * stacked; names[k] and classes[k] (CSS) describe the parts. lines: levels drawn
 * across, with their names. */
struct plot_line {
    double at;
    char name[96];
};

struct plot {
    const char *title, *unit;
    size_t count, parts;
    const char *const *labels;
    const double *const *values;
    const char *const *names;
    const char *const *classes;
    const struct plot_line *lines;
    size_t line_count;
};

/* page_plot - the picture, its legend, and the figures in a table that opens. */
void page_plot(struct page *page, const struct plot *plot);

/* page_spark - a small curve of count values for a table cell, with a text for who
 * cannot see it. */
void page_spark(struct page *page, const double *values, size_t count,
                const char *text);

#endif
