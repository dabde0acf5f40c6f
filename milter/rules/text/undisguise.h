/* SPDX-License-Identifier: BSD-2-Clause
 *
 * undisguise - a text as its reader takes it: for rules with `tflags undisguised`.
 *
 * Stage: rules. Small ASCII letters wherever the text can be read as such:
 * - what shows nothing is left out: zero-width and bidirectional characters, soft
 *   hyphens, variation selectors, marks on letters (so an accent is gone, composed or
 *   not);
 * - wide, mathematical and enclosed letters are plain ones, typographic quotes, dashes
 *   and spaces those of ASCII;
 * - letters of other scripts that look like Latin ones are Latin ones in a word with a
 *   Latin letter, or of nothing but look-alikes. A word with a letter of its own script
 *   and without a Latin one is honest: it stays as written;
 * - four letters or more set apart by one and the same sign ("v i a g r a", "l-o-a-n")
 *   are a word, and so are four pieces of two letters but for spaces;
 * - one or two digits (0 1 3 4 5 7 8) or a dollar sign between letters of a word stand
 *   for letters, and so do then all others of that word ("c0stc0"). "24h" and "mp3" are
 *   left alone.
 * Pure.
 */
#ifndef OUTGATE_RULES_TEXT_UNDISGUISE_H
#define OUTGATE_RULES_TEXT_UNDISGUISE_H

#include "base/arena.h"
#include "base/text.h"

/* undisguise - text (UTF-8; other bytes stay) so read, in the arena: no longer than it
 * was. Empty at the arena's end.
 * Source: chosen; UTS 39 for what looks alike. */
struct span undisguise(struct arena *arena, struct span text);

#endif
