/* SPDX-License-Identifier: BSD-2-Clause
 *
 * html_sums - counts and pieces of an HTML part that rules are written about: how many
 * tags are none, fonts, comments, titles, anchors.
 *
 * Stage: message; asked for by rules, of parts that html_parse has read already: this
 * one follows what filters count, that one what a reader sees.
 * Source: what the numbers mean, as Mail::SpamAssassin::HTML has them; WHATWG HTML
 * 13.2.5 (tokenization), by html_token.
 * Must never: fail, recurse, or take time that grows faster than the input.
 * Pure.
 */
#ifndef OUTGATE_MESSAGE_HTML_SUMS_H
#define OUTGATE_MESSAGE_HTML_SUMS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/text.h"

/* A tag name that occurs. */
struct html_name {
    struct span name; /* lower case */
    int open;         /* start tags without an end tag; never below 0 */
    bool is_element;  /* HTML 4.01 and XHTML 1.0 have it */
};

struct html_anchor {
    struct span target; /* href, decoded and trimmed; "" without */
    struct span text;   /* inside, with "<img>" and LF for an image */
};

struct html_pieces {
    struct span *at;
    size_t count, room;
};

struct html_sums {
    size_t length;               /* characters of the source */
    size_t non_space;            /* characters of text that are no white space */
    double image_area;           /* pixels, where both sides are given */
    unsigned tags;               /* start and end tags, and doctypes */
    unsigned elements;           /* of these, those that HTML has */
    unsigned tags_seen;          /* different names */
    unsigned elements_seen;      /* of these, those that HTML has */
    unsigned closed_extra;       /* end tags of what was not open */
    unsigned obfuscation;        /* tags inside words */
    long max_size, min_size;     /* of fonts, 1 to 7; 3 is the usual one */
    bool has_low_contrast;       /* text (nearly) of its ground's colour */
    bool has_bad_colour;         /* text of a colour that is none */
    bool has_embeds;             /* <object>, <embed> */
    bool has_mail_form;          /* <form action=mailto:> */
    bool has_frame_source;       /* <iframe src> */
    bool has_long_target;        /* a link longer than 8192 bytes */
    struct html_pieces comments; /* with their delimiters */
    struct html_pieces titles;
    struct html_pieces faces;    /* of <font> */
    struct html_pieces charsets; /* of <meta http-equiv> */
    struct html_anchor *anchors;
    size_t anchor_count, anchor_room;
    struct html_name *names; /* BOUND_HTML_NAMES buckets; free ones have no name */
};

/* html_sums_read - text: UTF-8, any quality. NULL at the end of the arena. */
struct html_sums *html_sums_read(struct arena *arena, struct span text);

/* html_sums_name - what is known of a tag name (lower case), NULL if it is not there.
 */
const struct html_name *html_sums_name(const struct html_sums *sums, struct span name);

#endif
