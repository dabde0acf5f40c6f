/* SPDX-License-Identifier: BSD-2-Clause
 *
 * html_font - colours and sizes of text as attributes and style= set them, as filters
 * follow them: without style sheets, and with what is open never closed by implication.
 *
 * Stage: message; private to html_sums. At most FONT_DEPTH elements are remembered.
 * Source: as Mail::SpamAssassin::HTML has it; HTML 4.01 15.2.2 (FONT, BASEFONT).
 * Pure.
 */
#ifndef OUTGATE_MESSAGE_HTML_FONT_H
#define OUTGATE_MESSAGE_HTML_FONT_H

#include <stdbool.h>
#include <stdint.h>

#include "message/html_token.h"

enum { FONT_DEPTH = 1024 }; /* chosen: unclosed <p> are many, and each is one */

/* Colours are 0xRRGGBB, or FONT_BAD for what is no colour. */
enum { FONT_BAD = -1 };

struct html_font {
    enum html_tag_id tag;
    int32_t colour, ground;
    long size;
    bool is_gone; /* display:none, visibility:hidden */
};

struct html_fonts {
    struct html_font open[FONT_DEPTH]; /* the first is the page */
    size_t depth;                      /* >= 1 */
    unsigned open_count[TAG_COUNT];
    long base; /* <basefont size> */
    long max_size, min_size;
    bool has_low_contrast, has_bad_colour;
};

void html_fonts_init(struct html_fonts *fonts);
void html_fonts_start(struct html_fonts *fonts, const struct html_token *token);
void html_fonts_end(struct html_fonts *fonts, enum html_tag_id tag);

/* html_fonts_text - text stands here: notes what is wrong with how it looks. */
void html_fonts_text(struct html_fonts *fonts);

#endif
