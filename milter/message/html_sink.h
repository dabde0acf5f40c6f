/* SPDX-License-Identifier: BSD-2-Clause
 *
 * html_sink - text as a browser sets it: white space folded, lines at block ends.
 *
 * Stage: message; private to the html modules. Pure.
 * Source: CSS Text 3, 4.1 (white space processing).
 */
#ifndef OUTGATE_MESSAGE_HTML_SINK_H
#define OUTGATE_MESSAGE_HTML_SINK_H

#include <stdbool.h>

#include "base/buf.h"

struct html_sink {
    struct buf buf;
    unsigned line_ends; /* due before the next character */
    bool has_space;     /* a space is due before the next character */
};

/* html_sink_init - empty; at most max_bytes are kept. */
void html_sink_init(struct html_sink *sink, struct arena *arena, size_t max_bytes);

/* html_sink_text - a run of text. decodes: character references count; keeps_lines:
 * line ends count, as in <pre>. No-break spaces fold like all others. */
void html_sink_text(struct html_sink *sink, struct span s, bool decodes,
                    bool keeps_lines);

/* html_sink_space - a space is due, unless a line ends there. */
void html_sink_space(struct html_sink *sink);

/* html_sink_block - a block begins or ends: one line end is due. */
void html_sink_block(struct html_sink *sink);

/* html_sink_line - <br>: one line end more is due, two at most. */
void html_sink_line(struct html_sink *sink);

/* html_sink_span - what came together; a character cut at the bound is left out. */
struct span html_sink_span(const struct html_sink *sink);

#endif
