/* SPDX-License-Identifier: BSD-2-Clause
 *
 * html_style - what CSS says of one element, as far as it can hide text.
 *
 * Stage: message; private to the html modules. Pure.
 * Source: CSS 2.1, CSS Color 3, CSS Cascade 3; WHATWG HTML 2.3.6 (legacy colours).
 */
#ifndef OUTGATE_MESSAGE_HTML_STYLE_H
#define OUTGATE_MESSAGE_HTML_STYLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/text.h"

enum html_property {
    PROPERTY_BACKGROUND = 0,   /* colour */
    PROPERTY_BACKGROUND_IMAGE, /* 1: a picture or gradient */
    PROPERTY_COLOUR,           /* colour */
    PROPERTY_DISPLAY,          /* 1: none */
    PROPERTY_FONT_SCALE,       /* percent of the parent's size */
    PROPERTY_FONT_SIZE,        /* length */
    PROPERTY_HEIGHT,           /* lengths */
    PROPERTY_INDENT,
    PROPERTY_LEFT,
    PROPERTY_MAX_HEIGHT,
    PROPERTY_MAX_WIDTH,
    PROPERTY_OPACITY,  /* percent */
    PROPERTY_OVERFLOW, /* 1: hidden */
    PROPERTY_POSITION, /* 1: absolute or fixed */
    PROPERTY_TOP,
    PROPERTY_VISIBILITY, /* 1: hidden */
    PROPERTY_WIDTH,
    PROPERTY_COUNT
};

/* Lengths are hundredths of a CSS pixel. Colours are 0xRRGGBB or one of these. */
enum { COLOUR_MIXED = -1 /* cannot be told */, COLOUR_CLEAR = -2 /* transparent */ };

struct html_style {
    uint32_t set;       /* 1 << enum html_property: which values are given */
    uint32_t important; /* which of these are !important */
    int32_t value[PROPERTY_COUNT];
};

/* html_style_set - give a property a value, unless an important one stands. */
void html_style_set(struct html_style *style, enum html_property property,
                    int32_t value, bool important);

/* html_style_merge - what more says, on top of style. */
void html_style_merge(struct html_style *style, const struct html_style *more);

/* html_style_has - the property is given. */
bool html_style_has(const struct html_style *style, enum html_property property);

/* html_style_parse - the declarations "name: value; ..." on top of style. Comments
 * and escapes must be gone (html_style_clean). */
void html_style_parse(struct span declarations, struct html_style *style);

/* html_style_clean - CSS text without comments and with its escapes decoded; s itself
 * when it has neither. Copied to the arena; empty at its end. */
struct span html_style_clean(struct arena *arena, struct span s);

/* html_style_legacy_colour - the value of bgcolor=, color=, text= or link=. Returns
 * false when it gives no colour. */
bool html_style_legacy_colour(struct span s, int32_t *colour);

/* html_style_colour - a CSS colour. Returns false when it is none. */
bool html_style_colour(struct span s, int32_t *colour);

/* html_style_is_near - no reader can tell text of one colour from a ground of the
 * other. false when one cannot be told. */
bool html_style_is_near(int32_t a, int32_t b);

#endif
