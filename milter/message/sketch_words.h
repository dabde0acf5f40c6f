/* SPDX-License-Identifier: BSD-2-Clause
 *
 * sketch_words - a text as the words that stay when it is sent again in other clothes.
 *
 * Stage: message. Pure. Words come out in order, each as a 32-bit number; the same for
 * any case, accent, look-alike letter (Cyrillic, Greek, full-width, mathematical) and
 * invisible character inside. A number, and any word with a digit in it, is one and the
 * same word; web and mail addresses are none. Left out as well: a greeting at the
 * beginning; at the end a signature after "-- " (RFC 3676 4.3) and a short footer below
 * a ruler; below a text of some length a notice of confidentiality; and in a reply what
 * is quoted.
 * Must never: take time that grows faster than the text.
 */
#ifndef OUTGATE_MESSAGE_SKETCH_WORDS_H
#define OUTGATE_MESSAGE_SKETCH_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

/* Words so far; at: room for max of them, the caller's. */
struct sketch_words {
    uint32_t *at;
    size_t count, max;
};

/* sketch_words_read - add the words of text, in UTF-8 of any quality, until words->max.
 * is_reply: lines that are quoted (>) are left out, and all after "... wrote:" when
 * lines without > follow it. */
void sketch_words_read(struct sketch_words *words, struct span text, bool is_reply);

#endif
