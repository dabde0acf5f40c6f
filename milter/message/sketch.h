/* SPDX-License-Identifier: BSD-2-Clause
 *
 * sketch - sixteen numbers by which two mails with nearly the same text know each
 * other.
 *
 * Stage: message. Pure but for the arena. MinHash (Broder 1997) over the words of the
 * text that is shown (sketch_words) and each two neighbours: the share of equal numbers
 * estimates how much two texts have in common. What has too few words for that is known
 * by other things, and then wholly or not at all: attached files, or its words and link
 * domains. Hidden text has no part in it.
 */
#ifndef OUTGATE_MESSAGE_SKETCH_H
#define OUTGATE_MESSAGE_SKETCH_H

#include "message/message.h"

enum {
    SKETCH_VALUES = 16,
    SKETCH_SAME = 10,  /* numbers equal in two sketches of one text; measured */
    SKETCH_BANDS = 8,  /* of two numbers each: */
    SKETCH_SHARED = 2, /* six numbers that differ spoil six bands at most, so that two
                          sketches of one text share two bands or more */
    SKETCH_TEXT_BYTES = SKETCH_VALUES * 4 + 1,
};

/* What the sketch was made of. */
enum sketch_kind {
    SKETCH_NONE = 0, /* too little to tell: compare it with nothing */
    SKETCH_TEXT,     /* the words */
    SKETCH_SHORT,    /* all of its few words, and where its links go */
    SKETCH_FILE,     /* few words, and the files or large images attached */
};

struct sketch {
    enum sketch_kind kind;
    uint16_t value[SKETCH_VALUES];
};

/* sketch_make - of a finished message. A reply's quotes, greetings, signatures, numbers
 * and addresses do not count; of few words those of the subject do, too. */
void sketch_make(const struct message *msg, struct sketch *out);

/* sketch_equal - how many numbers are the same, 0 to SKETCH_VALUES. */
unsigned sketch_equal(const struct sketch *a, const struct sketch *b);

/* sketch_band - numbers 2 * band and 2 * band + 1 as one; band: 0 to SKETCH_BANDS - 1.
 */
uint32_t sketch_band(const struct sketch *sketch, unsigned band);

/* sketch_print, sketch_parse - as 64 hexadecimal digits, for the store. A parsed
 * sketch's kind is SKETCH_TEXT. False: that is none. */
char *sketch_print(const struct sketch *sketch, char out[SKETCH_TEXT_BYTES]);
bool sketch_parse(struct span text, struct sketch *out);

#endif
