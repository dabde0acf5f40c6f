/* SPDX-License-Identifier: BSD-2-Clause
 *
 * confusable - which plain ASCII letters a reader takes a character for.
 *
 * Compatibility forms (full width, mathematical, in circles), letters with marks or
 * strokes, and letters of other scripts that look like Latin ones. The data is a table
 * in the source, written by confusable_table.py from Unicode's files and ICU's
 * skeletons. ICU itself is not linked: it answers whether two texts look alike, not
 * what one says, and brings 36 MB into a daemon that needs 20 kB of them.
 * Source: UTS 39, 4 "Confusable Detection"; UAX 15 (NFKD).
 * Pure.
 */
#ifndef OUTGATE_BASE_CONFUSABLE_H
#define OUTGATE_BASE_CONFUSABLE_H

#include <stdint.h>

enum confusable {
    CONFUSABLE_UNKNOWN = 0, /* reads as itself: a sign, a script without spaces, ... */
    CONFUSABLE_INVISIBLE,   /* shows nothing, or is a mark on the letter before */
    CONFUSABLE_PLAIN,       /* a form of what text says: Latin letter, digit, sign */
    CONFUSABLE_LOOKALIKE,   /* a letter of another script that looks like text */
    CONFUSABLE_FOREIGN,     /* a letter of another script that looks like no other */
};

/* confusable_read - what cp is. *text is what it reads as, in lower case and static, of
 * no more bytes than cp has in UTF-8; "" unless it is PLAIN or LOOKALIKE. ASCII reads
 * as itself, in lower case. */
enum confusable confusable_read(uint32_t cp, const char **text);

#endif
