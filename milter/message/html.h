/* SPDX-License-Identifier: BSD-2-Clause
 *
 * html - a hostile HTML part as a reader sees it, and what it hides.
 *
 * Stage: message. Reads: one part's text in UTF-8. Gives: visible text, hidden text,
 * links with target and text, images, and counts of what a mail should not have. A
 * tokenizer with a bounded stack, no document tree (one of 20,000 nested
 * elements took gumbo 13 s). Follows the WHATWG tokenizer where they differ
 * from older HTML: character references (named ones with the full table), comments,
 * raw text elements (script, style, title, textarea, xmp, iframe, noembed, noframes,
 * noscript is shown as mail readers have no scripting), unquoted and duplicate
 * attributes.
 * Must never: fail, recurse, or take time that grows faster than the input.
 * Pure.
 */
#ifndef OUTGATE_MESSAGE_HTML_H
#define OUTGATE_MESSAGE_HTML_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/text.h"

/* Where a link was found. */
enum link_origin {
    LINK_UNKNOWN = 0,
    LINK_ANCHOR, /* <a href> or <area href> */
    LINK_FORM,   /* <form action>, <button formaction> */
    LINK_TEXT,   /* a URL written out in text */
    LINK_OTHER,  /* <base>, <link>, <iframe>, <frame>, <embed>, <object>, <meta refresh>
                  */
};

/* One link of a message. */
struct link {
    enum link_origin origin;
    struct span target; /* as written, character references decoded, trimmed, inner
                           CR LF TAB removed (WHATWG URL) */
    struct span text;   /* what the reader sees as the link: inner visible text,
                           white space folded; for LINK_TEXT the same as target; an
                           image's alt text when that is all */
    bool has_image;     /* an image stands inside the anchor */
    bool is_hidden;     /* the anchor stands in hidden text */
};

struct image {
    struct span source; /* src, as written, decoded; may be cid: or data: */
    struct span alt;
    long width, height; /* pixels as declared by attribute or style, -1 if not */
    bool is_remote;     /* http or https (or scheme-relative) */
    bool is_hidden;     /* of no size, 1x1, or in hidden text: a tracking pixel */
};

struct html {
    struct span text;   /* visible text: white space (no-break spaces too) folded as a
                           browser does, LF at block ends and <br>, UTF-8 */
    struct span hidden; /* text that is in the source and not visible: display:none,
                           visibility:hidden, font-size 0 (or 1px), opacity 0, zero
                           height with overflow hidden, text of (nearly) the
                           background's colour, `hidden` attribute, moved off
                           the screen */
    struct span title;  /* <title> */
    struct span base;   /* <base href> or "" */
    struct link *links;
    size_t link_count;
    struct image *images;
    size_t image_count;
    unsigned tag_count;      /* start tags */
    unsigned script_count;   /* <script> elements */
    unsigned handler_count;  /* on*= attributes and javascript: targets */
    unsigned form_count;     /* <form> */
    unsigned input_count;    /* <input>, <select>, <textarea> */
    unsigned password_count; /* <input type=password> */
    unsigned iframe_count;   /* <iframe>, <frame>, <object>, <embed> */
    unsigned style_count;    /* <style> elements and style= attributes */
    unsigned comment_count;
    size_t comment_bytes;
    bool is_truncated; /* ended inside a tag or comment */
    bool is_bounded;   /* a bound of base/bounds.h was reached */
};

/* html_parse - read text (UTF-8, any quality) into a struct html in the arena; at
 * most max_text_bytes of visible and as many of hidden text are kept. Returns NULL
 * only when the arena is at its end. */
struct html *html_parse(struct arena *arena, struct span text, size_t max_text_bytes);

#endif
